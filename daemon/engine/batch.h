/* Suggests that share a computation. */
#ifndef KR_DAEMON_ENGINE_BATCH_H
#define KR_DAEMON_ENGINE_BATCH_H

#include "base/status.h"
#include "daemon/engine/study.h"

struct engine;
struct waiter;

/* Move the next suggests of s that may share one computation from queue to in_job, and start
 * it; s->job is its id. The queue is not empty and no computation runs. On an error they are
 * in in_job and nothing runs. Errors: KR_ENOMEM. */
enum kr_status batch_start(struct engine *e, struct study *s, struct kr_error *err);

/* The deadline of w has come while it waits for the computation that runs. It gets one of its
 * own at once, cut before it begins, of the same snapshot: so replay meets snapshots in their
 * order. w is in no list before, in in_job then; not on an error. Errors: KR_ENOMEM. */
enum kr_status batch_hasty(
	struct engine *e, struct study *s, struct waiter *w, struct kr_error *err);

/* Out of in_job: those of that computation, which has ended. None: it is not of s. */
struct waiters batch_end(struct study *s, uint64_t job);

/* All of them, their computations are forgotten. */
struct waiters batch_drop(struct study *s);

#endif
