/* Acquisitions under constraints: probabilities by hand, slopes by differences, columns. The values
 * of constrained expected improvement through models are golden cases. */
#include "acquisition/function/constrained.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "tests/acquisition/cube.h"

enum { SEED = 2718, N = 12, D = 3, COLUMNS = 8, MODELS = 3 };

static struct arena *arena;

static void assert_close(double a, double b, double tolerance)
{
	assert_true(fabs(a - b) <= tolerance);
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(1 << 24);
	return arena == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void probabilities_by_hand(void **state)
{
	(void)state;
	double dmu, ds;
	/* Phi(1) = 0.841344746068543, Phi(0.5) - Phi(-1) = 0.532807207342556 */
	double p = constrained_log_probability(2, 3, -INFINITY, 5, &dmu, &ds);
	assert_close(exp(p), 0.841344746068543, 1e-14);
	p = constrained_log_probability(-2, 3, -5, INFINITY, &dmu, &ds);
	assert_close(exp(p), 0.841344746068543, 1e-14);
	p = constrained_log_probability(1, 2, -1, 2, &dmu, &ds);
	assert_close(exp(p), 0.532807207342556, 1e-14);
	p = constrained_log_probability(1, 2, -INFINITY, INFINITY, &dmu, &ds);
	assert_true(p == 0 && dmu == 0 && ds == 0);
	p = constrained_log_probability(1, 2, 3, 3, &dmu, &ds); /* an equality is a density */
	assert_close(p, log(1e-6 * 0.24197072451914337), 1e-9);
	assert_true(isfinite(dmu) && isfinite(ds) && dmu > 0);
}

static void slopes_of_probabilities(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	print_message("seed %d\n", SEED);
	for (int i = 0; i < 3000; i++) {
		double mu = 3 * rng_normal(&r), s = exp(2 * rng_normal(&r)), dmu, ds, x, y;
		double lower = i % 3 == 0 ? -INFINITY : mu + s * (10 * rng_uniform(&r) - 6);
		double upper = i % 3 == 1 ? INFINITY : fmax(lower, mu - 9 * s) + s * 6 * rng_uniform(&r);
		const double h = 1e-5 * s;
		constrained_log_probability(mu, s, lower, upper, &dmu, &ds);
		double up = constrained_log_probability(mu + h, s, lower, upper, &x, &y);
		double down = constrained_log_probability(mu - h, s, lower, upper, &x, &y);
		assert_true(fabs(dmu * s - (up - down) / 2e-5) < 1e-4 * (1 + fabs(dmu * s)));
		up = constrained_log_probability(mu, s + h, lower, upper, &x, &y);
		down = constrained_log_probability(mu, s - h, lower, upper, &x, &y);
		assert_true(fabs(ds * s - (up - down) / 2e-5) < 1e-4 * (1 + fabs(ds * s)));
	}
}

/* A model of random data, with `columns` fantasies at one more point. */
static struct gp *model(struct rng *r, int columns)
{
	double X[N * D], y[N], P[D], F[COLUMNS];
	double theta[D + 2] = {log(0.5), log(0.8), log(0.3), 0, log(1e-3)};
	for (int i = 0; i < N * D; i++)
		X[i] = rng_uniform(r);
	for (int i = 0; i < N; i++)
		y[i] = rng_normal(r);
	for (int j = 0; j < D; j++)
		P[j] = rng_uniform(r);
	for (int m = 0; m < columns; m++)
		F[m] = rng_normal(r);
	static struct kernel_term matern52;
	matern52 = kernel_scaled(kernel_find("matern52"));
	struct gp_data data = {.kernel = &matern52, .n = N, .d = D, .X = mat_view(X, N, D, N), .y = y};
	struct gp *g = gp_new(N + 1, D, columns);
	assert_int_equal(gp_condition(g, &data, theta, arena, NULL), KR_OK);
	if (columns > 1)
		assert_int_equal(
			gp_extend(g, mat_view(P, 1, D, 1), mat_view(F, 1, columns, 1), 1e-6, arena, NULL),
			KR_OK);
	return g;
}

static double value_at(const struct constrained *c, double *x)
{
	double value;
	assert_int_equal(
		constrained_eval(c, mat_view(x, 1, D, 1), &value, (struct mat){0}, arena, NULL), KR_OK);
	return value;
}

static void slopes_in_the_point(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	for (int round = 0; round < 60; round++) {
		struct gp *g[MODELS];
		double best[COLUMNS], x[D], value, slope[D];
		bool closed[COLUMNS] = {false, true, false};
		for (int k = 0; k < MODELS; k++) /* some with fantasies, some without */
			g[k] = model(&r, (round >> k) & 1 ? COLUMNS : 1);
		for (int m = 0; m < COLUMNS; m++)
			best[m] = rng_normal(&r);
		struct acq a = {.family = acq_find("log_ei"), .model = g[0], .best = best};
		struct constrained_term terms[] = {{g[1], -INFINITY, 0.3}, {g[2], -0.5, 0.7}};
		struct constrained c = {.n_objectives = round % 3 > 0,
			.objectives = &a,
			.n_terms = 2,
			.terms = terms,
			.columns = COLUMNS,
			.closed = round % 2 ? closed : NULL};
		for (int j = 0; j < D; j++)
			x[j] = 0.1 + 0.8 * rng_uniform(&r);
		assert_int_equal(constrained_eval(&c, mat_view(x, 1, D, 1), &value,
							 mat_view(slope, 1, D, 1), arena, NULL),
			KR_OK);
		assert_true(value == value_at(&c, x));
		for (int j = 0; j < D; j++) {
			const double h = 1e-5;
			double at = x[j];
			x[j] = at + h;
			double up = value_at(&c, x);
			x[j] = at - h;
			double down = value_at(&c, x);
			x[j] = at;
			assert_true(fabs(slope[j] - (up - down) / (2 * h)) < 1e-4 * (1 + fabs(slope[j])));
		}
		for (int k = 0; k < MODELS; k++)
			gp_free(g[k]);
	}
}

/* Columns that all say the same are one; a closed one counts for nothing, but in the mean. */
static void columns_are_averaged(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	struct gp *g[2] = {model(&r, 1), model(&r, 1)};
	double best[COLUMNS] = {0}, x[D] = {0.3, 0.4, 0.5};
	bool closed[COLUMNS] = {true, true};
	struct acq a = {.family = acq_find("log_ei"), .model = g[0], .best = best};
	struct constrained_term term = {g[1], -1, 1};
	struct constrained c = {
		.n_objectives = 1, .objectives = &a, .n_terms = 1, .terms = &term, .columns = 1};
	double one = value_at(&c, x);
	c.columns = COLUMNS;
	assert_close(value_at(&c, x), one, 1e-12);
	c.closed = closed;
	assert_close(value_at(&c, x), one + log((COLUMNS - 2.0) / COLUMNS), 1e-12);
	gp_free(g[0]);
	gp_free(g[1]);
}

/* Models of the objective are averaged after their columns: the power mean of what each says. */
static void objectives_are_averaged(void **state)
{
	(void)state;
	static const double powers[] = {0, 1, 0.25, 0.01}; /* 0: 1 */
	struct rng r = rng_make(SEED, 4, RNG_TEST, 0);
	for (int round = 0; round < 20; round++) {
		double power = powers[round % 4], p = power > 0 ? power : 1;
		struct gp *g[3] = {model(&r, COLUMNS), model(&r, COLUMNS), model(&r, 1)};
		double best[2][COLUMNS], x[D], slope[D], value, one[2], each[2][D];
		for (int m = 0; m < COLUMNS; m++) {
			best[0][m] = rng_normal(&r);
			best[1][m] = rng_normal(&r);
		}
		struct acq a[2];
		for (int e = 0; e < 2; e++)
			a[e] = (struct acq){.family = acq_find("log_ei"), .model = g[e], .best = best[e]};
		struct constrained_term term = {g[2], -1, 1};
		struct constrained c = {.n_objectives = 2,
			.objectives = a,
			.n_terms = round / 4 % 2,
			.terms = &term,
			.columns = COLUMNS,
			.power = power};
		for (int j = 0; j < D; j++)
			x[j] = rng_uniform(&r);
		struct mat X = mat_view(x, 1, D, 1);
		assert_int_equal(
			constrained_eval(&c, X, &value, mat_view(slope, 1, D, 1), arena, NULL), KR_OK);
		c.n_objectives = 1;
		for (int e = 0; e < 2; e++) {
			c.objectives = &a[e];
			assert_int_equal(
				constrained_eval(&c, X, &one[e], mat_view(each[e], 1, D, 1), arena, NULL), KR_OK);
		}
		double w = 1 / (1 + exp(p * (one[1] - one[0])));
		assert_close(value, one[0] - log(2 * w) / p, 1e-10 * (1 + fabs(value)));
		for (int j = 0; j < D; j++) {
			double want = w * each[0][j] + (1 - w) * each[1][j];
			assert_close(slope[j], want, 1e-9 * (1 + fabs(want)));
		}
		for (int k = 0; k < 3; k++)
			gp_free(g[k]);
	}
}

static void memory_may_run_out(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
	struct gp *g[2] = {model(&r, 1), model(&r, 1)};
	double best = 0, x[D] = {0.3, 0.4, 0.5}, value, slope[D];
	struct acq a = {.family = acq_find("log_ei"), .model = g[0], .best = &best};
	struct constrained_term term = {g[1], -1, 1};
	struct constrained c = {
		.n_objectives = 1, .objectives = &a, .n_terms = 1, .terms = &term, .columns = 1};
	enum kr_status st = KR_ENOMEM;
	for (size_t cap = 64; st == KR_ENOMEM; cap += 64) {
		struct arena *small = arena_new(cap);
		assert_non_null(small);
		st = constrained_eval(
			&c, mat_view(x, 1, D, 1), &value, mat_view(slope, 1, D, 1), small, NULL);
		assert_true(st == KR_OK || st == KR_ENOMEM);
		arena_free(small);
	}
	assert_true(value == value_at(&c, x));
	gp_free(g[0]);
	gp_free(g[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(probabilities_by_hand),
		TEST(slopes_of_probabilities),
		TEST(slopes_in_the_point),
		TEST(columns_are_averaged),
		TEST(objectives_are_averaged),
		TEST(memory_may_run_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
