/* Outcomes that come in levels: an error rate of 200 test points is a multiple of 1/200, and a
 * choice that makes other parameters idle gives one value over and over. Plain values,
 * thread-safe. */
#ifndef KR_GP_OUTCOME_LEVELS_H
#define KR_GP_OUTCOME_LEVELS_H

#include <stdbool.h>

#include "base/arena.h"

struct levels {
	bool tied;   /* the best outcome was observed more than once */
	double step; /* the least difference that an improvement can make; 0: no levels were found */
};

/* Of n >= 1 finite outcomes at different points, larger is better, as a model sees them: a bad
 * tail that was not pulled in would make r so large that all good ones are equal. Levels are there
 * when two of the better half are equal, up to 1e-9 of the distance r from the best to the worst
 * quartile (to the worst, when all better ones are equal). The step is then the least difference of
 * neighbours in the better half that is more than 1e-3 r (folds of unequal size make steps that
 * almost cancel), at most r / 50. False without memory. Cost n ln n. */
bool levels_find(struct levels *out, const double *z, int n, struct arena *scratch);

#endif
