#include "acquisition/space/sobol.h"

#include <stdlib.h>
#include <string.h>

#include "tests/acquisition/cube.h"

enum { SEED = 4711 };

/* scipy.stats.qmc.Sobol(d=5, scramble=False), points 1000 to 1002, times 2^10. */
static void points_are_those_of_scipy(void **state)
{
	(void)state;
	static const uint32_t want[3][5] = {
		{225, 99, 531, 693, 287}, {737, 611, 19, 181, 799}, {993, 355, 787, 949, 543}};
	for (int j = 0; j < 5; j++) {
		uint32_t v[SOBOL_BITS];
		sobol_directions(j, v);
		for (uint32_t i = 0; i < 3; i++)
			assert_int_equal(sobol_value(v, 1000 + i) >> 22, want[i][j]);
	}
}

/* The first 2^m points of each dimension hit each interval of width 2^-m once. */
static void every_dimension_is_stratified(void **state)
{
	(void)state;
	enum { M = 8, N = 1 << M, D = SOBOL_MAX_DIMS };
	double *u = malloc(sizeof(double) * N * D);
	struct rng key = rng_make(SEED, 0, RNG_TEST, 0);
	sobol_net(&key, 0, mat_view(u, N, D, N));
	for (int j = 0; j < D; j++) {
		unsigned char hit[N] = {0};
		for (int i = 0; i < N; i++) {
			double x = u[(size_t)j * N + (size_t)i];
			assert_true(x > 0 && x < 1);
			hit[(int)(x * N)]++;
		}
		for (int i = 0; i < N; i++)
			assert_int_equal(hit[i], 1);
	}
	free(u);
}

/* The first two dimensions are a (0, m, 2)-net in base 2: each box of area 2^-m and
 * sides powers of two holds one of 2^m points; scrambling keeps that (Owen 1995). */
static void scrambling_keeps_the_net(void **state)
{
	(void)state;
	enum { M = 8, N = 1 << M };
	double u[2 * N];
	for (uint32_t k = 0; k < 50; k++) {
		struct rng key = rng_make(SEED, 0, RNG_TEST, k);
		sobol_net(&key, 0, mat_view(u, N, 2, N));
		for (int a = 0; a <= M; a++) {
			unsigned char hit[N] = {0};
			for (int i = 0; i < N; i++) {
				int row = (int)(u[i] * (1 << a)), col = (int)(u[N + i] * (1 << (M - a)));
				hit[row << (M - a) | col]++;
			}
			for (int i = 0; i < N; i++)
				assert_int_equal(hit[i], 1);
		}
	}
}

/* Flipping digit k of x changes digit k of the result and nothing before it. */
static void scrambling_is_nested(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	for (int i = 0; i < 10000; i++) {
		uint32_t x = (uint32_t)rng_u64(&r), key = (uint32_t)rng_u64(&r);
		int k = (int)rng_below(&r, 32);
		uint32_t change = sobol_scramble(x, key) ^ sobol_scramble(x ^ 1u << k, key);
		assert_true(change >> k == 1);
	}
}

static void a_net_depends_on_key_and_index_alone(void **state)
{
	(void)state;
	struct rng key = rng_make(SEED, 3, RNG_TEST, 9), before = key, other = key;
	double whole[8 * 4], part[3 * 2];
	sobol_net(&key, 0, mat_view(whole, 8, 4, 8));
	assert_memory_equal(&key, &before, sizeof(key));
	sobol_net(&key, 5, mat_view(part, 3, 2, 3));
	for (int j = 0; j < 2; j++)
		assert_memory_equal(part + 3 * j, whole + 8 * j + 5, 3 * sizeof(double));
	other = rng_make(SEED, 4, RNG_TEST, 9);
	sobol_net(&other, 5, mat_view(part, 3, 2, 3));
	assert_memory_not_equal(part, whole + 5, sizeof(double));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_are_those_of_scipy),
		cmocka_unit_test(every_dimension_is_stratified),
		cmocka_unit_test(scrambling_keeps_the_net),
		cmocka_unit_test(scrambling_is_nested),
		cmocka_unit_test(a_net_depends_on_key_and_index_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
