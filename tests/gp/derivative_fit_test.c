#include "gp/derivative/derivative_fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gp/linalg/blas.h"
#include "tests/gp/reference.h"

enum { N = 14, D = 2 };

/* sin(5 x) cos(3 y) and its derivatives on points of a dataset. */
struct problem {
	struct dataset points;
	struct derivative_data data;
	double Y[N * (D + 1)];
	unsigned char observed[N * (D + 1)];
};

static double wave(double x, double y, int part)
{
	switch (part) {
	case 0: return sin(5 * x) * cos(3 * y);
	case 1: return 5 * cos(5 * x) * cos(3 * y);
	default: return -3 * sin(5 * x) * sin(3 * y);
	}
}

static void make(struct problem *p, struct rng *r)
{
	reference_dataset(&p->points, N, D, false, r);
	p->data = (struct derivative_data){.kernel = reference_term("matern52"),
		.n = N,
		.d = D,
		.X = p->points.data.X,
		.Y = mat_view(p->Y, N, D + 1, N)};
	for (int i = 0; i < N; i++)
		for (int part = 0; part <= D; part++) {
			p->Y[part * N + i] = wave(p->points.X[i], p->points.X[N + i], part);
			p->observed[part * N + i] = part == 0;
		}
}

static struct arena *scratch(void)
{
	struct arena *a = arena_new((size_t)64 << 20);

	assert_non_null(a);
	return a;
}

/* With values alone the optimum is that of the ordinary fit. */
static void values_alone_have_the_ordinary_optimum(void **state)
{
	struct rng r = reference_rng("derivative fit values");

	(void)state;
	for (int trial = 0; trial < 4; trial++) {
		struct arena *a = scratch();
		struct problem p;
		struct gp_prior prior, ordinary = reference_prior(D, a);
		struct gp_fit_result fit, expected;
		double theta[8];

		make(&p, &r);
		p.data.observed = p.observed;
		p.points.data.y = p.Y;
		assert_int_equal(derivative_prior(&prior, &p.data, a, NULL), KR_OK);
		gp_prior_fix(&prior.term[prior.size - 1], 1);
		assert_int_equal(derivative_fit(&p.data, &prior, theta, &fit, a, NULL), KR_OK);
		assert_int_equal(
			gp_fit_best(&p.points.data, &ordinary, NULL, p.points.theta, &expected, a, NULL),
			KR_OK);
		assert_true(fit.log_posterior > expected.log_posterior - 0.05);
		assert_true(fit.evaluations > 0);
		arena_free(a);
	}
}

/* Derivatives are used: on average over designs the function is known several times better. */
static void a_fit_with_gradients_predicts_better(void **state)
{
	struct rng r = reference_rng("derivative fit");
	enum { TRIALS = 10 };
	double sum = 0;

	(void)state;
	for (int trial = 0; trial < TRIALS; trial++) {
		double error[2];
		struct problem p;

		make(&p, &r);
		for (int gradients = 0; gradients < 2; gradients++) {
			struct arena *a = scratch();
			struct derivative_model g;
			struct gp_prior prior;
			struct gp_fit_result fit;
			double theta[8], Z[2 * 100], mean[100], slope[8];
			struct derivative_row rows[100];

			p.data.observed = gradients ? NULL : p.observed;
			assert_int_equal(derivative_prior(&prior, &p.data, a, NULL), KR_OK);
			assert_int_equal(derivative_fit(&p.data, &prior, theta, &fit, a, NULL), KR_OK);
			assert_int_equal(derivative_condition(&g, &p.data, theta, a, NULL), KR_OK);
			assert_int_equal(derivative_slope(&g, slope, a, NULL), KR_OK);
			assert_near(
				fit.log_posterior, g.lml + gp_prior_log_density(&prior, theta, slope), 1e-9);
			for (int i = 0; i < 100; i++) {
				Z[i] = (i % 10 + 0.5) / 10;
				Z[100 + i] = (i / 10 + 0.5) / 10;
				rows[i] = (struct derivative_row){i, 0};
			}
			assert_int_equal(
				derivative_predict(&g, mat_view(Z, 100, 2, 100),
					(struct derivative_rows){rows, 100}, mean, (struct mat){0}, a, NULL),
				KR_OK);
			error[gradients] = 0;
			for (int i = 0; i < 100; i++)
				error[gradients] += pow(mean[i] - wave(Z[i], Z[100 + i], 0), 2) / 100;
			arena_free(a);
		}
		sum += log(error[1] / error[0]) / TRIALS;
	}
	assert_true(sum < log(0.5));
}

static void bad_data_are_named(void **state)
{
	struct rng r = reference_rng("derivative fit errors");
	struct arena *a = scratch();
	struct problem p;
	struct gp_prior prior;
	struct gp_fit_result fit;
	struct kr_error err;
	double theta[8];

	(void)state;
	make(&p, &r);
	assert_int_equal(derivative_prior(&prior, &p.data, a, NULL), KR_OK);
	p.Y[20] = NAN;
	assert_int_equal(derivative_fit(&p.data, &prior, theta, &fit, a, &err), KR_ENONFINITE);
	p.Y[20] = 0;
	p.data.kernel = reference_term("matern12");
	assert_int_equal(derivative_fit(&p.data, &prior, theta, &fit, a, &err), KR_INVALID_ARGUMENT);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_alone_have_the_ordinary_optimum),
		cmocka_unit_test(a_fit_with_gradients_predicts_better),
		cmocka_unit_test(bad_data_are_named),
	};

	blas_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
