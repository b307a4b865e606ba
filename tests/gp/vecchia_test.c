#include "gp/vecchia/vecchia.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "gp/linalg/blas.h"
#include "gp/model.h"
#include "gp/vecchia/vecchia_fit.h"
#include "tests/gp/reference.h"

enum { QUERIES = 7 };

static struct arena *arena;
static struct dataset s;

/* A random data set: any family, categorical columns or not, mean and noise known or not. */
static void vary(int trial, int n, struct rng *r, double *mean, double *noise)
{
	reference_dataset(&s, n, 1 + (int)rng_below(r, 7), trial % 2, r);
	s.data.kernel = reference_term(trial / 2 % 2 ? "matern52" : "rbf");
	*mean = rng_normal(r);
	for (int i = 0; i < n; i++)
		noise[i] = rng_uniform(r) * 0.01;
	s.data.mean = trial / 4 % 2 ? mean : NULL;
	s.data.noise = trial / 8 % 2 ? noise : NULL;
}

static double evaluate(const struct vecchia_plan *plan, const double *theta, double *grad)
{
	struct arena_mark mark = arena_mark(arena);
	struct vecchia_likelihood l;
	double value[32], scale[32], lml;
	struct kernel k = likelihood_kernel(&s.data, s.theta, value);

	kernel_lengthscales(&k, scale);
	assert_int_equal(vecchia_likelihood_init(&l, &s.data, plan, scale, arena, NULL), KR_OK);
	assert_int_equal(vecchia_likelihood_eval(&l, theta, &lml, grad, NULL), KR_OK);
	arena_release(arena, mark);
	return lml;
}

static void random_points(struct mat X, struct rng *r)
{
	for (int k = 0; k < X.cols; k++)
		for (int i = 0; i < X.rows; i++)
			*mat_at(X, i, k) = s.categorical[k] ? rng_below(r, 4) : rng_uniform(r);
}

/* ---- with all neighbours it is the exact model ------------------------------------ */

static void all_neighbours_give_the_likelihood(void **state)
{
	struct rng r = reference_rng("vecchia likelihood");
	double mean, noise[50], count[50], spread[50], lml, exact[32], grad[32];

	(void)state;
	for (int trial = 0; trial < 32; trial++) {
		int n = 1 + (int)rng_below(&r, 50);
		vary(trial, n, &r, &mean, noise);
		for (int i = 0; i < n; i++) {
			count[i] = 1 + rng_below(&r, 4);
			spread[i] = count[i] > 1 ? 0.01 * rng_uniform(&r) : 0;
		}
		s.data.count = trial % 3 ? NULL : count; /* rows of replicates */
		s.data.spread = trial % 3 ? NULL : spread;
		struct vecchia_plan plan = {.neighbours = n, .seed = rng_u64(&r)};
		assert_int_equal(gp_lml(&s.data, s.theta, &lml, exact, NULL, arena, NULL), KR_OK);
		assert_near(evaluate(&plan, s.theta, grad), lml, 1e-9);
		for (int k = 0; k < s.data.d + 2; k++)
			assert_near(grad[k], exact[k], 1e-9);
	}
}

static void predict_exactly(struct mat X, double *mean, double *var, struct mat Dm, struct mat Dv)
{
	struct gp *g = gp_new(s.data.n, s.data.d, 1);
	struct gp_batch batch;
	double ones[QUERIES], zeros[QUERIES] = {0};

	assert_int_equal(gp_condition(g, &s.data, s.theta, arena, NULL), KR_OK);
	assert_int_equal(gp_predict(g, X, true, &batch, arena, NULL), KR_OK);
	for (int i = 0; i < X.rows; i++) {
		mean[i] = *mat_at(batch.mean, i, 0);
		var[i] = batch.var[i];
		ones[i] = 1;
	}
	assert_int_equal(
		gp_adjoint(g, &batch, mat_view(ones, X.rows, 1, X.rows), zeros, Dm, arena, NULL), KR_OK);
	assert_int_equal(
		gp_adjoint(g, &batch, mat_view(zeros, X.rows, 1, X.rows), ones, Dv, arena, NULL), KR_OK);
	gp_free(g);
}

/* NaN as a conditional kernel reads it. */
static void inactive_values_have_neighbours(void **state)
{
	struct rng r = reference_rng("vecchia inactive");
	struct kernel_term conditional = {.family = kernel_find("matern52"), .size = {1}};
	double lml, exact[32], grad[32], mean[2][QUERIES], var[2][QUERIES], x[QUERIES * 3];
	double slopes[2][QUERIES * 3];
	struct mat X = mat_view(x, QUERIES, 3, QUERIES);
	struct mat Dm = mat_view(slopes[0], QUERIES, 3, QUERIES);
	struct mat Dv = mat_view(slopes[1], QUERIES, 3, QUERIES);
	struct vecchia_plan plan = {.neighbours = 50, .seed = 1};
	struct vecchia *v;

	(void)state;
	reference_dataset(&s, 50, 3, false, &r);
	s.data.kernel = &conditional;
	random_points(X, &r);
	for (int i = 0; i < 50; i += 3)
		*mat_at(s.data.X, i, 1) = NAN;
	for (int i = 0; i < QUERIES; i += 2)
		*mat_at(X, i, 1) = NAN;
	assert_int_equal(gp_lml(&s.data, s.theta, &lml, exact, NULL, arena, NULL), KR_OK);
	assert_near(evaluate(&plan, s.theta, grad), lml, 1e-9);
	for (int k = 0; k < 5; k++)
		assert_near(grad[k], exact[k], 1e-9);
	predict_exactly(X, mean[0], var[0], Dm, Dv);
	v = vecchia_new(&conditional, 50, 3);
	assert_int_equal(vecchia_condition(v, &s.data, s.theta, &plan, arena, NULL), KR_OK);
	assert_int_equal(
		vecchia_predict(v, X, mean[1], var[1], (struct mat){0}, (struct mat){0}, arena, NULL),
		KR_OK);
	for (int i = 0; i < QUERIES; i++) {
		assert_near(mean[1][i], mean[0][i], 1e-9); /* none was left out */
		assert_near(var[1][i], var[0][i], 1e-9);
	}
	vecchia_free(v);
}

static struct vecchia *condition(int cap, const struct vecchia_plan *plan)
{
	struct vecchia *v = vecchia_new(s.data.kernel, cap, s.data.d);

	assert_non_null(v);
	assert_int_equal(vecchia_condition(v, &s.data, s.theta, plan, arena, NULL), KR_OK);
	return v;
}

static void all_neighbours_give_the_predictions(void **state)
{
	struct rng r = reference_rng("vecchia predictions");
	double mean, noise[50], x[QUERIES * 8], m[2][QUERIES], var[2][QUERIES], D[4][QUERIES * 8];

	(void)state;
	for (int trial = 0; trial < 32; trial++) {
		struct arena_mark mark = arena_mark(arena);
		int n = 1 + (int)rng_below(&r, 50);
		vary(trial, n, &r, &mean, noise);
		struct vecchia_plan plan = {.neighbours = n, .seed = rng_u64(&r)};
		struct vecchia *v = condition(n, &plan);
		int d = s.data.d;
		struct mat X = mat_view(x, QUERIES, d, QUERIES), views[4];
		for (int i = 0; i < 4; i++)
			views[i] = mat_view(D[i], QUERIES, d, QUERIES);
		random_points(X, &r);
		predict_exactly(X, m[0], var[0], views[0], views[1]);
		assert_int_equal(
			vecchia_predict(v, X, m[1], var[1], views[2], views[3], arena, NULL), KR_OK);
		for (int i = 0; i < QUERIES; i++) {
			assert_near(m[1][i], m[0][i], 1e-9);
			assert_near(var[1][i], var[0][i], 1e-9);
			for (int k = 0; k < d; k++) {
				assert_near(*mat_at(views[2], i, k), *mat_at(views[0], i, k), 1e-9);
				assert_near(*mat_at(views[3], i, k), *mat_at(views[1], i, k), 1e-9);
			}
		}
		vecchia_free(v);
		arena_release(arena, mark);
	}
}

/* ---- with few it is near it -------------------------------------------------------- */

static void slopes_are_those_of_differences(void **state)
{
	struct rng r = reference_rng("vecchia slopes");
	double mean, noise[80], grad[32];
	const double h = 1e-5;

	(void)state;
	for (int trial = 0; trial < 16; trial++) {
		vary(trial, 80, &r, &mean, noise);
		struct vecchia_plan plan = {.neighbours = 9, .terms = 30 + trial, .seed = rng_u64(&r)};
		evaluate(&plan, s.theta, grad);
		for (int k = 0; k < s.data.d + 2; k++) {
			double theta[32], up, down;
			memcpy(theta, s.theta, sizeof(theta));
			theta[k] += h;
			up = evaluate(&plan, theta, NULL);
			theta[k] -= 2 * h;
			down = evaluate(&plan, theta, NULL);
			assert_near(grad[k], (up - down) / (2 * h), 1e-5);
		}
	}
}

/* The more neighbours, the nearer: likelihood and predictions, over 16 data sets. */
static void errors_fall_with_the_neighbours(void **state)
{
	const int sizes[] = {4, 12, 36, 108};
	struct rng r = reference_rng("vecchia errors");
	double sums[2][4] = {{0}}, x[QUERIES * 8], m[2][QUERIES], var[2][QUERIES], D[2][QUERIES * 8];

	(void)state;
	for (int trial = 0; trial < 16; trial++) {
		struct arena_mark mark = arena_mark(arena);
		double exact;
		reference_dataset(&s, 300, 2 + trial % 2, false, &r);
		struct mat X = mat_view(x, QUERIES, s.data.d, QUERIES);
		random_points(X, &r);
		assert_int_equal(gp_lml(&s.data, s.theta, &exact, NULL, NULL, arena, NULL), KR_OK);
		predict_exactly(X, m[0], var[0], mat_view(D[0], QUERIES, s.data.d, QUERIES),
			mat_view(D[1], QUERIES, s.data.d, QUERIES));
		for (int k = 0; k < 4; k++) {
			struct vecchia_plan plan = {.neighbours = sizes[k], .seed = 1};
			struct vecchia *v = condition(300, &plan);
			sums[0][k] += fabs(evaluate(&plan, s.theta, NULL) - exact);
			assert_int_equal(
				vecchia_predict(v, X, m[1], var[1], (struct mat){0}, (struct mat){0}, arena, NULL),
				KR_OK);
			for (int i = 0; i < QUERIES; i++)
				sums[1][k] += fabs(m[1][i] - m[0][i]);
			vecchia_free(v);
		}
		arena_release(arena, mark);
	}
	for (int what = 0; what < 2; what++)
		for (int k = 1; k < 4; k++) {
			const double *sum = sums[what];
			if (!(sum[k] < 0.95 * sum[k - 1] && sum[3] < sum[0] / 5))
				fail_msg("%s: error %g, %g, %g, %g with 4, 12, 36, 108 neighbours",
					what ? "predictions" : "likelihood", sum[0], sum[1], sum[2], sum[3]);
		}
}

/* A part of the conditionals stands for all: the fit of a part has a log posterior near the best. */
static void a_part_of_the_terms_fits(void **state)
{
	struct rng r = reference_rng("vecchia fit");

	(void)state;
	for (int trial = 0; trial < 4; trial++) {
		reference_dataset(&s, 400, 3, trial % 2, &r);
		struct gp_prior prior = reference_prior(3, arena);
		struct vecchia_plan plan = {.neighbours = 30, .terms = 200, .seed = 3};
		struct gp_fit_result result;
		double best[32], theta[32], at_best, at_theta, at_start;
		gp_fit_starts(&prior, 400, NULL, best);
		memcpy(theta, best, sizeof(theta));
		gp_lml(&s.data, theta, &at_start, NULL, NULL, arena, NULL);
		at_start += gp_prior_log_density(&prior, theta, NULL);
		gp_fit_from(&s.data, &prior, 100, best, &result, arena, NULL);
		at_best = result.log_posterior;
		for (int round = 0; round < 2; round++)
			assert_int_equal(
				vecchia_fit_from(&s.data, &prior, &plan, 60, theta, &result, arena, NULL), KR_OK);
		gp_lml(&s.data, theta, &at_theta, NULL, NULL, arena, NULL);
		at_theta += gp_prior_log_density(&prior, theta, NULL);
		if (!(at_best - at_theta < 0.1 * (at_best - at_start)))
			fail_msg("log posterior %g, of the exact fit %g, of the start %g", at_theta, at_best,
				at_start);
	}
}

/* ---- nearest -------------------------------------------------------------------------- */

struct pair {
	double square;
	int row;
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	return x->square != y->square ? (x->square > y->square) - (x->square < y->square)
								  : x->row - y->row;
}

/* Against a sort of all distances, with equal points, over block boundaries. */
static void the_nearest_are_found(void **state)
{
	enum { N = 700, D = 3, M = 20, B = 9 };
	static double x[N * D], q[B * D];
	static struct pair pairs[N];
	struct rng r = reference_rng("nearest");
	const unsigned char categorical[D] = {0, 1, 0};
	int found[M * B], count[B], before[B];

	(void)state;
	for (int trial = 0; trial < 10; trial++) {
		double scale[D] = {0.5 + rng_uniform(&r), 1, 0.1 + rng_uniform(&r)};
		for (int i = 0; i < N * D; i++)
			x[i] = rng_below(&r, 8) / 8.0;
		for (int i = 0; i < B * D; i++)
			q[i] = rng_below(&r, 8) / 8.0;
		for (int j = 0; j < B; j++)
			before[j] = j == 0 ? 0 : j == 1 ? N : (int)rng_below(&r, N);
		struct neighbours *nb = neighbours_new(N, D);
		struct mat X = mat_view(x, N, D, N);
		neighbours_reset(nb, scale, categorical);
		neighbours_add(nb, mat_block(X, 0, 0, 300, D));
		neighbours_add(nb, mat_block(X, 300, 0, N - 300, D));
		assert_int_equal(
			neighbours_find(nb, mat_view(q, B, D, B), before, M, found, count, arena, NULL), KR_OK);
		for (int j = 0; j < B; j++) {
			for (int i = 0; i < before[j]; i++) {
				pairs[i] = (struct pair){0, i};
				for (int k = 0; k < D; k++) {
					double t = x[k * N + i] / scale[k] - q[k * B + j] / scale[k];
					pairs[i].square += k == 1 ? (t != 0 ? 1 : 0) : t * t;
				}
			}
			qsort(pairs, (size_t)before[j], sizeof(*pairs), compare_pairs);
			assert_int_equal(count[j], before[j] < M ? before[j] : M);
			for (int i = 0; i < count[j]; i++)
				assert_int_equal(found[j * M + i], pairs[i].row);
		}
		neighbours_free(nb);
	}
}

/* ---- what it must stand ---------------------------------------------------------------- */

static void appending_is_conditioning(void **state)
{
	struct rng r = reference_rng("vecchia append");
	double x[QUERIES * 3], m[2][QUERIES], var[2][QUERIES], mean = 0.3, point[3];
	struct vecchia_plan plan = {.neighbours = 12, .seed = 1};

	(void)state;
	reference_dataset(&s, 120, 3, true, &r);
	s.data.mean = &mean;
	struct vecchia *all = condition(120, &plan);
	s.data.n = 100;
	struct vecchia *grown = condition(120, &plan);
	for (int i = 100; i < 120; i++) {
		for (int k = 0; k < 3; k++)
			point[k] = *mat_at(s.data.X, i, k);
		vecchia_append(grown, point, s.y[i], exp(s.theta[4]));
	}
	struct mat X = mat_view(x, QUERIES, 3, QUERIES), none = {0};
	random_points(X, &r);
	assert_int_equal(vecchia_predict(all, X, m[0], var[0], none, none, arena, NULL), KR_OK);
	assert_int_equal(vecchia_predict(grown, X, m[1], var[1], none, none, arena, NULL), KR_OK);
	assert_memory_equal(m[0], m[1], sizeof(m[0]));
	assert_memory_equal(var[0], var[1], sizeof(var[0]));
	vecchia_free(all);
	vecchia_free(grown);
}

/* Equal points, clusters, constant and huge outcomes: numbers come out. */
static void nasty_data_have_a_model(void **state)
{
	struct rng r = reference_rng("vecchia nasty");
	double x[QUERIES * 4], m[QUERIES], var[QUERIES], grad[32];

	(void)state;
	for (int trial = 0; trial < 40; trial++) {
		struct vecchia_plan plan = {.neighbours = 30, .seed = 1};
		double size = pow(10, 12 * rng_uniform(&r) - 6);
		reference_dataset(&s, 250, 4, trial % 2, &r);
		for (int i = 0; i < 250; i++) {
			s.y[i] = trial % 3 == 0 ? size : s.y[i] * size;
			for (int k = 0; trial % 5 < 3 && k < 4; k++)
				if (!s.categorical[k])
					*mat_at(s.data.X, i, k) = trial % 5 == 0 ? 0.5
						: trial % 5 == 1                     ? 0.25 * (i % 3)
															 : 0.3 + 1e-9 * rng_uniform(&r);
		}
		s.theta[5] = trial % 4 == 0 ? -INFINITY : log(1e-8);
		assert_true(isfinite(evaluate(&plan, s.theta, grad)));
		for (int k = 0; k < 6; k++)
			assert_true(isfinite(grad[k]));
		struct vecchia *v = condition(250, &plan);
		struct mat X = mat_view(x, QUERIES, 4, QUERIES);
		random_points(X, &r);
		assert_int_equal(
			vecchia_predict(v, X, m, var, (struct mat){0}, (struct mat){0}, arena, NULL), KR_OK);
		for (int i = 0; i < QUERIES; i++)
			assert_true(isfinite(m[i]) && var[i] > 0);
		if (trial % 20 == 0) /* equal points without noise */
			assert_true(vecchia_jitter(v) > 0);
		if (trial % 5 >= 3 && trial % 4)
			assert_true(vecchia_jitter(v) == 0);
		vecchia_free(v);
	}
}

static void numbers_that_are_none_are_refused(void **state)
{
	struct rng r = reference_rng("vecchia nonfinite");
	struct vecchia_plan plan = {.neighbours = 10, .seed = 1};
	const double bad[] = {NAN, INFINITY, -INFINITY};

	(void)state;
	for (int trial = 0; trial < 9; trial++) {
		reference_dataset(&s, 60, 3, false, &r);
		struct vecchia *v = vecchia_new(s.data.kernel, 60, 3);
		*(trial < 3 ? &s.X[70] : trial < 6 ? &s.y[5] : &s.theta[1]) = bad[trial % 3];
		assert_int_equal(vecchia_condition(v, &s.data, s.theta, &plan, arena, NULL), KR_ENONFINITE);
		assert_int_equal(vecchia_rows(v), 0);
		vecchia_free(v);
	}
}

/* 100,000 observations in time and memory that are linear in them. */
static void a_hundred_thousand_are_possible(void **state)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
	enum { N = 10000 };
#else
	enum { N = 100000 };
#endif
	enum { D = 4, Q = 50 };
	struct rng r = reference_rng("vecchia many");
	double *x = malloc(sizeof(*x) * N * D), *y = malloc(sizeof(*y) * N), theta[D + 2];
	struct mat X = mat_view(x, N, D, N);
	struct gp_data data = {.kernel = reference_term("matern52"), .n = N, .d = D, .X = X, .y = y};
	struct gp_prior prior = reference_prior(D, arena);
	struct vecchia_plan plan = {.neighbours = 30, .terms = 200, .seed = 5};
	struct gp_fit_result result;
	double q[Q * D], truth[Q], mean[Q], var[Q], error = 0, square = 0;
	struct mat P = mat_view(q, Q, D, Q);

	(void)state;
	memset(&s, 0, sizeof(s));
	random_points(X, &r);
	random_points(P, &r);
	for (int i = 0; i < N + Q; i++) {
		double *to = i < N ? &y[i] : &truth[i - N];
		*to = 0;
		for (int k = 0; k < D; k++)
			*to += sin((2 + k) * (i < N ? *mat_at(X, i, k) : *mat_at(P, i - N, k)));
	}
	gp_fit_starts(&prior, N, NULL, theta);
	assert_int_equal(
		vecchia_fit_from(&data, &prior, &plan, 15, theta, &result, arena, NULL), KR_OK);
	struct vecchia *v = vecchia_new(data.kernel, N, D);
	assert_int_equal(vecchia_condition(v, &data, theta, &plan, arena, NULL), KR_OK);
	assert_int_equal(
		vecchia_predict(v, P, mean, var, (struct mat){0}, (struct mat){0}, arena, NULL), KR_OK);
	for (int i = 0; i < Q; i++) {
		error += (mean[i] - truth[i]) * (mean[i] - truth[i]) / Q;
		square += truth[i] * truth[i] / Q;
	}
	assert_true(error < 1e-6 * square);
	vecchia_free(v);
	free(x);
	free(y);
}

static enum kr_status everything(struct arena *a)
{
	struct vecchia_plan plan = {.neighbours = 8, .terms = 20, .seed = 1};
	struct gp_prior prior = reference_prior(3, arena);
	struct gp_fit_result result;
	double m[QUERIES], var[QUERIES];
	struct vecchia *v = vecchia_new(s.data.kernel, 60, 3);
	enum kr_status st = v ? vecchia_fit_from(&s.data, &prior, &plan, 3, s.theta, &result, a, NULL)
						  : KR_ENOMEM;

	if (st == KR_OK)
		st = vecchia_condition(v, &s.data, s.theta, &plan, a, NULL);
	if (st == KR_OK)
		st = vecchia_predict(v, mat_block(s.data.X, 0, 0, QUERIES, 3), m, var, (struct mat){0},
			(struct mat){0}, a, NULL);
	vecchia_free(v);
	return st;
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	int n = 1;

	(void)state;
	for (enum kr_status st = KR_ENOMEM; st != KR_OK; n++) {
		reference_dataset(&s, 60, 3, false, &r);
		kr_alloc_fail_at(n, 0);
		struct arena *a = arena_new(1 << 20);
		st = a ? everything(a) : KR_ENOMEM;
		assert_true(st == KR_OK || st == KR_ENOMEM);
		if (a)
			assert_int_equal(arena_used(a), 0);
		arena_free(a);
	}
	kr_alloc_fail_at(0, 0);
	assert_true(n > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_neighbours_give_the_likelihood),
		cmocka_unit_test(inactive_values_have_neighbours),
		cmocka_unit_test(all_neighbours_give_the_predictions),
		cmocka_unit_test(slopes_are_those_of_differences),
		cmocka_unit_test(errors_fall_with_the_neighbours),
		cmocka_unit_test(a_part_of_the_terms_fits),
		cmocka_unit_test(the_nearest_are_found),
		cmocka_unit_test(appending_is_conditioning),
		cmocka_unit_test(nasty_data_have_a_model),
		cmocka_unit_test(numbers_that_are_none_are_refused),
		cmocka_unit_test(a_hundred_thousand_are_possible),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new((size_t)1 << 28);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
