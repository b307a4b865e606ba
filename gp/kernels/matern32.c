/* Matern 3/2 (Rasmussen & Williams 2006, eq. 4.17): with a = sqrt(3 r2),
 *   f(r2) = (1 + a) exp(-a)
 *   g(r2) = -2 f'(r2) = 3 exp(-a) */
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
			a[i] = sqrt(3 * a[i]);
		for (int i = 0; i < SIMD_BLOCK; i++)
			a[i] = a[i] > simd_exp_max ? simd_exp_max : a[i]; /* keeps NaN */
		for (int i = 0; i < SIMD_BLOCK; i++) {
			double e = exp(-a[i]);

			fb[i] = (1 + a[i]) * e;
			gb[i] = 3 * e;
		}
		if (f)
			memcpy(f + at, fb, sizeof(*f) * n);
		if (g)
			memcpy(g + at, gb, sizeof(*g) * n);
	}
}

/* -2 d/dr2 = -(3/a) d/da. */
static void jet(const double *shape, double r2, struct radial_jet *jet)
{
	double a = sqrt(3 * r2), e = exp(-a), i = a > 0 ? 1 / a : 0;

	(void)shape;
	*jet = (struct radial_jet){.F = {(1 + a) * e, 3 * e, 9 * e * i, 27 * e * (1 + i) * i * i}};
}

static double mixture(const double *shape, struct rng *r)
{
	(void)shape;
	return radial_matern_mixture(3, r);
}

static const struct radial profile = {.eval = eval, .jet = jet, .mixture = mixture};
const struct kernel_family kernel_matern32 = RADIAL_FAMILY("matern32", &profile);
