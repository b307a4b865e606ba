/* What the clients of the simulator ask about trials. */
#include <math.h>
#include <string.h>

#include "tests/sim/sim.h"

/* ---- suggest ---- */

static struct msg_scalar scalar_of(const struct msg_param *p, double x)
{
	switch (p->kind) {
	case PARAM_FLOAT: return (struct msg_scalar){.kind = SCALAR_REAL, .r = x};
	case PARAM_INT: return (struct msg_scalar){.kind = SCALAR_INT, .i = (int64_t)x};
	case PARAM_BOOL: return (struct msg_scalar){.kind = SCALAR_BOOL, .b = x != 0};
	default: return p->choices[(int)x];
	}
}

void clients_ask_suggest(struct world *w, struct msg_request *m, struct asked *q, int study)
{
	static const struct msg_named fixed[SIM_STUDIES] = {{"n", {.kind = SCALAR_INT, .i = 3}},
		{"n", {.kind = SCALAR_INT, .i = 3}}, {"layers", {.kind = SCALAR_INT, .i = 2}}};
	static const int at[SIM_STUDIES] = {1, 0, 2};
	m->meta.has_deadline = world_chance(w, w->profile->hurry);
	m->meta.deadline_ms = world_below(w, 4);
	q->count = m->u.suggest.count = 1 + (uint32_t)world_below(w, 3);
	if (world_below(w, 8) == 0) {
		q->fixed = true;
		q->fixed_at = at[study];
		q->fixed_value = study == 2 ? 1 : 3;
		m->u.suggest.n_fixed = 1;
		m->u.suggest.fixed = &fixed[study];
	}
	if (world_below(w, 4) == 0) {
		q->lease_ms = 100 + world_below(w, 1400);
		m->u.suggest.has_lease = true;
		m->u.suggest.lease_s = (double)q->lease_ms / 1000;
	}
	if (world_below(w, 3) == 0)
		q->wait_ms = m->u.suggest.wait_ms = 1 + world_below(w, 700);
}

/* ---- leases and results ---- */

/* The trial's own lease, half of it, one that is forged, or none. */
static struct msg_lease show_lease(struct world *w, const struct held *h)
{
	struct msg_lease lease = {.number = h->told.number};
	uint64_t dice = world_below(w, 16);
	if (dice < 4)
		return lease;
	lease.has_attempt = dice != 6;
	lease.has_token = dice != 7;
	lease.attempt = h->attempt + (dice == 4);
	memcpy(lease.token, h->token, 16);
	lease.token[3] ^= dice == 5;
	return lease;
}

/* What it measured; now and then what it has said before. */
static void measure(struct world *w, struct held *h)
{
	if (h->was_told && world_below(w, 2))
		return;
	h->told.values[0] = world_below(w, 15) == 0 ? NAN : (double)world_below(w, 1000) / 8;
	h->told.values[1] = (double)world_below(w, 100);
	h->told.sem = world_below(w, 4) ? NAN : (double)world_below(w, 3) / 4;
	h->was_told = true;
}

/* Most often a trial that was told is done with; sometimes it is told again. */
static void drop(struct world *w, struct client *c, int h)
{
	if (world_below(w, 6))
		c->held[h] = c->held[--c->n_held];
}

static bool is_told(const struct asked *q, uint64_t number)
{
	for (int i = 0; i < q->n_told; i++)
		if (q->told[i].number == number)
			return true;
	return false;
}

/* Results as the wire has them; of one metric the name may be left out. */
static const struct msg_value *name_values(
	struct world *w, int study, const struct told *told, int n, struct arena *a)
{
	const struct msg_spec *spec = clients_spec(study);
	struct msg_value *v = ARENA_ARRAY(a, struct msg_value, n);
	bool named = spec->n_metrics > 1 || world_below(w, 2);
	for (int i = 0; i < n; i++)
		v[i] = (struct msg_value){
			.name = named ? spec->metrics[i].name : NULL, .value = told->values[i]};
	v[0].has_sem = !isnan(told->sem);
	v[0].sem = v[0].has_sem ? told->sem : 0;
	return v;
}

void clients_ask_observe(struct world *w, struct msg_request *m, struct asked *q, struct client *c,
	int study, struct arena *a)
{
	struct msg_observation *o = ARENA_ARRAY(a, struct msg_observation, SIM_MAX_TOLD);
	int n_metrics = clients_spec(study)->n_metrics;
	int want = 1 + (int)world_below(w, SIM_MAX_TOLD), h = -1, used[SIM_MAX_TOLD];
	while (q->n_told < want && (h = clients_find_held(c, study, h + 1)) >= 0) {
		int i = q->n_told;
		if (is_told(q, c->held[h].told.number)) /* stolen from two */
			continue;
		measure(w, &c->held[h]);
		used[i] = h;
		q->told[i] = c->held[h].told;
		q->told[q->n_told++].lease = show_lease(w, &c->held[h]);
		o[i] = (struct msg_observation){.number = q->told[i].number,
			.lease = q->told[i].lease,
			.n_values = n_metrics,
			.values = name_values(w, study, &q->told[i], n_metrics, a)};
	}
	m->u.observe.n = q->n_told;
	m->u.observe.observations = o;
	for (int i = q->n_told; i-- > 0;)
		drop(w, c, used[i]);
}

void clients_ask_fail(
	struct world *w, struct msg_request *m, struct asked *q, struct client *c, int h)
{
	static const enum trial_state states[] = {
		TRIAL_FAILED, TRIAL_FAILED, TRIAL_INFEASIBLE, TRIAL_PRUNED};
	q->told[0] = (struct told){.number = c->held[h].told.number,
		.lease = show_lease(w, &c->held[h]),
		.state = states[world_below(w, 4)],
		.reason = world_below(w, 4) ? "simulated" : NULL};
	q->n_told = 1;
	m->u.fail_trial.number = q->told[0].number;
	m->u.fail_trial.lease = q->told[0].lease;
	m->u.fail_trial.state = q->told[0].state;
	m->u.fail_trial.reason = q->told[0].reason;
	drop(w, c, h);
}

/* ---- release, cancel, report ---- */

/* One it holds; or any, by number. */
void clients_ask_release(
	struct world *w, struct msg_request *m, struct asked *q, struct client *c, int h)
{
	q->told[0] = (struct told){.number = c->held[h].told.number,
		.lease = show_lease(w, &c->held[h]),
		.reason = world_below(w, 3) ? NULL : "tired"};
	q->n_told = 1;
	if (world_below(w, 3) == 0) {
		q->told[0].number = world_below(w, 9);
		q->told[0].lease = (struct msg_lease){.number = q->told[0].number};
	} else {
		drop(w, c, h);
	}
	m->u.release.number = q->told[0].number;
	m->u.release.lease = q->told[0].lease;
	m->u.release.reason = q->told[0].reason;
}

void clients_ask_cancel(struct world *w, struct msg_request *m, struct asked *q)
{
	q->told[0].number = m->u.cancel_trial.number = world_below(w, 12);
	q->told[0].reason = m->u.cancel_trial.reason = world_below(w, 2) ? "enough" : NULL;
	q->n_told = 1;
}

void clients_ask_report(
	struct world *w, struct msg_request *m, struct asked *q, struct client *c, int h)
{
	struct held *held = &c->held[h];
	held->step += (int64_t)world_below(w, 4) - (world_below(w, 8) == 0);
	q->told[0] = (struct told){
		.number = held->told.number, .lease = show_lease(w, held), .step = held->step};
	q->told[0].values[0] = (double)(held->step * 3 + (int64_t)(world_below(w, 6) == 0));
	q->n_told = 1;
	m->u.report = (struct msg_report){m->u.report.study, q->told[0].number, q->told[0].lease,
		q->told[0].step, q->told[0].values[0]};
}

/* ---- edit, delete, get ---- */

void clients_ask_edit(
	struct world *w, struct msg_request *m, struct asked *q, int study, struct arena *a)
{
	static const char *const notes[] = {NULL, NULL, "", "seen", "wrong unit"};
	struct msg_edit_trial *e = &m->u.edit_trial;
	struct told *told = &q->told[0];
	q->n_told = 1;
	told->number = e->number = world_below(w, 10);
	switch (world_below(w, 4)) {
	case 0:
	case 1:
		told->values[0] = (double)world_below(w, 1000) / 8;
		told->values[1] = (double)world_below(w, 100);
		told->sem = world_below(w, 3) ? NAN : 0.5;
		e->n_values = 1 + (clients_spec(study)->n_metrics > 1 && world_below(w, 2));
		e->values = name_values(w, study, told, e->n_values, a);
		break;
	case 2:
		e->has_excluded = true;
		e->excluded = world_below(w, 3) > 0;
		break;
	default: e->note = "noted"; break;
	}
	if (world_below(w, 2))
		e->note = notes[world_below(w, 5)];
	e->labels = clients_labels(w);
	e->remove_labels = clients_removals(w, &e->labels);
	if (!e->n_values && !e->has_excluded && !e->note && !e->labels.n && !e->remove_labels.n)
		e->note = "";
	q->edit = *e;
	q->edit.values = NULL;
}

void clients_ask_number(struct world *w, struct msg_request *m, struct asked *q)
{
	m->u.get_trial.number = q->told[0].number = world_below(w, 9);
	q->n_told = 1;
}

/* ---- points ---- */

/* Any point of the space of the study. */
static void any_point(struct world *w, int study, double *p)
{
	if (study == 2) {
		p[0] = (double)world_below(w, 2);
		p[2] = (double)world_below(w, 4);
		p[1] = p[0] == 0 ? rng_uniform(&w->rng) * 0.5 : NAN;
		p[3] = p[2] >= 2 ? (double)world_below(w, 2) : NAN;
		if (p[0] == 1 && p[2] == 2)
			p[3] = 0;
		p[4] = 0;
		return;
	}
	if (study == 0)
		*p++ = rng_uniform(&w->rng);
	p[0] = 1 + (double)world_below(w, 5);
	p[1] = 0;
}

/* Some of its values are left to be suggested; what depends on them, too. */
static void forget_some(struct world *w, int study, double *p)
{
	uint64_t dice = world_below(w, 4);
	if (study == 2 && dice == 0)
		p[1] = NAN;
	else if (study == 2)
		p[2] = p[3] = NAN;
	else if (study == 0 && dice < 2)
		p[0] = NAN;
	else
		p[dice & 1] = NAN;
}

static int name_point(int study, const double *p, struct msg_named *out)
{
	const struct msg_spec *spec = clients_spec(study);
	int n = 0;
	for (int i = 0; i < spec->n_params; i++)
		if (!isnan(p[i]))
			out[n++] = (struct msg_named){spec->params[i].name, scalar_of(&spec->params[i], p[i])};
	return n;
}

static void random_point(struct world *w, enum method method, int study, struct pointed *out,
	struct msg_point *m, struct arena *a)
{
	struct msg_named *named = ARENA_ARRAY(a, struct msg_named, SIM_MAX_PARAMS);
	struct told told = {.sem = NAN};
	any_point(w, study, out->point);
	if (method == METHOD_ENQUEUE && world_below(w, 2))
		forget_some(w, study, out->point);
	*m = (struct msg_point){.params = named, .n_params = name_point(study, out->point, named)};
	if (method == METHOD_PREDICT)
		return;
	m->labels = out->labels = clients_labels(w);
	m->note = out->note = world_below(w, 4) ? NULL : "by hand";
	if (method == METHOD_ENQUEUE)
		return;
	told.values[0] = world_below(w, 12) ? (double)world_below(w, 100) : INFINITY;
	told.values[1] = (double)world_below(w, 100);
	memcpy(out->values, told.values, sizeof(out->values));
	m->n_values = clients_spec(study)->n_metrics;
	m->values = name_values(w, study, &told, m->n_values, a);
}

void clients_ask_points(
	struct world *w, struct msg_request *m, struct asked *q, int study, struct arena *a)
{
	struct msg_point *points = ARENA_ARRAY(a, struct msg_point, SIM_MAX_TOLD);
	q->n_points = 1 + (int)world_below(w, SIM_MAX_TOLD);
	for (int i = 0; i < q->n_points; i++)
		random_point(w, m->method, study, &q->points[i], &points[i], a);
	m->u.add_trials.n = q->n_points; /* enqueue and predict have the same members */
	m->u.add_trials.points = points;
}

/* ---- heartbeat ---- */

void clients_ask_heartbeat(struct world *w, struct msg_request *m, struct asked *q,
	const struct client *c, int study, struct arena *a)
{
	struct msg_lease *leases = ARENA_ARRAY(a, struct msg_lease, SIM_MAX_TOLD);
	int h = -1;
	while (q->n_told < SIM_MAX_TOLD && (h = clients_find_held(c, study, h + 1)) >= 0)
		if (!is_told(q, c->held[h].told.number)) {
			q->told[q->n_told].number = c->held[h].told.number;
			q->told[q->n_told++].lease = show_lease(w, &c->held[h]);
		}
	if (q->n_told == 0) {
		q->told[0].number = q->told[0].lease.number = world_below(w, 9);
		q->n_told = 1;
	}
	for (int i = 0; i < q->n_told; i++)
		leases[i] = q->told[i].lease;
	m->u.heartbeat.n = q->n_told;
	m->u.heartbeat.leases = leases;
}
