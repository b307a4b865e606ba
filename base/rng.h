/* Counter-based random numbers (Philox 4x32-10; Salmon et al. 2011).
 *
 * A generator is a value: a key made of (seed, number, purpose, index) and a
 * position. Equal keys give equal numbers on every machine and thread, so a
 * suggestion is a function of its key and not of what ran before it. */
#ifndef KR_BASE_RNG_H
#define KR_BASE_RNG_H

#include <stdint.h>

/* What the numbers are for. Recorded suggestions depend on these values:
 * append only. */
enum rng_purpose {
	RNG_INIT = 1, /* initial design */
	RNG_FIT,      /* starts of the hyperparameter fit */
	RNG_RAW,      /* raw acquisition candidates */
	RNG_STARTS,   /* choice of local starts */
	RNG_FANTASY,  /* outcomes of pending points */
	RNG_FILL,     /* space-filling last resort */
	RNG_TOKEN,    /* lease and session tokens */
	RNG_TEST,
	RNG_PATH /* sample paths of the objective */
};

struct rng {
	uint32_t key[2];
	uint32_t ctr[4];
	uint32_t out[4];
	int have;
};

/* seed: of the study; number: of the trial, < 2^56; index: which of several.
 * Generators of distinct keys never share numbers within 2^34 words each; the
 * layout is at the head of rng.c. */
struct rng rng_make(uint64_t seed, uint64_t number, enum rng_purpose purpose, uint32_t index);

uint64_t rng_u64(struct rng *r);

/* In [0, 1), 53 bits. */
double rng_uniform(struct rng *r);

/* Standard normal (Box & Muller 1958, one value a call). */
double rng_normal(struct rng *r);

/* In [0, n), n > 0, without bias. */
uint32_t rng_below(struct rng *r, uint32_t n);

#endif
