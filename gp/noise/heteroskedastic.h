/* Noise that depends on where it is: a second Gaussian process for its logarithm.
 *
 * The "most likely" heteroskedastic GP (Kersting, Plagemann, Pfaff & Burgard 2007): a model, the
 * logarithms of its squared residuals, a second model of these, the first one again with the
 * noise that the second one says, and so on. Residuals are those of leave-one-out, which need no
 * sampling; rows of replicates tell it by their spread as well. What comes out is kept only when
 * it predicts left out observations better than one noise everywhere. Works with every kernel; the
 * second process has the same one with hyperparameters of its own. */
#ifndef KR_GP_NOISE_HETEROSKEDASTIC_H
#define KR_GP_NOISE_HETEROSKEDASTIC_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "gp/fit.h"

/* Fewer observations say nothing of how noise varies. */
#define GP_HETEROSKEDASTIC_LEAST 10

/* Nats by which the likelihood of the first squared residuals has to grow when their level may
 * vary, and then the sum of leave-one-out log densities of the outcomes. */
#define GP_HETEROSKEDASTIC_GAIN 2.0

struct gp_heteroskedastic {
	bool kept;            /* false: one noise everywhere is as good; nothing has changed */
	const double *noise;  /* n variances for gp_data.noise, known ones included; data->noise
						  * itself when nothing was kept */
	double log_density;   /* mean leave-one-out log density of what was kept */
	double homoskedastic; /* the same of one noise everywhere */
	double constant;      /* the noise variance of theta: where level is NULL */
	struct gp *level;     /* posterior of ln(noise variance), NULL when nothing was kept */
	int evaluations;      /* of likelihoods */
};

/* theta: in, the optimum of the log posterior of data under prior, where the noise is learnt; out,
 * when kept, the optimum given *out's noise, with a noise of its own of 0 (ln: -inf). Known
 * variances data->noise stay, what is learnt is added to them. Arrays of *out live in a;
 * gp_heteroskedastic_fini frees the level, which borrows the kernel of data.
 * The leave-one-out noise at an observation is predicted without its own residual, or its density
 * would be flattered; hyperparameters are those of all data, in both models.
 * Errors: KR_ENOMEM; KR_ENOTPD and KR_ENONFINITE when theta cannot be conditioned on. *out is
 * then empty, theta as it was. Cost: one fit when the noise does not vary, else up to 4 rounds of
 * two. */
enum kr_status gp_heteroskedastic_fit(const struct gp_data *data, const struct gp_prior *prior,
	double *theta, struct gp_heteroskedastic *out, struct arena *a, struct kr_error *err);

void gp_heteroskedastic_fini(struct gp_heteroskedastic *h);

/* var (rows of X) <- the learnt noise variance there, exp of the level's posterior mean; without
 * a level, the constant. */
enum kr_status gp_heteroskedastic_noise(const struct gp_heteroskedastic *h, struct mat X,
	double *var, struct arena *scratch, struct kr_error *err);

#endif
