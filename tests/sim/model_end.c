/* Ends of trials in the model: results, failures, releases, cancellations, expiry. */
#include <math.h>
#include <string.h>

#include "tests/sim/sim.h"

#define LL(x) ((unsigned long long)(x))

/* A row's time is in milliseconds, a lease's in nanoseconds. */
static const int64_t slack_ns = 2 * 1000000;

/* One outcome of a row, and the trial as it was. */
struct ending {
	struct world *w;
	struct model_study *f;
	const struct stored_row *s;
	const struct record_outcome *o;
	const struct model_trial *t;
	const struct model_version *was;
	const struct asked *q; /* NULL: nobody asked, it came by itself */
	const struct told *told;
};

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* ---- what may be ---- */

/* Requeued as often as the settings of now say, then EXPIRED; never early. */
static bool may_expire(const struct ending *e)
{
	const struct model_view *v = model__view(e->f);
	bool again = v->on_expiry == ON_EXPIRY_REQUEUE && e->was->attempt <= v->retry_limit;
	sim_met.expired += !again;
	sim_met.requeued += again;
	sim_met.given_up += !again && v->on_expiry == ON_EXPIRY_REQUEUE;
	if (e->s->made_ns + slack_ns < e->t->due_least)
		world_complain(e->w, "study %llu: the lease of trial %llu ended %lld us early",
			LL(e->f->id), LL(e->o->number), (long long)(e->t->due_least - e->s->made_ns) / 1000);
	return e->was->state == TRIAL_RUNNING && !e->o->late &&
		e->o->state == (again ? TRIAL_QUEUED : TRIAL_EXPIRED);
}

/* A queued point that nothing completes any more. */
static bool may_be_dropped(const struct ending *e)
{
	return e->was->state == TRIAL_QUEUED && e->was->partial && !e->o->late &&
		model_exhausted(e->f, e->was->point, e->f->seq - 1);
}

/* Results are taken of every attempt, while there is none; of one whose lease is over as late. */
static bool may_observe(const struct ending *e)
{
	int claim = model_claim(e->t, e->was, &e->told->lease);
	bool earlier = claim > 0 && claim < (int)e->was->attempt;
	bool finite = isfinite(e->told->values[0]);
	sim_met.overtaken += earlier && e->was->state == TRIAL_RUNNING;
	if (model_is_over(e->was) || claim < 0 ||
		(!earlier && !model_right(e->t, e->was, &e->told->lease, e->q->worker)))
		return false;
	return e->o->late == (earlier || e->was->state != TRIAL_RUNNING) &&
		e->o->state == (finite ? TRIAL_COMPLETE : TRIAL_FAILED) &&
		e->o->attempt == (earlier ? (uint32_t)claim : 0) &&
		same_text(e->o->reason, finite ? NULL : "nonfinite");
}

static bool may_fail(const struct ending *e)
{
	bool alive = e->was->state == TRIAL_RUNNING || e->was->state == TRIAL_EXPIRED;
	return alive && model_right(e->t, e->was, &e->told->lease, e->q->worker) &&
		e->o->late == (e->was->state == TRIAL_EXPIRED) && e->o->state == e->told->state &&
		same_text(e->o->reason, e->told->reason);
}

static bool may_release(const struct ending *e)
{
	bool running = e->was->state == TRIAL_RUNNING;
	bool leased = model_claim(e->t, e->was, &e->told->lease) != 0;
	sim_met.released += running;
	sim_met.tried_again += !running;
	return e->o->state == TRIAL_QUEUED && !e->o->late && !e->t->told &&
		e->was->state != TRIAL_COMPLETE && e->was->state != TRIAL_QUEUED &&
		(running ? model_right(e->t, e->was, &e->told->lease, e->q->worker) : !leased) &&
		same_text(e->o->reason, e->told->reason);
}

static bool may_cancel(const struct ending *e)
{
	sim_met.cancelled++;
	return e->o->state == TRIAL_CANCELLED && !e->o->late &&
		(e->was->state == TRIAL_QUEUED || e->was->state == TRIAL_RUNNING ||
			e->was->state == TRIAL_EXPIRED) &&
		same_text(e->o->reason, e->told->reason);
}

static bool may_end(const struct ending *e)
{
	if (e->was->deleted)
		return false;
	if (!e->q)
		return e->o->state == TRIAL_CANCELLED ? may_be_dropped(e) : may_expire(e);
	if (!e->told)
		return false;
	switch (e->q->method) {
	case METHOD_OBSERVE: return may_observe(e);
	case METHOD_FAIL_TRIAL: return may_fail(e);
	case METHOD_RELEASE: return may_release(e);
	case METHOD_CANCEL_TRIAL: return may_cancel(e);
	default: return false;
	}
}

/* ---- what becomes of it ---- */

static bool takes_a_place(const struct ending *e)
{
	switch (e->o->state) {
	case TRIAL_COMPLETE:
	case TRIAL_PRUNED:
	case TRIAL_INFEASIBLE: return true;
	case TRIAL_FAILED: return e->q->method == METHOD_OBSERVE;
	default: return false;
	}
}

static void end(const struct ending *e, struct model_trial *t)
{
	const struct record_outcome *o = e->o;
	bool spends = takes_a_place(e), again = o->state == TRIAL_QUEUED;
	e->f->shrunk |= spends && !e->was->spends;
	struct model_version *v = model__change(e->f, t, &e->s->row);
	v->state = o->state;
	v->finished_ms = again ? 0 : (uint64_t)e->s->row.time_ms;
	v->late = o->late;
	v->spends = spends;
	v->excluded = v->excluded && !again;
	v->reason = o->reason;
	v->values = o->n_values ? o->values : NULL;
	v->sem = o->n_sems ? o->sems[0] : NAN;
	v->ended_by = o->attempt;
	model__changed(e->f, t);
	sim_met.late += o->late;
	if (o->state == TRIAL_COMPLETE && o->n_values != e->f->spec.n_metrics)
		world_complain(e->w, "a result of %d values", o->n_values);
}

static const struct told *find_told(const struct asked *q, uint64_t number)
{
	for (int i = 0; q && i < q->n_told; i++)
		if (q->told[i].number == number)
			return &q->told[i];
	return NULL;
}

static void fold_outcome(struct world *w, struct model_study *f, const struct stored_row *s,
	const struct record_outcome *o, const struct asked *q)
{
	struct ending e = {.w = w, .f = f, .s = s, .o = o, .q = q, .told = find_told(q, o->number)};
	if (o->number >= f->n) {
		world_complain(w, "an outcome of trial %llu of %llu", LL(o->number), LL(f->n));
		return;
	}
	struct model_version was = *model_version_now(&f->trials[o->number]);
	e.t = &f->trials[o->number];
	e.was = &was;
	if (!may_end(&e)) {
		world_complain(w, "study %llu trial %llu: from state %d to %d, late %d, by %s", LL(f->id),
			LL(o->number), was.state, o->state, o->late, q ? msg_method_name(q->method) : "nobody");
		return;
	}
	double before = model__best_value(f);
	end(&e, &f->trials[o->number]);
	model__counted(f, &f->trials[o->number], before);
}

/* Each trial of the request is as it said, by the row or since before. */
static bool is_done(const struct asked *q, const struct told *told, const struct model_study *f)
{
	if (told->number >= f->n)
		return false;
	const struct model_version *v = model_version_now(&f->trials[told->number]);
	switch (q->method) {
	case METHOD_OBSERVE: return model_has_result(v, told, f->spec.n_metrics);
	case METHOD_FAIL_TRIAL: return v->state == told->state && same_text(v->reason, told->reason);
	case METHOD_RELEASE: return v->state == TRIAL_QUEUED;
	default: return v->state == TRIAL_CANCELLED;
	}
}

void model__ended(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	const struct asked *q = NULL;
	if (s->row.has_request) {
		q = model__asked(w, f, &s->row, (enum method)s->row.method);
		if (!q)
			return;
	}
	for (int i = 0; i < r->u.ended.n && !w->complaint[0]; i++)
		fold_outcome(w, f, s, &r->u.ended.outcomes[i], q);
	for (int i = 0; q && i < q->n_told && !w->complaint[0]; i++)
		if (!is_done(q, &q->told[i], f) ||
			model_version_now(&f->trials[q->told[i].number])->deleted)
			world_complain(w, "study %llu event %llu: %s of trial %llu was accepted, not done",
				LL(f->id), LL(f->seq), msg_method_name(q->method), LL(q->told[i].number));
}

/* Refused, and kept: another result, when one under the lease of another attempt had ended it. */
void model__stale(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	const struct record_stale *o = &r->u.stale;
	const struct asked *q = model__asked(w, f, &s->row, METHOD_OBSERVE);
	const struct told *told = find_told(q, o->number);
	if (!told || o->number >= f->n) {
		world_complain(w, "study %llu event %llu: nobody told that", LL(f->id), LL(f->seq));
		return;
	}
	const struct model_trial *t = &f->trials[o->number];
	const struct model_version *v = model_version_now(t);
	int claim = model_claim(t, v, &told->lease);
	bool same = o->n_values == f->spec.n_metrics;
	for (int i = 0; same && i < o->n_values; i++)
		same = o->values[i] == told->values[i] || (isnan(o->values[i]) && isnan(told->values[i]));
	sim_met.kept++;
	if (v->deleted || !model_is_over(v) || !model_is_overtaken(t, v, &told->lease) ||
		o->attempt != (uint32_t)claim || model_has_result(v, told, f->spec.n_metrics) || !same ||
		!same_text(o->worker, q->worker))
		world_complain(w,
			"study %llu event %llu: the result of attempt %d of trial %llu is kept as stale",
			LL(f->id), LL(f->seq), claim, LL(o->number));
}
