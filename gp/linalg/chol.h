/* Cholesky factor of a covariance matrix, that can grow by rows and lose them.
 *
 * A chol owns its storage until chol_free. Not thread-safe: one compute job
 * owns it. Sizes: n = rows now, cap = rows reserved. K = L L', L lower. */
#ifndef KR_GP_LINALG_CHOL_H
#define KR_GP_LINALG_CHOL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "gp/linalg/mat.h"

struct chol;

/* cap: most rows it will ever hold. NULL when memory runs out. */
struct chol *chol_new(int cap);
void chol_free(struct chol *c);

/* Factor K (Rasmussen & Williams 2006, alg. 2.1, line 2), adding jitter when
 * needed: 0, 1e-10, 1e-9, ... 1e-4 times scale on the diagonal.
 *   K       n x n, n <= cap, lower triangle read, not modified
 *   scale   size of the diagonal (the outputscale)
 *   jitter  out: the amount that was added, 0 if none
 * diag(L) is checked for finite positive values, because OpenBLAS's dpotrf
 * answers success on NaN. Errors: KR_ENOTPD after the last rung,
 * KR_ENONFINITE if K has NaN or Inf. On error c is empty. Cost n^3/3. */
enum kr_status chol_factor(
	struct chol *c, struct mat K, double scale, double *jitter, struct kr_error *err);

/* No rows. */
void chol_clear(struct chol *c);

/* Append m rows (m >= 1): the factor of [[K, B'], [B, D]].
 *   B  m x n    D  m x m, lower triangle read
 * Errors as chol_factor (no jitter is added; the caller decides); on error c is
 * as it was. Cost n^2 m. */
enum kr_status chol_append(struct chol *c, struct mat B, struct mat D, struct kr_error *err);

/* Remove row and column i of the matrix; rows behind i move up by one. The trailing
 * block gets the column below L_ii as a rank-one update, by Givens rotations (Golub &
 * Van Loan 2013, sec. 6.5.4): orthogonal, so that errors do not grow, and it can't
 * fail. Cost n i + 3 (n - i)^2. */
void chol_remove(struct chol *c, int i);

/* How far L L' is from the matrix K + jitter I that it should factor:
 *   drift   out: |(K + jitter I - L L') v| / |K|_F with random signs v, whose square
 *           estimates the squared Frobenius norm of the error without bias (Hutchinson
 *           1990). A new factor has about 1e-16; no error hides, v has no zeros.
 *   K       n x n, n = rows, lower triangle read, not modified
 * The signs are always the same ones. Errors: KR_ENOMEM. Cost 4 n^2. */
enum kr_status chol_drift(const struct chol *c, struct mat K, double jitter, double *drift,
	struct arena *scratch, struct kr_error *err);

/* View of L, n x n; the strict upper triangle is zero. */
struct mat chol_view(const struct chol *c);
int chol_rows(const struct chol *c);

/* B <- L^-1 B and B <- L^-T B, B n x m, in place. Cost n^2 m. */
void chol_solve_lower(const struct chol *c, struct mat B);
void chol_solve_upper(const struct chol *c, struct mat B);

/* For a caller that keeps the matrix itself: K <- L in the lower triangle, no
 * jitter. False when K is not positive definite or not finite; K is then lost. */
bool chol_in_place(struct mat K);

/* Is every element of the lower triangle finite? What tells, after a failure, a covariance that
 * no jitter mends. */
bool chol_finite(struct mat K);

/* ln det K = 2 sum ln L_ii, L as chol_in_place or chol_view gives it. */
double chol_logdet(struct mat L);

/* The jitter ladder, as a part of the scale: 0 <= i < CHOL_RUNGS. */
#define CHOL_RUNGS 8
double chol_rung(int i);

#endif
