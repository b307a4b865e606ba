/* Derivative observations against finite differences of ordinary processes. */
#include "gp/derivative/derivative.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gp/linalg/blas.h"
#include "gp/model.h"
#include "tests/gp/reference.h"

static const char *const families[] = {"rbf", "matern52", "matern32"};

/* Every profile with derivatives: each is -2 d/dr2 of the one before, and E the slope in ln shape. */
static void jets_are_those_of_differences(void **state)
{
	int found = 0;

	(void)state;
	for (int i = 0; kernel_at(i); i++) {
		const struct radial *radial = kernel_at(i)->radial;

		for (int k = -6; radial && radial->jet && k < 4; k++) {
			double r2 = pow(2, k), h = 1e-4 * r2, f, shape = 0.7, up_shape = 0.7 * exp(1e-4);
			double down_shape = 0.7 * exp(-1e-4);
			struct radial_jet at, up, down;

			found++;
			radial->jet(&shape, r2, &at);
			radial->jet(&shape, r2 + h, &up);
			radial->jet(&shape, r2 - h, &down);
			radial->eval(1, &shape, &r2, &f, NULL);
			assert_near(at.F[0], f, 1e-14);
			for (int m = 0; m < 3; m++)
				assert_near(at.F[m + 1], -(up.F[m] - down.F[m]) / h, 1e-6);
			radial->jet(&up_shape, r2, &up);
			radial->jet(&down_shape, r2, &down);
			for (int m = 0; m < 3; m++)
				assert_near(at.E[m], (up.F[m] - down.F[m]) / 2e-4, 1e-6);
		}
	}
	assert_true(found >= 30);
}

/* Points, a smooth function of them with its gradient, and hyperparameters. */
struct problem {
	struct derivative_data data;
	double X[200], Y[400], theta[16];
	unsigned char observed[400], categorical[8];
};

/* sum_c sin(3 x_c + c) + x_0 x_last, and its derivative in column k - 1. */
static double smooth(const double *x, int d, int part)
{
	double sum = 0;

	if (part > 0) {
		int c = part - 1;
		double slope = 3 * cos(3 * x[c] + c);

		if (c == 0)
			slope += x[d - 1];
		if (c == d - 1)
			slope += x[0];
		return slope;
	}
	for (int c = 0; c < d; c++)
		sum += sin(3 * x[c] + c);
	return sum + x[0] * x[d - 1];
}

static void make(struct problem *p, const char *family, int n, int d, struct rng *r)
{
	memset(p, 0, sizeof(*p));
	p->data = (struct derivative_data){.kernel = reference_term(family),
		.n = n,
		.d = d,
		.X = mat_view(p->X, n, d, n),
		.Y = mat_view(p->Y, n, d + 1, n)};
	for (int i = 0; i < n; i++) {
		double x[8];

		for (int c = 0; c < d; c++)
			x[c] = *mat_at(p->data.X, i, c) = rng_uniform(r);
		for (int part = 0; part <= d; part++)
			*mat_at(p->data.Y, i, part) = smooth(x, d, part);
	}
	for (int c = 0; c <= d; c++)
		p->theta[c] = 0.4 * rng_normal(r) - (c < d ? 0.7 : 0);
	p->theta[d + 1] = log(1e-4);
	p->theta[d + 2] = log(1e-2);
}

/* About two thirds of the rows, the first value among them. */
static void hide_some(struct problem *p, struct rng *r)
{
	for (int i = 0; i < p->data.n * (p->data.d + 1); i++)
		p->observed[i] = i == 0 || rng_uniform(r) < 0.67;
	p->data.observed = p->observed;
}

static struct arena *scratch(void)
{
	struct arena *a = arena_new((size_t)64 << 20);

	assert_non_null(a);
	return a;
}

static double kernel_value(const struct derivative_kernel *k, const double *x, const double *z,
	struct derivative_row a, struct derivative_row b)
{
	double u[8], value;

	derivative_kernel_cross(k, mat_view((double *)x, 1, k->d, 1), (struct derivative_rows){&a, 1},
		mat_view((double *)z, 1, k->d, 1), (struct derivative_rows){&b, 1},
		mat_view(&value, 1, 1, 1), u);
	return value;
}

/* A derivative is the limit of differences in its argument, in either argument. */
static void covariances_are_those_of_differences(void **state)
{
	struct rng r = reference_rng("derivative covariances");
	const double h = 1e-5;

	(void)state;
	for (int trial = 0; trial < 300; trial++) {
		double x[3], z[3], w[3];
		struct derivative_kernel k = {
			kernel_find(families[trial % 3])->radial, NULL, 3, w, NULL, 1.7};
		int i = 1 + trial % 3, j = trial / 3 % 4;

		for (int c = 0; c < 3; c++) {
			x[c] = rng_uniform(&r);
			z[c] = rng_uniform(&r);
			w[c] = exp(rng_normal(&r));
		}
		double slope = kernel_value(
			&k, x, z, (struct derivative_row){0, i}, (struct derivative_row){0, j});
		double back = kernel_value(
			&k, z, x, (struct derivative_row){0, j}, (struct derivative_row){0, i});
		double centre = x[i - 1], up, down;

		x[i - 1] = centre + h;
		up = kernel_value(&k, x, z, (struct derivative_row){0, 0}, (struct derivative_row){0, j});
		x[i - 1] = centre - h;
		down = kernel_value(&k, x, z, (struct derivative_row){0, 0}, (struct derivative_row){0, j});
		assert_near(slope, (up - down) / (2 * h), 1e-6);
		assert_near(back, slope, 1e-15);
	}
}

/* Values at x and x +- h with noise v are, in the limit, a value with noise v / 5 (five of them)
 * and derivatives with noise v / (2 h^2); v is large enough to hide the second derivatives. */
static void derivatives_are_limits_of_pairs_of_values(void **state)
{
	struct rng r = reference_rng("derivative limits");
	const double h = 2e-4, v = 4e-11;
	enum { N = 6, D = 2, M = 8, EACH = 1 + 2 * D };

	(void)state;
	for (int trial = 0; trial < 6; trial++) {
		struct problem p;
		struct arena *a = scratch();
		double X[EACH * N * D], y[EACH * N], Z[M * D], mean[M * 3], mean0 = 0.3;
		struct gp_data pairs = {
			.n = EACH * N, .d = D, .X = mat_view(X, EACH * N, D, EACH * N), .y = y};
		struct gp *g = gp_new(EACH * N, D, 1);
		struct derivative_model model;
		struct gp_batch batch;
		struct derivative_rows rows = derivative_rows_all(M, D, a);

		make(&p, trial % 2 ? "matern52" : "rbf", N, D, &r);
		p.theta[0] = p.theta[1] = log(0.6);
		p.theta[D + 1] = log(v / EACH);
		p.theta[D + 2] = log(v / (2 * h * h));
		p.data.mean = pairs.mean = &mean0;
		pairs.kernel = p.data.kernel;
		for (int i = 0; i < N; i++)
			for (int k = 0; k < EACH; k++) {
				double x[2], step = k % 2 ? h : -h;

				for (int c = 0; c < D; c++)
					x[c] = *mat_at(pairs.X, EACH * i + k, c) = *mat_at(p.data.X, i, c) +
						(k > 0 && (k - 1) / 2 == c ? step : 0);
				y[EACH * i + k] = smooth(x, D, 0);
			}
		for (int i = 0; i < M * D; i++)
			Z[i] = rng_uniform(&r);
		assert_int_equal(derivative_condition(&model, &p.data, p.theta, a, NULL), KR_OK);
		assert_int_equal(
			derivative_predict(&model, mat_view(Z, M, D, M), rows, mean, (struct mat){0}, a, NULL),
			KR_OK);
		p.theta[D + 1] = log(v);
		assert_int_equal(gp_condition(g, &pairs, p.theta, a, NULL), KR_OK);
		assert_int_equal(gp_predict(g, mat_view(Z, M, D, M), false, &batch, a, NULL), KR_OK);
		for (int i = 0; i < M; i++)
			assert_near(mean[i * (D + 1)], *mat_at(batch.mean, i, 0), 1e-3);
		gp_free(g);
		arena_free(a);
	}
}

/* With values alone it is the ordinary process. */
static void values_alone_are_the_ordinary_process(void **state)
{
	struct rng r = reference_rng("derivative values");

	(void)state;
	for (int trial = 0; trial < 9; trial++) {
		struct problem p;
		struct arena *a = scratch();
		int n = 1 + trial * 2, d = 1 + trial % 4;
		double lml, grad[16], expected[16];
		struct derivative_model model;
		struct gp_data data;

		make(&p, families[trial % 3], n, d, &r);
		for (int i = 0; i < n * (d + 1); i++)
			p.observed[i] = i < n;
		p.data.observed = p.observed;
		data = (struct gp_data){.kernel = p.data.kernel, .n = n, .d = d, .X = p.data.X, .y = p.Y};
		assert_int_equal(derivative_condition(&model, &p.data, p.theta, a, NULL), KR_OK);
		assert_int_equal(derivative_slope(&model, grad, a, NULL), KR_OK);
		assert_int_equal(gp_lml(&data, p.theta, &lml, expected, NULL, a, NULL), KR_OK);
		assert_near(model.lml, lml, 1e-12);
		for (int i = 0; i < d + 2; i++)
			assert_near(grad[i], expected[i], 1e-9);
		assert_true(grad[d + 2] == 0);
		arena_free(a);
	}
}

static void slopes_of_the_likelihood_are_those_of_differences(void **state)
{
	struct rng r = reference_rng("derivative slopes");
	const double h = 1e-5;

	(void)state;
	for (int trial = 0; trial < 24; trial++) {
		struct problem p;
		struct arena *a = scratch();
		int d = 1 + trial % 4;
		double grad[16], mean = -0.2;
		struct derivative_model g, up, down;

		make(&p, families[trial % 3], 2 + trial % 5, d, &r);
		if (trial % 4 == 1) {
			p.data.kernel = reference_term("rq");
			memmove(p.theta + d + 1, p.theta + d, sizeof(double) * 3);
			p.theta[d] = 0.5 * rng_normal(&r); /* ln alpha */
		}
		if (trial % 2)
			hide_some(&p, &r);
		if (trial % 5 == 0)
			p.data.mean = &mean;
		if (trial % 4 == 3) { /* a categorical column */
			p.categorical[1] = 1;
			p.data.categorical = p.categorical;
			for (int i = 0; i < p.data.n; i++) {
				*mat_at(p.data.X, i, 1) = i % 2;
				p.observed[2 * p.data.n + i] = 0;
			}
		}
		assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, NULL), KR_OK);
		assert_int_equal(derivative_slope(&g, grad, a, NULL), KR_OK);
		for (int i = 0; i < derivative_theta_size(&p.data); i++) {
			double t = p.theta[i];

			p.theta[i] = t + h;
			assert_int_equal(derivative_condition(&up, &p.data, p.theta, a, NULL), KR_OK);
			p.theta[i] = t - h;
			assert_int_equal(derivative_condition(&down, &p.data, p.theta, a, NULL), KR_OK);
			p.theta[i] = t;
			assert_near(grad[i], (up.lml - down.lml) / (2 * h), 2e-5);
		}
		arena_free(a);
	}
}

/* Means and covariances of derivatives are the differences of those of values. */
static void predicted_derivatives_are_those_of_predicted_values(void **state)
{
	struct rng r = reference_rng("derivative predictions");
	const double h = 1e-4;

	(void)state;
	for (int trial = 0; trial < 12; trial++) {
		struct problem p;
		struct arena *a = scratch();
		int d = 1 + trial % 3, part = 1 + trial % d;
		double Z[9], mean[4], C[16];
		struct derivative_model g;
		const struct derivative_row row[4] = {{0, part}, {1, 0}, {2, 0}, {0, 0}};
		struct mat cov = mat_view(C, 4, 4, 4);

		make(&p, trial % 2 ? "matern52" : "rbf", 7, d, &r);
		hide_some(&p, &r);
		for (int c = 0; c < d; c++)
			Z[3 * c] = Z[3 * c + 1] = Z[3 * c + 2] = rng_uniform(&r);
		Z[3 * (part - 1) + 1] += h;
		Z[3 * (part - 1) + 2] -= h;
		assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, NULL), KR_OK);
		assert_int_equal(derivative_predict(&g, mat_view(Z, 3, d, 3),
							 (struct derivative_rows){row, 4}, mean, cov, a, NULL),
			KR_OK);
		assert_near(mean[0], (mean[1] - mean[2]) / (2 * h), 1e-6);
		assert_near(*mat_at(cov, 0, 3), (*mat_at(cov, 1, 3) - *mat_at(cov, 2, 3)) / (2 * h), 1e-5);
		assert_near(*mat_at(cov, 0, 0), (*mat_at(cov, 0, 1) - *mat_at(cov, 0, 2)) / (2 * h), 1e-5);
		for (int i = 0; i < 4; i++)
			for (int j = 0; j < 4; j++)
				assert_true(*mat_at(cov, i, j) == *mat_at(cov, j, i));
		arena_free(a);
	}
}

/* Noiseless data are met, and nothing is uncertain there. */
static void noiseless_data_are_met(void **state)
{
	struct rng r = reference_rng("derivative interpolation");
	struct problem p;
	struct arena *a = scratch();
	double mean[32], C[32 * 32];
	struct derivative_model g;
	struct derivative_rows rows = derivative_rows_all(6, 2, a);

	(void)state;
	make(&p, "matern52", 6, 2, &r);
	p.theta[0] = p.theta[1] = log(0.5);
	p.theta[3] = p.theta[4] = -INFINITY;
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, NULL), KR_OK);
	assert_int_equal(
		derivative_predict(&g, p.data.X, rows, mean, mat_view(C, 18, 18, 18), a, NULL), KR_OK);
	for (int i = 0; i < 18; i++) {
		assert_near(mean[i], *mat_at(p.data.Y, rows.row[i].point, rows.row[i].part), 1e-7);
		assert_near(C[i * 18 + i], 0, 1e-9);
	}
	arena_free(a);
}

/* Rosenbrock's function in two dimensions, in units of 100, and its derivatives. */
static double rosenbrock(const double *z, int part)
{
	double x = 4 * z[0] - 2, y = 4 * z[1] - 1, b = y - x * x;

	if (part == 0)
		return (100 * b * b + (1 - x) * (1 - x)) / 100;
	return 4 * (part == 1 ? -400 * x * b - 2 * (1 - x) : 200 * b) / 100;
}

/* Root mean square error over a grid. */
static double rosenbrock_error(struct problem *p, struct arena *a)
{
	enum { GRID = 15, M = GRID * GRID };
	double Z[2 * M], mean[M], sum = 0;
	struct derivative_row row[M];
	struct derivative_model g;

	for (int i = 0; i < M; i++) {
		Z[i] = (i % GRID + 0.5) / GRID;
		Z[M + i] = (double)(i / GRID) / GRID;
		row[i] = (struct derivative_row){i, 0};
	}
	assert_int_equal(derivative_condition(&g, &p->data, p->theta, a, NULL), KR_OK);
	assert_int_equal(derivative_predict(&g, mat_view(Z, M, 2, M), (struct derivative_rows){row, M},
						 mean, (struct mat){0}, a, NULL),
		KR_OK);
	for (int i = 0; i < M; i++) {
		double e = mean[i] - rosenbrock((double[]){Z[i], Z[M + i]}, 0);

		sum += e * e / M;
	}
	return sqrt(sum);
}

static void gradients_sharpen_predictions(void **state)
{
	struct rng r = reference_rng("derivative Rosenbrock");
	enum { N = 12 };

	(void)state;
	for (int trial = 0; trial < 2; trial++) {
		struct problem p;
		struct arena *a = scratch();
		double with, without;

		make(&p, families[trial], N, 2, &r);
		for (int i = 0; i < N; i++) { /* the R2 sequence (Roberts 2018): spread points */
			p.X[i] = fmod(0.5 + 0.7548776662466927 * i, 1);
			p.X[N + i] = fmod(0.5 + 0.5698402909980532 * i, 1);
			for (int part = 0; part < 3; part++)
				*mat_at(p.data.Y, i, part) = rosenbrock((double[]){p.X[i], p.X[N + i]}, part);
			p.observed[i] = 1;
		}
		memcpy(p.theta, (double[]){log(0.8), log(1.2), log(100), log(1e-6), log(1e-6)},
			sizeof(double) * 5);
		with = rosenbrock_error(&p, a);
		p.data.observed = p.observed;
		without = rosenbrock_error(&p, a);
		print_message("error %g with gradients, %g without\n", with, without);
		assert_true(with < 0.5 * without);
		arena_free(a);
	}
}

/* The order of points does not matter, nor what an unobserved number is. */
static void order_and_hidden_numbers_do_not_matter(void **state)
{
	struct rng r = reference_rng("derivative order");
	struct problem p, q;
	struct arena *a = scratch();
	struct derivative_model g, h;
	enum { N = 9, D = 3 };

	(void)state;
	make(&p, "matern52", N, D, &r);
	hide_some(&p, &r);
	q = p;
	q.data.X.p = q.X;
	q.data.Y.p = q.Y;
	q.data.observed = q.observed;
	for (int c = 0; c <= D; c++)
		for (int i = 0; i < N; i++) {
			int to = c * N + (i * 4 + 1) % N;

			if (c < D)
				q.X[to] = p.X[c * N + i];
			q.Y[to] = p.observed[c * N + i] ? p.Y[c * N + i] : NAN;
			q.observed[to] = p.observed[c * N + i];
		}
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, NULL), KR_OK);
	assert_int_equal(derivative_condition(&h, &q.data, q.theta, a, NULL), KR_OK);
	assert_near(h.lml, g.lml, 1e-10);
	assert_near(h.mean, g.mean, 1e-10);
	arena_free(a);
}

/* One point, equal points, equal numbers, huge and tiny ones, derivatives without a value. */
static void nasty_data_are_taken(void **state)
{
	struct rng r = reference_rng("derivative nasty");
	struct problem p;
	struct arena *a = scratch();
	struct derivative_model g;
	double grad[16];

	(void)state;
	for (int trial = 0; trial < 40; trial++) {
		int n = 1 + trial % 6, d = 1 + trial % 3;
		double scale = trial % 4 == 0 ? 1e12 : trial % 4 == 1 ? 1e-12 : 1;

		make(&p, families[trial % 3], n, d, &r);
		for (int i = 0; i < n * (d + 1); i++) {
			p.Y[i] *= scale;
			if (trial % 4 == 3)
				p.Y[i] = 0.25;
			p.observed[i] = i >= n;
		}
		if (trial % 3 == 1)
			for (int i = 0; i < n * d; i++)
				p.X[i] = 0.5;
		if (trial % 5 == 2)
			p.data.observed = p.observed;
		if (trial % 7 == 0)
			p.theta[d + 1] = p.theta[d + 2] = -INFINITY;
		assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, NULL), KR_OK);
		assert_int_equal(derivative_slope(&g, grad, a, NULL), KR_OK);
		assert_true(p.data.observed == NULL || g.mean == 0);
		arena_reset(a);
	}
	arena_free(a);
}

static void what_cannot_be_is_refused(void **state)
{
	struct rng r = reference_rng("derivative errors");
	struct problem p;
	struct arena *a = scratch();
	struct derivative_model g;
	struct kr_error err;

	(void)state;
	make(&p, "rbf", 5, 2, &r);
	memset(p.observed, 0, sizeof(p.observed));
	p.data.observed = p.observed;
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, &err), KR_INVALID_ARGUMENT);
	p.data.observed = NULL;
	p.Y[7] = INFINITY;
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, &err), KR_ENONFINITE);
	p.Y[7] = 0;
	p.X[3] = NAN;
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, &err), KR_ENONFINITE);
	p.X[3] = 0;
	p.theta[1] = 800;
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, &err), KR_ENONFINITE);
	p.theta[1] = 0;
	p.categorical[1] = 1;
	p.data.categorical = p.categorical;
	memset(p.observed, 1, sizeof(p.observed));
	p.data.observed = p.observed;
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, &err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "categorical"));
	p.data.observed = NULL;
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, &err), KR_OK);
	assert_int_equal(g.rows.n, 10);
	p.data.kernel = reference_term("matern12");
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, &err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "kernel matern12"));
	p.data.kernel = &(struct kernel_term){.family = kernel_find("rbf"), .size = {0, 1}};
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, &err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "always active"));
	p.data.kernel = &(struct kernel_term){
		.family = kernel_find("sum"), .n_parts = 1, .parts = reference_term("rbf")};
	assert_int_equal(derivative_condition(&g, &p.data, p.theta, a, &err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "kernel sum"));
	arena_free(a);
}

static void too_many_rows_are_refused(void **state)
{
	enum { N = DERIVATIVE_MAX_ROWS / 2 + 1 };
	double *X = calloc(N, sizeof(*X)), *Y = calloc((size_t)2 * N, sizeof(*Y));
	struct derivative_data data = {.kernel = reference_term("rbf"),
		.n = N,
		.d = 1,
		.X = mat_view(X, N, 1, N),
		.Y = mat_view(Y, N, 2, N)};
	struct arena *a = scratch();
	struct derivative_model g;
	struct kr_error err;

	(void)state;
	assert_int_equal(
		derivative_condition(&g, &data, (double[]){0, 0, 0, 0}, a, &err), KR_TOO_LARGE);
	assert_non_null(strstr(err.text, "2002"));
	free(X);
	free(Y);
	arena_free(a);
}

/* Whichever allocation fails, the answer is KR_ENOMEM and the arena is usable. */
static void memory_may_run_out_anywhere(void **state)
{
	struct rng r = reference_rng("derivative memory");
	struct problem p;
	enum kr_status status = KR_ENOMEM;

	(void)state;
	make(&p, "matern52", 6, 2, &r);
	for (long size = 64; status != KR_OK; size += 512) {
		struct arena *a = arena_new((size_t)size);
		struct derivative_model g;
		double grad[8], mean[18];
		struct derivative_rows rows = derivative_rows_all(6, 2, a);

		assert_true(size < 1 << 20);
		status = rows.row ? derivative_condition(&g, &p.data, p.theta, a, NULL) : KR_ENOMEM;
		if (status == KR_OK)
			status = derivative_slope(&g, grad, a, NULL);
		if (status == KR_OK)
			status = derivative_predict(&g, p.data.X, rows, mean, (struct mat){0}, a, NULL);
		assert_true(status == KR_OK || status == KR_ENOMEM);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jets_are_those_of_differences),
		cmocka_unit_test(covariances_are_those_of_differences),
		cmocka_unit_test(derivatives_are_limits_of_pairs_of_values),
		cmocka_unit_test(values_alone_are_the_ordinary_process),
		cmocka_unit_test(slopes_of_the_likelihood_are_those_of_differences),
		cmocka_unit_test(predicted_derivatives_are_those_of_predicted_values),
		cmocka_unit_test(noiseless_data_are_met),
		cmocka_unit_test(gradients_sharpen_predictions),
		cmocka_unit_test(order_and_hidden_numbers_do_not_matter),
		cmocka_unit_test(nasty_data_are_taken),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(too_many_rows_are_refused),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	blas_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
