/* Models: the fit, the posterior, predictions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"

enum { QUERY_BLOCK = 256, SCREENED_BEST = 64 };

/* Outcomes are noisy from this variance on, in units of their own; a fit also finds noise where
 * there is none, but not where it was declared. */
static const double noisy_declared = 1e-5;

int policy__n_models(const struct policy *p)
{
	return p->n_metrics + p->n_members - 1;
}

struct policy__metric *policy__member(struct policy *p, int e)
{
	return e == 0 ? &p->metrics[0] : &p->metrics[p->n_metrics + e - 1];
}

struct gp_data policy__gp_data(
	const struct policy *p, const struct policy__metric *m, const struct policy__data *data)
{
	return (struct gp_data){
		.kernel = policy__kernel(p, m->kind),
		.n = data->m,
		.d = p->d,
		.X = data->X,
		.categorical = space_categorical(p->in.space),
		.y = data->z,
		.noise = data->var,
		.count = data->count,
		.spread = data->spread,
	};
}

void policy__lengthscales(const struct policy *p, double *scale)
{
	const struct policy__metric *m = &p->metrics[0];
	struct gp_data data = policy__gp_data(p, m, &m->all);
	struct kernel k = likelihood_kernel(&data, m->theta, scale + p->d);
	kernel_lengthscales(&k, scale);
}

/* ---- posterior -------------------------------------------------------------- */

/* By its total variance, averaged over the data. */
bool policy__is_noisy(const struct policy *p, const struct policy__metric *m)
{
	const struct policy__data *data = p->survey.on ? &m->all : &m->data;
	double sum = 0;
	for (int i = 0; data->var && i < data->m; i++)
		sum += data->var[i];
	double noise = exp(m->theta[m->prior.size - 1]) + sum / data->m;
	bool any = data->var || p->in.acquisition == CHOICE_NOISY_EI;
	return noise > (any ? noisy_declared : p->options.noisy_variance);
}

struct ranked {
	int row;
	bool inside; /* are the constraints met there? */
	double value;
};

/* By value, those inside first. */
static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->inside != y->inside)
		return x->inside ? -1 : 1;
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

/* rank <- the rows of the model by merit: the objective where the constraints were met. */
static void rank_rows(const struct policy *p, struct ranked *rank)
{
	int m = p->metrics[0].data.m;
	for (int i = 0; i < m; i++) {
		rank[i] = (struct ranked){i, true, p->metrics[0].data.z[i]};
		double beyond = 0;
		for (int k = 1; k <= p->in.n_constraints; k++) {
			const struct policy__metric *c = &p->metrics[k];
			beyond += fmax(fmax(c->lower - c->data.z[i], c->data.z[i] - c->upper), 0);
		}
		if (beyond > 0)
			rank[i] = (struct ranked){i, false, -beyond};
	}
	qsort(rank, (size_t)m, sizeof(*rank), compare_ranked);
}

/* Where a constraint is noisy its posterior mean says whether a row met it, not the observation.
 * X: the first rows of rank. */
static enum kr_status judge(
	struct policy *p, struct ranked *rank, struct mat X, struct kr_error *err)
{
	struct gp_batch batch;
	for (int k = 1; k <= p->in.n_constraints; k++) {
		const struct policy__metric *c = &p->metrics[k];
		if (!policy__is_noisy(p, c))
			continue;
		enum kr_status st = gp_predict(c->base, X, false, &batch, p->arena, err);
		if (st)
			return st;
		for (int i = 0; i < X.rows; i++) {
			double mean = *mat_at(batch.mean, i, 0);
			rank[i].inside &= mean >= c->lower && mean <= c->upper;
		}
	}
	return KR_OK;
}

/* The incumbent is the best observation of the rows that are inside. */
static void find_incumbent(struct policy *p, const struct ranked *rank, int n)
{
	const double *z = p->metrics[0].data.z;
	if (p->in.n_constraints == 0)
		return; /* known: the best of all observations */
	p->has_incumbent = false;
	for (int i = 0; i < n; i++)
		if (rank[i].inside)
			policy__admit(p, z[rank[i].row]);
}

/* p->top <- the best points by posterior mean among the best by outcome, those that meet the
 * constraints first. */
static enum kr_status find_top(struct policy *p, struct kr_error *err)
{
	struct mat all = p->metrics[0].data.X;
	int m = all.rows, d = p->d;
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
	rank_rows(p, rank);
	copy_rows(all, rank, X);
	struct gp_batch batch;
	st = gp_predict(p->metrics[0].base, X, false, &batch, p->arena, err);
	if (!st)
		st = judge(p, rank, X, err);
	if (st)
		goto done;
	find_incumbent(p, rank, screened);
	for (int i = 0; i < screened; i++)
		if (p->has_incumbent)
			rank[i].value = *mat_at(batch.mean, i, 0);
	qsort(rank, (size_t)screened, sizeof(*rank), compare_ranked);
	p->best_mean = rank[0].value;
	p->top = mat_view(top, t, d, t);
	copy_rows(all, rank, p->top);
	while (p->n_incumbents < t && rank[p->n_incumbents].inside)
		p->n_incumbents++;
done:
	arena_release(p->arena, mark);
	return st;
}

static enum kr_status condition(struct policy *p, struct policy__metric *m, struct kr_error *err)
{
	struct gp_data data = policy__gp_data(p, m, &m->data);
	m->base = gp_new(m->data.m, p->d, 1);
	if (!m->base)
		return kr_fail(err, KR_ENOMEM, "no memory for a model of %d points", m->data.m);
	return gp_condition(m->base, &data, m->theta, p->arena, err);
}

static void drop_models(struct policy *p)
{
	for (int k = 0; k < policy__n_models(p); k++) {
		gp_free(p->metrics[k].base);
		p->metrics[k].base = NULL;
	}
}

enum kr_status policy__condition(struct policy *p, bool *more, struct kr_error *err)
{
	enum kr_status st = condition(p, &p->metrics[p->n_based++], err);
	*more = p->n_based < policy__n_models(p);
	if (!st && !*more)
		st = find_top(p, err);
	if (st) {
		drop_models(p);
		return st;
	}
	if (*more)
		return KR_OK;
	p->noisy = policy__is_noisy(p, &p->metrics[0]);
	p->sources = p->top;
	policy__reset_incumbents(p, policy__incumbent(p, p->best_mean));
	return KR_OK;
}

/* ---- predictions --------------------------------------------------------------- */

/* mean, sd (rows of X) <- raw units of metric k. */
static enum kr_status query_metric(
	struct policy *p, int k, struct mat X, double *mean, double *sd, struct kr_error *err)
{
	const struct policy__metric *m = &p->metrics[k];
	struct gp_batch batch = {.mean = {mean, X.rows, 1, X.rows}, .var = sd};
	enum kr_status st = p->survey.on ? policy__predict_all(p, k, false, X, mean, sd, err)
									 : gp_predict(m->base, X, false, &batch, p->arena, err);
	for (int i = 0; !st && i < X.rows; i++) {
		double z = *mat_at(batch.mean, i, 0);
		mean[i] = outcome_raw_value(&m->outcome, z);
		sd[i] = outcome_raw_sd(&m->outcome, z, sqrt(batch.var[i]));
	}
	return st;
}

enum kr_status policy__query(struct policy *p, bool *more, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	int d = p->d, left = p->in.n_queries - p->n_queried;
	int rows = left < QUERY_BLOCK ? left : QUERY_BLOCK;
	double *x = policy__points(p, rows);
	struct mat X = mat_view(x, rows, d, rows);
	enum kr_status st = x ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for %d queries", rows);
	for (int i = 0; !st && i < rows; i++) {
		space_encode(p->in.space, p->in.queries + (size_t)(p->n_queried + i) * (size_t)d, p->point);
		for (int j = 0; j < d; j++)
			*mat_at(X, i, j) = p->point[j];
	}
	for (int k = 0; !st && k <= p->in.n_constraints; k++) {
		size_t at = (size_t)k * (size_t)p->in.n_queries + (size_t)p->n_queried;
		st = query_metric(p, k, X, p->query_mean + at, p->query_sd + at, err);
	}
	if (!st) {
		p->n_queried += rows;
		*more = p->n_queried < p->in.n_queries;
	}
	arena_release(p->arena, mark);
	return st;
}
