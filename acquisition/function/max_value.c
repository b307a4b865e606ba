#include "acquisition/function/max_value.h"

#include <assert.h>
#include <math.h>

#include "acquisition/function/novelty.h"

/* One row: the mean over samples and columns; dmean and dvar of the row when wanted. */
static double one_row(
	const struct max_value *v, const struct gp_batch *batch, int b, struct mat dmean, double *dvar)
{
	int K = v->tops.rows, M = batch->mean.cols;
	double s = sqrt(batch->var[b]), share = 1.0 / K / M, sum = 0, slope = 0;

	for (int m = 0; m < M; m++) {
		const double *top = mat_col(v->tops, v->tops.cols == 1 ? 0 : m);
		double mean_slope = 0;

		for (int k = 0; k < K; k++) {
			double dmu, ds;

			sum += v->family->at(*mat_at(batch->mean, b, m), s, top[k], v->noise, &dmu, &ds);
			mean_slope += share * dmu;
			slope += share * ds;
		}
		if (dmean.p)
			*mat_at(dmean, b, m) = mean_slope;
	}
	if (dmean.p)
		dvar[b] = slope / (2 * s); /* s^2 = var */
	return share * sum;
}

/* The value without what is pending. */
static enum kr_status own_eval(const struct max_value *v, struct mat X, double *value, struct mat D,
	struct arena *a, struct kr_error *err)
{
	int M = gp_columns(v->model);
	struct gp_batch batch;
	struct mat dmean = mat_view(NULL, X.rows, M, X.rows);
	double *dvar = NULL;
	enum kr_status st = gp_predict(v->model, X, D.p != NULL, &batch, a, err);

	if (!st && D.p) {
		dmean.p = ARENA_ARRAY(a, double, (size_t)X.rows *(size_t)M);
		dvar = ARENA_ARRAY(a, double, X.rows);
		if (!dmean.p || !dvar)
			st = kr_fail(err, KR_ENOMEM, "no memory for %d candidates", X.rows);
	}
	for (int b = 0; !st && b < X.rows; b++)
		value[b] = one_row(v, &batch, b, dmean, dvar);
	return st || !D.p ? st : gp_adjoint(v->model, &batch, dmean, dvar, D, a, err);
}

enum kr_status max_value_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	const struct max_value *v = ctx;
	struct arena_mark mark = arena_mark(scratch);
	struct novelty novelty = {v->model, v->joined, v->noise};
	double *more = ARENA_ARRAY(scratch, double, X.rows);
	struct mat E = D.p ? mat_new(scratch, X.rows, X.cols) : D;
	enum kr_status st = more && (E.p || !D.p)
		? KR_OK
		: kr_fail(err, KR_ENOMEM, "no memory for %d candidates", X.rows);

	assert(v->tops.rows >= 1 && (v->tops.cols == 1 || v->tops.cols == gp_columns(v->model)));
	if (!st)
		st = own_eval(v, X, value, D, scratch, err);
	if (!st && v->joined)
		st = novelty_eval(&novelty, X, more, E, scratch, err);
	for (int b = 0; !st && v->joined && b < X.rows; b++) {
		value[b] += more[b];
		for (int j = 0; j < D.cols && D.p; j++)
			*mat_at(D, b, j) += *mat_at(E, b, j);
	}
	arena_release(scratch, mark);
	return st;
}
