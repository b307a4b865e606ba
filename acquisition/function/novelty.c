#include "acquisition/function/novelty.h"

#include <math.h>

/* value += sign / 2 ln Var(y) under g, D += its gradient. */
static enum kr_status add_log_deviation(const struct gp *g, double noise, double sign, struct mat X,
	double *value, struct mat D, struct arena *a, struct kr_error *err)
{
	int M = gp_columns(g);
	struct gp_batch batch;
	struct mat none = mat_view(ARENA_ARRAY(a, double, X.rows *M), X.rows, M, X.rows);
	struct mat E = mat_new(a, X.rows, X.cols);
	double *dvar = ARENA_ARRAY(a, double, X.rows);
	if (!none.p || !E.p || !dvar)
		return kr_fail(err, KR_ENOMEM, "no memory for %d candidates", X.rows);
	enum kr_status st = gp_predict(g, X, D.p != NULL, &batch, a, err);
	for (int b = 0; !st && b < X.rows; b++) {
		value[b] += 0.5 * sign * log(batch.var[b] + noise);
		dvar[b] = 0.5 * sign / (batch.var[b] + noise);
	}
	if (st || !D.p)
		return st;
	st = gp_adjoint(g, &batch, none, dvar, E, a, err);
	for (int j = 0; !st && j < D.cols; j++)
		for (int b = 0; b < D.rows; b++)
			*mat_at(D, b, j) += *mat_at(E, b, j);
	return st;
}

enum kr_status novelty_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	const struct novelty *v = ctx;
	struct arena_mark mark = arena_mark(scratch);
	for (int b = 0; b < X.rows; b++)
		value[b] = 0;
	for (int j = 0; D.p && j < D.cols; j++)
		for (int b = 0; b < D.rows; b++)
			*mat_at(D, b, j) = 0;
	enum kr_status st = add_log_deviation(v->joined, v->noise, 1, X, value, D, scratch, err);
	if (!st)
		st = add_log_deviation(v->model, v->noise, -1, X, value, D, scratch, err);
	arena_release(scratch, mark);
	return st;
}
