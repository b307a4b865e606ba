/* Identities and limits; the tables of numbers are golden cases. */
#include "gp/special.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/gp/reference.h"

static void log_h_joins_at_its_seams(void **state)
{
	const double seams[] = {-30, -1};

	(void)state;
	for (int s = 0; s < 2; s++) {
		double below, above, slope_below, slope_above;
		double u = nextafter(seams[s], -INFINITY), v = nextafter(seams[s], INFINITY);

		below = special_log_h(u, &slope_below);
		above = special_log_h(v, &slope_above);
		assert_near(above, below, 1e-12);
		assert_near(slope_above, slope_below, 1e-12);
		assert_true(special_log_h(u, NULL) == below);
	}
}

static void slopes_of_log_h_are_those_of_differences(void **state)
{
	struct rng r = reference_rng("log_h");

	(void)state;
	for (int i = 0; i < 2000; i++) {
		double u = i % 2 ? 8 * rng_normal(&r) : -exp(6 * rng_uniform(&r)), slope;
		double h = 1e-4 * fmax(1, fabs(u)), difference;

		difference = (special_log_h(u + h, NULL) - special_log_h(u - h, NULL)) / (2 * h);
		special_log_h(u, &slope);
		assert_near(slope, difference, 1e-6);
		assert_true(slope > 0);
	}
}

/* d ln Phi(z) / dz = hazard(-z); Phi(z) + Phi(-z) = 1; hazard - z is the inverse Mills gap. */
static void distribution_and_hazard_fit_each_other(void **state)
{
	(void)state;
	for (double z = -37; z <= 37; z += 0.37) {
		const double h = 1e-5;

		assert_near(
			special_hazard(-z), (special_log_cdf(z + h) - special_log_cdf(z - h)) / (2 * h), 1e-8);
		assert_near(exp(special_log_cdf(z)) + exp(special_log_cdf(-z)), 1, 1e-14);
		assert_near(special_log_hazard(z), log(special_hazard(z)), 1e-13);
		assert_near(special_log_pdf(z) - special_log_cdf(-z), special_log_hazard(z), 1e-13);
	}
}

static void quantiles_undo_the_distribution(void **state)
{
	(void)state;
	for (double z = -37; z <= 5; z += 0.1)
		assert_near(special_quantile(exp(special_log_cdf(z))), z, z < 2 ? 1e-12 : 1e-9);
	for (double p = 0.01; p < 0.5; p += 0.01)
		assert_near(special_quantile(p), -special_quantile(1 - p), 1e-14);
	assert_true(special_quantile(0) == -INFINITY && special_quantile(1) == INFINITY);
	assert_true(special_quantile(0.5) == 0);
	assert_true(isnan(special_quantile(-0.1)) && isnan(special_quantile(1.1)));
	assert_true(isnan(special_quantile(NAN)));
}

static void sums_of_exponentials_do_not_overflow(void **state)
{
	const double huge[] = {1e4, 1e4, 1e4}, tiny[] = {-1e4, -1e4}, one[] = {3};
	const double none[] = {-INFINITY, -INFINITY}, all[] = {0, INFINITY, -1}, bad[] = {1, NAN};

	(void)state;
	assert_near(special_log_sum_exp(huge, 3), 1e4 + log(3), 1e-15);
	assert_near(special_log_sum_exp(tiny, 2), -1e4 + log(2), 1e-15);
	assert_true(special_log_sum_exp(one, 1) == 3);
	assert_true(special_log_sum_exp(none, 2) == -INFINITY);
	assert_true(special_log_sum_exp(all, 3) == INFINITY);
	assert_true(isnan(special_log_sum_exp(bad, 2)));
}

static void the_ends_of_the_line(void **state)
{
	double slope;

	(void)state;
	assert_true(special_log_cdf(INFINITY) == 0 && special_log_cdf(-INFINITY) == -INFINITY);
	assert_true(isnan(special_log_cdf(NAN)) && isnan(special_log_h(NAN, NULL)));
	assert_true(isnan(special_erfcx(NAN)) && isnan(special_hazard(NAN)));
	assert_true(special_log_h(1e300, &slope) > 0 && slope >= 0);
	assert_true(isfinite(special_log_h(-1e150, &slope)) && isfinite(slope));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_h_joins_at_its_seams),
		cmocka_unit_test(slopes_of_log_h_are_those_of_differences),
		cmocka_unit_test(distribution_and_hazard_fit_each_other),
		cmocka_unit_test(quantiles_undo_the_distribution),
		cmocka_unit_test(sums_of_exponentials_do_not_overflow),
		cmocka_unit_test(the_ends_of_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
