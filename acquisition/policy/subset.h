/* Which observations a model of limited size is built on, when there are more: the best
 * third, the most recent third, and a thinning of the rest that fills the space. */
#ifndef KR_ACQUISITION_SUBSET_H
#define KR_ACQUISITION_SUBSET_H

#include "acquisition/space/space.h"
#include "base/arena.h"

/* rows (most) <- indices of the chosen of n observations, ascending; all when n <= most.
 *   X  n x d values, point after point     z  n outcomes, larger is better
 * Returns how many, or -1 when scratch runs out. A function of its arguments: ties go to
 * the earlier observation. Cost n ln n + most^2 d / 4. */
int subset_pick(const struct space *space, int n, const double *X, const double *z, int most,
	int *rows, struct arena *scratch);

#endif
