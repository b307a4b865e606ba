/* Open addressing with linear probing, at most half full. */
#include "acquisition/policy/seen.h"

#include <assert.h>
#include <stddef.h>

#include "base/alloc.h"

struct seen {
	const struct space *space;
	int count, cap;
	size_t mask;
	const double **cells;
};

struct seen *seen_new(const struct space *space, int cap)
{
	struct seen *s = KR_NEW(struct seen);
	if (!s)
		return NULL;
	size_t size = 16;
	while (size < 2 * (size_t)cap)
		size *= 2;
	s->space = space;
	s->cap = cap;
	s->mask = size - 1;
	s->cells = KR_ARRAY(const double *, size);
	if (!s->cells) {
		kr_free(s);
		return NULL;
	}
	return s;
}

void seen_free(struct seen *s)
{
	if (!s)
		return;
	kr_free(s->cells);
	kr_free(s);
}

/* The cell of a point, or the empty one where it belongs. */
static const double **find(const struct seen *s, const double *values)
{
	size_t i = space_hash(s->space, values) & s->mask;
	while (s->cells[i] && !space_equal(s->space, s->cells[i], values))
		i = (i + 1) & s->mask;
	return &s->cells[i];
}

bool seen_add(struct seen *s, const double *values)
{
	const double **cell = find(s, values);
	if (*cell)
		return false;
	assert(s->count < s->cap);
	*cell = values;
	s->count++;
	return true;
}

bool seen_has(const struct seen *s, const double *values)
{
	return *find(s, values) != NULL;
}

int seen_count(const struct seen *s)
{
	return s->count;
}
