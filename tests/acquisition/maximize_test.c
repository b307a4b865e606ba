#include "acquisition/search/maximize.h"

#include <math.h>
#include <string.h>

#include "acquisition/search/moves.h"
#include "tests/acquisition/cube.h"

enum { SEED = 8086, MOST = 12 };

/* Peaks: max over k of h_k - |x - c_k|^2 (numeric coords) - 0.3 [choices differ]. */
struct peaks {
	const struct space *space;
	int n, evaluations;
	double height[3], centre[3][MOST];
	int fail_after; /* evaluations, 0: never */
};

static double distance(const struct peaks *p, int k, struct mat X, int i)
{
	double sum = 0;
	for (int j = 0; j < X.cols; j++) {
		double z = *mat_at(X, i, j) - p->centre[k][j];
		sum += space_categorical(p->space)[j] ? 0.3 * (z != 0) : z * z;
	}
	return sum;
}

static enum kr_status peaks(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	struct peaks *p = ctx;
	(void)scratch;
	if (p->fail_after && p->evaluations >= p->fail_after)
		return kr_fail(err, KR_ENOTPD, "as told");
	p->evaluations += X.rows;
	for (int i = 0; i < X.rows; i++) {
		int best = 0;
		value[i] = -INFINITY;
		for (int k = 0; k < p->n; k++) {
			double v = p->height[k] - distance(p, k, X, i);
			best = v > value[i] ? k : best;
			value[i] = fmax(v, value[i]);
		}
		for (int j = 0; D.p && j < X.cols; j++)
			*mat_at(D, i, j) = space_categorical(p->space)[j]
				? 0
				: -2 * (*mat_at(X, i, j) - p->centre[best][j]);
	}
	return KR_OK;
}

static struct arena *arena;
static const double scale[MOST] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(1 << 27);
	return arena == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct maximizer *begin(
	struct peaks *p, const double *fixed, struct mat top, struct candidates *raw)
{
	struct candidates_source source = {.space = p->space,
		.fixed = fixed,
		.lengthscale = scale,
		.top = top,
		.seed = SEED,
		.number = 3};
	assert_int_equal(candidates_make(&source, raw, arena, NULL), KR_OK);
	struct maximize_problem problem = {.space = p->space,
		.fixed = fixed,
		.scale = scale,
		.function = {peaks, p},
		.raw = raw,
		.n_starts = maximize_starts(space_dims(p->space)),
		.seed = SEED,
		.number = 3};
	return maximize_new(&problem, arena);
}

static void finish(struct maximizer *m, int work)
{
	bool more = true;
	while (more)
		assert_int_equal(maximize_step(m, work, &more, NULL), KR_OK);
}

static void random_peaks(struct peaks *p, const struct space *s, struct rng *r)
{
	*p = (struct peaks){.space = s, .n = 3};
	for (int k = 0; k < 3; k++) {
		p->height[k] = rng_uniform(r);
		cube_draw(s, r, p->centre[k]);
		space_encode(s, p->centre[k], p->centre[k]);
	}
}

static double highest(const struct peaks *p)
{
	return fmax(p->height[0], fmax(p->height[1], p->height[2]));
}

/* Random mixed spaces whose maximum is known: it is a point of the grid. */
static void the_highest_peak_of_a_mixed_space_is_found(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	int found = 0, rounds = 200;
	print_message("seed %d\n", SEED);
	for (int round = 0; round < rounds; round++) {
		struct space_param params[5];
		int d = 1 + (int)rng_below(&r, 5);
		for (int j = 0; j < d; j++)
			params[j] = cube_param(&r);
		struct space *s = cube_space(params, d);
		struct peaks p;
		struct candidates raw;
		double x[MOST], snapped[MOST], value;
		random_peaks(&p, s, &r);
		struct maximizer *m = begin(&p, NULL, (struct mat){0}, &raw);
		finish(m, 100000);
		assert_true(maximize_ranked(m, 0, x, &value));
		memcpy(snapped, x, sizeof(x));
		space_snap(s, snapped);
		assert_memory_equal(snapped, x, sizeof(double) * (size_t)d);
		assert_true(value <= highest(&p) + 1e-12);
		found += value > highest(&p) - 1e-10;
		space_free(s);
		arena_reset(arena);
	}
	assert_in_range(found, rounds * 98 / 100, rounds);
}

static void fixed_coordinates_stay(void **state)
{
	(void)state;
	struct space_param params[4] = {{.kind = SPACE_FLOAT, .low = 0, .high = 1},
		{.kind = SPACE_INT, .low = 1, .high = 30}, {.kind = SPACE_CATEGORICAL, .n_choices = 4},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1}};
	struct space *s = cube_space(params, 4);
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	for (int mask = 0; mask < 16; mask++) {
		struct peaks p;
		struct candidates raw;
		double fixed[4], x[MOST], value;
		random_peaks(&p, s, &r);
		p.n = 1;
		cube_draw(s, &r, fixed);
		space_encode(s, fixed, fixed);
		for (int j = 0; j < 4; j++)
			fixed[j] = mask >> j & 1 ? fixed[j] : NAN;
		struct maximizer *m = begin(&p, fixed, (struct mat){0}, &raw);
		finish(m, 100000);
		for (int k = 0; maximize_ranked(m, k, x, &value); k++)
			for (int j = 0; j < 4; j++)
				assert_true(isnan(fixed[j]) || x[j] == fixed[j]);
		maximize_ranked(m, 0, x, &value);
		for (int j = 0; j < 4; j++) /* separable: each free coordinate reaches the peak */
			assert_true(!isnan(fixed[j]) || fabs(x[j] - p.centre[0][j]) < 1e-6);
		arena_reset(arena);
	}
	space_free(s);
}

static void the_rank_is_sorted_and_complete(void **state)
{
	(void)state;
	struct space *s = cube_floats(3);
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	struct peaks p;
	struct candidates raw;
	double x[MOST], value, last = INFINITY;
	int k = 0;
	random_peaks(&p, s, &r);
	struct maximizer *m = begin(&p, NULL, (struct mat){0}, &raw);
	finish(m, 100000);
	for (; maximize_ranked(m, k, x, &value); k++) {
		assert_true(value <= last);
		last = value;
	}
	assert_in_range(k, raw.X.rows + 1, raw.X.rows + maximize_starts(3));
	space_free(s);
}

/* Work done in small units ends at the same bits as in one. */
static void units_do_not_change_the_result(void **state)
{
	(void)state;
	struct space_param params[3] = {{.kind = SPACE_FLOAT, .low = 1e-4, .high = 1, .log = true},
		{.kind = SPACE_INT, .low = 1, .high = 5000}, {.kind = SPACE_CATEGORICAL, .n_choices = 4}};
	struct space *s = cube_space(params, 3);
	struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
	struct peaks p;
	struct candidates raw;
	double a[MOST], b[MOST], va, vb;
	random_peaks(&p, s, &r);
	struct maximizer *m = begin(&p, NULL, (struct mat){0}, &raw);
	finish(m, 1);
	maximize_ranked(m, 0, a, &va);
	m = begin(&p, NULL, (struct mat){0}, &raw);
	finish(m, 1000000);
	maximize_ranked(m, 0, b, &vb);
	assert_memory_equal(a, b, sizeof(double) * 3);
	assert_true(va == vb);
	space_free(s);
}

static void an_error_leaves_what_was_found(void **state)
{
	(void)state;
	struct space *s = cube_floats(2);
	struct rng r = rng_make(SEED, 4, RNG_TEST, 0);
	for (int after = 1; after < 900; after += 37) {
		struct peaks p;
		struct candidates raw;
		double x[MOST], value;
		bool more = true;
		random_peaks(&p, s, &r);
		p.fail_after = after;
		struct maximizer *m = begin(&p, NULL, (struct mat){0}, &raw);
		enum kr_status st = KR_OK;
		while (!st && more)
			st = maximize_step(m, 1, &more, NULL);
		assert_false(more);
		assert_true(maximize_ranked(m, 0, x, &value));
		assert_true(isfinite(value));
		arena_reset(arena);
	}
	space_free(s);
}

static void candidates_lie_on_the_grid_and_keep_the_best(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 5, RNG_TEST, 0);
	for (int round = 0; round < 30; round++) {
		struct space_param params[MOST];
		double top[5 * MOST], x[MOST] = {0}, y[MOST], fixed[MOST] = {0};
		int d = 1 + (int)rng_below(&r, MOST), t = (int)rng_below(&r, 6);
		for (int j = 0; j < d; j++)
			params[j] = cube_param(&r);
		struct space *s = cube_space(params, d);
		for (int i = 0; i < t; i++) {
			cube_draw(s, &r, x);
			space_encode(s, x, x);
			for (int j = 0; j < d; j++)
				top[j * 5 + i] = x[j];
		}
		cube_draw(s, &r, fixed);
		space_encode(s, fixed, fixed);
		for (int j = 1; j < d; j++)
			fixed[j] = NAN;
		struct peaks p = {.space = s};
		struct candidates raw;
		begin(&p, fixed, mat_view(top, t, d, 5), &raw);
		assert_int_equal(raw.X.rows, raw.n_net + raw.n_local);
		for (int i = 0; i < raw.X.rows; i++) {
			for (int j = 0; j < d; j++)
				y[j] = x[j] = *mat_at(raw.X, i, j);
			space_snap(s, y);
			assert_memory_equal(x, y, sizeof(double) * (size_t)d);
			assert_true(x[0] == fixed[0]);
			for (int j = 1; j < d && i >= raw.X.rows - t; j++)
				assert_true(x[j] == top[j * 5 + i - (raw.X.rows - t)]);
		}
		space_free(s);
		arena_reset(arena);
	}
}

static void moves_are_other_values_of_the_grid(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 6, RNG_TEST, 0);
	for (int round = 0; round < 2000; round++) {
		struct space_param param = cube_param(&r);
		struct space *s = cube_space(&param, 1);
		double x, moves[MOVES_MOST], levels = space_levels(s, 0);
		cube_draw(s, &r, &x);
		space_encode(s, &x, &x);
		if (moves_discrete(s, 0)) {
			int n = moves_list(s, 0, x, &r, moves);
			assert_in_range(n, levels > 1, MOVES_MOST);
			if (levels <= 16)
				assert_int_equal(n, (int)levels - 1);
			for (int k = 0; k < n; k++) {
				double y = moves[k];
				space_snap(s, &y);
				assert_true(y == moves[k] && (y != x || levels > 64));
			}
		}
		space_free(s);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_highest_peak_of_a_mixed_space_is_found),
		TEST(fixed_coordinates_stay),
		TEST(the_rank_is_sorted_and_complete),
		TEST(units_do_not_change_the_result),
		TEST(an_error_leaves_what_was_found),
		TEST(candidates_lie_on_the_grid_and_keep_the_best),
		TEST(moves_are_other_values_of_the_grid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
