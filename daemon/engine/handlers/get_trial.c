/* GetTrial: one trial as it is. */
#include "daemon/engine/call.h"

enum kr_status handle_get_trial(struct call *c, struct kr_error *err)
{
	const struct msg_get_trial *m = &c->m->u.get_trial;
	struct msg_trial *answer = ARENA_NEW(c->a, struct msg_trial);
	struct trial t;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = call_trial(c, m->number, &t, err);
	if (st != KR_OK)
		return st;
	if (!answer)
		return call_no_memory(err);
	c->reply.u.trials.n = 1;
	c->reply.u.trials.trials = answer;
	return reply_trial(answer, c->study, &t, reply_every_column, c->a, err);
}
