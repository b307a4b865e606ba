/* The model of success, when something failed: a regression on labels, 1 where something was
 * observed, -1 where it failed or was said to be infeasible (Rasmussen & Williams 2006, sec. 6.5).
 * Its noise, when it is learnt to be large, is that of mishaps. What is asked for is a latent value
 * well above even odds, because a failure is an evaluation lost. */
#include <string.h>

#include "acquisition/policy/policy_internal.h"
#include "acquisition/policy/subset.h"

static const double wanted = 0.3; /* least latent value */
static const double doubt = 0.05; /* variance of a failure that nobody calls infeasible */

static enum kr_status no_memory(int n, struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for %d observations", n);
}

static int failed_rows(int n)
{
	return n < POLICY__FAILED_ROWS ? n : POLICY__FAILED_ROWS;
}

/* rows <- the newest of n points, or those nearest to the coords `near` by the objective's
 * lengthscales. */
static enum kr_status choose_failed(struct policy *p, int n, const double *points,
	const double *near, int *rows, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	int most = failed_rows(n), count;
	for (int i = 0; i < most; i++)
		rows[i] = n - most + i;
	if (!near || n == most)
		return KR_OK;
	double *x = policy__points(p, n + 1);
	double *scale = ARENA_ARRAY(p->arena, double, p->theta_size + p->d);
	struct neighbours *nb = neighbours_new(n, p->d);
	struct mat X = mat_view(x, n, p->d, n), Q = mat_view(x + (size_t)n * (size_t)p->d, 1, p->d, 1);
	enum kr_status st = x && scale && nb ? KR_OK : no_memory(n, err);
	for (int i = 0; !st && i < n; i++)
		policy__encode_row(p, points + (size_t)i * (size_t)p->d, X, i);
	if (!st) {
		policy__lengthscales(p, scale);
		memcpy(Q.p, near, sizeof(double) * (size_t)p->d);
		neighbours_reset(nb, scale, space_categorical(p->in.space));
		neighbours_add(nb, X);
		st = neighbours_find(nb, Q, NULL, most, rows, &count, p->arena, err);
	}
	neighbours_free(nb);
	arena_release(p->arena, mark);
	return st;
}

static enum kr_status add_failed(struct policy *p, struct policy__data *data, int *at, int n,
	const double *points, double var, const double *near, struct kr_error *err)
{
	int count = failed_rows(n), rows[POLICY__FAILED_ROWS] = {0};
	enum kr_status st = choose_failed(p, n, points, near, rows, err);
	for (int i = 0; !st && i < count; i++, ++*at) {
		policy__encode_row(p, points + (size_t)rows[i] * (size_t)p->d, data->X, *at);
		data->z[*at] = -1;
		data->var[*at] = var;
	}
	return st;
}

enum kr_status policy__label(struct policy *p, struct policy__metric *m, const int *rows, int n,
	const double *near, struct policy__data *data, struct kr_error *err)
{
	const struct policy_input *in = &p->in;
	int at = n, all = n + failed_rows(in->n_failed) + failed_rows(in->n_infeasible);
	double *x = policy__points(p, all);
	data->m = all;
	data->X = mat_view(x, all, p->d, all);
	data->z = ARENA_ARRAY(p->arena, double, all);
	data->var = ARENA_ARRAY(p->arena, double, all);
	if (!x || !data->z || !data->var)
		return no_memory(all, err);
	for (int i = 0; i < n; i++) {
		policy__encode_row(p, p->obs_X + (size_t)rows[i] * (size_t)p->d, data->X, i);
		data->z[i] = 1;
	}
	m->lower = wanted;
	enum kr_status st = add_failed(p, data, &at, in->n_failed, in->failed, doubt, near, err);
	return st ? st : add_failed(p, data, &at, in->n_infeasible, in->infeasible, 0, near, err);
}

enum kr_status policy__encode_success(
	struct policy *p, struct policy__metric *m, struct kr_error *err)
{
	int most = POLICY__SUCCESS_ROWS, n = p->n_obs < most ? p->n_obs : most;
	int *rows = ARENA_ARRAY(p->arena, int, n);
	if (!rows || subset_pick(p->in.space, p->n_obs, p->obs_X, p->merit, most, rows, p->arena) < 0)
		return no_memory(n, err);
	enum kr_status st = policy__label(p, m, rows, n, NULL, &m->data, err);
	m->fit_data = m->data;
	return st;
}
