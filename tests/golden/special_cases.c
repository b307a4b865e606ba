/* Kinds that are one scalar function of lists. */
#include "gp/special/bvn.h"
#include "gp/special/special.h"
#include "tests/golden/golden.h"

static enum golden_verdict each(
	struct golden_case *c, const cJSON *in, const char *input, const char *key, double (*f)(double))
{
	int n;
	const double *x = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, input), &n);
	double *y = golden_array(c, n);

	for (int i = 0; i < n; i++)
		y[i] = f(x[i]);
	golden_values(c, key, y, n);
	return GOLDEN_ANSWERED;
}

static double value_of_log_h(double z)
{
	return special_log_h(z, NULL);
}

static double slope_of_log_h(double z)
{
	double slope;

	special_log_h(z, &slope);
	return slope;
}

static enum golden_verdict log_h(struct golden_case *c, const cJSON *in)
{
	return each(c, in, "z", "log_h", value_of_log_h);
}

static enum golden_verdict dlog_h(struct golden_case *c, const cJSON *in)
{
	return each(c, in, "z", "dlog_h", slope_of_log_h);
}

static enum golden_verdict log_cdf(struct golden_case *c, const cJSON *in)
{
	return each(c, in, "z", "log_Phi", special_log_cdf);
}

static enum golden_verdict log_pdf(struct golden_case *c, const cJSON *in)
{
	return each(c, in, "z", "log_phi", special_log_pdf);
}

static enum golden_verdict erfcx(struct golden_case *c, const cJSON *in)
{
	return each(c, in, "x", "erfcx", special_erfcx);
}

static enum golden_verdict hazard(struct golden_case *c, const cJSON *in)
{
	return each(c, in, "z", "hazard", special_hazard);
}

static enum golden_verdict log_hazard(struct golden_case *c, const cJSON *in)
{
	return each(c, in, "z", "log_hazard", special_log_hazard);
}

static enum golden_verdict quantile(struct golden_case *c, const cJSON *in)
{
	return each(c, in, "p", "z", special_quantile);
}

static enum golden_verdict bivariate_cdf(struct golden_case *c, const cJSON *in)
{
	int n;
	const double *h = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, "h"), &n);
	const double *k = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, "k"), &n);
	const double *rho = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, "rho"), &n);
	double *cdf = golden_array(c, n);

	for (int i = 0; i < n; i++)
		cdf[i] = bvn_cdf(h[i], k[i], rho[i]);
	golden_values(c, "cdf", cdf, n);
	return GOLDEN_ANSWERED;
}

const struct golden_kind golden_special_kinds[] = {
	{"log_h", log_h},
	{"dlog_h", dlog_h},
	{"log_Phi", log_cdf},
	{"log_phi", log_pdf},
	{"erfcx", erfcx},
	{"hazard", hazard},
	{"log_hazard", log_hazard},
	{"normal_quantile", quantile},
	{"bvn_cdf", bivariate_cdf},
	{0},
};
