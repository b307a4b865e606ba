/* A set of trial numbers in ascending order: the running ones, the ones without
 * a result. Numbers come mostly at the end, so a sorted array is enough. */
#ifndef KR_DAEMON_ENGINE_NUMBERS_H
#define KR_DAEMON_ENGINE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* All zero is empty. */
struct numbers {
	uint64_t *p;
	size_t n, cap;
};

/* Room for `extra` more. Errors: KR_ENOMEM. */
enum kr_status numbers_reserve(struct numbers *s, size_t extra, struct kr_error *err);

/* The room has been reserved; x is not in s. */
void numbers_add(struct numbers *s, uint64_t x);

/* x is in s. */
void numbers_remove(struct numbers *s, uint64_t x);

/* Cost log n. */
bool numbers_has(const struct numbers *s, uint64_t x);

/* How many are larger than x. Cost log n. */
size_t numbers_above(const struct numbers *s, uint64_t x);

/* Frees the array. */
void numbers_fini(struct numbers *s);

#endif
