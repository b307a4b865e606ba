/* The log marginal likelihood of y ~ N(m 1, s2 k(X,X) + diag(noise)) and its
 * gradient, for one evaluation (gp_lml) or for a whole fit (struct likelihood, whose
 * workspace is made once).
 *
 * Hyperparameters travel as theta, d + 2 doubles:
 *   theta[0..d-1] = ln lengthscale_i, theta[d] = ln outputscale s2,
 *   theta[d+1] = ln noise variance (-inf for none). The mean m is profiled
 *   (generalized least squares, m = 1'K^-1 y / 1'K^-1 1) unless given.
 * When the covariance cannot be factored, jitter joins the noise: 1e-10 to 1e-4 of
 * the outputscale. Not thread-safe: one owner. */
#ifndef KR_GP_LIKELIHOOD_H
#define KR_GP_LIKELIHOOD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "gp/kernels/kernel.h"
#include "gp/linalg/mat.h"

/* Training data and structure, n >= 1 and d >= 1. Everything is borrowed. */
struct gp_data {
	const struct kernel_family *family;
	int n, d;
	struct mat X;                     /* n x d */
	const unsigned char *categorical; /* d flags or NULL */
	const double *y;                  /* n */
	const double *noise;              /* n known variances added to theta's, or NULL */
	const double *mean;               /* the known mean, NULL: profiled */
};

/* Log marginal likelihood (Rasmussen & Williams 2006, eq. 2.30) and its gradient
 * in theta (eq. 5.9), all lengthscales in one GEMM.
 *   grad   d + 2, or NULL for the value only
 *   dmean  d lml / d m, or NULL (0 at a profiled mean)
 * Errors: KR_ENOTPD, KR_ENONFINITE, KR_ENOMEM. Cost n^3 with grad, n^3/3 without. */
enum kr_status gp_lml(const struct gp_data *data, const double *theta, double *lml, double *grad,
	double *dmean, struct arena *scratch, struct kr_error *err);

/* The workspace; lives in the arena it was made from, borrows the data. */
struct likelihood {
	const struct gp_data *data;
	struct arena *scratch;
	struct mat K, G;     /* n x n; G only with gradient */
	struct mat C, MC;    /* n x (d + 1): centred X and a column of ones; M C */
	struct mat U;        /* n x 2: L^-1 y and L^-1 1; later alpha in column 0 */
	double *lengthscale; /* d */
	double jitter;       /* of the last evaluation */
	double mean;
};

/* Errors: KR_ENOMEM. */
enum kr_status likelihood_init(struct likelihood *l, const struct gp_data *data, bool with_gradient,
	struct arena *a, struct kr_error *err);

/* As gp_lml; grad and dmean may be NULL. */
enum kr_status likelihood_eval(struct likelihood *l, const double *theta, double *lml, double *grad,
	double *dmean, struct kr_error *err);

/* KR_ENONFINITE unless every exp(theta) is finite and every lengthscale above 0. */
enum kr_status likelihood_check(
	const struct gp_data *data, const double *theta, struct kr_error *err);

/* The kernel of data under theta; lengthscale (d) is filled and borrowed. */
struct kernel likelihood_kernel(
	const struct gp_data *data, const double *theta, double *lengthscale);

/* Noise variance of observation i under theta. */
double likelihood_noise(const struct gp_data *data, const double *theta, int i);

#endif
