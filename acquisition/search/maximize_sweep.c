/* Discrete moves: one coordinate at a time, for the best starts. Under rules a move may wake
 * parameters, and mends what it breaks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/search/maximize_internal.h"
#include "acquisition/search/moves.h"

enum {
	ROUNDS = 3,                     /* of ascents and moves */
	SWEEP_ROUNDS = 8,               /* when there are only moves */
	MOST_MENDING = 20 * 1000 * 1000 /* work; then moves that break a rule are left out */
};

static const double move_gain = 1e-9; /* least gain of a discrete move */

/* waking <- of each parameter the coordinate in the best candidate where it is active. */
bool maximize__find_waking(struct maximizer *m)
{
	struct mat X = m->p.raw->X;
	double *x = m->best_x, *best = ARENA_ARRAY(m->arena, double, m->d);
	if (!best)
		return false;
	for (int j = 0; j < m->d; j++) {
		m->waking[j] = space_coord(m->p.space, j, NAN);
		best[j] = -INFINITY;
	}
	for (int i = 0; i < m->n_raw; i++) {
		for (int j = 0; j < m->d; j++)
			x[j] = *mat_at(X, i, j);
		region_decode(m->p.region, x, m->values);
		for (int j = 0; j < m->d; j++) {
			if (isnan(m->values[j]) || !(m->raw_value[i] > best[j]))
				continue;
			best[j] = m->raw_value[i];
			m->waking[j] = x[j];
		}
	}
	return true;
}

static int compare_starts(const void *a, const void *b, void *ctx)
{
	const struct maximizer *m = ctx;
	int i = *(const int *)a, j = *(const int *)b;
	if (m->f[i] != m->f[j])
		return m->f[i] > m->f[j] ? -1 : 1;
	return i - j;
}

/* The k-th candidate (of n, rows of X) becomes x with coordinate j moved. Under rules that
 * may wake parameters, and is mended; false when it cannot be. */
static bool make_move(struct maximizer *m, const double *x, int j, double to, double *moved)
{
	memcpy(moved, x, sizeof(double) * (size_t)m->d);
	moved[j] = to;
	if (!m->projection)
		return true;
	for (int c = 0; c < m->d; c++)
		if (isnan(m->values[c]))
			moved[c] = m->waking[c];
	candidates_fix(m->p.fixed, moved, m->d);
	if (region_has(m->p.region, moved)) {
		region_settle(m->p.region, moved, NULL);
		return true;
	}
	return region_spent(m->p.region) - m->spent < MOST_MENDING &&
		region_near(m->p.region, moved, j, region_little(m->p.region)) == REGION_FOUND;
}

/* The moves of coordinate j from x as rows of X (MOVES_MOST x d); returns how many. */
static int make_moves(struct maximizer *m, const double *x, int j, double *moved, double *X)
{
	double moves[MOVES_MOST];
	struct rng r = rng_make(m->p.seed, m->p.number, RNG_STARTS, 1 + (uint32_t)j);
	int n = moves_list(m->p.space, j, x[j], &r, moves), kept = 0;
	for (int k = 0; k < n; k++) {
		if (!make_move(m, x, j, moves[k], moved))
			continue;
		for (int c = 0; c < m->d; c++)
			X[(size_t)c * MOVES_MOST + (size_t)kept] = moved[c];
		kept++;
	}
	return kept;
}

/* Try every move of coordinate j from one start; take the best if it gains. */
static enum kr_status move(struct maximizer *m, int i, int j, int *work, struct kr_error *err)
{
	double value[MOVES_MOST] = {0};
	double *x = m->x + (size_t)i * (size_t)m->d;
	if (m->projection) {
		region_decode(m->p.region, x, m->values);
		if (isnan(m->values[j]))
			return KR_OK;
	}
	struct arena_mark mark = arena_mark(m->arena);
	double *X = arena_alloc(m->arena, sizeof(double) * MOVES_MOST * (size_t)m->d);
	double *moved = ARENA_ARRAY(m->arena, double, m->d);
	if (!X || !moved)
		return kr_fail(err, KR_ENOMEM, "no memory for %d moves", MOVES_MOST);
	int n = make_moves(m, x, j, moved, X), best = 0;
	enum kr_status st = KR_OK;
	if (n > 0)
		st = maximize__evaluate(m, mat_view(X, n, m->d, MOVES_MOST), value, err);
	*work += n;
	for (int k = 1; k < n; k++)
		best = value[k] > value[best] ? k : best;
	if (!st && n > 0 && value[best] > m->f[i] + move_gain) {
		for (int c = 0; c < m->d; c++)
			x[c] = X[(size_t)c * MOVES_MOST + (size_t)best];
		m->f[i] = value[best];
		m->changed = true;
	}
	arena_release(m->arena, mark);
	return st;
}

/* One coordinate of a sweep, for the best starts. */
enum kr_status maximize__sweep(struct maximizer *m, int *work, struct kr_error *err)
{
	int who[MAXIMIZE__MOST_STARTS];
	while (m->coordinate < m->d && !m->discrete[m->coordinate])
		m->coordinate++;
	if (m->coordinate == m->d) {
		int rounds = m->n_moving ? ROUNDS : SWEEP_ROUNDS;
		m->stage = m->changed && ++m->round < rounds ? MAXIMIZE__ASCEND : MAXIMIZE__POLISH;
		return KR_OK;
	}
	for (int i = 0; i < m->n; i++)
		who[i] = i;
	qsort_r(who, (size_t)m->n, sizeof(*who), compare_starts, m);
	int j = m->coordinate++;
	for (int k = 0; k < m->n && k < m->n_swept; k++) {
		enum kr_status st = move(m, who[k], j, work, err);
		if (st)
			return st;
	}
	return KR_OK;
}
