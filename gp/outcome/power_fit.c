/* The likelihood of lambda and its slope, in one pass over the data.
 *
 * With E(u) = (e^u - 1) / u and its derivative E', y = side t E(mu t) and dy/dlambda =
 * t^2 E'(mu t) on both sides. Only differences of y count:
 *   all values on one side (on the negative one they are mirrored, with 2 - lambda): against the
 *   value whose power is largest, at t = c: y - y_c = e^(mu c) d E(mu d), d = t - c, mu d <= 0
 *   values on both sides: against 0, divided by e^s, s the largest mu t (at least 0). */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "gp/outcome/power.h"

struct sample {
	enum power_family family;
	const double *x;
	int n;
	double low, high; /* the smallest and the largest x */
	bool mirrored;    /* -x is meant, with 2 - lambda */
	bool two_sided;
};

static struct sample sample_of(enum power_family family, const double *x, int n)
{
	struct sample s = {.family = family, .x = x, .n = n, .low = x[0], .high = x[0]};

	assert(n > 0);
	for (int i = 1; i < n; i++) {
		s.low = fmin(s.low, x[i]);
		s.high = fmax(s.high, x[i]);
	}
	if (family == POWER_YEO_JOHNSON) {
		s.two_sided = s.low < 0 && s.high > 0;
		s.mirrored = s.high <= 0 && s.low < 0;
	}
	return s;
}

static double log_of(const struct sample *s, double x)
{
	return s->family == POWER_BOX_COX ? log(x) : log1p(fabs(x));
}

/* log_of(x) - log_of(c), exact to rounding for x close to c; both on the same side. */
static double log_ratio(const struct sample *s, double x, double c)
{
	double shift = s->family == POWER_BOX_COX ? 0 : 1, a = fabs(x) + shift, b = fabs(c) + shift;

	if (a < 0.5 * b || a > 2 * b)
		return log_of(s, x) - log_of(s, c);
	return log1p((fabs(x) - fabs(c)) / b);
}

/* E(u) e^-s and E'(u) e^-s, u <= s. Where its closed form cancels, E' is the series of
 * k u^(k-1) / (k + 1)!. */
static void exponential_mean(double u, double s, double *e, double *slope)
{
	static const double series = 0.3;
	static const double c[] = {1.0 / 2, 1.0 / 3, 1.0 / 8, 1.0 / 30, 1.0 / 144, 1.0 / 840,
		1.0 / 5760, 1.0 / 45360, 1.0 / 403200, 1.0 / 3991680, 1.0 / 43545600};
	double down = exp(-s), sum = 0;

	if (fabs(u) >= series) {
		double up = exp(u - s), difference = u < 1 ? expm1(u) * down : up - down;
		*e = difference / u;
		*slope = (u * up - difference) / (u * u);
		return;
	}
	for (int k = (int)(sizeof(c) / sizeof(*c)); k-- > 0;)
		sum = sum * u + c[k];
	*e = u == 0 ? down : expm1(u) / u * down;
	*slope = sum * down;
}

/* Sums over the sample: of y - y_c in units of e^log_unit, and of d (one side) or side t (both). */
struct moments {
	double variance, covariance; /* of y, and of y with dy/dlambda */
	double log_unit, sum;
};

static struct moments moments_of(const struct sample *s, double lambda)
{
	struct moments m = {0};
	double at_low = log_of(s, s->low), at_high = log_of(s, s->high), c = 0, size, mean = 0,
		   slope_mean = 0, exponent = 0;

	if (s->two_sided) {
		exponent = fmax(0, fmax(lambda * at_high, (2 - lambda) * at_low));
		size = fmax(at_high, at_low);
	} else {
		bool from_larger = (lambda > 0) == (at_high > at_low);
		c = from_larger ? s->high : s->low;
		size = fabs(log_ratio(s, s->low, s->high));
		m.log_unit = lambda * log_of(s, c);
	}
	m.log_unit += exponent + log(size);
	for (int i = 0; size > 0 && i < s->n; i++) {
		double side = s->two_sided && s->x[i] < 0 ? -1 : 1, mu = side < 0 ? 2 - lambda : lambda;
		double d = s->two_sided ? log_of(s, s->x[i]) : log_ratio(s, s->x[i], c);
		double e, slope, y, from_mean, dy;
		exponential_mean(mu * d, exponent, &e, &slope);
		y = side * d / size * e;
		dy = d * (d / size) * slope;
		from_mean = y - mean;
		mean += from_mean / (i + 1);
		m.variance += from_mean * (y - mean) / s->n;
		slope_mean += (dy - slope_mean) / (i + 1);
		m.covariance += from_mean * (dy - slope_mean) / s->n;
		m.sum += side * d;
	}
	return m;
}

double power_log_likelihood(struct power p, const double *x, int n)
{
	struct sample s = sample_of(p.family, x, n);
	double jacobian = 0;
	struct moments m = moments_of(&s, s.mirrored ? 2 - p.lambda : p.lambda);

	if (m.variance <= 0)
		return INFINITY;
	for (int i = 0; i < n; i++)
		jacobian += power_log_slope(p, x[i]);
	return jacobian - n * (0.5 * log(m.variance) + m.log_unit);
}

/* The slope of the likelihood in lambda, divided by n. */
static double slope_at(const struct sample *s, double lambda)
{
	struct moments m = moments_of(s, lambda);

	return m.sum / s->n - m.covariance / m.variance;
}

/* The zero of a falling function between lower and upper: regula falsi in the Illinois form
 * (Dowell & Jarratt 1971: the slope at an end that stays is halved), every third step a
 * bisection. */
static double zero_of(const struct sample *s, double lower, double upper)
{
	static const double width = 1e-13;
	double at_lower = slope_at(s, lower), at_upper = slope_at(s, upper), before = 0;

	if (!(at_lower > 0))
		return lower;
	if (!(at_upper < 0))
		return upper;
	for (int step = 0; upper - lower > width * (1 + fabs(lower)) && step < 200; step++) {
		double share = step % 3 == 2 ? 0.5 : at_lower / (at_lower - at_upper);
		double lambda = lower + share * (upper - lower), at = slope_at(s, lambda);
		if (at == 0 || lambda <= lower || lambda >= upper)
			return lambda;
		if (at > 0) {
			lower = lambda;
			at_lower = at;
			at_upper *= before > 0 ? 0.5 : 1;
		} else {
			upper = lambda;
			at_upper = at;
			at_lower *= before < 0 ? 0.5 : 1;
		}
		before = at;
	}
	return 0.5 * (lower + upper);
}

double power_fit(enum power_family family, const double *x, int n, double lower, double upper)
{
	struct sample s = sample_of(family, x, n);
	double lambda;

	if (!(s.low < s.high) || !(moments_of(&s, 1).variance > 0))
		return fmin(fmax(1, lower), upper);
	if (!s.mirrored)
		return zero_of(&s, lower, upper);
	lambda = zero_of(&s, 2 - upper, 2 - lower);
	return 2 - lambda;
}
