/* Fits by our own L-BFGS against NLopt's LD_LBFGS from the same starts
 * (docs/decisions/0003-lbfgs.md). */
#include <math.h>
#include <nlopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "bench/gp/bench.h"
#include "gp/fit.h"
#include "gp/model.h"
#include "gp/outcome/outcome.h"

enum { MAX_N = 200, MAX_D = 8 };

static struct arena *arena;
static double X[MAX_N * MAX_D], raw[MAX_N], y[MAX_N];

/* ---- objectives, on the unit cube, smaller is better --------------------------- */

static double wells(const double *x, int d)
{
	static const double centre[3] = {0.2, 0.5, 0.75};
	double sum = 0;

	for (int q = 0; q < 3; q++) {
		double r = 0;

		for (int k = 0; k < d; k++)
			r += pow((x[k] - centre[(q + k) % 3]) * (1 + k % 4), 2);
		sum -= (1 + 0.5 * q) * exp(-r);
	}
	return sum;
}

static double ackley(const double *x, int d)
{
	double a = 0, b = 0;

	for (int k = 0; k < d; k++) {
		double z = (x[k] - 0.4) * 32;

		a += z * z;
		b += cos(2 * M_PI * z);
	}
	return -20 * exp(-0.2 * sqrt(a / d)) - exp(b / d);
}

static double rosenbrock(const double *x, int d)
{
	double sum = 0;

	for (int k = 0; k + 1 < d; k++) {
		double a = x[k] * 4 - 2, b = x[k + 1] * 4 - 2;

		sum += 100 * (b - a * a) * (b - a * a) + (1 - a) * (1 - a);
	}
	return sum;
}

static double waves(const double *x, int d)
{
	double sum = 0;

	for (int k = 0; k < d; k++)
		sum += sin(5 * x[k] + k) / (1 + k);
	return sum;
}

static double (*const objectives[])(const double *, int) = {wells, ackley, rosenbrock, waves};
enum { OBJECTIVES = 4 };

/* As a study looks late: half of the points at random, half near the best so far. */
static void sample(int objective, int n, int d, double noise, struct rng *r)
{
	double best = INFINITY, at[MAX_D] = {0}, x[MAX_D];

	for (int i = 0; i < n; i++) {
		for (int k = 0; k < d; k++) {
			x[k] = i < n / 2 ? rng_uniform(r) : fmin(fmax(at[k] + 0.1 * rng_normal(r), 0), 1);
			X[k * n + i] = x[k];
		}
		raw[i] = objectives[objective](x, d) + noise * rng_normal(r);
		if (raw[i] < best) {
			best = raw[i];
			memcpy(at, x, sizeof(at));
		}
	}
}

static struct kernel_term matern52;

static struct gp_data data_of(int n, int stored, int d)
{
	struct outcome o;

	outcome_fit(&o, true, raw, n, y, arena, NULL);
	matern52 = kernel_scaled(kernel_find("matern52"));
	return (struct gp_data){
		.kernel = &matern52, .n = n, .d = d, .X = mat_view(X, n, d, stored), .y = y};
}

/* ---- fits ------------------------------------------------------------------------ */

struct tally {
	double evaluations, seconds, worst; /* worst: most below the better of both */
};

struct problem {
	struct likelihood likelihood;
	const struct gp_prior *prior;
	int evaluations;
};

static double for_nlopt(unsigned p, const double *theta, double *g, void *context)
{
	struct problem *problem = context;
	double grad[MAX_D + 2], lml;

	problem->evaluations++;
	if (likelihood_eval(&problem->likelihood, theta, &lml, grad, NULL, NULL) != KR_OK)
		return 1e10;
	lml += gp_prior_log_density(problem->prior, theta, grad);
	for (unsigned i = 0; g && i < p; i++)
		g[i] = -grad[i];
	return -lml;
}

static double fit_nlopt(const struct gp_data *data, const struct gp_prior *prior, int most,
	double *theta, struct tally *tally)
{
	struct arena_mark mark = arena_mark(arena);
	struct problem problem = {.prior = prior};
	unsigned p = (unsigned)prior->size;
	double lower[MAX_D + 2], upper[MAX_D + 2], f = INFINITY, t = bench_cpu();
	nlopt_opt opt = nlopt_create(NLOPT_LD_LBFGS, p);

	likelihood_init(&problem.likelihood, data, true, arena, NULL);
	gp_prior_bounds(prior, lower, upper);
	nlopt_set_min_objective(opt, for_nlopt, &problem);
	nlopt_set_lower_bounds(opt, lower);
	nlopt_set_upper_bounds(opt, upper);
	nlopt_set_vector_storage(opt, 8);
	nlopt_set_maxeval(opt, most);
	nlopt_set_ftol_rel(opt, 1e-6);
	nlopt_optimize(opt, theta, &f);
	nlopt_destroy(opt);
	tally->seconds += bench_cpu() - t;
	tally->evaluations += problem.evaluations;
	arena_release(arena, mark);
	return -f;
}

static double fit_own(const struct gp_data *data, const struct gp_prior *prior, int most,
	double *theta, struct tally *tally)
{
	struct gp_fit_result result;
	double t = bench_cpu();

	gp_fit_from(data, prior, most, theta, &result, arena, NULL);
	tally->seconds += bench_cpu() - t;
	tally->evaluations += result.evaluations;
	return result.log_posterior;
}

static void compare(const struct gp_data *data, const struct gp_prior *prior, const double *start,
	int most, struct tally tally[2])
{
	double a[MAX_D + 2], b[MAX_D + 2], own, nlopt;
	size_t size = sizeof(double) * (size_t)prior->size;

	memcpy(a, start, size);
	memcpy(b, start, size);
	own = fit_own(data, prior, most, a, &tally[0]);
	nlopt = fit_nlopt(data, prior, most, b, &tally[1]);
	tally[0].worst = fmax(tally[0].worst, nlopt - own);
	tally[1].worst = fmax(tally[1].worst, own - nlopt);
}

static void compare_fits(int n)
{
	static const int dims[] = {2, 6, 8};
	struct tally cold[2] = {{0}}, warm[2] = {{0}};
	int count = 0;

	for (int objective = 0; objective < OBJECTIVES; objective++)
		for (int i = 0; i < 3; i++)
			for (uint64_t seed = 0; seed < 3; seed++, count++) {
				struct rng r = rng_make(seed, (uint64_t)(objective * 10 + i), RNG_TEST, 0);
				struct gp_prior prior;
				double starts[GP_FIT_MAX_STARTS * (MAX_D + 2)], before[MAX_D + 2];
				struct gp_fit_result result;
				struct gp_data data;

				sample(objective, n, dims[i], seed == 2 ? 0.1 : 0, &r);
				data = data_of(n - 1, n, dims[i]);
				gp_prior_default(&prior, data.kernel, dims[i], arena, NULL);
				gp_fit_starts(&prior, MAX_N, NULL, starts);
				memcpy(before, starts, sizeof(before));
				gp_fit_to(&data, &prior, 1e-6, 400, before, &result, arena, NULL);
				data = data_of(n, n, dims[i]);
				compare(&data, &prior, starts, GP_FIT_COLD_EVALUATIONS, cold);
				compare(&data, &prior, before, GP_FIT_WARM_EVALUATIONS, warm);
			}
	for (int w = 0; w < 2; w++) {
		const struct tally *t = w ? warm : cold;

		printf("| %d | %s | %.1f | %.1f | %.3f | %.3f | %.4f | %.4f |\n", n, w ? "warm" : "cold",
			t[0].evaluations / count, t[1].evaluations / count, t[0].seconds / count * 1e3,
			t[1].seconds / count * 1e3, t[0].worst, t[1].worst);
	}
}

void optimizer_table(struct arena *a)
{
	static const int sizes[] = {20, 50, 100, 200};

	arena = a;
	printf("Means of 36 fits (4 objectives, d = 2, 6, 8, 3 seeds, the third noisy):\n\n"
		   "| n | start | evaluations, own | NLopt | ms, own | NLopt | "
		   "most below the other, own | NLopt |\n|---|---|---|---|---|---|---|---|\n");
	for (int i = 0; i < 4; i++)
		compare_fits(sizes[i]);
}
