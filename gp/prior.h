/* Priors and bounds of the hyperparameters, written in t = ln(parameter).
 *
 * Default (Hvarfner, Hellsten & Nardi 2024): each lengthscale is lognormal(sqrt 2 +
 * ln(d)/2, sqrt 3), as a density of the lengthscale itself, so that its mode is
 * exp(sqrt 2 - 3) sqrt d = 0.205 sqrt d; the outputscale is lognormal(0, 1) as a
 * density of its logarithm; the noise has a weak penalty that lets a deterministic
 * objective reach 1e-8. Plain values, no ownership. */
#ifndef KR_GP_PRIOR_H
#define KR_GP_PRIOR_H

enum gp_prior_shape {
	GP_PRIOR_FLAT,         /* 0 */
	GP_PRIOR_LOGNORMAL,    /* of the parameter: -(t - a)^2 / 2 b^2 - t - ln(b sqrt(2 pi)) */
	GP_PRIOR_LOGNORMAL_LN, /* of its logarithm: the same without -t */
	GP_PRIOR_GAMMA,        /* of the parameter: a ln b - ln Gamma(a) + (a - 1) t - b exp t */
	GP_PRIOR_NOISE         /* no density: -(t - a)^2 / 100 - max(0, t - b)^2 / 2 */
};

struct gp_prior_term {
	enum gp_prior_shape shape;
	double a, b;
	double lower, upper; /* bounds of t; equal: the parameter is fixed */
};

struct gp_prior {
	int d;
	struct gp_prior_term lengthscale, outputscale, noise;
};

/* The defaults for d inputs. */
struct gp_prior gp_prior_default(int d);

/* Fix a parameter at value (> 0, or 0 for the noise). */
void gp_prior_fix(struct gp_prior_term *term, double value);

/* ln p(theta), and its gradient added to grad (d + 2, may be NULL). */
double gp_prior_log_density(const struct gp_prior *p, const double *theta, double *grad);

/* Bounds of theta: lower and upper, d + 2 each. */
void gp_prior_bounds(const struct gp_prior *p, double *lower, double *upper);

#endif
