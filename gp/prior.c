#include "gp/prior.h"

#include <math.h>
#include <stddef.h>

static const double ln_sqrt_2pi = 0.91893853320467274178;

struct gp_prior gp_prior_default(int d)
{
	double root = sqrt(d);

	return (struct gp_prior){
		.d = d,
		.lengthscale = {GP_PRIOR_LOGNORMAL, sqrt(2) + log(root), sqrt(3), log(0.01),
			log(100 * root)},
		.outputscale = {GP_PRIOR_LOGNORMAL_LN, 0, 1, log(1e-2), log(1e2)},
		.noise = {GP_PRIOR_NOISE, log(0.0039), log(0.05), log(1e-8), 0},
	};
}

void gp_prior_fix(struct gp_prior_term *term, double value)
{
	*term = (struct gp_prior_term){GP_PRIOR_FLAT, 0, 0, log(value), log(value)};
}

/* ln p(t); *slope = its derivative. */
static double density(const struct gp_prior_term *p, double t, double *slope)
{
	double z, over;

	switch (p->shape) {
	case GP_PRIOR_FLAT: break;
	case GP_PRIOR_LOGNORMAL:
	case GP_PRIOR_LOGNORMAL_LN:
		z = (t - p->a) / p->b;
		*slope = -z / p->b - (p->shape == GP_PRIOR_LOGNORMAL);
		return -0.5 * z * z - (p->shape == GP_PRIOR_LOGNORMAL ? t : 0) - log(p->b) - ln_sqrt_2pi;
	case GP_PRIOR_GAMMA:
		*slope = p->a - 1 - p->b * exp(t);
		return p->a * log(p->b) - lgamma(p->a) + (p->a - 1) * t - p->b * exp(t);
	case GP_PRIOR_NOISE:
		over = fmax(0, t - p->b);
		*slope = -0.02 * (t - p->a) - over;
		return -0.01 * (t - p->a) * (t - p->a) - 0.5 * over * over;
	}
	*slope = 0;
	return 0;
}

static const struct gp_prior_term *term_of(const struct gp_prior *p, int i)
{
	return i < p->d ? &p->lengthscale : i == p->d ? &p->outputscale : &p->noise;
}

double gp_prior_log_density(const struct gp_prior *p, const double *theta, double *grad)
{
	double sum = 0, slope;

	for (int i = 0; i < p->d + 2; i++) {
		sum += density(term_of(p, i), theta[i], &slope);
		if (grad)
			grad[i] += slope;
	}
	return sum;
}

void gp_prior_bounds(const struct gp_prior *p, double *lower, double *upper)
{
	for (int i = 0; i < p->d + 2; i++) {
		lower[i] = term_of(p, i)->lower;
		upper[i] = term_of(p, i)->upper;
	}
}
