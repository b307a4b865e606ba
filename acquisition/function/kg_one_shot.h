/* One-shot knowledge gradient of q points at once (Balandat et al. 2020):
 * the q points and, for each of M scenarios of what they may bring, one point to take then, are
 * variables of one deterministic problem,
 *
 *     v(Xq, Xf) = mean_s E[f(Xf_s) | data, outcomes y_s at Xq] - current,   y_s = mu(Xq) + L z_s,
 *
 * L L' = k_n(Xq, Xq) + noise I. With the scenario's mean written out,
 *
 *     v = mean_s ( mu(Xf_s) + k_n(Xf_s, Xq) L^-T z_s ) - current.
 *
 * Maximized over Xf it is the knowledge gradient of Xq under the scenarios Z. A problem of (q + M)
 * d variables, hard to maximize; for one point kg_hybrid is cheaper. Where it belongs: batches that
 * are chosen jointly. */
#ifndef KR_ACQUISITION_KG_ONE_SHOT_H
#define KR_ACQUISITION_KG_ONE_SHOT_H

#include "gp/model.h"

struct kg_one_shot {
	const struct gp *model; /* one outcome column */
	double noise;           /* variance of each of the q observations */
	double current;         /* value of what is known now: max mu */
	struct mat Z;           /* M x q, standard normal; row s is scenario s */
};

/* *value <- v at Xq (q x d) and Xf (M x d). dXq and dXf (as Xq and Xf; both p NULL to skip) <- its
 * gradients, 0 in categorical columns. Points that cannot be told from each other without noise
 * get jitter. Errors: those of gp_predict, KR_ENOTPD. Cost n^2 (q + M) + n (q + M)^2 + q^3. */
enum kr_status kg_one_shot_eval(const struct kg_one_shot *o, struct mat Xq, struct mat Xf,
	double *value, struct mat dXq, struct mat dXf, struct arena *scratch, struct kr_error *err);

#endif
