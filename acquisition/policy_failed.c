/* Points that were given out and brought nothing: failed, expired, infeasible. Nothing was
 * observed there, so the model alone would suggest a place where the program crashes for
 * ever. The model of the search therefore takes each such place for an outcome below the
 * incumbent, by one predicted standard deviation for each point that was lost there: one
 * loss (an interrupted run) leaves the surroundings open, several close them. */
#include <math.h>

#include "acquisition/policy_internal.h"

/* Points are at one place when the model can hardly tell them apart: so many lengthscales. */
static const double same_distance = 0.1;

/* Variance of these outcomes, relative to the outputscale: only for the condition number. */
static const double failed_noise = 1e-6;

int policy__failed_rows(const struct policy *p)
{
	return p->in.n_taken < POLICY__FAILED_ROWS ? p->in.n_taken : POLICY__FAILED_ROWS;
}

/* Is row i of X at the same place as p->point? */
static bool is_here(const struct policy *p, struct mat X, int i)
{
	const double *lengthscale = gp_lengthscale(p->base);
	const unsigned char *categorical = space_categorical(p->in.space);
	double sum = 0;
	for (int j = 0; j < p->d; j++) {
		double delta = (*mat_at(X, i, j) - p->point[j]) / lengthscale[j];
		if (categorical[j] && delta != 0)
			return false;
		sum += delta * delta;
	}
	return sum < same_distance * same_distance;
}

/* X <- the places (coords, as many rows as there may be points); lost <- how many points were
 * taken at each. The number of places. */
static int find_places(struct policy *p, struct mat X, int *lost)
{
	int places = 0;
	for (int i = p->in.n_taken - X.rows; i < p->in.n_taken; i++) {
		int k = 0;
		space_encode(p->in.space, p->in.taken + (size_t)i * (size_t)p->d, p->point);
		while (k < places && !is_here(p, X, k))
			k++;
		lost[k] = k < places ? lost[k] + 1 : 1;
		if (k < places)
			continue;
		for (int j = 0; j < p->d; j++)
			*mat_at(X, k, j) = p->point[j];
		places++;
	}
	return places;
}

enum kr_status policy__avoid_failed(struct policy *p, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	int rows = policy__failed_rows(p), columns = gp_columns(p->joint);
	int *lost = ARENA_ARRAY(p->arena, int, rows);
	double *x = policy__points(p, rows), *f = ARENA_ARRAY(p->arena, double, rows *columns);
	struct mat X = mat_view(x, rows, p->d, rows), F = mat_view(f, rows, columns, rows);
	struct gp_batch batch;
	enum kr_status st = KR_OK;
	if (!lost || !x || !f) {
		st = kr_fail(err, KR_ENOMEM, "no memory for %d failed points", rows);
		goto done;
	}
	X.rows = F.rows = find_places(p, X, lost);
	st = gp_predict(p->joint, X, false, &batch, p->arena, err);
	if (st)
		goto done;
	for (int m = 0; m < columns; m++)
		for (int i = 0; i < X.rows; i++)
			*mat_at(F, i, m) = fmin(
				*mat_at(batch.mean, i, m), p->best[m] - lost[i] * sqrt(batch.var[i]));
	st = gp_extend(p->joint, X, F, failed_noise * gp_outputscale(p->joint), p->arena, err);
done:
	arena_release(p->arena, mark);
	return st;
}
