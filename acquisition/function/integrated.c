#include "acquisition/function/integrated.h"

#include <math.h>

static const double least = 1e-300; /* mean square that counts as none */

/* The value, its slope in var; c (N): covariances, then their adjoints. */
static double one_row(double *c, int N, double var, double noise, double *dvar)
{
	double mean = least;

	for (int i = 0; i < N; i++)
		mean += c[i] * c[i] / N;
	for (int i = 0; i < N; i++)
		c[i] = 2 * c[i] / N / mean;
	*dvar = -1 / (var + noise);
	return log(mean) - log(var + noise);
}

enum kr_status integrated_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	const struct integrated *v = ctx;
	struct arena_mark mark = arena_mark(scratch);
	bool gradient = D.p != NULL;
	int B = X.rows, M = gp_columns(v->model), N = v->points->Z.rows;
	double *dvar = ARENA_ARRAY(scratch, double, B);
	struct mat none = mat_view(ARENA_ARRAY(scratch, double, (size_t)B *(size_t)M), B, M, B);
	struct mat C = mat_new(scratch, N, B);
	struct kernel_tape *tape;
	struct gp_batch batch;
	enum kr_status st = dvar && none.p && C.p
		? KR_OK
		: kr_fail(err, KR_ENOMEM, "no memory for %d candidates", B);

	if (!st)
		st = gp_predict(v->model, X, gradient, &batch, scratch, err);
	if (!st)
		st = covariance_eval(v->points, &batch, C, gradient ? &tape : NULL, scratch, err);
	for (int b = 0; !st && b < B; b++)
		value[b] = one_row(mat_col(C, b), N, batch.var[b], v->noise, &dvar[b]);
	if (!st && gradient)
		st = gp_adjoint(v->model, &batch, none, dvar, D, scratch, err);
	if (!st && gradient)
		st = covariance_adjoint(v->points, &batch, tape, C, D, scratch, err);
	arena_release(scratch, mark);
	return st;
}
