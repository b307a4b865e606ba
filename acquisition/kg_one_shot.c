/* Legend: S = k_n(Xq, Xq) + noise I = L L' (q x q), C = k_n(Xq, Xf) (q x M), W = L^-T Z' and
 * U = L^-1 C (q x M), one column a scenario. */
#include "acquisition/kg_one_shot.h"

#include <assert.h>
#include <string.h>

#include "acquisition/covariance.h"
#include "gp/linalg/blas.h"
#include "gp/linalg/chol.h"

static struct mat matrix(struct arena *a, int rows, int cols)
{
	return mat_view(arena_alloc(a, sizeof(double) * (size_t)rows * (size_t)cols), rows, cols, rows);
}

static void copy(struct mat from, struct mat to)
{
	for (int j = 0; j < from.cols; j++)
		memcpy(mat_col(to, j), mat_col(from, j), sizeof(double) * (size_t)from.rows);
}

struct pass {
	const struct kg_one_shot *o;
	bool gradient;
	struct gp_batch q, f;
	struct covariance at_q, at_f; /* the latter with gradient only */
	struct mat S, L, C, W, U;
	struct kernel_tape *tape_S, *tape_C;
	struct arena *a;
	struct kr_error *err;
};

static enum kr_status predict(struct pass *p, struct mat Xq, struct mat Xf)
{
	const struct gp *g = p->o->model;
	enum kr_status status = gp_predict(g, Xq, p->gradient, &p->q, p->a, p->err);

	if (status == KR_OK)
		status = gp_predict(g, Xf, p->gradient, &p->f, p->a, p->err);
	if (status == KR_OK)
		status = covariance_init(&p->at_q, g, Xq, p->a, p->err);
	if (status == KR_OK && p->gradient)
		status = covariance_init(&p->at_f, g, Xf, p->a, p->err);
	return status;
}

static enum kr_status covariances(struct pass *p)
{
	int q = p->q.X.rows, M = p->f.X.rows;
	enum kr_status status;

	p->S = matrix(p->a, q, q);
	p->L = matrix(p->a, q, q);
	p->C = matrix(p->a, q, M);
	p->W = matrix(p->a, q, M);
	p->U = matrix(p->a, q, M);
	if (!p->S.p || !p->L.p || !p->C.p || !p->W.p || !p->U.p)
		return kr_fail(p->err, KR_ENOMEM, "%d scenarios of %d points", M, q);
	status = covariance_eval(&p->at_q, &p->q, p->S, p->gradient ? &p->tape_S : NULL, p->a, p->err);
	if (status == KR_OK)
		status = covariance_eval(
			&p->at_q, &p->f, p->C, p->gradient ? &p->tape_C : NULL, p->a, p->err);
	return status;
}

/* L, W and U. */
static enum kr_status factor(struct pass *p)
{
	int q = p->S.rows;

	for (int rung = 0; rung < CHOL_RUNGS; rung++) {
		double more = p->o->noise + chol_rung(rung) * gp_scale(p->o->model);

		copy(p->S, p->L);
		for (int i = 0; i < q; i++)
			*mat_at(p->L, i, i) = p->q.var[i] + more;
		if (chol_in_place(p->L)) {
			for (int s = 0; s < p->W.cols; s++)
				for (int i = 0; i < q; i++)
					*mat_at(p->W, i, s) = *mat_at(p->o->Z, s, i);
			blas_trsm(true, p->L, p->W);
			copy(p->C, p->U);
			blas_trsm(false, p->L, p->U);
			return KR_OK;
		}
	}
	return kr_fail(p->err, KR_ENOTPD, "joint covariance of %d points", q);
}

/* D (q x q, symmetric) <- the adjoint of S. That of L is -W U' / M in its lower triangle, because
 * d(L^-T) = -L^-T dL' L^-T; from there L^-T P L^-1, made symmetric, with P the lower triangle of
 * L' dL, its diagonal halved (Murray 2016, eq. 10). */
static enum kr_status adjoint_of_S(struct pass *p, struct mat D)
{
	int q = D.rows;
	struct mat P = matrix(p->a, q, q), G = matrix(p->a, q, q);

	if (!P.p || !G.p)
		return kr_fail(p->err, KR_ENOMEM, "gradient of %d points", q);
	blas_gemm(false, true, -1.0 / p->W.cols, p->W, p->U, 0.0, G);
	for (int j = 0; j < q; j++)
		for (int i = 0; i < j; i++)
			*mat_at(G, i, j) = *mat_at(p->L, i, j) = 0;
	blas_gemm(true, false, 1.0, p->L, G, 0.0, P);
	for (int j = 0; j < q; j++) {
		*mat_at(P, j, j) /= 2;
		for (int i = 0; i < j; i++)
			*mat_at(P, i, j) = 0;
	}
	blas_trsm(true, p->L, P);
	blas_trsm_right(false, p->L, P);
	for (int j = 0; j < q; j++)
		for (int i = 0; i < q; i++)
			*mat_at(D, i, j) = (*mat_at(P, i, j) + *mat_at(P, j, i)) / 2;
	return KR_OK;
}

/* dXf <- of mu(Xf_s) / M and of C, whose adjoint is W / M. */
static enum kr_status slope_in_f(struct pass *p, struct mat dXf)
{
	int M = p->f.X.rows;
	struct mat dmean = matrix(p->a, M, 1), dC = matrix(p->a, p->W.rows, M);
	double *dvar = ARENA_ARRAY(p->a, double, M);
	enum kr_status status;

	if (!dmean.p || !dC.p || !dvar)
		return kr_fail(p->err, KR_ENOMEM, "gradient of %d scenarios", M);
	for (int s = 0; s < M; s++) {
		*mat_at(dmean, s, 0) = 1.0 / M;
		for (int i = 0; i < dC.rows; i++)
			*mat_at(dC, i, s) = *mat_at(p->W, i, s) / M;
	}
	status = gp_adjoint(p->o->model, &p->f, dmean, dvar, dXf, p->a, p->err);
	if (status == KR_OK)
		status = covariance_adjoint(&p->at_q, &p->f, p->tape_C, dC, dXf, p->a, p->err);
	return status;
}

/* dXq <- of C and S. mu(Xq) is not in the value. A pair of points is in S twice, a variance once. */
static enum kr_status slope_in_q(struct pass *p, struct mat dXq)
{
	int q = p->q.X.rows, M = p->f.X.rows;
	struct mat dmean = mat_view(ARENA_ARRAY(p->a, double, q), q, 1, q);
	struct mat dS = matrix(p->a, q, q), dC = matrix(p->a, M, q), C = matrix(p->a, M, q);
	double *dvar = ARENA_ARRAY(p->a, double, q);
	struct kernel_tape *tape = NULL;
	enum kr_status status;

	if (!dmean.p || !dS.p || !dC.p || !C.p || !dvar)
		return kr_fail(p->err, KR_ENOMEM, "gradient of %d points", q);
	status = adjoint_of_S(p, dS);
	if (status != KR_OK)
		return status;
	for (int j = 0; j < q; j++) {
		dvar[j] = *mat_at(dS, j, j);
		*mat_at(dS, j, j) = 0;
		for (int i = 0; i < q; i++)
			*mat_at(dS, i, j) *= 2;
		for (int s = 0; s < M; s++)
			*mat_at(dC, s, j) = *mat_at(p->W, j, s) / M;
	}
	status = gp_adjoint(p->o->model, &p->q, dmean, dvar, dXq, p->a, p->err);
	if (status == KR_OK)
		status = covariance_adjoint(&p->at_q, &p->q, p->tape_S, dS, dXq, p->a, p->err);
	if (status == KR_OK) /* for its tape: the values are C' */
		status = covariance_eval(&p->at_f, &p->q, C, &tape, p->a, p->err);
	if (status == KR_OK)
		status = covariance_adjoint(&p->at_f, &p->q, tape, dC, dXq, p->a, p->err);
	return status;
}

enum kr_status kg_one_shot_eval(const struct kg_one_shot *o, struct mat Xq, struct mat Xf,
	double *value, struct mat dXq, struct mat dXf, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct pass p = {.o = o, .gradient = dXq.p != NULL, .a = scratch, .err = err};
	double sum = 0;
	enum kr_status status;

	assert(gp_columns(o->model) == 1 && Xq.rows == o->Z.cols && Xf.rows == o->Z.rows);
	assert(!dXq.p == !dXf.p && Xq.rows >= 1 && Xf.rows >= 1);
	status = predict(&p, Xq, Xf);
	if (status == KR_OK)
		status = covariances(&p);
	if (status == KR_OK)
		status = factor(&p);
	for (int s = 0; status == KR_OK && s < Xf.rows; s++)
		sum += *mat_at(p.f.mean, s, 0) + blas_dot(Xq.rows, mat_col(p.C, s), mat_col(p.W, s));
	if (status == KR_OK)
		*value = sum / Xf.rows - o->current;
	if (status == KR_OK && p.gradient)
		status = slope_in_f(&p, dXf);
	if (status == KR_OK && p.gradient)
		status = slope_in_q(&p, dXq);
	arena_release(scratch, mark);
	return status;
}
