#include "daemon/engine/text.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

enum { FIRST_CHUNK = 256, LARGEST_CHUNK = 64 << 10 };

struct text_chunk {
	struct text_chunk *prev;
	size_t size, used;
	char bytes[];
};

size_t text_size(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

enum kr_status text_reserve(struct text *t, size_t size, struct kr_error *err)
{
	struct text_chunk *top = t->top;
	size_t want = FIRST_CHUNK;

	if (size == 0 || (top && top->size - top->used >= size))
		return KR_OK;
	if (top)
		want = top->size < LARGEST_CHUNK ? 2 * top->size : LARGEST_CHUNK;
	if (want < size)
		want = size;
	top = kr_malloc(sizeof(*top) + want);
	if (!top)
		return kr_fail(err, KR_ENOMEM, "no memory for the texts of a study");
	top->prev = t->top;
	top->size = want;
	top->used = 0;
	t->top = top;
	return KR_OK;
}

const char *text_keep(struct text *t, const char *s)
{
	size_t size = text_size(s);
	char *kept;

	if (!s)
		return NULL;
	for (int i = 0; i < TEXT_RECENT; i++)
		if (t->recent[i] && strcmp(t->recent[i], s) == 0)
			return t->recent[i];
	assert(t->top && t->top->size - t->top->used >= size);
	kept = t->top->bytes + t->top->used;
	memcpy(kept, s, size);
	t->top->used += size;
	t->recent[t->next++ % TEXT_RECENT] = kept;
	return kept;
}

void text_fini(struct text *t)
{
	while (t->top) {
		struct text_chunk *prev = t->top->prev;

		kr_free(t->top);
		t->top = prev;
	}
}
