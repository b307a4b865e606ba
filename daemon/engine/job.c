#include "daemon/engine/job.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/job_internal.h"

/* ---- life ------------------------------------------------------------------- */

static bool copy_numbers(double **to, int *n_to, const double *from, size_t n)
{
	*to = kr_calloc(n, sizeof(**to));
	if (!*to)
		return false;
	if (n)
		memcpy(*to, from, n * sizeof(**to));
	*n_to = (int)n;
	return true;
}

static bool make_slots(struct job *j, const struct job_wish *wish)
{
	size_t d = (size_t)j->def->d, n = (size_t)wish->n_slots;

	j->n_slots = wish->n_slots;
	j->slots = KR_ARRAY(struct policy_slot, n);
	j->suggestions = KR_ARRAY(struct policy_suggestion, n);
	j->values = kr_calloc(n, d * sizeof(double));
	if (!j->slots || !j->suggestions || !j->values)
		return false;
	if (wish->any_fixed) {
		j->fixed = kr_calloc(n, d * sizeof(double));
		if (!j->fixed)
			return false;
		for (size_t i = 0; i < n * d; i++)
			j->fixed[i] = NAN;
	}
	for (size_t i = 0; i < n; i++) {
		j->slots[i].number = j->of->first_number + i;
		j->slots[i].fixed = j->fixed ? j->fixed + i * d : NULL;
	}
	return true;
}

static bool make_queries(struct job *j, const struct job_wish *wish)
{
	size_t n = (size_t)wish->n_queries, k = (size_t)j->def->spec.n_metrics;
	int copied;

	j->n_queries = wish->n_queries;
	j->means = KR_ARRAY(double, n *k);
	j->sds = KR_ARRAY(double, n *k);
	return j->means && j->sds &&
		copy_numbers(&j->queries, &copied, wish->queries, n * (size_t)j->def->d);
}

enum kr_status job_new(struct job **out, enum job_kind kind, uint64_t id, const struct study *s,
	struct snapshot *of, const struct job_wish *wish, struct kr_error *err)
{
	struct job *j = KR_NEW(struct job);
	enum kr_status st = KR_OK;

	*out = NULL;
	if (!j)
		return kr_fail(err, KR_ENOMEM, "no memory for a computation");
	j->kind = kind;
	j->calibrate = kind == JOB_SUGGEST;
	j->id = id;
	j->study = s->id;
	j->incarnation = s->incarnation;
	j->def = definition_retain(s->def);
	if (of)
		j->of = snapshot_retain(of);
	else
		st = snapshot_new(&j->of, s, err);
	if (st != KR_OK || !make_slots(j, wish) || !make_queries(j, wish) ||
		!copy_numbers(&j->state, &j->n_state, j->of->state, (size_t)j->of->n_state)) {
		job_free(j);
		return kr_fail(err, KR_ENOMEM, "no memory for a computation");
	}
	*out = j;
	return KR_OK;
}

enum kr_status job_set_state(struct job *j, int n, const double *state, struct kr_error *err)
{
	kr_free(j->state);
	j->n_state = 0;
	if (!copy_numbers(&j->state, &j->n_state, state, (size_t)n))
		return kr_fail(err, KR_ENOMEM, "no memory for a computation");
	return KR_OK;
}

/* ---- work ------------------------------------------------------------------- */

static void drop_work(struct job *j)
{
	policy_free(j->policy);
	j->policy = NULL;
	kr_free(j->X);
	kr_free(j->Y);
	kr_free(j->S);
	kr_free(j->constraints);
	j->X = j->Y = j->S = NULL;
	j->constraints = NULL;
}

static void give_up(struct job *j)
{
	j->status = KR_ENOMEM;
	j->settled = true;
	drop_work(j);
}

/* The metrics that are not the objective, in the order of the spec. */
static int list_constraints(struct job *j)
{
	const struct msg_spec *spec = &j->def->spec;
	size_t n = j->of->history.n;
	int count = 0;

	for (int k = 0; k < spec->n_metrics; k++)
		if (k != j->def->objective)
			j->constraints[count++] = (struct policy_constraint){
				.lower = spec->metrics[k].has_lower ? spec->metrics[k].lower : -INFINITY,
				.upper = spec->metrics[k].has_upper ? spec->metrics[k].upper : INFINITY,
				.y = j->Y + (size_t)k * n,
				.sem = j->S + (size_t)k * n,
			};
	return count;
}

/* The first unit: gather the observations. False without memory. */
static bool start(struct job *j)
{
	size_t n = j->of->history.n, d = (size_t)j->def->d, k = (size_t)j->def->spec.n_metrics;
	size_t objective = (size_t)j->def->objective;
	struct policy_input in = {
		.space = j->def->space,
		.minimize = j->def->minimize,
		.seed = j->def->spec.seed,
		.n = (int)n,
		.has_noise_sd = j->def->spec.has_noise_sd,
		.noise_sd = j->def->spec.noise_sd,
		.acquisition = j->of->acquisition,
		.level = j->of->level,
		.beta = j->of->beta,
		.n_pending = j->of->pending.n,
		.pending = j->of->pending.values,
		.n_failed = j->of->failed.n,
		.failed = j->of->failed.values,
		.n_infeasible = j->of->infeasible.n,
		.infeasible = j->of->infeasible.values,
		.n_taken = j->of->taken.n,
		.taken = j->of->taken.values,
		.n_slots = j->n_slots,
		.slots = j->slots,
		.n_queries = j->n_queries,
		.queries = j->queries,
		.n_state = j->n_state,
		.state = j->state,
		.calibrate = j->calibrate,
		.least_gain = j->of->gain,
		.least_gain_relative = j->of->gain_relative,
		.n_sources = j->def->n_sources,
		.sources = j->def->sources,
		.belief = j->def->belief,
	};

	j->X = kr_calloc(n, d * sizeof(double));
	j->Y = kr_calloc(n, k * sizeof(double));
	j->S = kr_calloc(n, k * sizeof(double));
	j->constraints = KR_ARRAY(struct policy_constraint, k);
	if (!j->X || !j->Y || !j->S || !j->constraints)
		return false;
	history_gather(&j->of->history, j->X, j->Y, j->S);
	in.X = j->X;
	in.y = j->Y + objective * n;
	in.sem = j->S + objective * n;
	in.n_constraints = list_constraints(j);
	in.constraints = j->constraints;
	return policy_new(&j->policy, &in, NULL) == KR_OK;
}

static void take_suggestions(struct job *j)
{
	size_t d = (size_t)j->def->d;

	for (int i = 0; i < j->n_slots; i++) {
		struct policy_suggestion *to = &j->suggestions[i];

		*to = policy_suggestion(j->policy, i);
		if (!to->values)
			continue;
		memcpy(j->values + (size_t)i * d, to->values, d * sizeof(double));
		to->values = j->values + (size_t)i * d;
	}
}

/* What the most promising slot expects. */
static void take_outlook(struct job *j)
{
	struct msg_outlook *o = &j->outlook;

	for (int i = 0; i < j->n_slots; i++) {
		const struct policy_suggestion *p = &j->suggestions[i];

		if (!p->has_prediction || !p->has_gain)
			continue;
		j->has_outlook = true;
		o->gain = fmax(o->gain, p->enough);
		o->expected_gain = fmax(o->expected_gain, p->expected_gain);
		o->p_gain = fmax(o->p_gain, p->p_gain_enough);
	}
}

static void take_predictions(struct job *j)
{
	int n = j->def->spec.n_metrics, objective = j->def->objective;

	j->predicted = true;
	for (int i = 0; i < j->n_queries; i++)
		for (int k = 0; k < n; k++) {
			int metric = k == objective ? 0 : k < objective ? k + 1 : k; /* of the policy */

			if (!policy_prediction(j->policy, i, metric, &j->means[i * n + k], &j->sds[i * n + k]))
				j->predicted = false;
		}
}

/* Metric of the spec, -1: of success, for a metric of the policy. */
static int metric_of(const struct job *j, int metric)
{
	int objective = j->def->objective;

	if (metric == j->def->spec.n_metrics)
		return -1;
	return metric == 0 ? objective : metric <= objective ? metric - 1 : metric;
}

static struct msg_calibration calibration(const struct job *j, const struct policy_model *m)
{
	const struct gp_calibration *c = &m->calibration;

	return (struct msg_calibration){
		.n = (uint32_t)c->n,
		.log_density = c->log_density,
		.crps = c->crps,
		.mean_square_z = c->mean_square_z,
		.coverage50 = c->coverage50,
		.coverage80 = c->coverage80,
		.coverage95 = c->coverage95,
		.outliers = (uint32_t)c->outliers,
		.worst_z = c->worst_z,
		.has_worst = m->worst >= 0,
		.worst_number = m->worst >= 0 ? history_view_trial(&j->of->history, (size_t)m->worst) : 0,
	};
}

static struct msg_model model(const struct job *j, int metric, const struct policy_model *m)
{
	int k = metric_of(j, metric);

	return (struct msg_model){
		.name = k >= 0 ? j->def->spec.metrics[k].name : NULL,
		.kernel = m->kernel,
		.n_lengthscales = j->def->d,
		.lengthscales = m->lengthscale,
		.outputscale = m->outputscale,
		.noise_sd = m->noise_sd,
		.mean = m->mean,
		.n = (uint32_t)m->n_model,
		.n_fit = (uint32_t)m->n_fit,
		.has_log_posterior = m->has_log_posterior,
		.log_posterior = m->log_posterior,
		.jitter = m->jitter,
		.transform = m->transform,
		.calibration = calibration(j, m),
	};
}

/* False without memory. */
static bool take_models(struct job *j)
{
	int most = j->def->spec.n_metrics + 1;
	struct policy_model *from = KR_ARRAY(struct policy_model, most);
	struct msg_model *to = KR_ARRAY(struct msg_model, most);
	struct msg_models list = {.p = to};
	bool ok = from && to;

	for (int k = 0; ok && k < most; k++)
		if (policy_model(j->policy, k, &from[k]))
			to[list.n++] = model(j, k, &from[k]);
	if (ok && list.n > 0)
		ok = models_new(&j->models, &list, NULL, NULL) == KR_OK;
	kr_free(from);
	kr_free(to);
	return ok;
}

static void settle(struct job *j)
{
	const double *state;
	int n;

	if (policy_starved(j->policy)) { /* no replay could make these suggestions again */
		give_up(j);
		return;
	}
	if (j->cut)
		policy_cut(j->policy);
	take_suggestions(j);
	take_outlook(j);
	take_predictions(j);
	j->units = (uint32_t)policy_units(j->policy);
	state = policy_state(j->policy, &n);
	if (!copy_numbers(&j->state_out, &j->n_state_out, state, (size_t)n) || !take_models(j)) {
		give_up(j);
		return;
	}
	j->settled = true;
	drop_work(j);
}

/* Is this all the work that may be done? */
static bool at_limit(const struct job *j)
{
	if (j->asked_to_stop)
		return true;
	return j->bounded && (uint32_t)policy_units(j->policy) >= j->most_units;
}

bool job_step(struct job *j)
{
	if (j->settled)
		return false;
	if (!j->policy) {
		if (start(j))
			return true;
		give_up(j);
		return false;
	}
	j->cut = at_limit(j);
	if (!j->cut && policy_step(j->policy))
		return true;
	settle(j);
	return false;
}

void job_cut(struct job *j)
{
	j->asked_to_stop = true;
}

void job_finish(struct job *j)
{
	job_cut(j);
	while (job_step(j))
		;
}

/* ---- the shell's view ------------------------------------------------------- */

uint64_t job_id(const struct job *j)
{
	return j->id;
}

uint64_t job_study(const struct job *j)
{
	static const uint64_t replays = (uint64_t)1 << 63, hasty = (uint64_t)1 << 62;

	if (j->kind == JOB_REPLAY)
		return j->study | replays;
	return j->hasty ? j->study | hasty : j->study;
}

bool job_unasked(const struct job *j)
{
	return j->unasked;
}

void job_free(struct job *j)
{
	if (!j)
		return;
	drop_work(j);
	snapshot_release(j->of);
	definition_release(j->def);
	kr_free(j->route);
	kr_free(j->slots);
	kr_free(j->fixed);
	kr_free(j->queries);
	kr_free(j->state);
	kr_free(j->suggestions);
	kr_free(j->values);
	kr_free(j->means);
	kr_free(j->sds);
	kr_free(j->state_out);
	models_free(j->models);
	kr_free(j);
}
