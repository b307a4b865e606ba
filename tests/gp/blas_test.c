#include "gp/linalg/blas.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/gp/reference.h"

static void this_blas_is_right(void **state)
{
	struct kr_error err = {0};

	(void)state;
	assert_int_equal(blas_check(&err), KR_OK);
	assert_true(blas_core_name()[0] != '\0');
	assert_true(blas_version()[0] != '\0');
}

static void the_check_survives_a_lack_of_memory(void **state)
{
	(void)state;
	kr_alloc_fail_at(1, 1);
	assert_int_equal(blas_check(NULL), KR_ENOMEM);
	kr_alloc_fail_at(0, 0);
}

/* A lower triangle with a unit-sized diagonal. */
static void fill_lower(struct mat L, struct rng *r)
{
	for (int j = 0; j < L.cols; j++)
		for (int i = 0; i < L.rows; i++)
			*mat_at(L, i, j) = i < j ? NAN : i == j ? 1 + rng_uniform(r) : 0.1 * rng_normal(r);
}

/* L^-1 L = 1 and (L L')^-1 (L L') = 1, in views that are wider than the matrix. */
static void inverses_are_inverses(void **state)
{
	static const int sizes[] = {1, 2, 23, 24, 25, 31, 47, 48, 50, 97, 129};
	static double a[150 * 150], b[150 * 150];
	struct rng r = reference_rng("inverses");

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		int n = sizes[s];
		struct mat L = mat_view(a, n, n, 150), I = mat_view(b, n, n, 150);

		fill_lower(L, &r);
		for (int j = 0; j < n; j++)
			for (int i = j; i < n; i++)
				*mat_at(I, i, j) = *mat_at(L, i, j);
		assert_int_equal(blas_trtri(I), 0);
		for (int i = 0; i < n; i++)
			for (int j = 0; j <= i; j++) {
				double sum = 0;

				for (int k = j; k <= i; k++)
					sum += *mat_at(I, i, k) * *mat_at(L, k, j);
				assert_near(sum, i == j, 1e-13 * n);
			}
		assert_int_equal(blas_potri(L), 0);
		for (int i = 0; i < n; i++)
			for (int j = 0; j <= i; j++) {
				double sum = 0; /* (L L')^-1 = L^-T L^-1 */

				for (int k = i; k < n; k++)
					sum += *mat_at(I, k, i) * *mat_at(I, k, j);
				assert_near(*mat_at(L, i, j), sum, 1e-13 * n);
			}
	}
}

static void a_zero_on_the_diagonal_is_told(void **state)
{
	static double a[60 * 60];
	struct mat L = mat_view(a, 60, 60, 60);
	struct rng r = rng_make(1, 0, RNG_TEST, 0);

	(void)state;
	fill_lower(L, &r);
	*mat_at(L, 41, 41) = 0;
	assert_int_equal(blas_trtri(L), 42);
}

static void empty_operands_do_nothing(void **state)
{
	double one = 1, x = 3;
	struct mat none = mat_view(&one, 0, 0, 1), row = mat_view(&one, 1, 0, 1);
	struct mat column = mat_view(&one, 0, 1, 1), C = mat_view(&x, 1, 1, 1);

	(void)state;
	blas_trsm(false, none, column);
	blas_trsm_right(true, none, row);
	assert_int_equal(blas_potrf(none) + blas_potri(none) + blas_trtri(none), 0);
	blas_syrk(false, 1, none, 0, none);
	blas_symm(none, column, column);
	blas_gemm(false, false, 1, row, column, 0.5, C); /* an empty sum: C <- C / 2 */
	assert_true(x == 1.5);
	blas_gemv(false, 1, row, NULL, 2, &x);
	assert_true(x == 3);
	assert_true(one == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_blas_is_right),
		cmocka_unit_test(the_check_survives_a_lack_of_memory),
		cmocka_unit_test(inverses_are_inverses),
		cmocka_unit_test(a_zero_on_the_diagonal_is_told),
		cmocka_unit_test(empty_operands_do_nothing),
	};

	blas_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
