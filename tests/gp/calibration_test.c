#include "gp/calibration.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "gp/linalg/blas.h"
#include "tests/gp/reference.h"

static struct arena *arena;
static struct dataset s;

static struct gp *conditioned(const struct dataset *set)
{
	struct gp *g = gp_new(set->data.n, set->data.d, 1);

	assert_non_null(g);
	assert_int_equal(gp_condition(g, &set->data, set->theta, arena, NULL), KR_OK);
	return g;
}

/* The continuous ranked probability score by its definition: the integral of
 * (F(x) - [x >= y])^2, midpoints, the step at a border. */
static double crps(double y, double mean, double sd)
{
	enum { STEPS = 20000 };
	double sum = 0;

	for (int side = -1; side <= 1; side += 2) {
		double far = 12 * sd + fabs(y - mean), h = far / STEPS;

		for (int i = 0; i < STEPS; i++) {
			double z = (y + side * (i + 0.5) * h - mean) / sd, p = erfc(side * z / sqrt(2)) / 2;

			sum += p * p * h;
		}
	}
	return sum;
}

static void scores_are_their_definitions(void **state)
{
	/* one prediction 0 +- 1: all by hand */
	static const double edges[] = {0, 0.674, 0.675, 1.281, 1.282, 1.959, 1.960, 3.99, 4.01};
	static const int inside[] = {3, 3, 2, 2, 1, 1, 0, 0, 0};
	double mean = 0, var = 1, y[9], means[9], vars[9], want_crps = 0, want_z2 = 0;
	struct gp_calibration c;

	(void)state;
	for (int i = 0; i < 9; i++)
		for (int sign = -1; sign <= 1; sign += 2) {
			double at = sign * edges[i];

			assert_int_equal(gp_calibration_score(1, &at, &mean, &var, &c, NULL), KR_OK);
			assert_true(c.n == 1 && c.worst == 0 && c.worst_z == at);
			assert_true(c.coverage50 + c.coverage80 + c.coverage95 == inside[i]);
			assert_int_equal(c.outliers, edges[i] > 4);
			assert_near(c.mean_square_z, at * at, 1e-14);
			assert_near(c.log_density, -at * at / 2 - log(2 * acos(-1)) / 2, 1e-14);
			assert_near(c.crps, crps(at, 0, 1), 1e-6);
		}
	for (int i = 0; i < 9; i++) {
		y[i] = edges[i] * (i % 2 ? 1 : -1);
		means[i] = 3 - i;
		vars[i] = 0.25 + i;
		want_crps += crps(y[i], means[i], sqrt(vars[i])) / 9;
		want_z2 += (y[i] - means[i]) * (y[i] - means[i]) / vars[i] / 9;
	}
	gp_calibration_score(9, y, means, vars, &c, NULL);
	assert_near(c.crps, want_crps, 1e-6);
	assert_near(c.mean_square_z, want_z2, 1e-14);
	vars[8] = INFINITY;
	gp_calibration_score(9, y, means, vars, &c, NULL);
	assert_int_equal(c.n, 8);
	vars[8] = 8.25;
	assert_int_equal(gp_calibration_score(0, NULL, NULL, NULL, &c, NULL), KR_OK);
	assert_true(c.n == 0 && c.worst == -1 && c.log_density == 0);
	y[3] = 1e200;
	assert_int_equal(gp_calibration_score(9, y, means, vars, &c, NULL), KR_ENONFINITE);
	assert_true(c.n == 0 && c.worst == -1 && c.mean_square_z == 0);
}

/* Each observation predicted by a model of the others that was made from nothing. */
static void leaving_one_out_by_refits(void **state)
{
	struct rng r = reference_rng("calibration");

	(void)state;
	for (int trial = 0; trial < 8; trial++) {
		static struct dataset rest;
		int n = trial == 0 ? 2 : 2 + (int)rng_below(&r, 30);
		double mean[40], var[40], lml, fixed = 0.3, known[40];
		struct gp_calibration c, want;
		struct gp *g;

		reference_dataset(&s, n, 1 + (int)rng_below(&r, 5), trial % 2, &r);
		for (int i = 0; i < n; i++)
			known[i] = 0.1 * rng_uniform(&r);
		s.data.noise = trial / 2 % 2 ? known : NULL;
		s.y[n / 2] += trial;
		s.data.mean = trial / 4 ? &fixed : NULL; /* else profiled, by those that are left */
		g = conditioned(&s);
		for (int left = 0; left < n; left++) {
			double rest_known[40];

			rest = s;
			rest.data.n = n - 1;
			rest.data.X = mat_view(rest.X, n - 1, s.data.d, n);
			rest.data.y = rest.y;
			memcpy(rest_known, known, sizeof(known));
			rest.data.noise = s.data.noise ? rest_known : NULL;
			for (int k = -2; k < s.data.d; k++) {
				double *column = k == -2 ? rest_known : k == -1 ? rest.y : mat_col(rest.data.X, k);

				memmove(column + left, column + left + 1, sizeof(double) * (size_t)(n - 1 - left));
			}
			reference_posterior(&rest.data, s.theta, mat_block(s.data.X, left, 0, 1, s.data.d),
				mean + left, var + left, &lml);
			var[left] += exp(s.theta[s.data.d + 1]) + (s.data.noise ? known[left] : 0);
		}
		assert_int_equal(gp_calibrate(g, s.y, &c, arena, NULL), KR_OK);
		gp_calibration_score(n, s.y, mean, var, &want, NULL);
		assert_int_equal(c.n, n);
		assert_near(c.log_density, want.log_density, 1e-8);
		assert_near(c.crps, want.crps, 1e-8);
		assert_near(c.mean_square_z, want.mean_square_z, 1e-8);
		assert_near(fabs(c.worst_z), fabs(want.worst_z), 1e-8);
		assert_true(n == 2 || c.worst == want.worst); /* of two each misses the other as much */
		assert_int_equal(c.outliers, want.outliers);
		assert_true(c.coverage50 == want.coverage50 && c.coverage80 == want.coverage80);
		assert_true(c.coverage95 == want.coverage95);
		gp_free(g);
	}
}

/* Outcomes drawn from the model itself are covered as promised. */
static void a_model_that_is_right_is_calibrated(void **state)
{
	enum { N = 80, DRAWS = 25 };
	struct rng r = reference_rng("calibrated");
	double cover[3] = {0}, z2 = 0;
	static double L[N][N];

	(void)state;
	for (int draw = 0; draw < DRAWS; draw++) {
		double l[32], e[N], known = 0;
		struct gp_calibration c;
		struct kernel k;
		struct gp *g;

		reference_dataset(&s, N, 2, false, &r);
		s.theta[3] = log(0.02);
		s.data.mean = &known;
		k = likelihood_kernel(&s.data, s.theta, l);
		for (int i = 0; i < N; i++) /* Cholesky by rows */
			for (int j = 0; j <= i; j++) {
				double sum = reference_kernel(&k, s.data.X, i, s.data.X, j) + (i == j) * 0.02;

				for (int m = 0; m < j; m++)
					sum -= L[i][m] * L[j][m];
				L[i][j] = i == j ? sqrt(sum) : sum / L[j][j];
			}
		for (int i = 0; i < N; i++) {
			e[i] = rng_normal(&r);
			s.y[i] = 0;
			for (int j = 0; j <= i; j++)
				s.y[i] += L[i][j] * e[j];
		}
		g = conditioned(&s);
		assert_int_equal(gp_calibrate(g, s.y, &c, arena, NULL), KR_OK);
		cover[0] += c.coverage50 / DRAWS;
		cover[1] += c.coverage80 / DRAWS;
		cover[2] += c.coverage95 / DRAWS;
		z2 += c.mean_square_z / DRAWS;
		gp_free(g);
	}
	/* 2,000 residuals: five standard errors of independent ones */
	assert_true(fabs(cover[0] - 0.50) < 0.056 && fabs(cover[1] - 0.80) < 0.045);
	assert_true(fabs(cover[2] - 0.95) < 0.025 && fabs(z2 - 1) < 0.16);
}

/* One observation, two, equal ones, equal points without noise, all scales: numbers. */
static void degenerate_data_have_scores(void **state)
{
	static const int sizes[] = {1, 2, 3, 40};
	static const double scales[] = {0, 1e-150, 1e-8, 1, 1e8, 1e150};
	struct rng r = reference_rng("degenerate");

	(void)state;
	for (int size = 0; size < 4; size++)
		for (int scale = 0; scale < 6; scale++)
			for (int same = 0; same < 2; same++) {
				int n = sizes[size];
				double factor = scales[scale];
				struct gp_calibration c;
				struct gp *g;

				reference_dataset(&s, n, 2, false, &r);
				for (int i = 0; i < n; i++)
					s.y[i] = factor == 0 ? 3.5 : factor * s.y[i];
				for (int i = 0; same && i < 2 * n; i++)
					s.X[i] = 0.25;
				if (factor > 0) { /* the model is in units of y */
					s.theta[2] += 2 * log(factor);
					s.theta[3] += 2 * log(factor);
				} else {
					s.theta[3] = -INFINITY;
				}
				g = conditioned(&s);
				assert_int_equal(gp_calibrate(g, s.y, &c, arena, NULL), KR_OK);
				assert_true(c.n == (n > 1 ? n : 0) && c.mean_square_z >= 0 && c.crps >= 0);
				assert_true(c.coverage50 <= c.coverage80 && c.coverage80 <= c.coverage95);
				assert_true(c.worst < c.n && isfinite(c.log_density));
				if (factor == 0 && n > 1)
					assert_true(c.coverage50 == 1 && c.outliers == 0);
				gp_free(g);
			}
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	struct gp_calibration c;
	struct gp *g;
	int n = 1;

	(void)state;
	reference_dataset(&s, 60, 3, false, &r);
	g = conditioned(&s);
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; n++) {
		struct arena *a;

		kr_alloc_fail_at(n, 0);
		a = arena_new(1 << 20);
		status = a ? gp_calibrate(g, s.y, &c, a, NULL) : KR_ENOMEM;
		assert_true(status == KR_OK || status == KR_ENOMEM);
		if (a)
			assert_int_equal(arena_used(a), 0);
		arena_free(a);
	}
	kr_alloc_fail_at(0, 0);
	assert_true(n > 2);
	gp_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_are_their_definitions),
		cmocka_unit_test(leaving_one_out_by_refits),
		cmocka_unit_test(a_model_that_is_right_is_calibrated),
		cmocka_unit_test(degenerate_data_have_scores),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new(1 << 26);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
