/* The model of all of very many observations: hyperparameters, the best known points,
 * predictions. Each prediction is made of the nearest observations (gp/vecchia). One model is
 * alive at a time, so that memory is that of the observations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"
#include "gp/vecchia/vecchia_fit.h"

enum {
	NEIGHBOURS = 32,  /* on which a prediction rests */
	FIT_TERMS = 1000, /* conditionals in the likelihood of a fit: a quarter of a second */
	MEAN_TERMS = 256, /* in the estimate of a mean */
	LOOKED_AT = 64    /* observations among which the best known points are sought */
};

static struct vecchia_plan plan(const struct policy *p, int terms)
{
	return (struct vecchia_plan){.neighbours = NEIGHBOURS, .terms = terms, .seed = p->in.seed};
}

enum kr_status policy__fit_all(struct policy *p, struct policy__metric *m, struct kr_error *err)
{
	struct gp_data data = policy__gp_data(p, m, &m->all);
	struct vecchia_plan terms = plan(p, FIT_TERMS);
	struct gp_fit_result result;
	size_t size = sizeof(double) * (size_t)m->prior.size;
	memcpy(m->scratch, m->theta, size);
	enum kr_status st = vecchia_fit_from(
		&data, &m->prior, &terms, GP_FIT_WARM_EVALUATIONS, m->scratch, &result, p->arena, err);
	if (!st && result.log_posterior > -INFINITY) {
		memcpy(m->theta, m->scratch, size);
		m->log_posterior = result.log_posterior;
	}
	return st;
}

/* ---- the model ---------------------------------------------------------------- */

void policy__drop_survey_model(struct policy *p)
{
	vecchia_free(p->survey.model);
	p->survey.model = NULL;
}

static enum kr_status condition(struct policy *p, int k, int cap, struct kr_error *err)
{
	struct policy__survey *s = &p->survey;
	struct policy__metric *m = &p->metrics[k];
	struct gp_data data = policy__gp_data(p, m, &m->all);
	struct vecchia_plan terms = plan(p, MEAN_TERMS);
	data.mean = m->has_mean ? &m->mean : NULL;
	policy__drop_survey_model(p);
	s->model = vecchia_new(&p->kernel, cap, p->d);
	s->metric = k;
	s->n_open = 0;
	enum kr_status st = s->model
		? vecchia_condition(s->model, &data, m->theta, &terms, p->arena, err)
		: kr_fail(err, KR_ENOMEM, "no memory for a model of %d points", cap);
	if (st) {
		policy__drop_survey_model(p);
		return st;
	}
	m->mean = vecchia_mean(s->model);
	m->has_mean = true;
	return KR_OK;
}

/* Add the points without outcomes at the outcomes that are expected there, which leaves the means
 * as they are and takes away the variance. */
static enum kr_status append_open(struct policy *p, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	int n = policy__n_open(p), rows = 0;
	double *x = policy__points(p, n), *mean = ARENA_ARRAY(p->arena, double, n),
		   *var = ARENA_ARRAY(p->arena, double, n), *one = ARENA_ARRAY(p->arena, double, p->d);
	struct mat X = mat_view(x, n, p->d, n);
	enum kr_status st = x && mean && var && one
		? KR_OK
		: kr_fail(err, KR_ENOMEM, "no memory for %d pending points", n);
	for (int i = 0; !st && i < n; i++) {
		if (!policy__open_point(p, i))
			continue;
		space_encode(p->in.space, policy__open_point(p, i), one);
		for (int j = 0; j < p->d; j++)
			*mat_at(X, rows, j) = one[j];
		rows++;
	}
	X.rows = rows;
	if (!st && rows)
		st = vecchia_predict(
			p->survey.model, X, mean, var, (struct mat){0}, (struct mat){0}, p->arena, err);
	const struct policy__metric *m = &p->metrics[p->survey.metric];
	double noise = exp(m->theta[m->prior.size - 1]);
	for (int i = 0; !st && i < rows; i++) {
		for (int j = 0; j < p->d; j++)
			one[j] = *mat_at(X, i, j);
		vecchia_append(p->survey.model, one, mean[i], noise);
	}
	arena_release(p->arena, mark);
	return st;
}

enum kr_status policy__predict_all(struct policy *p, int k, bool open, struct mat X, double *mean,
	double *var, struct kr_error *err)
{
	struct policy__survey *s = &p->survey;
	int n_open = open ? policy__n_open(p) : 0;
	enum kr_status st = KR_OK;
	if (!s->model || s->metric != k || s->n_open != n_open) {
		st = condition(p, k, p->metrics[k].all.m + n_open, err);
		if (!st && n_open)
			st = append_open(p, err);
		s->n_open = n_open;
	}
	if (!st)
		st = vecchia_predict(
			s->model, X, mean, var, (struct mat){0}, (struct mat){0}, p->arena, err);
	if (!st)
		p->metrics[k].jitter = fmax(p->metrics[k].jitter, vecchia_jitter(s->model));
	if (st)
		policy__drop_survey_model(p);
	return st;
}

/* ---- the best known points ------------------------------------------------------ */

/* rows <- the best observations by merit, the earlier of equal ones; returns how many. */
static int best_rows(const struct policy *p, int *rows)
{
	int n = 0;
	for (int i = 0; i < p->n_obs; i++) {
		if (n == LOOKED_AT && !(p->merit[i] > p->merit[rows[n - 1]]))
			continue;
		int at = n < LOOKED_AT ? n++ : n - 1;
		for (; at > 0 && p->merit[i] > p->merit[rows[at - 1]]; at--)
			rows[at] = rows[at - 1];
		rows[at] = i;
	}
	return n;
}

static enum kr_status begin(struct policy *p, struct kr_error *err)
{
	struct policy__survey *s = &p->survey;
	int rows[LOOKED_AT], n = best_rows(p, rows), d = p->d, t = n < POLICY__BEST ? n : POLICY__BEST;
	double *x = policy__points(p, n), *top = policy__points(p, t), *var;
	s->n = n;
	s->X = mat_view(x, n, d, n);
	s->top = mat_view(top, t, d, t);
	s->z = ARENA_ARRAY(p->arena, double, n);
	s->mean = ARENA_ARRAY(p->arena, double, n *(2 + p->in.n_constraints));
	s->inside = ARENA_ARRAY(p->arena, bool, n);
	s->top_mean = var = ARENA_ARRAY(p->arena, double, n);
	if (!x || !top || !s->z || !s->mean || !s->inside || !var)
		return kr_fail(err, KR_ENOMEM, "no memory for the best points");
	for (int i = 0; i < n; i++) {
		s->z[i] = p->metrics[0].z[rows[i]];
		s->inside[i] = p->inside[rows[i]];
		for (int j = 0; j < d; j++)
			*mat_at(s->X, i, j) = *mat_at(p->metrics[0].all.X, rows[i], j);
	}
	return KR_OK;
}

/* Posterior means at the points looked at; where a constraint is noisy its mean says whether a
 * point met it. */
static enum kr_status look(struct policy *p, int k, struct kr_error *err)
{
	struct policy__survey *s = &p->survey;
	const struct policy__metric *m = &p->metrics[k];
	double *mean = s->mean + (size_t)k * (size_t)s->n, *var = s->top_mean;
	if (k > 0 && !policy__is_noisy(p, m))
		return KR_OK;
	enum kr_status st = policy__predict_all(p, k, false, s->X, mean, var, err);
	for (int i = 0; !st && k > 0 && i < s->n; i++)
		s->inside[i] &= mean[i] >= m->lower && mean[i] <= m->upper;
	return st;
}

/* Does point i come before point j: those that met the constraints first, by posterior mean? */
static bool before(const struct policy *p, int i, int j)
{
	const struct policy__survey *s = &p->survey;
	if (s->inside[i] != s->inside[j])
		return s->inside[i];
	return p->has_incumbent ? s->mean[i] > s->mean[j] : i < j; /* they came by merit */
}

static void sort(const struct policy *p, int *order)
{
	for (int i = 0; i < p->survey.n; i++) {
		int at = i;
		for (; at > 0 && before(p, i, order[at - 1]); at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

static void find_incumbent(struct policy *p)
{
	const struct policy__survey *s = &p->survey;
	if (p->in.n_constraints == 0)
		return; /* known: the best of all observations */
	p->has_incumbent = false;
	for (int i = 0; i < s->n; i++)
		if (s->inside[i])
			policy__admit(p, s->z[i]);
}

static void take_top(struct policy *p)
{
	struct policy__survey *s = &p->survey;
	int order[LOOKED_AT] = {0};
	find_incumbent(p);
	sort(p, order);
	for (int i = 0; i < s->top.rows; i++) {
		for (int j = 0; j < p->d; j++)
			*mat_at(s->top, i, j) = *mat_at(s->X, order[i], j);
		s->top_mean[i] = s->mean[order[i]];
	}
	while (s->n_incumbents < s->top.rows && s->inside[order[s->n_incumbents]])
		s->n_incumbents++;
	p->noisy = policy__is_noisy(p, &p->metrics[0]);
}

/* The model of success, on the rows of its fit. */
static enum kr_status condition_success(struct policy *p, struct kr_error *err)
{
	const struct policy__metric *m = &p->metrics[p->n_metrics - 1];
	struct gp_data data = policy__gp_data(p, m, &m->fit_data);
	p->survey.success = gp_new(data.n, p->d, 1);
	if (!p->survey.success)
		return kr_fail(err, KR_ENOMEM, "no memory for a model of %d points", data.n);
	return gp_condition(p->survey.success, &data, m->theta, p->arena, err);
}

enum kr_status policy__survey(struct policy *p, bool *more, struct kr_error *err)
{
	struct policy__survey *s = &p->survey;
	int k = s->n_done++;
	enum kr_status st = k == 0 ? begin(p, err) : KR_OK;
	if (!st)
		st = p->metrics[k].kind == POLICY__SUCCESS ? condition_success(p, err) : look(p, k, err);
	*more = s->n_done < p->n_metrics;
	if (!st && !*more)
		take_top(p);
	return st;
}
