/* Trials in replies, against the model. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tests/sim/sim.h"

#define LL(x) ((unsigned long long)(x))

/* ---- one trial ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_scalar(const struct msg_param *p, double x, const struct msg_named *v)
{
	if (strcmp(p->name, v->name) != 0)
		return false;
	switch (p->kind) {
	case PARAM_FLOAT: return v->value.kind == SCALAR_REAL && v->value.r == x;
	case PARAM_INT: return v->value.kind == SCALAR_INT && v->value.i == (int64_t)x;
	case PARAM_BOOL: return v->value.kind == SCALAR_BOOL && v->value.b == (x != 0);
	default: return msg_scalar_equal(&p->choices[(int)x], &v->value);
	}
}

static bool same_params(const struct model_study *f, const double *point, const struct msg_trial *t)
{
	int n = 0;
	for (int i = 0; i < f->spec.n_params; i++)
		if (!isnan(point[i]) &&
			(n == t->n_params || !same_scalar(&f->spec.params[i], point[i], &t->params[n++])))
			return false;
	return n == t->n_params;
}

static bool same_values(
	const struct model_study *f, const struct model_version *v, const struct msg_trial *t)
{
	if (v->state != TRIAL_COMPLETE)
		return t->n_values == 0;
	bool same = t->n_values == f->spec.n_metrics;
	for (int i = 0; same && i < t->n_values; i++)
		same = t->values[i].value == v->values[i] &&
			strcmp(t->values[i].name, f->spec.metrics[i].name) == 0 &&
			t->values[i].has_sem == (i == 0 && !isnan(v->sem));
	return same && (isnan(v->sem) || t->values[0].sem == v->sem);
}

/* Only the lease of a trial that is given out is told. */
static bool same_lease(
	const struct model_trial *o, const struct model_version *v, const struct msg_trial *t)
{
	const struct model_attempt *a = model_holder(o, v);
	return !t->has_lease ||
		(t->state == TRIAL_RUNNING && t->lease.number == t->number &&
			t->lease.attempt == v->attempt && t->lease.remaining_ms == a->lease_ms &&
			memcmp(t->lease.token, a->token, sizeof(a->token)) == 0);
}

static bool same_progress(const struct model_version *v, const struct msg_trial *t)
{
	bool same = t->n_progress == v->n_progress;
	for (int i = 0; same && i < t->n_progress; i++)
		same = t->progress[i].step == v->progress[i].step &&
			t->progress[i].value == v->progress[i].value &&
			t->progress[i].time_ms == v->progress[i].time_ms;
	return same;
}

static bool same_head(const struct model_study *f, const struct msg_trial *t,
	const struct model_trial *o, const struct model_version *v)
{
	const struct model_attempt *a = model_holder(o, v);
	bool judged = f->spec.n_metrics > 1 && v->state == TRIAL_COMPLETE;
	return t->seq == v->seq && t->state == v->state && t->late == v->late && t->told == o->told &&
		t->attempt == v->attempt &&
		same_text(t->worker, a && v->state != TRIAL_QUEUED ? a->worker : NULL) &&
		same_text(t->reason, v->reason) && t->created_ms == o->created_ms &&
		t->finished_ms == v->finished_ms && t->excluded == v->excluded && same_lease(o, v, t) &&
		t->has_feasible == judged && (!judged || t->feasible == model_feasible(f, v->values));
}

bool watch_shows(const struct model_study *f, const struct msg_trial *t,
	const struct msg_list_trials *columns, const struct model_version *v)
{
	static const struct msg_list_trials all = {
		.params = true, .values = true, .why = true, .labels = true};
	const struct model_trial *o = &f->trials[t->number];
	if (!columns)
		columns = &all;
	return same_head(f, t, o, v) &&
		(columns->params ? same_params(f, v->point, t) : t->n_params == 0) &&
		(columns->values ? same_values(f, v, t) : t->n_values == 0) &&
		(columns->why ? (v->attempt > 0) == (t->why.rule != 0) : t->why.rule == 0) &&
		(columns->labels ? model_same_labels(&t->labels, &v->labels) : t->labels.n == 0) &&
		same_text(t->note, columns->labels ? v->note : NULL) &&
		(columns->progress ? same_progress(v, t) : t->n_progress == 0);
}

/* ---- changes: each is in its row, and shown as that left it ---- */

static bool as_left(const struct model_study *f, const struct msg_trial *t, uint64_t seq)
{
	return t->number < f->n &&
		watch_shows(f, t, NULL, model_version_at(&f->trials[t->number], seq));
}

static bool was_given(const struct model_trial *t, uint64_t seq)
{
	const struct model_version *v = model_version_at(t, seq);
	return v && v->seq == seq && v->attempt && t->attempts[v->attempt - 1].seq == seq;
}

static bool is_given(const struct seen *s, const struct model_study *f, uint64_t seq)
{
	const struct msg_trials_reply *r = &s->r->u.trials;
	int n = 0;
	for (uint64_t k = 0; k < f->n; k++)
		n += was_given(&f->trials[k], seq);
	bool good = r->n == n && n > 0;
	for (int i = 0; good && i < r->n; i++)
		good = r->trials[i].has_lease && as_left(f, &r->trials[i], seq) &&
			was_given(&f->trials[r->trials[i].number], seq);
	return good;
}

static bool is_done(const struct seen *s, const struct model_study *f, uint64_t seq)
{
	const struct msg_trials_reply *r = &s->r->u.trials;
	bool good = r->n == s->asked->n_told;
	for (int i = 0; good && i < r->n; i++)
		good = r->trials[i].number == s->asked->told[i].number && !r->trials[i].has_lease &&
			as_left(f, &r->trials[i], seq);
	return good;
}

static bool made(const struct model_study *f, uint64_t number, uint64_t seq)
{
	return number < f->n && f->trials[number].versions[0].seq == seq;
}

static bool is_queued(const struct seen *s, const struct model_study *f, uint64_t seq)
{
	const struct msg_trials_reply *r = &s->r->u.trials;
	bool good = r->n == s->asked->n_points;
	for (int i = 0; good && i < r->n; i++)
		good = r->trials[i].number == r->trials[0].number + (uint64_t)i &&
			made(f, r->trials[i].number, seq) && as_left(f, &r->trials[i], seq);
	return good;
}

static bool is_added(const struct seen *s, const struct model_study *f, uint64_t seq)
{
	const struct msg_add_trials_reply *r = &s->r->u.add_trials;
	return r->count == (uint64_t)s->asked->n_points && made(f, r->first_number, seq) &&
		made(f, r->first_number + r->count - 1, seq) && !made(f, r->first_number + r->count, seq) &&
		(r->first_number == 0 || !made(f, r->first_number - 1, seq));
}

/* The model has judged the stop in the row. */
static bool is_reported(const struct seen *s, const struct model_study *f, const struct row *row)
{
	const struct msg_report_reply *r = &s->r->u.report;
	const struct model_trial *t = &f->trials[s->asked->told[0].number];
	struct record record;
	struct kr_error err;
	if (record_decode(&record, row->kind, row->body, row->len, s->w->model->arena, &err) != KR_OK)
		return false;
	uint64_t term = r->stop == STOP_CANCELLED
		? 0
		: model_holder(t, model_version_at(t, row->seq))->lease_ms;
	return r->stop == record.u.reported.stop && (r->stop != STOP_NONE) == (r->message != NULL) &&
		r->remaining_ms == term;
}

void watch_change(const struct seen *s)
{
	const struct row *row = s->line ? disk_row_of(s->w, s->line->request, NULL) : NULL;
	const struct model_study *f = row ? model_find(s->w->model, row->study) : NULL;
	bool good = f && strcmp(f->name, s->asked->name) == 0 && row->kind != RECORD_STALE;
	switch (good ? s->asked->method : METHOD_PING) {
	case METHOD_CREATE_STUDY:
	case METHOD_UPDATE_STUDY:
	case METHOD_DELETE_STUDY:
		good = s->r->u.study.study.id == row->study && s->r->u.study.study.seq == row->seq;
		break;
	case METHOD_SUGGEST: good = is_given(s, f, row->seq); break;
	case METHOD_ENQUEUE: good = is_queued(s, f, row->seq); break;
	case METHOD_ADD_TRIALS: good = is_added(s, f, row->seq); break;
	case METHOD_REPORT: good = is_reported(s, f, row); break;
	default: good = good && is_done(s, f, row->seq); break;
	}
	if (!good)
		world_complain(s->w, "the answer to %s in study '%s' is not that of a durable event (%llu)",
			msg_method_name(s->asked->method), s->asked->name, LL(row ? row->seq : 0));
	if (good && s->asked->method == METHOD_SUGGEST && s->asked->wait_ms)
		sim_met.waited += s->w->now_ns > s->arrival->at + 50000000LL;
}

/* ---- reads ---- */

/* Not older than the request. */
bool watch_fresh_trial(const struct seen *s, const struct model_study *f)
{
	static const struct msg_list_trials all = {
		.params = true, .values = true, .why = true, .labels = true, .progress = true};
	const struct msg_trial *t = &s->r->u.trials.trials[0];
	if (t->number != s->asked->told[0].number || t->number >= f->n)
		return false;
	for (uint64_t seq = watch_first_seq(s, f); seq <= f->seq; seq++) {
		const struct model_version *v = model_version_at(&f->trials[t->number], seq);
		if (v && !v->deleted && watch_shows(f, t, &all, v))
			return true;
	}
	return false;
}

static bool wanted(const struct msg_list_trials *q, const struct model_version *v)
{
	return v && !v->deleted && (!q->states || (q->states & 1u << v->state)) &&
		v->seq > q->since_seq;
}

/* The page that the study had at event r->seq. */
bool watch_page(const struct seen *s, const struct model_study *f)
{
	const struct msg_list_trials *q = &s->asked->list;
	const struct msg_list_trials_reply *r = &s->r->u.list_trials;
	int n = 0;
	if (r->seq < watch_first_seq(s, f) || r->seq > f->seq)
		return false;
	for (uint64_t k = q->from_number; k < f->n; k++) {
		const struct model_version *v = model_version_at(&f->trials[k], r->seq);
		if (!wanted(q, v))
			continue;
		if (n == r->n) /* cut by the limit */
			return r->more && r->next_number == k && q->limit && n == (int)q->limit;
		if (r->trials[n].number != k || !watch_shows(f, &r->trials[n], q, v))
			return false;
		n++;
	}
	return n == r->n && !r->more;
}

bool watch_best(const struct seen *s, const struct model_study *f)
{
	const struct msg_trial *t = s->r->u.best.trial;
	for (uint64_t seq = watch_first_seq(s, f); seq <= f->seq; seq++)
		if (f->views[seq - 1].best == (t ? (int64_t)t->number : -1) && (!t || as_left(f, t, seq)))
			return true;
	return false;
}

/* ---- heartbeats ---- */

static bool in_lost(const struct msg_heartbeat_reply *r, uint64_t number)
{
	for (int i = 0; i < r->n_lost; i++)
		if (r->lost[i] == number)
			return true;
	return false;
}

static enum stop_reason in_stops(const struct msg_heartbeat_reply *r, uint64_t number)
{
	for (int i = 0; i < r->n_stops; i++)
		if (r->stops[i].number == number)
			return r->stops[i].reason;
	return STOP_NONE;
}

/* Renewed: it ran and was the caller's, and had better go on or not. Else it is lost. */
static bool is_judged_at(
	const struct seen *s, const struct model_study *f, const struct msg_lease *lease, uint64_t seq)
{
	const struct msg_heartbeat_reply *r = &s->r->u.heartbeat;
	const struct model_trial *t = lease->number < f->n ? &f->trials[lease->number] : NULL;
	const struct model_version *v = t ? model_version_at(t, seq) : NULL;
	bool held = v && !v->deleted && v->state == TRIAL_RUNNING &&
		model_right(t, v, lease, s->asked->worker);
	if (in_lost(r, lease->number))
		return !held;
	return held && in_stops(r, lease->number) == model_stop(f, lease->number, seq);
}

static bool heartbeat_is_true(const struct seen *s, const struct model_study *f)
{
	const struct msg_heartbeat_reply *r = &s->r->u.heartbeat;
	if (r->n + r->n_lost != s->asked->n_told)
		return false;
	for (uint64_t seq = watch_first_seq(s, f); seq <= f->seq; seq++) {
		bool good = f->views[seq - 1].state != STUDY_DELETED;
		for (int i = 0; good && i < s->asked->n_told; i++)
			good = is_judged_at(s, f, &s->asked->told[i].lease, seq);
		if (good)
			return true;
	}
	return false;
}

/* What was told to be renewed holds for a full term from the arrival on. */
void watch_heartbeat(const struct seen *s)
{
	const struct msg_heartbeat_reply *r = &s->r->u.heartbeat;
	if (!watch_of_any(s, true, heartbeat_is_true))
		world_complain(s->w, "a heartbeat in study '%s' is judged wrongly", s->asked->name);
	for (int i = 0; i < s->w->model->n; i++) {
		struct model_study *f = &s->w->model->studies[i];
		if (strcmp(f->name, s->asked->name) != 0 || !watch_lived(f, s->from) ||
			!heartbeat_is_true(s, f))
			continue;
		for (int k = 0; k < r->n; k++) {
			struct model_trial *t = &f->trials[r->leases[k].number];
			const struct model_version *v = model_version_now(t);
			if (v->attempt != r->leases[k].attempt) /* given out again meanwhile */
				continue;
			int64_t due = s->arrival->at + (int64_t)model_holder(t, v)->lease_ms * 1000000;
			if (due > t->due_least)
				t->due_least = due;
		}
	}
	sim_met.renewed += r->n;
	sim_met.lost_leases += r->n_lost;
}
