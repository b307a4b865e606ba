/* The log marginal likelihood of y ~ N(m 1, s2 k(X,X) + diag(noise)) and its
 * gradient, for one evaluation (gp_lml) or for a whole fit (struct likelihood, whose
 * workspace is made once).
 *
 * Hyperparameters travel as theta, gp_theta_size doubles: those of the kernel (kernel.h;
 * of a scaled radial one ln lengthscale_i and ln outputscale), those of the warp if there is one
 * (warp.h), and last ln noise variance (-inf for none). The mean m is profiled (generalized least squares,
 * m = 1'K^-1 y / 1'K^-1 1) unless given.
 * When the covariance cannot be factored, jitter joins the noise: 1e-10 to 1e-4 of
 * the largest prior variance. Not thread-safe: one owner. */
#ifndef KR_GP_LIKELIHOOD_H
#define KR_GP_LIKELIHOOD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "gp/kernels/kernel.h"
#include "gp/linalg/mat.h"

/* Training data and structure, n >= 1 and d >= 1. Everything is borrowed.
 *
 * Replicates: observations of one point with the same known variance may be one row, count_i of
 * them with the mean y_i and the sum of squares spread_i about it. That is exact in the likelihood,
 * its gradient and the posterior, with a noise that is learnt as well: with
 * s_i = exp(theta's ln noise) + noise_i, the row has the noise s_i / count_i, and the
 * likelihood of all observations is that of the means times
 *   prod_i (2 pi s_i)^-(count_i - 1)/2 count_i^-1/2 exp(-spread_i / 2 s_i),
 * because a normal sample's mean and deviations from it are independent. Replicates need a noise:
 * the likelihood of a row with s_i = 0 and count_i > 1 is not finite. */
struct gp_data {
	const struct kernel_term *kernel;
	int n, d;
	struct mat X;                     /* n x d */
	const unsigned char *categorical; /* d flags or NULL */
	const double *y;                  /* n */
	const double *noise;              /* n known variances added to theta's, or NULL */
	const double *mean;               /* the known mean, NULL: profiled */
	bool warp;                        /* points pass through a warp of their own: X in [0, 1] */
	const double *count, *spread;     /* n each, or NULL: every row is one observation */
};

int gp_theta_size(const struct gp_data *data);

/* Log marginal likelihood (Rasmussen & Williams 2006, eq. 2.30) and its gradient
 * in theta (eq. 5.9), all lengthscales of a leaf in one GEMM.
 *   grad   gp_theta_size, or NULL for the value only
 *   dmean  d lml / d m, or NULL (0 at a profiled mean)
 * Errors: KR_ENOTPD, KR_ENONFINITE, KR_ENOMEM. Cost n^3 with grad, n^3/3 without. */
enum kr_status gp_lml(const struct gp_data *data, const double *theta, double *lml, double *grad,
	double *dmean, struct arena *scratch, struct kr_error *err);

/* The workspace; lives in the arena it was made from, borrows the data. */
struct likelihood {
	const struct gp_data *data;
	struct arena *scratch;
	struct mat K;             /* n x n */
	struct kernel_tape *tape; /* only with gradient */
	struct mat U;             /* n x 2: L^-1 y and L^-1 1; later alpha in column 0 */
	double *value;            /* kernel_parameters */
	struct mat X;             /* what the kernel sees: the data's points, or they warped */
	struct mat V, D;          /* n x n, n x d: of a warp with gradient */
	double jitter;            /* of the last evaluation */
	double mean;
};

/* Errors: KR_ENOMEM. */
enum kr_status likelihood_init(struct likelihood *l, const struct gp_data *data, bool with_gradient,
	struct arena *a, struct kr_error *err);

/* As gp_lml; grad and dmean may be NULL. */
enum kr_status likelihood_eval(struct likelihood *l, const double *theta, double *lml, double *grad,
	double *dmean, struct kr_error *err);

/* KR_ENONFINITE unless every value of theta is finite in natural units, and above 0 when it is of
 * a positive parameter of the kernel. */
enum kr_status likelihood_check(
	const struct gp_data *data, const double *theta, struct kr_error *err);

/* The kernel of data under theta; value (kernel_parameters) is filled and borrowed. */
struct kernel likelihood_kernel(const struct gp_data *data, const double *theta, double *value);

/* Where the warp is in theta. */
const double *likelihood_warp(const struct gp_data *data, const double *theta);

/* Noise variance of row i under theta; how many observations it is, which its slope in ln noise,
 * exp(ln noise) / count, needs. */
double likelihood_noise(const struct gp_data *data, const double *theta, int i);
double likelihood_count(const struct gp_data *data, int i);

/* What the deviations of the replicates within row i add to the log likelihood; *slope (may be
 * NULL) += its slope in ln noise. 0 for one observation. */
double likelihood_within(const struct gp_data *data, const double *theta, int i, double *slope);

/* Largest k(x_i, x_i): what jitter is relative to. Errors: KR_ENOMEM. */
enum kr_status likelihood_scale(const struct kernel *k, struct mat X, double *scale,
	struct arena *scratch, struct kr_error *err);

#endif
