/* An ascent under the rules of a space: directions along the linear constraints it would
 * leave by, steps that end where a rule does. The continuous coordinates (and fine grids) move;
 * which parameters are active, and every choice, stays. */
#ifndef KR_ACQUISITION_BEND_H
#define KR_ACQUISITION_BEND_H

#include "acquisition/region.h"

struct bend;

/* moving (d flags) and scale (d natural steps > 0) as in ascend.h; everything is borrowed. NULL
 * when memory runs out. */
struct bend *bend_new(struct region *region, const struct space *space, const unsigned char *moving,
	const double *scale, struct arena *a);

/* The direction p at the allowed point x (d coords): 0 where x is inactive, and projected,
 * in units of scale, on the edges of the linear constraints that x lies on and p would cross. */
void bend_direction(struct bend *b, const double *x, double *p);

/* trial <- an allowed point near it with the same active parameters as x: itself, or moved
 * back inside the linear constraints, or on the way to it from x. False when only x is left. */
bool bend_trial(struct bend *b, const double *x, double *trial);

#endif
