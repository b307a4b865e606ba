/* Numbers as text: what goes out comes back. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "client/cli/number.h"

static void test_shortest(void **state)
{
	static const struct {
		double x;
		const char *text;
	} cases[] = {
		{0.1, "0.1"},
		{1, "1.0"},
		{0, "0.0"},
		{-0.0, "-0.0"},
		{1e-5, "1e-05"},
		{1e22, "1e+22"},
		{123456789, "123456789.0"},
		{0.1 + 0.2, "0.30000000000000004"},
		{600, "600.0"},
		{1e15, "1000000000000000.0"},
		{1e16, "1e+16"},
		{0.0001, "0.0001"},
		{-123.456, "-123.456"},
		{9007199254740992, "9007199254740992.0"},
		{DBL_MAX, "1.7976931348623157e+308"},
		{5e-324, "5e-324"},
		{NAN, "nan"},
		{INFINITY, "inf"},
		{-INFINITY, "-inf"},
	};
	char out[NUMBER_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(number_format(out, cases[i].x), cases[i].text);
}

static void test_round_trip(void **state)
{
	uint64_t seed = 20260131;
	struct rng r = rng_make(seed, 0, RNG_TEST, 0);
	char out[NUMBER_BYTES];
	double back;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 100000; i++) {
		uint64_t bits = rng_u64(&r);
		double x;

		memcpy(&x, &bits, sizeof(x));
		if (!isfinite(x))
			continue;
		assert_true(number_parse(number_format(out, x), &back));
		assert_memory_equal(&x, &back, sizeof(x));
		assert_true(strlen(out) < NUMBER_BYTES);
	}
}

static void test_parse(void **state)
{
	static const char *const good[] = {
		"1", "-1.5", "+2", ".5", "1e300", "nan", "inf", "-Infinity", "NaN", "5e-324", "1e-400"};
	static const char *const bad[] = {
		"", " 1", "1 ", "0x10", "1,5", "1e400", "abc", "1e", "--1", "\t2"};
	double x;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(number_parse(good[i], &x));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(number_parse(bad[i], &x));
}

static void test_integers(void **state)
{
	int64_t i;
	uint64_t u;

	(void)state;
	assert_true(number_parse_i64("-9223372036854775808", &i) && i == INT64_MIN);
	assert_true(number_parse_u64("18446744073709551615", &u) && u == UINT64_MAX);
	assert_false(number_parse_i64("9223372036854775808", &i));
	assert_false(number_parse_u64("18446744073709551616", &u));
	assert_false(number_parse_u64("-1", &u));
	assert_false(number_parse_u64("", &u));
	assert_false(number_parse_i64("1.0", &i));
	assert_false(number_parse_i64("-", &i));
	assert_false(number_parse_u64(" 1", &u));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shortest),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
