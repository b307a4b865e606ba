/* Pending points as fantasies: their unknown outcomes are drawn from the model, jointly, a
 * few times; each draw becomes an outcome column of the model, so that an acquisition
 * averaged over columns is the expectation over what the pending points will bring
 * (Snoek, Larochelle & Adams 2012, sec. 3.2). */
#ifndef KR_ACQUISITION_PENDING_H
#define KR_ACQUISITION_PENDING_H

#include "base/rng.h"
#include "gp/model.h"

#define PENDING_BLOCK 256

/* Extend g by the rows of P (p x d, p <= PENDING_BLOCK) with F.cols joint draws of the
 * latent function there: f_m = mean_m + S z_m with S S' = cov, z_m scrambled Sobol' normal
 * numbers under key. g has one column or F.cols; a block at a time is the same as all
 * jointly, because each column is conditioned on its own draws so far.
 *   F  (p x columns) <- the draws
 * Errors: those of gp_joint and gp_extend; g may then be unusable. */
enum kr_status pending_extend(struct gp *g, struct mat P, struct mat F, const struct rng *key,
	struct arena *scratch, struct kr_error *err);

/* The same with one column and the mean for an outcome, which leaves the mean where it was and
 * takes what is pending from the variance (Desautels, Krause & Burdick 2014, sec. 4). */
enum kr_status pending_believe(
	struct gp *g, struct mat P, struct mat F, struct arena *scratch, struct kr_error *err);

/* S <- a factor of a positive semidefinite cov (p x p, lower triangle read): lower
 * triangular, S S' = cov; columns whose pivot is lost in rounding (below 1e-12 of the largest
 * diagonal) are zero. */
void pending_factor(struct mat cov, struct mat S);

#endif
