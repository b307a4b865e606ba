/* Keys of a list that must all be different, found by sorting. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/decode_part.h"

#include "base/number.h"

enum { SHOWN_BYTES = DECODE_SHOWN - 8 }; /* beside quotes and "..." */

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

struct keys {
	enum decode_key kind;
	const char *first;
	size_t stride;
};

static const void *key(const struct keys *k, int i)
{
	return k->first + (size_t)i * k->stride;
}

static int compare(const struct keys *k, int i, int j)
{
	const void *a = key(k, i), *b = key(k, j);
	uint64_t x, y;

	switch (k->kind) {
	case KEY_TEXT: return compare_text(*(const char *const *)a, *(const char *const *)b);
	case KEY_SCALAR: return msg_scalar_compare(a, b);
	case KEY_NUMBER:
		x = *(const uint64_t *)a;
		y = *(const uint64_t *)b;
		return (x > y) - (x < y);
	}
	return 0;
}

/* Merge sort of the indexes (stable, so equal keys keep their order). */
static void sort(const struct keys *k, int *order, int *scratch, int n)
{
	int half = n / 2, i = 0, j = half;

	if (n < 2)
		return;
	sort(k, order, scratch, half);
	sort(k, order + half, scratch, n - half);
	for (int at = 0; at < n; at++)
		if (j == n || (i < half && compare(k, order[i], order[j]) <= 0))
			scratch[at] = order[i++];
		else
			scratch[at] = order[j++];
	memcpy(order, scratch, (size_t)n * sizeof(*order));
}

/* The first index that repeats an earlier one, which goes to *earlier; -1: none. */
static int first_repeat(const struct keys *k, const int *order, int n, int *earlier)
{
	int found = -1;

	for (int i = 1; i < n; i++) {
		if (compare(k, order[i - 1], order[i]) != 0)
			continue;
		if (found < 0 || order[i] < found) {
			found = order[i];
			*earlier = order[i - 1];
		}
	}
	return found;
}

void decode_distinct__show(char out[DECODE_SHOWN], const char *s)
{
	size_t len = strlen(s), n = len < SHOWN_BYTES ? len : SHOWN_BYTES;

	while (n < len && n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	snprintf(out, DECODE_SHOWN, "\"%.*s%s\"", (int)n, s, n < len ? "..." : "");
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

static void show_scalar(char out[DECODE_SHOWN], const struct msg_scalar *s)
{
	switch (s->kind) {
	case SCALAR_NULL: snprintf(out, DECODE_SHOWN, "null"); return;
	case SCALAR_BOOL: snprintf(out, DECODE_SHOWN, "%s", s->b ? "true" : "false"); return;
	case SCALAR_INT: snprintf(out, DECODE_SHOWN, "%" PRId64, s->i); return;
	case SCALAR_REAL: number_show(s->r, out); return;
	case SCALAR_STRING: decode_distinct__show(out, s->s); return;
	}
	out[0] = '\0';
}

static void show_key(char out[DECODE_SHOWN], const struct keys *k, int i)
{
	const void *p = key(k, i);

	switch (k->kind) {
	case KEY_TEXT:
		if (*(const char *const *)p)
			decode_distinct__show(out, *(const char *const *)p);
		else
			snprintf(out, DECODE_SHOWN, "(absent)");
		return;
	case KEY_SCALAR: show_scalar(out, p); return;
	case KEY_NUMBER: snprintf(out, DECODE_SHOWN, "%" PRIu64, *(const uint64_t *)p); return;
	}
}

enum kr_status decode_distinct__check(const struct decoder *d, const struct place *up,
	const char *list, const char *member, enum decode_key kind, int n, const void *first,
	size_t stride)
{
	struct keys k = {kind, first, stride};
	struct arena_mark mark = arena_mark(d->a);
	char shown[DECODE_SHOWN];
	int *order, found, earlier = 0;

	if (n < 2)
		return KR_OK;
	order = ARENA_ARRAY(d->a, int, 2 * (size_t)n);
	if (!order)
		return decode_part__no_memory(d);
	for (int i = 0; i < n; i++)
		order[i] = i;
	sort(&k, order, order + n, n);
	found = first_repeat(&k, order, n, &earlier);
	arena_release(d->a, mark);
	if (found < 0)
		return KR_OK;

	const struct place *item = PLACE_AT(up, list, found);
	show_key(shown, &k, found);
	return decode_part__fail(d, member ? PLACE(item, member) : item, KR_INVALID_ARGUMENT,
		"is %s, as in %s[%d]; each may be given once", shown, list, earlier);
}
