#include "gp/noise/outlier.h"

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
#include "gp/outcome/outcome.h"
#include "tests/gp/reference.h"

enum { TESTED = 100 };
static struct arena *arena;
static struct dataset s, at;

/* The best optimum of the usual starts; its log posterior. */
static double fit(const struct gp_data *data, const struct gp_prior *prior, double *theta)
{
	double starts[32 * GP_FIT_MAX_STARTS], best = -INFINITY;
	int size = prior->size, count = gp_fit_starts(prior, data->n, NULL, starts);

	for (int i = 0; i < count; i++) {
		struct gp_fit_result result;

		assert_int_equal(gp_fit_from(data, prior, GP_FIT_COLD_EVALUATIONS, starts + size * i,
							 &result, arena, NULL),
			KR_OK);
		if (result.log_posterior <= best)
			continue;
		best = result.log_posterior;
		memcpy(theta, starts + size * i, sizeof(*theta) * (size_t)size);
	}
	return best;
}

/* s: n noisy values of a smooth function; at: noise-free ones elsewhere. */
static void draw(int n, int d, double sd, struct rng *r)
{
	reference_dataset(&s, n, d, false, r);
	reference_dataset(&at, TESTED, d, false, r);
	for (int i = 0; i < n; i++)
		s.y[i] += sd * rng_normal(r);
}

/* Make m of the first values wrong by 2 to 5; standardize, at with them. */
static void spoil(int m, struct rng *r)
{
	double shift, scale;

	for (int i = 0; i < m; i++)
		s.y[i] += (rng_uniform(r) < 0.5 ? -1 : 1) * (2 + 3 * rng_uniform(r));
	outcome_standardize(s.y, s.data.n, s.y, &shift, &scale);
	for (int i = 0; i < TESTED; i++)
		at.y[i] = (at.y[i] - shift) / scale;
}

/* Root mean square error of the posterior mean at the test points. */
static double error_of(const struct gp_data *data, const double *theta)
{
	struct gp *g = gp_new(data->n, data->d, 1);
	struct gp_batch b;
	double sum = 0;

	assert_int_equal(gp_condition(g, data, theta, arena, NULL), KR_OK);
	assert_int_equal(gp_predict(g, at.data.X, false, &b, arena, NULL), KR_OK);
	for (int i = 0; i < TESTED; i++)
		sum += (b.mean.p[i] - at.y[i]) * (b.mean.p[i] - at.y[i]) / TESTED;
	gp_free(g);
	return sqrt(sum);
}

static void good_data_are_not_touched(void **state)
{
	struct rng r = reference_rng("good data");
	int touched = 0, rounds = 40;

	(void)state;
	for (int round = 0; round < rounds; round++) {
		int d = 1 + round % 3;
		double theta[8], before[8];
		struct gp_outliers o;
		struct gp_prior prior;

		arena_reset(arena);
		prior = reference_prior(d, arena);
		draw(10 + (int)rng_below(&r, 70), d, round % 2 ? 0.05 : 0.3, &r);
		spoil(0, &r);
		fit(&s.data, &prior, theta);
		memcpy(before, theta, sizeof(theta));
		assert_int_equal(gp_outlier_pass(&s.data, &prior, theta, &o, arena, NULL), KR_OK);
		touched += o.n_flagged > 0;
		if (o.n_flagged > 0)
			continue;
		assert_memory_equal(theta, before, sizeof(double) * (size_t)(d + 2));
		assert_true(o.noise == s.data.noise && o.gain == 0);
		for (int i = 0; i < s.data.n; i++)
			assert_true(o.flag[i] == 0);
	}
	assert_true(touched <= 1);
}

static void spoilt_data_predict_as_clean_ones(void **state)
{
	struct rng r = reference_rng("spoilt data");
	double spoilt = 0, robust = 0, clean = 0;
	int found = 0, wrong = 0, all = 0, as_clean = 0;

	(void)state;
	for (int round = 0; round < 12; round++) {
		int n = 60 + 10 * (round % 3), bad = 1 + round % 4;
		double theta[4], known[100], value, penalty, e;
		struct gp_outliers o;
		struct gp_prior prior;
		struct gp_data data;

		arena_reset(arena);
		prior = reference_prior(2, arena);
		draw(n, 2, 0.05, &r);
		spoil(bad, &r);
		for (int i = 0; i < n; i++)
			known[i] = 1e-4 * rng_uniform(&r);
		s.data.noise = round % 2 ? known : NULL;
		value = fit(&s.data, &prior, theta);
		spoilt += error_of(&s.data, theta) / 12;
		assert_int_equal(gp_outlier_pass(&s.data, &prior, theta, &o, arena, NULL), KR_OK);
		assert_true(o.n_flagged > 0 && o.n_flagged <= n / 10);
		data = s.data;
		data.noise = o.noise;
		e = error_of(&data, theta);
		robust += e / 12;
		for (int i = 0; i < n; i++) {
			double own = o.noise[i] - (s.data.noise ? known[i] : 0);

			assert_true(o.flag[i] ? own > 0 : own == 0);
			found += o.flag[i] && i < bad;
			wrong += o.flag[i] && i >= bad;
		}
		all += bad;

		/* the gain is what it says, over an optimum that is no worse than the first */
		penalty = lgamma(n + 1) - lgamma(o.n_flagged + 1) - lgamma(n - o.n_flagged + 1) +
			GP_OUTLIER_PENALTY * o.n_flagged;
		double lml, after;
		assert_int_equal(gp_lml(&data, theta, &lml, NULL, NULL, arena, NULL), KR_OK);
		after = lml + gp_prior_log_density(&prior, theta, NULL);
		assert_true(o.gain > 0 && after - penalty - o.gain >= value - 1e-9);

		data.noise = s.data.noise ? known + bad : NULL; /* a fit without the bad ones */
		data.n = n - bad;
		data.X = mat_block(s.data.X, bad, 0, n - bad, 2);
		data.y = s.y + bad;
		fit(&data, &prior, theta);
		as_clean += e < 1.3 * error_of(&data, theta);
		clean += error_of(&data, theta) / 12;
	}
	print_message("spoilt %.3f, robust %.3f, clean %.3f; %d of %d found, %d more\n", spoilt, robust,
		clean, found, all, wrong);
	assert_true(as_clean >= 11 && robust < spoilt / 4);
	assert_true(found >= all - 3 && wrong <= 3);
}

static void order_does_not_matter(void **state)
{
	struct rng r = reference_rng("order");
	struct gp_prior prior = reference_prior(2, arena);
	struct gp_outliers a, b;
	double theta[4];
	enum { N = 50 };

	(void)state;
	draw(N, 2, 0.1, &r);
	spoil(3, &r);
	fit(&s.data, &prior, theta);
	assert_int_equal(gp_outlier_pass(&s.data, &prior, theta, &a, arena, NULL), KR_OK);
	at = s;
	at.data.X.p = at.X;
	at.data.y = at.y;
	for (int i = 0; i < N; i++) {
		at.y[i] = s.y[N - 1 - i];
		for (int k = 0; k < 2; k++)
			at.X[k * N + i] = s.X[k * N + N - 1 - i];
	}
	fit(&at.data, &prior, theta);
	assert_int_equal(gp_outlier_pass(&at.data, &prior, theta, &b, arena, NULL), KR_OK);
	for (int i = 0; i < N; i++)
		assert_int_equal(a.flag[i], b.flag[N - 1 - i]);
}

/* What was measured more than once and came out the same is no outlier. */
static void replicates_are_believed(void **state)
{
	struct rng r = reference_rng("replicates");
	double theta[4], count[60], spread[60] = {0};

	(void)state;
	for (int times = 1; times < 4; times += 2) {
		struct gp_prior prior;
		struct gp_outliers o;

		arena_reset(arena);
		prior = reference_prior(2, arena);
		draw(60, 2, 0.05, &r);
		spoil(1, &r);
		for (int i = 0; i < 60; i++)
			count[i] = i == 0 ? times : 1;
		s.data.count = count;
		s.data.spread = spread;
		fit(&s.data, &prior, theta);
		assert_int_equal(gp_outlier_pass(&s.data, &prior, theta, &o, arena, NULL), KR_OK);
		assert_int_equal(o.flag[0], times == 1);
	}
}

/* Few observations, equal ones, equal points, values out of all proportion: an answer. */
static void nothing_fails(void **state)
{
	static const int sizes[] = {1, 2, 9, 10, 40};
	struct rng r = reference_rng("nothing fails");

	(void)state;
	for (int size = 0; size < 5; size++)
		for (int kind = 0; kind < 4; kind++) {
			int n = sizes[size];
			struct gp_outliers o;
			struct gp_prior prior;
			double theta[4];

			arena_reset(arena);
			prior = reference_prior(2, arena);
			draw(n, 2, 0.1, &r);
			for (int i = 0; kind == 1 && i < n; i++)
				s.y[i] = 7;
			for (int i = 0; kind == 2 && i < 2 * n; i++)
				s.X[i] = 0.5;
			if (kind == 3)
				s.y[0] = 1e12;
			spoil(0, &r);
			fit(&s.data, &prior, theta);
			assert_int_equal(gp_outlier_pass(&s.data, &prior, theta, &o, arena, NULL), KR_OK);
			assert_true(o.n_flagged <= n / 10 && isfinite(o.gain));
			if (kind == 1)
				assert_int_equal(o.n_flagged, 0);
			for (int k = 0; k < 4; k++)
				assert_true(isfinite(theta[k]));
		}
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	struct gp_prior prior = reference_prior(2, arena);
	double theta[4], start[4];
	int n = 1;

	(void)state;
	draw(30, 2, 0.05, &r);
	spoil(1, &r);
	fit(&s.data, &prior, start);
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; n++) {
		struct gp_outliers o;
		struct arena *a;

		memcpy(theta, start, sizeof(theta));
		kr_alloc_fail_at(n, 0);
		a = arena_new(1 << 20);
		status = a ? gp_outlier_pass(&s.data, &prior, theta, &o, a, NULL) : KR_ENOMEM;
		assert_true(status == KR_OK || status == KR_ENOMEM);
		if (status != KR_OK)
			assert_memory_equal(theta, start, sizeof(theta));
		arena_free(a);
	}
	kr_alloc_fail_at(0, 0);
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_data_are_not_touched),
		cmocka_unit_test(spoilt_data_predict_as_clean_ones),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(replicates_are_believed),
		cmocka_unit_test(nothing_fails),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new(1 << 26);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
