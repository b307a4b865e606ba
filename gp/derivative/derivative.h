/* Gaussian-process regression on values and derivatives of f (Rasmussen & Williams 2006,
 * section 9.4): any of f, df/dx_1 .. df/dx_d may be known at any point. Small data:
 * every value and every derivative is one row of the covariance.
 *
 * The kernel is one radial leaf with a jet (radial.h): its functions must have derivatives, as
 * those of rbf, rq, matern52 and, once in mean square, matern32. The mean m acts on values;
 * when not given it is profiled, and 0 when no value was observed.
 *
 * theta, derivative_theta_size doubles: those of the kernel (ln lengthscale_i, ln outputscale),
 * ln noise_f (the noise variance of values), ln noise_g (of derivatives); -inf for none.
 * A covariance that cannot be factored gets jitter, 1e-10 to 1e-4 of each row's variance. */
#ifndef KR_GP_DERIVATIVE_DERIVATIVE_H
#define KR_GP_DERIVATIVE_DERIVATIVE_H

#include "base/arena.h"
#include "base/status.h"
#include "gp/derivative/derivative_kernel.h"
#include "gp/kernels/kernel.h"
#include "gp/linalg/mat.h"

/* Most rows (observed values and derivatives together): 32 MiB a matrix, seconds a fit. */
enum { DERIVATIVE_MAX_ROWS = 2000 };

/* n >= 1 points, d >= 1 inputs; everything is borrowed. */
struct derivative_data {
	const struct kernel_term *kernel;
	int n, d;
	struct mat X;                     /* n x d */
	const unsigned char *categorical; /* d flags or NULL; no derivative there */
	struct mat Y;                     /* n x (d + 1): f, df/dx_1 .. df/dx_d */
	const unsigned char *observed;    /* n (d + 1) flags in the order of Y's columns; NULL: all
	                                     values, and derivatives in numeric columns */
	const double *mean;               /* the known mean, NULL: profiled */
};

/* Numbers in theta. */
int derivative_theta_size(const struct derivative_data *data);

/* A model under theta. Lives in the arena it was made from, borrows the data's X. */
struct derivative_model {
	const struct derivative_data *data;
	struct derivative_kernel kernel;
	double *value;               /* of the kernel, natural units */
	struct derivative_rows rows; /* the observed ones, point after point */
	struct mat L;                /* of the covariance of the rows */
	double *alpha;               /* K^-1 (y - m) */
	double noise[2];             /* of values, of derivatives */
	double mean, lml;            /* lml: log marginal likelihood (R & W 2006, eq. 2.30) */
	double quad;                 /* (y - m)' alpha */
	double jitter;               /* as a part of each row's prior variance */
};

/* Errors: KR_INVALID_ARGUMENT (a kernel without derivatives, a derivative observed in a column
 * that is categorical or that the kernel does not see, nothing observed), KR_TOO_LARGE
 * (over DERIVATIVE_MAX_ROWS rows), KR_ENONFINITE, KR_ENOTPD, KR_ENOMEM. Cost N^3/3 for N rows. */
enum kr_status derivative_condition(struct derivative_model *g, const struct derivative_data *data,
	const double *theta, struct arena *a, struct kr_error *err);

/* grad (derivative_theta_size) <- the gradient of lml in theta (eq. 5.9).
 * Errors: KR_ENONFINITE, KR_ENOMEM. Cost N^3. */
enum kr_status derivative_slope(
	const struct derivative_model *g, double *grad, struct arena *scratch, struct kr_error *err);

/* The posterior (without noise) of values and derivatives of f at the rows of Z, in the order of
 * `rows`: mean (rows.n) and cov (rows.n square, full; p NULL: not wanted). The mean of a
 * derivative is the derivative of the mean. Errors: KR_ENOMEM. Cost N^2 rows.n. */
enum kr_status derivative_predict(const struct derivative_model *g, struct mat Z,
	struct derivative_rows rows, double *mean, struct mat cov, struct arena *scratch,
	struct kr_error *err);

/* f, df/dx_1 .. df/dx_d of n points, point after point: n (d + 1) rows in the arena; row NULL
 * when it is full. */
struct derivative_rows derivative_rows_all(int n, int d, struct arena *a);

#endif
