#include "gp/fit.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "gp/posterior.h"

/* Below this many observations a fit is cheap and its posterior has several modes. */
static const int few = 30;

/* With more, the long start is tried again at every fifth n. */
static const int retry_every = 5;

/* A fit ends when an iteration gains less than this part of the log posterior:
 * within 0.01 of the optimum, at two thirds of the evaluations of 1e-7
 * (docs/decisions/0003-lbfgs.md). */
static const double change_tolerance = 1e-6;

/* With 48 starts, one of 1,000 random problems (3 to 50 points in 1 to 10 dimensions) ended below the best of
 * those and of 100 more. */
static const int n_thorough = 64, thorough_evaluations = 400;

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

/* Is the long start tried, and the short one? */
static bool tries_long(int n, bool warm)
{
	return !warm || n < few || n % retry_every == 0;
}

static bool tries_short(int n)
{
	return n < few;
}

int gp_fit_n_starts(int n, bool warm)
{
	return warm + tries_long(n, warm) + tries_short(n);
}

void gp_fit_short_start(const struct gp_prior *prior, double *theta)
{
	start(prior, 0.2 * sqrt(prior->d), 0.05, theta);
	clip_all(prior, theta);
}

void gp_fit_long_start(const struct gp_prior *prior, double *theta)
{
	double root = sqrt(prior->d);

	start(prior, prior->d < 20 ? root / 2 : root, 1e-3, theta);
	clip_all(prior, theta);
}

int gp_fit_starts(const struct gp_prior *prior, int n, const double *warm, double *starts)
{
	int p = prior->size, count = 0;

	if (warm) {
		memcpy(starts, warm, sizeof(double) * (size_t)p);
		clip_all(prior, starts + p * count++);
	}
	if (tries_long(n, warm != NULL))
		gp_fit_long_start(prior, starts + p * count++);
	if (tries_short(n))
		gp_fit_short_start(prior, starts + p * count++);
	return count;
}

/* The start of number i of the thorough fit. */
static void thorough_start(const struct gp_prior *prior, int i, double *theta)
{
	static const double lengthscales[] = {0.5, 0.2, 0.2, 1.5, 0.05, 5, 0.5, 0.1};
	static const double noises[] = {1e-3, 0.05, 1e-3, 1e-2, 1e-3, 0.1, 0.3, 0.3};
	enum { N_EVEN = sizeof(noises) / sizeof(*noises) };
	double root = sqrt(prior->d), shortest = log(0.05 * fmax(1, root / 2));
	struct rng r = rng_make(0, 0, RNG_FIT, (uint32_t)i);

	if (i < N_EVEN) {
		start(prior, lengthscales[i] * root, noises[i], theta);
	} else {
		for (int k = 0; k < prior->size - 1; k++)
			theta[k] = prior->term[k].lengthscale ? shortest + rng_uniform(&r) * log(100)
												  : prior->term[k].start + 2 * rng_uniform(&r);
		theta[prior->size - 1] = log(2e-4) + rng_uniform(&r) * log(2500);
	}
	clip_all(prior, theta);
}

struct climb {
	lbfgs_function *log_posterior;
	void *context;
	int size;
};

static enum kr_status negative(
	void *context, const double *theta, double *f, double *g, struct kr_error *err)
{
	struct climb *c = context;
	enum kr_status status = c->log_posterior(c->context, theta, f, g, err);

	*f = -*f;
	for (int i = 0; status == KR_OK && isfinite(*f) && i < c->size; i++)
		g[i] = -g[i];
	return status;
}

enum kr_status gp_fit_climb(lbfgs_function *log_posterior, void *context,
	const struct gp_prior *prior, const struct lbfgs_options *options, double *theta,
	struct gp_fit_result *out, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct climb c = {log_posterior, context, prior->size};
	double *lower = ARENA_ARRAY(scratch, double, 2 * (size_t)prior->size);
	double *upper = lower ? lower + prior->size : NULL;
	struct lbfgs_result result;
	enum kr_status status = lower
		? KR_OK
		: kr_fail(err, KR_ENOMEM, "bounds of %d hyperparameters", prior->size);

	*out = (struct gp_fit_result){.log_posterior = -INFINITY};
	if (status == KR_OK) {
		gp_prior_bounds(prior, lower, upper);
		status = lbfgs_minimize(
			negative, &c, prior->size, theta, lower, upper, options, &result, scratch, err);
	}
	if (status == KR_OK)
		*out = (struct gp_fit_result){-result.f, result.evaluations, result.gradient_norm};
	arena_release(scratch, mark);
	return status;
}

static enum kr_status posterior(
	void *context, const double *theta, double *value, double *grad, struct kr_error *err)
{
	return gp_posterior_eval(context, theta, value, grad, err);
}

static enum kr_status maximize(const struct gp_data *data, const struct gp_prior *prior,
	const struct lbfgs_options *options, double *theta, struct gp_fit_result *out,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct gp_posterior p;
	enum kr_status status = gp_posterior_init(&p, data, prior, scratch, err);

	*out = (struct gp_fit_result){.log_posterior = -INFINITY};
	if (status == KR_OK)
		status = gp_fit_climb(posterior, &p, prior, options, theta, out, scratch, err);
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

enum kr_status gp_fit_thorough(const struct gp_data *data, const struct gp_prior *prior,
	double gradient_tolerance, double *theta, struct gp_fit_result *out, struct arena *scratch,
	struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	size_t size = sizeof(double) * (size_t)prior->size;
	double *at = arena_alloc(scratch, size);
	enum kr_status status = KR_OK;

	*out = (struct gp_fit_result){.log_posterior = -INFINITY};
	if (!at)
		return kr_fail(err, KR_ENOMEM, "fit of %d hyperparameters", prior->size);
	for (int i = 0; status == KR_OK && i < n_thorough; i++) {
		struct gp_fit_result result;

		thorough_start(prior, i, at);
		if (i == 0)
			memcpy(theta, at, size);
		status = gp_fit_to(
			data, prior, gradient_tolerance, thorough_evaluations, at, &result, scratch, err);
		result.evaluations += out->evaluations;
		if (status == KR_OK && result.log_posterior > out->log_posterior) {
			*out = result;
			memcpy(theta, at, size);
		}
		out->evaluations = result.evaluations;
	}
	arena_release(scratch, mark);
	return status;
}

enum kr_status gp_fit_best(const struct gp_data *data, const struct gp_prior *prior,
	const double *warm, double *theta, struct gp_fit_result *out, struct arena *scratch,
	struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	size_t size = (size_t)prior->size;
	double *starts = arena_alloc(scratch, sizeof(double) * size * GP_FIT_MAX_STARTS);
	enum kr_status status = KR_OK;
	int count, evaluations = 0;

	*out = (struct gp_fit_result){.log_posterior = -INFINITY};
	if (!starts)
		return kr_fail(err, KR_ENOMEM, "fit of %d points", data->n);
	count = gp_fit_starts(prior, data->n, warm, starts);
	for (int i = 0; status == KR_OK && i < count; i++) {
		double *start = starts + size * (size_t)i;
		int most = warm && i == 0 ? GP_FIT_WARM_EVALUATIONS : GP_FIT_COLD_EVALUATIONS;
		struct gp_fit_result result;

		status = gp_fit_from(data, prior, most, start, &result, scratch, err);
		if (status != KR_OK)
			break;
		evaluations += result.evaluations;
		if (result.log_posterior <= out->log_posterior)
			continue;
		*out = result;
		memcpy(theta, start, sizeof(*theta) * size);
	}
	out->evaluations = evaluations;
	arena_release(scratch, mark);
	return status;
}
