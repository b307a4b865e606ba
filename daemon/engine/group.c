#include "daemon/engine/group.h"

#include <assert.h>

#include "base/alloc.h"

/* What one commit may cost: rows, replies, and the bytes of both. */
enum { MOST_ROWS = 16384, MOST_HELD = 65536, MOST_BYTES = 64 << 20 };

enum kr_status group_new(struct group **out, struct kr_error *err)
{
	struct group *g = KR_NEW(struct group);

	*out = NULL;
	if (g)
		g->arena = arena_new(MOST_BYTES);
	if (!g || !g->arena) {
		group_free(g);
		return kr_fail(err, KR_ENOMEM, "no memory for commits");
	}
	*out = g;
	return KR_OK;
}

void group_free(struct group *g)
{
	if (!g)
		return;
	arena_free(g->arena);
	kr_free(g->rows);
	kr_free(g->held);
	kr_free(g);
}

static int grow(void **p, size_t n, size_t *cap, size_t size)
{
	while (*cap < n)
		if (kr_grow(p, *cap, cap, size))
			return -1;
	return 0;
}

enum kr_status group_reserve(struct group *g, size_t rows, size_t held, struct kr_error *err)
{
	if (g->n_rows + rows > MOST_ROWS || g->n_held + held > MOST_HELD) {
		enum kr_status st = kr_fail(
			err, KR_OVERLOADED, "%zu changes wait for the disk; try again in a moment", g->n_rows);

		if (err)
			err->retry_after_ms = 100;
		return st;
	}
	if (grow((void **)&g->rows, g->n_rows + rows, &g->cap_rows, sizeof(*g->rows)) ||
		grow((void **)&g->held, g->n_held + held, &g->cap_held, sizeof(*g->held)))
		return kr_fail(err, KR_ENOMEM, "no memory for a commit");
	return KR_OK;
}

void group_add_row(struct group *g, const struct row *row)
{
	assert(g->n_rows < g->cap_rows);
	g->rows[g->n_rows++] = *row;
}

void group_hold(struct group *g, const struct held *held)
{
	assert(g->n_held < g->cap_held);
	g->held[g->n_held++] = *held;
}

void group_clear(struct group *g, uint64_t id)
{
	arena_reset(g->arena);
	g->n_rows = 0;
	g->n_held = 0;
	g->id = id;
}
