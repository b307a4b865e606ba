/* Parts of the data (Klein et al. 2017, as BoTorch has it): of one column s in [0, 1],
 *   k = offset + phi(s) phi(s'),   phi(s) = (1 - s)^(1 + power)
 *   dk/dln power = power phi phi' (ln(1 - s) + ln(1 - s')),   0 where s or s' is 1
 *   dk/ds' = -(1 + power) phi(s) (1 - s')^power */
#include <math.h>

#include "gp/kernels/pairwise.h"

enum { POWER, OFFSET };

/* 1 - s, and 0 for what rounding has put beyond 1. */
static double left(double s)
{
	return s > 1 ? 0 : 1 - s;
}

static double phi(const struct pair *p, double s)
{
	return pow(left(s), 1 + p->leaf->value[POWER]);
}

static double both(const struct pair *p)
{
	return phi(p, pairwise_x(p, 0)) * phi(p, pairwise_z(p, 0));
}

static double value(const struct pair *p)
{
	return p->leaf->value[OFFSET] + both(p);
}

static void slope(const struct pair *p, double w, double *grad)
{
	double power = p->leaf->value[POWER], product = both(p);

	if (product != 0)
		grad[POWER] += w * power * product *
			(log(left(pairwise_x(p, 0))) + log(left(pairwise_z(p, 0))));
	grad[OFFSET] += w * p->leaf->value[OFFSET];
}

static void input(const struct pair *p, double w, struct mat D)
{
	double power = p->leaf->value[POWER];

	pairwise_add(
		p, D, 0, -w * (1 + power) * phi(p, pairwise_x(p, 0)) * pow(left(pairwise_z(p, 0)), power));
}

static const struct kernel_parameter parameters[] = {
	{"power", KERNEL_ONE, true, GP_PRIOR_TERM_FIDELITY},
	{"offset", KERNEL_ONE, true, GP_PRIOR_TERM_FIDELITY}, {0}};
static const struct pairwise pairwise = {value, slope, input};
const struct kernel_family kernel_downsampling = PAIRWISE_FAMILY(
	"downsampling", parameters, &pairwise);
