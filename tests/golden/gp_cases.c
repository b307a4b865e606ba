/* Kind `gp`: exact regression with given hyperparameters. */
#include <math.h>

#include "gp/model.h"
#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

static struct mat matrix(struct golden_case *c, int rows, int cols)
{
	return mat_view(golden_array(c, rows * cols), rows, cols, rows);
}

static enum kr_status likelihood(struct golden_case *c, const struct kernel_spec *s,
	const struct gp_data *data, struct kr_error *err)
{
	double *grad = golden_array(c, s->n + 1), lml, dmean;
	enum kr_status status = gp_lml(data, s->theta, &lml, grad, &dmean, golden_arena(c), err);

	if (status != KR_OK)
		return status;
	golden_value(c, "lml", lml);
	golden_value(c, "dlml_dmean", dmean);
	kernel_spec_answer(s, c, "dlml_dlog", grad);
	golden_value(c, "dlml_dlog.noise", grad[s->n]);
	return KR_OK;
}

static enum kr_status posterior(struct golden_case *c, const struct gp *g, struct mat X,
	const struct gp_data *data, struct kr_error *err)
{
	struct arena *a = golden_arena(c);
	struct mat mean = matrix(c, X.rows, 1), cov = matrix(c, X.rows, X.rows);
	double *loo_mean = golden_array(c, data->n), *loo_var = golden_array(c, data->n);
	struct gp_batch batch;
	enum kr_status status = gp_predict(g, X, false, &batch, a, err);

	if (status == KR_OK)
		status = gp_joint(g, X, mean, cov, a, err);
	if (status == KR_OK)
		status = gp_loo(g, data->y, loo_mean, loo_var, a, err);
	if (status != KR_OK)
		return status;
	golden_matrix(c, "mean", batch.mean);
	golden_values(c, "var", batch.var, X.rows);
	golden_matrix(c, "cov", cov);
	golden_values(c, "loo_mean", loo_mean, data->n);
	golden_values(c, "loo_var", loo_var, data->n);
	return KR_OK;
}

static enum golden_verdict gp(struct golden_case *c, const cJSON *in)
{
	const cJSON *noise = cJSON_GetObjectItemCaseSensitive(in, "noise");
	struct mat X = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "X"));
	struct mat test = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "Xtest"));
	double mean = golden_number(cJSON_GetObjectItemCaseSensitive(in, "mean"));
	struct kr_error err = {.text = "out of memory"};
	struct gp_data data = {.n = X.rows, .mean = &mean};
	enum kr_status status = KR_ENOMEM;
	struct kernel_spec s;
	struct gp *g;
	int count;

	if (!kernel_spec_read(&s, c, cJSON_GetObjectItemCaseSensitive(in, "kernel"), X.cols))
		return GOLDEN_UNKNOWN;
	data.kernel = &s.root;
	data.d = X.cols;
	data.categorical = s.categorical;
	data.X = X;
	data.y = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, "y"), &count);
	if (cJSON_IsArray(noise))
		data.noise = golden_list(c, noise, &count);
	s.theta[s.n] = log(data.noise ? 0 : golden_number(noise));

	g = gp_new(data.n, data.d, 1);
	if (g)
		status = gp_condition(g, &data, s.theta, golden_arena(c), &err);
	if (status == KR_OK)
		status = likelihood(c, &s, &data, &err);
	if (status == KR_OK)
		status = posterior(c, g, test, &data, &err);
	gp_free(g);
	return status == KR_OK ? GOLDEN_ANSWERED : golden_error(c, err.text);
}

const struct golden_kind golden_gp_kinds[] = {{"gp", gp}, {0}};
