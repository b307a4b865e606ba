#include "acquisition/function/max_value.h"

#include <assert.h>
#include <math.h>

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

/* batch <- the predictions of g; *dmean, *dvar <- zeros for their adjoints when the gradient is
 * wanted. */
static enum kr_status predict(const struct gp *g, struct mat X, bool gradient,
	struct gp_batch *batch, struct mat *dmean, double **dvar, struct arena *a, struct kr_error *err)
{
	enum kr_status st = gp_predict(g, X, gradient, batch, a, err);
	int M = gp_columns(g);

	*dmean = mat_view(NULL, X.rows, M, X.rows);
	if (st || !gradient)
		return st;
	dmean->p = ARENA_ARRAY(a, double, (size_t)X.rows *(size_t)M);
	*dvar = ARENA_ARRAY(a, double, X.rows);
	return dmean->p && *dvar ? KR_OK
							 : kr_fail(err, KR_ENOMEM, "no memory for %d candidates", X.rows);
}

/* value += 1/2 ln Var(y | pending) - 1/2 ln Var(y), and its slope in the second to dvar; *E <- the
 * gradient of the first, when dvar is wanted. */
static enum kr_status add_pending(const struct max_value *v, struct mat X, const double *var,
	double *value, double *dvar, struct mat *E, struct arena *a, struct kr_error *err)
{
	struct gp_batch batch;
	struct mat dmean;
	double *djoined = NULL;
	enum kr_status st = predict(v->joined, X, dvar != NULL, &batch, &dmean, &djoined, a, err);

	for (int b = 0; !st && b < X.rows; b++) {
		value[b] += 0.5 * log((batch.var[b] + v->noise) / (var[b] + v->noise));
		if (!dvar)
			continue;
		djoined[b] = 0.5 / (batch.var[b] + v->noise);
		dvar[b] -= 0.5 / (var[b] + v->noise);
	}
	if (st || !dvar)
		return st;
	*E = mat_new(a, X.rows, X.cols);
	return E->p ? gp_adjoint(v->joined, &batch, dmean, djoined, *E, a, err)
				: kr_fail(err, KR_ENOMEM, "no memory for %d candidates", X.rows);
}

enum kr_status max_value_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	const struct max_value *v = ctx;
	struct arena_mark mark = arena_mark(scratch);
	struct gp_batch batch;
	struct mat dmean, E = {0};
	double *dvar = NULL;
	enum kr_status st = predict(v->model, X, D.p != NULL, &batch, &dmean, &dvar, scratch, err);

	assert(v->tops.rows >= 1 && (v->tops.cols == 1 || v->tops.cols == gp_columns(v->model)));
	for (int b = 0; !st && b < X.rows; b++)
		value[b] = one_row(v, &batch, b, dmean, dvar);
	if (!st && v->joined)
		st = add_pending(v, X, batch.var, value, dvar, &E, scratch, err);
	if (!st && D.p)
		st = gp_adjoint(v->model, &batch, dmean, dvar, D, scratch, err);
	for (int j = 0; !st && E.p && j < D.cols; j++)
		for (int b = 0; b < D.rows; b++)
			*mat_at(D, b, j) += *mat_at(E, b, j);
	arena_release(scratch, mark);
	return st;
}
