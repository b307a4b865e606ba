/* Minimize a smooth function within bounds: limited-memory BFGS (Nocedal & Wright
 * 2006, alg. 7.4) with the variables that sit at a bound and push outwards taken out
 * (the projected form of Bertsekas 1982), and backtracking along the projected arc.
 *
 * Made for many short runs at once: no globals, no clock, memory from an arena, and
 * the same steps for the same function on every machine that computes it equally. */
#ifndef KR_GP_OPTIM_LBFGS_H
#define KR_GP_OPTIM_LBFGS_H

#include "base/arena.h"
#include "base/status.h"

/* *f and g (p) at x. A point that cannot be evaluated has *f = +inf (g is then not
 * read). A status other than KR_OK ends the run. */
typedef enum kr_status lbfgs_function(
	void *context, const double *x, double *f, double *g, struct kr_error *err);

struct lbfgs_options {
	int max_evaluations;
	double gradient_tolerance; /* stop: |projected gradient|_2 / sqrt(p) */
	double change_tolerance;   /* stop: decrease / max(1, |f|) of one iteration */
	double first_step;         /* curvature guess: the first step is first_step * -gradient */
	double max_step;           /* most that one coordinate moves in one iteration */
};

struct lbfgs_result {
	double f;             /* +inf: the start could not be evaluated */
	double gradient_norm; /* |projected gradient|_2 */
	int evaluations;
};

/* x (p): in: start, moved into the bounds first; out: the best point found.
 *   lower, upper   p each; may be infinite; equal: the variable is fixed
 * Errors: KR_ENOMEM, and what the function answers. Scratch: 21 p doubles. */
enum kr_status lbfgs_minimize(lbfgs_function *function, void *context, int p, double *x,
	const double *lower, const double *upper, const struct lbfgs_options *options,
	struct lbfgs_result *result, struct arena *scratch, struct kr_error *err);

#endif
