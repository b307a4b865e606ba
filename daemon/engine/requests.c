/* Open addressing with linear probing, at most two thirds full; removal moves the
 * rest of the run back, so there are no tombstones. */
#include "daemon/engine/requests.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

void requests_init(struct requests *r, const uint8_t key[16])
{
	*r = (struct requests){0};
	memcpy(r->key, key, sizeof(r->key));
}

void requests_fini(struct requests *r)
{
	kr_free(r->slots);
}

/* Two rounds of the finalizer of splitmix64 (Steele, Lea & Flood 2014), keyed. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static size_t home(const struct requests *r, const uint8_t id[MSG_ID_BYTES])
{
	uint64_t word[2];

	memcpy(word, id, sizeof(word));
	return (size_t)mix(mix(word[0] ^ r->key[0]) ^ word[1] ^ r->key[1]) & (r->cap - 1);
}

/* The slot of id, or the free one where it would go. */
static size_t probe(const struct requests *r, const uint8_t id[MSG_ID_BYTES])
{
	size_t i = home(r, id);

	while (r->slots[i].study && memcmp(r->slots[i].id, id, MSG_ID_BYTES) != 0)
		i = (i + 1) & (r->cap - 1);
	return i;
}

enum kr_status requests_reserve(struct requests *r, size_t extra, struct kr_error *err)
{
	struct requests grown = *r;

	if (r->cap && (r->n + extra) * 3 <= r->cap * 2)
		return KR_OK;
	grown.cap = r->cap ? r->cap : 64;
	while ((r->n + extra) * 3 > grown.cap * 2)
		grown.cap *= 2;
	grown.slots = KR_ARRAY(struct request_entry, grown.cap);
	if (!grown.slots)
		return kr_fail(err, KR_ENOMEM, "no memory for request ids");
	for (size_t i = 0; i < r->cap; i++)
		if (r->slots[i].study)
			grown.slots[probe(&grown, r->slots[i].id)] = r->slots[i];
	kr_free(r->slots);
	*r = grown;
	return KR_OK;
}

struct request_entry *requests_find(const struct requests *r, const uint8_t id[MSG_ID_BYTES])
{
	struct request_entry *slot;

	if (!r->cap)
		return NULL;
	slot = &r->slots[probe(r, id)];
	return slot->study ? slot : NULL;
}

void requests_put(struct requests *r, const struct request_entry *entry)
{
	size_t i;

	assert(r->cap && entry->study);
	i = probe(r, entry->id);
	if (!r->slots[i].study)
		r->n++;
	assert(r->n * 3 <= r->cap * 2);
	r->slots[i] = *entry;
}

/* Empty slot i and close the gap (Knuth, TAOCP 3, 6.4, algorithm R). */
static void remove_slot(struct requests *r, size_t i)
{
	size_t mask = r->cap - 1;

	r->n--;
	for (size_t j = (i + 1) & mask; r->slots[j].study; j = (j + 1) & mask) {
		size_t distance = (j - home(r, r->slots[j].id)) & mask;

		if (distance >= ((j - i) & mask)) {
			r->slots[i] = r->slots[j];
			i = j;
		}
	}
	r->slots[i] = (struct request_entry){0};
}

void requests_remove(struct requests *r, const uint8_t id[MSG_ID_BYTES])
{
	struct request_entry *slot = requests_find(r, id);

	if (slot)
		remove_slot(r, (size_t)(slot - r->slots));
}

void requests_forget(struct requests *r, uint64_t study)
{
	size_t i = 0;

	while (i < r->cap)
		if (r->slots[i].study == study)
			remove_slot(r, i); /* another entry may have moved here */
		else
			i++;
}
