/* Legend: W the adjoint of K, G = s2 g, M = W o G.
 *
 *   1/2 sum_ij W_ij dk_ij/dln l_k = sum_ij M_ij (x_ik - x_jk)^2 / (2 l_k^2)
 *         = (sum_i x_ik^2 (M 1)_i - x_k' M x_k) / l_k^2     numeric
 *         = sum_{i>j} M_ij [x_ik != x_jk] / l_k^2           categorical
 *
 * so that one product M [X 1] serves all lengthscales; X is centred against
 * cancellation. */
#include "gp/kernels/radial.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gp/kernels/simd.h"
#include "gp/linalg/blas.h"

const struct kernel_parameter radial_parameters[] = {RADIAL_LENGTHSCALE, {0}};

static struct mat matrix(struct arena *a, int rows, int cols)
{
	return mat_view(arena_alloc(a, sizeof(double) * (size_t)rows * (size_t)cols), rows, cols, rows);
}

double radial_matern_mixture(int twice_nu, struct rng *r)
{
	double chi2 = 0;

	for (int i = 0; i < twice_nu; i++) {
		double z = rng_normal(r);

		chi2 += z * z;
	}
	return twice_nu / fmax(chi2, DBL_MIN);
}

/* ---- values ------------------------------------------------------------------ */

/* The columns of the leaf, numeric ones divided by their lengthscale; p NULL when a is
 * full. */
static struct mat scaled(const struct kernel_leaf *l, struct mat X, struct arena *a)
{
	struct mat S = matrix(a, X.rows, l->columns);

	for (int j = 0; S.p && j < l->columns; j++) {
		const double *x = mat_col(X, l->dims[j]);
		double *s = mat_col(S, j), length = l->value[j];
		bool categorical = kernel_leaf_categorical(l, j);

		for (int i = 0; i < X.rows; i++)
			s[i] = categorical ? x[i] : x[i] / length;
	}
	return S;
}

/* r2[i] for rows i >= from of S against row j of T. Differences are squared one
 * by one: |s|^2 + |t|^2 - 2 s't in one product would be quicker in hundreds of
 * dimensions, but loses what tells near-duplicates apart. */
SIMD_CLONES static void distances(
	const struct kernel_leaf *l, struct mat S, int from, struct mat T, int j, double *restrict r2)
{
	int n = S.rows - from;

	for (int i = 0; i < n; i++)
		r2[i] = 0;
	for (int c = 0; c < l->columns; c++) {
		const double *restrict s = mat_at(S, from, c);
		double t = *mat_at(T, j, c), w = 1 / (l->value[c] * l->value[c]);

		if (kernel_leaf_categorical(l, c))
			for (int i = 0; i < n; i++)
				r2[i] += s[i] != t ? w : 0;
		else
			for (int i = 0; i < n; i++)
				r2[i] += (s[i] - t) * (s[i] - t);
	}
}

SIMD_CLONES static void scale(int n, double s2, double *v)
{
	for (int i = 0; i < n; i++)
		v[i] *= s2;
}

/* From r2 in K: K <- s2 f, G <- s2 g for n elements. */
static void evaluate(const struct kernel_leaf *l, int n, double *K, double *G)
{
	l->term->family->radial->eval((size_t)n, l->value + l->columns, K, K, G);
	scale(n, l->scale, K);
	if (G)
		scale(n, l->scale, G);
}

static enum kr_status no_memory(struct mat X, struct mat Z, struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "covariance of %d and %d points", X.rows, Z.rows);
}

/* Column by column while it is in the cache: r2, and from it the values when wanted. */
static enum kr_status columns(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
	bool values, struct mat K, struct mat G, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct mat S = scaled(l, X, a), T = lower ? S : scaled(l, Z, a);
	bool ok = S.p && T.p;

	assert(K.rows == X.rows && K.cols == Z.rows);
	for (int j = 0; ok && j < Z.rows; j++) {
		int from = lower ? j : 0;

		distances(l, S, from, T, j, mat_at(K, from, j));
		if (values)
			evaluate(l, X.rows - from, mat_at(K, from, j), G.p ? mat_at(G, from, j) : NULL);
	}
	arena_release(a, mark);
	return ok ? KR_OK : no_memory(X, Z, err);
}

enum kr_status radial_distances(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
	struct mat r2, struct arena *a, struct kr_error *err)
{
	return columns(l, X, Z, lower, false, r2, (struct mat){0}, a, err);
}

enum kr_status radial_eval(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
	struct mat K, struct mat G, struct arena *a, struct kr_error *err)
{
	return columns(l, X, Z, lower, true, K, G, a, err);
}

/* ---- slopes in the hyperparameters ------------------------------------------- */

/* The columns of the leaf, numeric ones centred, and a last column of ones. */
static void centre(const struct kernel_leaf *l, struct mat X, struct mat C)
{
	int n = X.rows;

	for (int k = 0; k < l->columns; k++) {
		const double *x = mat_col(X, l->dims[k]);
		double *c = mat_col(C, k), mean = 0;

		for (int i = 0; i < n; i++)
			mean += x[i] / n;
		for (int i = 0; i < n; i++)
			c[i] = x[i] - mean;
	}
	for (int i = 0; i < n; i++)
		*mat_at(C, i, l->columns) = 1;
}

/* M <- W o G, lower triangles. */
SIMD_CLONES static void weigh(struct mat G, struct mat W)
{
	for (int j = 0; j < W.cols; j++) {
		const double *restrict g = mat_col(G, j);
		double *restrict w = mat_col(W, j);

		for (int i = j; i < W.rows; i++)
			w[i] *= g[i];
	}
}

static double numeric_slope(struct mat C, struct mat MC, int k)
{
	const double *x = mat_col(C, k), *mx = mat_col(MC, k), *m1 = mat_col(MC, MC.cols - 1);
	double sum = 0;

	for (int i = 0; i < C.rows; i++)
		sum += x[i] * (x[i] * m1[i] - mx[i]);
	return sum;
}

static double categorical_slope(const double *x, struct mat M)
{
	double sum = 0;

	for (int j = 0; j < M.cols; j++) {
		const double *m = mat_col(M, j);

		for (int i = j + 1; i < M.rows; i++)
			if (x[i] != x[j])
				sum += m[i];
	}
	return sum;
}

/* 1/2 <W, s2 df/dln shape>. */
static enum kr_status shape_slope(const struct kernel_leaf *l, struct mat X, struct mat W,
	double *grad, struct arena *a, struct kr_error *err)
{
	const struct radial *radial = l->term->family->radial;
	struct arena_mark mark = arena_mark(a);
	struct mat H = matrix(a, X.rows, X.rows);
	enum kr_status status = H.p ? radial_distances(l, X, X, true, H, a, err) : no_memory(X, X, err);
	double sum = 0;

	for (int j = 0; status == KR_OK && j < X.rows; j++) {
		int below = X.rows - j - 1;
		double *h = mat_at(H, j, j), *w = mat_at(W, j, j);

		radial->shape_slope((size_t)below + 1, l->value + l->columns, h, h);
		sum += 0.5 * w[0] * h[0] + blas_dot(below, w + 1, h + 1);
	}
	*grad += l->scale * sum;
	arena_release(a, mark);
	return status;
}

enum kr_status radial_slope(const struct kernel_leaf *l, struct mat X, struct mat G, struct mat W,
	double *grad, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct mat C = matrix(a, X.rows, l->columns + 1), MC = matrix(a, X.rows, l->columns + 1);
	enum kr_status status = KR_OK;

	if (!C.p || !MC.p)
		status = no_memory(X, X, err);
	if (status == KR_OK && l->term->family->radial->shape_slope)
		status = shape_slope(l, X, W, grad + l->columns, a, err);
	if (status == KR_OK) {
		centre(l, X, C);
		weigh(G, W);
		blas_symm(W, C, MC);
		for (int k = 0; k < l->columns; k++)
			grad[k] += (kernel_leaf_categorical(l, k) ? categorical_slope(mat_col(X, l->dims[k]), W)
													  : numeric_slope(C, MC, k)) /
				(l->value[k] * l->value[k]);
	}
	arena_release(a, mark);
	return status;
}

/* ---- slopes in the points ----------------------------------------------------- */

static bool all_in_order(const struct kernel_leaf *l, struct mat X)
{
	for (int k = 0; k < l->columns; k++)
		if (l->dims[k] != k)
			return false;
	return l->columns == X.cols;
}

/* The columns of the leaf as a matrix of their own. */
static struct mat gather(const struct kernel_leaf *l, struct mat X, struct arena *a)
{
	struct mat S;

	if (all_in_order(l, X))
		return X;
	S = matrix(a, X.rows, l->columns);
	for (int k = 0; S.p && k < l->columns; k++)
		memcpy(mat_col(S, k), mat_col(X, l->dims[k]), sizeof(double) * (size_t)X.rows);
	return S;
}

/* sum_i M_ij dr2_ij/dz_jk (-1/2) = (sum_i M_ij x_ik - z_jk sum_i M_ij) / l_k^2. */
enum kr_status radial_input(const struct kernel_leaf *l, struct mat X, struct mat Z, struct mat G,
	struct mat W, struct mat D, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct mat S = gather(l, X, a), P = matrix(a, Z.rows, l->columns);

	assert(W.rows == X.rows && W.cols == Z.rows && D.rows == Z.rows);
	if (!S.p || !P.p) {
		arena_release(a, mark);
		return no_memory(X, Z, err);
	}
	for (int j = 0; j < Z.rows; j++) {
		const double *restrict g = mat_col(G, j);
		double *restrict w = mat_col(W, j);

		for (int i = 0; i < X.rows; i++)
			w[i] *= g[i];
	}
	blas_gemm(true, false, 1.0, W, S, 0.0, P);
	for (int j = 0; j < Z.rows; j++) {
		const double *w = mat_col(W, j);
		double sum = 0;

		for (int i = 0; i < X.rows; i++)
			sum += w[i];
		for (int k = 0; k < l->columns; k++) {
			int column = l->dims[k];
			double length = l->value[k];

			if (!kernel_leaf_categorical(l, k))
				*mat_at(D, j, column) += (*mat_at(P, j, k) - sum * *mat_at(Z, j, column)) /
					(length * length);
		}
	}
	arena_release(a, mark);
	return KR_OK;
}
