/* Matern 1/2, or exponential (Rasmussen & Williams 2006, eq. 4.18 with gamma 1): with a = sqrt(r2),
 *   f(r2) = exp(-a)
 *   g(r2) = -2 f'(r2) = exp(-a) / a
 * g is unbounded at 0, where it is given as 0: all that it is multiplied by, squared
 * differences, is 0 there too. */
#include <string.h>

#include "gp/kernels/radial.h"
#include "gp/kernels/simd.h"

/* Three loops, because the compiler makes vectors of each but not of their union. */
SIMD_CLONES static void eval(
	size_t count, const double *shape, const double *r2, double *f, double *g)
{
	double a[SIMD_BLOCK] = {0}, fb[SIMD_BLOCK], gb[SIMD_BLOCK];

	(void)shape;
	for (size_t at = 0; at < count; at += SIMD_BLOCK) {
		size_t n = count - at < SIMD_BLOCK ? count - at : SIMD_BLOCK;

		memcpy(a, r2 + at, sizeof(*a) * n);
		for (int i = 0; i < SIMD_BLOCK; i++)
			a[i] = sqrt(a[i]);
		for (int i = 0; i < SIMD_BLOCK; i++)
			a[i] = a[i] > simd_exp_max ? simd_exp_max : a[i]; /* keeps NaN */
		for (int i = 0; i < SIMD_BLOCK; i++)
			fb[i] = exp(-a[i]);
		for (int i = 0; i < SIMD_BLOCK; i++)
			gb[i] = a[i] == 0 ? 0 : fb[i] / a[i];
		if (f)
			memcpy(f + at, fb, sizeof(*f) * n);
		if (g)
			memcpy(g + at, gb, sizeof(*g) * n);
	}
}

static double mixture(const double *shape, struct rng *r)
{
	(void)shape;
	return radial_matern_mixture(1, r);
}

static const struct radial profile = {.eval = eval, .unbounded = true, .mixture = mixture};
const struct kernel_family kernel_matern12 = RADIAL_FAMILY("matern12", &profile);
