/* BLAS and LAPACK on column-major views. blas.c is the only file that includes
 * cblas and lapacke.
 *
 * Empty operands (a dimension of 0) are allowed everywhere and do nothing, or
 * scale the output by beta. Sizes must fit each other: asserted. OpenBLAS runs
 * on one thread after blas_init; every function may then be called from any
 * number of threads at once. */
#ifndef KR_GP_LINALG_BLAS_H
#define KR_GP_LINALG_BLAS_H

#include <stdbool.h>

#include "base/status.h"
#include "gp/linalg/mat.h"

/* Once per process, before the first other call: OpenBLAS to one thread. */
void blas_init(void);

/* Compare dgemm, dsyrk, dtrsm, dpotrf and dpotri with plain C at several sizes.
 * Takes a few milliseconds. Errors: KR_INTERNAL, naming the routine, the size, the
 * core type of OpenBLAS and the remedy OPENBLAS_CORETYPE. KR_ENOMEM. */
enum kr_status blas_check(struct kr_error *err);

/* The instruction-set variant that OpenBLAS picked ("Haswell") and its version line. */
const char *blas_core_name(void);
const char *blas_version(void);

/* C <- alpha op(A) op(B) + beta C; op(A) = A' when ta. */
void blas_gemm(
	bool ta, bool tb, double alpha, struct mat A, struct mat B, double beta, struct mat C);

/* Lower triangle of C <- alpha op(A) op(A)' + beta C; op(A) = A' when t. */
void blas_syrk(bool t, double alpha, struct mat A, double beta, struct mat C);

/* C <- A B, A symmetric, its lower triangle read. */
void blas_symm(struct mat A, struct mat B, struct mat C);

/* y <- alpha op(A) x + beta y. */
void blas_gemv(bool t, double alpha, struct mat A, const double *x, double beta, double *y);

/* B <- op(L)^-1 B, L lower triangular; op(L) = L' when t. */
void blas_trsm(bool t, struct mat L, struct mat B);

/* B <- B op(L)^-1. */
void blas_trsm_right(bool t, struct mat L, struct mat B);

double blas_dot(int n, const double *x, const double *y);

/* A <- L with A = L L', lower triangle only; the strict upper one is not touched.
 * Answers LAPACK's info: 0, or i when the leading minor of order i is not
 * positive. 0 does not mean finite: NaN passes. */
int blas_potrf(struct mat A);

/* L <- (L L')^-1, lower triangle only. 0, or i when L_ii = 0. */
int blas_potri(struct mat L);

/* L <- L^-1, lower triangle only. 0, or i when L_ii = 0. */
int blas_trtri(struct mat L);

#endif
