/* Integrated variance reduction and straddle: against models that have the observation, gradients
 * by differences, tails. */
#include "acquisition/function/integrated.h"

#include <math.h>

#include "acquisition/function/acq.h"
#include "tests/acquisition/cube.h"
#include "tests/acquisition/wave.h"

enum { POINTS = 30 };

static double mean_variance(const struct gp *g, struct mat Z, struct arena *a)
{
	struct arena_mark mark = arena_mark(a);
	struct gp_batch batch;
	double sum = 0;
	assert_int_equal(gp_predict(g, Z, false, &batch, a, NULL), KR_OK);
	for (int i = 0; i < Z.rows; i++)
		sum += batch.var[i] / Z.rows;
	arena_release(a, mark);
	return sum;
}

static struct integrated setting(const struct gp *g, struct mat Z, double noise, struct arena *a)
{
	struct covariance *points = ARENA_NEW(a, struct covariance);
	assert_non_null(points);
	assert_int_equal(covariance_init(points, g, Z, a, NULL), KR_OK);
	return (struct integrated){.points = points, .noise = noise};
}

/* What the variance really is after an observation there. */
static void the_reduction_is_that_of_an_observation(void **state)
{
	(void)state;
	struct arena *a = wave_arena(), *scratch = wave_arena();
	for (int mixed = 0; mixed <= 1; mixed++) {
		struct gp *g = mixed ? wave_mixed_model(a) : wave_model(1, a);
		double z[POINTS * WAVE_D], x[5 * WAVE_D], value[5];
		struct mat Z = wave_points(z, POINTS, 21), X = wave_points(x, 5, 22);
		for (int i = 0; i < POINTS && mixed; i++)
			z[2 * POINTS + i] = i % 3;
		for (int i = 0; i < 5 && mixed; i++)
			x[10 + i] = i % 3;
		struct integrated v = setting(g, Z, 0.01, a);
		double before = mean_variance(g, Z, scratch);
		assert_int_equal(integrated_eval(&v, X, value, (struct mat){0}, scratch, NULL), KR_OK);
		for (int i = 0; i < 5; i++) {
			struct gp *after = mixed ? wave_mixed_model(scratch) : wave_model(1, scratch);
			double at[WAVE_D] = {x[i], x[5 + i], x[10 + i]}, y = 3;
			assert_int_equal(gp_extend(after, mat_view(at, 1, WAVE_D, 1), mat_view(&y, 1, 1, 1),
								 0.01, scratch, NULL),
				KR_OK);
			double gain = before - mean_variance(after, Z, scratch);
			assert_true(gain > 0 && fabs(exp(value[i]) - gain) < 1e-10);
			gp_free(after);
		}
		gp_free(g);
	}
	arena_free(scratch);
	arena_free(a);
}

static void gradients_are_differences(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	for (int columns = 1; columns <= 2; columns++) {
		double z[POINTS * WAVE_D];
		struct gp *g = wave_model(columns, a);
		struct integrated v = setting(g, wave_points(z, POINTS, 21), WAVE_NOISE, a);
		wave_check_gradient(integrated_eval, &v, WAVE_D, 1e-6, a);
		gp_free(g);
	}
	arena_free(a);
}

/* An observed point without noise has nothing left to tell: finite, and far below the others. */
static void observed_points_tell_nothing(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	double z[POINTS * WAVE_D], x[2 * WAVE_D] = {0.3, 0.9, 0.3, 0.9, 0.3, 0.9};
	double value[2], D[2 * WAVE_D], one[WAVE_D] = {0.3, 0.3, 0.3}, y = 0;
	assert_int_equal(
		gp_extend(g, mat_view(one, 1, WAVE_D, 1), mat_view(&y, 1, 1, 1), 1e-12, a, NULL), KR_OK);
	struct integrated v = setting(g, wave_points(z, POINTS, 21), 1e-6, a);
	assert_int_equal(
		integrated_eval(&v, mat_view(x, 2, WAVE_D, 2), value, mat_view(D, 2, WAVE_D, 2), a, NULL),
		KR_OK);
	for (int i = 0; i < 2 * WAVE_D; i++)
		assert_true(isfinite(D[i]));
	assert_true(isfinite(value[0]) && value[0] < value[1] - 5);
	gp_free(g);
	arena_free(a);
}

static void memory_faults_are_errors(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	double z[POINTS * WAVE_D];
	struct mat Z = wave_points(z, POINTS, 21);
	struct integrated v = setting(g, Z, WAVE_NOISE, a);
	wave_check_faults(integrated_eval, &v, WAVE_D);
	gp_free(g);
	arena_free(a);
}

/* Symmetric about the level, larger where less is known: largest on the level. */
static void straddle_seeks_the_level(void **state)
{
	(void)state;
	const struct acq_family *f = acq_find("straddle");
	double dmu, ds, up, down, beta = 1.96 * 1.96;
	for (double off = 0.01; off < 1e6; off *= 3) {
		up = f->at(2 + off, 0.5, 2, beta, &dmu, &ds);
		assert_true(dmu == -1 && ds == 1.96);
		down = f->at(2 - off, 0.5, 2, beta, &dmu, &ds);
		assert_true(dmu == 1 && fabs(up - down) <= 1e-9);
		assert_true(up < f->at(2, 0.5, 2, beta, &dmu, &ds) && dmu == 0);
		/* positive where the level is within 1.96 deviations */
		assert_true((up > 0) == (off < 1.96 * 0.5));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reduction_is_that_of_an_observation),
		cmocka_unit_test(gradients_are_differences),
		cmocka_unit_test(observed_points_tell_nothing),
		cmocka_unit_test(memory_faults_are_errors),
		cmocka_unit_test(straddle_seeks_the_level),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
