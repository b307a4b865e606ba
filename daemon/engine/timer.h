/* Times on the monotonic clock at which something that waits must be served: a heap of
 * timers that stand in what waits. Ties go by the order in which they were set, so that
 * equal inputs give equal orders. */
#ifndef KR_DAEMON_ENGINE_TIMER_H
#define KR_DAEMON_ENGINE_TIMER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct engine;

/* All zero, but for fire, is not set. */
struct timer {
	void (*fire)(struct engine *e, struct timer *t); /* not set any more when it is called */
	int64_t due_ns;
	uint64_t order;
	size_t at; /* place in the heap, from 1; 0: not set */
};

/* All zero is empty. */
struct timers {
	struct timer **heap;
	size_t n, cap;
	size_t owners; /* timers that may be set */
	uint64_t next_order;
};

/* Room for one more timer, for as long as its owner lives: setting it never fails.
 * Errors: KR_ENOMEM. */
enum kr_status timers_enter(struct timers *s, struct kr_error *err);

/* The owner goes; t is cleared. */
void timers_leave(struct timers *s, struct timer *t);

/* Set anew, whether it was set or not. INT64_MAX: never, it is cleared. */
void timers_set(struct timers *s, struct timer *t, int64_t due_ns);
void timers_clear(struct timers *s, struct timer *t);

/* The next to come due; NULL when none is set. */
struct timer *timers_next(const struct timers *s);

/* Frees the heap; the timers are left as they are. */
void timers_fini(struct timers *s);

#endif
