/* Covariances between values and partial derivatives of a process with a radial kernel
 * k(x, z) = s2 f(r2), r2 = sum_c w_c (x_c - z_c)^2 + sum_{c categorical} w_c [x_c != z_c].
 *
 * Differentiation is linear, so that a value and its slopes are jointly Gaussian
 * (Rasmussen & Williams 2006, section 9.4). With F_m = (-2 d/dr2)^m f and u_c = w_c (x_c - z_c):
 *   cov(f(x),        f(z))        = s2 F_0
 *   cov(f(x),        df(z)/dz_j)  = s2 F_1 u_j
 *   cov(df(x)/dx_i,  f(z))        = -s2 F_1 u_i
 *   cov(df(x)/dx_i,  df(z)/dz_j)  = s2 ([i = j] F_1 w_i - F_2 u_i u_j)
 * Pure functions, thread-safe. */
#ifndef KR_GP_DERIVATIVE_DERIVATIVE_KERNEL_H
#define KR_GP_DERIVATIVE_DERIVATIVE_KERNEL_H

#include "gp/kernels/radial.h"
#include "gp/linalg/mat.h"

/* What is seen of f at row `point` of a matrix of points: part 0 is the value, part k >= 1 the
 * derivative in column k - 1. */
struct derivative_row {
	int point, part;
};

struct derivative_rows {
	const struct derivative_row *row;
	int n;
};

struct derivative_kernel {
	const struct radial *radial; /* with jet */
	const double *shape;         /* as struct radial has it */
	int d;
	const double *weight;             /* d: w_c = 1 / l_c^2, 0 where the kernel does not look */
	const unsigned char *categorical; /* d flags or NULL */
	double outputscale;
};

/* K <- covariances of the rows `a` of X with the rows `b` of Z, a.n x b.n. Rows of one point
 * stand together, in any order. u: scratch, d. Cost a.n b.n d. */
void derivative_kernel_cross(const struct derivative_kernel *k, struct mat X,
	struct derivative_rows a, struct mat Z, struct derivative_rows b, struct mat K, double *u);

/* grad[c] += 1/2 sum_ij W_ij dK_ij / d ln l_c, c < d, and grad[d] += the same for ln shape_0, for
 * the covariances K of the rows a of X with themselves; W symmetric, its lower triangle
 * read. u: scratch, 2 d. Cost a.n^2 d. */
void derivative_kernel_slope(const struct derivative_kernel *k, struct mat X,
	struct derivative_rows a, struct mat W, double *grad, double *u);

/* The prior variance of one row. */
double derivative_kernel_variance(const struct derivative_kernel *k, struct derivative_row row);

#endif
