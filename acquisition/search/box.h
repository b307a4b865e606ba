/* A part of the unit cube: where the search of one suggestion stays. A plain value. */
#ifndef KR_ACQUISITION_BOX_H
#define KR_ACQUISITION_BOX_H

#include <stdbool.h>

/* d bounds each, within [0, 1] in numeric columns and infinite in categorical ones; both NULL:
 * the whole cube. Borrowed. */
struct box {
	const double *lower, *upper;
};

static inline double box_lower(const struct box *b, int i)
{
	return b->lower ? b->lower[i] : 0;
}

static inline double box_upper(const struct box *b, int i)
{
	return b->upper ? b->upper[i] : 1;
}

#endif
