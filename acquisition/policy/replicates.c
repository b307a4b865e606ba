#include "acquisition/policy/replicates.h"

#include <float.h>
#include <math.h>

int replicates_group(
	const struct space *space, int n, const double *X, int *group, struct arena *scratch)
{
	struct arena_mark mark = arena_mark(scratch);
	size_t d = (size_t)space_dims(space), size = 1, groups = 0;
	int *slots, *first = ARENA_ARRAY(scratch, int, n);
	while (size < 2 * (size_t)n)
		size *= 2;
	slots = ARENA_ARRAY(scratch, int, size); /* group + 1 by hash; 0: free */
	if (!slots || !first) {
		arena_release(scratch, mark);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		const double *x = X + (size_t)i * d;
		size_t at = (size_t)space_hash(space, x) & (size - 1);
		while (slots[at] && !space_equal(space, x, X + (size_t)first[slots[at] - 1] * d))
			at = (at + 1) & (size - 1);
		if (!slots[at]) {
			first[groups++] = i;
			slots[at] = (int)groups;
		}
		group[i] = slots[at] - 1;
	}
	arena_release(scratch, mark);
	return (int)groups;
}

int replicates_split(int n, int *group, int groups, const double *s, struct arena *scratch)
{
	struct arena_mark mark = arena_mark(scratch);
	int *first = ARENA_ARRAY(scratch, int, groups), *number = ARENA_ARRAY(scratch, int, groups);
	bool *mixed = ARENA_ARRAY(scratch, bool, groups);
	int next = 0;
	if (!first || !number || !mixed) {
		arena_release(scratch, mark);
		return -1;
	}
	for (int i = n; i-- > 0;)
		first[group[i]] = i;
	for (int i = 0; i < n; i++)
		mixed[group[i]] |= s[i] != s[first[group[i]]];
	for (int i = 0; i < n; i++) {
		int g = group[i];
		if (mixed[g] || first[g] == i)
			number[g] = next++;
		group[i] = number[g];
	}
	arena_release(scratch, mark);
	return next;
}

void replicates_collapse(int n, const int *group, int groups, const double *y, double *mean,
	double *count, double *spread)
{
	for (int g = 0; g < groups; g++)
		mean[g] = count[g] = spread[g] = 0;
	for (int i = 0; i < n; i++) {
		int g = group[i];
		double off = y[i] - mean[g];
		mean[g] += off / ++count[g];
		spread[g] += off * (y[i] - mean[g]);
	}
}

/* Weight of an outcome of deviation s among others of which the least is `least`. */
static double weight(double s, double least)
{
	if (least == 0)
		return s == 0;
	return (least / s) * (least / s);
}

bool replicates_merge(int n, const int *group, int groups, const double *y, const double *s,
	double *mean, double *sd, struct arena *scratch)
{
	struct arena_mark mark = arena_mark(scratch);
	double *least = sd, *sum = ARENA_ARRAY(scratch, double, groups);
	double *squares = ARENA_ARRAY(scratch, double, groups);
	bool ok = sum && squares;
	for (int g = 0; ok && g < groups; g++) {
		mean[g] = 0;
		least[g] = INFINITY;
	}
	for (int i = 0; ok && i < n; i++)
		least[group[i]] = fmin(least[group[i]], s[i]);
	for (int i = 0; ok && i < n; i++) {
		int g = group[i];
		double w = weight(s[i], least[g]);
		sum[g] += w;
		if (w > 0)
			mean[g] += y[i] * (w / sum[g]) - mean[g] * (w / sum[g]);
	}
	for (int i = 0; ok && i < n; i++) {
		double off = s[i] == 0 ? y[i] - mean[group[i]] : 0;
		squares[group[i]] += off * off;
	}
	for (int g = 0; ok && g < groups; g++) /* sum counts those of deviation 0, when there are any */
		sd[g] = least[g] > 0 ? least[g] / sqrt(sum[g])
			: sum[g] > 1     ? fmin(sqrt(squares[g] / (sum[g] - 1) / sum[g]), DBL_MAX)
							 : 0;
	arena_release(scratch, mark);
	return ok;
}
