#include "gp/optim/lbfgs.h"

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

enum { MAX_P = 30 };
static struct arena *arena;

static const struct lbfgs_options precise = {.max_evaluations = 2000,
	.gradient_tolerance = 1e-9,
	.change_tolerance = -1,
	.first_step = 1,
	.max_step = 1};

/* f = 1/2 (x - c)' diag(h) (x - c), with a wall: +inf where x[0] > wall. */
struct bowl {
	int p, calls;
	double c[MAX_P], h[MAX_P], wall;
	const double *lower, *upper; /* asserted */
};

static enum kr_status bowl(
	void *context, const double *x, double *f, double *g, struct kr_error *err)
{
	struct bowl *b = context;

	(void)err;
	b->calls++;
	*f = 0;
	for (int i = 0; i < b->p; i++) {
		assert_true(x[i] >= b->lower[i] && x[i] <= b->upper[i]);
		*f += 0.5 * b->h[i] * (x[i] - b->c[i]) * (x[i] - b->c[i]);
		g[i] = b->h[i] * (x[i] - b->c[i]);
	}
	if (x[0] > b->wall)
		*f = b->calls % 2 ? NAN : INFINITY;
	return KR_OK;
}

/* A separable bowl in a box has its minimum at the projection of its centre. */
static void bowls_in_boxes(void **state)
{
	struct rng r = reference_rng("bowls");

	(void)state;
	for (int trial = 0; trial < 300; trial++) {
		double x[MAX_P], lower[MAX_P], upper[MAX_P];
		struct bowl b = {.p = 1 + (int)rng_below(&r, MAX_P), .wall = INFINITY};
		struct lbfgs_result result;

		b.lower = lower;
		b.upper = upper;
		for (int i = 0; i < b.p; i++) {
			b.c[i] = 2 * rng_normal(&r);
			b.h[i] = exp(2 * rng_normal(&r));
			lower[i] = rng_below(&r, 3) ? -rng_uniform(&r) : -INFINITY;
			upper[i] = rng_below(&r, 5) == 0 ? lower[i]
				: rng_below(&r, 3)           ? rng_uniform(&r)
											 : INFINITY;
			if (upper[i] == -INFINITY)
				upper[i] = 3;
			x[i] = 5 * rng_normal(&r);
		}
		assert_int_equal(
			lbfgs_minimize(bowl, &b, b.p, x, lower, upper, &precise, &result, arena, NULL), KR_OK);
		assert_int_equal(result.evaluations, b.calls);
		assert_true(result.gradient_norm < 1e-7 * (1 + sqrt(b.p)));
		for (int i = 0; i < b.p; i++)
			assert_near(x[i], fmin(fmax(b.c[i], lower[i]), upper[i]), 1e-6);
	}
}

static void points_that_cannot_be_evaluated_are_stepped_back_from(void **state)
{
	double x[2] = {-8, 3}, lower[2] = {-10, -10}, upper[2] = {10, 10};
	struct bowl b = {
		.p = 2, .c = {0.9, 0}, .h = {1, 30}, .wall = 1, .lower = lower, .upper = upper};
	struct lbfgs_options o = precise;
	struct lbfgs_result result;

	(void)state;
	o.max_step = 6; /* steps over the wall */
	assert_int_equal(lbfgs_minimize(bowl, &b, 2, x, lower, upper, &o, &result, arena, NULL), KR_OK);
	assert_near(x[0], 0.9, 1e-7);
	assert_near(x[1], 0, 1e-7);

	x[0] = 5; /* starts behind it */
	assert_int_equal(lbfgs_minimize(bowl, &b, 2, x, lower, upper, &o, &result, arena, NULL), KR_OK);
	assert_true(result.f == INFINITY && result.evaluations == 1);
}

static enum kr_status rosenbrock(
	void *context, const double *x, double *f, double *g, struct kr_error *err)
{
	int p = *(const int *)context;

	(void)err;
	*f = 0;
	memset(g, 0, sizeof(*g) * (size_t)p);
	for (int i = 0; i + 1 < p; i++) {
		double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];

		*f += 100 * a * a + b * b;
		g[i] += -400 * a * x[i] - 2 * b;
		g[i + 1] += 200 * a;
	}
	return KR_OK;
}

static void the_banana_valley(void **state)
{
	(void)state;
	for (int p = 2; p <= 20; p += 6) {
		double x[20], lower[20], upper[20];
		struct lbfgs_result result;

		for (int i = 0; i < p; i++) {
			x[i] = i % 2 ? 1 : -1.2;
			lower[i] = -2;
			upper[i] = 2;
		}
		assert_int_equal(
			lbfgs_minimize(rosenbrock, &p, p, x, lower, upper, &precise, &result, arena, NULL),
			KR_OK);
		assert_true(result.evaluations < 400);
		for (int i = 0; i < p; i++)
			assert_near(x[i], 1, 1e-6);
	}
}

static void it_stops_when_it_is_told(void **state)
{
	double lower[2] = {-2, -2}, upper[2] = {2, 2};
	int p = 2;
	double before = INFINITY;

	(void)state;
	for (int most = 1; most < 40; most++) {
		struct lbfgs_options o = precise;
		double x[2] = {-1.2, 1}, f, g[2];
		struct lbfgs_result result;

		o.max_evaluations = most;
		lbfgs_minimize(rosenbrock, &p, 2, x, lower, upper, &o, &result, arena, NULL);
		assert_true(result.evaluations <= most);
		rosenbrock(&p, x, &f, g, NULL);
		assert_true(f == result.f); /* x is where the result is */
		assert_true(result.f <= before);
		before = result.f;
	}
}

static enum kr_status broken(
	void *context, const double *x, double *f, double *g, struct kr_error *err)
{
	int *left = context;

	*f = x[0];
	g[0] = 1;
	return --*left > 0 ? KR_OK : kr_fail(err, KR_ENOMEM, "out");
}

static void errors_of_the_function_end_it(void **state)
{
	double x = 0, lower = -100, upper = 100;
	struct lbfgs_result result;

	(void)state;
	for (int calls = 1; calls < 5; calls++) {
		int left = calls;

		x = 0;
		assert_int_equal(
			lbfgs_minimize(broken, &left, 1, &x, &lower, &upper, &precise, &result, arena, NULL),
			KR_ENOMEM);
		assert_int_equal(left, 0);
		assert_int_equal(arena_used(arena), 0);
	}
	kr_alloc_fail_at(1, 1);
	struct arena *a = arena_new(10);
	kr_alloc_fail_at(0, 0);
	assert_null(a);
	a = arena_new(10);
	assert_int_equal(
		lbfgs_minimize(broken, NULL, 1, &x, &lower, &upper, &precise, &result, a, NULL), KR_ENOMEM);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bowls_in_boxes),
		cmocka_unit_test(points_that_cannot_be_evaluated_are_stepped_back_from),
		cmocka_unit_test(the_banana_valley),
		cmocka_unit_test(it_stops_when_it_is_told),
		cmocka_unit_test(errors_of_the_function_end_it),
	};
	int failed;

	arena = arena_new(1 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
