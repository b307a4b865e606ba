/* Walks over the tree: values, and the way back from their adjoints. Every walk meets the
 * terms in preorder with a struct at: the number of the term and the place of its values. */
#include <assert.h>
#include <string.h>

#include "gp/kernels/kernel.h"
#include "gp/kernels/kernel_internal.h"
#include "gp/linalg/blas.h"

enum { PANEL = 128 };

struct kernel_tape {
	struct mat *K, *G; /* by term; K of all but the root */
};

/* One evaluation, or one way back. */
struct pass {
	const struct kernel *k;
	struct mat X, Z;
	bool lower;
	struct kernel_tape *tape;
	const int *all; /* 0 .. d - 1 */
	struct arena *a;
	struct kr_error *err;
};

struct at {
	int term, value;
};

static int terms(const struct kernel_term *t)
{
	int n = 1;

	for (int i = 0; i < t->n_parts; i++)
		n += terms(&t->parts[i]);
	return n;
}

/* Where the first part of t stands, and the part after one. */
static struct at first_part(const struct pass *p, const struct kernel_term *t, struct at at)
{
	return (struct at){at.term + 1, at.value + kernel__own_parameters(t, p->k->d)};
}

static struct at next_part(const struct pass *p, const struct kernel_term *part, struct at at)
{
	return (struct at){at.term + terms(part), at.value + kernel_parameters(part, p->k->d)};
}

/* The place of the outputscale of a scaled term. */
static int scale_place(const struct pass *p, const struct kernel_term *t, struct at at)
{
	return at.value + kernel_parameters(t, p->k->d) - 1;
}

static double scale_of(const struct pass *p, const struct kernel_term *t, struct at at)
{
	return t->scaled ? p->k->value[scale_place(p, t, at)] : 1;
}

static struct kernel_leaf leaf_of(const struct pass *p, const struct kernel_term *t, struct at at)
{
	return (struct kernel_leaf){t, kernel__columns(t, p->k->d), t->n_dims > 0 ? t->dims : p->all,
		p->k->categorical, p->k->value + at.value, scale_of(p, t, at)};
}

static enum kr_status no_memory(const struct pass *p)
{
	return kr_fail(p->err, KR_ENOMEM, "covariance of %d and %d points", p->X.rows, p->Z.rows);
}

/* False when memory runs out. */
static bool begin(struct pass *p)
{
	int *all = arena_alloc(p->a, sizeof(*all) * (size_t)p->k->d);

	for (int i = 0; all && i < p->k->d; i++)
		all[i] = i;
	p->all = all;
	return all != NULL;
}

struct kernel_tape *kernel_tape_new(const struct kernel_term *root, int n, int m, struct arena *a)
{
	size_t count = (size_t)terms(root);
	struct kernel_tape *tape = ARENA_NEW(a, struct kernel_tape);

	if (!tape)
		return NULL;
	tape->K = ARENA_ARRAY(a, struct mat, count);
	tape->G = ARENA_ARRAY(a, struct mat, count);
	if (!tape->K || !tape->G)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		tape->G[i] = mat_new(a, n, m);
		if (i > 0)
			tape->K[i] = mat_new(a, n, m);
		if (!tape->G[i].p || (i > 0 && !tape->K[i].p))
			return NULL;
	}
	return tape;
}

/* The rows of column j that are looked at. */
static int first_row(const struct pass *p, int j)
{
	return p->lower ? j : 0;
}

/* A <- s A, A <- A + B, A <- A o B, A <- B in the rows that are looked at. */
static void scale_matrix(const struct pass *p, double s, struct mat A)
{
	for (int j = 0; s != 1 && j < A.cols; j++)
		for (int i = first_row(p, j); i < A.rows; i++)
			*mat_at(A, i, j) *= s;
}

static void add(const struct pass *p, struct mat A, struct mat B)
{
	for (int j = 0; j < A.cols; j++)
		for (int i = first_row(p, j); i < A.rows; i++)
			*mat_at(A, i, j) += *mat_at(B, i, j);
}

static void multiply(const struct pass *p, struct mat A, struct mat B)
{
	for (int j = 0; j < A.cols; j++)
		for (int i = first_row(p, j); i < A.rows; i++)
			*mat_at(A, i, j) *= *mat_at(B, i, j);
}

static void copy(const struct pass *p, struct mat A, struct mat B)
{
	for (int j = 0; j < A.cols; j++) {
		int i = first_row(p, j);

		memcpy(mat_at(A, i, j), mat_at(B, i, j), sizeof(double) * (size_t)(A.rows - i));
	}
}

/* ---- values ------------------------------------------------------------------------ */

static enum kr_status eval(
	const struct pass *p, const struct kernel_term *t, struct at at, struct mat K);

static enum kr_status eval_parts(
	const struct pass *p, const struct kernel_term *t, struct at at, struct mat K)
{
	struct at part = first_part(p, t, at);
	enum kr_status status = KR_OK;

	for (int i = 0; i < t->n_parts; i++) {
		struct arena_mark mark = arena_mark(p->a);
		struct mat P = p->tape ? p->tape->K[part.term] : i == 0 ? K : mat_new(p->a, K.rows, K.cols);

		status = P.p ? eval(p, &t->parts[i], part, P) : no_memory(p);
		if (status == KR_OK && i > 0)
			(t->family == &kernel__sum ? add : multiply)(p, K, P);
		else if (status == KR_OK && P.p != K.p)
			copy(p, K, P);
		arena_release(p->a, mark);
		if (status != KR_OK)
			return status;
		part = next_part(p, &t->parts[i], part);
	}
	scale_matrix(p, scale_of(p, t, at), K);
	return status;
}

static enum kr_status eval(
	const struct pass *p, const struct kernel_term *t, struct at at, struct mat K)
{
	struct kernel_leaf leaf;

	if (!kernel__is_leaf(t))
		return eval_parts(p, t, at, K);
	leaf = leaf_of(p, t, at);
	return t->family->eval(&leaf, p->X, p->Z, p->lower, K,
		p->tape ? p->tape->G[at.term] : (struct mat){0}, p->a, p->err);
}

/* The same, PANEL columns at a time: sums and products take a further matrix for each level, which
 * is no larger than that. */
static enum kr_status eval_panels(const struct pass *p, struct mat K)
{
	enum kr_status status = KR_OK;

	for (int j = 0; status == KR_OK && j < K.cols; j += PANEL) {
		int from = p->lower ? j : 0, columns = K.cols - j < PANEL ? K.cols - j : PANEL;
		struct pass panel = *p;

		panel.X = mat_block(p->X, from, 0, p->X.rows - from, p->X.cols);
		panel.Z = mat_block(p->Z, j, 0, columns, p->Z.cols);
		status = eval(
			&panel, p->k->root, (struct at){0}, mat_block(K, from, j, K.rows - from, columns));
	}
	return status;
}

static enum kr_status evaluate(struct pass *p, struct mat K)
{
	bool panels = !p->tape && !kernel__is_leaf(p->k->root) && K.cols > PANEL;
	struct arena_mark mark = arena_mark(p->a);
	enum kr_status status;

	assert(p->X.cols == p->k->d && p->Z.cols == p->k->d);
	assert(K.rows == p->X.rows && K.cols == p->Z.rows);
	if (!begin(p))
		status = no_memory(p);
	else
		status = panels ? eval_panels(p, K) : eval(p, p->k->root, (struct at){0}, K);
	arena_release(p->a, mark);
	return status;
}

enum kr_status kernel_cross(const struct kernel *k, struct mat X, struct mat Z, struct mat K,
	struct kernel_tape *tape, struct arena *a, struct kr_error *err)
{
	struct pass p = {.k = k, .X = X, .Z = Z, .tape = tape, .a = a, .err = err};

	return evaluate(&p, K);
}

enum kr_status kernel_self(const struct kernel *k, struct mat X, struct mat K,
	struct kernel_tape *tape, struct arena *a, struct kr_error *err)
{
	struct pass p = {.k = k, .X = X, .Z = X, .lower = true, .tape = tape, .a = a, .err = err};

	return evaluate(&p, K);
}

/* ---- the way back -------------------------------------------------------------------- */

/* V <- the adjoint of part `which` of t, given that of t. */
static void part_adjoint(const struct pass *p, const struct kernel_term *t, struct at at, int which,
	struct mat W, struct mat V)
{
	struct at part = first_part(p, t, at);

	copy(p, V, W);
	scale_matrix(p, scale_of(p, t, at), V);
	for (int i = 0; t->family == &kernel__product && i < t->n_parts; i++) {
		if (i != which)
			multiply(p, V, p->tape->K[part.term]);
		part = next_part(p, &t->parts[i], part);
	}
}

/* 1/2 <W, K>, lower triangles of symmetric matrices. */
static double inner_product(struct mat W, struct mat K)
{
	double sum_ = 0;

	for (int j = 0; j < W.cols; j++)
		sum_ += 0.5 * *mat_at(W, j, j) * *mat_at(K, j, j) +
			blas_dot(W.rows - j - 1, mat_at(W, j, j) + 1, mat_at(K, j, j) + 1);
	return sum_;
}

static enum kr_status slope(const struct pass *p, const struct kernel_term *t, struct at at,
	struct mat W, double inner, double *grad)
{
	struct arena_mark mark = arena_mark(p->a);
	struct at part = first_part(p, t, at);
	enum kr_status status = KR_OK;

	if (t->scaled)
		grad[scale_place(p, t, at)] = inner;
	if (kernel__is_leaf(t)) {
		struct kernel_leaf leaf = leaf_of(p, t, at);

		return t->family->slope(&leaf, p->X, p->tape->G[at.term], W, grad + at.value, p->a, p->err);
	}
	struct mat V = mat_new(p->a, W.rows, W.cols);

	if (!V.p)
		status = no_memory(p);
	for (int i = 0; status == KR_OK && i < t->n_parts; i++) {
		part_adjoint(p, t, at, i, W, V);
		status = slope(p, &t->parts[i], part, V,
			t->parts[i].scaled ? inner_product(V, p->tape->K[part.term]) : 0, grad);
		part = next_part(p, &t->parts[i], part);
	}
	arena_release(p->a, mark);
	return status;
}

enum kr_status kernel_slope(const struct kernel *k, struct mat X, struct kernel_tape *tape,
	struct mat W, double inner, double *grad, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct pass p = {.k = k, .X = X, .Z = X, .lower = true, .tape = tape, .a = a, .err = err};
	enum kr_status status;

	for (int i = kernel_parameters(k->root, k->d) - 1; i >= 0; i--)
		grad[i] = 0;
	status = begin(&p) ? slope(&p, k->root, (struct at){0}, W, inner, grad) : no_memory(&p);
	arena_release(a, mark);
	return status;
}

static enum kr_status input(
	const struct pass *p, const struct kernel_term *t, struct at at, struct mat W, struct mat D)
{
	struct arena_mark mark = arena_mark(p->a);
	struct at part = first_part(p, t, at);
	enum kr_status status = KR_OK;

	if (kernel__is_leaf(t)) {
		struct kernel_leaf leaf = leaf_of(p, t, at);

		return t->family->input(&leaf, p->X, p->Z, p->tape->G[at.term], W, D, p->a, p->err);
	}
	struct mat V = mat_new(p->a, W.rows, W.cols);

	if (!V.p)
		status = no_memory(p);
	for (int i = 0; status == KR_OK && i < t->n_parts; i++) {
		part_adjoint(p, t, at, i, W, V);
		status = input(p, &t->parts[i], part, V, D);
		part = next_part(p, &t->parts[i], part);
	}
	arena_release(p->a, mark);
	return status;
}

enum kr_status kernel_input_adjoint(const struct kernel *k, struct mat X, struct mat Z,
	struct kernel_tape *tape, struct mat W, struct mat D, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct pass p = {.k = k, .X = X, .Z = Z, .tape = tape, .a = a, .err = err};
	enum kr_status status;

	assert(W.rows == X.rows && W.cols == Z.rows && D.rows == Z.rows && D.cols == k->d);
	for (int j = 0; j < D.cols; j++)
		memset(mat_col(D, j), 0, sizeof(double) * (size_t)D.rows);
	status = begin(&p) ? input(&p, k->root, (struct at){0}, W, D) : no_memory(&p);
	arena_release(a, mark);
	return status;
}

/* ---- the diagonal ---------------------------------------------------------------------- */

static enum kr_status diagonal(
	const struct pass *p, const struct kernel_term *t, struct at at, double *k)
{
	struct arena_mark mark = arena_mark(p->a);
	struct kernel_leaf leaf = leaf_of(p, t, at);
	struct at part = first_part(p, t, at);
	int m = p->Z.rows;
	enum kr_status status = KR_OK;
	double *v = NULL;

	for (int j = 0; j < m; j++)
		k[j] = kernel__is_leaf(t) ? leaf.scale : t->family == &kernel__sum ? 0 : 1;
	if (kernel__is_leaf(t)) {
		if (t->family->diagonal)
			t->family->diagonal(&leaf, p->Z, k);
		return KR_OK;
	}
	v = arena_alloc(p->a, sizeof(*v) * (size_t)m);
	if (!v)
		return no_memory(p);
	for (int i = 0; status == KR_OK && i < t->n_parts; i++) {
		status = diagonal(p, &t->parts[i], part, v);
		for (int j = 0; status == KR_OK && j < m; j++)
			k[j] = t->family == &kernel__sum ? k[j] + v[j] : k[j] * v[j];
		part = next_part(p, &t->parts[i], part);
	}
	for (int j = 0; j < m; j++)
		k[j] *= leaf.scale;
	arena_release(p->a, mark);
	return status;
}

enum kr_status kernel_diagonal(
	const struct kernel *k, struct mat Z, double *out, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct pass p = {.k = k, .X = Z, .Z = Z, .a = a, .err = err};
	enum kr_status status = begin(&p) ? diagonal(&p, k->root, (struct at){0}, out) : no_memory(&p);

	arena_release(a, mark);
	return status;
}

/* u <- w times the outputscale and, in a product, times the diagonals of the other parts. */
static enum kr_status part_weights(const struct pass *p, const struct kernel_term *t, struct at at,
	int which, const double *w, double *u, double *v)
{
	struct at part = first_part(p, t, at);
	int m = p->Z.rows;

	for (int j = 0; j < m; j++)
		u[j] = w[j] * scale_of(p, t, at);
	for (int i = 0; t->family == &kernel__product && i < t->n_parts; i++) {
		enum kr_status status = i == which ? KR_OK : diagonal(p, &t->parts[i], part, v);

		if (status != KR_OK)
			return status;
		for (int j = 0; i != which && j < m; j++)
			u[j] *= v[j];
		part = next_part(p, &t->parts[i], part);
	}
	return KR_OK;
}

static enum kr_status diagonal_input(
	const struct pass *p, const struct kernel_term *t, struct at at, const double *w, struct mat D)
{
	struct arena_mark mark = arena_mark(p->a);
	struct kernel_leaf leaf = leaf_of(p, t, at);
	struct at part = first_part(p, t, at);
	enum kr_status status = KR_OK;
	double *u = NULL;

	if (!kernel_diagonal_varies(t))
		return KR_OK;
	if (kernel__is_leaf(t)) {
		t->family->diagonal_input(&leaf, p->Z, w, D);
		return KR_OK;
	}
	u = arena_alloc(p->a, sizeof(*u) * 2 * (size_t)p->Z.rows);
	if (!u)
		return no_memory(p);
	for (int i = 0; status == KR_OK && i < t->n_parts; i++) {
		status = part_weights(p, t, at, i, w, u, u + p->Z.rows);
		if (status == KR_OK)
			status = diagonal_input(p, &t->parts[i], part, u, D);
		part = next_part(p, &t->parts[i], part);
	}
	arena_release(p->a, mark);
	return status;
}

enum kr_status kernel_diagonal_adjoint(const struct kernel *k, struct mat Z, const double *w,
	struct mat D, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct pass p = {.k = k, .X = Z, .Z = Z, .a = a, .err = err};
	enum kr_status status = begin(&p) ? diagonal_input(&p, k->root, (struct at){0}, w, D)
									  : no_memory(&p);

	arena_release(a, mark);
	return status;
}
