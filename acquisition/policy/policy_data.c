/* Observations to what the models are made of: replicates, transforms, the order of merit, rows.
 *
 * Noise. A learnt one is a hyperparameter; a standard error sem_i adds its square to the variance
 * of observation i (Rasmussen & Williams 2006, sec. 2.2, with a diagonal of its own). A known
 * deviation s makes the variance s^2 + sem_i^2, all of it known, so that none is fitted.
 *
 * Observations of equal points are one row, exactly (replicates.h). Where all variances are known
 * their weighted mean is what is transformed. Where the noise is learnt each observation is
 * transformed, and then their mean, number and spread say all that they say; observations of a
 * point that differ in the known part of the variance stay apart. */
#include <math.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"
#include "acquisition/policy/replicates.h"
#include "acquisition/policy/subset.h"

/* A deviation of so many model units says nothing any more. */
static const double most_sd = 1e6;

double *policy__points(struct policy *p, int rows)
{
	size_t d = (size_t)p->d;
	return arena_alloc(p->arena, sizeof(double) * d * (size_t)rows);
}

static enum kr_status no_memory(int n, struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for %d observations", n);
}

/* ---- noise and replicates ---------------------------------------------------------- */

/* Standard errors of a metric, NULL when it has none; its known deviation beside them. */
static const double *knowledge(const struct policy *p, int k, double *known)
{
	const struct policy_input *in = &p->in;
	*known = k == 0 && in->has_noise_sd ? in->noise_sd : 0;
	return k == 0 ? in->sem : in->constraints[k - 1].sem;
}

/* m->sd <- the known deviations of the n outcomes, raw as they are; NULL where there are none. */
static enum kr_status find_deviations(
	struct policy *p, int k, struct policy__metric *m, struct kr_error *err)
{
	int n = p->in.n;
	double known;
	const double *sem = knowledge(p, k, &known);
	bool any = m->known;
	for (int i = 0; sem && !any && i < n; i++)
		any = !isnan(sem[i]);
	if (!any)
		return KR_OK;
	m->sd = ARENA_ARRAY(p->arena, double, n);
	if (!m->sd)
		return no_memory(n, err);
	for (int i = 0; i < n; i++)
		m->sd[i] = hypot(known, sem && !isnan(sem[i]) ? sem[i] : 0);
	return KR_OK;
}

/* p->group, n_obs and obs_X: observations of equal points become one. Where the noise is learnt
 * m->sd is in model units by now: what counts is that it is the same there. */
static enum kr_status group(struct policy *p, int n_metrics, struct kr_error *err)
{
	size_t d = (size_t)p->d;
	int n = p->in.n, *group = ARENA_ARRAY(p->arena, int, n), next = 0;
	int groups = group ? replicates_group(p->in.space, n, p->in.X, group, p->arena) : -1;
	for (int k = 0; groups > 0 && groups < n && k < n_metrics; k++) {
		const struct policy__metric *m = &p->metrics[k];
		if (!m->known && m->sd)
			groups = replicates_split(n, group, groups, m->sd, p->arena);
	}
	if (groups == n)
		return KR_OK;
	double *X = groups > 0 ? policy__points(p, groups) : NULL;
	if (!X)
		return no_memory(n, err);
	for (int i = 0; i < n; i++)
		if (group[i] == next)
			memcpy(X + (size_t)next++ * d, p->in.X + (size_t)i * d, d * sizeof(*X));
	p->n_obs = groups;
	p->obs_X = X;
	p->group = group;
	return KR_OK;
}

/* All variances are known: y and sd <- those of the groups. */
static enum kr_status merge(struct policy *p, struct policy__metric *m, struct kr_error *err)
{
	double *y = ARENA_ARRAY(p->arena, double, p->n_obs),
		   *sd = ARENA_ARRAY(p->arena, double, p->n_obs);
	if (!y || !sd || !replicates_merge(p->in.n, p->group, p->n_obs, m->y, m->sd, y, sd, p->arena))
		return no_memory(p->in.n, err);
	m->y = y;
	m->sd = sd;
	return KR_OK;
}

/* The noise is learnt: y, z, count and spread <- those of the groups, whose members have one sd. */
static enum kr_status collapse(struct policy *p, struct policy__metric *m, struct kr_error *err)
{
	int n = p->in.n, groups = p->n_obs;
	double *y = ARENA_ARRAY(p->arena, double, groups), *z = ARENA_ARRAY(p->arena, double, groups);
	m->count = ARENA_ARRAY(p->arena, double, groups);
	m->spread = ARENA_ARRAY(p->arena, double, groups);
	double *sd = m->sd ? ARENA_ARRAY(p->arena, double, groups) : NULL;
	if (!y || !z || !m->count || !m->spread || (m->sd && !sd))
		return no_memory(n, err);
	replicates_collapse(n, p->group, groups, m->y, y, m->count, m->spread);
	replicates_collapse(n, p->group, groups, m->z, z, m->count, m->spread);
	for (int i = 0; sd && i < n; i++)
		sd[p->group[i]] = m->sd[i];
	m->y = y;
	m->z = z;
	m->sd = sd;
	return KR_OK;
}

/* ---- transforms ---------------------------------------------------------------------- */

/* m->z <- the n outcomes m->y as the model sees them. */
static enum kr_status transform_values(
	struct policy *p, int k, struct policy__metric *m, int n, struct kr_error *err)
{
	m->z = ARENA_ARRAY(p->arena, double, n);
	if (!m->z)
		return no_memory(n, err);
	if (k == 0 &&
		choice_has(p->in.acquisition,
			CHOICE_LEARNS)) { /* neither side is the bad one; a level is a bound */
		double level = choice_has(p->in.acquisition, CHOICE_LEVEL) ? p->in.level : -INFINITY;
		outcome_fit_bounded(&m->outcome, m->y, n, level, INFINITY, m->z);
		return KR_OK;
	}
	if (k == 0)
		return outcome_fit(&m->outcome, p->in.minimize, m->y, n, m->z, p->arena, err);
	const struct policy_constraint *c = &p->in.constraints[k - 1];
	outcome_fit_bounded(&m->outcome, m->y, n, c->lower, c->upper, m->z);
	m->lower = outcome_model_value(&m->outcome, c->lower);
	m->upper = outcome_model_value(&m->outcome, c->upper);
	return KR_OK;
}

/* m->sd too. */
static enum kr_status transform(
	struct policy *p, int k, struct policy__metric *m, int n, struct kr_error *err)
{
	enum kr_status st = transform_values(p, k, m, n, err);
	for (int i = 0; !st && m->sd && i < n; i++)
		m->sd[i] = fmin(outcome_model_sd(&m->outcome, m->y[i], m->sd[i]), most_sd);
	return st;
}

/* All metrics: transformed, and a row for each point. */
static enum kr_status observe(struct policy *p, int n_metrics, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	p->n_obs = p->in.n;
	p->obs_X = p->in.X;
	for (int k = 0; !st && k < n_metrics; k++) {
		struct policy__metric *m = &p->metrics[k];
		m->y = k == 0 ? p->in.y : p->in.constraints[k - 1].y;
		st = find_deviations(p, k, m, err);
		if (!st && !m->known)
			st = transform(p, k, m, p->in.n, err);
	}
	if (!st)
		st = group(p, n_metrics, err);
	for (int k = 0; !st && k < n_metrics; k++) {
		struct policy__metric *m = &p->metrics[k];
		if (p->group)
			st = m->known ? merge(p, m, err) : collapse(p, m, err);
		if (!st && m->known)
			st = transform(p, k, m, p->n_obs, err);
	}
	return st;
}

/* How far a constraint is from being met by observation i, in model units; 0: it is met. */
static double violation(const struct policy *p, int k, int i)
{
	const struct policy_constraint *c = &p->in.constraints[k - 1];
	const struct policy__metric *m = &p->metrics[k];
	if (m->y[i] >= c->lower && m->y[i] <= c->upper)
		return 0;
	return fmax(fmax(m->lower - m->z[i], m->z[i] - m->upper), 0);
}

static bool met(const struct policy *p, int k, int i)
{
	const struct policy_constraint *c = &p->in.constraints[k - 1];
	return p->metrics[k].y[i] >= c->lower && p->metrics[k].y[i] <= c->upper;
}

void policy__admit(struct policy *p, double z)
{
	p->best_z = p->has_incumbent ? fmax(p->best_z, z) : z;
	p->has_incumbent = true;
}

/* The order of merit: by the objective where the constraints were met, and below all of these by
 * how far they were not. Without constraints it is z. */
static enum kr_status rank(struct policy *p, struct kr_error *err)
{
	int n = p->n_obs, n_constraints = p->in.n_constraints;
	const double *z = p->metrics[0].z;
	double least = 0;
	p->merit = ARENA_ARRAY(p->arena, double, n);
	p->inside = ARENA_ARRAY(p->arena, unsigned char, n);
	if (!p->merit || !p->inside)
		return no_memory(n, err);
	for (int i = 0; i < n; i++) {
		p->inside[i] = 1;
		for (int k = 1; k <= n_constraints; k++)
			p->inside[i] &= met(p, k, i);
		if (!p->inside[i])
			continue;
		least = p->has_incumbent ? fmin(least, z[i]) : z[i];
		policy__admit(p, z[i]);
	}
	for (int i = 0; i < n; i++) {
		p->merit[i] = p->inside[i] ? z[i] : least - 1;
		for (int k = 1; !p->inside[i] && k <= n_constraints; k++)
			p->merit[i] -= violation(p, k, i);
	}
	return KR_OK;
}

/* tied and margin, from the outcomes that met the constraints. With standard errors next to a
 * learnt noise a point may be several observations (replicates_split), which say nothing of
 * levels. */
static enum kr_status find_levels(struct policy *p, struct kr_error *err)
{
	const struct policy__metric *m = &p->metrics[0];
	if (m->sd && !m->known)
		return KR_OK;
	struct arena_mark mark = arena_mark(p->arena);
	double *z = ARENA_ARRAY(p->arena, double, p->n_obs);
	struct levels levels = {0};
	int n = 0;
	for (int i = 0; z && i < p->n_obs; i++)
		if (p->inside[i])
			z[n++] = m->z[i];
	bool known = z && (n == 0 || levels_find(&levels, z, n, p->arena));
	p->tied = levels.tied;
	p->margin = p->options.tie_margin * levels.step;
	arena_release(p->arena, mark);
	return known ? KR_OK : no_memory(p->n_obs, err);
}

/* ---- rows ------------------------------------------------------------------------------ */

void policy__encode_row(struct policy *p, const double *values, struct mat X, int row)
{
	space_encode(p->in.space, values, p->point);
	for (int j = 0; j < p->d; j++)
		*mat_at(X, row, j) = p->point[j];
}

/* out <- those of x (NULL: NULL) at m rows, NULL: the first m. */
static bool pick(struct arena *a, const double *x, const int *rows, int m, double **out)
{
	*out = x ? ARENA_ARRAY(a, double, m) : NULL;
	for (int i = 0; *out && i < m; i++)
		(*out)[i] = x[rows ? rows[i] : i];
	return *out || !x;
}

enum kr_status policy__take_rows(struct policy *p, const struct policy__metric *m, const int *rows,
	struct policy__data *data, struct kr_error *err)
{
	int n = data->m;
	struct arena *a = p->arena;
	if (!pick(a, m->z, rows, n, &data->z) || !pick(a, m->sd, rows, n, &data->var) ||
		!pick(a, m->count, rows, n, &data->count) || !pick(a, m->spread, rows, n, &data->spread))
		return no_memory(n, err);
	for (int i = 0; data->var && i < n; i++)
		data->var[i] *= data->var[i];
	return KR_OK;
}

/* At most `most` of the observations, the same for all metrics; rows (p->arena) <- which. */
static enum kr_status choose(
	struct policy *p, int n_metrics, int most, bool for_fit, int **rows, struct kr_error *err)
{
	int m = p->n_obs < most ? p->n_obs : most;
	*rows = ARENA_ARRAY(p->arena, int, m);
	double *x = policy__points(p, m);
	if (!*rows || !x)
		return no_memory(m, err);
	m = subset_pick(p->in.space, p->n_obs, p->obs_X, p->merit, most, *rows, p->arena);
	if (m < 0)
		return no_memory(p->n_obs, err);
	struct mat X = mat_view(x, m, p->d, m);
	for (int i = 0; i < m; i++)
		policy__encode_row(p, p->obs_X + (size_t)(*rows)[i] * (size_t)p->d, X, i);
	for (int k = 0; k < n_metrics; k++) {
		struct policy__metric *metric = &p->metrics[k];
		struct policy__data *data = for_fit ? &metric->fit_data : &metric->data;
		*data = (struct policy__data){.m = m, .rows = *rows, .X = X};
		enum kr_status st = policy__take_rows(p, metric, *rows, data, err);
		if (st)
			return st;
	}
	return KR_OK;
}

/* Every observation, for the survey's models. */
static enum kr_status take_all(struct policy *p, int n_metrics, struct kr_error *err)
{
	double *x = policy__points(p, p->n_obs);
	struct mat X = mat_view(x, p->n_obs, p->d, p->n_obs);
	enum kr_status st = x ? KR_OK : no_memory(p->n_obs, err);
	for (int i = 0; !st && i < p->n_obs; i++)
		policy__encode_row(p, p->obs_X + (size_t)i * (size_t)p->d, X, i);
	for (int k = 0; !st && k < n_metrics; k++) {
		struct policy__metric *m = &p->metrics[k];
		m->all = (struct policy__data){.m = p->n_obs, .X = X};
		st = policy__take_rows(p, m, NULL, &m->all, err);
	}
	return st;
}

int policy__rows_of_each(int n_metrics, int most)
{
	enum { FULL = 4 };
	return n_metrics <= FULL ? most : (int)(most * sqrt((double)FULL / n_metrics));
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* The rows of the models, or all for a survey; fewer for a fit that must be quick. */
static enum kr_status choose_all(
	struct policy *p, int n_metrics, bool refit, bool cold, struct kr_error *err)
{
	int fit_rows = policy__rows_of_each(n_metrics, POLICY__FIT_ROWS), *rows;
	enum kr_status st = p->survey.on
		? take_all(p, n_metrics, err)
		: choose(
			  p, n_metrics, policy__rows_of_each(n_metrics, POLICY__MODEL_ROWS), false, &rows, err);
	for (int k = 0; k < n_metrics; k++)
		p->metrics[k].fit_data = p->metrics[k].data;
	if (!st && (p->survey.on ? cold : p->n_obs > fit_rows && refit))
		st = choose(p, n_metrics, fit_rows, true, &rows, err);
	return st;
}

enum kr_status policy__encode(struct policy *p, struct kr_error *err)
{
	int n_metrics = 1 + p->in.n_constraints;
	bool refit = false, cold = false;
	enum kr_status st = observe(p, n_metrics, err);
	p->survey.on = p->n_obs > POLICY__MODEL_ROWS;
	if (p->survey.on || p->n_obs > p->options.members_until)
		p->n_members = 1;
	for (int k = 0; k < n_metrics; k++)
		refit |= policy__needs_fit(p, &p->metrics[k]);
	for (int e = 1; e < p->n_members; e++)
		refit |= policy__needs_fit(p, policy__member(p, e));
	for (int k = 0; k < n_metrics; k++)
		cold |= !p->metrics[k].warm;
	if (!st)
		st = rank(p, err);
	if (!st && !p->survey.on && p->in.acquisition == CHOICE_AUTO)
		st = find_levels(p, err);
	if (!st)
		st = choose_all(p, n_metrics, refit, cold, err);
	for (int e = 1; !st && e < p->n_members; e++) {
		policy__member(p, e)->data = p->metrics[0].data;
		policy__member(p, e)->fit_data = p->metrics[0].fit_data;
	}
	if (!st && p->n_metrics > n_metrics)
		st = policy__encode_success(p, &p->metrics[n_metrics], err);
	return st;
}
