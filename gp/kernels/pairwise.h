/* Covariance functions that are stated for one pair of points: a family gives the value
 * and its two kinds of slopes, the loops over all pairs are here, once. For what is not a
 * function of a distance (radial.h). Numbers of the pair are read by pairwise_x and
 * pairwise_z, column by column of the leaf. */
#ifndef KR_GP_KERNELS_PAIRWISE_H
#define KR_GP_KERNELS_PAIRWISE_H

#include "gp/kernels/kernel.h"

/* Row i of X and row j of Z. */
struct pair {
	const struct kernel_leaf *leaf;
	struct mat X, Z;
	int i, j;
};

struct pairwise {
	/* k(x, z), outputscale left out: the same bits when x and z change places. */
	double (*value)(const struct pair *p);

	/* grad[i] += w dk/dt_i, t as declared (ln of what is positive). NULL: no parameters. */
	void (*slope)(const struct pair *p, double w, double *grad);

	/* pairwise_add(p, D, column, w dk/dz_column). NULL: k has no slope in any point. */
	void (*input)(const struct pair *p, double w, struct mat D);
};

static inline double pairwise_x(const struct pair *p, int column)
{
	return *mat_at(p->X, p->i, p->leaf->dims[column]);
}

static inline double pairwise_z(const struct pair *p, int column)
{
	return *mat_at(p->Z, p->j, p->leaf->dims[column]);
}

/* Row j of D: the slope of a numeric column; a categorical one has none. */
static inline void pairwise_add(const struct pair *p, struct mat D, int column, double slope)
{
	if (!kernel_leaf_categorical(p->leaf, column))
		*mat_at(D, p->j, p->leaf->dims[column]) += slope;
}

/* The operations of a family, as struct kernel_family states them; G is left alone. */
enum kr_status pairwise_eval(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
	struct mat K, struct mat G, struct arena *a, struct kr_error *err);
enum kr_status pairwise_slope(const struct kernel_leaf *l, struct mat X, struct mat G, struct mat W,
	double *grad, struct arena *a, struct kr_error *err);
enum kr_status pairwise_input(const struct kernel_leaf *l, struct mat X, struct mat Z, struct mat G,
	struct mat W, struct mat D, struct arena *a, struct kr_error *err);
void pairwise_diagonal(const struct kernel_leaf *l, struct mat Z, double *k);
void pairwise_diagonal_input(
	const struct kernel_leaf *l, struct mat Z, const double *w, struct mat D);

/* A pairwise family whose diagonal is 1, and one whose diagonal varies. */
#define PAIRWISE_CORRELATION(name_, parameters_, pairwise_)                     \
	{                                                                           \
		.name = (name_), .parameters = (parameters_), .pairwise = (pairwise_),  \
		.eval = pairwise_eval, .slope = pairwise_slope, .input = pairwise_input \
	}
#define PAIRWISE_FAMILY(name_, parameters_, pairwise_)                           \
	{                                                                            \
		.name = (name_), .parameters = (parameters_), .pairwise = (pairwise_),   \
		.eval = pairwise_eval, .slope = pairwise_slope, .input = pairwise_input, \
		.diagonal = pairwise_diagonal, .diagonal_input = pairwise_diagonal_input \
	}

#endif
