/* Identities and limits; mpmath's numbers are in special_table_test.c. */
#include "gp/special/bvn.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gp/special/special.h"
#include "tests/gp/reference.h"

static double cdf(double z)
{
	return exp(special_log_cdf(z));
}

static double any_correlation(struct rng *r)
{
	double rho = 1 - pow(10, -16 * rng_uniform(r) * rng_uniform(r));

	return rng_uniform(r) < 0.5 ? -rho : rho;
}

static void the_parts_of_the_plane_add_up(void **state)
{
	struct rng r = reference_rng("bvn");

	(void)state;
	for (int i = 0; i < 5000; i++) {
		double h = 2 * rng_normal(&r), k = 2 * rng_normal(&r), rho = any_correlation(&r);
		double both = bvn_cdf(h, k, rho), one = bvn_cdf(h, -k, -rho);

		assert_near(bvn_cdf(k, h, rho), both, 2e-15);
		assert_near(both + one, cdf(h), 3e-15);
		assert_near(bvn_cdf(-h, -k, rho), 1 - cdf(h) - cdf(k) + both, 4e-15);
		assert_true(both >= 0 && both <= fmin(cdf(h), cdf(k)) + 2e-15);
	}
}

/* Sheppard 1899: the orthant at the origin. */
static void the_orthant_at_the_origin(void **state)
{
	(void)state;
	for (double rho = -1; rho <= 1; rho += 1.0 / 64)
		assert_near(bvn_cdf(0, 0, rho), 0.25 + asin(rho) / (2 * acos(-1)), 1e-15);
}

/* d cdf / d rho is the density (Plackett 1954). */
static void the_slope_in_the_correlation_is_the_density(void **state)
{
	struct rng r = reference_rng("bvn slope");

	(void)state;
	for (int i = 0; i < 500; i++) {
		double h = rng_normal(&r), k = rng_normal(&r), rho = 1.9 * rng_uniform(&r) - 0.95;
		double s2 = 1 - rho * rho, step = 1e-4 * s2;
		double density = exp(-0.5 * (h * h - 2 * rho * h * k + k * k) / s2) /
			(2 * acos(-1) * sqrt(s2));

		assert_near(
			(bvn_cdf(h, k, rho + step) - bvn_cdf(h, k, rho - step)) / (2 * step), density, 1e-6);
	}
}

static void limits(void **state)
{
	const double ends[] = {-1, -0.95, -0.5, 0, 0.5, 0.95, 1};

	(void)state;
	for (int i = 0; i < 7; i++) {
		double rho = ends[i];

		assert_true(bvn_cdf(INFINITY, INFINITY, rho) == 1);
		assert_true(bvn_cdf(-INFINITY, INFINITY, rho) == 0);
		assert_true(bvn_cdf(0.3, -INFINITY, rho) == 0);
		assert_near(bvn_cdf(INFINITY, 0.3, rho), cdf(0.3), 1e-16);
		assert_near(bvn_cdf(1e300, 0.3, rho), cdf(0.3), 1e-16);
		assert_near(bvn_cdf(-1.2, 1e300, rho), cdf(-1.2), 1e-16);
		assert_true(bvn_cdf(-1e300, 1e300, rho) == 0);
	}
	assert_near(bvn_cdf(0.4, 1.3, 1), cdf(0.4), 1e-16);
	assert_near(bvn_cdf(0.4, 1.3, -1), cdf(0.4) + cdf(1.3) - 1, 1e-15);
	assert_near(bvn_cdf(-0.4, -1.3, -1), 0, 1e-15);
	assert_near(bvn_cdf(0.4, 1.3, 0), cdf(0.4) * cdf(1.3), 1e-15);
	assert_true(
		isnan(bvn_cdf(NAN, 0, 0)) && isnan(bvn_cdf(0, NAN, 0)) && isnan(bvn_cdf(0, 0, NAN)));
	assert_true(isnan(bvn_cdf(0, 0, 1.0000001)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_of_the_plane_add_up),
		cmocka_unit_test(the_orthant_at_the_origin),
		cmocka_unit_test(the_slope_in_the_correlation_is_the_density),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
