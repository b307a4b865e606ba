/* Kinds `sobol_indices` (functions that the cases name) and `sobol_indices_of_gp_mean`. */
#include "gp/sensitivity.h"

#include <math.h>
#include <string.h>

#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

static const cJSON *get(const cJSON *in, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(in, key);
}

/* Either function with its constants. */
struct function {
	double a, b;         /* Ishigami */
	const double *shape; /* g-function */
};

static enum kr_status ishigami(
	void *context, struct mat X, double *f, struct arena *scratch, struct kr_error *err)
{
	const struct function *p = context;

	(void)scratch;
	(void)err;
	for (int i = 0; i < X.rows; i++) {
		double s = sin(*mat_at(X, i, 0)), t = sin(*mat_at(X, i, 1)), x = *mat_at(X, i, 2);

		f[i] = s + p->a * t * t + p->b * x * x * x * x * s;
	}
	return KR_OK;
}

static enum kr_status g_function(
	void *context, struct mat X, double *f, struct arena *scratch, struct kr_error *err)
{
	const struct function *p = context;

	(void)scratch;
	(void)err;
	for (int i = 0; i < X.rows; i++) {
		f[i] = 1;
		for (int c = 0; c < X.cols; c++)
			f[i] *= (fabs(4 * *mat_at(X, i, c) - 2) + p->shape[c]) / (1 + p->shape[c]);
	}
	return KR_OK;
}

static void answer(struct golden_case *c, const struct sensitivity *s, int d)
{
	golden_value(c, "V", s->variance);
	golden_value(c, "mean", s->mean);
	golden_values(c, "S1", s->first, d);
	golden_values(c, "ST", s->total, d);
	if (s->pair.p)
		golden_matrix(c, "S2", s->pair);
}

static enum golden_verdict sobol_indices(struct golden_case *c, const cJSON *in)
{
	const char *text = cJSON_GetStringValue(get(in, "function"));
	int d, count;
	const double *lower = golden_list(c, get(in, "lower"), &d);
	const double *upper = golden_list(c, get(in, "upper"), &d);
	struct function p = {0};
	struct sensitivity s;
	struct kr_error err;
	bool product = text && strncmp(text, "prod (|4 x_i - 2|", 17) == 0;

	if (!product && !(text && strncmp(text, "sin(x1) + a sin(x2)^2", 21) == 0))
		return golden_unknown(c, "function", text ? text : "(none)");
	if (product) {
		p.shape = golden_list(c, get(in, "a"), &count);
	} else {
		p.a = golden_number(get(in, "a"));
		p.b = golden_number(get(in, "b"));
	}
	if (sensitivity_of_function(product ? g_function : ishigami, &p, d, lower, upper, &s,
			golden_arena(c), &err) != KR_OK)
		return golden_error(c, err.text);
	answer(c, &s, d);
	return GOLDEN_ANSWERED;
}

static enum golden_verdict of_gp_mean(struct golden_case *c, const cJSON *in)
{
	struct mat X = golden_rows(c, get(in, "X"));
	double mean = golden_number(get(in, "mean"));
	struct gp_data data = {.n = X.rows, .d = X.cols, .X = X, .mean = &mean};
	struct kr_error err = {.text = "out of memory"};
	enum kr_status status = KR_ENOMEM;
	struct sensitivity indices;
	struct kernel_spec s;
	struct gp *g;
	int d, count;
	const double *lower = golden_list(c, get(in, "lower"), &d);
	const double *upper = golden_list(c, get(in, "upper"), &d);

	if (!kernel_spec_read(&s, c, get(in, "kernel"), X.cols))
		return GOLDEN_UNKNOWN;
	data.kernel = &s.root;
	data.categorical = s.categorical;
	data.y = golden_list(c, get(in, "y"), &count);
	s.theta[s.n] = log(golden_number(get(in, "noise")));
	g = gp_new(data.n, data.d, 1);
	if (g)
		status = gp_condition(g, &data, s.theta, golden_arena(c), &err);
	if (status == KR_OK)
		status = sensitivity_of_mean(g, 0, lower, upper, NULL, &indices, golden_arena(c), &err);
	gp_free(g);
	if (status != KR_OK)
		return golden_error(c, err.text);
	answer(c, &indices, d);
	return GOLDEN_ANSWERED;
}

const struct golden_kind golden_sensitivity_kinds[] = {
	{"sobol_indices", sobol_indices},
	{"sobol_indices_of_gp_mean", of_gp_mean},
	{0},
};
