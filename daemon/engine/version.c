#include "daemon/engine/version.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

/* ---- versions --------------------------------------------------------------- */

bool version_needed(const struct trial *t, enum record_kind kind)
{
	bool ordinary = t->state == TRIAL_RUNNING || t->state == TRIAL_EXPIRED;

	if (kind == RECORD_ENDED || kind == RECORD_REPORTED)
		return t->shown || !ordinary;
	return true;
}

size_t version_size(void)
{
	static_assert(sizeof(struct trial) % 8 == 0, "blocks of a pool are multiples of 8");
	return sizeof(struct trial);
}

void version_keep(struct pool *pool, struct trial *t)
{
	struct trial *old = pool_copy(pool, t, sizeof(*t));

	old->lease_at = 0;
	old->progress = NULL;
	t->before = old;
}

const struct trial *version_at(const struct trial *t, uint64_t seq)
{
	while (t && t->seq > seq)
		t = t->before;
	return t;
}

const struct trial *version_given(const struct trial *t, uint64_t seq)
{
	const struct trial *found = NULL;

	for (; t; t = t->before)
		if (t->given_seq == seq)
			found = t;
	return found;
}

const struct trial *version_held(const struct trial *t, uint64_t seq)
{
	while (t && t->given_seq > seq)
		t = t->before;
	return t && t->given_seq ? t : NULL;
}

const struct trial *version_claimed(const struct trial *t, const struct msg_lease *lease)
{
	for (; t; t = t->before) {
		bool token = !lease->has_token || memcmp(t->token, lease->token, sizeof(t->token)) == 0;

		if (token && (!lease->has_attempt || t->attempt == lease->attempt))
			return t;
	}
	return NULL;
}

/* ---- grants ----------------------------------------------------------------- */

enum kr_status grants_reserve(struct grants *g, size_t extra, struct kr_error *err)
{
	size_t cap = g->cap ? g->cap : 8;
	struct grant *p;

	if (g->cap - g->n >= extra)
		return KR_OK;
	while (cap - g->n < extra)
		cap *= 2;
	p = kr_realloc(g->p, cap, sizeof(*p));
	if (!p)
		return kr_fail(err, KR_ENOMEM, "no memory for the index of a study");
	g->p = p;
	g->cap = cap;
	return KR_OK;
}

void grants_add(struct grants *g, uint64_t seq, uint64_t number)
{
	assert(g->n < g->cap && (g->n == 0 || g->p[g->n - 1].seq <= seq));
	g->p[g->n++] = (struct grant){seq, number};
}

/* The first one of event seq or a later one. */
static size_t from(const struct grants *g, uint64_t seq)
{
	size_t lo = 0, hi = g->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (g->p[mid].seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct grant *grants_of(const struct grants *g, uint64_t seq, size_t *n)
{
	size_t first = from(g, seq);

	*n = from(g, seq + 1) - first;
	return *n ? g->p + first : NULL;
}

void grants_fini(struct grants *g)
{
	kr_free(g->p);
}
