#include "gp/outcome/outcome.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fewer values say too little about their tail. */
static const int least_for_tail = 8;

static const double heavy = 3, farthest = 8, fence = 1.5; /* see the header */

/* A deviation up to this part of the largest value is rounding, not signal. */
static const double constant_data = 1e-12;

static double bounded(double x)
{
	return fmin(fmax(x, -DBL_MAX), DBL_MAX);
}

static double cut(const struct outcome *o, double u)
{
	return fmin(fmax(u, o->cut_low), o->cut_high);
}

/* A power of two, so that dividing by it is exact: max |y| / unit is in [1, 2), or
 * unit is 1 for zeros. */
static double unit_of(const double *y, int n)
{
	double largest = 0;

	for (int i = 0; i < n; i++)
		largest = fmax(largest, fabs(y[i]));
	return largest > 0 ? ldexp(1, ilogb(largest)) : 1;
}

/* A unit in which max |y| is far below the largest double, for differences, and what is much
 * smaller keeps its digits: penalties are 1e300 where outcomes are 1. A power of two too. */
static double work_unit(const double *y, int n)
{
	static const int most = 900;
	int e = ilogb(unit_of(y, n)) - most;

	return ldexp(1, e > DBL_MIN_EXP ? e : DBL_MIN_EXP);
}

/* z = (y / unit - *m) / s; the sample deviation s, 0 (and z = 0) for constant data. Values whose
 * raw deviation, s raw_unit, is below the normal doubles are constant too: no scale can be kept
 * that leads from one to the other. */
static double standardize(
	const double *y, int n, double unit, double raw_unit, double *z, double *m)
{
	double squares = 0, s;

	*m = 0;
	for (int i = 0; i < n; i++)
		*m += (y[i] / unit - *m) / (i + 1);
	for (int i = 0; i < n; i++)
		squares += (y[i] / unit - *m) * (y[i] / unit - *m);
	s = n > 1 ? sqrt(squares / (n - 1)) : 0;
	if (s <= constant_data || s * raw_unit < DBL_MIN) {
		memset(z, 0, sizeof(*z) * (size_t)n);
		return 0;
	}
	for (int i = 0; i < n; i++)
		z[i] = (y[i] / unit - *m) / s;
	return s;
}

/* s in units, as a raw deviation that can be divided by, among subnormal data too. */
static double raw_scale(double s, double unit)
{
	if (s == 0)
		return 1;
	return fmax(fmin(s * unit, DBL_MAX), DBL_TRUE_MIN);
}

void outcome_standardize(const double *y, int n, double *z, double *mean, double *sd)
{
	double unit = unit_of(y, n), s;

	assert(n > 0);
	s = standardize(y, n, unit, unit, z, mean);
	*mean *= unit;
	*sd = raw_scale(s, unit);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Linear between order statistics (Hyndman & Fan 1996, type 7). */
static double quantile(const double *sorted, int n, double p)
{
	double at = p * (n - 1);
	int i = (int)at;

	return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/* Root mean square about m of sorted[from .. to), in units of the farthest. */
static double spread(const double *sorted, int from, int to, double m)
{
	double ends[2], unit, sum = 0;

	if (to <= from)
		return 0;
	ends[0] = sorted[from] - m;
	ends[1] = sorted[to - 1] - m;
	unit = unit_of(ends, 2);
	for (int i = from; i < to; i++)
		sum += (sorted[i] - m) / unit * ((sorted[i] - m) / unit);
	return unit * sqrt(sum / (to - from));
}

/* u, which is worse than the median m, in units of g: see the header. In halves, because a
 * difference may be beyond the largest double. */
static double drawn_in(double u, double m, double g)
{
	return m - g * fmin(log1p((0.5 * m - 0.5 * u) / (0.5 * g)), farthest);
}

/* Tukey's fence below. */
static void clip(struct outcome *o, double *u, int n, const double *sorted)
{
	double q1 = quantile(sorted, n, 0.25), q3 = quantile(sorted, n, 0.75);
	double low = q1 - fence * (q3 - q1);

	if (q3 <= q1 || sorted[0] >= low)
		return;
	o->tail = OUTCOME_CLIP;
	o->cut_low = low;
	for (int i = 0; i < n; i++)
		u[i] = fmax(u[i], low);
}

/* Pull in the bad side of u; sorted: room for n values. */
static void pull_in(struct outcome *o, double *u, int n, double *sorted)
{
	double m, g;
	int below = 0;

	memcpy(sorted, u, sizeof(*u) * (size_t)n);
	qsort(sorted, (size_t)n, sizeof(*u), ascending);
	m = quantile(sorted, n, 0.5);
	while (sorted[below] < m)
		below++;
	g = spread(sorted, below, n, m);
	if (g <= 0 || spread(sorted, 0, below, m) <= heavy * g) {
		clip(o, u, n, sorted);
		return;
	}
	o->tail = OUTCOME_LOG;
	o->middle = m;
	o->spread = g;
	for (int i = 0; i < n; i++)
		if (u[i] < m)
			u[i] = drawn_in(u[i], m, g);
}

static const struct outcome untouched = {.cut_low = -INFINITY, .cut_high = INFINITY};

enum kr_status outcome_fit(struct outcome *o, bool minimize, const double *y, int n, double *z,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	double raw_unit = work_unit(y, n), unit, s, mean;
	double *sorted = ARENA_ARRAY(scratch, double, n);

	assert(n > 0);
	if (!sorted)
		return kr_fail(err, KR_ENOMEM, "outcomes of %d trials", n);
	*o = untouched;
	o->minimize = minimize;
	for (int i = 0; i < n; i++)
		z[i] = (minimize ? -y[i] : y[i]) / raw_unit;
	if (n >= least_for_tail)
		pull_in(o, z, n, sorted);
	arena_release(scratch, mark);
	unit = unit_of(z, n);
	s = standardize(z, n, unit, unit * raw_unit, z, &mean);
	o->shift = mean * (unit * raw_unit);
	o->scale = raw_scale(s, unit * raw_unit);
	o->cut_low *= raw_unit;
	o->middle *= raw_unit;
	o->spread *= raw_unit;
	if (s == 0) { /* nothing is seen of the tail */
		o->tail = OUTCOME_PLAIN;
		o->cut_low = -INFINITY;
	}
	return KR_OK;
}

/* Where values that break a bound by far are cut: Tukey's fence, from the farther of the third
 * quartile and the bound. Infinite without a bound, and for few or constant values. */
static double upper_fence(const double *sorted, int n, double upper)
{
	double q1 = quantile(sorted, n, 0.25), high = fmax(quantile(sorted, n, 0.75), upper);

	return isfinite(upper) && high > q1 ? high + fence * (high - q1) : INFINITY;
}

static double lower_fence(const double *sorted, int n, double lower)
{
	double q3 = quantile(sorted, n, 0.75), low = fmin(quantile(sorted, n, 0.25), lower);

	return isfinite(lower) && low < q3 ? low - fence * (q3 - low) : -INFINITY;
}

/* What broke a bound stays beyond it, and what met it within: rounding may have put them on it. */
static void keep_sides(
	const struct outcome *o, const double *y, int n, double lower, double upper, double *z)
{
	double low = outcome_model_value(o, lower), high = outcome_model_value(o, upper);

	for (int i = 0; i < n; i++) {
		z[i] = y[i] >= lower ? fmax(z[i], low) : fmin(z[i], nextafter(low, -INFINITY));
		z[i] = y[i] <= upper ? fmin(z[i], high) : fmax(z[i], nextafter(high, INFINITY));
	}
}

/* Find where values that break a bound by far are cut. sorted: n values, overwritten. */
static void find_cuts(struct outcome *o, double *sorted, int n, double lower, double upper)
{
	double low, high;

	qsort(sorted, (size_t)n, sizeof(*sorted), ascending);
	low = lower_fence(sorted, n, lower);
	high = upper_fence(sorted, n, upper);
	if (sorted[0] < low)
		o->cut_low = low;
	if (sorted[n - 1] > high)
		o->cut_high = high;
	if (sorted[0] < low || sorted[n - 1] > high)
		o->tail = OUTCOME_CLIP;
}

/* The scale of constant data: the distance from the nearest bound, and no less than what rounding
 * makes of them. */
static double constant_scale(
	const struct outcome *o, const double *y, int n, double lower, double upper)
{
	double gap = fmin(fabs(lower - o->shift), fabs(upper - o->shift));
	double scale = gap > 0 && isfinite(gap) ? gap : 1;

	for (int i = 0; i < n; i++)
		scale = fmax(scale, fabs(cut(o, y[i]) - o->shift));
	return scale;
}

void outcome_fit_bounded(
	struct outcome *o, const double *y, int n, double lower, double upper, double *z)
{
	bool constant = true;

	assert(n > 0);
	*o = untouched;
	o->bounded = true;
	if (n >= least_for_tail) {
		memcpy(z, y, sizeof(*z) * (size_t)n);
		find_cuts(o, z, n, lower, upper);
	}
	for (int i = 0; i < n; i++)
		z[i] = cut(o, y[i]);
	outcome_standardize(z, n, z, &o->shift, &o->scale);
	for (int i = 0; i < n; i++)
		constant &= z[i] == 0;
	if (constant)
		o->scale = constant_scale(o, y, n, lower, upper);
	for (int i = 0; i < n; i++)
		z[i] = outcome_model_value(o, y[i]);
	keep_sides(o, y, n, lower, upper, z);
}

void outcome_bilog(struct outcome *o, const double *y, int n, double lower, double upper, double *z)
{
	o->bend = bend_bilog(z, n, outcome_model_value(o, lower), outcome_model_value(o, upper), z);
	keep_sides(o, y, n, lower, upper, z);
}

/* s of a raw value. */
static double standardized(const struct outcome *o, double y)
{
	double u = cut(o, o->minimize ? -y : y);

	if (o->tail == OUTCOME_LOG && u < o->middle)
		u = drawn_in(u, o->middle, o->spread);
	return u / o->scale - o->shift / o->scale;
}

double outcome_model_value(const struct outcome *o, double y)
{
	return bend_value(&o->bend, standardized(o, y));
}

double outcome_model_sd(const struct outcome *o, double y, double sd)
{
	return sd / o->scale * exp(bend_log_slope(&o->bend, standardized(o, y)));
}

/* shift + scale s; in halves where a part of it is beyond the largest double. */
static double straight(const struct outcome *o, double s)
{
	double u = o->shift + o->scale * s;

	return isfinite(u) ? u : bounded(2 * (0.5 * o->shift + 0.5 * o->scale * s));
}

/* Does s stand for something on the bad side of a tail that was pulled in? */
static bool is_drawn_in(const struct outcome *o, double s)
{
	return o->tail == OUTCOME_LOG && straight(o, s) < o->middle;
}

/* The way back from drawn_in, g as the unit. Beyond `farthest`, where nothing was seen, on with the
 * slope there: an exponential would make astronomical numbers of a model that overshoots. */
static double drawn_out(double far)
{
	double seen = fmin(far, farthest);

	return expm1(seen) + exp(seen) * (far - seen);
}

double outcome_raw_value(const struct outcome *o, double z)
{
	double s = bend_inverse(&o->bend, z), u = straight(o, s);

	if (is_drawn_in(o, s)) {
		double far = (0.5 * o->middle - 0.5 * u) / (0.5 * o->spread);
		u = bounded(o->middle - bounded(o->spread * bounded(drawn_out(far))));
	}
	return o->minimize ? 0 - u : u; /* people read it: no -0 */
}

bool outcome_is_straight(const struct outcome *o, double z)
{
	return o->bend.kind == BEND_NONE && !is_drawn_in(o, z);
}

double outcome_raw_sd(const struct outcome *o, double mean, double sd)
{
	if (outcome_is_straight(o, mean - sd))
		return bounded(o->scale * sd);
	return fabs(0.5 * outcome_raw_value(o, mean + sd) - 0.5 * outcome_raw_value(o, mean - sd));
}
