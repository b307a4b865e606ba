/* What pending points leave to be learnt: half the log of a quotient of variances. */
#include "acquisition/function/novelty.h"

#include <math.h>

#include "tests/acquisition/cube.h"
#include "tests/acquisition/wave.h"

/* The same model with a point whose outcome is not known. */
static struct gp *joined(struct mat P, struct arena *a)
{
	struct gp *g = wave_model(1, a);
	double f = 0;
	assert_int_equal(gp_extend(g, P, mat_view(&f, 1, 1, 1), 0, a, NULL), KR_OK);
	return g;
}

/* Little is left beside the point, all far away, nothing is gained anywhere. */
static void little_is_left_beside_a_pending_point(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	double p[WAVE_D] = {0.6, 0.4, 0.5}, at[3 * WAVE_D], value[3];
	struct mat P = mat_view(p, 1, WAVE_D, 1), X = mat_view(at, 3, WAVE_D, 3);
	for (int j = 0; j < WAVE_D; j++) {
		*mat_at(X, 0, j) = p[j];
		*mat_at(X, 1, j) = p[j] + 0.02;
		*mat_at(X, 2, j) = 60;
	}
	struct gp *g = wave_model(1, a), *h = joined(P, a);
	struct novelty v = {g, h, WAVE_NOISE};
	assert_int_equal(novelty_eval(&v, X, value, (struct mat){0}, a, NULL), KR_OK);
	struct gp_batch before;
	assert_int_equal(gp_predict(g, P, false, &before, a, NULL), KR_OK);
	assert_true(fabs(value[0] - 0.5 * log(WAVE_NOISE / (before.var[0] + WAVE_NOISE))) < 1e-6);
	assert_true(value[0] < value[1] && value[1] < 0);
	assert_true(fabs(value[2]) < 1e-12);
	gp_free(g);
	gp_free(h);
	arena_free(a);
}

static void gradients_are_differences(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	double p[WAVE_D] = {0.6, 0.4, 0.5};
	struct gp *g = wave_model(1, a), *h = joined(mat_view(p, 1, WAVE_D, 1), a);
	struct novelty v = {g, h, WAVE_NOISE};
	wave_check_gradient(novelty_eval, &v, WAVE_D, 1e-5, a);
	wave_check_faults(novelty_eval, &v, WAVE_D);
	gp_free(g);
	gp_free(h);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(little_is_left_beside_a_pending_point),
		cmocka_unit_test(gradients_are_differences),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
