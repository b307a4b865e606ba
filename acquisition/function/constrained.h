/* An acquisition under constraints: the log acquisition of the objective plus the logs of the
 * probabilities that each constraint holds,
 *
 *     v(x) = ln M_e mean_m exp( a(mu_em, s_e; best_em) + sum_t ln P(lower_t <= f_tm <= upper_t) ),
 *
 * f_tm ~ N(mu_tm, s_t^2) independent of each other and of the objective (Schonlau, Welch & Jones
 * 1998; Gardner et al. 2014, eq. 3; in log space as Ament et al. 2023). m runs over outcome
 * columns (fantasies), e over models of the objective, of which M_e is the power mean
 * (mean_e w^p)^(1/p): the mean with p = 1, the geometric one towards p = 0, where all of them have
 * to agree. Without an objective a is 0: the log probability of feasibility. Pure functions,
 * thread-safe. */
#ifndef KR_ACQUISITION_CONSTRAINED_H
#define KR_ACQUISITION_CONSTRAINED_H

#include "acquisition/function/acq.h"

enum { CONSTRAINED_MAX_OBJECTIVES = 4 };

/* A constraint on a latent function. An infinite bound is none. */
struct constrained_term {
	const struct gp *model; /* with the columns of the others, or one */
	double lower, upper;
};

/* Everything is borrowed. */
struct constrained {
	int n_objectives;             /* models of the objective, up to CONSTRAINED_MAX_OBJECTIVES */
	const struct acq *objectives; /* of log families */
	int n_terms;                  /* one at least, when there is no objective */
	const struct constrained_term *terms;
	int columns;        /* of each model, or one, up to ACQ_MAX_COLUMNS */
	double power;       /* p above, 0 < p <= 1; 0: 1 */
	const bool *closed; /* columns without any worth, not all; NULL: none is */
};

/* ln P(lower <= f <= upper), f ~ N(mu, s^2), and its slopes in mu and s. An interval narrower than
 * 1e-6 s counts as so wide, so that an equality has a finite value. */
double constrained_log_probability(
	double mu, double s, double lower, double upper, double *dmu, double *ds);

/* value (B) <- v at the rows of X; D (B x d, p NULL to skip) <- gradient in x.
 * Errors: those of gp_predict. Cost n^2 B for each model. */
enum kr_status constrained_eval(const struct constrained *c, struct mat X, double *value,
	struct mat D, struct arena *scratch, struct kr_error *err);

#endif
