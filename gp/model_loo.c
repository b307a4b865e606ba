/* Predictions of each observation from all of the others, from one factor. */
#include <math.h>
#include <string.h>

#include "gp/linalg/blas.h"
#include "gp/model_internal.h"

/* Where the others hold less than this part of what is known of the mean, it is all rounding. */
static const double least_left = 1e-10;

/* diagonal (n) <- that of K^-1, as |column i of L^-1|^2: a sum of squares. */
static enum kr_status inverse_diagonal(
	const struct gp *g, double *diagonal, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	int n = chol_rows(g->chol);
	struct mat L = chol_view(g->chol), I = mat_new(a, n, n);
	enum kr_status status = KR_OK;

	if (!I.p)
		return kr_fail(err, KR_ENOMEM, "leave-one-out of %d points", n);
	for (int j = 0; j < n; j++)
		memcpy(mat_col(I, j), mat_col(L, j), sizeof(double) * (size_t)n);
	if (blas_trtri(I))
		status = kr_fail(err, KR_ENOTPD, "leave-one-out of %d points", n);
	for (int i = 0; status == KR_OK && i < n; i++) {
		const double *column = mat_at(I, i, i);

		diagonal[i] = blas_dot(n - i, column, column);
	}
	arena_release(a, mark);
	return status;
}

enum kr_status gp_loo(const struct gp *g, const double *y, double *mean, double *var,
	struct arena *a, struct kr_error *err)
{
	enum kr_status status = inverse_diagonal(g, var, a, err);

	for (int i = 0; status == KR_OK && i < chol_rows(g->chol); i++) { /* eq. 5.12 */
		mean[i] = y[i] - g->A[i] / var[i];
		var[i] = 1 / var[i];
	}
	return status;
}

/* With q = K^-1 1 and P = K^-1 - q q' / 1'q the weights under the mean profiled from all rows are
 * P y = A - q (1'A) / 1'q, and a mean profiled from the others misses y_i by [P y]_i / P_ii (Dubrule
 * 1983, cross validation of kriging in a unique neighbourhood). */
enum kr_status gp_loo_refit(const struct gp *g, const double *y, double *mean, double *var,
	struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	int n = chol_rows(g->chol);

	if (!g->profiled)
		return gp_loo(g, y, mean, var, a, err);
	double *q = arena_alloc(a, sizeof(double) * (size_t)n), sum = 0, total = 0;
	enum kr_status status;

	if (!q)
		return kr_fail(err, KR_ENOMEM, "leave-one-out of %d points", n);
	for (int i = 0; i < n; i++)
		q[i] = 1;
	chol_solve_lower(g->chol, mat_view(q, n, 1, n));
	chol_solve_upper(g->chol, mat_view(q, n, 1, n));
	for (int i = 0; i < n; i++) {
		sum += q[i];
		total += g->A[i];
	}
	status = inverse_diagonal(g, var, a, err);
	for (int i = 0; status == KR_OK && i < n; i++) {
		double left = 1 - q[i] / sum * (q[i] / var[i]); /* P_ii / [K^-1]_ii */
		bool alone = !(left > least_left);

		mean[i] = alone ? g->mean : y[i] - (g->A[i] - q[i] / sum * total) / var[i] / left;
		var[i] = alone ? INFINITY : 1 / var[i];
	}
	arena_release(a, mark);
	return status;
}
