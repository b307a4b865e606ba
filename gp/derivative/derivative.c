/* Legend: N rows, y their numbers, b = 1 for values and 0 for derivatives: the mean of row i is
 * m b_i. K = L L' includes noise and jitter, W = alpha alpha' - K^-1.
 *   d lml / d ln s2 = 1/2 (y - m b)' alpha - 1/2 (N + sum_i noise_i W_ii)    as gp/likelihood.c */
#include "gp/derivative/derivative.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "gp/linalg/blas.h"
#include "gp/linalg/chol.h"
#include "gp/special/special.h"

/* ---- rows ------------------------------------------------------------------------ */

static bool is_categorical(const struct derivative_data *data, int part)
{
	return part > 0 && data->categorical && data->categorical[part - 1];
}

static bool is_observed(const struct derivative_data *data, int point, int part)
{
	if (data->observed)
		return data->observed[(size_t)part * (size_t)data->n + (size_t)point];
	return !is_categorical(data, part);
}

/* rows (NULL: only count) <- the observed ones. */
static int list_rows(const struct derivative_data *data, struct derivative_row *rows)
{
	int n = 0;

	for (int i = 0; i < data->n; i++)
		for (int part = 0; part <= data->d; part++)
			if (is_observed(data, i, part)) {
				if (rows)
					rows[n] = (struct derivative_row){i, part};
				n++;
			}
	return n;
}

struct derivative_rows derivative_rows_all(int n, int d, struct arena *a)
{
	struct derivative_row *row = arena_alloc(a, sizeof(*row) * (size_t)n * ((size_t)d + 1));

	for (int i = 0; row && i < n * (d + 1); i++)
		row[i] = (struct derivative_row){i / (d + 1), i % (d + 1)};
	return (struct derivative_rows){row, n * (d + 1)};
}

/* ---- checks ---------------------------------------------------------------------- */

int derivative_theta_size(const struct derivative_data *data)
{
	return kernel_parameters(data->kernel, data->d) + 2;
}

static int columns(const struct derivative_data *data)
{
	return data->kernel->n_dims > 0 ? data->kernel->n_dims : data->d;
}

/* Input column of the i-th lengthscale. */
static int column(const struct derivative_data *data, int i)
{
	return data->kernel->n_dims > 0 ? data->kernel->dims[i] : i;
}

static enum kr_status check_row(
	const struct derivative_model *g, struct derivative_row row, struct kr_error *err)
{
	if (is_categorical(g->data, row.part))
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"point %d: a derivative in column %d, which is categorical", row.point, row.part - 1);
	if (row.part > 0 && g->kernel.weight[row.part - 1] == 0)
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"point %d: a derivative in column %d, which the kernel does not see", row.point,
			row.part - 1);
	if (!isfinite(*mat_at(g->data->Y, row.point, row.part)))
		return kr_fail(
			err, KR_ENONFINITE, "point %d: observation %d is not finite", row.point, row.part);
	return KR_OK;
}

static enum kr_status check_kernel(const struct derivative_data *data, struct kr_error *err)
{
	const struct kernel_family *family = data->kernel->family;

	if (!family->radial)
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"kernel %s: derivative observations need one radial kernel, such as rbf or matern52",
			family->name);
	if (!family->radial->jet)
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"kernel %s: its functions have no derivatives; those of rbf and matern52 have",
			family->name);
	if (radial_conditional(data->kernel))
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"kernel %s: derivative observations need columns that are always active", family->name);
	return KR_OK;
}

static enum kr_status check(
	const struct derivative_data *data, const double *theta, struct kr_error *err)
{
	int n = list_rows(data, NULL), size = derivative_theta_size(data);
	enum kr_status status = check_kernel(data, err);

	assert(data->n > 0 && data->d > 0 && data->Y.rows == data->n && data->Y.cols == data->d + 1);
	if (status != KR_OK)
		return status;
	if (n == 0)
		return kr_fail(err, KR_INVALID_ARGUMENT, "%d points, but no value or derivative", data->n);
	if (n > DERIVATIVE_MAX_ROWS)
		return kr_fail(err, KR_TOO_LARGE,
			"%d values and derivatives: at most %d; leave out derivatives or points", n,
			DERIVATIVE_MAX_ROWS);
	for (int i = 0; i < size; i++) {
		double value = exp(theta[i]), weight = i < columns(data) ? exp(-2 * theta[i]) : 1;

		if (!isfinite(value) || (i < size - 2 && !(value > 0)) || !isfinite(weight))
			return kr_fail(err, KR_ENONFINITE, "hyperparameter %d is exp(%g)", i, theta[i]);
	}
	return KR_OK;
}

/* ---- conditioning ---------------------------------------------------------------- */

/* The kernel under theta; its numbers are in the arena. */
static enum kr_status make_kernel(struct derivative_model *g, const struct derivative_data *data,
	const double *theta, struct arena *a, struct kr_error *err)
{
	int size = kernel_parameters(data->kernel, data->d);
	double *weight = ARENA_ARRAY(a, double, data->d);

	g->value = ARENA_ARRAY(a, double, size);
	if (!weight || !g->value)
		return kr_fail(err, KR_ENOMEM, "kernel of %d inputs", data->d);
	kernel_values(data->kernel, data->d, theta, g->value);
	for (int i = 0; i < columns(data); i++)
		weight[column(data, i)] = exp(-2 * theta[i]);
	g->kernel = (struct derivative_kernel){.radial = data->kernel->family->radial,
		.shape = g->value + columns(data),
		.d = data->d,
		.weight = weight,
		.categorical = data->categorical,
		.outputscale = data->kernel->scaled ? g->value[size - 1] : 1};
	g->noise[0] = exp(theta[size]);
	g->noise[1] = exp(theta[size + 1]);
	return KR_OK;
}

/* Everything but the numbers of K. */
static enum kr_status prepare(struct derivative_model *g, const struct derivative_data *data,
	const double *theta, struct arena *a, struct kr_error *err)
{
	int n = list_rows(data, NULL);
	struct derivative_row *row = ARENA_ARRAY(a, struct derivative_row, n);
	enum kr_status status;

	*g = (struct derivative_model){.data = data, .rows = {row, n}};
	status = make_kernel(g, data, theta, a, err);
	if (status != KR_OK)
		return status;
	g->L = mat_new(a, n, n);
	g->alpha = ARENA_ARRAY(a, double, n);
	if (!row || !g->L.p || !g->alpha)
		return kr_fail(err, KR_ENOMEM, "covariance of %d values and derivatives", n);
	list_rows(data, row);
	for (int i = 0; i < n; i++) {
		status = check_row(g, row[i], err);
		if (status != KR_OK)
			return status;
	}
	return KR_OK;
}

static double noise(const struct derivative_model *g, int i)
{
	return g->noise[g->rows.row[i].part > 0];
}

static bool points_finite(const struct derivative_data *data)
{
	for (int c = 0; c < data->d; c++)
		for (int i = 0; i < data->n; i++)
			if (!isfinite(*mat_at(data->X, i, c)))
				return false;
	return true;
}

static enum kr_status factor(struct derivative_model *g, struct arena *a, struct kr_error *err)
{
	double *u = arena_alloc(a, sizeof(*u) * (size_t)g->kernel.d);
	struct mat X = g->data->X;

	if (!u)
		return kr_fail(err, KR_ENOMEM, "covariance of %d values and derivatives", g->rows.n);
	if (!points_finite(g->data))
		return kr_fail(err, KR_ENONFINITE, "a point of %d is not finite", X.rows);
	for (int rung = 0; rung < CHOL_RUNGS; rung++) {
		g->jitter = chol_rung(rung);
		derivative_kernel_cross(&g->kernel, X, g->rows, X, g->rows, g->L, u);
		for (int i = 0; i < g->rows.n; i++)
			*mat_at(g->L, i, i) += noise(g, i) +
				g->jitter * derivative_kernel_variance(&g->kernel, g->rows.row[i]);
		if (chol_in_place(g->L))
			return KR_OK;
	}
	return kr_fail(err, KR_ENOTPD,
		"Cholesky of %d values and derivatives failed after the last jitter", g->rows.n);
}

/* alpha and lml, m given or m = b'K^-1 y / b'K^-1 b; v: scratch, N. */
static enum kr_status solve(struct derivative_model *g, double *v, struct kr_error *err)
{
	const struct derivative_data *data = g->data;
	int n = g->rows.n, values = 0;
	double *y = g->alpha, sum = 0;

	for (int i = 0; i < n; i++) {
		struct derivative_row row = g->rows.row[i];

		y[i] = *mat_at(data->Y, row.point, row.part);
		v[i] = row.part == 0;
		values += row.part == 0;
	}
	blas_trsm(false, g->L, mat_view(y, n, 1, n));
	blas_trsm(false, g->L, mat_view(v, n, 1, n));
	if (data->mean)
		g->mean = *data->mean;
	else
		g->mean = values > 0 ? blas_dot(n, v, y) / blas_dot(n, v, v) : 0;
	for (int i = 0; i < n; i++)
		y[i] -= g->mean * v[i];
	g->quad = blas_dot(n, y, y);
	g->lml = -0.5 * g->quad - 0.5 * chol_logdet(g->L) - n * SPECIAL_HALF_LN_2PI;
	blas_trsm(true, g->L, mat_view(y, n, 1, n));
	for (int i = 0; i < n; i++)
		sum += 0 * y[i];
	if (!isfinite(g->lml) || sum != 0)
		return kr_fail(
			err, KR_ENONFINITE, "weights of %d values and derivatives are not finite", n);
	return KR_OK;
}

enum kr_status derivative_condition(struct derivative_model *g, const struct derivative_data *data,
	const double *theta, struct arena *a, struct kr_error *err)
{
	enum kr_status status = check(data, theta, err);
	struct arena_mark mark;
	double *v;

	if (status == KR_OK)
		status = prepare(g, data, theta, a, err);
	if (status != KR_OK)
		return status;
	mark = arena_mark(a);
	status = factor(g, a, err);
	v = arena_alloc(a, sizeof(*v) * (size_t)g->rows.n);
	if (status == KR_OK)
		status = v ? solve(g, v, err) : kr_fail(err, KR_ENOMEM, "weights of %d rows", g->rows.n);
	arena_release(a, mark);
	return status;
}

/* ---- slope ----------------------------------------------------------------------- */

/* W <- alpha alpha' - K^-1, lower triangle; trace of its parts of values and of derivatives. */
static void weights(const struct derivative_model *g, struct mat W, double trace[2])
{
	int n = g->rows.n;

	memcpy(W.p, g->L.p, sizeof(double) * (size_t)n * (size_t)n);
	blas_potri(W);
	for (int j = 0; j < n; j++) {
		for (int i = j; i < n; i++)
			*mat_at(W, i, j) = g->alpha[i] * g->alpha[j] - *mat_at(W, i, j);
		trace[g->rows.row[j].part > 0] += *mat_at(W, j, j);
	}
}

/* From slopes by input column, and of the shape after them. */
static void collect(
	const struct derivative_model *g, const double *slope, const double trace[2], double *grad)
{
	const struct derivative_data *data = g->data;
	int size = derivative_theta_size(data), seen = columns(data);

	memset(grad, 0, sizeof(*grad) * (size_t)size);
	for (int i = 0; i < seen; i++)
		grad[i] = slope[column(data, i)];
	if (g->kernel.radial->shape_slope)
		grad[seen] = slope[data->d];
	if (data->kernel->scaled)
		grad[size - 3] = 0.5 *
			(g->quad - g->rows.n - g->noise[0] * trace[0] - g->noise[1] * trace[1]);
	grad[size - 2] = 0.5 * g->noise[0] * trace[0];
	grad[size - 1] = 0.5 * g->noise[1] * trace[1];
}

enum kr_status derivative_slope(
	const struct derivative_model *g, double *grad, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	int n = g->rows.n, d = g->kernel.d;
	struct mat W = mat_new(scratch, n, n);
	double *u = ARENA_ARRAY(scratch, double, 2 * d), *slope = ARENA_ARRAY(scratch, double, d + 1);
	double trace[2] = {0, 0}, sum = 0;
	enum kr_status status = KR_OK;

	if (!W.p || !u || !slope) {
		status = kr_fail(err, KR_ENOMEM, "slope of %d values and derivatives", n);
		goto done;
	}
	weights(g, W, trace);
	derivative_kernel_slope(&g->kernel, g->data->X, g->rows, W, slope, u);
	collect(g, slope, trace, grad);
	for (int i = 0; i < derivative_theta_size(g->data); i++)
		sum += 0 * grad[i];
	if (sum != 0)
		status = kr_fail(err, KR_ENONFINITE, "slope of %d values and derivatives", n);
done:
	arena_release(scratch, mark);
	return status;
}

/* ---- prediction ------------------------------------------------------------------ */

/* cov <- prior - V'V, full (R & W 2006, eq. 2.24). */
static void covariances(const struct derivative_model *g, struct mat Z, struct derivative_rows rows,
	struct mat V, struct mat cov, double *u)
{
	derivative_kernel_cross(&g->kernel, Z, rows, Z, rows, cov, u);
	blas_trsm(false, g->L, V);
	blas_syrk(true, -1.0, V, 1.0, cov);
	for (int j = 0; j < cov.cols; j++)
		for (int i = j + 1; i < cov.rows; i++)
			*mat_at(cov, j, i) = *mat_at(cov, i, j);
}

enum kr_status derivative_predict(const struct derivative_model *g, struct mat Z,
	struct derivative_rows rows, double *mean, struct mat cov, struct arena *scratch,
	struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct mat K = mat_new(scratch, g->rows.n, rows.n);
	double *u = arena_alloc(scratch, sizeof(*u) * (size_t)g->kernel.d);

	if (!K.p || !u) {
		arena_release(scratch, mark);
		return kr_fail(err, KR_ENOMEM, "prediction of %d values and derivatives", rows.n);
	}
	derivative_kernel_cross(&g->kernel, g->data->X, g->rows, Z, rows, K, u);
	for (int i = 0; i < rows.n; i++) /* eq. 2.23 */
		mean[i] = blas_dot(g->rows.n, mat_col(K, i), g->alpha) +
			(rows.row[i].part == 0 ? g->mean : 0);
	if (cov.p)
		covariances(g, Z, rows, K, cov, u);
	arena_release(scratch, mark);
	return KR_OK;
}
