#include "acquisition/function/max_value.h"
#include "acquisition/function/truncated.h"

/* Entropy of the latent value less its entropy below the maximum (Wang & Jegelka 2017, eq. 6). */
static double mes(double mu, double s, double top, double noise, double *dmu, double *ds)
{
	(void)noise;
	double g = (top - mu) / s;
	struct truncated t = truncated_below(g);
	*dmu = -t.dinfo / s;
	*ds = -t.dinfo * g / s;
	return t.info;
}

const struct max_value_family max_value_mes = {.name = "mes", .at = mes};
