/* Knowledge gradients of a model: the definition by refits, slopes by differences. Values and
 * slopes of other libraries are golden cases. */
#include "acquisition/function/kg.h"

#include <math.h>
#include <string.h>

#include "acquisition/function/kg_one_shot.h"
#include "gp/special/special.h"
#include "tests/acquisition/cube.h"

enum { SEED = 27, N = 9, D = 2, M = 7, B = 4, COLUMNS = 3 };

static struct arena *arena;
static struct kernel_term term;
static double X[N * D], y[N], theta[3 * D + 2], the_mean = 0.2;

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

static void fill(struct rng *r, int count, double *x)
{
	for (int i = 0; i < count; i++)
		x[i] = 0.05 + 0.9 * rng_uniform(r);
}

/* Data in X, y, theta; n rows of them in the model. */
static struct gp_data data_of(const char *family, bool warp, double noise, struct rng *r)
{
	int at = 0;

	term = kernel_scaled(kernel_find(family));
	fill(r, N * D, X);
	for (int i = 0; i < N; i++)
		y[i] = rng_normal(r);
	for (int j = 0; j < D; j++)
		theta[at++] = log(0.3 + 0.2 * rng_uniform(r));
	theta[at++] = log(1.3);
	for (int j = 0; warp && j < 2 * D; j++)
		theta[at++] = 0.3 * rng_normal(r);
	theta[at] = log(noise);
	return (struct gp_data){.kernel = &term,
		.n = N,
		.d = D,
		.X = mat_view(X, N, D, N),
		.y = y,
		.mean = &the_mean,
		.warp = warp};
}

static struct gp *condition(const struct gp_data *data)
{
	struct gp *g = gp_new(N + 2, D, COLUMNS);

	assert_non_null(g);
	assert_int_equal(gp_condition(g, data, theta, arena, NULL), KR_OK);
	return g;
}

static struct gp *model(const char *family, bool warp, double noise, struct rng *r)
{
	struct gp_data data = data_of(family, warp, noise, r);

	return condition(&data);
}

static double value_at(struct kg *k, double *x)
{
	double value;

	assert_int_equal(kg_eval(k, mat_view(x, 1, D, 1), &value, (struct mat){0}, arena, NULL), KR_OK);
	return value;
}

/* mean (M) at the rows of A of a model conditioned anew on y at x as well. */
static void refit(
	const struct gp_data *data, const double *x, double outcome, struct mat A, double *mean)
{
	double more[(N + 1) * D], outcomes[N + 1];
	struct gp_data all = *data;
	struct gp_batch batch;
	struct arena_mark mark = arena_mark(arena);
	struct gp *g;

	for (int j = 0; j < D; j++) {
		memcpy(more + j * (N + 1), X + j * N, sizeof(double) * N);
		more[j * (N + 1) + N] = x[j];
	}
	memcpy(outcomes, y, sizeof(y));
	outcomes[N] = outcome;
	all.n = N + 1;
	all.X = mat_view(more, N + 1, D, N + 1);
	all.y = outcomes;
	g = condition(&all);
	assert_int_equal(gp_predict(g, A, false, &batch, arena, NULL), KR_OK);
	memcpy(mean, batch.mean.p, sizeof(double) * (size_t)A.rows);
	gp_free(g);
	arena_release(arena, mark);
}

/* E max of the posterior means after an outcome at x, less the one now, by refits: means are linear
 * in the outcome, so that two refits say all; the integral is the trapezoid rule. */
static void the_definition(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	const double noise = 0.05;

	print_message("seed %d\n", SEED);
	for (int round = 0; round < 20; round++) {
		struct gp_data data = data_of(round % 2 ? "matern52" : "rbf", round % 3 == 0, noise, &r);
		struct gp *g = condition(&data);
		double points[(M + 1) * D], x[D], low[M + 1], high[M + 1], sum = 0, now = -INFINITY;
		struct mat A = mat_view(points, M + 1, D, M + 1);
		struct gp_batch batch;
		struct kg k;
		bool with_x = round % 4 < 2;
		int lines = M + with_x;

		fill(&r, (M + 1) * D, points);
		for (int j = 0; j < D; j++)
			x[j] = *mat_at(A, M, j); /* the last row is x */
		assert_int_equal(gp_predict(g, A, false, &batch, arena, NULL), KR_OK);
		double mu = *mat_at(batch.mean, M, 0), s = sqrt(batch.var[M] + noise);
		refit(&data, x, mu, A, low);
		refit(&data, x, mu + s, A, high);
		for (int i = 0; i < lines; i++) {
			assert_true(fabs(low[i] - *mat_at(batch.mean, i, 0)) < 1e-10);
			now = fmax(now, low[i]);
		}
		for (int t = -16000; t <= 16000; t++) {
			double z = 5e-4 * t, best = -INFINITY;

			for (int i = 0; i < lines; i++)
				best = fmax(best, low[i] + (high[i] - low[i]) * z);
			sum += (best - now) * exp(special_log_pdf(z)) * 5e-4;
		}
		assert_int_equal(
			kg_init(&k, g, mat_block(A, 0, 0, M, D), with_x, noise, arena, NULL), KR_OK);
		assert_true(fabs(exp(value_at(&k, x)) - sum) < 1e-7);
		gp_free(g);
	}
}

/* Points one after another and at once, with and without gradient: the same; slopes are
 * differences, under warps, fantasies, categorical columns and other kernels. */
static void slopes_are_differences(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	static const char *families[] = {"matern52", "rbf", "matern32", "rq"};

	for (int round = 0; round < 48; round++) {
		struct gp_data data = data_of("matern52", round % 3 == 0, 0.01, &r);
		double points[M * D], at[B * D], value[B], slope[B * D], P[D], F[COLUMNS];
		struct mat T = mat_view(at, B, D, B), G = mat_view(slope, B, D, B);
		struct gp *g;
		struct kg k;

		if (round % 3) {
			term = kernel_scaled(kernel_find(families[round % 4]));
			if (round % 4 == 3) { /* ln alpha comes before the outputscale */
				theta[D + 1] = theta[D];
				theta[D] = 0.1;
				theta[D + 2] = log(0.01);
			}
		}
		g = condition(&data);
		fill(&r, M * D, points);
		fill(&r, B * D, at);
		fill(&r, D, P);
		for (int c = 0; c < COLUMNS; c++)
			F[c] = rng_normal(&r);
		if (round % 5 == 0)
			assert_int_equal(
				gp_extend(g, mat_view(P, 1, D, 1), mat_view(F, 1, COLUMNS, 1), 1e-6, arena, NULL),
				KR_OK);
		assert_int_equal(
			kg_init(&k, g, mat_view(points, M, D, M), round % 2, 0.1, arena, NULL), KR_OK);
		assert_int_equal(kg_eval(&k, T, value, G, arena, NULL), KR_OK);
		for (int i = 0; i < B; i++) {
			double x[D];

			for (int j = 0; j < D; j++)
				x[j] = *mat_at(T, i, j);
			assert_true(fabs(value_at(&k, x) - value[i]) < 1e-9 * (1 + fabs(value[i])));
			for (int j = 0; j < D; j++) {
				const double h = 1e-6;
				double was = x[j], up, down;

				x[j] = was + h;
				up = value_at(&k, x);
				x[j] = was - h;
				down = value_at(&k, x);
				x[j] = was;
				assert_true(fabs(*mat_at(G, i, j) - (up - down) / (2 * h)) <
					1e-4 * (1 + fabs(*mat_at(G, i, j))));
			}
		}
		gp_free(g);
	}
}

/* An outcome says nothing about points that do not depend on it, less the noisier it is, and
 * the more the more points are asked about. */
static void invariants(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);

	for (int round = 0; round < 100; round++) {
		struct gp *g = model("rbf", false, 0.01, &r);
		double points[M * D], x[D], far[D] = {0.5, 60}, slope[D], value, last = -INFINITY;
		struct mat A = mat_view(points, M, D, M);
		struct gp_batch batch;
		struct kg k;

		fill(&r, M * D, points);
		fill(&r, D, x);
		for (int noise = 4; noise >= 0; noise--) {
			assert_int_equal(kg_init(&k, g, A, true, pow(10, noise - 3), arena, NULL), KR_OK);
			value = value_at(&k, x);
			assert_true(isfinite(value) && value > last);
			last = value;
		}
		/* A sorted so that the best comes first: then every further point adds */
		assert_int_equal(gp_predict(g, A, false, &batch, arena, NULL), KR_OK);
		for (int i = 1; i < M; i++)
			if (*mat_at(batch.mean, i, 0) > *mat_at(batch.mean, 0, 0)) {
				double t = *mat_at(batch.mean, i, 0);
				*mat_at(batch.mean, i, 0) = *mat_at(batch.mean, 0, 0);
				*mat_at(batch.mean, 0, 0) = t;
				for (int j = 0; j < D; j++) {
					t = *mat_at(A, i, j);
					*mat_at(A, i, j) = *mat_at(A, 0, j);
					*mat_at(A, 0, j) = t;
				}
			}
		last = -INFINITY;
		for (int m = 1; m <= M; m++) {
			assert_int_equal(
				kg_init(&k, g, mat_block(A, 0, 0, m, D), false, 0.01, arena, NULL), KR_OK);
			value = value_at(&k, x);
			assert_true(m == 1 ? value == -INFINITY : value >= last - 1e-9 * fabs(last));
			last = value;
		}
		assert_int_equal(
			kg_eval(&k, mat_view(far, 1, D, 1), &value, mat_view(slope, 1, D, 1), arena, NULL),
			KR_OK);
		assert_true(value == -INFINITY && slope[0] == 0 && slope[1] == 0);
		gp_free(g);
	}
}

/* With x itself against the best known point whose value is certain and far from x, KG is the
 * expected improvement of an observation without noise. */
static void one_known_point_is_expected_improvement(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 3, RNG_TEST, 0);

	for (int round = 0; round < 50; round++) {
		struct gp *g = model("matern52", false, 1e-12, &r);
		double x[D];
		struct gp_batch batch;
		struct kg k;

		fill(&r, D, x);
		assert_int_equal(
			kg_init(&k, g, mat_view(X, 1, D, N), true, 0, arena, NULL), KR_OK); /* one datum */
		assert_int_equal(gp_predict(g, mat_view(x, 1, D, 1), false, &batch, arena, NULL), KR_OK);
		/* E max(mu + s Z, y_0) - max(mu, y_0) */
		double s = sqrt(batch.var[0]), u = -fabs(batch.mean.p[0] - y[0]) / s;
		assert_true(fabs(value_at(&k, x) - log(s) - special_log_h(u, NULL)) < 1e-4 * (10 + u * u));
		gp_free(g);
	}
}

/* ---- one shot ---------------------------------------------------------------------------- */

enum { Q = 3, SCENARIOS = 5 };

static double one_shot(const struct kg_one_shot *o, double *Xq, double *Xf)
{
	double value;

	assert_int_equal(
		kg_one_shot_eval(o, mat_view(Xq, Q, D, Q), mat_view(Xf, SCENARIOS, D, SCENARIOS), &value,
			(struct mat){0}, (struct mat){0}, arena, NULL),
		KR_OK);
	return value;
}

static void one_shot_slopes(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 4, RNG_TEST, 0);

	for (int round = 0; round < 20; round++) {
		struct gp *g = model("matern52", round % 2, 0.01, &r);
		double Xq[Q * D], Xf[SCENARIOS * D], Z[SCENARIOS * Q], dXq[Q * D], dXf[SCENARIOS * D], v;
		struct kg_one_shot o = {
			.model = g, .noise = 0.05, .current = 1, .Z = mat_view(Z, SCENARIOS, Q, SCENARIOS)};

		fill(&r, Q * D, Xq);
		fill(&r, SCENARIOS * D, Xf);
		for (int i = 0; i < SCENARIOS * Q; i++)
			Z[i] = rng_normal(&r);
		assert_int_equal(
			kg_one_shot_eval(&o, mat_view(Xq, Q, D, Q), mat_view(Xf, SCENARIOS, D, SCENARIOS), &v,
				mat_view(dXq, Q, D, Q), mat_view(dXf, SCENARIOS, D, SCENARIOS), arena, NULL),
			KR_OK);
		assert_true(fabs(v - one_shot(&o, Xq, Xf)) < 1e-12);
		for (int i = 0; i < (Q + SCENARIOS) * D; i++) {
			double *at = i < Q * D ? &Xq[i] : &Xf[i - Q * D], was = *at, up, down;
			double got = i < Q * D ? dXq[i] : dXf[i - Q * D];

			*at = was + 1e-5;
			up = one_shot(&o, Xq, Xf);
			*at = was - 1e-5;
			down = one_shot(&o, Xq, Xf);
			*at = was;
			assert_true(fabs((up - down) / 2e-5 - got) < 1e-5 * (1 + fabs(got)));
		}
		gp_free(g);
	}
}

/* For one point, scenarios z with the best of A in each are the discrete formula's integrand. */
static void one_shot_is_the_integrand(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 5, RNG_TEST, 0);
	struct gp *g = model("matern52", false, 0.01, &r);
	enum { NODES = 601 };
	double points[M * D], x[D], a[M], b[M], Xf[NODES * D], z[NODES], mean = 0, now = -INFINITY;
	double steepest = 0;
	struct kg k;

	fill(&r, M * D, points);
	fill(&r, D, x);
	assert_int_equal(kg_init(&k, g, mat_view(points, M, D, M), false, 0.05, arena, NULL), KR_OK);
	assert_int_equal(
		kg_moves(&k, mat_view(x, 1, D, 1), mat_view(a, M, 1, M), mat_view(b, M, 1, M), arena, NULL),
		KR_OK);
	for (int i = 0; i < M; i++) {
		now = fmax(now, a[i]);
		steepest = fmax(steepest, fabs(b[i]));
	}
	for (int t = 0; t < NODES; t++) { /* equally likely scenarios */
		int best = 0;

		z[t] = special_quantile((t + 0.5) / NODES);
		for (int i = 0; i < M; i++)
			best = a[i] + b[i] * z[t] > a[best] + b[best] * z[t] ? i : best;
		for (int j = 0; j < D; j++)
			Xf[j * NODES + t] = points[j * M + best];
	}
	struct kg_one_shot o = {
		.model = g, .noise = 0.05, .current = now, .Z = mat_view(z, NODES, 1, NODES)};
	assert_int_equal(kg_one_shot_eval(&o, mat_view(x, 1, D, 1), mat_view(Xf, NODES, D, NODES),
						 &mean, (struct mat){0}, (struct mat){0}, arena, NULL),
		KR_OK);
	assert_true(fabs(mean - exp(value_at(&k, x))) < 2e-3 * steepest);
	gp_free(g);
}

/* Equal points without noise. */
static void one_shot_of_equal_points(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 6, RNG_TEST, 0);
	struct gp *g = model("rbf", false, 1e-9, &r);
	double Xq[Q * D], Xf[SCENARIOS * D], Z[SCENARIOS * Q] = {1, -1, 0.5};
	struct kg_one_shot o = {.model = g, .Z = mat_view(Z, SCENARIOS, Q, SCENARIOS)};

	for (int i = 0; i < Q; i++)
		for (int j = 0; j < D; j++)
			Xq[j * Q + i] = 0.5;
	fill(&r, SCENARIOS * D, Xf);
	assert_true(isfinite(one_shot(&o, Xq, Xf)));
	gp_free(g);
}

/* ---- memory -------------------------------------------------------------------------------- */

static enum kr_status all(const struct gp *g, struct arena *a, double *value, double *shot)
{
	double points[M * D], x[B * D], slope[B * D], v[B], Z[B * B] = {1, 0.5, -0.3}, s[M * D];
	struct mat T = mat_view(x, B, D, B);
	struct kg_one_shot o = {.model = g, .noise = 0.1, .Z = mat_view(Z, M, 1, M)};
	struct kg k;
	enum kr_status st;

	for (int i = 0; i < M * D; i++)
		points[i] = (i * 37 % 20) / 20.0;
	for (int i = 0; i < B * D; i++)
		x[i] = (i * 53 % 20) / 20.0;
	st = kg_init(&k, g, mat_view(points, M, D, M), true, 0.1, a, NULL);
	if (!st)
		st = kg_eval(&k, T, v, mat_view(slope, B, D, B), a, NULL);
	*value = v[0];
	if (!st)
		st = kg_one_shot_eval(&o, mat_block(T, 0, 0, 1, D), mat_view(points, M, D, M), shot,
			mat_view(slope, 1, D, B), mat_view(s, M, D, M), a, NULL);
	return st;
}

static void memory_may_run_out(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 7, RNG_TEST, 0);
	struct gp *g = model("matern52", false, 0.01, &r);
	double value, shot, want, want_shot;
	enum kr_status st = KR_ENOMEM;

	assert_int_equal(all(g, arena, &want, &want_shot), KR_OK);
	for (size_t cap = 64; st == KR_ENOMEM; cap += 64) {
		struct arena *small = arena_new(cap);

		assert_non_null(small);
		st = all(g, small, &value, &shot);
		assert_true(st == KR_OK || st == KR_ENOMEM);
		arena_free(small);
	}
	assert_true(value == want && shot == want_shot);
	gp_free(g);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_definition),
		TEST(slopes_are_differences),
		TEST(invariants),
		TEST(one_known_point_is_expected_improvement),
		TEST(one_shot_slopes),
		TEST(one_shot_is_the_integrand),
		TEST(one_shot_of_equal_points),
		TEST(memory_may_run_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
