#include "daemon/engine/pool.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

enum { FIRST_CHUNK = 256, LARGEST_CHUNK = 64 << 10 };

struct pool_chunk {
	struct pool_chunk *prev;
	size_t size, used;
	char bytes[];
};

enum kr_status pool_reserve(struct pool *p, size_t size, struct kr_error *err)
{
	struct pool_chunk *top = p->top;
	size_t want = FIRST_CHUNK;

	if (size == 0 || (top && top->size - top->used >= size))
		return KR_OK;
	if (top)
		want = top->size < LARGEST_CHUNK ? 2 * top->size : LARGEST_CHUNK;
	if (want < size)
		want = size;
	top = kr_malloc(sizeof(*top) + want);
	if (!top)
		return kr_fail(err, KR_ENOMEM, "no memory for a study");
	top->prev = p->top;
	top->size = want;
	top->used = 0;
	p->top = top;
	return KR_OK;
}

static void *take(struct pool *p, size_t size)
{
	char *block;

	assert(p->top && p->top->size - p->top->used >= size);
	block = p->top->bytes + p->top->used;
	p->top->used += size;
	return block;
}

void *pool_copy(struct pool *p, const void *from, size_t size)
{
	return size ? memcpy(take(p, size), from, size) : NULL;
}

void pool_fini(struct pool *p)
{
	while (p->top) {
		struct pool_chunk *prev = p->top->prev;

		kr_free(p->top);
		p->top = prev;
	}
}
