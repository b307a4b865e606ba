#include <math.h>

#include "acquisition/function/acq.h"
#include "gp/special/special.h"

/* Expected improvement s h(u) (Jones, Schonlau & Welch 1998, eq. 15); its slopes are
 * Phi(u) in mu and phi(u) in s. */
static double ei(double mu, double s, double best, double beta, double *dmu, double *ds)
{
	(void)beta;
	double u = (mu - best) / s;
	*dmu = exp(special_log_cdf(u));
	*ds = exp(special_log_pdf(u));
	return s * exp(special_log_h(u, NULL));
}

const struct acq_family acq_ei = {.name = "ei", .at = ei};
