/* Suggests that share a computation. */
#ifndef KR_DAEMON_ENGINE_BATCH_H
#define KR_DAEMON_ENGINE_BATCH_H

#include "base/status.h"

struct engine;
struct study;

/* Move the next suggests of s that may share one computation from queue to in_job, and start
 * it; s->job is its id. The queue is not empty. On an error they are in in_job and nothing
 * runs. Errors: KR_ENOMEM. */
enum kr_status batch_start(struct engine *e, struct study *s, struct kr_error *err);

#endif
