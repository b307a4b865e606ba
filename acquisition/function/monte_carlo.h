/* Acquisitions of a whole batch of q points by Monte Carlo with given base samples: smooth
 * functions of the batch, with analytic gradients (Wilson, Hutter & Deisenroth 2018).
 *
 *   f_s = mean + L z_s,   L L' = cov of [baseline; x_1 .. x_q],   s = 1 .. S
 *
 *   ei      mean_s max_j (f_sj - best)+
 *   log_ei  ln mean_s exp smax_j ln srelu(f_sj - best)            (Ament et al. 2023)
 *   sr      mean_s max_j f_sj                                     (simple regret)
 *   ucb     mean_s max_j (a_j + sqrt(beta pi / 2) |f_sj - a_j|),  a_j = mean_s f_sj
 *
 * With a baseline (the points that may be best, under noise) best is max over the baseline of f_s
 * instead, sample by sample: noisy expected improvement (Letham et al. 2019). srelu is a softened
 * (x)+ of width tau_relu, smax a softened maximum of width tau_max: with fat tails
 *
 *   srelu(x) = tau (ln(1 + e^u) + 0.1 / (1 + u^2)), u = x / tau
 *   smax(l) = M + tau ln sum_j 2 / (2 + 2 w + w^2), w = (M - l_j) / tau, M = max l
 *
 * whose slopes never vanish, or without: tau ln(1 + e^u), and tau ln sum_j e^(l_j / tau).
 * Pure functions, thread-safe. */
#ifndef KR_ACQUISITION_MONTE_CARLO_H
#define KR_ACQUISITION_MONTE_CARLO_H

#include "gp/model.h"

enum monte_carlo_kind { MONTE_CARLO_EI, MONTE_CARLO_LOG_EI, MONTE_CARLO_SR, MONTE_CARLO_UCB };

/* Everything is borrowed. */
struct monte_carlo {
	enum monte_carlo_kind kind;
	const struct gp *model; /* column 0 */
	struct mat baseline;    /* b x d; rows 0: none. EI and LOG_EI */
	struct mat Z;           /* S x (b + q) standard normal numbers */
	double best;            /* without a baseline: EI, LOG_EI */
	double beta;            /* UCB */
	double tau_relu, tau_max;
	bool fat; /* LOG_EI */
};

/* value (B) <- of the batches in the rows of X (B x q d: the coordinates of x_1, then those of
 * x_2, ..); D (as X, p NULL to skip) <- gradients, 0 in categorical columns. ctx: a struct
 * monte_carlo, so that it is the eval of a struct ascend_function. Where a maximum or (x)+ has a
 * kink the gradient is that of one side. Equal points of a batch are told apart by jitter
 * (joint.h). Errors: those of gp_predict, KR_ENOTPD. Cost (n^2 + S (b + q)) (b + q) a batch. */
enum kr_status monte_carlo_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

#endif
