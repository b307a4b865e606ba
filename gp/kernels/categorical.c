/* Product of one factor for each differing choice:
 *   k = exp(-1/D sum_i [x_i != z_i] / l_i)
 * D is the number of columns (the mean over them, BoTorch 0.18), or 1 with size[0] = 1
 * (the sum). Each factor is a constant plus a positive multiple of the identity of choices,
 * so k is positive definite. Every column holds choice indices, whether or not it is
 * declared categorical; an inactive value (NaN) is a choice of its own.
 *   dk/dln l_i = k [x_i != z_i] / (D l_i) */
#include <math.h>

#include "gp/kernels/pairwise.h"

/* 1 / (D l_i) where the choices differ, else 0. */
static double part(const struct pair *p, int i)
{
	double x = pairwise_x(p, i), z = pairwise_z(p, i);

	if (x == z || (isnan(x) && isnan(z)))
		return 0;
	return 1 / ((p->leaf->term->size[0] ? 1 : p->leaf->columns) * p->leaf->value[i]);
}

static double value(const struct pair *p)
{
	double sum = 0;

	for (int i = 0; i < p->leaf->columns; i++)
		sum += part(p, i);
	return exp(-sum);
}

static void slope(const struct pair *p, double w, double *grad)
{
	double k = value(p);

	for (int i = 0; i < p->leaf->columns; i++)
		grad[i] += w * k * part(p, i);
}

static const struct kernel_parameter parameters[] = {
	{"lengthscale", KERNEL_PER_COLUMN, true,
		GP_PRIOR_TERM_LN(0, 1, -4.605170185988092, 4.605170185988092)},
	{0}};
static const struct pairwise pairwise = {value, slope, NULL};
const struct kernel_family kernel_categorical = PAIRWISE_CORRELATION(
	"categorical", parameters, &pairwise);
