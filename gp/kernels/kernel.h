/* Covariance functions: trees of terms.
 *
 * A term is a leaf (a family on some of the input columns), or a sum or a product of
 * parts; any term may be scaled by an outputscale. Structure and values are apart:
 *
 *   structure  struct kernel_term, made once, const; borrowed by all that use it
 *   theta      how hyperparameters travel in fits: ln of those that are positive, the
 *              others as they are. Terms in preorder: what the family declares, then
 *              the parts, then the outputscale of a scaled term. A scaled Matern: ln l_1 ..
 *              ln l_d, ln s2
 *   value      the same in natural units (kernel_values)
 *
 * A family is one file and one line in kernel_list.def: a radial profile f(r2) (radial.h
 * has distances, categorical columns and all gradients, once), a function of a pair of points
 * (pairwise.h has the loops), or its own operations on a leaf. Categorical columns hold choice indices.
 *
 * Notation: points X (n x d), Z (m x d). Pure functions, thread-safe. */
#ifndef KR_GP_KERNELS_KERNEL_H
#define KR_GP_KERNELS_KERNEL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "gp/kernels/prior_term.h"
#include "gp/linalg/mat.h"

/* How many numbers a declared parameter is. */
enum kernel_count {
	KERNEL_ONE,
	KERNEL_PER_COLUMN, /* of the leaf */
	KERNEL_PER_SIZE,   /* size[0] */
	KERNEL_PER_SIZES   /* size[0] x size[1] */
};

/* What a family declares, up to one without a name. */
struct kernel_parameter {
	const char *name; /* "lengthscale" */
	enum kernel_count count;
	bool positive;              /* travels as its logarithm */
	struct gp_prior_term prior; /* by default */
};

struct kernel_term {
	const struct kernel_family *family; /* "sum" and "product" combine parts */
	bool scaled;                        /* has an outputscale */
	int n_dims;                         /* columns that a leaf sees; 0: all */
	const int *dims;
	int size[2]; /* whole numbers of the structure, as the family says */
	int n_parts; /* of a sum or product: at least 1 */
	const struct kernel_term *parts;
};

struct kernel {
	const struct kernel_term *root;
	int d;
	const unsigned char *categorical; /* d flags, NULL: all numeric */
	const double *value;              /* kernel_parameters(root, d), natural units */
};

/* A leaf as its family sees it. */
struct kernel_leaf {
	const struct kernel_term *term;
	int columns;
	const int *dims;                  /* columns of the input, in order; never NULL */
	const unsigned char *categorical; /* by input column, NULL: none */
	const double *value;              /* natural units, as declared */
	double scale;                     /* outputscale, 1 without: all below are scaled by it */
};

static inline bool kernel_leaf_categorical(const struct kernel_leaf *l, int column)
{
	return l->categorical && l->categorical[l->dims[column]];
}

struct kernel_family {
	const char *name;
	const struct kernel_parameter *parameters;
	bool apart; /* columns add to k in equal shares, instead of to one distance */

	/* For a radial family; the operations are then radial_*. */
	const struct radial *radial;

	/* For a pairwise family (pairwise.h); the operations are then pairwise_*. */
	const struct pairwise *pairwise;

	/* K <- k(X, Z). lower: the first rows of X are Z, the lower triangle only. G (n x m, p NULL: nobody
	 * wants it) keeps what slope and input need. */
	enum kr_status (*eval)(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
		struct mat K, struct mat G, struct arena *a, struct kr_error *err);

	/* grad[i] += 1/2 sum_ij W_ij dk(x_i, x_j)/dt, t the i-th declared number as it
	 * travels. W symmetric, lower triangle; may be overwritten. */
	enum kr_status (*slope)(const struct kernel_leaf *l, struct mat X, struct mat G, struct mat W,
		double *grad, struct arena *a, struct kr_error *err);

	/* D (m x d) += sum_i W_ij dk(x_i, z_j)/dz_j; nothing in categorical columns. W may be
	 * overwritten. */
	enum kr_status (*input)(const struct kernel_leaf *l, struct mat X, struct mat Z, struct mat G,
		struct mat W, struct mat D, struct arena *a, struct kr_error *err);

	/* k (m) <- k(z_j, z_j), and D += w_j dk(z_j, z_j)/dz_j. NULL: the diagonal is the
	 * scale everywhere. */
	void (*diagonal)(const struct kernel_leaf *l, struct mat Z, double *k);
	void (*diagonal_input)(
		const struct kernel_leaf *l, struct mat Z, const double *w, struct mat D);
};

/* By name ("matern52", "sum"); NULL when there is none. */
const struct kernel_family *kernel_find(const char *name);

/* The i-th leaf family of the list, NULL past the end. */
const struct kernel_family *kernel_at(int i);

/* A scaled leaf of this family on all columns. */
struct kernel_term kernel_scaled(const struct kernel_family *family);

/* Numbers in theta and value. */
int kernel_parameters(const struct kernel_term *root, int d);

/* value <- natural units. */
void kernel_values(const struct kernel_term *root, int d, const double *theta, double *value);

/* What the i-th number is. */
struct kernel_place {
	const struct kernel_term *term;
	const char *name; /* "outputscale" too */
	int index;        /* among those of its name: the column of the leaf, 0 when it is alone */
	bool positive;
	struct gp_prior_term prior;
};
struct kernel_place kernel_place(const struct kernel_term *root, int d, int i);

/* lengthscale (d) <- of each column 1 / sqrt of the mean of 1 / l^2 over the leaves that see it, by their
 * shares in k(x, x), parts of a product with the share of all: the lengthscale of the one leaf with
 * slopes as steep, of a single leaf its own. 1 where there is none. */
void kernel_lengthscales(const struct kernel *k, double *lengthscale);

/* What the gradients need of one evaluation; lives in its arena. */
struct kernel_tape;

/* For n x m values. NULL when memory runs out. */
struct kernel_tape *kernel_tape_new(const struct kernel_term *root, int n, int m, struct arena *a);

/* K <- k(X, Z), n x m; tape NULL: values only. NaN in a numeric column gives NaN.
 * Errors: KR_ENOMEM. Cost n m d for each leaf. */
enum kr_status kernel_cross(const struct kernel *k, struct mat X, struct mat Z, struct mat K,
	struct kernel_tape *tape, struct arena *a, struct kr_error *err);

/* K <- k(X, X), lower triangle only. */
enum kr_status kernel_self(const struct kernel *k, struct mat X, struct mat K,
	struct kernel_tape *tape, struct arena *a, struct kr_error *err);

/* grad (kernel_parameters) <- 1/2 sum_ij W_ij dk(x_i, x_j)/dtheta after kernel_self with
 * this tape. W: symmetric, lower triangle, overwritten. inner: 1/2 <W, K>, which is the
 * slope of a scaled root's outputscale (the caller knows it, and has K overwritten). */
enum kr_status kernel_slope(const struct kernel *k, struct mat X, struct kernel_tape *tape,
	struct mat W, double inner, double *grad, struct arena *a, struct kr_error *err);

/* D (m x d) <- sum_i W_ij dk(x_i, z_j)/dz_j after kernel_cross with this tape; 0 in
 * categorical columns. W (n x m) is overwritten. */
enum kr_status kernel_input_adjoint(const struct kernel *k, struct mat X, struct mat Z,
	struct kernel_tape *tape, struct mat W, struct mat D, struct arena *a, struct kr_error *err);

/* diagonal (m) <- k(z_j, z_j). */
enum kr_status kernel_diagonal(
	const struct kernel *k, struct mat Z, double *diagonal, struct arena *a, struct kr_error *err);

/* D (m x d) += w_j dk(z_j, z_j)/dz_j. */
enum kr_status kernel_diagonal_adjoint(const struct kernel *k, struct mat Z, const double *w,
	struct mat D, struct arena *a, struct kr_error *err);

/* Does k(z, z) vary with z? */
bool kernel_diagonal_varies(const struct kernel_term *root);

#endif
