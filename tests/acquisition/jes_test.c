/* Thompson sampling and joint entropy search: maxima of paths, the bound against models that have
 * the optimum, gradients by differences, tails. */
#include "acquisition/function/jes.h"

#include <math.h>
#include <string.h>

#include "acquisition/function/truncated.h"
#include "tests/acquisition/cube.h"
#include "tests/acquisition/wave.h"

enum { SEED = 112358, RAW = 200, OPTIMA = 4 };

static const unsigned char moving[WAVE_D] = {1, 1, 1}, some_moving[WAVE_D] = {1, 1, 0};
static const double scale[WAVE_D] = {0.5, 0.5, 0.5};

static struct thompson_search whole_cube(double *raw)
{
	return (struct thompson_search){.raw = wave_points(raw, RAW, 31),
		.moving = moving,
		.scale = scale,
		.starts = 5,
		.iterations = 60};
}

static struct path *draw(const struct gp *g, const int *choices, uint32_t index, struct arena *a)
{
	struct rng r = rng_make(SEED, 0, RNG_TEST, index);
	struct path *path;
	assert_int_equal(path_new(&path, g, 0, PATH_WAVES, choices, &r, a, NULL), KR_OK);
	return path;
}

/* No candidate and no neighbour is better, and inside the cube the slope is 0. */
static void a_maximum_is_one(void **state)
{
	(void)state;
	static double raw[RAW * WAVE_D];
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	struct thompson_search search = whole_cube(raw);
	for (uint32_t k = 0; k < 5; k++) {
		struct path *path = draw(g, NULL, k, a);
		double x[WAVE_D], best, f[RAW], D[WAVE_D];
		assert_int_equal(thompson_maximize(path, &search, x, &best, a, NULL), KR_OK);
		assert_int_equal(thompson_eval(path, search.raw, f, (struct mat){0}, a, NULL), KR_OK);
		for (int i = 0; i < RAW; i++)
			assert_true(f[i] <= best);
		assert_int_equal(
			thompson_eval(path, mat_view(x, 1, WAVE_D, 1), f, mat_view(D, 1, WAVE_D, 1), a, NULL),
			KR_OK);
		assert_true(fabs(f[0] - best) <= 1e-12 * (1 + fabs(best)));
		for (int i = 0; i < WAVE_D; i++) {
			assert_true(x[i] >= 0 && x[i] <= 1);
			assert_true(x[i] == 0 ? D[i] <= 0 : x[i] == 1 ? D[i] >= 0 : fabs(D[i]) < 1e-2);
		}
	}
	gp_free(g);
	arena_free(a);
}

static void paths_have_their_gradient(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	wave_check_gradient(thompson_eval, draw(g, NULL, 7, a), WAVE_D, 1e-6, a);
	gp_free(g);
	arena_free(a);
}

/* Choices come from the candidates. */
static void choices_stay_choices(void **state)
{
	(void)state;
	static double raw[RAW * WAVE_D];
	static const int choices[WAVE_D] = {[2] = 3};
	struct arena *a = wave_arena();
	struct gp *g = wave_mixed_model(a);
	struct thompson_search search = whole_cube(raw);
	double x[WAVE_D], best;
	search.moving = some_moving;
	for (int i = 0; i < RAW; i++)
		raw[2 * RAW + i] = i % 3;
	assert_int_equal(thompson_maximize(draw(g, choices, 1, a), &search, x, &best, a, NULL), KR_OK);
	assert_true(x[2] == 0 || x[2] == 1 || x[2] == 2);
	gp_free(g);
	arena_free(a);
}

/* Equal keys give equal optima, in every bit; no two paths have the same. */
static void draws_are_deterministic_and_differ(void **state)
{
	(void)state;
	static double raw[RAW * WAVE_D];
	struct arena *a = wave_arena();
	struct gp *g = wave_model(2, a);
	struct thompson_search search = whole_cube(raw);
	double x[2][OPTIMA * WAVE_D], y[2][OPTIMA];
	size_t used = arena_used(a);
	for (int t = 0; t < 2; t++) {
		struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
		struct mat X = mat_view(x[t], OPTIMA, WAVE_D, OPTIMA);
		assert_int_equal(jes_draw(g, &search, NULL, &r, X, y[t], a, NULL), KR_OK);
		assert_int_equal(arena_used(a), used);
	}
	assert_memory_equal(x[0], x[1], sizeof(x[0]));
	assert_memory_equal(y[0], y[1], sizeof(y[0]));
	for (int k = 1; k < OPTIMA; k++)
		assert_true(y[0][k] != y[0][0]);
	gp_free(g);
	arena_free(a);
}

/* The bound from models that were conditioned on each optimum. */
static double by_refits(
	int columns, double noise, struct mat optima, const double *y, double *x, struct arena *a)
{
	struct gp *g = wave_model(columns, a);
	struct mat X = mat_view(x, 1, WAVE_D, 1);
	struct gp_batch batch;
	assert_int_equal(gp_predict(g, X, false, &batch, a, NULL), KR_OK);
	double value = 0.5 * log(batch.var[0] + noise);
	gp_free(g);
	for (int k = 0; k < optima.rows; k++) {
		double at[WAVE_D], outcome[2] = {y[k], y[k]};
		g = wave_model(columns, a);
		for (int j = 0; j < WAVE_D; j++)
			at[j] = *mat_at(optima, k, j);
		assert_int_equal(
			gp_extend(g, mat_view(at, 1, WAVE_D, 1), mat_view(outcome, 1, columns, 1), 0, a, NULL),
			KR_OK);
		assert_int_equal(gp_predict(g, X, false, &batch, a, NULL), KR_OK);
		double s = sqrt(batch.var[0]);
		struct truncated t = truncated_below((y[k] - batch.mean.p[k % columns]) / s);
		value -= 0.5 / optima.rows * log(noise + batch.var[0] * t.var);
		gp_free(g);
	}
	return value;
}

static void the_bound_is_that_of_refits(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	double z[OPTIMA * WAVE_D], x[3 * WAVE_D], y[OPTIMA] = {1.3, 1.1, 1.6, 0.9}, value[3];
	struct mat Z = wave_points(z, OPTIMA, 41), X = wave_points(x, 3, 42);
	for (int columns = 1; columns <= 2; columns++) {
		struct gp *g = wave_model(columns, a);
		struct jes *j;
		assert_int_equal(jes_new(&j, g, 0.02, Z, y, a, NULL), KR_OK);
		assert_int_equal(jes_eval(j, X, value, (struct mat){0}, a, NULL), KR_OK);
		for (int i = 0; i < 3; i++) {
			double at[WAVE_D] = {x[i], x[3 + i], x[6 + i]};
			assert_true(fabs(value[i] - by_refits(columns, 0.02, Z, y, at, a)) < 1e-9);
		}
		gp_free(g);
	}
	arena_free(a);
}

static void gradients_are_differences(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	double z[OPTIMA * WAVE_D], y[OPTIMA] = {1.3, 1.1, 1.6, -0.9};
	struct mat Z = wave_points(z, OPTIMA, 41);
	for (int columns = 1; columns <= 2; columns++) {
		struct gp *g = wave_model(columns, a);
		struct jes *j;
		assert_int_equal(jes_new(&j, g, 0.02, Z, y, a, NULL), KR_OK);
		wave_check_gradient(jes_eval, j, WAVE_D, 1e-6, a);
		gp_free(g);
	}
	arena_free(a);
}

static void gradients_go_through_a_warp(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	double z[OPTIMA * WAVE_D], y[OPTIMA] = {1.3, 1.1, 1.6, -0.9};
	struct gp *g = wave_warped_model(a);
	struct jes *j;
	assert_int_equal(jes_new(&j, g, 0.02, wave_points(z, OPTIMA, 41), y, a, NULL), KR_OK);
	wave_check_gradient(jes_eval, j, WAVE_D, 1e-6, a);
	wave_check_gradient(thompson_eval, draw(g, NULL, 9, a), WAVE_D, 1e-6, a);
	gp_free(g);
	arena_free(a);
}

/* Optima far above and below what the model believes, and a candidate on an optimum. */
static void tails_are_finite(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	double z[WAVE_D] = {0.3, 0.4, 0.5}, x[2 * WAVE_D] = {0.3, 0.8, 0.4, 0.1, 0.5, 0.6};
	double value[2], D[2 * WAVE_D];
	for (double noise = 0; noise < 2; noise += 1)
		for (double y = 1e-3; y < 2e6; y *= 10)
			for (int sign = -1; sign <= 1; sign += 2) {
				double top = sign * y;
				struct jes *j;
				assert_int_equal(
					jes_new(&j, g, noise, mat_view(z, 1, WAVE_D, 1), &top, a, NULL), KR_OK);
				assert_int_equal(jes_eval(j, mat_view(x, 2, WAVE_D, 2), value,
									 mat_view(D, 2, WAVE_D, 2), a, NULL),
					KR_OK);
				for (int i = 0; i < 2 * WAVE_D; i++)
					assert_true(isfinite(D[i]) && isfinite(value[i % 2]));
				assert_true(value[0] >= -1e-12 && value[1] >= -1e-12);
			}
	gp_free(g);
	arena_free(a);
}

static void memory_faults_are_errors(void **state)
{
	(void)state;
	static double raw[RAW * WAVE_D];
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	double z[OPTIMA * WAVE_D], y[OPTIMA] = {1.3, 1.1, 1.6, 0.9}, x[OPTIMA * WAVE_D], top[OPTIMA];
	struct mat Z = wave_points(z, OPTIMA, 41);
	struct thompson_search search = whole_cube(raw);
	enum kr_status made = KR_ENOMEM, drawn = KR_ENOMEM;
	struct jes *j;
	assert_int_equal(jes_new(&j, g, 0.02, Z, y, a, NULL), KR_OK);
	wave_check_faults(jes_eval, j, WAVE_D);
	search.raw.rows = 20;
	for (size_t cap = 0; made || drawn; cap += 4096) {
		struct arena *small = arena_new(cap);
		struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
		assert_non_null(small);
		made = jes_new(&j, g, 0.02, Z, y, small, NULL);
		assert_true(made == KR_OK || made == KR_ENOMEM);
		arena_reset(small);
		drawn = jes_draw(
			g, &search, NULL, &r, mat_view(x, OPTIMA, WAVE_D, OPTIMA), top, small, NULL);
		assert_true(drawn == KR_OK || drawn == KR_ENOMEM);
		arena_free(small);
	}
	gp_free(g);
	arena_free(a);
}

int main(void)
{
	print_message("seed %d\n", SEED);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_maximum_is_one),
		cmocka_unit_test(paths_have_their_gradient),
		cmocka_unit_test(choices_stay_choices),
		cmocka_unit_test(draws_are_deterministic_and_differ),
		cmocka_unit_test(the_bound_is_that_of_refits),
		cmocka_unit_test(gradients_are_differences),
		cmocka_unit_test(gradients_go_through_a_warp),
		cmocka_unit_test(tails_are_finite),
		cmocka_unit_test(memory_faults_are_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
