/* Maximize f over a box in the unit cube from n starts (all values finite).
 *
 * Each start keeps its gradient, its step length and a short memory of (s, y) pairs.
 * One iteration: pin the coordinates at a bound whose gradient points out; direction
 * p = H g of the rest by the two-loop recursion (Nocedal & Wright 2006, alg. 7.4) with
 * H_0 = gamma diag(scale^2); a cap on its length; one trial point, clipped to the box (under
 * rules: bent along the linear constraints by which it would leave); accepted by Armijo's rule,
 * else a shorter step from the parabola. A step that shrank to nothing forgets the memory once,
 * and then ends the start. */
#include "acquisition/search/ascend.h"

#include <math.h>
#include <string.h>

#include "acquisition/search/projection.h"

enum { MEMORY = 10 };

static const double armijo = 1e-4;
static const double first_cap = 0.1, cap = 0.5; /* longest step, in scales */
static const double smallest_step = 1e-5;
static const double curvature = 1e-12; /* least cosine of s and y in the memory */

struct ascend__start {
	double *g, *trial, *p; /* d each */
	double *s, *y, *rho;   /* d x MEMORY, d x MEMORY, MEMORY */
	double gamma, step;
	int pairs, next; /* in the memory; where the next goes */
	bool live, has_gradient;
};

static bool start_init(struct ascend__start *s, int d, struct arena *a)
{
	s->g = ARENA_ARRAY(a, double, d);
	s->trial = ARENA_ARRAY(a, double, d);
	s->p = ARENA_ARRAY(a, double, d);
	s->s = ARENA_ARRAY(a, double, d *MEMORY);
	s->y = ARENA_ARRAY(a, double, d *MEMORY);
	s->rho = ARENA_ARRAY(a, double, MEMORY);
	s->live = true;
	s->step = 1;
	s->gamma = 1;
	return s->g && s->trial && s->p && s->s && s->y && s->rho;
}

struct ascend *ascend_new(const struct ascend_function *function,
	const struct ascend_options *options, int d, int n, double *x, double *f, struct arena *a)
{
	struct ascend *s = ARENA_NEW(a, struct ascend);
	if (!s)
		return NULL;
	s->function = *function;
	s->options = *options;
	s->d = d;
	s->n = n;
	s->x = x;
	s->f = f;
	s->starts = ARENA_ARRAY(a, struct ascend__start, n);
	for (int i = 0; i < n; i++)
		if (!s->starts || !start_init(&s->starts[i], d, a))
			return NULL;
	return s;
}

static double dot(int d, const double *a, const double *b)
{
	double sum = 0;
	for (int i = 0; i < d; i++)
		sum += a[i] * b[i];
	return sum;
}

static bool pinned(const struct ascend *a, const double *x, const double *g, int i)
{
	const struct box *box = &a->options.box;
	return !a->options.moving[i] || (x[i] <= box_lower(box, i) && g[i] < 0) ||
		(x[i] >= box_upper(box, i) && g[i] > 0);
}

/* p <- H p by the two-loop recursion. */
static void apply_memory(const struct ascend *a, struct ascend__start *s)
{
	int d = a->d;
	double alpha[MEMORY];
	for (int k = 0; k < s->pairs; k++) {
		int j = (s->next - 1 - k + 2 * MEMORY) % MEMORY;
		alpha[j] = s->rho[j] * dot(d, s->s + (size_t)j * (size_t)d, s->p);
		for (int i = 0; i < d; i++)
			s->p[i] -= alpha[j] * s->y[(size_t)j * (size_t)d + (size_t)i];
	}
	for (int i = 0; i < d; i++)
		s->p[i] *= s->gamma * a->options.scale[i] * a->options.scale[i];
	for (int k = s->pairs - 1; k >= 0; k--) {
		int j = (s->next - 1 - k + 2 * MEMORY) % MEMORY;
		double beta = s->rho[j] * dot(d, s->y + (size_t)j * (size_t)d, s->p);
		for (int i = 0; i < d; i++)
			s->p[i] += (alpha[j] - beta) * s->s[(size_t)j * (size_t)d + (size_t)i];
	}
}

/* s->p <- the gradient at x, without what leads out. */
static void take_gradient(const struct ascend *a, struct ascend__start *s, const double *x)
{
	if (a->options.projection)
		projection_gradient(a->options.projection, x, s->g, s->p);
	for (int i = 0; i < a->d && !a->options.projection; i++)
		s->p[i] = pinned(a, x, s->g, i) ? 0 : s->g[i];
}

/* s->p <- H s->p, without what leads out. */
static void take_step(const struct ascend *a, struct ascend__start *s, const double *x)
{
	apply_memory(a, s);
	if (a->options.projection && projection_direction(a->options.projection, s->p))
		return;
	if (a->options.projection) { /* the memory knows nothing of this edge */
		s->pairs = 0;
		s->gamma = 1;
		take_gradient(a, s, x);
		apply_memory(a, s);
		return;
	}
	for (int i = 0; i < a->d; i++)
		if (pinned(a, x, s->g, i))
			s->p[i] = 0;
}

/* s->p <- the direction at x; false when the start is done. */
static bool direction(const struct ascend *a, struct ascend__start *s, const double *x)
{
	const double *scale = a->options.scale;
	double slope = 0, length = 0;
	take_gradient(a, s, x);
	for (int i = 0; i < a->d; i++)
		slope = fmax(slope, fabs(s->p[i]) * scale[i]);
	if (!(slope > a->options.tolerance))
		return false;
	take_step(a, s, x);
	for (int i = 0; i < a->d; i++)
		length = fmax(length, fabs(s->p[i]) / scale[i]);
	double limit = s->pairs ? cap : first_cap;
	for (int i = 0; i < a->d && length > limit; i++)
		s->p[i] *= limit / length;
	return isfinite(length);
}

static double clip(const struct ascend *a, int i, double x)
{
	return fmin(fmax(x, box_lower(&a->options.box, i)), box_upper(&a->options.box, i));
}

/* The trial point of one start; false when it has ended. */
static bool propose(const struct ascend *a, struct ascend__start *s, const double *x)
{
	if (!s->has_gradient) { /* its own gradient comes first */
		memcpy(s->trial, x, sizeof(double) * (size_t)a->d);
		return true;
	}
	if (s->step == 1 && !direction(a, s, x))
		return false;
	for (int i = 0; i < a->d; i++)
		s->trial[i] = a->options.moving[i] ? clip(a, i, x[i] + s->step * s->p[i]) : x[i];
	return !a->options.projection || projection_trial(a->options.projection, x, s->trial);
}

/* Remember s = trial - x and y = g - g_trial (the function is maximized), if they show
 * curvature. */
static void remember(
	const struct ascend *a, struct ascend__start *s, const double *x, const double *g)
{
	int d = a->d;
	size_t at = (size_t)s->next * (size_t)d;
	double *step = s->s + at, *y = s->y + at, yy = 0;
	for (int i = 0; i < d; i++) {
		step[i] = s->trial[i] - x[i];
		y[i] = a->options.moving[i] ? s->g[i] - g[i] : 0;
		yy += y[i] * y[i] * a->options.scale[i] * a->options.scale[i];
	}
	double sy = dot(d, step, y);
	if (!(sy > curvature * sqrt(dot(d, step, step) * dot(d, y, y))) || !(yy > 0))
		return;
	s->rho[s->next] = 1 / sy;
	s->gamma = sy / yy;
	s->next = (s->next + 1) % MEMORY;
	s->pairs += s->pairs < MEMORY;
}

/* Shorten the step: the maximum of the parabola through f, its slope and the trial. */
static void backtrack(struct ascend__start *s, double slope, double gain)
{
	double loss = slope - gain; /* against the tangent */
	s->step *= slope > 0 && loss > 0 ? fmin(fmax(0.5 * slope / loss, 0.1), 0.5) : 0.25;
	if (s->step >= smallest_step)
		return;
	s->live = s->pairs > 0;
	s->pairs = 0;
	s->gamma = 1;
	s->step = 1;
}

/* Take in the value and gradient (stride ld) of the trial point. */
static void judge(const struct ascend *a, struct ascend__start *s, double *x, double *f,
	double value, const double *gradient, int ld)
{
	double slope = 0;
	bool finite = isfinite(value);
	for (int i = 0; i < a->d; i++) {
		slope += s->has_gradient ? s->g[i] * (s->trial[i] - x[i]) : 0;
		finite &= isfinite(gradient[(size_t)i * (size_t)ld]);
	}
	if (s->has_gradient && !(finite && value > *f + armijo * fmax(slope, 0))) {
		backtrack(s, slope, finite ? value - *f : -INFINITY);
		return;
	}
	s->live = finite;
	if (!finite)
		return;
	double *g = s->p; /* the direction is done with */
	for (int i = 0; i < a->d; i++)
		g[i] = gradient[(size_t)i * (size_t)ld];
	if (s->has_gradient)
		remember(a, s, x, g);
	memcpy(x, s->trial, sizeof(double) * (size_t)a->d);
	memcpy(s->g, g, sizeof(double) * (size_t)a->d);
	*f = value;
	s->step = 1;
	s->has_gradient = true;
}

enum kr_status ascend_step(
	struct ascend *a, bool *more, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	size_t n = (size_t)a->n, cells = n * (size_t)a->d;
	double *X = arena_alloc(scratch, sizeof(double) * cells);
	double *D = arena_alloc(scratch, sizeof(double) * cells);
	double *value = arena_alloc(scratch, sizeof(double) * n);
	int *who = arena_alloc(scratch, sizeof(int) * n);
	enum kr_status st = KR_OK;
	int B = 0;

	*more = false;
	if (!X || !D || !value || !who) {
		st = kr_fail(err, KR_ENOMEM, "no memory for %d starts", a->n);
		goto done;
	}
	for (int i = 0; i < a->n; i++) {
		struct ascend__start *s = &a->starts[i];
		s->live = s->live && propose(a, s, a->x + (size_t)i * (size_t)a->d);
		if (!s->live)
			continue;
		for (int k = 0; k < a->d; k++)
			X[(size_t)k * n + (size_t)B] = s->trial[k];
		who[B++] = i;
	}
	if (B == 0)
		goto done;
	st = a->function.eval(a->function.ctx, mat_view(X, B, a->d, a->n), value,
		mat_view(D, B, a->d, a->n), scratch, err);
	if (st)
		goto done;
	for (int b = 0; b < B; b++) {
		size_t i = (size_t)who[b];
		judge(a, &a->starts[i], a->x + i * (size_t)a->d, &a->f[i], value[b], D + b, a->n);
	}
	a->evaluations += B;
	*more = ++a->rounds < a->options.iterations;
done:
	arena_release(scratch, mark);
	return st;
}

void ascend_keep(struct ascend *a, int keep)
{
	for (int i = 0; i < a->n; i++) {
		int better = 0;
		for (int k = 0; k < a->n; k++)
			better += a->f[k] > a->f[i] || (a->f[k] == a->f[i] && k < i);
		a->starts[i].live &= better < keep;
	}
}

void ascend_resume(struct ascend *a, int i, int iterations, double tolerance)
{
	for (int k = 0; k < a->n; k++)
		a->starts[k].live = k == i;
	a->options.tolerance = tolerance;
	a->options.iterations = a->rounds + iterations;
}
