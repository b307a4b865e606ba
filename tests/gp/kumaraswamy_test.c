#include "gp/kumaraswamy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/gp/reference.h"

static bool close_to(double a, double b, double tol)
{
	return a == b || fabs(a - b) <= tol * fabs(b);
}

/* mpmath 1.3.0, 60 digits: the value by its formula, the slopes by differences. */
static void values_at_hard_places(void **state)
{
	static const struct {
		double a, b, x, w, dx, dln_a, dln_b;
	} cases[] = {
		{1, 1, 0, 9.9999999999999995e-8, 0.9999998, -1.6118095650958319e-6, 9.9999994999999829e-8},
		{1, 1, 1, 0.9999999, 0.9999998, -9.9999994999999829e-8, 1.6118095650958319e-6},
		{1, 1, 0.3, 0.30000003999999999, 0.9999998, -0.3611918494566903, 0.24967248649011376},
		{0.05, 20, 0, 0.99999276445953951, 58.411363042920072, -9.4148012492466249e-5,
			8.5643514454964009e-5},
		{20, 0.05, 1, 0.48113846139451189, 259430.47095747029, -0.025943050987204827,
			0.340434507252936},
		{20, 0.05, 0.999, 0.17804580833962044, 40.704149879651561, -0.040687857364512644,
			0.1611610625339585},
		{3, 0.2, 0.7, 0.080581831180083828, 0.41142896877747578, -0.10272251419323861,
			0.077244213362938235},
		{0.2, 3, 1e-09, 0.11495989767374472, 218441.94336978033, -0.35538822176606058,
			0.10808315203866194},
		{2.5, 1.5, 0.5, 0.2530758791001127, 1.2029429065712355, -0.41690832541388388,
			0.2179462421697504},
		{0.5, 0.5, 1 - 0x1p-30, 0.99977535436245596, 1112.8636431562403, -0.00011232281593779592,
			0.0018872449326933296},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kumaraswamy k = kumaraswamy(cases[i].a, cases[i].b, KUMARASWAMY_EPS, cases[i].x);
		double tol = 1e-13;
		assert_true(close_to(k.w, cases[i].w, tol));
		assert_true(close_to(k.dx, cases[i].dx, tol));
		assert_true(close_to(k.dln_a, cases[i].dln_a, tol));
		assert_true(close_to(k.dln_b, cases[i].dln_b, tol));
	}
}

/* For every a and b of fits: within [0, 1], increasing, finite slopes that are the differences. */
static void it_is_a_warp(void **state)
{
	struct rng r = reference_rng("warp");

	(void)state;
	for (int trial = 0; trial < 2000; trial++) {
		double ln_a = 2 * rng_normal(&r), ln_b = 2 * rng_normal(&r), before = 0, h = 1e-5;
		double a = exp(ln_a), b = exp(ln_b), x;

		for (int i = 0; i <= 64; i++) {
			struct kumaraswamy k = kumaraswamy(a, b, KUMARASWAMY_EPS, i / 64.0);
			assert_true(k.w >= before && k.w <= 1);
			assert_true(k.dx >= 0 && isfinite(k.dx) && k.dln_a <= 0 && isfinite(k.dln_a));
			assert_true(k.dln_b >= 0 && isfinite(k.dln_b));
			before = k.w;
		}
		x = 0.05 + 0.9 * rng_uniform(&r);
		struct kumaraswamy at = kumaraswamy(a, b, KUMARASWAMY_EPS, x);
#define QUOTIENT(plus, minus) ((plus).w - (minus).w) / (2 * h)
		assert_near(at.dx,
			QUOTIENT(kumaraswamy(a, b, KUMARASWAMY_EPS, x + h),
				kumaraswamy(a, b, KUMARASWAMY_EPS, x - h)),
			1e-4);
		assert_near(at.dln_a,
			QUOTIENT(kumaraswamy(exp(ln_a + h), b, KUMARASWAMY_EPS, x),
				kumaraswamy(exp(ln_a - h), b, KUMARASWAMY_EPS, x)),
			1e-4);
		assert_near(at.dln_b,
			QUOTIENT(kumaraswamy(a, exp(ln_b + h), KUMARASWAMY_EPS, x),
				kumaraswamy(a, exp(ln_b - h), KUMARASWAMY_EPS, x)),
			1e-4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_at_hard_places),
		cmocka_unit_test(it_is_a_warp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
