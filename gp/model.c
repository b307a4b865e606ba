/* Legend: gp/model_internal.h. */
#include "gp/model.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "gp/likelihood.h"
#include "gp/linalg/blas.h"
#include "gp/model_internal.h"
#include "gp/warp.h"

/* Variances are clamped here, as a part of the prior's: below, the difference
 * s2 - v'v is rounding. */
static const double least_variance = 1e-14;

struct gp *gp_new(int cap, int d, int columns)
{
	struct gp *g = KR_NEW(struct gp);
	size_t rows = (size_t)cap;

	assert(cap > 0 && d > 0 && columns > 0);
	if (!g)
		return NULL;
	*g = (struct gp){.cap = cap, .d = d, .max_columns = columns};
	g->chol = chol_new(cap);
	g->X = kr_calloc(rows, sizeof(double) * (size_t)d);
	g->U = kr_calloc(rows, sizeof(double) * (size_t)columns);
	g->A = kr_calloc(rows, sizeof(double) * (size_t)columns);
	g->y = KR_ARRAY(double, cap);
	g->noise_of = KR_ARRAY(double, cap);
	g->diagonal = KR_ARRAY(double, cap);
	g->lengthscale = KR_ARRAY(double, d);
	g->categorical = KR_ARRAY(unsigned char, d);
	g->warp = KR_ARRAY(double, gp_warp_parameters(d));
	if (g->chol && g->X && g->U && g->A && g->y && g->noise_of && g->diagonal && g->lengthscale &&
		g->categorical && g->warp)
		return g;
	gp_free(g);
	return NULL;
}

void gp_free(struct gp *g)
{
	if (!g)
		return;
	chol_free(g->chol);
	kr_free(g->X);
	kr_free(g->U);
	kr_free(g->A);
	kr_free(g->y);
	kr_free(g->noise_of);
	kr_free(g->diagonal);
	kr_free(g->lengthscale);
	kr_free(g->categorical);
	kr_free(g->warp);
	kr_free(g->value);
	kr_free(g);
}

/* ---- conditioning ------------------------------------------------------------ */

void gp__copy_points(struct gp *g, int at, struct mat Z)
{
	for (int k = 0; k < g->d; k++)
		memcpy(
			g->X + (size_t)k * (size_t)g->cap + at, mat_col(Z, k), sizeof(double) * (size_t)Z.rows);
}

static enum kr_status copy_hyperparameters(
	struct gp *g, const struct gp_data *data, const double *theta, struct kr_error *err)
{
	int size = gp_theta_size(data);

	if (size > g->n_values) {
		kr_free(g->value);
		g->n_values = 0;
		g->value = KR_ARRAY(double, size);
		if (!g->value)
			return kr_fail(err, KR_ENOMEM, "%d hyperparameters", size);
		g->n_values = size;
	}
	g->kernel = likelihood_kernel(data, theta, g->value);
	g->kernel.categorical = NULL;
	if (data->categorical) {
		memcpy(g->categorical, data->categorical, (size_t)g->d);
		g->kernel.categorical = g->categorical;
	}
	g->warped = data->warp;
	if (g->warped)
		memcpy(g->warp, likelihood_warp(data, theta),
			sizeof(double) * (size_t)gp_warp_parameters(g->d));
	kernel_lengthscales(&g->kernel, g->lengthscale);
	g->noise = exp(theta[size - 1]);
	return KR_OK;
}

enum kr_status gp_see(const struct gp *g, struct mat X, struct mat *Z, struct mat *slope,
	struct arena *a, struct kr_error *err)
{
	*Z = X;
	if (slope)
		*slope = (struct mat){0};
	if (!g->warped)
		return KR_OK;
	*Z = mat_new(a, X.rows, X.cols);
	if (slope)
		*slope = mat_new(a, X.rows, X.cols);
	if (!Z->p || (slope && !slope->p))
		return kr_fail(err, KR_ENOMEM, "warp of %d points", X.rows);
	gp_warp(X, g->kernel.categorical, g->warp, *Z, slope ? *slope : (struct mat){0});
	return KR_OK;
}

enum kr_status gp__factor(struct gp *g, int n, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct mat K = mat_new(scratch, n, n), Z = mat_view(g->X, n, g->d, g->cap);
	enum kr_status status;

	chol_clear(g->chol);
	status = K.p ? kernel_self(&g->kernel, Z, K, NULL, scratch, err)
				 : kr_fail(err, KR_ENOMEM, "covariance of %d points", n);
	if (status == KR_OK)
		status = likelihood_scale(&g->kernel, Z, &g->scale, scratch, err);
	for (int i = 0; status == KR_OK && i < n; i++)
		*mat_at(K, i, i) += g->noise_of[i];
	if (status == KR_OK)
		status = chol_factor(g->chol, K, g->scale, &g->jitter, err);
	for (int i = 0; status == KR_OK && i < n; i++)
		g->diagonal[i] = g->noise_of[i] + g->jitter;
	g->upkeep.changes = 0;
	g->upkeep.drift = 0;
	arena_release(scratch, mark);
	return status;
}

static bool all_finite(struct mat M)
{
	for (int j = 0; j < M.cols; j++)
		for (int i = 0; i < M.rows; i++)
			if (!isfinite(*mat_at(M, i, j)))
				return false;
	return true;
}

/* A <- L^-T U for every column. */
static enum kr_status solve_weights(struct gp *g, struct kr_error *err)
{
	struct mat A = gp__weights(g);

	for (int j = 0; j < g->columns; j++)
		memcpy(mat_col(A, j), g->U + (size_t)j * (size_t)g->cap, sizeof(double) * (size_t)A.rows);
	chol_solve_upper(g->chol, A);
	if (all_finite(A))
		return KR_OK;
	chol_clear(g->chol);
	return kr_fail(err, KR_ENONFINITE, "weights of %d points are not finite", A.rows);
}

enum kr_status gp__solve(struct gp *g, struct kr_error *err)
{
	double *u = g->U, *v = g->A; /* A's first column is scratch */
	int n = chol_rows(g->chol);

	memcpy(u, g->y, sizeof(*u) * (size_t)n);
	chol_solve_lower(g->chol, mat_view(u, n, 1, g->cap));
	for (int i = 0; i < n; i++)
		v[i] = 1;
	chol_solve_lower(g->chol, mat_view(v, n, 1, g->cap));
	if (g->profiled)
		g->mean = blas_dot(n, v, u) / blas_dot(n, v, v); /* 1'K^-1 y / 1'K^-1 1 */
	for (int i = 0; i < n; i++)
		u[i] -= g->mean * v[i];
	return solve_weights(g, err);
}

/* Outcomes and their noise. */
static void copy_outcomes(struct gp *g, const struct gp_data *data, const double *theta)
{
	memcpy(g->y, data->y, sizeof(*g->y) * (size_t)data->n);
	for (int i = 0; i < data->n; i++)
		g->noise_of[i] = likelihood_noise(data, theta, i);
	g->profiled = !data->mean;
	g->mean = data->mean ? *data->mean : 0;
}

enum kr_status gp_condition(struct gp *g, const struct gp_data *data, const double *theta,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct mat Z = data->X;
	enum kr_status status;

	assert(data->n > 0 && data->n <= g->cap && data->d == g->d);
	chol_clear(g->chol);
	g->columns = 1;
	status = copy_hyperparameters(g, data, theta, err);
	if (status == KR_OK)
		status = likelihood_check(data, theta, err);
	if (status == KR_OK)
		status = gp_see(g, data->X, &Z, NULL, scratch, err);
	if (status == KR_OK) {
		gp__copy_points(g, 0, Z);
		copy_outcomes(g, data, theta);
		g->upkeep.refactorings = 0;
		status = gp__factor(g, data->n, scratch, err);
	}
	arena_release(scratch, mark);
	return status == KR_OK ? gp__solve(g, err) : status;
}

/* The first column in all of the others. */
static void repeat_column(struct gp *g, int columns)
{
	size_t size = sizeof(double) * (size_t)chol_rows(g->chol);

	for (int j = 1; j < columns; j++)
		memcpy(g->U + (size_t)j * (size_t)g->cap, g->U, size);
	g->columns = columns;
}

enum kr_status gp__append_rows(struct gp *g, struct mat B, struct mat D, struct kr_error *err)
{
	double added = 0;

	for (int rung = 0; rung < CHOL_RUNGS; rung++) {
		double jitter = chol_rung(rung) * g->scale;
		enum kr_status status;

		for (int i = 0; i < D.rows; i++)
			*mat_at(D, i, i) += jitter - added;
		added = jitter;
		status = chol_append(g->chol, B, D, err);
		for (int i = 0; status == KR_OK && i < D.rows; i++)
			g->diagonal[B.cols + i] = g->noise_of[B.cols + i] + jitter;
		if (status == KR_OK)
			g->jitter = fmax(g->jitter, jitter);
		if (status != KR_ENOTPD)
			return status;
	}
	return kr_prefix(err, "after the last jitter");
}

enum kr_status gp_extend(struct gp *g, struct mat P, struct mat F, double noise,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	int n = chol_rows(g->chol), p = P.rows;
	struct mat B = mat_new(scratch, p, n), D = mat_new(scratch, p, p);
	struct mat U = mat_view(g->U, n + p, F.cols, g->cap), top, bottom, L, Z = P;
	enum kr_status status;

	assert(n > 0 && p > 0 && n + p <= g->cap && F.rows == p && P.cols == g->d);
	assert(F.cols <= g->max_columns && (g->columns == 1 || g->columns == F.cols));
	if (!all_finite(F)) {
		status = kr_fail(err, KR_ENONFINITE, "outcomes of %d new points are not finite", p);
		goto done;
	}
	status = B.p && D.p ? gp_see(g, P, &Z, NULL, scratch, err)
						: kr_fail(err, KR_ENOMEM, "covariance of %d new points", p);
	if (status == KR_OK)
		status = kernel_cross(&g->kernel, Z, gp__points(g), B, NULL, scratch, err);
	if (status == KR_OK)
		status = kernel_self(&g->kernel, Z, D, NULL, scratch, err);
	if (status != KR_OK)
		goto done;
	for (int i = 0; i < p; i++) {
		*mat_at(D, i, i) += noise;
		g->noise_of[n + i] = noise;
		g->y[n + i] = *mat_at(F, i, 0);
	}
	status = gp__append_rows(g, B, D, err);
	if (status != KR_OK)
		goto done;

	if (g->columns != F.cols)
		repeat_column(g, F.cols);
	gp__copy_points(g, n, Z);
	L = chol_view(g->chol);
	top = mat_block(U, 0, 0, n, F.cols);
	bottom = mat_block(U, n, 0, p, F.cols);
	for (int j = 0; j < F.cols; j++)
		for (int i = 0; i < p; i++)
			*mat_at(bottom, i, j) = *mat_at(F, i, j) - g->mean;
	blas_gemm(false, false, -1.0, mat_block(L, n, 0, p, n), top, 1.0, bottom);
	blas_trsm(false, mat_block(L, n, n, p, p), bottom); /* L22^-1 (F - m - L21 U) */
	status = solve_weights(g, err);
done:
	arena_release(scratch, mark);
	return status;
}

int gp_rows(const struct gp *g)
{
	return chol_rows(g->chol);
}

int gp_columns(const struct gp *g)
{
	return g->columns;
}

double gp_mean(const struct gp *g)
{
	return g->mean;
}

double gp_noise(const struct gp *g)
{
	return g->noise;
}

double gp_scale(const struct gp *g)
{
	return g->scale;
}

const double *gp_lengthscale(const struct gp *g)
{
	return g->lengthscale;
}

double gp_jitter(const struct gp *g)
{
	return g->jitter;
}

const struct kernel *gp_kernel(const struct gp *g)
{
	return &g->kernel;
}

struct mat gp_points(const struct gp *g)
{
	return gp__points(g);
}

struct mat gp_weights(const struct gp *g)
{
	return gp__weights(g);
}

void gp_solve(const struct gp *g, struct mat B)
{
	chol_solve_lower(g->chol, B);
	chol_solve_upper(g->chol, B);
}

const double *gp_noises(const struct gp *g)
{
	return g->diagonal;
}

/* ---- prediction --------------------------------------------------------------- */

/* M <- m + K' A, the posterior means (R & W 2006, eq. 2.25). */
static void means(const struct gp *g, struct mat K, struct mat M)
{
	for (int j = 0; j < M.cols; j++)
		for (int i = 0; i < M.rows; i++)
			*mat_at(M, i, j) = g->mean;
	blas_gemm(true, false, 1.0, K, gp__weights(g), 1.0, M);
}

/* batch->var <- k(x, x) - v'v (eq. 2.26), where it holds k(x, x). */
static void variances(struct gp_batch *batch)
{
	for (int i = 0; i < batch->X.rows; i++) {
		const double *v = mat_col(batch->V, i);
		double prior = batch->var[i], var = prior - blas_dot(batch->V.rows, v, v);

		batch->var[i] = var < least_variance * prior ? least_variance * prior : var;
	}
}

/* What the kernel cannot see (NaN in a column that is not conditional) or weights of the size of the
 * largest double make no numbers. */
static enum kr_status check_predicted(struct mat mean, struct mat cov, struct kr_error *err)
{
	if (all_finite(mean) && all_finite(cov))
		return KR_OK;
	return kr_fail(err, KR_ENONFINITE,
		"predictions of %d points are not finite: is a value missing that the kernel looks at?",
		mean.rows);
}

enum kr_status gp_predict(const struct gp *g, struct mat X, bool with_gradient,
	struct gp_batch *batch, struct arena *a, struct kr_error *err)
{
	int n = chol_rows(g->chol), b = X.rows;
	enum kr_status status;

	assert(n > 0);
	*batch = (struct gp_batch){.X = X};
	batch->mean = mat_new(a, b, g->columns);
	batch->var = arena_alloc(a, sizeof(double) * (size_t)b);
	batch->V = mat_new(a, n, b);
	if (with_gradient)
		batch->tape = kernel_tape_new(g->kernel.root, n, b, a);
	if (!batch->mean.p || !batch->var || !batch->V.p || (with_gradient && !batch->tape))
		return kr_fail(err, KR_ENOMEM, "prediction of %d points", b);
	status = gp_see(g, X, &batch->Z, with_gradient ? &batch->slope : NULL, a, err);
	if (status == KR_OK)
		status = kernel_cross(&g->kernel, gp__points(g), batch->Z, batch->V, batch->tape, a, err);
	if (status == KR_OK)
		status = kernel_diagonal(&g->kernel, batch->Z, batch->var, a, err);
	if (status != KR_OK)
		return status;
	means(g, batch->V, batch->mean);
	chol_solve_lower(g->chol, batch->V);
	variances(batch);
	return check_predicted(batch->mean, mat_view(batch->var, b, 1, b), err);
}

/* With c_ij the adjoint of k(x_i, z_j): from the means A dmean', from the variance
 * -2 dvar_j L^-T V_j (R & W 2006, eqs. 2.25 and 2.26 differentiated). */
enum kr_status gp_adjoint(const struct gp *g, const struct gp_batch *batch, struct mat dmean,
	const double *dvar, struct mat D, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	int n = chol_rows(g->chol), b = batch->X.rows;
	struct mat C = mat_new(a, n, b);

	enum kr_status status;

	assert(batch->tape && dmean.rows == b && dmean.cols == g->columns);
	if (!C.p)
		return kr_fail(err, KR_ENOMEM, "gradient of %d points", b);
	for (int j = 0; j < b; j++) {
		const double *v = mat_col(batch->V, j);
		double *c = mat_col(C, j);

		for (int i = 0; i < n; i++)
			c[i] = -2 * dvar[j] * v[i];
	}
	chol_solve_upper(g->chol, C);
	blas_gemm(false, true, 1.0, gp__weights(g), dmean, 1.0, C);
	status = kernel_input_adjoint(&g->kernel, gp__points(g), batch->Z, batch->tape, C, D, a, err);
	if (status == KR_OK)
		status = kernel_diagonal_adjoint(&g->kernel, batch->Z, dvar, D, a, err);
	for (int k = 0; status == KR_OK && batch->slope.p && k < D.cols; k++)
		for (int j = 0; j < b; j++)
			*mat_at(D, j, k) *= *mat_at(batch->slope, j, k);
	arena_release(a, mark);
	return status;
}

enum kr_status gp_joint(const struct gp *g, struct mat X, struct mat mean, struct mat cov,
	struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	int b = X.rows;
	struct mat V = mat_new(a, chol_rows(g->chol), b), Z = X;
	enum kr_status status;

	assert(V.rows > 0 && mean.rows == b && mean.cols == g->columns);
	status = V.p ? gp_see(g, X, &Z, NULL, a, err)
				 : kr_fail(err, KR_ENOMEM, "joint posterior of %d points", b);
	if (status == KR_OK)
		status = kernel_cross(&g->kernel, gp__points(g), Z, V, NULL, a, err);
	if (status == KR_OK)
		status = kernel_self(&g->kernel, Z, cov, NULL, a, err);
	if (status != KR_OK)
		goto done;
	means(g, V, mean);
	chol_solve_lower(g->chol, V);
	blas_syrk(true, -1.0, V, 1.0, cov); /* eq. 2.24 */
	for (int j = 0; j < b; j++)
		for (int i = j + 1; i < b; i++)
			*mat_at(cov, j, i) = *mat_at(cov, i, j);
	status = check_predicted(mean, cov, err);
done:
	arena_release(a, mark);
	return status;
}
