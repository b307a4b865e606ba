/* Legend: r = y - m, alpha = K^-1 r, W = alpha alpha' - K^-1. K includes noise and jitter.
 *
 *   lml = -1/2 r' alpha - sum ln L_ii - n/2 ln 2 pi            (R & W 2006, eq. 2.30)
 *   d lml / d theta = 1/2 tr(W dK/d theta)                     (eq. 5.9)
 *   d lml / d ln noise = noise/2 sum_i W_ii / count_i
 *
 * 1/2 <W, kernel> is 1/2 (<W, K> - <W, noise>) with <W, K> = r' alpha - n. A profiled mean
 * leaves the other derivatives as they are (envelope theorem). Rows that are replicates add
 * likelihood_within. */
#include "gp/likelihood.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/linalg/blas.h"
#include "gp/linalg/chol.h"
#include "gp/special/special.h"
#include "gp/warp.h"

int gp_theta_size(const struct gp_data *data)
{
	return kernel_parameters(data->kernel, data->d) +
		(data->warp ? gp_warp_parameters(data->d) : 0) + 1;
}

const double *likelihood_warp(const struct gp_data *data, const double *theta)
{
	return theta + kernel_parameters(data->kernel, data->d);
}

/* The workspace of a warp; false when memory runs out. */
static bool make_warp(struct likelihood *l, bool with_gradient, struct arena *a)
{
	int n = l->data->n, d = l->data->d;

	l->X = mat_new(a, n, d);
	if (!with_gradient)
		return l->X.p != NULL;
	l->V = mat_new(a, n, n);
	l->D = mat_new(a, n, d);
	return l->X.p && l->V.p && l->D.p;
}

enum kr_status likelihood_init(struct likelihood *l, const struct gp_data *data, bool with_gradient,
	struct arena *a, struct kr_error *err)
{
	int n = data->n, d = data->d;

	assert(n > 0 && d > 0);
	*l = (struct likelihood){.data = data, .scratch = a};
	l->K = mat_new(a, n, n);
	l->U = mat_new(a, n, 2);
	l->value = arena_alloc(a, sizeof(double) * (size_t)gp_theta_size(data));
	if (with_gradient)
		l->tape = kernel_tape_new(data->kernel, n, n, a);
	l->X = data->X;
	if (!l->K.p || !l->U.p || !l->value || (with_gradient && !l->tape) ||
		(data->warp && !make_warp(l, with_gradient, a)))
		goto fail_memory;
	return KR_OK;

fail_memory:
	return kr_fail(err, KR_ENOMEM, "likelihood of %d points in %d dimensions", n, d);
}

struct kernel likelihood_kernel(const struct gp_data *data, const double *theta, double *value)
{
	kernel_values(data->kernel, data->d, theta, value);
	return (struct kernel){data->kernel, data->d, data->categorical, value};
}

double likelihood_noise(const struct gp_data *data, const double *theta, int i)
{
	double one = exp(theta[gp_theta_size(data) - 1]) + (data->noise ? data->noise[i] : 0);

	return data->count ? one / data->count[i] : one;
}

double likelihood_count(const struct gp_data *data, int i)
{
	return data->count ? data->count[i] : 1;
}

double likelihood_within(const struct gp_data *data, const double *theta, int i, double *slope)
{
	double r = likelihood_count(data, i), noise, s, spread;

	if (r == 1)
		return 0;
	noise = exp(theta[gp_theta_size(data) - 1]);
	s = noise + (data->noise ? data->noise[i] : 0);
	if (!(s > 0))
		return NAN;
	spread = data->spread[i] / s;
	if (slope)
		*slope -= 0.5 * noise / s * (r - 1 - spread);
	return -(r - 1) * (SPECIAL_HALF_LN_2PI + 0.5 * log(s)) - 0.5 * (log(r) + spread);
}

enum kr_status likelihood_check(
	const struct gp_data *data, const double *theta, struct kr_error *err)
{
	int size = gp_theta_size(data), n_kernel = kernel_parameters(data->kernel, data->d);

	for (int i = 0; i < size; i++) {
		bool last = i == size - 1;
		bool positive = i >= n_kernel || kernel_place(data->kernel, data->d, i).positive;
		double value = positive ? exp(theta[i]) : theta[i];

		if (!isfinite(value) || (positive && !last && !(value > 0)))
			return kr_fail(err, KR_ENONFINITE, "hyperparameter %d is %s(%g)", i,
				positive ? "exp" : "", theta[i]);
	}
	return KR_OK;
}

enum kr_status likelihood_scale(const struct kernel *k, struct mat X, double *scale,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	double *diagonal = arena_alloc(scratch, sizeof(double) * (size_t)X.rows);
	enum kr_status status;

	*scale = 0;
	if (!diagonal)
		return kr_fail(err, KR_ENOMEM, "variance of %d points", X.rows);
	status = kernel_diagonal(k, X, diagonal, scratch, err);
	for (int i = 0; status == KR_OK && i < X.rows; i++)
		*scale = fmax(*scale, diagonal[i]);
	arena_release(scratch, mark);
	return status;
}

/* K <- the kernel among the points. The gradient of a warp needs both triangles on its tape. */
static enum kr_status covariance(
	struct likelihood *l, const struct kernel *k, bool with_gradient, struct kr_error *err)
{
	if (with_gradient && l->data->warp)
		return kernel_cross(k, l->X, l->X, l->K, l->tape, l->scratch, err);
	return kernel_self(k, l->X, l->K, with_gradient ? l->tape : NULL, l->scratch, err);
}

/* K <- L of the covariance, climbing the jitter ladder; the tape is written. The covariance is made anew for each
 * rung: rungs above the first are rare. */
static enum kr_status factor(struct likelihood *l, const struct kernel *k, const double *theta,
	bool with_gradient, struct kr_error *err)
{
	double scale;
	enum kr_status status = likelihood_scale(k, l->X, &scale, l->scratch, err);

	if (status != KR_OK)
		return status;
	for (int rung = 0; rung < CHOL_RUNGS; rung++) {
		l->jitter = chol_rung(rung) * scale;
		status = covariance(l, k, with_gradient, err);
		if (status != KR_OK)
			return status;
		for (int i = 0; i < l->data->n; i++)
			*mat_at(l->K, i, i) += likelihood_noise(l->data, theta, i) + l->jitter;
		if (rung == 1 && !chol_finite(l->K)) /* inputs may be NaN: inactive */
			return kr_fail(err, KR_ENONFINITE, "covariance of %d points is not finite", l->data->n);
		if (chol_in_place(l->K))
			return KR_OK;
	}
	return kr_fail(
		err, KR_ENOTPD, "Cholesky of %d points failed after the last jitter", l->data->n);
}

/* U <- [L^-1 (y - m), .] with the mean given or profiled; the quadratic form. */
static double residual(struct likelihood *l)
{
	const struct gp_data *data = l->data;
	double *u = mat_col(l->U, 0), *v = mat_col(l->U, 1);
	int n = data->n;

	for (int i = 0; i < n; i++) {
		u[i] = data->mean ? data->y[i] - *data->mean : data->y[i];
		v[i] = 1;
	}
	if (data->mean) {
		l->mean = *data->mean;
		blas_trsm(false, l->K, mat_view(u, n, 1, n));
	} else {
		blas_trsm(false, l->K, l->U);
		l->mean = blas_dot(n, v, u) / blas_dot(n, v, v); /* generalized least squares */
		for (int i = 0; i < n; i++)
			u[i] -= l->mean * v[i];
	}
	return blas_dot(n, u, u);
}

/* K <- W = alpha alpha' - K^-1, lower triangle; K holds K^-1. */
static void weigh(struct mat K, const double *alpha)
{
	for (int j = 0; j < K.cols; j++) {
		const double *restrict a = alpha;
		double *restrict k = mat_col(K, j), aj = alpha[j];

		for (int i = j; i < K.rows; i++)
			k[i] = a[i] * aj - k[i];
	}
}

/* V <- the symmetric matrix whose lower triangle W is. */
static void fill(struct mat W, struct mat V)
{
	for (int j = 0; j < W.cols; j++)
		for (int i = j; i < W.rows; i++)
			*mat_at(V, i, j) = *mat_at(V, j, i) = *mat_at(W, i, j);
}

/* grad <- the slopes in the warp, by way of the points: d lml / d x_j is sum_i W_ij dk(x_i, x_j)/dx_j,
 * its two sides together (W in V). */
static enum kr_status warp_gradient(struct likelihood *l, const struct kernel *k,
	const double *theta, double *grad, struct kr_error *err)
{
	const struct gp_data *data = l->data;
	int at = kernel_parameters(data->kernel, data->d);
	enum kr_status status = kernel_input_adjoint(
		k, l->X, l->X, l->tape, l->V, l->D, l->scratch, err);

	if (status == KR_OK)
		gp_warp_slope(data->X, data->categorical, theta + at, l->D, grad + at);
	return status;
}

/* From L in K, alpha and the quadratic form. Overwrites K. */
static enum kr_status gradient(struct likelihood *l, const struct kernel *k, const double *theta,
	const double *alpha, double quad, double *grad, struct kr_error *err)
{
	const struct gp_data *data = l->data;
	int size = gp_theta_size(data);
	double trace = 0, noise_part = 0;
	enum kr_status status;

	if (blas_potri(l->K))
		return kr_fail(err, KR_ENONFINITE, "inverse of the covariance of %d points", data->n);
	weigh(l->K, alpha);
	for (int i = 0; i < data->n; i++) {
		double w = *mat_at(l->K, i, i);

		trace += w / likelihood_count(data, i);
		noise_part += likelihood_noise(data, theta, i) * w;
	}
	if (data->warp)
		fill(l->K, l->V);
	status = kernel_slope(
		k, l->X, l->tape, l->K, 0.5 * (quad - data->n - noise_part), grad, l->scratch, err);
	if (status == KR_OK && data->warp)
		status = warp_gradient(l, k, theta, grad, err);
	if (status != KR_OK)
		return status;
	grad[size - 1] = 0.5 * exp(theta[size - 1]) * trace;
	for (int i = 0; data->count && i < data->n; i++)
		likelihood_within(data, theta, i, grad + size - 1);
	for (int i = 0; i < size; i++)
		if (!isfinite(grad[i]))
			return kr_fail(err, KR_ENONFINITE, "slope of the likelihood of %d points", data->n);
	return KR_OK;
}

enum kr_status likelihood_eval(struct likelihood *l, const double *theta, double *lml, double *grad,
	double *dmean, struct kr_error *err)
{
	enum kr_status status = likelihood_check(l->data, theta, err);
	struct kernel k = likelihood_kernel(l->data, theta, l->value);
	int n = l->data->n;
	double *alpha = mat_col(l->U, 0), quad, sum = 0;

	if (status == KR_OK && l->data->warp)
		gp_warp(l->data->X, l->data->categorical, likelihood_warp(l->data, theta), l->X,
			(struct mat){0});
	if (status == KR_OK)
		status = factor(l, &k, theta, grad != NULL, err);
	if (status != KR_OK)
		return status;
	quad = residual(l);
	*lml = -0.5 * quad - 0.5 * chol_logdet(l->K) - n * SPECIAL_HALF_LN_2PI;
	for (int i = 0; l->data->count && i < n; i++)
		*lml += likelihood_within(l->data, theta, i, NULL);
	blas_trsm(true, l->K, mat_view(alpha, n, 1, n)); /* alpha = L^-T u */
	for (int i = 0; i < n; i++)
		sum += alpha[i];
	if (!isfinite(*lml) || !isfinite(sum))
		return kr_fail(err, KR_ENONFINITE, "log likelihood of %d points is not finite", n);
	if (dmean)
		*dmean = sum;
	return grad ? gradient(l, &k, theta, alpha, quad, grad, err) : KR_OK;
}

enum kr_status gp_lml(const struct gp_data *data, const double *theta, double *lml, double *grad,
	double *dmean, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct likelihood l;
	enum kr_status status = likelihood_init(&l, data, grad != NULL, scratch, err);

	if (status == KR_OK)
		status = likelihood_eval(&l, theta, lml, grad, dmean, err);
	arena_release(scratch, mark);
	return status;
}
