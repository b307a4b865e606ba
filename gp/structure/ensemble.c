/* State: log posterior of the first member, theta of the members, and for draws the chain, 0 until
 * they are known. Units: first one for each start of the first member, then as the kind says. */
#include "gp/structure/ensemble.h"

#include <math.h>
#include <string.h>

#include "gp/fit.h"
#include "gp/sample/nuts.h"
#include "gp/structure/evidence.h"

/* Draws: transitions of a unit, of the warm-up, and between members. */
enum { PER_UNIT = 4, N_WARMUP = 32, THINNING = 4, N_DRAWS = 8, N_SAAS = 4 };

/* The second member of the small ensemble: 0.1 / l^2 is half-Cauchy. */
static const double short_c = 0.1;

static const double tau_scale = 0.1; /* tau is half-Cauchy(0.1) */

static const double least_ln_tau = -6.907755278982137, most_ln_tau = 2.302585092994046;

/* Optima nearer than this in every ln lengthscale are one. */
static const double same_optimum = 0.1;

static bool is_sparse(const struct gp_ensemble *e)
{
	return e->kind == GP_ENSEMBLE_SAAS || e->kind == GP_ENSEMBLE_SAAS_DRAWS;
}

static bool is_drawn(const struct gp_ensemble *e)
{
	return e->kind == GP_ENSEMBLE_DRAWS || e->kind == GP_ENSEMBLE_SAAS_DRAWS;
}

int gp_ensemble_members(const struct gp_ensemble *e)
{
	switch (e->kind) {
	case GP_ENSEMBLE_MAP: break;
	case GP_ENSEMBLE_SMALL: return 3;
	case GP_ENSEMBLE_SAAS: return N_SAAS;
	case GP_ENSEMBLE_DRAWS:
	case GP_ENSEMBLE_SAAS_DRAWS: return N_DRAWS;
	}
	return 1;
}

/* Variables of the chain: theta, and ln tau. */
static int chain_size(const struct gp_ensemble *e)
{
	return e->prior->size + (e->kind == GP_ENSEMBLE_SAAS_DRAWS);
}

size_t gp_ensemble_size(const struct gp_ensemble *e)
{
	size_t members = (size_t)gp_ensemble_members(e) * (size_t)e->prior->size;

	return 1 + members + (is_drawn(e) ? nuts_size(chain_size(e)) : 0);
}

static double *member(const struct gp_ensemble *e, double *state, int i)
{
	return state + 1 + (size_t)i * (size_t)e->prior->size;
}

const double *gp_ensemble_theta(const struct gp_ensemble *e, const double *state, int i)
{
	return state + 1 + (size_t)i * (size_t)e->prior->size;
}

static double *chain(const struct gp_ensemble *e, double *state)
{
	return member(e, state, gp_ensemble_members(e));
}

/* ---- optima ---------------------------------------------------------------------- */

static enum kr_status no_memory(const struct gp_ensemble *e, struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "ensemble of %d hyperparameters", e->prior->size);
}

/* How many starts the first member has. */
static int n_starts(const struct gp_ensemble *e)
{
	return gp_fit_n_starts(e->data->n, e->warm != NULL);
}

/* prior <- that of e with sparse lengthscales (gp_prior_saas). */
static enum kr_status sparse_prior(const struct gp_ensemble *e, double c, bool of_logarithm,
	struct gp_prior *prior, struct arena *a, struct kr_error *err)
{
	*prior = *e->prior;
	prior->term = arena_memdup(a, e->prior->term, sizeof(*prior->term) * (size_t)e->prior->size);
	if (!prior->term)
		return no_memory(e, err);
	gp_prior_saas(prior, c, of_logarithm);
	return KR_OK;
}

/* The first member <- the best of the starts up to number i. */
static enum kr_status fit_start(const struct gp_ensemble *e, int i, double *state, int *evaluations,
	struct arena *a, struct kr_error *err)
{
	double *starts, *theta;
	struct gp_fit_result fit;
	enum kr_status status;

	starts = ARENA_ARRAY(a, double, GP_FIT_MAX_STARTS * e->prior->size);
	if (!starts)
		return no_memory(e, err);
	gp_fit_starts(e->prior, e->data->n, e->warm, starts);
	theta = starts + (size_t)i * (size_t)e->prior->size;
	status = gp_fit_from(e->data, e->prior,
		e->warm && i == 0 ? GP_FIT_WARM_EVALUATIONS : GP_FIT_COLD_EVALUATIONS, theta, &fit, a, err);
	if (status != KR_OK)
		return status;
	*evaluations += fit.evaluations;
	if (i == 0 || fit.log_posterior > state[0]) {
		state[0] = fit.log_posterior;
		memcpy(member(e, state, 0), theta, sizeof(double) * (size_t)e->prior->size);
	}
	if (i == n_starts(e) - 1 && state[0] == -INFINITY)
		return kr_fail(err, KR_ENOTPD, "no start of the fit could be evaluated");
	return KR_OK;
}

/* Member 1: under the sparse prior, uphill of the first. */
static enum kr_status fit_short(const struct gp_ensemble *e, double *state, int *evaluations,
	struct arena *a, struct kr_error *err)
{
	struct gp_prior prior;
	struct gp_fit_result fit;
	double *theta = member(e, state, 1);
	enum kr_status status = sparse_prior(e, short_c, true, &prior, a, err);

	if (status != KR_OK)
		return status;
	memcpy(theta, member(e, state, 0), sizeof(double) * (size_t)e->prior->size);
	status = gp_fit_from(e->data, &prior, GP_FIT_COLD_EVALUATIONS, theta, &fit, a, err);
	*evaluations += fit.evaluations;
	return status;
}

static bool coincide(const struct gp_prior *prior, const double *a, const double *b)
{
	for (int i = 0; i < prior->size; i++)
		if (prior->term[i].lengthscale && !(fabs(a[i] - b[i]) < same_optimum))
			return false;
	return true;
}

/* Member 2: uphill of short lengthscales and much noise; a draw when that is the first again. */
static enum kr_status fit_other(const struct gp_ensemble *e, double *state, int *evaluations,
	struct arena *a, struct kr_error *err)
{
	double *theta = member(e, state, 2);
	struct gp_fit_result fit;
	struct gp_laplace laplace;
	enum kr_status status;

	gp_fit_short_start(e->prior, theta);
	status = gp_fit_from(e->data, e->prior, GP_FIT_COLD_EVALUATIONS, theta, &fit, a, err);
	*evaluations += fit.evaluations;
	if (status != KR_OK ||
		(isfinite(fit.log_posterior) && !coincide(e->prior, theta, member(e, state, 0))))
		return status;
	status = gp_laplace(&laplace, e->data, e->prior, member(e, state, 0), a, err);
	if (status != KR_OK)
		return status;
	*evaluations += laplace.evaluations;
	memcpy(theta, member(e, state, 0), sizeof(double) * (size_t)e->prior->size);
	if (isfinite(laplace.log_evidence)) {
		struct rng r = rng_make(e->seed, e->number, RNG_FIT, 0);

		gp_laplace_draw(&laplace, &r, theta);
	}
	return KR_OK;
}

/* tau of member i: the middle of the i-th of equal parts of half-Cauchy(0.1). */
static double tau_of(int i)
{
	return tau_scale * tan(M_PI / 2 * (i + 0.5) / N_SAAS);
}

/* Member i, the best of the cold starts. */
static enum kr_status fit_sparse(const struct gp_ensemble *e, int i, double *state,
	int *evaluations, struct arena *a, struct kr_error *err)
{
	struct gp_prior prior;
	struct gp_fit_result fit;
	enum kr_status status = sparse_prior(e, tau_of(i), false, &prior, a, err);

	if (status == KR_OK)
		status = gp_fit_best(e->data, &prior, NULL, member(e, state, i), &fit, a, err);
	if (status != KR_OK)
		return status;
	*evaluations += fit.evaluations;
	if (i == 0)
		state[0] = fit.log_posterior;
	return fit.log_posterior > -INFINITY
		? KR_OK
		: kr_fail(err, KR_ENOTPD, "no start of the fit could be evaluated");
}

/* ---- draws ------------------------------------------------------------------------- */

/* What is sampled: the posterior as a density of theta, or of theta and ln tau. */
struct target {
	const struct gp_ensemble *e;
	struct gp_posterior posterior;
	struct gp_prior prior; /* of theta; terms of its own */
	struct gp_prior tau;   /* of ln tau */
	struct gp_prior_term tau_term;
	struct gp_prior flat;  /* for the likelihood alone */
	double *slope;         /* size */
	double *lower, *upper; /* of what is sampled */
};

static enum kr_status density(
	void *context, const double *x, double *lp, double *g, struct kr_error *err)
{
	struct target *t = context;
	int size = t->prior.size;
	bool sparse = is_sparse(t->e);
	enum kr_status status = gp_posterior_eval(&t->posterior, x, lp, g, err);

	if (status != KR_OK || *lp == -INFINITY || !sparse)
		return status;
	for (int i = 0; i < size; i++) {
		t->slope[i] = 0;
		if (t->prior.term[i].shape == GP_PRIOR_CAUCHY_LN)
			t->prior.term[i].a = -x[size];
	}
	*lp += gp_prior_log_density(&t->prior, x, t->slope);
	g[size] = 0;
	*lp += gp_prior_log_density(&t->tau, x + size, g + size);
	for (int i = 0; i < size; i++) {
		g[i] += t->slope[i];
		if (t->prior.term[i].shape == GP_PRIOR_CAUCHY_LN) /* of a + b t with a = -ln tau */
			g[size] -= t->slope[i] / t->prior.term[i].b;
	}
	return KR_OK;
}

/* A prior of no density with the bounds of p. */
static enum kr_status flatten(
	struct gp_prior *flat, const struct gp_prior *p, struct arena *a, struct kr_error *err)
{
	enum kr_status status = gp_prior_of_theta(flat, p, a, err);

	for (int i = 0; status == KR_OK && i < flat->size; i++)
		flat->term[i].shape = GP_PRIOR_FLAT;
	return status;
}

static enum kr_status make_target(
	struct target *t, const struct gp_ensemble *e, struct arena *a, struct kr_error *err)
{
	size_t p = (size_t)chain_size(e);
	struct gp_prior sparse = *e->prior;
	enum kr_status status = KR_OK;

	*t = (struct target){.e = e, .slope = ARENA_ARRAY(a, double, 3 * p)};
	if (!t->slope)
		return no_memory(e, err);
	t->lower = t->slope + p;
	t->upper = t->lower + p;
	t->tau_term = (struct gp_prior_term){.shape = GP_PRIOR_CAUCHY_LN,
		.a = -log(tau_scale),
		.b = 1,
		.lower = least_ln_tau,
		.upper = most_ln_tau};
	t->tau = (struct gp_prior){1, 1, &t->tau_term};
	if (is_sparse(e))
		status = sparse_prior(e, 1 / tau_scale, true, &sparse, a, err);
	if (status == KR_OK)
		status = gp_prior_of_theta(&t->prior, &sparse, a, err);
	if (status == KR_OK)
		status = flatten(&t->flat, e->prior, a, err);
	if (status == KR_OK)
		status = gp_posterior_init(
			&t->posterior, e->data, is_sparse(e) ? &t->flat : &t->prior, a, err);
	if (status != KR_OK)
		return status;
	gp_prior_bounds(&t->prior, t->lower, t->upper);
	if (is_sparse(e))
		gp_prior_bounds(&t->tau, t->lower + t->prior.size, t->upper + t->prior.size);
	return KR_OK;
}

/* The chain begins at the first member (u = 0), then goes on by PER_UNIT transitions a unit; every
 * THINNING-th after the warm-up becomes a member. */
static enum kr_status draw(const struct gp_ensemble *e, int u, double *state, int *evaluations,
	struct arena *a, struct kr_error *err)
{
	size_t p = (size_t)chain_size(e), size = (size_t)e->prior->size;
	struct target t = {0};
	struct nuts_problem problem = {density, &t, (int)p, NULL, NULL};
	double *x = ARENA_ARRAY(a, double, p);
	enum kr_status status = x ? make_target(&t, e, a, err) : no_memory(e, err);

	if (status != KR_OK)
		return status;
	problem.lower = t.lower;
	problem.upper = t.upper;
	if (u == 0) {
		memcpy(x, member(e, state, 0), sizeof(double) * size);
		if (p > size)
			x[size] = log(tau_scale);
		*evaluations += (int)p + 1;
		return nuts_begin(&problem, x, N_WARMUP, chain(e, state), a, err);
	}
	for (int k = (u - 1) * PER_UNIT; status == KR_OK && k < u * PER_UNIT; k++) {
		struct rng r = rng_make(e->seed, e->number, RNG_FIT, (uint32_t)k + 1);
		struct nuts_result result;

		status = nuts_next(&problem, r, chain(e, state), &result, a, err);
		*evaluations += result.evaluations;
		if (status == KR_OK && k >= N_WARMUP && (k - N_WARMUP) % THINNING == THINNING - 1) {
			nuts_position(&problem, chain(e, state), x);
			memcpy(member(e, state, (k - N_WARMUP) / THINNING), x, sizeof(double) * size);
		}
	}
	return status;
}

/* ---- units --------------------------------------------------------------------------- */

int gp_ensemble_units(const struct gp_ensemble *e)
{
	switch (e->kind) {
	case GP_ENSEMBLE_MAP: break;
	case GP_ENSEMBLE_SMALL: return n_starts(e) + 2;
	case GP_ENSEMBLE_SAAS: return N_SAAS;
	case GP_ENSEMBLE_DRAWS:
	case GP_ENSEMBLE_SAAS_DRAWS:
		return n_starts(e) + 1 + (N_WARMUP + N_DRAWS * THINNING) / PER_UNIT;
	}
	return n_starts(e);
}

static enum kr_status do_unit(const struct gp_ensemble *e, int unit, double *state,
	int *evaluations, struct arena *a, struct kr_error *err)
{
	int after = unit - n_starts(e);

	if (e->kind == GP_ENSEMBLE_SAAS)
		return fit_sparse(e, unit, state, evaluations, a, err);
	if (after < 0)
		return fit_start(e, unit, state, evaluations, a, err);
	if (is_drawn(e))
		return draw(e, after, state, evaluations, a, err);
	return after == 0 ? fit_short(e, state, evaluations, a, err)
					  : fit_other(e, state, evaluations, a, err);
}

enum kr_status gp_ensemble_unit(const struct gp_ensemble *e, int unit, double *state,
	int *evaluations, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	enum kr_status status;

	*evaluations = 0;
	if (unit == 0)
		memset(state, 0, sizeof(*state) * gp_ensemble_size(e));
	status = do_unit(e, unit, state, evaluations, scratch, err);
	arena_release(scratch, mark);
	return status;
}

/* ---- the mixture ----------------------------------------------------------------------- */

enum kr_status gp_mixture_predict(struct gp *const *models, int n, struct mat X, double *mean,
	double *var, struct arena *scratch, struct kr_error *err)
{
	memset(mean, 0, sizeof(*mean) * (size_t)X.rows);
	memset(var, 0, sizeof(*var) * (size_t)X.rows);
	for (int k = 0; k < n; k++) {
		struct arena_mark mark = arena_mark(scratch);
		struct gp_batch batch;
		enum kr_status status = gp_predict(models[k], X, false, &batch, scratch, err);

		for (int i = 0; status == KR_OK && i < X.rows; i++) { /* Welford 1962 */
			double delta = *mat_at(batch.mean, i, 0) - mean[i];

			mean[i] += delta / (k + 1);
			var[i] += (batch.var[i] - var[i]) / (k + 1) +
				delta * delta * k / ((k + 1.0) * (k + 1.0));
		}
		arena_release(scratch, mark);
		if (status != KR_OK)
			return status;
	}
	return KR_OK;
}
