/* Sample paths: functions drawn from the posterior of a model, by Matheron's rule (Wilson et
 * al. 2020):
 *
 *   f(x) = m + h(x) + k(x, X) K^-1 (y - m - h(X) - e),   e ~ N(0, noise)
 *
 * h is a draw of the prior made of random waves (Rahimi & Recht 2007). Every path has
 * frequencies of its own, so that means and covariances over many paths are those of
 * the exact posterior, whatever the number of waves; one path is nearer to a
 * Gaussian process the more waves it has. A path can be evaluated anywhere, and has
 * an analytic gradient.
 *
 * A path lives in its arena and borrows the model, which must not change. It is a function of
 * the model and the numbers of its generator alone. Kernels: radial leaves, their sums and
 * products. */
#ifndef KR_GP_SAMPLE_PATH_H
#define KR_GP_SAMPLE_PATH_H

#include "base/arena.h"
#include "base/rng.h"
#include "base/status.h"
#include "gp/linalg/mat.h"
#include "gp/model.h"

struct path;

/* Enough waves for up to a few dozen inputs: the prior's covariance within one path has an error
 * of about 1 / sqrt(waves). */
enum { PATH_WAVES = 512 };

/* *path <- a draw given the outcomes of this column of the model.
 *   choices  d: how many choices a categorical column has; NULL without such columns
 * Errors: KR_INVALID_ARGUMENT as spectrum_init, and for choices outside their range in the
 * model's points; KR_ENOMEM. Cost n^2 + n waves d. */
enum kr_status path_new(struct path **path, const struct gp *g, int column, int waves,
	const int *choices, struct rng *r, struct arena *a, struct kr_error *err);

/* f (rows of X) <- values of the path; D (X.rows x d; p NULL: not wanted) <- its gradients, 0 in
 * categorical columns. Errors: KR_INVALID_ARGUMENT for a choice outside its range;
 * KR_ENONFINITE as gp_predict; KR_ENOMEM. Cost (n + waves) d a row. */
enum kr_status path_eval(const struct path *path, struct mat X, double *f, struct mat D,
	struct arena *scratch, struct kr_error *err);

#endif
