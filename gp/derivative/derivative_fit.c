#include "gp/derivative/derivative_fit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/optim/lbfgs.h"

enum { N_STARTS = 2 };

/* Of the lengthscales, in units of sqrt d. */
static const double start_length[N_STARTS] = {0.5, 0.2};
static const double start_noise = 1e-3;

enum kr_status derivative_prior(
	struct gp_prior *p, const struct derivative_data *data, struct arena *a, struct kr_error *err)
{
	struct gp_prior plain;
	enum kr_status status = gp_prior_default(&plain, data->kernel, data->d, a, err);
	struct gp_prior_term *term;

	if (status != KR_OK)
		return status;
	term = ARENA_ARRAY(a, struct gp_prior_term, plain.size + 1);
	if (!term)
		return kr_fail(err, KR_ENOMEM, "priors of %d hyperparameters", plain.size + 1);
	memcpy(term, plain.term, sizeof(*term) * (size_t)plain.size);
	term[plain.size] = *gp_prior_noise(&plain);
	*p = (struct gp_prior){plain.size + 1, plain.d, term};
	return KR_OK;
}

/* One fit under way. */
struct fit {
	const struct derivative_data *data;
	const struct gp_prior *prior;
	struct arena *scratch;
};

/* f = -(lml + ln prior); infinite where the covariance cannot be factored. */
static enum kr_status negative(
	void *context, const double *theta, double *f, double *g, struct kr_error *err)
{
	const struct fit *fit = context;
	struct arena_mark mark = arena_mark(fit->scratch);
	struct derivative_model model;
	enum kr_status status = derivative_condition(&model, fit->data, theta, fit->scratch, err);

	*f = INFINITY;
	if (status == KR_OK)
		status = derivative_slope(&model, g, fit->scratch, err);
	if (status == KR_OK)
		*f = -model.lml - gp_prior_log_density(fit->prior, theta, g);
	for (int i = 0; status == KR_OK && i < fit->prior->size; i++)
		g[i] = -g[i];
	arena_release(fit->scratch, mark);
	return status == KR_ENOTPD || status == KR_ENONFINITE ? KR_OK : status;
}

static void start(const struct fit *fit, int number, double *theta)
{
	const struct gp_prior *prior = fit->prior;
	double length = start_length[number] * sqrt(fit->data->d);

	for (int i = 0; i < prior->size; i++) {
		const struct gp_prior_term *t = &prior->term[i];

		theta[i] = i >= prior->size - 2 ? log(start_noise)
			: t->lengthscale            ? log(length)
										: t->start;
		theta[i] = fmin(fmax(theta[i], t->lower), t->upper);
	}
}

/* Data that no theta could take end here, not as an infinite f. */
static enum kr_status check(const struct fit *fit, const double *theta, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(fit->scratch);
	struct derivative_model model;
	enum kr_status status = derivative_condition(&model, fit->data, theta, fit->scratch, err);

	arena_release(fit->scratch, mark);
	return status == KR_ENOTPD ? KR_OK : status;
}

/* theta and *out <- the optimum from this start, if it is better. */
static enum kr_status climb(
	struct fit *fit, int number, double *theta, struct gp_fit_result *out, struct kr_error *err)
{
	const struct lbfgs_options options = {.max_evaluations = GP_FIT_COLD_EVALUATIONS,
		.gradient_tolerance = GP_FIT_TOLERANCE,
		.change_tolerance = 1e-8,
		.first_step = 0.1,
		.max_step = 1};
	int size = fit->prior->size;
	double *at = ARENA_ARRAY(fit->scratch, double, size), *lower, *upper;
	struct lbfgs_result result;
	enum kr_status status;

	lower = ARENA_ARRAY(fit->scratch, double, size);
	upper = ARENA_ARRAY(fit->scratch, double, size);
	if (!at || !lower || !upper)
		return kr_fail(err, KR_ENOMEM, "fit of %d hyperparameters", size);
	gp_prior_bounds(fit->prior, lower, upper);
	start(fit, number, at);
	status = lbfgs_minimize(
		negative, fit, size, at, lower, upper, &options, &result, fit->scratch, err);
	if (status != KR_OK)
		return status;
	out->evaluations += result.evaluations;
	if (-result.f > out->log_posterior) {
		out->log_posterior = -result.f;
		out->gradient_norm = result.gradient_norm;
		memcpy(theta, at, sizeof(*theta) * (size_t)size);
	}
	return KR_OK;
}

enum kr_status derivative_fit(const struct derivative_data *data, const struct gp_prior *prior,
	double *theta, struct gp_fit_result *out, struct arena *scratch, struct kr_error *err)
{
	struct fit fit = {data, prior, scratch};
	enum kr_status status;

	assert(prior->size == derivative_theta_size(data));
	*out = (struct gp_fit_result){.log_posterior = -INFINITY};
	start(&fit, 0, theta);
	status = check(&fit, theta, err);
	for (int i = 0; status == KR_OK && i < N_STARTS; i++) {
		struct arena_mark mark = arena_mark(scratch);

		status = climb(&fit, i, theta, out, err);
		arena_release(scratch, mark);
	}
	return status;
}
