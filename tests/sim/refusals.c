/* Refusals: each must have been right at some moment between the arrival of its
 * request and now, by what was durable then. */
#include <math.h>
#include <string.h>

#include "tests/sim/sim.h"

struct refusal {
	const struct seen *s;
	const struct world *w;
	const struct asked *asked;
	const struct msg_error *e;
	size_t from;
};

/* ---- what a view of a study may say ---- */

typedef bool view_fact(
	const struct asked *q, const struct model_study *f, const struct model_view *v);

static bool finished(const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)q;
	(void)f;
	return v->state == STUDY_FINISHED;
}

static bool paused(const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)q;
	(void)f;
	return v->state == STUDY_PAUSED;
}

/* The model has no observations, when all results are hidden from it. */
static bool without_results(
	const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)q;
	for (uint64_t k = 0; k < v->n; k++) {
		const struct model_version *t = model_version_at(
			&f->trials[k], (uint64_t)(v - f->views) + 1);
		if (t->state == TRIAL_COMPLETE && !t->excluded && !t->deleted)
			return false;
	}
	return true;
}

static bool limited(const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)q;
	(void)f;
	return v->limited;
}

static bool has_another_budget(
	const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	return v->state != STUDY_DELETED && q->budget != f->spec.budget &&
		(!v->limited || v->budget != q->budget);
}

static bool has_another_version(
	const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)f;
	return q->update.has_expected_version && q->update.expected_version != v->spec_version;
}

static bool was(const struct refusal *r, view_fact *fact)
{
	for (int i = 0; i < r->w->model->n; i++) {
		const struct model_study *f = &r->w->model->studies[i];
		if (strcmp(f->name, r->asked->name) != 0 || !watch_lived(f, r->from))
			continue;
		uint64_t seq = model_seq_at(f, r->from);
		for (seq = seq ? seq : 1; seq <= f->seq; seq++)
			if (fact(r->asked, f, &f->views[seq - 1]))
				return true;
	}
	return false;
}

/* ---- what one of the trials may say; v is NULL when it is not there ---- */

typedef bool trial_fact(const struct asked *q, const struct told *told, const struct model_study *f,
	const struct model_trial *t, const struct model_version *v);

static bool was_one(const struct refusal *r, trial_fact *fact)
{
	for (int i = 0; i < r->w->model->n; i++) {
		const struct model_study *f = &r->w->model->studies[i];
		if (strcmp(f->name, r->asked->name) != 0 || !watch_lived(f, r->from))
			continue;
		uint64_t seq = model_seq_at(f, r->from);
		for (seq = seq ? seq : 1; seq <= f->seq; seq++)
			for (int k = 0; k < r->asked->n_told; k++) {
				const struct told *told = &r->asked->told[k];
				const struct model_trial *t = told->number < f->n ? &f->trials[told->number] : NULL;
				const struct model_version *v = t ? model_version_at(t, seq) : NULL;
				if (fact(r->asked, told, f, t, v))
					return true;
			}
	}
	return false;
}

/* A report of a deleted trial is told that it is over. */
static bool is_gone(const struct asked *q, const struct told *told, const struct model_study *f,
	const struct model_trial *t, const struct model_version *v)
{
	(void)told;
	(void)f;
	(void)t;
	return !v || (v->deleted && q->method != METHOD_REPORT);
}

static bool is_alive(const struct model_version *v)
{
	return v->state == TRIAL_RUNNING || v->state == TRIAL_EXPIRED;
}

static bool is_leased(const struct told *told)
{
	return told->lease.has_token || told->lease.has_attempt;
}

/* Its state, or what it says already, stands against the request. */
static bool is_in_conflict(const struct asked *q, const struct told *told,
	const struct model_study *f, const struct model_trial *t, const struct model_version *v)
{
	if (!v || v->deleted)
		return false;
	const struct msg_progress *last = v->n_progress ? &v->progress[v->n_progress - 1] : NULL;
	switch (q->method) {
	case METHOD_OBSERVE:
		return model_is_over(v) && !model_is_overtaken(t, v, &told->lease) &&
			!model_has_result(v, told, f->spec.n_metrics);
	case METHOD_FAIL_TRIAL: return !is_alive(v);
	case METHOD_RELEASE: return v->state == TRIAL_COMPLETE || t->told;
	case METHOD_CANCEL_TRIAL:
		return !is_alive(v) && v->state != TRIAL_QUEUED && v->state != TRIAL_CANCELLED;
	case METHOD_DELETE_TRIAL: return v->state == TRIAL_RUNNING;
	case METHOD_EDIT_TRIAL:
		return (q->edit.n_values && v->state != TRIAL_COMPLETE) ||
			(q->edit.has_excluded && (v->state == TRIAL_RUNNING || v->state == TRIAL_QUEUED));
	case METHOD_REPORT:
		return v->state == TRIAL_RUNNING && last && v->progress_of == v->attempt &&
			(last->step > told->step ||
				(last->step == told->step && last->value != told->values[0]));
	default: return false;
	}
}

/* The caller does not hold it, or it is over for any holder. */
static bool is_foreign(const struct asked *q, const struct told *told, const struct model_study *f,
	const struct model_trial *t, const struct model_version *v)
{
	(void)f;
	if (!v || (v->deleted && q->method != METHOD_REPORT))
		return false;
	bool right = model_right(t, v, &told->lease, q->worker);
	int claim = model_claim(t, v, &told->lease);
	switch (q->method) {
	case METHOD_OBSERVE:
		return !model_is_over(v) && !right && !(claim > 0 && claim < (int)v->attempt);
	case METHOD_FAIL_TRIAL:
		return is_alive(v) ? !right : v->state == TRIAL_QUEUED && is_leased(told);
	case METHOD_RELEASE:
		return v->state == TRIAL_RUNNING || v->state == TRIAL_QUEUED ? !right : is_leased(told);
	case METHOD_REPORT: return !right || v->state == TRIAL_QUEUED || v->state == TRIAL_EXPIRED;
	default: return false;
	}
}

/* Another attempt had ended it; then the result is in a row. */
static bool is_kept(const struct refusal *r)
{
	const struct row *row = r->s->line ? disk_row_of(r->w, r->s->line->request, NULL) : NULL;
	return row && row->kind == RECORD_STALE;
}

/* ---- names ---- */

static bool name_was(const struct refusal *r, bool taken)
{
	for (size_t n = r->from; n <= r->w->n_disk; n++)
		if ((model_live(r->w->model, r->asked->name, n) != NULL) == taken)
			return true;
	return false;
}

static bool was_deleted(const struct refusal *r)
{
	for (int i = 0; i < r->w->model->n; i++) {
		const struct model_study *f = &r->w->model->studies[i];
		if (strcmp(f->name, r->asked->name) == 0 && model_now(f)->state == STUDY_DELETED)
			return true;
	}
	return false;
}

/* ---- codes ---- */

static bool not_found(const struct refusal *r)
{
	const char *field = r->e->field ? r->e->field : "";
	bool waits = r->asked->method == METHOD_SUGGEST || r->asked->method == METHOD_GET_STUDY;
	if (r->asked->method == METHOD_DELETE_STUDY && (r->asked->undelete || !strcmp(field, "id")))
		return true; /* which id it should have been is not written down */
	/* what waits goes with its study, though another may have the name */
	return strstr(field, "number") ? was_one(r, is_gone)
								   : name_was(r, false) || (waits && was_deleted(r));
}

static bool conflict(const struct refusal *r)
{
	switch (r->asked->method) {
	case METHOD_CREATE_STUDY:
		return r->asked->if_exists == IF_EXISTS_ATTACH && was(r, has_another_budget);
	case METHOD_UPDATE_STUDY:
		sim_met.outdated += was(r, has_another_version);
		return (r->asked->update.action == ACTION_PAUSE && was(r, finished)) ||
			was(r, has_another_version);
	default: return was_one(r, is_in_conflict);
	}
}

/* How many places wait for a computation is not known here. */
static bool spent(const struct refusal *r)
{
	return r->asked->method == METHOD_SUGGEST && was(r, limited);
}

static bool justified(const struct refusal *r)
{
	switch (kr_status_from_wire(r->e->code)) {
	case KR_NOT_FOUND: return not_found(r);
	case KR_ALREADY_EXISTS:
		return (r->asked->method == METHOD_CREATE_STUDY && r->asked->if_exists == IF_EXISTS_FAIL &&
				   name_was(r, true)) ||
			(r->asked->undelete && name_was(r, true));
	case KR_CONFLICT: return conflict(r);
	case KR_STALE_LEASE: return is_kept(r) || was_one(r, is_foreign);
	case KR_STUDY_FINISHED: return r->asked->method == METHOD_SUGGEST && was(r, finished);
	case KR_NOT_NOW:
		return r->asked->method == METHOD_PREDICT
			? was(r, without_results)
			: r->asked->method == METHOD_SUGGEST && was(r, paused);
	case KR_BUDGET_SPENT: return spent(r);
	case KR_SPACE_EXHAUSTED: /* only the second study has no float */
		return r->asked->method == METHOD_SUGGEST &&
			(strcmp(r->asked->name, clients_study_name(1)) == 0 || world_in_trouble(r->w));
	case KR_INVALID_ARGUMENT: /* several deleted studies have the name */
		return r->asked->method == METHOD_DELETE_STUDY && r->asked->undelete;
	case KR_UNAVAILABLE: return world_in_trouble(r->w);
	case KR_OVERLOADED: return r->w->profile->starves > 0 && world_in_trouble(r->w);
	default: return false;
	}
}

void refusals_judge(const struct seen *s, const struct msg_error *e)
{
	const struct refusal r = {s, s->w, s->asked, e, s->from};
	sim_met.stale += e->code == kr_status_wire(KR_STALE_LEASE);
	sim_met.exhausted += e->code == kr_status_wire(KR_SPACE_EXHAUSTED);
	sim_met.unavailable += e->code == kr_status_wire(KR_UNAVAILABLE);
	if (!e->message || !e->message[0])
		world_complain(s->w, "an error without a sentence");
	if (!justified(&r))
		world_complain(s->w, "%s was refused without cause: %s (%s)",
			msg_method_name(s->asked->method), kr_status_name(kr_status_from_wire(e->code)),
			e->message);
	watch_patience(s, e);
}
