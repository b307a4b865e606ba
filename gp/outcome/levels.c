#include "gp/outcome/levels.h"

#include <math.h>
#include <stdlib.h>

/* As parts of the range: see the header. */
static const double equal = 1e-9, least_step = 1e-3, most_step = 0.02;

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

bool levels_find(struct levels *out, const double *z, int n, struct arena *scratch)
{
	static const double unit = 0.25; /* so that no difference overflows */
	struct arena_mark mark = arena_mark(scratch);
	double *u = ARENA_ARRAY(scratch, double, n), range, step = INFINITY;
	bool any = false;

	*out = (struct levels){0};
	if (!u)
		return false;
	for (int i = 0; i < n; i++)
		u[i] = unit * z[i];
	qsort(u, (size_t)n, sizeof(*u), descending);
	range = u[0] - u[3 * n / 4];
	if (range == 0)
		range = u[0] - u[n - 1];
	out->tied = n > 1 && u[0] - u[1] <= equal * range;
	for (int i = 1; i <= n / 2; i++) {
		double gap = u[i - 1] - u[i];
		any |= gap <= equal * range;
		if (gap > least_step * range)
			step = fmin(step, gap);
	}
	if (any)
		out->step = fmin(step, most_step * range) / unit;
	arena_release(scratch, mark);
	return true;
}
