/* The log posterior of the hyperparameters, up to a constant: log marginal likelihood
 * plus log prior. What fits climb, samplers draw from and evidence is the integral of.
 * Not thread-safe: one owner. */
#ifndef KR_GP_POSTERIOR_H
#define KR_GP_POSTERIOR_H

#include "gp/likelihood.h"
#include "gp/prior.h"

struct gp_posterior {
	struct likelihood likelihood;
	const struct gp_prior *prior;
	double *lower, *upper; /* bounds of theta, prior->size each */
};

/* The workspace, in the arena; data and prior are borrowed. prior->size is
 * gp_theta_size(data). Errors: KR_ENOMEM. */
enum kr_status gp_posterior_init(struct gp_posterior *p, const struct gp_data *data,
	const struct gp_prior *prior, struct arena *a, struct kr_error *err);

/* *value at theta and its gradient (size). Where the likelihood cannot be evaluated
 * *value is -inf and grad without meaning. Errors: KR_ENOMEM. */
enum kr_status gp_posterior_eval(
	struct gp_posterior *p, const double *theta, double *value, double *grad, struct kr_error *err);

#endif
