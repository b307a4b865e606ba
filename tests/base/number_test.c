#include "base/number.h"

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

static void people_see_what_they_wrote(void **state)
{
	static const char *const same[] = {"0", "-0", "0.1", "0.3", "-0.7", "1e-05", "0.001", "300",
		"123456789012345", "1e+300", "1.7976931348623157e+308", "inf", "-inf", "nan"};
	char out[NUMBER_SHOWN];

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		assert_string_equal(number_show(strtod(same[i], NULL), out), same[i]);
	assert_string_equal(number_show(0.1 + 0.2, out), "0.30000000000000004");
}

static void it_reads_back(void **state)
{
	enum { SEED = 11 };
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	char out[NUMBER_SHOWN];

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < 100000; i++) {
		uint64_t bits = (uint64_t)rng_below(&r, UINT32_MAX) << 32 | rng_below(&r, UINT32_MAX);
		double v;
		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v))
			assert_true(strtod(number_show(v, out), NULL) == v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_see_what_they_wrote),
		cmocka_unit_test(it_reads_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
