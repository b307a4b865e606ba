#include "gp/kernels/kernel.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "gp/kernels/simd.h"
#include "gp/linalg/blas.h"

#define KERNEL(name) extern const struct kernel_family kernel_##name;
#include "gp/kernels/kernel_list.def"
#undef KERNEL

static const struct kernel_family *const families[] = {
#define KERNEL(name) &kernel_##name,
#include "gp/kernels/kernel_list.def"
#undef KERNEL
};

const struct kernel_family *kernel_at(int i)
{
	return i >= 0 && (size_t)i < sizeof(families) / sizeof(*families) ? families[i] : NULL;
}

const struct kernel_family *kernel_find(const char *name)
{
	for (int i = 0; kernel_at(i); i++)
		if (strcmp(kernel_at(i)->name, name) == 0)
			return kernel_at(i);
	return NULL;
}

static bool is_categorical(const struct kernel *k, int column)
{
	return k->categorical && k->categorical[column];
}

/* Numeric columns divided by their lengthscale, the others as they are; p NULL
 * when a is full. */
static struct mat scaled(const struct kernel *k, struct mat X, struct arena *a)
{
	struct mat S = mat_view(NULL, X.rows, X.cols, X.rows);

	S.p = arena_alloc(a, sizeof(double) * (size_t)X.rows * (size_t)X.cols);
	for (int j = 0; S.p && j < X.cols; j++) {
		const double *x = mat_col(X, j);
		double *s = mat_col(S, j), l = k->lengthscale[j];

		for (int i = 0; i < X.rows; i++)
			s[i] = is_categorical(k, j) ? x[i] : x[i] / l;
	}
	return S;
}

/* r2[i] for rows i >= from of S against row j of T. Differences are squared one
 * by one: |s|^2 + |t|^2 - 2 s't in one product would be quicker in hundreds of
 * dimensions, but loses what tells near-duplicates apart. */
SIMD_CLONES static void distances(
	const struct kernel *k, struct mat S, int from, struct mat T, int j, double *restrict r2)
{
	int n = S.rows - from;

	for (int i = 0; i < n; i++)
		r2[i] = 0;
	for (int c = 0; c < k->d; c++) {
		const double *restrict s = mat_at(S, from, c);
		double t = *mat_at(T, j, c), w = 1 / (k->lengthscale[c] * k->lengthscale[c]);

		if (is_categorical(k, c))
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
static void evaluate(const struct kernel *k, int n, double *K, double *G)
{
	k->family->eval((size_t)n, K, K, G);
	scale(n, k->outputscale, K);
	if (G)
		scale(n, k->outputscale, G);
}

enum kr_status kernel_cross(const struct kernel *k, struct mat X, struct mat Z, struct mat K,
	struct mat G, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct mat S = scaled(k, X, a), T = scaled(k, Z, a);

	assert(X.cols == k->d && Z.cols == k->d && K.rows == X.rows && K.cols == Z.rows);
	if (!S.p || !T.p) {
		arena_release(a, mark);
		return kr_fail(err, KR_ENOMEM, "covariance of %d and %d points", X.rows, Z.rows);
	}
	for (int j = 0; j < Z.rows; j++) {
		distances(k, S, 0, T, j, mat_col(K, j));
		evaluate(k, X.rows, mat_col(K, j), G.p ? mat_col(G, j) : NULL);
	}
	arena_release(a, mark);
	return KR_OK;
}

enum kr_status kernel_self(const struct kernel *k, struct mat X, struct mat K, struct mat G,
	struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct mat S = scaled(k, X, a);

	assert(X.cols == k->d && K.rows == X.rows && K.cols == X.rows);
	if (!S.p) {
		arena_release(a, mark);
		return kr_fail(err, KR_ENOMEM, "covariance of %d points", X.rows);
	}
	for (int j = 0; j < X.rows; j++) {
		distances(k, S, j, S, j, mat_at(K, j, j));
		evaluate(k, X.rows - j, mat_at(K, j, j), G.p ? mat_at(G, j, j) : NULL);
	}
	arena_release(a, mark);
	return KR_OK;
}

void kernel_input_adjoint(
	const struct kernel *k, struct mat X, struct mat Z, struct mat W, struct mat D)
{
	assert(W.rows == X.rows && W.cols == Z.rows && D.rows == Z.rows && D.cols == k->d);
	blas_gemm(true, false, 1.0, W, X, 0.0, D);
	for (int j = 0; j < Z.rows; j++) {
		const double *w = mat_col(W, j);
		double sum = 0;

		for (int i = 0; i < X.rows; i++)
			sum += w[i];
		for (int c = 0; c < k->d; c++) {
			double l = k->lengthscale[c], *d = mat_at(D, j, c);

			*d = is_categorical(k, c) ? 0 : (*d - sum * *mat_at(Z, j, c)) / (l * l);
		}
	}
}
