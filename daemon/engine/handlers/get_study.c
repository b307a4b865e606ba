/* GetStudy: a study as it is; with since_seq and wait_ms, when it has changed. */
#include "daemon/engine/call.h"
#include "daemon/engine/prepare.h"
#include "daemon/engine/watch.h"

enum kr_status handle_get_study(struct call *c, struct kr_error *err)
{
	const struct msg_get_study *m = &c->m->u.get_study;
	enum kr_status st = call_study(c, m->study, err);

	if (st != KR_OK)
		return st;
	if (m->wait_ms == 0 || c->study->now.seq > m->since_seq) {
		st = call_answer_study(c, &c->study->now, false, err);
		c->reply.u.study.study.prepared = prepare_state(c->study);
		return st;
	}
	st = watch_begin(
		c->e, c->study, c->route, m->since_seq, lease_due(c->e->now.now_ns, m->wait_ms), err);
	c->answered = st == KR_OK;
	return st;
}
