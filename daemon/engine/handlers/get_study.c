/* GetStudy: a study as it is. */
#include "daemon/engine/call.h"

enum kr_status handle_get_study(struct call *c, struct kr_error *err)
{
	enum kr_status st = call_study(c, c->m->u.get_study.study, err);

	return st == KR_OK ? call_answer_study(c, &c->study->now, false, err) : st;
}
