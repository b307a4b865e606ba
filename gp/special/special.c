/* R(u) = Phi(u) / phi(u) = sqrt(pi/2) erfcx(-u / sqrt 2) carries the left tails:
 * phi underflows at -38, R does not. */
#include "gp/special/special.h"

#include <cerf.h>
#include <math.h>
#include <stddef.h>

static const double sqrt_half_pi = 1.2533141373155002512;
static const double sqrt_half = 0.70710678118654752440;
static const double inv_sqrt_2pi = 0.39894228040143267794;

/* u^2 times the error of erfcx is what 1 + u R loses; below, the series are exact. */
static const double series_below = -30;

double special_erfcx(double x)
{
	return erfcx(x);
}

double special_log_pdf(double z)
{
	return -0.5 * z * z - SPECIAL_HALF_LN_2PI;
}

/* The Mills ratio series (Abramowitz & Stegun 26.2.12), i = 1/u^2:
 * -u R = 1 - i + 3 i^2 - 15 i^3 + ...,   (1 + u R) / i = 1 - 3 i + 15 i^2 - ... */
static double log_h_tail(double u, double *slope)
{
	double i = 1 / (u * u);
	double rest = -i * (3 - i * (15 - i * (105 - i * (945 - i * (10395 - i * 135135)))));
	double mills = 1 - i * (1 - i * (3 - i * (15 - i * (105 - i * (945 - i * 10395)))));

	if (slope)
		*slope = -u * mills / (1 + rest);
	return special_log_pdf(u) - 2 * log(-u) + log1p(rest);
}

double special_log_h(double u, double *slope)
{
	double cdf, h, R;

	if (u <= series_below)
		return log_h_tail(u, slope);
	if (u <= -1) {
		R = sqrt_half_pi * erfcx(-u * sqrt_half);
		if (slope)
			*slope = R / (1 + u * R);
		return special_log_pdf(u) + log1p(u * R);
	}
	cdf = 0.5 * erfc(-u * sqrt_half);
	h = inv_sqrt_2pi * exp(-0.5 * u * u) + u * cdf;
	if (slope)
		*slope = cdf / h;
	return log(h);
}

double special_log_cdf(double z)
{
	if (z > 0)
		return log1p(-0.5 * erfc(z * sqrt_half));
	if (z > -1)
		return log(0.5 * erfc(-z * sqrt_half));
	return log(0.5 * erfcx(-z * sqrt_half)) - 0.5 * z * z;
}

/* The difference of two tails in log space: with |a| > |b| after a reflection where the mass is on
 * the right, ln Phi(b) + ln(1 - Phi(a) / Phi(b)). Narrow intervals lose that difference; there
 * Phi(b) - Phi(a) = phi(m) (b - a) (1 + (m^2 - 1) (b - a)^2 / 24 + ...), m the middle. */
static double log_between(double a, double b)
{
	static const double narrow = 1e-5;
	double m = 0.5 * (a + b), width = b - a, low, high;

	if (a + b > 0) {
		double left = a;

		a = -b;
		b = -left;
	}
	if (width < narrow && fabs(m) * width < narrow)
		return special_log_pdf(m) + log(width) + log1p((m * m - 1) * width * width / 24);
	low = special_log_cdf(a);
	high = special_log_cdf(b);
	return low == -INFINITY ? high : high + log(-expm1(low - high));
}

double special_log_cdf_between(double a, double b, double *da, double *db)
{
	double value = log_between(a, b);

	if (da)
		*da = isinf(a) ? 0 : -exp(special_log_pdf(a) - value);
	if (db)
		*db = isinf(b) ? 0 : exp(special_log_pdf(b) - value);
	return value;
}

double special_hazard(double z)
{
	if (z < 0)
		return inv_sqrt_2pi * exp(-0.5 * z * z) / (0.5 * erfc(z * sqrt_half));
	return 1 / (sqrt_half_pi * erfcx(z * sqrt_half));
}

double special_log_hazard(double z)
{
	if (z < 0)
		return special_log_pdf(z) - special_log_cdf(-z);
	return -log(sqrt_half_pi * erfcx(z * sqrt_half));
}

/* a[0] + a[1] x + ... + a[7] x^7. */
static double polynomial(const double a[8], double x)
{
	double sum = a[7];

	for (int i = 6; i >= 0; i--)
		sum = sum * x + a[i];
	return sum;
}

double special_quantile(double p)
{
	static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
		1.9715909503065514427e3, 1.3731693765509461125e4, 4.5921953931549871457e4,
		6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3};
	static const double b[8] = {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2,
		5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4,
		2.8729085735721942674e4, 5.2264952788528545610e3};
	static const double c[8] = {1.42343711074968357734e0, 4.63033784615654529590e0,
		5.76949722146069140550e0, 3.64784832476320460504e0, 1.27045825245236838258e0,
		2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
	static const double d[8] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0,
		6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
		5.47593808499534494600e-4, 1.05075007164441684324e-9};
	static const double e[8] = {6.65790464350110377720e0, 5.46378491116411436990e0,
		1.78482653991729133580e0, 2.96560571828504891230e-1, 2.65321895265761230930e-2,
		1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
	static const double f[8] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
		1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
		1.42151175831644588870e-7, 2.04426310338993978564e-15};
	double q = p - 0.5, r, z;

	if (fabs(q) <= 0.425) {
		r = 0.180625 - q * q;
		return q * polynomial(a, r) / polynomial(b, r);
	}
	r = q < 0 ? p : 1 - p;
	if (!(r > 0))
		return r == 0 ? copysign(INFINITY, q) : NAN;
	r = sqrt(-log(r));
	z = r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6)
			   : polynomial(e, r - 5) / polynomial(f, r - 5);
	return copysign(z, q);
}

double special_log_sum_exp(const double *x, int n)
{
	double top = x[0], sum = 0;

	for (int i = 0; i < n; i++) {
		if (isnan(x[i]))
			return x[i];
		top = fmax(top, x[i]);
	}
	if (isinf(top))
		return top;
	for (int i = 0; i < n; i++)
		sum += exp(x[i] - top);
	return top + log(sum);
}
