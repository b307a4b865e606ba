/* An ascent under the rules of a space: directions along the linear constraints by which it
 * would leave, steps that end where a rule does. The continuous coordinates (and fine grids) move;
 * which parameters are active, and every choice, stays. */
#ifndef KR_ACQUISITION_PROJECTION_H
#define KR_ACQUISITION_PROJECTION_H

#include "acquisition/space/region.h"

struct projection;

/* moving (d flags) and scale (d natural steps > 0) as in ascend.h; everything is borrowed. NULL
 * when memory runs out. */
struct projection *projection_new(struct region *region, const struct space *space,
	const unsigned char *moving, const double *scale, struct arena *a);

/* r <- what is left of the gradient g at the allowed point x (d coords): S^2 r is the projection
 * of S^2 g (S = diag(scale)) on the directions that stay allowed: not out of the cube, not out
 * of the linear constraints that x lies on; 0 where a parameter is inactive or does not move. */
void projection_gradient(struct projection *b, const double *x, const double *g, double *r);

/* p <- projected on the edges that the last projection_gradient met. False when p would leave by
 * others: the caller takes S^2 r, which does not. */
bool projection_direction(struct projection *b, double *p);

/* trial <- an allowed point near it with the same active parameters as x: itself, or moved
 * back inside the linear constraints, or on the way to it from x. False when only x is left. */
bool projection_trial(struct projection *b, const double *x, double *trial);

#endif
