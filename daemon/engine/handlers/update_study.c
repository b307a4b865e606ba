/* UpdateStudy: pause, resume, finish, budget. RESUME makes ACTIVE from anything;
 * PAUSE refuses a finished study. The row is written also when nothing changes:
 * the request is remembered, so a repeat that comes late does not undo what was
 * done since. */
#include "daemon/engine/call.h"

static enum kr_status new_state(
	const struct study *s, enum study_action action, enum study_state *out, struct kr_error *err)
{
	switch (action) {
	case ACTION_NONE: break;
	case ACTION_PAUSE:
		if (s->now.state == STUDY_FINISHED)
			return kr_fail_field(err, KR_CONFLICT, "action",
				"study '%s' is finished and can't be paused; resume it first", s->def->name);
		*out = STUDY_PAUSED;
		break;
	case ACTION_RESUME: *out = STUDY_ACTIVE; break;
	case ACTION_FINISH: *out = STUDY_FINISHED; break;
	}
	return KR_OK;
}

static enum kr_status check(const struct msg_update_study *m, struct kr_error *err)
{
	if (m->action == ACTION_NONE && !m->has_budget && !m->no_budget)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "action",
			"nothing to change; give action, budget or no_budget");
	if (m->has_budget && m->no_budget)
		return kr_fail_field(
			err, KR_INVALID_ARGUMENT, "no_budget", "budget and no_budget are both given; give one");
	if (m->has_budget && m->budget == 0)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "budget",
			"budget is 0; give at least 1, no_budget, or the action FINISH");
	return KR_OK;
}

enum kr_status handle_update_study(struct call *c, struct kr_error *err)
{
	const struct msg_update_study *m = &c->m->u.update_study;
	struct study_view v;
	struct change ch;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = check(m, err);
	if (st != KR_OK)
		return st;
	ch = call_change(c, RECORD_STUDY_UPDATED);
	st = new_state(c->study, m->action, &ch.record.u.updated.state, err);
	if (st != KR_OK)
		return st;
	ch.record.u.updated.has_budget = m->has_budget;
	ch.record.u.updated.budget = m->budget;
	ch.record.u.updated.no_budget = m->no_budget;
	v = c->study->now;
	study_view_update(&v, &ch.record.u.updated, ch.row.seq);
	st = call_answer_study(c, &v, false, err);
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}
