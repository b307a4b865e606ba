/* Replay: proof that recorded suggestions can be computed again. */
#ifndef KR_DAEMON_ENGINE_REPLAY_H
#define KR_DAEMON_ENGINE_REPLAY_H

#include "base/status.h"
#include "daemon/engine/event.h"

struct engine;
#include "daemon/engine/study.h"

/* Answered later. Errors: KR_ENOMEM, KR_OVERLOADED. */
enum kr_status replay_begin(struct engine *e, const struct study *s, const struct msg_request *m,
	const struct route *route, struct kr_error *err);

/* Rows came; false when they are not for a replay. */
bool replay_loaded(struct engine *e, const struct event *ev);

/* A computation of kind JOB_REPLAY came back. */
void replay_finish(struct engine *e, struct job *j);

/* The engine stops: nobody is answered. Their jobs stay with the shell. */
void replay_free_all(struct engine *e);

#endif
