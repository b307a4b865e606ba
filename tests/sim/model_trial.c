/* Trials of the model that are added, queued, edited, and report. */
#include <math.h>
#include <string.h>

#include "tests/sim/sim.h"

#define LL(x) ((unsigned long long)(x))

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* An empty note is none. */
static const char *note_of(const char *note)
{
	return note && note[0] ? note : NULL;
}

/* ---- points with results, and points to be evaluated ---- */

static bool same_added(
	const struct model_study *f, const struct record_added_trial *r, const struct pointed *q)
{
	return r->n_values == f->spec.n_params && model_same_point(f, r->values, q->point) &&
		same_text(note_of(r->note), note_of(q->note)) && model_same_labels(&r->labels, &q->labels);
}

static struct model_trial *add(struct world *w, struct model_study *f, const struct row *row,
	const struct record_added_trial *r, const struct pointed *q)
{
	struct model_trial *t = model__add(f, row);
	struct model_version *v = &t->versions[0];
	v->point = r->values;
	v->note = note_of(q->note);
	v->labels = q->labels;
	if (!same_added(f, r, q))
		world_complain(w, "study %llu: trial %llu is not what was added", LL(f->id), LL(f->n - 1));
	return t;
}

static const struct asked *begin(struct world *w, struct model_study *f, const struct stored_row *s,
	const struct record_added *r, enum method method)
{
	const struct asked *q = model__asked(w, f, &s->row, method);
	if (q && (r->first_number != f->n || r->n != q->n_points)) {
		world_complain(w, "study %llu event %llu: %d trials from %llu on", LL(f->id), LL(f->seq),
			r->n, LL(r->first_number));
		return NULL;
	}
	return q;
}

void model__added(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	const struct asked *q = begin(w, f, s, &r->u.added, METHOD_ADD_TRIALS);
	for (int i = 0; q && i < r->u.added.n; i++) {
		const struct record_added_trial *a = &r->u.added.trials[i];
		double before = model__best_value(f);
		struct model_trial *t = add(w, f, &s->row, a, &q->points[i]);
		struct model_version *v = &t->versions[0];
		bool finite = isfinite(q->points[i].values[0]);
		t->told = true;
		v->state = finite ? TRIAL_COMPLETE : TRIAL_FAILED;
		v->finished_ms = t->created_ms;
		v->reason = finite ? NULL : "nonfinite";
		v->values = finite ? q->points[i].values : NULL;
		if (a->n_metrics != (finite ? f->spec.n_metrics : 0) || !same_text(a->reason, v->reason) ||
			(finite && memcmp(a->metrics, v->values, sizeof(double) * (size_t)a->n_metrics)) ||
			!model_is_point(f, a->values)) {
			world_complain(w, "study %llu: trial %llu has another result", LL(f->id), LL(f->n - 1));
			return;
		}
		v->values = finite ? a->metrics : NULL;
		model__changed(f, t);
		model__counted(f, t, before);
	}
}

void model__enqueued(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	const struct asked *q = begin(w, f, s, &r->u.enqueued, METHOD_ENQUEUE);
	for (int i = 0; q && i < r->u.enqueued.n; i++) {
		struct model_trial *t = add(w, f, &s->row, &r->u.enqueued.trials[i], &q->points[i]);
		t->versions[0].state = TRIAL_QUEUED;
		t->versions[0].partial = model_is_partial(f, t->versions[0].point);
		model__changed(f, t);
	}
}

/* ---- corrections ---- */

/* The trial of a request about one; NULL (it complains): there is none any more. */
static struct model_trial *trial_of(
	struct world *w, struct model_study *f, const struct asked *q, uint64_t number)
{
	if (q && q->told[0].number == number && number < f->n &&
		!model_version_now(&f->trials[number])->deleted)
		return &f->trials[number];
	if (q)
		world_complain(
			w, "study %llu event %llu is about trial %llu", LL(f->id), LL(f->seq), LL(number));
	return NULL;
}

static bool is_alive(enum trial_state s)
{
	return s == TRIAL_RUNNING || s == TRIAL_QUEUED;
}

/* What the request makes of the trial. */
static void ask_edit(
	struct world *w, struct model_study *f, const struct asked *q, struct model_version *v)
{
	const struct msg_edit_trial *m = &q->edit;
	if ((m->n_values && v->state != TRIAL_COMPLETE) || (m->has_excluded && is_alive(v->state)))
		world_complain(
			w, "study %llu: trial %llu was edited in state %d", LL(f->id), LL(m->number), v->state);
	if (m->n_values && v->values) {
		double *values = arena_memdup(
			w->model->arena, v->values, sizeof(double) * (size_t)f->spec.n_metrics);
		memcpy(values, q->told[0].values, sizeof(double) * (size_t)m->n_values);
		v->values = values;
		v->sem = q->told[0].sem;
	}
	if (m->has_excluded)
		v->excluded = m->excluded;
	if (m->note)
		v->note = note_of(m->note);
	v->labels = model__merged(w, &v->labels, &m->labels, &m->remove_labels);
	sim_met.edited += m->n_values > 0;
	sim_met.excluded += v->excluded;
}

/* Does the row say that? */
static bool tells_edit(const struct model_study *f, const struct model_version *was,
	const struct model_version *is, const struct record_edited *r)
{
	const double *values = r->n_values ? r->values : was->values;
	double sem = !r->n_values ? was->sem : r->n_sems ? r->sems[0] : NAN;
	bool same = (r->n_values == 0 || r->n_values == f->spec.n_metrics) &&
		(sem == is->sem || (isnan(sem) && isnan(is->sem))) &&
		(r->has_excluded ? r->excluded : was->excluded) == is->excluded &&
		same_text(r->note ? note_of(r->note) : was->note, is->note) &&
		model_same_labels(r->has_labels ? &r->labels : &was->labels, &is->labels);
	for (int i = 0; same && is->values && i < f->spec.n_metrics; i++)
		same = values[i] == is->values[i];
	return same;
}

void model__edited(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	const struct record_edited *o = &r->u.edited;
	enum method method = o->deleted ? METHOD_DELETE_TRIAL : METHOD_EDIT_TRIAL;
	const struct asked *q = model__asked(w, f, &s->row, method);
	struct model_trial *t = trial_of(w, f, q, o->number);
	if (!t)
		return;
	struct model_version was = *model_version_now(t), *v = model__change(f, t, &s->row);
	if (!o->deleted)
		ask_edit(w, f, q, v);
	if (!tells_edit(f, &was, v, o))
		world_complain(w, "study %llu event %llu is another correction of trial %llu", LL(f->id),
			LL(f->seq), LL(o->number));
	if (o->deleted && was.state == TRIAL_RUNNING)
		world_complain(
			w, "study %llu: trial %llu was running and is deleted", LL(f->id), LL(o->number));
	v->deleted = o->deleted;
	v->spends = v->spends && !o->deleted;
	sim_met.removed += o->deleted;
	model__changed(f, t);
}

/* ---- reports ---- */

/* The steps of an attempt grow; the last may be told again. */
static bool may_report(const struct model_version *v, const struct asked *q)
{
	const struct told *told = &q->told[0];
	const struct msg_progress *last = v->n_progress && v->progress_of == v->attempt
		? &v->progress[v->n_progress - 1]
		: NULL;
	return !last || last->step < told->step ||
		(last->step == told->step && last->value == told->values[0]);
}

/* A new attempt goes on where the one before was: what it reports anew is replaced. */
static void keep_report(
	struct world *w, struct model_version *v, const struct told *told, const struct row *row)
{
	int n = v->n_progress;
	if (n && v->progress_of == v->attempt && v->progress[n - 1].step == told->step)
		return;
	struct msg_progress *p = ARENA_ARRAY(w->model->arena, struct msg_progress, n + 1);
	if (n)
		memcpy(p, v->progress, (size_t)n * sizeof(*p));
	while (n > 0 && p[n - 1].step >= told->step)
		n--;
	p[n] = (struct msg_progress){told->step, told->values[0], (uint64_t)row->time_ms};
	v->progress = p;
	v->n_progress = n + 1;
	v->progress_of = v->attempt;
}

/* It is told what the study says, or that it is over; over is what has its end. */
static bool is_told_so(
	const struct model_study *f, const struct record_reported *r, const struct model_version *was)
{
	if (was->state == TRIAL_RUNNING && !was->deleted)
		return r->stop == model_stop(f, r->number, f->seq);
	return r->stop == STOP_CANCELLED && (was->deleted || model_is_over(was));
}

void model__reported(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	const struct record_reported *o = &r->u.reported;
	const struct asked *q = model__asked(w, f, &s->row, METHOD_REPORT);
	if (!q)
		return;
	const struct told *told = &q->told[0];
	if (o->number >= f->n || o->number != told->number || o->step != told->step ||
		o->value != told->values[0]) {
		world_complain(w, "study %llu event %llu is another report", LL(f->id), LL(f->seq));
		return;
	}
	struct model_trial *t = &f->trials[o->number];
	struct model_version was = *model_version_now(t);
	bool running = was.state == TRIAL_RUNNING && !was.deleted;
	if (!is_told_so(f, o, &was) || (running && !may_report(&was, q)) ||
		!model_right(t, &was, &told->lease, q->worker))
		world_complain(w, "study %llu: trial %llu in state %d reported step %lld and is told %d",
			LL(f->id), LL(o->number), was.state, (long long)o->step, o->stop);
	sim_met.stops[o->stop <= STOP_BUDGET ? o->stop : 0]++;
	sim_met.reports++;
	if (!running)
		return;
	int64_t due = s->made_ns + (int64_t)model_holder(t, &was)->lease_ms * 1000000;
	if (due > t->due_least)
		t->due_least = due;
	if (due > t->due_most)
		t->due_most = due;
	struct model_version after = was;
	keep_report(w, &after, told, &s->row);
	if (after.progress == was.progress) /* the same again */
		return;
	struct model_version *v = model__change(f, t, &s->row);
	uint64_t seq = v->seq;
	*v = after;
	v->seq = seq;
	model__changed(f, t);
}
