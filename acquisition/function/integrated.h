/* Integrated variance reduction, for learning the function everywhere: by how much an observation
 * at x lowers the mean posterior variance at fixed points z,
 *
 *   (1 / N) sum_z k_n(z, x)^2 / (k_n(x, x) + noise)
 *
 * (Cohn 1996; for Gaussian processes Seo, Wallat, Graepel & Obermayer 2000). Exact, needs no
 * outcomes. Its logarithm is what is maximized, so that gains of every size have slopes that an
 * ascent follows. Pure functions, thread-safe. */
#ifndef KR_ACQUISITION_INTEGRATED_H
#define KR_ACQUISITION_INTEGRATED_H

#include "acquisition/function/covariance.h"

/* Everything is borrowed. */
struct integrated {
	const struct covariance *points; /* z */
	double noise;                    /* variance of the observation, >= 0 */
};

/* value (rows of X) <- ln of the reduction, finite where nothing is left to reduce, too; D (as X,
 * p NULL to skip) <- gradient in x. ctx: a struct integrated, so that it is the eval of a struct
 * ascend_function. Errors: those of gp_predict. Cost n (n + N) a row. */
enum kr_status integrated_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

#endif
