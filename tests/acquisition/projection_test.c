/* Ascents under linear constraints: they end in allowed points where no allowed direction
 * rises, on every scale. */
#include "acquisition/search/projection.h"

#include <math.h>
#include <string.h>

#include "acquisition/search/ascend.h"
#include "tests/acquisition/ruled.h"

enum { SEED = 5, ROUNDS = 300, D = 5 };

/* -sum a_i (x_i - c_i)^2 in coords. */
struct bowl {
	double a[D], c[D];
};

static double bowl_at(const struct bowl *q, const double *x)
{
	double sum = 0;
	for (int i = 0; i < D; i++)
		sum -= q->a[i] * (x[i] - q->c[i]) * (x[i] - q->c[i]);
	return sum;
}

static enum kr_status eval(void *ctx, struct mat X, double *value, struct mat G,
	struct arena *scratch, struct kr_error *err)
{
	const struct bowl *q = ctx;
	double x[D];
	(void)scratch, (void)err;
	for (int b = 0; b < X.rows; b++) {
		for (int i = 0; i < D; i++)
			x[i] = *mat_at(X, b, i);
		value[b] = bowl_at(q, x);
		for (int i = 0; G.p && i < D; i++)
			*mat_at(G, b, i) = -2 * q->a[i] * (x[i] - q->c[i]);
	}
	return KR_OK;
}

/* Ascend from a random allowed point. */
static double climb(struct ruled *u, struct bowl *q, struct rng *r, double *x)
{
	struct arena *a = arena_new(1 << 22);
	struct region *g = region_new(u->space, a);
	const unsigned char moving[D] = {1, 1, 1, 1, 1};
	const double scale[D] = {0.3, 0.5, 1, 0.2, 0.4};
	struct ascend_options o = {
		.moving = moving, .scale = scale, .iterations = 200, .tolerance = 1e-9};
	o.projection = projection_new(g, u->space, moving, scale, a);
	for (int i = 0; i < D; i++)
		x[i] = rng_uniform(r);
	assert_true(region_settle(g, x, r));
	double f = bowl_at(q, x);
	struct ascend_function function = {eval, q};
	struct ascend *s = ascend_new(&function, &o, D, 1, x, &f, a);
	for (bool more = true; more;)
		assert_int_equal(ascend_step(s, &more, a, NULL), KR_OK);
	assert_true(region_has(g, x));
	assert_true(f == bowl_at(q, x));
	arena_free(a);
	return f;
}

static struct ruled *make(struct rng *r, bool log)
{
	struct ruled *u = test_calloc(1, sizeof(*u));
	int all[D];
	double coef[D], inside[D];
	u->arena = arena_new(1 << 20);
	u->d = D;
	for (int i = 0; i < D; i++) {
		u->params[i] = (struct space_param){
			.kind = SPACE_FLOAT, .low = log ? 0.01 : -1, .high = log ? 10 : 2, .log = log};
		inside[i] = log ? pow(10, 2 * rng_uniform(r) - 1.5) : 3 * rng_uniform(r) - 1;
		all[i] = i;
	}
	u->rules.linear = u->linear;
	u->rules.n_linear = (int)(1 + rng_below(r, 3));
	for (int k = 0; k < u->rules.n_linear; k++) {
		double at = 0;
		for (int i = 0; i < D; i++) {
			coef[i] = log ? 0.1 + rng_uniform(r) : 2 * rng_uniform(r) - 1;
			at += coef[i] * inside[i];
		}
		u->linear[k] = ruled_row(u->arena, D, all, coef, at + (log ? 0.1 * at : 0.1), false);
	}
	assert_int_equal(space_new_ruled(&u->space, u->params, D, &u->rules, NULL), KR_OK);
	return u;
}

static void free_made(struct ruled *u)
{
	space_free(u->space);
	arena_free(u->arena);
	test_free(u);
}

/* No step of a random search around the end is allowed and better. */
static void ends_are_maxima(bool log, uint64_t stream)
{
	struct rng r = rng_make(SEED, stream, RNG_TEST, 0);
	int missed = 0, bent = 0;
	print_message("seed %d\n", SEED);
	for (int k = 0; k < ROUNDS; k++) {
		struct ruled *u = make(&r, log);
		struct arena *a = arena_new(1 << 22);
		struct region *g = region_new(u->space, a);
		struct bowl q;
		double x[D], y[D];
		for (int i = 0; i < D; i++) {
			q.a[i] = 0.2 + rng_uniform(&r);
			q.c[i] = 1.4 * rng_uniform(&r) - 0.2;
		}
		double f = climb(u, &q, &r, x);
		memcpy(y, q.c, sizeof(y));
		bent += !region_has(g, y);
		double best = f;
		for (int t = 0; t < 2000; t++) {
			double size = pow(10, -1 - 3 * rng_uniform(&r));
			for (int i = 0; i < D; i++)
				y[i] = fmin(fmax(x[i] + size * rng_normal(&r), 0), 1);
			if (bowl_at(&q, y) > best && region_has(g, y))
				best = bowl_at(&q, y);
		}
		missed += best > f + 1e-4;
		arena_free(a);
		free_made(u);
	}
	print_message("%d of %d met a constraint, %d ended early\n", bent, ROUNDS, missed);
	assert_true(bent > ROUNDS / 3);
	assert_true(missed <= ROUNDS / 100);
}

static void linear_scales(void **state)
{
	(void)state;
	ends_are_maxima(false, 0);
}

static void log_scales(void **state)
{
	(void)state;
	ends_are_maxima(true, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear_scales),
		cmocka_unit_test(log_scales),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
