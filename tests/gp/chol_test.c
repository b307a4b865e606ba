#include "gp/linalg/chol.h"

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

enum { N = 300 };
static double storage[N * N];

/* K_ij = exp(-|x_i - x_j|) + 1e-3 [i = j] of random points: positive definite. */
static struct mat covariance(int n, struct rng *r)
{
	struct mat K = mat_view(storage, n, n, N);
	double x[N];

	for (int i = 0; i < n; i++)
		x[i] = 10 * rng_uniform(r);
	for (int j = 0; j < n; j++)
		for (int i = 0; i < n; i++)
			*mat_at(K, i, j) = exp(-fabs(x[i] - x[j])) + (i == j) * 1e-3;
	return K;
}

static double product(struct mat L, int i, int j)
{
	double sum = 0;

	for (int k = 0; k <= (i < j ? i : j); k++)
		sum += *mat_at(L, i, k) * *mat_at(L, j, k);
	return sum;
}

static void the_factor_times_itself_is_the_matrix(void **state)
{
	static const int sizes[] = {1, 2, 7, 40, 129, 300};
	struct rng r = reference_rng("chol");

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		int n = sizes[s];
		struct mat K = covariance(n, &r), L;
		struct chol *c = chol_new(n + 3);
		double jitter = -1, log_det = 0;

		for (int j = 1; j < n; j++)
			*mat_at(K, 0, j) = NAN; /* the upper triangle is not read */
		assert_int_equal(chol_factor(c, K, 1, &jitter, NULL), KR_OK);
		assert_true(jitter == 0);
		assert_int_equal(chol_rows(c), n);
		L = chol_view(c);
		for (int j = 0; j < n; j++) {
			log_det += 2 * log(*mat_at(L, j, j));
			for (int i = 0; i < n; i++)
				if (i < j)
					assert_true(*mat_at(L, i, j) == 0);
				else
					assert_near(product(L, i, j), *mat_at(K, i, j), 1e-13);
		}
		assert_near(chol_logdet(chol_view(c)), log_det, 1e-13);
		chol_free(c);
	}
}

static void appended_rows_are_those_of_a_new_factor(void **state)
{
	struct rng r = reference_rng("append");

	(void)state;
	for (int trial = 0; trial < 40; trial++) {
		int n = (int)rng_below(&r, 60), total = n;
		struct mat K = covariance(N, &r), L, M;
		struct chol *grown = chol_new(N), *whole = chol_new(N);
		double jitter;

		if (n)
			chol_factor(grown, mat_block(K, 0, 0, n, n), 1, &jitter, NULL);
		for (int step = 0; step < 4; step++) {
			int m = 1 + (int)rng_below(&r, 20);

			assert_int_equal(chol_append(grown, mat_block(K, total, 0, m, total),
								 mat_block(K, total, total, m, m), NULL),
				KR_OK);
			total += m;
		}
		chol_factor(whole, mat_block(K, 0, 0, total, total), 1, &jitter, NULL);
		L = chol_view(grown);
		M = chol_view(whole);
		assert_int_equal(L.rows, total);
		for (int j = 0; j < total; j++)
			for (int i = 0; i < total; i++)
				assert_near(*mat_at(L, i, j), *mat_at(M, i, j), 1e-11);
		chol_free(grown);
		chol_free(whole);
	}
}

static void solves_undo_the_factor(void **state)
{
	struct rng r = reference_rng("solve");
	struct mat K = covariance(90, &r), L;
	struct chol *c = chol_new(90);
	double b[90 * 3], x[90 * 3], jitter;

	(void)state;
	chol_factor(c, K, 1, &jitter, NULL);
	L = chol_view(c);
	for (int cols = 1; cols <= 3; cols += 2)
		for (int upper = 0; upper < 2; upper++) {
			for (int i = 0; i < 90 * cols; i++)
				x[i] = b[i] = rng_normal(&r);
			(upper ? chol_solve_upper : chol_solve_lower)(c, mat_view(x, 90, cols, 90));
			for (int j = 0; j < cols; j++)
				for (int i = 0; i < 90; i++) {
					double sum = 0;

					for (int k = 0; k < 90; k++)
						sum += (upper ? *mat_at(L, k, i) : *mat_at(L, i, k)) * x[j * 90 + k];
					assert_near(sum, b[j * 90 + i], 1e-10);
				}
		}
	chol_free(c);
}

static void a_singular_matrix_gets_the_least_jitter_that_helps(void **state)
{
	struct chol *c = chol_new(N);
	struct rng r = reference_rng("jitter");
	double jitter;

	(void)state;
	for (int trial = 0; trial < 30; trial++) {
		int n = 2 + (int)rng_below(&r, 100);
		struct mat K = mat_view(storage, n, n, N);
		double scale = exp(8 * rng_normal(&r)); /* all points equal */

		for (int j = 0; j < n; j++)
			for (int i = 0; i < n; i++)
				*mat_at(K, i, j) = scale * (i == j ? 1 - 3e-7 : 1);
		assert_int_equal(chol_factor(c, K, scale, &jitter, NULL), KR_OK);
		assert_near(jitter / scale, 1e-6, 1e-12);
	}
	chol_free(c);
}

static void what_cannot_be_factored_is_refused(void **state)
{
	static const int sizes[] = {1, 8, 40, 200, 300};
	struct rng r = reference_rng("refused");
	struct chol *c = chol_new(N);
	struct kr_error err;
	double jitter;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		int n = sizes[s];
		const double bad[] = {NAN, INFINITY, -INFINITY};

		for (int trial = 0; trial < 12; trial++) {
			struct mat K = covariance(n, &r);
			int i = (int)rng_below(&r, (uint32_t)n), j = (int)rng_below(&r, (uint32_t)i + 1);

			*mat_at(K, i, j) = bad[trial % 3];
			assert_int_equal(chol_factor(c, K, 1, &jitter, &err), KR_ENONFINITE);
			assert_int_equal(chol_rows(c), 0);
		}
		*mat_at(covariance(n, &r), n - 1, n - 1) = -1;
		assert_int_equal(chol_factor(c, mat_view(storage, n, n, N), 1, &jitter, &err), KR_ENOTPD);
		assert_int_equal(chol_rows(c), 0);
	}
	chol_free(c);
}

static void a_refused_append_changes_nothing(void **state)
{
	struct rng r = reference_rng("refused append");
	struct mat K = covariance(50, &r), L;
	struct chol *c = chol_new(N);
	double jitter, before[40 * 40];

	(void)state;
	chol_factor(c, mat_block(K, 0, 0, 40, 40), 1, &jitter, NULL);
	L = chol_view(c);
	for (int j = 0; j < 40; j++)
		memcpy(before + 40 * j, mat_col(L, j), sizeof(double) * 40);
	for (int what = 0; what < 3; what++) {
		K = covariance(50, &r);
		*mat_at(K, what == 2 ? 45 : 49,
			what == 0       ? 3
				: what == 1 ? 49
							: 45) = what == 0 ? NAN
			: what == 1                       ? INFINITY
											  : -5;
		assert_int_equal(
			chol_append(c, mat_block(K, 40, 0, 10, 40), mat_block(K, 40, 40, 10, 10), NULL),
			what == 2 ? KR_ENOTPD : KR_ENONFINITE);
		assert_int_equal(chol_rows(c), 40);
		L = chol_view(c);
		for (int j = 0; j < 40; j++)
			assert_memory_equal(before + 40 * j, mat_col(L, j), sizeof(double) * 40);
	}
	chol_free(c);
}

/* K without row and column i, in place. */
static void strike(struct mat *K, int i)
{
	for (int j = 0; j < K->cols; j++)
		memmove(mat_at(*K, i, j), mat_at(*K, i, j) + 1, sizeof(double) * (size_t)(K->rows - i - 1));
	for (int j = i; j + 1 < K->cols; j++)
		memcpy(mat_col(*K, j), mat_col(*K, j + 1), sizeof(double) * (size_t)(K->rows - 1));
	K->rows--;
	K->cols--;
}

static double drift_of(const struct chol *c, struct mat K)
{
	struct arena *a = arena_new(1 << 16);
	double drift = -1;

	assert_int_equal(chol_drift(c, K, 0, &drift, a, NULL), KR_OK);
	assert_int_equal(arena_used(a), 0);
	arena_free(a);
	return drift;
}

static void removed_rows_leave_the_factor_of_the_rest(void **state)
{
	struct rng r = reference_rng("remove");

	(void)state;
	for (int trial = 0; trial < 60; trial++) {
		int n = 1 + (int)rng_below(&r, 70), gone = 1 + (int)rng_below(&r, (uint32_t)n);
		struct mat K = covariance(n, &r), L, M;
		struct chol *c = chol_new(n), *whole = chol_new(n);
		double jitter;

		chol_factor(c, K, 1, &jitter, NULL);
		for (int step = 0; step < gone; step++) {
			int i = step == 0 ? 0 : step == 1 ? K.rows - 1 : (int)rng_below(&r, (uint32_t)K.rows);

			chol_remove(c, i);
			strike(&K, i);
		}
		assert_int_equal(chol_rows(c), n - gone);
		if (n > gone) {
			assert_true(drift_of(c, K) < 1e-14);
			chol_factor(whole, K, 1, &jitter, NULL);
		}
		L = chol_view(c);
		M = chol_view(whole);
		for (int j = 0; j < n - gone; j++)
			for (int i = 0; i < n - gone; i++)
				if (i < j)
					assert_true(*mat_at(L, i, j) == 0);
				else
					assert_near(*mat_at(L, i, j), *mat_at(M, i, j), 1e-11);
		chol_free(c);
		chol_free(whole);
	}
}

/* exp(-r^2 / 2 l^2) of points that nearly coincide, with hardly any noise: its
 * condition number is some 1e10. */
static double nasty(const double *x, int i, int j)
{
	return exp(-2 * (x[i] - x[j]) * (x[i] - x[j])) + (i == j) * 1e-8;
}

/* A window that slides over 600 points, in and out at random places: the factor stays
 * that of its matrix. */
static void many_changes_do_not_drift(void **state)
{
	enum { ROWS = 60, POINTS = 600 };
	struct rng r = reference_rng("drift");
	struct chol *c = chol_new(ROWS);
	struct mat K = mat_view(storage, 0, 0, N);
	double x[ROWS], jitter, b[ROWS], d, worst = 0, fresh = 0;

	(void)state;
	for (int point = 0; point < POINTS; point++) {
		int n = chol_rows(c);

		if (n == ROWS || (n > 1 && rng_below(&r, 4) == 0)) {
			int i = (int)rng_below(&r, (uint32_t)n--);

			chol_remove(c, i);
			memmove(x + i, x + i + 1, sizeof(*x) * (size_t)(n - i));
		}
		x[n] = point % 3 && n > 0 ? x[n - 1] + 1e-4 * rng_normal(&r) : rng_uniform(&r);
		for (int j = 0; j < n; j++)
			b[j] = nasty(x, n, j);
		d = nasty(x, n, n);
		assert_int_equal(chol_append(c, mat_view(b, 1, n, 1), mat_view(&d, 1, 1, 1), NULL), KR_OK);
		K.rows = K.cols = n + 1;
		for (int j = 0; j <= n; j++)
			for (int i = 0; i <= n; i++)
				*mat_at(K, i, j) = nasty(x, i, j);
		worst = fmax(worst, drift_of(c, K));
	}
	for (int j = 0; j < K.rows; j++) /* element by element at the end */
		for (int i = j; i < K.rows; i++)
			assert_near(product(chol_view(c), i, j), *mat_at(K, i, j), 1e-13);
	d = chol_logdet(chol_view(c));
	assert_int_equal(chol_factor(c, K, 1, &jitter, NULL), KR_OK);
	fresh = drift_of(c, K);
	print_message("worst drift %.2e, of a new factor %.2e\n", worst, fresh);
	assert_true(worst < 1e-14 && fresh < 1e-15);
	assert_near(d, chol_logdet(chol_view(c)),
		1e-5); /* 1e-16 of the matrix is 1e-8 of its least eigenvalue */
	chol_free(c);
}

/* One element off by e, wherever it stands, is e / |K|_F at least; the jitter is part of
 * the matrix. */
static void drift_sees_every_element(void **state)
{
	struct rng r = reference_rng("drift of one");
	struct arena *a = arena_new(1 << 16);
	struct chol *c = chol_new(40);

	(void)state;
	for (int trial = 0; trial < 50; trial++) {
		int n = 1 + (int)rng_below(&r, 40), i = (int)rng_below(&r, (uint32_t)n);
		int j = (int)rng_below(&r, (uint32_t)i + 1);
		struct mat K = covariance(n, &r);
		double jitter, drift, norm = 0, e = exp(-20 * rng_uniform(&r));

		chol_factor(c, K, 1, &jitter, NULL);
		assert_true(drift_of(c, K) < 1e-15);
		for (int k = 0; k < n * n; k++)
			norm += pow(*mat_at(K, k % n, k / n), 2);
		*mat_at(K, i, j) += e;
		drift = drift_of(c, K);
		assert_near(drift * sqrt(norm) / e, i == j ? 1 : sqrt(2), 1e-3 + 2 * e);
		*mat_at(K, i, j) -= e;
		assert_int_equal(chol_drift(c, K, e, &drift, a, NULL), KR_OK);
		assert_near(drift * sqrt(norm) / e, sqrt(n), 1e-3 + 2 * e);
	}
	arena_free(a);
	a = arena_new(64);
	assert_int_equal(
		chol_drift(c, mat_view(storage, chol_rows(c), chol_rows(c), N), 0, &(double){0}, a, NULL),
		chol_rows(c) > 2 ? KR_ENOMEM : KR_OK);
	arena_free(a);
	chol_free(c);
}

static void memory_may_run_out(void **state)
{
	(void)state;
	for (int n = 1; n <= 3; n++) {
		kr_alloc_fail_at(n, 0);
		assert_null(chol_new(10));
	}
	kr_alloc_fail_at(0, 0);
	chol_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_factor_times_itself_is_the_matrix),
		cmocka_unit_test(appended_rows_are_those_of_a_new_factor),
		cmocka_unit_test(solves_undo_the_factor),
		cmocka_unit_test(a_singular_matrix_gets_the_least_jitter_that_helps),
		cmocka_unit_test(what_cannot_be_factored_is_refused),
		cmocka_unit_test(a_refused_append_changes_nothing),
		cmocka_unit_test(removed_rows_leave_the_factor_of_the_rest),
		cmocka_unit_test(many_changes_do_not_drift),
		cmocka_unit_test(drift_sees_every_element),
		cmocka_unit_test(memory_may_run_out),
	};

	blas_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
