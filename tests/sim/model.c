#include "tests/sim/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

enum { MODEL_BYTES = 256 << 20 };

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
		struct model_study *f = &m->studies[i];
		for (uint64_t k = 0; k < f->n; k++) {
			free(f->trials[k].attempts);
			free(f->trials[k].versions);
		}
		free(f->views);
		free(f->trials);
	}
	free(m->studies);
	arena_free(m->arena);
	free(m);
}

void *model__grown(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? 2 * *cap : 8;
	p = realloc(p, *cap * size);
	if (!p)
		abort();
	return p;
}

static void add_view(struct model_study *f, size_t at)
{
	f->views = model__grown(f->views, f->seq, &f->cap_views, sizeof(*f->views));
	struct model_view *v = &f->views[f->seq];
	*v = f->seq ? v[-1] : (struct model_view){.state = STUDY_ACTIVE, .best = -1, .spec_version = 1};
	v->at = at;
	f->seq++;
}

struct model_view *model__view(struct model_study *f)
{
	return &f->views[f->seq - 1];
}

static struct model_version *add_version(struct model_trial *t)
{
	t->versions = model__grown(
		t->versions, (size_t)t->n_versions, &t->cap_versions, sizeof(*t->versions));
	return &t->versions[t->n_versions++];
}

struct model_trial *model__add(struct model_study *f, const struct row *row)
{
	f->trials = model__grown(f->trials, f->n, &f->cap_trials, sizeof(*f->trials));
	struct model_trial *t = &f->trials[f->n++];
	*t = (struct model_trial){.created_ms = (uint64_t)row->time_ms};
	*add_version(t) = (struct model_version){.seq = row->seq, .sem = NAN};
	model__view(f)->n = f->n;
	return t;
}

struct model_version *model__change(
	struct model_study *f, struct model_trial *t, const struct row *row)
{
	struct model_version was = *model_version_now(t), *v = add_version(t);
	*v = was;
	v->seq = row->seq;
	if (!was.deleted)
		model__view(f)->counts[was.state]--;
	model__view(f)->spent -= was.spends;
	return v;
}

static bool may_be_best(const struct model_study *f, const struct model_version *v)
{
	return v->state == TRIAL_COMPLETE && !v->excluded && !v->deleted &&
		model_feasible(f, v->values);
}

/* Ties go to the lowest number. */
static int64_t find_best(const struct model_study *f)
{
	int64_t best = -1;
	double sign = f->spec.metrics[0].role == METRIC_MINIMIZE ? 1 : -1, least = INFINITY;
	for (uint64_t k = 0; k < f->n; k++) {
		const struct model_version *v = model_version_now(&f->trials[k]);
		if (!may_be_best(f, v) || sign * v->values[0] >= least)
			continue;
		least = sign * v->values[0];
		best = (int64_t)k;
	}
	return best;
}

void model__changed(struct model_study *f, const struct model_trial *t)
{
	const struct model_version *v = model_version_now(t);
	if (!v->deleted)
		model__view(f)->counts[v->state]++;
	model__view(f)->spent += v->spends;
	model__view(f)->best = find_best(f);
}

double model__best_value(const struct model_study *f)
{
	int64_t best = model_now(f)->best;
	return best < 0 ? NAN : model_version_now(&f->trials[best])->values[0];
}

void model__counted(struct model_study *f, const struct model_trial *t, double before)
{
	const struct model_version *v = model_version_now(t);
	double sign = f->spec.metrics[0].role == METRIC_MINIMIZE ? 1 : -1;
	struct model_view *now = model__view(f);
	if (v->state != TRIAL_COMPLETE)
		return;
	if (model_feasible(f, v->values) && !(sign * v->values[0] >= sign * before))
		now->without = 0;
	else
		now->without += !t->told;
}

const struct asked *model__asked(
	struct world *w, const struct model_study *f, const struct row *row, enum method method)
{
	const struct ledger_line *l = row->has_request ? clients_line(w, row->request) : NULL;
	if (l && l->asked.method == method && row->method == (unsigned)method &&
		strcmp(l->asked.name, f->name) == 0)
		return &l->asked;
	world_complain(w, "study %llu: nobody asked for event %llu, of %s", LL(f->id), LL(row->seq),
		msg_method_name(method));
	return NULL;
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

const struct model_attempt *model_holder(const struct model_trial *t, const struct model_version *v)
{
	return v->attempt ? &t->attempts[v->attempt - 1] : NULL;
}

int model_claim(
	const struct model_trial *t, const struct model_version *v, const struct msg_lease *lease)
{
	if (!lease->has_attempt && !lease->has_token)
		return 0;
	for (uint32_t k = 1; k <= v->attempt; k++)
		if ((!lease->has_attempt || lease->attempt == k) &&
			(!lease->has_token ||
				memcmp(lease->token, t->attempts[k - 1].token, MSG_ID_BYTES) == 0))
			return (int)k;
	return -1;
}

bool model_right(const struct model_trial *t, const struct model_version *v,
	const struct msg_lease *lease, const char *worker)
{
	int claim = model_claim(t, v, lease);
	const struct model_attempt *holder = model_holder(t, v);
	if (claim && claim != (int)v->attempt)
		return false;
	return lease->has_token || v->state != TRIAL_RUNNING || !worker || !holder->worker ||
		strcmp(worker, holder->worker) == 0;
}

bool model_is_over(const struct model_version *v)
{
	return v->state != TRIAL_RUNNING && v->state != TRIAL_EXPIRED &&
		!(v->state == TRIAL_QUEUED && v->attempt > 0);
}

bool model_is_overtaken(
	const struct model_trial *t, const struct model_version *v, const struct msg_lease *lease)
{
	int claim = model_claim(t, v, lease);
	return claim > 0 && (uint32_t)claim != (v->ended_by ? v->ended_by : v->attempt);
}

bool model_has_result(const struct model_version *v, const struct told *told, int n_metrics)
{
	if (!isfinite(told->values[0]))
		return v->state == TRIAL_FAILED && v->spends;
	bool same = v->state == TRIAL_COMPLETE &&
		(v->sem == told->sem || (isnan(v->sem) && isnan(told->sem)));
	for (int i = 0; same && i < n_metrics; i++)
		same = v->values[i] == told->values[i];
	return same;
}

bool model_feasible(const struct model_study *f, const double *values)
{
	for (int i = 0; i < f->spec.n_metrics; i++) {
		const struct msg_metric *m = &f->spec.metrics[i];
		if (m->role == METRIC_CONSTRAINT &&
			((m->has_lower && values[i] < m->lower) || (m->has_upper && values[i] > m->upper)))
			return false;
	}
	return true;
}

enum stop_reason model_stop(const struct model_study *f, uint64_t number, uint64_t seq)
{
	const struct model_view *v = &f->views[seq - 1];
	uint64_t newer = 0;
	if (v->state == STUDY_PAUSED)
		return STOP_PAUSED;
	if (v->state != STUDY_ACTIVE)
		return STOP_FINISHED;
	if (!v->limited || v->spent <= v->budget)
		return STOP_NONE;
	for (uint64_t k = number + 1; k < v->n; k++)
		newer += model_version_at(&f->trials[k], seq)->state == TRIAL_RUNNING;
	return newer < v->spent - v->budget ? STOP_BUDGET : STOP_NONE;
}

/* ---- rows ---- */

static struct model_study *add_study(struct model *m, uint64_t id)
{
	m->studies = model__grown(m->studies, (size_t)m->n, &m->cap, sizeof(*m->studies));
	struct model_study *f = &m->studies[m->n++];
	*f = (struct model_study){.id = id};
	return f;
}

void model_fold(struct world *w, const struct stored_row *s)
{
	static void (*const folds[])(struct world * w, struct model_study * f,
		const struct stored_row *s, const struct record *r) = {
		[RECORD_STUDY_CREATED] = model__created,
		[RECORD_STUDY_UPDATED] = model__updated,
		[RECORD_SUGGESTED] = model__suggested,
		[RECORD_ENDED] = model__ended,
		[RECORD_ADDED] = model__added,
		[RECORD_ENQUEUED] = model__enqueued,
		[RECORD_REPORTED] = model__reported,
		[RECORD_EDITED] = model__edited,
		[RECORD_STALE] = model__stale,
	};
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
	if (f->seq && model_now(f)->state == STUDY_DELETED && s->row.has_request &&
		s->row.method != METHOD_DELETE_STUDY)
		world_complain(w, "study %llu was deleted, then came event %llu of %s", LL(f->id),
			LL(s->row.seq), msg_method_name((enum method)s->row.method));
	if (f->seq && model_halts(model_now(f)) && !w->profile->starves &&
		(s->row.has_request || r.kind != RECORD_STUDY_UPDATED))
		world_complain(w, "study %llu went on after %llu trials without progress", LL(f->id),
			LL(model_now(f)->without));
	add_view(f, w->n_disk);
	folds[r.kind](w, f, s, &r);
}

void model_wake(struct world *w, uint64_t study, bool promised)
{
	for (int i = 0; i < w->model->n; i++) {
		struct model_study *f = &w->model->studies[i];
		for (uint64_t k = 0; k < f->n && (!study || f->id == study); k++) {
			struct model_trial *t = &f->trials[k];
			const struct model_attempt *a = model_holder(t, model_version_now(t));
			int64_t due = w->now_ns + (a ? (int64_t)a->lease_ms * 1000000 : 0);
			if (promised)
				t->due_least = due;
			if (due > t->due_most)
				t->due_most = due;
		}
	}
}
