#include "gp/outcome/outcome.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/gp/reference.h"

static struct arena *arena;

static struct outcome fit(bool minimize, const double *y, int n, double *z)
{
	struct outcome o;

	assert_int_equal(outcome_fit(&o, minimize, y, n, z, arena, NULL), KR_OK);
	return o;
}

static void moments(const double *z, int n, double *mean, double *sd)
{
	double sum = 0, squares = 0;

	for (int i = 0; i < n; i++)
		sum += z[i] / n;
	for (int i = 0; i < n; i++)
		squares += (z[i] - sum) * (z[i] - sum);
	*mean = sum;
	*sd = sqrt(squares / (n - 1));
}

/* z has mean 0 and sample deviation 1; the good half maps back exactly; better stays
 * better; a clipped value is never worse than it was. */
static void the_good_half_is_only_scaled(void **state)
{
	struct rng r = reference_rng("good half");
	int seen[3] = {0};

	(void)state;
	for (int trial = 0; trial < 600; trial++) {
		int n = 2 + (int)rng_below(&r, 60);
		bool minimize = trial % 2;
		double y[62], z[62], mean, sd, sorted[62] = {0};
		struct outcome o;

		for (int i = 0; i < n; i++) {
			y[i] = rng_normal(&r);
			if (trial % 3 == 1)
				y[i] = (minimize ? 1 : -1) * exp(3 * y[i]); /* a heavy bad side */
			if (trial % 3 == 2)
				y[i] = y[i] * y[i] * y[i];
		}
		o = fit(minimize, y, n, z);
		seen[o.tail]++;
		moments(z, n, &mean, &sd);
		assert_near(mean, 0, 1e-12);
		assert_near(sd, 1, 1e-12);
		for (int i = 0; i < n; i++) { /* the median, by selection */
			int below = 0;

			for (int j = 0; j < n; j++)
				below += z[j] < z[i] || (z[j] == z[i] && j < i);
			sorted[below] = z[i];
		}
		for (int i = 0; i < n; i++) {
			double back = outcome_raw_mean(&o, z[i]);

			if (z[i] >= sorted[n / 2] || o.tail == OUTCOME_PLAIN)
				assert_near(back, y[i], 1e-9);
			if (o.tail == OUTCOME_CLIP)
				assert_true((minimize ? y[i] - back : back - y[i]) >= -1e-9 * (1 + fabs(y[i])));
			for (int j = 0; j < n; j++)
				if (minimize ? y[i] < y[j] : y[i] > y[j])
					assert_true(z[i] >= z[j] - 1e-12);
		}
		if (n < 8)
			assert_int_equal(o.tail, OUTCOME_PLAIN);
	}
	assert_true(seen[OUTCOME_PLAIN] && seen[OUTCOME_CLIP] && seen[OUTCOME_HALF_RANK]);
}

/* Computed by hand: 5 good values 0..4 about the median 0, bad ones -1, -100 (twice),
 * -1000; g = sqrt(30/5), b is far above 3 g. D = 3 distinct + 1/2 for the median;
 * ranks 3, 2, 2, 1. Phi^-1(5/14) = -0.36610635680057, Phi^-1(3/14) = -0.79163860774337,
 * Phi^-1(1/14) = -1.46523379268552. */
static void half_rank_by_hand(void **state)
{
	const double y[9] = {0, -100, 1, 2, -1, 3, 4, -1000, -100};
	const double quantile[9] = {
		0, -0.79163860774337, 0, 0, -0.36610635680057, 0, 0, -1.46523379268552, -0.79163860774337};
	double z[9];
	struct outcome o = fit(false, y, 9, z);

	(void)state;
	assert_int_equal(o.tail, OUTCOME_HALF_RANK);
	for (int i = 0; i < 9; i++)
		assert_near(outcome_raw_mean(&o, z[i]), y[i] < 0 ? sqrt(6) * quantile[i] : y[i], 1e-12);
}

/* Quartiles of 0..11 and -6: by hand (type 7) Q1 = 2, Q3 = 8, fence 2 - 9 = -7: plain;
 * with -9 in its place the fence stays and -9 becomes -7. */
static void the_fence_by_hand(void **state)
{
	double y[13] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -6}, z[13];
	struct outcome o = fit(false, y, 13, z);

	(void)state;
	assert_int_equal(o.tail, OUTCOME_PLAIN);
	y[12] = -9;
	o = fit(false, y, 13, z);
	assert_int_equal(o.tail, OUTCOME_CLIP);
	assert_near(outcome_raw_mean(&o, z[12]), -7, 1e-12);
	for (int i = 0; i < 13; i++)
		y[i] = -y[i];
	o = fit(true, y, 13, z);
	assert_near(outcome_raw_mean(&o, z[12]), 7, 1e-12);
}

static void constant_data_become_zeros(void **state)
{
	const double values[] = {0, 1, -3.7, 1e300, -1e-300, DBL_MAX, 5e-324};
	double y[40], z[40];

	(void)state;
	for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++)
		for (int n = 1; n <= 40; n += 13) {
			struct outcome o;

			for (int i = 0; i < n; i++)
				y[i] = values[v];
			o = fit(false, y, n, z);
			for (int i = 0; i < n; i++)
				assert_true(z[i] == 0);
			assert_true(o.scale == 1);
			assert_near(outcome_raw_mean(&o, 0) / fmax(1, fabs(values[v])),
				values[v] / fmax(1, fabs(values[v])), 1e-15);
		}
}

/* The model sees the same whatever the units are, from 1e-300 to 1e300. */
static void units_do_not_matter(void **state)
{
	struct rng r = reference_rng("units");
	const double units[] = {1e-300, 1e-8, 1, 1e8, 1e300, 1.5e307};

	(void)state;
	for (int trial = 0; trial < 60; trial++) {
		int n = 2 + (int)rng_below(&r, 40);
		double y[41], z[41], scaled[41], zs[41];
		struct outcome o, os;

		for (int i = 0; i < n; i++)
			y[i] = trial % 2 ? rng_normal(&r) : -exp(rng_normal(&r));
		o = fit(trial % 3 == 0, y, n, z);
		for (size_t u = 0; u < sizeof(units) / sizeof(*units); u++) {
			bool finite = true;

			for (int i = 0; i < n; i++) {
				scaled[i] = y[i] * units[u];
				finite = finite && isfinite(scaled[i]);
			}
			if (!finite)
				continue;
			os = fit(trial % 3 == 0, scaled, n, zs);
			assert_int_equal(os.tail, o.tail);
			for (int i = 0; i < n; i++) {
				assert_near(zs[i], z[i], 1e-9);
				assert_true(isfinite(outcome_raw_mean(&os, zs[i])));
			}
			assert_near(outcome_raw_sd(&os, 0.5) / units[u], outcome_raw_sd(&o, 0.5), 1e-9);
		}
	}
}

static void what_is_beyond_the_numbers_stops_at_the_last(void **state)
{
	const double y[2] = {DBL_MAX, -DBL_MAX};
	double z[2];
	struct outcome o = fit(true, y, 2, z);

	(void)state;
	assert_near(z[0], -sqrt(0.5), 1e-15);
	assert_near(z[1], sqrt(0.5), 1e-15);
	assert_true(outcome_raw_mean(&o, 10) == -DBL_MAX);
	assert_true(outcome_raw_mean(&o, -10) == DBL_MAX);
	assert_true(outcome_raw_sd(&o, 10) == DBL_MAX);
}

/* Where a value stands to its bound is the same before and after, whatever was cut. */
static void bounds_keep_their_sides(void **state)
{
	struct rng r = reference_rng("bounds");

	(void)state;
	for (int trial = 0; trial < 300; trial++) {
		int n = 1 + (int)rng_below(&r, 40);
		double y[40], z[40], unit = exp(40 * (rng_uniform(&r) - 0.5));
		double lower = trial % 3 == 0 ? -INFINITY : -unit * rng_uniform(&r);
		double upper = trial % 3 == 1 ? INFINITY : unit * rng_uniform(&r);
		struct outcome o;

		for (int i = 0; i < n; i++)
			y[i] = trial % 2 ? unit * rng_normal(&r) : unit * rng_normal(&r) / rng_uniform(&r);
		if (trial % 5 == 0)
			y[0] = trial % 3 ? lower : upper;
		outcome_fit_bounded(&o, y, n, lower, upper, z);
		for (int i = 0; i < n; i++) {
			assert_true((y[i] <= upper) == (z[i] <= outcome_model_value(&o, upper)));
			assert_true((y[i] >= lower) == (z[i] >= outcome_model_value(&o, lower)));
			assert_true(o.tail == OUTCOME_CLIP || z[i] == outcome_model_value(&o, y[i]));
		}
	}
}

/* Ten values 0 .. 9 and one far above: Q1 = 2.5, Q3 = 7.5. */
static void the_far_side_of_a_bound_is_cut(void **state)
{
	double y[11] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1e6}, z[11], low[11];
	struct outcome o;

	(void)state;
	outcome_fit_bounded(&o, y, 11, -INFINITY, 5, z);
	assert_int_equal(o.tail, OUTCOME_CLIP);
	assert_near(z[10], outcome_model_value(&o, 7.5 + 1.5 * 5), 1e-12);
	outcome_fit_bounded(&o, y, 11, -INFINITY, 20, z); /* the bound is farther than Q3 */
	assert_near(z[10], outcome_model_value(&o, 20 + 1.5 * 17.5), 1e-12);
	outcome_fit_bounded(&o, y, 11, 2, INFINITY, z); /* the far side is the good one */
	assert_int_equal(o.tail, OUTCOME_PLAIN);
	for (int i = 0; i < 11; i++)
		y[i] = -y[i];
	outcome_fit_bounded(&o, y, 11, -5, INFINITY, low);
	assert_int_equal(o.tail, OUTCOME_CLIP);
	assert_near(low[10], outcome_model_value(&o, -15), 1e-12);
}

static void constant_bounded_data_are_measured_by_the_bound(void **state)
{
	const double y[3] = {4, 4, 4};
	double z[3];
	struct outcome o;

	(void)state;
	outcome_fit_bounded(&o, y, 3, -INFINITY, 4.25, z);
	assert_true(z[0] == 0 && z[2] == 0);
	assert_near(outcome_model_value(&o, 4.25), 1, 1e-14);
	outcome_fit_bounded(&o, y, 3, 3, 4, z); /* on a bound */
	assert_true(z[0] == 0 && outcome_model_value(&o, 4) == 0 && o.scale == 1);
}

static void memory_may_run_out(void **state)
{
	double y[100] = {1}, z[100];
	struct outcome o;
	struct arena *a = arena_new(64);

	(void)state;
	assert_int_equal(outcome_fit(&o, true, y, 100, z, a, NULL), KR_ENOMEM);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_good_half_is_only_scaled),
		cmocka_unit_test(half_rank_by_hand),
		cmocka_unit_test(the_fence_by_hand),
		cmocka_unit_test(constant_data_become_zeros),
		cmocka_unit_test(units_do_not_matter),
		cmocka_unit_test(what_is_beyond_the_numbers_stops_at_the_last),
		cmocka_unit_test(bounds_keep_their_sides),
		cmocka_unit_test(the_far_side_of_a_bound_is_cut),
		cmocka_unit_test(constant_bounded_data_are_measured_by_the_bound),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	arena = arena_new(1 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
