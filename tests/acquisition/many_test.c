/* The policy with more observations than one exact model takes. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "gp/linalg/blas.h"
#include "tests/acquisition/play.h"
#include "tests/acquisition/ruled.h"

enum { SEED = 20261124, MANY = 1600 };

static double bowl(const double *x, int d)
{
	double sum = 0;
	for (int j = 0; j < d; j++)
		sum += (x[j] - 0.3 - 0.1 * j) * (x[j] - 0.3 - 0.1 * j);
	return sum;
}

/* A study with n random points told; room for 100 more. */
static struct play *told(struct space *space, int n, uint64_t seed)
{
	struct play *p = play_new(space, n + 100, SEED);
	struct rng r = rng_make(seed, 0, RNG_TEST, 0);
	double x[SPACE_MAX_DIMS];
	printf("seed %d, %d observations\n", (int)seed, n);
	for (int i = 0; i < n; i++) {
		cube_draw(space, &r, x);
		play_tell(p, x, bowl(x, p->d));
	}
	p->next = (uint64_t)n;
	return p;
}

static bool was_told(const struct play *p, const double *x)
{
	for (int i = 0; i < p->n; i++)
		if (space_equal(p->space, x, p->X + (size_t)i * (size_t)p->d))
			return true;
	return false;
}

static double best_of(const struct play *p)
{
	double best = INFINITY;
	for (int i = 0; i < p->n; i++)
		best = fmin(best, p->y[i]);
	return best;
}

/* ---- it optimizes -------------------------------------------------------------------- */

/* The best of thousands of random points is left behind by far, in a few steps. */
static void the_minimum_is_approached(void **state)
{
	(void)state;
	struct play *p = told(cube_floats(3), MANY, 1);
	double x[3], before = best_of(p);
	for (int i = 0; i < 12; i++) {
		assert_int_equal(play_ask(p, x), POLICY_MODEL);
		assert_false(was_told(p, x));
		assert_true(p->last.has_prediction);
		play_tell(p, x, bowl(x, 3));
	}
	printf("best %g -> %g\n", before, best_of(p));
	assert_true(best_of(p) < 1e-3 * before);
	play_free(p);
}

static void noise_does_not_mislead(void **state)
{
	(void)state;
	struct play *p = told(cube_floats(3), MANY, 2);
	struct rng r = rng_make(2, 1, RNG_TEST, 0);
	double x[3], worst = 0;
	for (int i = 0; i < p->n; i++)
		p->y[i] += 0.1 * rng_normal(&r);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(play_ask(p, x), POLICY_MODEL);
		if (p->next % 2) /* even numbers look near the best point */
			worst = fmax(worst, bowl(x, 3));
		play_tell(p, x, bowl(x, 3) + 0.1 * rng_normal(&r));
	}
	assert_true(worst < 0.1); /* random points: 0.3 on average */
	play_free(p);
}

/* Constraints, failures, infeasible, pending and fixed parameters, and a batch, all at once. */
static void everything_else_still_works(void **state)
{
	(void)state;
	struct space *space = cube_floats(3);
	struct play *p = play_new(space, MANY + 300, SEED);
	struct rng r = rng_make(3, 0, RNG_TEST, 0);
	double x[3], c;
	play_constrain(p, 0.5, INFINITY); /* x0 + x1 >= 0.5 of its bowl's 0.7 */
	for (int i = 0; i < MANY + 200; i++) {
		cube_draw(space, &r, x);
		c = x[0] + x[1];
		if (x[2] > 0.8 && i % 2)
			play_rule_out(p, x);
		else if (x[2] > 0.8)
			play_fail(p, x);
		else if (p->n < MANY)
			play_tell_all(p, x, bowl(x, 3), &c);
	}
	for (int i = 0; i < 5; i++) {
		cube_draw(space, &r, x);
		play_pend(p, x);
	}
	double fixed[3] = {NAN, 0.25, NAN};
	struct policy_slot slots[4];
	for (int i = 0; i < 4; i++)
		slots[i] = (struct policy_slot){
			.number = 5000 + (uint64_t)i, .fixed = i % 3 ? NULL : fixed};
	struct policy_input in = play_input(p, slots, 4);
	in.n_queries = 300;
	in.queries = p->X;
	struct policy *job = play_run(&in);
	for (int i = 0; i < 4; i++) {
		struct policy_suggestion s = policy_suggestion(job, i);
		assert_int_equal(s.rule, POLICY_MODEL);
		assert_int_equal(s.freshness, POLICY_FRESH);
		assert_true(s.has_p_feasible && s.p_feasible >= 0 && s.p_feasible <= 1);
		assert_true(i % 3 || s.values[1] == 0.25);
		/* at the fixed value there is nothing to gain anywhere */
		assert_true(i % 3 == 0 || (s.values[0] + s.values[1] > 0.45 && s.values[2] < 0.85));
		for (int k = 0; k < i; k++)
			assert_false(space_equal(space, s.values, policy_suggestion(job, k).values));
	}
	double mean, sd, error = 0;
	for (int i = 0; i < 300; i++) {
		assert_true(policy_prediction(job, i, 0, &mean, &sd));
		if (p->y[i] < 0.3) /* the bad ones are pulled in */
			error = fmax(error, fabs(mean - p->y[i]));
		assert_true(policy_prediction(job, i, 1, &mean, &sd));
		assert_true(fabs(mean - p->c[0][i]) < 0.01);
	}
	assert_true(error < 0.01);
	policy_free(job);
	play_free(p);
}

static void no_point_feasible_yet(void **state)
{
	(void)state;
	struct space *space = cube_floats(2);
	struct play *p = play_new(space, MANY + 10, SEED);
	struct rng r = rng_make(4, 0, RNG_TEST, 0);
	double x[2], c;
	play_constrain(p, 1.9, INFINITY); /* in the corner, where no point is */
	while (p->n < MANY) {
		cube_draw(space, &r, x);
		c = x[0] + x[1];
		if (c < 1.85)
			play_tell_all(p, x, bowl(x, 2), &c);
	}
	assert_int_equal(play_ask(p, x), POLICY_MODEL);
	assert_true(x[0] + x[1] > 1.9);
	play_free(p);
}

/* ---- spaces of other kinds -------------------------------------------------------------- */

static void conditions_and_constraints_are_obeyed(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 20);
	struct space_param params[5] = {{.kind = SPACE_CATEGORICAL, .n_choices = 3}};
	for (int j = 1; j < 5; j++)
		params[j] = (struct space_param){.kind = SPACE_FLOAT, .low = 0, .high = 1};
	params[4] = (struct space_param){.kind = SPACE_INT, .low = 1, .high = 40};
	const struct condition *when[5] = {NULL, ruled_is(a, 0, 0), ruled_is(a, 0, 1)};
	const struct linear *row = ruled_row(a, 2, (int[]){3, 4}, (double[]){20, 1}, 30, false);
	struct space_rules rules = {.when = when, .n_linear = 1, .linear = &row};
	struct space *space;
	assert_int_equal(space_new_ruled(&space, params, 5, &rules, NULL), KR_OK);
	struct play *p = play_new(space, MANY + 20, SEED);
	struct rng r = rng_make(5, 0, RNG_TEST, 0);
	double x[5];
	while (p->n < MANY) {
		for (int j = 0; j < 5; j++)
			x[j] = j == 0 ? rng_below(&r, 3) : j == 4 ? 1 + rng_below(&r, 40) : rng_uniform(&r);
		space_deactivate(space, x);
		if (space_broken(space, x) < 0)
			play_tell(p, x,
				(x[0] == 0          ? fabs(x[1] - 0.7)
						: x[0] == 1 ? 0.2 + x[2]
									: 1) +
					x[3] + fabs(x[4] - 12) / 40);
	}
	double before = best_of(p);
	for (int i = 0; i < 8; i++) { /* play_ask checks the rules */
		assert_int_equal(play_ask(p, x), POLICY_MODEL);
		assert_false(was_told(p, x));
		play_tell(p, x,
			(x[0] == 0          ? fabs(x[1] - 0.7)
					: x[0] == 1 ? 0.2 + x[2]
								: 1) +
				x[3] + fabs(x[4] - 12) / 40);
	}
	assert_true(best_of(p) < before);
	play_free(p);
	arena_free(a);
}

/* A finite space is used up to its last point. */
static void a_finite_space_is_used_up(void **state)
{
	(void)state;
	struct space_param params[3];
	for (int j = 0; j < 3; j++)
		params[j] = (struct space_param){.kind = SPACE_INT, .low = 1, .high = 12};
	struct space *space = cube_space(params, 3);
	struct play *p = play_new(space, 12 * 12 * 12, SEED);
	int n_left = 12 * 12 * 12;
	double x[3];
	for (int i = 0; i < 12 * 12 * 12 - 6; i++) {
		x[0] = 1 + i % 12;
		x[1] = 1 + i / 12 % 12;
		x[2] = 1 + i / 144;
		play_tell(p, x, fabs(x[0] - 5) + fabs(x[1] - 6) + x[2]);
		n_left--;
	}
	for (; n_left > 0; n_left--) {
		assert_int_equal(play_ask(p, x), POLICY_MODEL);
		assert_false(was_told(p, x));
		play_tell(p, x, fabs(x[0] - 5) + fabs(x[1] - 6) + x[2]);
	}
	assert_int_equal(play_ask(p, x), POLICY_EXHAUSTED);
	play_free(p);
}

/* ---- nasty data --------------------------------------------------------------------------- */

static void nasty_data_get_suggestions(void **state)
{
	(void)state;
	for (int what = 0; what < 5; what++) {
		struct play *p = told(cube_floats(3), MANY, 6);
		struct rng r = rng_make(6, 1, RNG_TEST, (uint32_t)what);
		double x[4];
		for (int i = 0; i < p->n; i++) {
			double *at = p->X + i * 3;
			for (int j = 0; j < 3; j++)
				at[j] = what == 0 ? 0.5
					: what == 1   ? 0.25 * (i % 4)
					: what == 2   ? 0.4 + 1e-7 * rng_uniform(&r)
								  : at[j];
			if (what == 3)
				p->y[i] = 7;
			if (what == 4)
				p->y[i] = pow(10, 300 * rng_uniform(&r)) * (i % 2 ? 1 : -1);
		}
		for (int i = 0; i < 2; i++) {
			enum policy_rule rule = play_ask(p, x);
			assert_true(rule == POLICY_MODEL || rule == POLICY_FILL);
			assert_false(was_told(p, x));
			play_tell(p, x, p->y[i]);
		}
		play_free(p);
	}
}

/* ---- what a record rests on --------------------------------------------------------------- */

static void copy_suggestion(struct policy *job, double *values, double *numbers)
{
	struct policy_suggestion s = policy_suggestion(job, 0);
	int n;
	memcpy(values, s.values, 4 * sizeof(double));
	numbers[0] = s.mean;
	numbers[1] = s.sd;
	numbers[2] = s.log_acq;
	numbers[3] = policy_state(job, &n)[2];
}

struct task {
	const struct policy_input *in;
	double values[4], numbers[4];
};

static void *run_task(void *ctx)
{
	struct task *t = ctx;
	struct policy *job = play_run(t->in);
	copy_suggestion(job, t->values, t->numbers);
	policy_free(job);
	return NULL;
}

/* The same bits again, and on several threads at once; cold and warm, near and anywhere. */
static void a_suggestion_is_a_function_of_its_input(void **state)
{
	(void)state;
	struct play *p = told(cube_floats(4), MANY, 7);
	double x[4];
	for (int round = 0; round < 2; round++) {
		struct policy_slot slot = {.number = p->next};
		struct policy_input in = play_input(p, &slot, 1);
		struct task tasks[3] = {{.in = &in}, {.in = &in}, {.in = &in}};
		pthread_t threads[3];
		for (int i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, run_task, &tasks[i]), 0);
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		double *copy = malloc(sizeof(double) * (size_t)p->n * 4); /* elsewhere in memory */
		memcpy(copy, p->X, sizeof(double) * (size_t)p->n * 4);
		in.X = copy;
		struct task again = {.in = &in};
		run_task(&again);
		free(copy);
		for (int i = 0; i < 3; i++) {
			assert_memory_equal(tasks[i].values, again.values, sizeof(again.values));
			assert_memory_equal(tasks[i].numbers, again.numbers, sizeof(again.numbers));
		}
		play_ask(p, x);
		assert_memory_equal(x, again.values, sizeof(again.values));
		play_tell(p, x, bowl(x, 4));
	}
	play_free(p);
}

/* Cut after any number of units there is a new point, and equal cuts give equal points. */
static void a_cut_anywhere_gives_a_point(void **state)
{
	(void)state;
	struct play *p = told(cube_floats(2), MANY, 8);
	double x[2];
	play_ask(p, x); /* a state to start from */
	for (uint64_t number = 1; number < 3; number++) {
		struct policy_slot slot = {.number = 2 * MANY + number};
		struct policy_input in = play_input(p, &slot, 1);
		for (int units = 0, more = 1; more; units++) {
			double first[2];
			for (int again = 0; again < 2; again++) {
				struct policy *job;
				assert_int_equal(policy_new(&job, &in, NULL), KR_OK);
				for (int u = 0; u < units; u++)
					more = policy_step(job);
				struct policy_suggestion s = policy_suggestion(job, 0);
				assert_non_null(s.values);
				assert_false(was_told(p, s.values));
				if (again)
					assert_memory_equal(first, s.values, sizeof(first));
				memcpy(first, s.values, sizeof(first));
				policy_free(job);
			}
		}
	}
	play_free(p);
}

static void a_hundred_thousand_are_possible(void **state)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
	enum { N = 10000 };
#else
	enum { N = 100000 };
#endif
	(void)state;
	struct play *p = told(cube_floats(4), N, 9);
	double x[4], before = best_of(p);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(play_ask(p, x), POLICY_MODEL);
		assert_false(was_told(p, x));
		play_tell(p, x, bowl(x, 4));
	}
	assert_true(best_of(p) < before);
	play_free(p);
}

static void memory_may_run_out(void **state)
{
	(void)state;
	struct play *p = told(cube_floats(2), MANY, 10);
	double x[2];
	play_rule_out(p, (double[]){0.9, 0.9});
	play_ask(p, x); /* a fit to start from */
	struct policy_slot slot = {.number = 4001};
	struct policy_input in = play_input(p, &slot, 1);
	bool starved = true;
	for (long n = 1; starved; n += 1 + n / 16) {
		struct policy *job;
		kr_alloc_fail_at(n, 1);
		if (policy_new(&job, &in, NULL) == KR_OK) {
			while (policy_step(job))
				;
			starved = policy_starved(job);
			assert_non_null(policy_suggestion(job, 0).values);
			policy_free(job);
		}
		kr_alloc_fail_at(0, 0);
	}
	play_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_minimum_is_approached),
		cmocka_unit_test(noise_does_not_mislead),
		cmocka_unit_test(everything_else_still_works),
		cmocka_unit_test(no_point_feasible_yet),
		cmocka_unit_test(conditions_and_constraints_are_obeyed),
		cmocka_unit_test(a_finite_space_is_used_up),
		cmocka_unit_test(nasty_data_get_suggestions),
		cmocka_unit_test(a_suggestion_is_a_function_of_its_input),
		cmocka_unit_test(a_cut_anywhere_gives_a_point),
		cmocka_unit_test(a_hundred_thousand_are_possible),
		cmocka_unit_test(memory_may_run_out),
	};
	blas_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
