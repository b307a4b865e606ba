/* Raw candidates of the acquisition search: a scrambled net over the cube, or a box in it,
 * perturbations and recombinations of the best known points, and those points themselves. All lie
 * on the grid of the space and keep the fixed coordinates. Under rules all are allowed: what a
 * candidate breaks is mended, half of the mended ones then walk on, because the nearest allowed
 * point is on the edge. Pure functions, thread-safe. */
#ifndef KR_ACQUISITION_CANDIDATES_H
#define KR_ACQUISITION_CANDIDATES_H

#include "acquisition/search/box.h"
#include "acquisition/space/belief.h"
#include "acquisition/space/region.h"
#include "base/arena.h"
#include "base/rng.h"
#include "gp/linalg/mat.h"

struct candidates_source {
	const struct space *space;
	struct region *region;       /* with the same values fixed; NULL: no rules */
	const double *fixed;         /* d coords, NaN where free */
	const double *lengthscale;   /* d */
	struct box box;              /* where the net lies */
	const struct belief *belief; /* from which half of the net is drawn; NULL: none */
	struct mat top;              /* t x d best known points, best first; t may be 0 */
	uint64_t seed, number;       /* key of the random numbers */
};

/* Rows of X, in this order. */
struct candidates {
	struct mat X; /* (n_net + n_local) x d, storage from the arena */
	int n_net;    /* over the whole box */
	int n_local;  /* near the best; the last `top.rows` are the best themselves */
};

/* Rows that could not be mended are left out. Errors: KR_ENOMEM. */
enum kr_status candidates_make(const struct candidates_source *source, struct candidates *out,
	struct arena *a, struct kr_error *err);

/* Copy fixed coordinates into x (d coords). */
void candidates_fix(const double *fixed, double *x, int d);

#endif
