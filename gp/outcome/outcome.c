#include "gp/outcome/outcome.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gp/special.h"

/* Fewer values say too little about their tail. */
static const int least_for_tail = 8;

static const double heavy = 3, fence = 1.5; /* see the header */

/* A deviation up to this part of the largest value is rounding, not signal. */
static const double constant_data = 1e-12;

/* A power of two, so that dividing by it is exact: max |y| / unit is in [1, 2), or
 * unit is 1 for zeros. */
static double unit_of(const double *y, int n)
{
	double largest = 0;

	for (int i = 0; i < n; i++)
		largest = fmax(largest, fabs(y[i]));
	return largest > 0 ? ldexp(1, ilogb(largest)) : 1;
}

/* z = (y / unit - *m) / s; the sample deviation s, 0 (and z = 0) for constant data. */
static double standardize(const double *y, int n, double unit, double *z, double *m)
{
	double squares = 0, s;

	*m = 0;
	for (int i = 0; i < n; i++)
		*m += (y[i] / unit - *m) / (i + 1);
	for (int i = 0; i < n; i++)
		squares += (y[i] / unit - *m) * (y[i] / unit - *m);
	s = n > 1 ? sqrt(squares / (n - 1)) : 0;
	if (s <= constant_data) {
		memset(z, 0, sizeof(*z) * (size_t)n);
		return 0;
	}
	for (int i = 0; i < n; i++)
		z[i] = (y[i] / unit - *m) / s;
	return s;
}

/* s in units, as a raw deviation. */
static double raw_scale(double s, double unit)
{
	if (s == 0)
		return 1;
	return s < DBL_MAX / unit ? s * unit : DBL_MAX;
}

void outcome_standardize(const double *y, int n, double *z, double *mean, double *sd)
{
	double unit = unit_of(y, n), s;

	assert(n > 0);
	s = standardize(y, n, unit, z, mean);
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

/* Root mean square about m of sorted[from .. to). */
static double spread(const double *sorted, int from, int to, double m)
{
	double sum = 0;

	for (int i = from; i < to; i++)
		sum += (sorted[i] - m) * (sorted[i] - m);
	return to > from ? sqrt(sum / (to - from)) : 0;
}

/* Half-rank of the values below m. sorted: ascending, its first `below` values are
 * those; overwritten. */
static void half_rank(double *u, int n, double *sorted, int below, double m, double g)
{
	int distinct = 0;
	double count = sorted[below] == m ? 0.5 : 0;

	for (int i = 0; i < below; i++)
		if (i == 0 || sorted[i] != sorted[distinct - 1])
			sorted[distinct++] = sorted[i];
	count += distinct;
	for (int i = 0; i < n; i++) {
		const double *found;

		if (u[i] >= m)
			continue;
		found = bsearch(&u[i], sorted, (size_t)distinct, sizeof(*sorted), ascending);
		u[i] = m + g * special_quantile(0.5 * ((double)(found - sorted) + 0.5) / count);
	}
}

/* Pull in the bad (low) side of u. */
static enum outcome_tail pull_in(double *u, int n, double *sorted)
{
	double m, g, b, q1, q3;
	int below = 0;

	memcpy(sorted, u, sizeof(*u) * (size_t)n);
	qsort(sorted, (size_t)n, sizeof(*sorted), ascending);
	m = quantile(sorted, n, 0.5);
	while (sorted[below] < m)
		below++;
	g = spread(sorted, below, n, m);
	b = spread(sorted, 0, below, m);
	if (b > heavy * g && g > 0) {
		half_rank(u, n, sorted, below, m, g);
		return OUTCOME_HALF_RANK;
	}
	q1 = quantile(sorted, n, 0.25);
	q3 = quantile(sorted, n, 0.75);
	if (q3 > q1 && sorted[0] < q1 - fence * (q3 - q1)) {
		for (int i = 0; i < n; i++)
			u[i] = fmax(u[i], q1 - fence * (q3 - q1));
		return OUTCOME_CLIP;
	}
	return OUTCOME_PLAIN;
}

enum kr_status outcome_fit(struct outcome *o, bool minimize, const double *y, int n, double *z,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	double unit = unit_of(y, n), s;
	double *sorted = arena_alloc(scratch, sizeof(*sorted) * (size_t)n);

	assert(n > 0);
	if (!sorted)
		return kr_fail(err, KR_ENOMEM, "outcomes of %d trials", n);
	*o = (struct outcome){.minimize = minimize};
	for (int i = 0; i < n; i++)
		z[i] = (minimize ? -y[i] : y[i]) / unit;
	if (n >= least_for_tail)
		o->tail = pull_in(z, n, sorted);
	s = standardize(z, n, 1, z, &o->shift);
	o->shift *= unit;
	o->scale = raw_scale(s, unit);
	arena_release(scratch, mark);
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

void outcome_fit_bounded(
	struct outcome *o, const double *y, int n, double lower, double upper, double *z)
{
	double low = -INFINITY, high = INFINITY, gap;
	bool constant = true;

	assert(n > 0);
	*o = (struct outcome){0};
	if (n >= least_for_tail) {
		memcpy(z, y, sizeof(*z) * (size_t)n);
		qsort(z, (size_t)n, sizeof(*z), ascending);
		low = lower_fence(z, n, lower);
		high = upper_fence(z, n, upper);
		o->tail = z[0] < low || z[n - 1] > high ? OUTCOME_CLIP : OUTCOME_PLAIN;
	}
	for (int i = 0; i < n; i++)
		z[i] = fmin(fmax(y[i], low), high);
	outcome_standardize(z, n, z, &o->shift, &o->scale);
	for (int i = 0; i < n; i++)
		constant &= z[i] == 0;
	gap = fmin(fabs(lower - o->shift), fabs(upper - o->shift));
	if (constant && gap > 0 && isfinite(gap))
		o->scale = gap;
	for (int i = 0; i < n; i++)
		z[i] = outcome_model_value(o, fmin(fmax(y[i], low), high));
}

double outcome_model_value(const struct outcome *o, double y)
{
	double z = y / o->scale - o->shift / o->scale;

	return o->minimize ? -z : z;
}

double outcome_model_sd(const struct outcome *o, double sd)
{
	return sd / o->scale;
}

static double bounded(double x)
{
	return fmin(fmax(x, -DBL_MAX), DBL_MAX);
}

double outcome_raw_mean(const struct outcome *o, double z)
{
	double y = bounded(o->shift + bounded(o->scale * z));

	return o->minimize ? -y : y;
}

double outcome_raw_sd(const struct outcome *o, double sd)
{
	return bounded(o->scale * sd);
}
