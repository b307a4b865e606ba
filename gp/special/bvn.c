/* Legend: h, k the lower ends of the upper orthant L(h, k, r) = P(Z1 > h, Z2 > k), which is the
 * wanted distribution at -h, -k; as = a^2 = 1 - r^2, bs = (h - k)^2. */
#include "gp/special/bvn.h"

#include <math.h>

static const double sqrt_half = 0.70710678118654752440;
static const double two_pi = 6.28318530717958647693;

/* Gauss-Legendre on [-1, 1], 20 points: the positive half. */
enum { HALF = 10 };
static const double node[HALF] = {0.99312859918509492479, 0.96397192727791379127,
	0.91223442825132590587, 0.83911697182221882339, 0.74633190646015079261, 0.63605368072651502545,
	0.510867001950827098, 0.37370608871541956067, 0.22778585114164507808, 0.076526521133497333755};
static const double weight[HALF] = {0.017614007139152118312, 0.040601429800386941331,
	0.06267204833410906357, 0.083276741576704748725, 0.10193011981724043504, 0.11819453196151841731,
	0.1316886384491766269, 0.14209610931838205133, 0.14917298647260374679, 0.1527533871307258507};

/* exp(x) for x up to 0; nothing where it cannot be seen, as in Genz's program. */
static const double least_exponent = -100;

/* Phi(-far) is 0 in double precision: such an end is an infinite one. */
static const double far = 40;

static double upper(double z)
{
	return 0.5 * erfc(z * sqrt_half);
}

/* L = Phi(-h) Phi(-k) + (1 / 2 pi) integral of
 * exp(-(h^2 - 2 h k sin t + k^2) / (2 cos^2 t)) over t in [0, asin r]   (Genz 2004, eq. 3). */
static double moderate(double h, double k, double r)
{
	double half = 0.5 * asin(r), mean = 0.5 * (h * h + k * k), sum = 0;

	for (int i = 0; i < HALF; i++)
		for (int sign = -1; sign <= 1; sign += 2) {
			double s = sin(half * (1 + sign * node[i]));

			sum += weight[i] * exp((s * h * k - mean) / (1 - s * s));
		}
	return half * sum / two_pi + upper(h) * upper(k);
}

/* What is missing of the limit |r| = 1: the integral of the density from r to 1 with its Taylor
 * part taken out and integrated exactly (Genz 2004, section 2). r > 0. */
static double missing(double h, double k, double r)
{
	double as = (1 - r) * (1 + r), a = sqrt(as), bs = (h - k) * (h - k), hk = h * k;
	double c = (4 - hk) / 8, d = (12 - hk) / 80, exponent = -0.5 * (bs / as + hk), value = 0;

	if (exponent > least_exponent)
		value = a * exp(exponent) * (1 - c * (bs - as) * (1 - d * bs) / 3 + c * d * as * as);
	if (hk > least_exponent) {
		double b = sqrt(bs);

		value -= exp(-0.5 * hk) * sqrt(two_pi) * upper(b / a) * b * (1 - c * bs * (1 - d * bs) / 3);
	}
	for (int i = 0; i < HALF; i++)
		for (int sign = -1; sign <= 1; sign += 2) {
			double root = 0.5 * a * (1 + sign * node[i]), x = root * root;

			exponent = -0.5 * (bs / x + hk);
			if (exponent > least_exponent) {
				double rs = sqrt(1 - x), taylor = 1 + c * x * (1 + 5 * d * x);
				double density = exp(-0.5 * hk * x / ((1 + rs) * (1 + rs))) / rs;

				value += 0.5 * a * weight[i] * exp(exponent) * (density - taylor);
			}
		}
	return value / two_pi;
}

/* The limits of |r| = 1: one normal decides both events. */
static double extreme(double h, double k, double r)
{
	double part = fabs(r) < 1 ? missing(h, r < 0 ? -k : k, fabs(r)) : 0;

	if (r > 0)
		return upper(fmax(h, k)) - part;
	if (h >= -k)
		return part;
	return part + (h < 0 ? upper(k) - upper(-h) : upper(h) - upper(-k));
}

double bvn_cdf(double h, double k, double rho)
{
	double p;

	if (isnan(h) || isnan(k) || !(fabs(rho) <= 1))
		return NAN;
	if (fabs(h) > far)
		return h < 0 ? 0 : upper(-k);
	if (fabs(k) > far)
		return k < 0 ? 0 : upper(-h);
	p = fabs(rho) < 0.925 ? moderate(-h, -k, rho) : extreme(-h, -k, rho);
	return fmin(fmax(p, 0), 1);
}
