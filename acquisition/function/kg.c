#include "acquisition/function/kg.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "acquisition/function/acq.h"
#include "acquisition/function/kg_lines.h"
#include "gp/special/special.h"

enum kr_status kg_init(struct kg *k, const struct gp *model, struct mat A, bool with_x,
	double noise, struct arena *a, struct kr_error *err)
{
	assert(A.rows >= 1 && noise >= 0);
	*k = (struct kg){.with_x = with_x, .noise = noise};
	return covariance_init(&k->set, model, A, a, err);
}

/* A batch of candidates and the slopes of their lines. */
struct moves {
	struct gp_batch batch;
	struct mat b; /* lines x B */
	struct kernel_tape *tape;
};

/* Deviation of the next observation at candidate j. */
static double deviation(const struct kg *k, const struct gp_batch *batch, int j)
{
	return sqrt(batch->var[j] + k->noise);
}

static enum kr_status move(const struct kg *k, struct mat X, bool gradient, struct moves *m,
	struct arena *a, struct kr_error *err)
{
	int points = k->set.A.rows, lines = points + k->with_x;
	enum kr_status status = gp_predict(k->set.model, X, gradient, &m->batch, a, err);

	if (status != KR_OK)
		return status;
	m->b = mat_new(a, lines, X.rows);
	if (!m->b.p)
		return kr_fail(err, KR_ENOMEM, "%d lines of %d candidates", lines, X.rows);
	status = covariance_eval(&k->set, &m->batch, mat_block(m->b, 0, 0, points, X.rows),
		gradient ? &m->tape : NULL, a, err);
	for (int j = 0; status == KR_OK && j < X.rows; j++) {
		double s = deviation(k, &m->batch, j), *b = mat_col(m->b, j);

		if (k->with_x)
			b[points] = m->batch.var[j];
		for (int i = 0; i < lines; i++)
			b[i] /= s;
	}
	return status;
}

/* a (lines) <- the heights of candidate j's lines in an outcome column. */
static void heights(const struct kg *k, const struct moves *m, int j, int column, double *a)
{
	int points = k->set.A.rows;

	memcpy(a, mat_col(k->set.mean, column), sizeof(double) * (size_t)points);
	if (k->with_x)
		a[points] = *mat_at(m->batch.mean, j, column);
}

/* The same on average over the columns. */
static void mean_heights(const struct kg *k, const struct moves *m, int j, double *a)
{
	int points = k->set.A.rows, columns = m->batch.mean.cols;

	for (int i = 0; i < m->b.rows; i++) {
		a[i] = 0;
		for (int c = 0; c < columns; c++)
			a[i] += *(i < points ? mat_at(k->set.mean, i, c) : mat_at(m->batch.mean, j, c));
		a[i] /= columns;
	}
}

enum kr_status kg_moves(const struct kg *k, struct mat X, struct mat a, struct mat b,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct moves m;
	enum kr_status status = move(k, X, false, &m, scratch, err);

	for (int j = 0; status == KR_OK && j < X.rows; j++) {
		assert(a.rows == m.b.rows && b.rows == m.b.rows);
		mean_heights(k, &m, j, mat_col(a, j));
		memcpy(mat_col(b, j), mat_col(m.b, j), sizeof(double) * (size_t)b.rows);
	}
	arena_release(scratch, mark);
	return status;
}

/* Workspace of one candidate, and the adjoints of all. */
struct slopes {
	double *a;                  /* lines */
	struct mat da, db;          /* lines x columns */
	struct kg_lines_work *work; /* lines */
	struct mat dmean;           /* B x columns: of the mean at x */
	struct mat dcov;            /* points x B: of k_n(A, x) */
	double *dvar;               /* B */
};

static bool slopes_init(
	struct slopes *s, int lines, int points, int columns, int B, bool gradient, struct arena *a)
{
	*s = (struct slopes){
		.a = ARENA_ARRAY(a, double, lines), .work = ARENA_ARRAY(a, struct kg_lines_work, lines)};
	if (!gradient)
		return s->a && s->work;
	s->da = mat_new(a, lines, columns);
	s->db = mat_new(a, lines, columns);
	s->dmean = mat_new(a, B, columns);
	s->dcov = mat_new(a, points, B);
	s->dvar = ARENA_ARRAY(a, double, B);
	return s->a && s->work && s->da.p && s->db.p && s->dmean.p && s->dcov.p && s->dvar;
}

/* ln of the mean of KG over columns at candidate j; weight (columns) <- the derivative of that in
 * the ln KG of each. */
static double average(
	const struct kg *k, const struct moves *m, int j, struct slopes *s, double *weight)
{
	int columns = m->batch.mean.cols;
	double value[ACQ_MAX_COLUMNS], total;
	bool gradient = s->da.p != NULL;

	for (int c = 0; c < columns; c++) {
		heights(k, m, j, c, s->a);
		value[c] = kg_lines_log(m->b.rows, s->a, mat_col(m->b, j),
			gradient ? mat_col(s->da, c) : NULL, gradient ? mat_col(s->db, c) : NULL, s->work);
	}
	total = special_log_sum_exp(value, columns);
	for (int c = 0; c < columns; c++)
		weight[c] = isfinite(total) ? exp(value[c] - total) : 0;
	return total - log(columns);
}

/* From the slopes of lines to adjoints. With s^2 = var + noise: b_i = k_i / s and
 * b_x = var / s, so that d/dk_i = 1/s d/db_i and
 *   d/dvar = sum over all lines of -b / (2 s^2) d/db  +  1/s d/db_x. */
static void chain(
	const struct kg *k, const struct moves *m, int j, struct slopes *s, const double *weight)
{
	int points = k->set.A.rows, columns = m->batch.mean.cols;
	double deviates = deviation(k, &m->batch, j), sum = 0, own = 0;

	for (int i = 0; i < m->b.rows; i++) {
		double db = 0, b = *mat_at(m->b, i, j);

		for (int c = 0; c < columns; c++)
			db += weight[c] * *mat_at(s->db, i, c);
		sum -= b * db;
		if (i < points)
			*mat_at(s->dcov, i, j) = db / deviates;
		else
			own = db / deviates;
	}
	for (int c = 0; c < columns; c++)
		*mat_at(s->dmean, j, c) = k->with_x ? weight[c] * *mat_at(s->da, points, c) : 0;
	s->dvar[j] = sum / (2 * deviates * deviates) + own;
}

enum kr_status kg_eval(void *kg, struct mat X, double *value, struct mat D, struct arena *scratch,
	struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	const struct kg *k = kg;
	double weight[ACQ_MAX_COLUMNS];
	struct moves m;
	struct slopes s;
	enum kr_status status = move(k, X, D.p != NULL, &m, scratch, err);

	if (status != KR_OK)
		goto done;
	assert(m.batch.mean.cols <= ACQ_MAX_COLUMNS);
	if (!slopes_init(
			&s, m.b.rows, k->set.A.rows, m.batch.mean.cols, X.rows, D.p != NULL, scratch)) {
		status = kr_fail(err, KR_ENOMEM, "%d lines of %d candidates", m.b.rows, X.rows);
		goto done;
	}
	for (int j = 0; j < X.rows; j++) {
		value[j] = average(k, &m, j, &s, weight);
		if (D.p)
			chain(k, &m, j, &s, weight);
	}
	if (D.p)
		status = gp_adjoint(k->set.model, &m.batch, s.dmean, s.dvar, D, scratch, err);
	if (D.p && status == KR_OK)
		status = covariance_adjoint(&k->set, &m.batch, m.tape, s.dcov, D, scratch, err);
done:
	arena_release(scratch, mark);
	return status;
}
