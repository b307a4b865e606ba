/* Branch and bound, and settling. */
#include "acquisition/space/region.h"

#include <math.h>
#include <string.h>

#include "acquisition/space/region_internal.h"

enum { WALK_STEPS = 12 };

/* What things cost in multiplications. */
enum { JUDGING = 4, CHECKING = 32 };

/* A short question: a base, so many judgements, so many steps of a program. */
enum { LITTLE = 500 * 1000, JUDGEMENTS = 500, STEPS = 200 };

/* ---- making one ------------------------------------------------------------- */

static bool take_domains(struct region *g, struct arena *a)
{
	size_t total = 0;
	g->choices = ARENA_ARRAY(a, unsigned char *, g->d);
	g->n_choices = ARENA_ARRAY(a, int, g->d);
	g->low = ARENA_ARRAY(a, double, 6 * g->d);
	g->active = ARENA_ARRAY(a, unsigned char, g->d);
	if (!g->choices || !g->n_choices || !g->low || !g->active)
		return false;
	g->high = g->low + g->d;
	g->wish = g->high + g->d;
	g->point = g->wish + g->d;
	g->coords = g->point + g->d;
	g->trial = g->coords + g->d;
	for (int i = 0; i < g->d; i++) {
		const struct space_param *p = space_param(g->space, i);
		size_t n = region__has_choices(g->space, i) ? (size_t)p->n_choices : 0;
		g->low[i] = region__is_grid(g->space, i) ? 0 : p->low;
		g->high[i] = region__is_grid(g->space, i) ? space_levels(g->space, i) - 1 : p->high;
		if (!n)
			continue;
		g->choices[i] = arena_alloc(a, n);
		if (!g->choices[i])
			return false;
		memset(g->choices[i], 1, n);
		g->n_choices[i] = (int)n;
		total += n;
	}
	/* Any cut fits: one interval, or all choices that are left. */
	g->most_changes = (int)total + 2 * REGION__DEPTH;
	g->changes = arena_alloc(
		a, ((size_t)g->most_changes + total + 2 * (size_t)g->d + 2) * sizeof(*g->changes));
	g->frames = arena_alloc(a, REGION__DEPTH * sizeof(*g->frames));
	return g->changes && g->frames;
}

/* The most columns a program can have. */
static int count_columns(struct region *g)
{
	int n = 0;
	for (int i = 0; i < g->d; i++)
		g->column[i] = -1;
	for (int k = 0; k < g->rules->n_linear; k++) {
		const struct linear *l = g->rules->linear[k];
		g->cost += l->n;
		g->terms += l->n;
		for (int t = 0; t < l->n; t++) {
			n += g->column[l->param[t]] < 0;
			g->column[l->param[t]] = 0;
			g->any_smooth |= !isfinite(space_levels(g->space, l->param[t]));
		}
	}
	return n;
}

static bool take_program(struct region *g, struct arena *a)
{
	int m = g->rules->n_linear;
	g->column = ARENA_ARRAY(a, int, 2 * g->d);
	if (!g->column)
		return false;
	g->param = g->column + g->d;
	int n = g->most_columns = count_columns(g);
	g->A = arena_calloc(a, (size_t)n * (size_t)m, sizeof(double));
	g->b = ARENA_ARRAY(a, double, m);
	g->lower = ARENA_ARRAY(a, double, 3 * n);
	g->room = simplex_room_new(n, m, a);
	if (!g->A || !g->b || !g->lower || !g->room)
		return false;
	g->upper = g->lower + n;
	g->x = g->upper + n;
	return true;
}

static void look_at(struct region *g, const struct condition *c)
{
	for (int k = 0; c && k < c->n; k++)
		if (c->nodes[k].op >= CONDITION_RANGE)
			g->any_smooth |= !isfinite(space_levels(g->space, c->nodes[k].param));
}

struct region *region_new(const struct space *space, struct arena *a)
{
	struct region *g = ARENA_NEW(a, struct region);
	if (!g)
		return NULL;
	g->space = space;
	g->rules = space_rules(space);
	g->d = space_dims(space);
	g->ruled = space_ruled(space);
	if (!g->ruled)
		return g;
	g->cost = g->d;
	g->ignored = ARENA_ARRAY(a, unsigned char, g->rules->n_forbidden + g->rules->n_linear);
	if (!g->ignored || !take_domains(g, a) || !take_program(g, a))
		return NULL;
	for (int i = 0; i < g->d; i++) {
		const struct condition *when = space_when(space, i);
		look_at(g, when);
		g->cost += when ? when->n : 0;
	}
	for (int k = 0; k < g->rules->n_forbidden; k++) {
		look_at(g, g->rules->forbidden[k]);
		g->cost += g->rules->forbidden[k]->n;
	}
	return g;
}

void region_fix(struct region *g, const double *fixed)
{
	g->fixed = fixed;
}

bool region_ruled(const struct region *g)
{
	return g->ruled;
}

void region_require(struct region *g, const struct condition *condition)
{
	g->require = condition;
	look_at(g, condition);
}

long region_left(const struct region *g)
{
	return g->work;
}

long region_spent(const struct region *g)
{
	return g->spent;
}

void region_ignore(struct region *g, int rule, bool ignored)
{
	g->ignored[rule] = ignored;
}

/* ---- points ----------------------------------------------------------------- */

bool region__is_fixed(const struct region *g, int i)
{
	return g->fixed && !isnan(g->fixed[i]);
}

/* Values as if all were active. */
static void decode_all(const struct region *g, const double *coords, double *values)
{
	space_decode_all(g->space, coords, values);
	for (int i = 0; g->fixed && i < g->d; i++)
		if (region__is_fixed(g, i))
			values[i] = g->fixed[i];
}

void region_decode(const struct region *g, const double *coords, double *values)
{
	decode_all(g, coords, values);
	space_deactivate(g->space, values);
}

/* Is the point (values) allowed? */
static bool obeys(const struct region *g, const double *values)
{
	for (int i = 0; g->fixed && i < g->d; i++)
		if (region__is_fixed(g, i) && isnan(values[i]))
			return false;
	if (g->require && !condition_holds(g->require, values))
		return false;
	for (int k = 0; k < g->rules->n_forbidden; k++)
		if (!g->ignored[k] && condition_holds(g->rules->forbidden[k], values))
			return false;
	for (int k = 0; k < g->rules->n_linear; k++)
		if (!g->ignored[g->rules->n_forbidden + k] && !space_obeys_linear(g->space, k, values))
			return false;
	return true;
}

bool region_has(struct region *g, const double *coords)
{
	if (!g->ruled)
		return true;
	region_decode(g, coords, g->trial);
	return obeys(g, g->trial);
}

/* A coord near c that decodes to the value, if there is one. */
static double exact_coord(const struct region *g, int i, double c)
{
	double up = c, down = c;
	for (int k = 0; k < 8; k++) {
		if (space_value(g->space, i, up) == g->point[i])
			return up;
		if (space_value(g->space, i, down) == g->point[i])
			return down;
		up = nextafter(up, INFINITY);
		down = nextafter(down, -INFINITY);
	}
	return c;
}

bool region__check(struct region *g)
{
	g->work -= CHECKING * (g->d + g->terms);
	space_encode(g->space, g->point, g->coords);
	if (region_has(g, g->coords))
		return true;
	for (int i = 0; i < g->d; i++)
		if (!isfinite(space_levels(g->space, i)))
			g->coords[i] = exact_coord(g, i, g->coords[i]);
	return region_has(g, g->coords);
}

/* ---- search ----------------------------------------------------------------- */

/* Which parameters are there, as far as the domains say. */
static void judge_active(struct region *g)
{
	const int *order = space_order(g->space);
	for (int k = 0; k < g->d; k++) {
		const struct condition *when = space_when(g->space, order[k]);
		g->active[order[k]] = (unsigned char)(when ? condition_judge(when, region__leaf, g)
												   : TRUTH_YES);
	}
}

/* Split what an open condition asks about; its parents come first. */
static enum region__verdict split_open(struct region *g, const struct condition *c,
	struct region__cut *first, struct region__cut *other)
{
	const struct condition_node *leaf = condition_open(c, region__leaf, g);
	while (g->active[leaf->param] == TRUTH_MAYBE)
		leaf = condition_open(space_when(g->space, leaf->param), region__leaf, g);
	region__split(g, leaf, first, other);
	return REGION__OPEN;
}

/* The k-th of what must hold or must not: what is required, conditions of fixed parameters, what
 * is forbidden. NULL where there is none. */
static const struct condition *demand(const struct region *g, int k, bool *holds)
{
	*holds = k <= g->d;
	if (k == 0)
		return g->require;
	if (k <= g->d)
		return region__is_fixed(g, k - 1) ? space_when(g->space, k - 1) : NULL;
	return g->ignored[k - g->d - 1] ? NULL : g->rules->forbidden[k - g->d - 1];
}

/* A condition that is decided the wrong way is a conflict; of the open ones the one with the
 * fewest open comparisons is split, so that what follows from the others is found at once. */
static enum region__verdict demand_all(
	struct region *g, struct region__cut *first, struct region__cut *other)
{
	const struct condition *best = NULL;
	int fewest = 0;
	for (int k = 0; k <= g->d + g->rules->n_forbidden; k++) {
		bool holds;
		const struct condition *c = demand(g, k, &holds);
		enum truth t = c ? condition_judge(c, region__leaf, g) : TRUTH_MAYBE;
		if (t != TRUTH_MAYBE && (t == TRUTH_YES) != holds)
			return REGION__CONFLICT;
		if (!c || t != TRUTH_MAYBE || fewest == 1)
			continue;
		int n = condition_count_open(c, region__leaf, g);
		if (!best || n < fewest) {
			best = c;
			fewest = n;
		}
	}
	return best ? split_open(g, best, first, other) : REGION__DONE;
}

static enum region__verdict examine(
	struct region *g, struct region__cut *first, struct region__cut *other)
{
	int param;
	g->work -= JUDGING * g->cost;
	judge_active(g);
	enum region__verdict v = demand_all(g, first, other);
	if (v == REGION__CONFLICT || region__rows_conflict(g, &param))
		return REGION__CONFLICT;
	if (v == REGION__OPEN)
		return v;
	if (param >= 0)
		return split_open(g, space_when(g->space, param), first, other);
	return region__solve(g, first, other);
}

/* Go back to the last cut whose other side was not tried; false when there is none. */
static bool back(struct region *g)
{
	while (g->n_frames > 0) {
		const struct region__frame *f = &g->frames[--g->n_frames];
		region__undo(g, f->mark);
		if (region__apply(g, &f->other))
			return true;
	}
	return false;
}

static enum region_answer search(struct region *g)
{
	for (;;) {
		struct region__cut first, other;
		if (g->work <= 0)
			return REGION_UNKNOWN;
		enum region__verdict v = examine(g, &first, &other);
		if (v == REGION__DONE)
			return REGION_FOUND;
		bool on = v == REGION__OPEN;
		if (on && (g->n_frames == REGION__DEPTH || g->n_changes > g->most_changes))
			return REGION_UNKNOWN;
		if (on) {
			g->frames[g->n_frames++] = (struct region__frame){g->n_changes, other};
			on = region__apply(g, &first);
		}
		if (!on && !back(g))
			return g->unsure ? REGION_UNKNOWN : REGION_EMPTY;
	}
}

/* From g->wish, whole values. */
static enum region_answer find(struct region *g, double *x, int held, long work)
{
	bool whole = true;
	g->work = work;
	g->unsure = false;
	for (int i = 0; i < g->d; i++)
		if (region__is_fixed(g, i) || i == held)
			whole = region__pin(g, i, g->wish[i]) && whole;
	enum region_answer answer = whole ? search(g) : REGION_EMPTY;
	region__undo(g, 0);
	g->n_frames = 0;
	g->spent += work - g->work;
	if (answer == REGION_FOUND) {
		region_decode(g, g->coords, g->trial);
		space_encode(g->space, g->trial, g->point);
		for (int i = 0; i < g->d; i++) /* what is active as it decodes, the rest in the middle */
			x[i] = isnan(g->trial[i]) ? g->point[i] : g->coords[i];
	}
	return answer;
}

enum region_answer region_near(struct region *g, double *x, int held, long work)
{
	if (!g->ruled)
		return REGION_FOUND;
	decode_all(g, x, g->wish);
	g->roomy = false;
	return find(g, x, held, work);
}

enum region_answer region_roomy(struct region *g, double *x, long work)
{
	for (int i = 0; i < g->d; i++)
		x[i] = space_categorical(g->space)[i] ? 0 : 0.5;
	if (!g->ruled)
		return REGION_FOUND;
	decode_all(g, x, g->wish);
	g->roomy = true;
	enum region_answer answer = find(g, x, -1, work);
	g->roomy = false;
	return answer;
}

long region_little(const struct region *g)
{
	long judging = JUDGEMENTS * JUDGING * g->cost;
	return LITTLE + judging + STEPS * (g->terms + (long)g->most_columns * g->rules->n_linear);
}

/* ---- settling --------------------------------------------------------------- */

void region__tidy(struct region *g, double *x)
{
	region_decode(g, x, g->trial);
	for (int i = 0; i < g->d; i++)
		if (isnan(g->trial[i]) || region__is_fixed(g, i) || isfinite(space_levels(g->space, i)))
			x[i] = space_coord(g->space, i, g->trial[i]);
}

bool region_settle(struct region *g, double *x, struct rng *r)
{
	if (!g->ruled) {
		space_snap(g->space, x);
		return true;
	}
	if (region_has(g, x)) {
		region__tidy(g, x);
		return true;
	}
	if (region_near(g, x, -1, region_little(g)) != REGION_FOUND)
		return false;
	if (r)
		region_walk(g, x, WALK_STEPS, r);
	return true;
}
