/* Legend: one conditional has its q <= m neighbours first and its own point last; K, L of these
 * q + 1 points. With e the last unit vector and y = (y_N, y_i), 1 = (1, ..., 1),
 *
 *   u = (L^-1 y)_last, w = (L^-1 1)_last, r = u - m w,  ln p = -r^2 / 2 - ln L_last - ln(2 pi) / 2
 *   m = sum u w / sum w^2                    the profiled mean, over all conditionals
 *   b = L^-T e,  a = (K_NN^-1 y_N, 0),  c = (K_NN^-1 1, 0),  alpha = a - m c
 *
 * The joint likelihood of the q + 1 points less that of the q has the slope
 * 1/2 tr(W dK) (Rasmussen & Williams 2006, eq. 5.9) with W = W_{q+1} - W_q. Since
 * K^-1 = (K_NN^-1, 0) + b b' and K^-1 y = alpha + r b,
 *
 *   W = b v' + v b',   v = r alpha + (r^2 - 1) b / 2,
 *
 * of rank two, so that a gradient costs q^2 d beside the factor. The kernel's share of <W, K> is
 * 1/2 tr(W (K - noise)) = (r^2 - 1) / 2 - sum_i noise_i b_i v_i, because K b = L_last e. The slope
 * in a profiled mean is 0 (envelope theorem), and m is known only after all conditionals: hence
 * b, a and c of each are kept. */
#include "gp/vecchia/vecchia_likelihood.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "gp/linalg/blas.h"
#include "gp/special/special.h"

void vecchia_order(int n, uint64_t seed, int *order)
{
	struct rng r = rng_make(seed, 0, RNG_FIT, 0);

	for (int i = 0; i < n; i++)
		order[i] = i;
	for (int i = n - 1; i > 0; i--) { /* Fisher & Yates */
		int j = (int)rng_below(&r, (uint32_t)i + 1), swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
}

static void copy_row(struct mat X, int i, struct mat to, int at)
{
	for (int k = 0; k < X.cols; k++)
		*mat_at(to, at, k) = *mat_at(X, i, k);
}

/* The place in the order of term t: an even stride, the last place included. */
static int place_of(const struct vecchia_likelihood *l, int t)
{
	return (int)((long)(t + 1) * l->data->n / l->n_terms - 1);
}

/* l->neighbour (rows), count <- of the points in order. X: n x d in that order. */
static enum kr_status search(struct vecchia_likelihood *l, const int *order, struct mat X,
	const double *scale, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(l->scratch);
	int n_terms = l->n_terms, d = l->data->d;
	struct neighbours *nb = neighbours_new(X.rows, d);
	int *before = ARENA_ARRAY(l->scratch, int, n_terms);
	struct mat Q = mat_new(l->scratch, n_terms, d);
	enum kr_status st = KR_OK;

	if (!nb || !before || !Q.p) {
		st = kr_fail(err, KR_ENOMEM, "neighbours of %d observations", X.rows);
		goto done;
	}
	neighbours_reset(nb, scale, l->data->categorical);
	neighbours_add(nb, X);
	for (int t = 0; t < n_terms; t++) {
		before[t] = place_of(l, t);
		copy_row(X, before[t], Q, t);
	}
	st = neighbours_find(nb, Q, before, l->m, l->neighbour, l->count, l->scratch, err);
	for (int t = 0; st == KR_OK && t < n_terms; t++) {
		l->row[t] = order[before[t]];
		for (int i = 0; i < l->count[t]; i++)
			l->neighbour[(size_t)t * (size_t)l->m + (size_t)i] =
				order[l->neighbour[(size_t)t * (size_t)l->m + (size_t)i]];
	}
done:
	neighbours_free(nb);
	arena_release(l->scratch, mark);
	return st;
}

static enum kr_status find_terms(struct vecchia_likelihood *l, const struct vecchia_plan *plan,
	const double *scale, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(l->scratch);
	int n = l->data->n, d = l->data->d;
	int *order = ARENA_ARRAY(l->scratch, int, n);
	struct mat X = mat_new(l->scratch, n, d);
	enum kr_status st = KR_OK;

	if (!order || !X.p)
		st = kr_fail(err, KR_ENOMEM, "order of %d observations", n);
	if (st == KR_OK) {
		vecchia_order(n, plan->seed, order);
		for (int i = 0; i < n; i++)
			copy_row(l->data->X, order[i], X, i);
		st = search(l, order, X, scale, err);
	}
	arena_release(l->scratch, mark);
	return st;
}

enum kr_status vecchia_likelihood_init(struct vecchia_likelihood *l, const struct gp_data *data,
	const struct vecchia_plan *plan, const double *scale, struct arena *a, struct kr_error *err)
{
	int n = data->n, m = plan->neighbours < n - 1 ? plan->neighbours : n - 1;
	int terms = plan->terms > 0 && plan->terms < n ? plan->terms : n;

	m = m > 1 ? m : 1;
	*l = (struct vecchia_likelihood){.data = data, .scratch = a, .n_terms = terms, .m = m};
	size_t links = (size_t)terms * (size_t)m, parts = (size_t)terms * ((size_t)m + 1);
	l->row = ARENA_ARRAY(a, int, terms);
	l->neighbour = ARENA_ARRAY(a, int, links);
	l->count = ARENA_ARRAY(a, int, terms);
	l->u = ARENA_ARRAY(a, double, terms);
	l->w = ARENA_ARRAY(a, double, terms);
	l->b = ARENA_ARRAY(a, double, parts);
	l->a = ARENA_ARRAY(a, double, parts);
	l->c = ARENA_ARRAY(a, double, parts);
	l->value = ARENA_ARRAY(a, double, gp_theta_size(data));
	l->slope = ARENA_ARRAY(a, double, gp_theta_size(data));
	if (!l->row || !l->neighbour || !l->count || !l->u || !l->w || !l->b || !l->a || !l->c ||
		!l->value || !l->slope)
		return kr_fail(err, KR_ENOMEM, "likelihood of %d of %d observations", terms, n);
	enum kr_status st = conditional_init(&l->system, m + 1, data->d, a, err);
	return st == KR_OK ? find_terms(l, plan, scale, err) : st;
}

/* Of term t the neighbours, and its own row last. */
static int row_of(const struct vecchia_likelihood *l, int t, int i)
{
	return i < l->count[t] ? l->neighbour[(size_t)t * (size_t)l->m + (size_t)i] : l->row[t];
}

/* The system of term t <- its rows; how many. */
static int gather(struct vecchia_likelihood *l, int t, const double *theta)
{
	const struct gp_data *data = l->data;
	int q = l->count[t];

	for (int i = 0; i <= q; i++) {
		int row = row_of(l, t, i);

		conditional_take(
			&l->system, i, data->X, row, data->y[row], likelihood_noise(data, theta, row));
	}
	return q + 1;
}

/* u, w, ln L_last of term t; with `parts` also b, a and c. */
static double solve(struct vecchia_likelihood *l, int t, bool parts)
{
	struct conditional *s = &l->system;
	struct mat L = conditional_factor(s), U = conditional_solutions(s, 3);
	int n = s->n;
	double *y = mat_col(U, 0), *one = mat_col(U, 1), *e = mat_col(U, 2);
	size_t at = (size_t)t * ((size_t)l->m + 1), size = sizeof(double) * (size_t)n;

	for (int i = 0; i < n; i++) {
		y[i] = s->y[i];
		one[i] = 1;
		e[i] = i == n - 1;
	}
	blas_trsm(false, L, conditional_solutions(s, 2));
	l->u[t] = y[n - 1];
	l->w[t] = one[n - 1];
	if (parts) {
		y[n - 1] = one[n - 1] = 0;
		blas_trsm(true, L, U);
		memcpy(l->a + at, y, size);
		memcpy(l->c + at, one, size);
		memcpy(l->b + at, e, size);
	}
	return log(*mat_at(L, n - 1, n - 1));
}

/* The mean given, or sum u w / sum w^2; the sum of r^2. */
static double residual(struct vecchia_likelihood *l)
{
	double uw = 0, ww = 0, quad = 0;

	for (int t = 0; t < l->n_terms; t++) {
		uw += l->u[t] * l->w[t];
		ww += l->w[t] * l->w[t];
	}
	l->mean = l->data->mean ? *l->data->mean : uw / ww;
	for (int t = 0; t < l->n_terms; t++) {
		double r = l->u[t] - l->mean * l->w[t];

		quad += r * r;
	}
	return quad;
}

/* v of term t into its a; returns r. */
static double weigh(struct vecchia_likelihood *l, int t, int n)
{
	size_t at = (size_t)t * ((size_t)l->m + 1);
	double *a = l->a + at, *c = l->c + at, *b = l->b + at;
	double r = l->u[t] - l->mean * l->w[t];

	for (int i = 0; i < n; i++)
		a[i] = r * (a[i] - l->mean * c[i]) + 0.5 * (r * r - 1) * b[i];
	return r;
}

/* The kernel at the points of the system again, and what comes back from W, in its place. */
static enum kr_status kernel_slopes(struct vecchia_likelihood *l, const struct kernel *k,
	const double *b, const double *v, double inner, struct kr_error *err)
{
	struct conditional *s = &l->system;
	struct arena_mark mark = arena_mark(l->scratch);
	struct kernel_tape *tape = kernel_tape_new(k->root, s->n, s->n, l->scratch);
	struct mat X = conditional_points(s), W = conditional_factor(s);
	enum kr_status st = tape ? kernel_self(k, X, W, tape, l->scratch, err)
							 : kr_fail(err, KR_ENOMEM, "slopes of %d neighbours", s->n);

	for (int j = 0; st == KR_OK && j < s->n; j++)
		for (int i = j; i < s->n; i++)
			*mat_at(W, i, j) = b[i] * v[j] + v[i] * b[j];
	if (st == KR_OK)
		st = kernel_slope(k, X, tape, W, inner, l->slope, l->scratch, err);
	arena_release(l->scratch, mark);
	return st;
}

static enum kr_status add_slopes(struct vecchia_likelihood *l, int t, const struct kernel *k,
	const double *theta, double *grad, struct kr_error *err)
{
	struct conditional *s = &l->system;
	size_t at = (size_t)t * ((size_t)l->m + 1);
	const double *b = l->b + at, *v = l->a + at;
	int n = s->n = gather(l, t, theta), last = gp_theta_size(l->data) - 1;
	double r = weigh(l, t, n), noise = 0, trace = 0;
	enum kr_status st;

	for (int i = 0; i < n; i++) {
		noise += s->noise[i] * b[i] * v[i];
		trace += b[i] * v[i] / likelihood_count(l->data, row_of(l, t, i));
	}
	st = kernel_slopes(l, k, b, v, 0.5 * (r * r - 1) - noise, err);
	for (int i = 0; st == KR_OK && i < last; i++)
		grad[i] += l->slope[i];
	grad[last] += exp(theta[last]) * trace;
	likelihood_within(l->data, theta, l->row[t], grad + last);
	return st;
}

static enum kr_status gradient(struct vecchia_likelihood *l, const struct kernel *k,
	const double *theta, double *grad, struct kr_error *err)
{
	int size = gp_theta_size(l->data);

	for (int i = 0; i < size; i++)
		grad[i] = 0;
	for (int t = 0; t < l->n_terms; t++) {
		enum kr_status st = add_slopes(l, t, k, theta, grad, err);

		if (st != KR_OK)
			return st;
	}
	for (int i = 0; i < size; i++)
		if (!isfinite(grad[i]))
			return kr_fail(err, KR_ENONFINITE, "slope of %d conditionals", l->n_terms);
	return KR_OK;
}

enum kr_status vecchia_likelihood_eval(struct vecchia_likelihood *l, const double *theta,
	double *lml, double *grad, struct kr_error *err)
{
	enum kr_status st = likelihood_check(l->data, theta, err);
	struct kernel k = likelihood_kernel(l->data, theta, l->value);
	double logs = 0;

	for (int t = 0; st == KR_OK && t < l->n_terms; t++) {
		st = conditional_solve(&l->system, gather(l, t, theta), &k, l->scratch, err);
		if (st == KR_OK)
			logs += solve(l, t, grad != NULL) - likelihood_within(l->data, theta, l->row[t], NULL);
	}
	if (st != KR_OK)
		return st;
	*lml = -0.5 * residual(l) - logs - l->n_terms * SPECIAL_HALF_LN_2PI;
	if (!isfinite(*lml))
		return kr_fail(err, KR_ENONFINITE, "log likelihood of %d conditionals", l->n_terms);
	return grad ? gradient(l, &k, theta, grad, err) : KR_OK;
}
