#include "gp/outcome/levels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"

enum { SEED = 611, MOST = 64 };

static struct levels find(const double *y, int n, bool minimize)
{
	struct arena *a = arena_new((size_t)1 << 20);
	struct levels l;
	double z[MOST];
	for (int i = 0; i < n; i++)
		z[i] = minimize ? -y[i] : y[i];
	assert_true(levels_find(&l, z, n, a));
	arena_free(a);
	return l;
}

/* Steps by hand: the better half is what decides. */
static void by_hand(void **state)
{
	(void)state;
	static const struct {
		double y[8], step;
		bool tied;
	} cases[] = {
		{{0.9, 0.100, 0.105, 0.100, 0.12, 0.99, 0.9, 0.95}, 0.005, true},
		{{0.9, 0.100, 0.105, 0.100, 0.10001, 0.99, 0.9, 0.95}, 0.00499, true},
		{{0.9, 0.095, 0.105, 0.105, 0.12, 0.99, 0.9, 0.95}, 0.010, false},
		{{0.9, 0.095, 0.105, 0.101, 0.12, 0.99, 0.9, 0.95}, 0,
			false},                                /* equal only where it is bad */
		{{0, 0, 10, 20, 30, 40, 50, 60}, 1, true}, /* 0.02 * 50 */
		{{2, 2, 2, 2, 2, 2, 2, 2}, 0, true}, {{2, 2, 2, 2, 2, 2, 2, 7}, 0.1, true}, /* 0.02 * 5 */
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct levels l = find(cases[i].y, 8, true);
		assert_int_equal(l.tied, cases[i].tied);
		assert_true(fabs(l.step - cases[i].step) <= 1e-12);
	}
	struct levels one = find((double[]){3}, 1, true);
	assert_false(one.tied);
	assert_true(one.step == 0);
}

/* Error rates of 400 points, and the same as accuracies, moved, scaled and in any order. */
static void rates_come_in_steps(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	for (int round = 0; round < 200; round++) {
		double y[MOST], u[MOST], least = INFINITY, best = INFINITY;
		int n = 20 + (int)rng_below(&r, MOST - 20), at_best = 0;
		for (int i = 0; i < n; i++) {
			double rate = i < n / 2 + 1 ? rng_below(&r, 20) : 100 + rng_below(&r, 300);
			y[i] = rate / 400;
			best = fmin(best, y[i]);
			u[i] = 5 - 2 * y[i];
		}
		for (int i = 0; i < n; i++) {
			at_best += y[i] == best;
			for (int k = 0; k <= n / 2; k++)
				if (i <= n / 2 && y[i] < y[k])
					least = fmin(least, y[k] - y[i]);
		}
		struct levels a = find(y, n, true), b = find(u, n, false);
		assert_int_equal(a.tied, at_best > 1);
		if (a.step > 0)
			assert_true(fabs(a.step - least) <= 1e-12);
		assert_int_equal(a.tied, b.tied);
		assert_true(fabs(2 * a.step - b.step) <= 1e-12);
	}
}

/* Of any size, without overflow. */
static void huge_and_tiny(void **state)
{
	(void)state;
	static const double units[] = {1e-300, 1e300};
	for (int k = 0; k < 2; k++) {
		double s = units[k], y[] = {-1e8 * s, -1e8 * s, 0, 0, 1e7 * s, 1e8 * s, 1e8 * s, 1e8 * s};
		struct levels l = find(y, 8, true);
		assert_true(l.tied && isfinite(l.step));
		assert_true(fabs(l.step / s - 0.02 * 2e8) <= 1);
	}
}

/* Values without ties have no levels. */
static void continuous_outcomes_have_none(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	for (int round = 0; round < 200; round++) {
		double y[MOST];
		for (int i = 0; i < MOST; i++)
			y[i] = rng_normal(&r);
		struct levels l = find(y, MOST, round % 2);
		assert_false(l.tied);
		assert_true(l.step == 0);
	}
}

static void no_memory_is_said(void **state)
{
	(void)state;
	struct arena *a = arena_new((size_t)1 << 20);
	struct levels l;
	kr_alloc_fail_at(1, 1);
	assert_false(levels_find(&l, (double[]){1, 2}, 2, a));
	kr_alloc_fail_at(0, 0);
	assert_false(l.tied);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(rates_come_in_steps),
		cmocka_unit_test(huge_and_tiny),
		cmocka_unit_test(continuous_outcomes_have_none),
		cmocka_unit_test(no_memory_is_said),
	};
	printf("seed %d\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
