/* Legend: S0 = -g Phi / phi = 1 - i + 3 i^2 - 15 i^3 + .., i = 1/g^2, the series of Mills' ratio
 * (Abramowitz & Stegun 26.2.12); S1 = (1 - S0) / i. With a = -g
 *
 *   r = a / S0,   w = S1 / (a S0),   1 + g w = (S0 - S1) / S0 = i T / S0,
 *   var = i V / S0^2,   w^2 - var = i^2 U / S0^2,
 *   V = T S0 - S1^2,    U = (2 S1^2 - T S0) / i.
 *
 * Each of the left sides is a difference of numbers that agree in more and more digits as g
 * falls; the polynomials T, V and U have no such differences left. */
#include "acquisition/function/truncated.h"

#include <math.h>
#include <stddef.h>

#include "gp/special/special.h"

static const double series_below = -15; /* the first omitted terms are below 1e-12 there */

enum { TERMS = 11 };

static double polynomial(const double *c, double i)
{
	double sum = 0;
	for (int k = TERMS - 1; k >= 0; k--)
		sum = sum * i + c[k];
	return sum;
}

static struct truncated tail(double g)
{
	static const double s0[TERMS] = {
		1, -1, 3, -15, 105, -945, 10395, -135135, 2027025, -34459425, 654729075};
	static const double s1[TERMS] = {
		1, -3, 15, -105, 945, -10395, 135135, -2027025, 34459425, -654729075, 13749310575};
	static const double t[TERMS] = {
		2, -12, 90, -840, 9450, -124740, 1891890, -32432400, 620269650, -13094581500, 302484832650};
	static const double v[TERMS] = {
		1, -8, 69, -696, 8205, -111600, 1727145, -30033360, 580435065, -12351641400, 287110471725};
	static const double u[TERMS] = {2, -30, 396, -5460, 81990, -1355130, 24658200, -492224040,
		10726591050, -253860556950, 6491652344100};
	double a = -g, i = 1 / (g * g), S0 = polynomial(s0, i), r = a / S0;
	double w = polynomial(s1, i) / (a * S0);

	return (struct truncated){.r = r,
		.w = w,
		.lost = r * w,
		.var = i * polynomial(v, i) / (S0 * S0),
		.dvar = i / a * polynomial(u, i) / (S0 * S0 * S0), /* r i^2 = i / (a S0) */
		.info = g * w / 2 + SPECIAL_HALF_LN_2PI + log(r),
		.dinfo = -polynomial(t, i) / (2 * a * S0 * S0)};
}

/* w = h / Phi with h the expected improvement in standard units, the inverse slope of ln h: no
 * difference of g and r is taken. Below 0 the entropy is that of the tail, so that squares of g
 * do not cancel. */
struct truncated truncated_below(double g)
{
	struct truncated t;
	double slope;

	if (g < series_below)
		return tail(g);
	special_log_h(g, &slope);
	t.r = special_hazard(-g);
	t.w = 1 / slope;
	t.lost = t.r * t.w;
	t.var = g < 0 ? 1 + g * t.w - t.w * t.w : 1 - t.lost;
	t.dvar = t.r > 0 ? t.r * (t.w * t.w - t.var) : 0;
	t.info = g < 0 ? g * t.w / 2 + SPECIAL_HALF_LN_2PI + log(t.r)
				   : g * t.r / 2 - special_log_cdf(g);
	t.dinfo = t.r > 0 ? -t.r * (1 + g * t.w) / 2 : 0;
	return t;
}
