#include "gp/outcome/power.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/gp/reference.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

static bool close_to(double a, double b, double tol)
{
	return a == b || fabs(a - b) <= tol * fabs(b);
}

/* mpmath 1.3.0, 60 digits, from the definitions. */
static void values_at_hard_places(void **state)
{
	static const struct {
		enum power_family family;
		double lambda, x, y;
	} cases[] = {
		{POWER_YEO_JOHNSON, 1e-12, 3.5, 1.5040773967774052},
		{POWER_YEO_JOHNSON, -1e-12, 3.5, 1.5040773967751429},
		{POWER_YEO_JOHNSON, 1.9999999999990905, -7.25, -2.1102132003486146},
		{POWER_YEO_JOHNSON, -2, 0.1, 0.086776859504132236},
		{POWER_YEO_JOHNSON, 4, 1e+60, 2.4999999999999995e+239},
		{POWER_YEO_JOHNSON, 4, -1e+60, -0.5},
		{POWER_YEO_JOHNSON, 0.5, 1e-300, 1e-300},
		{POWER_YEO_JOHNSON, -1.5, 1e+300, 0.66666666666666667},
		{POWER_YEO_JOHNSON, 2.0, -1e-18, -1.0000000000000001e-18},
		{POWER_YEO_JOHNSON, 1, 1e+17, 1.0e+17},
		{POWER_YEO_JOHNSON, 3.0, -12345.678, -0.99991900655382768},
		{POWER_BOX_COX, 1e-12, 3.5, 1.2527629684961527},
		{POWER_BOX_COX, -1e-12, 3.5, 1.2527629684945833},
		{POWER_BOX_COX, 1.9999999999990905, 7.25, 25.781249999964373},
		{POWER_BOX_COX, -2, 0.1, -49.499999999999994},
		{POWER_BOX_COX, 4, 1e+60, 2.4999999999999995e+239},
		{POWER_BOX_COX, 0.5, 1e-300, -2.0},
		{POWER_BOX_COX, -1.5, 1e+300, 0.66666666666666667},
		{POWER_BOX_COX, 1e-09, 1e-18, -41.44653081498534},
		{POWER_BOX_COX, 3.0, 12345.678, 627225320088.51952},
	};

	(void)state;
	for (int i = 0; i < COUNT(cases); i++) {
		struct power p = {cases[i].family, cases[i].lambda};
		/* the logarithm's rounding is multiplied by the exponent: 552 at 1e60 and 4 */
		assert_true(close_to(power_value(p, cases[i].x), cases[i].y, 1e-13));
	}
}

static double random_lambda(struct rng *r)
{
	static const double special[] = {0, 1, 2, -2, 4, 1e-9, -1e-15, 2 - 1e-12, 0.5};
	int pick = (int)rng_below(r, 18);

	return pick < COUNT(special) ? special[pick] : 6 * rng_uniform(r) - 2;
}

/* Back from y it is x, up to what rounding y and its logarithm costs there. */
static void the_inverse_is_exact(void **state)
{
	struct rng r = reference_rng("power inverse");

	(void)state;
	for (int trial = 0; trial < 20000; trial++) {
		struct power p = {trial % 2 ? POWER_YEO_JOHNSON : POWER_BOX_COX, random_lambda(&r)};
		double x = exp(12 * rng_normal(&r)), y, back, slope, allowed;

		if (p.family == POWER_YEO_JOHNSON && rng_below(&r, 2))
			x = -x;
		y = power_value(p, x);
		slope = exp(power_log_slope(p, x));
		if (!isfinite(y) || slope == 0)
			continue;
		back = power_inverse(p, y);
		allowed = 64 * DBL_EPSILON * (fabs(x) * (1 + fabs(log(fabs(x)))) + fabs(y) / slope);
		/* where y has come to its end, x is somewhere beyond what rounding tells apart */
		if (allowed < 0.01 * (1 + fabs(x)))
			assert_true(fabs(back - x) <= allowed);
		else
			assert_true(!isnan(back) && (back >= 0) == (x >= 0));
	}
}

/* Beyond 1 / |mu| there is no x: the end of the numbers, on the right side. */
static void beyond_the_end_is_the_end(void **state)
{
	(void)state;
	assert_true(power_inverse((struct power){POWER_YEO_JOHNSON, -1}, 1) == INFINITY);
	assert_true(power_inverse((struct power){POWER_YEO_JOHNSON, -1}, 7) == INFINITY);
	assert_true(power_inverse((struct power){POWER_YEO_JOHNSON, 4}, -0.5) == -INFINITY);
	assert_true(power_inverse((struct power){POWER_YEO_JOHNSON, 4}, -9) == -INFINITY);
	assert_true(power_inverse((struct power){POWER_BOX_COX, -0.5}, 2) == INFINITY);
	assert_true(power_inverse((struct power){POWER_BOX_COX, 2}, -0.5) == 0);
	assert_true(power_inverse((struct power){POWER_BOX_COX, 2}, -3) == 0);
	assert_true(close_to(
		power_inverse((struct power){POWER_YEO_JOHNSON, 4}, 1.5e308), pow(6, 0.25) * 1e77, 1e-12));
	assert_true(isnan(power_value((struct power){POWER_BOX_COX, 0.5}, -1)));
	assert_true(power_value((struct power){POWER_BOX_COX, 2}, 0) == -0.5);
}

/* The slope is the difference quotient; Yeo-Johnson of -x at 2 - lambda is minus that of x. */
static void slope_and_mirror(void **state)
{
	struct rng r = reference_rng("power slope");

	(void)state;
	for (int trial = 0; trial < 5000; trial++) {
		struct power p = {trial % 2 ? POWER_YEO_JOHNSON : POWER_BOX_COX, random_lambda(&r)};
		struct power mirror = {POWER_YEO_JOHNSON, 2 - p.lambda};
		double x = exp(rng_normal(&r)), h = 1e-5 * x, quotient;

		if (p.family == POWER_YEO_JOHNSON && rng_below(&r, 2))
			x = -x;
		quotient = (power_value(p, x + h) - power_value(p, x - h)) / (x + h - (x - h));
		assert_true(fabs(exp(power_log_slope(p, x)) / quotient - 1) < 1e-6);
		if (p.family == POWER_YEO_JOHNSON)
			assert_near(power_value(mirror, -x), -power_value(p, x), 1e-13);
	}
}

/* mpmath 1.3.0, 60 digits, from the definition with naive sums. */
static void likelihood_at_hard_places(void **state)
{
	static const double step = 0x1p-20;
	static const struct {
		enum power_family family;
		int n;
		double x[6], lambda, llf;
	} cases[] = {
		{POWER_YEO_JOHNSON, 6,
			{1e6, 1e6 + step, 1e6 + 3 * step, 1e6 + 4 * step, 1e6 + 9 * step, 1e6 + 14 * step}, -2,
			73.667904726799889},
		{POWER_BOX_COX, 6,
			{1e6, 1e6 + step, 1e6 + 3 * step, 1e6 + 4 * step, 1e6 + 9 * step, 1e6 + 14 * step}, 4,
			73.667904726736967},
		{POWER_YEO_JOHNSON, 5, {-5e-9, 1e-9, 2e-9, 7e-9, -1e-9}, -2, 96.786912369253553},
		{POWER_YEO_JOHNSON, 5, {-5e-9, 1e-9, 2e-9, 7e-9, -1e-9}, 4, 96.786912361612928},
		{POWER_YEO_JOHNSON, 4, {-1e200, 3, 1e150, -2e199}, -2, -5641.4254149979907},
		{POWER_YEO_JOHNSON, 4, {-1e200, 3, 1e150, -2e199}, 0.25, -2788.4708615830149},
		{POWER_YEO_JOHNSON, 4, {-1e200, 3, 1e150, -2e199}, 4, -7235.262715798959},
		{POWER_BOX_COX, 4, {1e-300, 2e-300, 5e-300, 1.5e-300}, -2, 2761.8715675855829},
		{POWER_YEO_JOHNSON, 4, {-3, -2.5, -2.75, -40}, -2, -27.500582128128505},
		{POWER_YEO_JOHNSON, 4, {-3, -2.5, -2.75, -40}, 0.25, -14.591381602253052},
		{POWER_YEO_JOHNSON, 4, {-3, -2.5, -2.75, -40}, 4, -6.4253848541537882},
	};
	const double skewed[] = {-3, -2.5, -2.75, -40}, far[] = {-1e200, 3, 1e150, -2e199};

	(void)state;
	for (int i = 0; i < COUNT(cases); i++) {
		struct power p = {cases[i].family, cases[i].lambda};
		assert_true(close_to(power_log_likelihood(p, cases[i].x, cases[i].n), cases[i].llf, 1e-13));
	}
	assert_near(power_fit(POWER_YEO_JOHNSON, skewed, 4, -60, 60), 3.4314190458856613, 1e-11);
	assert_near(power_fit(POWER_YEO_JOHNSON, far, 4, -60, 60), 1.1427571698182071, 1e-11);
}

static void sample(double *x, int n, int shape, bool positive, struct rng *r)
{
	double unit = exp(3 * rng_normal(r)), shift = 4 * rng_normal(r);

	for (int i = 0; i < n; i++) {
		double v = rng_normal(r);
		switch (shape % 5) {
		case 0: v += shift; break;
		case 1: v = exp(v); break;
		case 2: v = v * v * v; break;
		case 3: v = -exp(2 * v); break;
		default: v = v / rng_uniform(r); break;
		}
		x[i] = unit * (positive ? fabs(v) + 1e-12 : v);
	}
}

/* No lambda near or far is more likely; on the bound when the best is outside; the likelihood is
 * concave, and mirroring data mirrors lambda. */
static void the_fit_is_the_maximum(void **state)
{
	struct rng r = reference_rng("power fit");

	(void)state;
	for (int trial = 0; trial < 600; trial++) {
		enum power_family family = trial % 3 ? POWER_YEO_JOHNSON : POWER_BOX_COX;
		int n = 2 + (int)rng_below(&r, 80);
		double x[82], minus[82], lambda, llf;

		sample(x, n, trial, family == POWER_BOX_COX, &r);
		lambda = power_fit(family, x, n, -2, 4);
		assert_true(lambda >= -2 && lambda <= 4);
		llf = power_log_likelihood((struct power){family, lambda}, x, n);
		for (double other = -2; other <= 4; other += 0.0625) {
			double at = power_log_likelihood((struct power){family, other}, x, n), h = 0.03;
			double low = power_log_likelihood((struct power){family, other - h}, x, n);
			double high = power_log_likelihood((struct power){family, other + h}, x, n);
			assert_true(at <= llf + 1e-10 * (1 + fabs(llf)));
			assert_true(2 * at >= low + high - 1e-10 * (1 + fabs(at)));
		}
		for (int i = 0; i < n; i++)
			minus[i] = -x[i];
		if (family == POWER_YEO_JOHNSON)
			assert_near(power_fit(family, minus, n, -2, 4), 2 - lambda, 1e-9);
	}
}

/* Box-Cox: units do not matter, and a power of the data divides lambda. Values whose logarithms
 * are symmetric have lambda 0. */
static void what_is_known_of_lambda(void **state)
{
	const double symmetric[] = {0x1p-9, 0x1p-4, 0x1p-1, 1, 2, 16, 512};
	struct rng r = reference_rng("lambda");

	(void)state;
	assert_near(power_fit(POWER_BOX_COX, symmetric, COUNT(symmetric), -2, 4), 0, 1e-12);
	for (int trial = 0; trial < 100; trial++) {
		int n = 3 + (int)rng_below(&r, 40);
		double x[43], scaled[43], cubed[43], lambda;

		for (int i = 0; i < n; i++) {
			x[i] = exp(rng_normal(&r)) + 0.1;
			scaled[i] = 1e-130 * x[i];
			cubed[i] = x[i] * x[i] * x[i];
		}
		lambda = power_fit(POWER_BOX_COX, x, n, -30, 30);
		assert_near(power_fit(POWER_BOX_COX, scaled, n, -30, 30), lambda, 1e-8);
		assert_near(3 * power_fit(POWER_BOX_COX, cubed, n, -10, 10), lambda, 1e-8);
	}
}

static void data_that_say_nothing(void **state)
{
	static const double values[] = {0, 1, -1, 1e308, -1e308, 5e-324, -5e-324, 3e-5};
	struct rng r = reference_rng("power nasty");

	(void)state;
	for (int v = 0; v < COUNT(values); v++) {
		double x[30];

		for (int i = 0; i < 30; i++)
			x[i] = values[v];
		assert_true(power_fit(POWER_YEO_JOHNSON, x, 1, -2, 4) == 1);
		assert_true(power_fit(POWER_YEO_JOHNSON, x, 30, -2, 4) == 1);
		assert_true(power_fit(POWER_YEO_JOHNSON, x, 30, 1.5, 4) == 1.5);
		assert_true(power_log_likelihood((struct power){POWER_YEO_JOHNSON, 1}, x, 30) == INFINITY);
		x[7] = nextafter(values[v], 0.5);
		assert_true(isfinite(power_fit(POWER_YEO_JOHNSON, x, 30, -2, 4)));
	}
	for (int trial = 0; trial < 3000; trial++) {
		int n = 1 + (int)rng_below(&r, 12);
		double x[12], positive[12], lambda;

		for (int i = 0; i < n; i++) {
			x[i] = (rng_below(&r, 2) ? 1 : -1) *
				exp(trial % 2 ? 100 * rng_normal(&r) : 1400 * rng_uniform(&r) - 700);
			if (rng_below(&r, 3) == 0)
				x[i] = i ? x[i - 1] : 0;
			positive[i] = fmax(fabs(x[i]), DBL_MIN);
		}
		lambda = power_fit(POWER_YEO_JOHNSON, x, n, -2, 4);
		assert_true(lambda >= -2 && lambda <= 4);
		assert_true(
			power_log_likelihood((struct power){POWER_YEO_JOHNSON, lambda}, x, n) > -INFINITY);
		lambda = power_fit(POWER_BOX_COX, positive, n, -2, 4);
		assert_true(lambda >= -2 && lambda <= 4);
		assert_true(
			power_log_likelihood((struct power){POWER_BOX_COX, lambda}, positive, n) > -INFINITY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_at_hard_places),
		cmocka_unit_test(the_inverse_is_exact),
		cmocka_unit_test(beyond_the_end_is_the_end),
		cmocka_unit_test(slope_and_mirror),
		cmocka_unit_test(likelihood_at_hard_places),
		cmocka_unit_test(the_fit_is_the_maximum),
		cmocka_unit_test(what_is_known_of_lambda),
		cmocka_unit_test(data_that_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
