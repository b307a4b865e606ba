/* What failures cost the acquisition: values by hand, slopes by differences. */
#include <math.h>
#include <string.h>

#include "acquisition/policy_internal.h"
#include "base/rng.h"
#include "tests/acquisition/cube.h"

enum { SEED = 4711, D = 3, FAILED = 5, SEEN = 4 };

/* Two floats and a choice of three. */
static struct space *mixed_space(void)
{
	struct space_param params[D] = {{.kind = SPACE_FLOAT, .low = 0, .high = 1},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1}, {.kind = SPACE_CATEGORICAL, .n_choices = 3}};
	return cube_space(params, D);
}

static double cost(struct policy *p, const double *failed, int n, const double *seen, int m)
{
	double x[D] = {0.5, 0.5, 1}, f[FAILED * D], s[SEEN * D];
	memcpy(f, failed, sizeof(double) * (size_t)(n * D));
	memcpy(s, seen, sizeof(double) * (size_t)(m * D));
	p->failed = mat_view(f, n, D, n);
	p->data.X = mat_view(s, m, D, m);
	return policy__failed_cost(p, mat_view(x, 1, D, 1), 0, (struct mat){0});
}

static void values_by_hand(void **state)
{
	static const double once[] = {0.5, 0.5, 1}, thrice[] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 1, 1};
	static const double aside[] = {0.6, 0.5, 1}, other[] = {0.5, 0.5, 2};
	struct policy p = {.d = D, .in.space = mixed_space()};
	(void)state;
	assert_true(cost(&p, once, 0, once, 1) == 0);
	assert_float_equal(cost(&p, once, 1, once, 0), 0.64872127, 1e-8);   /* exp(1/2) - 1 */
	assert_float_equal(cost(&p, thrice, 3, once, 0), 89.0171313, 1e-7); /* exp(9/2) - 1 */
	assert_float_equal(cost(&p, thrice, 3, once, 1), 8.48773584, 1e-8); /* exp(9/4) - 1 */
	assert_float_equal(cost(&p, aside, 1, once, 0), 0.43084568, 1e-8);  /* w = exp(-1/6) */
	assert_true(cost(&p, other, 1, once, 0) == 0);
	space_free((struct space *)p.in.space);
}

static void slopes_are_those_of_differences(void **state)
{
	static const double step = 1e-6;
	struct policy p = {.d = D, .in.space = mixed_space()};
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double f[FAILED * D], s[SEEN * D];
	(void)state;
	print_message("seed %d\n", SEED);
	p.failed = mat_view(f, FAILED, D, FAILED);
	p.data.X = mat_view(s, SEEN, D, SEEN);
	for (int round = 0; round < 50; round++) {
		double x[D] = {0.5, 0.5, 0}, slope[D] = {0};
		struct mat X = mat_view(x, 1, D, 1), none = {0};
		for (int i = 0; i < FAILED * D; i++)
			f[i] = i < FAILED * 2 ? 0.3 + 0.4 * rng_uniform(&r) : rng_below(&r, 2);
		for (int i = 0; i < SEEN * D; i++)
			s[i] = i < SEEN * 2 ? 0.3 + 0.4 * rng_uniform(&r) : rng_below(&r, 2);
		policy__failed_cost(&p, X, 0, mat_view(slope, 1, D, 1));
		assert_true(slope[2] == 0);
		for (int j = 0; j < 2; j++) {
			x[j] = 0.5 + step;
			double up = policy__failed_cost(&p, X, 0, none);
			x[j] = 0.5 - step;
			double down = policy__failed_cost(&p, X, 0, none), want = (down - up) / (2 * step);
			x[j] = 0.5;
			assert_true(fabs(slope[j] - want) < 1e-6 * (1 + fabs(want)));
		}
	}
	space_free((struct space *)p.in.space);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_hand),
		cmocka_unit_test(slopes_are_those_of_differences),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
