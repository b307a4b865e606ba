#include "gp/vecchia/conditional.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "gp/linalg/chol.h"

enum kr_status conditional_init(
	struct conditional *c, int cap, int d, struct arena *a, struct kr_error *err)
{
	size_t rows = (size_t)cap;

	assert(cap > 0 && d > 0);
	*c = (struct conditional){.cap = cap, .d = d};
	c->x = ARENA_ARRAY(a, double, rows *(size_t)d);
	c->y = ARENA_ARRAY(a, double, rows);
	c->noise = ARENA_ARRAY(a, double, rows);
	c->k = ARENA_ARRAY(a, double, rows *rows);
	c->u = ARENA_ARRAY(a, double, rows * 3);
	if (c->x && c->y && c->noise && c->k && c->u)
		return KR_OK;
	return kr_fail(err, KR_ENOMEM, "systems of %d points", cap);
}

struct mat conditional_points(const struct conditional *c)
{
	return mat_view(c->x, c->n, c->d, c->cap);
}

struct mat conditional_factor(const struct conditional *c)
{
	return mat_view(c->k, c->n, c->n, c->cap);
}

struct mat conditional_solutions(const struct conditional *c, int columns)
{
	return mat_view(c->u, c->n, columns, c->cap);
}

void conditional_take(struct conditional *c, int at, struct mat X, int i, double y, double noise)
{
	assert(at < c->cap);
	for (int k = 0; k < c->d; k++)
		c->x[(size_t)k * (size_t)c->cap + (size_t)at] = *mat_at(X, i, k);
	c->y[at] = y;
	c->noise[at] = noise;
}

enum kr_status conditional_solve(struct conditional *c, int n, const struct kernel *k,
	struct arena *scratch, struct kr_error *err)
{
	struct mat K;
	double scale;
	enum kr_status st;

	c->n = n;
	K = conditional_factor(c);
	st = likelihood_scale(k, conditional_points(c), &scale, scratch, err);
	for (int rung = 0; st == KR_OK && rung < CHOL_RUNGS; rung++) {
		st = kernel_self(k, conditional_points(c), K, NULL, scratch, err);
		if (st != KR_OK)
			break;
		for (int i = 0; i < n; i++)
			*mat_at(K, i, i) += c->noise[i] + chol_rung(rung) * scale;
		if (rung == 1 && !chol_finite(K)) /* inputs may be NaN: inactive */
			return kr_fail(err, KR_ENONFINITE, "covariance of %d neighbours is not finite", n);
		if (chol_in_place(K)) {
			c->jitter = fmax(c->jitter, chol_rung(rung) * scale);
			return KR_OK;
		}
	}
	return st
		? st
		: kr_fail(err, KR_ENOTPD, "Cholesky of %d neighbours failed after the last jitter", n);
}
