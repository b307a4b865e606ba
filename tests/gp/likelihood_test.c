#include "gp/likelihood.h"

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
#include "gp/model.h"
#include "tests/gp/reference.h"

static struct arena *arena;
static struct dataset s;

static double value(const struct dataset *set, const double *theta)
{
	double lml;

	assert_int_equal(gp_lml(&set->data, theta, &lml, NULL, NULL, arena, NULL), KR_OK);
	return lml;
}

/* A random data set: any family, categorical columns or not, mean and noise known or not. */
static void vary(int trial, struct rng *r, double *mean, double *noise)
{
	int n = 1 + (int)rng_below(r, 50), d = 1 + (int)rng_below(r, 7);

	reference_dataset(&s, n, d, trial % 2, r);
	s.data.kernel = reference_term(trial / 2 % 2 ? "matern52" : "matern32");
	*mean = rng_normal(r);
	for (int i = 0; i < n; i++)
		noise[i] = rng_uniform(r) * 0.01;
	s.data.mean = trial / 4 % 2 ? mean : NULL;
	s.data.noise = trial / 8 % 2 ? noise : NULL;
}

static void values_are_those_of_the_textbook(void **state)
{
	struct rng r = reference_rng("lml");
	double mean, noise[50], lml;

	(void)state;
	for (int trial = 0; trial < 48; trial++) {
		vary(trial, &r, &mean, noise);
		reference_posterior(&s.data, s.theta, mat_view(NULL, 0, s.data.d, 1), NULL, NULL, &lml);
		assert_near(value(&s, s.theta), lml, 1e-10);
	}
}

static void gradients_are_those_of_differences(void **state)
{
	struct rng r = reference_rng("gradient");
	double mean, noise[50], grad[32], lml, dmean;
	const double h = 1e-5;

	(void)state;
	for (int trial = 0; trial < 64; trial++) {
		vary(trial, &r, &mean, noise);
		assert_int_equal(gp_lml(&s.data, s.theta, &lml, grad, &dmean, arena, NULL), KR_OK);
		assert_near(lml, value(&s, s.theta), 1e-13);
		for (int k = 0; k < s.data.d + 2; k++) {
			double theta[32], up, down;

			memcpy(theta, s.theta, sizeof(theta));
			theta[k] += h;
			up = value(&s, theta);
			theta[k] -= 2 * h;
			down = value(&s, theta);
			assert_near(grad[k], (up - down) / (2 * h), 1e-5);
		}
		if (s.data.mean) {
			double up, down;

			mean += h;
			up = value(&s, s.theta);
			mean -= 2 * h;
			down = value(&s, s.theta);
			assert_near(dmean, (up - down) / (2 * h), 1e-5);
		} else {
			assert_near(dmean, 0, 1e-9);
		}
	}
}

/* The order of the trials, and the units of a column with its lengthscale, are nothing. */
static void order_and_units_do_not_matter(void **state)
{
	static struct dataset t;
	struct rng r = reference_rng("invariance");
	double mean, noise[50], a[32], b[32], la, lb;

	(void)state;
	for (int trial = 0; trial < 8; trial++) {
		vary(trial, &r, &mean, noise);
		t = s;
		t.data.X.p = t.X;
		t.data.y = t.y;
		t.data.categorical = s.data.categorical ? t.categorical : NULL;
		for (int i = 0; i < s.data.n; i++) {
			t.y[i] = s.y[s.data.n - 1 - i];
			for (int k = 0; k < s.data.d; k++)
				*mat_at(t.data.X, i, k) = *mat_at(s.data.X, s.data.n - 1 - i, k);
		}
		for (int k = 0; k < s.data.d; k++)
			if (!s.categorical[k]) {
				t.theta[k] += log(1000);
				for (int i = 0; i < s.data.n; i++)
					*mat_at(t.data.X, i, k) = 7 + 1000 * *mat_at(t.data.X, i, k);
			}
		gp_lml(&s.data, s.theta, &la, a, NULL, arena, NULL);
		gp_lml(&t.data, t.theta, &lb, b, NULL, arena, NULL);
		assert_near(lb, la, 1e-9);
		for (int k = 0; k < s.data.d + 2; k++)
			assert_near(b[k], a[k], 1e-7);
	}
}

/* s with every row repeated 1 to 4 times with its own outcomes; m: the same with a row for each
 * group, its means, counts and spreads. */
static void repeat(struct dataset *all, struct dataset *m, double *noise, double *count,
	double *spread, struct rng *r)
{
	int n = 0, of[400];
	double known[50];

	*m = s;
	m->data.X.p = m->X;
	m->data.y = m->y;
	m->data.categorical = s.data.categorical ? m->categorical : NULL;
	for (int i = 0; i < s.data.n; i++) {
		count[i] = 1 + rng_below(r, 4);
		m->y[i] = spread[i] = 0;
		for (int k = 0; k < count[i]; k++, n++) {
			of[n] = i;
			all->y[n] = s.y[i] + 0.1 * rng_normal(r);
			m->y[i] += all->y[n] / count[i];
		}
		for (int k = 0; k < count[i]; k++)
			spread[i] += pow(all->y[n - 1 - k] - m->y[i], 2);
	}
	m->data.count = count;
	m->data.spread = spread;
	all->data = s.data;
	all->data.n = n;
	all->data.X = mat_view(all->X, n, s.data.d, n);
	all->data.y = all->y;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < s.data.d; k++)
			*mat_at(all->data.X, i, k) = *mat_at(s.data.X, of[i], k);
	if (s.data.noise) {
		memcpy(known, noise, sizeof(double) * (size_t)s.data.n);
		for (int i = 0; i < n; i++)
			noise[i] = known[of[i]];
		all->data.noise = noise;
		m->data.noise = memcpy(arena_alloc(arena, sizeof(known)), known, sizeof(known));
	}
}

/* One row for the replicates of a point is all of them: value, slopes, and what it predicts. */
static void replicates_are_their_mean_and_spread(void **state)
{
	static struct dataset all, merged;
	struct rng r = reference_rng("replicates");
	double mean, noise[400], count[50], spread[50], a[32], b[32], la, lb, ma, mb, want;
	double at[3 * 8], post[3], cov[9];

	(void)state;
	for (int trial = 0; trial < 64; trial++) {
		struct mat P;
		struct gp *g;
		struct gp_batch batch;

		arena_reset(arena);
		vary(trial, &r, &mean, noise);
		repeat(&all, &merged, noise, count, spread, &r);
		P = mat_view(at, 3, s.data.d, 3);
		for (int i = 0; i < 3 * s.data.d; i++)
			at[i] = s.categorical[i / 3] ? rng_below(&r, 4) : rng_uniform(&r);
		reference_posterior(&all.data, s.theta, P, post, cov, &want);
		assert_int_equal(gp_lml(&all.data, s.theta, &la, a, &ma, arena, NULL), KR_OK);
		assert_int_equal(gp_lml(&merged.data, s.theta, &lb, b, &mb, arena, NULL), KR_OK);
		assert_near(lb, want, 1e-10);
		for (int k = 0; k < s.data.d + 2; k++)
			assert_near(b[k], a[k], 1e-10 * (1 + fabs(la)));
		assert_near(mb, ma, 1e-9);
		g = gp_new(merged.data.n, s.data.d, 1);
		assert_int_equal(gp_condition(g, &merged.data, s.theta, arena, NULL), KR_OK);
		assert_int_equal(gp_predict(g, P, false, &batch, arena, NULL), KR_OK);
		for (int i = 0; i < 3; i++) {
			assert_near(batch.mean.p[i], post[i], 1e-10);
			assert_near(batch.var[i], cov[i * 4], 1e-10);
		}
		gp_free(g);
	}
	s.theta[s.data.d + 1] = -INFINITY; /* nothing explains how they differ */
	merged.data.noise = NULL;
	count[0] = 2;
	spread[0] = 1;
	assert_int_equal(gp_lml(&merged.data, s.theta, &lb, b, &mb, arena, NULL), KR_ENONFINITE);
}

static void numbers_that_are_none_are_refused(void **state)
{
	struct rng r = reference_rng("nonfinite");
	const double bad[] = {NAN, INFINITY, -INFINITY};
	double lml, grad[32];

	(void)state;
	for (int n = 3; n <= 250; n += 247)
		for (int what = 0; what < 4; what++)
			for (int b = 0; b < 3; b++) {
				struct kr_error err;

				reference_dataset(&s, n, 4, false, &r);
				if (what == 0)
					s.X[n + 1] = bad[b];
				else if (what == 1)
					s.y[n / 2] = bad[b];
				else
					s.theta[what == 2 ? 1 : 4] = what == 2 && b == 1 ? NAN : bad[b];
				if (what == 3 && b == 2)
					continue; /* an outputscale of 0 is a number: only noise is left */
				assert_int_equal(
					gp_lml(&s.data, s.theta, &lml, grad, NULL, arena, &err), KR_ENONFINITE);
			}
}

/* A thousand equal rows without noise: jitter makes them a model. */
static void equal_rows_get_jitter(void **state)
{
	struct rng r = reference_rng("equal rows");
	double grad[32], lml;

	(void)state;
	reference_dataset(&s, 300, 2, false, &r);
	for (int i = 0; i < 600; i++)
		s.X[i] = 0.5;
	s.theta[3] = -INFINITY;
	assert_int_equal(gp_lml(&s.data, s.theta, &lml, grad, NULL, arena, NULL), KR_OK);
	for (int k = 0; k < 4; k++)
		assert_true(isfinite(grad[k]));
	assert_true(grad[3] == 0);
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	double lml, grad[32];
	int n = 1;

	(void)state;
	reference_dataset(&s, 60, 3, false, &r);
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; n++) {
		struct arena *a;

		kr_alloc_fail_at(n, 0);
		a = arena_new(1 << 20);
		status = a ? gp_lml(&s.data, s.theta, &lml, grad, NULL, a, NULL) : KR_ENOMEM;
		assert_true(status == KR_OK || status == KR_ENOMEM);
		if (a)
			assert_int_equal(arena_used(a), 0);
		arena_free(a);
	}
	kr_alloc_fail_at(0, 0);
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_those_of_the_textbook),
		cmocka_unit_test(gradients_are_those_of_differences),
		cmocka_unit_test(order_and_units_do_not_matter),
		cmocka_unit_test(replicates_are_their_mean_and_spread),
		cmocka_unit_test(numbers_that_are_none_are_refused),
		cmocka_unit_test(equal_rows_get_jitter),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new(1 << 26);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
