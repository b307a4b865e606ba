#include "gp/optim/lbfgs.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MEMORY = 8, MAX_BACKTRACKS = 12 };

static const double sufficient_decrease = 1e-4; /* Armijo, Nocedal & Wright eq. 3.6a */

/* s'y must be above this times |s| |y| for a pair to be kept. */
static const double least_curvature = 1e-10;

struct run {
	lbfgs_function *function;
	void *context;
	const struct lbfgs_options *options;
	const double *lower, *upper;
	int p;
	double *x, *g, f;              /* the iterate */
	double *xt, *gt, ft;           /* the trial */
	double *direction, *pg;        /* pg: gradient of the free variables, 0 elsewhere */
	double *S[MEMORY], *Y[MEMORY]; /* pairs; newest at (n_pairs - 1) % MEMORY */
	int n_pairs;
	int evaluations;
	struct kr_error *err;
};

static double dot(int p, const double *a, const double *b)
{
	double sum = 0;

	for (int i = 0; i < p; i++)
		sum += a[i] * b[i];
	return sum;
}

static bool allocate(struct run *r, struct arena *a)
{
	size_t p = (size_t)r->p;
	double *at = arena_alloc(a, sizeof(*at) * p * (5 + 2 * MEMORY));

	if (!at)
		return false;
	r->g = at;
	r->xt = r->g + p;
	r->gt = r->xt + p;
	r->direction = r->gt + p;
	r->pg = r->direction + p;
	for (size_t i = 0; i < MEMORY; i++) {
		r->S[i] = r->pg + p * (1 + 2 * i);
		r->Y[i] = r->S[i] + p;
	}
	return true;
}

static enum kr_status evaluate(struct run *r, const double *x, double *f, double *g)
{
	enum kr_status status = r->function(r->context, x, f, g, r->err);

	r->evaluations++;
	if (status == KR_OK && isnan(*f))
		*f = INFINITY;
	return status;
}

/* pg, and its norm. */
static double project_gradient(struct run *r)
{
	for (int i = 0; i < r->p; i++) {
		bool held = (r->x[i] <= r->lower[i] && r->g[i] >= 0) ||
			(r->x[i] >= r->upper[i] && r->g[i] <= 0) || r->lower[i] == r->upper[i];

		r->pg[i] = held ? 0 : r->g[i];
	}
	return sqrt(dot(r->p, r->pg, r->pg));
}

/* a'b over the free variables. */
static double free_dot(const struct run *r, const double *a, const double *b)
{
	double sum = 0;

	for (int i = 0; i < r->p; i++)
		sum += r->pg[i] != 0 ? a[i] * b[i] : 0;
	return sum;
}

/* direction <- -H pg over the free variables (two-loop recursion, alg. 7.4). */
static void two_loops(struct run *r)
{
	double a[MEMORY], rho[MEMORY], gamma = r->options->first_step, *d = r->direction;
	int n = r->n_pairs < MEMORY ? r->n_pairs : MEMORY;
	bool scaled = false;

	for (int i = 0; i < r->p; i++)
		d[i] = -r->pg[i];
	for (int k = 1; k <= n; k++) {
		int m = (r->n_pairs - k) % MEMORY;
		double sy = free_dot(r, r->S[m], r->Y[m]), yy = free_dot(r, r->Y[m], r->Y[m]);

		rho[m] = sy > 0 ? 1 / sy : 0; /* 0: the pair says nothing about the free ones */
		a[m] = rho[m] * free_dot(r, r->S[m], d);
		for (int i = 0; i < r->p; i++)
			d[i] -= a[m] * r->Y[m][i];
		if (sy > 0 && !scaled) {
			gamma = sy / yy; /* eq. 7.20 */
			scaled = true;
		}
	}
	for (int i = 0; i < r->p; i++)
		d[i] *= gamma;
	for (int k = n; k >= 1; k--) {
		int m = (r->n_pairs - k) % MEMORY;
		double b = rho[m] * free_dot(r, r->Y[m], d);

		for (int i = 0; i < r->p; i++)
			d[i] += (a[m] - b) * r->S[m][i];
	}
	for (int i = 0; i < r->p; i++)
		d[i] = r->pg[i] != 0 ? d[i] : 0;
}

/* A descent direction no longer than max_step; false when there is none. */
static bool choose_direction(struct run *r)
{
	double longest = 0;

	two_loops(r);
	if (!(dot(r->p, r->direction, r->pg) < 0) && r->n_pairs > 0) {
		r->n_pairs = 0;
		two_loops(r);
	}
	for (int i = 0; i < r->p; i++)
		longest = fmax(longest, fabs(r->direction[i]));
	if (longest > r->options->max_step)
		for (int i = 0; i < r->p; i++)
			r->direction[i] *= r->options->max_step / longest;
	return dot(r->p, r->direction, r->pg) < 0;
}

/* xt <- the point at t along the projected arc; g'(xt - x). */
static double step_to(struct run *r, double t)
{
	double slope = 0;

	for (int i = 0; i < r->p; i++) {
		if (r->direction[i] == 0) {
			r->xt[i] = r->x[i];
			continue;
		}
		r->xt[i] = fmin(fmax(r->x[i] + t * r->direction[i], r->lower[i]), r->upper[i]);
		slope += r->g[i] * (r->xt[i] - r->x[i]);
	}
	return slope;
}

/* Shorter steps until the decrease is sufficient; *found tells. */
static enum kr_status line_search(struct run *r, bool *found)
{
	double t = 1;

	*found = false;
	for (int i = 0; i < MAX_BACKTRACKS && r->evaluations < r->options->max_evaluations; i++) {
		double slope = step_to(r, t), shrink = 0.1;
		enum kr_status status;

		if (!(slope < 0)) /* the bounds, or rounding, leave no way down */
			return KR_OK;
		status = evaluate(r, r->xt, &r->ft, r->gt);
		if (status != KR_OK)
			return status;
		if (r->ft <= r->f + sufficient_decrease * slope) {
			*found = true;
			return KR_OK;
		}
		if (isfinite(r->ft)) /* minimum of the parabola through f, slope and ft */
			shrink = fmin(fmax(-slope / (2 * (r->ft - r->f - slope)), 0.1), 0.5);
		t *= shrink;
	}
	return KR_OK;
}

/* The trial becomes the iterate; its pair is kept when its curvature is positive. */
static void accept(struct run *r)
{
	double *s = r->S[r->n_pairs % MEMORY], *y = r->Y[r->n_pairs % MEMORY];
	double *old = r->g;

	for (int i = 0; i < r->p; i++) {
		s[i] = r->xt[i] == r->x[i] ? 0 : r->xt[i] - r->x[i]; /* 0 at -inf too */
		y[i] = r->gt[i] - r->g[i];
	}
	if (dot(r->p, s, y) > least_curvature * sqrt(dot(r->p, s, s) * dot(r->p, y, y)))
		r->n_pairs++;
	memcpy(r->x, r->xt, sizeof(double) * (size_t)r->p);
	r->f = r->ft;
	r->g = r->gt;
	r->gt = old;
}

enum kr_status lbfgs_minimize(lbfgs_function *function, void *context, int p, double *x,
	const double *lower, const double *upper, const struct lbfgs_options *options,
	struct lbfgs_result *result, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct run r = {.function = function,
		.context = context,
		.options = options,
		.lower = lower,
		.upper = upper,
		.p = p,
		.x = x,
		.err = err};
	enum kr_status status;

	if (!allocate(&r, scratch))
		return kr_fail(err, KR_ENOMEM, "L-BFGS in %d variables", p);
	for (int i = 0; i < p; i++)
		x[i] = fmin(fmax(x[i], lower[i]), upper[i]);
	status = evaluate(&r, x, &r.f, r.g);
	while (status == KR_OK && isfinite(r.f)) {
		double before = r.f;
		bool found;

		if (project_gradient(&r) <= options->gradient_tolerance * sqrt(p) || !choose_direction(&r))
			break;
		status = line_search(&r, &found);
		if (status != KR_OK || r.evaluations >= options->max_evaluations) {
			if (found)
				accept(&r);
			break;
		}
		if (!found && r.n_pairs == 0)
			break;
		if (!found) {
			r.n_pairs = 0; /* the memory misleads: once more along the gradient */
			continue;
		}
		accept(&r);
		if (before - r.f <= options->change_tolerance * fmax(1, fabs(r.f)))
			break;
	}
	*result = (struct lbfgs_result){
		r.f, isfinite(r.f) ? project_gradient(&r) : INFINITY, r.evaluations};
	arena_release(scratch, mark);
	return status;
}
