/* The one door to the heap for our own code, so that tests can make the n-th
 * allocation fail. Every function returns NULL when memory runs out; nothing
 * aborts. Thread-safe. */
#ifndef KR_BASE_ALLOC_H
#define KR_BASE_ALLOC_H

#include <stddef.h>

void *kr_malloc(size_t size);

/* count * size bytes of zeros; NULL also when the product overflows. */
void *kr_calloc(size_t count, size_t size);

/* As realloc, for count elements of size bytes; on NULL p is still valid. */
void *kr_realloc(void *p, size_t count, size_t size);

/* kr_free(NULL) does nothing. */
void kr_free(void *p);

char *kr_strdup(const char *s);
void *kr_memdup(const void *p, size_t size);

/* Zeroed storage for one object or an array: KR_NEW(struct x), KR_ARRAY(double, n). */
#define KR_NEW(type) ((type *)kr_calloc(1, sizeof(type)))
#define KR_ARRAY(type, n) ((type *)kr_calloc((size_t)(n), sizeof(type)))

/* Grow *array (n_used of *cap elements) so that one more fits. Returns 0, or
 * -1 with the array unchanged. Use through KR_GROW(&v->p, v->n, &v->cap). */
int kr_grow(void **array, size_t n_used, size_t *cap, size_t size);
#define KR_GROW(array, n_used, cap) kr_grow((void **)(array), (n_used), (cap), sizeof(**(array)))

/* Fault injection: the n-th allocation from now on fails (1 = the next), and
 * every later one when sticky; 0 switches off. Process-wide. */
void kr_alloc_fail_at(long n, int sticky);

/* Allocations since the last kr_alloc_fail_at; to know when a loop may end. */
long kr_alloc_count(void);

#endif
