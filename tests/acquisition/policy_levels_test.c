/* Outcomes that come in levels: plateaus are left, and what is less than a step is no improvement. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "tests/acquisition/play.h"

enum { SEED = 613, D = 3, N = 60, CHOICES = 3 };

/* The choice decides: idle parameters and 0.2, a bowl with its minimum 0, or bad. */
static double kinds(const double *x)
{
	if (x[2] == 0)
		return 0.2;
	double square = pow(x[0] - 0.8, 2) + pow(x[1] - 0.25, 2);
	return x[2] == 1 ? 1 - exp(-8 * square) : 0.9 + 0.1 * x[0];
}

static struct play *study(uint64_t seed)
{
	struct space_param params[D] = {{.kind = SPACE_FLOAT, .low = 0, .high = 1},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1},
		{.kind = SPACE_CATEGORICAL, .n_choices = CHOICES}};
	return play_new(cube_space(params, D), N, seed);
}

/* n random points; how many of them share the best outcome. */
static struct play *told(int n, int tied)
{
	struct play *p = study(SEED);
	struct rng r = rng_make(SEED, (uint64_t)n, RNG_TEST, 0);
	double x[D];
	for (int i = 0; i < n; i++) {
		cube_draw(p->space, &r, x);
		play_tell(p, x, i < tied ? 0.1 : 0.2 + 0.01 * floor(50 * kinds(x)));
	}
	return p;
}

static struct policy *ask(struct play *p, const struct policy_options *options)
{
	static struct policy_slot slot;
	slot = (struct policy_slot){.number = (uint64_t)p->n};
	struct policy_input in = play_input(p, &slot, 1);
	in.options = options;
	return play_run(&in);
}

/* Turns to exploit, while there are several best points. */
static void ties_are_not_exploited(void **state)
{
	(void)state;
	struct policy_options never = policy_options_default();
	never.tie_fill = 0;
	for (int n = 11; n <= 20; n++)
		for (int tied = 1; tied <= 3; tied++) {
			struct play *p = told(n, tied);
			struct policy *a = ask(p, NULL), *b = ask(p, &never);
			bool due = n % 4 == 0;
			assert_int_equal(
				policy_suggestion(a, 0).rule, due && tied > 1 ? POLICY_FILL : POLICY_MODEL);
			assert_int_equal(policy_suggestion(a, 0).freshness, POLICY_FRESH);
			assert_int_equal(policy_suggestion(b, 0).rule, POLICY_MODEL);
			assert_int_equal(policy_suggestion(b, 0).role, due ? POLICY_EXPLOIT : POLICY_EXPLORE);
			policy_free(a);
			policy_free(b);
			play_free(p);
		}
}

/* The more an improvement has to be, the less of it is expected. */
static void a_margin_lowers_what_is_expected(void **state)
{
	(void)state;
	struct play *p = told(18, 2);
	struct policy_options o = policy_options_default();
	double before = INFINITY;
	for (int i = 0; i < 4; i++) {
		o.tie_margin = i;
		struct policy *job = ask(p, &o);
		struct policy_suggestion s = policy_suggestion(job, 0);
		assert_int_equal(s.rule, POLICY_MODEL);
		assert_true(s.log_acq < before);
		before = s.log_acq;
		policy_free(job);
	}
	play_free(p);
}

/* Without ties nothing changes, bit for bit, whatever else is done to the outcomes. */
static void expect_no_margin(struct play *p)
{
	struct policy_options o = policy_options_default();
	o.tie_margin = 100;
	struct policy *a = ask(p, NULL), *b = ask(p, &o);
	assert_int_equal(policy_suggestion(a, 0).rule, POLICY_MODEL);
	assert_memory_equal(
		policy_suggestion(a, 0).values, policy_suggestion(b, 0).values, sizeof(double) * D);
	policy_free(a);
	policy_free(b);
	play_free(p);
}

static void continuous_outcomes_know_no_margin(void **state)
{
	(void)state;
	struct play *p = told(18, 0);
	for (int i = 0; i < p->n; i++)
		p->y[i] += 1e-3 * i;
	expect_no_margin(p);
}

/* Large values that stand for failures make no levels of the others, which differ by little then. */
static void penalties_make_no_levels(void **state)
{
	(void)state;
	static const double penalties[] = {1e4, 1e7, 1e12, 1e300};
	for (int k = 0; k < 4; k++)
		for (int n = 18; n <= 20; n += 2) {
			struct play *p = told(n, 0);
			for (int i = 0; i < p->n; i++)
				p->y[i] = i % 3 == 0 ? penalties[k] : p->y[i] + 1e-3 * i;
			expect_no_margin(p);
		}
}

/* How many of 8 studies found the better choice. */
static int left_the_plateau(const struct policy_options *options)
{
	int left = 0;
	for (uint64_t seed = 0; seed < 8; seed++) {
		struct play *p = study(SEED + seed);
		double best = INFINITY;
		while (p->n < N) {
			struct policy *job = ask(p, options);
			double y = kinds(policy_suggestion(job, 0).values);
			play_tell(p, policy_suggestion(job, 0).values, y);
			best = fmin(best, y);
			policy_free(job);
		}
		left += best < 0.2;
		play_free(p);
	}
	return left;
}

static void a_plateau_is_left(void **state)
{
	(void)state;
	struct policy_options never = policy_options_default();
	never.tie_fill = never.tie_margin = 0;
	int left = left_the_plateau(NULL), before = left_the_plateau(&never);
	printf("%d of 8 left the plateau, without fillings and margin %d\n", left, before);
	assert_true(left > before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ties_are_not_exploited),
		cmocka_unit_test(a_margin_lowers_what_is_expected),
		cmocka_unit_test(continuous_outcomes_know_no_margin),
		cmocka_unit_test(penalties_make_no_levels),
		cmocka_unit_test(a_plateau_is_left),
	};
	printf("seed %d\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
