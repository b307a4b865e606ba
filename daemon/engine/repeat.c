/* Repeats of requests that were applied: the first answer, built again from
 * what its event left in memory, byte for byte.
 *
 * That works because an event's traces stay: an event that overwrites what an
 * answer showed of a trial keeps the earlier version (version.h), and a study keeps
 * a view for each event whose answer showed it. A restart changes nothing. */
#include <stdio.h>
#include <string.h>

#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"
#include "daemon/engine/suggest.h"

/* The study that a request names. */
static const char *named(const struct msg_request *m)
{
	switch (m->method) {
	case METHOD_CREATE_STUDY: return m->u.create_study.name;
	case METHOD_UPDATE_STUDY: return m->u.update_study.study;
	case METHOD_DELETE_STUDY: return m->u.delete_study.study;
	case METHOD_SUGGEST: return m->u.suggest.study;
	case METHOD_OBSERVE: return m->u.observe.study;
	case METHOD_FAIL_TRIAL: return m->u.fail_trial.study;
	case METHOD_ADD_TRIALS: return m->u.add_trials.study;
	case METHOD_ENQUEUE: return m->u.enqueue.study;
	case METHOD_RELEASE: return m->u.release.study;
	case METHOD_CANCEL_TRIAL: return m->u.cancel_trial.study;
	case METHOD_EDIT_TRIAL: return m->u.edit_trial.study;
	case METHOD_DELETE_TRIAL: return m->u.delete_trial.study;
	case METHOD_REPORT: return m->u.report.study;
	default: return NULL;
	}
}

static enum kr_status other_request(struct kr_error *err)
{
	return kr_fail_field(err, KR_INVALID_ARGUMENT, "meta.request_id",
		"meta.request_id was used for another request; make 16 new random bytes for each one");
}

static enum kr_status tell_study(struct call *c, uint64_t seq, struct kr_error *err)
{
	struct study_view v;

	if (!study_view_at(c->study, seq, &v))
		return kr_fail(err, KR_INTERNAL, "the answer to this request is not known any more");
	return call_answer_study(c, &v, c->m->method == METHOD_CREATE_STUDY && seq != 1, err);
}

static enum kr_status tell_given(struct call *c, uint64_t seq, struct kr_error *err)
{
	const struct study *s = c->study;
	uint64_t n = study_n_given(s, seq);
	struct msg_trial *trials = ARENA_ARRAY(c->a, struct msg_trial, n);
	enum kr_status st = KR_OK;

	if (!trials)
		return call_no_memory(err);
	for (uint64_t i = 0; st == KR_OK && i < n; i++) {
		const struct trial *t = trials_kept(&s->trials, study_given(s, seq, i));

		t = version_given(t, seq);
		st = t ? reply_given(&trials[i], s, t, c->a, err) : other_request(err);
	}
	c->reply.u.trials.n = (int)n;
	c->reply.u.trials.trials = trials;
	return st;
}

static enum kr_status tell_queued(struct call *c, uint64_t seq, struct kr_error *err)
{
	const struct study *s = c->study;
	uint64_t first, n = study_made(s, seq, &first);
	struct msg_trial *trials = ARENA_ARRAY(c->a, struct msg_trial, n);
	enum kr_status st = KR_OK;

	if (!trials)
		return call_no_memory(err);
	for (uint64_t i = 0; st == KR_OK && i < n; i++) {
		const struct trial *t = version_at(trials_kept(&s->trials, first + i), seq);

		st = t ? reply_trial(&trials[i], s, t, reply_all_columns, c->a, err) : other_request(err);
	}
	c->reply.u.trials.n = (int)n;
	c->reply.u.trials.trials = trials;
	return st;
}

/* A trial in the state in which event seq left it, or found it. */
static enum kr_status tell_left(
	struct call *c, uint64_t seq, uint64_t number, enum trial_state state, struct kr_error *err)
{
	const struct trial *t = version_at(trials_kept(&c->study->trials, number), seq);

	return t && t->state == state ? call_answer_trial(c, t, err) : other_request(err);
}

/* Did event seq, or an earlier one, give this version of a trial its end? */
static bool ended(const struct trial *t)
{
	return t && t->state != TRIAL_RUNNING && t->state != TRIAL_EXPIRED && t->state != TRIAL_QUEUED;
}

static enum kr_status tell_ended(
	struct call *c, uint64_t seq, int n, const uint64_t *numbers, struct kr_error *err)
{
	struct msg_trial *trials = ARENA_ARRAY(c->a, struct msg_trial, n);
	enum kr_status st = KR_OK;

	if (!trials)
		return call_no_memory(err);
	for (int i = 0; st == KR_OK && i < n; i++) {
		const struct trial *t = version_at(trials_kept(&c->study->trials, numbers[i]), seq);

		if (!ended(t))
			return other_request(err);
		st = reply_trial(&trials[i], c->study, t, reply_all_columns, c->a, err);
	}
	c->reply.u.trials.n = n;
	c->reply.u.trials.trials = trials;
	return st;
}

/* A trial as event seq left it, which was about this trial. */
static enum kr_status tell_edited(
	struct call *c, uint64_t seq, uint64_t number, struct kr_error *err)
{
	const struct trial *t = version_at(trials_kept(&c->study->trials, number), seq);

	return t && t->seq == seq ? call_answer_trial(c, t, err) : other_request(err);
}

static enum kr_status tell_reported(struct call *c, uint64_t seq, struct kr_error *err)
{
	const struct report *r = reports_at(&c->study->reports, seq);
	const struct trial *t;

	if (!r || r->number != c->m->u.report.number)
		return other_request(err);
	t = trials_kept(&c->study->trials, r->number);
	t = r->stop == STOP_CANCELLED ? version_at(t, seq) : version_held(t, seq);
	if (!t)
		return other_request(err);
	return reply_report(&c->reply.u.report, c->study, t, r->stop, c->a, err);
}

static enum kr_status tell_overtaken(
	uint64_t number, int n, const uint64_t *numbers, struct kr_error *err)
{
	char field[64];
	int i = 0;

	while (i < n && numbers[i] != number)
		i++;
	if (i == n)
		return other_request(err);
	snprintf(field, sizeof(field), "observations[%d].lease", i);
	return claim_overtaken(number, field, err);
}

static enum kr_status tell_observed(struct call *c, uint64_t seq, struct kr_error *err)
{
	const struct msg_observe *m = &c->m->u.observe;
	uint64_t *numbers = ARENA_ARRAY(c->a, uint64_t, m->n);
	size_t n_stale;
	const struct grant *stale = grants_of(&c->study->stale, seq, &n_stale);

	if (!numbers)
		return call_no_memory(err);
	for (int i = 0; i < m->n; i++)
		numbers[i] = m->observations[i].number;
	if (stale)
		return tell_overtaken(stale->number, m->n, numbers, err);
	return tell_ended(c, seq, m->n, numbers, err);
}

enum kr_status call_repeat(struct call *c, const struct request_entry *entry, struct kr_error *err)
{
	struct study *s = studies_at(&c->e->studies, entry->study);
	const char *name = named(c->m);
	uint64_t seq = entry->seq;
	enum kr_status st;

	if (!s || entry->method != c->m->method || !name || strcmp(name, s->def->name) != 0)
		return other_request(err);
	c->study = s;
	st = engine__sound(s, err);
	if (st != KR_OK)
		return st;
	if (seq == 0) {
		st = suggest_join(c->e, s, c->m->meta.request_id, c->route, err);
		c->answered = st == KR_OK;
		return st;
	}
	switch (c->m->method) {
	case METHOD_SUGGEST: return tell_given(c, seq, err);
	case METHOD_OBSERVE: return tell_observed(c, seq, err);
	case METHOD_FAIL_TRIAL: return tell_ended(c, seq, 1, &c->m->u.fail_trial.number, err);
	case METHOD_ENQUEUE: return tell_queued(c, seq, err);
	case METHOD_RELEASE: return tell_left(c, seq, c->m->u.release.number, TRIAL_QUEUED, err);
	case METHOD_CANCEL_TRIAL:
		return tell_left(c, seq, c->m->u.cancel_trial.number, TRIAL_CANCELLED, err);
	case METHOD_EDIT_TRIAL: return tell_edited(c, seq, c->m->u.edit_trial.number, err);
	case METHOD_DELETE_TRIAL: return tell_edited(c, seq, c->m->u.delete_trial.number, err);
	case METHOD_REPORT: return tell_reported(c, seq, err);
	case METHOD_ADD_TRIALS:
		c->reply.u.add_trials.count = study_made(s, seq, &c->reply.u.add_trials.first_number);
		return KR_OK;
	default: return tell_study(c, seq, err);
	}
}
