/* UpdateStudy: pause, resume, finish, and the settings. RESUME makes ACTIVE from
 * anything; PAUSE refuses a finished study. The row is written also when nothing
 * changes: the request is remembered, so a repeat that comes late does not undo
 * what was done since. A setting that is what it was is left out of it, and does
 * not count as a change (spec_version). Other stop rules for a study that its rules have ended
 * let it go on. */
#include <inttypes.h>

#include "daemon/engine/acquisition.h"
#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"

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

static bool says_nothing(const struct msg_update_study *m)
{
	return m->action == ACTION_NONE && !m->has_budget && !m->no_budget && !m->has_lease &&
		!m->on_expiry && !m->has_retry_limit && m->labels.n == 0 && m->remove_labels.n == 0 &&
		!m->has_stop && !m->acquisition.name && !m->acquisition.has_level &&
		!m->acquisition.has_beta;
}

static enum kr_status check(
	const struct msg_update_study *m, const struct study_view *now, struct kr_error *err)
{
	uint64_t ms;

	if (says_nothing(m))
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "action",
			"nothing to change; give action, budget, no_budget, lease_s, on_expiry, retry_limit, "
			"labels, remove_labels, stop or acquisition");
	if (m->has_budget && m->no_budget)
		return kr_fail_field(
			err, KR_INVALID_ARGUMENT, "no_budget", "budget and no_budget are both given; give one");
	if (m->has_budget && m->budget == 0)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "budget",
			"budget is 0; give at least 1, no_budget, or the action FINISH");
	if (m->has_expected_version && m->expected_version != now->spec_version)
		return kr_fail_field(err, KR_CONFLICT, "expected_version",
			"expected_version is %" PRIu64 ", but the settings are at version %" PRIu64
			": somebody changed them; read the study again and decide anew",
			m->expected_version, now->spec_version);
	return m->has_lease ? claim_term(m->lease_s, "lease_s", &ms, err) : KR_OK;
}

/* The settings that differ from those of now. */
static enum kr_status new_settings(struct call *c, struct record_updated *out, struct kr_error *err)
{
	const struct msg_update_study *m = &c->m->u.update_study;
	const struct study_view *now = &c->study->now;
	struct msg_acquisition wanted = acquisition_change(&now->acquisition, &m->acquisition);
	enum kr_status st = acquisition_check(&wanted, c->study->def->spec.n_metrics, "", err);

	if (st != KR_OK)
		return st;

	out->has_budget = m->has_budget && !(now->has_budget && now->budget == m->budget);
	out->budget = out->has_budget ? m->budget : 0;
	out->no_budget = m->no_budget && now->has_budget;
	out->has_lease = m->has_lease && m->lease_s != now->lease_s;
	out->lease_s = out->has_lease ? m->lease_s : 0;
	out->on_expiry = m->on_expiry == now->on_expiry ? 0 : m->on_expiry;
	out->has_retry_limit = m->has_retry_limit && m->retry_limit != now->retry_limit;
	out->retry_limit = out->has_retry_limit ? m->retry_limit : 0;
	out->has_stop = m->has_stop && !msg_stop_rules_equal(&m->stop, &now->stop);
	if (out->has_stop)
		out->stop = m->stop;
	if (!acquisition_equal(&wanted, &now->acquisition)) {
		out->acquisition = wanted;
		if (!wanted.name)
			out->acquisition.name = choice_name(CHOICE_AUTO);
	}
	st = labels_merge(
		&out->labels, &out->has_labels, &now->labels, &m->labels, &m->remove_labels, c->a, err);
	if (!out->has_labels)
		out->labels = (struct msg_labels){0};
	return st;
}

/* Other rules than those that ended the study. */
static bool goes_on(const struct study *s, enum study_action action, const struct record_updated *u)
{
	return action == ACTION_NONE && u->has_stop && s->now.state == STUDY_FINISHED && s->now.end;
}

enum kr_status handle_update_study(struct call *c, struct kr_error *err)
{
	const struct msg_update_study *m = &c->m->u.update_study;
	struct study_view v;
	struct change ch;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = check(m, &c->study->now, err);
	if (st != KR_OK)
		return st;
	ch = call_change(c, RECORD_STUDY_UPDATED);
	st = new_state(c->study, m->action, &ch.record.u.updated.state, err);
	if (st == KR_OK)
		st = new_settings(c, &ch.record.u.updated, err);
	if (st == KR_OK && goes_on(c->study, m->action, &ch.record.u.updated))
		ch.record.u.updated.state = STUDY_ACTIVE;
	if (st != KR_OK)
		return st;
	v = c->study->now;
	study_view_update(&v, &ch.record.u.updated, ch.row.seq);
	st = call_answer_study(c, &v, false, err);
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}
