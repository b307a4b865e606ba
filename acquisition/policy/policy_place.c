/* Where a slot looks when the observations are too many for one exact model, and the models there.
 *
 * Every other slot looks anywhere: candidates over the whole space are judged by the model of all
 * observations, and the best of them becomes the centre of a box (policy_box.c). The others stay
 * around the best known point (Eriksson et al. 2019, TuRBO). The models of the slot are exact, on
 * the observations nearest to the centre. */
#include <math.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"

enum { BLOCK = 256, FIT_EVALUATIONS = 25 };

/* ---- candidates ------------------------------------------------------------------ */

/* Near the best known point, or anywhere? */
static bool looks_anywhere(const struct policy *p)
{
	return p->place.again || p->few || p->survey.n_incumbents == 0 ||
		choice_has(p->in.acquisition, CHOICE_LEARNS) || p->in.slots[p->n_settled].number % 2;
}

/* p->raw <- candidates over the whole space, unless they are all of the unseen points. */
static enum kr_status make_candidates(struct policy *p, struct kr_error *err)
{
	double *scale = ARENA_ARRAY(p->arena, double, p->d + p->theta_size);
	enum kr_status st = KR_OK;
	if (!scale)
		return kr_fail(err, KR_ENOMEM, "no memory for candidates");
	policy__lengthscales(p, scale);
	struct candidates_source source = {.space = p->in.space,
		.region = p->region,
		.fixed = p->fixed,
		.lengthscale = scale,
		.top = p->survey.top,
		.seed = p->in.seed,
		.number = p->in.slots[p->n_settled].number};
	if (!p->few)
		st = candidates_make(&source, &p->raw, p->arena, err);
	p->place.value = ARENA_ARRAY(p->arena, double, p->raw.X.rows);
	if (!st && !p->place.value)
		st = kr_fail(err, KR_ENOMEM, "no memory for %d candidates", p->raw.X.rows);
	return st;
}

static enum kr_status begin(struct policy *p, struct kr_error *err)
{
	struct policy__place *at = &p->place;
	if (at->is_marked)
		arena_release(p->arena, p->mark);
	p->mark = arena_mark(p->arena);
	at->is_marked = p->searching = true;
	policy__fix(p, p->n_settled);
	enum kr_status st = policy__enumerate(p, err);
	if (st || p->n_unseen == 0)
		return st;
	at->centre = ARENA_ARRAY(p->arena, double, 3 * p->d);
	if (!at->centre)
		return kr_fail(err, KR_ENOMEM, "no memory for a box");
	at->lower = at->centre + p->d;
	at->upper = at->lower + p->d;
	at->anywhere = looks_anywhere(p);
	at->n_screened = 0;
	return at->anywhere ? make_candidates(p, err) : KR_OK;
}

/* What metric k contributes to the acquisition; best: the incumbent, -inf: none. */
static double part(const struct policy *p, int k, double mean, double sd, double best)
{
	double dmu, ds;
	const struct policy__metric *m = &p->metrics[k];
	if (k > 0)
		return constrained_log_probability(mean, sd, m->lower, m->upper, &dmu, &ds);
	return policy__screen(p, mean, sd, best);
}

static enum kr_status moments(
	struct policy *p, int k, struct mat X, double *mean, double *var, struct kr_error *err)
{
	struct gp_batch batch;
	if (p->metrics[k].kind != POLICY__SUCCESS)
		return policy__predict_all(p, k, true, X, mean, var, err);
	enum kr_status st = gp_predict(p->survey.success, X, false, &batch, p->arena, err);
	for (int i = 0; !st && i < X.rows; i++) {
		mean[i] = *mat_at(batch.mean, i, 0);
		var[i] = batch.var[i];
	}
	return st;
}

/* One block of one metric; *more is false after the last. */
static enum kr_status screen(struct policy *p, bool *more, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	struct policy__place *at = &p->place;
	int n = p->raw.X.rows, k = n ? at->n_screened / n : p->n_metrics,
		from = n ? at->n_screened % n : 0;
	int rows = n - from < BLOCK ? n - from : BLOCK;
	double mean[BLOCK], var[BLOCK], best = p->noisy ? p->survey.top_mean[0] : p->best_z;
	enum kr_status st = KR_OK;
	*more = k < p->n_metrics;
	if (!*more)
		return KR_OK;
	st = moments(p, k, mat_block(p->raw.X, from, 0, rows, p->d), mean, var, err);
	for (int i = 0; !st && i < rows; i++)
		at->value[from + i] += part(
			p, k, mean[i], sqrt(var[i]), p->has_incumbent ? best : -INFINITY);
	at->n_screened += rows;
	arena_release(p->arena, mark);
	return st;
}

/* ---- the centre ------------------------------------------------------------------- */

static bool may_be_taken(struct policy *p, const double *coords)
{
	double *values = p->values + (size_t)p->n_settled * (size_t)p->d;
	if (!region_has(p->region, coords))
		return false;
	policy__decode(p, p->n_settled, coords, values);
	return policy__is_new(p, values);
}

/* centre <- the best new candidate; false when there is none. */
static bool take_candidate(struct policy *p)
{
	struct policy__place *at = &p->place;
	for (;;) {
		int best = -1;
		for (int i = 0; i < p->raw.X.rows; i++)
			if (at->value[i] > (best < 0 ? -INFINITY : at->value[best]))
				best = i;
		if (best < 0)
			return false;
		at->value[best] = -INFINITY;
		for (int j = 0; j < p->d; j++)
			at->centre[j] = *mat_at(p->raw.X, best, j);
		if (may_be_taken(p, at->centre))
			return true;
	}
}

static void take_best(struct policy *p)
{
	for (int j = 0; j < p->d; j++)
		p->place.centre[j] = *mat_at(p->survey.top, 0, j);
	candidates_fix(p->fixed, p->place.centre, p->d);
	if (region_ruled(p->region))
		region_settle(p->region, p->place.centre, NULL);
}

/* Candidates in the box of the best known point are out of the question: the other slots look
 * there. Unless no others are left. */
static enum kr_status look_elsewhere(struct policy *p, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	int n, *rows, outside = 0;
	if (p->survey.n_incumbents == 0)
		return KR_OK;
	take_best(p);
	enum kr_status st = policy__draw_box(p, &rows, &n, err);
	for (int i = 0; !st && i < p->raw.X.rows; i++)
		outside += !policy__in_box(p, p->raw.X, i);
	for (int i = 0; !st && outside && i < p->raw.X.rows; i++)
		if (policy__in_box(p, p->raw.X, i))
			p->place.value[i] = -INFINITY;
	arena_release(p->arena, mark);
	return st;
}

enum kr_status policy__locate(struct policy *p, bool *more, struct kr_error *err)
{
	*more = false;
	if (!p->searching) {
		enum kr_status st = begin(p, err);
		*more = p->n_unseen > 0;
		return st;
	}
	if (p->place.anywhere) {
		enum kr_status st = screen(p, more, err);
		if (!st && !*more)
			st = look_elsewhere(p, err);
		if (st || *more)
			return st;
	}
	if (!p->place.anywhere || !take_candidate(p))
		take_best(p);
	return policy__settle_box(p, err);
}

/* ---- models ------------------------------------------------------------------------ */

/* Drop the models and fantasies of the slot before; the incumbents are those of the box. */
static void begin_models(struct policy *p)
{
	for (int k = 0; k < p->n_metrics; k++) {
		gp_free(p->metrics[k].base);
		gp_free(p->metrics[k].joint);
		p->metrics[k].base = p->metrics[k].joint = NULL;
	}
	p->n_joint = p->n_joined = 0;
	policy__reset_incumbents(p,
		policy__draws_best(p) && p->has_incumbent ? p->floor
												  : policy__incumbent(p, p->survey.top_mean[0]));
}

enum kr_status policy__settle_in(struct policy *p, bool *more, struct kr_error *err)
{
	if (p->n_based == p->n_metrics)
		p->n_based = 0;
	if (p->n_based == 0)
		begin_models(p);
	struct policy__metric *m = &p->metrics[p->n_based++];
	struct gp_data data = policy__gp_data(p, m, &m->data);
	struct gp_fit_result result;
	enum kr_status st = KR_OK;
	memcpy(m->here, m->theta, sizeof(double) * (size_t)m->prior.size);
	st = gp_fit_from(&data, &m->prior, FIT_EVALUATIONS, m->here, &result, p->arena, err);
	if (!st && result.log_posterior == -INFINITY)
		memcpy(m->here, m->theta, sizeof(double) * (size_t)m->prior.size);
	*more = p->n_based < p->n_metrics;
	if (st)
		return st;
	m->base = gp_new(data.n, p->d, 1);
	return m->base ? gp_condition(m->base, &data, m->here, p->arena, err)
				   : kr_fail(err, KR_ENOMEM, "no memory for a model of %d points", data.n);
}
