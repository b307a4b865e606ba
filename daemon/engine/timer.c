#include "daemon/engine/timer.h"

#include <assert.h>
#include <stdbool.h>

#include "base/alloc.h"

static bool before(const struct timer *a, const struct timer *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(struct timers *s, size_t i, struct timer *t)
{
	s->heap[i] = t;
	t->at = i + 1;
}

static size_t sift_up(struct timers *s, size_t i, const struct timer *t)
{
	while (i > 0 && before(t, s->heap[(i - 1) / 2])) {
		put(s, i, s->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return i;
}

static size_t sift_down(struct timers *s, size_t i, const struct timer *t)
{
	size_t child;

	while ((child = 2 * i + 1) < s->n) {
		if (child + 1 < s->n && before(s->heap[child + 1], s->heap[child]))
			child++;
		if (!before(s->heap[child], t))
			break;
		put(s, i, s->heap[child]);
		i = child;
	}
	return i;
}

/* t goes where i is, or up or down from there. */
static void place(struct timers *s, size_t i, struct timer *t)
{
	put(s, sift_down(s, sift_up(s, i, t), t), t);
}

enum kr_status timers_enter(struct timers *s, struct kr_error *err)
{
	if (KR_GROW(&s->heap, s->owners, &s->cap))
		return kr_fail(err, KR_ENOMEM, "no memory for a request that waits");
	s->owners++;
	return KR_OK;
}

void timers_leave(struct timers *s, struct timer *t)
{
	assert(s->owners > 0);
	timers_clear(s, t);
	s->owners--;
}

void timers_set(struct timers *s, struct timer *t, int64_t due_ns)
{
	timers_clear(s, t);
	if (due_ns == INT64_MAX)
		return;
	assert(s->n < s->owners);
	t->due_ns = due_ns;
	t->order = s->next_order++;
	s->n++;
	place(s, s->n - 1, t);
}

void timers_clear(struct timers *s, struct timer *t)
{
	size_t i = t->at - 1;
	struct timer *last;

	if (!t->at)
		return;
	t->at = 0;
	last = s->heap[--s->n];
	if (i < s->n)
		place(s, i, last);
}

struct timer *timers_next(const struct timers *s)
{
	return s->n ? s->heap[0] : NULL;
}

void timers_fini(struct timers *s)
{
	kr_free(s->heap);
}
