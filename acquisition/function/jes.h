/* Joint entropy search: how much an observation tells about the optimum, place and value together
 * (Hvarfner, Hutter & Nardi 2022), as the lower bound by matched variances (Tu, Gandy, Kantas &
 * Shafei 2022):
 *
 *   1/2 ln Var(y) - 1/2 mean_k ln(noise + s_k^2 (1 - r (g + r)))
 *
 * mu_k, s_k: posterior after f(x*_k) = y*_k as well, seen without noise; g = (y*_k - mu_k) / s_k,
 * r = phi(g) / Phi(g). (x*_k, y*_k) are optima of sample paths. Without noise the value grows
 * without end towards an x*_k; s_k^2 is kept above 1e-8 of s^2.
 *
 * jes_draw -> jes_new .. jes_eval. Lives in its arena; the model is borrowed and must not
 * change. */
#ifndef KR_ACQUISITION_JES_H
#define KR_ACQUISITION_JES_H

#include "acquisition/function/thompson.h"
#include "base/rng.h"

struct jes;

/* n optima of paths: rows of x (n x d), y (n). Path k is of outcome column k mod columns. choices:
 * as path_new. Errors: as path_new, path_eval. */
enum kr_status jes_draw(const struct gp *g, const struct thompson_search *search,
	const int *choices, struct rng *r, struct mat x, double *y, struct arena *scratch,
	struct kr_error *err);

/* *j <- for these optima (copied; the k-th of column k mod columns); noise: variance of an
 * observation, >= 0. Errors: those of gp_predict. Cost N^2 n with N rows of the model. */
enum kr_status jes_new(struct jes **j, const struct gp *g, double noise, struct mat x,
	const double *y, struct arena *a, struct kr_error *err);

/* value (rows of X) <- the bound in nats; D (as X, p NULL to skip) <- gradient in x. ctx: a struct
 * jes, so that it is the eval of a struct ascend_function. Errors: those of gp_predict. Cost
 * N (N + n) a row. */
enum kr_status jes_eval(void *ctx, struct mat X, double *value, struct mat D, struct arena *scratch,
	struct kr_error *err);

#endif
