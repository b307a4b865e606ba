/* Which reports were answered with "stop": for repeats of them. */
#ifndef KR_DAEMON_ENGINE_STOPPED_H
#define KR_DAEMON_ENGINE_STOPPED_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "proto/msg.h"

struct stopped {
	uint64_t seq; /* event of the report */
	enum stop_reason why;
};

/* Only those that were to stop, by seq. All zero is empty. */
struct stopped_list {
	struct stopped *p;
	size_t n, cap;
};

/* Room for one more. Errors: KR_ENOMEM. */
enum kr_status stopped_reserve(struct stopped_list *l, struct kr_error *err);

/* The room has been reserved; seq is larger than that of the last. */
void stopped_add(struct stopped_list *l, uint64_t seq, enum stop_reason why);

/* What the report of event seq was answered. */
enum stop_reason stopped_at(const struct stopped_list *l, uint64_t seq);

void stopped_fini(struct stopped_list *l);

#endif
