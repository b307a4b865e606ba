/* Learning curves that settle (Swersky, Snoek & Adams 2014; with an offset, as in
 * BoTorch): of one column s >= 0,
 *   k = offset + (1 + (s + s') / l)^-power
 * a mixture over lambda of exp(-lambda s) exp(-lambda s'), hence positive definite. With
 * e = (1 + (s + s')/l)^-power:
 *   dk/dln l = power e q,   dk/ds' = -power e q / (s + s'),   q = (s + s') / (l + s + s')
 *   dk/dln power = -power e log1p((s + s') / l) */
#include <math.h>

#include "gp/kernels/pairwise.h"

enum { LENGTHSCALE, POWER, OFFSET };

static double log_base(const struct pair *p)
{
	return log1p((pairwise_x(p, 0) + pairwise_z(p, 0)) / p->leaf->value[LENGTHSCALE]);
}

static double decay(const struct pair *p)
{
	return exp(-p->leaf->value[POWER] * log_base(p));
}

static double value(const struct pair *p)
{
	return p->leaf->value[OFFSET] + decay(p);
}

static void slope(const struct pair *p, double w, double *grad)
{
	double sum = pairwise_x(p, 0) + pairwise_z(p, 0);
	double slope = p->leaf->value[POWER] * decay(p);

	grad[LENGTHSCALE] += w * slope * sum / (p->leaf->value[LENGTHSCALE] + sum);
	grad[POWER] -= w * slope * log_base(p);
	grad[OFFSET] += w * p->leaf->value[OFFSET];
}

static void input(const struct pair *p, double w, struct mat D)
{
	double sum = pairwise_x(p, 0) + pairwise_z(p, 0);

	pairwise_add(
		p, D, 0, -w * p->leaf->value[POWER] * decay(p) / (p->leaf->value[LENGTHSCALE] + sum));
}

static const struct kernel_parameter parameters[] = {
	{"lengthscale", KERNEL_ONE, true, GP_PRIOR_TERM_FIDELITY},
	{"power", KERNEL_ONE, true, GP_PRIOR_TERM_FIDELITY},
	{"offset", KERNEL_ONE, true, GP_PRIOR_TERM_FIDELITY}, {0}};
static const struct pairwise pairwise = {value, slope, input};
const struct kernel_family kernel_exponential_decay = PAIRWISE_FAMILY(
	"exponential_decay", parameters, &pairwise);
