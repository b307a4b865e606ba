/* Outliers: observations that the others do not believe get a variance of their own, so that
 * the model neither bends nor grows noisy to explain them.
 *
 * A cheap form of relevance pursuit (Ament, Santorella, Eriksson et al. 2024): few rounds, each
 * flags what leave-one-out predictions miss by far, gives it the variance that explains it, and
 * fits again; a round stays only when the evidence says so. Data without suspects cost one
 * leave-one-out (2 n^3 / 3), and nothing is changed.
 *
 * A narrow peak or a cliff that few observations have seen looks like outliers to a smooth model,
 * and no statistic of the same data tells them apart: which is likelier is the caller's to say.
 * Rows of replicates are not flagged: that they agree speaks for them. Pure functions. */
#ifndef KR_GP_NOISE_OUTLIER_H
#define KR_GP_NOISE_OUTLIER_H

#include "base/arena.h"
#include "base/status.h"
#include "gp/fit.h"

/* |z| of a leave-one-out residual that makes an observation a suspect. */
#define GP_OUTLIER_Z 4.0

/* At most this part of the observations is flagged: none below 10. */
#define GP_OUTLIER_MOST 0.1

/* What makes a flag worth it: ln C(n, k) for the choice of k among n, and so many nats for each.
 * Among observations that follow the model a set is flagged with probability well below 1 %. */
#define GP_OUTLIER_PENALTY 3.0

struct gp_outliers {
	int n_flagged;
	unsigned char *flag; /* n */
	const double *noise; /* n variances for gp_data.noise: the known ones and those of outliers;
						  * data->noise itself when nothing is flagged */
	double gain;         /* log posterior over that without flags, less the penalty; 0: none */
	int evaluations;     /* of the likelihood */
};

/* Look for outliers in data under theta, the optimum of its log posterior (gp_theta_size). When any are
 * found, theta becomes the optimum given their variances, else it stays as it is, to the bit.
 * The variance of outlier i: rho_i = (y_i - mean_-i)^2 - var_-i, the maximum of its
 * leave-one-out density; one that comes out as 0 takes the flag away. Arrays of *out live in a.
 * Errors: KR_ENOMEM; KR_ENOTPD and KR_ENONFINITE when theta cannot be conditioned on. */
enum kr_status gp_outlier_pass(const struct gp_data *data, const struct gp_prior *prior,
	double *theta, struct gp_outliers *out, struct arena *a, struct kr_error *err);

#endif
