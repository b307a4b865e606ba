/* Replay: recompute recorded suggestions; daemon/engine/replay.c does it. */
#include "daemon/engine/replay.h"

#include "daemon/engine/call.h"

enum kr_status handle_replay(struct call *c, struct kr_error *err)
{
	enum kr_status st = call_study(c, c->m->u.replay.study, err);

	if (st == KR_OK)
		st = replay_begin(c->e, c->study, c->m, c->route, err);
	c->answered = st == KR_OK;
	return st;
}
