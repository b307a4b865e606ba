/* Maximum a posteriori hyperparameters: L-BFGS from a few deterministic starts,
 * best of all kept. One start is one unit of work, so that a caller can give way
 * between starts. */
#ifndef KR_GP_FIT_H
#define KR_GP_FIT_H

#include <stdbool.h>

#include "gp/model.h"
#include "gp/optim/lbfgs.h"
#include "gp/prior.h"

#define GP_FIT_MAX_STARTS 4

/* Evaluations that a fit may take from a cold start and from an earlier optimum. */
#define GP_FIT_COLD_EVALUATIONS 100
#define GP_FIT_WARM_EVALUATIONS 40

/* |projected gradient| / sqrt(size of theta) at which gp_fit_from stops. */
#define GP_FIT_TOLERANCE 1e-3

/* The starts for n observations, within the bounds: the previous optimum first when
 * warm is not NULL (prior->size); short and long lengthscales for small n or without warm;
 * the long ones at every fifth n otherwise, against a lost basin. Fills starts
 * (prior->size x GP_FIT_MAX_STARTS, column-major), returns how many. */
int gp_fit_starts(const struct gp_prior *prior, int n, const double *warm, double *starts);

/* How many those are. */
int gp_fit_n_starts(int n, bool warm);

/* theta <- the one with long lengthscales and little noise, with short ones and much noise. */
void gp_fit_long_start(const struct gp_prior *prior, double *theta);
void gp_fit_short_start(const struct gp_prior *prior, double *theta);

struct gp_fit_result {
	double log_posterior; /* -inf when the start could not be evaluated */
	int evaluations;
	double gradient_norm; /* projected, at the end */
};

/* Climb from theta (in: start, out: optimum; prior->size) within the bounds of the prior.
 * log_posterior gives the value to be maximized, -inf where there is none, and its
 * gradient. Errors: KR_ENOMEM, and what the function answers. */
enum kr_status gp_fit_climb(lbfgs_function *log_posterior, void *context,
	const struct gp_prior *prior, const struct lbfgs_options *options, double *theta,
	struct gp_fit_result *out, struct arena *scratch, struct kr_error *err);

/* Maximize lml + log prior from theta (in: start, out: optimum; prior->size).
 * A start whose likelihood cannot be evaluated is answered with
 * log_posterior = -inf and KR_OK. Errors: KR_ENOMEM. */
enum kr_status gp_fit_from(const struct gp_data *data, const struct gp_prior *prior,
	int max_evaluations, double *theta, struct gp_fit_result *out, struct arena *scratch,
	struct kr_error *err);

/* The best optimum from all starts (gp_fit_starts), warm included when it is not NULL; evaluations
 * are those of all. theta may be warm. When no start could be evaluated, log_posterior is -inf and
 * theta stays as it was. Errors: KR_ENOMEM. */
enum kr_status gp_fit_best(const struct gp_data *data, const struct gp_prior *prior,
	const double *warm, double *theta, struct gp_fit_result *out, struct arena *scratch,
	struct kr_error *err);

/* The same as gp_fit_from down to a given gradient tolerance, however small the last gains. */
enum kr_status gp_fit_to(const struct gp_data *data, const struct gp_prior *prior,
	double gradient_tolerance, int max_evaluations, double *theta, struct gp_fit_result *out,
	struct arena *scratch, struct kr_error *err);

/* The best optimum of many starts, even and random ones, each followed to the tolerance: for those who
 * can wait (some 1,000 evaluations). theta (out): the optimum; out->evaluations: of all starts.
 * log_posterior is -inf when no start could be evaluated. Errors: KR_ENOMEM. */
enum kr_status gp_fit_thorough(const struct gp_data *data, const struct gp_prior *prior,
	double gradient_tolerance, double *theta, struct gp_fit_result *out, struct arena *scratch,
	struct kr_error *err);

#endif
