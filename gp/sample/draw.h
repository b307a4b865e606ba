/* Draws from a joint posterior at given points (gp_joint, derivative_predict), for Thompson
 * sampling over a list of candidates. For functions that can be evaluated anywhere: gp/sample/path.h. */
#ifndef KR_GP_SAMPLE_DRAW_H
#define KR_GP_SAMPLE_DRAW_H

#include "base/arena.h"
#include "base/rng.h"
#include "base/status.h"
#include "gp/linalg/mat.h"

/* F (b x draws) <- mean + L z, cov = L L', z of the generator in the order of F's columns.
 *   mean  b    cov  b x b, lower triangle read
 * cov is positive semidefinite up to rounding; a singular one (equal points, noiseless data) is
 * factored as it is, without jitter, and where all variances are 0 every draw is the mean.
 * Errors: KR_ENONFINITE, KR_ENOMEM. Cost b^3 / 3 + b^2 draws. */
enum kr_status draw_joint(const double *mean, struct mat cov, struct rng *r, struct mat F,
	struct arena *scratch, struct kr_error *err);

/* p (b) <- P(value i is the largest), the first of equal ones: exact for up to three values, beyond
 * that the share of this many draws (standard error sqrt(p (1 - p) / draws)). r is not
 * used when exact. Errors and cost as draw_joint. */
enum kr_status draw_best(const double *mean, struct mat cov, int draws, struct rng *r, double *p,
	struct arena *scratch, struct kr_error *err);

/* E max of two jointly normal values (Clark 1961). cov: 2 x 2, lower triangle read. */
double draw_larger_of_two(const double *mean, struct mat cov);

#endif
