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
#include "gp/kernels/kernel.h"
#include "gp/kernels/prior_term.h"

struct gp_prior {
	int size; /* numbers of theta */
	int d;    /* inputs that the starts of the lengthscales are scaled by */
	struct gp_prior_term *term;
};

/* The defaults for a model of this kernel on d inputs: theta is the kernel's, then ln
 * noise. Terms live in a. Errors: KR_ENOMEM. */
enum kr_status gp_prior_default(struct gp_prior *p, const struct kernel_term *kernel, int d,
	struct arena *a, struct kr_error *err);

/* The same with a warp of the inputs (warp.h) before the noise: ln a, ln b ~ N(0, 0.5^2), as
 * densities of the logarithms, so that no warp is the mode; fixed at 0 in categorical columns. */
enum kr_status gp_prior_warped(struct gp_prior *p, const struct kernel_term *kernel, int d,
	const unsigned char *categorical, struct arena *a, struct kr_error *err);

/* The noise of such a model. */
struct gp_prior_term *gp_prior_noise(struct gp_prior *p);

/* Fix a positive parameter at value (> 0, or 0 for the noise). */
void gp_prior_fix(struct gp_prior_term *term, double value);

/* Sparse axis-aligned subspaces: c / l^2 is half-Cauchy(1) for every lengthscale that is not fixed.
 * c = 1 / tau: 1 / l^2 is half-Cauchy(tau), which switches most inputs off (Eriksson & Jankowiak 2021,
 * eq. 3). c = tau: MAP-SAAS as in BoTorch. of_logarithm: as a density of ln l, with its mode at
 * l = sqrt c; else as a density of c / l^2, highest at l = inf. */
void gp_prior_saas(struct gp_prior *p, double c, bool of_logarithm);

/* The same prior as a density of theta, which is what is integrated over or drawn from: densities of a
 * parameter are written as those of its logarithm. out has terms of its own in a. Errors: KR_ENOMEM. */
enum kr_status gp_prior_of_theta(
	struct gp_prior *out, const struct gp_prior *p, struct arena *a, struct kr_error *err);

/* ln p(theta), and its gradient added to grad (size, may be NULL). */
double gp_prior_log_density(const struct gp_prior *p, const double *theta, double *grad);

/* Bounds of theta: lower and upper, size each. */
void gp_prior_bounds(const struct gp_prior *p, double *lower, double *upper);

#endif
