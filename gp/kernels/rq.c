/* Rational quadratic (Rasmussen & Williams 2006, eq. 4.19): with u = r2 / (2 alpha),
 *   f(r2) = (1 + u)^-alpha = exp(-alpha log1p(u))
 *   g(r2) = -2 f'(r2) = f(r2) / (1 + u)
 *   df/dln alpha = -alpha f(r2) (log1p(u) - u / (1 + u))
 * The logarithm is log1p, so that a large alpha ends in the squared exponential. The
 * bracket is u^2/2 - 2u^3/3 + ... for small u, where its two parts cancel. */
#include <math.h>

#include "gp/kernels/radial.h"

/* Far enough for f to be nothing, near enough for u / (1 + u) to be a number. */
static const double largest = 1e300;
static const double small = 0.02; /* ten terms of the series are exact to 1e-17 below */

static double clamped(double r2, double alpha)
{
	double u = r2 / (2 * alpha);

	return u > largest ? largest : u; /* keeps NaN */
}

static void eval(size_t count, const double *shape, const double *r2, double *f, double *g)
{
	for (size_t i = 0; i < count; i++) {
		double u = clamped(r2[i], *shape), value = exp(-*shape * log1p(u));

		if (f)
			f[i] = value;
		if (g)
			g[i] = value / (1 + u);
	}
}

/* log1p(u) - u / (1 + u) = sum_{k >= 2} (k - 1)/k (-u)^k */
static double bracket(double u)
{
	double sum = 0;

	if (!(u < small))
		return log1p(u) - u / (1 + u);
	for (int k = 11; k >= 2; k--)
		sum = (k - 1.0) / k - u * sum;
	return u * u * sum;
}

static void shape_slope(size_t count, const double *shape, const double *r2, double *h)
{
	for (size_t i = 0; i < count; i++) {
		double u = clamped(r2[i], *shape);

		h[i] = -*shape * exp(-*shape * log1p(u)) * bracket(u);
	}
}

/* F[m] = f (1 + u)^-m prod_{k < m} (alpha + k) / alpha, and with it
 * dln F[m]/dln alpha = -alpha bracket - sum_{k < m} k / (alpha + k) + m u / (1 + u). */
static void jet(const double *shape, double r2, struct radial_jet *jet)
{
	double alpha = *shape, u = clamped(r2, alpha), slope = -alpha * bracket(u);

	jet->F[0] = exp(-alpha * log1p(u));
	for (int m = 0; m < 4; m++) {
		if (m > 0)
			jet->F[m] = jet->F[m - 1] * (1 + (m - 1) / alpha) / (1 + u);
		if (m > 1)
			slope -= (m - 1) / (alpha + m - 1);
		if (m < 3)
			jet->E[m] = jet->F[m] * (slope + m * u / (1 + u));
	}
}

/* tau is Gamma(alpha, rate alpha): E exp(-tau r2 / 2) = (1 + u)^-alpha. Marsaglia & Tsang 2000,
 * with one more than alpha and a power of a uniform number, so that a small alpha is right too. */
static double mixture(const double *shape, struct rng *r)
{
	double d = *shape + 1 - 1.0 / 3, c = 1 / sqrt(9 * d), z, v;

	do {
		z = rng_normal(r);
		v = (1 + c * z) * (1 + c * z) * (1 + c * z);
	} while (v <= 0 || log1p(-rng_uniform(r)) >= 0.5 * z * z + d * (1 - v + log(v)));
	return d * v / *shape * exp(log1p(-rng_uniform(r)) / *shape);
}

static const struct kernel_parameter parameters[] = {RADIAL_LENGTHSCALE,
	{"alpha", KERNEL_ONE, true, GP_PRIOR_TERM_LN(0, 1, -4.605170185988092, 6.907755278982137)},
	RADIAL_INACTIVE, {0}};
static const struct radial profile = {
	.eval = eval, .shape_slope = shape_slope, .jet = jet, .mixture = mixture};
const struct kernel_family kernel_rq = {.name = "rq",
	.parameters = parameters,
	.radial = &profile,
	.eval = radial_eval,
	.slope = radial_slope,
	.input = radial_input};
