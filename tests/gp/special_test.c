/* Identities and limits; the tables of numbers are golden cases. */
#include "gp/special/special.h"

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

/* mpmath 1.3.0, 400 digits. */
static void probabilities_of_intervals(void **state)
{
	static const struct {
		double a, b, value, da, db;
	} table[] = {
		{-1, 1, -0.381715146302126072, -0.354437452613603, 0.354437452613603},
		{-0.5, 2, -0.402401312338575121, -0.526482481815815, 0.0807387035432999},
		{3, 4, -6.63146778653822507, -3.36197720016036, 0.101522914570335},
		{8, 9, -35.0136185934371481, -8.12284173433921, 0.00165274135941759},
		{-40, -39, -765.083156564377544, -2.7334909240425e-16, 39.0256074199301},
		{30, INFINITY, -454.321243956343197, -30.0332596674337, 0},
		{-INFINITY, -35, -616.975101261922513, 0, 35.0285249705967},
		{5, 5.000001, -27.2344515910282942, -1000002.49986247, 999997.499861972},
		{-20.0000001, -20, -217.037035172476742, -9999989.88314233, 10000009.8831424},
		{-1e-9, 1e-9, -20.9490571895911385, -5e8, 5e8},
		{0.001, 0.0010001, -17.0370346842124278, -10000000.0004944, 9999999.9994943},
		{37, 38.5, -689.030585576890594, -37.026987686127, 9.47530817535525e-24},
		{-300, -299, -44707.1193932918398, -2.53792460368992e-128, 299.00334440679},
		{200, 200.00001, -20012.4328638312078, -100100.033303257, 99900.0332982589},
		{-2, INFINITY, -0.0230129093289634885, -0.05524786267899, 0},
		{-INFINITY, 0.3, -0.481410161588481205, 0, 0.617220853612734},
		{-50, 50, 0, 0, 0},
		{-INFINITY, INFINITY, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		double da, db, value = special_log_cdf_between(table[i].a, table[i].b, &da, &db);
		/* the bounds themselves are only known to an epsilon of their size */
		double width = table[i].b - table[i].a, ends = fabs(table[i].b) * 0x1p-52 / width;
		double slopes = 1e-11 + (isfinite(width) ? 10 * ends : 0);

		assert_near(value, table[i].value, 1e-12 + (isfinite(width) ? ends : 0));
		assert_near(da, table[i].da, slopes);
		assert_near(db, table[i].db, slopes);
		assert_true(special_log_cdf_between(table[i].a, table[i].b, NULL, NULL) == value);
	}
	assert_true(special_log_cdf_between(1, 1, NULL, NULL) == -INFINITY);
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
		cmocka_unit_test(probabilities_of_intervals),
		cmocka_unit_test(the_ends_of_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
