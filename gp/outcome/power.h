/* Power transforms: monotone maps that make skewed values look normal.
 *
 *   Box-Cox (Box & Cox 1964, eq. 1), x > 0:  y = (x^lambda - 1) / lambda, ln x at lambda = 0
 *   Yeo-Johnson (Yeo & Johnson 2000, eq. 2.1), any x:
 *     x >= 0:  y =   ((1 + x)^lambda - 1) / lambda,              ln(1 + x) at lambda = 0
 *     x <  0:  y = - ((1 - x)^(2 - lambda) - 1) / (2 - lambda), -ln(1 - x) at lambda = 2
 *
 * Where the exponent mu (lambda or 2 - lambda) is negative the values end at 1 / |mu|. With t the
 * logarithm of the base every branch is expm1(mu t) / mu, which is stable through mu = 0. Pure
 * functions, no ownership; NaN gives NaN. */
#ifndef KR_GP_OUTCOME_POWER_H
#define KR_GP_OUTCOME_POWER_H

enum power_family { POWER_YEO_JOHNSON, POWER_BOX_COX };

struct power {
	enum power_family family;
	double lambda;
};

/* y at x. Box-Cox at 0 is its limit, below 0 NaN. Infinite where a double does not hold it. */
double power_value(struct power p, double x);

/* x at y. Beyond the end of the values it is the end of x: infinite, or 0 for Box-Cox. */
double power_inverse(struct power p, double y);

/* ln dy/dx; its sum over a sample is the log-Jacobian. */
double power_log_slope(struct power p, double x);

/* The log-likelihood of lambda for n >= 1 values that are normal after the transform, profiled
 * over mean and variance, without its constant (Yeo & Johnson 2000, eq. 3.1):
 *   -n/2 ln var(y) + sum ln dy/dx, var with n.
 * Differences y_i - y_j are taken in units of the largest power, so that it is finite wherever
 * the data are and keeps the digits of data that differ little; +inf for constant data. Values
 * must be in the domain. Cost n. */
double power_log_likelihood(struct power p, const double *x, int n);

/* lambda in [lower, upper] of largest likelihood. The likelihood is concave in lambda (Kouider &
 * Chen 1995; Marchand et al. 2022), so its slope is followed to its only zero.
 * 1 (the identity, or the nearer end) for constant data. Cost n for each of about 15 slopes. */
double power_fit(enum power_family family, const double *x, int n, double lower, double upper);

#endif
