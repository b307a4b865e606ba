/* Legend: r = y - m, alpha = K^-1 r, W = alpha alpha' - K^-1, G = slopes of the
 * kernel (kernel.h), M = W o G. K here includes noise and jitter.
 *
 *   lml = -1/2 r' alpha - sum ln L_ii - n/2 ln 2 pi            (R & W 2006, eq. 2.30)
 *   d lml / d theta = 1/2 tr(W dK/d theta)                     (eq. 5.9)
 *   d lml / d ln l_k = (sum_i x_ik^2 (M 1)_i - x_k' M x_k) / l_k^2    numeric
 *                    = sum_{i>j} M_ij [x_ik != x_jk] / l_k^2          categorical
 *   d lml / d ln s2 = 1/2 (r' alpha - n - sum_i noise_i W_ii)
 *   d lml / d ln noise = noise/2 tr W
 *
 * The third is sum_ij M_ij (x_ik - x_jk)^2 / (2 l_k^2) multiplied out, so that one
 * product M [X 1] serves all lengthscales; X is centred against cancellation. The
 * fifth is 1/2 <W, K - noise> with <W, K> = r' alpha - n. A profiled mean leaves
 * the other derivatives as they are (envelope theorem). */
#include "gp/likelihood.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/linalg/blas.h"
#include "gp/linalg/chol.h"

static const double half_ln_2pi = 0.91893853320467274178;

static struct mat matrix(struct arena *a, int rows, int cols)
{
	return mat_view(arena_alloc(a, sizeof(double) * (size_t)rows * (size_t)cols), rows, cols, rows);
}

/* C <- X with each numeric column centred, and a last column of ones. */
static void centre(const struct gp_data *data, struct mat C)
{
	int n = data->n;

	for (int k = 0; k < data->d; k++) {
		const double *x = mat_col(data->X, k);
		double *c = mat_col(C, k), mean = 0;

		for (int i = 0; i < n; i++)
			mean += x[i] / n;
		for (int i = 0; i < n; i++)
			c[i] = x[i] - mean;
	}
	for (int i = 0; i < n; i++)
		*mat_at(C, i, data->d) = 1;
}

enum kr_status likelihood_init(struct likelihood *l, const struct gp_data *data, bool with_gradient,
	struct arena *a, struct kr_error *err)
{
	int n = data->n, d = data->d;

	assert(n > 0 && d > 0);
	*l = (struct likelihood){.data = data, .scratch = a};
	l->K = matrix(a, n, n);
	l->U = matrix(a, n, 2);
	l->lengthscale = arena_alloc(a, sizeof(double) * (size_t)d);
	if (!l->K.p || !l->U.p || !l->lengthscale)
		goto fail_memory;
	if (with_gradient) {
		l->G = matrix(a, n, n);
		l->C = matrix(a, n, d + 1);
		l->MC = matrix(a, n, d + 1);
		if (!l->G.p || !l->C.p || !l->MC.p)
			goto fail_memory;
		centre(data, l->C);
	}
	return KR_OK;

fail_memory:
	return kr_fail(err, KR_ENOMEM, "likelihood of %d points in %d dimensions", n, d);
}

struct kernel likelihood_kernel(
	const struct gp_data *data, const double *theta, double *lengthscale)
{
	for (int k = 0; k < data->d; k++)
		lengthscale[k] = exp(theta[k]);
	return (struct kernel){
		data->family, data->d, data->categorical, lengthscale, exp(theta[data->d])};
}

double likelihood_noise(const struct gp_data *data, const double *theta, int i)
{
	return exp(theta[data->d + 1]) + (data->noise ? data->noise[i] : 0);
}

enum kr_status likelihood_check(
	const struct gp_data *data, const double *theta, struct kr_error *err)
{
	for (int k = 0; k < data->d + 2; k++) {
		double value = exp(theta[k]);

		if (!isfinite(value) || (k < data->d && !(value > 0)))
			return kr_fail(err, KR_ENONFINITE, "hyperparameter %d is exp(%g)", k, theta[k]);
	}
	return KR_OK;
}

static bool inputs_finite(const struct gp_data *data)
{
	double sum = 0;

	for (int j = 0; j < data->d; j++) {
		const double *x = mat_col(data->X, j);

		for (int i = 0; i < data->n; i++)
			sum += x[i] * 0;
	}
	for (int i = 0; data->noise && i < data->n; i++)
		sum += data->noise[i] * 0;
	return sum == 0;
}

/* K <- L of the covariance, G <- slopes, climbing the jitter ladder. The
 * covariance is made anew for each rung: rungs above the first are rare. */
static enum kr_status factor(struct likelihood *l, const struct kernel *k, const double *theta,
	bool with_gradient, struct kr_error *err)
{
	struct mat G = with_gradient ? l->G : (struct mat){0};
	enum kr_status status;

	for (int rung = 0; rung < CHOL_RUNGS; rung++) {
		l->jitter = chol_rung(rung) * k->outputscale;
		status = kernel_self(k, l->data->X, l->K, G, l->scratch, err);
		if (status != KR_OK)
			return status;
		for (int i = 0; i < l->data->n; i++)
			*mat_at(l->K, i, i) += likelihood_noise(l->data, theta, i) + l->jitter;
		if (chol_in_place(l->K))
			return KR_OK;
		if (rung == 0 && !inputs_finite(l->data))
			return kr_fail(err, KR_ENONFINITE, "covariance of %d points is not finite", l->data->n);
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

/* G <- M = (alpha alpha' - K^-1) o G, lower triangle; K holds K^-1. */
static void weigh(struct likelihood *l, const double *alpha)
{
	int n = l->data->n;

	for (int j = 0; j < n; j++) {
		const double *restrict k = mat_col(l->K, j), *restrict a = alpha;
		double *restrict g = mat_col(l->G, j), aj = alpha[j];

		for (int i = j; i < n; i++)
			g[i] *= a[i] * aj - k[i];
	}
}

static double numeric_slope(const struct likelihood *l, int k)
{
	const double *x = mat_col(l->C, k), *mx = mat_col(l->MC, k);
	const double *m1 = mat_col(l->MC, l->data->d);
	double sum = 0;

	for (int i = 0; i < l->data->n; i++)
		sum += x[i] * (x[i] * m1[i] - mx[i]);
	return sum / (l->lengthscale[k] * l->lengthscale[k]);
}

static double categorical_slope(const struct likelihood *l, int k)
{
	const double *x = mat_col(l->data->X, k);
	double sum = 0;

	for (int j = 0; j < l->data->n; j++) {
		const double *m = mat_col(l->G, j);

		for (int i = j + 1; i < l->data->n; i++)
			if (x[i] != x[j])
				sum += m[i];
	}
	return sum / (l->lengthscale[k] * l->lengthscale[k]);
}

/* From L in K, alpha and the quadratic form. Overwrites K and G. */
static bool gradient(
	struct likelihood *l, const double *theta, const double *alpha, double quad, double *grad)
{
	const struct gp_data *data = l->data;
	double trace = 0, noise_part = 0;

	if (blas_potri(l->K))
		return false;
	for (int i = 0; i < data->n; i++) {
		double w = alpha[i] * alpha[i] - *mat_at(l->K, i, i);

		trace += w;
		noise_part += likelihood_noise(data, theta, i) * w;
	}
	weigh(l, alpha);
	blas_symm(l->G, l->C, l->MC);
	for (int k = 0; k < data->d; k++)
		grad[k] = data->categorical && data->categorical[k] ? categorical_slope(l, k)
															: numeric_slope(l, k);
	grad[data->d] = 0.5 * (quad - data->n - noise_part);
	grad[data->d + 1] = 0.5 * exp(theta[data->d + 1]) * trace;
	for (int k = 0; k < data->d + 2; k++)
		if (!isfinite(grad[k]))
			return false;
	return true;
}

enum kr_status likelihood_eval(struct likelihood *l, const double *theta, double *lml, double *grad,
	double *dmean, struct kr_error *err)
{
	enum kr_status status = likelihood_check(l->data, theta, err);
	struct kernel k = likelihood_kernel(l->data, theta, l->lengthscale);
	int n = l->data->n;
	double *alpha = mat_col(l->U, 0), quad, sum = 0;

	if (status == KR_OK)
		status = factor(l, &k, theta, grad != NULL, err);
	if (status != KR_OK)
		return status;
	quad = residual(l);
	*lml = -0.5 * quad - 0.5 * chol_logdet_of(l->K) - n * half_ln_2pi;
	blas_trsm(true, l->K, mat_view(alpha, n, 1, n)); /* alpha = L^-T u */
	for (int i = 0; i < n; i++)
		sum += alpha[i];
	if (!isfinite(*lml) || !isfinite(sum))
		return kr_fail(err, KR_ENONFINITE, "log likelihood of %d points is not finite", n);
	if (dmean)
		*dmean = sum;
	if (grad && !gradient(l, theta, alpha, quad, grad))
		return kr_fail(err, KR_ENONFINITE, "slope of the likelihood of %d points", n);
	return KR_OK;
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
