/* The mean over the columns of a Matern 5/2 of each, with a lengthscale each: sums of functions of one
 * number (Duvenaud, Nickisch & Rasmussen 2011, Additive Gaussian processes, eq. 3-4 at the first order).
 *
 *   a = sqrt 5 (x_c - z_c) / l_c, of choices sqrt 5 [x_c != z_c] / l_c
 *   k = 1/D sum_c (1 + |a| + a^2/3) exp(-|a|)
 *   dk/dln l_c = 1/D a^2 q,   dk/dz_c = 1/D sqrt 5 / l_c a q,   q = (1 + |a|)/3 exp(-|a|)
 *
 * Rows are worked in blocks with all columns of a block in turn, so that sums stay in registers; of a
 * triangle the block on the diagonal is computed in full. */
#include <math.h>
#include <string.h>

#include "gp/kernels/radial.h"
#include "gp/kernels/simd.h"

static const double root_5 = 2.23606797749978969641;

/* ---- coordinates ---------------------------------------------------------------- */

/* The columns of a leaf. */
struct inputs {
	struct mat S;  /* padded rows x D: numbers by lengthscale, times root 5; choices as they are */
	double *per;   /* D: root 5 / lengthscale */
	bool *choices; /* D: is the column categorical? */
};

static int padded(int rows)
{
	return (rows + SIMD_BLOCK - 1) / SIMD_BLOCK * SIMD_BLOCK;
}

/* False when a is full. */
static bool read_inputs(
	const struct kernel_leaf *l, struct mat X, struct inputs *in, struct arena *a)
{
	*in = (struct inputs){mat_new(a, padded(X.rows), l->columns),
		ARENA_ARRAY(a, double, l->columns), ARENA_ARRAY(a, bool, l->columns)};
	if (!in->S.p || !in->per || !in->choices)
		return false;
	for (int c = 0; c < l->columns; c++) {
		const double *x = mat_col(X, l->dims[c]);
		double *s = mat_col(in->S, c);

		in->choices[c] = kernel_leaf_categorical(l, c);
		in->per[c] = root_5 / l->value[c];
		for (int i = 0; i < in->S.rows; i++)
			s[i] = i >= X.rows ? 0 : in->choices[c] ? x[i] : x[i] * in->per[c];
	}
	return true;
}

/* a <- those of a block of rows and a number z of column c. */
static inline __attribute__((always_inline)) void steps(
	const struct inputs *in, int row, int c, double z, double *restrict a)
{
	const double *restrict s = mat_at(in->S, row, c);

	for (int i = 0; i < SIMD_BLOCK; i++)
		a[i] = in->choices[c] ? (s[i] != z ? in->per[c] : 0) : s[i] - z;
}

/* size <- |a| as far as exp goes, e <- exp(-|a|). */
static inline __attribute__((always_inline)) void decay(
	const double *restrict a, double *restrict size, double *restrict e)
{
	for (int i = 0; i < SIMD_BLOCK; i++)
		size[i] = fabs(a[i]);
	for (int i = 0; i < SIMD_BLOCK; i++)
		size[i] = size[i] > simd_exp_max ? simd_exp_max : size[i]; /* keeps NaN */
	for (int i = 0; i < SIMD_BLOCK; i++)
		e[i] = exp(-size[i]);
}

/* ---- blocks: rows from `row` on, and row j of the other points ---------------------- */

/* f <- D k. */
SIMD_CLONES static void block_value(
	const struct inputs *x, int row, const struct inputs *z, int j, double *restrict f)
{
	double a[SIMD_BLOCK], size[SIMD_BLOCK], e[SIMD_BLOCK];

	memset(f, 0, sizeof(*f) * SIMD_BLOCK);
	for (int c = 0; c < x->S.cols; c++) {
		steps(x, row, c, *mat_at(z->S, j, c), a);
		decay(a, size, e);
		for (int i = 0; i < SIMD_BLOCK; i++)
			f[i] += (1 + size[i] + size[i] * size[i] * (1.0 / 3)) * e[i];
	}
}

/* sum (D x block) += w D dk/dln l. */
SIMD_CLONES static void block_slope(const struct inputs *x, int row, const struct inputs *z, int j,
	const double *restrict w, double *restrict sum)
{
	double a[SIMD_BLOCK], size[SIMD_BLOCK], e[SIMD_BLOCK];

	for (int c = 0; c < x->S.cols; c++) {
		double *restrict lane = sum + (size_t)c * SIMD_BLOCK;

		steps(x, row, c, *mat_at(z->S, j, c), a);
		decay(a, size, e);
		for (int i = 0; i < SIMD_BLOCK; i++)
			lane[i] += w[i] * size[i] * size[i] * (1 + size[i]) * (1.0 / 3) * e[i];
	}
}

/* sum (D x block) += w D l / sqrt 5 dk/dz. */
SIMD_CLONES static void block_input(const struct inputs *x, int row, const struct inputs *z, int j,
	const double *restrict w, double *restrict sum)
{
	double a[SIMD_BLOCK], size[SIMD_BLOCK], e[SIMD_BLOCK];

	for (int c = 0; c < x->S.cols; c++) {
		double *restrict lane = sum + (size_t)c * SIMD_BLOCK;

		if (x->choices[c])
			continue;
		steps(x, row, c, *mat_at(z->S, j, c), a);
		decay(a, size, e);
		for (int i = 0; i < SIMD_BLOCK; i++)
			lane[i] += w[i] * a[i] * (1 + size[i]) * (1.0 / 3) * e[i];
	}
}

/* ---- matrices ---------------------------------------------------------------------- */

static enum kr_status no_memory(struct mat X, struct mat Z, struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "covariance of %d and %d points", X.rows, Z.rows);
}

static enum kr_status eval(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
	struct mat K, struct mat G, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct inputs x, z;
	bool ok = read_inputs(l, X, &x, a) && (lower || read_inputs(l, Z, &z, a));
	double f[SIMD_BLOCK];

	(void)G;
	if (lower)
		z = x;
	for (int j = 0; ok && j < Z.rows; j++) {
		int from = lower ? j : 0;

		for (int row = from - from % SIMD_BLOCK; row < X.rows; row += SIMD_BLOCK) {
			block_value(&x, row, &z, j, f);
			for (int i = row > from ? row : from; i < row + SIMD_BLOCK && i < X.rows; i++)
				*mat_at(K, i, j) = l->scale / l->columns * f[i - row];
		}
	}
	arena_release(a, mark);
	return ok ? KR_OK : no_memory(X, Z, err);
}

/* w <- rows `from` to the end of a column of W as far as they are in the block, 0 elsewhere. */
static void weights(struct mat W, int j, int from, int row, double *w)
{
	for (int i = row; i < row + SIMD_BLOCK; i++)
		w[i - row] = i >= from && i < W.rows ? *mat_at(W, i, j) : 0;
}

static double total(const double *lane)
{
	double sum = 0;

	for (int i = 0; i < SIMD_BLOCK; i++)
		sum += lane[i];
	return sum;
}

static enum kr_status slope(const struct kernel_leaf *l, struct mat X, struct mat G, struct mat W,
	double *grad, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	double *sum = ARENA_ARRAY(a, double, l->columns *SIMD_BLOCK), w[SIMD_BLOCK];
	struct inputs x;
	bool ok = sum && read_inputs(l, X, &x, a);

	(void)G;
	for (int j = 0; ok && j < X.rows; j++)
		for (int row = j - j % SIMD_BLOCK; row < X.rows; row += SIMD_BLOCK) {
			weights(W, j, j + 1, row, w);
			block_slope(&x, row, &x, j, w, sum);
		}
	for (int c = 0; ok && c < l->columns; c++)
		grad[c] += l->scale / l->columns * total(sum + (size_t)c * SIMD_BLOCK);
	arena_release(a, mark);
	return ok ? KR_OK : no_memory(X, X, err);
}

static enum kr_status input(const struct kernel_leaf *l, struct mat X, struct mat Z, struct mat G,
	struct mat W, struct mat D, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	size_t size = sizeof(double) * (size_t)l->columns * SIMD_BLOCK;
	double *sum = arena_alloc(a, size), w[SIMD_BLOCK];
	struct inputs x, z;
	bool ok = sum && read_inputs(l, X, &x, a) && read_inputs(l, Z, &z, a);

	(void)G;
	for (int j = 0; ok && j < Z.rows; j++) {
		memset(sum, 0, size);
		for (int row = 0; row < X.rows; row += SIMD_BLOCK) {
			weights(W, j, 0, row, w);
			block_input(&x, row, &z, j, w, sum);
		}
		for (int c = 0; c < l->columns; c++)
			*mat_at(D, j, l->dims[c]) += l->scale / l->columns * x.per[c] *
				total(sum + (size_t)c * SIMD_BLOCK);
	}
	arena_release(a, mark);
	return ok ? KR_OK : no_memory(X, Z, err);
}

static const struct kernel_parameter parameters[] = {RADIAL_LENGTHSCALE, {0}};
const struct kernel_family kernel_additive = {.name = "additive",
	.parameters = parameters,
	.apart = true,
	.eval = eval,
	.slope = slope,
	.input = input};
