/* Kind `grad_gp`: regression on values and derivatives. */
#include "gp/derivative/derivative.h"

#include <math.h>
#include <string.h>

#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

static struct mat matrix(struct golden_case *c, int rows, int cols)
{
	return mat_view(golden_array(c, rows * cols), rows, cols, rows);
}

static double number(const cJSON *in, const char *key)
{
	return golden_number(cJSON_GetObjectItemCaseSensitive(in, key));
}

/* Flags in the order of the columns. */
static unsigned char *flags(struct golden_case *c, const cJSON *rows, int n, int d)
{
	unsigned char *flag = ARENA_ARRAY(golden_arena(c), unsigned char, n *(d + 1));

	for (int i = 0; flag && i < n; i++)
		for (int j = 0; j <= d; j++)
			flag[j * n + i] = cJSON_IsTrue(cJSON_GetArrayItem(cJSON_GetArrayItem(rows, i), j)) != 0;
	return flag;
}

/* As derivative.h has it. */
static double *theta_of(struct golden_case *c, const struct kernel_spec *s, const cJSON *in)
{
	double *theta = golden_array(c, s->n + 2);

	memcpy(theta, s->theta, sizeof(*theta) * (size_t)s->n);
	theta[s->n] = log(number(in, "noise_f"));
	theta[s->n + 1] = log(number(in, "noise_g"));
	return theta;
}

static enum golden_verdict answer(
	struct golden_case *c, const struct derivative_model *g, struct mat Z, struct kr_error *err)
{
	struct arena *a = golden_arena(c);
	int d = Z.cols, n = g->data->n, m = Z.rows;
	struct derivative_rows train = derivative_rows_all(n, d, a);
	struct derivative_rows test = derivative_rows_all(m, d, a);
	struct mat K = matrix(c, test.n, train.n), cov = matrix(c, test.n, test.n);
	struct mat slope = matrix(c, m, d);
	double *mean = golden_array(c, test.n), *u = golden_array(c, d);

	if (!train.row || !test.row ||
		derivative_predict(g, Z, test, mean, cov, golden_arena(c), err) != KR_OK)
		return golden_error(c, err->text);
	derivative_kernel_cross(&g->kernel, Z, test, g->data->X, train, K, u);
	for (int i = 0; i < m; i++)
		for (int k = 0; k < d; k++)
			*mat_at(slope, i, k) = mean[i * (d + 1) + k + 1];
	golden_value(c, "lml", g->lml);
	golden_matrix(c, "K_test_train", K);
	golden_values(c, "mean", mean, test.n);
	golden_matrix(c, "cov", cov);
	golden_matrix(c, "df_dx_of_mean", slope);
	return GOLDEN_ANSWERED;
}

static enum golden_verdict grad_gp(struct golden_case *c, const cJSON *in)
{
	struct mat X = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "X"));
	double mean = number(in, "mean");
	struct derivative_data data = {.n = X.rows, .d = X.cols, .X = X, .mean = &mean};
	struct kr_error err = {.text = "out of memory"};
	struct derivative_model g;
	struct kernel_spec s;

	if (!kernel_spec_read(&s, c, cJSON_GetObjectItemCaseSensitive(in, "kernel"), X.cols))
		return GOLDEN_UNKNOWN;
	data.kernel = &s.root;
	data.categorical = s.categorical;
	data.Y = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "Y"));
	data.observed = flags(c, cJSON_GetObjectItemCaseSensitive(in, "observed"), data.n, data.d);
	if (derivative_condition(&g, &data, theta_of(c, &s, in), golden_arena(c), &err) != KR_OK)
		return golden_error(c, err.text);
	return answer(c, &g, golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "Xtest")), &err);
}

const struct golden_kind golden_derivative_kinds[] = {{"grad_gp", grad_gp}, {0}};
