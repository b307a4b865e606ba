/* Models whose inputs are warped: against the same model of points that were warped beforehand, by the
 * formula and in long double. */
#include "gp/warp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "gp/fit.h"
#include "gp/linalg/blas.h"
#include "gp/outcome/outcome.h"
#include "tests/gp/reference.h"

enum { P = 5, MAX_D = 6 };
static struct arena *arena;
static struct dataset plain, warped, at, at_warped;
static double theta[64];

/* 1 - (1 - x^a)^b, with x kept 1e-7 from the ends. */
static double formula(double x, double ln_a, double ln_b)
{
	long double eps = 1e-7L, u = eps + (1 - 2 * eps) * (long double)x;
	long double w = 1 - powl(1 - powl(u, expl((long double)ln_a)), expl((long double)ln_b));

	return (double)((w - eps) / (1 - 2 * eps));
}

static void warp_by_formula(const struct dataset *from, const double *ln_ab, struct dataset *to)
{
	int d = from->data.d;

	memcpy(to->X, from->X, sizeof(from->X));
	to->data.X = from->data.X;
	to->data.X.p = to->X;
	for (int k = 0; k < d; k++)
		for (int i = 0; i < from->data.n && !from->categorical[k]; i++)
			*mat_at(to->data.X, i, k) = formula(
				*mat_at(from->data.X, i, k), ln_ab[k], ln_ab[d + k]);
}

/* plain (with a warp, of which theta says how) and at; the same without a warp in the others. */
static void vary(int trial, struct rng *r, double size)
{
	int d = 1 + (int)rng_below(r, MAX_D), at_least = 3;

	reference_dataset(&plain, at_least + (int)rng_below(r, 30), d, trial % 2, r);
	plain.data.kernel = reference_term(trial / 2 % 2 ? "matern52" : "rbf");
	warped = plain;
	warped.data.y = warped.y;
	warped.data.categorical = plain.data.categorical;
	reference_dataset(&at, P, d, trial % 2, r);
	at_warped = at;
	memcpy(theta, plain.theta, sizeof(double) * (size_t)(d + 1));
	theta[3 * d + 1] = plain.theta[d + 1];
	for (int k = 0; k < 2 * d; k++)
		theta[d + 1 + k] = size * rng_normal(r);
	warp_by_formula(&plain, theta + d + 1, &warped);
	warp_by_formula(&at, theta + d + 1, &at_warped);
	plain.data.warp = true;
}

static double value(const struct gp_data *data, const double *t)
{
	double lml;

	assert_int_equal(gp_lml(data, t, &lml, NULL, NULL, arena, NULL), KR_OK);
	return lml;
}

static struct gp *conditioned(const struct gp_data *data, const double *t, int room)
{
	struct gp *g = gp_new(data->n + room, data->d, 1);

	assert_non_null(g);
	assert_int_equal(gp_condition(g, data, t, arena, NULL), KR_OK);
	return g;
}

static void a_warp_is_a_model_of_warped_points(void **state)
{
	struct rng r = reference_rng("warp");

	(void)state;
	for (int trial = 0; trial < 24; trial++) {
		double mean[P], cov[P * P], m[P], c[P * P], lml;
		struct gp_batch batch;
		struct gp *g;

		arena_reset(arena);
		vary(trial, &r, 0.5);
		reference_posterior(&warped.data, plain.theta, at_warped.data.X, mean, cov, &lml);
		assert_int_equal(gp_theta_size(&plain.data), 3 * plain.data.d + 2);
		assert_near(value(&plain.data, theta), lml, 1e-8);
		g = conditioned(&plain.data, theta, 0);
		gp_joint(g, at.data.X, mat_view(m, P, 1, P), mat_view(c, P, P, P), arena, NULL);
		gp_predict(g, at.data.X, false, &batch, arena, NULL);
		for (int i = 0; i < P; i++) {
			assert_near(m[i], mean[i], 1e-8);
			assert_near(*mat_at(batch.mean, i, 0), mean[i], 1e-8);
			assert_near(batch.var[i], cov[i + i * P], 1e-8);
		}
		for (int i = 0; i < P * P; i++)
			assert_near(c[i], cov[i], 1e-8);
		gp_free(g);
	}
}

/* An inactive value stays what it is, and has no part in any slope. */
static void inactive_values_are_not_warped(void **state)
{
	double x[4] = {0.2, NAN, NAN, 0.7}, w[4], slope[4], D[4] = {1, 2, 3, 4}, grad[4];
	double ln_ab[4] = {0.3, -0.2, 0.4, 0.1};
	struct mat none = {0};

	(void)state;
	gp_warp(mat_view(x, 2, 2, 2), NULL, ln_ab, mat_view(w, 2, 2, 2), mat_view(slope, 2, 2, 2));
	assert_true(isnan(w[1]) && isnan(w[2]) && slope[1] == 1 && slope[2] == 1);
	assert_near(w[0], formula(0.2, 0.3, 0.4), 1e-12);
	gp_warp_slope(mat_view(x, 2, 2, 2), NULL, ln_ab, mat_view(D, 2, 2, 2), grad);
	for (int k = 0; k < 4; k++) {
		double h = 1e-6, keep = ln_ab[k], up[4], down[4];

		ln_ab[k] = keep + h;
		gp_warp(mat_view(x, 2, 2, 2), NULL, ln_ab, mat_view(up, 2, 2, 2), none);
		ln_ab[k] = keep - h;
		gp_warp(mat_view(x, 2, 2, 2), NULL, ln_ab, mat_view(down, 2, 2, 2), none);
		ln_ab[k] = keep;
		assert_near(grad[k], (D[0] * (up[0] - down[0]) + D[3] * (up[3] - down[3])) / (2 * h), 1e-8);
	}
}

static void no_warp_is_the_model_without(void **state)
{
	struct rng r = reference_rng("no warp");

	(void)state;
	for (int trial = 0; trial < 12; trial++) {
		double grad[64], without[64], lml, same;
		int d;

		arena_reset(arena);
		vary(trial, &r, 0);
		d = plain.data.d;
		assert_int_equal(gp_lml(&plain.data, theta, &lml, grad, NULL, arena, NULL), KR_OK);
		plain.data.warp = false;
		gp_lml(&plain.data, plain.theta, &same, without, NULL, arena, NULL);
		assert_near(lml, same, 1e-10);
		for (int k = 0; k < d + 1; k++)
			assert_near(grad[k], without[k], 1e-8);
		assert_near(grad[3 * d + 1], without[d + 1], 1e-8);
	}
}

static void gradients_are_those_of_differences(void **state)
{
	struct rng r = reference_rng("warp gradient");
	const double h = 1e-5;

	(void)state;
	for (int trial = 0; trial < 16; trial++) {
		double grad[64], lml;

		arena_reset(arena);
		vary(trial, &r, 0.5);
		assert_int_equal(gp_lml(&plain.data, theta, &lml, grad, NULL, arena, NULL), KR_OK);
		for (int k = 0; k < 3 * plain.data.d + 2; k++) {
			double keep = theta[k], up, down;

			theta[k] = keep + h;
			up = value(&plain.data, theta);
			theta[k] = keep - h;
			down = value(&plain.data, theta);
			theta[k] = keep;
			assert_near(grad[k], (up - down) / (2 * h), 1e-4);
		}
	}
}

/* sum dmean_i mean_i + dvar_i var_i. */
static double objective(const struct gp *g, struct mat X, const double *dmean, const double *dvar)
{
	struct gp_batch b;
	double sum = 0;

	assert_int_equal(gp_predict(g, X, false, &b, arena, NULL), KR_OK);
	for (int i = 0; i < X.rows; i++)
		sum += dvar[i] * b.var[i] + dmean[i] * *mat_at(b.mean, i, 0);
	return sum;
}

static void gradients_in_the_points_pass_through_the_warp(void **state)
{
	struct rng r = reference_rng("warp adjoint");
	const double h = 1e-6;

	(void)state;
	for (int trial = 0; trial < 12; trial++) {
		double dmean[P], dvar[P], D[P * MAX_D];
		struct gp_batch batch;
		struct gp *g;

		arena_reset(arena);
		vary(trial, &r, 0.5);
		g = conditioned(&plain.data, theta, 0);
		for (int i = 0; i < P; i++) {
			dmean[i] = rng_normal(&r);
			dvar[i] = rng_normal(&r);
			for (int k = 0; k < plain.data.d; k++) /* room for the differences */
				if (!at.categorical[k])
					*mat_at(at.data.X, i, k) = 0.02 + 0.96 * *mat_at(at.data.X, i, k);
		}
		gp_predict(g, at.data.X, true, &batch, arena, NULL);
		gp_adjoint(g, &batch, mat_view(dmean, P, 1, P), dvar, mat_view(D, P, plain.data.d, P),
			arena, NULL);
		for (int k = 0; k < plain.data.d; k++)
			for (int i = 0; i < P; i++) {
				double *x = mat_at(at.data.X, i, k), keep = *x, up, down;

				if (at.categorical[k]) {
					assert_true(D[k * P + i] == 0);
					continue;
				}
				*x = keep + h;
				up = objective(g, at.data.X, dmean, dvar);
				*x = keep - h;
				down = objective(g, at.data.X, dmean, dvar);
				*x = keep;
				assert_near(D[k * P + i], (up - down) / (2 * h), 2e-4);
			}
		gp_free(g);
	}
}

static void extending_is_conditioning(void **state)
{
	struct rng r = reference_rng("warp extend");

	(void)state;
	for (int trial = 0; trial < 8; trial++) {
		struct gp_data first;
		struct gp_batch a, b;
		struct gp *g, *whole;
		double mean;
		int n;

		arena_reset(arena);
		vary(trial, &r, 0.5);
		n = plain.data.n;
		first = plain.data;
		first.n = n - 2;
		first.X = mat_block(plain.data.X, 0, 0, n - 2, first.d);
		g = conditioned(&first, theta, 2);
		mean = gp_mean(g);
		plain.data.mean = &mean;
		whole = conditioned(&plain.data, theta, 0);
		assert_int_equal(gp_extend(g, mat_block(plain.data.X, n - 2, 0, 2, first.d),
							 mat_view(plain.y + n - 2, 2, 1, 2), gp_noise(g), arena, NULL),
			KR_OK);
		gp_predict(g, at.data.X, false, &a, arena, NULL);
		gp_predict(whole, at.data.X, false, &b, arena, NULL);
		for (int i = 0; i < P; i++) {
			assert_near(*mat_at(a.mean, i, 0), *mat_at(b.mean, i, 0), 1e-9);
			assert_near(a.var[i], b.var[i], 1e-9);
		}
		gp_free(g);
		gp_free(whole);
	}
}

/* A function of x^3 is told better by a model that may warp; the prior holds back where nothing
 * is to be gained; categorical columns have no warp. */
static void fits_find_a_warp_that_is_there(void **state)
{
	struct rng r = reference_rng("warp fit");
	double fitted[32], best, a;
	struct gp_prior p, without;
	struct gp_fit_result result;

	(void)state;
	arena_reset(arena);
	reference_dataset(&plain, 40, 3, true, &r);
	for (int i = 0; i < 40; i++)
		plain.y[i] = sin(12 * pow(plain.X[i], 3)) + 0.1 * plain.X[i + 40];
	outcome_standardize(plain.y, 40, plain.y, &(double){0}, &(double){0});
	gp_prior_default(&without, plain.data.kernel, 3, arena, NULL);
	gp_prior_warped(&p, plain.data.kernel, 3, plain.categorical, arena, NULL);
	assert_int_equal(p.size, 4 + 6 + 1);
	gp_fit_thorough(&plain.data, &without, 1e-4, fitted, &result, arena, NULL);
	best = result.log_posterior;
	plain.data.warp = true;
	gp_fit_thorough(&plain.data, &p, 1e-4, fitted, &result, arena, NULL);
	a = fitted[4];
	print_message("log posterior %.2f without, %.2f with a warp of a = %.2f\n", best,
		result.log_posterior, exp(a));
	assert_true(result.log_posterior > best + 5);
	assert_true(exp(a) > 1.5 && exp(a) < 6);
	for (int k = 0; k < 3; k++)
		if (plain.categorical[k])
			assert_true(fitted[4 + k] == 0 && fitted[7 + k] == 0);
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	double lml, grad[32];
	int n = 1;

	(void)state;
	vary(0, &r, 0.5);
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; n++) {
		struct arena *a;
		struct gp *g;
		struct gp_batch batch;

		kr_alloc_fail_at(n, 0);
		a = arena_new(1 << 20);
		g = gp_new(plain.data.n, plain.data.d, 1);
		status = a && g ? gp_lml(&plain.data, theta, &lml, grad, NULL, a, NULL) : KR_ENOMEM;
		if (status == KR_OK)
			status = gp_condition(g, &plain.data, theta, a, NULL);
		if (status == KR_OK)
			status = gp_predict(g, at.data.X, true, &batch, a, NULL);
		assert_true(status == KR_OK || status == KR_ENOMEM);
		arena_free(a);
		gp_free(g);
	}
	kr_alloc_fail_at(0, 0);
	for (size_t cap = 64; cap < 1 << 16; cap += 64) {
		struct arena *a = arena_new(cap);
		enum kr_status status = gp_lml(&plain.data, theta, &lml, grad, NULL, a, NULL);

		assert_true(status == KR_OK || status == KR_ENOMEM);
		assert_int_equal(arena_used(a), 0);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_warp_is_a_model_of_warped_points),
		cmocka_unit_test(inactive_values_are_not_warped),
		cmocka_unit_test(no_warp_is_the_model_without),
		cmocka_unit_test(gradients_are_those_of_differences),
		cmocka_unit_test(gradients_in_the_points_pass_through_the_warp),
		cmocka_unit_test(extending_is_conditioning),
		cmocka_unit_test(fits_find_a_warp_that_is_there),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new(1 << 24);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
