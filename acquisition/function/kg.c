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

/* ---- the lines of one candidate ------------------------------------------------------------ */

/* Deviation of the next observation there. */
static double deviation(const struct kg *k, const struct covariance_row *row)
{
	return sqrt(row->batch->var[row->b] + k->noise);
}

static int n_lines(const struct kg *k)
{
	return k->set.A.rows + k->with_x;
}

static void slopes(const struct kg *k, const struct covariance_row *row, double *b)
{
	int points = k->set.A.rows;
	double s = deviation(k, row);

	for (int i = 0; i < points; i++)
		b[i] = row->c[i] / s;
	if (k->with_x)
		b[points] = row->batch->var[row->b] / s;
}

/* a (lines) <- their heights in an outcome column. */
static void heights(const struct kg *k, const struct covariance_row *row, int column, double *a)
{
	int points = k->set.A.rows;

	memcpy(a, mat_col(k->set.mean, column), sizeof(double) * (size_t)points);
	if (k->with_x)
		a[points] = *mat_at(row->batch->mean, row->b, column);
}

/* The same on average over the columns. */
static void mean_heights(const struct kg *k, const struct covariance_row *row, double *a)
{
	int points = k->set.A.rows, columns = row->batch->mean.cols;

	for (int i = 0; i < n_lines(k); i++) {
		a[i] = 0;
		for (int c = 0; c < columns; c++)
			a[i] += *(i < points ? mat_at(k->set.mean, i, c) : mat_at(row->batch->mean, row->b, c));
		a[i] /= columns;
	}
}

/* ---- the lines themselves -------------------------------------------------------------------- */

struct lines {
	const struct kg *kg;
	struct mat a, b; /* lines x B */
};

static double copy_lines(void *ctx, struct covariance_row *row)
{
	const struct lines *l = ctx;

	mean_heights(l->kg, row, mat_col(l->a, row->b));
	slopes(l->kg, row, mat_col(l->b, row->b));
	return 0;
}

enum kr_status kg_moves(const struct kg *k, struct mat X, struct mat a, struct mat b,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct lines l = {k, a, b};
	double *value = ARENA_ARRAY(scratch, double, X.rows);
	enum kr_status status = KR_ENOMEM;

	assert(a.rows == n_lines(k) && b.rows == n_lines(k));
	if (value)
		status = covariance_map(&k->set, copy_lines, &l, X, value, (struct mat){0}, scratch, err);
	else
		kr_fail(err, KR_ENOMEM, "lines of %d candidates", X.rows);
	arena_release(scratch, mark);
	return status;
}

/* ---- their gain ----------------------------------------------------------------------------- */

/* Workspace of one candidate. */
struct gain {
	const struct kg *kg;
	double *a, *b;              /* lines */
	struct mat da, db;          /* lines x columns */
	struct kg_lines_work *work; /* lines */
};

static bool gain_init(struct gain *g, const struct kg *k, struct arena *a)
{
	int lines = n_lines(k), columns = gp_columns(k->set.model);

	*g = (struct gain){.kg = k,
		.a = ARENA_ARRAY(a, double, lines),
		.b = ARENA_ARRAY(a, double, lines),
		.da = mat_new(a, lines, columns),
		.db = mat_new(a, lines, columns),
		.work = ARENA_ARRAY(a, struct kg_lines_work, lines)};
	return g->a && g->b && g->da.p && g->db.p && g->work;
}

/* ln of the mean of KG over columns; weight (columns) <- the derivative of that in the ln KG of
 * each. */
static double average(struct gain *g, const struct covariance_row *row, double *weight)
{
	int columns = row->batch->mean.cols;
	double value[ACQ_MAX_COLUMNS], total;

	for (int c = 0; c < columns; c++) {
		heights(g->kg, row, c, g->a);
		value[c] = kg_lines_log(n_lines(g->kg), g->a, g->b,
			row->gradient ? mat_col(g->da, c) : NULL, row->gradient ? mat_col(g->db, c) : NULL,
			g->work);
	}
	total = special_log_sum_exp(value, columns);
	for (int c = 0; c < columns; c++)
		weight[c] = isfinite(total) ? exp(value[c] - total) : 0;
	return total - log(columns);
}

/* From the slopes of lines to adjoints. With s^2 = var + noise: b_i = k_i / s and
 * b_x = var / s, so that d/dk_i = 1/s d/db_i and
 *   d/dvar = sum over all lines of -b / (2 s^2) d/db  +  1/s d/db_x. */
static void chain(const struct gain *g, struct covariance_row *row, const double *weight)
{
	int points = g->kg->set.A.rows, columns = row->batch->mean.cols;
	double deviates = deviation(g->kg, row), sum = 0, own = 0;

	for (int i = 0; i < n_lines(g->kg); i++) {
		double db = 0;

		for (int c = 0; c < columns; c++)
			db += weight[c] * *mat_at(g->db, i, c);
		sum -= g->b[i] * db;
		*(i < points ? &row->c[i] : &own) = db / deviates;
	}
	for (int c = 0; c < columns; c++)
		*mat_at(row->dmean, row->b, c) = g->kg->with_x ? weight[c] * *mat_at(g->da, points, c) : 0;
	*row->dvar = sum / (2 * deviates * deviates) + own;
}

static double one_row(void *ctx, struct covariance_row *row)
{
	struct gain *g = ctx;
	double weight[ACQ_MAX_COLUMNS], value;

	assert(row->batch->mean.cols <= ACQ_MAX_COLUMNS);
	slopes(g->kg, row, g->b);
	value = average(g, row, weight);
	if (row->gradient)
		chain(g, row, weight);
	return value;
}

enum kr_status kg_eval(void *kg, struct mat X, double *value, struct mat D, struct arena *scratch,
	struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	const struct kg *k = kg;
	struct gain g;
	enum kr_status status = gain_init(&g, k, scratch)
		? covariance_map(&k->set, one_row, &g, X, value, D, scratch, err)
		: kr_fail(err, KR_ENOMEM, "%d lines of %d candidates", n_lines(k), X.rows);

	arena_release(scratch, mark);
	return status;
}
