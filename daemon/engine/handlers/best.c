/* Best: the trial with the best objective of those that meet all outcome constraints; none
 * before there is one. */
#include "daemon/engine/call.h"

enum kr_status handle_best(struct call *c, struct kr_error *err)
{
	struct msg_trial *answer = ARENA_NEW(c->a, struct msg_trial);
	enum kr_status st = call_study(c, c->m->u.best.study, err);

	if (st != KR_OK || !c->study->now.has_best)
		return st;
	if (!answer)
		return call_no_memory(err);
	c->reply.u.best.trial = answer;
	return reply_trial(answer, c->study, trials_at(&c->study->trials, c->study->now.best),
		reply_grounded_columns, c->a, err);
}
