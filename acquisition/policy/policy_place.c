/* Where a slot looks when the observations are too many for one exact model, and the models there.
 *
 * Every other slot looks anywhere: candidates over the whole space are judged by the model of all
 * observations, and the best of them becomes the centre of a box. The others stay around the best
 * known point (Eriksson et al. 2019, TuRBO). The models of the slot are exact, on the observations
 * nearest to the centre; the box is as wide as half of these are far, so that the search
 * stays among observations on all sides. It shrinks as observations gather. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"

enum { BLOCK = 256, FIT_EVALUATIONS = 25 };

static const double least_half_side = 1.0 / 256;

/* Half the side in levels of a grid, so that neighbours are inside. */
static const double least_levels = 1.5;

struct box policy__box(const struct policy *p)
{
	return p->survey.on ? (struct box){p->place.lower, p->place.upper} : (struct box){0};
}

bool policy__in_box(const struct policy *p, struct mat X, int row)
{
	for (int j = 0; p->survey.on && j < p->d; j++)
		if (*mat_at(X, row, j) < p->place.lower[j] || *mat_at(X, row, j) > p->place.upper[j])
			return false;
	return true;
}

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

/* The part of metric k in the acquisition; `best` is the incumbent, -inf: none. */
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

/* ---- the box ---------------------------------------------------------------------- */

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

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* How far observation i is from the centre in its farthest coordinate, in lengthscales; other
 * choices count too, or not (numeric). */
static double reach(const struct policy *p, int i, const double *scale, bool numeric)
{
	struct mat X = p->metrics[0].all.X;
	double far = 0;
	for (int j = 0; j < p->d; j++) {
		double step = fabs(*mat_at(X, i, j) - p->place.centre[j]);
		if (!space_categorical(p->in.space)[j])
			far = fmax(far, step / scale[j]);
		else if (!numeric && step > 0)
			far = fmax(far, 1 / scale[j]);
	}
	return far;
}

/* rows <- the `most` of least reach, nearest first, so that of the choices of the centre all are
 * there that are in the box; far: as many doubles. Returns how many. */
static int nearest_rows(
	const struct policy *p, const double *scale, int most, int *rows, double *far)
{
	int n = 0;
	for (int i = 0; i < p->n_obs; i++) {
		double r = reach(p, i, scale, false);
		if (n == most && !(r < far[n - 1]))
			continue;
		int at = n < most ? n++ : n - 1;
		for (; at > 0 && far[at - 1] > r; at--) {
			rows[at] = rows[at - 1];
			far[at] = far[at - 1];
		}
		rows[at] = i;
		far[at] = r;
	}
	return n;
}

/* The median of the numeric reach of the rows. */
static double half_side(
	const struct policy *p, const int *rows, int n, const double *scale, double *far)
{
	for (int i = 0; i < n; i++)
		far[i] = reach(p, rows[i], scale, true);
	qsort(far, (size_t)n, sizeof(*far), compare_doubles);
	return far[n / 2];
}

static void set_box(struct policy *p, double half, const double *scale)
{
	struct policy__place *at = &p->place;
	for (int j = 0; j < p->d; j++) {
		bool categorical = space_categorical(p->in.space)[j];
		double levels = space_levels(p->in.space, j);
		double h = fmax(half * scale[j], fmax(least_half_side, least_levels / levels));
		at->lower[j] = categorical ? -INFINITY : fmax(at->centre[j] - h, 0);
		at->upper[j] = categorical ? INFINITY : fmin(at->centre[j] + h, 1);
	}
}

/* top and the sources of candidates <- the best known points of the box; the incumbent of a noisy
 * objective is not below those elsewhere. */
static enum kr_status take_top(struct policy *p, struct kr_error *err)
{
	const struct policy__survey *s = &p->survey;
	int t = s->top.rows, d = p->d, kept = 0;
	double *x = policy__points(p, t + 1);
	struct mat X = mat_view(x, t + 1, d, t + 1);
	if (!x)
		return kr_fail(err, KR_ENOMEM, "no memory for the best points");
	p->n_incumbents = 0;
	p->floor = -INFINITY;
	for (int i = 0; i < t; i++) {
		bool incumbent = i < s->n_incumbents, here = policy__in_box(p, s->top, i);
		if (incumbent && !here)
			p->floor = fmax(p->floor, s->top_mean[i]);
		if (!here)
			continue;
		p->n_incumbents += incumbent;
		kept++;
		for (int j = 0; j < d; j++)
			*mat_at(X, kept, j) = *mat_at(s->top, i, j);
	}
	for (int j = 0; j < d; j++)
		*mat_at(X, 0, j) = p->place.centre[j];
	p->sources = mat_block(X, 0, 0, kept + 1, d);
	p->top = mat_block(X, 1, 0, kept, d);
	return KR_OK;
}

static struct mat rows_of(struct policy *p, const int *rows, int n)
{
	double *x = policy__points(p, n);
	struct mat X = mat_view(x, n, p->d, n);
	for (int j = 0; x && j < p->d; j++)
		for (int i = 0; i < n; i++)
			*mat_at(X, i, j) = *mat_at(p->metrics[0].all.X, rows[i], j);
	return X;
}

/* The data of all models <- these rows. */
static enum kr_status take_data(struct policy *p, const int *rows, int n, struct kr_error *err)
{
	struct mat X = rows_of(p, rows, n);
	enum kr_status st = X.p ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for %d observations", n);
	for (int k = 0; !st && k < p->n_metrics; k++) {
		struct policy__metric *m = &p->metrics[k];
		int most = n < POLICY__SUCCESS_ROWS ? n : POLICY__SUCCESS_ROWS;
		m->data = (struct policy__data){.m = n, .X = X};
		m->data.rows = m->kind == POLICY__SUCCESS ? NULL : rows;
		st = m->kind == POLICY__SUCCESS
			? policy__encode_success(p, m, rows, most, p->place.centre, &m->data, err)
			: policy__take_rows(p, m, rows, &m->data, err);
	}
	return st;
}

/* rows (*n of them, at most `most`) <- the nearest observations; the box among them. */
static enum kr_status draw_box(struct policy *p, int *rows, int most, int *n, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	double *scale = ARENA_ARRAY(p->arena, double, p->d + p->theta_size);
	double *far = ARENA_ARRAY(p->arena, double, most);
	enum kr_status st = scale && far ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for a box");
	if (!st) {
		policy__lengthscales(p, scale);
		*n = nearest_rows(p, scale, most, rows, far);
		set_box(p, half_side(p, rows, *n, scale, far), scale);
	}
	arena_release(p->arena, mark);
	return st;
}

static int near_rows(const struct policy *p)
{
	return policy__rows_of_each(1 + p->in.n_constraints, POLICY__NEAR_ROWS);
}

/* Observations of the box that are not among the n rows take the places of the farthest, the newest
 * first, up to a quarter: what was suggested there must be known, whatever its choices. */
static void take_newest(const struct policy *p, int *rows, int n)
{
	int at = n, least = n - n / 4;
	for (int i = p->n_obs - 1; i >= 0 && at > least; i--) {
		bool known = !policy__in_box(p, p->metrics[0].all.X, i);
		for (int k = 0; !known && k < n; k++)
			known = rows[k] == i;
		if (!known)
			rows[--at] = i;
	}
}

/* The observations of the slot's models, and the box among them. */
static enum kr_status settle_box(struct policy *p, struct kr_error *err)
{
	int most = near_rows(p), n = 0, *rows = ARENA_ARRAY(p->arena, int, most);
	enum kr_status st = rows ? draw_box(p, rows, most, &n, err)
							 : kr_fail(err, KR_ENOMEM, "no memory for %d rows", most);
	if (!st)
		st = take_top(p, err);
	if (st)
		return st;
	take_newest(p, rows, n);
	return take_data(p, rows, n, err);
}

/* Candidates in the box of the best known point are out of the question: the other slots look
 * there. Unless no others are left. */
static enum kr_status look_elsewhere(struct policy *p, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	int most = near_rows(p), n, *rows = ARENA_ARRAY(p->arena, int, most), outside = 0;
	if (p->survey.n_incumbents == 0)
		return KR_OK;
	take_best(p);
	enum kr_status st = rows ? draw_box(p, rows, most, &n, err)
							 : kr_fail(err, KR_ENOMEM, "no memory for %d rows", most);
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
	return settle_box(p, err);
}

/* ---- models ------------------------------------------------------------------------ */

/* Nothing is known of this slot's models yet. */
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
	struct gp_data data = policy__gp_data(p, &m->data);
	struct gp_fit_result result;
	enum kr_status st = KR_OK;
	memcpy(m->here, m->theta, sizeof(double) * (size_t)p->theta_size);
	st = gp_fit_from(&data, &m->prior, FIT_EVALUATIONS, m->here, &result, p->arena, err);
	if (!st && result.log_posterior == -INFINITY)
		memcpy(m->here, m->theta, sizeof(double) * (size_t)p->theta_size);
	*more = p->n_based < p->n_metrics;
	if (st)
		return st;
	m->base = gp_new(data.n, p->d, 1);
	return m->base ? gp_condition(m->base, &data, m->here, p->arena, err)
				   : kr_fail(err, KR_ENOMEM, "no memory for a model of %d points", data.n);
}
