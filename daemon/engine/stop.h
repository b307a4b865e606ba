/* Should a running trial be stopped? What Report and Heartbeat answer. */
#ifndef KR_DAEMON_ENGINE_STOP_H
#define KR_DAEMON_ENGINE_STOP_H

#include "base/arena.h"
#include "daemon/engine/study.h"

/* The reason why t, of s, should stop; STOP_NONE: go on.
 *   STOP_CANCELLED  it is not RUNNING (any more)
 *   STOP_PAUSED, STOP_FINISHED  the study is
 *   STOP_BUDGET     more trials are spent than the budget of now allows, and t is one of the
 *                   newest running ones, which are above it */
enum stop_reason stop_of(const struct study *s, const struct trial *t);

/* The reason as a sentence in the arena. t: as it was when it was told to stop.
 * NULL when memory runs out. */
const char *stop_sentence(
	const struct study *s, const struct trial *t, enum stop_reason why, struct arena *a);

#endif
