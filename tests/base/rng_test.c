#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 20240607, N = 400000 };

/* Bounds of the statistical tests: six standard deviations, so that a sound
 * generator fails once in 10^9 seeds; the seed is fixed, so it never flickers. */
#define SIX_SIGMA 6.0

/* The lines "philox4x32 10" of kat_vectors in Random123 1.14: counter, key,
 * expected. */
static void known_answers(void **state)
{
	static const struct {
		uint32_t ctr[4], key[2], out[4];
	} kat[] = {
		{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, {UINT32_MAX, UINT32_MAX},
			{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
			{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rng r = {.have = 0};

		memcpy(r.ctr, kat[i].ctr, sizeof(r.ctr));
		memcpy(r.key, kat[i].key, sizeof(r.key));
		assert_int_equal(rng_u64(&r), kat[i].out[0] | (uint64_t)kat[i].out[1] << 32);
		assert_int_equal(rng_u64(&r), kat[i].out[2] | (uint64_t)kat[i].out[3] << 32);
	}
}

static void the_key_is_laid_out_as_documented(void **state)
{
	struct rng r = rng_make(
		UINT64_C(0x1122334455667788), UINT64_C(0x00aabbccddeeff01), RNG_RAW, 0xcafe0001);

	(void)state;
	assert_int_equal(r.key[0], 0x55667788);
	assert_int_equal(r.key[1], 0x11223344);
	assert_int_equal(r.ctr[0], 0);
	assert_int_equal(r.ctr[1], 0xcafe0001);
	assert_int_equal(r.ctr[2], 0xddeeff01);
	assert_int_equal(r.ctr[3], 0x03aabbcc);
}

/* Recorded suggestions depend on these values. */
static void purposes_keep_their_values(void **state)
{
	(void)state;
	assert_int_equal(RNG_INIT, 1);
	assert_int_equal(RNG_FIT, 2);
	assert_int_equal(RNG_RAW, 3);
	assert_int_equal(RNG_STARTS, 4);
	assert_int_equal(RNG_FANTASY, 5);
	assert_int_equal(RNG_FILL, 6);
	assert_int_equal(RNG_TOKEN, 7);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Every pair of keys that differ in one part gives disjoint numbers: 64-bit
 * values would repeat by chance once in 10^11 runs. */
static void keys_are_independent(void **state)
{
	enum { PER_KEY = 64, MAX_KEYS = 4 * 4 * 7 * 4 };
	static uint64_t v[MAX_KEYS * PER_KEY];
	size_t n = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 4; seed++)
		for (uint64_t number = 0; number < 4; number++)
			for (int purpose = RNG_INIT; purpose < RNG_TEST; purpose++)
				for (uint32_t index = 0; index < 4; index++) {
					struct rng r = rng_make(
						seed << 31, number << 30, (enum rng_purpose)purpose, index);

					for (int i = 0; i < PER_KEY; i++)
						v[n++] = rng_u64(&r);
				}
	qsort(v, n, sizeof(v[0]), by_value);
	for (size_t i = 1; i < n; i++)
		assert_true(v[i - 1] != v[i]);
}

static void streams_of_neighbours_are_uncorrelated(void **state)
{
	struct rng a = rng_make(SEED, 1, RNG_TEST, 0);
	struct rng b = rng_make(SEED, 1, RNG_TEST, 1);
	struct rng c = rng_make(SEED, 2, RNG_TEST, 0);
	double ab = 0, ac = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		double x = rng_uniform(&a) - 0.5;

		ab += x * (rng_uniform(&b) - 0.5);
		ac += x * (rng_uniform(&c) - 0.5);
	}
	/* each product has variance (1/12)^2 */
	assert_true(fabs(ab) < SIX_SIGMA * sqrt(N) / 12);
	assert_true(fabs(ac) < SIX_SIGMA * sqrt(N) / 12);
}

static void equal_keys_give_equal_numbers(void **state)
{
	struct rng a = rng_make(SEED, 3, RNG_TEST, 5), b = rng_make(SEED, 3, RNG_TEST, 5), copy;

	(void)state;
	for (int i = 0; i < 101; i++)
		assert_int_equal(rng_below(&a, 1000), rng_below(&b, 1000));
	copy = a; /* a generator is a value */
	for (int i = 0; i < 100; i++)
		assert_int_equal(rng_u64(&a), rng_u64(&copy));
}

static void uniform_has_the_moments_of_the_interval(void **state)
{
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double sum[4] = {0}, low = 1, high = 0;

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < N; i++) {
		double u = rng_uniform(&r), power = u;

		assert_true(u >= 0 && u < 1);
		low = fmin(low, u);
		high = fmax(high, u);
		for (int k = 0; k < 4; k++, power *= u)
			sum[k] += power;
	}
	for (int k = 1; k <= 4; k++) { /* E u^k = 1/(k+1), var = 1/(2k+1) - 1/(k+1)^2 */
		double mean = 1.0 / (k + 1), var = 1.0 / (2 * k + 1) - mean * mean;

		assert_true(fabs(sum[k - 1] / N - mean) < SIX_SIGMA * sqrt(var / N));
	}
	assert_true(low < 1e-4 && high > 1 - 1e-4);
}

static void normal_has_the_moments_of_the_normal(void **state)
{
	static const double moment[] = {0, 1, 0, 3, 0, 15, 0, 105}; /* E z^k, k = 1.. */
	struct rng r = rng_make(SEED, 0, RNG_TEST, 1);
	double sum[4] = {0}, lag = 0, last = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		double z = rng_normal(&r), power = z;

		assert_true(isfinite(z));
		lag += z * last;
		last = z;
		for (int k = 0; k < 4; k++, power *= z)
			sum[k] += power;
	}
	for (int k = 1; k <= 4; k++) {
		double mean = moment[k - 1], var = moment[2 * k - 1] - mean * mean;

		assert_true(fabs(sum[k - 1] / N - mean) < SIX_SIGMA * sqrt(var / N));
	}
	assert_true(fabs(lag / N) < SIX_SIGMA / sqrt(N));
}

/* Pearson's chi-square over the cells of [0, n). */
static double chi_square(uint32_t n, uint32_t index)
{
	struct rng r = rng_make(SEED, n, RNG_TEST, index);
	double expect = (double)N / n, sum = 0;
	int *count = calloc(n, sizeof(*count));

	assert_non_null(count);
	for (int i = 0; i < N; i++) {
		uint32_t x = rng_below(&r, n);

		assert_true(x < n);
		count[x]++;
	}
	for (uint32_t i = 0; i < n; i++)
		sum += (count[i] - expect) * (count[i] - expect) / expect;
	free(count);
	return sum;
}

static void below_is_uniform(void **state)
{
	static const uint32_t sizes[] = {2, 3, 6, 7, 10, 100, 255, 256, 257, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double df = sizes[i] - 1.0, x = chi_square(sizes[i], 0);

		/* Wilson & Hilferty 1931: (x/df)^(1/3) is nearly normal */
		assert_true(fabs(cbrt(x / df) - (1 - 2 / (9 * df))) < SIX_SIGMA * sqrt(2 / (9 * df)));
	}
}

/* n = 3 * 2^30, where one word in four is to be rejected. Without that, word % n
 * would be in its lowest third half of the time, and word * n / 2^32 a multiple
 * of three half of the time. */
static void below_is_unbiased_for_large_n(void **state)
{
	struct rng r = rng_make(SEED, 0, RNG_TEST, 2);
	const uint32_t third = 1u << 30;
	int in_third[3] = {0}, modulo[3] = {0};

	(void)state;
	for (int i = 0; i < N; i++) {
		uint32_t x = rng_below(&r, 3 * third);

		in_third[x / third]++;
		modulo[x % 3]++;
	}
	for (int k = 0; k < 3; k++) {
		assert_true(abs(in_third[k] - N / 3) < SIX_SIGMA * sqrt(N * 2.0 / 9));
		assert_true(abs(modulo[k] - N / 3) < SIX_SIGMA * sqrt(N * 2.0 / 9));
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(rng_below(&r, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(the_key_is_laid_out_as_documented),
		cmocka_unit_test(purposes_keep_their_values),
		cmocka_unit_test(keys_are_independent),
		cmocka_unit_test(streams_of_neighbours_are_uncorrelated),
		cmocka_unit_test(equal_keys_give_equal_numbers),
		cmocka_unit_test(uniform_has_the_moments_of_the_interval),
		cmocka_unit_test(normal_has_the_moments_of_the_normal),
		cmocka_unit_test(below_is_uniform),
		cmocka_unit_test(below_is_unbiased_for_large_n),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
