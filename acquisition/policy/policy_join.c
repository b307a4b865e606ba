/* Points whose outcomes are not known yet: fantasies of pending trials and of earlier slots, and
 * under noise of the best known points, in every model but that of success.
 *
 * In each fantasy the incumbent is the best of those that met the constraints, drawn ones
 * included. Before any is known, a fantasy in which a pending point meets them has nothing left
 * to find: what is maximized is then the probability that a point is feasible and no pending one
 * is. */
#include <math.h>

#include "acquisition/policy/pending.h"
#include "acquisition/policy/policy_internal.h"

static int pending_rows(const struct policy *p)
{
	return p->in.n_pending < POLICY__PENDING_ROWS ? p->in.n_pending : POLICY__PENDING_ROWS;
}

int policy__n_open(const struct policy *p)
{
	return pending_rows(p) + p->n_settled;
}

const double *policy__open_point(const struct policy *p, int k)
{
	int skipped = p->in.n_pending - pending_rows(p);
	if (k < pending_rows(p))
		return p->in.pending + (size_t)(skipped + k) * (size_t)p->d;
	return p->results[k - pending_rows(p)].values;
}

bool policy__has_joint(const struct policy *p)
{
	return p->n_joint == p->in.n_constraints + p->n_members;
}

/* The i-th model that has fantasies: of the objective, of the constraints, then of the objective
 * again. */
static struct policy__metric *joined(struct policy *p, int i)
{
	int e = i - p->in.n_constraints;
	return e > 0 ? policy__member(p, e) : &p->metrics[i];
}

/* Random numbers of a block of metric k. All models of the objective have those of k = 0, so that
 * their fantasies are of the same draws. */
static struct rng key_of(const struct policy *p, int k, int block)
{
	return rng_make(p->in.seed, p->in.slots[p->n_settled].number, RNG_FANTASY,
		(uint32_t)k << 16 | (uint32_t)block);
}

static int columns_of(const struct policy *p)
{
	if (policy__believes(p))
		return 1;
	return policy__draws_best(p) ? POLICY__NOISY_COLUMNS : POLICY__COLUMNS;
}

/* Outcomes F at P, drawn under a key or believed; g is extended by them. */
static enum kr_status extend(struct policy *p, struct gp *g, struct mat P, struct mat F,
	struct rng key, struct kr_error *err)
{
	return policy__believes(p) ? pending_believe(g, P, F, p->arena, err)
							   : pending_extend(g, P, F, &key, p->arena, err);
}

/* The incumbent of each column of model e <- the larger of it and the draws in it; where a draw of
 * a constraint is outside, it is none (inside: rows x columns flags, NULL: all are). */
static void raise_incumbents(struct policy *p, int e, struct mat F, const unsigned char *inside)
{
	for (int m = 0; m < F.cols; m++)
		for (int i = 0; i < F.rows; i++) {
			if (inside && !inside[m * F.rows + i])
				continue;
			p->closed[m] |= !p->has_incumbent;
			if (p->has_incumbent)
				p->best[e][m] = fmax(p->best[e][m], *mat_at(F, i, m));
		}
}

static int best_drawn(const struct policy *p)
{
	return p->n_incumbents < POLICY__BEST_DRAWN ? p->n_incumbents : POLICY__BEST_DRAWN;
}

/* The joint of model i: on the same data, with room for fantasies. Under noise the function is
 * drawn at the best known points that meet the constraints, and the incumbent is the best of the
 * draws. */
static enum kr_status begin_joint(struct policy *p, int i, struct kr_error *err)
{
	struct policy__metric *metric = joined(p, i);
	int e = i > p->in.n_constraints ? i - p->in.n_constraints : 0;
	struct gp_data data = policy__gp_data(p, metric, &metric->data);
	int drawn = policy__draws_best(p) && metric->kind != POLICY__CONSTRAINT ? best_drawn(p) : 0;
	int columns = columns_of(p);
	metric->joint = gp_new(metric->data.m + drawn + pending_rows(p) + p->in.n_slots, p->d, columns);
	if (!metric->joint)
		return kr_fail(err, KR_ENOMEM, "no memory for a model of %d points", metric->data.m);
	const double *theta = p->survey.on ? metric->here : metric->theta;
	enum kr_status st = gp_condition(metric->joint, &data, theta, p->arena, err);
	if (st || !drawn)
		return st;
	for (int m = 0; m < columns; m++)
		p->best[e][m] = p->floor;
	struct arena_mark mark = arena_mark(p->arena);
	double *draws = ARENA_ARRAY(p->arena, double, drawn *columns);
	struct mat F = mat_view(draws, drawn, columns, drawn);
	struct rng key = key_of(p, 0, 0);
	st = draws ? pending_extend(
					 metric->joint, mat_block(p->top, 0, 0, drawn, p->d), F, &key, p->arena, err)
			   : kr_fail(err, KR_ENOMEM, "no memory for %d draws", drawn);
	if (!st)
		raise_incumbents(p, e, F, NULL);
	arena_release(p->arena, mark);
	return st;
}

/* inside (rows x columns flags) &= is the draw between the bounds of the constraint? */
static void judge_draws(const struct policy__metric *c, struct mat F, unsigned char *inside)
{
	for (int m = 0; m < F.cols; m++)
		for (int i = 0; i < F.rows; i++)
			inside[m * F.rows + i] &= *mat_at(F, i, m) >= c->lower && *mat_at(F, i, m) <= c->upper;
}

/* Extend all joints by draws at the points of P, a block whose first point has the number
 * `first`. */
static enum kr_status extend_all(struct policy *p, struct mat P, int first, struct kr_error *err)
{
	int columns = columns_of(p), cells = P.rows * columns;
	double *f = ARENA_ARRAY(p->arena, double, cells);
	unsigned char *inside = ARENA_ARRAY(p->arena, unsigned char, cells);
	enum kr_status st = KR_OK;
	struct mat F = mat_view(f, P.rows, columns, P.rows);
	if (!f || !inside)
		return kr_fail(err, KR_ENOMEM, "no memory for %d pending points", P.rows);
	for (int i = 0; i < cells; i++)
		inside[i] = 1;
	for (int k = 1; !st && k <= p->in.n_constraints; k++) {
		st = extend(p, p->metrics[k].joint, P, F, key_of(p, k, 1 + first), err);
		if (!st)
			judge_draws(&p->metrics[k], F, inside);
	}
	for (int e = 0; !st && e < p->n_members; e++) {
		st = extend(p, policy__member(p, e)->joint, P, F, key_of(p, 0, 1 + first), err);
		if (!st)
			raise_incumbents(p, e, F, inside);
	}
	return st;
}

/* One block of points that are not in the models yet. */
static enum kr_status join_block(struct policy *p, int open, struct kr_error *err)
{
	int d = p->d, rows = 0, first = p->n_joined;
	double *x = policy__points(p, PENDING_BLOCK);
	if (!x)
		return kr_fail(err, KR_ENOMEM, "no memory for pending points");
	while (p->n_joined < open && rows < PENDING_BLOCK) {
		const double *values = policy__open_point(p, p->n_joined++);
		if (!values)
			continue;
		space_encode(p->in.space, values, p->point);
		if (!policy__in_box(p, mat_view(p->point, 1, d, 1), 0))
			continue;
		for (int j = 0; j < d; j++)
			x[j * PENDING_BLOCK + rows] = p->point[j];
		rows++;
	}
	return rows ? extend_all(p, mat_view(x, rows, d, PENDING_BLOCK), first, err) : KR_OK;
}

enum kr_status policy__join(struct policy *p, bool *more, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	int open = policy__n_open(p);
	enum kr_status st = KR_OK;

	*more = false;
	if (!policy__has_joint(p) && (policy__draws_best(p) || open > 0)) {
		st = begin_joint(p, p->n_joint, err);
		p->n_joint += !st;
		*more = !st && !policy__has_joint(p);
	}
	if (st || *more || p->n_joined == open)
		return st;
	st = join_block(p, open, err);
	*more = p->n_joined < open;
	arena_release(p->arena, mark);
	return st;
}
