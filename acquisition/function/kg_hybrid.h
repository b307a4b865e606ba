/* Knowledge gradient over a continuous space, from below (Pearce, Klaiber & Groves 2020): for each
 * of n_z values z_j of Z the point that would be taken,
 *
 *     x*_j(x) = argmax mu + z_j b(., x),   b(., x) = k_n(., x) / sqrt(k_n(x, x) + noise),
 *
 * by one short ascent, and then the exact formula (kg.h) over these, the points A of the caller,
 * the best posterior mean and x. Whatever the points, that is no more than the knowledge gradient
 * over the space, if the best mean was found, and no less than that over A; a few z_j make it
 * nearly tight. An ascent begins where the lines of A and x are highest at z_j, so that the value
 * is a function of x alone.
 *
 * To maximize it, ascend kg_eval on h->base, whose gradient is exact, after kg_hybrid_add at the
 * starts, and again at what the ascents found: a small part of the cost of kg_hybrid_eval, which
 * seeks the points anew wherever it is asked, and is for single values. The gradient of the latter
 * holds the x*_j; their own moves matter where z_j is far from the mean of Z over the range in
 * which x*_j is taken: mostly some hundredths of the gradient, at times half.
 *
 * With outcome columns (pending points) the x*_j are those of the mean column, and the bound of
 * each column counts only what is better than the best of the set. Not thread-safe: one owner of
 * the arenas. */
#ifndef KR_ACQUISITION_KG_HYBRID_H
#define KR_ACQUISITION_KG_HYBRID_H

#include "acquisition/function/kg.h"
#include "acquisition/search/ascend.h"

/* Most values of Z; 5 to 9 are usual. */
enum { KG_HYBRID_MOST = 32 };

struct kg_hybrid {
	struct kg base;               /* A, the best mean, x */
	struct ascend_options ascent; /* of the inner ascents, with one more coordinate: which z */
	int n_z;
	double z[KG_HYBRID_MOST];
};

/* A: m x d, m >= 1, allowed points, borrowed, as the model and what ascent points to. A should
 * cover the space, more finely where mu is high (observed points): an inner ascent is no better
 * than its start. ascent: as of a search of the space; iterations (10 are plenty) is what one inner
 * ascent may take. 1 <= n_z <= KG_HYBRID_MOST. Errors: those of gp_predict. Cost n^2 m. */
enum kr_status kg_hybrid_init(struct kg_hybrid *h, const struct gp *model, struct mat A,
	double noise, int n_z, const struct ascend_options *ascent, struct arena *a,
	struct kr_error *err);

/* P (n_z x d) <- the x*_j of x (1 x d). Errors: those of gp_predict. Cost n m, and n^2 n_z
 * an iteration. */
enum kr_status kg_hybrid_points(const struct kg_hybrid *h, struct mat x, struct mat P,
	struct arena *scratch, struct kr_error *err);

/* Add the x*_j of the rows of X to the set for good. On an error the set is as it was. Errors:
 * those of gp_predict. Cost that of kg_hybrid_points a row, and n times the points known. */
enum kr_status kg_hybrid_add(
	struct kg_hybrid *h, struct mat X, struct arena *a, struct kr_error *err);

/* As kg_eval, with the points of each row. h is a struct kg_hybrid. Cost a row: that of
 * kg_hybrid_points, about n_z iterations times kg_eval. */
enum kr_status kg_hybrid_eval(void *h, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

#endif
