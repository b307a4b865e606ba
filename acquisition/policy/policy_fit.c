/* Fits: hyperparameters of the models, a bounded part of the work in each job.
 *
 * An observation more moves an optimum by little: from the theta of the last job a few
 * evaluations of the likelihood take nearly all there is to gain. So a job climbs by one slice
 * and suggests with what it has; the state says how many slices are left. Beside theta a rival
 * may climb, from where a cold fit starts, against a lost basin; when it has arrived the better
 * one stays.
 *
 *   no theta yet   from the cold starts to the optimum, at once, on at most 256 rows; with more
 *                  slices then, and a rival on all of them: half the rows may prefer another basin
 *   due            the observations have grown: up to 4 slices. At every fifth number of them a
 *                  rival sets out; below 30 the cold starts are tried at once
 *
 * All slices of a job together take what 8 evaluations on 433 rows do; the models that are left
 * wait for the next job. Under a survey the objective and the constraints are fitted on all
 * observations instead (policy_survey.c). */
#include <math.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"

enum {
	REFIT_ALWAYS = 50, /* up to so many points each new one makes a fit due */
	COLD_ROWS = 256,   /* of a cold fit */
	COLD_ROUNDS = 2,   /* of a cold fit on all observations of a survey */
	SLICE = 8,         /* evaluations of a slice, fewer on many rows, */
	LEAST_SLICE = 5,   /* but so many at least */
	SLICES = 4,        /* of a refit */
	COLD_SLICES = 6,   /* after a cold fit on a part of the rows */
	RIVAL_SLICES = 6,  /* of a rival */
	FEW = 30,          /* below so many rows a posterior has several modes */
	RIVAL_EVERY = 5    /* a rival sets out at every fifth number of rows */
};

static const double refit_growth = 1.04; /* a refit every n / 25 observations */
static const double work_a_job = 6.5e8;  /* evaluations times rows cubed */

/* What one unit of a fit does. */
enum task { COLD_LONG, COLD_SHORT, SLICE_ON, RIVAL, ROUND };

/* ---- what there is to do --------------------------------------------------------------- */

static bool is_due(const struct policy *p, const struct policy__metric *m)
{
	double n = policy__known_points(p, m);
	return n > m->n_fitted && (n <= REFIT_ALWAYS || n >= refit_growth * m->n_fitted + 1);
}

bool policy__needs_fit(const struct policy *p, const struct policy__metric *m)
{
	return !m->warm || m->slices > 0 || m->rival_slices > 0 || is_due(p, m);
}

static void add(struct policy__metric *m, enum task task)
{
	m->tasks[m->n_tasks++] = (unsigned char)task;
}

static void begin_rival(struct policy__metric *m)
{
	gp_fit_long_start(&m->prior, m->rival);
	m->rival_slices = RIVAL_SLICES;
}

static void plan_starts(struct policy__metric *m)
{
	add(m, COLD_LONG);
	if (m->fit_data.m < FEW)
		add(m, COLD_SHORT);
}

static void plan_warm(struct policy *p, struct policy__metric *m)
{
	m->due = is_due(p, m);
	if (m->due || m->slices > 0)
		add(m, SLICE_ON);
	if (m->due && m->fit_data.m < FEW)
		plan_starts(m);
	else if (m->due && m->rival_slices == 0 && m->fit_data.m % RIVAL_EVERY == 0)
		begin_rival(m);
	if (m->rival_slices > 0)
		add(m, RIVAL);
}

static void plan_cold(struct policy__metric *m)
{
	plan_starts(m);
	m->due = m->fit_data.m > COLD_ROWS;
	if (m->due && !m->on_all) {
		add(m, SLICE_ON);
		begin_rival(m);
	}
}

int policy__begin_fit(struct policy *p)
{
	int total = 0;
	for (int k = 0; k < policy__n_models(p); k++) {
		struct policy__metric *m = &p->metrics[k];
		m->log_posterior = -INFINITY;
		m->on_all = p->survey.on && m->kind != POLICY__SUCCESS;
		bool warm = m->warm, due = !warm || is_due(p, m);
		if (!warm)
			plan_cold(m);
		else if (!m->on_all)
			plan_warm(p, m);
		for (int i = 0; m->on_all && due && i < (warm ? 1 : COLD_ROUNDS); i++)
			add(m, ROUND);
		total += m->n_tasks;
	}
	return total;
}

/* ---- climbs ------------------------------------------------------------------------ */

/* Every k-th row, so that no more than COLD_ROWS are left. */
static enum kr_status thin(struct policy *p, const struct policy__data *all,
	struct policy__data *few, struct kr_error *err)
{
	int step = (all->m + COLD_ROWS - 1) / COLD_ROWS, m = (all->m + step - 1) / step;
	const double *from[] = {all->z, all->var, all->count, all->spread};
	double **to[] = {&few->z, &few->var, &few->count, &few->spread};
	*few = (struct policy__data){.m = m, .X = mat_new(p->arena, m, p->d)};
	if (!few->X.p)
		return kr_fail(err, KR_ENOMEM, "no memory for a fit of %d points", m);
	for (int j = 0; j < p->d; j++)
		for (int i = 0; i < m; i++)
			*mat_at(few->X, i, j) = *mat_at(all->X, i * step, j);
	for (int k = 0; k < 4; k++) {
		if (!from[k])
			continue;
		*to[k] = ARENA_ARRAY(p->arena, double, m);
		if (!*to[k])
			return kr_fail(err, KR_ENOMEM, "no memory for a fit of %d points", m);
		for (int i = 0; i < m; i++)
			(*to[k])[i] = from[k][i * step];
	}
	return KR_OK;
}

/* Climb from theta on the rows of the fit. */
static enum kr_status climb(struct policy *p, const struct policy__metric *m,
	const struct policy__data *rows, int evaluations, double *theta, struct gp_fit_result *out,
	struct kr_error *err)
{
	struct gp_data data = policy__gp_data(p, m, rows);
	double side = rows->m;
	enum kr_status st = gp_fit_from(&data, &m->prior, evaluations, theta, out, p->arena, err);
	p->fit_work += side * side * side * out->evaluations;
	return st;
}

static enum kr_status cold(
	struct policy *p, struct policy__metric *m, enum task task, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	struct policy__data rows = m->fit_data;
	struct gp_fit_result result;
	enum kr_status st = rows.m > COLD_ROWS ? thin(p, &m->fit_data, &rows, err) : KR_OK;
	if (task == COLD_LONG)
		gp_fit_long_start(&m->prior, m->scratch);
	else
		gp_fit_short_start(&m->prior, m->scratch);
	if (!st)
		st = climb(p, m, &rows, GP_FIT_COLD_EVALUATIONS, m->scratch, &result, err);
	arena_release(p->arena, mark);
	m->fitted_here = true;
	if (st || result.log_posterior <= m->log_posterior)
		return st;
	m->log_posterior = result.log_posterior;
	memcpy(m->theta, m->scratch, sizeof(double) * (size_t)m->prior.size);
	return KR_OK;
}

static int slice(const struct policy__metric *m)
{
	double rows = m->fit_data.m;
	return (int)fmax(LEAST_SLICE, fmin(SLICE, work_a_job / (rows * rows * rows)));
}

/* One slice of the climb of theta. */
static enum kr_status climb_on(struct policy *p, struct policy__metric *m, struct kr_error *err)
{
	int evaluations = slice(m);
	struct gp_fit_result result;
	enum kr_status st = climb(p, m, &m->fit_data, evaluations, m->theta, &result, err);
	if (st)
		return st;
	m->slices = !m->warm ? COLD_SLICES : m->due ? SLICES : m->slices;
	m->slices = result.evaluations < evaluations ? 0 : m->slices - 1;
	m->log_posterior = result.log_posterior;
	m->fitted_here = m->due || m->slices == 0;
	return KR_OK;
}

/* The better one of the two stays. */
static enum kr_status compare(struct policy *p, struct policy__metric *m,
	const struct gp_fit_result *rival, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	struct gp_fit_result here = {.log_posterior = m->log_posterior};
	size_t size = sizeof(double) * (size_t)m->prior.size;
	m->rival_slices = 0;
	memcpy(m->scratch, m->theta, size);
	if (m->log_posterior == -INFINITY)
		st = climb(p, m, &m->fit_data, 1, m->scratch, &here, err);
	if (st || rival->log_posterior <= here.log_posterior)
		return st;
	memcpy(m->theta, m->rival, size);
	m->log_posterior = rival->log_posterior;
	m->slices = SLICES;
	m->fitted_here = true;
	return KR_OK;
}

static enum kr_status climb_rival(struct policy *p, struct policy__metric *m, struct kr_error *err)
{
	int evaluations = slice(m);
	struct gp_fit_result result;
	enum kr_status st = climb(p, m, &m->fit_data, evaluations, m->rival, &result, err);
	m->rival_slices--;
	bool arrived = m->rival_slices == 0 || result.evaluations < evaluations;
	return st || !arrived ? st : compare(p, m, &result, err);
}

/* ---- units ----------------------------------------------------------------------- */

/* Would a slice of this model be more work than a job may do? The first slice always may be. */
static bool is_late(const struct policy *p, const struct policy__metric *m)
{
	double rows = m->fit_data.m, work = slice(m) * rows * rows * rows;
	return m->warm && !m->on_all && p->fit_work > 0 && p->fit_work + work > work_a_job;
}

/* The first model with a task left that is not late; NULL when there is none. */
static struct policy__metric *next_to_fit(struct policy *p)
{
	for (; p->fitting < policy__n_models(p); p->fitting++) {
		struct policy__metric *m = &p->metrics[p->fitting];
		if (m->task < m->n_tasks && !is_late(p, m))
			return m;
	}
	return NULL;
}

static enum kr_status one_task(
	struct policy *p, struct policy__metric *m, enum task task, struct kr_error *err)
{
	switch (task) {
	case COLD_LONG:
	case COLD_SHORT: return cold(p, m, task, err);
	case SLICE_ON: return climb_on(p, m, err);
	case RIVAL: return climb_rival(p, m, err);
	case ROUND: break;
	}
	m->fitted_here = true;
	return policy__fit_all(p, m, err);
}

/* May the state say that this model is fitted? A warm one that was due, as soon as anything is
 * done; a cold one after its starts, when at most the slice on all rows is left. */
static bool counts(const struct policy__metric *m)
{
	bool last = m->task == m->n_tasks;
	if (m->on_all)
		return last;
	return m->warm ? m->due : last || m->tasks[m->task] == SLICE_ON;
}

enum kr_status policy__fit(struct policy *p, bool *more, struct kr_error *err)
{
	struct policy__metric *m = next_to_fit(p);
	enum kr_status st = one_task(p, m, m->tasks[m->task++], err);
	if (st)
		return st;
	if (counts(m)) {
		if (!m->warm && m->log_posterior == -INFINITY)
			return kr_fail(err, KR_ENOTPD, "no start of the fit could be evaluated");
		m->n_fitted = policy__known_points(p, m);
	}
	policy__write_state(p);
	*more = next_to_fit(p) != NULL;
	return KR_OK;
}
