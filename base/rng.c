/* Layout of a generator, fixed for ever because recorded suggestions depend on it:
 *
 *   key[0], key[1]   seed, low word first
 *   ctr[0]           position: blocks of four 32-bit words taken so far
 *   ctr[1]           index
 *   ctr[2]           number, low word
 *   ctr[3]           number, bits 32..55 | purpose << 24
 *
 * Philox is a bijection of the counter for each key, and distinct (number,
 * purpose, index) differ outside ctr[0]: their blocks never overlap within
 * 2^32 positions. */
#include "base/rng.h"

#include <Random123/philox.h>
#include <assert.h>
#include <math.h>

#define NUMBER_LIMIT (UINT64_C(1) << 56)

struct rng rng_make(uint64_t seed, uint64_t number, enum rng_purpose purpose, uint32_t index)
{
	struct rng r = {.have = 0};

	assert(number < NUMBER_LIMIT && purpose > 0 && purpose < 256);
	r.key[0] = (uint32_t)seed;
	r.key[1] = (uint32_t)(seed >> 32);
	r.ctr[1] = index;
	r.ctr[2] = (uint32_t)number;
	r.ctr[3] = (uint32_t)(number >> 32 & 0xffffff) | (uint32_t)purpose << 24;
	return r;
}

static void next_block(struct rng *r)
{
	philox4x32_ctr_t ctr = {{r->ctr[0], r->ctr[1], r->ctr[2], r->ctr[3]}};
	philox4x32_key_t key = {{r->key[0], r->key[1]}};
	philox4x32_ctr_t out = philox4x32_R(10, ctr, key);

	for (int i = 0; i < 4; i++)
		r->out[i] = out.v[i];
	r->ctr[0]++; /* after 2^32 blocks the stream begins again */
	r->have = 4;
}

static uint32_t next_word(struct rng *r)
{
	if (r->have == 0)
		next_block(r);
	return r->out[4 - r->have--];
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t low = next_word(r);

	return low | (uint64_t)next_word(r) << 32;
}

double rng_uniform(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *r)
{
	const double two_pi = 6.283185307179586476925286766559;
	double radius = sqrt(-2.0 * log(1.0 - rng_uniform(r))); /* 1 - u is in (0, 1] */

	return radius * cos(two_pi * rng_uniform(r));
}

/* Lemire 2019, alg. 5: the high word of word * n, rejecting the 2^32 mod n low
 * words that would be over-represented. */
uint32_t rng_below(struct rng *r, uint32_t n)
{
	uint64_t product;
	uint32_t reject;

	assert(n > 0);
	product = (uint64_t)next_word(r) * n;
	if ((uint32_t)product < n) {
		reject = (0u - n) % n;
		while ((uint32_t)product < reject)
			product = (uint64_t)next_word(r) * n;
	}
	return (uint32_t)(product >> 32);
}
