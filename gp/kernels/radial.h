/* Covariance functions of a scaled squared distance:
 *
 *   k(x, x') = s2 f(r2),
 *   r2 = sum_{numeric} ((x_i - x'_i) / l_i)^2 + sum_{categorical} [x_i != x'_i] / l_i^2
 *
 * The categorical part is that of a one-hot embedding, so every profile stays
 * positive definite.
 *
 * A leaf that is declared conditional reads NaN as inactive. An inactive value stands for the
 * middle of its column, and r2 grows by inactive^2 [one of x_i, x'_i is inactive] for each
 * numeric column. That is the squared distance of points with a further coordinate,
 * inactive * [x_i is active], for each column, so every profile stays positive definite.
 * (A constant in place of the difference to the middle would not do: sum c_i c_j r2_ij <= 0 for
 * all c with sum 0 fails for an inactive point and two active ones, c = (-2, 1, 1), as soon as these
 * are more than twice the constant apart.)
 * Distances, scaling and gradients are here, once; a family gives
 * f and its slope. */
#ifndef KR_GP_KERNELS_RADIAL_H
#define KR_GP_KERNELS_RADIAL_H

#include "base/rng.h"
#include "gp/kernels/kernel.h"

/* Derivatives of a profile at one r2 >= 0: F[m] = (-2 d/dr2)^m f, and E[m] = dF[m]/dln shape_0,
 * 0 without a shape. What is infinite at r2 = 0 counts as 0 there: it is only ever
 * multiplied with differences of points that vanish faster. */
struct radial_jet {
	double F[4], E[3];
};

struct radial {
	/* f(r2) and g = -2 f'(r2), element by element; f and g may be NULL; either may
	 * alias r2. r2 >= 0. shape: the values that the family declares after its
	 * lengthscales. dk/dln l_i = s2 g (x_i - x'_i)^2 / l_i^2. */
	void (*eval)(size_t count, const double *shape, const double *r2, double *f, double *g);

	/* h <- df/dln shape_0 (one shape parameter at most); NULL without. May alias r2. */
	void (*shape_slope)(size_t count, const double *shape, const double *r2, double *h);

	/* g grows beyond bounds near 0: slopes of lengthscales are then summed from squared
	 * differences, as g times products of coordinates would leave nothing of close points. */
	bool unbounded;

	/* NULL when functions of this kernel have no derivatives. */
	void (*jet)(const double *shape, double r2, struct radial_jet *jet);

	/* A random tau with f(r2) = E exp(-tau r2 / 2) (spectrum.h); NULL when not known. */
	double (*mixture)(const double *shape, struct rng *r);
};

/* The lengthscales, as every radial family declares them first (Hvarfner, Hellsten &
 * Nardi 2024: lognormal(sqrt 2 + ln(d)/2, sqrt 3)). */
#define RADIAL_LENGTHSCALE                                                                 \
	{                                                                                      \
		"lengthscale", KERNEL_PER_COLUMN, true,                                            \
		{                                                                                  \
			.shape = GP_PRIOR_LOGNORMAL, .a = 1.4142135623730951, .b = 1.7320508075688772, \
			.lower = -4.605170185988091, .upper = 4.605170185988092, .lengthscale = true   \
		}                                                                                  \
	}

/* How a leaf reads inactive values (NaN), by size[0] and size[1]. Numeric ones stand for
 * the middle, 0.5; an inactive choice is a choice of its own. */
enum {
	RADIAL_INACTIVE_SIZE, /* 1: points of which one is active are also `inactive` apart */
	RADIAL_MIDDLE_SIZE    /* 1: they are not: the leaf is multiplied by `active` */
};

/* Does t, or a leaf below it, read them? */
bool radial_conditional(const struct kernel_term *t);

/* The distance `inactive` of a leaf that has it, as every radial family declares it last
 * (lognormal(0, 1) as a density of the logarithm). */
#define RADIAL_INACTIVE                                                          \
	{                                                                            \
		"inactive", KERNEL_PER_SIZE, true,                                       \
		{                                                                        \
			.shape = GP_PRIOR_LOGNORMAL_LN, .b = 1, .lower = -4.605170185988091, \
			.upper = 4.605170185988092                                           \
		}                                                                        \
	}

/* Of a family without shape parameters. */
extern const struct kernel_parameter radial_parameters[];

/* r2 (n x m) <- the scaled squared distances; lower: the first rows of X are Z,
 * lower triangle only.
 * Errors: KR_ENOMEM. */
enum kr_status radial_distances(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
	struct mat r2, struct arena *a, struct kr_error *err);

/* The operations of a radial leaf, as struct kernel_family states them. G: s2 g. */
enum kr_status radial_eval(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
	struct mat K, struct mat G, struct arena *a, struct kr_error *err);
enum kr_status radial_slope(const struct kernel_leaf *l, struct mat X, struct mat G, struct mat W,
	double *grad, struct arena *a, struct kr_error *err);
enum kr_status radial_input(const struct kernel_leaf *l, struct mat X, struct mat Z, struct mat G,
	struct mat W, struct mat D, struct arena *a, struct kr_error *err);

/* The mixture of a Matern kernel with nu = twice_nu / 2: tau = 2 nu / chi^2_(2 nu), which makes
 * frequencies those of a multivariate t with 2 nu degrees of freedom. */
double radial_matern_mixture(int twice_nu, struct rng *r);

/* A radial family of this profile. */
#define RADIAL_FAMILY(name_, profile_)                                          \
	{                                                                           \
		.name = (name_), .parameters = radial_parameters, .radial = (profile_), \
		.eval = radial_eval, .slope = radial_slope, .input = radial_input       \
	}

#endif
