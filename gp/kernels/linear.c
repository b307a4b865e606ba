/* Linear (Rasmussen & Williams 2006, section 4.2.2), with a variance for each column:
 *   k = sum_i v_i x_i z_i */
#include "gp/kernels/pairwise.h"

static double part(const struct pair *p, int i)
{
	return p->leaf->value[i] * (pairwise_x(p, i) * pairwise_z(p, i));
}

static double value(const struct pair *p)
{
	double sum = 0;

	for (int i = 0; i < p->leaf->columns; i++)
		sum += part(p, i);
	return sum;
}

static void slope(const struct pair *p, double w, double *grad)
{
	for (int i = 0; i < p->leaf->columns; i++)
		grad[i] += w * part(p, i);
}

static void input(const struct pair *p, double w, struct mat D)
{
	for (int i = 0; i < p->leaf->columns; i++)
		pairwise_add(p, D, i, w * p->leaf->value[i] * pairwise_x(p, i));
}

static const struct kernel_parameter parameters[] = {
	{"variance", KERNEL_PER_COLUMN, true,
		GP_PRIOR_TERM_LN(0, 1.5, -9.210340371976182, 4.605170185988092)},
	{0}};
static const struct pairwise pairwise = {value, slope, input};
const struct kernel_family kernel_linear = PAIRWISE_FAMILY("linear", parameters, &pairwise);
