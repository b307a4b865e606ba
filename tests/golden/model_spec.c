#include "tests/golden/model_spec.h"

#include <math.h>

bool model_spec_read(struct golden_case *c, const cJSON *in, struct kernel_spec *s, struct gp **out,
	enum kr_status *st, struct kr_error *err)
{
	struct mat X = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "X"));
	double mean = golden_number(cJSON_GetObjectItemCaseSensitive(in, "mean"));
	double noise = golden_number(cJSON_GetObjectItemCaseSensitive(in, "noise"));
	int n;
	*out = NULL;
	*st = KR_ENOMEM;
	if (!kernel_spec_read(s, c, cJSON_GetObjectItemCaseSensitive(in, "kernel"), X.cols))
		return false;
	struct gp_data data = {.kernel = &s->root,
		.n = X.rows,
		.d = X.cols,
		.X = X,
		.categorical = s->categorical,
		.y = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, "y"), &n),
		.mean = &mean};
	s->theta[s->n] = log(noise);
	*out = gp_new(data.n, data.d, 1);
	if (*out)
		*st = gp_condition(*out, &data, s->theta, golden_arena(c), err);
	return true;
}
