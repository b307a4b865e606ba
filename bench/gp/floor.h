/* The least that a likelihood takes: one ARD Matern-5/2 log marginal likelihood with its
 * gradient in straight C on BLAS and LAPACK, without jitter, checks, mean, categorical
 * columns or near-duplicates (squared distances from one product), compiled with -ffast-math. A
 * floor to divide by, no example to follow. */
#ifndef KR_BENCH_GP_FLOOR_H
#define KR_BENCH_GP_FLOOR_H

#include "base/arena.h"

struct floor_work {
	int n, d;
	const double *X, *y;               /* n x d, n */
	double *Z, *W;                     /* n x d */
	double *K, *C, *S;                 /* n x n */
	double *squares, *alpha, *row_sum; /* n */
};

/* Borrows X and y; the workspace is in a. */
void floor_init(
	struct floor_work *f, int n, int d, const double *X, const double *y, struct arena *a);

/* The log marginal likelihood with mean 0; theta and grad (d + 2): ln lengthscales, ln
 * outputscale, ln noise. NaN when the covariance can't be factored. */
double floor_lml(struct floor_work *f, const double *theta, double *grad);

/* What 1,000 predictions with gradients cannot do without: the solves L^-1 K* and L^-T V (n x b)
 * and the products for distances (n x d x b) and for the gradient (d x n x b).
 *   L  n x n    V  n x b, overwritten    P  b x d */
void floor_predict(
	int n, int d, int b, const double *L, const double *X, const double *T, double *V, double *P);

#endif
