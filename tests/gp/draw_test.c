#include "gp/sample/draw.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gp/linalg/blas.h"
#include "gp/model.h"
#include "tests/gp/reference.h"

static struct arena *scratch(void)
{
	struct arena *a = arena_new((size_t)64 << 20);

	assert_non_null(a);
	return a;
}

/* A random covariance B B' of this rank, and a mean. */
static void make(double *mean, struct mat cov, int rank, struct rng *r)
{
	double B[64];
	int b = cov.rows;

	for (int i = 0; i < b * rank; i++)
		B[i] = rng_normal(r);
	for (int i = 0; i < b; i++) {
		mean[i] = 0.5 * rng_normal(r);
		for (int j = 0; j < b; j++) {
			*mat_at(cov, i, j) = 0;
			for (int k = 0; k < rank; k++)
				*mat_at(cov, i, j) += B[i * rank + k] * B[j * rank + k];
		}
	}
}

static void draws_have_mean_and_covariance(void **state)
{
	enum { DRAWS = 40000 };
	struct rng r = reference_rng("draw moments");
	static double F[5 * DRAWS];

	(void)state;
	for (int rank = 1; rank <= 5; rank++) {
		double mean[5], C[25];
		struct mat cov = mat_view(C, 5, 5, 5);
		struct arena *a = scratch();

		make(mean, cov, rank, &r);
		assert_int_equal(draw_joint(mean, cov, &r, mat_view(F, 5, DRAWS, 5), a, NULL), KR_OK);
		for (int i = 0; i < 5; i++) {
			double sum = 0;

			for (int t = 0; t < DRAWS; t++)
				sum += F[5 * t + i] - mean[i];
			assert_true(fabs(sum / DRAWS) < 5 * sqrt(C[6 * i] / DRAWS));
			for (int j = 0; j < 5; j++) {
				double products = 0;
				double error = sqrt((C[6 * i] * C[6 * j] + C[5 * i + j] * C[5 * i + j]) / DRAWS);

				for (int t = 0; t < DRAWS; t++)
					products += (F[5 * t + i] - mean[i]) * (F[5 * t + j] - mean[j]);
				assert_true(fabs(products / DRAWS - C[5 * i + j]) < 5 * error);
			}
		}
		arena_free(a);
	}
}

/* Draws of the posterior at the data, at equal points, and of nothing uncertain. */
static void singular_covariances_are_taken(void **state)
{
	struct rng r = reference_rng("draw singular");
	struct dataset s;
	struct gp *g = gp_new(10, 2, 1);
	struct arena *a = scratch();
	double mean[12], C[144], F[24], Z[24], zero[4] = {0}, two[2] = {3, 4};
	struct mat cov = mat_view(C, 12, 12, 12);

	(void)state;
	reference_dataset(&s, 10, 2, false, &r);
	s.theta[3] = log(1e-12);
	for (int c = 0; c < 2; c++)
		for (int i = 0; i < 12; i++)
			Z[12 * c + i] = s.X[10 * c + i % 10];
	assert_int_equal(gp_condition(g, &s.data, s.theta, a, NULL), KR_OK);
	assert_int_equal(
		gp_joint(g, mat_view(Z, 12, 2, 12), mat_view(mean, 12, 1, 12), cov, a, NULL), KR_OK);
	assert_int_equal(draw_joint(mean, cov, &r, mat_view(F, 12, 2, 12), a, NULL), KR_OK);
	for (int i = 0; i < 24; i++)
		assert_near(F[i], s.y[i % 12 % 10], 1e-5);
	assert_int_equal(
		draw_joint(two, mat_view(zero, 2, 2, 2), &r, mat_view(F, 2, 3, 2), a, NULL), KR_OK);
	for (int i = 0; i < 6; i++)
		assert_true(F[i] == two[i % 2]);
	zero[3] = NAN;
	assert_int_equal(
		draw_joint(two, mat_view(zero, 2, 2, 2), &r, mat_view(F, 2, 3, 2), a, NULL), KR_ENONFINITE);
	gp_free(g);
	arena_free(a);
}

static void the_best_is_that_of_draws(void **state)
{
	enum { DRAWS = 40000 };
	struct rng r = reference_rng("draw best");
	static double F[6 * DRAWS];

	(void)state;
	for (int trial = 0; trial < 18; trial++) {
		int b = 1 + trial % 6;
		double mean[6], C[36], p[6], sum = 0, larger = 0;
		struct mat cov = mat_view(C, b, b, b), draws = mat_view(F, b, DRAWS, b);
		struct arena *a = scratch();

		make(mean, cov, b, &r);
		assert_int_equal(draw_best(mean, cov, DRAWS, &r, p, a, NULL), KR_OK);
		assert_int_equal(draw_joint(mean, cov, &r, draws, a, NULL), KR_OK);
		for (int i = 0; i < b; i++) {
			double share = 0;

			for (int t = 0; t < DRAWS; t++) {
				bool best = true;

				for (int k = 0; k < b; k++)
					best &= *mat_at(draws, i, t) >= *mat_at(draws, k, t);
				share += (double)best / DRAWS;
			}
			assert_true(fabs(p[i] - share) < 5 * sqrt(0.5 / DRAWS));
			sum += p[i];
		}
		assert_near(sum, 1, b <= 3 ? 1e-14 : 1e-9);
		for (int t = 0; t < DRAWS && b == 2; t++)
			larger += fmax(F[2 * t], F[2 * t + 1]) / DRAWS;
		if (b == 2)
			assert_true(
				fabs(draw_larger_of_two(mean, cov) - larger) < 5 * sqrt((C[0] + C[3]) / DRAWS));
		arena_free(a);
	}
}

/* Equal values, certain values and values that differ by a constant. */
static void ties_and_certainties(void **state)
{
	double p[3], same[4] = {1, 1, 1, 1}, ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
	struct mat two = mat_view(same, 2, 2, 2), three = mat_view(ones, 3, 3, 3);
	struct arena *a = scratch();
	struct rng r = rng_make(1, 0, RNG_TEST, 0);

	(void)state;
	assert_int_equal(draw_best((double[]){1, 1}, two, 1, &r, p, a, NULL), KR_OK);
	assert_true(p[0] == 1 && p[1] == 0);
	assert_int_equal(draw_best((double[]){1, 1.5}, two, 1, &r, p, a, NULL), KR_OK);
	assert_true(p[0] == 0 && p[1] == 1);
	assert_near(draw_larger_of_two((double[]){1, 1.5}, two), 1.5, 1e-16);
	assert_int_equal(draw_best((double[]){1, 3, 2}, three, 1, &r, p, a, NULL), KR_OK);
	assert_true(p[0] == 0 && p[1] == 1 && p[2] == 0);
	assert_int_equal(draw_best((double[]){2, 2, 2}, three, 1, &r, p, a, NULL), KR_OK);
	assert_true(p[0] == 1 && p[1] == 0 && p[2] == 0);
	assert_int_equal(draw_best((double[]){2, NAN, 2}, three, 1, &r, p, a, NULL), KR_ENONFINITE);
	/* independent and equal: a third each */
	assert_int_equal(
		draw_best((double[]){2, 2, 2}, mat_view((double[]){1, 0, 0, 0, 1, 0, 0, 0, 1}, 3, 3, 3), 1,
			&r, p, a, NULL),
		KR_OK);
	for (int i = 0; i < 3; i++)
		assert_near(p[i], 1.0 / 3, 1e-15);
	arena_free(a);
}

/* Values at one place, as a joint posterior has them: a variance of 1e-16 between them is rounding. */
static void what_is_one_value_is_no_chance(void **state)
{
	static const double covs[][6] = {
		{0.010000000000000004, 0.010000000000000004, 0.010000000000000004, 0.010000000000000002,
			0.010000000000000004, 0.010000000000000004},
		{0.31256813750815127, 0.31256813711888753, 0.31256813672916905, 0.31256583983986275,
			0.31256583945150851, 0.31256354219522109}};
	static const double means[][3] = {
		{-0.08, -0.08, -0.08}, {-0.39648156646092386, -0.39648156545060104, -0.39647560521863978}};
	struct arena *a = arena_new(1 << 16);
	struct rng r = reference_rng("one value");
	double c[9], p[3];

	(void)state;
	for (int t = 0; t < 2; t++) {
		for (int i = 0, k = 0; i < 3; i++)
			for (int j = 0; j <= i; j++, k++)
				c[j * 3 + i] = c[i * 3 + j] = covs[t][k];
		assert_int_equal(draw_best(means[t], mat_view(c, 3, 3, 3), 1, &r, p, a, NULL), KR_OK);
		assert_near(p[0] + p[1] + p[2], 1, 1e-15);
		assert_true(t == 1 ? p[0] == 0 && p[2] > p[1] : p[0] == 1);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_have_mean_and_covariance),
		cmocka_unit_test(singular_covariances_are_taken),
		cmocka_unit_test(the_best_is_that_of_draws),
		cmocka_unit_test(ties_and_certainties),
		cmocka_unit_test(what_is_one_value_is_no_chance),
	};

	blas_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
