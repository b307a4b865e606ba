#include "daemon/engine/numbers.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

enum kr_status numbers_reserve(struct numbers *s, size_t extra, struct kr_error *err)
{
	size_t cap = s->cap ? s->cap : 16;
	uint64_t *p;

	if (s->cap - s->n >= extra)
		return KR_OK;
	while (cap - s->n < extra)
		cap *= 2;
	p = kr_realloc(s->p, cap, sizeof(*p));
	if (!p)
		return kr_fail(err, KR_ENOMEM, "no memory for the index of a study");
	s->p = p;
	s->cap = cap;
	return KR_OK;
}

/* Where x is, or would be. */
static size_t place(const struct numbers *s, uint64_t x)
{
	size_t lo = 0, hi = s->n;

	if (hi && s->p[hi - 1] < x)
		return hi;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->p[mid] < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void numbers_add(struct numbers *s, uint64_t x)
{
	size_t at = place(s, x);

	assert(s->n < s->cap);
	memmove(s->p + at + 1, s->p + at, (s->n - at) * sizeof(*s->p));
	s->p[at] = x;
	s->n++;
}

void numbers_remove(struct numbers *s, uint64_t x)
{
	size_t at = place(s, x);

	assert(at < s->n && s->p[at] == x);
	s->n--;
	memmove(s->p + at, s->p + at + 1, (s->n - at) * sizeof(*s->p));
}

bool numbers_has(const struct numbers *s, uint64_t x)
{
	size_t at = place(s, x);

	return at < s->n && s->p[at] == x;
}

size_t numbers_above(const struct numbers *s, uint64_t x)
{
	return s->n - place(s, x + 1);
}

void numbers_fini(struct numbers *s)
{
	kr_free(s->p);
}
