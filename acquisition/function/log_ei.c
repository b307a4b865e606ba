#include <math.h>

#include "acquisition/function/acq.h"
#include "gp/special/special.h"

/* ln E[(f - best)+] = ln s + ln h(u), h(u) = phi(u) + u Phi(u) (Ament et al. 2023, eq. 8).
 * d/ds = (1 - u h'/h) / s = phi / (s h): the second form for u > -1, where the first cancels;
 * the first below, where it is a sum of positive terms and phi / h a quotient of zeros. */
static double log_ei(double mu, double s, double best, double beta, double *dmu, double *ds)
{
	(void)beta;
	double u = (mu - best) / s, slope;
	double log_h = special_log_h(u, &slope);
	*dmu = slope / s;
	*ds = (u > -1 ? exp(special_log_pdf(u) - log_h) : 1 - u * slope) / s;
	return log(s) + log_h;
}

const struct acq_family acq_log_ei = {.name = "log_ei", .log = true, .at = log_ei};
