#include "daemon/engine/studies.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

void studies_fini(struct studies *all)
{
	for (size_t id = 0; id < all->n_ids; id++)
		study_free(all->by_id[id]);
	kr_free(all->by_id);
	kr_free(all->buckets);
}

/* FNV-1a. Whoever may create studies may also fill a bucket: it costs them more. */
static size_t hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	return (size_t)(h ^ (h >> 32));
}

static struct study **bucket(const struct studies *all, const char *name)
{
	return &all->buckets[hash(name) & (all->n_buckets - 1)];
}

static void bucket_add(const struct studies *all, struct study *s)
{
	struct study **head = bucket(all, s->def->name);

	s->next_same_bucket = *head;
	*head = s;
}

static void bucket_remove(const struct studies *all, struct study *s)
{
	struct study **at = bucket(all, s->def->name);

	while (*at != s)
		at = &(*at)->next_same_bucket;
	*at = s->next_same_bucket;
}

static int reserve_buckets(struct studies *all)
{
	size_t n = all->n_buckets ? 2 * all->n_buckets : 64;
	struct study **buckets;

	if (all->n < all->n_buckets)
		return 0;
	buckets = KR_ARRAY(struct study *, n);
	if (!buckets)
		return -1;
	kr_free(all->buckets);
	all->buckets = buckets;
	all->n_buckets = n;
	for (size_t id = 0; id < all->n_ids; id++)
		if (all->by_id[id])
			bucket_add(all, all->by_id[id]);
	return 0;
}

enum kr_status studies_reserve(struct studies *all, uint64_t id, struct kr_error *err)
{
	size_t cap = all->cap_ids ? all->cap_ids : 64;
	struct study **by_id;

	if (id >= UINT32_MAX)
		return kr_fail(err, KR_ECORRUPT, "study id %llu is too large", (unsigned long long)id);
	if (reserve_buckets(all))
		return kr_fail(err, KR_ENOMEM, "no memory for the names of studies");
	while (cap <= id)
		cap *= 2;
	if (cap == all->cap_ids)
		return KR_OK;
	by_id = kr_realloc(all->by_id, cap, sizeof(*by_id));
	if (!by_id)
		return kr_fail(err, KR_ENOMEM, "no memory for the list of studies");
	memset(by_id + all->cap_ids, 0, (cap - all->cap_ids) * sizeof(*by_id));
	all->by_id = by_id;
	all->cap_ids = cap;
	return KR_OK;
}

void studies_add(struct studies *all, struct study *s)
{
	assert(s->id < all->cap_ids && !all->by_id[s->id] && all->n_buckets);
	all->by_id[s->id] = s;
	if (s->id >= all->n_ids)
		all->n_ids = (size_t)s->id + 1;
	all->n++;
	bucket_add(all, s);
}

void studies_remove(struct studies *all, struct study *s)
{
	bucket_remove(all, s);
	all->by_id[s->id] = NULL;
	all->n--;
}

void studies_replace(struct studies *all, struct study *old, struct study *fresh)
{
	studies_remove(all, old);
	studies_add(all, fresh);
}

enum kr_status studies_skip(struct studies *all, uint64_t id, struct kr_error *err)
{
	enum kr_status st = studies_reserve(all, id, err);

	if (st == KR_OK && id >= all->n_ids)
		all->n_ids = (size_t)id + 1;
	return st;
}

struct study *studies_at(const struct studies *all, uint64_t id)
{
	return id < all->n_ids ? all->by_id[id] : NULL;
}

struct study *studies_named(const struct studies *all, const char *name, const struct study *after)
{
	struct study *s;

	if (!all->n_buckets)
		return NULL;
	s = after ? after->next_same_bucket : *bucket(all, name);
	while (s && strcmp(s->def->name, name) != 0)
		s = s->next_same_bucket;
	return s;
}

uint64_t studies_next_id(const struct studies *all)
{
	return all->n_ids ? all->n_ids : 1;
}
