#include "daemon/engine/contradiction.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

struct entry {
	uint64_t hash;
	const struct trial *trial;
};

/* By hash, then by number. */
static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->trial->number > y->trial->number) - (x->trial->number < y->trial->number);
}

/* Trials that the model sees, points of one hash together. */
static size_t list(const struct study *s, struct entry *entries)
{
	size_t n = 0;

	for (uint64_t k = 0; k < s->trials.n && n < s->history.n; k++) {
		const struct trial *t = trials_at(&s->trials, k);

		if (t && t->has_value && !t->excluded)
			entries[n++] = (struct entry){space_hash(s->def->space, t->values), t};
	}
	qsort(entries, n, sizeof(*entries), compare);
	return n;
}

static bool is_exact(const struct trial *t, int k)
{
	return !t->sems || isnan(t->sems[k]) || t->sems[k] == 0;
}

/* The metric of which two results differ, -1 when there is none. */
static int differing(const struct study *s, const struct trial *a, const struct trial *b)
{
	for (int k = 0; k < s->def->spec.n_metrics; k++)
		if (is_exact(a, k) && is_exact(b, k) && a->metrics[k] != b->metrics[k])
			return k;
	return -1;
}

enum kr_status contradiction_find(
	const struct study *s, struct contradiction *out, struct kr_error *err)
{
	struct entry *entries;
	size_t n;

	*out = (struct contradiction){0};
	if (!s->def->spec.has_noise_sd || s->def->spec.noise_sd > 0)
		return KR_OK;
	entries = KR_ARRAY(struct entry, s->history.n);
	if (!entries)
		return kr_fail(err, KR_ENOMEM, "no memory to compare results");
	n = list(s, entries);
	for (size_t i = 1; i < n; i++) {
		const struct trial *a = entries[i - 1].trial, *b = entries[i].trial;
		int k = entries[i].hash == entries[i - 1].hash ? differing(s, a, b) : -1;

		if (k < 0 || !space_equal(s->def->space, a->values, b->values))
			continue;
		if (!out->second || b->number < out->second->number)
			*out = (struct contradiction){a, b, k};
	}
	kr_free(entries);
	return KR_OK;
}
