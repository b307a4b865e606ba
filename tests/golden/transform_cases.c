/* Kinds `standardize`, `yeo-johnson`, `box-cox`, their values at given exponents, `kumaraswamy`. */
#include <math.h>

#include "gp/kumaraswamy.h"
#include "gp/outcome/outcome.h"
#include "gp/outcome/power.h"
#include "tests/golden/golden.h"

static const cJSON *input(const cJSON *in, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(in, key);
}

/* BoTorch's floor of a deviation, where the library has a relative one. */
static const double counts_as_one = 1e-8;

static enum golden_verdict standardize(struct golden_case *c, const cJSON *in)
{
	int n;
	const double *y = golden_list(c, input(in, "y"), &n);
	double *z = golden_array(c, n), mean, sd;

	outcome_standardize(y, n, z, &mean, &sd);
	if (sd < counts_as_one) {
		for (int i = 0; i < n; i++)
			z[i] *= sd;
		sd = 1;
	}
	golden_values(c, "z", z, n);
	golden_value(c, "mean", mean);
	golden_value(c, "std", sd);
	return GOLDEN_ANSWERED;
}

/* Standardized with the population's deviation, as these suites do. */
static enum golden_verdict fitted(struct golden_case *c, const cJSON *in, enum power_family family)
{
	static const double widest = 1e4;
	int n;
	const double *x = golden_list(c, input(in, "x"), &n);
	struct power p = {family, power_fit(family, x, n, -widest, widest)};
	double *y = golden_array(c, n), *z = golden_array(c, n), mean, sd, to_population;

	for (int i = 0; i < n; i++)
		y[i] = power_value(p, x[i]);
	outcome_standardize(y, n, z, &mean, &sd);
	to_population = sqrt((n - 1.0) / n);
	for (int i = 0; i < n; i++)
		z[i] /= to_population;
	golden_value(c, "lambda", p.lambda);
	golden_value(c, "llf", power_log_likelihood(p, x, n));
	golden_values(c, "transformed", y, n);
	golden_value(c, "mean", mean);
	golden_value(c, "std", sd * to_population);
	golden_values(c, "standardized", z, n);
	return GOLDEN_ANSWERED;
}

static enum golden_verdict yeo_johnson(struct golden_case *c, const cJSON *in)
{
	return fitted(c, in, POWER_YEO_JOHNSON);
}

static enum golden_verdict box_cox(struct golden_case *c, const cJSON *in)
{
	return fitted(c, in, POWER_BOX_COX);
}

static enum golden_verdict fixed(struct golden_case *c, const cJSON *in, enum power_family family)
{
	int n, m;
	const double *x = golden_list(c, input(in, "x"), &n);
	const double *lambda = golden_list(c, input(in, "lambda"), &m);
	double *y = golden_array(c, n * m);

	for (int i = 0; i < n * m; i++)
		y[i] = power_value((struct power){family, lambda[i / n]}, x[i % n]);
	golden_values(c, "transformed", y, n * m);
	return GOLDEN_ANSWERED;
}

static enum golden_verdict yeo_johnson_fixed(struct golden_case *c, const cJSON *in)
{
	return fixed(c, in, POWER_YEO_JOHNSON);
}

static enum golden_verdict box_cox_fixed(struct golden_case *c, const cJSON *in)
{
	return fixed(c, in, POWER_BOX_COX);
}

/* The slopes are asked for from the third row on. */
static enum golden_verdict warp(struct golden_case *c, const cJSON *in)
{
	static const int skipped = 2;
	int n_a, n_b;
	struct mat X = golden_rows(c, input(in, "x"));
	const double *a = golden_list(c, input(in, "a"), &n_a),
				 *b = golden_list(c, input(in, "b"), &n_b);
	double eps = golden_number(input(in, "eps")), *dx;
	struct mat W;

	if (n_a != X.cols || n_b != X.cols)
		return golden_error(c, "a and b need one value a column");
	W = mat_view(golden_array(c, X.rows * X.cols), X.rows, X.cols, X.rows);
	dx = golden_array(c, X.rows * X.cols);
	for (int i = 0; i < X.rows; i++)
		for (int j = 0; j < X.cols; j++) {
			struct kumaraswamy k = kumaraswamy(a[j], b[j], eps, *mat_at(X, i, j));
			*mat_at(W, i, j) = k.w;
			dx[i * X.cols + j] = k.dx;
		}
	golden_matrix(c, "w", W);
	if (X.rows > skipped)
		golden_values(c, "dw_dx_rows_from_2", dx + skipped * X.cols, (X.rows - skipped) * X.cols);
	return GOLDEN_ANSWERED;
}

const struct golden_kind golden_transform_kinds[] = {{"standardize", standardize},
	{"yeo-johnson", yeo_johnson}, {"box-cox", box_cox}, {"yeo-johnson-fixed", yeo_johnson_fixed},
	{"box-cox-fixed", box_cox_fixed}, {"kumaraswamy", warp}, {0}};
