/* Replicates become their mean and its standard error. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "proto/decode.h"
#include "proto/limits.h"
#include "tests/proto/wire_text.h"

enum { SEED = 17, ROUNDS = 500 };

/* What an Observe with these replicates says. */
static struct msg_value observed(int n, const double *x)
{
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct kr_error err = {0};
	struct msg_request m;
	char *text = arena_alloc(a, 128 + 32 * (size_t)n);
	size_t len, at;
	uint8_t *wire;
	struct msg_value v;

	at = (size_t)sprintf(text, "1:{1:\"0123456789abcdef\"} 2:\"s\" 3:{1:0 3:{");
	for (int i = 0; i < n; i++)
		at += (size_t)sprintf(text + at, "4:#%.17g ", x[i]);
	strcpy(text + at, "}}");
	wire = wire_text(text, &len);
	if (decode_request(&m, METHOD_OBSERVE, wire, len, a, &err) != KR_OK)
		fail_msg("%s: %s", text, err.text);
	v = m.u.observe.observations[0].values[0];
	free(wire);
	arena_free(a);
	return v;
}

#define OBSERVED(...) \
	observed((int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)), (const double[]){__VA_ARGS__})

static void close_to(double got, double expected, double scale)
{
	if (!(fabs(got - expected) <= 1e-13 * scale))
		fail_msg("%.17g is not %.17g", got, expected);
}

/* Numbers worked out by hand. */
static void known_numbers(void **state)
{
	struct msg_value v;

	(void)state;
	v = OBSERVED(1, 3); /* sd sqrt(2), n 2 */
	assert_true(v.value == 2 && v.has_sem);
	close_to(v.sem, 1, 1);
	v = OBSERVED(2, 4, 4, 4, 5, 5, 7, 9); /* squares sum to 32; sem^2 = 32/7/8 */
	close_to(v.value, 5, 1);
	close_to(v.sem, 0.75592894601845445, 1); /* 2 / sqrt(7) */
	v = OBSERVED(-0.5, 0.5);
	assert_true(v.value == 0);
	close_to(v.sem, 0.5, 1);
	v = OBSERVED(0, 0, 0);
	assert_true(v.value == 0 && v.has_sem && v.sem == 0);
	v = OBSERVED(0.1, 0.1, 0.1); /* equal ones: themselves, to the bit */
	assert_true(v.value == 0.1 && v.sem == 0);
}

/* Where squares or sums would be lost. */
static void extremes(void **state)
{
	struct msg_value v;

	(void)state;
	v = OBSERVED(1e308, 1.5e308);
	close_to(v.value, 1.25e308, 1e308);
	close_to(v.sem, 0.25e308, 1e308);
	v = OBSERVED(1.7e308, -1.7e308);
	assert_true(v.value == 0);
	close_to(v.sem, 1.7e308, 1e308);
	v = OBSERVED(1e-300, 3e-300);
	close_to(v.value, 2e-300, 1e-300);
	close_to(v.sem, 1e-300, 1e-300);
	v = OBSERVED(1e9 + 1, 1e9 + 3); /* a mean far above the spread */
	assert_true(v.value == 1e9 + 2);
	close_to(v.sem, 1, 1);
	v = OBSERVED(5e-324, 5e-324);
	assert_true(v.value == 5e-324 && v.sem == 0);
}

static void not_finite(void **state)
{
	struct msg_value v;

	(void)state;
	v = OBSERVED(1, NAN, 3);
	assert_true(isnan(v.value) && !v.has_sem);
	v = OBSERVED(INFINITY, 1);
	assert_true(isnan(v.value) && !v.has_sem);
}

/* mean(x + c) = mean(x) + c, mean(s x) = s mean(x), and the order means nothing. */
static void properties(void **state)
{
	(void)state;
	print_message("seed %d\n", SEED);
	for (int k = 0; k < ROUNDS; k++) {
		struct rng r = rng_make(SEED, (uint64_t)k, RNG_TEST, 0);
		double x[16], moved[16], scaled[16], back[16], smallest = 1, largest = 0;
		int n = 2 + (int)rng_below(&r, 15);

		for (int i = 0; i < n; i++) {
			x[i] = rng_uniform(&r);
			moved[i] = x[i] + 8;
			scaled[i] = x[i] * 0x1p40;
			back[n - 1 - i] = x[i];
			smallest = fmin(smallest, x[i]);
			largest = fmax(largest, x[i]);
		}
		struct msg_value v = observed(n, x), m = observed(n, moved), s = observed(n, scaled),
						 b = observed(n, back);

		assert_true(v.value >= smallest && v.value <= largest);
		assert_true(v.sem >= 0 && v.sem <= largest - smallest);
		close_to(m.value, v.value + 8, 8);
		close_to(m.sem, v.sem, 8);
		assert_true(s.value == v.value * 0x1p40 && s.sem == v.sem * 0x1p40);
		close_to(b.value, v.value, 1);
		close_to(b.sem, v.sem, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_numbers),
		cmocka_unit_test(extremes),
		cmocka_unit_test(not_finite),
		cmocka_unit_test(properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
