#include "gp/outcome/bend.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "gp/outcome/power.h"

/* Bounds of the exponent: steeper powers make one value of all but the extremes. */
static const double least_lambda = -2, most_lambda = 4;

static struct power power_of(const struct bend *b)
{
	return (struct power){POWER_YEO_JOHNSON, b->lambda};
}

static double power_slope(const struct bend *b, double s)
{
	return exp(power_log_slope(power_of(b), s));
}

static double straight_power(const struct bend *b, double s)
{
	double end = fmin(fmax(s, b->low), b->high), f = power_value(power_of(b), end);

	return s == end ? f : f + power_slope(b, end) * (s - end);
}

static double straight_power_inverse(const struct bend *b, double f)
{
	double at_low = power_value(power_of(b), b->low), at_high = power_value(power_of(b), b->high);

	if (f < at_low)
		return b->low + (f - at_low) / power_slope(b, b->low);
	if (f > at_high)
		return b->high + (f - at_high) / power_slope(b, b->high);
	return fmin(fmax(power_inverse(power_of(b), f), b->low), b->high);
}

/* A bilog about a bound so many deviations away is straight to the eye, and rounds s. */
static const double far_away = 1e3;

static bool two_sided(const struct bend *b)
{
	return isfinite(b->low) && isfinite(b->high);
}

/* The bound that s is measured from; s itself between two. Between f(s) and two bounds it is the
 * same, because f keeps them. */
static double bound_of(const struct bend *b, double s)
{
	if (s < b->low || isinf(b->high))
		return b->low;
	return s > b->high || isinf(b->low) ? b->high : s;
}

/* A single bound is where f is 0. */
static double bilog(const struct bend *b, double s)
{
	double bound = bound_of(b, s), gap = s - bound;

	return (two_sided(b) ? bound : 0) + copysign(log1p(fabs(gap)), gap);
}

static double bilog_inverse(const struct bend *b, double f)
{
	double bound = bound_of(b, f), bent_gap = two_sided(b) ? f - bound : f;

	return bound + copysign(expm1(fabs(bent_gap)), bent_gap);
}

static double bent(const struct bend *b, double s)
{
	return b->kind == BEND_POWER ? straight_power(b, s) : bilog(b, s);
}

double bend_value(const struct bend *b, double s)
{
	if (b->kind == BEND_NONE || isinf(s))
		return s;
	return (bent(b, s) - b->shift) / b->scale;
}

double bend_inverse(const struct bend *b, double z)
{
	double f = b->shift + b->scale * z;

	if (b->kind == BEND_NONE || isinf(z))
		return z;
	return b->kind == BEND_POWER ? straight_power_inverse(b, f) : bilog_inverse(b, f);
}

double bend_log_slope(const struct bend *b, double s)
{
	if (b->kind == BEND_NONE)
		return 0;
	if (b->kind == BEND_POWER)
		return power_log_slope(power_of(b), fmin(fmax(s, b->low), b->high)) - log(b->scale);
	return -log1p(fabs(s - bound_of(b, s))) - log(b->scale);
}

/* shift and scale <- mean and sample deviation of f(s) (Welford 1962), 1 for constant ones;
 * z <- the bent values. */
static void standardize(struct bend *b, const double *s, int n, double *z)
{
	double squares = 0;

	for (int i = 0; i < n; i++) {
		double f = bent(b, s[i]), off = f - b->shift;
		b->shift += off / (i + 1);
		squares += off * (f - b->shift);
	}
	b->scale = squares > 0 ? sqrt(squares / (n - 1)) : 1;
	for (int i = 0; i < n; i++)
		z[i] = bend_value(b, s[i]);
}

/* None: z <- s. */
static struct bend straight(const double *s, int n, double *z)
{
	memmove(z, s, sizeof(*z) * (size_t)n);
	return (struct bend){.kind = BEND_NONE};
}

struct bend bend_power(const double *s, int n, double *z)
{
	struct bend b = {.kind = BEND_POWER, .low = s[0], .high = s[0]};

	for (int i = 1; i < n; i++) {
		b.low = fmin(b.low, s[i]);
		b.high = fmax(b.high, s[i]);
	}
	if (!(b.low < b.high))
		return straight(s, n, z);
	b.lambda = power_fit(POWER_YEO_JOHNSON, s, n, least_lambda, most_lambda);
	standardize(&b, s, n, z);
	return b;
}

struct bend bend_bilog(const double *s, int n, double lower, double upper, double *z)
{
	struct bend b = {.kind = BEND_BILOG, .low = lower, .high = upper};
	double nearest = two_sided(&b) ? fmax(fmax(lower, -upper), 0) : fmin(fabs(lower), fabs(upper));

	if (nearest > far_away)
		return straight(s, n, z);
	standardize(&b, s, n, z);
	return b;
}
