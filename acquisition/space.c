/* Search space: rules of the parameters, and the two forms of a point. */
#include "acquisition/space.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"

/* A value typed by hand may miss its grid value by this part of a step. */
static const double grid_tolerance = 1e-9;
static const double most_slack = 1e-3;

static const double int_limit = 9007199254740991.0; /* 2^53 - 1 */

/* One parameter, prepared. On a grid, level k has the value
 * (first + k step) / divisor. */
struct axis {
	struct space_param p;
	double levels;                     /* INFINITY when continuous */
	double first, step, divisor, last; /* last: no value is above */
	bool log;
	double lo, span; /* coord = (scale(value) - lo) / span, scale = ln or identity */
};

struct space {
	int d;
	double count;
	struct axis *axes;
	unsigned char *categorical;
	struct space_rules rules;
	bool conditional; /* any parameter */
	int *order;
};

/* ---- rules ------------------------------------------------------------------ */

static enum kr_status refuse(
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
		return refuse(err, i, "low", p->low, "it must be a finite number");
	if (!isfinite(p->high))
		return refuse(err, i, "high", p->high, "it must be a finite number");
	if (!(p->low < p->high))
		return refuse(err, i, "high", p->high, "it must be greater than low");
	if (!isfinite(p->high - p->low))
		return refuse(err, i, "high", p->high, "high - low must be a finite number");
	if (p->log && !(p->low > 0))
		return refuse(err, i, "low", p->low, "a log scale needs low > 0");
	return KR_OK;
}

static bool is_integer(double v)
{
	return fabs(v) <= int_limit && v == rint(v);
}

static enum kr_status check_integer(const struct space_param *p, int i, struct kr_error *err)
{
	if (!is_integer(p->low))
		return refuse(err, i, "low", p->low, "it must be an integer below 2^53");
	if (!is_integer(p->high))
		return refuse(err, i, "high", p->high, "it must be an integer below 2^53");
	if (!is_integer(p->step))
		return refuse(err, i, "step", p->step, "the step of an integer must be an integer");
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
static void axis_grid(struct axis *a, double step)
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

static double grid_value(const struct axis *a, double k)
{
	return fmin((a->first + k * a->step) / a->divisor, a->last);
}

static double grid_level(const struct axis *a, double value)
{
	double k = rint((value * a->divisor - a->first) / a->step);
	return fmin(fmax(k, 0), a->levels - 1);
}

/* ---- preparing one parameter ------------------------------------------------ */

/* Ends of the scale. A log range too narrow for ln to tell its ends apart is
 * linear to rounding. */
static void axis_scale(struct axis *a)
{
	double low = a->p.low, high = a->p.high;
	if (isfinite(a->levels)) {
		double half = 0.5 * a->step / a->divisor;
		high = grid_value(a, a->levels - 1) + half;
		low = fmax(low - half, a->p.log ? 0.5 * low : -INFINITY);
	}
	a->log = a->p.log && log(low) < log(high);
	a->lo = a->log ? log(low) : low;
	a->span = (a->log ? log(high) : high) - a->lo;
}

static enum kr_status axis_steps(struct axis *a, int i, struct kr_error *err)
{
	bool integer = a->p.kind == SPACE_INT;
	double step = a->p.step == 0 && integer ? 1 : a->p.step;
	if (!(step >= 0) || !isfinite(step))
		return refuse(err, i, "step", a->p.step, "it must be positive, or 0 for none");
	if (step == 0)
		return KR_OK;
	double resolution = 0x1p-50 * fmax(fabs(a->p.low), fabs(a->p.high));
	if (!integer && step < resolution)
		return refuse(err, i, "step", step, "doubles of this size cannot tell its values apart");
	axis_grid(a, step);
	if (a->levels < 2)
		return refuse(err, i, "step", step, "it must be at most high - low");
	return KR_OK;
}

/* Values are the indices of the choices. */
static enum kr_status axis_choices(struct axis *a, int i, struct kr_error *err)
{
	if (a->p.kind == SPACE_FIXED)
		a->p.n_choices = 1;
	if (a->p.n_choices < 1)
		return refuse(err, i, "n_choices", a->p.n_choices, "at least one choice is needed");
	a->levels = a->p.n_choices;
	a->first = 0;
	a->step = a->divisor = 1;
	a->last = a->p.n_choices - 1;
	return KR_OK;
}

static bool has_choices(const struct axis *a)
{
	return a->p.kind != SPACE_FLOAT && a->p.kind != SPACE_INT;
}

static enum kr_status axis_init(
	struct axis *a, const struct space_param *p, int i, struct kr_error *err)
{
	a->p = *p;
	if (p->kind == SPACE_CATEGORICAL || p->kind == SPACE_ORDINAL || p->kind == SPACE_FIXED)
		return axis_choices(a, i, err);
	if (p->kind != SPACE_FLOAT && p->kind != SPACE_INT)
		return refuse(
			err, i, "kind", p->kind, "it must be float, int, categorical, ordinal or fixed");
	enum kr_status st = check_bounds(p, i, err);
	if (!st && p->kind == SPACE_INT)
		st = check_integer(p, i, err);
	if (st)
		return st;
	a->levels = INFINITY;
	a->last = p->high;
	st = axis_steps(a, i, err);
	if (!st)
		axis_scale(a);
	return st;
}

/* ---- order of conditions ---------------------------------------------------- */

/* Do all that the condition of parameter i asks about stand in the order already? */
static bool is_settled(const struct space *s, int i, const unsigned char *placed)
{
	const struct condition *c = space_when(s, i);
	for (int k = 0; c && k < c->n; k++)
		if (c->nodes[k].op >= CONDITION_RANGE && !placed[c->nodes[k].param])
			return false;
	return true;
}

/* Parents before children, else as given, the last first: enumeration then turns the first
 * parameters fastest. */
static enum kr_status make_order(struct space *s, unsigned char *placed, struct kr_error *err)
{
	int n = 0, before = -1;
	while (n < s->d && before < n) {
		before = n;
		for (int i = s->d - 1; i >= 0; i--) {
			if (placed[i] || !is_settled(s, i, placed))
				continue;
			s->order[n++] = i;
			placed[i] = 1;
		}
	}
	for (int i = 0; i < s->d; i++)
		if (!placed[i])
			return refuse(
				err, i, "when", i, "conditions must not depend on each other in a circle");
	return KR_OK;
}

static enum kr_status take_rules(
	struct space *s, const struct space_rules *rules, struct kr_error *err)
{
	unsigned char *placed = KR_ARRAY(unsigned char, s->d);
	if (!placed)
		return kr_fail(err, KR_ENOMEM, "no memory for a space of %d parameters", s->d);
	if (rules)
		s->rules = *rules;
	for (int i = 0; i < s->d; i++)
		s->conditional |= space_when(s, i) != NULL;
	enum kr_status st = make_order(s, placed, err);
	kr_free(placed);
	return st;
}

enum kr_status space_new(
	struct space **out, const struct space_param *params, int d, struct kr_error *err)
{
	return space_new_ruled(out, params, d, NULL, err);
}

enum kr_status space_new_ruled(struct space **out, const struct space_param *params, int d,
	const struct space_rules *rules, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	*out = NULL;
	if (d < 1 || d > SPACE_MAX_DIMS)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "params",
			"params has %d parameters; 1 to %d are allowed", d, SPACE_MAX_DIMS);
	struct space *s = KR_NEW(struct space);
	if (!s)
		goto fail_memory;
	s->d = d;
	s->count = 1;
	s->axes = KR_ARRAY(struct axis, d);
	s->categorical = KR_ARRAY(unsigned char, d);
	s->order = KR_ARRAY(int, d);
	if (!s->axes || !s->categorical || !s->order)
		goto fail_memory;
	for (int i = 0; !st && i < d; i++) {
		st = axis_init(&s->axes[i], &params[i], i, err);
		s->categorical[i] = params[i].kind == SPACE_CATEGORICAL;
		s->count *= s->axes[i].levels;
	}
	if (!st)
		st = take_rules(s, rules, err);
	if (!st)
		*out = s;
	else
		space_free(s);
	return st;

fail_memory:
	space_free(s);
	return kr_fail(err, KR_ENOMEM, "no memory for a space of %d parameters", d);
}

void space_free(struct space *s)
{
	if (!s)
		return;
	kr_free(s->axes);
	kr_free(s->categorical);
	kr_free(s->order);
	kr_free(s);
}

/* ---- questions -------------------------------------------------------------- */

int space_dims(const struct space *s)
{
	return s->d;
}

const struct space_param *space_param(const struct space *s, int i)
{
	return &s->axes[i].p;
}

const unsigned char *space_categorical(const struct space *s)
{
	return s->categorical;
}

double space_levels(const struct space *s, int i)
{
	return s->axes[i].levels;
}

double space_count(const struct space *s)
{
	return s->count;
}

enum kr_status space_check(const struct space *s, int i, double value, struct kr_error *err)
{
	const struct axis *a = &s->axes[i];
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
	double near = grid_value(a, grid_level(a, value));
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

double space_level(const struct space *s, int i, double value)
{
	return grid_level(&s->axes[i], value);
}

double space_level_value(const struct space *s, int i, double k)
{
	return grid_value(&s->axes[i], k);
}

/* What tells two values of a parameter apart; all NaN are one. */
static double identity(const struct axis *a, double value)
{
	if (isnan(value))
		return INFINITY;
	return isfinite(a->levels) ? grid_level(a, value) : value + 0.0; /* -0 is 0 */
}

bool space_equal(const struct space *s, const double *a, const double *b)
{
	for (int i = 0; i < s->d; i++)
		if (identity(&s->axes[i], a[i]) != identity(&s->axes[i], b[i]))
			return false;
	return true;
}

uint64_t space_hash(const struct space *s, const double *values)
{
	uint64_t h = 0x9e3779b97f4a7c15u;
	for (int i = 0; i < s->d; i++) {
		double v = identity(&s->axes[i], values[i]);
		uint64_t bits;
		memcpy(&bits, &v, sizeof(bits));
		h = (h ^ bits) * 0xff51afd7ed558ccdu; /* the mixing step of MurmurHash3 */
		h ^= h >> 32;
	}
	return h;
}

/* ---- the two forms of a point ----------------------------------------------- */

static const double middle = 0.5;

static double to_coord(const struct axis *a, double value)
{
	double c = ((a->log ? log(value) : value) - a->lo) / a->span;
	return fmin(fmax(c, 0), 1);
}

static double level_coord(const struct axis *a, double k)
{
	if (a->p.kind == SPACE_CATEGORICAL)
		return k;
	return a->log ? to_coord(a, grid_value(a, k)) : (k + 0.5) / a->levels;
}

/* The level whose cell holds a coord; NaN is in the first. */
static double coord_level(const struct axis *a, double c)
{
	if (a->p.kind == SPACE_CATEGORICAL)
		return grid_level(a, c);
	c = fmin(fmax(0, c), 1);
	if (a->log)
		return grid_level(a, exp(a->lo + c * a->span));
	return fmin(floor(c * a->levels), a->levels - 1);
}

static double from_coord(const struct axis *a, double c)
{
	if (isfinite(a->levels))
		return grid_value(a, coord_level(a, c));
	if (!(c > 0))
		return a->p.low;
	if (c >= 1)
		return a->p.high;
	double t = a->lo + c * a->span;
	return fmin(fmax(a->log ? exp(t) : t, a->p.low), a->p.high);
}

double space_level_coord(const struct space *s, int i, double k)
{
	return level_coord(&s->axes[i], k);
}

double space_coord(const struct space *s, int i, double value)
{
	const struct axis *a = &s->axes[i];
	if (isnan(value))
		return a->p.kind == SPACE_CATEGORICAL ? 0 : middle;
	return isfinite(a->levels) ? level_coord(a, grid_level(a, value)) : to_coord(a, value);
}

void space_encode(const struct space *s, const double *values, double *coords)
{
	for (int i = 0; i < s->d; i++)
		coords[i] = space_coord(s, i, values[i]);
}

double space_value(const struct space *s, int i, double c)
{
	return from_coord(&s->axes[i], c);
}

double space_slope(const struct space *s, int i, double c)
{
	const struct axis *a = &s->axes[i];
	return a->log ? a->span * exp(a->lo + c * a->span) : a->span;
}

void space_decode_all(const struct space *s, const double *coords, double *values)
{
	for (int i = 0; i < s->d; i++)
		values[i] = from_coord(&s->axes[i], coords[i]);
}

void space_decode(const struct space *s, const double *coords, double *values)
{
	space_decode_all(s, coords, values);
	space_deactivate(s, values);
}

void space_snap(const struct space *s, double *coords)
{
	double values[SPACE_MAX_DIMS];
	if (s->conditional)
		space_decode(s, coords, values);
	for (int i = 0; i < s->d; i++) {
		const struct axis *a = &s->axes[i];
		if (s->conditional && isnan(values[i]))
			coords[i] = space_coord(s, i, NAN);
		else
			coords[i] = isfinite(a->levels) ? level_coord(a, coord_level(a, coords[i]))
											: fmin(fmax(0, coords[i]), 1);
	}
}

/* ---- rules of the whole point ------------------------------------------------- */

bool space_ruled(const struct space *s)
{
	return s->conditional || s->rules.n_forbidden || s->rules.n_linear;
}

const struct space_rules *space_rules(const struct space *s)
{
	return &s->rules;
}

const struct condition *space_when(const struct space *s, int i)
{
	return s->rules.when ? s->rules.when[i] : NULL;
}

const int *space_order(const struct space *s)
{
	return s->order;
}

void space_deactivate(const struct space *s, double *values)
{
	for (int k = 0; s->conditional && k < s->d; k++) {
		int i = s->order[k];
		const struct condition *when = space_when(s, i);
		if (when && !condition_holds(when, values))
			values[i] = NAN;
	}
}

bool space_complete(const struct space *s, const double *values)
{
	for (int i = 0; i < s->d; i++) {
		const struct condition *when = space_when(s, i);
		if (isnan(values[i]) != (when && !condition_holds(when, values)))
			return false;
	}
	return true;
}

double space_number(const struct space *s, int i, double value)
{
	const struct axis *a = &s->axes[i];
	if (isnan(value))
		return 0;
	return a->p.numbers ? a->p.numbers[(int)value] : value;
}

struct numbers {
	const struct space *space;
	const double *values;
};

static double number_at(const void *ctx, int i)
{
	const struct numbers *n = ctx;
	return space_number(n->space, i, n->values[i]);
}

bool space_obeys_linear(const struct space *s, int k, const double *values)
{
	const struct numbers point = {s, values};
	return linear_holds(s->rules.linear[k], number_at, &point);
}

int space_broken(const struct space *s, const double *values)
{
	const struct space_rules *r = &s->rules;
	for (int k = 0; k < r->n_forbidden; k++)
		if (condition_holds(r->forbidden[k], values))
			return k;
	for (int k = 0; k < r->n_linear; k++)
		if (!space_obeys_linear(s, k, values))
			return r->n_forbidden + k;
	return -1;
}
