/* Kinds `mes`, `mes_gp`, `gibbon` and `gumbel`: what a point tells about the maximum. */
#include <math.h>

#include "acquisition/function/gumbel.h"
#include "acquisition/function/max_value.h"
#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

static const double *list(struct golden_case *c, const cJSON *in, const char *key, int *n)
{
	return golden_list(c, cJSON_GetObjectItemCaseSensitive(in, key), n);
}

static enum golden_verdict mes_scalar(struct golden_case *c, const cJSON *in)
{
	int n;
	const double *mu = list(c, in, "mu", &n), *sigma = list(c, in, "sigma", &n);
	struct mat top = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "ystar"));
	double *value = golden_array(c, n), dmu, ds;

	for (int i = 0; i < n && i < top.rows; i++) {
		for (int k = 0; k < top.cols; k++)
			value[i] += max_value_mes.at(mu[i], sigma[i], *mat_at(top, i, k), 0, &dmu, &ds);
		value[i] /= top.cols;
	}
	golden_values(c, "mes", value, n);
	return GOLDEN_ANSWERED;
}

static enum golden_verdict through_model(struct golden_case *c, const cJSON *in,
	const struct max_value_family *family, const char *key, const char *gradient_key)
{
	struct mat X = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "X"));
	struct mat test = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "Xtest"));
	double mean = golden_number(cJSON_GetObjectItemCaseSensitive(in, "mean"));
	double noise = golden_number(cJSON_GetObjectItemCaseSensitive(in, "noise"));
	int n, n_tops, B = test.rows, d = test.cols;
	const double *y = list(c, in, "y", &n), *tops = list(c, in, "ystar", &n_tops);
	double *value = golden_array(c, B);
	struct mat D = mat_view(golden_array(c, B * d), B, d, B);
	struct kr_error err = {.text = "out of memory"};
	enum kr_status st = KR_ENOMEM;
	struct kernel_spec s;

	if (!kernel_spec_read(&s, c, cJSON_GetObjectItemCaseSensitive(in, "kernel"), X.cols))
		return GOLDEN_UNKNOWN;
	s.theta[s.n] = log(noise);
	struct gp_data data = {.kernel = &s.root,
		.n = X.rows,
		.d = X.cols,
		.X = X,
		.categorical = s.categorical,
		.y = y,
		.mean = &mean};
	struct gp *g = gp_new(data.n, data.d, 1);
	struct mat T = mat_view(golden_array(c, n_tops), n_tops, 1, n_tops);
	for (int k = 0; k < n_tops; k++)
		T.p[k] = tops[k];
	struct max_value v = {.family = family, .model = g, .noise = noise, .tops = T};
	if (g)
		st = gp_condition(g, &data, s.theta, golden_arena(c), &err);
	if (!st)
		st = max_value_eval(&v, test, value, D, golden_arena(c), &err);
	gp_free(g);
	if (st)
		return golden_error(c, err.text);
	golden_values(c, key, value, B);
	golden_matrix(c, gradient_key, D);
	return GOLDEN_ANSWERED;
}

static enum golden_verdict mes_gp(struct golden_case *c, const cJSON *in)
{
	return through_model(c, in, &max_value_mes, "mes", "dmes");
}

static enum golden_verdict gibbon(struct golden_case *c, const cJSON *in)
{
	return through_model(c, in, &max_value_gibbon, "gibbon", "dgibbon");
}

static enum golden_verdict gumbel(struct golden_case *c, const cJSON *in)
{
	int n;
	const double *mu = list(c, in, "mu", &n), *sigma = list(c, in, "sigma", &n);
	struct gumbel g = gumbel_fit(mu, sigma, n);

	golden_value(c, "q25", g.q25);
	golden_value(c, "q50", g.q50);
	golden_value(c, "q75", g.q75);
	golden_value(c, "a", g.a);
	golden_value(c, "b", g.b);
	return GOLDEN_ANSWERED;
}

const struct golden_kind golden_entropy_kinds[] = {
	{"mes", mes_scalar}, {"mes_gp", mes_gp}, {"gibbon", gibbon}, {"gumbel", gumbel}, {0}};
