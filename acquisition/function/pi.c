#include <math.h>

#include "acquisition/function/acq.h"
#include "gp/special/special.h"

/* Probability of improvement Phi(u) (Kushner 1964). */
static double pi(double mu, double s, double best, double beta, double *dmu, double *ds)
{
	(void)beta;
	double u = (mu - best) / s;
	*dmu = exp(special_log_pdf(u)) / s;
	*ds = -u * *dmu;
	return exp(special_log_cdf(u));
}

const struct acq_family acq_pi = {.name = "pi", .at = pi};
