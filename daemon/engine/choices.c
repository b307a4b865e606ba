#include "daemon/engine/choices.h"

#include <stdlib.h>
#include <string.h>

/* By type, then by value; 0 exactly where msg_scalar_equal. */
static int compare(const struct msg_scalar *a, const struct msg_scalar *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	switch (a->kind) {
	case SCALAR_NULL: return 0;
	case SCALAR_BOOL: return a->b - b->b;
	case SCALAR_INT: return (a->i > b->i) - (a->i < b->i);
	case SCALAR_REAL: return (a->r > b->r) - (a->r < b->r);
	case SCALAR_STRING: return strcmp(a->s, b->s);
	}
	return 0;
}

static int compare_places(const void *a, const void *b, void *ctx)
{
	const struct msg_scalar *choices = ctx;

	return compare(&choices[*(const int *)a], &choices[*(const int *)b]);
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
		int c = compare(&choices[order[mid]], v);

		if (c == 0)
			return order[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}
