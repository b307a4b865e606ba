/* How much a cheap fidelity shares of its own, 0 at the target (the linear truncated
 * fidelity kernel of BoTorch; Wu et al. 2019): for one fidelity s and for two, s and u,
 *   c = b(s)                                   b(s) = (1-s)(1-s')(1 + s s')^p
 *   c = b(s) + b(u) + (1-s)(1-s')(1-u)(1-u')(1 + s s' + u u')^p
 * so that linear_truncated = sum(unbiased, product(truncation, biased)). Fidelities lie in
 * [0, 1], 1 is the target.
 *
 * A whole power p gives a polynomial with positive coefficients, and c is positive definite.
 * Other powers have negative coefficients and c can miss it by up to 3e-4 of its scale
 * (p = 1/2); that is why the power is fixed at 1 by default. */
#include <math.h>

#include "gp/kernels/pairwise.h"

/* One of the sums: fidelities [from, to) of the leaf. */
struct part {
	const struct pair *pair;
	int from, to;
};

static double power_of(const struct part *t)
{
	return t->pair->leaf->value[0];
}

static double fall(double s)
{
	return 1 - s;
}

/* prod (1-s)(1-s'), without column `but`'s 1-s'. */
static double falling(const struct part *t, int but)
{
	double product = 1;

	for (int i = t->from; i < t->to; i++)
		product *= i == but ? fall(pairwise_x(t->pair, i))
							: fall(pairwise_x(t->pair, i)) * fall(pairwise_z(t->pair, i));
	return product;
}

/* ln(1 + sum s s') */
static double log_rise(const struct part *t)
{
	double sum = 0;

	for (int i = t->from; i < t->to; i++)
		sum += pairwise_x(t->pair, i) * pairwise_z(t->pair, i);
	return log1p(sum);
}

static double part_value(const struct part *t)
{
	return falling(t, -1) * exp(power_of(t) * log_rise(t));
}

static void part_input(const struct part *t, double w, struct mat D)
{
	double p = power_of(t), log_base = log_rise(t), rise = exp(p * log_base);

	for (int i = t->from; i < t->to; i++)
		pairwise_add(t->pair, D, i,
			w *
				(falling(t, -1) * p * rise / exp(log_base) * pairwise_x(t->pair, i) -
					falling(t, i) * rise));
}

/* The sums: each column alone, then, when there are two, both. */
static bool next(const struct pair *p, struct part *t)
{
	int columns = p->leaf->columns;

	if (!t->pair) {
		*t = (struct part){p, 0, 1};
		return true;
	}
	if (t->to - t->from > 1 || columns == 1)
		return false;
	*t = t->to < columns ? (struct part){p, t->from + 1, t->to + 1} : (struct part){p, 0, columns};
	return true;
}

static double value(const struct pair *p)
{
	double sum = 0;

	for (struct part t = {0}; next(p, &t);)
		sum += part_value(&t);
	return sum;
}

static void slope(const struct pair *p, double w, double *grad)
{
	for (struct part t = {0}; next(p, &t);)
		grad[0] += w * power_of(&t) * log_rise(&t) * part_value(&t);
}

static void input(const struct pair *p, double w, struct mat D)
{
	for (struct part t = {0}; next(p, &t);)
		part_input(&t, w, D);
}

static const struct kernel_parameter parameters[] = {{"power", KERNEL_ONE, true, {0}}, {0}};
static const struct pairwise pairwise = {value, slope, input};
const struct kernel_family kernel_truncation = PAIRWISE_FAMILY("truncation", parameters, &pairwise);
