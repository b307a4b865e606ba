/* Knowledge gradient over a continuous space, against the definition worked out by brute force: a
 * model conditioned anew on every outcome, its mean on a grid. */
#include "acquisition/function/kg_hybrid.h"

#include <math.h>
#include <string.h>

#include "gp/special/special.h"
#include "tests/acquisition/cube.h"

enum { SEED = 86, MOST_N = 12, MOST_D = 2, MOST_GRID = 1000, N_Z = 9 };

static struct arena *arena;
static struct kernel_term matern52;
static const double noise = 0.1, known_mean = 0.1;
static const unsigned char moving[MOST_D] = {1, 1};
static const double scale[MOST_D] = {0.2, 0.2};

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(1 << 26);
	matern52 = kernel_scaled(kernel_find("matern52"));
	return arena == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* ---- a problem ---------------------------------------------------------------------------- */

struct problem {
	int n, d;
	double X[MOST_N * MOST_D], y[MOST_N], theta[MOST_D + 2];
	struct gp *g;
	int n_grid;
	double grid[MOST_GRID * MOST_D];
	struct mat G; /* view of it: the space, finely */
	int n_points;
	double points[64 * MOST_D];
	struct mat A; /* the same, coarsely */
};

static struct gp *condition(const struct problem *p, int n, const double *X, const double *y)
{
	struct gp_data data = {.kernel = &matern52,
		.n = n,
		.d = p->d,
		.X = mat_view((double *)X, n, p->d, MOST_N),
		.y = y,
		.mean = &known_mean};
	struct gp *g = gp_new(MOST_N, p->d, 2);

	assert_non_null(g);
	assert_int_equal(gp_condition(g, &data, p->theta, arena, NULL), KR_OK);
	return g;
}

/* x (n x d, ld = n) <- all points of a grid of `side` in each coordinate. */
static int make_grid(int side, int d, double *x)
{
	int n = d == 1 ? side : side * side;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < d; j++)
			x[j * n + i] = (double)(j == 0 ? i % side : i / side) / (side - 1);
	return n;
}

static void problem_init(struct problem *p, int d, struct rng *r)
{
	p->n = 5 + d + (int)(rng_uniform(r) * 3);
	p->d = d;
	for (int j = 0; j < d; j++) {
		p->theta[j] = log(0.2 + 0.2 * rng_uniform(r));
		for (int i = 0; i < p->n; i++)
			p->X[j * MOST_N + i] = rng_uniform(r);
	}
	for (int i = 0; i < p->n; i++)
		p->y[i] = rng_normal(r);
	p->theta[d] = 0;
	p->theta[d + 1] = log(noise);
	p->g = condition(p, p->n, p->X, p->y);
	p->n_grid = make_grid(d == 1 ? 401 : 25, d, p->grid);
	p->G = mat_view(p->grid, p->n_grid, d, p->n_grid);
	p->n_points = make_grid(d == 1 ? 12 : 6, d, p->points);
	p->A = mat_view(p->points, p->n_points, d, p->n_points);
}

static void hybrid_init(struct kg_hybrid *h, const struct problem *p, int n_z)
{
	struct ascend_options options = {
		.moving = moving, .scale = scale, .iterations = 12, .tolerance = 1e-7};

	assert_int_equal(kg_hybrid_init(h, p->g, p->A, noise, n_z, &options, arena, NULL), KR_OK);
}

static double best_mean(const struct gp *g, struct mat G)
{
	struct arena_mark mark = arena_mark(arena);
	double best = -INFINITY;
	struct gp_batch batch;

	assert_int_equal(gp_predict(g, G, false, &batch, arena, NULL), KR_OK);
	for (int i = 0; i < G.rows; i++)
		best = fmax(best, *mat_at(batch.mean, i, 0));
	arena_release(arena, mark);
	return best;
}

/* KG at x: outcomes in steps of their deviation (trapezoid), a model for each. */
static double brute(const struct problem *p, const double *x)
{
	double X[MOST_N * MOST_D], y[MOST_N], at[MOST_D], sum = 0, weights = 0;
	double step = p->d == 1 ? 0.1 : 0.25;
	struct gp_batch batch;

	memcpy(X, p->X, sizeof(X));
	memcpy(y, p->y, sizeof(y));
	memcpy(at, x, sizeof(double) * (size_t)p->d);
	for (int j = 0; j < p->d; j++)
		X[j * MOST_N + p->n] = x[j];
	assert_int_equal(gp_predict(p->g, mat_view(at, 1, p->d, 1), false, &batch, arena, NULL), KR_OK);
	for (double z = -4.5; z <= 4.5 + step / 2; z += step) {
		double weight = exp(special_log_pdf(z));
		struct gp *g;

		y[p->n] = batch.mean.p[0] + z * sqrt(batch.var[0] + noise);
		g = condition(p, p->n + 1, X, y);
		sum += weight * best_mean(g, p->G);
		weights += weight;
		gp_free(g);
	}
	return sum / weights - best_mean(p->g, p->G);
}

static double value_at(struct kg_hybrid *h, double *x, int d)
{
	double value;

	assert_int_equal(
		kg_hybrid_eval(h, mat_view(x, 1, d, 1), &value, (struct mat){0}, arena, NULL), KR_OK);
	return value;
}

/* ---- tests ---------------------------------------------------------------------------------- */

/* Nearly the definition, and never more; more than the set alone gives. */
static void a_tight_bound_from_below(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);

	print_message("seed %d\n", SEED);
	for (int round = 0; round < 8; round++) {
		struct problem p;
		struct kg_hybrid h;

		problem_init(&p, round < 5 ? 1 : 2, &r);
		hybrid_init(&h, &p, N_Z);
		for (int k = 0; k < 6; k++) {
			double x[MOST_D] = {rng_uniform(&r), rng_uniform(&r)}, coarse, got, want;
			double error = p.d == 1 ? 4e-5 : 6e-3;
			struct mat at = mat_view(x, 1, p.d, 1);

			got = exp(value_at(&h, x, p.d));
			want = brute(&p, x);
			assert_int_equal(kg_eval(&h.base, at, &coarse, (struct mat){0}, arena, NULL), KR_OK);
			assert_true(got >= exp(coarse) * (1 - 1e-9) - 1e-12);
			/* the grid knows a maximum to its spacing squared times the curvature */
			assert_true(got <= want * 1.01 + error);
			assert_true(got >= want * 0.85 - error);
		}
		gp_free(p.g);
	}
}

/* The points found are as good as those of a fine grid, but for a few that are local maxima. */
static void points_are_the_best_of_the_space(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	int close = 0;

	for (int round = 0; round < 10; round++) {
		struct problem p;
		struct kg_hybrid h;
		struct kg fine;
		double x[1] = {rng_uniform(&r)}, found[N_Z], a[MOST_GRID], b[MOST_GRID];
		double at[N_Z], slope[N_Z];

		problem_init(&p, 1, &r);
		hybrid_init(&h, &p, N_Z);
		struct mat X = mat_view(x, 1, 1, 1), P = mat_view(found, N_Z, 1, N_Z);
		assert_int_equal(kg_hybrid_points(&h, X, P, arena, NULL), KR_OK);
		assert_int_equal(kg_init(&fine, p.g, p.G, false, noise, arena, NULL), KR_OK);
		assert_int_equal(kg_moves(&fine, X, mat_view(a, p.n_grid, 1, p.n_grid),
							 mat_view(b, p.n_grid, 1, p.n_grid), arena, NULL),
			KR_OK);
		assert_int_equal(kg_init(&fine, p.g, P, false, noise, arena, NULL), KR_OK);
		assert_int_equal(kg_moves(&fine, X, mat_view(at, N_Z, 1, N_Z), mat_view(slope, N_Z, 1, N_Z),
							 arena, NULL),
			KR_OK);
		for (int j = 0; j < N_Z; j++) {
			double best = -INFINITY;

			for (int i = 0; i < p.n_grid; i++)
				best = fmax(best, a[i] + h.z[j] * b[i]);
			close += at[j] + h.z[j] * slope[j] > best - 1e-4;
		}
		gp_free(p.g);
	}
	assert_true(close >= 85);
}

enum { STARTS = 16, SIDE = 7 };

/* Grow the set at the starts (d x STARTS) and climb from them. */
static void climb(struct kg_hybrid *h, int d, double *start, double *value)
{
	struct ascend_function function = {kg_eval, &h->base};
	struct ascend_options options = {
		.moving = moving, .scale = scale, .iterations = 40, .tolerance = 1e-5};
	double rows[STARTS * MOST_D];
	bool more = true;

	for (int i = 0; i < STARTS; i++)
		for (int j = 0; j < d; j++)
			rows[j * STARTS + i] = start[i * d + j];
	assert_int_equal(kg_hybrid_add(h, mat_view(rows, STARTS, d, STARTS), arena, NULL), KR_OK);
	struct ascend *s = ascend_new(&function, &options, d, STARTS, start, value, arena);
	assert_non_null(s);
	while (more)
		assert_int_equal(ascend_step(s, &more, arena, NULL), KR_OK);
}

/* Climbed and climbed again: the maximum of the definition on a grid, or better. */
static void the_maximum_is_found(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);

	for (int round = 0; round < 6; round++) {
		struct problem p;
		struct kg_hybrid h;
		double start[STARTS * MOST_D], value[STARTS], grid[SIDE * SIDE * MOST_D], most = 0;
		int top = 0, d = round < 3 ? 1 : 2;

		problem_init(&p, d, &r);
		hybrid_init(&h, &p, N_Z);
		make_grid(d == 1 ? STARTS : 4, d, grid);
		for (int i = 0; i < STARTS; i++)
			for (int j = 0; j < d; j++)
				start[i * d + j] = grid[j * STARTS + i];
		climb(&h, d, start, value);
		climb(&h, d, start, value);
		for (int i = 1; i < STARTS; i++)
			top = value[i] > value[top] ? i : top;
		int n = make_grid(d == 1 ? 41 : SIDE, d, grid);
		for (int i = 0; i < n; i++) {
			double x[MOST_D] = {grid[i], d == 1 ? 0 : grid[n + i]};

			most = fmax(most, brute(&p, x));
		}
		double there = brute(&p, start + top * d);
		/* the set that grew is as tight there as one made for the point */
		assert_true(fabs(value_at(&h, start + top * d, d) - value[top]) < 0.02);
		assert_true(there > 0.98 * most - (d == 1 ? 4e-5 : 6e-3));
		gp_free(p.g);
	}
}

/* A value is a function of x and not of the batch; it and its gradient are those over the set that
 * kg_hybrid_add makes of x. */
static void rows_and_gradients(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
	enum { B = 6 };

	for (int round = 0; round < 6; round++) {
		struct problem p;
		struct kg_hybrid h;
		double x[B * MOST_D], value[B], D[B * MOST_D];

		problem_init(&p, 2, &r);
		hybrid_init(&h, &p, N_Z);
		for (int i = 0; i < B * MOST_D; i++)
			x[i] = 0.1 + 0.8 * rng_uniform(&r);
		assert_int_equal(kg_hybrid_eval(&h, mat_view(x, B, MOST_D, B), value,
							 mat_view(D, B, MOST_D, B), arena, NULL),
			KR_OK);
		for (int i = 0; i < B; i++) {
			struct kg_hybrid grown = h;
			double at[MOST_D] = {x[i], x[B + i]}, same, slope[MOST_D];
			struct mat row = mat_view(at, 1, MOST_D, 1);

			assert_true(value_at(&h, at, MOST_D) == value[i]);
			assert_int_equal(kg_hybrid_add(&grown, row, arena, NULL), KR_OK);
			assert_int_equal(
				kg_eval(&grown.base, row, &same, mat_view(slope, 1, MOST_D, 1), arena, NULL),
				KR_OK);
			assert_true(same == value[i]);
			for (int j = 0; j < MOST_D; j++)
				assert_true(slope[j] == D[j * B + i]);
		}
		gp_free(p.g);
	}
}

static void what_does_not_move_stays(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 4, RNG_TEST, 0);
	static const unsigned char first[MOST_D] = {1, 0};
	struct ascend_options options = {
		.moving = first, .scale = scale, .iterations = 12, .tolerance = 1e-7};
	struct problem p;
	struct kg_hybrid h;
	double x[MOST_D] = {0.37, 0.6}, found[N_Z * MOST_D];
	struct mat P = mat_view(found, N_Z, MOST_D, N_Z);

	problem_init(&p, 2, &r);
	assert_int_equal(kg_hybrid_init(&h, p.g, p.A, noise, N_Z, &options, arena, NULL), KR_OK);
	assert_int_equal(kg_hybrid_points(&h, mat_view(x, 1, MOST_D, 1), P, arena, NULL), KR_OK);
	for (int j = 0; j < N_Z; j++) {
		bool known = *mat_at(P, j, 1) == x[1];

		for (int i = 0; i < p.n_points; i++)
			known |= *mat_at(P, j, 1) == *mat_at(p.A, i, 1);
		assert_true(known);
	}
	gp_free(p.g);
}

/* Columns that say the same are one. */
static void columns_are_averaged(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 5, RNG_TEST, 0);
	struct problem p;
	struct kg_hybrid h;
	double x[1] = {0.3}, pending[1] = {0.8}, F[2] = {0.4, 0.4}, one;

	problem_init(&p, 1, &r);
	struct gp *g = condition(&p, p.n, p.X, p.y);
	assert_int_equal(
		gp_extend(p.g, mat_view(pending, 1, 1, 1), mat_view(F, 1, 1, 1), 1e-4, arena, NULL), KR_OK);
	hybrid_init(&h, &p, N_Z);
	one = value_at(&h, x, 1);
	gp_free(p.g);
	p.g = g;
	assert_int_equal(
		gp_extend(g, mat_view(pending, 1, 1, 1), mat_view(F, 1, 2, 1), 1e-4, arena, NULL), KR_OK);
	hybrid_init(&h, &p, N_Z);
	assert_true(fabs(value_at(&h, x, 1) - one) < 1e-6 * fabs(one));
	gp_free(p.g);
}

static void memory_may_run_out(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 6, RNG_TEST, 0);
	struct ascend_options options = {
		.moving = moving, .scale = scale, .iterations = 3, .tolerance = 1e-7};
	struct problem p;
	struct kg_hybrid h;
	double x[MOST_D] = {0.3, 0.6}, value = 0, want, D[MOST_D];
	enum kr_status st = KR_ENOMEM;

	problem_init(&p, 2, &r);
	assert_int_equal(kg_hybrid_init(&h, p.g, p.A, noise, 3, &options, arena, NULL), KR_OK);
	want = value_at(&h, x, MOST_D);
	for (size_t cap = 1024; st == KR_ENOMEM; cap += 512) {
		struct arena *small = arena_new(cap);

		assert_non_null(small);
		st = kg_hybrid_init(&h, p.g, p.A, noise, 3, &options, small, NULL);
		if (!st)
			st = kg_hybrid_eval(
				&h, mat_view(x, 1, MOST_D, 1), &value, mat_view(D, 1, MOST_D, 1), small, NULL);
		assert_true(st == KR_OK || st == KR_ENOMEM);
		arena_free(small);
	}
	assert_true(value == want);
	gp_free(p.g);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tight_bound_from_below),
		TEST(points_are_the_best_of_the_space),
		TEST(the_maximum_is_found),
		TEST(rows_and_gradients),
		TEST(what_does_not_move_stays),
		TEST(columns_are_averaged),
		TEST(memory_may_run_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
