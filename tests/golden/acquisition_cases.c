/* Kinds `acq_scalar`, `gp_acq` and `constrained_log_ei`: acquisitions from moments, through a
 * model and under constraints, with their gradients. */
#include <math.h>
#include <stdio.h>

#include "acquisition/function/acq.h"
#include "acquisition/function/constrained.h"
#include "tests/golden/golden.h"
#include "tests/golden/model_spec.h"

static const double *list(struct golden_case *c, const cJSON *in, const char *key, int *n)
{
	return golden_list(c, cJSON_GetObjectItemCaseSensitive(in, key), n);
}

static enum golden_verdict acq_scalar(struct golden_case *c, const cJSON *in)
{
	int n;
	const double *mu = list(c, in, "mu", &n), *sigma = list(c, in, "sigma", &n);
	const double *best = list(c, in, "best_f", &n), *beta = list(c, in, "beta", &n);
	double *value = golden_array(c, n), *dmu = golden_array(c, n), *dsigma = golden_array(c, n);
	char key[64];
	for (int k = 0; acq_at(k); k++) {
		const struct acq_family *f = acq_at(k);
		for (int i = 0; i < n; i++)
			value[i] = f->at(mu[i], sigma[i], best[i], beta[i], &dmu[i], &dsigma[i]);
		golden_values(c, f->name, value, n);
		snprintf(key, sizeof(key), "d%s_dmu", f->name);
		golden_values(c, key, dmu, n);
		snprintf(key, sizeof(key), "d%s_dsigma", f->name);
		golden_values(c, key, dsigma, n);
	}
	return GOLDEN_ANSWERED;
}

/* The deviation, and below its gradient: ds = dvar / (2 s). */
static void answer_sd(struct golden_case *c, const struct gp_batch *batch)
{
	double *sd = golden_array(c, batch->X.rows);
	for (int i = 0; i < batch->X.rows; i++)
		sd[i] = sqrt(batch->var[i]);
	golden_values(c, "sd", sd, batch->X.rows);
}

static enum kr_status answer_dsd(
	struct golden_case *c, const struct gp *g, const struct gp_batch *batch, struct kr_error *err)
{
	int B = batch->X.rows, d = batch->X.cols;
	struct mat dmean = mat_view(golden_array(c, B), B, 1, B);
	struct mat D = mat_view(golden_array(c, B * d), B, d, B);
	double *dvar = golden_array(c, B);
	for (int i = 0; i < B; i++) {
		*mat_at(dmean, i, 0) = 0;
		dvar[i] = 0.5 / sqrt(batch->var[i]);
	}
	enum kr_status st = gp_adjoint(g, batch, dmean, dvar, D, golden_arena(c), err);
	if (!st)
		golden_matrix(c, "dsd", D);
	return st;
}

static enum kr_status answer(struct golden_case *c, const struct gp *g, struct mat X, double best,
	double beta, struct kr_error *err)
{
	int B = X.rows, d = X.cols;
	double *value = golden_array(c, B);
	struct mat D = mat_view(golden_array(c, B * d), B, d, B);
	struct gp_batch batch;
	char key[64];
	for (int k = 0; acq_at(k); k++) {
		struct acq a = {.family = acq_at(k), .model = g, .best = &best, .beta = beta};
		enum kr_status st = acq_eval(&a, X, value, D, golden_arena(c), err);
		if (st)
			return st;
		golden_values(c, a.family->name, value, B);
		snprintf(key, sizeof(key), "d%s", a.family->name);
		golden_matrix(c, key, D);
	}
	enum kr_status st = gp_predict(g, X, true, &batch, golden_arena(c), err);
	if (st)
		return st;
	answer_sd(c, &batch);
	return answer_dsd(c, g, &batch, err);
}

static enum golden_verdict gp_acq(struct golden_case *c, const cJSON *in)
{
	struct mat test = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "Xtest"));
	double best = golden_number(cJSON_GetObjectItemCaseSensitive(in, "best_f"));
	double beta = golden_number(cJSON_GetObjectItemCaseSensitive(in, "beta"));
	struct kr_error err = {.text = "out of memory"};
	struct kernel_spec s;
	enum kr_status st;
	struct gp *g;
	if (!model_spec_read(c, in, &s, &g, &st, &err))
		return GOLDEN_UNKNOWN;
	if (!st)
		st = answer(c, g, test, best, beta, &err);
	gp_free(g);
	return st ? golden_error(c, err.text) : GOLDEN_ANSWERED;
}

/* An absent bound is null. */
static double bound(const cJSON *list, int i, double absent)
{
	const cJSON *item = cJSON_GetArrayItem(list, i);
	return cJSON_IsNull(item) ? absent : golden_number(item);
}

static enum golden_verdict constrained_log_ei(struct golden_case *c, const cJSON *in)
{
	enum { MOST = 8 };
	const cJSON *models = cJSON_GetObjectItemCaseSensitive(in, "models");
	const cJSON *lower = cJSON_GetObjectItemCaseSensitive(in, "lower");
	const cJSON *upper = cJSON_GetObjectItemCaseSensitive(in, "upper");
	struct mat X = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "Xtest"));
	double best = golden_number(cJSON_GetObjectItemCaseSensitive(in, "best_f"));
	double *value = golden_array(c, X.rows), *slopes = golden_array(c, X.rows * X.cols);
	struct mat D = mat_view(slopes, X.rows, X.cols, X.rows);
	struct kr_error err = {.text = "out of memory"};
	struct gp *g[MOST] = {NULL};
	struct constrained_term terms[MOST];
	struct kernel_spec s[MOST];
	enum kr_status st = KR_OK;
	int n = cJSON_GetArraySize(models);
	bool known = n <= MOST;
	for (int i = 0; known && !st && i < n; i++) {
		known = model_spec_read(c, cJSON_GetArrayItem(models, i), &s[i], &g[i], &st, &err);
		terms[i] = (struct constrained_term){
			g[i], bound(lower, i, -INFINITY), bound(upper, i, INFINITY)};
	}
	struct acq a = {.family = acq_find("log_ei"), .model = g[0], .best = &best};
	struct constrained all = {
		.n_objectives = 1, .objectives = &a, .n_terms = n - 1, .terms = terms + 1, .columns = 1};
	if (known && !st)
		st = constrained_eval(&all, X, value, D, golden_arena(c), &err);
	if (known && !st) {
		golden_values(c, "log_cei", value, X.rows);
		golden_matrix(c, "dlog_cei", D);
	}
	for (int i = 0; i < MOST; i++)
		gp_free(g[i]);
	return !known ? GOLDEN_UNKNOWN : st ? golden_error(c, err.text) : GOLDEN_ANSWERED;
}

const struct golden_kind golden_acquisition_kinds[] = {{"acq_scalar", acq_scalar},
	{"gp_acq", gp_acq}, {"constrained_log_ei", constrained_log_ei}, {0}};
