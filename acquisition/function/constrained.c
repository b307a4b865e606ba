#include "acquisition/function/constrained.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/special/special.h"

static const double least_width = 1e-6;

double constrained_log_probability(
	double mu, double s, double lower, double upper, double *dmu, double *ds)
{
	double a = (lower - mu) / s, b = (upper - mu) / s, da, db, value;

	if (b - a < least_width) {
		double middle = 0.5 * (a + b);

		a = middle - 0.5 * least_width;
		b = middle + 0.5 * least_width;
	}
	value = special_log_cdf_between(a, b, &da, &db);
	*dmu = -(da + db) / s;
	*ds = -((da == 0 ? 0 : da * a) + (db == 0 ? 0 : db * b)) / s;
	return value;
}

/* One model at the candidates, and what is to be sent back through it. */
struct part {
	const struct gp *model;
	struct gp_batch batch;
	struct mat dmean; /* B x columns of the model */
	double *dvar;     /* B */
};

/* predict every model; parts: the objective first, when there is one. */
static enum kr_status predict(const struct constrained *c, struct part *parts, int n, struct mat X,
	bool gradient, struct arena *a, struct kr_error *err)
{
	int first = n - c->n_terms;

	for (int k = 0; k < n; k++) {
		struct part *p = &parts[k];
		enum kr_status st;

		p->model = k < first ? c->objective->model : c->terms[k - first].model;
		st = gp_predict(p->model, X, gradient, &p->batch, a, err);
		if (st)
			return st;
		if (!gradient)
			continue;
		size_t cells = (size_t)X.rows * (size_t)p->batch.mean.cols;
		double *dmean = ARENA_ARRAY(a, double, cells);
		p->dvar = ARENA_ARRAY(a, double, X.rows);
		if (!dmean || !p->dvar)
			return kr_fail(err, KR_ENOMEM, "no memory for %d candidates", X.rows);
		p->dmean = mat_view(dmean, X.rows, p->batch.mean.cols, X.rows);
	}
	return KR_OK;
}

/* Which column of a model stands for column m of the average. */
static int column(const struct part *p, int m)
{
	return p->batch.mean.cols == 1 ? 0 : m;
}

/* One column at one candidate: its value, slopes in the mean and deviation of each part. */
static double one_column(const struct constrained *c, const struct part *parts, int n, int b, int m,
	double *dmu, double *ds)
{
	int first = n - c->n_terms;
	double sum = c->closed && c->closed[m] ? -INFINITY : 0;

	for (int k = 0; k < n; k++) {
		double mu = *mat_at(parts[k].batch.mean, b, column(&parts[k], m));
		double s = sqrt(parts[k].batch.var[b]);
		const struct constrained_term *t = k < first ? NULL : &c->terms[k - first];

		sum += t ? constrained_log_probability(mu, s, t->lower, t->upper, &dmu[k], &ds[k])
				 : c->objective->family->at(
					   mu, s, c->objective->best[m], c->objective->beta, &dmu[k], &ds[k]);
	}
	return sum;
}

/* value[b], and the adjoints of row b of every part. slopes: 2 n x columns scratch. */
static void one_row(const struct constrained *c, struct part *parts, int n, int b, double *value,
	bool gradient, double *slopes)
{
	double v[ACQ_MAX_COLUMNS], total;

	for (int m = 0; m < c->columns; m++)
		v[m] = one_column(c, parts, n, b, m, slopes + 2 * n * m, slopes + 2 * n * m + n);
	total = special_log_sum_exp(v, c->columns);
	*value = total - log(c->columns);
	for (int k = 0; gradient && k < n; k++) {
		double slope = 0, s = sqrt(parts[k].batch.var[b]);

		for (int m = 0; m < c->columns; m++) {
			double w = exp(v[m] - total);
			const double *dmu = slopes + 2 * n * m, *ds = dmu + n;

			*mat_at(parts[k].dmean, b, column(&parts[k], m)) += w > 0 ? w * dmu[k] : 0;
			slope += w > 0 ? w * ds[k] : 0;
		}
		parts[k].dvar[b] = slope / (2 * s); /* s^2 = var */
	}
}

/* D <- the sum of the adjoints of all parts. */
static enum kr_status send_back(
	struct part *parts, int n, struct mat D, struct arena *a, struct kr_error *err)
{
	struct mat E = mat_new(a, D.rows, D.cols);

	if (!E.p)
		return kr_fail(err, KR_ENOMEM, "no memory for %d candidates", D.rows);
	for (int k = 0; k < n; k++) {
		enum kr_status st = gp_adjoint(
			parts[k].model, &parts[k].batch, parts[k].dmean, parts[k].dvar, k == 0 ? D : E, a, err);

		if (st)
			return st;
		for (int j = 0; k > 0 && j < D.cols; j++)
			for (int i = 0; i < D.rows; i++)
				*mat_at(D, i, j) += *mat_at(E, i, j);
	}
	return KR_OK;
}

enum kr_status constrained_eval(const struct constrained *c, struct mat X, double *value,
	struct mat D, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	int n = c->n_terms + (c->objective != NULL);
	struct part *parts = ARENA_ARRAY(scratch, struct part, n);
	double *slopes = ARENA_ARRAY(scratch, double, 2 * n * c->columns);
	enum kr_status st = KR_OK;

	assert(c->n_terms >= 1 && c->columns >= 1 && c->columns <= ACQ_MAX_COLUMNS);
	if (!parts || !slopes)
		st = kr_fail(err, KR_ENOMEM, "no memory for %d candidates", X.rows);
	if (!st)
		st = predict(c, parts, n, X, D.p != NULL, scratch, err);
	for (int b = 0; !st && b < X.rows; b++)
		one_row(c, parts, n, b, &value[b], D.p != NULL, slopes);
	if (!st && D.p)
		st = send_back(parts, n, D, scratch, err);
	arena_release(scratch, mark);
	return st;
}
