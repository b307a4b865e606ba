/* Spaces with rules: their points counted, found and walked, against brute force and an
 * evaluator of its own. */
#include "acquisition/space/region.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/space/enumerate.h"
#include "tests/acquisition/ruled.h"

enum { SEED = 20261123, FINITE = 3000, INFINITE = 600, MOST = 20000 };

static double product(const struct space *s)
{
	double n = 1;
	for (int i = 0; i < space_dims(s); i++)
		n *= space_levels(s, i);
	return n;
}

/* Point k of the product, closed. */
static void nth(const struct ruled *u, double k, double *values)
{
	for (int i = 0; i < u->d; i++) {
		double n = space_levels(u->space, i), level = fmod(k, n);
		values[i] = space_level_value(u->space, i, level);
		k = floor(k / n);
	}
	ruled_close(u, values);
}

static int compare_points(const void *a, const void *b, void *ctx)
{
	const struct ruled *u = ctx;
	const double *x = a, *y = b;
	for (int i = 0; i < u->d; i++) {
		double v = isnan(x[i]) ? -INFINITY : x[i], w = isnan(y[i]) ? -INFINITY : y[i];
		if (v != w)
			return v < w ? -1 : 1;
	}
	return 0;
}

/* All allowed points, sorted, each once. */
static int brute_force(struct ruled *u, double **out)
{
	double most = product(u->space);
	size_t size = sizeof(double) * (size_t)u->d;
	double *all = malloc(size * (size_t)most);
	size_t n = 0, unique = 0;
	for (double k = 0; k < most; k++) {
		nth(u, k, all + n * (size_t)u->d);
		n += ruled_allows(u, all + n * (size_t)u->d);
	}
	qsort_r(all, n, size, compare_points, u);
	for (size_t k = 0; k < n; k++) {
		double *x = all + k * (size_t)u->d;
		if (unique && !compare_points(x, all + (unique - 1) * (size_t)u->d, u))
			continue;
		memmove(all + unique++ * (size_t)u->d, x, size);
	}
	*out = all;
	return (int)unique;
}

static bool is_one_of(struct ruled *u, const double *all, int n, const double *x)
{
	int low = 0, high = n;
	while (low < high) {
		int mid = (low + high) / 2;
		if (compare_points(all + (size_t)mid * (size_t)u->d, x, u) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && !compare_points(all + (size_t)low * (size_t)u->d, x, u);
}

static void points_are_those_of_brute_force(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	int empty = 0, tried = 0;
	for (int round = 0; round < FINITE; round++) {
		struct ruled *u = ruled_new(&r, true);
		struct arena *a = arena_new(1 << 22);
		double *all, values[RULED_DIMS], x[RULED_DIMS];
		if (product(u->space) > MOST)
			goto next;
		tried++;
		int n = brute_force(u, &all), count = 0;
		empty += n == 0;

		struct enumerate *e = enumerate_new(u->space, a);
		enumerate_begin(e, NULL, INFINITY);
		for (; enumerate_next(e, values); count++)
			assert_true(is_one_of(u, all, n, values));
		if (count != n)
			fail_msg("round %d: %d points enumerated, there are %d", round, count, n);

		struct region *g = region_new(u->space, a);
		for (int k = 0; k < 5; k++) {
			for (int i = 0; i < u->d; i++)
				x[i] = space_categorical(u->space)[i]
					? floor(rng_uniform(&r) * space_levels(u->space, i))
					: rng_uniform(&r);
			if (!region_ruled(g))
				break;
			enum region_answer answer = region_near(g, x, -1, REGION_MUCH);
			if (answer != (n ? REGION_FOUND : REGION_EMPTY))
				fail_msg("round %d: answer %d, there are %d points", round, answer, n);
			if (!n)
				break;
			region_decode(g, x, values);
			assert_true(is_one_of(u, all, n, values));
			region_walk(g, x, 10, &r);
			region_decode(g, x, values);
			assert_true(is_one_of(u, all, n, values));
		}
		free(all);
	next:
		arena_free(a);
		ruled_free(u);
	}
	print_message("seed %d: %d spaces, %d of them empty\n", SEED, tried, empty);
	assert_true(empty > tried / 50 && empty < tried / 2);
}

/* Continuous ones: whatever is found is allowed, what the search calls empty nobody finds. */
static void found_points_are_allowed(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	int found = 0, empty = 0, unknown = 0;
	for (int round = 0; round < INFINITE; round++) {
		struct ruled *u = ruled_new(&r, false);
		struct arena *a = arena_new(1 << 22);
		struct region *g = region_new(u->space, a);
		double values[RULED_DIMS], x[RULED_DIMS], wish[RULED_DIMS];
		for (int k = 0; k < 40; k++) {
			for (int i = 0; i < u->d; i++)
				wish[i] = space_categorical(u->space)[i]
					? floor(rng_uniform(&r) * space_levels(u->space, i))
					: rng_uniform(&r);
			memcpy(x, wish, sizeof(x));
			space_decode_all(u->space, x, values);
			ruled_close(u, values);
			bool allowed = ruled_allows(u, values);
			assert_int_equal(region_has(g, x), allowed);
			enum region_answer answer = region_near(g, x, -1, REGION_MUCH);
			found += answer == REGION_FOUND;
			empty += answer == REGION_EMPTY;
			unknown += answer == REGION_UNKNOWN;
			if (answer == REGION_FOUND) {
				for (int step = 0; step < 5; step++) {
					assert_true(region_has(g, x));
					region_decode(g, x, values);
					double closed[RULED_DIMS];
					memcpy(closed, values, sizeof(closed));
					space_decode_all(u->space, x, closed);
					ruled_close(u, closed);
					for (int i = 0; i < u->d; i++)
						assert_true(isnan(closed[i]) == isnan(values[i]));
					assert_true(ruled_allows(u, values));
					region_walk(g, x, 3, &r);
				}
			} else {
				assert_false(answer == REGION_EMPTY && allowed);
				assert_memory_equal(x, wish, sizeof(double) * (size_t)u->d);
			}
		}
		arena_free(a);
		ruled_free(u);
	}
	print_message("seed %d: %d found, %d empty, %d unknown\n", SEED, found, empty, unknown);
	assert_true(unknown < found / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_are_those_of_brute_force),
		cmocka_unit_test(found_points_are_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
