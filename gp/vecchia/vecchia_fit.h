/* Maximum a posteriori hyperparameters by the likelihood of conditionals, from one start. */
#ifndef KR_GP_VECCHIA_VECCHIA_FIT_H
#define KR_GP_VECCHIA_VECCHIA_FIT_H

#include "gp/fit.h"
#include "gp/vecchia/vecchia_likelihood.h"

/* As gp_fit_from, with neighbours in the metric of the start: log posteriors from different
 * starts do not compare. Errors: KR_ENOMEM. */
enum kr_status vecchia_fit_from(const struct gp_data *data, const struct gp_prior *prior,
	const struct vecchia_plan *plan, int max_evaluations, double *theta, struct gp_fit_result *out,
	struct arena *scratch, struct kr_error *err);

#endif
