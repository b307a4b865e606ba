/* With S = diag(scale) and q_k the gradients of the rows' sums in coords, for the rows that x
 * lies on: r = g - sum lambda_k q_k with lambda >= 0 and, at ends of the cube, 0 for what points
 * out, so that q_k' S^2 r <= 0, 0 where lambda_k > 0 (the optimality conditions of the
 * projection on a cone). lambda by Hildreth's method (1957): one after another, each to where
 * its row is met, until none moves. A quasi-Newton step H r is projected on the rows with
 * lambda > 0: P H P' g rises for every positive definite H, as P' g = r. */
#include "acquisition/search/projection.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MEND_ROUNDS = 12, MEND_TOGETHER = 4, HALVINGS = 24, ENOUGH_HALVINGS = 10, SWEEPS = 100 };

static const double near_edge = 1e-5, on_edge = 1e-9; /* distances in scales */
static const double nothing_left = 1e-6;              /* of a gradient, relative */
static const double settled = 1e-12;                  /* of a multiplier, relative */
static const double inside = 64 * DBL_EPSILON;        /* of the sum of a row's terms */

struct projection {
	struct region *region;
	const struct space *space;
	const struct space_rules *rules;
	const unsigned char *moving;
	const double *scale;
	int d, n_rows, n_basis;
	double *values, *other, *g, *wish; /* d each */
	double *x, *rest, *r;   /* where the gradient was, g - sum lambda q, what is free of it */
	unsigned char *blocked; /* d: at an end of the cube, and pushed out */
	double *rows, *lambda;  /* of the n_rows rows that x lies on: n_linear x d */
	double *basis;          /* n_linear x d: S-orthogonal directions taken off */
};

struct projection *projection_new(struct region *region, const struct space *space,
	const unsigned char *moving, const double *scale, struct arena *a)
{
	struct projection *b = ARENA_NEW(a, struct projection);
	if (!b)
		return NULL;
	b->region = region;
	b->space = space;
	b->rules = space_rules(space);
	b->moving = moving;
	b->scale = scale;
	b->d = space_dims(space);
	size_t cells = (size_t)b->rules->n_linear * (size_t)b->d;
	b->values = ARENA_ARRAY(a, double, 7 * b->d);
	b->blocked = ARENA_ARRAY(a, unsigned char, b->d);
	b->rows = arena_calloc(a, cells, sizeof(double));
	b->basis = arena_calloc(a, cells, sizeof(double));
	b->lambda = ARENA_ARRAY(a, double, b->rules->n_linear);
	if (!b->values || !b->blocked || !b->rows || !b->basis || !b->lambda)
		return NULL;
	b->other = b->values + b->d;
	b->g = b->other + b->d;
	b->r = b->g + b->d;
	b->x = b->r + b->d;
	b->wish = b->x + b->d;
	b->rest = b->wish + b->d;
	return b;
}

/* g (d) <- gradient of row k at x, whose values are b->values. Returns its slack; *size: the
 * sum of the terms' sizes. */
static double gradient(struct projection *b, int k, const double *x, double *size)
{
	const struct linear *l = b->rules->linear[k];
	double slack = l->bound;
	*size = fabs(l->bound);
	memset(b->g, 0, sizeof(double) * (size_t)b->d);
	for (int t = 0; t < l->n; t++) {
		int i = l->param[t];
		double term = l->coef[t] * space_number(b->space, i, b->values[i]);
		slack -= term;
		*size += fabs(term);
		if (b->moving[i] && !isnan(b->values[i]))
			b->g[i] = l->coef[t] * space_slope(b->space, i, x[i]);
	}
	return slack;
}

/* g' S^2 h over what is not blocked. */
static double product(const struct projection *b, const double *g, const double *h)
{
	double sum = 0;
	for (int i = 0; i < b->d; i++)
		sum += b->blocked[i] ? 0 : g[i] * h[i] * b->scale[i] * b->scale[i];
	return sum;
}

static double dot(const struct projection *b, const double *g, const double *p)
{
	double sum = 0;
	for (int i = 0; i < b->d; i++)
		sum += g[i] * p[i];
	return sum;
}

static double *row_at(const struct projection *b, double *rows, int k)
{
	return rows + (size_t)k * (size_t)b->d;
}

/* ---- directions ------------------------------------------------------------- */

/* rows <- gradients of the constraints that x lies on, or so near. */
static void find_rows(struct projection *b, const double *x, double edge)
{
	b->n_rows = 0;
	memset(b->blocked, 0, (size_t)b->d);
	for (int k = 0; k < b->rules->n_linear; k++) {
		double size, slack = gradient(b, k, x, &size), norm = sqrt(product(b, b->g, b->g));
		if (!(norm > 0) || slack > edge * norm + inside * size)
			continue;
		memcpy(row_at(b, b->rows, b->n_rows), b->g, sizeof(double) * (size_t)b->d);
		b->lambda[b->n_rows++] = 0;
	}
}

/* rest -= step q, and what that blocks; r. */
static void take_off(struct projection *b, double step, const double *q)
{
	for (int i = 0; i < b->d; i++) {
		double r = b->rest[i] -= q ? step * q[i] : 0;
		b->blocked[i] = r == 0 || (b->x[i] <= 0 && r < 0) || (b->x[i] >= 1 && r > 0);
		b->r[i] = b->blocked[i] ? 0 : r;
	}
}

/* Add q to the basis, what is new of it. */
static void join(struct projection *b, const double *row)
{
	double *q = row_at(b, b->basis, b->n_basis), before = product(b, row, row);
	memcpy(q, row, sizeof(double) * (size_t)b->d);
	for (int m = 0; m < b->n_basis; m++) {
		const double *other = row_at(b, b->basis, m);
		double factor = product(b, q, other) / product(b, other, other);
		for (int i = 0; i < b->d; i++)
			q[i] -= factor * other[i];
	}
	if (product(b, q, q) > 1e-20 * before)
		b->n_basis++;
}

/* lambda and r for the rows within `edge` of x. */
static void project(struct projection *b, const double *x, const double *g, double edge)
{
	bool moved = true;
	find_rows(b, x, edge);
	for (int i = 0; i < b->d; i++)
		b->rest[i] = b->moving[i] && !isnan(b->values[i]) ? g[i] : 0;
	take_off(b, 0, NULL);
	for (int sweep = 0; moved && sweep < SWEEPS; sweep++) {
		moved = false;
		for (int k = 0; k < b->n_rows; k++) {
			const double *q = row_at(b, b->rows, k);
			double norm = product(b, q, q), before = b->lambda[k];
			if (!(norm > 0))
				continue;
			b->lambda[k] = fmax(0, before + product(b, q, b->r) / norm);
			if (b->lambda[k] == before)
				continue;
			moved |= fabs(b->lambda[k] - before) > settled * (before + b->lambda[k]);
			take_off(b, b->lambda[k] - before, q);
		}
	}
}

/* The largest element in scales. */
static double largest(const struct projection *b, const double *g)
{
	double most = 0;
	for (int i = 0; i < b->d; i++)
		if (b->moving[i] && !isnan(b->values[i]))
			most = fmax(most, fabs(g[i]) * b->scale[i]);
	return most;
}

/* Edges that are near count, or an ascent would zigzag between two of them with ever shorter
 * steps; when it has come to rest among those, the last bit to the edges is left. */
void projection_gradient(struct projection *b, const double *x, const double *g, double *r)
{
	memcpy(b->x, x, sizeof(double) * (size_t)b->d);
	region_decode(b->region, x, b->values);
	project(b, x, g, near_edge);
	if (b->n_rows > 0 && largest(b, b->r) <= nothing_left * largest(b, g))
		project(b, x, g, on_edge);
	b->n_basis = 0;
	for (int k = 0; k < b->n_rows; k++)
		if (b->lambda[k] > 0)
			join(b, row_at(b, b->rows, k));
	memcpy(r, b->r, sizeof(double) * (size_t)b->d);
}

bool projection_direction(struct projection *b, double *p)
{
	for (int i = 0; i < b->d; i++)
		if (b->blocked[i])
			p[i] = 0;
	for (int m = 0; m < b->n_basis; m++) {
		const double *q = row_at(b, b->basis, m);
		double factor = dot(b, q, p) / product(b, q, q);
		for (int i = 0; i < b->d; i++)
			if (!b->blocked[i])
				p[i] -= factor * q[i] * b->scale[i] * b->scale[i];
	}
	for (int k = 0; k < b->n_rows; k++) {
		const double *q = row_at(b, b->rows, k);
		double size = 0;
		for (int i = 0; i < b->d; i++)
			size += fabs(q[i] * p[i]);
		if (b->lambda[k] == 0 && dot(b, q, p) > 1e-9 * size)
			return false;
	}
	return true;
}

/* ---- steps ------------------------------------------------------------------ */

/* Is trial allowed, with the same parameters active as at b->other? */
static bool admits(struct projection *b, const double *trial)
{
	if (!region_has(b->region, trial))
		return false;
	region_decode(b->region, trial, b->values);
	for (int i = 0; i < b->d; i++)
		if (isnan(b->values[i]) != isnan(b->other[i]))
			return false;
	return true;
}

/* Take trial to the edges of all rows that it breaks or touches, at once: the step
 * S^2 sum y_m q_m for their S-orthogonal basis q, y from the triangular system. False when no
 * row is broken. */
static bool mend_all(struct projection *b, double *trial)
{
	bool broken = false;
	b->n_basis = 0;
	region_decode(b->region, trial, b->values);
	for (int i = 0; i < b->d; i++)
		b->blocked[i] = trial[i] <= 0 || trial[i] >= 1;
	for (int k = 0; k < b->rules->n_linear; k++) {
		double size, slack = gradient(b, k, trial, &size), norm = product(b, b->g, b->g);
		if (!(norm > 0) || slack > on_edge * sqrt(norm) + 2 * inside * size)
			continue;
		broken |= slack < inside * size;
		double y = slack - 2 * inside * size;
		for (int m = 0; m < b->n_basis; m++)
			y -= b->lambda[m] * product(b, b->g, row_at(b, b->basis, m));
		int before = b->n_basis;
		join(b, b->g);
		const double *q = row_at(b, b->basis, before);
		if (b->n_basis > before)
			b->lambda[before] = y / product(b, q, q);
	}
	for (int m = 0; broken && m < b->n_basis; m++) {
		const double *q = row_at(b, b->basis, m);
		for (int i = 0; i < b->d; i++)
			if (!b->blocked[i])
				trial[i] += b->lambda[m] * q[i] * b->scale[i] * b->scale[i];
	}
	for (int i = 0; i < b->d; i++)
		trial[i] = fmin(fmax(trial[i], 0), 1);
	return broken;
}

/* Move trial back inside of each row that it breaks, one after another. False when none is. */
static bool mend_each(struct projection *b, double *trial)
{
	bool broken = false;
	region_decode(b->region, trial, b->values);
	for (int k = 0; k < b->rules->n_linear; k++) {
		double size, slack = gradient(b, k, trial, &size);
		for (int i = 0; i < b->d; i++) /* what would be pushed out of the cube stays */
			b->blocked[i] = (trial[i] <= 0 && b->g[i] > 0) || (trial[i] >= 1 && b->g[i] < 0);
		double norm = product(b, b->g, b->g);
		if (!(norm > 0) || slack >= inside * size)
			continue;
		double step = (slack - 2 * inside * size) / norm;
		for (int i = 0; i < b->d; i++)
			if (!b->blocked[i])
				trial[i] = fmin(fmax(trial[i] + step * b->g[i] * b->scale[i] * b->scale[i], 0), 1);
		region_decode(b->region, trial, b->values);
		broken = true;
	}
	return broken;
}

static void mend(struct projection *b, double *trial, int rounds)
{
	for (int round = 0; round < rounds; round++)
		if (!(round < MEND_TOGETHER ? mend_all(b, trial) : mend_each(b, trial)))
			return;
}

/* trial <- the part t of the way from x to the wish, or near there; is it allowed? */
static bool try_part(struct projection *b, const double *x, double t, double *trial)
{
	for (int i = 0; i < b->d; i++)
		trial[i] = x[i] + t * (b->wish[i] - x[i]);
	if (admits(b, trial))
		return true;
	mend(b, trial, t == 1 ? MEND_ROUNDS : MEND_TOGETHER);
	return admits(b, trial);
}

bool projection_trial(struct projection *b, const double *x, double *trial)
{
	double low = 0, high = 1;
	region_decode(b->region, x, b->other);
	memcpy(b->wish, trial, sizeof(double) * (size_t)b->d);
	if (try_part(b, x, 1, trial))
		return true;
	for (int k = 0; k < HALVINGS && (low == 0 || k < ENOUGH_HALVINGS); k++) {
		double t = 0.5 * (low + high);
		if (try_part(b, x, t, trial))
			low = t;
		else
			high = t;
	}
	return low > 0 && try_part(b, x, low, trial);
}
