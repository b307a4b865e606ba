/* Exact Gaussian-process regression: y ~ N(m 1, s2 k(X,X) + diag(noise)).
 *
 * gp_new .. gp_condition .. (gp_append, gp_remove)* .. (gp_extend) .. gp_predict* .. gp_free.
 * A gp holds its own copy of the data and hyperparameters, the factor L and the
 * weights A = K^-1 (Y - m). Y may have several columns that share X and L:
 * fantasies of pending points. The kernel's structure is borrowed. Not thread-safe.
 * Data, hyperparameters (theta) and jitter are those of gp/likelihood.h. */
#ifndef KR_GP_MODEL_H
#define KR_GP_MODEL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "gp/likelihood.h"
#include "gp/linalg/mat.h"

struct gp;

/* cap: most rows, extensions included. columns: most outcome columns (>= 1). */
struct gp *gp_new(int cap, int d, int columns);
void gp_free(struct gp *g);

/* Condition on data under theta; afterwards one outcome column.
 * Errors: KR_ENOTPD, KR_ENONFINITE, KR_ENOMEM; g is then empty. Cost n^3/3. */
enum kr_status gp_condition(struct gp *g, const struct gp_data *data, const double *theta,
	struct arena *scratch, struct kr_error *err);

/* Add p points with outcomes F (p x columns) and noise variance `noise`; a model
 * with one column first repeats it. The mean m stays. A point too close to be
 * told from the others gets the jitter it needs. Errors: KR_ENOTPD, KR_ENONFINITE,
 * KR_ENOMEM; g is then as it was (empty if the weights overflow). Cost n^2 p. */
enum kr_status gp_extend(struct gp *g, struct mat P, struct mat F, double noise,
	struct arena *scratch, struct kr_error *err);

/* Append one observation of outcome y at x (d) with this noise variance, or take observation i
 * away (0 <= i < rows, rows >= 2; the ones behind it move up). One outcome column. The mean is
 * profiled anew unless the data gave it, so that the model is the one that gp_condition would
 * make, but for rounding. Rounding is kept small: every 8th change the drift of the factor is
 * measured, and it is made anew on the 32nd, or when the drift exceeds 1e-12 of K; from then
 * on the model is gp_condition's in every bit. Errors: as gp_extend; g is as it was when the
 * observation was refused, and empty after any later failure. Cost n^2, with the drift
 * n^2 d, anew n^3/3. */
enum kr_status gp_append(struct gp *g, const double *x, double y, double noise,
	struct arena *scratch, struct kr_error *err);
enum kr_status gp_remove(struct gp *g, int i, struct arena *scratch, struct kr_error *err);

struct gp_upkeep {
	int changes;      /* appended and removed since the factor was made */
	int refactorings; /* since gp_condition */
	double drift;     /* last measured (chol_drift), 0 before */
};
struct gp_upkeep gp_upkeep(const struct gp *g);

int gp_rows(const struct gp *g);
int gp_columns(const struct gp *g);
double gp_mean(const struct gp *g);
double gp_noise(const struct gp *g);
double gp_scale(const struct gp *g);              /* largest prior variance of an observation */
const double *gp_lengthscale(const struct gp *g); /* d, of kernel_lengthscales; borrowed */
double gp_jitter(const struct gp *g);             /* the most that the ladder gave a row */

const struct kernel *gp_kernel(const struct gp *g); /* borrowed, as the two below */
struct mat gp_points(const struct gp *g);           /* n x d, as the kernel sees them */
struct mat gp_weights(const struct gp *g);          /* A, n x columns */

/* *Z <- X as the kernel sees it: X itself, or its warp in a; *slope (NULL: not wanted) <- dz/dx,
 * p NULL without a warp. Errors: KR_ENOMEM. */
enum kr_status gp_see(const struct gp *g, struct mat X, struct mat *Z, struct mat *slope,
	struct arena *a, struct kr_error *err);

/* B <- K^-1 B, n x m. Cost n^2 m. */
void gp_solve(const struct gp *g, struct mat B);

/* What K has on its diagonal beyond the kernel, noise and jitter: n, borrowed. */
const double *gp_noises(const struct gp *g);

/* One batch of latent predictions at B points and what their gradients need. */
struct gp_batch {
	struct mat X;             /* B x d, borrowed */
	struct mat mean;          /* B x columns */
	double *var;              /* B, latent (no noise), clamped at >= 1e-14 k(x, x) */
	struct kernel_tape *tape; /* with gradient */
	struct mat V;             /* n x B, L^-1 k(X_train, X) */
	struct mat Z, slope;      /* X as the kernel sees it; of a warp with gradient dz/dx, B x d */
};

/* Fill batch for the rows of X; storage from a, which must outlive it.
 * with_gradient: keep what gp_adjoint needs. Errors: KR_ENONFINITE for NaN where the kernel looks
 * and is not conditional, and for what overflows; KR_ENOMEM. Cost n^2 B. */
enum kr_status gp_predict(const struct gp *g, struct mat X, bool with_gradient,
	struct gp_batch *batch, struct arena *a, struct kr_error *err);

/* Reverse mode: given adjoints of every mean (dmean, B x columns) and variance
 * (dvar, B), D (B x d) <- their gradient in x; 0 in categorical columns. */
enum kr_status gp_adjoint(const struct gp *g, const struct gp_batch *batch, struct mat dmean,
	const double *dvar, struct mat D, struct arena *a, struct kr_error *err);

/* Joint latent posterior at the rows of X: mean (B x columns), cov (B x B, full). Errors: as
 * gp_predict. */
enum kr_status gp_joint(const struct gp *g, struct mat X, struct mat mean, struct mat cov,
	struct arena *a, struct kr_error *err);

/* Leave-one-out predictive mean and variance (of y, noise included) of column 0
 * (Rasmussen & Williams 2006, eq. 5.12): n each. Hyperparameters, jitter and the mean m are held
 * fixed. Errors: KR_ENOMEM, KR_ENOTPD. Cost n^3/3. */
enum kr_status gp_loo(const struct gp *g, const double *y, double *mean, double *var,
	struct arena *a, struct kr_error *err);

/* The same as the model would predict that is conditioned on the other rows: a mean that is
 * profiled is profiled without the observation, too. var is infinite where nothing is left to
 * tell the mean from (n = 1). */
enum kr_status gp_loo_refit(const struct gp *g, const double *y, double *mean, double *var,
	struct arena *a, struct kr_error *err);

#endif
