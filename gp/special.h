/* Special functions of the normal distribution in forms that stay accurate in
 * the tails (log space). erfcx comes from libcerf. */
#ifndef KR_GP_SPECIAL_H
#define KR_GP_SPECIAL_H

/* h(u) = phi(u) + u Phi(u): ln h(u); *slope (may be NULL) = d ln h / du
 * (Ament et al. 2023, eq. 9, with the series below u = -30). */
double special_log_h(double u, double *slope);

double special_erfcx(double x);
double special_log_cdf(double z);      /* ln Phi(z) */
double special_log_pdf(double z);      /* ln phi(z) */
double special_hazard(double z);       /* phi(z) / Phi(z) */
double special_log_hazard(double z);
double special_quantile(double p);     /* Phi^-1(p), p in [0, 1] */

/* ln sum exp(x_i), n >= 1. */
double special_log_sum_exp(const double *x, int n);

#endif
