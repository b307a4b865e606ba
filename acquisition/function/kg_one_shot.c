/* Legend: S = k_n(Xq, Xq) + noise I = L L' (q x q), C = k_n(Xq, Xf) (q x M), W = L^-T Z' and
 * U = L^-1 C (q x M), one column a scenario. The joint posterior is that of Xq and Xf below. */
#include "acquisition/function/kg_one_shot.h"

#include <assert.h>
#include <string.h>

#include "acquisition/function/joint.h"
#include "gp/linalg/blas.h"

static void copy(struct mat from, struct mat to)
{
	for (int j = 0; j < from.cols; j++)
		memcpy(mat_col(to, j), mat_col(from, j), sizeof(double) * (size_t)from.rows);
}

struct pass {
	const struct kg_one_shot *o;
	int q, M;
	struct joint all;      /* of Xq and Xf */
	struct joint outcomes; /* of the outcomes at Xq: cov is S */
	struct mat C, W, U;
	struct arena *a;
	struct kr_error *err;
};

static enum kr_status no_memory(const struct pass *p)
{
	kr_fail(p->err, KR_ENOMEM, "%d scenarios of %d points", p->M, p->q);
	return KR_ENOMEM;
}

static enum kr_status predict(struct pass *p, struct mat Xq, struct mat Xf, bool gradient)
{
	struct mat X = mat_new(p->a, p->q + p->M, Xq.cols);

	if (!X.p)
		return no_memory(p);
	copy(Xq, mat_block(X, 0, 0, p->q, X.cols));
	copy(Xf, mat_block(X, p->q, 0, p->M, X.cols));
	return joint_predict(p->o->model, X, gradient, &p->all, p->a, p->err);
}

/* S, L, W and U. */
static enum kr_status factor(struct pass *p)
{
	int q = p->q, M = p->M;
	struct mat S = mat_new(p->a, q, q);
	enum kr_status st;

	p->C = mat_block(p->all.cov, 0, q, q, M);
	p->W = mat_new(p->a, q, M);
	p->U = mat_new(p->a, q, M);
	if (!S.p || !p->W.p || !p->U.p)
		return no_memory(p);
	copy(mat_block(p->all.cov, 0, 0, q, q), S);
	for (int i = 0; i < q; i++)
		*mat_at(S, i, i) = p->all.batch.var[i] + p->o->noise;
	p->outcomes = (struct joint){.cov = S};
	st = joint_factor(&p->outcomes, p->a, p->err);
	if (st)
		return st;
	for (int s = 0; s < M; s++)
		for (int i = 0; i < q; i++)
			*mat_at(p->W, i, s) = *mat_at(p->o->Z, s, i);
	copy(p->C, p->U);
	blas_trsm(true, p->outcomes.L, p->W);
	blas_trsm(false, p->outcomes.L, p->U);
	return KR_OK;
}

/* dcov <- the adjoint of the joint covariance. That of C is W / M, and half of it stands on either
 * side of the diagonal; that of L is -W U' / M, because d(L^-T) = -L^-T dL' L^-T. */
static enum kr_status adjoint(struct pass *p, struct mat dcov)
{
	int q = p->q, M = p->M;
	struct mat dL = mat_new(p->a, q, q);

	if (!dL.p)
		return no_memory(p);
	for (int j = 0; j < dcov.cols; j++)
		memset(mat_col(dcov, j), 0, sizeof(double) * (size_t)dcov.rows);
	for (int s = 0; s < M; s++)
		for (int i = 0; i < q; i++)
			*mat_at(dcov, i, q + s) = *mat_at(dcov, q + s, i) = *mat_at(p->W, i, s) / (2 * M);
	blas_gemm(false, true, -1.0 / M, p->W, p->U, 0.0, dL);
	joint_factor_adjoint(&p->outcomes, dL, mat_block(dcov, 0, 0, q, q));
	return KR_OK;
}

/* mu(Xq) is not in the value. */
static enum kr_status slopes(struct pass *p, struct mat dXq, struct mat dXf)
{
	int q = p->q, all = q + p->M;
	struct mat dcov = mat_new(p->a, all, all), D = mat_new(p->a, all, dXq.cols);
	double *dmean = ARENA_ARRAY(p->a, double, all);
	enum kr_status st = dcov.p && D.p && dmean ? adjoint(p, dcov) : no_memory(p);

	if (st)
		return st;
	for (int s = q; s < all; s++)
		dmean[s] = 1.0 / p->M;
	st = joint_adjoint(p->o->model, &p->all, dmean, dcov, D, p->a, p->err);
	if (st)
		return st;
	copy(mat_block(D, 0, 0, q, D.cols), dXq);
	copy(mat_block(D, q, 0, p->M, D.cols), dXf);
	return KR_OK;
}

enum kr_status kg_one_shot_eval(const struct kg_one_shot *o, struct mat Xq, struct mat Xf,
	double *value, struct mat dXq, struct mat dXf, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct pass p = {.o = o, .q = Xq.rows, .M = Xf.rows, .a = scratch, .err = err};
	double sum = 0;
	enum kr_status st;

	assert(gp_columns(o->model) == 1 && Xq.rows == o->Z.cols && Xf.rows == o->Z.rows);
	assert(!dXq.p == !dXf.p && Xq.rows >= 1 && Xf.rows >= 1);
	st = predict(&p, Xq, Xf, dXq.p != NULL);
	if (!st)
		st = factor(&p);
	for (int s = 0; !st && s < p.M; s++)
		sum += p.all.batch.mean.p[p.q + s] + blas_dot(p.q, mat_col(p.C, s), mat_col(p.W, s));
	if (!st)
		*value = sum / p.M - o->current;
	if (!st && dXq.p)
		st = slopes(&p, dXq, dXf);
	arena_release(scratch, mark);
	return st;
}
