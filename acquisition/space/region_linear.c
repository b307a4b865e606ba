/* The linear constraints over domains, and the linear program of those that may be broken.
 *
 * A column is a parameter of a row whose domain is not a single value, scaled to [0, 1] over
 * the domain; rows are scaled to a largest coefficient of 1. */
#include <float.h>
#include <math.h>

#include "acquisition/space/region_internal.h"

static const double rounding = 1e-12;  /* of sums of coefficients and numbers, relative */
static const double fractional = 1e-7; /* levels further from a whole number are not one */
static const double ends = 1e-9;       /* of domains that end where a condition does */
static const double least_room = 1e-9; /* of roomy rows */

/* Slack that continuous numbers leave for rounding, in units of the sum of a row's terms. */
static const double margins[] = {0, 8 * DBL_EPSILON, 512 * DBL_EPSILON, 32768 * DBL_EPSILON};
enum { BUILDING = 16 }; /* in multiplications */

enum { N_MARGINS = sizeof(margins) / sizeof(*margins) };

static bool is_smooth(const struct region *g, int i)
{
	return !isfinite(space_levels(g->space, i));
}

static bool is_ignored(const struct region *g, int k)
{
	return g->ignored[g->rules->n_forbidden + k];
}

/* Least and most of the left side over the domains, and the sum of its terms' sizes. */
struct span {
	double least, most, size;
};

static struct span span_of(struct region *g, const struct linear *l)
{
	struct span s = {0};
	for (int t = 0; t < l->n; t++) {
		int i = l->param[t];
		double low, high;
		if (g->active[i] == TRUTH_NO)
			continue;
		g->work -= region__has_choices(g->space, i) ? (long)space_levels(g->space, i) : 4;
		region__numbers(g, i, &low, &high);
		double a = l->coef[t] * low, b = l->coef[t] * high;
		bool maybe = g->active[i] == TRUTH_MAYBE;
		s.least += maybe ? fmin(0, fmin(a, b)) : fmin(a, b);
		s.most += maybe ? fmax(0, fmax(a, b)) : fmax(a, b);
		s.size += fmax(fabs(a), fabs(b));
	}
	s.size += fabs(l->bound);
	return s;
}

bool region__rows_conflict(struct region *g, int *open)
{
	*open = -1;
	for (int k = 0; k < g->rules->n_linear; k++) {
		const struct linear *l = g->rules->linear[k];
		if (is_ignored(g, k))
			continue;
		struct span s = span_of(g, l);
		if (s.least > l->bound + rounding * s.size)
			return true;
		for (int t = 0; t < l->n && *open < 0 && s.most > l->bound; t++)
			if (g->active[l->param[t]] == TRUTH_MAYBE)
				*open = l->param[t];
	}
	return false;
}

/* ---- building --------------------------------------------------------------- */

/* How a program is built: after rounding, levels are constants. */
struct build {
	bool levels_fixed;
	double margin;
};

static double number_at(const struct region *g, int i, double value)
{
	return space_number(g->space, i, value);
}

static bool is_column(const struct region *g, int i, struct build how)
{
	return g->active[i] == TRUTH_YES && !region__single(g, i) &&
		(is_smooth(g, i) || !how.levels_fixed);
}

static void add_column(struct region *g, int i)
{
	double low, high;
	int c = g->n_columns++;
	region__numbers(g, i, &low, &high);
	g->column[i] = c;
	g->param[c] = i;
	g->lower[c] = is_smooth(g, i) && low > space_param(g->space, i)->low ? ends : 0;
	g->upper[c] = is_smooth(g, i) && high < space_param(g->space, i)->high ? 1 - ends : 1;
	double wish = number_at(g, i, g->wish[i]);
	g->x[c] = high > low ? (wish - low) / (high - low) : 0;
}

/* Row r of the program; false when it has no column. *conflict: and cannot be obeyed. */
static bool add_row(
	struct region *g, const struct linear *l, int r, struct build how, double size, bool *conflict)
{
	double *row = g->A + (size_t)r * (size_t)g->n_columns, rest = l->bound, largest = 0;
	bool smooth = false;
	for (int c = 0; c < g->n_columns; c++)
		row[c] = 0;
	for (int t = 0; t < l->n; t++) {
		int i = l->param[t], c = g->column[i];
		double low, high;
		if (g->active[i] != TRUTH_YES)
			continue;
		if (c < 0) {
			rest -= l->coef[t] * number_at(g, i, g->point[i]);
			continue;
		}
		region__numbers(g, i, &low, &high);
		rest -= l->coef[t] * low;
		row[c] = l->coef[t] * (high - low);
		largest = fmax(largest, fabs(row[c]));
		smooth |= is_smooth(g, i);
	}
	if (largest == 0) {
		*conflict = rest < -rounding * size;
		return false;
	}
	for (int c = 0; c < g->n_columns; c++)
		row[c] /= largest;
	g->b[r] = rest / largest;
	if (smooth)
		g->b[r] -= fmax(g->roomy ? least_room : 0, how.margin * size / largest);
	return true;
}

/* Columns, then rows; returns how many rows, -1 when one cannot be obeyed. */
static int build(struct region *g, struct build how)
{
	int rows = 0;
	g->n_columns = 0;
	for (int i = 0; i < g->d; i++)
		g->column[i] = -1;
	for (int pass = 0; pass < 2; pass++)
		for (int k = 0; k < g->rules->n_linear; k++) {
			const struct linear *l = g->rules->linear[k];
			bool conflict = false;
			if (is_ignored(g, k))
				continue;
			struct span s = span_of(g, l);
			if (s.most < l->bound - rounding * s.size)
				continue;
			for (int t = 0; pass == 0 && t < l->n; t++)
				if (g->column[l->param[t]] < 0 && is_column(g, l->param[t], how))
					add_column(g, l->param[t]);
			if (pass == 1)
				rows += add_row(g, l, rows, how, s.size, &conflict);
			if (conflict)
				return -1;
		}
	return rows;
}

/* ---- reading ---------------------------------------------------------------- */

/* The allowed choice whose number is nearest to v. */
static int nearest_choice(const struct region *g, int i, double v)
{
	const double *numbers = space_param(g->space, i)->numbers;
	int best = -1;
	for (int k = 0; k < (int)space_levels(g->space, i); k++)
		if (g->choices[i][k] && (best < 0 || fabs(numbers[k] - v) < fabs(numbers[best] - v)))
			best = k;
	return best;
}

/* point <- the solution, levels rounded. Returns the column farthest from a level, -1 when
 * all are on one; *at: its number. */
static int take(struct region *g, double *at)
{
	int worst = -1;
	double most = fractional;
	for (int c = 0; c < g->n_columns; c++) {
		int i = g->param[c];
		double low, high;
		region__numbers(g, i, &low, &high);
		double v = fmin(fmax(low + g->x[c] * (high - low), low), high), off = 0;
		if (is_smooth(g, i)) {
			g->point[i] = v;
		} else if (region__has_choices(g->space, i)) {
			g->point[i] = nearest_choice(g, i, v);
			off = fabs(number_at(g, i, g->point[i]) - v) / (high - low);
		} else {
			double k = fmin(fmax(space_level(g->space, i, v), g->low[i]), g->high[i]);
			g->point[i] = space_level_value(g->space, i, k);
			off = fabs(g->point[i] - v) / (high - low) * (g->high[i] - g->low[i]);
		}
		if (off > most) {
			most = off;
			worst = c;
			*at = v;
		}
	}
	return worst;
}

/* Two cuts below and above a number between the levels. */
static void split_between(
	const struct region *g, int i, double at, struct region__cut *first, struct region__cut *other)
{
	struct region__cut low = {.param = i, .side = REGION__AT_MOST, .at = at};
	struct region__cut high = {.param = i, .side = REGION__AT_LEAST, .at = at};
	if (region__has_choices(g->space, i))
		high.side = REGION__ABOVE;
	bool up = number_at(g, i, g->point[i]) > at;
	*first = up ? high : low;
	*other = up ? low : high;
}

/* The largest allowed number below v, -INFINITY for none. */
static double number_below(const struct region *g, int i, double v)
{
	const double *numbers = space_param(g->space, i)->numbers;
	double best = -INFINITY;
	for (int k = 0; k < (int)space_levels(g->space, i); k++)
		if (g->choices[i][k] && numbers[k] < v)
			best = fmax(best, numbers[k]);
	return best;
}

/* Two cuts that part the number of the point from others of the domain. */
static void split_at(
	const struct region *g, int i, struct region__cut *first, struct region__cut *other)
{
	double low, high, at = number_at(g, i, g->point[i]);
	region__numbers(g, i, &low, &high);
	bool last = at == high;
	*first = (struct region__cut){.param = i, .side = REGION__AT_MOST, .at = at};
	*other = (struct region__cut){.param = i, .side = REGION__AT_LEAST};
	if (region__has_choices(g->space, i)) {
		first->at = last ? number_below(g, i, at) : at;
		other->side = REGION__ABOVE;
		other->at = first->at;
		return;
	}
	double k = space_level(g->space, i, at) - last;
	first->at = space_level_value(g->space, i, k);
	other->at = space_level_value(g->space, i, k + 1);
}

/* Rounding broke the point: part the domain of a level that matters. CONFLICT when there is
 * none. */
static enum region__verdict give_way(
	struct region *g, struct region__cut *first, struct region__cut *other)
{
	for (int k = 0; k < g->rules->n_linear; k++) {
		const struct linear *l = g->rules->linear[k];
		for (int t = 0; !is_ignored(g, k) && t < l->n; t++) {
			int i = l->param[t];
			double low, high;
			if (g->active[i] != TRUTH_YES || is_smooth(g, i) || region__single(g, i))
				continue;
			region__numbers(g, i, &low, &high);
			if (!(low < high))
				continue;
			split_at(g, i, first, other);
			return REGION__OPEN;
		}
	}
	g->unsure |= g->any_smooth;
	return REGION__CONFLICT;
}

/* ---- solving ---------------------------------------------------------------- */

/* One program. DONE: its solution is in point. */
static enum region__verdict program(
	struct region *g, struct build how, struct region__cut *first, struct region__cut *other)
{
	int rows = build(g, how);
	g->work -= BUILDING * (g->terms + (long)g->n_columns * (rows + 1));
	if (rows < 0)
		return REGION__CONFLICT;
	const struct simplex_problem p = {
		.n = g->n_columns, .m = rows, .A = g->A, .b = g->b, .lower = g->lower, .upper = g->upper};
	enum simplex_answer answer = simplex_find(&p, g->x, &g->work, g->room);
	g->unsure |= answer == SIMPLEX_UNKNOWN;
	if (answer != SIMPLEX_FOUND)
		return REGION__CONFLICT;
	double at = 0;
	int worst = take(g, &at);
	if (worst < 0)
		return REGION__DONE;
	split_between(g, g->param[worst], at, first, other);
	return REGION__OPEN;
}

enum region__verdict region__solve(
	struct region *g, struct region__cut *first, struct region__cut *other)
{
	for (int i = 0; i < g->d; i++)
		g->point[i] = region__clamp(g, i, g->wish[i]);
	if ((!g->roomy || g->rules->n_linear == 0) && region__check(g))
		return REGION__DONE;
	struct build how = {0};
	enum region__verdict verdict = program(g, how, first, other);
	if (verdict != REGION__DONE)
		return verdict;
	if (region__check(g))
		return REGION__DONE;
	how.levels_fixed = true;
	for (int k = 0; k < N_MARGINS && g->any_smooth; k++) {
		how.margin = margins[k];
		if (program(g, how, first, other) != REGION__DONE)
			break;
		if (region__check(g))
			return REGION__DONE;
	}
	return give_way(g, first, other);
}
