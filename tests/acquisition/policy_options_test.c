/* What the switches switch: models of the objective, turns that exploit, the initial design. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "tests/acquisition/play.h"

enum { SEED = 409, N = 24, D = 3 };

static double bowl(const double *x)
{
	double sum = 0;
	for (int j = 0; j < D; j++)
		sum += (x[j] - 0.3 - 0.1 * j) * (x[j] - 0.3 - 0.1 * j) + 0.1 * sin(9 * x[j] + j);
	return sum;
}

/* n points, told. */
static struct play *told(int n)
{
	struct play *p = play_new(cube_floats(D), 2 * N, SEED);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double x[D];
	for (int i = 0; i < n; i++) {
		cube_draw(p->space, &r, x);
		play_tell(p, x, bowl(x));
	}
	return p;
}

static struct policy *ask(
	struct play *p, int n_slots, const struct policy_options *options, int n_queries)
{
	static struct policy_slot slots[4];
	for (int i = 0; i < 4; i++)
		slots[i] = (struct policy_slot){.number = (uint64_t)(p->n + i)};
	struct policy_input in = play_input(p, slots, n_slots);
	in.options = options;
	in.queries = p->X;
	in.n_queries = n_queries;
	return play_run(&in);
}

static void the_defaults_are_meant_by_none(void **state)
{
	(void)state;
	struct play *p = told(17);
	struct policy_options standard = policy_options_default();
	struct policy *a = ask(p, 1, NULL, 0), *b = ask(p, 1, &standard, 0);
	assert_memory_equal(
		policy_suggestion(a, 0).values, policy_suggestion(b, 0).values, sizeof(double) * D);
	policy_free(a);
	policy_free(b);
	play_free(p);
}

static void an_unknown_option_or_value_is_refused(void **state)
{
	(void)state;
	struct policy_options o = policy_options_default();
	struct kr_error err;
	assert_int_equal(policy_options_set(&o, "members", 1, &err), KR_OK);
	assert_true(o.members == 1 && o.initial_points == policy_options_default().initial_points);
	assert_int_equal(policy_options_set(&o, "members", 3, &err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "members is 3"));
	assert_int_equal(policy_options_set(&o, "members", NAN, &err), KR_INVALID_ARGUMENT);
	assert_int_equal(policy_options_set(&o, "nothing", 1, &err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "exploit_every"));
	assert_true(o.members == 1);
}

/* Turns 4, 8, ... from the 11th observation on, where nothing is pending. */
static void every_so_many_turns_exploit(void **state)
{
	(void)state;
	for (int n = 8; n <= 20; n++)
		for (int pending = 0; pending < 2; pending++) {
			struct play *p = told(n);
			if (pending)
				play_pend(p, (double[]){0.9, 0.9, 0.9});
			struct policy *job = ask(p, 2, NULL, 0);
			bool exploits = !pending && n > 10 && n % 4 == 0;
			assert_int_equal(
				policy_suggestion(job, 0).role, exploits ? POLICY_EXPLOIT : POLICY_EXPLORE);
			assert_int_equal(policy_suggestion(job, 1).role, POLICY_EXPLORE);
			policy_free(job);
			play_free(p);
		}
}

/* Where no parameter is continuous there is nothing between the points observed. */
static void a_grid_is_not_exploited(void **state)
{
	(void)state;
	struct space_param param = {.kind = SPACE_INT, .low = 0, .high = 500};
	struct space_param params[D] = {param, param, {.kind = SPACE_FLOAT, .low = 0, .high = 1}};
	for (int grid = 0; grid < 2; grid++) {
		if (grid)
			params[D - 1].step = 0.01;
		struct play *p = play_new(cube_space(params, D), N, SEED);
		struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
		double x[D];
		for (int i = 0; i < 12; i++) {
			cube_draw(p->space, &r, x);
			play_tell(p, x, x[0] + x[1] + 500 * x[2]);
		}
		struct policy *job = ask(p, 1, NULL, 0);
		assert_int_equal(policy_suggestion(job, 0).role, grid ? POLICY_EXPLORE : POLICY_EXPLOIT);
		policy_free(job);
		play_free(p);
	}
}

/* No other point of a net has a better posterior mean. */
static void exploiting_is_the_best_posterior_mean(void **state)
{
	(void)state;
	enum { QUERIES = 2000 };
	static double net[QUERIES * D];
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	struct play *p = told(16);
	for (int i = 0; i < QUERIES; i++)
		cube_draw(p->space, &r, net + i * D);
	struct policy_slot slot = {.number = 16};
	struct policy_input in = play_input(p, &slot, 1);
	in.queries = net;
	in.n_queries = QUERIES;
	struct policy *job = play_run(&in);
	struct policy_suggestion s = policy_suggestion(job, 0);
	assert_int_equal(s.role, POLICY_EXPLOIT);
	for (int i = 0; i < QUERIES; i++) {
		double mean, sd;
		assert_true(policy_prediction(job, i, 0, &mean, &sd));
		assert_true(s.mean <= mean);
	}
	policy_free(job);
	play_free(p);
}

/* The other model takes part: it moves suggestions, not predictions; it is warm from the state. */
static void both_models_count(void **state)
{
	(void)state;
	struct play *p = told(17);
	struct policy_options one = policy_options_default();
	one.members = 1;
	struct policy *a = ask(p, 1, NULL, p->n), *b = ask(p, 1, &one, p->n);
	int n_a, n_b;
	const double *of_a = policy_state(a, &n_a), *of_b = policy_state(b, &n_b);
	assert_int_equal(n_b - 2, 4 + 2 * D + 3);
	assert_int_equal(n_a - n_b, 4 + D + 2); /* without the term of single numbers */
	assert_memory_equal(of_a + 2, of_b + 2, sizeof(double) * (size_t)(n_b - 2));
	assert_memory_not_equal(
		policy_suggestion(a, 0).values, policy_suggestion(b, 0).values, sizeof(double) * D);
	for (int i = 0; i < p->n; i++) {
		double mean[2], sd[2];
		assert_true(policy_prediction(a, i, 0, &mean[0], &sd[0]));
		assert_true(policy_prediction(b, i, 0, &mean[1], &sd[1]));
		assert_true(mean[0] == mean[1] && sd[0] == sd[1]);
	}
	policy_free(a);
	policy_free(b);
	play_free(p);
}

/* With many observations one model does. */
static void the_second_model_ends_with_enough_observations(void **state)
{
	(void)state;
	struct play *p = told(17);
	struct policy_options o = policy_options_default(), one = o;
	one.members = 1;
	for (int until = 16; until <= 17; until++) {
		o.members_until = until;
		struct policy *a = ask(p, 1, &o, 0), *b = ask(p, 1, &one, 0);
		int same = memcmp(
			policy_suggestion(a, 0).values, policy_suggestion(b, 0).values, sizeof(double) * D);
		assert_int_equal(same == 0, until == 16);
		policy_free(a);
		policy_free(b);
	}
	play_free(p);
}

/* Asked for predictions only, the job does not touch the other model; its fit is kept. */
static void predictions_keep_the_fit_of_both(void **state)
{
	(void)state;
	struct play *p = told(17);
	double x[D];
	play_ask(p, x);
	int n = p->n_state, n_after;
	assert_int_equal(n, 2 + (4 + 2 * D + 3) + (4 + D + 2));
	struct policy *job = ask(p, 0, NULL, p->n);
	const double *after = policy_state(job, &n_after);
	assert_int_equal(n_after, n);
	assert_memory_equal(after, p->state, sizeof(double) * (size_t)n);
	policy_free(job);
	play_free(p);
}

static void the_initial_design_may_be_longer(void **state)
{
	(void)state;
	struct play *p = told(7);
	struct policy_options o = policy_options_default();
	struct policy *a = ask(p, 1, &o, 0);
	assert_int_equal(policy_suggestion(a, 0).rule, POLICY_MODEL);
	policy_free(a);
	o.initial_points = 8;
	a = ask(p, 2, &o, 0);
	assert_int_equal(policy_suggestion(a, 0).rule, POLICY_INITIAL);
	assert_int_equal(policy_suggestion(a, 1).rule, POLICY_MODEL);
	policy_free(a);
	play_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_meant_by_none),
		cmocka_unit_test(an_unknown_option_or_value_is_refused),
		cmocka_unit_test(every_so_many_turns_exploit),
		cmocka_unit_test(a_grid_is_not_exploited),
		cmocka_unit_test(exploiting_is_the_best_posterior_mean),
		cmocka_unit_test(both_models_count),
		cmocka_unit_test(the_second_model_ends_with_enough_observations),
		cmocka_unit_test(predictions_keep_the_fit_of_both),
		cmocka_unit_test(the_initial_design_may_be_longer),
	};
	printf("seed %d\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
