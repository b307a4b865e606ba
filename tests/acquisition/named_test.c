/* Every acquisition that a study can name, through the policy: what it is for shows in the points
 * that it gives; batches are apart; results are a function of the input, without memory there are
 * still points. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/space/sobol.h"
#include "base/alloc.h"
#include "tests/acquisition/play.h"
#include "tests/acquisition/ruled.h"

enum { SEED = 20261123, D = 2, TOLD = 12, BATCH = 16 };

/* Two hills of one height and a wave. */
static double hills(const double *x)
{
	double a = hypot(x[0] - 0.25, x[1] - 0.3), b = hypot(x[0] - 0.8, x[1] - 0.75);
	return -exp(-8 * a * a) - exp(-10 * b * b) + 0.1 * sin(6 * x[0]);
}

/* Points of a net with their values, the same for all. */
static struct play *told(int n, double noise)
{
	struct play *p = play_new(cube_floats(D), 64, SEED);
	struct rng key = rng_make(SEED, 0, RNG_TEST, 0), r = rng_make(SEED, 1, RNG_TEST, 0);
	p->has_noise_sd = noise == 0;
	for (int i = 0; i < n; i++) {
		double x[D];
		sobol_net(&key, (uint32_t)i, mat_view(x, 1, D, 1));
		play_tell(p, x, hills(x) + noise * rng_normal(&r));
	}
	return p;
}

static struct policy_input named(
	struct play *p, struct policy_slot *slots, int n, enum choice acquisition)
{
	memset(slots, 0, sizeof(*slots) * (size_t)n);
	for (int i = 0; i < n; i++)
		slots[i].number = (uint64_t)(p->n + p->n_pending + i);
	struct policy_input in = play_input(p, slots, n);
	in.acquisition = acquisition;
	in.beta = choice_beta(acquisition);
	in.level = -0.4;
	return in;
}

/* The first point of a batch of n; all of them in X unless it is NULL. */
static struct policy_suggestion ask(
	struct play *p, enum choice acquisition, int n, double beta, double *X)
{
	struct policy_slot slots[BATCH];
	struct policy_input in = named(p, slots, n, acquisition);
	if (!isnan(beta))
		in.beta = beta;
	struct policy *job = play_run(&in);
	struct policy_suggestion first = policy_suggestion(job, 0);
	for (int i = 0; X && i < n; i++) {
		struct policy_suggestion s = policy_suggestion(job, i);
		assert_int_equal(s.rule, POLICY_MODEL);
		assert_int_equal(s.freshness, POLICY_FRESH);
		memcpy(X + i * D, s.values, sizeof(double) * D);
	}
	policy_free(job);
	first.values = NULL;
	return first;
}

/* ---- all of them ------------------------------------------------------------------------ */

static void check_apart(enum choice c, const double *X, int n, const struct play *p)
{
	double least = INFINITY;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < i; k++)
			least = fmin(least, hypot(X[i * D] - X[k * D], X[i * D + 1] - X[k * D + 1]));
	for (int i = 0; i < n; i++)
		for (int k = 0; k < p->n_pending; k++)
			least = fmin(
				least, hypot(X[i * D] - p->pending[k * D], X[i * D + 1] - p->pending[k * D + 1]));
	if (!(least > 1e-4))
		fail_msg("%s: two points are %g apart", choice_name(c), least);
}

/* A batch next to pending points, with and without noise. */
static void batches_are_apart(void **state)
{
	(void)state;
	for (enum choice c = CHOICE_AUTO + 1; c < CHOICE_N; c++)
		for (int noisy = 0; noisy < 2; noisy++) {
			struct play *p = told(TOLD, noisy ? 0.1 : 0);
			double X[BATCH * D], far = 0;
			play_pend(p, (double[]){0.25, 0.3});
			play_pend(p, (double[]){0.8, 0.7});
			ask(p, c, BATCH, NAN, X);
			check_apart(c, X, BATCH, p);
			for (int i = 1; i < BATCH; i++)
				far = fmax(far, hypot(X[i * D] - X[0], X[i * D + 1] - X[1]));
			if (!(far > 0.02))
				fail_msg("%s: sixteen points within %g", choice_name(c), far);
			play_free(p);
		}
}

/* What it says of itself, in spaces of all sorts, with failures, constraints, fixed values. */
static void any_study_gets_points(void **state)
{
	(void)state;
	static const struct space_param params[] = {
		{.kind = SPACE_FLOAT, .low = 1e-3, .high = 1, .log = true},
		{.kind = SPACE_INT, .low = 1, .high = 6},
		{.kind = SPACE_CATEGORICAL, .n_choices = 3},
	};
	for (enum choice c = CHOICE_AUTO + 1; c < CHOICE_N; c++)
		for (int kind = 0; kind < 4; kind++) {
			struct play *p = play_new(cube_space(params, 3), 64, SEED);
			struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
			bool constrained = (kind & 1) && !choice_has(c, CHOICE_ALONE);
			if (constrained)
				play_constrain(p, 0.5, INFINITY);
			for (int i = 0; i < 10; i++) {
				double x[3], y, g;
				cube_draw(p->space, &r, x);
				y = pow(log10(x[0]) + 1.5, 2) + 0.1 * x[1] + (x[2] == 1);
				g = x[1] / 6;
				if (kind >= 2 && i % 3 == 0)
					play_fail(p, x);
				else if (constrained)
					play_tell_all(p, x, y, &g);
				else
					play_tell(p, x, y);
			}
			double values[3 * 3];
			const double fixed[3] = {NAN, NAN, 2};
			struct policy_slot slots[3];
			struct policy_input in = named(p, slots, 3, c);
			slots[1].fixed = fixed;
			struct policy *a = play_run(&in), *b = play_run(&in);
			for (int i = 0; i < 3; i++) {
				struct policy_suggestion s = policy_suggestion(a, i), t = policy_suggestion(b, i);
				assert_int_equal(s.rule, POLICY_MODEL);
				assert_int_equal(s.acquisition, c);
				assert_true(s.has_acq == choice_has(c, CHOICE_PLAIN));
				assert_true(isfinite(s.has_acq ? s.acq : s.log_acq));
				assert_true(!s.has_gain || !choice_has(c, CHOICE_LEARNS));
				assert_memory_equal(s.values, t.values, sizeof(double) * 3);
				assert_true(s.acq == t.acq && s.log_acq == t.log_acq);
				memcpy(values + 3 * i, s.values, sizeof(double) * 3);
			}
			assert_true(values[5] == 2);
			policy_free(a);
			policy_free(b);
			play_free(p);
		}
}

/* Under rules every point obeys. */
/* Fixed values that leave no allowed point. */
static void expect_exhausted(struct play *p, enum choice c)
{
	struct policy_slot slot;
	struct policy_input in = named(p, &slot, 1, c);
	const double fixed[D] = {1, NAN};
	slot.fixed = fixed;
	struct policy *job = play_run(&in);
	assert_int_equal(policy_suggestion(job, 0).rule, POLICY_EXHAUSTED);
	assert_false(policy_starved(job));
	policy_free(job);
}

static void rules_are_obeyed(void **state)
{
	(void)state;
	static const struct space_param params[] = {
		{.kind = SPACE_FLOAT, .low = 0, .high = 1}, {.kind = SPACE_FLOAT, .low = 0, .high = 1}};
	struct arena *a = arena_new(1 << 20);
	const struct linear *sum = ruled_row(
		a, 2, (const int[]){0, 1}, (const double[]){1, 1}, 0.9, false);
	struct space_rules rules = {.n_linear = 1, .linear = &sum};
	for (enum choice c = CHOICE_AUTO + 1; c < CHOICE_N; c++) {
		struct space *space;
		assert_int_equal(space_new_ruled(&space, params, 2, &rules, NULL), KR_OK);
		struct play *p = play_new(space, 64, SEED);
		struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
		for (int i = 0; i < 8; i++) {
			double x[D];
			cube_draw(p->space, &r, x);
			play_tell(p, x, hills(x));
		}
		double X[4 * D];
		ask(p, c, 4, NAN, X);
		for (int i = 0; i < 4; i++)
			assert_true(X[i * D] + X[i * D + 1] <= 0.9 + 1e-12);
		expect_exhausted(p, c);
		play_free(p);
	}
	arena_free(a);
}

/* The n-th allocation fails, for every n: every slot has a point all the same. */
static void no_memory_is_no_error(void **state)
{
	(void)state;
	for (enum choice c = CHOICE_AUTO + 1; c < CHOICE_N; c++) {
		struct play *p = told(6, 0);
		play_pend(p, (double[]){0.5, 0.5});
		bool starved = true;
		for (long n = 1; starved; n += 1 + n / 16) {
			struct policy_slot slots[2];
			struct policy_input in = named(p, slots, 2, c);
			struct policy *job = NULL;
			kr_alloc_fail_at(n, false);
			if (policy_new(&job, &in, NULL) != KR_OK) {
				kr_alloc_fail_at(0, false);
				assert_null(job);
				continue;
			}
			while (policy_step(job))
				;
			starved = policy_starved(job);
			kr_alloc_fail_at(0, false);
			for (int i = 0; i < 2; i++)
				assert_non_null(policy_suggestion(job, i).values);
			policy_free(job);
		}
		play_free(p);
	}
}

/* ---- what each is for ---------------------------------------------------------------------- */

/* The best posterior mean (of minimization) among points of a net. */
static double best_mean(struct play *p, int n, const double *net)
{
	struct policy_slot slots[1];
	struct policy_input in = named(p, slots, 0, CHOICE_MEAN);
	double best = INFINITY;
	in.n_queries = n;
	in.queries = net;
	struct policy *job = play_run(&in);
	for (int i = 0; i < n; i++) {
		double mean, sd;
		assert_true(policy_prediction(job, i, 0, &mean, &sd));
		best = fmin(best, mean);
	}
	policy_free(job);
	return best;
}

static void mean_is_the_best_mean_and_ucb_without_beta(void **state)
{
	(void)state;
	enum { QUERIES = 1000 };
	static double net[QUERIES * D];
	struct rng r = rng_make(SEED, 4, RNG_TEST, 0);
	struct play *p = told(TOLD, 0);
	for (int i = 0; i < QUERIES; i++)
		cube_draw(p->space, &r, net + i * D);
	double a[3 * D], b[3 * D], x[D];
	assert_true(ask(p, CHOICE_MEAN, 1, NAN, x).mean <= best_mean(p, QUERIES, net));
	struct policy_suggestion s = ask(p, CHOICE_MEAN, 3, NAN, a), t = ask(p, CHOICE_UCB, 3, 0, b);
	assert_memory_equal(a, b, sizeof(a));
	assert_true(s.acq == t.acq);
	assert_int_equal(s.role, POLICY_EXPLOIT);
	play_free(p);
}

/* More weight, more deviation. */
static void beta_is_curiosity(void **state)
{
	(void)state;
	struct play *p = told(TOLD, 0);
	double x[D], last = -1;
	for (double beta = 0; beta <= 100; beta = beta * 10 + 1e-2) {
		double sd = ask(p, CHOICE_UCB, 1, beta, x).sd;
		assert_true(sd >= last - 1e-3);
		last = sd;
	}
	assert_true(last > ask(p, CHOICE_UCB, 1, 0, x).sd);
	play_free(p);
}

static void without_noise_noisy_ei_is_log_ei(void **state)
{
	(void)state;
	struct play *p = told(TOLD, 0);
	double a[2 * D], b[2 * D];
	struct policy_suggestion s = ask(p, CHOICE_LOG_EI, 2, NAN, a);
	struct policy_suggestion t = ask(p, CHOICE_NOISY_EI, 2, NAN, b);
	assert_memory_equal(a, b, sizeof(a));
	assert_true(s.log_acq == t.log_acq);
	play_free(p);
}

/* Twelve more points of a choice; value <- hills there. */
static void play_on(struct play *p, enum choice c, int n, double *X)
{
	for (int i = 0; i < n; i++) {
		ask(p, c, 1, NAN, X + i * D);
		play_tell(p, X + i * D, hills(X + i * D));
	}
}

/* Points of straddle are nearer to the level than those of a net. */
static void straddle_finds_the_level(void **state)
{
	(void)state;
	enum { N = 16 };
	struct play *p = told(8, 0);
	struct rng key = rng_make(SEED, 5, RNG_TEST, 0);
	double X[N * D], off = 0, net = 0;
	play_on(p, CHOICE_STRADDLE, N, X);
	for (int i = N / 2; i < N; i++) {
		double x[D];
		sobol_net(&key, (uint32_t)i, mat_view(x, 1, D, 1));
		off += fabs(hills(X + i * D) + 0.4) / (N / 2);
		net += fabs(hills(x) + 0.4) / (N / 2);
	}
	if (!(off < 0.3 * net))
		fail_msg("off the level by %g, a net by %g", off, net);
	play_free(p);
}

/* Mean variance at a net under the hyperparameters that the study has then. */
static double mean_variance(struct play *p, int more, const double *X)
{
	enum { QUERIES = 400 };
	static double net[QUERIES * D];
	struct rng key = rng_make(SEED, 6, RNG_TEST, 0);
	struct play *q = told(p->n, 0);
	struct policy_slot slots[1];
	double sum = 0;
	for (int i = 0; i < more; i++)
		play_tell(q, X + i * D, hills(X + i * D));
	for (int i = 0; i < QUERIES; i++)
		sobol_net(&key, (uint32_t)i, mat_view(net + i * D, 1, D, 1));
	struct policy_input in = named(q, slots, 0, CHOICE_INTEGRATED_VARIANCE);
	in.n_queries = QUERIES;
	in.queries = net;
	struct policy *job = play_run(&in);
	for (int i = 0; i < QUERIES; i++) {
		double mean, sd;
		assert_true(policy_prediction(job, i, 0, &mean, &sd));
		sum += sd * sd;
	}
	policy_free(job);
	play_free(q);
	return sum / QUERIES;
}

/* Less is left of the variance than after points of the net that go on from those told. */
static void integrated_variance_learns_faster_than_a_net(void **state)
{
	(void)state;
	enum { N = 10 };
	struct play *p = told(TOLD, 0);
	double X[N * D], S[N * D];
	struct rng key = rng_make(SEED, 0, RNG_TEST, 0);
	ask(p, CHOICE_INTEGRATED_VARIANCE, N, NAN, X);
	for (int i = 0; i < N; i++)
		sobol_net(&key, (uint32_t)(TOLD + i), mat_view(S + i * D, 1, D, 1));
	double chosen = mean_variance(p, N, X), net = mean_variance(p, N, S);
	if (!(chosen < net))
		fail_msg("variance %g, after a net %g", chosen, net);
	play_free(p);
}

/* Those that look for the optimum are near it soon. */
static void the_optimum_is_found(void **state)
{
	(void)state;
	enum { N = 20 };
	double optimum = INFINITY;
	for (int i = 0; i <= 400; i++)
		for (int k = 0; k <= 400; k++)
			optimum = fmin(optimum, hills((double[]){i / 400.0, k / 400.0}));
	for (enum choice c = CHOICE_AUTO + 1; c < CHOICE_N; c++) {
		if (c == CHOICE_STRADDLE || c == CHOICE_INTEGRATED_VARIANCE || c == CHOICE_MEAN)
			continue;
		struct play *p = told(6, 0);
		double X[N * D], best = INFINITY;
		play_on(p, c, N, X);
		for (int i = 0; i < N; i++)
			best = fmin(best, hills(X + i * D));
		if (!(best - optimum < 2e-2))
			fail_msg("%s: regret %g", choice_name(c), best - optimum);
		play_free(p);
	}
}

/* A point is suggested where the constraint is likely to hold: x0 + x1 <= 0.7 cuts off a hill. */
static void constraints_are_regarded(void **state)
{
	(void)state;
	for (enum choice c = CHOICE_AUTO + 1; c < CHOICE_N; c++) {
		if (choice_has(c, CHOICE_ALONE))
			continue;
		struct play *p = play_new(cube_floats(D), 64, SEED);
		struct rng key = rng_make(SEED, 0, RNG_TEST, 0);
		double X[6 * D];
		p->has_noise_sd = true;
		play_constrain(p, -INFINITY, 0.7);
		for (int i = 0; i < TOLD; i++) {
			double x[D], sum;
			sobol_net(&key, (uint32_t)i, mat_view(x, 1, D, 1));
			sum = x[0] + x[1];
			play_tell_all(p, x, hills(x), &sum);
		}
		ask(p, c, 6, NAN, X);
		for (int i = 0; i < 6; i++)
			if (!(X[i * D] + X[i * D + 1] < 0.8))
				fail_msg("%s: %g + %g", choice_name(c), X[i * D], X[i * D + 1]);
		play_free(p);
	}
}

enum { BOWL_D = 4 };

static double bowl(const double *x)
{
	double r2 = 0;
	for (int j = 0; j < BOWL_D; j++)
		r2 += (x[j] - 0.35) * (x[j] - 0.35);
	return 1 - exp(-4 * r2);
}

/* What the bowl is at the best posterior mean after 26 noisy values, the last 18 at points of kg or
 * of a net. */
static double taken_in_the_end(uint64_t seed, bool kg)
{
	struct play *p = play_new(cube_floats(BOWL_D), 64, seed + 9);
	struct rng key = rng_make(SEED, seed, RNG_TEST, 7), r = rng_make(SEED, seed, RNG_TEST, 8);
	struct policy_slot slots[1];
	double x[BOWL_D];
	for (int i = 0; i <= 26; i++) {
		if (i < 8 || (i < 26 && !kg)) {
			sobol_net(&key, (uint32_t)i, mat_view(x, 1, BOWL_D, 1));
		} else {
			struct policy_input in = named(p, slots, 1, i == 26 ? CHOICE_MEAN : CHOICE_KG);
			struct policy *job = play_run(&in);
			memcpy(x, policy_suggestion(job, 0).values, sizeof(x));
			policy_free(job);
		}
		if (i < 26)
			play_tell(p, x, bowl(x) + 0.1 * rng_normal(&r));
	}
	play_free(p);
	return bowl(x);
}

static void kg_finds_the_best_under_noise(void **state)
{
	(void)state;
	double kg = 0, net = 0;
	for (uint64_t seed = 0; seed < 6; seed++) {
		kg += taken_in_the_end(seed, true) / 6;
		net += taken_in_the_end(seed, false) / 6;
	}
	print_message("kg %.3g, a net %.3g\n", kg, net);
	assert_true(kg < 0.8 * net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_are_apart),
		cmocka_unit_test(any_study_gets_points),
		cmocka_unit_test(rules_are_obeyed),
		cmocka_unit_test(no_memory_is_no_error),
		cmocka_unit_test(mean_is_the_best_mean_and_ucb_without_beta),
		cmocka_unit_test(beta_is_curiosity),
		cmocka_unit_test(without_noise_noisy_ei_is_log_ei),
		cmocka_unit_test(straddle_finds_the_level),
		cmocka_unit_test(integrated_variance_learns_faster_than_a_net),
		cmocka_unit_test(the_optimum_is_found),
		cmocka_unit_test(constraints_are_regarded),
		cmocka_unit_test(kg_finds_the_best_under_noise),
	};
	printf("seed %d\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
