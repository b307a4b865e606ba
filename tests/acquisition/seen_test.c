#include "acquisition/policy/seen.h"

#include <string.h>

#include "base/alloc.h"
#include "tests/acquisition/cube.h"

enum { SEED = 777, N = 3000 };

/* Against the plain definition: a list searched from the start. */
static void the_set_is_a_list_without_repeats(void **state)
{
	(void)state;
	struct space_param params[2] = {{.kind = SPACE_INT, .low = 0, .high = 40},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1, .step = 0.025}};
	struct space *s = cube_space(params, 2);
	struct seen *seen = seen_new(s, N);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	static double points[N][2];
	int distinct = 0;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < N; i++) {
		cube_draw(s, &r, points[i]);
		bool is_new = true;
		for (int k = 0; k < i && is_new; k++)
			is_new = !space_equal(s, points[k], points[i]);
		assert_true(seen_has(seen, points[i]) == !is_new);
		assert_true(seen_add(seen, points[i]) == is_new);
		assert_true(seen_has(seen, points[i]));
		distinct += is_new;
		assert_int_equal(seen_count(seen), distinct);
	}
	assert_in_range(distinct, 1000, 41 * 41);
	seen_free(seen);
	space_free(s);
}

static void running_out_of_memory_is_an_answer(void **state)
{
	(void)state;
	struct space *s = cube_floats(1);
	struct seen *seen = NULL;
	int n = 1;
	for (; !seen; n++) {
		kr_alloc_fail_at(n, 0);
		seen = seen_new(s, 10);
		kr_alloc_fail_at(0, 0);
	}
	assert_in_range(n, 3, 10);
	seen_free(seen);
	seen_free(NULL);
	space_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_set_is_a_list_without_repeats),
		cmocka_unit_test(running_out_of_memory_is_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
