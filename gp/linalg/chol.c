#include "gp/linalg/chol.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "gp/linalg/blas.h"

struct chol {
	double *p; /* cap x cap, column-major, ld = cap; strict upper triangle zero */
	int n, cap;
};

static struct mat view(const struct chol *c, int n)
{
	return mat_view(c->p, n, n, c->cap);
}

struct chol *chol_new(int cap)
{
	struct chol *c = KR_NEW(struct chol);

	assert(cap > 0);
	if (!c)
		return NULL;
	c->cap = cap;
	c->p = kr_calloc((size_t)cap, sizeof(double) * (size_t)cap);
	if (!c->p) {
		kr_free(c);
		return NULL;
	}
	return c;
}

void chol_free(struct chol *c)
{
	if (!c)
		return;
	kr_free(c->p);
	kr_free(c);
}

void chol_clear(struct chol *c)
{
	c->n = 0;
}

double chol_rung(int i)
{
	static const double rungs[CHOL_RUNGS] = {0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4};

	return rungs[i];
}

/* A NaN in row i of the lower triangle reaches L_ii, which is a sum over the
 * row, so the diagonal tells for all. */
static bool diagonal_good(struct mat L)
{
	for (int i = 0; i < L.rows; i++) {
		double x = *mat_at(L, i, i);

		if (!(x > 0 && isfinite(x)))
			return false;
	}
	return true;
}

bool chol_in_place(struct mat K)
{
	return blas_potrf(K) == 0 && diagonal_good(K);
}

/* Every element, or those of the lower triangle. */
static bool finite_part(struct mat M, bool lower)
{
	for (int j = 0; j < M.cols; j++)
		for (int i = lower ? j : 0; i < M.rows; i++)
			if (!isfinite(*mat_at(M, i, j)))
				return false;
	return true;
}

/* The lower triangle only. */
static void copy_lower(struct mat to, struct mat from)
{
	for (int j = 0; j < from.cols; j++)
		memcpy(mat_at(to, j, j), mat_at(from, j, j), sizeof(double) * (size_t)(from.rows - j));
}

enum kr_status chol_factor(
	struct chol *c, struct mat K, double scale, double *jitter, struct kr_error *err)
{
	struct mat L = view(c, K.rows);

	assert(K.rows == K.cols && K.rows <= c->cap);
	c->n = 0;
	for (int rung = 0; rung < CHOL_RUNGS; rung++) {
		*jitter = chol_rung(rung) * scale;
		copy_lower(L, K);
		for (int i = 0; i < K.rows; i++)
			*mat_at(L, i, i) += *jitter;
		if (chol_in_place(L)) {
			c->n = K.rows;
			return KR_OK;
		}
		if (rung == 0 && !finite_part(K, true))
			return kr_fail(err, KR_ENONFINITE, "covariance of %d points is not finite", K.rows);
	}
	return kr_fail(err, KR_ENOTPD,
		"Cholesky of %d points failed with %g of the scale %g on the diagonal", K.rows,
		chol_rung(CHOL_RUNGS - 1), scale);
}

enum kr_status chol_append(struct chol *c, struct mat B, struct mat D, struct kr_error *err)
{
	int n = c->n, m = D.rows;
	struct mat all = view(c, n + m);
	struct mat L21 = mat_block(all, n, 0, m, n), L22 = mat_block(all, n, n, m, m);

	assert(B.rows == m && B.cols == n && D.cols == m && n + m <= c->cap);
	for (int j = 0; j < n; j++)
		memcpy(mat_col(L21, j), mat_col(B, j), sizeof(double) * (size_t)m);
	blas_trsm_right(true, view(c, n), L21); /* L21 = B L^-T */
	copy_lower(L22, D);
	blas_syrk(false, -1.0, L21, 1.0, L22); /* Schur complement */
	if (chol_in_place(L22)) {
		c->n = n + m;
		return KR_OK;
	}
	if (!finite_part(D, true) || !finite_part(B, false))
		return kr_fail(err, KR_ENONFINITE, "covariance of %d new points is not finite", m);
	return kr_fail(err, KR_ENOTPD, "Cholesky failed for %d rows after %d", m, n);
}

struct mat chol_view(const struct chol *c)
{
	return view(c, c->n);
}

int chol_rows(const struct chol *c)
{
	return c->n;
}

void chol_solve_lower(const struct chol *c, struct mat B)
{
	blas_trsm(false, view(c, c->n), B);
}

void chol_solve_upper(const struct chol *c, struct mat B)
{
	blas_trsm(true, view(c, c->n), B);
}

double chol_logdet(const struct chol *c)
{
	return chol_logdet_of(view(c, c->n));
}

double chol_logdet_of(struct mat L)
{
	double sum = 0;

	for (int i = 0; i < L.rows; i++)
		sum += log(*mat_at(L, i, i));
	return 2 * sum;
}
