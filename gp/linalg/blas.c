#include "gp/linalg/blas.h"

#include <assert.h>
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* ---- wrappers -------------------------------------------------------------- */

static enum CBLAS_TRANSPOSE op(bool t)
{
	return t ? CblasTrans : CblasNoTrans;
}

static bool empty(struct mat m)
{
	return m.rows == 0 || m.cols == 0;
}

void blas_init(void)
{
	openblas_set_num_threads(1);
}

const char *blas_core_name(void)
{
	return openblas_get_corename();
}

const char *blas_version(void)
{
	return openblas_get_config();
}

void blas_gemm(
	bool ta, bool tb, double alpha, struct mat A, struct mat B, double beta, struct mat C)
{
	int inner = ta ? A.rows : A.cols;

	assert(C.rows == (ta ? A.cols : A.rows));
	assert(C.cols == (tb ? B.rows : B.cols));
	assert(inner == (tb ? B.cols : B.rows));
	if (empty(C))
		return;
	cblas_dgemm(CblasColMajor, op(ta), op(tb), C.rows, C.cols, inner, alpha, A.p, A.ld, B.p, B.ld,
		beta, C.p, C.ld);
}

void blas_syrk(bool t, double alpha, struct mat A, double beta, struct mat C)
{
	int n = t ? A.cols : A.rows, inner = t ? A.rows : A.cols;

	assert(C.rows == n && C.cols == n);
	if (n == 0)
		return;
	cblas_dsyrk(CblasColMajor, CblasLower, op(t), n, inner, alpha, A.p, A.ld, beta, C.p, C.ld);
}

void blas_symm(struct mat A, struct mat B, struct mat C)
{
	assert(A.rows == A.cols && A.cols == B.rows && C.rows == A.rows && C.cols == B.cols);
	if (empty(C))
		return;
	cblas_dsymm(CblasColMajor, CblasLeft, CblasLower, C.rows, C.cols, 1.0, A.p, A.ld, B.p, B.ld,
		0.0, C.p, C.ld);
}

void blas_gemv(bool t, double alpha, struct mat A, const double *x, double beta, double *y)
{
	if ((t ? A.cols : A.rows) == 0)
		return;
	if (empty(A)) {
		for (int i = 0; i < (t ? A.cols : A.rows); i++)
			y[i] = beta == 0 ? 0 : beta * y[i];
		return;
	}
	cblas_dgemv(CblasColMajor, op(t), A.rows, A.cols, alpha, A.p, A.ld, x, 1, beta, y, 1);
}

void blas_trsm(bool t, struct mat L, struct mat B)
{
	assert(L.rows == L.cols && L.rows == B.rows);
	if (empty(B))
		return;
	if (B.cols == 1)
		cblas_dtrsv(CblasColMajor, CblasLower, op(t), CblasNonUnit, L.rows, L.p, L.ld, B.p, 1);
	else
		cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, op(t), CblasNonUnit, B.rows, B.cols, 1.0,
			L.p, L.ld, B.p, B.ld);
}

void blas_trsm_right(bool t, struct mat L, struct mat B)
{
	assert(L.rows == L.cols && L.rows == B.cols);
	if (empty(B))
		return;
	cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, op(t), CblasNonUnit, B.rows, B.cols, 1.0,
		L.p, L.ld, B.p, B.ld);
}

double blas_dot(int n, const double *x, const double *y)
{
	return cblas_ddot(n, x, 1, y, 1);
}

int blas_potrf(struct mat A)
{
	assert(A.rows == A.cols);
	return A.rows ? LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', A.rows, A.p, A.ld) : 0;
}

/* inv [A 0; B C] = [A^-1 0; -C^-1 B A^-1, C^-1] by halves. OpenBLAS's dtrtri works
 * column by column at these sizes: this takes half its time from n = 70 to 500. */
int blas_trtri(struct mat L)
{
	int n = L.rows, h = (n / 2 + 7) / 8 * 8, info;
	struct mat A, B, C;

	assert(L.rows == L.cols);
	if (n == 0)
		return 0;
	if (n <= 24)
		return LAPACKE_dtrtri_work(LAPACK_COL_MAJOR, 'L', 'N', n, L.p, L.ld);
	A = mat_block(L, 0, 0, h, h);
	B = mat_block(L, h, 0, n - h, h);
	C = mat_block(L, h, h, n - h, n - h);
	for (int i = 0; i < n; i++)
		if (*mat_at(L, i, i) == 0)
			return i + 1;
	cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, B.rows, B.cols,
		-1.0, C.p, C.ld, B.p, B.ld);
	blas_trsm_right(false, A, B);
	info = blas_trtri(A);
	return info ? info : blas_trtri(C);
}

/* (L L')^-1 = L^-T L^-1. */
int blas_potri(struct mat L)
{
	int info = blas_trtri(L);

	if (info || L.rows == 0)
		return info;
	return LAPACKE_dlauum_work(LAPACK_COL_MAJOR, 'L', L.rows, L.p, L.ld);
}

/* ---- start-up check --------------------------------------------------------
 *
 * Each result is compared through its action on a vector v in plain C, which
 * costs n^2 where the product costs n^3: (A B) v against A (B v). One wrong
 * element of the result shows, because v has no zeros. */

/* Rounding stays a factor of 100 below this times n times the magnitudes; a wrong
 * kernel is off by about the magnitudes themselves. */
static const double check_eps = 1e-13;

static const int check_sizes[] = {1, 7, 32, 65, 130, 257};
enum { CHECK_MAX = 257, CHECK_MATRICES = 5, CHECK_VECTORS = 4 };

struct check {
	struct mat A, B, K, L, C;   /* n x n; K is symmetric positive definite */
	double *v, *w, *want, *got; /* n */
};

/* In [-1, 1], no two alike in a row. */
static double pattern(unsigned i)
{
	i = (i + 1) * 2654435761u;
	i ^= i >> 15;
	return (double)(i % 20011u) / 10005.0 - 1.0;
}

static void fill(struct mat m, unsigned seed)
{
	for (int j = 0; j < m.cols; j++)
		for (int i = 0; i < m.rows; i++)
			*mat_at(m, i, j) = pattern(seed + (unsigned)(j * m.rows + i));
}

/* y <- M x or M' x, where M is: */
enum part { WHOLE, LOWER /* triangle */, SYMMETRIC /* of the lower triangle */ };

static void apply(enum part part, bool t, struct mat M, const double *x, double *y)
{
	memset(y, 0, sizeof(*y) * (size_t)M.rows);
	for (int j = 0; j < M.cols; j++)
		for (int i = part == WHOLE ? 0 : j; i < M.rows; i++) {
			double a = *mat_at(M, i, j);

			y[t ? j : i] += a * x[t ? i : j];
			if (part == SYMMETRIC && i != j)
				y[t ? i : j] += a * x[t ? j : i];
		}
}

static bool agree(const struct check *c)
{
	int n = c->C.rows;

	for (int i = 0; i < n; i++)
		if (!(fabs(c->got[i] - c->want[i]) <= check_eps * n * n))
			return false;
	return true;
}

/* op(A) op(B) v. */
static bool check_gemm(struct check *c)
{
	for (int t = 0; t < 2; t++) {
		blas_gemm(t, t, 1.0, c->A, c->B, 0.0, c->C);
		apply(WHOLE, t, c->B, c->v, c->w);
		apply(WHOLE, t, c->A, c->w, c->want);
		apply(WHOLE, false, c->C, c->v, c->got);
		if (!agree(c))
			return false;
	}
	return true;
}

/* A A' v and A' A v. */
static bool check_syrk(struct check *c)
{
	for (int t = 0; t < 2; t++) {
		blas_syrk(t, 1.0, c->A, 0.0, c->C);
		apply(WHOLE, !t, c->A, c->v, c->w);
		apply(WHOLE, t, c->A, c->w, c->want);
		apply(SYMMETRIC, false, c->C, c->v, c->got);
		if (!agree(c))
			return false;
	}
	return true;
}

/* K v = L L' v; leaves L. */
static bool check_potrf(struct check *c)
{
	for (int j = 0; j < c->K.cols; j++)
		memcpy(mat_col(c->L, j), mat_col(c->K, j), sizeof(double) * (size_t)c->K.rows);
	if (blas_potrf(c->L))
		return false;
	apply(SYMMETRIC, false, c->K, c->v, c->want);
	apply(LOWER, true, c->L, c->v, c->w);
	apply(LOWER, false, c->L, c->w, c->got);
	return agree(c);
}

/* op(L) (op(L)^-1 B) v = B v. */
static bool check_trsm(struct check *c)
{
	for (int t = 0; t < 2; t++) {
		fill(c->C, 3);
		apply(WHOLE, false, c->C, c->v, c->want);
		blas_trsm(t, c->L, c->C);
		apply(WHOLE, false, c->C, c->v, c->w);
		apply(LOWER, t, c->L, c->w, c->got);
		if (!agree(c))
			return false;
	}
	return true;
}

/* K (K^-1 v) = v; overwrites L. */
static bool check_potri(struct check *c)
{
	if (blas_potri(c->L))
		return false;
	apply(SYMMETRIC, false, c->L, c->v, c->w);
	apply(SYMMETRIC, false, c->K, c->w, c->got);
	memcpy(c->want, c->v, sizeof(double) * (size_t)c->K.rows);
	return agree(c);
}

/* Carve size n out of storage and fill the operands. K has eigenvalues near 1,
 * so that the bounds of check_eps hold without its condition number. */
static struct check check_make(double *storage, int n)
{
	size_t nn = (size_t)n * (size_t)n;
	struct mat m[CHECK_MATRICES];
	struct check c;

	for (int i = 0; i < CHECK_MATRICES; i++)
		m[i] = mat_view(storage + (size_t)i * nn, n, n, n);
	c = (struct check){.A = m[0], .B = m[1], .K = m[2], .L = m[3], .C = m[4]};
	c.v = storage + CHECK_MATRICES * nn;
	c.w = c.v + n;
	c.want = c.w + n;
	c.got = c.want + n;
	fill(c.A, 1);
	fill(c.B, 2);
	fill(c.K, 7);
	for (int j = 0; j < n; j++)
		for (int i = 0; i < n; i++)
			*mat_at(c.K, i, j) = *mat_at(c.K, i, j) / (4.0 * n) + (i == j);
	for (int i = 0; i < n; i++)
		c.v[i] = pattern(11u + (unsigned)i) + 2.0;
	return c;
}

enum kr_status blas_check(struct kr_error *err)
{
	static const struct {
		const char *name;
		bool (*right)(struct check *c);
	} routines[] = {{"dgemm", check_gemm}, {"dsyrk", check_syrk}, {"dpotrf", check_potrf},
		{"dtrsm", check_trsm}, {"dpotri", check_potri}}; /* the last two use L of dpotrf */
	enum kr_status status = KR_OK;
	double *storage = KR_ARRAY(
		double, CHECK_MATRICES *CHECK_MAX *CHECK_MAX + CHECK_VECTORS * CHECK_MAX);

	if (!storage)
		return kr_fail(err, KR_ENOMEM, "no memory for the BLAS check");
	for (size_t s = 0; s < sizeof(check_sizes) / sizeof(*check_sizes) && status == KR_OK; s++) {
		struct check c = check_make(storage, check_sizes[s]);

		for (size_t i = 0; i < sizeof(routines) / sizeof(*routines) && status == KR_OK; i++)
			if (!routines[i].right(&c))
				status = kr_fail(err, KR_INTERNAL,
					"BLAS is wrong: %s of size %d (OpenBLAS core type %s); set the environment "
					"variable OPENBLAS_CORETYPE to another type, for example Haswell",
					routines[i].name, check_sizes[s], blas_core_name());
	}
	kr_free(storage);
	return status;
}
