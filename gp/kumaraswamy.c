#include "gp/kumaraswamy.h"

#include <math.h>

/* ln(1 - e^v), v <= 0 (Maechler 2012). */
static double log1m_exp(double v)
{
	return v > -M_LN2 ? log(-expm1(v)) : log1p(-exp(v));
}

/* With U = u^a = e^p, V = 1 - U = e^q and w = 1 - e^(b q):
 *   dw/du = a b u^(a - 1) V^(b - 1), dw/d ln a = b V^(b - 1) U p, dw/d ln b = -b q V^b. */
struct kumaraswamy kumaraswamy(double a, double b, double eps, double x)
{
	double u = eps + (1 - 2 * eps) * x;
	double log_u = x > 0.5 ? log1p(-(eps + (1 - 2 * eps) * (1 - x))) : log(u); /* 1 - u is exact */
	double p = a * log_u, q = log1m_exp(p);
	double common = b * exp(p + (b - 1) * q);

	return (struct kumaraswamy){
		.w = -expm1(b * q),
		.dx = (1 - 2 * eps) * a * exp(log(b) + p - log_u + (b - 1) * q),
		.dln_a = common * p,
		.dln_b = -b * q * exp(b * q),
	};
}
