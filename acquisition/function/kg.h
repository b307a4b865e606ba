/* Knowledge gradient: what one more observation at x is worth to somebody who then takes the point
 * of the best posterior mean, over a finite set A of points,
 *
 *     KG(x) = E max_i (a_i + b_i(x) Z) - max_i a_i,
 *     a_i = mu(A_i),   b_i(x) = k_n(A_i, x) / sqrt(k_n(x, x) + noise)
 *
 * (Frazier, Powell & Dayanik 2009; exact, by kg_lines). x itself may join A (Scott, Frazier &
 * Powell 2011): then a pure step of exploration counts. Noise is in the formula: KG asks where an
 * observation tells most about the maximum, not where the maximum may be.
 *
 * A model with M outcome columns (fantasies of pending points) gives the mean of KG over them, so
 * that points of a batch are chosen one after the other.
 *
 * The value is ln KG: it never underflows and its gradient is analytic. kg_eval has the form of
 * an ascend_function; struct kg is its ctx. Not thread-safe: one owner of the arenas. */
#ifndef KR_ACQUISITION_KG_H
#define KR_ACQUISITION_KG_H

#include <stdbool.h>

#include "acquisition/function/covariance.h"

struct kg {
	struct covariance set; /* A */
	bool with_x;
	double noise; /* variance of the next observation */
};

/* A: m x d, m >= 1, borrowed, as the model. Errors: those of gp_predict. Cost n^2 m. */
enum kr_status kg_init(struct kg *k, const struct gp *model, struct mat A, bool with_x,
	double noise, struct arena *a, struct kr_error *err);

/* value (B) <- ln KG at the rows of X, -inf where it is 0 (kg_lines.h); D (B x d, p NULL to skip)
 * <- its gradient, 0 where KG is 0 and in categorical columns. Errors: those of
 * gp_predict. Cost (n^2 + n m) B + M B m ln m. */
enum kr_status kg_eval(void *kg, struct mat X, double *value, struct mat D, struct arena *scratch,
	struct kr_error *err);

/* The lines themselves: a and b (m x B, or (m + 1) x B with x as the last line) <- a_i, on average
 * over outcome columns, and b_i(x_j). Errors and cost as kg_eval. */
enum kr_status kg_moves(const struct kg *k, struct mat X, struct mat a, struct mat b,
	struct arena *scratch, struct kr_error *err);

#endif
