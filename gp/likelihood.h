/* The log marginal likelihood of one data set under many hyperparameters: the
 * workspace behind gp_lml, made once for a whole fit.
 *
 * Lives in the arena it was made from, borrows the data, not thread-safe. */
#ifndef KR_GP_LIKELIHOOD_H
#define KR_GP_LIKELIHOOD_H

#include <stdbool.h>

#include "gp/model.h"

struct likelihood {
	const struct gp_data *data;
	struct arena *scratch;
	struct mat K, G;    /* n x n; G only with gradient */
	struct mat C, MC;   /* n x (d + 1): centred X and a column of ones; M C */
	struct mat U;       /* n x 2: L^-1 y and L^-1 1; later alpha in column 0 */
	double *lengthscale; /* d */
	double jitter;      /* of the last evaluation */
	double mean;
};

/* Errors: KR_ENOMEM. */
enum kr_status likelihood_init(struct likelihood *l, const struct gp_data *data,
	bool with_gradient, struct arena *a, struct kr_error *err);

/* As gp_lml; grad and dmean may be NULL. */
enum kr_status likelihood_eval(struct likelihood *l, const double *theta, double *lml,
	double *grad, double *dmean, struct kr_error *err);

/* The kernel of data under theta; lengthscale (d) is filled and borrowed. */
struct kernel likelihood_kernel(const struct gp_data *data, const double *theta,
	double *lengthscale);

/* Noise variance of observation i under theta. */
double likelihood_noise(const struct gp_data *data, const double *theta, int i);

#endif
