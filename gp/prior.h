/* Priors of the hyperparameters, written in t = ln(parameter) (algorithms: the
 * dimension-scaled lognormal of Hvarfner et al. 2024 as a density of the
 * lengthscale, mode 0.205 sqrt(d)). */
#ifndef KR_GP_PRIOR_H
#define KR_GP_PRIOR_H

enum gp_noise_kind {
	GP_NOISE_LEARNT, /* weak log penalty, may reach 1e-8 */
	GP_NOISE_FIXED   /* theta's noise is not optimized */
};

struct gp_prior {
	int d;
	enum gp_noise_kind noise_kind;
	double noise;       /* variance when fixed */
	double lower[3];    /* bounds in ln: lengthscale, outputscale, noise */
	double upper[3];
};

/* The defaults for d inputs. */
struct gp_prior gp_prior_default(int d);

/* ln p(theta) up to a constant, and its gradient added to grad (d + 2, may be
 * NULL). */
double gp_prior_log_density(const struct gp_prior *p, const double *theta, double *grad);

/* Bounds of theta: lower and upper, d + 2 each. */
void gp_prior_bounds(const struct gp_prior *p, double *lower, double *upper);

#endif
