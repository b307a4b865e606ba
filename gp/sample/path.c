/* Legend: h(x) = sum_j a_j cos(omega_j'e(x)) + b_j sin(omega_j'e(x)), a and b ~ N(0, variance /
 * waves); v = K^-1 (y - m - h(X) - e). Pairs of cosine and sine have the prior's variance
 * everywhere, a random phase has it on average only (Sutherland & Schneider 2015). */
#include "gp/sample/path.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/kernels/spectrum.h"
#include "gp/linalg/blas.h"

struct path {
	const struct gp *gp;
	struct spectrum spectrum;
	struct mat omega; /* slots x waves */
	double *a, *b;    /* waves */
	double *v;        /* n */
};

/* phase (rows of E) <- omega_j'e(x); sums in the order of the slots, so that a row has the same
 * bits in every batch. */
static void phases(const struct path *p, struct mat E, int j, double *phase)
{
	const double *omega = mat_col(p->omega, j);

	for (int i = 0; i < E.rows; i++)
		phase[i] = 0;
	for (int slot = 0; slot < E.cols; slot++) {
		const double *e = mat_col(E, slot);

		for (int i = 0; i < E.rows; i++)
			phase[i] += omega[slot] * e[i];
	}
}

/* D(:, c) += slope_i omega_jc for the numeric columns, where they are active. */
static void add_slopes(const struct path *p, struct mat X, const double *slope, int j, struct mat D)
{
	const struct kernel *k = p->spectrum.kernel;

	for (int c = 0; c < k->d; c++) {
		double omega = *mat_at(p->omega, p->spectrum.first[c], j);

		if (!k->categorical || !k->categorical[c])
			for (int i = 0; i < D.rows; i++)
				*mat_at(D, i, c) += isnan(*mat_at(X, i, c)) ? 0 : slope[i] * omega;
	}
}

/* f += h(x), D += dh/dx. */
static enum kr_status add_prior(const struct path *p, struct mat X, double *f, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct mat E = mat_new(scratch, X.rows, spectrum_slots(&p->spectrum));
	double *phase = ARENA_ARRAY(scratch, double, X.rows);
	enum kr_status status = KR_OK;

	if (!E.p || !phase)
		status = kr_fail(err, KR_ENOMEM, "path at %d points", X.rows);
	else if (!spectrum_encode(&p->spectrum, X, E))
		status = kr_fail(err, KR_INVALID_ARGUMENT, "a choice is not one of its column");
	for (int j = 0; status == KR_OK && j < p->omega.cols; j++) {
		phases(p, E, j, phase);
		for (int i = 0; i < X.rows; i++) {
			double c = cos(phase[i]), s = sin(phase[i]);

			f[i] += p->a[j] * c + p->b[j] * s;
			phase[i] = p->b[j] * c - p->a[j] * s;
		}
		if (D.p)
			add_slopes(p, X, phase, j, D);
	}
	arena_release(scratch, mark);
	return status;
}

/* The waves; v stays. */
static enum kr_status draw_prior(struct path *p, const int *choices, int waves, struct rng *r,
	struct arena *a, struct kr_error *err)
{
	enum kr_status status = spectrum_init(&p->spectrum, gp_kernel(p->gp), choices, a, err);
	double size;

	if (status != KR_OK)
		return status;
	p->omega = mat_new(a, spectrum_slots(&p->spectrum), waves);
	p->a = ARENA_ARRAY(a, double, waves);
	p->b = ARENA_ARRAY(a, double, waves);
	if (!p->omega.p || !p->a || !p->b)
		return kr_fail(err, KR_ENOMEM, "path of %d waves", waves);
	size = sqrt(p->spectrum.variance / waves);
	for (int j = 0; j < waves; j++) {
		spectrum_draw(&p->spectrum, r, mat_col(p->omega, j));
		p->a[j] = size * rng_normal(r);
		p->b[j] = size * rng_normal(r);
	}
	return KR_OK;
}

/* v <- A - K^-1 (h(X) + e). */
static enum kr_status update(
	struct path *p, int column, struct rng *r, struct arena *a, struct kr_error *err)
{
	struct mat A = gp_weights(p->gp);
	const double *noise = gp_noises(p->gp);
	struct arena_mark mark;
	enum kr_status status;

	p->v = ARENA_ARRAY(a, double, A.rows);
	if (!p->v)
		return kr_fail(err, KR_ENOMEM, "path of a model of %d points", A.rows);
	mark = arena_mark(a);
	status = add_prior(p, gp_points(p->gp), p->v, (struct mat){0}, a, err);
	for (int i = 0; status == KR_OK && i < A.rows; i++)
		p->v[i] += sqrt(noise[i]) * rng_normal(r);
	if (status == KR_OK) {
		gp_solve(p->gp, mat_view(p->v, A.rows, 1, A.rows));
		for (int i = 0; i < A.rows; i++)
			p->v[i] = *mat_at(A, i, column) - p->v[i];
	}
	arena_release(a, mark);
	return status;
}

enum kr_status path_new(struct path **path, const struct gp *g, int column, int waves,
	const int *choices, struct rng *r, struct arena *a, struct kr_error *err)
{
	struct path *p = ARENA_NEW(a, struct path);
	enum kr_status status;

	assert(gp_rows(g) > 0 && column >= 0 && column < gp_columns(g) && waves > 0);
	if (!p)
		return kr_fail(err, KR_ENOMEM, "path of %d waves", waves);
	p->gp = g;
	status = draw_prior(p, choices, waves, r, a, err);
	if (status == KR_OK)
		status = update(p, column, r, a, err);
	if (status == KR_OK)
		*path = p;
	return status;
}

/* f += k(x, X) v; D <- its gradient. */
static enum kr_status add_update(const struct path *p, struct mat X, double *f, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	const struct kernel *k = gp_kernel(p->gp);
	struct mat Z = gp_points(p->gp), K = mat_new(scratch, Z.rows, X.rows);
	struct kernel_tape *tape = D.p ? kernel_tape_new(k->root, Z.rows, X.rows, scratch) : NULL;
	enum kr_status status = KR_OK;

	if (!K.p || (D.p && !tape))
		status = kr_fail(err, KR_ENOMEM, "path at %d points", X.rows);
	else
		status = kernel_cross(k, Z, X, K, tape, scratch, err);
	for (int i = 0; status == KR_OK && i < X.rows; i++) {
		f[i] += blas_dot(Z.rows, mat_col(K, i), p->v);
		memcpy(mat_col(K, i), p->v, sizeof(double) * (size_t)Z.rows); /* the adjoint of K */
	}
	if (status == KR_OK && D.p)
		status = kernel_input_adjoint(k, Z, X, tape, K, D, scratch, err);
	arena_release(scratch, mark);
	return status;
}

/* The chain rule of a warp; slope.p NULL without one. */
static void multiply(struct mat D, struct mat slope)
{
	for (int c = 0; D.p && slope.p && c < D.cols; c++)
		for (int i = 0; i < D.rows; i++)
			*mat_at(D, i, c) *= *mat_at(slope, i, c);
}

enum kr_status path_eval(const struct path *path, struct mat X, double *f, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct mat Z, slope;
	enum kr_status status = gp_see(path->gp, X, &Z, &slope, scratch, err);

	for (int i = 0; i < X.rows; i++)
		f[i] = gp_mean(path->gp);
	if (status == KR_OK)
		status = add_update(path, Z, f, D, scratch, err);
	if (status == KR_OK)
		status = add_prior(path, Z, f, D, scratch, err);
	for (int i = 0; status == KR_OK && i < X.rows; i++)
		if (!isfinite(f[i]))
			status = kr_fail(err, KR_ENONFINITE, "path at point %d is not finite", i);
	if (status == KR_OK)
		multiply(D, slope);
	arena_release(scratch, mark);
	return status;
}
