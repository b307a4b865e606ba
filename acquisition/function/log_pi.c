#include "acquisition/function/acq.h"
#include "gp/special/special.h"

/* ln P(f > best) = ln Phi(u); the slope in u is phi / Phi, the hazard at -u. */
static double log_pi(double mu, double s, double best, double beta, double *dmu, double *ds)
{
	(void)beta;
	double u = (mu - best) / s;
	*dmu = special_hazard(-u) / s;
	*ds = -u * *dmu;
	return special_log_cdf(u);
}

const struct acq_family acq_log_pi = {.name = "log_pi", .log = true, .at = log_pi};
