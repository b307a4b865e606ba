/* The prior and the bounds of one hyperparameter, as its kernel declares them (gp/prior.h puts
 * them together). Plain values. */
#ifndef KR_GP_KERNELS_PRIOR_TERM_H
#define KR_GP_KERNELS_PRIOR_TERM_H

#include <stdbool.h>

/* Densities and penalties in t, the number as it travels (ln of a positive one). */
enum gp_prior_shape {
	GP_PRIOR_FLAT,         /* 0 */
	GP_PRIOR_LOGNORMAL,    /* of the parameter: -(t - a)^2 / 2 b^2 - t - ln(b sqrt(2 pi)) */
	GP_PRIOR_LOGNORMAL_LN, /* of its logarithm: the same without -t; also a normal of t */
	GP_PRIOR_GAMMA,        /* of the parameter: a ln b - ln Gamma(a) + (a - 1) t - b exp t */
	GP_PRIOR_GAMMA_LN,     /* of its logarithm: the same with a in place of a - 1 */
	GP_PRIOR_CAUCHY,       /* half-Cauchy of v = exp(a + b t), of v: ln(2 / pi) - ln(1 + v^2) */
	GP_PRIOR_CAUCHY_LN,    /* of t: the same + ln v + ln |b| */
	GP_PRIOR_NOISE         /* no density: -(t - a)^2 / 100 - max(0, t - b)^2 / 2 */
};

struct gp_prior_term {
	enum gp_prior_shape shape;
	double a, b;
	double lower, upper; /* bounds of t; equal: the parameter is fixed */
	double start;        /* where a fit starts, unless it is a lengthscale */
	bool lengthscale;
};

/* ln p is normal (a density of the logarithm); a fit starts at its mean. */
#define GP_PRIOR_TERM_LN(mean, sd, least, most)                                                    \
	{                                                                                              \
		.shape = GP_PRIOR_LOGNORMAL_LN, .a = (mean), .b = (sd), .lower = (least), .upper = (most), \
		.start = (mean)                                                                            \
	}

/* Gamma(3, 6) within [0.001, 30], as BoTorch has it for fidelities: mode 1/3, mean 1/2. */
#define GP_PRIOR_TERM_FIDELITY                                                \
	{                                                                         \
		.shape = GP_PRIOR_GAMMA, .a = 3, .b = 6, .lower = -6.907755278982137, \
		.upper = 3.4011973816621555, .start = -0.6931471805599453             \
	}

#endif
