/* The points of a finite space one after another: every allowed point once.
 *
 * Parents are set before the parameters whose conditions ask about them, so that an inactive
 * parameter takes no part; a beginning that no linear constraint can forgive is left at once.
 * Without rules the first parameter turns fastest.
 *
 *   enumerate_new .. { enumerate_begin .. enumerate_next until false } .. */
#ifndef KR_ACQUISITION_ENUMERATE_H
#define KR_ACQUISITION_ENUMERATE_H

#include "acquisition/space/space.h"
#include "base/arena.h"

struct enumerate;

/* The space is borrowed. NULL when memory runs out. */
struct enumerate *enumerate_new(const struct space *space, struct arena *a);

/* From the start, with these values (d, NaN where free; NULL: all free), borrowed. At most
 * `work` beginnings of points are looked at. */
void enumerate_begin(struct enumerate *e, const double *fixed, double work);

/* values (d) <- the next point; NaN for what is inactive. False when there is none, or the
 * work is used up (then enumerate_stopped). */
bool enumerate_next(struct enumerate *e, double *values);
bool enumerate_stopped(const struct enumerate *e);

#endif
