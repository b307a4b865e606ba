/* Closed forms against grids, and functions whose indices are known. */
#include "gp/sensitivity.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gp/linalg/blas.h"
#include "tests/gp/reference.h"

static const double zeros[16] = {0};
static const double ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static struct arena *scratch(void)
{
	struct arena *a = arena_new((size_t)128 << 20);

	assert_non_null(a);
	return a;
}

/* sum_c (c + 1) x_c; the context is an amount of x_0 x_1. */
static enum kr_status polynomial(
	void *context, struct mat X, double *f, struct arena *a, struct kr_error *err)
{
	double product = *(const double *)context;

	(void)a;
	(void)err;
	for (int i = 0; i < X.rows; i++) {
		f[i] = 100;
		for (int c = 0; c < X.cols; c++)
			f[i] += (c + 1) * *mat_at(X, i, c);
		if (X.cols > 1)
			f[i] += product * *mat_at(X, i, 0) * *mat_at(X, i, 1);
	}
	return KR_OK;
}

static void additive_functions_have_first_orders_only(void **state)
{
	double none = 0;

	(void)state;
	for (int d = 1; d <= 9; d++) {
		struct arena *a = scratch();
		struct sensitivity s;
		double V = 0, mean = 100;

		for (int c = 0; c < d; c++) {
			V += (c + 1) * (c + 1) / 12.0;
			mean += 0.5 * (c + 1);
		}
		assert_int_equal(
			sensitivity_of_function(polynomial, &none, d, zeros, ones, &s, a, NULL), KR_OK);
		assert_near(s.variance, V, 1e-12);
		assert_near(s.mean, mean, 1e-13);
		for (int c = 0; c < d; c++) {
			assert_near(s.first[c], (c + 1) * (c + 1) / 12.0 / V, 1e-12);
			assert_near(s.total[c], s.first[c], 1e-12);
			for (int k = 0; k < d; k++)
				assert_near(*mat_at(s.pair, c, k), 0, 1e-12);
		}
		arena_free(a);
	}
}

/* p x_0 x_1 + x_0 + 2 x_1 on [0, 1]^2: parts p^2 / 144, (1 + p/2)^2 / 12, (2 + p/2)^2 / 12. */
static void interactions_are_found(void **state)
{
	double p = 3, parts[3] = {9 / 144.0, 2.5 * 2.5 / 12, 3.5 * 3.5 / 12};
	double V = parts[0] + parts[1] + parts[2];
	struct arena *a = scratch();
	struct sensitivity s;

	(void)state;
	assert_int_equal(sensitivity_of_function(polynomial, &p, 2, zeros, ones, &s, a, NULL), KR_OK);
	assert_near(s.variance, V, 1e-12);
	assert_near(*mat_at(s.pair, 0, 1), parts[0] / V, 1e-12);
	assert_true(*mat_at(s.pair, 0, 1) == *mat_at(s.pair, 1, 0));
	for (int c = 0; c < 2; c++) {
		assert_near(s.first[c], parts[c + 1] / V, 1e-12);
		assert_near(s.total[c], (parts[c + 1] + parts[0]) / V, 1e-12);
	}
	arena_free(a);
}

/* Samples against the grid, and a function of more inputs than a grid can have. */
static void samples_agree_with_grids(void **state)
{
	enum { SAMPLES = 20000, MANY = 14 };
	struct rng r = reference_rng("sensitivity samples");
	struct arena *a = scratch();
	struct sensitivity grid, s;
	double p = 3, none = 0, V = 0;

	(void)state;
	assert_int_equal(
		sensitivity_of_function(polynomial, &p, 3, zeros, ones, &grid, a, NULL), KR_OK);
	assert_int_equal(
		sensitivity_of_samples(polynomial, &p, 3, zeros, ones, SAMPLES, &r, &s, a, NULL), KR_OK);
	assert_null(s.pair.p);
	assert_true(fabs(s.mean - grid.mean) < 5 * sqrt(grid.variance / SAMPLES));
	assert_true(fabs(s.variance / grid.variance - 1) < 0.05);
	for (int c = 0; c < 3; c++) {
		assert_true(fabs(s.first[c] - grid.first[c]) < 0.05);
		assert_true(fabs(s.total[c] - grid.total[c]) < 0.05);
	}
	for (int c = 0; c < MANY; c++)
		V += (c + 1) * (c + 1) / 12.0;
	assert_int_equal(
		sensitivity_of_samples(polynomial, &none, MANY, zeros, ones, SAMPLES, &r, &s, a, NULL),
		KR_OK);
	for (int c = 0; c < MANY; c++) {
		assert_true(fabs(s.first[c] - (c + 1) * (c + 1) / 12.0 / V) < 0.05);
		assert_true(fabs(s.total[c] - (c + 1) * (c + 1) / 12.0 / V) < 0.05);
	}
	arena_free(a);
}

/* The posterior mean; a categorical column has two choices, of which u tells by halves. */
static enum kr_status posterior_mean(
	void *context, struct mat X, double *f, struct arena *a, struct kr_error *err)
{
	const struct gp *g = context;
	const struct kernel *k = gp_kernel(g);
	struct arena_mark mark = arena_mark(a);
	struct gp_batch batch;
	enum kr_status status;

	for (int c = 0; c < X.cols; c++)
		for (int i = 0; k->categorical && k->categorical[c] && i < X.rows; i++)
			*mat_at(X, i, c) = *mat_at(X, i, c) < 0.5 ? 0 : 1;
	status = gp_predict(g, X, false, &batch, a, err);
	if (status == KR_OK)
		memcpy(f, batch.mean.p, sizeof(*f) * (size_t)X.rows);
	arena_release(a, mark);
	return status;
}

static void closed_form_is_that_of_a_grid(void **state)
{
	struct rng r = reference_rng("sensitivity grid");
	const int choices[3] = {0, 0, 2}, dims[] = {0, 2};

	(void)state;
	for (int trial = 0; trial < 12; trial++) {
		int d = 1 + trial % 3;
		bool boxed = trial % 2;
		struct dataset data;
		struct gp *g = gp_new(15, d, 1);
		struct arena *a = scratch();
		double lower[3] = {0, 0, 0}, upper[3] = {1, 1, 1};
		struct kernel_term some = {
			.family = kernel_find("rbf"), .scaled = true, .n_dims = 2, .dims = dims};
		struct sensitivity exact, grid;

		reference_dataset(&data, 15, d, d == 3, &r);
		for (int i = 0; i < 15 && d == 3; i++)
			data.X[30 + i] = i % 2;
		data.data.kernel = reference_term("rbf");
		if (trial == 11) { /* columns 0 and 2 only */
			data.data.kernel = &some;
			memmove(data.theta + 1, data.theta + 2, sizeof(double) * 3);
		}
		for (int c = 0; c < d && boxed && c != 2; c++) {
			lower[c] = -0.3 + 0.2 * c;
			upper[c] = 0.8;
		}
		if (trial == 5)
			lower[0] = upper[0];
		assert_int_equal(gp_condition(g, &data.data, data.theta, a, NULL), KR_OK);
		assert_int_equal(sensitivity_of_mean(g, 0, lower, upper, choices, &exact, a, NULL), KR_OK);
		assert_int_equal(
			sensitivity_of_function(posterior_mean, g, d, lower, upper, &grid, a, NULL), KR_OK);
		assert_near(exact.variance, grid.variance, 1e-9);
		assert_near(exact.mean, grid.mean, 1e-9);
		for (int c = 0; c < d; c++) {
			assert_near(exact.first[c], grid.first[c], 1e-7);
			assert_near(exact.total[c], grid.total[c], 1e-7);
		}
		if (trial == 5)
			assert_near(exact.total[0], 0, 1e-12);
		if (trial == 11)
			assert_true(exact.total[1] == 0 && exact.first[1] == 0);
		gp_free(g);
		arena_free(a);
	}
}

static void constant_functions_have_none(void **state)
{
	struct rng r = reference_rng("sensitivity constant");
	struct dataset data;
	struct gp *g = gp_new(9, 2, 1);
	struct arena *a = scratch();
	struct sensitivity s;

	(void)state;
	reference_dataset(&data, 9, 2, false, &r);
	data.data.kernel = reference_term("rbf");
	for (int i = 0; i < 9; i++)
		data.y[i] = 7;
	assert_int_equal(gp_condition(g, &data.data, data.theta, a, NULL), KR_OK);
	assert_int_equal(sensitivity_of_mean(g, 0, zeros, ones, NULL, &s, a, NULL), KR_OK);
	assert_near(s.mean, 7, 1e-12);
	assert_true(s.variance == 0 && s.first[0] == 0 && s.total[1] == 0);
	assert_int_equal(
		sensitivity_of_function(posterior_mean, g, 2, zeros, ones, &s, a, NULL), KR_OK);
	assert_true(s.variance == 0 && s.first[0] == 0 && *mat_at(s.pair, 0, 1) == 0);
	assert_int_equal(
		sensitivity_of_samples(posterior_mean, g, 2, zeros, ones, 700, &r, &s, a, NULL), KR_OK);
	assert_true(s.variance == 0 && s.first[0] == 0 && s.total[1] == 0);
	data.data.n = 1;
	data.data.X.rows = 1;
	assert_int_equal(gp_condition(g, &data.data, data.theta, a, NULL), KR_OK);
	assert_int_equal(sensitivity_of_mean(g, 0, zeros, ones, NULL, &s, a, NULL), KR_OK);
	assert_true(s.variance == 0);
	gp_free(g);
	arena_free(a);
}

static enum kr_status undefined(
	void *context, struct mat X, double *f, struct arena *a, struct kr_error *err)
{
	(void)context;
	(void)a;
	(void)err;
	for (int i = 0; i < X.rows; i++)
		f[i] = i == 3 ? NAN : 1;
	return KR_OK;
}

static void what_cannot_be_is_refused(void **state)
{
	struct rng r = reference_rng("sensitivity errors");
	struct dataset data;
	struct gp *g = gp_new(9, 3, 1);
	struct arena *a = scratch();
	struct sensitivity s;
	struct kr_error err;
	double none = 0;

	(void)state;
	reference_dataset(&data, 9, 3, true, &r);
	assert_int_equal(gp_condition(g, &data.data, data.theta, a, NULL), KR_OK);
	assert_int_equal(
		sensitivity_of_mean(g, 0, zeros, ones, NULL, &s, a, &err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "matern52"));
	data.data.kernel = reference_term("rbf");
	assert_int_equal(gp_condition(g, &data.data, data.theta, a, NULL), KR_OK);
	assert_int_equal(
		sensitivity_of_mean(g, 0, zeros, ones, NULL, &s, a, &err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "categorical"));
	data.data.categorical = NULL;
	assert_int_equal(gp_condition(g, &data.data, data.theta, a, NULL), KR_OK);
	assert_int_equal(
		sensitivity_of_mean(g, 0, ones, zeros, NULL, &s, a, &err), KR_INVALID_ARGUMENT);
	assert_int_equal(
		sensitivity_of_function(polynomial, &none, 11, zeros, ones, &s, a, &err), KR_TOO_LARGE);
	assert_int_equal(sensitivity_of_function(polynomial, &none, 2, ones, zeros, &s, a, &err),
		KR_INVALID_ARGUMENT);
	assert_int_equal(
		sensitivity_of_function(undefined, NULL, 2, zeros, ones, &s, a, &err), KR_ENONFINITE);
	assert_int_equal(
		sensitivity_of_samples(undefined, NULL, 2, zeros, ones, 9, &r, &s, a, &err), KR_ENONFINITE);
	assert_int_equal(sensitivity_of_samples(polynomial, &none, 2, ones, zeros, 9, &r, &s, a, &err),
		KR_INVALID_ARGUMENT);
	gp_free(g);
	arena_free(a);
}

static void memory_may_run_out_anywhere(void **state)
{
	struct rng r = reference_rng("sensitivity memory");
	struct dataset data;
	struct gp *g = gp_new(9, 1, 1);
	struct arena *all = scratch();
	enum kr_status status = KR_ENOMEM;

	(void)state;
	reference_dataset(&data, 9, 1, false, &r);
	data.data.kernel = reference_term("rbf");
	assert_int_equal(gp_condition(g, &data.data, data.theta, all, NULL), KR_OK);
	for (size_t size = 64; status != KR_OK; size += 256) {
		struct arena *a = arena_new(size);
		struct sensitivity s;

		assert_true(size < 1 << 20);
		status = sensitivity_of_mean(g, 0, zeros, ones, NULL, &s, a, NULL);
		if (status == KR_OK)
			status = sensitivity_of_function(posterior_mean, g, 1, zeros, ones, &s, a, NULL);
		if (status == KR_OK)
			status = sensitivity_of_samples(posterior_mean, g, 1, zeros, ones, 99, &r, &s, a, NULL);
		assert_true(status == KR_OK || status == KR_ENOMEM);
		arena_free(a);
	}
	gp_free(g);
	arena_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(additive_functions_have_first_orders_only),
		cmocka_unit_test(interactions_are_found),
		cmocka_unit_test(samples_agree_with_grids),
		cmocka_unit_test(closed_form_is_that_of_a_grid),
		cmocka_unit_test(constant_functions_have_none),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	blas_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
