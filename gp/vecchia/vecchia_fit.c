#include "gp/vecchia/vecchia_fit.h"

#include <math.h>

/* A fit ends when an iteration gains less than this part of the log posterior. */
static const double change_tolerance = 1e-5;

struct problem {
	struct vecchia_likelihood likelihood;
	const struct gp_prior *prior;
};

/* lml + ln prior; -inf where the likelihood cannot be evaluated. */
static enum kr_status log_posterior(
	void *context, const double *theta, double *value, double *grad, struct kr_error *err)
{
	struct problem *p = context;
	enum kr_status st = vecchia_likelihood_eval(&p->likelihood, theta, value, grad, err);

	if (st == KR_ENOMEM)
		return st;
	if (st != KR_OK)
		*value = -INFINITY;
	else
		*value += gp_prior_log_density(p->prior, theta, grad);
	return KR_OK;
}

enum kr_status vecchia_fit_from(const struct gp_data *data, const struct gp_prior *prior,
	const struct vecchia_plan *plan, int max_evaluations, double *theta, struct gp_fit_result *out,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	size_t p = (size_t)prior->size;
	double *value = ARENA_ARRAY(scratch, double, p), *scale = ARENA_ARRAY(scratch, double, data->d);
	struct problem problem = {.prior = prior};
	enum kr_status st = value && scale ? KR_OK
									   : kr_fail(err, KR_ENOMEM, "fit of %d observations", data->n);

	*out = (struct gp_fit_result){.log_posterior = -INFINITY};
	if (st != KR_OK)
		goto done;
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
	st = gp_fit_climb(log_posterior, &problem, prior, &options, theta, out, scratch, err);
done:
	arena_release(scratch, mark);
	return st;
}
