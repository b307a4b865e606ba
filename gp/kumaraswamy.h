/* The Kumaraswamy warp of an input in [0, 1] (Kumaraswamy 1980; Snoek et al. 2014, sec. 3
 * with the beta distribution in its place):
 *
 *   u = eps + (1 - 2 eps) x,  w = 1 - (1 - u^a)^b,  a, b > 0
 *
 * increasing in x; a = b = 1 is the identity up to eps, which keeps the slopes at 0 and 1
 * finite. Written in p = ln u^a and q = ln(1 - u^a), so that no digit is lost at either end. */
#ifndef KR_GP_KUMARASWAMY_H
#define KR_GP_KUMARASWAMY_H

/* The eps of fits. */
#define KUMARASWAMY_EPS 1e-7

struct kumaraswamy {
	double w;                /* in [0, 1] */
	double dx, dln_a, dln_b; /* dw/dx, dw/d ln a, dw/d ln b */
};

/* Value and slopes at x in [0, 1]; 0 < eps < 1/2. Pure. */
struct kumaraswamy kumaraswamy(double a, double b, double eps, double x);

#endif
