/* The set of points given out or handed in before, for duplicates. All memory is taken at
 * seen_new, so adding and asking cannot fail. Not thread-safe. */
#ifndef KR_ACQUISITION_SEEN_H
#define KR_ACQUISITION_SEEN_H

#include <stdbool.h>

#include "acquisition/space/space.h"

struct seen;

/* Room for at most cap points; the space is borrowed. NULL when memory runs out. */
struct seen *seen_new(const struct space *space, int cap);
void seen_free(struct seen *s);

/* Add a point (d values, borrowed); false if it was there. */
bool seen_add(struct seen *s, const double *values);

/* Is a point (d values) in the set? */
bool seen_has(const struct seen *s, const double *values);

/* Different points in the set. */
int seen_count(const struct seen *s);

#endif
