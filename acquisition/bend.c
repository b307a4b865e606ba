/* With S = diag(scale), g the gradient of a row's sum in coords: the step to the edge is
 * S^2 g excess / (g' S^2 g), the projection of p takes S^2 g (g' p) / (g' S^2 g) off. */
#include "acquisition/bend.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MEND_ROUNDS = 8, HALVINGS = 24 };

static const double on_edge = 1e-7;            /* distance in scales */
static const double inside = 64 * DBL_EPSILON; /* of the sum of a row's terms */

struct bend {
	struct region *region;
	const struct space *space;
	const struct space_rules *rules;
	const unsigned char *moving;
	const double *scale;
	int d, n_basis;
	double *values, *other, *g; /* d each */
	double *basis;              /* n_linear x d: S-orthogonal directions taken off */
	unsigned char *used;        /* rows in the basis */
};

struct bend *bend_new(struct region *region, const struct space *space, const unsigned char *moving,
	const double *scale, struct arena *a)
{
	struct bend *b = ARENA_NEW(a, struct bend);
	if (!b)
		return NULL;
	b->region = region;
	b->space = space;
	b->rules = space_rules(space);
	b->moving = moving;
	b->scale = scale;
	b->d = space_dims(space);
	b->values = ARENA_ARRAY(a, double, 3 * b->d);
	b->basis = arena_calloc(a, (size_t)b->rules->n_linear * (size_t)b->d, sizeof(double));
	b->used = ARENA_ARRAY(a, unsigned char, b->rules->n_linear);
	if (!b->values || !b->basis || !b->used)
		return NULL;
	b->other = b->values + b->d;
	b->g = b->other + b->d;
	return b;
}

/* g (d) <- gradient of row k at x, whose values are b->values. Returns its slack; *size: the
 * sum of the terms' sizes. */
static double gradient(struct bend *b, int k, const double *x, double *size)
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

/* g' S^2 h */
static double product(const struct bend *b, const double *g, const double *h)
{
	double sum = 0;
	for (int i = 0; i < b->d; i++)
		sum += g[i] * h[i] * b->scale[i] * b->scale[i];
	return sum;
}

static double dot(const struct bend *b, const double *g, const double *p)
{
	double sum = 0;
	for (int i = 0; i < b->d; i++)
		sum += g[i] * p[i];
	return sum;
}

/* ---- directions ------------------------------------------------------------- */

/* p -= S^2 q (q' p) / (q' S^2 q) */
static void take_off(const struct bend *b, const double *q, double *p)
{
	double norm = product(b, q, q);
	double factor = norm > 0 ? dot(b, q, p) / norm : 0;
	for (int i = 0; i < b->d; i++)
		p[i] -= factor * q[i] * b->scale[i] * b->scale[i];
}

/* Add b->g to the basis, what is new of it. */
static void join(struct bend *b)
{
	double *q = b->basis + (size_t)b->n_basis * (size_t)b->d, before = product(b, b->g, b->g);
	memcpy(q, b->g, sizeof(double) * (size_t)b->d);
	for (int m = 0; m < b->n_basis; m++) {
		const double *other = b->basis + (size_t)m * (size_t)b->d;
		double factor = product(b, q, other) / product(b, other, other);
		for (int i = 0; i < b->d; i++)
			q[i] -= factor * other[i];
	}
	if (product(b, q, q) > 1e-20 * before)
		b->n_basis++;
}

/* The row at x that p leaves by the fastest, b->g its gradient; -1 for none. */
static int worst_row(struct bend *b, const double *x, const double *p)
{
	int worst = -1;
	double most = 0, length = 0, size;
	for (int i = 0; i < b->d; i++)
		length += p[i] * p[i] / (b->scale[i] * b->scale[i]);
	for (int k = 0; k < b->rules->n_linear; k++) {
		double slack = gradient(b, k, x, &size), norm = sqrt(product(b, b->g, b->g));
		if (b->used[k] || !(norm > 0) || slack > on_edge * norm + inside * size)
			continue;
		double out = dot(b, b->g, p) / norm;
		if (out > most && out > 1e-12 * sqrt(length)) {
			most = out;
			worst = k;
		}
	}
	if (worst >= 0)
		gradient(b, worst, x, &size);
	return worst;
}

void bend_direction(struct bend *b, const double *x, double *p)
{
	int k;
	region_decode(b->region, x, b->values);
	for (int i = 0; i < b->d; i++)
		if (isnan(b->values[i]))
			p[i] = 0;
	b->n_basis = 0;
	memset(b->used, 0, (size_t)b->rules->n_linear);
	while ((k = worst_row(b, x, p)) >= 0) {
		b->used[k] = 1;
		join(b);
		for (int m = 0; m < b->n_basis; m++)
			take_off(b, b->basis + (size_t)m * (size_t)b->d, p);
	}
}

/* ---- steps ------------------------------------------------------------------ */

/* Is trial allowed, with the same parameters active as at b->other? */
static bool admits(struct bend *b, const double *trial)
{
	if (!region_has(b->region, trial))
		return false;
	region_decode(b->region, trial, b->values);
	for (int i = 0; i < b->d; i++)
		if (isnan(b->values[i]) != isnan(b->other[i]))
			return false;
	return true;
}

/* Move trial back inside of each row that it breaks, one after another. */
static void mend(struct bend *b, double *trial)
{
	bool broken = true;
	for (int round = 0; broken && round < MEND_ROUNDS; round++) {
		broken = false;
		for (int k = 0; k < b->rules->n_linear; k++) {
			double size;
			region_decode(b->region, trial, b->values);
			double slack = gradient(b, k, trial, &size), norm = product(b, b->g, b->g);
			if (!(norm > 0) || slack >= inside * size)
				continue;
			double step = (slack - 2 * inside * size) / norm;
			for (int i = 0; i < b->d; i++)
				trial[i] = fmin(fmax(trial[i] + step * b->g[i] * b->scale[i] * b->scale[i], 0), 1);
			broken = true;
		}
	}
}

bool bend_trial(struct bend *b, const double *x, double *trial)
{
	region_decode(b->region, x, b->other);
	if (admits(b, trial))
		return true;
	mend(b, trial);
	if (admits(b, trial))
		return true;
	double low = 0, high = 1, *wish = b->g;
	memcpy(wish, trial, sizeof(double) * (size_t)b->d);
	for (int k = 0; k < HALVINGS; k++) {
		double t = 0.5 * (low + high);
		for (int i = 0; i < b->d; i++)
			trial[i] = x[i] + t * (wish[i] - x[i]);
		if (admits(b, trial))
			low = t;
		else
			high = t;
	}
	for (int i = 0; i < b->d; i++)
		trial[i] = x[i] + low * (wish[i] - x[i]);
	return low > 0;
}
