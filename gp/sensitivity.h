/* Sobol' indices: which inputs a function depends on, for independent uniform inputs in a box
 * (Sobol' 1993, Homma & Saltelli 1996). Of the variance V of f
 *   first_i  the part explained by x_i alone, Var E[f | x_i] / V
 *   total_i  the part that x_i has a share in, E Var[f | the others] / V
 *   pair_ij  that of x_i and x_j together, beyond the first orders
 * All are 0 when f is constant. */
#ifndef KR_GP_SENSITIVITY_H
#define KR_GP_SENSITIVITY_H

#include "base/arena.h"
#include "base/rng.h"
#include "base/status.h"
#include "gp/linalg/mat.h"
#include "gp/model.h"

/* In the arena it was made from. */
struct sensitivity {
	double mean, variance;
	double *first, *total; /* d */
	struct mat pair;       /* d x d, zeros on the diagonal; p NULL: not computed */
};

/* Of the posterior mean of a model with one rbf leaf, in closed form (integrals of products of
 * Gaussians); the others by sensitivity_of_function. Categorical columns have equally likely
 * choices.
 *   column        of the model's outcomes
 *   lower, upper  d, the box of the numeric columns; equal: a fixed input
 *   choices       d, how many a categorical column has; NULL without
 * Errors: KR_INVALID_ARGUMENT (another kernel, a warp, no choices, a box that is none), KR_ENOMEM.
 * Cost n^2 d. pair is not computed. */
enum kr_status sensitivity_of_mean(const struct gp *g, int column, const double *lower,
	const double *upper, const int *choices, struct sensitivity *s, struct arena *a,
	struct kr_error *err);

/* f (rows of X) <- values at the rows of X, which it may round in place (to choices, say); an error
 * ends the computation. */
typedef enum kr_status sensitivity_function(
	void *context, struct mat X, double *f, struct arena *scratch, struct kr_error *err);

/* Most inputs of sensitivity_of_function: a grid has at least four points in each. */
enum { SENSITIVITY_MAX_INPUTS = 10 };

/* Of any function, by a grid of two panels of Gauss-Legendre points in each input: as many as a
 * million points allow, at most 20 a panel. Exact to rounding for smooth functions of few
 * inputs, and for kinks in the middle of the box.
 * Errors: KR_TOO_LARGE (too many inputs), KR_INVALID_ARGUMENT (a box that is none),
 * KR_ENONFINITE, KR_ENOMEM, those of f. */
enum kr_status sensitivity_of_function(sensitivity_function *f, void *context, int d,
	const double *lower, const double *upper, struct sensitivity *s, struct arena *a,
	struct kr_error *err);

/* The same by 2 + d times `samples` evaluations at random points, for more inputs: the first
 * orders of Saltelli et al. 2010 and the totals of Jansen 1999. Standard errors are near
 * 1 / sqrt(samples); pair is not computed. Errors: KR_INVALID_ARGUMENT (a box that is none),
 * KR_ENONFINITE, KR_ENOMEM, those of f. */
enum kr_status sensitivity_of_samples(sensitivity_function *f, void *context, int d,
	const double *lower, const double *upper, int samples, struct rng *r, struct sensitivity *s,
	struct arena *a, struct kr_error *err);

#endif
