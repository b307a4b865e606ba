/* Kind `thompson`: what exact Thompson sampling draws from. */
#include <math.h>

#include "gp/model.h"
#include "gp/sample/draw.h"
#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

/* Standard error 0.0009 at most, for the tolerance of 0.005 of cases that were sampled too. */
enum { DRAWS = 300000 };

static enum kr_status answer(
	struct golden_case *c, const struct gp *g, struct mat X, struct kr_error *err)
{
	int m = X.rows;
	struct mat mean = mat_view(golden_array(c, m), m, 1, m);
	struct mat cov = mat_view(golden_array(c, m * m), m, m, m);
	double *p = golden_array(c, m);
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	enum kr_status status = gp_joint(g, X, mean, cov, golden_arena(c), err);

	if (status == KR_OK)
		status = draw_best(mean.p, cov, DRAWS, &r, p, golden_arena(c), err);
	if (status != KR_OK)
		return status;
	golden_matrix(c, "mean", mean);
	golden_matrix(c, "cov", cov);
	golden_values(c, "p_argmax", p, m);
	if (m == 2)
		golden_value(c, "e_max", draw_larger_of_two(mean.p, cov));
	return KR_OK;
}

static enum golden_verdict thompson(struct golden_case *c, const cJSON *in)
{
	struct mat X = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "X"));
	double mean = golden_number(cJSON_GetObjectItemCaseSensitive(in, "mean"));
	struct gp_data data = {.n = X.rows, .d = X.cols, .X = X, .mean = &mean};
	struct kr_error err = {.text = "out of memory"};
	enum kr_status status = KR_ENOMEM;
	struct kernel_spec s;
	struct gp *g;
	int count;

	if (!kernel_spec_read(&s, c, cJSON_GetObjectItemCaseSensitive(in, "kernel"), X.cols))
		return GOLDEN_UNKNOWN;
	data.kernel = &s.root;
	data.categorical = s.categorical;
	data.y = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, "y"), &count);
	s.theta[s.n] = log(golden_number(cJSON_GetObjectItemCaseSensitive(in, "noise")));
	g = gp_new(data.n, data.d, 1);
	if (g)
		status = gp_condition(g, &data, s.theta, golden_arena(c), &err);
	if (status == KR_OK)
		status = answer(c, g, golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "Xtest")), &err);
	gp_free(g);
	return status == KR_OK ? GOLDEN_ANSWERED : golden_error(c, err.text);
}

const struct golden_kind golden_thompson_kinds[] = {{"thompson", thompson}, {0}};
