/* One cold fit of data on stdin, the RBF model of BoTorch's SingleTaskGP with its priors:
 *
 *     n d runs, then n rows of d inputs and an outcome  (text)
 *
 * Answers one line of JSON: CPU seconds of each run, evaluations, theta. What the figures are
 * compared with, and the log posterior of both optima, is in bench/gp_fit.py. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "bench/gp/bench.h"
#include "gp/fit.h"

enum { MAX_THETA = 64 };

/* RBF without outputscale; lengthscales lognormal(sqrt 2 + ln(d)/2, sqrt 3) above 0.025, noise
 * lognormal(-4, 1) above 1e-4, both as densities of the parameter. */
static void priors(struct gp_prior *p, int d)
{
	for (int k = 0; k < d; k++)
		p->term[k] = (struct gp_prior_term){.shape = GP_PRIOR_LOGNORMAL,
			.a = sqrt(2) + 0.5 * log(d),
			.b = sqrt(3),
			.lower = log(0.025),
			.upper = INFINITY,
			.lengthscale = true};
	*gp_prior_noise(p) = (struct gp_prior_term){
		.shape = GP_PRIOR_LOGNORMAL, .a = -4, .b = 1, .lower = log(1e-4), .upper = INFINITY};
}

/* From so many inputs on the posterior has many local optima, and single starts end some nats
 * below the best: six are followed, and the best is kept. */
enum { MANY_INPUTS = 10 };

/* Number 0: the modes of the priors, as the peer starts. Others: lengthscales at random between
 * 1/15 and 6 times sqrt(d), noise 0.05. */
static void start(const struct gp_prior *p, int number, double *theta)
{
	struct rng r = rng_make(0, 0, RNG_FIT, (uint32_t)number);

	for (int i = 0; i < p->size; i++)
		theta[i] = p->term[i].a - p->term[i].b * p->term[i].b;
	for (int i = 0; number > 0 && i < p->size - 1; i++)
		theta[i] = log(sqrt(p->d) / 15) + rng_uniform(&r) * log(90);
	if (number > 0)
		theta[p->size - 1] = log(0.05);
}

/* The best optimum of the starts. */
static bool fit(const struct gp_data *data, const struct gp_prior *prior, double *theta,
	struct gp_fit_result *best, struct arena *a)
{
	int starts = data->d < MANY_INPUTS ? 1 : 6, evaluations = 0;

	best->log_posterior = -INFINITY;
	for (int i = 0; i < starts; i++) {
		double at[MAX_THETA];
		struct gp_fit_result result;

		start(prior, i, at);
		if (gp_fit_from(data, prior, GP_FIT_COLD_EVALUATIONS, at, &result, a, NULL) != KR_OK)
			return false;
		evaluations += result.evaluations;
		if (!(result.log_posterior > best->log_posterior))
			continue;
		*best = result;
		memcpy(theta, at, sizeof(at));
	}
	best->evaluations = evaluations;
	return true;
}

static bool read_data(struct gp_data *data, int *runs, struct arena *a)
{
	double *X, *y;
	int n, d;

	if (scanf("%d %d %d", &n, &d, runs) != 3 || n < 1 || d < 1 || d + 1 > MAX_THETA)
		return false;
	X = ARENA_ARRAY(a, double, (size_t)n *(size_t)d);
	y = ARENA_ARRAY(a, double, n);
	for (int i = 0; X && y && i < n; i++) {
		for (int k = 0; k < d; k++)
			if (scanf("%lf", X + (size_t)k * (size_t)n + (size_t)i) != 1)
				return false;
		if (scanf("%lf", y + i) != 1)
			return false;
	}
	data->n = n;
	data->d = d;
	data->X = mat_view(X, n, d, n);
	data->y = y;
	return X && y;
}

int fit_stdin(struct arena *a)
{
	struct kernel_term rbf = {.family = kernel_find("rbf")};
	struct gp_data data = {.kernel = &rbf};
	struct gp_prior prior;
	struct gp_fit_result result = {.evaluations = 0};
	double theta[MAX_THETA];
	int runs;

	if (!read_data(&data, &runs, a) || gp_prior_default(&prior, &rbf, data.d, a, NULL) != KR_OK) {
		fprintf(stderr, "gp_bench: no data: n d runs, then n rows of d inputs and an outcome\n");
		return 2;
	}
	priors(&prior, data.d);
	printf("{\"seconds\": [");
	for (int run = 0; run < runs; run++) {
		double t = bench_cpu();

		if (!fit(&data, &prior, theta, &result, a))
			return 1;
		printf("%s%.9f", run ? ", " : "", bench_cpu() - t);
	}
	printf("], \"evaluations\": %d, \"log_posterior\": %.17g, \"theta\": [", result.evaluations,
		result.log_posterior);
	for (int i = 0; i < prior.size; i++)
		printf("%s%.17g", i ? ", " : "", theta[i]);
	printf("]}\n");
	return 0;
}
