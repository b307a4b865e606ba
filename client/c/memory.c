#include "client/c/memory.h"

#include "base/alloc.h"
#include "client/c/error.h"
#include "proto/limits.h"

enum krige_status memory_new(struct memory **out, struct krige_error *err)
{
	struct memory *m = KR_NEW(struct memory);

	*out = NULL;
	if (m && (m->arena = arena_new(2 * LIMIT_ARENA_BYTES)) != NULL) {
		atomic_init(&m->refs, 1);
		*out = m;
		return KRIGE_OK;
	}
	kr_free(m);
	return error_set(err, KRIGE_NO_MEMORY, "no memory for a call");
}

struct memory *memory_retain(struct memory *m)
{
	atomic_fetch_add(&m->refs, 1);
	return m;
}

void memory_release(struct memory *m)
{
	if (!m || atomic_fetch_sub(&m->refs, 1) != 1)
		return;
	arena_free(m->arena);
	kr_free(m);
}
