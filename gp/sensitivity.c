/* Indices of any function, and what all share. */
#include "gp/sensitivity.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/sensitivity_internal.h"

static const double pi = 3.14159265358979323846;

enum kr_status sensitivity__check_box(
	int d, const double *lower, const double *upper, struct kr_error *err)
{
	for (int c = 0; c < d; c++)
		if (!(isfinite(lower[c]) && isfinite(upper[c]) && lower[c] <= upper[c]))
			return kr_fail(err, KR_INVALID_ARGUMENT, "column %d: [%g, %g] is no interval", c,
				lower[c], upper[c]);
	return KR_OK;
}

enum kr_status sensitivity__make(
	struct sensitivity *s, int d, bool pairs, struct arena *a, struct kr_error *err)
{
	*s = (struct sensitivity){
		.first = ARENA_ARRAY(a, double, d), .total = ARENA_ARRAY(a, double, d)};
	if (pairs)
		s->pair = mat_view(ARENA_ARRAY(a, double, (size_t)d *(size_t)d), d, d, d);
	if (!s->first || !s->total || (pairs && !s->pair.p))
		return kr_fail(err, KR_ENOMEM, "sensitivity to %d inputs", d);
	return KR_OK;
}

void sensitivity__normalize(struct sensitivity *s, int d, double size)
{
	bool constant = !(s->variance > 1e-28 * size * size);

	if (constant)
		s->variance = 0;
	for (int c = 0; c < d; c++) {
		s->first[c] = constant ? 0 : s->first[c] / s->variance;
		s->total[c] = constant ? 0 : s->total[c] / s->variance;
	}
}

/* ---- by a grid --------------------------------------------------------------------- */

enum { MAX_POINTS = 1 << 20, MAX_PANEL = 20, BLOCK = 512 };

/* Values on a grid of m^d points, input 0 fastest, and the weights of one input. */
struct grid {
	int d, m, n;
	double node[2 * MAX_PANEL], weight[2 * MAX_PANEL]; /* on [0, 1], weights sum to 1 */
	double *f, *work;                                  /* n; f is centred later */
};

/* Gauss-Legendre of order k on [-1, 1] by Newton's method (Press et al. 2007, section 4.6). */
static void gauss_legendre(int k, double *node, double *weight)
{
	for (int i = 0; i < k; i++) {
		double x = cos(pi * (i + 0.75) / (k + 0.5)), slope = 1;

		for (int step = 0; step < 100; step++) {
			double p = 1, before = 0, last;

			for (int j = 1; j <= k; j++) {
				last = before;
				before = p;
				p = ((2 * j - 1) * x * before - (j - 1) * last) / j;
			}
			slope = k * (x * p - before) / (x * x - 1);
			x -= p / slope;
			if (fabs(p / slope) < 1e-16)
				break;
		}
		node[i] = x;
		weight[i] = 2 / ((1 - x * x) * slope * slope);
	}
}

static void make_grid(struct grid *g, int d)
{
	int panel = 2;
	double node[MAX_PANEL], weight[MAX_PANEL];

	while (panel < MAX_PANEL && pow(2.0 * (panel + 1), d) <= MAX_POINTS)
		panel++;
	gauss_legendre(panel, node, weight);
	g->d = d;
	g->m = 2 * panel;
	g->n = 1;
	for (int c = 0; c < d; c++)
		g->n *= g->m;
	for (int i = 0; i < panel; i++) {
		g->node[i] = 0.25 * (1 + node[i]);
		g->node[panel + i] = 0.5 + g->node[i];
		g->weight[i] = g->weight[panel + i] = 0.25 * weight[i];
	}
}

/* Index of point p in input c, step = m^c. */
static int digit(const struct grid *g, int p, int step)
{
	return p / step % g->m;
}

/* All values, in blocks. */
static enum kr_status evaluate(struct grid *g, sensitivity_function *f, void *context,
	const double *lower, const double *upper, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct mat X = mat_view(ARENA_ARRAY(a, double, BLOCK * g->d), BLOCK, g->d, BLOCK);
	enum kr_status status = X.p ? KR_OK : kr_fail(err, KR_ENOMEM, "grid in %d inputs", g->d);

	for (int at = 0; status == KR_OK && at < g->n; at += X.rows) {
		X.rows = g->n - at < BLOCK ? g->n - at : BLOCK;
		for (int c = 0, step = 1; c < g->d; c++, step *= g->m)
			for (int i = 0; i < X.rows; i++)
				*mat_at(X, i, c) = lower[c] +
					g->node[digit(g, at + i, step)] * (upper[c] - lower[c]);
		status = f(context, X, g->f + at, a, err);
	}
	arena_release(a, mark);
	for (int i = 0; status == KR_OK && i < g->n; i++)
		if (!isfinite(g->f[i]))
			return kr_fail(err, KR_ENONFINITE, "the function is %g inside the box", g->f[i]);
	return status;
}

/* v <- its average over the input of this step; above: values of the inputs after it. */
static void average_input(const struct grid *g, double *v, int step, int above)
{
	for (int q = 0; q < above; q++)
		for (int r = 0; r < step; r++) {
			double sum = 0;

			for (int i = 0; i < g->m; i++)
				sum += g->weight[i] * v[(q * g->m + i) * step + r];
			v[q * step + r] = sum;
		}
}

/* v <- its average over all inputs but i and j (-1: none): one input at a time, the last first, so
 * that sums are short. */
static void average_others(const struct grid *g, double *v, int i, int j)
{
	int above = 1;

	for (int c = g->d - 1, step = g->n / g->m; c >= 0; c--, step /= g->m)
		if (c == i || c == j)
			above *= g->m;
		else
			average_input(g, v, step, above);
}

/* Var E[f | x_i]; f is centred here and below. */
static double variance_of_one(const struct grid *g, int i)
{
	double variance = 0;

	memcpy(g->work, g->f, sizeof(double) * (size_t)g->n);
	average_others(g, g->work, i, -1);
	for (int p = 0; p < g->m; p++)
		variance += g->weight[p] * g->work[p] * g->work[p];
	return variance;
}

/* Var(E[f | x_i, x_j] - E[f | x_i] - E[f | x_j]). */
static double variance_of_pair(const struct grid *g, int i, int j)
{
	double row[2 * MAX_PANEL] = {0}, column[2 * MAX_PANEL] = {0}, variance = 0;
	int m = g->m;

	memcpy(g->work, g->f, sizeof(double) * (size_t)g->n);
	average_others(g, g->work, i, j);
	for (int p = 0; p < m * m; p++) {
		row[p % m] += g->weight[p / m] * g->work[p];
		column[p / m] += g->weight[p % m] * g->work[p];
	}
	for (int p = 0; p < m * m; p++) {
		double f = g->work[p] - row[p % m] - column[p / m];

		variance += g->weight[p % m] * g->weight[p / m] * f * f;
	}
	return variance;
}

/* E Var[f | all but x_i]. */
static double variance_within(const struct grid *g, int step)
{
	for (int p = 0; p < g->n; p++) {
		double mean = 0, variance = 0;

		if (digit(g, p, step) != 0)
			continue;
		for (int k = 0; k < g->m; k++)
			mean += g->weight[k] * g->f[p + k * step];
		for (int k = 0; k < g->m; k++) {
			double f = g->f[p + k * step] - mean;

			variance += g->weight[k] * f * f;
		}
		for (int k = 0; k < g->m; k++)
			g->work[p + k * step] = variance;
	}
	average_others(g, g->work, -1, -1);
	return g->work[0];
}

/* The moments, and f centred; answers the largest size of f. */
static double centre(struct grid *g, struct sensitivity *s)
{
	double size = 0;

	memcpy(g->work, g->f, sizeof(double) * (size_t)g->n);
	average_others(g, g->work, -1, -1);
	s->mean = g->work[0];
	for (int p = 0; p < g->n; p++) {
		size = fmax(size, fabs(g->f[p]));
		g->f[p] -= s->mean;
		g->work[p] = g->f[p] * g->f[p];
	}
	average_others(g, g->work, -1, -1);
	s->variance = g->work[0];
	return size;
}

static void analyse(struct grid *g, struct sensitivity *s)
{
	double size = centre(g, s);

	for (int i = 0, step = 1; i < g->d; i++, step *= g->m) {
		s->first[i] = variance_of_one(g, i);
		s->total[i] = variance_within(g, step);
	}
	sensitivity__normalize(s, g->d, size);
	for (int i = 0; i < g->d; i++)
		for (int j = 0; j < i; j++) {
			double part = s->variance > 0 ? variance_of_pair(g, i, j) / s->variance : 0;

			*mat_at(s->pair, i, j) = *mat_at(s->pair, j, i) = part;
		}
}

enum kr_status sensitivity_of_function(sensitivity_function *f, void *context, int d,
	const double *lower, const double *upper, struct sensitivity *s, struct arena *a,
	struct kr_error *err)
{
	enum kr_status status = sensitivity__make(s, d, true, a, err);
	struct arena_mark mark = arena_mark(a);
	struct grid g;

	assert(d > 0);
	if (d > SENSITIVITY_MAX_INPUTS)
		return kr_fail(
			err, KR_TOO_LARGE, "%d inputs: a grid can have at most %d", d, SENSITIVITY_MAX_INPUTS);
	if (status == KR_OK)
		status = sensitivity__check_box(d, lower, upper, err);
	if (status != KR_OK)
		return status;
	make_grid(&g, d);
	g.f = ARENA_ARRAY(a, double, g.n);
	g.work = ARENA_ARRAY(a, double, g.n);
	status = g.f && g.work ? evaluate(&g, f, context, lower, upper, a, err)
						   : kr_fail(err, KR_ENOMEM, "grid of %d points", g.n);
	if (status == KR_OK)
		analyse(&g, s);
	arena_release(a, mark);
	return status;
}

/* ---- by samples -------------------------------------------------------------------- */

/* Two independent sets of points, and the first with one column of the second. */
struct samples {
	struct mat A, B, mixed;   /* BLOCK x d */
	double *fa, *fb, *fmixed; /* BLOCK */
	double shift;             /* about the mean: what products are centred with */
};

static bool make_samples(struct samples *t, int d, struct arena *a)
{
	size_t size = (size_t)BLOCK * (size_t)d;

	t->A = mat_view(ARENA_ARRAY(a, double, size), BLOCK, d, BLOCK);
	t->B = mat_view(ARENA_ARRAY(a, double, size), BLOCK, d, BLOCK);
	t->mixed = mat_view(ARENA_ARRAY(a, double, size), BLOCK, d, BLOCK);
	t->fa = ARENA_ARRAY(a, double, BLOCK);
	t->fb = ARENA_ARRAY(a, double, BLOCK);
	t->fmixed = ARENA_ARRAY(a, double, BLOCK);
	return t->A.p && t->B.p && t->mixed.p && t->fa && t->fb && t->fmixed;
}

static void fill(struct mat X, const double *lower, const double *upper, struct rng *r)
{
	for (int i = 0; i < X.rows; i++)
		for (int c = 0; c < X.cols; c++)
			*mat_at(X, i, c) = lower[c] + rng_uniform(r) * (upper[c] - lower[c]);
}

static enum kr_status finite_values(sensitivity_function *f, void *context, struct mat X,
	double *value, struct arena *a, struct kr_error *err)
{
	enum kr_status status = f(context, X, value, a, err);

	for (int i = 0; status == KR_OK && i < X.rows; i++)
		if (!isfinite(value[i]))
			return kr_fail(err, KR_ENONFINITE, "the function is %g inside the box", value[i]);
	return status;
}

/* Sums over one block: first and total of one column. */
static enum kr_status add_column(struct samples *t, sensitivity_function *f, void *context, int c,
	struct sensitivity *s, struct arena *a, struct kr_error *err)
{
	enum kr_status status;

	for (int k = 0; k < t->A.cols; k++)
		memcpy(mat_col(t->mixed, k), mat_col(k == c ? t->B : t->A, k),
			sizeof(double) * (size_t)t->A.rows);
	status = finite_values(f, context, t->mixed, t->fmixed, a, err);
	for (int i = 0; status == KR_OK && i < t->A.rows; i++) {
		double change = t->fmixed[i] - t->fa[i];

		s->first[c] += (t->fb[i] - t->shift) * change;
		s->total[c] += 0.5 * change * change;
	}
	return status;
}

/* Sums over the next block; mean and variance are those of differences from the shift. */
static enum kr_status add_block(struct samples *t, sensitivity_function *f, void *context,
	bool first, struct sensitivity *s, struct arena *a, struct kr_error *err)
{
	enum kr_status status = finite_values(f, context, t->A, t->fa, a, err);

	if (status == KR_OK)
		status = finite_values(f, context, t->B, t->fb, a, err);
	for (int i = 0; status == KR_OK && first && i < t->A.rows; i++)
		t->shift += 0.5 * (t->fa[i] + t->fb[i]) / t->A.rows;
	for (int i = 0; status == KR_OK && i < t->A.rows; i++) {
		double x = t->fa[i] - t->shift, y = t->fb[i] - t->shift;

		s->mean += x + y;
		s->variance += x * x + y * y;
	}
	for (int c = 0; status == KR_OK && c < t->A.cols; c++)
		status = add_column(t, f, context, c, s, a, err);
	return status;
}

enum kr_status sensitivity_of_samples(sensitivity_function *f, void *context, int d,
	const double *lower, const double *upper, int samples, struct rng *r, struct sensitivity *s,
	struct arena *a, struct kr_error *err)
{
	enum kr_status status = sensitivity__make(s, d, false, a, err);
	struct arena_mark mark = arena_mark(a);
	struct samples t = {0};

	assert(d > 0 && samples > 0);
	if (status == KR_OK)
		status = sensitivity__check_box(d, lower, upper, err);
	if (status == KR_OK && !make_samples(&t, d, a))
		status = kr_fail(err, KR_ENOMEM, "samples of %d inputs", d);
	for (int at = 0; status == KR_OK && at < samples; at += BLOCK) {
		t.A.rows = t.B.rows = t.mixed.rows = samples - at < BLOCK ? samples - at : BLOCK;
		fill(t.A, lower, upper, r);
		fill(t.B, lower, upper, r);
		status = add_block(&t, f, context, at == 0, s, a, err);
	}
	arena_release(a, mark);
	if (status != KR_OK)
		return status;
	s->mean /= 2.0 * samples;
	s->variance = s->variance / (2.0 * samples) - s->mean * s->mean;
	s->mean += t.shift;
	for (int c = 0; c < d; c++) {
		s->first[c] /= samples;
		s->total[c] /= samples;
	}
	sensitivity__normalize(s, d, fabs(s->mean));
	return KR_OK;
}
