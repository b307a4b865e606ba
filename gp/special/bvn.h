/* The bivariate normal distribution, for the probability that one of three
 * candidates is the best and for joint constraints. A pure function. */
#ifndef KR_GP_SPECIAL_BVN_H
#define KR_GP_SPECIAL_BVN_H

/* P(Z1 <= h, Z2 <= k) of standard normals with correlation rho in [-1, 1]; h and k may be
 * infinite. Absolute error below 1e-15 (Genz 2004, section 2, after Drezner &
 * Wesolowsky 1990). NaN for NaN and for |rho| > 1. */
double bvn_cdf(double h, double k, double rho);

#endif
