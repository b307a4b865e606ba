#include "acquisition/function/covariance.h"

#include <assert.h>
#include <string.h>

#include "gp/linalg/blas.h"

enum kr_status covariance_init(struct covariance *c, const struct gp *model, struct mat A,
	struct arena *a, struct kr_error *err)
{
	struct gp_batch batch;
	enum kr_status status = gp_predict(model, A, false, &batch, a, err);

	if (status != KR_OK)
		return status;
	*c = (struct covariance){
		.model = model, .A = A, .Z = batch.Z, .mean = batch.mean, .V = batch.V};
	c->W = mat_new(a, gp_rows(model), A.rows);
	if (!c->W.p)
		return kr_fail(err, KR_ENOMEM, "covariances of %d points", A.rows);
	status = kernel_cross(gp_kernel(model), gp_points(model), c->Z, c->W, NULL, a, err);
	if (status == KR_OK)
		gp_solve(model, c->W);
	return status;
}

static void copy(struct mat from, struct mat to)
{
	assert(from.rows == to.rows && from.cols == to.cols);
	for (int j = 0; j < from.cols; j++)
		memcpy(mat_col(to, j), mat_col(from, j), sizeof(double) * (size_t)from.rows);
}

/* first above second. */
static struct mat stack(struct mat first, struct mat second, struct arena *a)
{
	struct mat M = mat_new(a, first.rows + second.rows, first.cols);

	if (!M.p)
		return M;
	copy(first, mat_block(M, 0, 0, first.rows, first.cols));
	copy(second, mat_block(M, first.rows, 0, second.rows, second.cols));
	return M;
}

/* first beside second. */
static struct mat append(struct mat first, struct mat second, struct arena *a)
{
	struct mat M = mat_new(a, first.rows, first.cols + second.cols);

	if (!M.p)
		return M;
	copy(first, mat_block(M, 0, 0, first.rows, first.cols));
	copy(second, mat_block(M, 0, first.cols, second.rows, second.cols));
	return M;
}

enum kr_status covariance_join(struct covariance *c, const struct covariance *first,
	const struct covariance *second, struct arena *a, struct kr_error *err)
{
	assert(first->model == second->model);
	*c = (struct covariance){.model = first->model,
		.A = stack(first->A, second->A, a),
		.Z = stack(first->Z, second->Z, a),
		.mean = stack(first->mean, second->mean, a),
		.V = append(first->V, second->V, a),
		.W = append(first->W, second->W, a)};
	if (!c->A.p || !c->Z.p || !c->mean.p || !c->V.p || !c->W.p)
		return kr_fail(err, KR_ENOMEM, "covariances of %d points", c->A.rows);
	return KR_OK;
}

enum kr_status covariance_eval(const struct covariance *c, const struct gp_batch *batch,
	struct mat C, struct kernel_tape **tape, struct arena *a, struct kr_error *err)
{
	const struct kernel *k = gp_kernel(c->model);
	enum kr_status status;

	assert(C.rows == c->Z.rows && C.cols == batch->X.rows);
	if (tape) {
		*tape = kernel_tape_new(k->root, C.rows, C.cols, a);
		if (!*tape)
			return kr_fail(err, KR_ENOMEM, "covariances of %d points", C.rows);
	}
	status = kernel_cross(k, c->Z, batch->Z, C, tape ? *tape : NULL, a, err);
	if (status == KR_OK)
		blas_gemm(true, false, -1.0, c->V, batch->V, 1.0, C);
	return status;
}

/* The adjoint of k(X, x_j) is -K^-1 k(X, A) C_j. */
enum kr_status covariance_adjoint(const struct covariance *c, const struct gp_batch *batch,
	struct kernel_tape *tape, struct mat C, struct mat D, struct arena *scratch,
	struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	const struct kernel *k = gp_kernel(c->model);
	struct mat N = mat_new(scratch, c->W.rows, C.cols);
	struct mat E = mat_new(scratch, D.rows, D.cols), F = mat_new(scratch, D.rows, D.cols);
	enum kr_status status = KR_OK;

	assert(batch->tape && C.rows == c->Z.rows && D.rows == C.cols);
	if (!N.p || !E.p || !F.p)
		status = kr_fail(err, KR_ENOMEM, "gradient of %d covariances", C.rows);
	if (status == KR_OK) {
		blas_gemm(false, false, -1.0, c->W, C, 0.0, N);
		status = kernel_input_adjoint(
			k, gp_points(c->model), batch->Z, batch->tape, N, E, scratch, err);
	}
	if (status == KR_OK)
		status = kernel_input_adjoint(k, c->Z, batch->Z, tape, C, F, scratch, err);
	for (int j = 0; status == KR_OK && j < D.cols; j++)
		for (int i = 0; i < D.rows; i++)
			*mat_at(D, i, j) += (*mat_at(E, i, j) + *mat_at(F, i, j)) *
				(batch->slope.p ? *mat_at(batch->slope, i, j) : 1);
	arena_release(scratch, mark);
	return status;
}

enum kr_status covariance_map(const struct covariance *c, covariance_value *of, void *ctx,
	struct mat X, double *value, struct mat D, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	bool gradient = D.p != NULL;
	int B = X.rows, M = gp_columns(c->model);
	double *dvar = ARENA_ARRAY(scratch, double, B);
	struct mat dmean = mat_view(ARENA_ARRAY(scratch, double, (size_t)B *(size_t)M), B, M, B);
	struct mat C = mat_new(scratch, c->A.rows, B);
	struct kernel_tape *tape;
	struct gp_batch batch;
	enum kr_status st = dvar && dmean.p && C.p
		? KR_OK
		: kr_fail(err, KR_ENOMEM, "no memory for %d candidates", B);

	if (!st)
		st = gp_predict(c->model, X, gradient, &batch, scratch, err);
	if (!st)
		st = covariance_eval(c, &batch, C, gradient ? &tape : NULL, scratch, err);
	for (int b = 0; !st && b < B; b++)
		value[b] = of(
			ctx, &(struct covariance_row){&batch, b, mat_col(C, b), gradient, dmean, &dvar[b]});
	if (!st && gradient)
		st = gp_adjoint(c->model, &batch, dmean, dvar, D, scratch, err);
	if (!st && gradient)
		st = covariance_adjoint(c, &batch, tape, C, D, scratch, err);
	arena_release(scratch, mark);
	return st;
}
