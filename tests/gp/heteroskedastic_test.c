#include "gp/noise/heteroskedastic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "gp/calibration.h"
#include "gp/linalg/blas.h"
#include "gp/outcome/outcome.h"
#include "tests/gp/reference.h"

enum { TESTED = 200 };
static struct arena *arena;
static struct dataset s, at;
static double noise_at[TESTED]; /* the true variance there */

/* s: n values of a smooth function with noise of variance exp(a + b x_0); at: others, with noise
 * as well. Both standardized by s. */
static void draw(int n, int d, double a, double b, struct rng *r)
{
	double shift, scale;

	reference_dataset(&s, n, d, false, r);
	reference_dataset(&at, TESTED, d, false, r);
	for (int i = 0; i < n; i++)
		s.y[i] += exp((a + b * s.X[i]) / 2) * rng_normal(r);
	outcome_standardize(s.y, n, s.y, &shift, &scale);
	for (int i = 0; i < TESTED; i++) {
		noise_at[i] = exp(a + b * at.X[i]) / (scale * scale);
		at.y[i] = (at.y[i] - shift) / scale + sqrt(noise_at[i]) * rng_normal(r);
	}
}

static struct gp_prior fitted(double *theta)
{
	struct gp_prior prior = reference_prior(s.data.d, arena);
	struct gp_fit_result result;

	assert_int_equal(gp_fit_best(&s.data, &prior, NULL, theta, &result, arena, NULL), KR_OK);
	assert_true(isfinite(result.log_posterior));
	return prior;
}

/* Mean log density of the test points, noise variances var added to the latent ones. */
static struct gp_calibration tested(
	const struct gp_data *data, const double *theta, const double *noise)
{
	struct gp *g = gp_new(data->n, data->d, 1);
	struct gp_calibration c;
	struct gp_batch b;

	assert_int_equal(gp_condition(g, data, theta, arena, NULL), KR_OK);
	assert_int_equal(gp_predict(g, at.data.X, false, &b, arena, NULL), KR_OK);
	for (int i = 0; i < TESTED; i++)
		b.var[i] += noise[i];
	assert_int_equal(gp_calibration_score(TESTED, at.y, b.mean.p, b.var, &c, NULL), KR_OK);
	gp_free(g);
	return c;
}

static void one_noise_everywhere_is_left_alone(void **state)
{
	struct rng r = reference_rng("homoskedastic");
	int kept = 0;

	(void)state;
	for (int round = 0; round < 24; round++) {
		int d = 1 + round % 3;
		struct gp_heteroskedastic h;
		struct gp_calibration c;
		struct gp_prior prior;
		double theta[8], before[8], var[TESTED], mean[80], loo[80];
		struct gp *g;

		arena_reset(arena);
		draw(10 + (int)rng_below(&r, 60), d, log(round % 2 ? 0.01 : 0.1), 0, &r);
		prior = fitted(theta);
		memcpy(before, theta, sizeof(theta));
		assert_int_equal(gp_heteroskedastic_fit(&s.data, &prior, theta, &h, arena, NULL), KR_OK);
		g = gp_new(s.data.n, d, 1);
		assert_int_equal(gp_condition(g, &s.data, before, arena, NULL), KR_OK);
		assert_int_equal(gp_loo(g, s.y, mean, loo, arena, NULL), KR_OK);
		gp_calibration_score(s.data.n, s.y, mean, loo, &c, NULL);
		gp_free(g);
		assert_near(h.homoskedastic, c.log_density, 1e-12);
		assert_true(h.log_density >= h.homoskedastic);
		kept += h.kept;
		if (!h.kept) {
			assert_memory_equal(theta, before, sizeof(double) * (size_t)prior.size);
			assert_true(h.noise == s.data.noise && !h.level);
			assert_int_equal(gp_heteroskedastic_noise(&h, at.data.X, var, arena, NULL), KR_OK);
			for (int i = 0; i < TESTED; i++)
				assert_true(var[i] == exp(theta[prior.size - 1]));
		}
		gp_heteroskedastic_fini(&h);
	}
	assert_true(kept <= 2);
}

static void varying_noise_is_found(void **state)
{
	struct rng r = reference_rng("heteroskedastic");
	int kept = 0, better = 0, rounds = 9;
	double off = 0, covered = 0;

	(void)state;
	for (int round = 0; round < rounds; round++) {
		struct gp_heteroskedastic h;
		struct gp_calibration one, many;
		struct gp_prior prior;
		struct gp_data data;
		double theta[8], var[TESTED], constant[TESTED], known[200], sum = 0;
		int d = 1 + round % 3, n = 150;

		arena_reset(arena);
		draw(n, d, -8, 6, &r); /* deviations from 0.02 to 0.37 */
		for (int i = 0; i < n; i++)
			known[i] = 1e-4 * rng_uniform(&r);
		s.data.noise = round % 2 ? known : NULL;
		prior = fitted(theta);
		for (int i = 0; i < TESTED; i++)
			constant[i] = exp(theta[prior.size - 1]);
		one = tested(&s.data, theta, constant);
		assert_int_equal(gp_heteroskedastic_fit(&s.data, &prior, theta, &h, arena, NULL), KR_OK);
		kept += h.kept;
		if (!h.kept)
			continue;
		assert_true(n * (h.log_density - h.homoskedastic) > GP_HETEROSKEDASTIC_GAIN);
		assert_true(theta[prior.size - 1] == -INFINITY);
		for (int i = 0; i < n; i++)
			assert_true(h.noise[i] > (s.data.noise ? known[i] : 0));
		assert_int_equal(gp_heteroskedastic_noise(&h, at.data.X, var, arena, NULL), KR_OK);
		data = s.data;
		data.noise = h.noise;
		many = tested(&data, theta, var);
		better += many.log_density > one.log_density;
		covered += many.coverage95 / rounds;
		for (int i = 0; i < TESTED; i++)
			sum += pow(log(var[i] / noise_at[i]), 2) / TESTED;
		off += sqrt(sum) / rounds;
		gp_heteroskedastic_fini(&h);
	}
	print_message("kept %d, better %d of %d; ln noise off by %.2f, coverage %.3f\n", kept, better,
		rounds, off, covered);
	/* one noise everywhere would be off by 6 / sqrt(12) = 1.7 at best */
	assert_true(kept == rounds && better >= rounds - 1);
	assert_true(off < 0.9 && covered > 0.88 && covered < 0.98);
}

/* Rows of replicates, whose spread says how noisy it is there: the true noise at the points tested
 * within so much on average, and one noise everywhere where it is one. */
static void replicates_tell_the_noise(void **state)
{
	struct rng r = reference_rng("replicates");
	double off = 0, count[40], spread[40];
	int kept[2] = {0}, rounds = 12;

	(void)state;
	for (int round = 0; round < rounds; round++) {
		struct gp_heteroskedastic h;
		struct gp_prior prior;
		double theta[8], var[TESTED], sum = 0, slope = round % 2 ? 6 : 0;
		int n = 40;

		arena_reset(arena);
		draw(n, 1 + round % 3, 0, 0, &r); /* for its points */
		for (int i = 0; i < n; i++) {
			double sd = exp((-6 + slope * s.X[i]) / 2), values[9], mean = 0;
			int times = 1 + (int)rng_below(&r, 9);

			for (int k = 0; k < times; k++) {
				values[k] = sd * rng_normal(&r);
				mean += values[k] / times;
			}
			spread[i] = 0;
			for (int k = 0; k < times; k++)
				spread[i] += (values[k] - mean) * (values[k] - mean);
			count[i] = times;
			s.y[i] = sin(3 * s.X[i]) + mean;
		}
		for (int i = 0; i < TESTED; i++)
			noise_at[i] = exp(-6 + slope * at.X[i]);
		s.data.count = count;
		s.data.spread = spread;
		prior = fitted(theta);
		assert_int_equal(gp_heteroskedastic_fit(&s.data, &prior, theta, &h, arena, NULL), KR_OK);
		kept[round % 2] += h.kept;
		assert_int_equal(gp_heteroskedastic_noise(&h, at.data.X, var, arena, NULL), KR_OK);
		for (int i = 0; i < TESTED; i++)
			sum += pow(log(var[i] / noise_at[i]), 2) / TESTED;
		off += sqrt(sum) / rounds;
		gp_heteroskedastic_fini(&h);
	}
	print_message("kept %d and %d, ln noise off by %.2f\n", kept[0], kept[1], off);
	assert_true(kept[0] <= 1 && kept[1] == rounds / 2 && off < 0.4);
}

/* Few observations, equal ones, equal points, one out of all proportion, no noise to learn. */
static void nothing_fails(void **state)
{
	static const int sizes[] = {1, 2, 9, 10, 40};
	struct rng r = reference_rng("nothing fails");

	(void)state;
	for (int size = 0; size < 5; size++)
		for (int kind = 0; kind < 5; kind++) {
			int n = sizes[size];
			struct gp_heteroskedastic h;
			struct gp_prior prior;
			double theta[4], var[TESTED], known[40];

			arena_reset(arena);
			draw(n, 2, -6, 4, &r);
			for (int i = 0; kind == 1 && i < n; i++)
				s.y[i] = 0;
			for (int i = 0; kind == 2 && i < 2 * n; i++)
				s.X[i] = 0.5;
			if (kind == 3)
				s.y[0] = 1e6;
			if (kind == 4) {
				for (int i = 0; i < n; i++)
					known[i] = 0.01;
				s.data.noise = known;
			}
			prior = fitted(theta);
			if (kind == 4)
				theta[3] = -INFINITY;
			assert_int_equal(
				gp_heteroskedastic_fit(&s.data, &prior, theta, &h, arena, NULL), KR_OK);
			assert_true(n >= GP_HETEROSKEDASTIC_LEAST || !h.kept);
			assert_int_equal(gp_heteroskedastic_noise(&h, at.data.X, var, arena, NULL), KR_OK);
			for (int i = 0; i < TESTED; i++)
				assert_true(isfinite(var[i]) && var[i] >= 0);
			gp_heteroskedastic_fini(&h);
		}
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	struct gp_prior prior;
	double theta[4], start[4];
	int n = 1;

	(void)state;
	arena_reset(arena);
	draw(60, 1, -8, 6, &r);
	prior = fitted(start);
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; n++) {
		struct gp_heteroskedastic h = {0};
		struct arena *a;

		memcpy(theta, start, sizeof(theta));
		kr_alloc_fail_at(n, 0);
		a = arena_new(1 << 20);
		status = a ? gp_heteroskedastic_fit(&s.data, &prior, theta, &h, a, NULL) : KR_ENOMEM;
		assert_true(status == KR_OK || status == KR_ENOMEM);
		if (status != KR_OK) {
			assert_memory_equal(theta, start, sizeof(double) * 3);
			assert_true(!h.level && !h.noise);
		}
		gp_heteroskedastic_fini(&h);
		arena_free(a);
	}
	kr_alloc_fail_at(0, 0);
	assert_true(n > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_noise_everywhere_is_left_alone),
		cmocka_unit_test(varying_noise_is_found),
		cmocka_unit_test(replicates_tell_the_noise),
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
