#include "acquisition/function/thompson.h"

#include <assert.h>
#include <math.h>

static const double flat = 1e-6; /* scaled slope at which an ascent ends */

enum kr_status thompson_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	return path_eval(ctx, X, value, D, scratch, err);
}

/* x, f (d x n, n) <- the n best of raw, whose values are overwritten. */
static void pick(struct mat raw, double *value, int n, double *x, double *f)
{
	for (int k = 0; k < n; k++) {
		int best = 0;

		for (int i = 1; i < raw.rows; i++)
			if (value[i] > value[best])
				best = i;
		for (int j = 0; j < raw.cols; j++)
			x[k * raw.cols + j] = *mat_at(raw, best, j);
		f[k] = value[best];
		value[best] = -INFINITY;
	}
}

static enum kr_status ascend(struct path *path, const struct thompson_search *search, int n,
	double *x, double *f, struct arena *scratch, struct kr_error *err)
{
	struct ascend_function function = {.eval = thompson_eval, .ctx = path};
	struct ascend_options options = {.moving = search->moving,
		.scale = search->scale,
		.box = search->box,
		.iterations = search->iterations,
		.tolerance = flat};
	struct ascend *s = ascend_new(&function, &options, search->raw.cols, n, x, f, scratch);
	enum kr_status st = s ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for %d starts", n);
	bool more = true;

	while (!st && more)
		st = ascend_step(s, &more, scratch, err);
	return st;
}

enum kr_status thompson_maximize(struct path *path, const struct thompson_search *search, double *x,
	double *value, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct mat raw = search->raw;
	int n = search->starts < raw.rows ? search->starts : raw.rows, d = raw.cols, best = 0;
	double *v = ARENA_ARRAY(scratch, double, raw.rows);
	double *starts = ARENA_ARRAY(scratch, double, (size_t)n *(size_t)d);
	double *f = ARENA_ARRAY(scratch, double, n);
	enum kr_status st = KR_ENOMEM;

	assert(n >= 1);
	if (!v || !starts || !f)
		kr_fail(err, KR_ENOMEM, "no memory for %d candidates", raw.rows);
	else
		st = path_eval(path, raw, v, (struct mat){0}, scratch, err);
	if (!st) {
		pick(raw, v, n, starts, f);
		st = ascend(path, search, n, starts, f, scratch, err);
	}
	for (int k = 1; !st && k < n; k++)
		best = f[k] > f[best] ? k : best;
	for (int j = 0; !st && j < d; j++)
		x[j] = starts[best * d + j];
	if (!st)
		*value = f[best];
	arena_release(scratch, mark);
	return st;
}
