#include "acquisition/policy/subset.h"

#include <math.h>
#include <stdlib.h>

enum { POOL_PER_PICK = 2 };

static int compare_outcomes(const void *a, const void *b, void *ctx)
{
	const double *z = ctx;
	int i = *(const int *)a, j = *(const int *)b;
	if (z[i] != z[j])
		return z[i] > z[j] ? -1 : 1;
	return i - j;
}

/* Squared distance of two points in coords, choices counting 0 or 1. */
static double distance(const struct space *space, const double *a, const double *b)
{
	const unsigned char *categorical = space_categorical(space);
	double sum = 0;
	for (int i = 0; i < space_dims(space); i++)
		sum += categorical[i] ? a[i] != b[i] : (a[i] - b[i]) * (a[i] - b[i]);
	return sum;
}

/* Mark `picks` of the unmarked rows: an even stride through them in order of time gives a
 * pool, of which each pick is the farthest from the picks before (Gonzalez 1985). */
static bool mark_spread(const struct space *space, int n, const double *X, int picks,
	unsigned char *marked, int n_free, struct arena *scratch)
{
	int d = space_dims(space);
	int size = n_free < POOL_PER_PICK * picks ? n_free : POOL_PER_PICK * picks;
	int *pool = ARENA_ARRAY(scratch, int, size);
	double *coords = ARENA_ARRAY(scratch, double, size *d);
	double *gap = ARENA_ARRAY(scratch, double, size);
	if (!pool || !coords || !gap)
		return false;
	int taken = 0;
	for (int i = 0, k = 0; i < n && taken < size; i++) {
		if (marked[i])
			continue;
		if ((long)k++ * size / n_free == taken)
			pool[taken++] = i;
	}
	for (int i = 0; i < size; i++) {
		space_encode(space, X + (size_t)pool[i] * (size_t)d, coords + (size_t)i * (size_t)d);
		gap[i] = INFINITY;
	}
	for (int k = 0; k < picks; k++) {
		int far = 0;
		for (int i = 1; i < size; i++)
			far = gap[i] > gap[far] ? i : far;
		marked[pool[far]] = 1;
		for (int i = 0; i < size; i++)
			gap[i] = fmin(gap[i],
				i == far ? -1
						 : distance(space, coords + (size_t)i * (size_t)d,
							   coords + (size_t)far * (size_t)d));
	}
	return true;
}

int subset_pick(const struct space *space, int n, const double *X, const double *z, int most,
	int *rows, struct arena *scratch)
{
	struct arena_mark mark = arena_mark(scratch);
	int *order = ARENA_ARRAY(scratch, int, n);
	unsigned char *marked = ARENA_ARRAY(scratch, unsigned char, n);
	int chosen = -1, third = most / 3;
	if (!order || !marked)
		goto done;
	for (int i = 0; i < n; i++)
		order[i] = i;
	if (n > most) {
		qsort_r(order, (size_t)n, sizeof(*order), compare_outcomes, (void *)(uintptr_t)z);
		for (int i = 0; i < most - 2 * third; i++)
			marked[order[i]] = 1;
		for (int i = n - 1, left = third; left > 0; i--) {
			left -= !marked[i];
			marked[i] = 1;
		}
		if (!mark_spread(space, n, X, third, marked, n - (most - third), scratch))
			goto done;
	}
	chosen = 0;
	for (int i = 0; i < n; i++)
		if (n <= most || marked[i])
			rows[chosen++] = i;
done:
	arena_release(scratch, mark);
	return chosen;
}
