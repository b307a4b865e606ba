/* Priors and bounds of the hyperparameters, one term for each number of theta.
 *
 * Written in t, the number as it travels: ln(parameter) of one that is positive. The
 * defaults: of the kernel's numbers what their family declares, the lengthscales scaled
 * by dimension (Hvarfner, Hellsten & Nardi 2024: lognormal(sqrt 2 + ln(d)/2, sqrt 3) as
 * a density of the lengthscale itself, mode exp(sqrt 2 - 3) sqrt d = 0.205 sqrt d);
 * outputscales lognormal(0, 1) as a density of the logarithm; the noise has a weak
 * penalty that lets a deterministic objective reach 1e-8. */
#ifndef KR_GP_PRIOR_H
#define KR_GP_PRIOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"

struct kernel_term;

enum gp_prior_shape {
	GP_PRIOR_FLAT,         /* 0 */
	GP_PRIOR_LOGNORMAL,    /* of the parameter: -(t - a)^2 / 2 b^2 - t - ln(b sqrt(2 pi)) */
	GP_PRIOR_LOGNORMAL_LN, /* of its logarithm: the same without -t; also a normal of t */
	GP_PRIOR_GAMMA,        /* of the parameter: a ln b - ln Gamma(a) + (a - 1) t - b exp t */
	GP_PRIOR_NOISE         /* no density: -(t - a)^2 / 100 - max(0, t - b)^2 / 2 */
};

struct gp_prior_term {
	enum gp_prior_shape shape;
	double a, b;
	double lower, upper; /* bounds of t; equal: the parameter is fixed */
	double start;        /* where a fit starts, unless it is a lengthscale */
	bool lengthscale;
};

struct gp_prior {
	int size; /* numbers of theta */
	int d;    /* inputs that the starts of the lengthscales are scaled by */
	struct gp_prior_term *term;
};

/* The defaults for a model of this kernel on d inputs: theta is the kernel's, then ln
 * noise. Terms live in a. Errors: KR_ENOMEM. */
enum kr_status gp_prior_default(struct gp_prior *p, const struct kernel_term *kernel, int d,
	struct arena *a, struct kr_error *err);

/* The noise of such a model. */
struct gp_prior_term *gp_prior_noise(struct gp_prior *p);

/* Fix a positive parameter at value (> 0, or 0 for the noise). */
void gp_prior_fix(struct gp_prior_term *term, double value);

/* ln p(theta), and its gradient added to grad (size, may be NULL). */
double gp_prior_log_density(const struct gp_prior *p, const double *theta, double *grad);

/* Bounds of theta: lower and upper, size each. */
void gp_prior_bounds(const struct gp_prior *p, double *lower, double *upper);

#endif
