/* What the files of the tree share. */
#ifndef KR_GP_KERNELS_KERNEL_INTERNAL_H
#define KR_GP_KERNELS_KERNEL_INTERNAL_H

#include "gp/kernels/kernel.h"

extern const struct kernel_family kernel__sum, kernel__product;

static inline bool kernel__is_leaf(const struct kernel_term *t)
{
	return t->family->eval != NULL;
}

/* Input columns that a term sees. */
static inline int kernel__columns(const struct kernel_term *t, int d)
{
	return t->n_dims > 0 ? t->n_dims : d;
}

/* k(x, x) of a term whose values begin at `value`, and without its own outputscale. A leaf whose
 * diagonal varies counts as 1. */
double kernel__variance(const struct kernel_term *t, int d, const double *value);
double kernel__inner_variance(const struct kernel_term *t, int d, const double *value);

/* How many numbers the family of t declares. */
int kernel__own_parameters(const struct kernel_term *t, int d);

#endif
