/* How well a model predicts what it has seen, each observation from all of the others: plain
 * numbers to be stored and shown beside the model. Pure functions. */
#ifndef KR_GP_CALIBRATION_H
#define KR_GP_CALIBRATION_H

#include "base/arena.h"
#include "base/status.h"
#include "gp/model.h"

/* z_i = (y_i - mean_i) / sd_i, mean_i and sd_i what the others predict for y_i, noise included.
 * All in units of y as the model sees it. Of a model that is right, the expected values are
 * those in brackets. */
struct gp_calibration {
	int n;                /* observations predicted; 0: all others are 0, worst is -1 */
	double log_density;   /* mean of ln N(y_i; mean_i, sd_i^2) */
	double crps;          /* mean continuous ranked probability score */
	double mean_square_z; /* mean of z^2 [1]; above 1: sd_i too small */
	double coverage50, coverage80, coverage95; /* parts of the y_i inside the central intervals of
												* 50, 80 and 95 % [0.50, 0.80, 0.95] */
	int outliers;                              /* |z_i| > 4 [6e-5 n] */
	int worst;                                 /* the row of the largest |z_i|, -1: none */
	double worst_z;                            /* its z */
};

/* |z| from which an observation counts as an outlier. */
#define GP_CALIBRATION_OUTLIER 4.0

/* From n predictions mean and var (> 0; those with an infinite one are left out). Log density:
 * Rasmussen & Williams 2006, eqs. 5.10 and 5.11, divided by n; CRPS: Gneiting & Raftery 2007,
 * eq. 21 with its sign turned (less is better). *out is made for n = 0 too. Errors: KR_ENONFINITE
 * when a score is beyond the largest double; *out is then that of n = 0. */
enum kr_status gp_calibration_score(int n, const double *y, const double *mean, const double *var,
	struct gp_calibration *out, struct kr_error *err);

/* Leave-one-out scores of g, y its gp_rows outcomes of column 0: each is predicted by the model of
 * the others (gp_loo_refit). Held fixed are the hyperparameters and the jitter; a profiled mean is
 * profiled without the observation, so that a single one has no score. A row that stands for
 * replicates is left out as a whole. Errors: KR_ENOMEM, KR_ENOTPD, KR_ENONFINITE. Cost n^3/3: once
 * a fit, not once a suggestion. */
enum kr_status gp_calibrate(const struct gp *g, const double *y, struct gp_calibration *out,
	struct arena *a, struct kr_error *err);

#endif
