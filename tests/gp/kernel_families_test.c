/* Families of kernels at the places where a plain formula loses digits, and inactive values.
 * Plain values are those of other libraries (tests/golden), properties are contracts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gp/kernels/kernel.h"
#include "gp/kernels/radial.h"
#include "gp/likelihood.h"
#include "gp/linalg/blas.h"
#include "tests/gp/reference.h"

static struct arena *arena;

static struct kernel_term leaf(const char *family, int size0, int size1)
{
	return (struct kernel_term){.family = kernel_find(family), .size = {size0, size1}};
}

/* k(x, z) of d numeric columns. */
static double value_at(
	const struct kernel_term *t, int d, const double *value, const double *x, const double *z)
{
	struct kernel k = {t, d, NULL, value};
	double p[8], q[8], out;

	memcpy(p, x, sizeof(*p) * (size_t)d);
	memcpy(q, z, sizeof(*q) * (size_t)d);
	assert_int_equal(kernel_cross(&k, mat_view(p, 1, d, 1), mat_view(q, 1, d, 1),
						 mat_view(&out, 1, 1, 1), NULL, arena, NULL),
		KR_OK);
	return out;
}

/* dk(x, z)/dz and, of the pair (x, z) off the diagonal, dk/dtheta. */
static void slopes_at(const struct kernel_term *t, int d, const double *value, const double *x,
	const double *z, double *dz, double *grad)
{
	struct kernel k = {t, d, NULL, value};
	struct kernel_tape *one = kernel_tape_new(t, 1, 1, arena);
	struct kernel_tape *two = kernel_tape_new(t, 2, 2, arena);
	double p[8], q[8], both[16], out[4], w = 1, W[4] = {0, 1, 1, 0};

	memcpy(p, x, sizeof(*p) * (size_t)d);
	memcpy(q, z, sizeof(*q) * (size_t)d);
	for (int c = 0; c < d; c++) {
		both[2 * c] = x[c];
		both[2 * c + 1] = z[c];
	}
	kernel_cross(
		&k, mat_view(p, 1, d, 1), mat_view(q, 1, d, 1), mat_view(out, 1, 1, 1), one, arena, NULL);
	kernel_input_adjoint(&k, mat_view(p, 1, d, 1), mat_view(q, 1, d, 1), one, mat_view(&w, 1, 1, 1),
		mat_view(dz, 1, d, 1), arena, NULL);
	kernel_self(&k, mat_view(both, 2, d, 2), mat_view(out, 2, 2, 2), two, arena, NULL);
	kernel_slope(&k, mat_view(both, 2, d, 2), two, mat_view(W, 2, 2, 2), out[1], grad, arena, NULL);
}

/* ---- the network of infinite width ------------------------------------------------ */

/* As Cho & Saul write it, in long double. */
static long double network(
	int depth, long double w, long double b, int d, const double *x, const double *z)
{
	long double K = 0, V = 0, U = 0;

	for (int c = 0; c < d; c++) {
		K += (long double)x[c] * z[c];
		V += (long double)x[c] * x[c];
		U += (long double)z[c] * z[c];
	}
	K = b + w * K / d;
	V = b + w * V / d;
	U = b + w * U / d;
	for (int i = 0; i < depth; i++) {
		long double q = sqrtl(V * U), c = K / q < 1 ? K / q : 1, t = acosl(c);

		K = b + w / (2 * acosl(-1)) * q * (sinl(t) + (acosl(-1) - t) * c);
		V = b + w * V / 2;
		U = b + w * U / 2;
	}
	return K;
}

static void network_values(void **state)
{
	struct rng r = reference_rng("network");

	(void)state;
	for (int trial = 0; trial < 2000; trial++) {
		int d = 1 + (int)rng_below(&r, 6), depth = 1 + (int)rng_below(&r, 5);
		struct kernel_term t = leaf("bnn", depth, 0);
		double value[] = {exp(rng_normal(&r)), exp(4 * rng_normal(&r) - 4)}, x[8], z[8];
		double near_by = rng_below(&r, 2) ? exp(-25 * rng_uniform(&r)) : 1, scale, want;

		for (int c = 0; c < d; c++) {
			x[c] = 2 * rng_uniform(&r) - 1;
			z[c] = x[c] * (trial % 3 ? 1 : 2) + near_by * rng_normal(&r); /* some in line */
		}
		if (trial % 7 == 0)
			for (int c = 0; c < d; c++)
				z[c] = -x[c]; /* as far as angles go */
		scale = sqrt(value_at(&t, d, value, x, x) * value_at(&t, d, value, z, z));
		want = (double)network(depth, value[0], value[1], d, x, z);
		assert_near(value_at(&t, d, value, x, z) / scale, want / scale, 1e-14);
	}
}

/* On the diagonal the slopes are halves of those of V, which are polynomials. An acos of the
 * cosine would be off by 1e-8. */
static void network_slopes_on_the_diagonal(void **state)
{
	struct rng r = reference_rng("network diagonal");

	(void)state;
	for (int trial = 0; trial < 200; trial++) {
		int d = 1 + (int)rng_below(&r, 6), depth = 1 + (int)rng_below(&r, 5);
		struct kernel_term t = leaf("bnn", depth, 0);
		double w = exp(rng_normal(&r)), b = exp(rng_normal(&r)), value[] = {w, b};
		double x[8], z[8], dz[8], grad[2], norm = 0, V, V_w, V_b = 1;

		for (int c = 0; c < d; c++) {
			x[c] = rng_uniform(&r);
			z[c] = x[c] * (1 + (trial % 2) * 1e-14);
			norm += x[c] * x[c] / d;
		}
		V = b + w * norm;
		V_w = norm;
		for (int i = 0; i < depth; i++) {
			V_w = V / 2 + w * V_w / 2;
			V_b = 1 + w * V_b / 2;
			V = b + w * V / 2;
		}
		slopes_at(&t, d, value, x, z, dz, grad);
		assert_near(value_at(&t, d, value, x, z), V, 1e-13);
		for (int c = 0; c < d; c++)
			assert_near(dz[c], pow(w / 2, depth) * w / d * x[c], 1e-12);
		assert_near(grad[0], w * V_w, 1e-12);
		assert_near(grad[1], b * V_b, 1e-12);
	}
}

/* ---- profiles ---------------------------------------------------------------------- */

static void rational_quadratic_ends_in_the_squared_exponential(void **state)
{
	struct kernel_term rq = leaf("rq", 0, 0), rbf = leaf("rbf", 0, 0);
	double value[] = {0.7, 1e9}, x = 0.1, z;

	(void)state;
	for (int i = 0; i < 50; i++) {
		z = 0.1 + 0.1 * i;
		assert_near(value_at(&rq, 1, value, &x, &z), value_at(&rbf, 1, value, &x, &z), 1e-7);
	}
}

/* df/dln alpha is -r2^2/(8 alpha) f for small r2: a plain difference has no digits there. */
static void rational_quadratic_slope_of_the_shape(void **state)
{
	const struct radial *radial = kernel_find("rq")->radial;

	(void)state;
	for (double alpha = 0.1; alpha < 1e4; alpha *= 3)
		for (double r2 = 1e-9; r2 < 1e6; r2 *= 3) {
			long double u = (long double)r2 / (2 * (long double)alpha), bracket = 0, want;
			double h;

			for (int k = 40; k >= 2; k--) /* to 64 bits where u < 1/4 */
				bracket = (k - 1.0L) / k - u * bracket;
			bracket = u < 0.25L ? u * u * bracket : log1pl(u) - u / (1 + u);
			want = -alpha * powl(1 + u, -(long double)alpha) * bracket;
			radial->shape_slope(1, &alpha, &r2, &h);
			assert_true(fabsl(h - want) <= 2e-12L * fabsl(want) + 1e-300L);
		}
}

/* The slope r exp(-r) of ln l for neighbours as close as can be: g, 1 / r, times products of
 * coordinates would be off by 1e-16 / r. */
static void exponential_slopes_of_neighbours(void **state)
{
	struct kernel_term t = leaf("matern12", 0, 0);
	double l = 0.3, grad, dz, out[9];
	struct kernel k = {&t, 1, NULL, &l};

	(void)state;
	for (double gap = 1e-1; gap > 1e-12; gap /= 7) {
		double x[] = {0.7, 0.7 + gap, 0}, W[9] = {0, 1, 1, 0, 0, 1};
		double r = (x[1] - x[0]) / l, s = x[0] / l, u = x[1] / l;
		struct mat X = mat_view(x, 3, 1, 3);
		struct kernel_tape *tape = kernel_tape_new(&t, 3, 3, arena);

		kernel_self(&k, X, mat_view(out, 3, 3, 3), tape, arena, NULL);
		kernel_slope(&k, X, tape, mat_view(W, 3, 3, 3), 0, &grad, arena, NULL);
		assert_near(grad, r * exp(-r) + s * exp(-s) + u * exp(-u), 5e-15);
		slopes_at(&t, 1, &l, x, x + 1, &dz, &grad);
		assert_near(dz, -exp(-r) / l, 1e-14 / r);
	}
	slopes_at(&t, 1, &l, (double[]){0.5}, (double[]){0.5}, &dz, &grad); /* no slope: none */
	assert_true(grad == 0 && dz == 0);
}

static void periods_are_counted_exactly(void **state)
{
	struct kernel_term plain = leaf("periodic", 0, 0), squared = leaf("periodic", 1, 0);
	double value[] = {0.49, 0.25}, root[] = {0.7, 0.25};

	(void)state;
	for (int i = 0; i < 100; i++) {
		double x = 0.125 * i, z = 0.0625, far = z + 0.25 * 1048576;

		assert_true(value_at(&plain, 1, value, &x, &z) == value_at(&plain, 1, value, &x, &far));
		assert_near(value_at(&squared, 1, root, &x, &z), value_at(&plain, 1, value, &x, &z), 1e-15);
	}
}

/* ---- choices and tasks -------------------------------------------------------------- */

static void choices_differ_or_not(void **state)
{
	struct kernel_term mean = leaf("categorical", 0, 0), sum = leaf("categorical", 1, 0);
	double l[] = {0.5, 2}, x[] = {0, NAN}, z[] = {1, NAN}, w[] = {0, 3};

	(void)state;
	assert_near(value_at(&mean, 2, l, x, z), exp(-1), 1e-15);
	assert_near(value_at(&sum, 2, l, x, z), exp(-2), 1e-15);
	assert_near(value_at(&mean, 2, l, x, w), exp(-0.25), 1e-15); /* inactive is a choice */
	assert_true(value_at(&mean, 2, l, x, x) == 1);
}

static void tasks_that_do_not_exist_are_no_numbers(void **state)
{
	struct kernel_term t = leaf("coregion", 2, 1);
	double value[] = {0.5, -2, 0.1, 0.2};

	(void)state;
	assert_near(value_at(&t, 1, value, (double[]){0}, (double[]){1}), -1, 1e-15);
	assert_near(value_at(&t, 1, value, (double[]){1}, (double[]){1}), 4.2, 1e-15);
	assert_true(isnan(value_at(&t, 1, value, (double[]){2}, (double[]){0})));
	assert_true(isnan(value_at(&t, 1, value, (double[]){0}, (double[]){-1})));
	assert_true(isnan(value_at(&t, 1, value, (double[]){0}, (double[]){NAN})));
}

/* Columns of W that start alike would stay alike, and the rank would be 1. */
static void columns_of_tasks_start_apart(void **state)
{
	struct kernel_term t = leaf("coregion", 4, 2);
	double apart = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(kernel_place(&t, 1, 2 * i).prior.start != 0);
		apart += fabs(
			kernel_place(&t, 1, 2 * i).prior.start - kernel_place(&t, 1, 2 * i + 1).prior.start);
	}
	assert_true(apart > 1);
}

/* ---- inactive values ------------------------------------------------------------------ */

static double profile(const char *family, double r2)
{
	double f;

	kernel_find(family)->radial->eval(1, NULL, &r2, &f, NULL);
	return f;
}

static void inactive_values_have_a_distance(void **state)
{
	struct kernel_term t = leaf("matern52", 1, 0), middle = leaf("matern52", 0, 1);
	struct kernel_term plain = leaf("matern52", 0, 0);
	double value[] = {0.5, 0.25, 1.5}; /* two lengthscales, the distance */
	double none[] = {0.2, NAN}, other[] = {0.7, NAN}, some[] = {0.2, 0.9}, dz[2], grad[3];

	(void)state;
	assert_int_equal(kernel_parameters(&t, 2), 3);
	assert_int_equal(kernel_parameters(&middle, 2), 2);
	assert_string_equal(kernel_place(&t, 2, 2).name, "inactive");
	assert_near(value_at(&t, 2, value, none, other), profile("matern52", 1), 1e-15);
	assert_near(
		value_at(&t, 2, value, none, some), profile("matern52", 1.6 * 1.6 + 1.5 * 1.5), 1e-15);
	assert_near(value_at(&middle, 2, value, none, some), profile("matern52", 1.6 * 1.6), 1e-15);
	assert_true(value_at(&t, 2, value, none, none) == 1);
	assert_true(isnan(value_at(&plain, 2, value, none, some)));
	slopes_at(&t, 2, value, some, none, dz, grad); /* what is inactive does not move */
	assert_true(dz[1] == 0 && grad[2] < 0 && grad[1] > 0);
}

/* Sums of products of many points are made by panels, those that a tape keeps at once: the same to
 * the last bit, and in little memory. */
static void panels_change_nothing(void **state)
{
	enum { N = 300, M = 270 };
	static double x[3 * N], z[3 * M], whole[N * N], panels[N * N];
	struct kernel_term factors[2] = {leaf("rbf", 0, 0), leaf("matern32", 0, 0)};
	struct kernel_term parts[2] = {
		leaf("matern52", 0, 0), {.family = kernel_find("product"), .n_parts = 2, .parts = factors}};
	struct kernel_term t = {.family = kernel_find("sum"), .n_parts = 2, .parts = parts};
	double value[9];
	struct kernel k = {&t, 3, NULL, value};
	struct rng r = reference_rng("panels");
	struct mat X = mat_view(x, N, 3, N), Z = mat_view(z, M, 3, M);
	struct arena *large = arena_new(64 << 20), *little = arena_new(2 << 20);

	(void)state;
	assert_int_equal(kernel_parameters(&t, 3), 9);
	for (int i = 0; i < 9; i++)
		value[i] = 0.2 + rng_uniform(&r);
	for (int i = 0; i < 3 * N; i++)
		x[i] = rng_uniform(&r);
	for (int i = 0; i < 3 * M; i++)
		z[i] = rng_uniform(&r);
	kernel_self(&k, X, mat_view(whole, N, N, N), kernel_tape_new(&t, N, N, large), large, NULL);
	assert_int_equal(kernel_self(&k, X, mat_view(panels, N, N, N), NULL, little, NULL), KR_OK);
	for (int j = 0; j < N; j++)
		assert_memory_equal(
			whole + j * N + j, panels + j * N + j, sizeof(double) * (size_t)(N - j));
	kernel_cross(&k, X, Z, mat_view(whole, N, M, N), kernel_tape_new(&t, N, M, large), large, NULL);
	assert_int_equal(kernel_cross(&k, X, Z, mat_view(panels, N, M, N), NULL, little, NULL), KR_OK);
	assert_memory_equal(whole, panels, sizeof(double) * N * M);
	arena_free(large);
	arena_free(little);
}

/* Far active points and one inactive: at a distance of its own from every active point
 * this would not be positive definite. */
static void inactive_values_stay_positive_definite(void **state)
{
	struct kernel_term t = leaf("rbf", 1, 0);
	double value[] = {0.02, 0.05}, x[12], k[144];
	struct kernel kernel = {&t, 1, NULL, value};

	(void)state;
	for (int i = 0; i < 12; i++)
		x[i] = i < 11 ? i / 10.0 : NAN;
	assert_int_equal(
		kernel_self(&kernel, mat_view(x, 12, 1, 12), mat_view(k, 12, 12, 12), NULL, arena, NULL),
		KR_OK);
	assert_int_equal(blas_potrf(mat_view(k, 12, 12, 12)), 0);
}

/* Doubled points without noise: the ladder helps conditional models too, and NaN that no leaf
 * reads is still refused. */
static void likelihood_of_inactive_values(void **state)
{
	struct kernel_term t = leaf("matern52", 1, 0), plain = leaf("matern52", 0, 0);
	double x[20], y[20], theta[] = {log(0.5), log(1.5), -INFINITY}, lml, grad[5];
	struct gp_data data = {.kernel = &t, .n = 20, .d = 1, .X = mat_view(x, 20, 1, 20), .y = y};
	double warped[] = {log(0.5), log(1.5), 0.2, -0.1, log(1e-2)};

	(void)state;
	t.scaled = plain.scaled = false;
	for (int i = 0; i < 20; i++) {
		x[i] = i % 10 < 7 ? (i % 10) / 10.0 : NAN;
		y[i] = i % 10;
	}
	assert_int_equal(gp_lml(&data, theta, &lml, grad, NULL, arena, NULL), KR_OK);
	assert_true(isfinite(lml) && isfinite(grad[0]) && isfinite(grad[1]));
	data.warp = true;
	assert_int_equal(gp_lml(&data, warped, &lml, grad, NULL, arena, NULL), KR_OK);
	data.warp = false;
	data.kernel = &plain;
	theta[1] = log(1e-2);
	assert_int_equal(gp_lml(&data, theta, &lml, grad, NULL, arena, NULL), KR_ENONFINITE);
}

/* ---- a sum over the columns -------------------------------------------------------- */

enum { ROWS = 45, OTHERS = 37, COLUMNS = 4 };

/* What can be asked of a tree: a triangle, its slopes, a rectangle, the slopes in its points. */
struct asked {
	double self[ROWS * ROWS], grad[2 * COLUMNS], cross[ROWS * OTHERS], input[OTHERS * COLUMNS];
};

static void ask(const struct kernel_term *t, const double *value, struct mat X, struct mat Z,
	const double *weight, struct asked *out)
{
	const unsigned char choice[COLUMNS] = {0, 1, 0, 0};
	struct kernel k = {t, COLUMNS, choice, value};
	struct kernel_tape *self = kernel_tape_new(t, ROWS, ROWS, arena);
	struct kernel_tape *cross = kernel_tape_new(t, ROWS, OTHERS, arena);
	struct mat W = mat_new(arena, ROWS, ROWS), V = mat_new(arena, ROWS, OTHERS);

	memset(out, 0, sizeof(*out));
	memcpy(W.p, weight, sizeof(double) * ROWS * ROWS);
	memcpy(V.p, weight, sizeof(double) * ROWS * OTHERS);
	kernel_self(&k, X, mat_view(out->self, ROWS, ROWS, ROWS), self, arena, NULL);
	kernel_slope(&k, X, self, W, 0, out->grad, arena, NULL);
	kernel_cross(&k, X, Z, mat_view(out->cross, ROWS, OTHERS, ROWS), cross, arena, NULL);
	kernel_input_adjoint(
		&k, X, Z, cross, V, mat_view(out->input, OTHERS, COLUMNS, OTHERS), arena, NULL);
}

static void assert_all_near(const double *a, const double *b, int n)
{
	for (int i = 0; i < n; i++)
		assert_near(a[i], b[i], 1e-13 * fmax(1, fabs(b[i])));
}

/* The same as a tree of Matern leaves, one a column, whose loops are others. */
static void additive_is_the_mean_of_its_columns(void **state)
{
	static const int column[COLUMNS] = {0, 1, 2, 3};
	static struct asked one, tree;
	struct kernel_term leaves[COLUMNS], sum = {.family = kernel_find("sum"), .n_parts = COLUMNS};
	struct kernel_term additive = leaf("additive", 0, 0);
	struct rng r = reference_rng("additive");
	double value[COLUMNS], values[2 * COLUMNS], *weight = ARENA_ARRAY(arena, double, ROWS *ROWS);
	struct mat X = mat_new(arena, ROWS, COLUMNS), Z = mat_new(arena, OTHERS, COLUMNS);

	(void)state;
	sum.parts = leaves;
	for (int c = 0; c < COLUMNS; c++) {
		leaves[c] = leaf("matern52", 0, 0);
		leaves[c].scaled = true;
		leaves[c].n_dims = 1;
		leaves[c].dims = column + c;
		values[2 * c] = value[c] = exp(2 * rng_normal(&r) - 1);
		values[2 * c + 1] = 1.0 / COLUMNS;
		for (int i = 0; i < ROWS; i++)
			*mat_at(X, i, c) = c == 1 ? (double)rng_below(&r, 3) : rng_uniform(&r);
		for (int i = 0; i < OTHERS; i++)
			*mat_at(Z, i, c) = i < 3 ? *mat_at(X, i, c)
				: c == 1             ? (double)rng_below(&r, 3)
									 : rng_uniform(&r);
	}
	for (int i = 0; i < ROWS * ROWS; i++)
		weight[i] = rng_normal(&r);
	ask(&additive, value, X, Z, weight, &one);
	ask(&sum, values, X, Z, weight, &tree);
	for (int j = 0; j < ROWS; j++)
		assert_all_near(one.self + j * ROWS + j, tree.self + j * ROWS + j, ROWS - j);
	assert_all_near(one.cross, tree.cross, ROWS * OTHERS);
	assert_all_near(one.input, tree.input, OTHERS * COLUMNS);
	for (int c = 0; c < COLUMNS; c++)
		assert_near(one.grad[c], tree.grad[2 * c], 1e-12 * fmax(1, fabs(tree.grad[2 * c])));
}

/* Functions of a sum are as steep as their parts together: the lengthscale of one leaf that is as
 * steep follows, -k''(0) = 5/3 s2 / l^2 of a Matern 5/2. */
static void lengthscales_of_a_sum_are_of_its_slopes(void **state)
{
	struct kernel_term parts[2] = {leaf("matern52", 0, 0), leaf("additive", 0, 0)};
	struct kernel_term sum = {.family = kernel_find("sum"), .n_parts = 2, .parts = parts};
	double value[] = {0.5, 2, 1.5, 0.2, 0.9, 0.6}, x[] = {0.3, 0.4}, l[2], h = 1e-3;
	struct kernel k = {&sum, 2, NULL, value};

	(void)state;
	parts[0].scaled = parts[1].scaled = true;
	kernel_lengthscales(&k, l);
	for (int c = 0; c < 2; c++) {
		double z[] = {x[0], x[1]};
		double all = value_at(&sum, 2, value, x, x), near_by;

		z[c] += h;
		near_by = value_at(&sum, 2, value, x, z);
		assert_near(2 * (all - near_by) / (h * h) / (5.0 / 3 * all / (l[c] * l[c])), 1, 2e-4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(network_values),
		cmocka_unit_test(network_slopes_on_the_diagonal),
		cmocka_unit_test(rational_quadratic_ends_in_the_squared_exponential),
		cmocka_unit_test(rational_quadratic_slope_of_the_shape),
		cmocka_unit_test(exponential_slopes_of_neighbours),
		cmocka_unit_test(periods_are_counted_exactly),
		cmocka_unit_test(choices_differ_or_not),
		cmocka_unit_test(tasks_that_do_not_exist_are_no_numbers),
		cmocka_unit_test(columns_of_tasks_start_apart),
		cmocka_unit_test(inactive_values_have_a_distance),
		cmocka_unit_test(panels_change_nothing),
		cmocka_unit_test(inactive_values_stay_positive_definite),
		cmocka_unit_test(likelihood_of_inactive_values),
		cmocka_unit_test(additive_is_the_mean_of_its_columns),
		cmocka_unit_test(lengthscales_of_a_sum_are_of_its_slopes),
	};
	int failed;

	blas_init();
	arena = arena_new(16 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
