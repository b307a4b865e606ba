#include "gp/sample/nuts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "gp/linalg/blas.h"
#include "gp/linalg/chol.h"
#include "gp/prior.h"
#include "tests/gp/reference.h"

enum { MAX_P = 8, N_WARMUP = 200, N_DRAWS = 4000 };
static struct arena *arena;
static double draws[N_DRAWS * MAX_P], chain[1000];
static const double inf = INFINITY;

static struct nuts_problem problem_of(
	nuts_density *density, void *context, int p, const double *lower, const double *upper)
{
	return (struct nuts_problem){density, context, p, lower, upper};
}

static uint64_t test_seed(const char *name)
{
	struct rng r = reference_rng(name);

	return rng_u64(&r);
}

/* draws (p x N_DRAWS) from x on; mean evaluations of a draw. */
static double sample(const struct nuts_problem *b, uint64_t seed, const double *x)
{
	struct nuts_result result;
	int evaluations = 0;

	assert_true(nuts_size(b->p) <= sizeof(chain) / sizeof(*chain));
	assert_int_equal(nuts_begin(b, x, N_WARMUP, chain, arena, NULL), KR_OK);
	for (int i = 0; i < N_WARMUP + N_DRAWS; i++) {
		struct rng r = rng_make(seed, 0, RNG_TEST, (uint32_t)i);

		assert_int_equal(nuts_next(b, r, chain, &result, arena, NULL), KR_OK);
		assert_true(result.evaluations <= 1 << NUTS_MAX_DEPTH);
		assert_int_equal(arena_used(arena), 0);
		if (i < N_WARMUP)
			continue;
		evaluations += result.evaluations;
		nuts_position(b, chain, draws + b->p * (i - N_WARMUP));
	}
	return (double)evaluations / N_DRAWS;
}

/* Mean of the draws of variable k to the power, and its standard error by batches. */
static double moment(int p, int k, int power, double *error)
{
	enum { BATCHES = 20, LENGTH = N_DRAWS / BATCHES };
	double sum = 0, squares = 0;

	for (int b = 0; b < BATCHES; b++) {
		double mean = 0;

		for (int i = 0; i < LENGTH; i++)
			mean += pow(draws[p * (b * LENGTH + i) + k], power) / LENGTH;
		sum += mean / BATCHES;
		squares += mean * mean / BATCHES;
	}
	*error = sqrt(fmax(squares - sum * sum, 0) / (BATCHES - 1));
	return sum;
}

static void assert_moment(int p, int k, int power, double want)
{
	double error, got = moment(p, k, power, &error);

	if (fabs(got - want) > 5 * error + 1e-9)
		fail_msg("E x%d^%d = %g, not %g (standard error %g)", k, power, got, want, error);
}

/* ---- Gaussians ----------------------------------------------------------------- */

struct gaussian {
	int p;
	double mean[MAX_P], L[MAX_P * MAX_P]; /* covariance L L' */
};

static enum kr_status gaussian(
	void *context, const double *x, double *lp, double *g, struct kr_error *err)
{
	struct gaussian *s = context;
	struct mat L = mat_view(s->L, s->p, s->p, s->p), z = mat_view(g, s->p, 1, s->p);

	(void)err;
	for (int i = 0; i < s->p; i++)
		g[i] = s->mean[i] - x[i];
	blas_trsm(false, L, z);
	*lp = -0.5 * blas_dot(s->p, g, g);
	blas_trsm(true, L, z);
	return KR_OK;
}

static void correlated_gaussians(void **state)
{
	double lower[MAX_P], upper[MAX_P];
	struct rng r = reference_rng("gaussians");

	(void)state;
	for (int p = 1; p <= MAX_P; p += 3) {
		struct gaussian s = {.p = p};
		struct nuts_problem b = problem_of(gaussian, &s, p, lower, upper);
		double start[MAX_P], cost;

		for (int i = 0; i < p; i++) {
			lower[i] = -inf;
			upper[i] = inf;
			s.mean[i] = 5 * rng_normal(&r);
			start[i] = s.mean[i] + 3;
			for (int j = 0; j <= i; j++)
				s.L[i + j * p] = i == j ? exp(rng_normal(&r)) : rng_normal(&r);
		}
		cost = sample(&b, rng_u64(&r), start);
		print_message("p = %d: %.1f evaluations a draw\n", p, cost);
		assert_true(cost < 10); /* the metric is that of the density */
		for (int i = 0; i < p; i++) {
			double variance = 0;

			for (int j = 0; j <= i; j++)
				variance += s.L[i + j * p] * s.L[i + j * p];
			assert_moment(p, i, 1, s.mean[i]);
			assert_moment(p, i, 2, s.mean[i] * s.mean[i] + variance);
		}
	}
}

/* ---- shapes -------------------------------------------------------------------- */

/* Neal 2003: x0 ~ N(0, 1), the others N(0, exp(x0)). */
static enum kr_status funnel(
	void *context, const double *x, double *lp, double *g, struct kr_error *err)
{
	int p = *(int *)context;

	(void)err;
	*lp = -0.5 * x[0] * x[0];
	g[0] = -x[0];
	for (int i = 1; i < p; i++) {
		double z = x[i] * x[i] * exp(-x[0]);

		*lp -= 0.5 * z + 0.5 * x[0];
		g[0] += 0.5 * z - 0.5;
		g[i] = -x[i] * exp(-x[0]);
	}
	return KR_OK;
}

static void a_funnel(void **state)
{
	int p = 4;
	double lower[] = {-inf, -inf, -inf, -inf}, upper[] = {inf, inf, inf, inf};
	double start[] = {0, 0.1, 0.2, 0.3};
	struct nuts_problem b = problem_of(funnel, &p, p, lower, upper);

	(void)state;
	sample(&b, test_seed("funnel"), start);
	assert_moment(p, 0, 1, 0);
	assert_moment(p, 0, 2, 1);
	for (int i = 1; i < p; i++)
		assert_moment(p, i, 2, exp(0.5)); /* E exp(x0) */
}

/* Independent: uniform in [-1, 3]; exponential(2) on [0, inf); its mirror on
 * (-inf, 1]; N(0, 1) in [0.5, 1.5]; 7. Nothing is defined outside. */
static enum kr_status bounded(
	void *context, const double *x, double *lp, double *g, struct kr_error *err)
{
	(void)context;
	(void)err;
	assert_true(x[0] >= -1 && x[0] <= 3 && x[1] >= 0 && x[2] <= 1);
	assert_true(x[3] >= 0.5 && x[3] <= 1.5 && x[4] == 7);
	*lp = -2 * x[1] + 2 * x[2] - 0.5 * x[3] * x[3];
	g[0] = 0;
	g[1] = -2;
	g[2] = 2;
	g[3] = -x[3];
	g[4] = 1e9; /* of a fixed variable: without effect */
	return KR_OK;
}

static double phi(double z)
{
	return exp(-0.5 * z * z) / sqrt(2 * M_PI);
}

static double Phi(double z)
{
	return 0.5 * erfc(-z / sqrt(2));
}

static void truncated_densities(void **state)
{
	double lower[] = {-1, 0, -inf, 0.5, 7}, upper[] = {3, inf, 1, 1.5, 7};
	double start[] = {-1, 0, 1, 1.5, 7}; /* at the bounds */
	struct nuts_problem b = problem_of(bounded, NULL, 5, lower, upper);
	double mass = Phi(1.5) - Phi(0.5);

	(void)state;
	sample(&b, test_seed("truncated"), start);
	assert_moment(5, 0, 1, 1);
	assert_moment(5, 0, 2, 1 + 16.0 / 12);
	assert_moment(5, 1, 1, 0.5);
	assert_moment(5, 1, 2, 0.5);
	assert_moment(5, 2, 1, 0.5);
	assert_moment(5, 3, 1, (phi(0.5) - phi(1.5)) / mass);
	assert_moment(5, 3, 2, 1 + (0.5 * phi(0.5) - 1.5 * phi(1.5)) / mass);
	assert_moment(5, 4, 1, 7);
}

/* A standard normal that cannot be evaluated above 1: truncated, without a bound. */
static enum kr_status with_a_wall(
	void *context, const double *x, double *lp, double *g, struct kr_error *err)
{
	int *calls = context;

	(void)err;
	*lp = x[0] <= 1 ? -0.5 * x[0] * x[0] : ++*calls % 2 ? -inf : NAN;
	g[0] = x[0] <= 1 ? -x[0] : NAN;
	return KR_OK;
}

static void points_without_density_are_never_drawn(void **state)
{
	int calls = 0;
	double lower = -inf, upper = inf, start = 0;
	struct nuts_problem b = problem_of(with_a_wall, &calls, 1, &lower, &upper);

	(void)state;
	sample(&b, test_seed("wall"), &start);
	for (int i = 0; i < N_DRAWS; i++)
		assert_true(draws[i] <= 1);
	assert_moment(1, 0, 1, -phi(1) / Phi(1));
	start = 2;
	assert_int_equal(nuts_begin(&b, &start, 10, chain, arena, NULL), KR_ENONFINITE);
}

/* ---- a Gaussian process -------------------------------------------------------- */

static struct dataset s;

struct posterior {
	struct gp_prior prior;
	struct gp_data data;
};

static enum kr_status posterior(
	void *context, const double *theta, double *lp, double *g, struct kr_error *err)
{
	struct posterior *b = context;
	enum kr_status status = gp_lml(&b->data, theta, lp, g, NULL, arena, err);

	if (status == KR_OK)
		*lp += gp_prior_log_density(&b->prior, theta, g);
	else
		*lp = -inf;
	return status == KR_ENOMEM ? status : KR_OK;
}

/* Lengthscale and outputscale of 8 points against a grid of the posterior density. */
static void hyperparameters_against_quadrature(void **state)
{
	enum { GRID = 120 };
	double lower[3], upper[3], sums[5] = {0}, top = -inf, lp[GRID][GRID], start[3] = {-1, 0, 0};
	struct arena *memory = arena_new(1 << 12);
	struct posterior b = {.prior = reference_prior(1, memory)};
	struct nuts_problem problem = problem_of(posterior, &b, 3, lower, upper);
	struct rng r = reference_rng("quadrature");

	(void)state;
	reference_dataset(&s, 8, 1, false, &r);
	b.data = s.data;
	gp_prior_fix(gp_prior_noise(&b.prior), 1e-2);
	gp_prior_bounds(&b.prior, lower, upper);
	start[2] = lower[2];
	for (int i = 0; i < GRID * GRID; i++) { /* midpoint rule */
		double theta[3] = {lower[0] + (upper[0] - lower[0]) * (i / GRID + 0.5) / GRID,
			lower[1] + (upper[1] - lower[1]) * (i % GRID + 0.5) / GRID, lower[2]};

		posterior(&b, theta, &lp[i / GRID][i % GRID], NULL, NULL);
		top = fmax(top, lp[i / GRID][i % GRID]);
	}
	for (int i = 0; i < GRID * GRID; i++) {
		double weight = exp(lp[i / GRID][i % GRID] - top);
		double l = lower[0] + (upper[0] - lower[0]) * (i / GRID + 0.5) / GRID;
		double s2 = lower[1] + (upper[1] - lower[1]) * (i % GRID + 0.5) / GRID;
		double terms[] = {weight, weight * l, weight * l * l, weight * s2, weight * s2 * s2};

		for (int k = 0; k < 5; k++)
			sums[k] += terms[k];
	}
	print_message("%.1f evaluations a draw\n", sample(&problem, rng_u64(&r), start));
	for (int k = 1; k < 5; k++)
		assert_moment(3, (k - 1) / 2, 1 + (k - 1) % 2, sums[k] / sums[0]);
	arena_free(memory);
}

/* ---- the interface ------------------------------------------------------------- */

/* A chain that is stored and taken up again draws what it would have drawn. */
static void chains_can_be_stored(void **state)
{
	double lower[] = {-inf, -3}, upper[] = {inf, 3}, start[] = {1, 1}, kept[100], a[2], x[2];
	struct gaussian g = {.p = 2, .L = {1, 0.5, 0, 2}};
	struct nuts_problem b = problem_of(gaussian, &g, 2, lower, upper);
	struct nuts_result result;

	(void)state;
	nuts_begin(&b, start, 20, chain, arena, NULL);
	for (int i = 0; i < 40; i++) {
		struct rng r = rng_make(3, 1, RNG_TEST, (uint32_t)i);

		memcpy(kept, chain, sizeof(double) * nuts_size(2));
		nuts_next(&b, r, chain, &result, arena, NULL);
		nuts_position(&b, chain, a);
		nuts_next(&b, r, kept, &result, arena, NULL);
		nuts_position(&b, kept, x);
		assert_memory_equal(a, x, sizeof(a));
		assert_memory_equal(chain, kept, sizeof(double) * nuts_size(2));
	}
}

static enum kr_status broken(
	void *context, const double *x, double *lp, double *g, struct kr_error *err)
{
	int *left = context;

	*lp = -0.5 * x[0] * x[0];
	g[0] = -x[0];
	return --*left > 0 ? KR_OK : kr_fail(err, KR_ENOMEM, "out");
}

static void errors_of_the_density_end_a_transition(void **state)
{
	double lower = -inf, upper = inf, start = 1, kept[100];
	int left = 1, calls = 1;
	struct nuts_problem b = problem_of(broken, &left, 1, &lower, &upper);
	struct nuts_result result;

	(void)state;
	assert_int_equal(nuts_begin(&b, &start, 10, chain, arena, NULL), KR_ENOMEM);
	left = 100;
	assert_int_equal(nuts_begin(&b, &start, 10, chain, arena, NULL), KR_OK);
	memcpy(kept, chain, sizeof(double) * nuts_size(1));
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; calls++) {
		left = calls;
		assert_memory_equal(chain, kept, sizeof(double) * nuts_size(1));
		status = nuts_next(&b, rng_make(1, 1, RNG_TEST, 5), chain, &result, arena, NULL);
		assert_int_equal(arena_used(arena), 0);
	}
	assert_true(calls > 2);
}

static void memory_may_run_out(void **state)
{
	double lower = -inf, upper = inf, start = 1;
	struct gaussian g = {.p = 1, .L = {1}};
	struct nuts_problem b = problem_of(gaussian, &g, 1, &lower, &upper);
	struct nuts_result result;
	size_t cap = 0;

	(void)state;
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; cap += 16) {
		struct arena *a = arena_new(cap);

		if (!a)
			continue;
		status = nuts_begin(&b, &start, 10, chain, a, NULL);
		if (status == KR_OK)
			status = nuts_next(&b, rng_make(1, 1, RNG_TEST, 0), chain, &result, a, NULL);
		assert_true(status == KR_OK || status == KR_ENOMEM);
		assert_int_equal(arena_used(a), 0);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(correlated_gaussians),
		cmocka_unit_test(a_funnel),
		cmocka_unit_test(truncated_densities),
		cmocka_unit_test(points_without_density_are_never_drawn),
		cmocka_unit_test(hyperparameters_against_quadrature),
		cmocka_unit_test(chains_can_be_stored),
		cmocka_unit_test(errors_of_the_density_end_a_transition),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new(1 << 22);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
