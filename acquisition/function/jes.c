/* Conditioning on one more value is of rank one: with c = k_n(x, x*), v = k_n(x*, x*)
 * s_k^2 = s^2 - c^2 / v,   mu_k = mu + c (y* - mu*) / v. */
#include "acquisition/function/jes.h"

#include <assert.h>
#include <math.h>

#include "acquisition/function/covariance.h"
#include "acquisition/function/truncated.h"

static const double least_part = 1e-8; /* of s^2 that is left beside an optimum */

struct jes {
	const struct gp *model;
	double noise;
	int n;
	struct covariance optima;
	double *y, *v, *gain; /* n: y*, k_n(x*, x*), (y* - mu*) / v */
};

enum kr_status jes_draw(const struct gp *g, const struct thompson_search *search,
	const int *choices, struct rng *r, struct mat x, double *y, struct arena *scratch,
	struct kr_error *err)
{
	enum kr_status st = KR_OK;

	for (int k = 0; !st && k < x.rows; k++) {
		struct arena_mark mark = arena_mark(scratch);
		double *at = ARENA_ARRAY(scratch, double, x.cols);
		struct path *path = NULL;

		st = at ? path_new(&path, g, k % gp_columns(g), PATH_WAVES, choices, r, scratch, err)
				: kr_fail(err, KR_ENOMEM, "no memory for an optimum");
		if (!st)
			st = thompson_maximize(path, search, at, &y[k], scratch, err);
		for (int c = 0; !st && c < x.cols; c++)
			*mat_at(x, k, c) = at[c];
		arena_release(scratch, mark);
	}
	return st;
}

enum kr_status jes_new(struct jes **j, const struct gp *g, double noise, struct mat x,
	const double *y, struct arena *a, struct kr_error *err)
{
	struct jes *s = ARENA_NEW(a, struct jes);
	struct mat at;
	struct arena_mark mark;
	struct gp_batch batch;
	enum kr_status st;

	assert(x.rows >= 1);
	if (!s)
		return kr_fail(err, KR_ENOMEM, "no memory for %d optima", x.rows);
	*s = (struct jes){.model = g, .noise = noise, .n = x.rows};
	at = mat_new(a, x.rows, x.cols);
	s->y = arena_memdup(a, y, sizeof(double) * (size_t)s->n);
	s->v = ARENA_ARRAY(a, double, s->n);
	s->gain = ARENA_ARRAY(a, double, s->n);
	if (!s->y || !s->v || !s->gain || !at.p)
		return kr_fail(err, KR_ENOMEM, "no memory for %d optima", s->n);
	for (int c = 0; c < x.cols; c++)
		for (int k = 0; k < x.rows; k++)
			*mat_at(at, k, c) = *mat_at(x, k, c);
	st = covariance_init(&s->optima, g, at, a, err);
	if (st)
		return st;
	mark = arena_mark(a);
	st = gp_predict(g, x, false, &batch, a, err);
	for (int k = 0; !st && k < s->n; k++) {
		s->v[k] = batch.var[k];
		s->gain[k] = (y[k] - *mat_at(batch.mean, k, k % batch.mean.cols)) / batch.var[k];
	}
	arena_release(a, mark);
	if (!st)
		*j = s;
	return st;
}

/* ln(noise + s_k^2 V(g)) and its slopes in mu, s^2 and c. */
static double one_optimum(const struct jes *j, int k, double mu, double var, double c, double *dmu,
	double *dvar, double *dc)
{
	double left = var - c * c / j->v[k], dleft_dc = -2 * c / j->v[k], dleft_dvar = 1;

	if (!(left > least_part * var)) {
		left = least_part * var;
		dleft_dvar = least_part;
		dleft_dc = 0;
	}
	double s = sqrt(left), g = (j->y[k] - mu - c * j->gain[k]) / s;
	struct truncated t = truncated_below(g);
	double total = j->noise + left * t.var;
	double dleft = (t.var - t.dvar * g / 2) / total; /* dg / ds^2 = -g / (2 s^2) */

	*dmu = -s * t.dvar / total;
	*dvar = dleft * dleft_dvar;
	*dc = dleft * dleft_dc + *dmu * j->gain[k];
	return log(total);
}

static double one_row(void *ctx, struct covariance_row *row)
{
	const struct jes *j = ctx;
	const struct gp_batch *batch = row->batch;
	double var = batch->var[row->b], total = var + j->noise, sum = 0, share = -0.5 / j->n;

	*row->dvar = 0.5 / total;
	for (int k = 0; k < j->n; k++) {
		int m = k % batch->mean.cols;
		double mean = *mat_at(batch->mean, row->b, m), dmu, dv, dc;

		sum += one_optimum(j, k, mean, var, row->c[k], &dmu, &dv, &dc);
		*mat_at(row->dmean, row->b, m) += share * dmu;
		*row->dvar += share * dv;
		row->c[k] = share * dc;
	}
	return 0.5 * log(total) + share * sum;
}

enum kr_status jes_eval(void *ctx, struct mat X, double *value, struct mat D, struct arena *scratch,
	struct kr_error *err)
{
	const struct jes *j = ctx;

	return covariance_map(&j->optima, one_row, ctx, X, value, D, scratch, err);
}
