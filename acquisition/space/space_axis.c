/* One parameter of a search space: its rules, its grid, its scale. */
#include "acquisition/space/space_internal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/number.h"

/* A value typed by hand may miss its grid value by this part of a step. */
static const double grid_tolerance = 1e-9;
static const double most_slack = 1e-3;

static const double int_limit = 9007199254740991.0; /* 2^53 - 1 */

/* ---- rules ------------------------------------------------------------------ */

enum kr_status space__axis_refuse(
	struct kr_error *err, int i, const char *member, double value, const char *remedy)
{
	char field[32], shown[NUMBER_SHOWN];
	snprintf(field, sizeof(field), "params[%d].%s", i, member);
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, field, "%s is %s; %s", field, number_show(value, shown), remedy);
}

static enum kr_status check_bounds(const struct space_param *p, int i, struct kr_error *err)
{
	if (!isfinite(p->low))
		return space__axis_refuse(err, i, "low", p->low, "it must be a finite number");
	if (!isfinite(p->high))
		return space__axis_refuse(err, i, "high", p->high, "it must be a finite number");
	if (!(p->low < p->high))
		return space__axis_refuse(err, i, "high", p->high, "it must be greater than low");
	if (!isfinite(p->high - p->low))
		return space__axis_refuse(err, i, "high", p->high, "high - low must be a finite number");
	if (p->log && !(p->low > 0))
		return space__axis_refuse(err, i, "low", p->low, "a log scale needs low > 0");
	return KR_OK;
}

static bool is_integer(double v)
{
	return fabs(v) <= int_limit && v == rint(v);
}

static enum kr_status check_integer(const struct space_param *p, int i, struct kr_error *err)
{
	if (!is_integer(p->low))
		return space__axis_refuse(err, i, "low", p->low, "it must be an integer below 2^53");
	if (!is_integer(p->high))
		return space__axis_refuse(err, i, "high", p->high, "it must be an integer below 2^53");
	if (!is_integer(p->step))
		return space__axis_refuse(
			err, i, "step", p->step, "the step of an integer must be an integer");
	return KR_OK;
}

/* ---- grids ------------------------------------------------------------------ */

/* Is v = m / divisor for an integer m? Then *m is it. */
static bool is_decimal(double v, double divisor, double *m)
{
	*m = rint(v * divisor);
	return fabs(*m) <= int_limit && *m / divisor == v;
}

/* The grid low, low + step, ...: in integers over a power of ten when low and step are
 * short decimals, so that its values are the typed ones. */
static void make_grid(struct space_axis *a, double step)
{
	double m, s, divisor = 1;
	a->first = a->p.low;
	a->step = step;
	a->divisor = 1;
	for (int digits = 0; digits <= 15; digits++, divisor *= 10) {
		if (fabs(a->p.high * divisor) > int_limit)
			break;
		if (!is_decimal(a->p.low, divisor, &m) || !is_decimal(step, divisor, &s))
			continue;
		a->first = m;
		a->step = s;
		a->divisor = divisor;
		break;
	}
	double top = a->p.high * a->divisor;
	double slack = grid_tolerance + 4 * DBL_EPSILON * fabs(top) / a->step; /* rounding of high */
	slack = a->p.kind == SPACE_INT ? 0 : fmin(slack, most_slack);
	a->levels = floor((top - a->first) / a->step + slack) + 1;
}

double space__axis_level_value(const struct space_axis *a, double k)
{
	return fmin((a->first + k * a->step) / a->divisor, a->last);
}

double space__axis_level(const struct space_axis *a, double value)
{
	double k = rint((value * a->divisor - a->first) / a->step);
	return fmin(fmax(k, 0), a->levels - 1);
}

/* ---- preparing one parameter ------------------------------------------------ */

/* Ends of the scale. A log range too narrow for ln to tell its ends apart is
 * linear to rounding. */
static void make_scale(struct space_axis *a)
{
	double low = a->p.low, high = a->p.high;
	if (isfinite(a->levels)) {
		double half = 0.5 * a->step / a->divisor;
		high = space__axis_level_value(a, a->levels - 1) + half;
		low = fmax(low - half, a->p.log ? 0.5 * low : -INFINITY);
	}
	a->log = a->p.log && log(low) < log(high);
	a->lo = a->log ? log(low) : low;
	a->span = (a->log ? log(high) : high) - a->lo;
}

static enum kr_status make_steps(struct space_axis *a, int i, struct kr_error *err)
{
	bool integer = a->p.kind == SPACE_INT;
	double step = a->p.step == 0 && integer ? 1 : a->p.step;
	if (!(step >= 0) || !isfinite(step))
		return space__axis_refuse(err, i, "step", a->p.step, "it must be positive, or 0 for none");
	if (step == 0)
		return KR_OK;
	double resolution = 0x1p-50 * fmax(fabs(a->p.low), fabs(a->p.high));
	if (!integer && step < resolution)
		return space__axis_refuse(
			err, i, "step", step, "doubles of this size cannot tell its values apart");
	make_grid(a, step);
	if (a->levels < 2)
		return space__axis_refuse(err, i, "step", step, "it must be at most high - low");
	return KR_OK;
}

/* Values are the indices of the choices. */
static enum kr_status make_choices(struct space_axis *a, int i, struct kr_error *err)
{
	if (a->p.kind == SPACE_FIXED)
		a->p.n_choices = 1;
	if (a->p.n_choices < 1)
		return space__axis_refuse(
			err, i, "n_choices", a->p.n_choices, "at least one choice is needed");
	a->levels = a->p.n_choices;
	a->first = 0;
	a->step = a->divisor = 1;
	a->last = a->p.n_choices - 1;
	return KR_OK;
}

static bool has_choices(const struct space_axis *a)
{
	return a->p.kind != SPACE_FLOAT && a->p.kind != SPACE_INT;
}

enum kr_status space__axis_init(
	struct space_axis *a, const struct space_param *p, int i, struct kr_error *err)
{
	a->p = *p;
	if (p->kind == SPACE_CATEGORICAL || p->kind == SPACE_ORDINAL || p->kind == SPACE_FIXED)
		return make_choices(a, i, err);
	if (p->kind != SPACE_FLOAT && p->kind != SPACE_INT)
		return space__axis_refuse(
			err, i, "kind", p->kind, "it must be float, int, categorical, ordinal or fixed");
	enum kr_status st = check_bounds(p, i, err);
	if (!st && p->kind == SPACE_INT)
		st = check_integer(p, i, err);
	if (st)
		return st;
	a->levels = INFINITY;
	a->last = p->high;
	st = make_steps(a, i, err);
	if (!st)
		make_scale(a);
	return st;
}

enum kr_status space__axis_check(const struct space_axis *a, double value, struct kr_error *err)
{
	char shown[NUMBER_SHOWN], low[NUMBER_SHOWN], high[NUMBER_SHOWN];
	if (has_choices(a)) {
		if (value >= 0 && value < a->levels && value == rint(value))
			return KR_OK;
		return kr_fail(err, KR_INVALID_ARGUMENT, "choice %s does not exist; it must be 0 to %d",
			number_show(value, shown), a->p.n_choices - 1);
	}
	if (!(value >= a->p.low && value <= a->p.high))
		return kr_fail(err, KR_INVALID_ARGUMENT, "%s is out of bounds; it must be %s to %s",
			number_show(value, shown), number_show(a->p.low, low), number_show(a->p.high, high));
	if (!isfinite(a->levels))
		return KR_OK;
	double near = space__axis_level_value(a, space__axis_level(a, value));
	double slack = fmax(grid_tolerance * a->step / a->divisor, 0x1p-50 * fabs(near));
	if (fabs(value - near) <= (a->p.kind == SPACE_INT ? 0 : slack))
		return KR_OK;
	if (a->p.kind == SPACE_INT && value != rint(value))
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"%s is not an integer; the nearest allowed value is %s", number_show(value, shown),
			number_show(near, low));
	return kr_fail(err, KR_INVALID_ARGUMENT,
		"%s is not low + a multiple of step; the nearest allowed value is %s",
		number_show(value, shown), number_show(near, low));
}

/* ---- coords ----------------------------------------------------------------- */

static const double middle = 0.5;

static double to_coord(const struct space_axis *a, double value)
{
	double c = ((a->log ? log(value) : value) - a->lo) / a->span;
	return fmin(fmax(c, 0), 1);
}

double space__axis_level_coord(const struct space_axis *a, double k)
{
	if (a->p.kind == SPACE_CATEGORICAL)
		return k;
	return a->log ? to_coord(a, space__axis_level_value(a, k)) : (k + 0.5) / a->levels;
}

double space__axis_coord_level(const struct space_axis *a, double c)
{
	if (a->p.kind == SPACE_CATEGORICAL)
		return space__axis_level(a, c);
	c = fmin(fmax(0, c), 1);
	if (a->log)
		return space__axis_level(a, exp(a->lo + c * a->span));
	return fmin(floor(c * a->levels), a->levels - 1);
}

double space__axis_value(const struct space_axis *a, double c)
{
	if (isfinite(a->levels))
		return space__axis_level_value(a, space__axis_coord_level(a, c));
	if (!(c > 0))
		return a->p.low;
	if (c >= 1)
		return a->p.high;
	double t = a->lo + c * a->span;
	return fmin(fmax(a->log ? exp(t) : t, a->p.low), a->p.high);
}

double space__axis_identity(const struct space_axis *a, double value)
{
	if (isnan(value))
		return INFINITY;
	return isfinite(a->levels) ? space__axis_level(a, value) : value + 0.0; /* -0 is 0 */
}

double space__axis_coord(const struct space_axis *a, double value)
{
	if (isnan(value))
		return a->p.kind == SPACE_CATEGORICAL ? 0 : middle;
	return isfinite(a->levels) ? space__axis_level_coord(a, space__axis_level(a, value))
							   : to_coord(a, value);
}
