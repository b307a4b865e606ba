#include "tests/acquisition/wave.h"

#include <math.h>

#include "base/alloc.h"
#include "tests/acquisition/cube.h"

enum { SEED = 4711, ROWS = 4, MOST_WIDTH = 16 };

struct arena *wave_arena(void)
{
	struct arena *a = arena_new((size_t)64 << 20);
	assert_non_null(a);
	return a;
}

struct mat wave_points(double *p, int rows, uint32_t index)
{
	struct rng r = rng_make(SEED, 0, RNG_TEST, index);
	for (int i = 0; i < rows * WAVE_D; i++)
		p[i] = 0.05 + 0.9 * rng_uniform(&r);
	return mat_view(p, rows, WAVE_D, rows);
}

static struct gp *model(bool mixed, bool warped, struct arena *a)
{
	static const unsigned char categorical[WAVE_D] = {0, 0, 1};
	static struct kernel_term matern52;
	double x[WAVE_N * WAVE_D], y[WAVE_N];
	double noise = log(WAVE_NOISE), plain[] = {log(0.5), log(0.7), log(0.6), 0, noise};
	double bent[] = {log(0.5), log(0.7), log(0.6), 0, 0.3, -0.2, 0.1, 0.2, 0.4, -0.3, noise};
	struct mat X = wave_points(x, WAVE_N, 0);
	struct gp *g = gp_new(WAVE_CAP, WAVE_D, 4);
	for (int i = 0; i < WAVE_N; i++) {
		if (mixed)
			x[2 * WAVE_N + i] = i % 3;
		y[i] = sin(6 * x[i]) + cos(4 * x[WAVE_N + i]) * x[2 * WAVE_N + i];
	}
	matern52 = kernel_scaled(kernel_find("matern52"));
	struct gp_data data = {.kernel = &matern52,
		.n = WAVE_N,
		.d = WAVE_D,
		.X = X,
		.categorical = mixed ? categorical : NULL,
		.y = y,
		.warp = warped};
	assert_non_null(g);
	assert_int_equal(gp_condition(g, &data, warped ? bent : plain, a, NULL), KR_OK);
	return g;
}

struct gp *wave_model(int columns, struct arena *a)
{
	double at[WAVE_D] = {0.15, 0.85, 0.5}, outcome[4] = {0.3, -0.2, 0.9, 0.1};
	struct gp *g = model(false, false, a);
	if (columns > 1)
		assert_int_equal(gp_extend(g, mat_view(at, 1, WAVE_D, 1), mat_view(outcome, 1, columns, 1),
							 1e-4, a, NULL),
			KR_OK);
	return g;
}

struct gp *wave_mixed_model(struct arena *a)
{
	return model(true, false, a);
}

struct gp *wave_warped_model(struct arena *a)
{
	return model(false, true, a);
}

static struct mat random_rows(double *x, int width)
{
	struct rng r = rng_make(SEED, 1, RNG_TEST, (uint32_t)width);
	assert_true(width <= MOST_WIDTH);
	for (int i = 0; i < ROWS * width; i++)
		x[i] = 0.05 + 0.9 * rng_uniform(&r);
	return mat_view(x, ROWS, width, ROWS);
}

void wave_check_gradient(wave_eval *eval, void *ctx, int width, double tolerance, struct arena *a)
{
	double x[ROWS * MOST_WIDTH], gradient[ROWS * MOST_WIDTH], value[ROWS], one;
	double want[ROWS * MOST_WIDTH], largest = 0, h = 1e-5;
	struct mat X = random_rows(x, width), G = mat_view(gradient, ROWS, width, ROWS), none = {0};
	size_t used = arena_used(a);

	print_message("seed %d\n", SEED);
	assert_int_equal(eval(ctx, X, value, G, a, NULL), KR_OK);
	for (int j = 0; j < width; j++) {
		double up[ROWS], down[ROWS];
		for (int sign = -1; sign <= 1; sign += 2) {
			for (int i = 0; i < ROWS; i++)
				x[j * ROWS + i] += sign * h;
			assert_int_equal(eval(ctx, X, sign < 0 ? down : up, none, a, NULL), KR_OK);
			for (int i = 0; i < ROWS; i++)
				x[j * ROWS + i] -= sign * h;
		}
		for (int i = 0; i < ROWS; i++) {
			want[j * ROWS + i] = (up[i] - down[i]) / (2 * h);
			largest = fmax(largest, fabs(want[j * ROWS + i]));
		}
	}
	assert_true(largest > 0);
	for (int i = 0; i < ROWS * width; i++)
		assert_true(fabs(gradient[i] - want[i]) <= tolerance * (largest + fabs(value[i % ROWS])));
	for (int i = 0; i < ROWS; i++) {
		assert_int_equal(eval(ctx, mat_block(X, i, 0, 1, width), &one, none, a, NULL), KR_OK);
		assert_true(fabs(one - value[i]) <= 1e-12 * (1 + fabs(value[i])));
	}
	assert_int_equal(arena_used(a), used);
}

void wave_check_faults(wave_eval *eval, void *ctx, int width)
{
	double x[ROWS * MOST_WIDTH], gradient[ROWS * MOST_WIDTH], value[ROWS];
	struct mat X = random_rows(x, width), G = mat_view(gradient, ROWS, width, ROWS);
	enum kr_status st = KR_ENOMEM;
	size_t cap = 0;

	for (int step = 0; step < 20000 && st != KR_OK; step++) {
		struct arena *a = arena_new(cap);
		assert_non_null(a);
		st = eval(ctx, X, value, G, a, NULL);
		assert_true(st == KR_OK || st == KR_ENOMEM);
		assert_int_equal(arena_used(a), 0);
		arena_free(a);
		cap += 64;
	}
	assert_int_equal(st, KR_OK);
}
