#include "gp/kernels/pairwise.h"

static const struct pairwise *of(const struct kernel_leaf *l)
{
	return l->term->family->pairwise;
}

enum kr_status pairwise_eval(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
	struct mat K, struct mat G, struct arena *a, struct kr_error *err)
{
	struct pair p = {.leaf = l, .X = X, .Z = Z};

	(void)G;
	(void)a;
	(void)err;
	for (p.j = 0; p.j < Z.rows; p.j++)
		for (p.i = lower ? p.j : 0; p.i < X.rows; p.i++)
			*mat_at(K, p.i, p.j) = l->scale * of(l)->value(&p);
	return KR_OK;
}

enum kr_status pairwise_slope(const struct kernel_leaf *l, struct mat X, struct mat G, struct mat W,
	double *grad, struct arena *a, struct kr_error *err)
{
	struct pair p = {.leaf = l, .X = X, .Z = X};

	(void)G;
	(void)a;
	(void)err;
	for (p.j = 0; of(l)->slope && p.j < X.rows; p.j++)
		for (p.i = p.j; p.i < X.rows; p.i++)
			of(l)->slope(&p, l->scale * (p.i == p.j ? 0.5 : 1) * *mat_at(W, p.i, p.j), grad);
	return KR_OK;
}

enum kr_status pairwise_input(const struct kernel_leaf *l, struct mat X, struct mat Z, struct mat G,
	struct mat W, struct mat D, struct arena *a, struct kr_error *err)
{
	struct pair p = {.leaf = l, .X = X, .Z = Z};

	(void)G;
	(void)a;
	(void)err;
	for (p.j = 0; of(l)->input && p.j < Z.rows; p.j++)
		for (p.i = 0; p.i < X.rows; p.i++)
			of(l)->input(&p, l->scale * *mat_at(W, p.i, p.j), D);
	return KR_OK;
}

void pairwise_diagonal(const struct kernel_leaf *l, struct mat Z, double *k)
{
	struct pair p = {.leaf = l, .X = Z, .Z = Z};

	for (; p.j < Z.rows; p.i++, p.j++)
		k[p.j] = l->scale * of(l)->value(&p);
}

/* Both places of k(z, z) move, and k is symmetric: twice the slope of one. */
void pairwise_diagonal_input(
	const struct kernel_leaf *l, struct mat Z, const double *w, struct mat D)
{
	struct pair p = {.leaf = l, .X = Z, .Z = Z};

	for (; of(l)->input && p.j < Z.rows; p.i++, p.j++)
		of(l)->input(&p, 2 * l->scale * w[p.j], D);
}
