/* What every family of kernel_list.def must be, alone and in trees: symmetric, positive
 * definite, with slopes that are those of differences, and indifferent to the order of points
 * and to where in a matrix an element stands. A new family is seen without a change here;
 * what needs columns of its own kind says so in own_columns. */
#include "gp/kernels/kernel.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "gp/fit.h"
#include "gp/kernels/radial.h"
#include "gp/likelihood.h"
#include "gp/linalg/blas.h"
#include "gp/model.h"

enum { N = 24, M = 9, TRIALS = 12, MAX_PARAMETERS = 64, MAX_TREES = 64 };

/* Inputs: two numbers, a choice of 3, two fidelities, a task of 3, a conditional number. */
enum { NUMBER, NUMBER_2, CHOICE, FIDELITY, FIDELITY_2, TASK, CONDITIONAL, D };
static const unsigned char categorical[D] = {[CHOICE] = 1, [TASK] = 1};

static struct arena *arena;
static struct rng rng;

/* ---- trees ---------------------------------------------------------------------- */

static struct kernel_term trees[MAX_TREES];
static int n_trees;

static const int numbers[] = {NUMBER, NUMBER_2}, mixed[] = {NUMBER, CHOICE, NUMBER_2};
static const int choice[] = {CHOICE}, task[] = {TASK}, fidelities[] = {FIDELITY, FIDELITY_2};
static const int some_active[] = {NUMBER, CONDITIONAL, CHOICE}, conditional[] = {CONDITIONAL};

static const struct {
	const char *family;
	const int *dims;
	int n_dims, size[2];
} own_columns[] = {
	{"periodic", numbers, 2, {0, 0}},
	{"periodic", numbers, 2, {1, 0}},
	{"categorical", mixed + 1, 1, {0, 0}},
	{"categorical", some_active, 3, {1, 0}},
	{"bnn", numbers, 2, {1, 0}},
	{"bnn", numbers, 2, {4, 0}},
	{"truncation", fidelities, 1, {0, 0}},
	{"truncation", fidelities, 2, {0, 0}},
	{"exponential_decay", fidelities, 1, {0, 0}},
	{"downsampling", fidelities, 1, {0, 0}},
	{"coregion", task, 1, {3, 1}},
	{"coregion", task, 1, {3, 2}},
	{"active", conditional, 1, {0, 0}},
	{"additive", numbers, 2, {0, 0}},
	{"additive", mixed, 3, {0, 0}},
};

static struct kernel_term leaf(
	const char *family, const int *dims, int n_dims, int size0, int size1)
{
	return (struct kernel_term){
		.family = kernel_find(family), .n_dims = n_dims, .dims = dims, .size = {size0, size1}};
}

static struct kernel_term scaled(struct kernel_term t)
{
	t.scaled = true;
	return t;
}

/* parts must outlive the tree. */
static struct kernel_term combined(const char *how, int n, const struct kernel_term *parts)
{
	return (struct kernel_term){.family = kernel_find(how), .n_parts = n, .parts = parts};
}

static void add(struct kernel_term t)
{
	assert_true(n_trees < MAX_TREES && t.family);
	trees[n_trees++] = t;
}

static void add_family(const struct kernel_family *f)
{
	int before = n_trees;

	for (size_t i = 0; i < sizeof(own_columns) / sizeof(*own_columns); i++)
		if (strcmp(own_columns[i].family, f->name) == 0)
			add(scaled(leaf(f->name, own_columns[i].dims, own_columns[i].n_dims,
				own_columns[i].size[0], own_columns[i].size[1])));
	if (n_trees > before)
		return;
	add(scaled(leaf(f->name, numbers, 2, 0, 0)));
	add(leaf(f->name, mixed, f->radial ? 3 : 1, 0, 0));
	if (f->radial) {
		add(scaled(leaf(f->name, some_active, 3, 1, 0)));
		add(leaf(f->name, some_active, 3, 0, 1));
	}
}

static void make_trees(void)
{
	static struct kernel_term sum[2], product[3], mixed_sum[2], mixed_product[2], all[2];
	static struct kernel_term shared[2], cheap[2], block[2], blocks[2], deep[3];

	for (int i = 0; kernel_at(i); i++)
		add_family(kernel_at(i));

	sum[0] = scaled(leaf("rbf", numbers, 2, 0, 0));
	sum[1] = leaf("linear", numbers, 2, 0, 0);
	add(combined("sum", 2, sum));
	add(scaled(combined("product", 2, sum)));
	product[0] = scaled(leaf("matern32", numbers, 2, 0, 0));
	product[1] = leaf("exponential_decay", fidelities, 1, 0, 0);
	product[2] = scaled(leaf("downsampling", fidelities + 1, 1, 0, 0));
	add(combined("product", 3, product));

	/* numbers and choices: BoTorch's mixed model */
	mixed_sum[0] = leaf("matern52", numbers, 2, 0, 0);
	mixed_sum[1] = scaled(leaf("categorical", choice, 1, 0, 0));
	mixed_product[0] = leaf("matern52", numbers, 2, 0, 0);
	mixed_product[1] = leaf("categorical", choice, 1, 0, 0);
	all[0] = scaled(combined("sum", 2, mixed_sum));
	all[1] = scaled(combined("product", 2, mixed_product));
	add(combined("sum", 2, all));

	/* linear truncated fidelities */
	cheap[0] = leaf("truncation", fidelities, 2, 0, 0);
	cheap[1] = leaf("rbf", numbers, 2, 0, 0);
	shared[0] = leaf("matern52", numbers, 2, 0, 0);
	shared[1] = combined("product", 2, cheap);
	add(scaled(combined("sum", 2, shared)));

	/* a sum over blocks of conditional columns */
	block[0] = leaf("active", conditional, 1, 0, 0);
	block[1] = scaled(leaf("matern52", conditional, 1, 0, 1));
	blocks[0] = scaled(leaf("matern52", numbers, 2, 0, 0));
	blocks[1] = combined("product", 2, block);
	add(combined("sum", 2, blocks));

	/* all kinds of leaves in one */
	deep[0] = combined("sum", 2, shared);
	deep[1] = leaf("coregion", task, 1, 3, 2);
	deep[2] = leaf("bnn", mixed, 2, 2, 0);
	add(scaled(combined("product", 3, deep)));
}

static void print_tree(const struct kernel_term *t)
{
	print_message("%s%s(", t->scaled ? "scaled " : "", t->family->name);
	for (int i = 0; i < t->n_dims; i++)
		print_message("%s%d", i ? " " : "", t->dims[i]);
	for (int i = 0; i < t->n_parts; i++)
		print_tree(&t->parts[i]);
	print_message(")");
}

/* ---- one random kernel and two sets of points ----------------------------------- */

struct fixture {
	struct kernel kernel;
	int size;
	double theta[MAX_PARAMETERS], value[MAX_PARAMETERS];
	double x[N * D], z[M * D];
	struct mat X, Z;
	struct gp *model; /* where predictions are asked for */
};

static void random_points(struct mat X)
{
	for (int i = 0; i < X.rows; i++) {
		for (int c = 0; c < D; c++)
			*mat_at(X, i, c) = categorical[c] ? rng_below(&rng, 3) : rng_uniform(&rng);
		if (rng_below(&rng, 3) == 0)
			*mat_at(X, i, CONDITIONAL) = NAN;
	}
}

/* Anywhere, but where the family itself holds a number fixed. */
static void make(struct fixture *f, const struct kernel_term *root)
{
	f->size = kernel_parameters(root, D);
	assert_true(f->size <= MAX_PARAMETERS);
	for (int i = 0; i < f->size; i++) {
		struct gp_prior_term prior = kernel_place(root, D, i).prior;

		f->theta[i] = prior.lower == prior.upper ? prior.lower : 0.5 * rng_normal(&rng);
	}
	kernel_values(root, D, f->theta, f->value);
	f->kernel = (struct kernel){root, D, categorical, f->value};
	f->X = mat_view(f->x, N, D, N);
	f->Z = mat_view(f->z, M, D, M);
	random_points(f->X);
	random_points(f->Z);
}

static struct mat matrix(double *p, int rows, int cols)
{
	return mat_view(p, rows, cols, rows);
}

static void cross(const struct fixture *f, struct mat X, struct mat Z, struct mat K)
{
	arena_reset(arena);
	assert_int_equal(kernel_cross(&f->kernel, X, Z, K, NULL, arena, NULL), KR_OK);
}

static void self(const struct fixture *f, struct mat K)
{
	arena_reset(arena);
	assert_int_equal(kernel_self(&f->kernel, f->X, K, NULL, arena, NULL), KR_OK);
}

/* scale: of the sum that both come from. */
static void near(double got, double want, double tol, double scale)
{
	if (fabs(got - want) <= tol * (scale + fabs(want)))
		return;
	print_error("got %.17g, expected %.17g (scale %g)\n", got, want, scale);
	fail();
}

/* ---- contracts ------------------------------------------------------------------ */

static void symmetric_and_one_matrix_whichever_way_it_is_made(const struct kernel_term *root)
{
	double k[N * N], s[N * N], diagonal[N];
	struct mat K = matrix(k, N, N), S = matrix(s, N, N);
	struct fixture f;

	make(&f, root);
	self(&f, S);
	cross(&f, f.X, f.X, K);
	assert_int_equal(kernel_diagonal(&f.kernel, f.X, diagonal, arena, NULL), KR_OK);
	for (int i = 0; i < N; i++) {
		near(diagonal[i], *mat_at(S, i, i), 1e-15, 0);
		for (int j = 0; j <= i; j++) { /* to the last bit */
			assert_true(isfinite(*mat_at(K, i, j)));
			assert_true(*mat_at(K, i, j) == *mat_at(K, j, i));
			assert_true(*mat_at(K, i, j) == *mat_at(S, i, j));
		}
	}
}

/* x' (K + eps) x > 0 for all x: the Cholesky factor exists. */
static void positive_definite(const struct kernel_term *root)
{
	double k[N * N], largest = 0;
	struct mat K = matrix(k, N, N);
	struct fixture f;

	make(&f, root);
	if (rng_below(&rng, 3) == 0) /* long lengthscales: nearly singular */
		for (int i = 0; i < f.size; i++)
			if (strcmp(kernel_place(root, D, i).name, "lengthscale") == 0)
				f.value[i] *= 30;
	self(&f, K);
	for (int i = 0; i < N; i++)
		largest = fmax(largest, *mat_at(K, i, i));
	for (int i = 0; i < N; i++)
		*mat_at(K, i, i) += 1e-12 * largest;
	assert_int_equal(blas_potrf(K), 0);
}

/* Random weights: symmetric, in [-1, 1]. */
static void random_weights(struct mat W)
{
	for (int j = 0; j < W.cols; j++)
		for (int i = 0; i < W.rows; i++)
			*mat_at(W, i, j) = 2 * rng_uniform(&rng) - 1;
}

/* 1/2 <W, K>, lower triangles; *scale <- the sum of absolute terms. */
static double half_inner(const struct fixture *f, struct mat W, double *scale)
{
	double k[N * N], sum = 0;
	struct mat K = matrix(k, N, N);

	self(f, K);
	*scale = 0;
	for (int j = 0; j < N; j++)
		for (int i = j; i < N; i++) {
			double term = (i == j ? 0.5 : 1) * *mat_at(W, i, j) * *mat_at(K, i, j);

			sum += term;
			*scale += fabs(term);
		}
	return sum;
}

/* f'(0) from f at h, -h, 2h, -2h: the error falls with h^4. */
static double slope_of(const double f[4], double h)
{
	return (8 * (f[0] - f[1]) - (f[2] - f[3])) / (12 * h);
}
static const double steps[] = {1, -1, 2, -2};

static void slopes_in_the_hyperparameters(const struct kernel_term *root)
{
	const double h = 1e-4;
	double w[N * N], used[N * N], k[N * N], grad[MAX_PARAMETERS], scale, inner, sum[4];
	struct mat W = matrix(w, N, N), K = matrix(k, N, N);
	struct kernel_tape *tape;
	struct fixture f;

	make(&f, root);
	for (int i = 0; i < f.size; i++)
		f.theta[i] += 0.3 * rng_normal(&rng); /* fixed ones too */
	kernel_values(root, D, f.theta, f.value);
	random_weights(W);
	inner = half_inner(&f, W, &scale);
	memcpy(used, w, sizeof(w));
	arena_reset(arena);
	tape = kernel_tape_new(root, N, N, arena);
	assert_int_equal(kernel_self(&f.kernel, f.X, K, tape, arena, NULL), KR_OK);
	assert_int_equal(
		kernel_slope(&f.kernel, f.X, tape, matrix(used, N, N), inner, grad, arena, NULL), KR_OK);
	for (int i = 0; i < f.size; i++) {
		double keep = f.theta[i];

		for (int q = 0; q < 4; q++) {
			f.theta[i] = keep + steps[q] * h;
			kernel_values(root, D, f.theta, f.value);
			sum[q] = half_inner(&f, W, &scale);
		}
		f.theta[i] = keep;
		near(grad[i], slope_of(sum, h), 1e-9, scale);
	}
}

/* <W, K(X, Z)> as a function of Z. */
static double inner(const struct fixture *f, struct mat W, double *scale)
{
	double k[N * M], sum = 0;

	cross(f, f->X, f->Z, matrix(k, N, M));
	*scale = 0;
	for (int i = 0; i < N * M; i++) {
		sum += W.p[i] * k[i];
		*scale += fabs(W.p[i] * k[i]);
	}
	return sum;
}

/* sum_j w_j k(z_j, z_j) as a function of Z. */
static double inner_diagonal(const struct fixture *f, struct mat W, double *scale)
{
	double k[M], sum = 0;

	arena_reset(arena);
	assert_int_equal(kernel_diagonal(&f->kernel, f->Z, k, arena, NULL), KR_OK);
	*scale = 1;
	for (int i = 0; i < M; i++) {
		sum += W.p[i] * k[i];
		*scale += fabs(W.p[i] * k[i]);
	}
	return sum;
}

static void compare_in_the_points(struct fixture *f, struct mat W, struct mat S,
	double (*sum)(const struct fixture *, struct mat, double *))
{
	const double h = 1e-5;
	double scale, at[4];

	for (int c = 0; c < D; c++)
		for (int j = 0; j < M; j++) {
			double *z = mat_at(f->Z, j, c), keep = *z;

			if (categorical[c] || isnan(keep)) { /* these do not move */
				assert_true(*mat_at(S, j, c) == 0);
				continue;
			}
			for (int q = 0; q < 4; q++) {
				*z = keep + steps[q] * h;
				at[q] = sum(f, W, &scale);
			}
			*z = keep;
			near(*mat_at(S, j, c), slope_of(at, h), 1e-8, scale);
		}
}

static void slopes_in_the_points(const struct kernel_term *root)
{
	double w[N * M], used[N * M], k[N * M], d[M * D];
	struct mat W = matrix(w, N, M), S = matrix(d, M, D);
	struct kernel_tape *tape;
	struct fixture f;

	make(&f, root);
	random_weights(W);
	memcpy(used, w, sizeof(w));
	arena_reset(arena);
	tape = kernel_tape_new(root, N, M, arena);
	assert_int_equal(kernel_cross(&f.kernel, f.X, f.Z, matrix(k, N, M), tape, arena, NULL), KR_OK);
	assert_int_equal(
		kernel_input_adjoint(&f.kernel, f.X, f.Z, tape, matrix(used, N, M), S, arena, NULL), KR_OK);
	compare_in_the_points(&f, W, S, inner);
}

static void slopes_of_the_diagonal_in_the_points(const struct kernel_term *root)
{
	double w[M], d[M * D] = {0};
	struct mat W = matrix(w, M, 1), S = matrix(d, M, D);
	struct fixture f;

	make(&f, root);
	random_weights(W);
	arena_reset(arena);
	assert_int_equal(kernel_diagonal_adjoint(&f.kernel, f.Z, w, S, arena, NULL), KR_OK);
	compare_in_the_points(&f, W, S, inner_diagonal);
}

/* An element has the same bits in any order of points and in a matrix of its own. */
static void place_does_not_matter(const struct kernel_term *root)
{
	double k[N * M], other[N * M], turned[N * D], alone;
	struct mat T = matrix(turned, N, D);
	struct fixture f;

	make(&f, root);
	for (int c = 0; c < D; c++)
		for (int i = 0; i < N; i++)
			*mat_at(T, i, c) = *mat_at(f.X, N - 1 - i, c);
	cross(&f, f.X, f.Z, matrix(k, N, M));
	cross(&f, T, f.Z, matrix(other, N, M));
	for (int i = 0; i < N; i++)
		for (int j = 0; j < M; j++) {
			assert_true(other[j * N + N - 1 - i] == k[j * N + i]);
			cross(&f, mat_block(f.X, i, 0, 1, D), mat_block(f.Z, j, 0, 1, D), matrix(&alone, 1, 1));
			assert_true(alone == k[j * N + i]);
		}
}

/* Inputs and lengthscales in other units, choices by other names. Radial leaves only; what
 * is inactive has no units. */
static void units_and_names_of_choices_do_not_matter(const struct kernel_term *root)
{
	double k[N * M], other[N * M];
	struct fixture f, g;

	if (!root->family->radial || root->size[0] || root->size[1])
		return;
	make(&f, root);
	g = f;
	g.kernel.value = g.value;
	for (int i = 0; i < f.size; i++) {
		struct kernel_place place = kernel_place(root, D, i);

		if (strcmp(place.name, "lengthscale") == 0 && !categorical[root->dims[place.index]])
			g.value[i] *= 1e6;
	}
	g.X = matrix(g.x, N, D);
	g.Z = matrix(g.z, M, D);
	for (int c = 0; c < D; c++)
		for (int i = 0; i < N + M; i++) {
			double *x = i < N ? mat_at(g.X, i, c) : mat_at(g.Z, i - N, c);

			*x = categorical[c] ? 10 - *x : *x * 1e6;
		}
	cross(&f, f.X, f.Z, matrix(k, N, M));
	cross(&g, g.X, g.Z, matrix(other, N, M));
	for (int i = 0; i < N * M; i++)
		near(other[i], k[i], 1e-13, 1);
}

/* The gradient of the likelihood through the tree, noise included. */
static void slopes_of_the_likelihood(const struct kernel_term *root)
{
	const double h = 1e-5;
	double theta[MAX_PARAMETERS + 1], grad[MAX_PARAMETERS + 1], y[N], up, down, lml;
	struct gp_data data = {.kernel = root, .n = N, .d = D, .categorical = categorical, .y = y};
	struct fixture f;

	make(&f, root);
	memcpy(theta, f.theta, sizeof(f.theta));
	theta[f.size] = log(0.05);
	data.X = f.X;
	for (int i = 0; i < N; i++)
		y[i] = sin(4 * *mat_at(f.X, i, NUMBER)) + 0.3 * rng_normal(&rng);
	assert_int_equal(gp_theta_size(&data), f.size + 1);
	arena_reset(arena);
	assert_int_equal(gp_lml(&data, theta, &lml, grad, NULL, arena, NULL), KR_OK);
	for (int i = 0; i <= f.size; i++) {
		double keep = theta[i];

		theta[i] = keep + h;
		assert_int_equal(gp_lml(&data, theta, &up, NULL, NULL, arena, NULL), KR_OK);
		theta[i] = keep - h;
		assert_int_equal(gp_lml(&data, theta, &down, NULL, NULL, arena, NULL), KR_OK);
		theta[i] = keep;
		near(grad[i], (up - down) / (2 * h), 1e-6, 1 + fabs(lml));
	}
}

/* sum of adjoints times means and variances at Z. */
static double predicted(const struct fixture *f, struct mat W, double *scale)
{
	struct gp_batch batch;
	double sum = 0;

	arena_reset(arena);
	assert_int_equal(gp_predict(f->model, f->Z, false, &batch, arena, NULL), KR_OK);
	*scale = 1;
	for (int j = 0; j < M; j++) {
		double mean = *mat_at(W, j, 0) * *mat_at(batch.mean, j, 0);
		double var = *mat_at(W, j, 1) * batch.var[j];

		sum += mean + var;
		*scale += fabs(mean) + fabs(var);
	}
	return sum;
}

/* The gradient of predictions in the points through the tree. */
static void slopes_of_predictions(const struct kernel_term *root)
{
	double theta[MAX_PARAMETERS + 1], y[N], w[2 * M], d[M * D];
	struct mat W = matrix(w, M, 2), S = matrix(d, M, D);
	struct gp_data data = {.kernel = root, .n = N, .d = D, .categorical = categorical, .y = y};
	struct gp_batch batch;
	struct fixture f;

	make(&f, root);
	memcpy(theta, f.theta, sizeof(f.theta));
	theta[f.size] = log(0.05);
	data.X = f.X;
	for (int i = 0; i < N; i++)
		y[i] = sin(4 * *mat_at(f.X, i, NUMBER)) + 0.3 * rng_normal(&rng);
	random_weights(W);
	f.model = gp_new(N, D, 1);
	arena_reset(arena);
	assert_non_null(f.model);
	assert_int_equal(gp_condition(f.model, &data, theta, arena, NULL), KR_OK);
	assert_int_equal(gp_predict(f.model, f.Z, true, &batch, arena, NULL), KR_OK);
	assert_int_equal(
		gp_adjoint(f.model, &batch, mat_block(W, 0, 0, M, 1), mat_col(W, 1), S, arena, NULL),
		KR_OK);
	compare_in_the_points(&f, W, S, predicted);
	gp_free(f.model);
}

/* No memory: an error, never a crash or half an answer that is called one. */
static void memory_may_run_out(const struct kernel_term *root)
{
	double k[N * M], w[N * M] = {0}, d[M * D], grad[MAX_PARAMETERS];
	struct mat W = matrix(w, N, M);
	struct fixture f;
	bool whole = false;

	make(&f, root);
	for (size_t cap = 64; !whole; cap += cap / 2) {
		struct arena *small = arena_new(cap);
		struct kernel_tape *tape = small ? kernel_tape_new(root, N, M, small) : NULL;

		assert_true(cap < 1 << 24);
		whole = tape &&
			kernel_cross(&f.kernel, f.X, f.Z, matrix(k, N, M), tape, small, NULL) == KR_OK &&
			kernel_input_adjoint(&f.kernel, f.X, f.Z, tape, W, matrix(d, M, D), small, NULL) ==
				KR_OK &&
			kernel_slope(&f.kernel, mat_block(f.X, 0, 0, M, D), tape, mat_block(W, 0, 0, M, M), 0,
				grad, small, NULL) == KR_OK &&
			kernel_diagonal(&f.kernel, f.Z, k, small, NULL) == KR_OK &&
			kernel_diagonal_adjoint(&f.kernel, f.Z, k, matrix(d, M, D), small, NULL) == KR_OK;
		arena_free(small);
	}
}

/* Default priors of every family: a fit begins, climbs and ends within the bounds. */
static void fits_by_its_own_priors(void **state)
{
	(void)state;
	for (int i = 0; i < n_trees; i++) {
		double theta[MAX_PARAMETERS + 1], y[N], start, lml;
		struct gp_data data = {
			.kernel = &trees[i], .n = N, .d = D, .categorical = categorical, .y = y};
		struct gp_fit_result fit;
		struct gp_prior prior;
		struct fixture f;

		print_tree(&trees[i]);
		print_message("\n");
		make(&f, &trees[i]);
		data.X = f.X;
		for (int k = 0; k < N; k++)
			y[k] = sin(4 * *mat_at(f.X, k, NUMBER)) + 0.1 * rng_normal(&rng);
		arena_reset(arena);
		assert_int_equal(gp_prior_default(&prior, &trees[i], D, arena, NULL), KR_OK);
		assert_int_equal(prior.size, f.size + 1);
		gp_fit_short_start(&prior, theta);
		assert_int_equal(gp_lml(&data, theta, &lml, NULL, NULL, arena, NULL), KR_OK);
		start = lml + gp_prior_log_density(&prior, theta, NULL);
		assert_int_equal(gp_fit_from(&data, &prior, 60, theta, &fit, arena, NULL), KR_OK);
		assert_true(fit.log_posterior >= start - 1e-9 * fabs(start));
		for (int k = 0; k < prior.size; k++)
			assert_true(theta[k] >= prior.term[k].lower && theta[k] <= prior.term[k].upper);
	}
}

static void for_each(void (*contract)(const struct kernel_term *))
{
	for (int i = 0; i < n_trees; i++) {
		print_tree(&trees[i]);
		print_message("\n");
		for (int trial = 0; trial < TRIALS; trial++)
			contract(&trees[i]);
	}
	assert_true(n_trees > 0);
}

static void farther_is_less(void **state)
{
	(void)state;
	for (int i = 0; kernel_at(i); i++) {
		const struct radial *radial = kernel_at(i)->radial;
		double before = 2, shape = 1.5;

		for (double r2 = 0; radial && r2 < 1e5; r2 = r2 * 1.3 + 1e-3) {
			double f, g;

			radial->eval(1, &shape, &r2, &f, &g);
			assert_true(f <= before && f >= 0 && g >= 0);
			before = f;
		}
	}
}

#define CONTRACT(name)                    \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                      \
		for_each(name);                   \
	}
CONTRACT(symmetric_and_one_matrix_whichever_way_it_is_made)
CONTRACT(positive_definite)
CONTRACT(slopes_in_the_hyperparameters)
CONTRACT(slopes_in_the_points)
CONTRACT(slopes_of_the_diagonal_in_the_points)
CONTRACT(place_does_not_matter)
CONTRACT(units_and_names_of_choices_do_not_matter)
CONTRACT(slopes_of_the_likelihood)
CONTRACT(slopes_of_predictions)
CONTRACT(memory_may_run_out)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symmetric_and_one_matrix_whichever_way_it_is_made),
		cmocka_unit_test(test_positive_definite),
		cmocka_unit_test(test_slopes_in_the_hyperparameters),
		cmocka_unit_test(test_slopes_in_the_points),
		cmocka_unit_test(test_slopes_of_the_diagonal_in_the_points),
		cmocka_unit_test(test_place_does_not_matter),
		cmocka_unit_test(test_units_and_names_of_choices_do_not_matter),
		cmocka_unit_test(test_slopes_of_the_likelihood),
		cmocka_unit_test(test_slopes_of_predictions),
		cmocka_unit_test(test_memory_may_run_out),
		cmocka_unit_test(fits_by_its_own_priors),
		cmocka_unit_test(farther_is_less),
	};
	const char *text = getenv("KRIGED_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 10) : 1;
	int failed;

	printf("KRIGED_TEST_SEED=%llu\n", (unsigned long long)seed);
	rng = rng_make(seed, 0, RNG_TEST, 0);
	blas_init();
	arena = arena_new(16 << 20);
	make_trees();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
