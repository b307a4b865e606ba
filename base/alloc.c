#include "base/alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static atomic_long n_allocs;
static atomic_long fail_at;
static atomic_int fail_sticky;

/* Counts one allocation; true when this one is to fail. */
static int injected(void)
{
	long n = atomic_fetch_add_explicit(&n_allocs, 1, memory_order_relaxed) + 1;
	long at = atomic_load_explicit(&fail_at, memory_order_relaxed);

	if (at == 0)
		return 0;
	return n == at || (n > at && atomic_load_explicit(&fail_sticky, memory_order_relaxed));
}

void kr_alloc_fail_at(long n, int sticky)
{
	atomic_store(&fail_at, 0);
	atomic_store(&n_allocs, 0);
	atomic_store(&fail_sticky, sticky);
	atomic_store(&fail_at, n);
}

long kr_alloc_count(void)
{
	return atomic_load(&n_allocs);
}

/* The C library may answer a size of 0 with NULL; here NULL always means that
 * memory ran out. */
static size_t at_least_one(size_t size)
{
	return size ? size : 1;
}

/* Sizes that wrap, or that no object can have, are refused here: checkers of
 * memory take them for mistakes. */
static int too_large(size_t count, size_t size, size_t *bytes)
{
	return __builtin_mul_overflow(count, size, bytes) || *bytes > PTRDIFF_MAX;
}

void *kr_malloc(size_t size)
{
	return kr_realloc(NULL, size, 1);
}

void *kr_calloc(size_t count, size_t size)
{
	size_t bytes;

	if (injected() || too_large(count, size, &bytes))
		return NULL;
	return calloc(1, at_least_one(bytes));
}

void *kr_realloc(void *p, size_t count, size_t size)
{
	size_t bytes;

	if (injected() || too_large(count, size, &bytes))
		return NULL;
	return realloc(p, at_least_one(bytes));
}

void kr_free(void *p)
{
	free(p);
}

void *kr_memdup(const void *p, size_t size)
{
	void *copy = kr_malloc(size);

	if (copy && size)
		memcpy(copy, p, size);
	return copy;
}

char *kr_strdup(const char *s)
{
	return kr_memdup(s, strlen(s) + 1);
}

int kr_grow(void **array, size_t n_used, size_t *cap, size_t size)
{
	void *p;
	size_t want = 8;

	if (n_used < *cap)
		return 0;
	if (*cap >= 8 && __builtin_mul_overflow(*cap, (size_t)2, &want))
		return -1;
	/* The caller's pointer has its own type: copied, not read as a void *. */
	memcpy(&p, array, sizeof(p));
	p = kr_realloc(p, want, size);
	if (!p)
		return -1;
	memcpy(array, &p, sizeof(p));
	*cap = want;
	return 0;
}
