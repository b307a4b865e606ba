#include <math.h>

#include "acquisition/function/acq.h"

/* Upper confidence bound mu + sqrt(beta) s (Srinivas et al. 2010, eq. 6). */
static double ucb(double mu, double s, double best, double beta, double *dmu, double *ds)
{
	(void)best;
	*dmu = 1;
	*ds = sqrt(beta);
	return mu + *ds * s;
}

const struct acq_family acq_ucb = {.name = "ucb", .at = ucb};
