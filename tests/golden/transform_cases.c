/* Kind `standardize`. */
#include "gp/outcome.h"
#include "tests/golden/golden.h"

static enum golden_verdict standardize(struct golden_case *c, const cJSON *in)
{
	int n;
	const double *y = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, "y"), &n);
	double *z = golden_array(c, n), mean, sd;

	outcome_standardize(y, n, z, &mean, &sd);
	golden_values(c, "z", z, n);
	golden_value(c, "mean", mean);
	golden_value(c, "std", sd);
	return GOLDEN_ANSWERED;
}

const struct golden_kind golden_transform_kinds[] = {{"standardize", standardize}, {0}};
