/* The box of a slot, when the observations are too many for one exact model: around a centre, as
 * wide as half of the observations nearest to it are far, so that the search stays among
 * observations on all sides. It shrinks as observations gather. And what is known in it. */
#include <math.h>
#include <stdlib.h>

#include "acquisition/policy/policy_internal.h"

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

/* ---- its sides -------------------------------------------------------------------- */

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

static int near_rows(const struct policy *p)
{
	return policy__rows_of_each(1 + p->in.n_constraints, POLICY__NEAR_ROWS);
}

enum kr_status policy__draw_box(struct policy *p, int **rows, int *n, struct kr_error *err)
{
	int most = near_rows(p);
	*rows = ARENA_ARRAY(p->arena, int, most);
	struct arena_mark mark = arena_mark(p->arena);
	double *scale = ARENA_ARRAY(p->arena, double, p->d + p->theta_size);
	double *far = ARENA_ARRAY(p->arena, double, most);
	if (!*rows || !scale || !far)
		return kr_fail(err, KR_ENOMEM, "no memory for a box of %d rows", most);
	policy__lengthscales(p, scale);
	*n = nearest_rows(p, scale, most, *rows, far);
	set_box(p, half_side(p, *rows, *n, scale, far), scale);
	arena_release(p->arena, mark);
	return KR_OK;
}

/* ---- what is known in it ------------------------------------------------------------ */

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
			? policy__label(p, m, rows, most, p->place.centre, &m->data, err)
			: policy__take_rows(p, m, rows, &m->data, err);
	}
	return st;
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

enum kr_status policy__settle_box(struct policy *p, struct kr_error *err)
{
	int n = 0, *rows;
	enum kr_status st = policy__draw_box(p, &rows, &n, err);
	if (!st)
		st = take_top(p, err);
	if (st)
		return st;
	take_newest(p, rows, n);
	return take_data(p, rows, n, err);
}
