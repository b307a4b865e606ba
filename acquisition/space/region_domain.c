/* Domains: what is left of each parameter, and how comparisons look over them. */
#include <math.h>

#include "acquisition/space/region_internal.h"

bool region__has_choices(const struct space *s, int i)
{
	enum space_kind kind = space_param(s, i)->kind;
	return kind != SPACE_FLOAT && kind != SPACE_INT;
}

bool region__is_grid(const struct space *s, int i)
{
	return !region__has_choices(s, i) && isfinite(space_levels(s, i));
}

static const double inset_part = 1e-3; /* of a domain */

static const double *numbers_of(const struct region *g, int i)
{
	return space_param(g->space, i)->numbers;
}

/* Values of the ends of a numeric domain. */
static double low_value(const struct region *g, int i)
{
	return region__is_grid(g->space, i) ? space_level_value(g->space, i, g->low[i]) : g->low[i];
}

static double high_value(const struct region *g, int i)
{
	return region__is_grid(g->space, i) ? space_level_value(g->space, i, g->high[i]) : g->high[i];
}

/* ---- changes ---------------------------------------------------------------- */

static void keep(struct region *g, int i, int choice)
{
	g->changes[g->n_changes++] = (struct region__change){i, choice, g->low[i], g->high[i]};
}

void region__undo(struct region *g, int mark)
{
	while (g->n_changes > mark) {
		const struct region__change *c = &g->changes[--g->n_changes];
		g->low[c->param] = c->low;
		g->high[c->param] = c->high;
		if (c->choice < 0)
			continue;
		g->choices[c->param][c->choice] = 1;
		g->n_choices[c->param]++;
	}
}

static bool fits(const struct region *g, const struct region__cut *cut, int choice)
{
	const double *numbers = numbers_of(g, cut->param);
	double number = numbers ? numbers[choice] : choice;
	switch (cut->side) {
	case REGION__AT_MOST: return number <= cut->at;
	case REGION__AT_LEAST: return number >= cut->at;
	case REGION__ABOVE: return number > cut->at;
	default: return condition_compare(cut->leaf, choice) == (cut->side == REGION__IN);
	}
}

static bool cut_choices(struct region *g, const struct region__cut *cut)
{
	int i = cut->param, n = (int)space_levels(g->space, i);
	g->work -= n;
	for (int k = 0; k < n; k++) {
		if (!g->choices[i][k] || fits(g, cut, k))
			continue;
		keep(g, i, k);
		g->choices[i][k] = 0;
		g->n_choices[i]--;
	}
	return g->n_choices[i] > 0;
}

/* The first level whose value is at least `at` (may be the number of levels). */
static double level_from(const struct space *s, int i, double at)
{
	double k = space_level(s, i, at), n = space_levels(s, i);
	while (k > 0 && space_level_value(s, i, k - 1) >= at)
		k--;
	while (k < n && space_level_value(s, i, k) < at)
		k++;
	return k;
}

bool region__apply(struct region *g, const struct region__cut *cut)
{
	int i = cut->param;
	double at = cut->at;
	if (region__has_choices(g->space, i))
		return cut_choices(g, cut);
	if (region__is_grid(g->space, i)) {
		double level = level_from(g->space, i, at);
		bool there = level < space_levels(g->space, i) &&
			space_level_value(g->space, i, level) == at;
		at = cut->side == REGION__AT_MOST && !there ? level - 1 : level;
	}
	keep(g, i, -1);
	if (cut->side == REGION__AT_MOST)
		g->high[i] = fmin(g->high[i], at);
	else
		g->low[i] = fmax(g->low[i], at);
	return g->low[i] <= g->high[i];
}

bool region__pin(struct region *g, int i, double value)
{
	if (region__has_choices(g->space, i)) {
		for (int k = 0; k < (int)space_levels(g->space, i); k++) {
			if (!g->choices[i][k] || k == value)
				continue;
			keep(g, i, k);
			g->choices[i][k] = 0;
			g->n_choices[i]--;
		}
		return g->n_choices[i] > 0;
	}
	double at = region__is_grid(g->space, i) ? space_level(g->space, i, value) : value;
	bool inside = at >= g->low[i] && at <= g->high[i];
	keep(g, i, -1);
	g->low[i] = g->high[i] = at;
	return inside;
}

/* ---- questions -------------------------------------------------------------- */

bool region__single(const struct region *g, int i)
{
	return region__has_choices(g->space, i) ? g->n_choices[i] == 1 : g->low[i] == g->high[i];
}

/* The allowed choice nearest to k; among those of no order the next one, in a circle. */
static double clamp_choice(const struct region *g, int i, int k)
{
	int n = (int)space_levels(g->space, i);
	if (space_categorical(g->space)[i]) {
		while (!g->choices[i][k])
			k = (k + 1) % n;
		return k;
	}
	for (int step = 0;; step++) {
		if (k - step >= 0 && g->choices[i][k - step])
			return k - step;
		if (k + step < n && g->choices[i][k + step])
			return k + step;
	}
}

double region__clamp(const struct region *g, int i, double value)
{
	if (region__has_choices(g->space, i))
		return clamp_choice(g, i, (int)value);
	if (!region__is_grid(g->space, i)) {
		double low = g->low[i], inset = inset_part * (g->high[i] - low);
		return value < low ? low + inset : value > g->high[i] ? g->high[i] - inset : value;
	}
	double level = fmin(fmax(space_level(g->space, i, value), g->low[i]), g->high[i]);
	return space_level_value(g->space, i, level);
}

void region__numbers(const struct region *g, int i, double *low, double *high)
{
	const double *numbers = numbers_of(g, i);
	if (!region__has_choices(g->space, i)) {
		*low = low_value(g, i);
		*high = high_value(g, i);
		return;
	}
	*low = INFINITY;
	*high = -INFINITY;
	for (int k = 0; k < (int)space_levels(g->space, i); k++) {
		if (!g->choices[i][k])
			continue;
		*low = fmin(*low, numbers[k]);
		*high = fmax(*high, numbers[k]);
	}
}

/* How many choices that are left are in the set or interval; *work: how many were looked at. */
static int count_in(const struct region *g, const struct condition_node *leaf, long *work)
{
	int i = leaf->param, n = (int)space_levels(g->space, i), in = 0;
	bool set = leaf->op == CONDITION_SET;
	int from = set ? 0 : (int)fmin(fmax(ceil(leaf->low), 0), n);
	int to = set ? leaf->n : (int)fmin(fmax(floor(leaf->high), -1), n - 1) + 1;
	for (int k = from; k < to; k++) {
		double choice = set ? leaf->set[k] : k;
		bool again = set && k > 0 && leaf->set[k - 1] == choice;
		if (!again && choice >= 0 && choice < n && choice == floor(choice))
			in += g->choices[i][(int)choice];
	}
	*work = to > from ? to - from : 0;
	return in;
}

static enum truth judge_choices(struct region *g, const struct condition_node *leaf)
{
	long work;
	int in = count_in(g, leaf, &work);
	g->work -= 4 + work;
	if (in > 0 && in < g->n_choices[leaf->param])
		return TRUTH_MAYBE;
	return (in > 0) != leaf->outside ? TRUTH_YES : TRUTH_NO;
}

static enum truth judge_numbers(const struct region *g, const struct condition_node *leaf)
{
	double low = low_value(g, leaf->param), high = high_value(g, leaf->param);
	if (leaf->op == CONDITION_RANGE) {
		if (low >= leaf->low && high <= leaf->high)
			return TRUTH_YES;
		return high < leaf->low || low > leaf->high ? TRUTH_NO : TRUTH_MAYBE;
	}
	int k = condition_place(leaf, low);
	bool meets = k < leaf->n && leaf->set[k] <= high;
	if (meets && low < high)
		return TRUTH_MAYBE;
	return meets != leaf->outside ? TRUTH_YES : TRUTH_NO;
}

enum truth region__leaf(void *ctx, const struct condition_node *leaf)
{
	struct region *g = ctx;
	int i = leaf->param;
	if (g->active[i] == TRUTH_NO)
		return TRUTH_NO;
	enum truth t = region__has_choices(g->space, i) ? judge_choices(g, leaf)
													: judge_numbers(g, leaf);
	return t == TRUTH_YES && g->active[i] == TRUTH_MAYBE ? TRUTH_MAYBE : t;
}

/* ---- splitting -------------------------------------------------------------- */

/* Where a comparison of numbers changes inside the domain: from `at` on (from), or after it. */
static double turning_point(const struct region *g, const struct condition_node *leaf, bool *from)
{
	double low = low_value(g, leaf->param);
	if (leaf->op == CONDITION_RANGE) {
		*from = low < leaf->low;
		return *from ? leaf->low : leaf->high;
	}
	double at = leaf->set[condition_place(leaf, low)];
	*from = low < at;
	return at;
}

void region__split(const struct region *g, const struct condition_node *leaf,
	struct region__cut *first, struct region__cut *other)
{
	int i = leaf->param;
	struct region__cut a = {.param = i, .leaf = leaf}, b = a;
	bool prefers_a;
	if (region__has_choices(g->space, i)) {
		a.side = REGION__IN;
		b.side = REGION__OUT;
		prefers_a = condition_compare(leaf, g->wish[i]);
	} else {
		bool from;
		double at = turning_point(g, leaf, &from);
		a.side = REGION__AT_MOST;
		b.side = REGION__AT_LEAST;
		a.at = from ? nextafter(at, -INFINITY) : at;
		b.at = from ? at : nextafter(at, INFINITY);
		prefers_a = g->wish[i] <= a.at;
	}
	*first = prefers_a ? a : b;
	*other = prefers_a ? b : a;
}
