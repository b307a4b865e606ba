/* Legend: W the adjoint of K, G = s2 g, M = W o G.
 *
 *   1/2 sum_ij W_ij dk_ij/dln l_k = sum_ij M_ij (x_ik - x_jk)^2 / (2 l_k^2)
 *         = (sum_i x_ik^2 (M 1)_i - x_k' M x_k) / l_k^2     numeric
 *         = sum_{i>j} M_ij [x_ik != x_jk] / l_k^2           categorical
 *
 * so that one product M [X 1] serves all lengthscales; X is centred against
 * cancellation. Where the profile's g is unbounded the first form is summed as it stands.
 *
 * Of a conditional leaf with the distance `inactive`, coordinates follow the columns: for each
 * numeric one inactive * [x_ik is active], which the slope of ln inactive sees like
 * columns of lengthscale 1 / inactive. */
#include "gp/kernels/radial.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "gp/kernels/simd.h"
#include "gp/linalg/blas.h"

const struct kernel_parameter radial_parameters[] = {RADIAL_LENGTHSCALE, RADIAL_INACTIVE, {0}};

double radial_matern_mixture(int twice_nu, struct rng *r)
{
	double chi2 = 0;

	for (int i = 0; i < twice_nu; i++) {
		double z = rng_normal(r);

		chi2 += z * z;
	}
	return twice_nu / fmax(chi2, DBL_MIN);
}

/* ---- columns and coordinates --------------------------------------------------- */

bool radial_conditional(const struct kernel_term *t)
{
	bool conditional = t->family->radial &&
		(t->size[RADIAL_INACTIVE_SIZE] || t->size[RADIAL_MIDDLE_SIZE]);

	for (int i = 0; i < t->n_parts; i++)
		conditional |= radial_conditional(&t->parts[i]);
	return conditional;
}

/* Columns, and indicators of what is active. */
static int coordinates(const struct kernel_leaf *l)
{
	return l->columns * (l->term->size[RADIAL_INACTIVE_SIZE] ? 2 : 1);
}

/* Place of `inactive` among the values. */
static int inactive_at(const struct kernel_leaf *l)
{
	return l->columns + (l->term->family->radial->shape_slope != NULL);
}

/* The number that coordinate c is divided by. */
static double length_of(const struct kernel_leaf *l, int c)
{
	return c < l->columns ? l->value[c] : 1 / l->value[inactive_at(l)];
}

/* s <- coordinate c of the rows of X by length; choices as they are. */
static void coordinate(
	const struct kernel_leaf *l, struct mat X, int c, double length, double *restrict s)
{
	int column = c % l->columns;
	bool categorical = kernel_leaf_categorical(l, column);
	bool conditional = radial_conditional(l->term);
	const double *restrict x = mat_col(X, l->dims[column]);
	double middle = categorical ? -1 : 0.5 / length;

	for (int i = 0; i < X.rows; i++)
		s[i] = categorical ? x[i] : x[i] / length;
	for (int i = 0; conditional && i < X.rows; i++)
		if (c >= l->columns)
			s[i] = categorical || isnan(x[i]) ? 0 : 1 / length;
		else if (isnan(x[i]))
			s[i] = middle;
}

/* ---- values ------------------------------------------------------------------ */

/* The coordinates of the leaf, numeric ones divided by their lengthscale; p NULL when a is
 * full. */
static struct mat scaled(const struct kernel_leaf *l, struct mat X, struct arena *a)
{
	struct mat S = mat_new(a, X.rows, coordinates(l));

	for (int c = 0; S.p && c < S.cols; c++)
		coordinate(l, X, c, length_of(l, c), mat_col(S, c));
	return S;
}

/* r2[i] += (s[i] - t)^2 of columns c to c + 3, in the order of one after the other. */
SIMD_CLONES static void four_columns(
	struct mat S, int from, struct mat T, int j, int c, double *restrict r2)
{
	const double *restrict s = mat_at(S, from, c), *restrict s1 = mat_at(S, from, c + 1);
	const double *restrict s2 = mat_at(S, from, c + 2), *restrict s3 = mat_at(S, from, c + 3);
	double t = *mat_at(T, j, c), t1 = *mat_at(T, j, c + 1);
	double t2 = *mat_at(T, j, c + 2), t3 = *mat_at(T, j, c + 3);

	for (int i = 0; i < S.rows - from; i++) {
		double sum = r2[i] + (s[i] - t) * (s[i] - t);

		sum += (s1[i] - t1) * (s1[i] - t1);
		sum += (s2[i] - t2) * (s2[i] - t2);
		r2[i] = sum + (s3[i] - t3) * (s3[i] - t3);
	}
}

SIMD_CLONES static void one_column(
	struct mat S, int from, struct mat T, int j, int c, double *restrict r2)
{
	const double *restrict s = mat_at(S, from, c);
	double t = *mat_at(T, j, c);

	for (int i = 0; i < S.rows - from; i++)
		r2[i] += (s[i] - t) * (s[i] - t);
}

SIMD_CLONES static void choice_column(
	struct mat S, int from, struct mat T, int j, int c, double weight, double *restrict r2)
{
	const double *restrict s = mat_at(S, from, c);
	double t = *mat_at(T, j, c);

	for (int i = 0; i < S.rows - from; i++)
		r2[i] += s[i] != t ? weight : 0;
}

/* How many numeric coordinates follow from c on, up to four. */
static int numeric_run(const struct kernel_leaf *l, struct mat S, int c)
{
	int run = 0;

	while (run < 4 && c + run < S.cols &&
		!(c + run < l->columns && kernel_leaf_categorical(l, c + run)))
		run++;
	return run;
}

/* r2[i] for rows i >= from of S against row j of T. Differences are squared one
 * by one: |s|^2 + |t|^2 - 2 s't in one product would be quicker in hundreds of
 * dimensions, but loses what tells near-duplicates apart. */
static void distances(
	const struct kernel_leaf *l, struct mat S, int from, struct mat T, int j, double *r2)
{
	memset(r2, 0, sizeof(*r2) * (size_t)(S.rows - from));
	for (int c = 0, run; c < S.cols; c += run == 4 ? 4 : 1) {
		run = numeric_run(l, S, c);
		if (run == 4)
			four_columns(S, from, T, j, c, r2);
		else if (run > 0)
			one_column(S, from, T, j, c, r2);
		else
			choice_column(S, from, T, j, c, 1 / (l->value[c] * l->value[c]), r2);
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

/* The coordinates of the leaf, centred, and a last column of ones. */
static void centre(const struct kernel_leaf *l, struct mat X, struct mat C)
{
	int n = X.rows, ones = C.cols - 1;

	for (int k = 0; k < ones; k++) {
		double *c = mat_col(C, k), mean = 0;

		coordinate(l, X, k, 1, c);
		for (int i = 0; i < n; i++)
			mean += c[i];
		mean /= n;
		for (int i = 0; i < n; i++)
			c[i] -= mean;
	}
	for (int i = 0; i < n; i++)
		*mat_at(C, i, ones) = 1;
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

/* The same, pair by pair; in lanes, so that sums fill vectors in one fixed order. */
SIMD_CLONES static double summed_slope(const double *x, struct mat M)
{
	enum { LANES = 8 };
	double lane[LANES] = {0}, sum = 0;

	for (int j = 0; j < M.cols; j++) {
		const double *restrict m = mat_col(M, j);
		double z = x[j];
		int i = j + 1;

		for (; i + LANES <= M.rows; i += LANES)
			for (int q = 0; q < LANES; q++)
				lane[q] += m[i + q] * ((x[i + q] - z) * (x[i + q] - z));
		for (; i < M.rows; i++)
			sum += m[i] * ((x[i] - z) * (x[i] - z));
	}
	for (int q = 0; q < LANES; q++)
		sum += lane[q];
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
	struct mat H = mat_new(a, X.rows, X.rows);
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

/* sum_{i>j} M_ij (c_ik - c_jk)^2 of coordinate k. */
static double coordinate_slope(
	const struct kernel_leaf *l, struct mat C, struct mat M, struct mat MC, int k)
{
	if (k < l->columns && kernel_leaf_categorical(l, k))
		return categorical_slope(mat_col(C, k), M);
	return MC.p ? numeric_slope(C, MC, k) : summed_slope(mat_col(C, k), M);
}

enum kr_status radial_slope(const struct kernel_leaf *l, struct mat X, struct mat G, struct mat W,
	double *grad, struct arena *a, struct kr_error *err)
{
	const struct radial *radial = l->term->family->radial;
	struct arena_mark mark = arena_mark(a);
	struct mat C = mat_new(a, X.rows, coordinates(l) + 1), MC = {0};
	enum kr_status status = KR_OK;

	if (!radial->unbounded)
		MC = mat_new(a, C.rows, C.cols);
	if (!C.p || (!radial->unbounded && !MC.p))
		status = no_memory(X, X, err);
	if (status == KR_OK && radial->shape_slope)
		status = shape_slope(l, X, W, grad + l->columns, a, err);
	if (status == KR_OK) {
		centre(l, X, C);
		weigh(G, W);
		if (MC.p)
			blas_symm(W, C, MC);
		for (int k = 0; k < coordinates(l); k++) {
			double length = length_of(l, k);
			double slope = coordinate_slope(l, C, W, MC, k) / (length * length);

			if (k < l->columns)
				grad[k] += slope;
			else
				grad[inactive_at(l)] -= slope;
		}
	}
	arena_release(a, mark);
	return status;
}

/* ---- slopes in the points ----------------------------------------------------- */

/* P (m x columns) <- sum_i M_ij (x_ik - z_jk). */
static void towards(struct mat M, struct mat S, struct mat T, struct mat P)
{
	blas_gemm(true, false, 1.0, M, S, 0.0, P);
	for (int j = 0; j < M.cols; j++) {
		const double *m = mat_col(M, j);
		double sum = 0;

		for (int i = 0; i < M.rows; i++)
			sum += m[i];
		for (int k = 0; k < P.cols; k++)
			*mat_at(P, j, k) -= sum * *mat_at(T, j, k);
	}
}

/* The columns of the leaf in units of their own. */
static void gather(const struct kernel_leaf *l, struct mat X, struct mat S)
{
	for (int k = 0; k < l->columns; k++)
		coordinate(l, X, k, 1, mat_col(S, k));
}

/* sum_i M_ij dr2_ij/dz_jk (-1/2) = sum_i M_ij (x_ik - z_jk) / l_k^2; an inactive z_jk stays. */
enum kr_status radial_input(const struct kernel_leaf *l, struct mat X, struct mat Z, struct mat G,
	struct mat W, struct mat D, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct mat S = mat_new(a, X.rows, l->columns), T = mat_new(a, Z.rows, l->columns);
	struct mat P = mat_new(a, Z.rows, l->columns);
	bool conditional = radial_conditional(l->term), ok = S.p && T.p && P.p;

	assert(W.rows == X.rows && W.cols == Z.rows && D.rows == Z.rows);
	for (int j = 0; ok && j < Z.rows; j++) {
		const double *restrict g = mat_col(G, j);
		double *restrict w = mat_col(W, j);

		for (int i = 0; i < X.rows; i++)
			w[i] *= g[i];
	}
	if (ok) {
		gather(l, X, S);
		gather(l, Z, T);
		towards(W, S, T, P);
	}
	for (int k = 0; ok && k < l->columns; k++)
		for (int j = 0; !kernel_leaf_categorical(l, k) && j < Z.rows; j++)
			if (!conditional || !isnan(*mat_at(Z, j, l->dims[k])))
				*mat_at(D, j, l->dims[k]) += *mat_at(P, j, k) / (l->value[k] * l->value[k]);
	arena_release(a, mark);
	return ok ? KR_OK : no_memory(X, Z, err);
}
