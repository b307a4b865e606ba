/* T (m x n): the variables of the base (rows) as sums of those outside (columns). */
#include "acquisition/space/simplex.h"

#include <math.h>
#include <string.h>

static const double least_pivot = 1e-9;

enum { LARGEST_FIRST = 4 }; /* steps per variable and row until Bland's rule */

struct simplex_room {
	double *T;
	double *value;    /* n + m */
	int *base, *free; /* m, n: which variables */
};

struct tableau {
	const struct simplex_problem *p;
	int n, m;
	double *T, *value;
	int *base, *free;
};

struct simplex_room *simplex_room_new(int n, int m, struct arena *a)
{
	struct simplex_room *room = ARENA_NEW(a, struct simplex_room);
	if (!room)
		return NULL;
	room->T = arena_calloc(a, (size_t)n * (size_t)m, sizeof(double));
	room->value = ARENA_ARRAY(a, double, n + m);
	room->base = ARENA_ARRAY(a, int, m);
	room->free = ARENA_ARRAY(a, int, n);
	return room->T && room->value && room->base && room->free ? room : NULL;
}

static double lower_of(const struct tableau *t, int v)
{
	return v < t->n ? t->p->lower[v] : -INFINITY;
}

static double upper_of(const struct tableau *t, int v)
{
	return v < t->n ? t->p->upper[v] : t->p->b[v - t->n];
}

static void start(struct tableau *t, const double *x)
{
	size_t n = (size_t)t->n;
	if (n && t->m)
		memcpy(t->T, t->p->A, sizeof(double) * n * (size_t)t->m);
	for (int j = 0; j < t->n; j++) {
		t->free[j] = j;
		t->value[j] = fmin(fmax(x[j], t->p->lower[j]), t->p->upper[j]);
	}
	for (int i = 0; i < t->m; i++) {
		t->base[i] = t->n + i;
		t->value[t->n + i] = 0;
		for (int j = 0; j < t->n; j++)
			t->value[t->n + i] += t->T[(size_t)i * n + (size_t)j] * t->value[j];
	}
}

/* The row whose variable breaks a bound, -1 for none: by the largest breach, or the smallest
 * variable. */
static int pick_row(const struct tableau *t, bool bland)
{
	int row = -1;
	double worst = SIMPLEX_TOLERANCE;
	for (int i = 0; i < t->m; i++) {
		int v = t->base[i];
		double breach = fmax(lower_of(t, v) - t->value[v], t->value[v] - upper_of(t, v));
		if (bland ? breach > SIMPLEX_TOLERANCE && (row < 0 || v < t->base[row]) : breach > worst) {
			row = i;
			worst = breach;
		}
	}
	return row;
}

/* The column that can raise (lower) row i; -1 for none. */
static int pick_column(const struct tableau *t, int i, bool raise, bool bland)
{
	int column = -1;
	double most = least_pivot;
	for (int j = 0; j < t->n; j++) {
		double slope = t->T[(size_t)i * (size_t)t->n + (size_t)j];
		int v = t->free[j];
		bool up = raise == (slope > 0);
		bool room = up ? t->value[v] < upper_of(t, v) : t->value[v] > lower_of(t, v);
		if (!room || fabs(slope) <= least_pivot)
			continue;
		if (bland ? column < 0 || v < t->free[column] : fabs(slope) > most) {
			column = j;
			most = fabs(slope);
		}
	}
	return column;
}

/* The variables of row r and column c trade places; that of the row goes to value. */
static void trade(struct tableau *t, int r, int c, double value)
{
	size_t n = (size_t)t->n;
	double *row = t->T + (size_t)r * n, pivot = row[c];
	int out = t->base[r], in = t->free[c];
	double move = (value - t->value[out]) / pivot;
	t->value[out] = value;
	t->value[in] += move;
	for (int j = 0; j < t->n; j++)
		row[j] = j == c ? 1 / pivot : -row[j] / pivot;
	for (int i = 0; i < t->m; i++) {
		double *other = t->T + (size_t)i * n, factor = other[c];
		if (i == r || factor == 0)
			continue;
		t->value[t->base[i]] += factor * move;
		other[c] = 0;
		for (int j = 0; j < t->n; j++)
			other[j] += factor * row[j];
	}
	t->base[r] = in;
	t->free[c] = out;
}

static enum simplex_answer search(struct tableau *t, long *work)
{
	long steps = 0, patience = LARGEST_FIRST * ((long)t->n + t->m);
	for (;; steps++) {
		bool bland = steps > patience;
		int r = pick_row(t, bland);
		if (r < 0)
			return SIMPLEX_FOUND;
		if (*work <= 0)
			return SIMPLEX_UNKNOWN;
		*work -= (long)t->n * (t->m + 2);
		int v = t->base[r];
		bool raise = t->value[v] < lower_of(t, v);
		int c = pick_column(t, r, raise, bland);
		if (c < 0)
			return SIMPLEX_EMPTY;
		trade(t, r, c, raise ? lower_of(t, v) : upper_of(t, v));
	}
}

enum simplex_answer simplex_find(
	const struct simplex_problem *p, double *x, long *work, struct simplex_room *room)
{
	struct tableau t = {.p = p,
		.n = p->n,
		.m = p->m,
		.T = room->T,
		.value = room->value,
		.base = room->base,
		.free = room->free};
	start(&t, x);
	enum simplex_answer answer = search(&t, work);
	for (int j = 0; answer == SIMPLEX_FOUND && j < p->n; j++)
		x[j] = fmin(fmax(t.value[j], p->lower[j]), p->upper[j]);
	return answer;
}
