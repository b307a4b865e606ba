#include "acquisition/policy/subset.h"

#include <math.h>
#include <string.h>

#include "tests/acquisition/cube.h"

enum { SEED = 1009, N = 2000, D = 2, MOST = 300 };

static double X[N * D], z[N];
static int rows[N];

static void fill(struct rng *r)
{
	for (int i = 0; i < N; i++) {
		X[D * i] = rng_uniform(r);
		X[D * i + 1] = rng_uniform(r);
		z[i] = floor(50 * rng_uniform(r)); /* many ties */
	}
}

static void few_are_all_taken(void **state)
{
	(void)state;
	struct space *s = cube_floats(D);
	struct arena *a = arena_new(1 << 22);
	assert_int_equal(subset_pick(s, MOST, X, z, MOST, rows, a), MOST);
	for (int i = 0; i < MOST; i++)
		assert_int_equal(rows[i], i);
	arena_free(a);
	space_free(s);
}

static void the_best_and_the_newest_are_taken(void **state)
{
	(void)state;
	struct space *s = cube_floats(D);
	struct arena *a = arena_new(1 << 22);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	unsigned char taken[N] = {0};
	int better = 0;
	print_message("seed %d\n", SEED);
	fill(&r);
	assert_int_equal(subset_pick(s, N, X, z, MOST, rows, a), MOST);
	for (int i = 0; i < MOST; i++) {
		assert_true(i == 0 || rows[i] > rows[i - 1]);
		taken[rows[i]] = 1;
	}
	for (int i = N - MOST / 3; i < N; i++)
		assert_true(taken[i]);
	for (int i = 0; i < N; i++)
		better += z[i] >= 48; /* about 80: fewer than a third */
	assert_in_range(better, 40, MOST / 3);
	for (int i = 0; i < N; i++)
		assert_true(taken[i] || z[i] < 48);
	assert_int_equal(arena_used(a), 0);
	arena_free(a);
	space_free(s);
}

/* The thinned part leaves no large hole: every point has a chosen one near. */
static void the_rest_fills_the_space(void **state)
{
	(void)state;
	struct space *s = cube_floats(D);
	struct arena *a = arena_new(1 << 22);
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	double widest = 0;
	fill(&r);
	for (int i = 0; i < N; i++) /* the best and the newest are all in one corner */
		if (z[i] >= 40 || i > N / 2) {
			X[D * i] *= 0.05;
			X[D * i + 1] *= 0.05;
		}
	subset_pick(s, N, X, z, MOST, rows, a);
	for (int i = 0; i < N; i++) {
		double nearest = INFINITY;
		for (int k = 0; k < MOST; k++)
			nearest = fmin(
				nearest, hypot(X[D * i] - X[D * rows[k]], X[D * i + 1] - X[D * rows[k] + 1]));
		widest = fmax(widest, nearest);
	}
	assert_true(widest < 0.25);
	arena_free(a);
	space_free(s);
}

static void scratch_may_run_out(void **state)
{
	(void)state;
	struct space *s = cube_floats(D);
	struct arena *a = arena_new(1 << 12);
	assert_int_equal(subset_pick(s, N, X, z, MOST, rows, a), -1);
	assert_int_equal(arena_used(a), 0);
	arena_free(a);
	space_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_all_taken),
		cmocka_unit_test(the_best_and_the_newest_are_taken),
		cmocka_unit_test(the_rest_fills_the_space),
		cmocka_unit_test(scratch_may_run_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
