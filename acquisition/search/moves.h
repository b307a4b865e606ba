/* Moves of one discrete coordinate: the other values worth trying. Pure, thread-safe. */
#ifndef KR_ACQUISITION_MOVES_H
#define KR_ACQUISITION_MOVES_H

#include <stdbool.h>

#include "acquisition/space/space.h"
#include "base/rng.h"

#define MOVES_MOST 128

/* Is parameter i moved one value at a time? Grids of many values are climbed as if they
 * were continuous, then rounded (and moved too). */
bool moves_discrete(const struct space *s, int i);
bool moves_smooth(const struct space *s, int i);

/* out (MOVES_MOST) <- coords of other values of parameter i near the coord x: all of them for
 * up to 16 values and up to 64 choices (64 random ones beyond), else steps of +-1, +-2, +-4, ...
 * Returns how many. */
int moves_list(const struct space *s, int i, double x, struct rng *r, double *out);

#endif
