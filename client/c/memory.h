/* Memory of a reply that several trials share: an arena that is freed with the last of
 * them. The count is thread-safe, the arena is not. For this folder. */
#ifndef KR_CLIENT_C_MEMORY_H
#define KR_CLIENT_C_MEMORY_H

#include <stdatomic.h>

#include "base/arena.h"
#include "client/c/krige.h"

struct memory {
	atomic_uint refs;
	struct arena *arena;
};

/* With one reference. Errors: NO_MEMORY. */
enum krige_status memory_new(struct memory **out, struct krige_error *err);
struct memory *memory_retain(struct memory *m);
void memory_release(struct memory *m); /* NULL does nothing */

#endif
