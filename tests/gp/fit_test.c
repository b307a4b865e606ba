#include "gp/fit.h"

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
#include "gp/outcome/outcome.h"
#include "tests/gp/reference.h"

static struct arena *arena;
static struct dataset s;

static double posterior(const struct gp_data *data, const struct gp_prior *p, const double *theta)
{
	double lml;

	assert_int_equal(gp_lml(data, theta, &lml, NULL, NULL, arena, NULL), KR_OK);
	return lml + gp_prior_log_density(p, theta, NULL);
}

/* gp_fit_best is the best of the starts. */
static void check_best(const struct gp_data *data, const struct gp_prior *p, const double *theta,
	double log_posterior, int evaluations)
{
	double best[32];
	struct gp_fit_result result;

	assert_int_equal(gp_fit_best(data, p, NULL, best, &result, arena, NULL), KR_OK);
	assert_true(result.log_posterior == log_posterior && result.evaluations == evaluations);
	assert_memory_equal(best, theta, sizeof(double) * (size_t)p->size);
}

/* Fit from every start, keep the best; its log posterior. */
static double fit(const struct gp_data *data, const struct gp_prior *p, const double *warm,
	double *theta, int *evaluations)
{
	double starts[32 * GP_FIT_MAX_STARTS], best = -INFINITY;
	int n = gp_fit_starts(p, data->n, warm, starts), size = p->size;

	assert_true(n >= 1 && n <= GP_FIT_MAX_STARTS);
	*evaluations = 0;
	for (int i = 0; i < n; i++) {
		struct gp_fit_result result;

		assert_int_equal(
			gp_fit_from(data, p, GP_FIT_COLD_EVALUATIONS, starts + i * size, &result, arena, NULL),
			KR_OK);
		assert_true(result.evaluations <= GP_FIT_COLD_EVALUATIONS);
		*evaluations += result.evaluations;
		if (result.log_posterior > best) {
			best = result.log_posterior;
			memcpy(theta, starts + i * size, sizeof(double) * (size_t)size);
		}
	}
	if (!warm && isfinite(best))
		check_best(data, p, theta, best, *evaluations);
	return best;
}

/* No small step along a coordinate or a random line, within the bounds, is uphill. */
static void optima_are_optima(void **state)
{
	struct rng r = reference_rng("optima");

	(void)state;
	for (int trial = 0; trial < 12; trial++) {
		int n = 5 + (int)rng_below(&r, 50), d = 1 + (int)rng_below(&r, 6), evaluations;
		struct gp_prior p = reference_prior(d, arena);
		double theta[32], lower[32], upper[32], top;

		reference_dataset(&s, n, d, trial % 2, &r);
		outcome_standardize(s.y, n, s.y, &(double){0}, &(double){0});
		top = fit(&s.data, &p, NULL, theta, &evaluations);
		assert_near(posterior(&s.data, &p, theta), top, 1e-12);
		gp_prior_bounds(&p, lower, upper);
		for (int step = 0; step < 40; step++) {
			double near[32];

			for (int k = 0; k < d + 2; k++) {
				double move = step < 2 * (d + 2) ? (step / 2 == k) * (step % 2 ? 0.1 : -0.1)
												 : 0.05 * rng_normal(&r);

				assert_true(theta[k] >= lower[k] && theta[k] <= upper[k]);
				near[k] = fmin(fmax(theta[k] + move, lower[k]), upper[k]);
			}
			assert_true(posterior(&s.data, &p, near) <= top + 0.01);
		}
	}
}

/* One more point costs few evaluations from the optimum before it, and ends as high. */
static void warm_fits_are_short(void **state)
{
	struct rng r = reference_rng("warm");
	int warm_sum = 0, cold_sum = 0;

	(void)state;
	for (int trial = 0; trial < 8; trial++) {
		struct gp_prior p = reference_prior(4, arena);
		struct gp_fit_result result;
		double before[32], theta[32], cold[32], top;
		int evaluations;

		reference_dataset(&s, 61, 4, false, &r);
		outcome_standardize(s.y, 61, s.y, &(double){0}, &(double){0});
		s.data.n = s.data.X.rows = 60;
		fit(&s.data, &p, NULL, before, &evaluations);
		s.data.n = s.data.X.rows = 61;
		top = fit(&s.data, &p, NULL, cold, &evaluations);
		cold_sum += evaluations;
		memcpy(theta, before, sizeof(theta));
		assert_int_equal(
			gp_fit_from(&s.data, &p, GP_FIT_WARM_EVALUATIONS, theta, &result, arena, NULL), KR_OK);
		warm_sum += result.evaluations;
		assert_true(result.log_posterior > top - 0.05);
	}
	print_message("evaluations: warm %.1f, cold %.1f\n", warm_sum / 8.0, cold_sum / 8.0);
	assert_true(warm_sum < 8 * 20);
}

static void starts_are_within_the_bounds(void **state)
{
	(void)state;
	for (int d = 1; d <= 30; d += 7) {
		struct gp_prior p = reference_prior(d, arena);
		double warm[32], starts[32 * GP_FIT_MAX_STARTS], lower[32], upper[32];

		gp_prior_fix(gp_prior_noise(&p), 1e-8);
		gp_prior_bounds(&p, lower, upper);
		for (int k = 0; k < d + 2; k++)
			warm[k] = k % 3 ? 1e3 : NAN; /* whatever was stored */
		for (int n = 1; n < 100; n += 9) {
			int count = gp_fit_starts(&p, n, warm, starts);

			assert_true(count <= GP_FIT_MAX_STARTS);
			assert_true(n >= 30 || count == 3);
			for (int i = 0; i < count * (d + 2); i++)
				assert_true(starts[i] >= lower[i % (d + 2)] && starts[i] <= upper[i % (d + 2)]);
			assert_int_equal(gp_fit_starts(&p, n, NULL, starts), n < 30 ? 2 : 1);
		}
	}
}

/* The same call gives the same bits. */
static void fits_repeat(void **state)
{
	struct rng r = reference_rng("repeat");
	struct gp_prior p = reference_prior(5, arena);
	double a[32], b[32];
	int evaluations;

	(void)state;
	reference_dataset(&s, 40, 5, true, &r);
	assert_true(fit(&s.data, &p, NULL, a, &evaluations) == fit(&s.data, &p, NULL, b, &evaluations));
	assert_memory_equal(a, b, sizeof(double) * 7);
}

/* From no start that anybody would make up is a higher optimum found. */
static void thorough_fits_find_the_best_optimum(void **state)
{
	struct rng r = reference_rng("thorough");

	(void)state;
	for (int trial = 0; trial < 10; trial++) {
		int n = 3 + (int)rng_below(&r, 20), d = 1 + (int)rng_below(&r, 4);
		struct gp_prior p = reference_prior(d, arena);
		struct gp_fit_result best, other;
		double theta[32];

		reference_dataset(&s, n, d, trial % 2, &r);
		for (int i = 0; i < n && trial % 3 == 0; i++)
			s.y[i] = rng_normal(&r); /* nothing to be found: many optima */
		outcome_standardize(s.y, n, s.y, &(double){0}, &(double){0});
		assert_int_equal(gp_fit_thorough(&s.data, &p, 1e-5, theta, &best, arena, NULL), KR_OK);
		assert_near(posterior(&s.data, &p, theta), best.log_posterior, 1e-10);
		for (int i = 0; i < 20; i++) {
			for (int k = 0; k < p.size; k++)
				theta[k] = 2 * rng_normal(&r) - (k == d + 1 ? 5 : 0);
			assert_int_equal(gp_fit_to(&s.data, &p, 1e-5, 400, theta, &other, arena, NULL), KR_OK);
			assert_true(other.log_posterior < best.log_posterior + 1e-3);
		}
	}
}

/* A start without a likelihood is answered, not failed. */
static void what_cannot_be_evaluated_is_minus_infinity(void **state)
{
	struct rng r = reference_rng("no likelihood");
	struct gp_prior p = reference_prior(2, arena);
	struct gp_fit_result result;
	double theta[4] = {0, 0, 0, -5};

	(void)state;
	reference_dataset(&s, 10, 2, false, &r);
	s.y[4] = NAN;
	assert_int_equal(gp_fit_from(&s.data, &p, 50, theta, &result, arena, NULL), KR_OK);
	assert_true(result.log_posterior == -INFINITY);
	assert_int_equal(result.evaluations, 1);
	assert_int_equal(gp_fit_thorough(&s.data, &p, 1e-3, theta, &result, arena, NULL), KR_OK);
	assert_true(result.log_posterior == -INFINITY && isfinite(theta[0]));
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	struct gp_prior p = reference_prior(2, arena);
	int n = 1;

	(void)state;
	reference_dataset(&s, 40, 2, false, &r);
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; n++) {
		double theta[4] = {0, 0, 0, -5};
		struct gp_fit_result result;
		struct arena *a;

		kr_alloc_fail_at(n, 0);
		a = arena_new(1 << 20);
		status = a ? gp_fit_from(&s.data, &p, 20, theta, &result, a, NULL) : KR_ENOMEM;
		assert_true(status == KR_OK || status == KR_ENOMEM);
		if (a)
			assert_int_equal(arena_used(a), 0);
		arena_free(a);
	}
	kr_alloc_fail_at(0, 0);
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(optima_are_optima),
		cmocka_unit_test(warm_fits_are_short),
		cmocka_unit_test(starts_are_within_the_bounds),
		cmocka_unit_test(fits_repeat),
		cmocka_unit_test(thorough_fits_find_the_best_optimum),
		cmocka_unit_test(what_cannot_be_evaluated_is_minus_infinity),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new(1 << 26);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
