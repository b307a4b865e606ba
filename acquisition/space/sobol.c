#include "acquisition/space/sobol.h"

#include <assert.h>

static const struct {
	uint16_t polynomial;
	uint16_t m[13];
} table[SOBOL_MAX_DIMS] = {
#include "acquisition/space/sobol_table.inc"
};

/* v_k = m_k 2^-k; beyond the table by the recurrence of the primitive polynomial
 * x^s + a_1 x^(s-1) + ... + a_(s-1) x + 1 (Joe & Kuo 2008, eq. 2):
 * v_k = a_1 v_(k-1) ^ ... ^ a_(s-1) v_(k-s+1) ^ v_(k-s) ^ (v_(k-s) >> s). */
void sobol_directions(int dim, uint32_t v[SOBOL_BITS])
{
	assert(dim >= 0 && dim < SOBOL_MAX_DIMS);
	unsigned polynomial = table[dim].polynomial;
	int s = 0;
	while (polynomial >> (s + 1))
		s++;
	for (int k = 0; k < SOBOL_BITS; k++) {
		if (s == 0 || k < s) { /* dimension 0: van der Corput, every m is 1 */
			v[k] = (uint32_t)(s ? table[dim].m[k] : 1) << (SOBOL_BITS - 1 - k);
			continue;
		}
		v[k] = v[k - s] ^ v[k - s] >> s;
		for (int j = 1; j < s; j++)
			if (polynomial >> (s - j) & 1)
				v[k] ^= v[k - j];
	}
}

uint32_t sobol_value(const uint32_t v[SOBOL_BITS], uint32_t index)
{
	uint32_t x = 0;
	uint32_t gray = index ^ index >> 1;
	for (int k = 0; gray; k++, gray >>= 1)
		if (gray & 1)
			x ^= v[k];
	return x;
}

static uint32_t reverse_bits(uint32_t x)
{
	x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
	x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
	x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
	return __builtin_bswap32(x);
}

/* Laine-Karras permutation of the reversed digits: in each step a digit changes only by
 * lower ones, which are the leading ones of x (Burley 2020, listing 2). */
uint32_t sobol_scramble(uint32_t x, uint32_t key)
{
	x = reverse_bits(x);
	x += key;
	x ^= x * 0x6c50b47cu;
	x ^= x * 0xb82f1e52u;
	x ^= x * 0xc7afe638u;
	x ^= x * 0x8d22f6e6u;
	return reverse_bits(x);
}

void sobol_net(const struct rng *key, uint32_t first, struct mat U)
{
	struct rng keys = *key;
	for (int j = 0; j < U.cols; j++) {
		uint32_t v[SOBOL_BITS];
		sobol_directions(j, v);
		uint32_t scramble = (uint32_t)(rng_u64(&keys) >> 32);
		double *u = mat_col(U, j);
		for (int i = 0; i < U.rows; i++) {
			uint32_t x = sobol_value(v, first + (uint32_t)i);
			u[i] = (sobol_scramble(x, scramble) + 0.5) * 0x1p-32;
		}
	}
}
