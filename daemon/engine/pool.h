/* Memory of a study that is only ever added to and lives as long as it does:
 * blocks one after another in a few large chunks. When the sizes of all blocks of
 * a pool are multiples of 8, they are aligned for numbers and pointers. */
#ifndef KR_DAEMON_ENGINE_POOL_H
#define KR_DAEMON_ENGINE_POOL_H

#include <stddef.h>

#include "base/status.h"

struct pool_chunk;

/* All zero is empty. */
struct pool {
	struct pool_chunk *top;
};

/* Room for blocks of `size` bytes in sum. Errors: KR_ENOMEM. */
enum kr_status pool_reserve(struct pool *p, size_t size, struct kr_error *err);

/* A copy of size bytes, NULL when size is 0. The room has been reserved. */
void *pool_copy(struct pool *p, const void *from, size_t size);

/* Frees the blocks. */
void pool_fini(struct pool *p);

#endif
