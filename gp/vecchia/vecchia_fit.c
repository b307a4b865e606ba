#include "gp/vecchia/vecchia_fit.h"

#include <math.h>

#include "gp/optim/lbfgs.h"

/* A fit ends when an iteration gains less than this part of the log posterior. */
static const double change_tolerance = 1e-5;

struct problem {
	struct vecchia_likelihood likelihood;
	const struct gp_prior *prior;
};

/* f = -(lml + ln prior). */
static enum kr_status negative(
	void *context, const double *theta, double *f, double *g, struct kr_error *err)
{
	struct problem *p = context;
	int size = p->prior->size;
	double lml;
	enum kr_status st = vecchia_likelihood_eval(&p->likelihood, theta, &lml, g, err);

	if (st == KR_ENOMEM)
		return st;
	if (st != KR_OK) {
		*f = INFINITY;
		return KR_OK;
	}
	*f = -(lml + gp_prior_log_density(p->prior, theta, g));
	for (int i = 0; i < size; i++)
		g[i] = -g[i];
	return KR_OK;
}

enum kr_status vecchia_fit_from(const struct gp_data *data, const struct gp_prior *prior,
	const struct vecchia_plan *plan, int max_evaluations, double *theta, struct gp_fit_result *out,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	size_t p = (size_t)prior->size;
	double *bounds = ARENA_ARRAY(scratch, double, 2 * p);
	double *value = ARENA_ARRAY(scratch, double, p), *scale = ARENA_ARRAY(scratch, double, data->d);
	struct problem problem = {.prior = prior};
	struct lbfgs_result result;
	enum kr_status st = bounds && value && scale
		? KR_OK
		: kr_fail(err, KR_ENOMEM, "fit of %d observations", data->n);

	*out = (struct gp_fit_result){.log_posterior = -INFINITY};
	if (st != KR_OK)
		goto done;
	gp_prior_bounds(prior, bounds, bounds + p);
	struct kernel k = likelihood_kernel(data, theta, value);
	kernel_lengthscales(&k, scale);
	st = vecchia_likelihood_init(&problem.likelihood, data, plan, scale, scratch, err);
	if (st != KR_OK)
		goto done;
	struct lbfgs_options options = {.max_evaluations = max_evaluations,
		.gradient_tolerance = GP_FIT_TOLERANCE,
		.change_tolerance = change_tolerance,
		.first_step = 1.0 / (1 + problem.likelihood.n_terms / 10.0),
		.max_step = 1};
	st = lbfgs_minimize(
		negative, &problem, (int)p, theta, bounds, bounds + p, &options, &result, scratch, err);
	if (st == KR_OK)
		*out = (struct gp_fit_result){-result.f, result.evaluations, result.gradient_norm};
done:
	arena_release(scratch, mark);
	return st;
}
