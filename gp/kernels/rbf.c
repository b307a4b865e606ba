/* Squared exponential (Rasmussen & Williams 2006, eq. 4.9):
 *   f(r2) = exp(-r2 / 2),   g(r2) = -2 f'(r2) = f(r2) */
#include <string.h>

#include "gp/kernels/radial.h"
#include "gp/kernels/simd.h"

SIMD_CLONES static void eval(
	size_t count, const double *shape, const double *r2, double *f, double *g)
{
	double a[SIMD_BLOCK] = {0}, fb[SIMD_BLOCK];

	(void)shape;
	for (size_t at = 0; at < count; at += SIMD_BLOCK) {
		size_t n = count - at < SIMD_BLOCK ? count - at : SIMD_BLOCK;

		memcpy(a, r2 + at, sizeof(*a) * n);
		for (int i = 0; i < SIMD_BLOCK; i++)
			a[i] = 0.5 * a[i];
		for (int i = 0; i < SIMD_BLOCK; i++)
			a[i] = a[i] > simd_exp_max ? simd_exp_max : a[i]; /* keeps NaN */
		for (int i = 0; i < SIMD_BLOCK; i++)
			fb[i] = exp(-a[i]);
		if (f)
			memcpy(f + at, fb, sizeof(*f) * n);
		if (g)
			memcpy(g + at, fb, sizeof(*g) * n);
	}
}

static void jet(const double *shape, double r2, struct radial_jet *jet)
{
	double f = exp(-0.5 * r2);

	(void)shape;
	*jet = (struct radial_jet){.F = {f, f, f, f}};
}

static double mixture(const double *shape, struct rng *r)
{
	(void)shape;
	(void)r;
	return 1;
}

static const struct radial profile = {.eval = eval, .jet = jet, .mixture = mixture};
const struct kernel_family kernel_rbf = RADIAL_FAMILY("rbf", &profile);
