/* Max-value entropy search: how much an observation tells about the maximum of the function.
 *
 *   v(x) = mean over k, m of a(mu_m, s; top_km)  [+ 1/2 ln (Var(y | pending) / Var(y))]
 *
 * top: samples of the maximum (gumbel.h, thompson.h), m: outcome columns. A family, one file, is a
 * value and two slopes at one mean and deviation:
 *
 *   mes     noiseless, closed form: g r / 2 - ln Phi(g), g = (top - mu) / s, r = phi(g) / Phi(g)
 *           (Wang & Jegelka 2017, eq. 6)
 *   gibbon  a lower bound that knows noise: -1/2 ln(1 - rho^2 r (g + r)),
 *           rho^2 = s^2 / (s^2 + noise), and the term for pending points above (Moss, Leslie,
 *           Gonzalez & Rayson 2021)
 *
 * Pure functions, thread-safe. */
#ifndef KR_ACQUISITION_MAX_VALUE_H
#define KR_ACQUISITION_MAX_VALUE_H

#include "gp/model.h"

struct max_value_family {
	const char *name;

	/* In nats. noise: variance of an observation, >= 0. Finite for finite mu and top and
	 * s > 0. */
	double (*at)(double mu, double s, double top, double noise, double *dmu, double *ds);
};

extern const struct max_value_family max_value_mes, max_value_gibbon;

/* Everything is borrowed. */
struct max_value {
	const struct max_value_family *family;
	const struct gp *model;
	const struct gp *joined; /* the same and the pending points, whose outcomes do not matter;
	                          * NULL: nothing is pending */
	double noise;
	struct mat tops; /* samples x columns of the model; one column serves all */
};

/* value (rows of X) <- v; D (as X, p NULL to skip) <- gradient in x. ctx: a struct max_value, so
 * that it is the eval of a struct ascend_function. Errors: those of gp_predict. Cost n^2 a row. */
enum kr_status max_value_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

#endif
