#include "gp/structure/ensemble.h"

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

enum { MAX_STATE = 4000 };
static const enum gp_ensemble_kind kinds[] = {GP_ENSEMBLE_MAP, GP_ENSEMBLE_SMALL, GP_ENSEMBLE_SAAS,
	GP_ENSEMBLE_DRAWS, GP_ENSEMBLE_SAAS_DRAWS};
enum { N_KINDS = sizeof(kinds) / sizeof(*kinds) };

static struct arena *arena;
static struct dataset s;

static void data_set(int n, int d, bool mixed, struct rng *r)
{
	reference_dataset(&s, n, d, mixed, r);
	outcome_standardize(s.y, n, s.y, &(double){0}, &(double){0});
}

/* All units; their evaluations. */
static int run(const struct gp_ensemble *e, double *state)
{
	int sum = 0;

	assert_true(gp_ensemble_size(e) <= MAX_STATE);
	for (int u = 0; u < gp_ensemble_units(e); u++) {
		int evaluations;

		assert_int_equal(gp_ensemble_unit(e, u, state, &evaluations, arena, NULL), KR_OK);
		sum += evaluations;
	}
	return sum;
}

static double posterior(const struct gp_data *data, const struct gp_prior *p, const double *theta)
{
	double lml;

	assert_int_equal(gp_lml(data, theta, &lml, NULL, NULL, arena, NULL), KR_OK);
	return lml + gp_prior_log_density(p, theta, NULL);
}

static void members_are_within_the_bounds(void **state)
{
	struct rng r = reference_rng("members");

	(void)state;
	for (int trial = 0; trial < 4 * N_KINDS; trial++) {
		int n = 3 + (int)rng_below(&r, 40), d = 1 + (int)rng_below(&r, 4);
		struct gp_ensemble e = {.kind = kinds[trial % N_KINDS], .seed = 5};
		static const int members[] = {1, 3, 4, 8, 8};
		double store[MAX_STATE], lower[32], upper[32];
		struct gp_prior p;
		int evaluations;

		arena_reset(arena);
		data_set(n, d, trial % 2, &r);
		p = reference_prior(d, arena);
		gp_prior_bounds(&p, lower, upper);
		e.data = &s.data;
		e.prior = &p;
		evaluations = run(&e, store);
		assert_int_equal(gp_ensemble_members(&e), members[trial % N_KINDS]);
		if (trial < N_KINDS)
			print_message(
				"kind %d: %d units, %d evaluations\n", trial, gp_ensemble_units(&e), evaluations);
		for (int i = 0; i < gp_ensemble_members(&e); i++) {
			const double *theta = gp_ensemble_theta(&e, store, i);

			for (int k = 0; k < p.size; k++)
				assert_true(theta[k] >= lower[k] && theta[k] <= upper[k]);
			assert_true(isfinite(posterior(&s.data, &p, theta)));
			for (int j = 0; j < i; j++) /* no two are one */
				assert_memory_not_equal(
					theta, gp_ensemble_theta(&e, store, j), sizeof(double) * (size_t)p.size);
		}
	}
}

/* Stored after any unit and taken up again: the same bits. With a warm start too. */
static void ensembles_can_be_taken_up_again(void **state)
{
	struct rng r = reference_rng("taken up");
	struct gp_prior p = reference_prior(3, arena);
	double whole[MAX_STATE], parts[MAX_STATE], kept[MAX_STATE], warm[5] = {0, 0.5, -1, 0.2, -4};

	(void)state;
	data_set(20, 3, true, &r);
	for (int k = 0; k < 2 * N_KINDS; k++) {
		struct gp_ensemble e = {.kind = kinds[k / 2],
			.data = &s.data,
			.prior = &p,
			.warm = k % 2 ? warm : NULL,
			.seed = 1,
			.number = 7};
		int evaluations;

		for (size_t i = 0; i < gp_ensemble_size(&e); i++) {
			whole[i] = NAN; /* need not be initialized */
			parts[i] = 0;
		}
		run(&e, whole);
		for (int u = 0; u < gp_ensemble_units(&e); u++) {
			memcpy(kept, parts, sizeof(parts));
			memset(parts, 255, sizeof(parts));
			gp_ensemble_unit(&e, u, kept, &evaluations, arena, NULL);
			memcpy(parts, kept, sizeof(parts));
		}
		assert_memory_equal(whole, parts, sizeof(double) * gp_ensemble_size(&e));
	}
}

/* The first is the best of the starts, the second an optimum under the other prior, the third another. */
static void the_small_ensemble(void **state)
{
	struct rng r = reference_rng("small");

	(void)state;
	for (int trial = 0; trial < 6; trial++) {
		struct gp_ensemble e = {.kind = GP_ENSEMBLE_SMALL, .data = &s.data, .seed = 3};
		double store[MAX_STATE], best[8], apart = 0;
		const double *second, *third;
		struct gp_prior p, sparse;
		struct gp_fit_result fit;

		arena_reset(arena);
		data_set(12 + 8 * trial, 3, false, &r);
		p = reference_prior(3, arena);
		sparse = reference_prior(3, arena);
		gp_prior_saas(&sparse, 0.1, true);
		e.prior = &p;
		run(&e, store);
		gp_fit_best(&s.data, &p, NULL, best, &fit, arena, NULL);
		assert_memory_equal(best, gp_ensemble_theta(&e, store, 0), sizeof(double) * 5);
		second = gp_ensemble_theta(&e, store, 1);
		for (int step = 0; step < 20; step++) {
			double near[5];

			for (int k = 0; k < 5; k++)
				near[k] = fmin(fmax(second[k] + 0.05 * rng_normal(&r), sparse.term[k].lower),
					sparse.term[k].upper);
			assert_true(
				posterior(&s.data, &sparse, near) < posterior(&s.data, &sparse, second) + 0.01);
		}
		third = gp_ensemble_theta(&e, store, 2);
		for (int k = 0; k < 5; k++)
			apart = fmax(apart, fabs(third[k] - best[k]));
		assert_true(apart > 0.05);
	}
}

/* Two of eight inputs matter: sparse fits find them, and switch the others off. */
static void sparse_fits_find_the_active_inputs(void **state)
{
	struct rng r = reference_rng("sparse");
	struct gp_prior p = reference_prior(8, arena);
	double store[MAX_STATE];

	(void)state;
	data_set(40, 8, false, &r);
	for (int i = 0; i < 40; i++)
		s.y[i] = sin(5 * s.X[i + 2 * 40]) + cos(4 * s.X[i + 5 * 40]);
	outcome_standardize(s.y, 40, s.y, &(double){0}, &(double){0});
	for (int kind = 2; kind < N_KINDS; kind += 2) {
		struct gp_ensemble e = {.kind = kinds[kind], .data = &s.data, .prior = &p, .seed = 3};

		print_message("%d evaluations\n", run(&e, store));
		for (int i = 0; i < gp_ensemble_members(&e); i++) {
			const double *theta = gp_ensemble_theta(&e, store, i);

			for (int k = 0; k < 8; k++)
				if (k != 2 && k != 5)
					assert_true(theta[k] > fmax(theta[2], theta[5]) + 0.5);
		}
	}
}

/* Many ensembles of draws together have the mean of the posterior, by quadrature. */
static void draws_are_of_the_posterior(void **state)
{
	enum { GRID = 100, N = 150 };
	struct rng r = reference_rng("posterior draws");
	struct gp_prior p = reference_prior(1, arena), q;
	struct gp_ensemble e = {.kind = GP_ENSEMBLE_DRAWS, .data = &s.data, .prior = &p};
	double lower[3], upper[3], sums[3] = {0}, total = 0, store[MAX_STATE];

	(void)state;
	data_set(8, 1, false, &r);
	gp_prior_fix(gp_prior_noise(&p), 0.01);
	gp_prior_of_theta(&q, &p, arena, NULL);
	gp_prior_bounds(&p, lower, upper);
	for (int i = 0; i < GRID * GRID; i++) {
		double theta[3] = {lower[0] + (upper[0] - lower[0]) * (i / GRID + 0.5) / GRID,
			lower[1] + (upper[1] - lower[1]) * (i % GRID + 0.5) / GRID, lower[2]};
		double weight = exp(posterior(&s.data, &q, theta));

		total += weight;
		for (int k = 0; k < 2; k++)
			sums[k] += weight * theta[k];
	}
	for (int k = 0; k < 2; k++) {
		double mean = 0, square = 0, want = sums[k] / total, error;

		for (int i = 0; i < N; i++) {
			double of_one = 0;

			e.number = (uint64_t)i;
			run(&e, store);
			for (int m = 0; m < 8; m++)
				of_one += gp_ensemble_theta(&e, store, m)[k] / 8;
			mean += of_one / N;
			square += of_one * of_one / N;
		}
		error = sqrt((square - mean * mean) / N);
		print_message("mean %.3f, by quadrature %.3f, error %.3f\n", mean, want, error);
		assert_true(fabs(mean - want) < 4 * error + 0.05);
	}
}

static void mixtures_follow_the_law_of_total_variance(void **state)
{
	enum { MODELS = 3, P = 6 };
	struct rng r = reference_rng("mixture");
	struct gp *models[MODELS];
	double mean[P], var[P], want_mean[P] = {0}, square[P] = {0};
	static struct dataset at;

	(void)state;
	data_set(15, 2, false, &r);
	reference_dataset(&at, P, 2, false, &r);
	for (int k = 0; k < MODELS; k++) {
		double theta[4] = {rng_normal(&r), rng_normal(&r), 0.5 * rng_normal(&r), -3};
		struct gp_batch batch;

		models[k] = gp_new(15, 2, 1);
		assert_int_equal(gp_condition(models[k], &s.data, theta, arena, NULL), KR_OK);
		gp_predict(models[k], at.data.X, false, &batch, arena, NULL);
		for (int i = 0; i < P; i++) { /* moments of the mixture */
			double m = *mat_at(batch.mean, i, 0);

			want_mean[i] += m / MODELS;
			square[i] += (m * m + batch.var[i]) / MODELS;
			if (k > 0)
				continue;
			gp_mixture_predict(models, 1, at.data.X, mean, var, arena, NULL);
			assert_true(mean[i] == m && var[i] == batch.var[i]);
		}
	}
	assert_int_equal(gp_mixture_predict(models, MODELS, at.data.X, mean, var, arena, NULL), KR_OK);
	for (int i = 0; i < P; i++) {
		assert_near(mean[i], want_mean[i], 1e-12);
		assert_near(var[i], square[i] - want_mean[i] * want_mean[i], 1e-12);
	}
	for (int k = 0; k < MODELS; k++)
		gp_free(models[k]);
}

static void nasty_data_never_fail(void **state)
{
	struct rng r = reference_rng("nasty ensembles");

	(void)state;
	for (int trial = 0; trial < 60; trial++) {
		struct gp_ensemble e = {.kind = kinds[trial % N_KINDS], .seed = 1};
		int n = 1 + (int)rng_below(&r, 10), d = 1 + (int)rng_below(&r, 3);
		double store[MAX_STATE];
		struct gp_prior p;

		arena_reset(arena);
		data_set(n, d, trial % 2, &r);
		p = reference_prior(d, arena);
		for (int i = 0; i < n; i++) {
			for (int k = 0; k < d && trial % 4 == 1; k++)
				*mat_at(s.data.X, i, k) = *mat_at(s.data.X, 0, k);
			s.y[i] = trial % 3 == 0 ? 0 : trial % 3 == 1 ? (double)(i == 0) : s.y[i];
		}
		if (trial % 7 == 0)
			gp_prior_fix(gp_prior_noise(&p), trial % 2 ? 0 : 1e-8);
		e.data = &s.data;
		e.prior = &p;
		run(&e, store);
	}
}

static void what_cannot_be_evaluated_is_an_error(void **state)
{
	struct rng r = reference_rng("no ensemble");
	struct gp_prior p = reference_prior(2, arena);

	(void)state;
	data_set(10, 2, false, &r);
	s.y[2] = NAN;
	for (int k = 0; k < N_KINDS; k++) {
		struct gp_ensemble e = {.kind = kinds[k], .data = &s.data, .prior = &p};
		double store[MAX_STATE];
		enum kr_status status = KR_OK;
		int evaluations;

		for (int u = 0; status == KR_OK && u < gp_ensemble_units(&e); u++)
			status = gp_ensemble_unit(&e, u, store, &evaluations, arena, NULL);
		assert_int_equal(status, KR_ENOTPD);
	}
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	struct gp_prior p = reference_prior(1, arena);

	(void)state;
	data_set(6, 1, false, &r);
	for (int k = 0; k < N_KINDS; k++) {
		struct gp_ensemble e = {.kind = kinds[k], .data = &s.data, .prior = &p};
		enum kr_status status = KR_ENOMEM;

		for (size_t cap = 64; status != KR_OK; cap += 256) {
			struct arena *a = arena_new(cap);
			double store[MAX_STATE];
			int evaluations;

			status = a ? KR_OK : KR_ENOMEM;
			for (int u = 0; status == KR_OK && u < gp_ensemble_units(&e); u++) {
				status = gp_ensemble_unit(&e, u, store, &evaluations, a, NULL);
				assert_int_equal(arena_used(a), 0);
			}
			assert_true(status == KR_OK || status == KR_ENOMEM);
			arena_free(a);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_within_the_bounds),
		cmocka_unit_test(ensembles_can_be_taken_up_again),
		cmocka_unit_test(the_small_ensemble),
		cmocka_unit_test(sparse_fits_find_the_active_inputs),
		cmocka_unit_test(draws_are_of_the_posterior),
		cmocka_unit_test(mixtures_follow_the_law_of_total_variance),
		cmocka_unit_test(nasty_data_never_fail),
		cmocka_unit_test(what_cannot_be_evaluated_is_an_error),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new(1 << 24);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
