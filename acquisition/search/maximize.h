/* Maximizer of an acquisition over a mixed space:
 *
 *   screen the raw candidates -> pick starts -> { ascend the continuous coordinates,
 *   all starts together; move the discrete ones, one at a time } until nothing changes
 *   -> polish the best
 *
 * Under rules an ascent goes along the linear constraints it meets (projection.h), a move mends
 * what it breaks, and a parameter that becomes active starts where the best candidate had it.
 *
 * maximize_new .. maximize_step (until *more is false, or stopped anywhere) ..
 * maximize_ranked. Lives in an arena; not thread-safe. The result is a function of the
 * problem and of how much work was done. */
#ifndef KR_ACQUISITION_MAXIMIZE_H
#define KR_ACQUISITION_MAXIMIZE_H

#include "acquisition/search/ascend.h"
#include "acquisition/search/candidates.h"
#include "base/rng.h"

/* Everything is borrowed for the maximizer's life. */
struct maximize_problem {
	const struct space *space;
	struct region *region; /* the raw candidates are allowed in it; NULL: no rules */
	const double *fixed;   /* d coords, NaN where free; NULL: all free */
	const double *scale;   /* d natural steps: lengthscales */
	struct box box;        /* where ascents stay; without rules only */
	struct ascend_function function;
	const struct candidates *raw;
	int n_starts;          /* maximize_starts(d); 0: only rank the candidates */
	uint64_t seed, number; /* key of the choice of starts and random moves */
};

struct maximizer;

/* How many local searches are worth it in d dimensions. */
int maximize_starts(int d);

/* NULL when memory runs out. */
struct maximizer *maximize_new(const struct maximize_problem *problem, struct arena *a);

/* Go on for about `work` evaluations (one with gradient counts three). On an error
 * (that of the function, KR_ENOMEM) what was found so far can still be read. */
enum kr_status maximize_step(struct maximizer *m, int work, bool *more, struct kr_error *err);

/* The k-th best point known now (k from 0): x (d coords) and its value. False when there
 * are not so many. The first call after a step sorts all. */
bool maximize_ranked(struct maximizer *m, int k, double *x, double *value);

/* How many different local maxima the ascents have ended at, and in *rank the place of x (d coords,
 * from 1) among them by value. Two ends are one maximum when they are within 1e-2 natural steps
 * and agree in the discrete coordinates. 0 without ascents. */
int maximize_optima(const struct maximizer *m, const double *x, double value, int *rank);

#endif
