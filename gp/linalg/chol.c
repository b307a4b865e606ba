#include "gp/linalg/chol.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "gp/linalg/blas.h"

struct chol {
	double *p;     /* cap x cap, column-major, ld = cap; strict upper triangle zero */
	double *spare; /* cap: the column that a removal works in */
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
	c->spare = KR_ARRAY(double, cap);
	if (c->p && c->spare)
		return c;
	chol_free(c);
	return NULL;
}

void chol_free(struct chol *c)
{
	if (!c)
		return;
	kr_free(c->p);
	kr_free(c->spare);
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

bool chol_finite(struct mat K)
{
	return finite_part(K, true);
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
		if (rung == 0 && !chol_finite(K))
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

/* [to x] <- [from x] [c -s; s c], m rows; to may lie before from. */
static void rotate(int m, double c, double s, const double *from, double *to, double *restrict x)
{
	for (int i = 0; i < m; i++) {
		double a = from[i], b = x[i];

		to[i] = c * a + s * b;
		x[i] = c * b - s * a;
	}
}

void chol_remove(struct chol *c, int i)
{
	struct mat L = view(c, c->n);
	int n = c->n;
	double *x = c->spare;

	assert(i >= 0 && i < n);
	memcpy(x, mat_at(L, i, i) + 1, sizeof(*x) * (size_t)(n - i - 1));
	for (int j = 0; j < i; j++)
		memmove(mat_at(L, i, j), mat_at(L, i, j) + 1, sizeof(*x) * (size_t)(n - i - 1));
	for (int j = i + 1; j < n; j++, x++) { /* column j moves to j - 1, x into it */
		const double *from = mat_at(L, j, j);
		double r = hypot(*from, *x);

		rotate(n - j, *from / r, *x / r, from, mat_at(L, j - 1, j - 1), x);
	}
	c->n = n - 1;
}

/* 1 or -1; bit 31 of a multiplicative hash (Knuth, TAOCP 3, sec. 6.4). */
static double sign(int i)
{
	uint32_t h = ((uint32_t)i + 1) * 2654435769u;

	h ^= h >> 15;
	h *= 2246822519u;
	return h >> 31 ? -1 : 1;
}

static double squares_lower(struct mat K)
{
	double sum = 0;

	for (int j = 0; j < K.cols; j++) {
		const double *k = mat_at(K, j, j);

		sum += 2 * blas_dot(K.rows - j, k, k) - *k * *k;
	}
	return sum;
}

enum kr_status chol_drift(const struct chol *c, struct mat K, double jitter, double *drift,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct mat L = view(c, c->n);
	int n = c->n;
	double *v = arena_alloc(scratch, sizeof(double) * 3 * (size_t)n), *w, *e;

	assert(K.rows == n && K.cols == n && n > 0);
	if (!v)
		return kr_fail(err, KR_ENOMEM, "drift of a factor of %d rows", n);
	w = v + n;
	e = w + n;
	for (int i = 0; i < n; i++)
		v[i] = sign(i);
	blas_symm(K, mat_view(v, n, 1, n), mat_view(e, n, 1, n));
	blas_gemv(true, 1, L, v, 0, w);
	for (int i = 0; i < n; i++)
		e[i] += jitter * v[i];
	blas_gemv(false, -1, L, w, 1, e);
	*drift = sqrt(blas_dot(n, e, e) / squares_lower(K));
	arena_release(scratch, mark);
	return KR_OK;
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

double chol_logdet(struct mat L)
{
	double sum = 0;

	for (int i = 0; i < L.rows; i++)
		sum += log(*mat_at(L, i, i));
	return 2 * sum;
}
