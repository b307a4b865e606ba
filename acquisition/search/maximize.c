#include "acquisition/search/maximize.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/search/maximize_internal.h"
#include "acquisition/search/moves.h"
#include "acquisition/search/projection.h"

enum {
	CHUNK = 256,     /* most rows of one evaluation */
	ITERATIONS = 40, /* of one ascent */
	HALVED_AT = 8,   /* steps after which the worse half of the starts ends */
	QUARTERED_AT = 16,
	SWEEP_WORK = 4096, /* evaluations of one sweep; fewer starts join beyond */
	LOCAL_STARTS = 3,  /* at least so many starts near the best known points */
	GRADIENT_COST = 3
};

static const double ascent_tolerance = 1e-4, polish_tolerance = 1e-8;
static const double least_scale = 0.01, most_scale = 1;

int maximize_starts(int d)
{
	int n = 8 + d / 4;
	return n < MAXIMIZE__MOST_STARTS ? n : MAXIMIZE__MOST_STARTS;
}

static bool is_fixed(const struct maximize_problem *p, int i)
{
	return p->fixed && !isnan(p->fixed[i]);
}

static void classify(struct maximizer *m)
{
	double moves = 0;
	for (int i = 0; i < m->d; i++) {
		const struct space *s = m->p.space;
		m->scale[i] = fmin(fmax(m->p.scale[i], least_scale), most_scale);
		if (is_fixed(&m->p, i))
			continue;
		bool smooth = moves_smooth(s, i);
		m->discrete[i] = moves_discrete(s, i);
		m->moving[i] = smooth || !m->discrete[i];
		m->n_moving += m->moving[i];
		m->any_smooth |= smooth && m->discrete[i];
		moves += m->discrete[i] ? fmin(space_levels(s, i), MOVES_MOST) : 0;
	}
	m->n_swept = moves > 0 ? (int)fmax(1, fmin(SWEEP_WORK / moves, m->p.n_starts)) : 0;
}

struct maximizer *maximize_new(const struct maximize_problem *problem, struct arena *a)
{
	struct maximizer *m = ARENA_NEW(a, struct maximizer);
	if (!m)
		return NULL;
	m->p = *problem;
	m->arena = a;
	m->d = space_dims(problem->space);
	assert(problem->n_starts >= 0 && problem->n_starts <= MAXIMIZE__MOST_STARTS);
	m->n_raw = problem->raw->X.rows;
	m->raw_value = ARENA_ARRAY(a, double, m->n_raw);
	m->x = ARENA_ARRAY(a, double, m->d *(problem->n_starts + 1));
	m->f = ARENA_ARRAY(a, double, problem->n_starts + 1);
	m->best_x = ARENA_ARRAY(a, double, m->d);
	m->scale = ARENA_ARRAY(a, double, m->d);
	m->moving = ARENA_ARRAY(a, unsigned char, m->d);
	m->discrete = ARENA_ARRAY(a, unsigned char, m->d);
	m->order = ARENA_ARRAY(a, int, m->n_raw + problem->n_starts);
	if (problem->region && region_ruled(problem->region)) {
		m->projection = projection_new(problem->region, problem->space, m->moving, m->scale, a);
		m->values = ARENA_ARRAY(a, double, m->d);
		m->spent = region_spent(problem->region);
		m->waking = ARENA_ARRAY(a, double, m->d);
		if (!m->projection || !m->values || !m->waking)
			return NULL;
	}
	if (!m->raw_value || !m->x || !m->f || !m->best_x || !m->scale || !m->moving || !m->discrete ||
		!m->order)
		return NULL;
	classify(m);
	return m;
}

enum kr_status maximize__evaluate(
	struct maximizer *m, struct mat X, double *value, struct kr_error *err)
{
	struct mat none = {0};
	for (int i = 0; i < X.rows; i += CHUNK) {
		int rows = X.rows - i < CHUNK ? X.rows - i : CHUNK;
		enum kr_status st = m->p.function.eval(
			m->p.function.ctx, mat_block(X, i, 0, rows, X.cols), value + i, none, m->arena, err);
		if (st)
			return st;
	}
	return KR_OK;
}

/* Values of n points that are columns of x. */
static enum kr_status evaluate_columns(
	struct maximizer *m, const double *x, int n, double *value, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(m->arena);
	double *t = arena_alloc(m->arena, sizeof(double) * (size_t)n * (size_t)m->d);
	if (!t)
		return kr_fail(err, KR_ENOMEM, "no memory for %d points", n);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < m->d; j++)
			t[(size_t)j * (size_t)n + (size_t)i] = x[(size_t)i * (size_t)m->d + (size_t)j];
	enum kr_status st = maximize__evaluate(m, mat_view(t, n, m->d, n), value, err);
	arena_release(m->arena, mark);
	return st;
}

/* ---- screen and pick -------------------------------------------------------- */

static enum kr_status screen(struct maximizer *m, int *work, struct kr_error *err)
{
	int left = m->n_raw - m->n_screened, rows = left < CHUNK ? left : CHUNK;
	enum kr_status st = maximize__evaluate(
		m, mat_block(m->p.raw->X, m->n_screened, 0, rows, m->d), m->raw_value + m->n_screened, err);
	if (st)
		return st;
	m->n_screened += rows;
	*work += rows;
	if (m->n_screened == m->n_raw)
		m->stage = m->p.n_starts ? MAXIMIZE__PICK : MAXIMIZE__DONE;
	return KR_OK;
}

/* Take raw candidate i as a start unless that point is one already. */
static void take_start(struct maximizer *m, int i)
{
	double *x = m->x + (size_t)m->n * (size_t)m->d;
	for (int j = 0; j < m->d; j++)
		x[j] = *mat_at(m->p.raw->X, i, j);
	for (int k = 0; k < m->n; k++)
		if (!memcmp(m->x + (size_t)k * (size_t)m->d, x, sizeof(double) * (size_t)m->d))
			return;
	if (isfinite(m->raw_value[i]))
		m->f[m->n++] = m->raw_value[i];
}

/* Index of the largest of v[from..to), -1 if all are -inf; it becomes -inf. */
static int take_largest(double *v, int from, int to)
{
	int best = -1;
	for (int i = from; i < to; i++)
		if (v[i] > (best < 0 ? -INFINITY : v[best]))
			best = i;
	if (best >= 0)
		v[best] = -INFINITY;
	return best;
}

/* v <- standardized values plus Gumbel noise: the order of v is then a sample without
 * replacement with probabilities exp(standardized value). */
static void boltzmann(struct maximizer *m, double *v)
{
	struct rng r = rng_make(m->p.seed, m->p.number, RNG_STARTS, 0);
	double mean = 0, square = 0;
	int n = 0;
	for (int i = 0; i < m->n_raw; i++) {
		if (!isfinite(m->raw_value[i]))
			continue;
		double delta = m->raw_value[i] - mean;
		mean += delta / ++n;
		square += delta * (m->raw_value[i] - mean);
	}
	double sd = sqrt(square / (n > 1 ? n : 1)) + 1e-12;
	for (int i = 0; i < m->n_raw; i++) {
		double gumbel = -log(-log1p(-rng_uniform(&r)));
		v[i] = isfinite(m->raw_value[i]) ? (m->raw_value[i] - mean) / sd + gumbel : -INFINITY;
	}
}

/* Starts: the best candidate, the best near the known points, the best known point, and
 * the rest by lot. */
static enum kr_status pick(struct maximizer *m, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(m->arena);
	double *v = ARENA_ARRAY(m->arena, double, m->n_raw);
	if (!v)
		return kr_fail(err, KR_ENOMEM, "no memory for %d candidates", m->n_raw);
	for (int i = 0; i < m->n_raw; i++)
		v[i] = isnan(m->raw_value[i]) ? -INFINITY : m->raw_value[i];
	int i = take_largest(v, 0, m->n_raw);
	for (int k = 0; i >= 0 && m->n < m->p.n_starts; k++) {
		take_start(m, i);
		if (k < LOCAL_STARTS)
			i = take_largest(v, m->p.raw->n_net, m->n_raw);
		if (k == LOCAL_STARTS)
			boltzmann(m, v);
		if (k >= LOCAL_STARTS || i < 0)
			i = take_largest(v, 0, m->n_raw);
	}
	m->stage = m->n ? MAXIMIZE__ASCEND : MAXIMIZE__DONE;
	bool ready = !m->projection || maximize__find_waking(m);
	arena_release(m->arena, mark);
	return ready ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for %d candidates", m->n_raw);
}

/* ---- ascent ----------------------------------------------------------------- */

static enum kr_status begin_ascent(
	struct maximizer *m, double *x, double *f, int n, double tolerance, struct kr_error *err)
{
	struct ascend_options options = {.moving = m->moving,
		.scale = m->scale,
		.box = m->p.box,
		.projection = m->projection,
		.iterations = ITERATIONS,
		.tolerance = tolerance};
	m->ascent = ascend_new(&m->p.function, &options, m->d, n, x, f, m->arena);
	return m->ascent ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for %d starts", n);
}

/* Round what an ascent left between grid values. */
static enum kr_status snap(struct maximizer *m, double *x, double *f, int n, struct kr_error *err)
{
	if (!m->any_smooth)
		return KR_OK;
	for (int i = 0; i < n; i++) {
		space_snap(m->p.space, x + (size_t)i * (size_t)m->d);
		candidates_fix(m->p.fixed, x + (size_t)i * (size_t)m->d, m->d);
		if (m->projection)
			region_settle(m->p.region, x + (size_t)i * (size_t)m->d, NULL);
	}
	return evaluate_columns(m, x, n, f, err);
}

/* Are the ends of the ascents points of the space, and the last word? */
static bool is_continuous(const struct maximizer *m)
{
	return !m->any_smooth && m->n_swept == 0;
}

static enum kr_status go_on(struct maximizer *m, int *work, bool *more, struct kr_error *err)
{
	int before = m->ascent->evaluations;
	enum kr_status st = ascend_step(m->ascent, more, m->arena, err);
	*work += GRADIENT_COST * (m->ascent->evaluations - before);
	return st;
}

/* All starts together; the worse half ends after some steps, and again of those that are left. */
static enum kr_status ascend(struct maximizer *m, int *work, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	bool more = m->n_moving > 0;
	if (more && !m->ascent)
		st = begin_ascent(m, m->x, m->f, m->n, ascent_tolerance, err);
	if (!st && more)
		st = go_on(m, work, &more, err);
	if (!st && more && m->ascent->rounds == HALVED_AT)
		ascend_keep(m->ascent, (m->n + 1) / 2);
	if (!st && more && m->ascent->rounds == QUARTERED_AT)
		ascend_keep(m->ascent, (m->n + 3) / 4);
	if (st || more)
		return st;
	if (!is_continuous(m))
		m->ascent = NULL;
	m->stage = MAXIMIZE__SWEEP;
	m->coordinate = 0;
	m->changed = false;
	return snap(m, m->x, m->f, m->n, err);
}

static enum kr_status begin_polish(struct maximizer *m, int best, struct kr_error *err)
{
	const double *x = m->x + (size_t)best * (size_t)m->d;
	m->polishing = true;
	if (m->ascent) {
		ascend_resume(m->ascent, best, ITERATIONS, polish_tolerance);
		return KR_OK;
	}
	memcpy(m->best_x, x, sizeof(double) * (size_t)m->d);
	m->best_f = m->f[best];
	return begin_ascent(m, m->best_x, &m->best_f, 1, polish_tolerance, err);
}

/* The best start alone, to the last digits; kept when rounding did not undo it. */
static enum kr_status polish(struct maximizer *m, int *work, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	bool more = m->n_moving > 0;
	int best = 0;
	for (int i = 1; i < m->n; i++)
		best = m->f[i] > m->f[best] ? i : best;
	double *x = m->x + (size_t)best * (size_t)m->d;
	if (more && !m->polishing)
		st = begin_polish(m, best, err);
	if (!st && more)
		st = go_on(m, work, &more, err);
	if (st || more)
		return st;
	m->stage = MAXIMIZE__DONE;
	if (!m->polishing || is_continuous(m))
		return KR_OK;
	st = snap(m, m->best_x, &m->best_f, 1, err);
	if (!st && m->best_f > m->f[best]) {
		memcpy(x, m->best_x, sizeof(double) * (size_t)m->d);
		m->f[best] = m->best_f;
	}
	return st;
}

/* ---- driving and reading ---------------------------------------------------- */

static enum kr_status one_piece(struct maximizer *m, int *work, struct kr_error *err)
{
	switch (m->stage) {
	case MAXIMIZE__SCREEN: return screen(m, work, err);
	case MAXIMIZE__PICK: return pick(m, err);
	case MAXIMIZE__ASCEND: return ascend(m, work, err);
	case MAXIMIZE__SWEEP: return maximize__sweep(m, work, err);
	case MAXIMIZE__POLISH: return polish(m, work, err);
	default: return KR_OK;
	}
}

enum kr_status maximize_step(struct maximizer *m, int work, bool *more, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	int done = 0;
	m->sorted = false;
	while (!st && m->stage != MAXIMIZE__DONE && done < work)
		st = one_piece(m, &done, err);
	*more = !st && m->stage != MAXIMIZE__DONE;
	return st;
}

static double value_of(const struct maximizer *m, int i)
{
	return i < m->n_raw ? m->raw_value[i] : m->f[i - m->n_raw];
}

static int compare_points(const void *a, const void *b, void *ctx)
{
	const struct maximizer *m = ctx;
	int i = *(const int *)a, j = *(const int *)b;
	double u = value_of(m, i), v = value_of(m, j);
	if (u != v)
		return u > v ? -1 : 1;
	return i - j;
}

static void sort_points(struct maximizer *m)
{
	m->n_order = 0;
	for (int i = 0; i < m->n_screened; i++)
		if (isfinite(m->raw_value[i]))
			m->order[m->n_order++] = i;
	for (int i = 0; i < m->n; i++)
		if (isfinite(m->f[i]))
			m->order[m->n_order++] = m->n_raw + i;
	qsort_r(m->order, (size_t)m->n_order, sizeof(*m->order), compare_points, m);
	m->sorted = true;
}

bool maximize_ranked(struct maximizer *m, int k, double *x, double *value)
{
	if (!m->sorted)
		sort_points(m);
	if (k < 0 || k >= m->n_order)
		return false;
	int i = m->order[k];
	*value = value_of(m, i);
	for (int j = 0; j < m->d; j++)
		x[j] = i < m->n_raw ? *mat_at(m->p.raw->X, i, j)
							: m->x[(size_t)(i - m->n_raw) * (size_t)m->d + (size_t)j];
	return true;
}

/* ---- different maxima --------------------------------------------------------- */

/* Ends of ascents closer than this in natural steps are one maximum. */
static const double same_maximum = 1e-2;

static bool same_place(const struct maximizer *m, const double *x, const double *y)
{
	double r2 = 0;
	for (int j = 0; j < m->d; j++) {
		double step = x[j] - y[j];
		if (m->discrete[j] && !m->moving[j] && step != 0)
			return false;
		r2 += step * step / (m->scale[j] * m->scale[j]);
	}
	return r2 < same_maximum * same_maximum;
}

/* Is start i where a better one (of equal ones an earlier one) has ended? */
static bool is_double(const struct maximizer *m, int i)
{
	const double *x = m->x + (size_t)i * (size_t)m->d;
	for (int k = 0; k < m->n; k++) {
		bool before = m->f[k] > m->f[i] || (m->f[k] == m->f[i] && k < i);
		if (before && same_place(m, m->x + (size_t)k * (size_t)m->d, x))
			return true;
	}
	return false;
}

int maximize_optima(const struct maximizer *m, const double *x, double value, int *rank)
{
	int n = 0;
	*rank = 1;
	for (int i = 0; i < m->n; i++) {
		if (!isfinite(m->f[i]) || is_double(m, i))
			continue;
		n++;
		*rank += m->f[i] > value && !same_place(m, m->x + (size_t)i * (size_t)m->d, x);
	}
	return n;
}
