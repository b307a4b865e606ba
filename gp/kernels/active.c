/* 1 where every column of the leaf is active (not NaN) in both points, else 0: the product
 * a(x) a(z) of an indicator. Times a kernel of a block of conditional columns it is that
 * block's part of a sum over blocks (BoTorch's conditional kernel); the kernel it multiplies
 * reads inactive values as the middle (RADIAL_MIDDLE in radial.h), for 0 times NaN is NaN. */
#include <math.h>

#include "gp/kernels/pairwise.h"

static double value(const struct pair *p)
{
	for (int i = 0; i < p->leaf->columns; i++)
		if (isnan(pairwise_x(p, i)) || isnan(pairwise_z(p, i)))
			return 0;
	return 1;
}

static const struct kernel_parameter parameters[] = {{0}};
static const struct pairwise pairwise = {value, NULL, NULL};
const struct kernel_family kernel_active = PAIRWISE_FAMILY("active", parameters, &pairwise);
