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

/* predict every model; parts: those of the objective first. */
static enum kr_status predict(const struct constrained *c, struct part *parts, int n, struct mat X,
	bool gradient, struct arena *a, struct kr_error *err)
{
	int first = c->n_objectives;

	for (int k = 0; k < n; k++) {
		struct part *p = &parts[k];
		enum kr_status st;

		p->model = k < first ? c->objectives[k].model : c->terms[k - first].model;
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

/* A value in one column at one candidate, with its slopes in the mean and the deviation. */
struct slope {
	double value, dmu, ds;
};

/* Of part k in column m of row b. */
static struct slope slope_of(
	const struct constrained *c, const struct part *parts, int k, int b, int m)
{
	struct slope out;
	double mu = *mat_at(parts[k].batch.mean, b, column(&parts[k], m));
	double s = sqrt(parts[k].batch.var[b]);

	if (k < c->n_objectives) {
		const struct acq *a = &c->objectives[k];

		out.value = a->family->at(mu, s, a->best[m], a->beta, &out.dmu, &out.ds);
	} else {
		const struct constrained_term *t = &c->terms[k - c->n_objectives];

		out.value = constrained_log_probability(mu, s, t->lower, t->upper, &out.dmu, &out.ds);
	}
	return out;
}

/* v (columns, for each model of the objective one after another) <- the logs of the summands. */
static void summands(const struct constrained *c, const struct slope *slopes, int n, double *v)
{
	for (int m = 0; m < c->columns; m++) {
		const struct slope *of = slopes + (size_t)n * (size_t)m;
		double terms = c->closed && c->closed[m] ? -INFINITY : 0;

		for (int k = c->n_objectives; k < n; k++)
			terms += of[k].value;
		for (int e = 0; e < c->n_objectives; e++)
			v[e * c->columns + m] = of[e].value + terms;
		if (c->n_objectives == 0)
			v[m] = terms;
	}
}

/* The weight of part k in column m: w are those of the summands. */
static double weight(const struct constrained *c, const double *w, int k, int m)
{
	double sum = k < c->n_objectives ? w[k * c->columns + m] : c->n_objectives ? 0 : w[m];

	for (int e = 0; k >= c->n_objectives && e < c->n_objectives; e++)
		sum += w[e * c->columns + m];
	return sum;
}

static int n_summands(const struct constrained *c)
{
	return c->columns * (c->n_objectives ? c->n_objectives : 1);
}

/* ln of the mean of the summands exp v, of the models' means the power mean. v <- the weights of
 * the summands in its slope. */
static double average(const struct constrained *c, double *v)
{
	int models = c->n_objectives ? c->n_objectives : 1;
	double power = c->power > 0 ? c->power : 1, of[CONSTRAINED_MAX_OBJECTIVES];

	for (int e = 0; e < models; e++) {
		double *columns = v + e * c->columns, sum = special_log_sum_exp(columns, c->columns);

		for (int m = 0; m < c->columns; m++)
			columns[m] = exp(columns[m] - sum);
		of[e] = power * (sum - log(c->columns));
	}
	double total = special_log_sum_exp(of, models);
	for (int i = 0; i < models * c->columns; i++)
		v[i] *= exp(of[i / c->columns] - total);
	return (total - log(models)) / power;
}

/* value[b], and the adjoints of row b of every part. Scratch: n x columns slopes, n_summands v. */
static void one_row(const struct constrained *c, struct part *parts, int n, int b, double *value,
	bool gradient, struct slope *slopes, double *v)
{
	for (int m = 0; m < c->columns; m++)
		for (int k = 0; k < n; k++)
			slopes[(size_t)n * (size_t)m + (size_t)k] = slope_of(c, parts, k, b, m);
	summands(c, slopes, n, v);
	*value = average(c, v);
	for (int k = 0; gradient && k < n; k++) {
		double slope = 0, s = sqrt(parts[k].batch.var[b]);

		for (int m = 0; m < c->columns; m++) {
			double w = weight(c, v, k, m);
			const struct slope *of = &slopes[(size_t)n * (size_t)m + (size_t)k];

			*mat_at(parts[k].dmean, b, column(&parts[k], m)) += w > 0 ? w * of->dmu : 0;
			slope += w > 0 ? w * of->ds : 0;
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
	int n = c->n_objectives + c->n_terms;
	struct part *parts = ARENA_ARRAY(scratch, struct part, n);
	struct slope *slopes = ARENA_ARRAY(scratch, struct slope, n * c->columns);
	double *v = ARENA_ARRAY(scratch, double, n_summands(c));
	enum kr_status st = KR_OK;

	assert(n >= 1 && c->n_objectives <= CONSTRAINED_MAX_OBJECTIVES);
	assert(c->columns >= 1 && c->columns <= ACQ_MAX_COLUMNS);
	if (!parts || !slopes || !v)
		st = kr_fail(err, KR_ENOMEM, "no memory for %d candidates", X.rows);
	if (!st)
		st = predict(c, parts, n, X, D.p != NULL, scratch, err);
	for (int b = 0; !st && b < X.rows; b++)
		one_row(c, parts, n, b, &value[b], D.p != NULL, slopes, v);
	if (!st && D.p)
		st = send_back(parts, n, D, scratch, err);
	arena_release(scratch, mark);
	return st;
}
