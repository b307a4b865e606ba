/* Suggestions of the model: who gets which trial. First what an earlier session of the worker
 * held, then queued trials by number, then new points. */
#include <math.h>
#include <string.h>

#include "tests/sim/sim.h"

#define LL(x) ((unsigned long long)(x))

enum { MOST_PICKS = 64 };

/* One row of suggestions, while it is folded. */
struct giving {
	struct world *w;
	struct model_study *f;
	const struct stored_row *s;
	const struct record_suggested *r;
	const struct ledger_line *line;
	const struct asked *q;
	double fixed[SIM_MAX_PARAMS]; /* NaN: free */
};

/* ---- the computation ---- */

/* Were there places for all its slots when it began? One that was cut before its first unit may
 * share an older snapshot. */
static bool had_room(const struct giving *g, const struct record_job *job)
{
	bool hasty = job->cut && job->units == 0;
	for (uint64_t seq = job->snapshot_seq; seq < g->f->seq; seq++) {
		const struct model_view *v = &g->f->views[seq - 1];
		if (!v->limited || v->spent + job->n_slots <= v->budget)
			return true;
		if (!hasty)
			break;
	}
	return false;
}

/* The recorded job is the one of its snapshot: what was there, and the fit that
 * the newest suggestion before it ended with. */
static void job_is_of_snapshot(const struct giving *g)
{
	const struct record_job *job = &g->r->job;
	const struct model_study *f = g->f;
	if (job->snapshot_seq == 0 || job->snapshot_seq >= f->seq) {
		world_complain(g->w, "study %llu: event %llu saw event %llu", LL(f->id), LL(f->seq),
			LL(job->snapshot_seq));
		return;
	}
	const struct model_view *v = &f->views[job->snapshot_seq - 1];
	if (job->n_slots == 0)
		return;
	if (job->first_number != v->n)
		world_complain(g->w, "study %llu: event %llu saw %llu trials, there were %llu", LL(f->id),
			LL(f->seq), LL(job->first_number), LL(v->n));
	if (!f->shrunk && !had_room(g, job))
		world_complain(g->w,
			"study %llu: event %llu is of a computation for %u places, %llu of %llu "
			"were taken",
			LL(f->id), LL(f->seq), job->n_slots, LL(v->spent), LL(v->budget));
	if (job->n_state_in != v->n_state ||
		(v->n_state && memcmp(job->state_in, v->fit, (size_t)v->n_state * sizeof(double)) != 0))
		world_complain(
			g->w, "study %llu: event %llu did not start from the last fit", LL(f->id), LL(f->seq));
	sim_met.fits += job->n_state_in > 0;
	sim_met.cut += job->cut;
}

/* ---- what it should be ---- */

static bool agrees(const struct giving *g, const double *point)
{
	for (int i = 0; i < g->f->spec.n_params; i++)
		if (!isnan(g->fixed[i]) && point[i] != g->fixed[i] && !isnan(point[i]))
			return false;
	return true;
}

static bool same_session(const struct giving *g, const struct model_attempt *a)
{
	return a->has_session && memcmp(a->session, g->q->session, MSG_ID_BYTES) == 0;
}

/* The event up to seq that first gave this session of the worker something. */
static uint64_t session_began(const struct giving *g, uint64_t n, uint64_t seq)
{
	uint64_t began = UINT64_MAX;
	for (uint64_t k = 0; k < n && g->q->worker && g->q->has_session; k++) {
		const struct model_trial *t = &g->f->trials[k];
		const struct model_version *v = model_version_at(t, seq);
		for (uint32_t i = 0; v && i < v->attempt; i++)
			if (same_session(g, &t->attempts[i]) && t->attempts[i].worker &&
				strcmp(t->attempts[i].worker, g->q->worker) == 0 && t->attempts[i].seq < began)
				began = t->attempts[i].seq;
	}
	return began;
}

/* Was it leased to an earlier session of the worker, and never to this one? */
static bool returns(const struct giving *g, const struct model_trial *t,
	const struct model_version *v, uint64_t began)
{
	if (!g->q->worker || !g->q->has_session || v->state != TRIAL_RUNNING)
		return false;
	const struct model_attempt *a = model_holder(t, v);
	bool had = false;
	for (uint32_t k = 0; k < v->attempt; k++)
		had |= same_session(g, &t->attempts[k]);
	return a->worker && strcmp(a->worker, g->q->worker) == 0 && a->has_session && !had &&
		a->seq < began && agrees(g, v->point);
}

static uint64_t places_left(const struct model_view *v)
{
	return !v->limited ? UINT64_MAX : v->spent < v->budget ? v->budget - v->spent : 0;
}

static bool is_queued(const struct giving *g, const struct model_version *v)
{
	return v->state == TRIAL_QUEUED && !v->deleted && agrees(g, v->point);
}

/* Is no point left with its values and the fixed ones? Then it may be passed over. */
static bool is_hopeless(const struct giving *g, uint64_t number)
{
	const struct model_version *v = model_version_now(&g->f->trials[number]);
	double with[SIM_MAX_PARAMS];
	for (int i = 0; i < g->f->spec.n_params; i++)
		with[i] = isnan(v->point[i]) ? g->fixed[i] : v->point[i];
	return v->partial && model_exhausted(g->f, with, g->f->seq);
}

/* Trials that were there at the snapshot, in the order in which they are to be given when nobody
 * else asks. */
struct plan {
	uint64_t picks[MOST_PICKS];
	bool takes[MOST_PICKS]; /* a place of the budget */
	bool gone[MOST_PICKS];  /* something has happened to it since */
	int n;
	uint64_t left_then, left; /* places, at the snapshot and before the row */
	uint64_t n_then;          /* trials that there were before the row */
};

/* Has nothing happened to it since the snapshot? */
static bool is_as_it_was(const struct giving *g, uint64_t number)
{
	const struct model_trial *t = &g->f->trials[number];
	const struct model_version *then = model_version_at(t, g->r->job.snapshot_seq);
	const struct model_version *now = model_version_now(t);
	return now->state == then->state && now->attempt == then->attempt && !now->deleted;
}

static void add_pick(const struct giving *g, struct plan *p, uint64_t number, bool takes)
{
	if (p->n == MOST_PICKS)
		return;
	p->picks[p->n] = number;
	p->gone[p->n] = !is_as_it_was(g, number);
	p->takes[p->n++] = takes;
}

static struct plan make_plan(const struct giving *g)
{
	uint64_t seq = g->r->job.snapshot_seq;
	const struct model_view *then = &g->f->views[seq - 1];
	struct plan p = {
		.left_then = places_left(then), .left = places_left(model__view(g->f)), .n_then = g->f->n};
	const uint64_t began = session_began(g, then->n, seq);
	for (uint64_t k = 0; k < then->n; k++)
		if (returns(g, &g->f->trials[k], model_version_at(&g->f->trials[k], seq), began))
			add_pick(g, &p, k, false);
	for (uint64_t k = 0; k < then->n; k++)
		if (is_queued(g, model_version_at(&g->f->trials[k], seq)))
			add_pick(g, &p, k, true);
	return p;
}

/* The row is folded. Without others that wait it is known who gets what; a hopeless pick may have
 * taken the turn and the place of another, and so may one that has gone since the snapshot. */
static void order_is_kept(const struct giving *g, const struct plan *p)
{
	int i = 0, passed = 0, count = (int)g->q->count, n = g->r->n_trials;
	uint64_t given = 0, waived = 0, id = g->f->id;
	for (int k = 0; k < p->n && i < count; k++) {
		if (i < n && g->r->trials[i].number == p->picks[k]) {
			i++;
			given += p->takes[k];
		} else if (p->gone[k] || is_hopeless(g, p->picks[k])) {
			passed++;
			waived += p->takes[k];
		} else if (i + passed < count &&
			(!p->takes[k] || (given < p->left && given + waived < p->left_then))) {
			world_complain(g->w, "study %llu: trial %llu was first in the queue of event %llu",
				LL(id), LL(p->picks[k]), LL(g->f->seq));
		}
	}
	if (i < n && g->r->trials[i].number < p->n_then)
		world_complain(g->w, "study %llu: trial %llu was not next in the queue of event %llu",
			LL(id), LL(g->r->trials[i].number), LL(g->f->seq));
	uint64_t taken = given + (uint64_t)(n - i);
	if (n + passed < count && taken < p->left && taken + waived < p->left_then &&
		!model_is_finite(g->f))
		world_complain(
			g->w, "study %llu: event %llu gives %d of %d trials", LL(id), LL(g->f->seq), n, count);
	sim_met.alone++;
}

/* ---- one trial ---- */

/* The study's term is the one when the suggest came. */
static void lease_is_as_asked(const struct giving *g, const struct record_given *t)
{
	bool good = g->q->lease_ms && t->lease_ms == g->q->lease_ms;
	for (uint64_t i = 0; i < g->f->seq && !g->q->lease_ms; i++)
		good |= (double)t->lease_ms == g->f->views[i].lease_s * 1000;
	if (!good)
		world_complain(
			g->w, "a lease of %llu ms became one of %llu ms", LL(g->q->lease_ms), LL(t->lease_ms));
}

static bool token_is_new(const struct model_trial *t, const uint8_t *token)
{
	const struct model_version *v = model_version_now(t);
	for (uint32_t k = 0; k < v->attempt; k++)
		if (memcmp(t->attempts[k].token, token, MSG_ID_BYTES) == 0)
			return false;
	return true;
}

/* Whose point did the computation know of, or choose itself? */
static void is_new(const struct giving *g, uint64_t number)
{
	const struct model_study *f = g->f;
	const struct model_trial *t = &f->trials[number];
	for (uint64_t k = 0; k < f->n; k++) {
		const struct model_trial *o = &f->trials[k];
		const struct model_version *then = model_version_at(o, t->snapshot);
		bool known = then && !then->deleted && !then->partial;
		if (k == number || !(known || o->snapshot == t->snapshot))
			continue;
		if (model_same_point(f, model_version_now(o)->point, model_version_now(t)->point))
			world_complain(g->w, "study %llu: trials %llu and %llu are one point", LL(f->id), LL(k),
				LL(number));
	}
}

static void keep_attempt(
	const struct giving *g, struct model_trial *t, const struct record_given *r, uint32_t attempt)
{
	struct model_attempt a = {.seq = g->f->seq,
		.worker = g->r->worker,
		.has_session = g->r->has_session,
		.lease_ms = r->lease_ms};
	memcpy(a.token, r->token, sizeof(a.token));
	memcpy(a.session, g->r->session, sizeof(a.session));
	t->attempts = model__grown(t->attempts, attempt - 1, &t->cap_attempts, sizeof(*t->attempts));
	t->attempts[attempt - 1] = a;
	t->due_least = t->due_most = g->s->made_ns + (int64_t)r->lease_ms * 1000000;
}

/* The new state of a trial that is given out; computed: the row's computation made its point. */
static void give(const struct giving *g, struct model_trial *t, struct model_version *v,
	const struct record_given *r, bool computed)
{
	v->state = TRIAL_RUNNING;
	v->attempt++;
	v->point = r->values;
	v->partial = false;
	v->reason = NULL;
	v->spends = true;
	keep_attempt(g, t, r, v->attempt);
	model__changed(g->f, t);
	if (!model_is_point(g->f, r->values))
		world_complain(
			g->w, "study %llu: trial %llu is no point of its space", LL(g->f->id), LL(r->number));
	if ((r->why.rule == WHY_ENQUEUED) && computed)
		world_complain(g->w, "a computed point is shown as given by a user");
	if (!computed)
		return;
	if (!model_completes(g->f, g->fixed, r->values))
		world_complain(g->w, "study %llu: trial %llu has not the values that were fixed",
			LL(g->f->id), LL(r->number));
	t->snapshot = g->r->job.snapshot_seq;
	is_new(g, r->number);
	if (!g->r->job.cut && r->why.freshness != WHY_FRESH && !g->w->profile->starves)
		world_complain(g->w, "a suggestion is not fresh, and nothing was cut");
}

static void give_new(const struct giving *g, const struct record_given *r)
{
	struct model_trial *t = model__add(g->f, &g->s->row);
	if (r->attempt != 1 || g->r->job.n_slots == 0)
		world_complain(g->w, "study %llu: trial %llu begins with attempt %u", LL(g->f->id),
			LL(r->number), r->attempt);
	give(g, t, &t->versions[0], r, true);
}

static void give_again(const struct giving *g, const struct record_given *r)
{
	struct model_trial *t = &g->f->trials[r->number];
	const struct model_version *was = model_version_now(t);
	bool partial = was->partial;
	uint64_t began = session_began(g, g->f->n, UINT64_MAX);
	if (was->deleted || (was->state != TRIAL_QUEUED && !returns(g, t, was, began)) ||
		(was->state == TRIAL_QUEUED && !agrees(g, was->point))) {
		world_complain(g->w, "study %llu: trial %llu is given out again in state %d", LL(g->f->id),
			LL(r->number), was->state);
		return;
	}
	if (r->attempt != was->attempt + 1 || !token_is_new(t, r->token))
		world_complain(g->w, "study %llu: trial %llu has attempt %u after %u, or an old token",
			LL(g->f->id), LL(r->number), r->attempt, was->attempt);
	if (!model_completes(g->f, was->point, r->values) ||
		(!partial && !model_same_point(g->f, was->point, r->values)))
		world_complain(
			g->w, "study %llu: trial %llu became another point", LL(g->f->id), LL(r->number));
	sim_met.returned += was->state == TRIAL_RUNNING;
	sim_met.queued_given += was->state == TRIAL_QUEUED;
	sim_met.completed += partial;
	give(g, t, model__change(g->f, t, &g->s->row), r, partial);
}

/* ---- the row ---- */

/* What came back, then what was queued, then new ones; each by number. */
static bool in_order(const struct giving *g, int i)
{
	uint64_t number = g->r->trials[i].number, before = i ? g->r->trials[i - 1].number : 0;
	bool is_old = number < g->f->n;
	if (i == 0 || !is_old || before >= g->f->n)
		return is_old ? i == 0 || before < g->f->n
					  : number == (i && before >= g->f->n ? before + 1 : g->f->n);
	enum trial_state was = model_version_now(&g->f->trials[before])->state;
	enum trial_state is = model_version_now(&g->f->trials[number])->state;
	return was == is ? before < number : was == TRIAL_RUNNING;
}

static bool is_for_who_asked(const struct giving *g)
{
	const struct record_suggested *r = g->r;
	const struct asked *q = g->q;
	bool named = q->worker ? r->worker && strcmp(q->worker, r->worker) == 0 : !r->worker;
	return named && r->has_session == q->has_session &&
		(!q->has_session || memcmp(r->session, q->session, MSG_ID_BYTES) == 0) &&
		r->n_trials >= 1 && (uint64_t)r->n_trials <= q->count;
}

static void give_all(const struct giving *g)
{
	for (int i = 0; i < g->r->n_trials; i++)
		if (!in_order(g, i))
			world_complain(g->w, "study %llu: event %llu gives trials out of order", LL(g->f->id),
				LL(g->f->seq));
	for (int i = 0; i < g->r->n_trials && !g->w->complaint[0]; i++) {
		const struct record_given *t = &g->r->trials[i];
		if (t->n_values != g->f->spec.n_params) {
			world_complain(g->w, "a trial of %d values", t->n_values);
			return;
		}
		if (t->number < g->f->n)
			give_again(g, t);
		else
			give_new(g, t);
		lease_is_as_asked(g, t);
	}
}

const struct msg_model *model_of_objective(
	const struct msg_spec *spec, const struct msg_models *models, const struct msg_model *was)
{
	const char *name = "";
	for (int i = 0; i < spec->n_metrics; i++)
		if (spec->metrics[i].role != METRIC_CONSTRAINT)
			name = spec->metrics[i].name;
	for (int i = 0; i < models->n; i++)
		if (models->p[i].name && strcmp(models->p[i].name, name) == 0)
			return &models->p[i];
	return was;
}

void model__suggested(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	struct giving g = {.w = w, .f = f, .s = s, .r = &r->u.suggested};
	struct model_view *v = model__view(f);
	watch_given(w, s->row.study, &r->u.suggested.job);
	g.q = model__asked(w, f, &s->row, METHOD_SUGGEST);
	if (!g.q)
		return;
	g.line = clients_line(w, s->row.request);
	for (int i = 0; i < SIM_MAX_PARAMS; i++)
		g.fixed[i] = NAN;
	if (g.q->fixed)
		g.fixed[g.q->fixed_at] = g.q->fixed_value;
	if (v->state != STUDY_ACTIVE)
		world_complain(w, "study %llu gave out trials in state %d", LL(f->id), v->state);
	if (!is_for_who_asked(&g))
		world_complain(
			w, "event %llu of study %llu is not what was asked for", LL(f->seq), LL(f->id));
	job_is_of_snapshot(&g);
	if (w->complaint[0])
		return;
	struct plan plan = make_plan(&g);
	uint64_t before = v->spent;
	give_all(&g);
	if (!w->complaint[0] && watch_alone(w, g.line, s->made_ns))
		order_is_kept(&g, &plan);
	if (v->limited && v->spent > v->budget && v->spent > before)
		world_complain(w, "study %llu: %llu places of a budget of %llu", LL(f->id), LL(v->spent),
			LL(v->budget));
	if (g.r->job.n_slots == 0 || (g.r->job.cut && g.r->job.units == 0)) /* no fit was made */
		return;
	v->n_state = g.r->job.n_state_out;
	v->fit = g.r->job.state_out;
	v->objective = model_of_objective(&f->spec, &g.r->job.models, v->objective);
}
