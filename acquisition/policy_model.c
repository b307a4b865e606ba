/* Observations to models: the subset, the fit, the posterior, the fantasies. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/pending.h"
#include "acquisition/policy_internal.h"
#include "acquisition/subset.h"

enum { QUERY_BLOCK = 256, SCREENED_BEST = 64 };

/* Outcomes are noisy from this fitted variance on, in units of their own. */
static const double noisy_variance = 1e-2;

static const char kernel_name[] = "matern52";

double *policy__points(struct policy *p, int rows)
{
	size_t d = (size_t)p->d;
	return arena_alloc(p->arena, sizeof(double) * d * (size_t)rows);
}

/* ---- data ------------------------------------------------------------------- */

/* data <- at most `most` of the observations. z: all n outcomes. */
static enum kr_status choose(
	struct policy *p, const double *z, int most, struct policy__data *data, struct kr_error *err)
{
	const struct policy_input *in = &p->in;
	int m = in->n < most ? in->n : most;
	int *rows = ARENA_ARRAY(p->arena, int, m);
	double *X = policy__points(p, m);
	data->z = ARENA_ARRAY(p->arena, double, m);
	if (!rows || !X || !data->z)
		return kr_fail(err, KR_ENOMEM, "no memory for %d observations", m);
	m = subset_pick(in->space, in->n, in->X, z, most, rows, p->arena);
	if (m < 0)
		return kr_fail(err, KR_ENOMEM, "no memory to choose among %d observations", in->n);
	data->m = m;
	data->X = mat_view(X, m, p->d, m);
	for (int i = 0; i < m; i++) {
		space_encode(in->space, in->X + (size_t)rows[i] * (size_t)p->d, p->point);
		for (int j = 0; j < p->d; j++)
			*mat_at(data->X, i, j) = p->point[j];
		data->z[i] = z[rows[i]];
	}
	return KR_OK;
}

enum kr_status policy__encode(struct policy *p, struct kr_error *err)
{
	int n = p->in.n;
	double *z = ARENA_ARRAY(p->arena, double, n);
	if (!z)
		return kr_fail(err, KR_ENOMEM, "no memory for %d outcomes", n);
	enum kr_status st = outcome_fit(&p->outcome, p->in.minimize, p->in.y, n, z, p->arena, err);
	if (st)
		return st;
	p->best_z = z[0];
	for (int i = 1; i < n; i++)
		p->best_z = fmax(p->best_z, z[i]);
	st = choose(p, z, POLICY__MODEL_ROWS, &p->data, err);
	p->fit_data = p->data;
	if (!st && n > POLICY__FIT_ROWS && policy__needs_fit(p))
		st = choose(p, z, POLICY__FIT_ROWS, &p->fit_data, err);
	return st ? st : policy__encode_failed(p, err);
}

static struct gp_data as_gp_data(const struct policy *p, const struct policy__data *data)
{
	return (struct gp_data){
		.family = kernel_find(kernel_name),
		.n = data->m,
		.d = p->d,
		.X = data->X,
		.categorical = space_categorical(p->in.space),
		.y = data->z,
	};
}

/* ---- fit -------------------------------------------------------------------- */

void policy__begin_fit(struct policy *p)
{
	p->log_posterior = -INFINITY;
	if (policy__needs_fit(p))
		p->n_starts = gp_fit_starts(&p->prior, p->fit_data.m, p->warm ? p->theta : NULL, p->starts);
}

enum kr_status policy__fit(struct policy *p, bool *more, struct kr_error *err)
{
	size_t size = (size_t)p->d + 2;
	double *theta = p->starts + size * (size_t)p->start;
	struct gp_data data = as_gp_data(p, &p->fit_data);
	struct gp_fit_result result;
	int evaluations = p->warm && p->start == 0 ? GP_FIT_WARM_EVALUATIONS : GP_FIT_COLD_EVALUATIONS;
	enum kr_status st = gp_fit_from(&data, &p->prior, evaluations, theta, &result, p->arena, err);
	if (st)
		return st;
	if (result.log_posterior > p->log_posterior) {
		p->log_posterior = result.log_posterior;
		memcpy(p->theta, theta, sizeof(double) * size);
	}
	*more = ++p->start < p->n_starts;
	if (*more)
		return KR_OK;
	if (p->log_posterior == -INFINITY && !p->warm)
		return kr_fail(err, KR_ENOTPD, "no start of the fit could be evaluated");
	p->n_fitted = p->in.n;
	policy__write_state(p);
	return KR_OK;
}

/* ---- posterior -------------------------------------------------------------- */

struct ranked {
	int row;
	double value;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->row - y->row;
}

static void copy_rows(struct mat X, const struct ranked *rank, struct mat out)
{
	for (int i = 0; i < out.rows; i++)
		for (int j = 0; j < out.cols; j++)
			*mat_at(out, i, j) = *mat_at(X, rank[i].row, j);
}

/* p->top <- the best points by posterior mean among the best by outcome. */
static enum kr_status find_top(struct policy *p, struct kr_error *err)
{
	int m = p->data.m, d = p->d;
	int screened = m < SCREENED_BEST ? m : SCREENED_BEST;
	int t = m < POLICY__BEST ? m : POLICY__BEST;
	double *top = policy__points(p, t);
	struct arena_mark mark = arena_mark(p->arena);
	struct ranked *rank = ARENA_ARRAY(p->arena, struct ranked, m);
	double *x = policy__points(p, screened);
	struct mat X = mat_view(x, screened, d, screened);
	enum kr_status st = KR_OK;
	if (!top || !rank || !x) {
		st = kr_fail(err, KR_ENOMEM, "no memory for the best points");
		goto done;
	}
	for (int i = 0; i < m; i++)
		rank[i] = (struct ranked){i, p->data.z[i]};
	qsort(rank, (size_t)m, sizeof(*rank), compare_ranked);
	copy_rows(p->data.X, rank, X);
	struct gp_batch batch;
	st = gp_predict(p->base, X, false, &batch, p->arena, err);
	if (st)
		goto done;
	for (int i = 0; i < screened; i++)
		rank[i].value = *mat_at(batch.mean, i, 0);
	qsort(rank, (size_t)screened, sizeof(*rank), compare_ranked);
	p->top = mat_view(top, t, d, t);
	copy_rows(p->data.X, rank, p->top);
done:
	arena_release(p->arena, mark);
	return st;
}

enum kr_status policy__condition(struct policy *p, struct kr_error *err)
{
	struct gp_data data = as_gp_data(p, &p->data);
	p->base = gp_new(p->data.m, p->d, 1);
	if (!p->base)
		return kr_fail(err, KR_ENOMEM, "no memory for a model of %d points", p->data.m);
	enum kr_status st = gp_condition(p->base, &data, p->theta, p->arena, err);
	if (!st)
		st = find_top(p, err);
	if (st) {
		gp_free(p->base);
		p->base = NULL;
		return st;
	}
	p->noisy = gp_noise(p->base) > noisy_variance;
	for (int k = 0; k < ACQ_MAX_COLUMNS; k++)
		p->best[k] = p->best_z;
	return KR_OK;
}

enum kr_status policy__query(struct policy *p, bool *more, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	int d = p->d, left = p->in.n_queries - p->n_queried;
	int rows = left < QUERY_BLOCK ? left : QUERY_BLOCK;
	double *x = policy__points(p, rows);
	struct mat X = mat_view(x, rows, d, rows);
	struct gp_batch batch;
	enum kr_status st = KR_OK;
	if (!x) {
		st = kr_fail(err, KR_ENOMEM, "no memory for %d queries", rows);
		goto done;
	}
	for (int i = 0; i < rows; i++) {
		space_encode(p->in.space, p->in.queries + (size_t)(p->n_queried + i) * (size_t)d, p->point);
		for (int j = 0; j < d; j++)
			*mat_at(X, i, j) = p->point[j];
	}
	st = gp_predict(p->base, X, false, &batch, p->arena, err);
	if (st)
		goto done;
	for (int i = 0; i < rows; i++) {
		p->query_mean[p->n_queried + i] = outcome_raw_mean(&p->outcome, *mat_at(batch.mean, i, 0));
		p->query_sd[p->n_queried + i] = outcome_raw_sd(&p->outcome, sqrt(batch.var[i]));
	}
	p->n_queried += rows;
	*more = p->n_queried < p->in.n_queries;
done:
	arena_release(p->arena, mark);
	return st;
}

/* ---- fantasies -------------------------------------------------------------- */

static int pending_rows(const struct policy *p)
{
	return p->in.n_pending < POLICY__PENDING_ROWS ? p->in.n_pending : POLICY__PENDING_ROWS;
}

/* The k-th point that has no outcome yet: pending trials, then settled slots. NULL for a
 * slot that got none. */
static const double *open_point(const struct policy *p, int k)
{
	int skipped = p->in.n_pending - pending_rows(p);
	if (k < pending_rows(p))
		return p->in.pending + (size_t)(skipped + k) * (size_t)p->d;
	return p->results[k - pending_rows(p)].values;
}

/* A second model on the same data, with room for fantasies; under noise the best known
 * points are drawn too, and the incumbent is the best of the draws. */
static enum kr_status begin_joint(struct policy *p, int columns, struct kr_error *err)
{
	struct gp_data data = as_gp_data(p, &p->data);
	int drawn = !p->noisy ? 0 : p->top.rows < POLICY__BEST_DRAWN ? p->top.rows : POLICY__BEST_DRAWN;
	p->joint = gp_new(p->data.m + drawn + pending_rows(p) + p->in.n_slots, p->d, columns);
	if (!p->joint)
		return kr_fail(err, KR_ENOMEM, "no memory for a model of %d points", p->data.m);
	enum kr_status st = gp_condition(p->joint, &data, p->theta, p->arena, err);
	if (st || !drawn)
		return st;
	for (int m = 0; m < columns; m++)
		p->best[m] = -INFINITY;
	struct rng key = rng_make(p->in.seed, p->in.slots[p->n_settled].number, RNG_FANTASY, 0);
	return pending_extend(
		p->joint, mat_block(p->top, 0, 0, drawn, p->d), columns, &key, p->best, p->arena, err);
}

enum kr_status policy__join(struct policy *p, bool *more, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	int columns = p->noisy ? POLICY__NOISY_COLUMNS : POLICY__COLUMNS;
	int open = pending_rows(p) + p->n_settled, d = p->d, rows = 0;
	enum kr_status st = KR_OK;

	*more = false;
	if (!p->joint && (p->noisy || open > 0))
		st = begin_joint(p, columns, err);
	if (st || p->n_joined == open)
		return st;
	double *x = policy__points(p, PENDING_BLOCK);
	if (!x)
		return kr_fail(err, KR_ENOMEM, "no memory for pending points");
	struct rng key = rng_make(
		p->in.seed, p->in.slots[p->n_settled].number, RNG_FANTASY, 1 + (uint32_t)p->n_joined);
	while (p->n_joined < open && rows < PENDING_BLOCK) {
		const double *values = open_point(p, p->n_joined++);
		if (!values)
			continue;
		space_encode(p->in.space, values, p->point);
		for (int j = 0; j < d; j++)
			x[j * PENDING_BLOCK + rows] = p->point[j];
		rows++;
	}
	if (rows)
		st = pending_extend(
			p->joint, mat_view(x, rows, d, PENDING_BLOCK), columns, &key, p->best, p->arena, err);
	*more = p->n_joined < open;
	arena_release(p->arena, mark);
	return st;
}
