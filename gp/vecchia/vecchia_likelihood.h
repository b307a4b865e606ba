/* The log likelihood of many observations as a sum of conditionals (Vecchia 1988; Katzfuss &
 * Guinness 2021, eq. 3): in some order,
 *
 *   ln p(y) ~ sum_i ln p(y_i | y_N(i)),   N(i): the m nearest of the observations before i,
 *
 * with its gradient in theta. The order is random by key; with m >= n - 1 the sum is exact.
 * Of n observations an even part of the conditionals may stand for all of them.
 * Neighbours are those in the metric of the lengthscales given at the start and stay the same
 * while theta varies, so that the sum is smooth. Not thread-safe: one owner. */
#ifndef KR_GP_VECCHIA_VECCHIA_LIKELIHOOD_H
#define KR_GP_VECCHIA_VECCHIA_LIKELIHOOD_H

#include <stdint.h>

#include "gp/likelihood.h"
#include "gp/vecchia/conditional.h"
#include "gp/vecchia/neighbours.h"

struct vecchia_plan {
	int neighbours; /* m: 30 to 40 do */
	int terms;      /* conditionals in the likelihood; 0: all n */
	uint64_t seed;  /* of the order */
};

/* order (n) <- a random permutation of 0 .. n - 1, a function of n and the seed. */
void vecchia_order(int n, uint64_t seed, int *order);

/* Lives in the arena it was made from; borrows the data. */
struct vecchia_likelihood {
	const struct gp_data *data;
	struct arena *scratch;
	int n_terms, m;
	int *row;               /* n_terms: whose conditional */
	int *neighbour, *count; /* rows, m x n_terms; how many of them */
	double *u, *w;          /* n_terms: residual and coefficient of the mean, scaled */
	double *b, *a, *c;      /* (m + 1) x n_terms, by term: what the gradient is made of */
	double *value, *slope;  /* of the kernel: natural units; the part of one term */
	double mean;            /* profiled or given, of the last evaluation */
	struct conditional system;
};

/* scale: d lengthscales of the metric. Errors: KR_ENOMEM. Cost n d for each term. */
enum kr_status vecchia_likelihood_init(struct vecchia_likelihood *l, const struct gp_data *data,
	const struct vecchia_plan *plan, const double *scale, struct arena *a, struct kr_error *err);

/* The sum at theta, *mean in l; grad (as theta) may be NULL. Jitter as in conditional_solve, for
 * each conditional on its own. Errors: KR_ENOTPD, KR_ENONFINITE, KR_ENOMEM. Cost m^3 / 3 for
 * each term. */
enum kr_status vecchia_likelihood_eval(struct vecchia_likelihood *l, const double *theta,
	double *lml, double *grad, struct kr_error *err);

#endif
