#include "gp/model.h"

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

enum { P = 5 };
static struct arena *arena;
static struct dataset s, at;

static struct gp *conditioned(const struct dataset *set, int spare, int columns)
{
	struct gp *g = gp_new(set->data.n + spare, set->data.d, columns);

	assert_non_null(g);
	assert_int_equal(gp_condition(g, &set->data, set->theta, arena, NULL), KR_OK);
	return g;
}

/* Random data in s and P random points in at.data.X. */
static void vary(int trial, struct rng *r)
{
	int n = 1 + (int)rng_below(r, 40), d = 1 + (int)rng_below(r, 6);

	reference_dataset(&s, n, d, trial % 2, r);
	reference_dataset(&at, P, d, trial % 2, r);
	s.data.kernel = reference_term(trial / 2 % 2 ? "matern52" : "matern32");
}

static void posteriors_are_those_of_the_textbook(void **state)
{
	struct rng r = reference_rng("posterior");

	(void)state;
	for (int trial = 0; trial < 40; trial++) {
		double mean[P], cov[P * P], lml, m[P], c[P * P];
		struct gp_batch batch;
		struct gp *g;

		arena_reset(arena);
		vary(trial, &r);
		reference_posterior(&s.data, s.theta, at.data.X, mean, cov, &lml);
		g = conditioned(&s, 0, 1);
		assert_int_equal(gp_predict(g, at.data.X, trial % 3 == 0, &batch, arena, NULL), KR_OK);
		assert_int_equal(
			gp_joint(g, at.data.X, mat_view(m, P, 1, P), mat_view(c, P, P, P), arena, NULL), KR_OK);
		for (int i = 0; i < P; i++) {
			assert_near(batch.mean.p[i], mean[i], 1e-9);
			assert_near(batch.var[i], cov[i * P + i], 1e-9);
			assert_near(m[i], mean[i], 1e-9);
		}
		for (int i = 0; i < P * P; i++)
			assert_near(c[i], cov[i], 1e-9);
		gp_free(g);
	}
}

static void what_it_was_made_of_can_be_read_back(void **state)
{
	struct rng r = reference_rng("read back");
	double mean = 0.7;
	struct gp *g;

	(void)state;
	reference_dataset(&s, 12, 3, true, &r);
	s.data.mean = &mean;
	g = conditioned(&s, 0, 2);
	assert_int_equal(gp_rows(g), 12);
	assert_int_equal(gp_columns(g), 1);
	assert_true(gp_mean(g) == 0.7);
	assert_true(gp_jitter(g) == 0);
	assert_near(gp_noise(g), exp(s.theta[4]), 1e-15);
	assert_near(gp_scale(g), exp(s.theta[3]), 1e-15);
	for (int k = 0; k < 3; k++)
		assert_near(gp_lengthscale(g)[k], exp(s.theta[k]), 1e-15);
	gp_free(g);
}

/* sum_j dmean_ij mean_ij + dvar_i var_i as a function of the points. */
static double objective(const struct gp *g, struct mat X, const double *dmean, const double *dvar)
{
	struct arena_mark mark = arena_mark(arena);
	struct gp_batch b;
	double sum = 0;

	assert_int_equal(gp_predict(g, X, false, &b, arena, NULL), KR_OK);
	for (int i = 0; i < X.rows; i++) {
		sum += dvar[i] * b.var[i];
		for (int j = 0; j < gp_columns(g); j++)
			sum += dmean[j * X.rows + i] * *mat_at(b.mean, i, j);
	}
	arena_release(arena, mark);
	return sum;
}

static void adjoints_are_those_of_differences(void **state)
{
	struct rng r = reference_rng("adjoint");
	enum { COLUMNS = 3 };
	const double h = 1e-5;

	(void)state;
	for (int trial = 0; trial < 24; trial++) {
		double dmean[P * COLUMNS], dvar[P], D[P * 6], F[2 * COLUMNS];
		struct gp_batch batch;
		struct dataset *extra = &(struct dataset){0};
		struct gp *g;

		arena_reset(arena);
		vary(trial, &r);
		reference_dataset(extra, 2, s.data.d, trial % 2, &r);
		g = conditioned(&s, 2, COLUMNS);
		for (int i = 0; i < 2 * COLUMNS; i++)
			F[i] = rng_normal(&r);
		assert_int_equal(
			gp_extend(g, extra->data.X, mat_view(F, 2, COLUMNS, 2), 1e-6, arena, NULL), KR_OK);
		for (int i = 0; i < P * COLUMNS; i++)
			dmean[i] = rng_normal(&r);
		for (int i = 0; i < P; i++)
			dvar[i] = rng_normal(&r);
		gp_predict(g, at.data.X, true, &batch, arena, NULL);
		assert_int_equal(gp_adjoint(g, &batch, mat_view(dmean, P, COLUMNS, P), dvar,
							 mat_view(D, P, s.data.d, P), arena, NULL),
			KR_OK);
		for (int k = 0; k < s.data.d; k++)
			for (int i = 0; i < P; i++) {
				double *x = mat_at(at.data.X, i, k), keep = *x, up, down;

				if (s.categorical[k]) {
					assert_true(D[k * P + i] == 0);
					continue;
				}
				*x = keep + h;
				up = objective(g, at.data.X, dmean, dvar);
				*x = keep - h;
				down = objective(g, at.data.X, dmean, dvar);
				*x = keep;
				assert_near(D[k * P + i], (up - down) / (2 * h), 2e-5);
			}
		gp_free(g);
	}
}

/* Row by row, or at once: the same posterior as conditioning on all. */
static void extending_is_conditioning(void **state)
{
	static struct dataset all;
	struct rng r = reference_rng("extend");

	(void)state;
	for (int trial = 0; trial < 20; trial++) {
		int n, add = 1 + (int)rng_below(&r, 8), step = trial % 3 + 1;
		double m[P], c[P * P], mean[P], cov[P * P], lml, gls;
		struct gp *g;

		arena_reset(arena);
		vary(trial, &r);
		n = s.data.n;
		g = conditioned(&s, add, 1);
		gls = gp_mean(g);
		reference_dataset(&all, n + add, s.data.d, trial % 2, &r);
		for (int k = 0; k < s.data.d; k++)
			memcpy(mat_col(all.data.X, k), mat_col(s.data.X, k), sizeof(double) * (size_t)n);
		memcpy(all.y, s.y, sizeof(double) * (size_t)n);
		memcpy(all.theta, s.theta, sizeof(s.theta));
		all.data.kernel = s.data.kernel;
		all.data.mean = &gls; /* the mean stays at what the first n said */

		for (int i = n; i < n + add; i += step) {
			int p = i + step <= n + add ? step : n + add - i;

			assert_int_equal(
				gp_extend(g, mat_block(all.data.X, i, 0, p, s.data.d), mat_view(all.y + i, p, 1, p),
					exp(s.theta[s.data.d + 1]), arena, NULL),
				KR_OK);
		}
		assert_int_equal(gp_rows(g), n + add);
		assert_true(gp_mean(g) == gls);
		reference_posterior(&all.data, all.theta, at.data.X, mean, cov, &lml);
		gp_joint(g, at.data.X, mat_view(m, P, 1, P), mat_view(c, P, P, P), arena, NULL);
		for (int i = 0; i < P; i++)
			assert_near(m[i], mean[i], 1e-8);
		for (int i = 0; i < P * P; i++)
			assert_near(c[i], cov[i], 1e-8);
		gp_free(g);
	}
}

/* Every column is the model that knows only that column's outcomes. */
static void columns_are_models_of_their_own(void **state)
{
	struct rng r = reference_rng("columns");
	enum { COLUMNS = 4, ADD = 3 };

	(void)state;
	for (int trial = 0; trial < 10; trial++) {
		double F[ADD * COLUMNS];
		static struct dataset extra;
		struct gp_batch many, one;
		struct gp *g, *single;

		arena_reset(arena);
		vary(trial, &r);
		reference_dataset(&extra, ADD, s.data.d, trial % 2, &r);
		for (int i = 0; i < ADD * COLUMNS; i++)
			F[i] = rng_normal(&r);
		g = conditioned(&s, 2 * ADD, COLUMNS);
		assert_int_equal(
			gp_extend(g, extra.data.X, mat_view(F, ADD, COLUMNS, ADD), 1e-4, arena, NULL), KR_OK);
		assert_int_equal(gp_columns(g), COLUMNS);
		gp_predict(g, at.data.X, false, &many, arena, NULL);
		for (int j = 0; j < COLUMNS; j++) {
			single = conditioned(&s, ADD, 1);
			gp_extend(single, extra.data.X, mat_view(F + j * ADD, ADD, 1, ADD), 1e-4, arena, NULL);
			gp_predict(single, at.data.X, false, &one, arena, NULL);
			for (int i = 0; i < P; i++) {
				assert_near(*mat_at(many.mean, i, j), one.mean.p[i], 1e-9);
				assert_near(many.var[i], one.var[i], 1e-12);
			}
			gp_free(single);
		}
		gp_free(g);
	}
}

static void leave_one_out_is_leaving_one_out(void **state)
{
	struct rng r = reference_rng("loo");

	(void)state;
	for (int trial = 0; trial < 16; trial++) {
		static struct dataset rest;
		double mean[40], var[40], m, v, lml, gls;
		struct gp *g;
		int n;

		arena_reset(arena);
		do
			vary(trial, &r);
		while (s.data.n < 2);
		n = s.data.n;
		g = conditioned(&s, 0, 1);
		gls = gp_mean(g);
		assert_int_equal(gp_loo(g, s.y, mean, var, arena, NULL), KR_OK);
		for (int left = 0; left < n; left++) {
			rest = s;
			rest.data.n = n - 1;
			rest.data.X = mat_view(rest.X, n - 1, s.data.d, n);
			rest.data.y = rest.y;
			rest.data.mean = &gls;
			for (int k = -1; k < s.data.d; k++) {
				double *column = k < 0 ? rest.y : mat_col(rest.data.X, k);

				memmove(column + left, column + left + 1, sizeof(double) * (size_t)(n - 1 - left));
			}
			reference_posterior(
				&rest.data, s.theta, mat_block(s.data.X, left, 0, 1, s.data.d), &m, &v, &lml);
			assert_near(mean[left], m, 1e-8);
			assert_near(var[left], v + exp(s.theta[s.data.d + 1]), 1e-8);
		}
		gp_free(g);
	}
}

/* Noise-free and equal points: jitter, and predictions that are numbers. */
static void nothing_breaks_on_equal_points(void **state)
{
	struct rng r = reference_rng("equal points");
	struct gp_batch batch;
	struct gp *g;

	(void)state;
	for (int trial = 0; trial < 10; trial++) {
		double F[3] = {1, 2, 3};

		arena_reset(arena);
		reference_dataset(&s, 60, 3, false, &r);
		for (int i = 0; i < 180; i++)
			s.X[i] = i % 60 < 30 ? 0.5 : s.X[i];
		s.theta[4] = -INFINITY;
		g = conditioned(&s, 3, 1);
		assert_true(gp_jitter(g) > 0);
		for (int i = 0; i < 3; i++) /* the same point again, without noise */
			assert_int_equal(gp_extend(g, mat_block(s.data.X, 0, 0, 1, 3), mat_view(F + i, 1, 1, 1),
								 0, arena, NULL),
				KR_OK);
		assert_int_equal(gp_predict(g, s.data.X, false, &batch, arena, NULL), KR_OK);
		for (int i = 0; i < 60; i++)
			assert_true(isfinite(batch.mean.p[i]) && batch.var[i] > 0);
		gp_free(g);
	}
}

static void numbers_that_are_none_are_refused(void **state)
{
	struct rng r = reference_rng("nonfinite");
	double f[2] = {1, NAN}, x[6] = {0.1, 0.2, 0.3, NAN, 0.5, 0.6}, mean[2], cov[4];
	struct gp_batch b;
	struct gp *g;

	(void)state;
	reference_dataset(&s, 20, 3, false, &r);
	g = conditioned(&s, 2, 1);
	assert_int_equal(gp_predict(g, mat_view(x, 2, 3, 2), false, &b, arena, NULL), KR_ENONFINITE);
	assert_int_equal(gp_joint(g, mat_view(x, 2, 3, 2), mat_view(mean, 2, 1, 2),
						 mat_view(cov, 2, 2, 2), arena, NULL),
		KR_ENONFINITE);
	assert_int_equal(
		gp_extend(g, mat_block(s.data.X, 0, 0, 2, 3), mat_view(f, 2, 1, 2), 1, arena, NULL),
		KR_ENONFINITE);
	assert_int_equal(gp_rows(g), 20);
	s.X[25] = NAN;
	assert_int_equal(
		gp_extend(g, mat_block(s.data.X, 5, 0, 1, 3), mat_view(f, 1, 1, 1), 1, arena, NULL),
		KR_ENONFINITE);
	assert_int_equal(gp_rows(g), 20);
	assert_int_equal(gp_condition(g, &s.data, s.theta, arena, NULL), KR_ENONFINITE);
	assert_int_equal(gp_rows(g), 0);
	s.X[25] = 0.5;
	s.y[3] = INFINITY;
	assert_int_equal(gp_condition(g, &s.data, s.theta, arena, NULL), KR_ENONFINITE);
	assert_int_equal(gp_rows(g), 0);
	gp_free(g);
}

/* Everything a model does, with memory for n allocations. */
static enum kr_status everything(void)
{
	enum kr_status status = KR_ENOMEM;
	double m[P], c[P * P], v[60], D[P * 3], one = 1;
	struct arena *a = arena_new(1 << 20);
	struct gp *g = gp_new(61, 3, 1);
	const double x[3] = {0.1, 0.2, 0.3};
	struct gp_batch b;

	if (a && g)
		status = gp_condition(g, &s.data, s.theta, a, NULL);
	if (status == KR_OK)
		status = gp_predict(g, at.data.X, true, &b, a, NULL);
	if (status == KR_OK)
		status = gp_adjoint(g, &b, b.mean, b.var, mat_view(D, P, 3, P), a, NULL);
	if (status == KR_OK)
		status = gp_joint(g, at.data.X, mat_view(m, P, 1, P), mat_view(c, P, P, P), a, NULL);
	if (status == KR_OK)
		status = gp_loo(g, s.y, v, v, a, NULL);
	if (status == KR_OK)
		status = gp_extend(
			g, mat_block(at.data.X, 0, 0, 1, 3), mat_view(&one, 1, 1, 1), 1e-3, a, NULL);
	for (int i = 0; status == KR_OK && i < 40; i++) { /* drift is measured, the factor made anew */
		status = gp_remove(g, i, a, NULL);
		if (status == KR_OK)
			status = gp_append(g, x, one, 1e-3, a, NULL);
	}
	assert_true(status != KR_ENOMEM || !g || gp_rows(g) == 0 || gp_rows(g) >= 60);
	gp_free(g);
	arena_free(a);
	return status;
}

/* s without observation i. */
static void take_away(int i)
{
	int n = s.data.n--;

	for (int k = 0; k < s.data.d; k++)
		memmove(mat_at(s.data.X, i, k), mat_at(s.data.X, i, k) + 1,
			sizeof(double) * (size_t)(n - i - 1));
	memmove(s.y + i, s.y + i + 1, sizeof(double) * (size_t)(n - i - 1));
	s.data.X.rows--;
}

static void predictions_agree(const struct gp *a, const struct gp *b, double tol)
{
	struct arena_mark mark = arena_mark(arena);
	struct gp_batch p, q;

	assert_int_equal(gp_rows(a), gp_rows(b));
	assert_int_equal(gp_predict(a, at.data.X, false, &p, arena, NULL), KR_OK);
	assert_int_equal(gp_predict(b, at.data.X, false, &q, arena, NULL), KR_OK);
	assert_near(gp_mean(a), gp_mean(b), tol);
	for (int i = 0; i < P; i++) {
		assert_near(p.mean.p[i], q.mean.p[i], tol);
		assert_near(p.var[i], q.var[i], tol);
	}
	arena_release(arena, mark);
}

/* Observations come and go: the model is that of a new one, with its mean; and equal to it
 * in every bit after the 32nd change. */
static void updating_is_conditioning(void **state)
{
	enum { CHANGES = 70 };
	struct rng r = reference_rng("update");

	(void)state;
	for (int trial = 0; trial < 8; trial++) {
		struct gp *g, *fresh;
		double mean = 0.3, x[32];

		arena_reset(arena);
		vary(trial, &r);
		s.data.mean = trial % 4 == 3 ? &mean : NULL;
		s.data.warp = false;
		g = conditioned(&s, CHANGES, 1);
		s.data.X.ld = 400 / s.data.d * 10; /* room: 4000 numbers in all */
		for (int k = s.data.d - 1; k >= 0; k--)
			memmove(s.X + k * s.data.X.ld, s.X + k * s.data.n, sizeof(double) * (size_t)s.data.n);
		for (int change = 1; change <= CHANGES; change++) {
			int n = s.data.n;

			if (n > 1 && rng_below(&r, 3) == 0) {
				int i = (int)rng_below(&r, (uint32_t)n);

				assert_int_equal(gp_remove(g, i, arena, NULL), KR_OK);
				take_away(i);
			} else {
				for (int k = 0; k < s.data.d; k++)
					x[k] = s.categorical[k] ? rng_below(&r, 4) : rng_uniform(&r);
				s.y[n] = rng_normal(&r);
				assert_int_equal(gp_append(g, x, s.y[n], gp_noise(g), arena, NULL), KR_OK);
				s.data.n = s.data.X.rows = n + 1;
				for (int k = 0; k < s.data.d; k++)
					*mat_at(s.data.X, n, k) = x[k];
			}
			assert_int_equal(gp_upkeep(g).changes, change % 32);
			assert_int_equal(gp_upkeep(g).refactorings, change / 32);
			assert_true(gp_upkeep(g).drift < 1e-14);
			assert_true((gp_upkeep(g).drift > 0) == (change % 32 >= 8) || s.data.n < 3);
			fresh = conditioned(&s, 0, 1);
			predictions_agree(g, fresh, 1e-9);
			if (change % 32 == 0)
				predictions_agree(g, fresh, 0);
			gp_free(fresh);
		}
		gp_free(g);
	}
}

/* A point appended twice, without noise: jitter, which is told, and every row keeps what it has. */
static void equal_points_can_be_appended(void **state)
{
	struct rng r = reference_rng("equal append");
	double x[2];
	struct gp *g;

	(void)state;
	reference_dataset(&s, 20, 2, false, &r);
	reference_dataset(&at, P, 2, false, &r);
	s.theta[3] = -INFINITY;
	g = conditioned(&s, 100, 1);
	for (int i = 0; i < 100; i++) {
		struct gp_batch batch;

		x[0] = *mat_at(s.data.X, i % 20, 0);
		x[1] = *mat_at(s.data.X, i % 20, 1);
		assert_int_equal(gp_append(g, x, s.y[i % 20], 0, arena, NULL), KR_OK);
		assert_true(gp_upkeep(g).drift < 1e-12);
		for (int k = 0; k < gp_rows(g); k++)
			assert_true(gp_noises(g)[k] <= gp_jitter(g));
		assert_int_equal(gp_predict(g, at.data.X, false, &batch, arena, NULL), KR_OK);
		for (int k = 0; k < P; k++)
			assert_true(isfinite(batch.mean.p[k]) && batch.var[k] > 0);
		arena_reset(arena);
	}
	gp_free(g);
}

static void refused_observations_change_nothing(void **state)
{
	struct rng r = reference_rng("refused append");
	double x[2] = {0.5, NAN}, good[2] = {0.5, 0.5};
	struct gp *g, *same;

	(void)state;
	reference_dataset(&s, 20, 2, false, &r);
	reference_dataset(&at, P, 2, false, &r);
	g = conditioned(&s, 1, 1);
	same = conditioned(&s, 1, 1);
	assert_int_equal(gp_append(g, x, 0, 0.1, arena, NULL), KR_ENONFINITE);
	assert_int_equal(gp_append(g, good, NAN, 0.1, arena, NULL), KR_ENONFINITE);
	assert_int_equal(gp_append(g, good, 0, INFINITY, arena, NULL), KR_ENONFINITE);
	predictions_agree(g, same, 0);
	assert_int_equal(gp_upkeep(g).changes, 0);
	gp_free(g);
	gp_free(same);
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	int n = 1;

	(void)state;
	reference_dataset(&s, 60, 3, false, &r);
	reference_dataset(&at, P, 3, false, &r);
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; n++) {
		kr_alloc_fail_at(n, 0);
		status = everything();
		assert_true(status == KR_OK || status == KR_ENOMEM);
	}
	kr_alloc_fail_at(0, 0);
	assert_true(n > 8);
	gp_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posteriors_are_those_of_the_textbook),
		cmocka_unit_test(what_it_was_made_of_can_be_read_back),
		cmocka_unit_test(adjoints_are_those_of_differences),
		cmocka_unit_test(extending_is_conditioning),
		cmocka_unit_test(columns_are_models_of_their_own),
		cmocka_unit_test(leave_one_out_is_leaving_one_out),
		cmocka_unit_test(nothing_breaks_on_equal_points),
		cmocka_unit_test(numbers_that_are_none_are_refused),
		cmocka_unit_test(updating_is_conditioning),
		cmocka_unit_test(equal_points_can_be_appended),
		cmocka_unit_test(refused_observations_change_nothing),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new(1 << 26);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
