/* Random steps among allowed points. What is inactive gets random coordinates for the time of
 * the walk, so that a step that makes it active lands anywhere. */
#include <math.h>
#include <string.h>

#include "acquisition/space/region_internal.h"

/* Numbers of the parameters at g->coords, 0 for what is inactive (g->trial). */
static double number_at(const struct region *g, int i)
{
	return space_number(g->space, i, g->trial[i]);
}

static bool may_move(const struct region *g, int i)
{
	return !isnan(g->trial[i]) && !region__is_fixed(g, i) && space_levels(g->space, i) > 1;
}

static double slack_of(const struct region *g, const struct linear *l)
{
	double slack = l->bound;
	for (int t = 0; t < l->n; t++)
		slack -= l->coef[t] * number_at(g, l->param[t]);
	return fmax(slack, 0);
}

static double coef_of(const struct linear *l, int i)
{
	for (int t = 0; t < l->n; t++)
		if (l->param[t] == i)
			return l->coef[t];
	return 0;
}

/* The steps tau for which value + tau * slope stays in bounds. */
static void bound_by_axis(const struct region *g, int i, double slope, double *least, double *most)
{
	const struct space_param *p = space_param(g->space, i);
	double down = (p->low - g->trial[i]) / slope, up = (p->high - g->trial[i]) / slope;
	*least = fmax(*least, fmin(fmin(down, up), 0));
	*most = fmin(*most, fmax(fmax(down, up), 0));
}

/* And the linear constraints are obeyed when i and j (-1: none) move with their slopes. */
static void bound_by_rows(const struct region *g, int i, double slope_i, int j, double slope_j,
	double *least, double *most)
{
	for (int k = 0; k < g->rules->n_linear; k++) {
		const struct linear *l = g->rules->linear[k];
		double slope = slope_i * coef_of(l, i) + (j < 0 ? 0 : slope_j * coef_of(l, j));
		double size = fabs(slope_i * coef_of(l, i));
		if (g->ignored[g->rules->n_forbidden + k] || fabs(slope) <= 1e-14 * size)
			continue;
		double step = slack_of(g, l) / slope;
		if (slope > 0)
			*most = fmin(*most, step);
		else
			*least = fmax(*least, step);
	}
}

/* A new coordinate for parameter i: uniform where the constraints allow it. */
static void step_one(struct region *g, int i, struct rng *r)
{
	double least = -INFINITY, most = INFINITY, u = rng_uniform(r);
	if (region__has_choices(g->space, i)) {
		g->coords[i] = space_level_coord(g->space, i, floor(u * space_levels(g->space, i)));
		return;
	}
	bound_by_axis(g, i, 1, &least, &most);
	bound_by_rows(g, i, 1, -1, 0, &least, &most);
	double low = space_coord(g->space, i, g->trial[i] + least);
	double high = space_coord(g->space, i, g->trial[i] + most);
	double c = low + u * (high - low);
	g->coords[i] = space_coord(g->space, i, space_value(g->space, i, c));
}

static void put(struct region *g, int i, double value)
{
	const struct space_param *p = space_param(g->space, i);
	g->coords[i] = space_coord(g->space, i, fmin(fmax(value, p->low), p->high));
}

/* Two numbers of a constraint, so that its sum stays. */
static void step_pair(struct region *g, int i, double coef_i, int j, double coef_j, struct rng *r)
{
	double least = -INFINITY, most = INFINITY, value_i = g->trial[i], value_j = g->trial[j];
	bound_by_axis(g, i, coef_j, &least, &most);
	bound_by_axis(g, j, -coef_i, &least, &most);
	bound_by_rows(g, i, coef_j, j, -coef_i, &least, &most);
	put(g, i, value_i + (least + rng_uniform(r) * (most - least)) * coef_j);
	double moved = space_value(g->space, i, g->coords[i]) - value_i;
	put(g, j, value_j - moved * coef_i / coef_j);
}

/* Two different terms of a random row that may move; false when the lot fell on others. */
static bool pick_pair(
	const struct region *g, struct rng *r, int *i, double *coef_i, int *j, double *coef_j)
{
	int k = (int)rng_below(r, (uint32_t)g->rules->n_linear);
	const struct linear *l = g->rules->linear[k];
	if (l->n < 2 || g->ignored[g->rules->n_forbidden + k])
		return false;
	int s = (int)rng_below(r, (uint32_t)l->n), t = (int)rng_below(r, (uint32_t)l->n - 1);
	t += t >= s;
	*i = l->param[s];
	*j = l->param[t];
	*coef_i = l->coef[s];
	*coef_j = l->coef[t];
	return may_move(g, *i) && may_move(g, *j) && !region__has_choices(g->space, *i) &&
		!region__has_choices(g->space, *j);
}

/* One step from the point at g->coords, whose values are g->trial; undone when it left. */
static void step(struct region *g, struct rng *r)
{
	int i = (int)rng_below(r, (uint32_t)g->d), j = i;
	bool pair = g->rules->n_linear > 0 && rng_below(r, 2);
	double coef_i, coef_j;
	if (pair && !pick_pair(g, r, &i, &coef_i, &j, &coef_j))
		return;
	if (!pair && !may_move(g, i))
		return;
	double before_i = g->coords[i], before_j = g->coords[j];
	if (pair)
		step_pair(g, i, coef_i, j, coef_j, r);
	else
		step_one(g, i, r);
	if (region_has(g, g->coords))
		return;
	g->coords[i] = before_i;
	g->coords[j] = before_j;
	region_decode(g, g->coords, g->trial);
}

void region_walk(struct region *g, double *x, int steps, struct rng *r)
{
	if (!g->ruled)
		return;
	region_decode(g, x, g->trial);
	for (int i = 0; i < g->d; i++) {
		double u = rng_uniform(r);
		if (space_categorical(g->space)[i])
			u = floor(u * space_levels(g->space, i));
		g->coords[i] = isnan(g->trial[i]) ? u : x[i];
	}
	for (int k = 0; k < steps; k++)
		step(g, r);
	memcpy(x, g->coords, sizeof(double) * (size_t)g->d);
	region__tidy(g, x);
}
