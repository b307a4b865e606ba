#include "acquisition/function/joint.h"

#include <assert.h>
#include <math.h>

#include "gp/linalg/blas.h"
#include "gp/linalg/chol.h"

static enum kr_status no_memory(int p, struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "joint posterior of %d points", p);
}

/* The upper triangle from the lower one. */
static void mirror(struct mat A)
{
	for (int j = 0; j < A.cols; j++)
		for (int i = j + 1; i < A.rows; i++)
			*mat_at(A, j, i) = *mat_at(A, i, j);
}

/* k(X, X) - V'V (Rasmussen & Williams 2006, eq. 2.24). All of k(X, X) is taken, so that its tape
 * serves either argument. */
enum kr_status joint_predict(const struct gp *g, struct mat X, bool with_gradient, struct joint *j,
	struct arena *a, struct kr_error *err)
{
	int n = gp_rows(g), p = X.rows;
	const struct kernel *k = gp_kernel(g);
	enum kr_status st;

	assert(n > 0 && p > 0);
	*j = (struct joint){.cov = mat_new(a, p, p)};
	if (with_gradient) {
		j->own = kernel_tape_new(k->root, p, p, a);
		j->K = mat_new(a, n, p);
	}
	if (!j->cov.p || (with_gradient && (!j->own || !j->K.p)))
		return no_memory(p, err);
	st = gp_predict(g, X, with_gradient, &j->batch, a, err);
	if (!st)
		st = kernel_cross(k, j->batch.Z, j->batch.Z, j->cov, j->own, a, err);
	if (!st && with_gradient)
		st = kernel_cross(k, gp_points(g), j->batch.Z, j->K, NULL, a, err);
	if (st)
		return st;
	blas_syrk(true, -1.0, j->batch.V, 1.0, j->cov);
	mirror(j->cov);
	return KR_OK;
}

enum kr_status joint_factor(struct joint *j, struct arena *a, struct kr_error *err)
{
	int p = j->cov.rows;
	double scale = 0;

	j->L = mat_new(a, p, p);
	if (!j->L.p)
		return no_memory(p, err);
	for (int i = 0; i < p; i++)
		scale = fmax(scale, *mat_at(j->cov, i, i));
	for (int rung = 0; rung < CHOL_RUNGS; rung++) {
		j->jitter = chol_rung(rung) * scale;
		for (int c = 0; c < p; c++)
			for (int i = 0; i < p; i++)
				*mat_at(j->L, i, c) = i < c ? 0 : *mat_at(j->cov, i, c) + (i == c ? j->jitter : 0);
		if (chol_in_place(j->L))
			return KR_OK;
	}
	return kr_fail(err, KR_ENOTPD, "joint posterior of %d points has no factor", p);
}

void joint_factor_adjoint(const struct joint *j, struct mat dL, struct mat dcov)
{
	int p = dL.rows;

	for (int c = 0; c < p; c++)
		for (int i = 0; i < c; i++)
			*mat_at(dL, i, c) = 0;
	blas_gemm(true, false, 1.0, j->L, dL, 0.0, dcov);
	for (int c = 0; c < p; c++) {
		for (int i = 0; i < c; i++)
			*mat_at(dcov, i, c) = 0;
		*mat_at(dcov, c, c) /= 2;
	}
	blas_trsm(true, j->L, dcov);
	blas_trsm_right(false, j->L, dcov);
	for (int c = 0; c < p; c++)
		for (int i = c + 1; i < p; i++) {
			double half = 0.5 * (*mat_at(dcov, i, c) + *mat_at(dcov, c, i));

			*mat_at(dcov, i, c) = *mat_at(dcov, c, i) = half;
		}
}

/* The part of k(X, X): a moving point is in a row and a column, hence twice, its diagonal apart. */
static enum kr_status own_adjoint(const struct gp *g, const struct joint *j, struct mat dcov,
	struct mat D, struct arena *a, struct kr_error *err)
{
	int p = dcov.rows;
	struct mat W = mat_new(a, p, p);
	double *w = ARENA_ARRAY(a, double, p);
	enum kr_status st;

	if (!W.p || !w)
		return no_memory(p, err);
	for (int c = 0; c < p; c++) {
		for (int i = 0; i < p; i++)
			*mat_at(W, i, c) = i == c ? 0 : 2 * *mat_at(dcov, i, c);
		w[c] = *mat_at(dcov, c, c);
	}
	st = kernel_input_adjoint(gp_kernel(g), j->batch.Z, j->batch.Z, j->own, W, D, a, err);
	return st ? st : kernel_diagonal_adjoint(gp_kernel(g), j->batch.Z, w, D, a, err);
}

enum kr_status joint_adjoint(const struct gp *g, const struct joint *j, const double *dmean,
	struct mat dcov, struct mat D, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	int n = gp_rows(g), p = D.rows;
	struct mat C = mat_new(a, n, p), E = mat_new(a, p, D.cols), slope = j->batch.slope;
	const double *A = mat_col(gp_weights(g), 0);
	enum kr_status st;

	assert(j->own);
	st = C.p && E.p ? own_adjoint(g, j, dcov, E, a, err) : no_memory(p, err);
	if (!st) { /* of k(X_n, X): A dmean' - 2 K_n^-1 k(X_n, X) dcov */
		blas_gemm(false, false, -2.0, j->K, dcov, 0.0, C);
		gp_solve(g, C);
		for (int c = 0; c < p; c++)
			for (int i = 0; i < n; i++)
				*mat_at(C, i, c) += dmean[c] * A[i];
		st = kernel_input_adjoint(
			gp_kernel(g), gp_points(g), j->batch.Z, j->batch.tape, C, D, a, err);
	}
	for (int c = 0; !st && c < D.cols; c++)
		for (int i = 0; i < p; i++) {
			*mat_at(D, i, c) += *mat_at(E, i, c);
			if (slope.p)
				*mat_at(D, i, c) *= *mat_at(slope, i, c);
		}
	arena_release(a, mark);
	return st;
}
