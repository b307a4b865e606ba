/* What pending points leave to be learnt at x:
 *
 *     1/2 ln Var(y | pending) - 1/2 ln Var(y),   Var(y) = k_n(x, x) + noise,
 *
 * the batch term of GIBBON (Moss, Leslie, Gonzalez & Rayson 2021, eq. 11): 0 far from them, much
 * less near them, in units of how far the function can change there. Pure, thread-safe. */
#ifndef KR_ACQUISITION_NOVELTY_H
#define KR_ACQUISITION_NOVELTY_H

#include "gp/model.h"

/* Borrowed. */
struct novelty {
	const struct gp *model;
	const struct gp *joined; /* the same and the pending points, whose outcomes do not matter */
	double noise;            /* of an observation, >= 0 */
};

/* value (rows of X) <- it; D (as X, p NULL to skip) <- gradient in x. ctx: a struct novelty.
 * Errors: those of gp_predict. Cost n^2 a row. */
enum kr_status novelty_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

#endif
