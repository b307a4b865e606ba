#include "daemon/engine/choices.h"

#include <stdlib.h>

static int compare_places(const void *a, const void *b, void *ctx)
{
	const struct msg_scalar *choices = ctx;

	return msg_scalar_compare(&choices[*(const int *)a], &choices[*(const int *)b]);
}

const int *choices_order(struct arena *a, const struct msg_scalar *choices, int n)
{
	int *order = ARENA_ARRAY(a, int, n);

	for (int k = 0; order && k < n; k++)
		order[k] = k;
	if (order && n)
		qsort_r(order, (size_t)n, sizeof(*order), compare_places, (void *)(uintptr_t)choices);
	return order;
}

int choices_find(
	const struct msg_scalar *choices, const int *order, int n, const struct msg_scalar *v)
{
	int lo = 0, hi = n;

	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;
		int c = msg_scalar_compare(&choices[order[mid]], v);

		if (c == 0)
			return order[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}
