/* Draws from a density known up to a factor, with gradient: the No-U-Turn sampler
 * (Hoffman & Gelman 2014) in its multinomial form (Betancourt 2017), for the
 * hyperparameters of small data sets.
 *
 *   nuts_begin        at a point, best the mode; the metric is the curvature there
 *   nuts_next         one transition; the first n_warmup of them adapt step and metric
 *   nuts_position     where the chain is
 *
 * A bounded variable moves on the whole line as the logit (one bound: the logarithm)
 * of its place between the bounds, with the Jacobian in the density: what is
 * sampled is the density truncated to the bounds. One whose bounds are equal stays.
 *
 * The chain is an array of doubles, which a caller may store and go on with later; a
 * transition is a function of it and of the generator given. Work of a transition:
 * at most 2^NUTS_MAX_DEPTH evaluations. No globals. */
#ifndef KR_GP_SAMPLE_NUTS_H
#define KR_GP_SAMPLE_NUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/rng.h"
#include "base/status.h"

#define NUTS_MAX_DEPTH 6

/* *lp and its gradient g (p) at x. A point without density has *lp = -inf (g is then
 * not read). A status other than KR_OK ends the transition. */
typedef enum kr_status nuts_density(
	void *context, const double *x, double *lp, double *g, struct kr_error *err);

struct nuts_problem {
	nuts_density *density;
	void *context;
	int p;
	const double *lower, *upper; /* p each; may be infinite; equal: fixed */
};

/* Doubles of a chain in p variables. */
size_t nuts_size(int p);

/* A chain at x (p), moved a little inside the bounds. p + 1 evaluations.
 *   chain   nuts_size(p) doubles, written
 * Errors: KR_ENOMEM, KR_ENONFINITE when x has no density, what the density answers. */
enum kr_status nuts_begin(const struct nuts_problem *problem, const double *x, int n_warmup,
	double *chain, struct arena *scratch, struct kr_error *err);

struct nuts_result {
	int evaluations;
	double acceptance; /* mean Metropolis probability of the trajectory */
	bool diverged;
};

/* The next position. r: of its own for each transition.
 * Errors: KR_ENOMEM, what the density answers; chain is then as it was. */
enum kr_status nuts_next(const struct nuts_problem *problem, struct rng r, double *chain,
	struct nuts_result *result, struct arena *scratch, struct kr_error *err);

void nuts_position(const struct nuts_problem *problem, const double *chain, double *x);

#endif
