/* Legend: x the variables, u the same without bounds, q = L^-1 (u - c) whitened by the
 * metric L L', r momentum (identity mass in q), H = -ln density(q) + r'r / 2, rho the
 * sum of the momenta of a trajectory. A chain is laid out as in struct nuts__chain;
 * what it learns: nuts_chain.c.
 *
 * Trajectory: doubled until it turns back (Betancourt 2017, appendix A.4), draws by
 * weight in the new half against the old. */
#include "gp/sample/nuts.h"

#include <math.h>
#include <string.h>

#include "gp/linalg/blas.h"
#include "gp/sample/nuts_internal.h"

/* An energy error above this ends a trajectory. */
static const double divergence = 1000;

/* Least distance to a bound at the start, as a part of the room. */
static const double inside = 1e-3;

static const double difference = 1e-3; /* in u, of gradients for the curvature */

/* ---- x and u ------------------------------------------------------------------- */

static bool fixed(const struct nuts_problem *b, int i)
{
	return b->lower[i] == b->upper[i];
}

/* x_i of u; *slope = dx/du, *lj = ln of it, *dlj its derivative. */
static double place(
	const struct nuts_problem *b, int i, double u, double *slope, double *lj, double *dlj)
{
	double lo = b->lower[i], hi = b->upper[i], s;

	*slope = 1;
	*lj = *dlj = 0;
	if (isinf(lo) && isinf(hi) && lo < hi)
		return u;
	if (lo == hi) {
		*slope = 0;
		return lo;
	}
	if (isinf(lo) || isinf(hi)) {
		*slope = exp(u);
		*lj = u;
		*dlj = 1;
		if (isinf(lo)) {
			*slope = -*slope;
			return hi + *slope;
		}
		return lo + *slope;
	}
	s = 1 / (1 + exp(-u));
	*slope = (hi - lo) * s * (1 - s);
	*lj = log(hi - lo) - fabs(u) - 2 * log1p(exp(-fabs(u)));
	*dlj = 1 - 2 * s;
	return fmin(fmax(lo + (hi - lo) * s, lo), hi);
}

static double unplace(const struct nuts_problem *b, int i, double x)
{
	double lo = b->lower[i], hi = b->upper[i], s;

	if (lo == hi)
		return 0;
	if (isinf(lo) && isinf(hi))
		return x;
	if (isinf(hi))
		return log(fmax(x - lo, inside));
	if (isinf(lo))
		return log(fmax(hi - x, inside));
	s = fmin(fmax((x - lo) / (hi - lo), inside), 1 - inside);
	return log(s / (1 - s));
}

void nuts_position(const struct nuts_problem *problem, const double *chain, double *x)
{
	double slope, lj, dlj;

	for (int i = 0; i < problem->p; i++)
		x[i] = place(problem, i, chain[NUTS__SCALARS + i], &slope, &lj, &dlj);
}

/* ---- one transition ------------------------------------------------------------ */

struct point {
	double *q, *r, *g, lp; /* g: gradient in q */
};

struct walk {
	const struct nuts_problem *problem;
	struct nuts__chain c;
	struct rng rng;
	struct point z;     /* the end that moves */
	double *u, *x, *gx; /* p: of the last evaluation */
	double H0, step;    /* step: signed */
	double accepted;    /* sum of Metropolis probabilities */
	int evaluations;
	bool diverged;
	struct arena *scratch;
	struct kr_error *err;
};

/* A part of a trajectory, from its first point in the direction of movement on. */
struct branch {
	double *rho, *first, *last; /* momenta */
	double *draw, draw_lp;      /* q */
	double log_weight;
};

static bool vectors(struct arena *a, int p, int n, double **out[])
{
	double *at = arena_alloc(a, sizeof(double) * (size_t)p * (size_t)n);

	for (int i = 0; at && i < n; i++)
		*out[i] = at + (size_t)p * (size_t)i;
	return at != NULL;
}

static bool branch_new(struct branch *b, struct arena *a, int p)
{
	double **parts[] = {&b->rho, &b->first, &b->last, &b->draw};

	b->log_weight = -INFINITY;
	return vectors(a, p, 4, parts);
}

static double dot(int p, const double *a, const double *b)
{
	double sum = 0;

	for (int i = 0; i < p; i++)
		sum += a[i] * b[i];
	return sum;
}

static void copy(int p, double *to, const double *from)
{
	memcpy(to, from, sizeof(double) * (size_t)p);
}

static double log_add(double a, double b)
{
	double top = fmax(a, b);

	return top == -INFINITY ? top : top + log1p(exp(-fabs(a - b)));
}

/* u + L q of w->u <- q. */
static void unwhiten(const struct walk *w, const double *q, double *u)
{
	int p = w->c.p;

	for (int i = 0; i < p; i++) {
		u[i] = 0;
		for (int j = 0; j <= i; j++)
			u[i] += *mat_at(w->c.L, i, j) * q[j];
	}
}

/* ln density and gradient in u at w->u. */
static enum kr_status density_u(struct walk *w, double *lp, double *gu)
{
	const struct nuts_problem *b = w->problem;
	double slope, lj, dlj, extra = 0;
	enum kr_status status;

	for (int i = 0; i < b->p; i++) {
		w->x[i] = place(b, i, w->u[i], &slope, &lj, &dlj);
		extra += fixed(b, i) ? 0 : lj;
	}
	w->evaluations++;
	status = b->density(b->context, w->x, lp, w->gx, w->err);
	if (status != KR_OK)
		return status;
	*lp += extra;
	if (!isfinite(*lp)) {
		*lp = -INFINITY;
		return KR_OK;
	}
	for (int i = 0; i < b->p; i++) {
		place(b, i, w->u[i], &slope, &lj, &dlj);
		gu[i] = slope * w->gx[i] + dlj;
		if (fixed(b, i))
			gu[i] = 0;
		else if (!isfinite(gu[i]))
			*lp = -INFINITY;
	}
	return KR_OK;
}

static enum kr_status evaluate(struct walk *w, struct point *z)
{
	int p = w->c.p;
	enum kr_status status;

	unwhiten(w, z->q, w->u);
	status = density_u(w, &z->lp, z->g);
	if (status != KR_OK || z->lp == -INFINITY)
		return status;
	for (int j = 0; j < p; j++) { /* L' g, in place from the first on */
		double sum = 0;

		for (int i = j; i < p; i++)
			sum += *mat_at(w->c.L, i, j) * z->g[i];
		z->g[j] = sum;
	}
	return KR_OK;
}

/* Leapfrog (Neal 2011, eq. 5.18-5.20), and what its end adds to the trajectory. */
static enum kr_status leap(struct walk *w, struct branch *out)
{
	int p = w->c.p;
	struct point *z = &w->z;
	double excess;
	enum kr_status status;

	for (int i = 0; i < p; i++) {
		z->r[i] += 0.5 * w->step * z->g[i];
		z->q[i] += w->step * z->r[i];
	}
	status = evaluate(w, z);
	if (status != KR_OK)
		return status;
	if (z->lp > -INFINITY)
		for (int i = 0; i < p; i++)
			z->r[i] += 0.5 * w->step * z->g[i];
	excess = 0.5 * dot(p, z->r, z->r) - z->lp - w->H0;
	w->diverged = !(excess < divergence);
	out->log_weight = w->diverged ? -INFINITY : -excess;
	w->accepted += w->diverged ? 0 : fmin(1, exp(-excess));
	copy(p, out->rho, z->r);
	copy(p, out->first, z->r);
	copy(p, out->last, z->r);
	copy(p, out->draw, z->q);
	out->draw_lp = z->lp;
	return KR_OK;
}

static bool turns(int p, const double *rho, const double *more, const double *a, const double *b)
{
	double along_a = dot(p, rho, a), along_b = dot(p, rho, b);

	if (more) {
		along_a += dot(p, more, a);
		along_b += dot(p, more, b);
	}
	return !(along_a > 0 && along_b > 0);
}

/* a <- a with b after it; false when the whole turns back, also over the seam. */
static bool join(struct walk *w, struct branch *a, const struct branch *b, bool favour_new)
{
	int p = w->c.p;
	double both = log_add(a->log_weight, b->log_weight);
	double odds = b->log_weight - (favour_new ? a->log_weight : both);
	bool turned = turns(p, a->rho, b->rho, a->first, b->last) ||
		turns(p, a->rho, b->first, a->first, b->first) ||
		turns(p, b->rho, a->last, a->last, b->last);

	if (log(1 - rng_uniform(&w->rng)) < odds) {
		copy(p, a->draw, b->draw);
		a->draw_lp = b->draw_lp;
	}
	for (int i = 0; i < p; i++)
		a->rho[i] += b->rho[i];
	copy(p, a->last, b->last);
	a->log_weight = both;
	return !turned;
}

/* 2^depth further points; *whole: no part of them turns back or diverges. */
static enum kr_status grow(struct walk *w, int depth, struct branch *out, bool *whole)
{
	struct arena_mark mark = arena_mark(w->scratch);
	struct branch second;
	enum kr_status status;

	if (depth == 0) {
		status = leap(w, out);
		*whole = !w->diverged;
		return status;
	}
	status = grow(w, depth - 1, out, whole);
	if (status != KR_OK || !*whole)
		return status;
	if (!branch_new(&second, w->scratch, w->c.p))
		return kr_fail(w->err, KR_ENOMEM, "NUTS in %d variables", w->c.p);
	status = grow(w, depth - 1, &second, whole);
	if (status == KR_OK && *whole)
		*whole = join(w, out, &second, false);
	arena_release(w->scratch, mark);
	return status;
}

static void flip(int p, struct branch *b)
{
	double *keep = b->first;

	b->first = b->last;
	b->last = keep;
	for (int i = 0; i < p; i++) { /* time runs the other way */
		b->first[i] = -b->first[i];
		b->last[i] = -b->last[i];
		b->rho[i] = -b->rho[i];
	}
}

/* Doublings to either side; whole->draw is the new position. */
static enum kr_status trajectory(
	struct walk *w, struct branch *whole, struct branch *part, struct point ends[2])
{
	int p = w->c.p, facing = 1; /* whole is written as seen when moving to this end */
	double size = fabs(w->step);
	bool good = true;

	for (int depth = 0; depth < NUTS_MAX_DEPTH && good; depth++) {
		int side = rng_uniform(&w->rng) < 0.5 ? 0 : 1;
		enum kr_status status;

		if (side != facing)
			flip(p, whole);
		facing = side;
		w->z = ends[side];
		w->step = size;
		status = grow(w, depth, part, &good);
		ends[side] = w->z;
		if (status != KR_OK)
			return status;
		if (good)
			good = join(w, whole, part, true);
	}
	return KR_OK;
}

static bool walk_begin(struct walk *w, const struct nuts_problem *problem, double *chain,
	struct arena *scratch, struct kr_error *err)
{
	double **parts[] = {&w->u, &w->x, &w->gx};

	*w = (struct walk){.problem = problem, .scratch = scratch, .err = err};
	w->c = nuts__view(problem->p, chain);
	return vectors(scratch, problem->p, 3, parts);
}

/* ---- the two calls ------------------------------------------------------------- */

/* A <- -(d^2 ln density / du^2) at u by differences of the gradient. */
static enum kr_status curvature(struct walk *w, const double *g0, double *g1, struct mat A)
{
	int p = w->c.p;

	for (int j = 0; j < p; j++) {
		double lp = 0, step = w->c.u[j] > 0 ? -difference : difference;
		enum kr_status status = KR_OK;

		copy(p, w->u, w->c.u);
		w->u[j] += step;
		if (!fixed(w->problem, j))
			status = density_u(w, &lp, g1);
		if (status != KR_OK)
			return status;
		for (int i = 0; i < p; i++)
			*mat_at(A, i, j) = fixed(w->problem, i) || fixed(w->problem, j) || lp == -INFINITY
				? (double)(i == j)
				: (g0[i] - g1[i]) / step;
	}
	for (int j = 0; j < p; j++)
		for (int i = j + 1; i < p; i++)
			*mat_at(A, i, j) = 0.5 * (*mat_at(A, i, j) + *mat_at(A, j, i));
	return KR_OK;
}

enum kr_status nuts_begin(const struct nuts_problem *problem, const double *x, int n_warmup,
	double *chain, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	int p = problem->p;
	size_t size = (size_t)p;
	double *at = arena_alloc(scratch, sizeof(double) * size * (size + 2)), lp;
	struct walk w;
	enum kr_status status = KR_ENOMEM;

	if (!at || !walk_begin(&w, problem, chain, scratch, err)) {
		kr_fail(err, KR_ENOMEM, "NUTS in %d variables", p);
		goto done;
	}
	memset(chain, 0, sizeof(double) * nuts_size(p));
	for (int i = 0; i < p; i++)
		w.u[i] = w.c.u[i] = unplace(problem, i, x[i]);
	status = density_u(&w, &lp, at);
	if (status == KR_OK && lp == -INFINITY)
		status = kr_fail(err, KR_ENONFINITE, "no density where sampling starts");
	if (status == KR_OK)
		status = curvature(&w, at, at + p, mat_view(at + 2 * size, p, p, p));
	if (status == KR_OK) {
		nuts__invert_curvature(mat_view(at + 2 * size, p, p, p), w.c.L);
		*w.c.n_warmup = n_warmup;
		nuts__restart_step(&w.c, 0.5 * pow(p, -0.25));
	}
done:
	arena_release(scratch, mark);
	return status;
}

/* Both ends at the position, with a fresh momentum; their density. */
static enum kr_status launch(struct walk *w, struct point ends[2], struct branch *whole)
{
	int p = w->c.p;
	enum kr_status status;

	copy(p, ends[1].q, w->c.u);
	blas_trsm(false, w->c.L, mat_view(ends[1].q, p, 1, p));
	status = evaluate(w, &ends[1]);
	for (int i = 0; i < p; i++) {
		ends[1].r[i] = fixed(w->problem, i) ? 0 : rng_normal(&w->rng);
		ends[0].r[i] = -ends[1].r[i];
	}
	copy(p, ends[0].q, ends[1].q);
	copy(p, ends[0].g, ends[1].g);
	ends[0].lp = ends[1].lp;
	w->H0 = 0.5 * dot(p, ends[1].r, ends[1].r) - ends[1].lp;
	copy(p, whole->rho, ends[1].r);
	copy(p, whole->first, ends[1].r);
	copy(p, whole->last, ends[1].r);
	copy(p, whole->draw, ends[1].q);
	whole->log_weight = 0;
	return status;
}

enum kr_status nuts_next(const struct nuts_problem *problem, struct rng r, double *chain,
	struct nuts_result *result, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct point ends[2];
	double **parts[] = {&ends[0].q, &ends[0].r, &ends[0].g, &ends[1].q, &ends[1].r, &ends[1].g};
	struct branch whole, part;
	size_t p = (size_t)problem->p;
	double *S = arena_alloc(scratch, sizeof(double) * p * p);
	struct walk w;
	enum kr_status status = KR_ENOMEM;

	*result = (struct nuts_result){0};
	if (!S || !walk_begin(&w, problem, chain, scratch, err) ||
		!vectors(scratch, problem->p, 6, parts) || !branch_new(&whole, scratch, problem->p) ||
		!branch_new(&part, scratch, problem->p)) {
		kr_fail(err, KR_ENOMEM, "NUTS in %d variables", problem->p);
		goto done;
	}
	w.rng = r;
	w.step = *w.c.step;
	status = launch(&w, ends, &whole);
	if (status == KR_OK)
		status = trajectory(&w, &whole, &part, ends);
	if (status != KR_OK)
		goto done;
	*result = (struct nuts_result){w.evaluations, w.accepted / (w.evaluations - 1), w.diverged};
	unwhiten(&w, whole.draw, w.c.u);
	if (++*w.c.transitions <= *w.c.n_warmup)
		nuts__adapt(&w.c, result->acceptance, mat_view(S, problem->p, problem->p, problem->p));
done:
	arena_release(scratch, mark);
	return status;
}
