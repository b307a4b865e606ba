/* Special functions of the normal distribution in forms that stay accurate in
 * the tails (log space). erfcx comes from libcerf. Pure functions; NaN gives NaN.
 * Relative errors are below 3e-14, those of the slope of log_h below 1e-12. */
#ifndef KR_GP_SPECIAL_SPECIAL_H
#define KR_GP_SPECIAL_SPECIAL_H

#define SPECIAL_HALF_LN_2PI 0.91893853320467274178 /* (ln 2 pi) / 2 */

/* h(u) = phi(u) + u Phi(u), the expected improvement in standard units: ln h(u);
 * *slope (may be NULL) = d ln h / du (Ament et al. 2023, eq. 9; the asymptotic
 * series below u = -30). */
double special_log_h(double u, double *slope);

double special_erfcx(double x);   /* exp(x^2) erfc(x) */
double special_log_cdf(double z); /* ln Phi(z) */
double special_log_pdf(double z); /* ln phi(z) */

/* ln(Phi(b) - Phi(a)), a <= b, either may be infinite; -inf for a = b. Its slopes are
 * *da = -phi(a) / (Phi(b) - Phi(a)) and *db = phi(b) / (Phi(b) - Phi(a)), 0 at an infinite end
 * (both may be NULL). In the tails and for narrow intervals relative errors stay small: log space,
 * and the mean value form for b - a below 1e-5. */
double special_log_cdf_between(double a, double b, double *da, double *db);

/* Hazard rate of the normal distribution, phi(z) / (1 - Phi(z)). At -z it is
 * phi / Phi, the slope of ln Phi. */
double special_hazard(double z);
double special_log_hazard(double z);

/* Phi^-1(p), p in [0, 1]: infinite at the ends (Wichura 1988, AS 241, PPND16). */
double special_quantile(double p);

/* ln sum exp(x_i), n >= 1. */
double special_log_sum_exp(const double *x, int n);

#endif
