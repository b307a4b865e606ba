#include "tests/sim/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

enum { MODEL_BYTES = 256 << 20 };

/* A row's time is in milliseconds, a lease's in nanoseconds. */
static const int64_t slack_ns = 2 * 1000000;

#define LL(x) ((unsigned long long)(x))

/* ---- memory ---- */

struct model *model_new(void)
{
	struct model *m = calloc(1, sizeof(*m));
	if (!m || !(m->arena = arena_new(MODEL_BYTES)))
		abort();
	return m;
}

void model_free(struct model *m)
{
	for (int i = 0; i < m->n; i++) {
		free(m->studies[i].views);
		free(m->studies[i].trials);
	}
	free(m->studies);
	arena_free(m->arena);
	free(m);
}

static void *grown(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? 2 * *cap : 16;
	p = realloc(p, *cap * size);
	if (!p)
		abort();
	return p;
}

static struct model_view *add_view(struct model_study *f, size_t at)
{
	f->views = grown(f->views, f->seq, &f->cap_views, sizeof(*f->views));
	struct model_view *v = &f->views[f->seq];
	*v = f->seq ? v[-1] : (struct model_view){.state = STUDY_ACTIVE, .best = -1};
	v->at = at;
	f->seq++;
	return v;
}

static struct model_view *view(struct model_study *f)
{
	return &f->views[f->seq - 1];
}

/* ---- questions ---- */

struct model_study *model_find(const struct model *m, uint64_t id)
{
	for (int i = 0; i < m->n; i++)
		if (m->studies[i].id == id)
			return &m->studies[i];
	return NULL;
}

uint64_t model_seq_at(const struct model_study *f, size_t at)
{
	uint64_t seq = f->seq;
	while (seq && f->views[seq - 1].at > at)
		seq--;
	return seq;
}

const struct model_view *model_view_at(const struct model_study *f, size_t at)
{
	uint64_t seq = model_seq_at(f, at);
	return seq ? &f->views[seq - 1] : NULL;
}

const struct model_view *model_now(const struct model_study *f)
{
	return &f->views[f->seq - 1];
}

const struct model_study *model_live(const struct model *m, const char *name, size_t at)
{
	for (int i = 0; i < m->n; i++) {
		const struct model_view *v = model_view_at(&m->studies[i], at);
		if (v && v->state != STUDY_DELETED && strcmp(m->studies[i].name, name) == 0)
			return &m->studies[i];
	}
	return NULL;
}

const struct model_version *model_version_at(const struct model_trial *t, uint64_t seq)
{
	int i = t->n_versions;
	while (i > 0 && t->versions[i - 1].seq > seq)
		i--;
	return i ? &t->versions[i - 1] : NULL;
}

const struct model_version *model_version_now(const struct model_trial *t)
{
	return &t->versions[t->n_versions - 1];
}

static bool same_point(const struct model_study *f, const double *a, const double *b)
{
	return memcmp(a, b, (size_t)f->spec.n_params * sizeof(*a)) == 0;
}

static bool first_of_its_point(const struct model_study *f, uint64_t number)
{
	for (uint64_t k = 0; k < number; k++)
		if (same_point(f, f->trials[k].point, f->trials[number].point))
			return false;
	return true;
}

bool model_exhausted(const struct model_study *f)
{
	double points = 1, taken = 0;
	for (int i = 0; i < f->spec.n_params; i++) {
		const struct msg_param *p = &f->spec.params[i];
		points *= p->kind == PARAM_FLOAT ? INFINITY
			: p->kind == PARAM_INT       ? p->high - p->low + 1
										 : p->n_choices;
	}
	for (uint64_t k = 0; k < f->n; k++)
		taken += first_of_its_point(f, k);
	return taken >= points;
}

/* ---- studies ---- */

static void name_is_unique(struct world *w, const struct model_study *f)
{
	const struct model *m = w->model;
	for (int i = 0; i < m->n; i++) {
		const struct model_study *o = &m->studies[i];
		if (o != f && strcmp(o->name, f->name) == 0 && model_now(o)->state != STUDY_DELETED)
			world_complain(w, "studies %llu and %llu have one name", LL(o->id), LL(f->id));
	}
}

static void fold_created(struct world *w, struct model_study *f, const struct record_created *r)
{
	f->name = r->name;
	f->spec = r->spec;
	view(f)->limited = r->spec.has_budget;
	view(f)->budget = r->spec.budget;
	name_is_unique(w, f);
}

static enum study_state before_deletion(const struct model_study *f)
{
	uint64_t i = f->seq;
	while (i > 1 && f->views[i - 1].state == STUDY_DELETED)
		i--;
	return f->views[i - 1].state;
}

static enum study_state asked_state(const struct asked *q)
{
	static const enum study_state after[] = {[ACTION_PAUSE] = STUDY_PAUSED,
		[ACTION_RESUME] = STUDY_ACTIVE,
		[ACTION_FINISH] = STUDY_FINISHED};
	return q->method == METHOD_UPDATE_STUDY ? after[q->update.action] : 0;
}

/* A setting that is what it was is no change. */
static bool is_budget_asked(
	const struct model_view *v, const struct msg_update_study *q, const struct record_updated *r)
{
	bool change = q->has_budget && !(v->limited && v->budget == q->budget);
	return r->has_budget == change && r->no_budget == (q->no_budget && v->limited) &&
		(!change || r->budget == q->budget);
}

/* What a client changed is what it asked for; undeleting and replacing have their own checks. */
static void update_was_asked(
	struct world *w, struct model_study *f, const struct row *row, const struct record_updated *r)
{
	const struct ledger_line *l = row->has_request ? clients_line(w, row->request) : NULL;
	bool replaced = !row->has_request && row->method == METHOD_CREATE_STUDY;
	if (replaced && r->state == STUDY_DELETED && !r->has_budget && !r->no_budget)
		return;
	if (!l || strcmp(l->asked.name, f->name) != 0 ||
		(l->asked.method == METHOD_DELETE_STUDY ? (r->state == STUDY_DELETED) == l->asked.undelete
												: r->state != asked_state(&l->asked)) ||
		!is_budget_asked(view(f), &l->asked.update, r))
		world_complain(
			w, "study %llu: nobody asked for the change of event %llu", LL(f->id), LL(row->seq));
}

static void fold_updated(
	struct world *w, struct model_study *f, const struct row *row, const struct record_updated *r)
{
	struct model_view *v = view(f);
	update_was_asked(w, f, row, r);
	sim_met.undeleted += v->state == STUDY_DELETED && before_deletion(f) != STUDY_ACTIVE;
	if (v->state == STUDY_DELETED && r->state != before_deletion(f))
		world_complain(w, "study %llu came back in state %d", LL(f->id), r->state);
	if (r->has_budget || r->no_budget) {
		f->shrunk |= r->has_budget && (!v->limited || r->budget < v->budget);
		v->limited = r->has_budget;
		v->budget = r->has_budget ? r->budget : 0;
	}
	if (r->state)
		v->state = r->state;
	if (r->state && r->state != STUDY_DELETED)
		name_is_unique(w, f);
}

/* ---- trials ---- */

static struct model_trial *add_trial(
	struct model_study *f, enum trial_state state, const struct row *row)
{
	f->trials = grown(f->trials, f->n, &f->cap_trials, sizeof(*f->trials));
	struct model_trial *t = &f->trials[f->n++];
	*t = (struct model_trial){.n_versions = 1,
		.versions = {{.seq = row->seq, .time_ms = (uint64_t)row->time_ms, .state = state}}};
	view(f)->counts[state]++;
	view(f)->n = f->n;
	return t;
}

static void is_allowed(struct world *w, const struct model_study *f, int n, const double *point)
{
	bool good = n == f->spec.n_params;
	for (int i = 0; good && i < n; i++) {
		const struct msg_param *p = &f->spec.params[i];
		double low = p->kind == PARAM_CATEGORICAL ? 0 : p->low;
		double high = p->kind == PARAM_CATEGORICAL ? p->n_choices - 1 : p->high;
		good = point[i] >= low && point[i] <= high &&
			(p->kind == PARAM_FLOAT || point[i] == rint(point[i]));
	}
	if (!good)
		world_complain(w, "study %llu: a trial is no point of its space", LL(f->id));
}

/* Whose point did the computation know of, or choose itself? */
static void is_new(
	struct world *w, const struct model_study *f, uint64_t number, const struct record_job *job)
{
	const struct model_trial *t = &f->trials[number];
	for (uint64_t k = 0; k < number; k++) {
		const struct model_trial *o = &f->trials[k];
		bool known = k < job->first_number || (o->suggested && o->snapshot == t->snapshot);
		if (known && same_point(f, o->point, t->point))
			world_complain(
				w, "study %llu: trials %llu and %llu are one point", LL(f->id), LL(k), LL(number));
	}
}

static void is_best(struct model_study *f, uint64_t number, double value)
{
	struct model_view *v = view(f);
	bool minimize = f->spec.metrics[0].role == METRIC_MINIMIZE;
	double best = v->best < 0 ? 0 : model_version_now(&f->trials[v->best])->value;
	if (v->best < 0 || (minimize ? value < best : value > best) ||
		(value == best && (int64_t)number < v->best))
		v->best = (int64_t)number;
}

/* ---- suggestions ---- */

/* The recorded job is the one of its snapshot: what was there, and the fit that
 * the newest suggestion before it ended with. */
static void job_is_of_snapshot(struct world *w, const struct model_study *f, const struct row *row,
	const struct record_job *job)
{
	if (job->snapshot_seq == 0 || job->snapshot_seq >= row->seq) {
		world_complain(w, "study %llu: event %llu saw event %llu", LL(f->id), LL(row->seq),
			LL(job->snapshot_seq));
		return;
	}
	const struct model_view *v = &f->views[job->snapshot_seq - 1];
	if (job->first_number != v->n)
		world_complain(w, "study %llu: event %llu saw %llu trials, there were %llu", LL(f->id),
			LL(row->seq), LL(job->first_number), LL(v->n));
	if (v->limited && !f->shrunk && v->spent + job->n_slots > v->budget)
		world_complain(w,
			"study %llu: event %llu is of a computation for %u places, %llu of %llu "
			"were taken",
			LL(f->id), LL(row->seq), job->n_slots, LL(v->spent), LL(v->budget));
	if (job->n_state_in != v->n_state ||
		(v->n_state && memcmp(job->state_in, v->fit, (size_t)v->n_state * sizeof(double)) != 0))
		world_complain(
			w, "study %llu: event %llu did not start from the last fit", LL(f->id), LL(row->seq));
	sim_met.fits += job->n_state_in > 0;
	sim_met.cut += job->cut;
}

static void is_what_was_asked(struct world *w, const struct model_study *f, const struct row *row,
	const struct record_suggested *r)
{
	const struct ledger_line *l = row->has_request ? clients_line(w, row->request) : NULL;
	if (!l || l->asked.method != METHOD_SUGGEST || strcmp(l->asked.name, f->name) != 0) {
		world_complain(w, "study %llu: nobody asked for event %llu", LL(f->id), LL(row->seq));
		return;
	}
	const struct asked *q = &l->asked;
	if (r->n_trials < 1 || (uint64_t)r->n_trials > q->count)
		world_complain(w, "%d trials for a suggest of %llu", r->n_trials, LL(q->count));
	if ((r->worker && !q->worker) ||
		(q->worker && (!r->worker || strcmp(q->worker, r->worker) != 0)))
		world_complain(w, "a suggest of %s is recorded for %s", q->worker ? q->worker : "nobody",
			r->worker ? r->worker : "nobody");
	for (int i = 0; i < r->n_trials; i++) {
		const struct record_given *g = &r->trials[i];
		if (q->fixed && g->values[f->spec.n_params - 2] != 3) /* n: the last but one */
			world_complain(w, "a fixed value became %g", g->values[f->spec.n_params - 2]);
		if (g->lease_ms != q->lease_ms)
			world_complain(
				w, "a lease of %llu ms became one of %llu ms", LL(q->lease_ms), LL(g->lease_ms));
		if (!r->job.cut && g->why.freshness != WHY_FRESH && !w->profile->starves)
			world_complain(w, "a suggestion is not fresh, and nothing was cut");
	}
}

static void fold_given(struct world *w, struct model_study *f, const struct stored_row *s,
	const struct record_suggested *r, const struct record_given *g)
{
	if (g->number != f->n) {
		world_complain(
			w, "study %llu: number %llu given, %llu expected", LL(f->id), LL(g->number), LL(f->n));
		return;
	}
	is_allowed(w, f, g->n_values, g->values);
	struct model_trial *t = add_trial(f, TRIAL_RUNNING, &s->row);
	t->suggested = true;
	t->point = g->values;
	t->attempt = g->attempt;
	t->worker = r->worker;
	t->lease_ms = g->lease_ms;
	t->snapshot = r->job.snapshot_seq;
	t->versions[0].spends = true;
	t->due_least = t->due_most = s->made_ns + (int64_t)g->lease_ms * 1000000;
	memcpy(t->token, g->token, sizeof(t->token));
	view(f)->spent++;
	is_new(w, f, g->number, &r->job);
}

static void fold_suggested(struct world *w, struct model_study *f, const struct stored_row *s,
	const struct record_suggested *r)
{
	if (view(f)->state != STUDY_ACTIVE)
		world_complain(w, "study %llu gave out trials in state %d", LL(f->id), view(f)->state);
	job_is_of_snapshot(w, f, &s->row, &r->job);
	is_what_was_asked(w, f, &s->row, r);
	for (int i = 0; i < r->n_trials && !w->complaint[0]; i++)
		fold_given(w, f, s, r, &r->trials[i]);
	struct model_view *v = view(f);
	if (v->limited && v->spent > v->budget)
		world_complain(w, "study %llu: %llu places of a budget of %llu", LL(f->id), LL(v->spent),
			LL(v->budget));
	if (r->job.cut && r->job.units == 0) /* no fit was made */
		return;
	v->n_state = r->job.n_state_out;
	v->fit = r->job.state_out;
}

/* ---- ends ---- */

static void lease_has_ended(
	struct world *w, const struct model_study *f, uint64_t number, int64_t made_ns)
{
	const struct model_trial *t = &f->trials[number];
	sim_met.expired++;
	if (made_ns + slack_ns < t->due_least)
		world_complain(w, "study %llu: the lease of trial %llu ended %lld us early", LL(f->id),
			LL(number), (long long)(t->due_least - made_ns) / 1000);
}

/* Who ended it had the right to. */
static void may_end(struct world *w, const struct model_study *f, const struct model_trial *t,
	const struct record_outcome *o, const struct row *row)
{
	const struct ledger_line *l = row->has_request ? clients_line(w, row->request) : NULL;
	if (!l) {
		world_complain(
			w, "study %llu: nobody asked for the end of trial %llu", LL(f->id), LL(o->number));
		return;
	}
	const struct asked *q = &l->asked;
	if (q->forged && o->number == q->told[0].number)
		world_complain(
			w, "study %llu: trial %llu was ended with a foreign lease", LL(f->id), LL(o->number));
	bool by_number = false;
	for (int i = 0; i < q->n_told; i++)
		by_number |= q->told[i].number == o->number && q->told[i].by_number;
	if (by_number && !o->late && q->worker && t->worker && strcmp(q->worker, t->worker) != 0)
		world_complain(w, "study %llu: trial %llu of %s was ended by %s", LL(f->id), LL(o->number),
			t->worker, q->worker);
}

static bool takes_a_place(const struct record_outcome *o, const struct row *row)
{
	if (o->state == TRIAL_FAILED)
		return row->method == METHOD_OBSERVE;
	return o->state != TRIAL_EXPIRED;
}

static void fold_outcome(struct world *w, struct model_study *f, const struct stored_row *s,
	const struct record_outcome *o)
{
	if (o->number >= f->n) {
		world_complain(w, "an outcome of trial %llu of %llu", LL(o->number), LL(f->n));
		return;
	}
	struct model_trial *t = &f->trials[o->number];
	const struct model_version *was = model_version_now(t);
	bool from_running = was->state == TRIAL_RUNNING && !o->late;
	bool from_expired = was->state == TRIAL_EXPIRED && o->late && o->state != TRIAL_EXPIRED;
	if (!from_running && !from_expired) {
		world_complain(w, "study %llu trial %llu: from state %d to %d, late %d", LL(f->id),
			LL(o->number), was->state, o->state, o->late);
		return;
	}
	if (o->state == TRIAL_EXPIRED)
		lease_has_ended(w, f, o->number, s->made_ns);
	else
		may_end(w, f, t, o, &s->row);
	sim_met.late += o->late;
	f->shrunk |= o->late;
	struct model_view *v = view(f);
	v->counts[was->state]--;
	v->spent -= was->spends;
	t->versions[t->n_versions++] = (struct model_version){.seq = s->row.seq,
		.time_ms = (uint64_t)s->row.time_ms,
		.state = o->state,
		.late = o->late,
		.spends = takes_a_place(o, &s->row),
		.value = o->n_values ? o->values[0] : NAN,
		.reason = o->reason};
	v->counts[o->state]++;
	v->spent += takes_a_place(o, &s->row);
	if (o->state == TRIAL_COMPLETE)
		is_best(f, o->number, o->values[0]);
}

/* Refused, and kept: the trial had a result, and it came under the lease of another attempt. */
static void fold_stale(
	struct world *w, struct model_study *f, const struct row *row, const struct record_stale *r)
{
	const struct ledger_line *l = row->has_request ? clients_line(w, row->request) : NULL;
	world_complain(w, "study %llu event %llu: trial %llu never had another attempt than %u%s",
		LL(f->id), LL(row->seq), LL(r->number), (unsigned)f->trials[r->number].attempt,
		l ? "" : ", and nobody asked");
}

static void fold_added(
	struct world *w, struct model_study *f, const struct row *row, const struct record_added *r)
{
	if (r->first_number != f->n)
		world_complain(w, "told trials begin at %llu, not %llu", LL(r->first_number), LL(f->n));
	for (int i = 0; i < r->n; i++) {
		const struct record_added_trial *a = &r->trials[i];
		is_allowed(w, f, a->n_values, a->values);
		struct model_trial *t = add_trial(f, a->n_metrics ? TRIAL_COMPLETE : TRIAL_FAILED, row);
		t->point = a->values;
		t->versions[0].reason = a->reason;
		t->versions[0].value = a->n_metrics ? a->metrics[0] : NAN;
		if (a->n_metrics)
			is_best(f, f->n - 1, a->metrics[0]);
	}
}

/* ---- rows ---- */

static struct model_study *add_study(struct model *m, uint64_t id)
{
	m->studies = grown(m->studies, (size_t)m->n, &m->cap, sizeof(*m->studies));
	struct model_study *f = &m->studies[m->n++];
	*f = (struct model_study){.id = id};
	return f;
}

static void fold(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	switch (r->kind) {
	case RECORD_STUDY_CREATED: fold_created(w, f, &r->u.created); break;
	case RECORD_STUDY_UPDATED: fold_updated(w, f, &s->row, &r->u.updated); break;
	case RECORD_SUGGESTED: fold_suggested(w, f, s, &r->u.suggested); break;
	case RECORD_ENDED:
		for (int i = 0; i < r->u.ended.n; i++)
			fold_outcome(w, f, s, &r->u.ended.outcomes[i]);
		break;
	case RECORD_ADDED: fold_added(w, f, &s->row, &r->u.added); break;
	case RECORD_ENQUEUED:
	case RECORD_REPORTED:
	case RECORD_EDITED: break;
	case RECORD_STALE: fold_stale(w, f, &s->row, &r->u.stale); break;
	}
}

void model_fold(struct world *w, const struct stored_row *s)
{
	struct model *m = w->model;
	struct model_study *f = model_find(m, s->row.study);
	struct record r;
	struct kr_error err;
	if (w->complaint[0])
		return;
	if (record_decode(&r, s->row.kind, s->row.body, s->row.len, m->arena, &err) != KR_OK) {
		world_complain(w, "a stored row cannot be read: %s", err.text);
		return;
	}
	if (!f && r.kind == RECORD_STUDY_CREATED)
		f = add_study(m, s->row.study);
	if (!f || s->row.seq != f->seq + 1) {
		world_complain(w, "row %llu of study %llu after %llu", LL(s->row.seq), LL(s->row.study),
			LL(f ? f->seq : 0));
		return;
	}
	add_view(f, w->n_disk);
	fold(w, f, s, &r);
}

void model_wake(struct world *w, uint64_t study, bool promised)
{
	for (int i = 0; i < w->model->n; i++) {
		struct model_study *f = &w->model->studies[i];
		for (uint64_t k = 0; k < f->n && (!study || f->id == study); k++) {
			struct model_trial *t = &f->trials[k];
			int64_t due = w->now_ns + (int64_t)t->lease_ms * 1000000;
			if (promised)
				t->due_least = due;
			if (due > t->due_most)
				t->due_most = due;
		}
	}
}
