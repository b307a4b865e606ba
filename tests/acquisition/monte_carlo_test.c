/* Batches by Monte Carlo: closed forms with many samples, gradients by differences, symmetry,
 * tails. Values with given samples are golden cases. */
#include "acquisition/function/monte_carlo.h"

#include <math.h>
#include <string.h>

#include "acquisition/function/acq.h"
#include "acquisition/function/joint.h"
#include "acquisition/search/ascend.h"
#include "gp/special/special.h"
#include "tests/acquisition/cube.h"
#include "tests/acquisition/wave.h"

enum { SEED = 80808, S = 64, Q = 3 };

/* Normal numbers by strata: for one point an integral by the midpoint rule. */
static struct mat strata(double *z, int n)
{
	for (int i = 0; i < n; i++)
		z[i] = special_quantile((i + 0.5) / n);
	return mat_view(z, n, 1, n);
}

static struct mat normals(double *z, int rows, int cols)
{
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	for (int i = 0; i < rows * cols; i++)
		z[i] = rng_normal(&r);
	return mat_view(z, rows, cols, rows);
}

static struct monte_carlo settings(enum monte_carlo_kind kind, bool fat, const struct gp *g)
{
	return (struct monte_carlo){.kind = kind,
		.model = g,
		.best = 1.1,
		.beta = 2,
		.tau_relu = 1e-3,
		.tau_max = 1e-2,
		.fat = fat};
}

/* One point and very many samples: expected improvement and upper confidence bound in closed
 * form; E max_j of one point is its mean. */
static void one_point_has_the_closed_form(void **state)
{
	(void)state;
	enum { MANY = 20001 };
	static double z[MANY];
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	double x[5 * WAVE_D], got[5], want[5];
	struct mat X = wave_points(x, 5, 9), none = {0};
	static const enum monte_carlo_kind kinds[] = {
		MONTE_CARLO_EI, MONTE_CARLO_LOG_EI, MONTE_CARLO_SR, MONTE_CARLO_UCB};
	static const char *const names[] = {"ei", "log_ei", "mean", "ucb"};
	for (int k = 0; k < 4; k++) {
		struct monte_carlo m = settings(kinds[k], true, g);
		m.best = 0.4;
		m.tau_relu = 1e-7;
		m.Z = strata(z, MANY);
		struct acq closed = {.family = acq_find(names[k]), .model = g, .best = &m.best, .beta = 2};
		assert_int_equal(monte_carlo_eval(&m, X, got, none, a, NULL), KR_OK);
		assert_int_equal(acq_eval(&closed, X, want, none, a, NULL), KR_OK);
		for (int i = 0; i < 5; i++)
			if (k != 1 || want[i] > -12) /* samples reach 4 deviations */
				assert_true(fabs(got[i] - want[i]) <= (k == 1 ? 0.05 : 1e-3));
	}
	gp_free(g);
	arena_free(a);
}

static void gradients_are_differences(void **state)
{
	(void)state;
	double z[S * (Q + 4)], x[4 * WAVE_D];
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	for (int baseline = 0; baseline <= 4; baseline += 4)
		for (int kind = MONTE_CARLO_EI; kind <= MONTE_CARLO_UCB; kind++)
			for (int fat = 0; fat <= (kind == MONTE_CARLO_LOG_EI); fat++)
				for (int q = 1; q <= Q; q++) {
					struct monte_carlo m = settings(kind, fat, g);
					m.baseline = wave_points(x, baseline, 3);
					m.Z = normals(z, S, baseline + q);
					m.best = 0.5;
					wave_check_gradient(monte_carlo_eval, &m, q * WAVE_D, 2e-4, a);
				}
	gp_free(g);
	arena_free(a);
}

static void gradients_go_through_a_warp(void **state)
{
	(void)state;
	double z[S * Q];
	struct arena *a = wave_arena();
	struct gp *g = wave_warped_model(a);
	struct monte_carlo m = settings(MONTE_CARLO_SR, false, g);
	m.Z = normals(z, S, Q);
	wave_check_gradient(monte_carlo_eval, &m, Q * WAVE_D, 2e-4, a);
	gp_free(g);
	arena_free(a);
}

/* Categorical columns have no slope, the others that of a difference. */
static void choices_have_no_slope(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	struct gp *g = wave_mixed_model(a);
	double z[S * 2], x[2 * WAVE_D] = {0.2, 0.3, 1, 0.7, 0.6, 2}, D[2 * WAVE_D], value, up, down;
	struct monte_carlo m = settings(MONTE_CARLO_SR, false, g);
	m.Z = normals(z, S, 2);
	struct mat X = mat_view(x, 1, 2 * WAVE_D, 1), G = mat_view(D, 1, 2 * WAVE_D, 1), none = {0};
	assert_int_equal(monte_carlo_eval(&m, X, &value, G, a, NULL), KR_OK);
	assert_true(D[2] == 0 && D[5] == 0);
	x[3] += 1e-6;
	assert_int_equal(monte_carlo_eval(&m, X, &up, none, a, NULL), KR_OK);
	x[3] -= 2e-6;
	assert_int_equal(monte_carlo_eval(&m, X, &down, none, a, NULL), KR_OK);
	assert_true(fabs((up - down) / 2e-6 - D[3]) < 1e-6 * (1 + fabs(D[3])));
	gp_free(g);
	arena_free(a);
}

/* A maximum of more is larger; a point twice is worth as much as once. */
static void batches_grow(void **state)
{
	(void)state;
	enum { MANY = 4000 };
	static double z[MANY * 2];
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	double x[2 * WAVE_D] = {0.4, 0.2, 0.9, 0.1, 0.1, 0.9}, twice[2 * WAVE_D], one, two, same;
	double D[2 * WAVE_D];
	memcpy(twice, x, sizeof(double) * WAVE_D);
	memcpy(twice + WAVE_D, x, sizeof(double) * WAVE_D);
	struct monte_carlo m = settings(MONTE_CARLO_EI, false, g);
	struct mat none = {0};
	m.best = 1;
	m.Z = normals(z, MANY, 2);
	assert_int_equal(
		monte_carlo_eval(&m, mat_view(x, 1, 2 * WAVE_D, 1), &two, none, a, NULL), KR_OK);
	assert_int_equal(monte_carlo_eval(&m, mat_view(twice, 1, 2 * WAVE_D, 1), &same,
						 mat_view(D, 1, 2 * WAVE_D, 1), a, NULL),
		KR_OK);
	for (int i = 0; i < 2 * WAVE_D; i++)
		assert_true(isfinite(D[i]));
	m.Z.cols = 1;
	assert_int_equal(monte_carlo_eval(&m, mat_view(x, 1, WAVE_D, 1), &one, none, a, NULL), KR_OK);
	assert_true(two > one && fabs(same - one) < 1e-3 * one);
	gp_free(g);
	arena_free(a);
}

/* Far below the incumbent the logarithm is finite and still tells points apart; so is its slope. */
static void tails_are_finite(void **state)
{
	(void)state;
	double z[S * 2], x[2 * WAVE_D] = {0.2, 0.3, 0.4, 0.8, 0.7, 0.2}, D[2 * WAVE_D], value;
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	for (int fat = 0; fat <= 1; fat++)
		for (double best = 1; best < 2e6; best *= 10)
			for (int sign = -1; sign <= 1; sign += 2) {
				struct monte_carlo m = settings(MONTE_CARLO_LOG_EI, fat, g);
				double length = 0;
				m.Z = normals(z, S, 2);
				m.tau_relu = 1e-6;
				m.best = sign * best;
				assert_int_equal(monte_carlo_eval(&m, mat_view(x, 1, 2 * WAVE_D, 1), &value,
									 mat_view(D, 1, 2 * WAVE_D, 1), a, NULL),
					KR_OK);
				for (int i = 0; i < 2 * WAVE_D; i++)
					length += fabs(D[i]);
				assert_true(isfinite(value) && isfinite(length) && length > 0);
			}
	gp_free(g);
	arena_free(a);
}

/* The maximizer's ascent runs on whole batches: values rise from every start. */
static void batches_ascend(void **state)
{
	(void)state;
	enum { STARTS = 3, WIDTH = 2 * WAVE_D };
	double z[S * 2], x[WIDTH * STARTS], f[STARTS], before[STARTS], scale[WIDTH];
	unsigned char moving[WIDTH];
	struct arena *a = wave_arena(), *scratch = wave_arena();
	struct gp *g = wave_model(1, a);
	struct rng r = rng_make(SEED, 4, RNG_TEST, 0);
	struct monte_carlo m = settings(MONTE_CARLO_LOG_EI, true, g);
	struct ascend_function function = {.eval = monte_carlo_eval, .ctx = &m};
	struct ascend_options options = {
		.moving = moving, .scale = scale, .iterations = 60, .tolerance = 1e-4};
	bool more = true;
	m.Z = normals(z, S, 2);
	for (int i = 0; i < WIDTH * STARTS; i++)
		x[i] = rng_uniform(&r);
	for (int i = 0; i < WIDTH; i++) {
		moving[i] = 1;
		scale[i] = 0.5;
	}
	for (int i = 0; i < STARTS; i++)
		assert_int_equal(monte_carlo_eval(&m, mat_view(x + WIDTH * i, 1, WIDTH, 1), &f[i],
							 (struct mat){0}, scratch, NULL),
			KR_OK);
	memcpy(before, f, sizeof(f));
	struct ascend *s = ascend_new(&function, &options, WIDTH, STARTS, x, f, a);
	assert_non_null(s);
	while (more)
		assert_int_equal(ascend_step(s, &more, scratch, NULL), KR_OK);
	for (int i = 0; i < STARTS; i++)
		assert_true(s->f[i] > before[i] + 0.01);
	gp_free(g);
	arena_free(scratch);
	arena_free(a);
}

static void memory_faults_are_errors(void **state)
{
	(void)state;
	double z[S * 2];
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	struct monte_carlo m = settings(MONTE_CARLO_LOG_EI, true, g);
	m.Z = normals(z, S, 2);
	wave_check_faults(monte_carlo_eval, &m, 2 * WAVE_D);
	gp_free(g);
	arena_free(a);
}

/* The adjoint of the factor against differences: <dcov, E> = <dL, L(cov + h E) - L(cov - h E)> /
 * 2h for a symmetric direction E. */
static void the_factor_has_its_adjoint(void **state)
{
	(void)state;
	enum { P = 4 };
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	struct rng r = rng_make(SEED, 5, RNG_TEST, 0);
	double x[P * WAVE_D], dl[P * P], dc[P * P], e[P * P], h = 1e-6, left = 0, right = 0;
	struct joint j, up, down;
	struct mat X = wave_points(x, P, 11), dL = mat_view(dl, P, P, P), C = mat_view(dc, P, P, P);
	assert_int_equal(joint_predict(g, X, false, &j, a, NULL), KR_OK);
	up = down = j;
	up.cov.p = arena_memdup(a, j.cov.p, sizeof(e));
	down.cov.p = arena_memdup(a, j.cov.p, sizeof(e));
	for (int c = 0; c < P; c++)
		for (int i = c; i < P; i++)
			e[c * P + i] = e[i * P + c] = rng_normal(&r);
	for (int i = 0; i < P * P; i++) {
		up.cov.p[i] += h * e[i];
		down.cov.p[i] -= h * e[i];
		dl[i] = rng_normal(&r);
	}
	assert_int_equal(joint_factor(&j, a, NULL), KR_OK);
	assert_int_equal(joint_factor(&up, a, NULL), KR_OK);
	assert_int_equal(joint_factor(&down, a, NULL), KR_OK);
	for (int i = 0; i < P * P; i++)
		right += dl[i] * (up.L.p[i] - down.L.p[i]) / (2 * h);
	joint_factor_adjoint(&j, dL, C);
	for (int i = 0; i < P * P; i++)
		left += dc[i] * e[i];
	assert_true(fabs(left - right) < 1e-6 * (1 + fabs(right)));
	gp_free(g);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_factor_has_its_adjoint),
		cmocka_unit_test(one_point_has_the_closed_form),
		cmocka_unit_test(gradients_are_differences),
		cmocka_unit_test(gradients_go_through_a_warp),
		cmocka_unit_test(choices_have_no_slope),
		cmocka_unit_test(batches_grow),
		cmocka_unit_test(tails_are_finite),
		cmocka_unit_test(batches_ascend),
		cmocka_unit_test(memory_faults_are_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
