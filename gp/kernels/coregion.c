/* Covariance between tasks (intrinsic coregionalization; Bonilla, Chai & Williams 2008):
 *   k = B_ij,   B = W W' + diag(v),   i and j the tasks in the one column of the leaf
 * size[0] tasks, W of size[0] x size[1] row by row. A column that holds no task gives NaN.
 *   dB_ij/dW_ar = [i = a] W_jr + [j = a] W_ir,   dB_ij/dln v_a = [i = j = a] v_a */
#include <math.h>

#include "gp/kernels/pairwise.h"

/* -1: no such task. */
static int task(const struct pair *p, double x)
{
	return x >= 0 && x < p->leaf->term->size[0] ? (int)x : -1;
}

static double value(const struct pair *p)
{
	int i = task(p, pairwise_x(p, 0)), j = task(p, pairwise_z(p, 0));
	int tasks = p->leaf->term->size[0], rank = p->leaf->term->size[1];
	const double *W = p->leaf->value;
	double sum;

	if (i < 0 || j < 0)
		return NAN;
	sum = i == j ? W[tasks * rank + i] : 0;
	for (int r = 0; r < rank; r++)
		sum += W[i * rank + r] * W[j * rank + r];
	return sum;
}

static void slope(const struct pair *p, double w, double *grad)
{
	int i = task(p, pairwise_x(p, 0)), j = task(p, pairwise_z(p, 0));
	int tasks = p->leaf->term->size[0], rank = p->leaf->term->size[1];
	const double *W = p->leaf->value;

	if (i < 0 || j < 0)
		return;
	for (int r = 0; r < rank; r++) {
		grad[i * rank + r] += w * W[j * rank + r];
		grad[j * rank + r] += w * W[i * rank + r];
	}
	if (i == j)
		grad[tasks * rank + i] += w * W[tasks * rank + i];
}

/* The first sign is free: a start away from 0, where every slope of W is 0. */
static const struct kernel_parameter parameters[] = {
	{"factor", KERNEL_PER_SIZES, false,
		{.shape = GP_PRIOR_LOGNORMAL_LN, .a = 0, .b = 1, .lower = -10, .upper = 10, .start = 0.7}},
	{"variance", KERNEL_PER_SIZE, true,
		GP_PRIOR_TERM_LN(-1.2039728043259361, 1, -13.815510557964274, 4.605170185988092)},
	{0}};
static const struct pairwise pairwise = {value, slope, NULL};
const struct kernel_family kernel_coregion = PAIRWISE_FAMILY("coregion", parameters, &pairwise);
