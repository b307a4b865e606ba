#include "acquisition/policy/pending.h"

#include <math.h>
#include <string.h>

#include "tests/acquisition/cube.h"

enum { SEED = 99, N = 12, D = 2, P = 5, COLUMNS = 64 };

static struct arena *arena;
static double X[N * D], y[N], theta[D + 2] = {-0.7, -0.4, 0.2, -7};

static struct gp *model(struct rng *r, int columns, double noise)
{
	static struct kernel_term matern52;
	matern52 = kernel_scaled(kernel_find("matern52"));
	struct gp_data data = {.kernel = &matern52, .n = N, .d = D, .X = mat_view(X, N, D, N), .y = y};
	for (int i = 0; i < N * D; i++)
		X[i] = rng_uniform(r);
	for (int i = 0; i < N; i++)
		y[i] = sin(5 * X[i]) * X[N + i];
	theta[D + 1] = log(noise);
	struct gp *g = gp_new(N + 3 * P, D, columns);
	assert_int_equal(gp_condition(g, &data, theta, arena, NULL), KR_OK);
	return g;
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(1 << 24);
	return arena == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void draws_have_the_moments_of_the_posterior(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double points[P * D], mean[P], cov[P * P], sum[P] = {0}, square[P * P] = {0};
	print_message("seed %d\n", SEED);
	for (int i = 0; i < P * D; i++)
		points[i] = rng_uniform(&r);
	struct mat T = mat_view(points, P, D, P);
	enum { ROUNDS = 200 };
	for (uint32_t k = 0; k < ROUNDS; k++) {
		struct rng same = rng_make(SEED, 1, RNG_TEST, 0), key = rng_make(SEED, 2, RNG_TEST, k);
		struct gp *g = model(&same, COLUMNS, 1e-6);
		double drawn[P * COLUMNS], f[P * COLUMNS], after[P * P];
		if (k == 0)
			gp_joint(g, T, mat_view(mean, P, 1, P), mat_view(cov, P, P, P), arena, NULL);
		assert_int_equal(
			pending_extend(g, T, mat_view(drawn, P, COLUMNS, P), &key, arena, NULL), KR_OK);
		assert_int_equal(gp_rows(g), N + P);
		/* the model now passes through the draws */
		gp_joint(g, T, mat_view(f, P, COLUMNS, P), mat_view(after, P, P, P), arena, NULL);
		for (int m = 0; m < COLUMNS; m++) {
			for (int i = 0; i < P; i++) {
				assert_true(fabs(f[m * P + i] - drawn[m * P + i]) < 1e-3);
				sum[i] += f[m * P + i];
				for (int j = 0; j < P; j++)
					square[i * P + j] += (f[m * P + i] - mean[i]) * (f[m * P + j] - mean[j]);
			}
		}
		gp_free(g);
	}
	double n = ROUNDS * COLUMNS;
	for (int i = 0; i < P; i++) {
		double sd = sqrt(cov[i * P + i]);
		assert_true(fabs(sum[i] / n - mean[i]) < 6 * sd / sqrt(n));
		for (int j = 0; j < P; j++) {
			double bound = 6 * sqrt(2 / n) * sd * sqrt(cov[j * P + j]) + 1e-5;
			assert_true(fabs(square[i * P + j] / n - cov[i * P + j]) < bound);
		}
	}
}

static void blocks_follow_each_other(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
	struct gp *g = model(&r, 16, 1e-6);
	double points[P * D], drawn[P * 16], far = 0;
	for (int k = 0; k < 3; k++) {
		for (int i = 0; i < P * D; i++)
			points[i] = rng_uniform(&r);
		struct rng key = rng_make(SEED, 4, RNG_TEST, (uint32_t)k);
		assert_int_equal(pending_extend(g, mat_view(points, P, D, P), mat_view(drawn, P, 16, P),
							 &key, arena, NULL),
			KR_OK);
		for (int m = 0; m < P * 16; m++)
			far = fmax(far, fabs(drawn[m]));
	}
	assert_int_equal(gp_rows(g), N + 3 * P);
	assert_true(isfinite(far));
	gp_free(g);
}

/* Points on top of each other and of the data: nothing breaks. */
static void coinciding_points_are_taken(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 5, RNG_TEST, 0), key = rng_make(SEED, 6, RNG_TEST, 0);
	struct gp *g = model(&r, 16, 1e-8);
	double points[P * D], drawn[P * 16];
	for (int i = 0; i < P; i++)
		for (int j = 0; j < D; j++)
			points[j * P + i] = i < 3 ? X[j * N] : X[j * N + 1] + (i == 4 ? 1e-12 : 0);
	assert_int_equal(
		pending_extend(g, mat_view(points, P, D, P), mat_view(drawn, P, 16, P), &key, arena, NULL),
		KR_OK);
	for (int m = 0; m < P * 16; m++)
		assert_true(isfinite(drawn[m]));
	gp_free(g);
}

static void the_factor_of_a_singular_covariance(void **state)
{
	(void)state;
	enum { SIZE = 6, RANK = 3 };
	struct rng r = rng_make(SEED, 7, RNG_TEST, 0);
	for (int round = 0; round < 100; round++) {
		double B[SIZE * RANK], C[SIZE * SIZE], S[SIZE * SIZE];
		for (int k = 0; k < SIZE * RANK; k++)
			B[k] = rng_normal(&r);
		for (int i = 0; i < SIZE; i++)
			for (int j = 0; j < SIZE; j++) {
				C[j * SIZE + i] = 0;
				for (int k = 0; k < RANK; k++)
					C[j * SIZE + i] += B[k * SIZE + i] * B[k * SIZE + j];
			}
		pending_factor(mat_view(C, SIZE, SIZE, SIZE), mat_view(S, SIZE, SIZE, SIZE));
		for (int i = 0; i < SIZE; i++)
			for (int j = 0; j < SIZE; j++) {
				double sum = 0;
				for (int k = 0; k < SIZE; k++)
					sum += S[k * SIZE + i] * S[k * SIZE + j];
				assert_true(fabs(sum - C[j * SIZE + i]) < 1e-9 * (1 + fabs(C[j * SIZE + i])));
				assert_true(i >= j || S[j * SIZE + i] == 0);
			}
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(draws_have_the_moments_of_the_posterior),
		TEST(blocks_follow_each_other),
		TEST(coinciding_points_are_taken),
		TEST(the_factor_of_a_singular_covariance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
