/* An odometer over space_order: place k holds the level of parameter order[k], -1 when it is
 * inactive or fixed. values are set up to the place where the odometer is. */
#include "acquisition/space/enumerate.h"

#include <math.h>
#include <string.h>

/* Sums may differ so much from the exact ones, relative to their terms. */
static const double slack = 1e-9;

struct enumerate {
	const struct space *space;
	const struct space_rules *rules;
	int d, at;
	const double *fixed;
	double *level, *values;
	/* Of each row and place: the coefficient, the sum so far, least that this place and later
	 * ones add; of each row the size of its terms. */
	double *coef, *sum, *rest, *size;
	double work;
	bool stopped, more;
};

static double coef_of(const struct linear *l, int i)
{
	for (int t = 0; t < l->n; t++)
		if (l->param[t] == i)
			return l->coef[t];
	return 0;
}

struct enumerate *enumerate_new(const struct space *space, struct arena *a)
{
	struct enumerate *e = ARENA_NEW(a, struct enumerate);
	if (!e)
		return NULL;
	e->space = space;
	e->rules = space_rules(space);
	e->d = space_dims(space);
	size_t rows = (size_t)e->rules->n_linear, stride = (size_t)e->d + 1;
	e->level = ARENA_ARRAY(a, double, e->d);
	e->values = ARENA_ARRAY(a, double, e->d);
	e->coef = arena_calloc(a, rows * stride, sizeof(double));
	e->sum = arena_calloc(a, rows * stride, sizeof(double));
	e->rest = arena_calloc(a, rows * stride, sizeof(double));
	e->size = ARENA_ARRAY(a, double, rows);
	if (!e->level || !e->values || !e->coef || !e->sum || !e->rest || !e->size)
		return NULL;
	for (size_t k = 0; k < rows; k++)
		for (int p = 0; p < e->d; p++)
			e->coef[k * stride + (size_t)p] = coef_of(e->rules->linear[k], space_order(space)[p]);
	return e;
}

static bool is_fixed(const struct enumerate *e, int i)
{
	return e->fixed && !isnan(e->fixed[i]);
}

/* Least and most that parameter i may add to a row. */
static void bounds_of(const struct enumerate *e, int i, double coef, double *least, double *most)
{
	const struct space *s = e->space;
	double n = is_fixed(e, i) ? 1 : space_levels(s, i);
	*least = space_when(s, i) ? 0 : INFINITY;
	*most = space_when(s, i) ? 0 : -INFINITY;
	bool table = space_param(s, i)->numbers != NULL;
	for (double k = 0; k < n; k += table || n < 2 ? 1 : n - 1) {
		double value = is_fixed(e, i) ? e->fixed[i] : space_level_value(s, i, k);
		double part = coef * space_number(s, i, value);
		*least = fmin(*least, part);
		*most = fmax(*most, part);
	}
}

static void sum_rest(struct enumerate *e)
{
	size_t stride = (size_t)e->d + 1;
	for (int k = 0; k < e->rules->n_linear; k++) {
		double *rest = e->rest + (size_t)k * stride, *coef = e->coef + (size_t)k * stride;
		e->size[k] = fabs(e->rules->linear[k]->bound);
		for (int p = e->d - 1; p >= 0; p--) {
			double least = 0, most = 0;
			if (coef[p] != 0)
				bounds_of(e, space_order(e->space)[p], coef[p], &least, &most);
			rest[p] = rest[p + 1] + least;
			e->size[k] += fmax(fabs(least), fabs(most));
		}
	}
}

/* Can the values up to place p still become a point that obeys row k? */
static bool hopeful(struct enumerate *e, int k, int p)
{
	size_t row = (size_t)k * ((size_t)e->d + 1), next = row + (size_t)p + 1;
	int i = space_order(e->space)[p];
	double part = e->coef[next - 1];
	if (part != 0)
		part *= space_number(e->space, i, e->values[i]);
	e->sum[next] = e->sum[next - 1] + part;
	return e->sum[next] + e->rest[next] <= e->rules->linear[k]->bound + slack * e->size[k];
}

/* All rows are looked at, because each keeps its sum. */
static bool any_hope(struct enumerate *e, int p)
{
	bool hope = true;
	for (int k = 0; k < e->rules->n_linear; k++)
		hope = hopeful(e, k, p) && hope;
	return hope;
}

/* Set place p to its first level. False when a fixed parameter would be inactive. */
static bool enter(struct enumerate *e, int p)
{
	int i = space_order(e->space)[p];
	const struct condition *when = space_when(e->space, i);
	bool active = !when || condition_holds(when, e->values);
	e->level[p] = -1;
	e->values[i] = active && is_fixed(e, i) ? e->fixed[i] : NAN;
	if (!active)
		return !is_fixed(e, i);
	if (!is_fixed(e, i)) {
		e->level[p] = 0;
		e->values[i] = space_level_value(e->space, i, 0);
	}
	return true;
}

/* Turn place p, or the nearest before it that can be turned; -1 when there is none. */
static int turn(struct enumerate *e, int p)
{
	for (; p >= 0; p--) {
		int i = space_order(e->space)[p];
		if (e->level[p] < 0 || e->level[p] + 1 >= space_levels(e->space, i))
			continue;
		e->values[i] = space_level_value(e->space, i, ++e->level[p]);
		return p;
	}
	return -1;
}

void enumerate_begin(struct enumerate *e, const double *fixed, double work)
{
	e->fixed = fixed;
	e->work = work;
	e->stopped = false;
	e->more = true;
	e->at = -1;
	sum_rest(e);
}

bool enumerate_next(struct enumerate *e, double *values)
{
	int p = e->at;
	bool good = true;
	if (p >= 0) /* past the point that was given last */
		p = turn(e, p);
	else if (e->more)
		good = enter(e, p = 0);
	e->more = false;
	while (p >= 0) {
		if (e->work-- <= 0) {
			e->stopped = true;
			break;
		}
		good = good && any_hope(e, p);
		bool whole = good && p + 1 == e->d;
		if (whole && space_broken(e->space, e->values) < 0) {
			memcpy(values, e->values, sizeof(double) * (size_t)e->d);
			e->at = p;
			return true;
		}
		if (good && !whole) {
			good = enter(e, ++p);
			continue;
		}
		p = turn(e, p);
		good = true;
	}
	e->at = -1;
	return false;
}

bool enumerate_stopped(const struct enumerate *e)
{
	return e->stopped;
}
