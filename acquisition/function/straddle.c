#include <math.h>

#include "acquisition/function/acq.h"

/* Straddle, for the set where f exceeds a level: sqrt(beta) s - |mu - level| (Bryan, Schneider,
 * Nichol et al. 2005, with beta = 1.96^2). best is the level; on it the slope in mu is 0. */
static double straddle(double mu, double s, double best, double beta, double *dmu, double *ds)
{
	*dmu = (mu < best) - (mu > best);
	*ds = sqrt(beta);
	return *ds * s - fabs(mu - best);
}

const struct acq_family acq_straddle = {.name = "straddle", .level = true, .at = straddle};
