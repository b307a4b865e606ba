/* A stack of blocks, the newest first; the newest serves the next request.
 * Blocks double in size, and what they add up to never passes the cap. One
 * released block is kept for the next time, so that mark .. release in a loop
 * does not go to the heap. Under AddressSanitizer, bytes that are not handed
 * out are poisoned. */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#endif

#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
#endif

enum { ALIGN_BIG = 64, ALIGN_SMALL = 16, FIRST_BLOCK = 16 << 10, LARGEST_STEP = 4 << 20 };

struct block {
	struct block *prev;
	char *base; /* 64-byte aligned */
	size_t size;
	size_t used;
};

struct arena {
	struct block *top;
	struct block *spare; /* empty; counted in held */
	size_t held;         /* bytes of all blocks */
	size_t cap;
	size_t next; /* size of the next block, if the cap allows */
	bool capped; /* the cap refused an allocation */
};

static void block_free(struct arena *a, struct block *b)
{
	if (!b)
		return;
	a->held -= b->size;
	ASAN_UNPOISON_MEMORY_REGION(b->base, b->size);
	kr_free(b);
}

static struct block *block_new(struct arena *a, size_t size)
{
	struct block *b;
	uintptr_t start;

	if (size > SIZE_MAX - sizeof(*b) - ALIGN_BIG)
		return NULL;
	b = kr_malloc(sizeof(*b) + ALIGN_BIG - 1 + size);
	if (!b)
		return NULL;
	start = (uintptr_t)(b + 1);
	b->base = (char *)(b + 1) + (-start & (ALIGN_BIG - 1));
	b->size = size;
	b->used = 0;
	b->prev = NULL;
	a->held += size;
	ASAN_POISON_MEMORY_REGION(b->base, b->size);
	return b;
}

/* A new top block with room for size bytes; false past the cap or without memory. */
static int push_block(struct arena *a, size_t size)
{
	struct block *b = a->spare;
	size_t want = a->next;

	a->spare = NULL;
	if (b && b->size < size) {
		block_free(a, b);
		b = NULL;
	}
	if (!b) {
		if (size > a->cap - a->held) {
			a->capped = true;
			return 0;
		}
		if (want > a->cap - a->held)
			want = a->cap - a->held;
		b = block_new(a, want < size ? size : want);
		if (!b)
			return 0;
		if (a->next < LARGEST_STEP)
			a->next *= 2;
	}
	b->prev = a->top;
	a->top = b;
	return 1;
}

static void pop_block(struct arena *a)
{
	struct block *b = a->top;

	a->top = b->prev;
	b->used = 0;
	ASAN_POISON_MEMORY_REGION(b->base, b->size);
	if (a->spare && a->spare->size >= b->size) {
		block_free(a, b);
		return;
	}
	block_free(a, a->spare);
	a->spare = b;
}

struct arena *arena_new(size_t cap)
{
	struct arena *a = KR_NEW(struct arena);

	if (!a)
		return NULL;
	a->cap = cap;
	a->next = FIRST_BLOCK;
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	while (a->top)
		pop_block(a);
	block_free(a, a->spare);
	kr_free(a);
}

void arena_reset(struct arena *a)
{
	while (a->top && a->top->prev)
		pop_block(a);
	block_free(a, a->spare);
	a->spare = NULL;
	a->next = FIRST_BLOCK;
	a->capped = false;
	if (a->top) {
		a->top->used = 0;
		ASAN_POISON_MEMORY_REGION(a->top->base, a->top->size);
	}
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t align = size >= ALIGN_BIG ? ALIGN_BIG : ALIGN_SMALL;
	size_t at = 0;
	char *p;

	if (a->top)
		at = (a->top->used + align - 1) & ~(align - 1);
	if (!a->top || at > a->top->size || size > a->top->size - at) {
		if (!push_block(a, size))
			return NULL;
		at = 0;
	}
	a->top->used = at + size;
	p = a->top->base + at;
	ASAN_UNPOISON_MEMORY_REGION(p, size);
	return p;
}

void *arena_calloc(struct arena *a, size_t count, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	p = arena_alloc(a, bytes);
	if (p)
		memset(p, 0, bytes);
	return p;
}

void *arena_memdup(struct arena *a, const void *p, size_t size)
{
	void *copy = arena_alloc(a, size);

	if (copy && size)
		memcpy(copy, p, size);
	return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t size)
{
	char *copy = size < SIZE_MAX ? arena_alloc(a, size + 1) : NULL;

	if (!copy)
		return NULL;
	if (size)
		memcpy(copy, s, size);
	copy[size] = '\0';
	return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	int len;
	char *s;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	s = arena_alloc(a, (size_t)len + 1);
	if (!s)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}

struct arena_mark arena_mark(struct arena *a)
{
	return (struct arena_mark){a->top, a->top ? a->top->used : 0};
}

void arena_release(struct arena *a, struct arena_mark mark)
{
	struct block *b;

	while (a->top != mark.block) {
		assert(a->top); /* the mark is of this arena and not yet released */
		pop_block(a);
	}
	b = a->top;
	if (!b)
		return;
	assert(mark.used <= b->used);
	ASAN_POISON_MEMORY_REGION(b->base + mark.used, b->size - mark.used);
	b->used = mark.used;
}

bool arena_capped(const struct arena *a)
{
	return a->capped;
}

size_t arena_used(const struct arena *a)
{
	size_t sum = 0;

	for (const struct block *b = a->top; b; b = b->prev)
		sum += b->used;
	return sum;
}
