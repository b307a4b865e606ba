/* Values against the definition; the properties every family has are in
 * tests/contracts/kernel_contract_test.c. */
#include "gp/kernels/radial.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/gp/reference.h"

static const double shape[] = {1.5}; /* of the families that have one */

static void families_are_found_by_name(void **state)
{
	(void)state;
	assert_string_equal(kernel_find("matern52")->name, "matern52");
	assert_string_equal(kernel_find("rbf")->name, "rbf");
	assert_string_equal(kernel_find("sum")->name, "sum");
	assert_string_equal(kernel_find("product")->name, "product");
	assert_null(kernel_find("matern"));
	assert_null(kernel_find(""));
	assert_null(kernel_at(-1));
	assert_null(kernel_at(1000));
}

static void covariances_are_those_of_the_definition(void **state)
{
	struct rng r = reference_rng("kernel values");
	struct arena *a = arena_new(1 << 20);
	static struct dataset s, t;
	static double K[70 * 40];
	const char *const families[] = {"matern52", "matern32", "rbf"};

	(void)state;
	for (int f = 0; f < 3; f++)
		for (int trial = 0; trial < 20; trial++) {
			int d = 1 + (int)rng_below(&r, 8), n = 1 + (int)rng_below(&r, 70);
			int m = 1 + (int)rng_below(&r, 40);
			double l[9];
			struct kernel k;

			reference_dataset(&s, n, d, trial % 2, &r);
			reference_dataset(&t, m, d, trial % 2, &r);
			s.data.kernel = reference_term(families[f]);
			k = likelihood_kernel(&s.data, s.theta, l);
			kernel_cross(&k, s.data.X, t.data.X, mat_view(K, n, m, 70), NULL, a, NULL);
			for (int j = 0; j < m; j++)
				for (int i = 0; i < n; i++)
					assert_near(
						K[j * 70 + i], reference_kernel(&k, s.data.X, i, t.data.X, j), 2e-15);
		}
	arena_free(a);
}

/* An element's last bit does not depend on its neighbours or its place. */
static void values_do_not_depend_on_the_place(void **state)
{
	struct rng r = reference_rng("place");
	double r2[200], f[200], g[200], f1, g1;

	(void)state;
	for (int i = 0; i < 200; i++)
		r2[i] = exp(4 * rng_normal(&r));
	for (int k = 0; kernel_at(k); k++) {
		const struct radial *radial = kernel_at(k)->radial;

		if (!radial)
			continue;
		radial->eval(200, shape, r2, f, g);
		for (int i = 0; i < 200; i++) {
			radial->eval(1, shape, r2 + i, &f1, &g1);
			assert_true(f1 == f[i] && g1 == g[i]);
		}
		radial->eval(200, shape, r2, NULL, g); /* each may be left out */
		assert_true(g[199] == g1);
		radial->eval(200, shape, r2, f, NULL);
		assert_true(f[199] == f1);
	}
}

static void far_points_and_nan(void **state)
{
	double r2[4] = {0, 1e300, INFINITY, NAN}, f[4], g[4];

	(void)state;
	for (int k = 0; kernel_at(k); k++) {
		if (!kernel_at(k)->radial)
			continue;
		kernel_at(k)->radial->eval(4, shape, r2, f, g);
		assert_true(f[0] == 1);     /* exactly */
		for (int i = 1; i < 3; i++) /* some fall as a power only */
			assert_true(f[i] >= 0 && f[i] < 1e-100 && g[i] >= 0 && g[i] < 1e-100);
		assert_true(isnan(f[3]) && isnan(g[3]));
	}
}

static void memory_may_run_out(void **state)
{
	static struct dataset s;
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	struct arena *a = arena_new(100);
	double l[4], K[100];
	struct kernel k;

	(void)state;
	reference_dataset(&s, 10, 3, false, &r);
	k = likelihood_kernel(&s.data, s.theta, l);
	assert_int_equal(kernel_self(&k, s.data.X, mat_view(K, 10, 10, 10), NULL, a, NULL), KR_ENOMEM);
	assert_int_equal(
		kernel_cross(&k, s.data.X, s.data.X, mat_view(K, 10, 10, 10), NULL, a, NULL), KR_ENOMEM);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_found_by_name),
		cmocka_unit_test(covariances_are_those_of_the_definition),
		cmocka_unit_test(values_do_not_depend_on_the_place),
		cmocka_unit_test(far_points_and_nan),
		cmocka_unit_test(memory_may_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
