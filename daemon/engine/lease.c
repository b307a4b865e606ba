#include "daemon/engine/lease.h"

#include <assert.h>

#include "base/alloc.h"

int64_t lease_due(int64_t now_ns, uint64_t term_ms)
{
	int64_t due;

	if (term_ms > (uint64_t)INT64_MAX / 1000000 ||
		__builtin_add_overflow(now_ns, (int64_t)term_ms * 1000000, &due))
		return INT64_MAX;
	return due;
}

static bool before(const struct lease *a, const struct lease *b)
{
	if (a->due_ns != b->due_ns)
		return a->due_ns < b->due_ns;
	if (a->study != b->study)
		return a->study < b->study;
	return a->trial->number < b->trial->number;
}

static void put(struct leases *l, size_t i, struct lease x)
{
	l->heap[i] = x;
	x.trial->lease_at = (uint32_t)i + 1;
}

static void sift_up(struct leases *l, size_t i, struct lease x)
{
	while (i > 0 && before(&x, &l->heap[(i - 1) / 2])) {
		put(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(l, i, x);
}

static void sift_down(struct leases *l, size_t i, struct lease x)
{
	size_t child;

	while ((child = 2 * i + 1) < l->n) {
		if (child + 1 < l->n && before(&l->heap[child + 1], &l->heap[child]))
			child++;
		if (!before(&l->heap[child], &x))
			break;
		put(l, i, l->heap[child]);
		i = child;
	}
	put(l, i, x);
}

/* x goes where i is, or up or down from there. */
static void place(struct leases *l, size_t i, struct lease x)
{
	if (i > 0 && before(&x, &l->heap[(i - 1) / 2]))
		sift_up(l, i, x);
	else
		sift_down(l, i, x);
}

enum kr_status leases_reserve(struct leases *l, size_t extra, struct kr_error *err)
{
	size_t cap = l->cap ? l->cap : 64;
	struct lease *heap;

	if (l->cap - l->n >= extra)
		return KR_OK;
	while (cap - l->n < extra)
		cap *= 2;
	heap = kr_realloc(l->heap, cap, sizeof(*heap));
	if (!heap)
		return kr_fail(err, KR_ENOMEM, "no memory for leases");
	l->heap = heap;
	l->cap = cap;
	return KR_OK;
}

void leases_add(struct leases *l, uint64_t study, struct trial *t, int64_t due_ns)
{
	assert(l->n < l->cap && !t->lease_at);
	l->n++;
	sift_up(l, l->n - 1, (struct lease){due_ns, study, t});
}

void leases_renew(struct leases *l, struct trial *t, int64_t due_ns)
{
	size_t i = t->lease_at - 1;

	assert(t->lease_at);
	place(l, i, (struct lease){due_ns, l->heap[i].study, t});
}

void leases_remove(struct leases *l, struct trial *t)
{
	size_t i = t->lease_at - 1;
	struct lease last;

	if (!t->lease_at)
		return;
	t->lease_at = 0;
	last = l->heap[--l->n];
	if (i < l->n)
		place(l, i, last);
}

const struct lease *leases_next(const struct leases *l)
{
	return l->n ? &l->heap[0] : NULL;
}

void leases_fini(struct leases *l)
{
	kr_free(l->heap);
}
