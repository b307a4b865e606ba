#include <math.h>

#include "acquisition/function/max_value.h"
#include "acquisition/function/truncated.h"

/* -1/2 ln q, q = 1 - rho2 lost = (1 - rho2) + rho2 var (Moss et al. 2021): the first form
 * where little is lost, the second where little is left. */
static double gibbon(double mu, double s, double top, double noise, double *dmu, double *ds)
{
	double g = (top - mu) / s, total = s * s + noise;
	struct truncated t = truncated_below(g);
	double rho2 = s * s / total, q = g > 0 ? 1 - rho2 * t.lost : noise / total + rho2 * t.var;
	double dg = -0.5 * rho2 * t.dvar / q;
	double drho2 = 0.5 * t.lost / q;

	*dmu = -dg / s;
	*ds = -dg * g / s + drho2 * (2 * s / total) * (noise / total);
	return g > 0 ? -0.5 * log1p(-rho2 * t.lost) : -0.5 * log(q);
}

const struct max_value_family max_value_gibbon = {.name = "gibbon", .at = gibbon};
