#include "gp/fit.h"

#include <math.h>
#include <string.h>

#include "gp/likelihood.h"
#include "gp/optim/lbfgs.h"

/* Below this many observations a fit is cheap and its posterior has several modes. */
static const int few = 30;

/* With more, the long start is tried again at every fifth n. */
static const int retry_every = 5;

/* A fit ends when an iteration gains less than this part of the log posterior:
 * within 0.01 of the optimum, at two thirds of the evaluations of 1e-7
 * (docs/decisions/0003-lbfgs.md). */
static const double change_tolerance = 1e-6;

/* theta <- this lengthscale and noise, the rest as its prior says, within the bounds. */
static void start(const struct gp_prior *prior, double lengthscale, double noise, double *theta)
{
	for (int k = 0; k < prior->size - 1; k++)
		theta[k] = prior->term[k].lengthscale ? log(lengthscale) : prior->term[k].start;
	theta[prior->size - 1] = log(noise);
}

static void clip_all(const struct gp_prior *prior, double *theta)
{
	for (int k = 0; k < prior->size; k++)
		theta[k] = fmin(fmax(theta[k], prior->term[k].lower), prior->term[k].upper);
}

int gp_fit_starts(const struct gp_prior *prior, int n, const double *warm, double *starts)
{
	int p = prior->size, count = 0;
	double root = sqrt(prior->d);

	if (warm)
		memcpy(starts + p * count++, warm, sizeof(double) * (size_t)p);
	if (!warm || n < few || n % retry_every == 0)
		start(prior, prior->d < 20 ? root / 2 : root, 1e-3, starts + p * count++);
	if (n < few)
		start(prior, 0.2 * root, 0.05, starts + p * count++);
	for (int s = 0; s < count; s++)
		clip_all(prior, starts + p * s);
	return count;
}

struct problem {
	struct likelihood likelihood;
	const struct gp_prior *prior;
};

/* f = -(lml + ln prior). */
static enum kr_status negative(
	void *context, const double *theta, double *f, double *g, struct kr_error *err)
{
	struct problem *p = context;
	int size = p->prior->size;
	double lml;
	enum kr_status status = likelihood_eval(&p->likelihood, theta, &lml, g, NULL, err);

	if (status == KR_ENOMEM)
		return status;
	if (status != KR_OK) {
		*f = INFINITY;
		return KR_OK;
	}
	*f = -(lml + gp_prior_log_density(p->prior, theta, g));
	for (int i = 0; i < size; i++)
		g[i] = -g[i];
	return KR_OK;
}

static enum kr_status maximize(const struct gp_data *data, const struct gp_prior *prior,
	const struct lbfgs_options *options, double *theta, struct gp_fit_result *out,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	size_t p = (size_t)prior->size;
	double *bounds = arena_alloc(scratch, sizeof(double) * 2 * p);
	struct problem problem = {.prior = prior};
	struct lbfgs_result result;
	enum kr_status status;

	*out = (struct gp_fit_result){.log_posterior = -INFINITY};
	if (!bounds)
		return kr_fail(err, KR_ENOMEM, "fit of %d points", data->n);
	gp_prior_bounds(prior, bounds, bounds + p);
	status = likelihood_init(&problem.likelihood, data, true, scratch, err);
	if (status == KR_OK)
		status = lbfgs_minimize(
			negative, &problem, (int)p, theta, bounds, bounds + p, options, &result, scratch, err);
	if (status == KR_OK)
		*out = (struct gp_fit_result){-result.f, result.evaluations, result.gradient_norm};
	arena_release(scratch, mark);
	return status;
}

/* Parameters are logarithms: a change of 1 is large; the curvature of the log
 * posterior grows with n, hence a first step that shrinks with it. */
static struct lbfgs_options options(int n)
{
	return (struct lbfgs_options){
		.first_step = 1.0 / (1 + n / 10.0),
		.max_step = 1,
	};
}

enum kr_status gp_fit_from(const struct gp_data *data, const struct gp_prior *prior,
	int max_evaluations, double *theta, struct gp_fit_result *out, struct arena *scratch,
	struct kr_error *err)
{
	struct lbfgs_options o = options(data->n);

	o.max_evaluations = max_evaluations;
	o.gradient_tolerance = GP_FIT_TOLERANCE;
	o.change_tolerance = change_tolerance;
	return maximize(data, prior, &o, theta, out, scratch, err);
}

enum kr_status gp_fit_to(const struct gp_data *data, const struct gp_prior *prior,
	double gradient_tolerance, int max_evaluations, double *theta, struct gp_fit_result *out,
	struct arena *scratch, struct kr_error *err)
{
	struct lbfgs_options o = options(data->n);

	o.max_evaluations = max_evaluations;
	o.gradient_tolerance = gradient_tolerance;
	o.change_tolerance = -1; /* never */
	return maximize(data, prior, &o, theta, out, scratch, err);
}
