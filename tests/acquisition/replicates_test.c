/* Replicates: groups of equal points, and that one observation says as much as they do. */
#include "acquisition/policy/replicates.h"

#include <math.h>
#include <string.h>

#include "gp/model.h"
#include "tests/acquisition/cube.h"

enum { SEED = 31415, N = 60, DISTINCT = 14, D = 3 };

static struct arena *arena;

static void assert_close(double a, double b, double tolerance)
{
	assert_true(fabs(a - b) <= tolerance);
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

static struct space *mixed_space(void)
{
	struct space_param params[D] = {{.kind = SPACE_FLOAT, .low = 0, .high = 1},
		{.kind = SPACE_INT, .low = 1, .high = 9}, {.kind = SPACE_CATEGORICAL, .n_choices = 3}};
	return cube_space(params, D);
}

/* N points, DISTINCT of them different; which[i] is the one that i is. */
static void draw(const struct space *s, struct rng *r, double *X, int *which)
{
	double points[DISTINCT * D];
	for (int k = 0; k < DISTINCT; k++)
		cube_draw(s, r, points + k * D);
	for (int i = 0; i < N; i++) {
		which[i] = (int)rng_below(r, DISTINCT);
		memcpy(X + i * D, points + which[i] * D, sizeof(double) * D);
	}
}

static void equal_points_share_a_group(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	struct space *s = mixed_space();
	double X[N * D];
	int which[N], group[N], largest = -1;
	print_message("seed %d\n", SEED);
	draw(s, &r, X, which);
	int groups = replicates_group(s, N, X, group, arena);
	for (int i = 0; i < N; i++) {
		assert_true(group[i] <= largest + 1); /* in the order of their first members */
		largest = group[i] > largest ? group[i] : largest;
		for (int k = 0; k < i; k++)
			assert_true((group[i] == group[k]) == space_equal(s, X + i * D, X + k * D));
	}
	assert_int_equal(groups, largest + 1);
	struct arena *small = arena_new(64);
	assert_int_equal(replicates_group(s, N, X, group, small), -1);
	arena_free(small);
	space_free(s);
}

static void merged_values_by_hand(void **state)
{
	(void)state;
	static const int group[] = {0, 1, 0, 2, 1, 2, 2, 3, 3};
	static const double y[] = {1, 5, 4, 10, 5, 12, 99, 7, 8};
	static const double s[] = {0.5, 0, 1, 0, 0, 0, 3, 1e-300, 1e-300};
	double mean[4], sd[4];
	assert_true(replicates_merge(9, group, 4, y, s, mean, sd, arena));
	assert_close(mean[0], (4 * 1 + 1 * 4) / 5.0, 1e-15);
	assert_close(sd[0], sqrt(1 / 5.0), 1e-15);
	assert_true(mean[1] == 5 && sd[1] == 0);
	assert_true(mean[2] == 11 && fabs(sd[2] - 1) < 1e-15); /* 10 and 12: their mean to +-1 */
	assert_true(mean[3] == 7.5 && fabs(sd[3] / 1e-300 - sqrt(0.5)) < 1e-12);
}

static void split_and_collapsed_by_hand(void **state)
{
	(void)state;
	int group[] = {0, 1, 0, 2, 1, 0, 2, 3};
	static const double s[] = {1, 2, 1, 3, 4, 1, 3, 9}; /* group 1 has two */
	static const int want[] = {0, 1, 0, 2, 3, 0, 2, 4};
	static const double y[] = {1, 5, 2, 1e9, 6, 6, 1e9 + 2, 7};
	double mean[5], count[5], spread[5];
	assert_int_equal(replicates_split(8, group, 4, s, arena), 5);
	assert_memory_equal(group, want, sizeof(want));
	replicates_collapse(8, group, 5, y, mean, count, spread);
	assert_true(mean[0] == 3 && count[0] == 3 && spread[0] == 14);
	assert_true(mean[1] == 5 && count[1] == 1 && spread[1] == 0);
	assert_true(mean[2] == 1e9 + 1 && count[2] == 2 && spread[2] == 2);
	assert_true(mean[3] == 6 && mean[4] == 7 && count[4] == 1);
	struct arena *small = arena_new(64);
	assert_int_equal(replicates_split(8, group, 5, s, small), -1);
	arena_free(small);
}

static struct gp *model(struct mat X, const double *y, const double *var, const double *theta)
{
	static struct kernel_term matern52;
	matern52 = kernel_scaled(kernel_find("matern52"));
	struct gp_data data = {
		.kernel = &matern52, .n = X.rows, .d = X.cols, .X = X, .y = y, .noise = var};
	struct gp *g = gp_new(X.rows, X.cols, 1);
	assert_int_equal(gp_condition(g, &data, theta, arena, NULL), KR_OK);
	return g;
}

/* The posterior on merged observations is that on all of them. */
static void merging_leaves_the_posterior(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	struct space *s = cube_floats(D);
	for (int round = 0; round < 20; round++) {
		double X[N * D], y[N], sd[N], var[N], mean[N], merged_sd[N], at[5 * D];
		double columns[N * D], merged[N * D];
		double theta[D + 2] = {log(0.4), log(0.7), log(0.2), 0.3, -INFINITY};
		int which[N], group[N], seen = 0;
		draw(s, &r, X, which);
		for (int i = 0; i < N; i++) {
			sd[i] = 0.05 + 0.5 * rng_uniform(&r);
			y[i] = sin(5 * X[i * D]) + sd[i] * rng_normal(&r);
			var[i] = sd[i] * sd[i];
			for (int j = 0; j < D; j++)
				columns[j * N + i] = X[i * D + j];
		}
		int groups = replicates_group(s, N, X, group, arena);
		assert_true(replicates_merge(N, group, groups, y, sd, mean, merged_sd, arena));
		for (int i = 0; i < N; i++) {
			if (group[i] != seen)
				continue;
			for (int j = 0; j < D; j++)
				merged[j * groups + seen] = X[i * D + j];
			seen++;
		}
		struct gp *all = model(mat_view(columns, N, D, N), y, var, theta);
		for (int i = 0; i < groups; i++)
			var[i] = merged_sd[i] * merged_sd[i];
		struct gp *few = model(mat_view(merged, groups, D, groups), mean, var, theta);
		struct gp_batch a, b;
		for (int i = 0; i < 5 * D; i++)
			at[i] = rng_uniform(&r);
		gp_predict(all, mat_view(at, 5, D, 5), false, &a, arena, NULL);
		gp_predict(few, mat_view(at, 5, D, 5), false, &b, arena, NULL);
		for (int i = 0; i < 5; i++) {
			assert_true(fabs(*mat_at(a.mean, i, 0) - *mat_at(b.mean, i, 0)) < 1e-9);
			assert_true(fabs(a.var[i] - b.var[i]) < 1e-9);
		}
		assert_true(fabs(gp_mean(all) - gp_mean(few)) < 1e-9);
		gp_free(all);
		gp_free(few);
	}
	space_free(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_points_share_a_group),
		TEST(merged_values_by_hand),
		TEST(split_and_collapsed_by_hand),
		TEST(merging_leaves_the_posterior),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
