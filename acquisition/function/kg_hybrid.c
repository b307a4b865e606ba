#include "acquisition/function/kg_hybrid.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/special/special.h"

/* The best mean is sought once, from more starts and for longer. */
enum { MEAN_STARTS = 8, MEAN_ITERATIONS = 100 };

/* max_x' mu + z b is convex in z, and the lines of the x*_j are its tangents at z_j: their error is
 * as the gap squared, and of least mean when the z_j have the density phi^(1/3) (Panter & Dite
 * 1951): normal, sqrt 3 times as wide as Z. Plain quantiles miss what only the tails bring. */
static const double spread = 1.7320508075688772;

/* ---- what inner ascents climb ---------------------------------------------------------- */

/* f(x', j) = mu(x') + tilt_j k_n(x', x), j in the last coordinate, mu the mean of all columns. */
struct tilted {
	const struct gp *model;
	const struct covariance *x; /* NULL: mu alone */
	double tilt[KG_HYBRID_MOST];
};

static double mean_of(struct mat mean, int row)
{
	double sum = 0;

	for (int c = 0; c < mean.cols; c++)
		sum += *mat_at(mean, row, c);
	return sum / mean.cols;
}

static double tilt_of(const struct tilted *f, struct mat X, int row)
{
	return f->tilt[(int)*mat_at(X, row, X.cols - 1)];
}

static enum kr_status tilted_gradient(const struct tilted *f, struct mat X,
	const struct gp_batch *batch, struct kernel_tape *tape, struct mat D, struct arena *a,
	struct kr_error *err)
{
	int B = X.rows, columns = batch->mean.cols;
	struct mat dmean = mat_new(a, B, columns), dC = mat_new(a, 1, B);
	double *dvar = ARENA_ARRAY(a, double, B);
	enum kr_status st;

	if (!dmean.p || !dC.p || !dvar)
		return kr_fail(err, KR_ENOMEM, "no memory for %d candidates", B);
	for (int i = 0; i < B * columns; i++)
		dmean.p[i] = 1.0 / columns;
	for (int i = 0; f->x && i < B; i++)
		dC.p[i] = tilt_of(f, X, i);
	st = gp_adjoint(f->model, batch, dmean, dvar, D, a, err);
	return st || !f->x ? st : covariance_adjoint(f->x, batch, tape, dC, D, a, err);
}

static enum kr_status tilted_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	const struct tilted *f = ctx;
	int B = X.rows, d = X.cols - 1;
	struct mat C = mat_new(scratch, 1, B);
	struct kernel_tape *tape = NULL;
	struct gp_batch batch;
	enum kr_status st;

	if (!C.p)
		return kr_fail(err, KR_ENOMEM, "no memory for %d candidates", B);
	st = gp_predict(f->model, mat_block(X, 0, 0, B, d), true, &batch, scratch, err);
	if (!st && f->x)
		st = covariance_eval(f->x, &batch, C, &tape, scratch, err);
	for (int i = 0; !st && i < B; i++) {
		value[i] = mean_of(batch.mean, i) + (f->x ? tilt_of(f, X, i) * C.p[i] : 0);
		*mat_at(D, i, d) = 0;
	}
	if (!st)
		st = tilted_gradient(f, X, &batch, tape, mat_block(D, 0, 0, B, d), scratch, err);
	arena_release(scratch, mark);
	return st;
}

/* Climb f from the n columns of start (d + 1 each). */
static enum kr_status climb(const struct kg_hybrid *h, struct tilted *f, int iterations, int n,
	double *start, double *value, struct arena *a, struct kr_error *err)
{
	struct ascend_function function = {tilted_eval, f};
	struct ascend_options options = h->ascent;
	struct ascend *s;
	bool more = true;
	enum kr_status st = KR_OK;

	options.iterations = iterations;
	s = ascend_new(&function, &options, h->base.set.A.cols + 1, n, start, value, a);
	if (!s)
		return kr_fail(err, KR_ENOMEM, "no memory for %d ascents", n);
	while (!st && more)
		st = ascend_step(s, &more, a, err);
	return st;
}

/* start (d + 1) <- row i of A, and j. */
static void begin(struct mat A, int i, int j, double *start)
{
	for (int k = 0; k < A.cols; k++)
		start[k] = *mat_at(A, i, k);
	start[A.cols] = j;
}

/* ---- the set ------------------------------------------------------------------------------ */

/* best (1 x d) <- the best mean found from the best points of the set. */
static enum kr_status best_mean(
	const struct kg_hybrid *h, struct mat best, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	const struct covariance *set = &h->base.set;
	struct tilted f = {.model = set->model};
	int d = set->A.cols, m = set->A.rows, n = m < MEAN_STARTS ? m : MEAN_STARTS, top = 0;
	double *mean = ARENA_ARRAY(scratch, double, m);
	double *start = ARENA_ARRAY(scratch, double, n *(d + 1)), value[MEAN_STARTS];
	enum kr_status st = KR_ENOMEM;

	if (!mean || !start) {
		kr_fail(err, KR_ENOMEM, "no memory for %d ascents", n);
		goto done;
	}
	for (int i = 0; i < m; i++)
		mean[i] = mean_of(set->mean, i);
	for (int k = 0; k < n; k++) {
		int most = 0;

		for (int i = 1; i < m; i++)
			most = mean[i] > mean[most] ? i : most;
		value[k] = mean[most];
		mean[most] = -INFINITY;
		begin(set->A, most, 0, start + k * (d + 1));
	}
	st = climb(h, &f, MEAN_ITERATIONS, n, start, value, scratch, err);
	for (int k = 1; k < n; k++)
		top = value[k] > value[top] ? k : top;
	for (int j = 0; j < d; j++)
		*mat_at(best, 0, j) = start[top * (d + 1) + j];
done:
	arena_release(scratch, mark);
	return st;
}

/* The options with one more coordinate, that does not move. */
static enum kr_status widen(
	struct ascend_options *options, int d, struct arena *a, struct kr_error *err)
{
	unsigned char *moving = ARENA_ARRAY(a, unsigned char, d + 1);
	double *scale = ARENA_ARRAY(a, double, d + 1);

	if (!moving || !scale)
		return kr_fail(err, KR_ENOMEM, "no memory for %d coordinates", d);
	memcpy(moving, options->moving, (size_t)d);
	memcpy(scale, options->scale, sizeof(double) * (size_t)d);
	scale[d] = 1;
	options->moving = moving;
	options->scale = scale;
	return KR_OK;
}

/* Add the points P to the set of k. */
static enum kr_status add(struct kg *k, struct mat P, struct arena *a, struct kr_error *err)
{
	struct covariance more, all;
	enum kr_status st = covariance_init(&more, k->set.model, P, a, err);

	if (!st)
		st = covariance_join(&all, &k->set, &more, a, err);
	if (!st)
		k->set = all;
	return st;
}

enum kr_status kg_hybrid_init(struct kg_hybrid *h, const struct gp *model, struct mat A,
	double noise, int n_z, const struct ascend_options *ascent, struct arena *a,
	struct kr_error *err)
{
	struct mat best = mat_new(a, 1, A.cols);
	enum kr_status st;

	assert(n_z >= 1 && n_z <= KG_HYBRID_MOST);
	*h = (struct kg_hybrid){.ascent = *ascent, .n_z = n_z};
	for (int j = 0; j < n_z; j++)
		h->z[j] = spread * special_quantile((j + 0.5) / n_z);
	st = best.p ? widen(&h->ascent, A.cols, a, err)
				: kr_fail(err, KR_ENOMEM, "no memory for %d coordinates", A.cols);
	if (!st)
		st = kg_init(&h->base, model, A, true, noise, a, err);
	if (!st)
		st = best_mean(h, best, a, err);
	return st ? st : add(&h->base, best, a, err);
}

/* ---- one candidate -------------------------------------------------------------------------- */

/* start (n_z columns of d + 1) <- for each z_j the point of the set or x whose line is highest. */
static enum kr_status highest(const struct kg_hybrid *h, struct mat x, double *start, double *value,
	struct arena *a, struct kr_error *err)
{
	const struct covariance *set = &h->base.set;
	int m = set->A.rows, d = x.cols;
	struct mat height = mat_new(a, m + 1, 1), slope = mat_new(a, m + 1, 1);
	enum kr_status st;

	if (!height.p || !slope.p)
		return kr_fail(err, KR_ENOMEM, "no memory for %d points", m);
	st = kg_moves(&h->base, x, height, slope, a, err);
	for (int j = 0; !st && j < h->n_z; j++) {
		int most = 0;

		for (int i = 1; i <= m; i++)
			if (height.p[i] + h->z[j] * slope.p[i] > height.p[most] + h->z[j] * slope.p[most])
				most = i;
		value[j] = height.p[most] + h->z[j] * slope.p[most];
		begin(most < m ? set->A : x, most < m ? most : 0, j, start + j * (d + 1));
	}
	return st;
}

enum kr_status kg_hybrid_points(const struct kg_hybrid *h, struct mat x, struct mat P,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	int d = x.cols;
	double value[KG_HYBRID_MOST], *start = ARENA_ARRAY(scratch, double, h->n_z *(d + 1));
	struct tilted f = {.model = h->base.set.model};
	struct covariance at_x;
	struct gp_batch batch;
	enum kr_status st = start ? highest(h, x, start, value, scratch, err)
							  : kr_fail(err, KR_ENOMEM, "no memory for %d ascents", h->n_z);

	if (!st)
		st = gp_predict(f.model, x, false, &batch, scratch, err);
	if (!st)
		st = covariance_init(&at_x, f.model, x, scratch, err);
	if (st)
		goto done;
	f.x = &at_x;
	for (int j = 0; j < h->n_z; j++)
		f.tilt[j] = h->z[j] / sqrt(batch.var[0] + h->base.noise);
	st = climb(h, &f, h->ascent.iterations, h->n_z, start, value, scratch, err);
	for (int k = 0; !st && k < d; k++)
		for (int j = 0; j < h->n_z; j++)
			*mat_at(P, j, k) = start[j * (d + 1) + k];
done:
	arena_release(scratch, mark);
	return st;
}

enum kr_status kg_hybrid_add(
	struct kg_hybrid *h, struct mat X, struct arena *a, struct kr_error *err)
{
	int d = X.cols;
	struct mat P = mat_new(a, h->n_z * X.rows, d);
	enum kr_status st = P.p ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for %d points", P.rows);

	for (int i = 0; !st && i < X.rows; i++)
		st = kg_hybrid_points(
			h, mat_block(X, i, 0, 1, d), mat_block(P, i * h->n_z, 0, h->n_z, d), a, err);
	return st ? st : add(&h->base, P, a, err);
}

enum kr_status kg_hybrid_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	const struct kg_hybrid *h = ctx;
	enum kr_status st = KR_OK;

	for (int i = 0; !st && i < X.rows; i++) {
		struct arena_mark mark = arena_mark(scratch);
		struct mat x = mat_block(X, i, 0, 1, X.cols), P = mat_new(scratch, h->n_z, X.cols);
		struct kg wide = h->base;

		st = P.p ? kg_hybrid_points(h, x, P, scratch, err)
				 : kr_fail(err, KR_ENOMEM, "no memory for %d points", h->n_z);
		if (!st)
			st = add(&wide, P, scratch, err);
		if (!st)
			st = kg_eval(
				&wide, x, &value[i], D.p ? mat_block(D, i, 0, 1, D.cols) : D, scratch, err);
		arena_release(scratch, mark);
	}
	return st;
}
