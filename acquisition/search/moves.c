#include "acquisition/search/moves.h"

#include <math.h>

enum { EXHAUSTIVE_LEVELS = 16, EXHAUSTIVE_CHOICES = 64, SMOOTH_LEVELS = 1000 };

bool moves_discrete(const struct space *s, int i)
{
	return isfinite(space_levels(s, i));
}

bool moves_smooth(const struct space *s, int i)
{
	return !space_categorical(s)[i] && space_levels(s, i) >= SMOOTH_LEVELS;
}

/* The level whose coord is x, which lies on the grid. */
static double level_of(const struct space *s, int i, double x)
{
	double low = 0, high = space_levels(s, i) - 1;
	while (low < high) { /* coords grow with the level */
		double mid = floor((low + high) / 2);
		if (space_level_coord(s, i, mid) < x)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int moves_list(const struct space *s, int i, double x, struct rng *r, double *out)
{
	double levels = space_levels(s, i), at = level_of(s, i, x);
	bool categorical = space_categorical(s)[i];
	int n = 0;
	if (levels <= (categorical ? EXHAUSTIVE_CHOICES : EXHAUSTIVE_LEVELS)) {
		for (int k = 0; k < levels; k++)
			if (k != at)
				out[n++] = space_level_coord(s, i, k);
	} else if (categorical) {
		while (n < EXHAUSTIVE_CHOICES)
			out[n++] = rng_below(r, (uint32_t)levels);
	} else {
		for (double step = 1; step < levels; step *= 2) {
			if (at - step >= 0)
				out[n++] = space_level_coord(s, i, at - step);
			if (at + step < levels)
				out[n++] = space_level_coord(s, i, at + step);
		}
	}
	return n;
}
