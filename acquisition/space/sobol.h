/* Sobol' sequence in up to SOBOL_MAX_DIMS dimensions, direction numbers of Joe & Kuo
 * (2008), with Owen's nested uniform scrambling by a hash (Burley 2020).
 *
 * Points come in Gray-code order, so any one is made from its index alone; the first
 * 2^m points of each dimension hit every interval of width 2^-m once, scrambled or not.
 * Pure functions, thread-safe. */
#ifndef KR_ACQUISITION_SOBOL_H
#define KR_ACQUISITION_SOBOL_H

#include <stdint.h>

#include "base/rng.h"
#include "gp/linalg/mat.h"

#define SOBOL_MAX_DIMS 1024
#define SOBOL_BITS 32

/* v <- direction numbers of one dimension (0-based), each a binary fraction of 32 bits. */
void sobol_directions(int dim, uint32_t v[SOBOL_BITS]);

/* Coordinate of the point of that index, as a 32-bit binary fraction. */
uint32_t sobol_value(const uint32_t v[SOBOL_BITS], uint32_t index);

/* Nested uniform scramble of a 32-bit binary fraction: a digit is flipped by a function of
 * the key and the digits before it. A bijection for each key. */
uint32_t sobol_scramble(uint32_t x, uint32_t key);

/* U (points x dims) <- scrambled points first, first + 1, ..., strictly inside (0, 1).
 * Dimension j is scrambled by the j-th number of key (read, not advanced), whatever the
 * number of dimensions. */
void sobol_net(const struct rng *key, uint32_t first, struct mat U);

#endif
