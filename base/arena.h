/* Arena: memory of one request or one computation, freed as a whole.
 *
 * arena_new .. arena_alloc* .. arena_reset (reuse) .. arena_free.
 * The cap is hard: past it arena_alloc returns NULL and the caller answers
 * KR_ENOMEM to its client. Not thread-safe: one owner at a time. */
#ifndef KR_BASE_ARENA_H
#define KR_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena_mark {
	void *block;
	size_t used;
};

/* cap: most bytes the arena will take from the heap for data, the unused ends of
 * its blocks included. NULL when memory runs out. */
struct arena *arena_new(size_t cap);
void arena_free(struct arena *a);

/* Forget everything; keeps the first block. */
void arena_reset(struct arena *a);

/* Uninitialized, 64-byte aligned when size >= 64 (vector loads), else 16. NULL
 * past the cap or when memory runs out; size 0 is a valid pointer to nothing. */
void *arena_alloc(struct arena *a, size_t size);

/* Zeroed, count * size, NULL on overflow too. */
void *arena_calloc(struct arena *a, size_t count, size_t size);
void *arena_memdup(struct arena *a, const void *p, size_t size);

/* size bytes and a NUL after them. */
char *arena_strndup(struct arena *a, const char *s, size_t size);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(a, type) ((type *)arena_calloc((a), 1, sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_calloc((a), (size_t)(n), sizeof(type)))

/* Scratch: everything allocated after the mark is released together. Marks are
 * released in the reverse order of their making. */
struct arena_mark arena_mark(struct arena *a);
void arena_release(struct arena *a, struct arena_mark mark);

/* Has an allocation failed because of the cap, since arena_new or arena_reset?
 * When one failed and this is false, the heap ran out. */
bool arena_capped(const struct arena *a);

/* Bytes handed out now. */
size_t arena_used(const struct arena *a);

#endif
