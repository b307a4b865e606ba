/* Covariance functions of a scaled squared distance.
 *
 *   k(x, x') = s2 * f(r2),
 *   r2 = sum_{i numeric} ((x_i - x'_i) / l_i)^2 + sum_{i categorical} [x_i != x'_i] / l_i^2
 *
 * A family is one file that gives f and its slope, and one line in
 * kernel_list.def. The distance, scaling, gradients and categorical part are
 * here, once. A categorical column holds choice indices; its part of r2 is that
 * of a one-hot embedding, so every family stays positive definite.
 *
 * Notation: n points X (n x d), m points Z (m x d), lengthscales l (d),
 * outputscale s2 (a variance). Pure functions, no state, thread-safe. */
#ifndef KR_GP_KERNELS_KERNEL_H
#define KR_GP_KERNELS_KERNEL_H

#include "base/arena.h"
#include "base/status.h"
#include "gp/linalg/mat.h"

struct kernel_family {
	const char *name;

	/* f(r2) and g = -2 f'(r2), element by element; f and g may be NULL; either
	 * may alias r2. r2 >= 0. The slope of ln l_i is then
	 * dk/dln l_i = s2 g (x_i - x'_i)^2 / l_i^2. */
	void (*eval)(size_t count, const double *r2, double *f, double *g);
};

/* By name ("matern52", "rbf"); NULL when there is none. */
const struct kernel_family *kernel_find(const char *name);

/* The i-th of the list, NULL past the end. */
const struct kernel_family *kernel_at(int i);

struct kernel {
	const struct kernel_family *family;
	int d;
	const unsigned char *categorical; /* d flags, NULL: all numeric; borrowed */
	const double *lengthscale;        /* d, > 0; borrowed */
	double outputscale;
};

/* K <- k(X, Z), n x m; G (n x m, p NULL to skip) <- s2 * g. Scratch from a.
 * NaN in a numeric column gives NaN. Errors: KR_ENOMEM. Cost n m d. */
enum kr_status kernel_cross(const struct kernel *k, struct mat X, struct mat Z, struct mat K,
	struct mat G, struct arena *a, struct kr_error *err);

/* K <- k(X, X), lower triangle only; G likewise, p NULL to skip. */
enum kr_status kernel_self(const struct kernel *k, struct mat X, struct mat K, struct mat G,
	struct arena *a, struct kr_error *err);

/* D (m x d) <- sum_i C_ij dk(x_i, z_j)/dz_j, given W = C o G (n x m, G from
 * kernel_cross): (sum_i W_ij x_ik - z_jk sum_i W_ij) / l_k^2; 0 in categorical
 * columns. */
void kernel_input_adjoint(
	const struct kernel *k, struct mat X, struct mat Z, struct mat W, struct mat D);

#endif
