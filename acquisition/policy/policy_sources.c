/* Other studies of the space: the points that the initial design takes from them. */
#include <math.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"

/* Points nearer than this, in coords, are one for a beginning. */
static const double near = 0.1;

/* Root mean square of the differences of two points (coords). */
static double distance(const struct policy *p, struct mat X, int a, int b)
{
	double sum = 0;
	for (int j = 0; j < p->d; j++) {
		double diff = *mat_at(X, a, j) - *mat_at(X, b, j);
		sum += space_categorical(p->in.space)[j] ? diff != 0 : diff * diff;
	}
	return sqrt(sum / p->d);
}

static bool better(const struct policy_source *s, int a, int b)
{
	return b < 0 || (s->minimize ? s->y[a] < s->y[b] : s->y[a] > s->y[b]);
}

/* The best point that is not near one of the n taken before, -1: none. */
static int next_point(
	const struct policy *p, const struct policy_source *s, struct mat X, const int *taken, int n)
{
	int best = -1;
	for (int i = 0; i < s->n; i++) {
		bool apart = true;
		for (int k = 0; k < n; k++)
			apart &= distance(p, X, i, taken[k]) > near;
		if (apart && better(s, i, best))
			best = i;
	}
	return best;
}

/* p->point <- the point at row `row` of X (coords), as uniform numbers in [0, 1). */
static void place(struct policy *p, struct mat X, int row)
{
	for (int j = 0; j < p->d; j++) {
		double x = *mat_at(X, row, j);
		p->point[j] = space_categorical(p->in.space)[j] ? (x + 0.5) / space_levels(p->in.space, j)
														: x;
	}
}

static void encode_points(struct policy *p, const struct policy_source *s, struct mat X)
{
	for (int i = 0; i < s->n; i++) {
		space_encode(p->in.space, s->X + (size_t)i * (size_t)p->d, p->point);
		for (int j = 0; j < p->d; j++)
			*mat_at(X, i, j) = p->point[j];
	}
}

bool policy__source_point(struct policy *p, int k)
{
	const struct policy_source *s = p->in.n_sources ? &p->in.sources[k % p->in.n_sources] : NULL;
	if (!s || s->n == 0)
		return false;
	struct arena_mark mark = arena_mark(p->arena);
	int rank = k / p->in.n_sources, row = -1, n = 0;
	int *taken = ARENA_ARRAY(p->arena, int, rank + 1);
	double *x = policy__points(p, s->n), *keep = ARENA_ARRAY(p->arena, double, p->d);
	struct mat X = mat_view(x, s->n, p->d, s->n);
	if (!taken || !x || !keep) {
		policy__note(p, KR_ENOMEM);
		goto done;
	}
	memcpy(keep, p->point, sizeof(double) * (size_t)p->d);
	encode_points(p, s, X);
	memcpy(p->point, keep, sizeof(double) * (size_t)p->d);
	do {
		row = next_point(p, s, X, taken, n);
		taken[n++] = row;
	} while (row >= 0 && n <= rank);
	if (row >= 0)
		place(p, X, row);
done:
	arena_release(p->arena, mark);
	return row >= 0;
}
