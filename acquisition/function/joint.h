/* The joint posterior of a set of points, in reverse mode: what acquisitions of a whole batch are
 * made of. Latent values, column 0 of the model. Pure functions over an arena; not thread-safe.
 *
 *   joint_predict .. (joint_factor .. joint_factor_adjoint) .. joint_adjoint */
#ifndef KR_ACQUISITION_JOINT_H
#define KR_ACQUISITION_JOINT_H

#include "gp/model.h"

struct joint {
	struct gp_batch batch;   /* the points, their means and variances */
	struct mat cov;          /* p x p, full */
	struct mat L;            /* p x p lower, after joint_factor */
	double jitter;           /* that L needed beyond cov */
	struct mat K;            /* with gradient: k(X_n, X), n x p */
	struct kernel_tape *own; /* with gradient: of k(X, X) */
};

/* j <- mean and covariance at the rows of X; storage from a. Errors: those of gp_predict.
 * Cost n^2 p. */
enum kr_status joint_predict(const struct gp *g, struct mat X, bool with_gradient, struct joint *j,
	struct arena *a, struct kr_error *err);

/* L L' = cov + jitter I, with the least jitter of the ladder of gp/linalg/chol.h that does. Errors:
 * KR_ENOTPD, KR_ENOMEM. Cost p^3 / 3. */
enum kr_status joint_factor(struct joint *j, struct arena *a, struct kr_error *err);

/* dcov (p x p, symmetric, overwritten) <- the adjoint of cov of that of L, whose lower triangle is
 * in dL (overwritten): with P the lower triangle of L' dL, its diagonal halved, the symmetric part
 * of L^-T P L^-1 (Murray 2016). Cost p^3. */
void joint_factor_adjoint(const struct joint *j, struct mat dL, struct mat dcov);

/* D (p x d) <- the gradient in X of adjoints of mean (p) and cov (p x p, symmetric); 0 in
 * categorical columns. Errors: KR_ENOMEM. Cost n^2 p. */
enum kr_status joint_adjoint(const struct gp *g, const struct joint *j, const double *dmean,
	struct mat dcov, struct mat D, struct arena *a, struct kr_error *err);

#endif
