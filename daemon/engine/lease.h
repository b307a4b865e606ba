/* When leases run out: a heap of the running trials of all studies by due time
 * on the monotonic clock. Ties go by study and number, so that equal inputs
 * give equal orders. */
#ifndef KR_DAEMON_ENGINE_LEASE_H
#define KR_DAEMON_ENGINE_LEASE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "daemon/engine/trial.h"

struct lease {
	int64_t due_ns;
	uint64_t study;
	struct trial *trial;
};

/* All zero is empty. */
struct leases {
	struct lease *heap;
	size_t n, cap;
};

/* now + term, without overflow. */
int64_t lease_due(int64_t now_ns, uint64_t term_ms);

/* Room for `extra` more. Errors: KR_ENOMEM. */
enum kr_status leases_reserve(struct leases *l, size_t extra, struct kr_error *err);

/* The room has been reserved; t has no lease. */
void leases_add(struct leases *l, uint64_t study, struct trial *t, int64_t due_ns);
void leases_renew(struct leases *l, struct trial *t, int64_t due_ns);

/* Does nothing when t has none. */
void leases_remove(struct leases *l, struct trial *t);

/* The next to run out; NULL when there is none. */
const struct lease *leases_next(const struct leases *l);

/* Frees the heap; the trials are left as they are. */
void leases_fini(struct leases *l);

#endif
