/* Periodic (MacKay 1998; Rasmussen & Williams 2006, eq. 4.31, a product over columns): with
 * theta_i = pi (x_i - z_i) / p_i,
 *   k = exp(-2 sum_i sin^2(theta_i) / l_i^q),   q = 1 + size[0]
 * q = 1 is GPyTorch's form, q = 2 that of the book and of scikit-learn.
 *   dk/dln l_i = 2 q k sin^2(theta_i) / l_i^q
 *   dk/dln p_i = 2 k theta_i sin(2 theta_i) / l_i^q
 *   dk/dz_i    = 2 pi k sin(2 theta_i) / (p_i l_i^q)
 * Whole periods are taken off before pi comes in: that is exact, and so points any number of
 * periods apart are told apart as well as neighbours. */
#include <math.h>

#include "gp/kernels/pairwise.h"

static const double pi = 3.14159265358979323846;

static double lengthscale(const struct pair *p, int i)
{
	double l = p->leaf->value[i];

	return p->leaf->term->size[0] ? l * l : l;
}

static double period(const struct pair *p, int i)
{
	return p->leaf->value[p->leaf->columns + i];
}

/* (x_i - z_i) / p_i */
static double periods(const struct pair *p, int i)
{
	return (pairwise_x(p, i) - pairwise_z(p, i)) / period(p, i);
}

/* pi times what is left of t without whole periods: in [-pi/2, pi/2]. */
static double angle(double t)
{
	return pi * (t - rint(t));
}

static double value(const struct pair *p)
{
	double sum = 0;

	for (int i = 0; i < p->leaf->columns; i++) {
		double s = sin(angle(periods(p, i)));

		sum += s * s / lengthscale(p, i);
	}
	return exp(-2 * sum);
}

static void slope(const struct pair *p, double w, double *grad)
{
	int columns = p->leaf->columns, q = p->leaf->term->size[0] ? 2 : 1;
	double k = value(p);

	for (int i = 0; i < columns; i++) {
		double t = periods(p, i), s = sin(angle(t));

		grad[i] += w * 2 * q * k * s * s / lengthscale(p, i);
		grad[columns + i] += w * 2 * k * pi * t * sin(2 * angle(t)) / lengthscale(p, i);
	}
}

static void input(const struct pair *p, double w, struct mat D)
{
	double k = value(p);

	for (int i = 0; i < p->leaf->columns; i++)
		pairwise_add(p, D, i,
			w * 2 * pi * k * sin(2 * angle(periods(p, i))) / (period(p, i) * lengthscale(p, i)));
}

static const struct kernel_parameter parameters[] = {
	{"lengthscale", KERNEL_PER_COLUMN, true,
		GP_PRIOR_TERM_LN(0, 1, -4.605170185988092, 4.605170185988092)},
	{"period", KERNEL_PER_COLUMN, true,
		GP_PRIOR_TERM_LN(-0.6931471805599453, 1, -4.605170185988092, 4.605170185988092)},
	{0}};
static const struct pairwise pairwise = {value, slope, input};
const struct kernel_family kernel_periodic = PAIRWISE_CORRELATION(
	"periodic", parameters, &pairwise);
