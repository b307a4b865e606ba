/* Which reports there were, and what they were answered: for repeats of them. */
#ifndef KR_DAEMON_ENGINE_REPORTS_H
#define KR_DAEMON_ENGINE_REPORTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "proto/msg.h"

struct report {
	uint64_t seq; /* its event */
	uint64_t number;
	enum stop_reason stop; /* the answer */
};

/* By seq. All zero is empty. */
struct reports {
	struct report *p;
	size_t n, cap;
};

/* Room for one more. Errors: KR_ENOMEM. */
enum kr_status reports_reserve(struct reports *l, struct kr_error *err);

/* The room has been reserved; its seq is larger than that of the last. */
void reports_add(struct reports *l, const struct report *r);

/* That of event seq; NULL when it was none. */
const struct report *reports_at(const struct reports *l, uint64_t seq);

/* Frees the list. */
void reports_fini(struct reports *l);

#endif
