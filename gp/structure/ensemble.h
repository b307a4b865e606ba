/* Several sets of hyperparameters for the same data, equally weighted: what one optimum does not
 * know about itself. Fitted in units of work, the state between units an array of
 * doubles that a caller may store and go on with:
 *
 *   for (int u = 0; u < gp_ensemble_units(&e); u++)
 *           gp_ensemble_unit(&e, u, state, &evaluations, scratch, err);
 *   gp_ensemble_theta(&e, state, i) .. gp_condition .. gp_mixture_predict
 *
 * A unit is a function of the description, the state and u; random numbers are keyed.
 * What each kind was measured to be worth: docs/decisions/0008-ensembles.md. */
#ifndef KR_GP_STRUCTURE_ENSEMBLE_H
#define KR_GP_STRUCTURE_ENSEMBLE_H

#include <stdint.h>

#include "gp/model.h"
#include "gp/prior.h"

enum gp_ensemble_kind {
	GP_ENSEMBLE_MAP, /* 1: the best optimum of the starts of gp_fit_starts */
	GP_ENSEMBLE_SMALL, /* 3: that; an optimum under 0.1 / l^2 ~ half-Cauchy(1) of ln l; another optimum,
	                        * or a draw from the Gaussian at the first when there is none */
	GP_ENSEMBLE_SAAS, /* 4: MAP-SAAS as BoTorch has it: optima under tau / l^2 ~ half-Cauchy(1), tau at
	                        * quantiles of half-Cauchy(0.1). Only with several points for each input */
	GP_ENSEMBLE_DRAWS, /* 8 draws from the posterior (sample/nuts.h) */
	GP_ENSEMBLE_SAAS_DRAWS /* 8 draws under 1 / l^2 ~ half-Cauchy(tau), tau ~ half-Cauchy(0.1), with ln tau */
};

#define GP_ENSEMBLE_MAX_MEMBERS 8

/* Everything is borrowed. */
struct gp_ensemble {
	enum gp_ensemble_kind kind;
	const struct gp_data *data;
	const struct gp_prior *prior; /* of the first member; sparse ones change its lengthscales */
	const double *warm;           /* an earlier optimum (size), or NULL */
	uint64_t seed, number;        /* of random numbers: study and trial */
};

int gp_ensemble_members(const struct gp_ensemble *e);
int gp_ensemble_units(const struct gp_ensemble *e);

/* Doubles of the state; need not be initialized. */
size_t gp_ensemble_size(const struct gp_ensemble *e);

/* Units in order from 0. *evaluations: of the likelihood, by this unit.
 * Errors: KR_ENOMEM; KR_ENOTPD when no start could be evaluated. The state is then without use. */
enum kr_status gp_ensemble_unit(const struct gp_ensemble *e, int unit, double *state,
	int *evaluations, struct arena *scratch, struct kr_error *err);

/* Member i after the last unit (size); borrowed from state. */
const double *gp_ensemble_theta(const struct gp_ensemble *e, const double *state, int i);

/* Latent mean and variance (B each) of the equal mixture of models at the rows of X, column 0 of their
 * outcomes: mean_i mu_i, mean_i var_i + mean_i (mu_i - mean)^2. Errors: KR_ENOMEM. */
enum kr_status gp_mixture_predict(struct gp *const *models, int n, struct mat X, double *mean,
	double *var, struct arena *scratch, struct kr_error *err);

#endif
