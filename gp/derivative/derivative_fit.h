/* Maximum a posteriori hyperparameters of a model with derivative observations. */
#ifndef KR_GP_DERIVATIVE_DERIVATIVE_FIT_H
#define KR_GP_DERIVATIVE_DERIVATIVE_FIT_H

#include "gp/derivative/derivative.h"
#include "gp/fit.h"
#include "gp/prior.h"

/* The default priors of theta as derivative.h has it: those of the kernel, and the weak penalty of
 * a noise for both noises. Made for points in the unit cube and values of unit size.
 * Terms live in a. Errors: KR_ENOMEM. */
enum kr_status derivative_prior(
	struct gp_prior *p, const struct derivative_data *data, struct arena *a, struct kr_error *err);

/* theta (out) <- the best optimum of lml + log prior from two deterministic starts, long and short
 * lengthscales. out->log_posterior is -inf, and theta the first start, when neither could
 * be evaluated. Errors: those of derivative_condition for the data; KR_ENOMEM. Cost: some
 * 100 evaluations of N^3 for N rows. */
enum kr_status derivative_fit(const struct derivative_data *data, const struct gp_prior *prior,
	double *theta, struct gp_fit_result *out, struct arena *scratch, struct kr_error *err);

#endif
