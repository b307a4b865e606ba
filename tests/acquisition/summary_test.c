/* What the policy says of its models: it changes no suggestion, and it is in the units it claims. */
#include "acquisition/policy/policy.h"

#include <math.h>
#include <string.h>

#include "tests/acquisition/play.h"

enum { SEED = 27182, D = 2, N = 24 };

static double wave(const double *x)
{
	return sin(9 * x[0]) + 0.3 * x[1];
}

/* N random observations of a + b wave, with a constraint and some failures when all. */
static struct play *told(bool all, double a, double b)
{
	struct play *p = play_new(cube_floats(D), 2 * N, SEED);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double x[D], c;
	if (all)
		play_constrain(p, -INFINITY, 0.8);
	for (int i = 0; i < N; i++) {
		cube_draw(p->space, &r, x);
		c = x[1] + 0.1 * rng_normal(&r);
		play_tell_all(p, x, a + b * (wave(x) + 0.05 * rng_normal(&r)), &c);
	}
	for (int i = 0; all && i < 3; i++) {
		cube_draw(p->space, &r, x);
		play_fail(p, x);
	}
	p->next = N + 3;
	return p;
}

static struct policy *run(struct play *p, bool calibrate, int cut)
{
	static struct policy_slot slots[2]; /* borrowed until the job is freed */
	for (int i = 0; i < 2; i++)
		slots[i] = (struct policy_slot){.number = p->next + (uint64_t)i};
	struct policy_input in = play_input(p, slots, 2);
	struct policy *job;
	in.calibrate = calibrate;
	assert_int_equal(policy_new(&job, &in, NULL), KR_OK);
	while (policy_units(job) != cut && policy_step(job))
		;
	return job;
}

static void assert_same_suggestions(struct policy *a, struct policy *b)
{
	for (int i = 0; i < 2; i++) {
		struct policy_suggestion s = policy_suggestion(a, i), t = policy_suggestion(b, i);
		assert_memory_equal(s.values, t.values, sizeof(double) * D);
		assert_true(s.rule == t.rule && s.freshness == t.freshness);
		assert_true(s.mean == t.mean && s.sd == t.sd && s.log_acq == t.log_acq);
	}
}

/* Scores cost units at the end, one a metric that was measured; everything else is as without. */
static void scores_change_no_suggestion(void **state)
{
	(void)state;
	struct play *p = told(true, 0, 1);
	struct policy *with = run(p, true, -1), *without = run(p, false, -1);
	struct policy_model m;
	int n, n_without, units = policy_units(without);
	assert_int_equal(policy_units(with), units + 2);
	assert_same_suggestions(with, without);
	const double *s = policy_state(with, &n), *t = policy_state(without, &n_without);
	assert_int_equal(n, n_without);
	assert_memory_equal(s, t, sizeof(double) * (size_t)n);
	for (int k = 0; k < 2; k++) {
		assert_true(policy_model(with, k, &m));
		assert_int_equal(m.calibration.n, N);
		assert_true(policy_model(without, k, &m));
		assert_int_equal(m.calibration.n, 0);
	}
	assert_true(policy_model(with, 2, &m)); /* success: labels are not measured */
	assert_int_equal(m.calibration.n, 0);
	assert_int_equal(m.n_model, N + 3);
	assert_false(policy_model(with, 3, &m));
	for (int cut = units; cut < units + 2; cut++) {
		struct policy *late = run(p, true, cut);
		policy_cut(late);
		assert_same_suggestions(late, without);
		for (int k = 0; k < 2; k++) {
			assert_true(policy_model(late, k, &m));
			assert_int_equal(m.calibration.n, k < cut - units ? N : 0);
		}
		policy_free(late);
	}
	policy_free(with);
	policy_free(without);
	play_free(p);
}

/* Only what was fitted here is told: not before the fit, and not with a fit of an earlier job. */
static void only_what_was_fitted(void **state)
{
	(void)state;
	struct play *p = told(false, 0, 1);
	struct policy_model m;
	double x[D];
	struct policy *early = run(p, true, 1);
	policy_cut(early);
	assert_false(policy_model(early, 0, &m));
	policy_free(early);
	play_ask(p, x); /* keeps the state: nothing to fit in the next */
	struct policy *again = run(p, true, -1), *plain = run(p, false, -1);
	assert_false(policy_model(again, 0, &m));
	assert_int_equal(policy_units(again), policy_units(plain));
	policy_free(again);
	policy_free(plain);
	play_free(p);
}

/* With y -> a + b y: lengthscales and scores stay; noise and mean follow. */
static void units_are_those_of_the_metric(void **state)
{
	static const double tolerance = 1e-6; /* the fit ends where its gradient is small */
	(void)state;
	struct play *p = told(false, 0, 1), *q = told(false, -300, 1e4);
	struct policy *a = run(p, true, -1), *b = run(q, true, -1);
	struct policy_model m, n;
	assert_true(policy_model(a, 0, &m));
	assert_true(policy_model(b, 0, &n));
	for (int j = 0; j < D; j++)
		assert_true(fabs(m.lengthscale[j] / n.lengthscale[j] - 1) < tolerance);
	assert_true(m.lengthscale[0] < m.lengthscale[1]);
	assert_true(fabs(n.noise_sd / (1e4 * m.noise_sd) - 1) < tolerance);
	assert_true(fabs(n.mean - (1e4 * m.mean - 300)) < 1e4 * tolerance);
	assert_true(fabs(m.calibration.log_density - n.calibration.log_density) < tolerance);
	assert_true(m.calibration.log_density > -1); /* it has learnt more than mean and deviation */
	assert_true(m.noise_sd > 0.01 && m.noise_sd < 0.2);
	assert_true(m.has_log_posterior && fabs(m.log_posterior - n.log_posterior) < 1e-4);
	assert_int_equal(m.n_fit, N);
	assert_non_null(strstr(m.transform, "minimize"));
	policy_free(a);
	policy_free(b);
	play_free(p);
	play_free(q);
}

/* A parameter of one value is none: the models are those of the space without it. */
static void one_value_is_no_dimension(void **state)
{
	(void)state;
	struct space_param with[5] = {{.kind = SPACE_FIXED, .n_choices = 1},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1}, {.kind = SPACE_CATEGORICAL, .n_choices = 1},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1}, {.kind = SPACE_FIXED, .n_choices = 1}};
	struct play *p = play_new(cube_space(with, 5), 2 * N, SEED), *q = told(false, 0, 1);
	for (int i = 0; i < N; i++) {
		double x[5] = {0, q->X[i * D], 0, q->X[i * D + 1], 0};
		play_tell(p, x, q->y[i]);
	}
	p->next = q->next;
	struct policy *a = run(p, true, -1), *b = run(q, true, -1);
	struct policy_model m, n;
	assert_true(policy_model(a, 0, &m));
	assert_true(policy_model(b, 0, &n));
	assert_true(m.log_posterior == n.log_posterior && m.mean == n.mean);
	assert_true(m.lengthscale[1] == n.lengthscale[0] && m.lengthscale[3] == n.lengthscale[1]);
	assert_true(m.calibration.log_density == n.calibration.log_density);
	policy_free(a);
	policy_free(b);
	play_free(p);
	play_free(q);
}

/* With one value each, there is still a model. */
static void nothing_varies(void **state)
{
	(void)state;
	struct space_param one[2] = {
		{.kind = SPACE_FIXED, .n_choices = 1}, {.kind = SPACE_CATEGORICAL, .n_choices = 1}};
	struct play *p = play_new(cube_space(one, 2), 4, SEED);
	double x[2] = {0, 0};
	play_tell(p, x, 1);
	play_tell(p, x, 2);
	p->next = 9;
	struct policy_slot slot = {.number = 9};
	struct policy_input in = play_input(p, &slot, 1);
	in.n_queries = 1;
	in.queries = x;
	struct policy *job = play_run(&in);
	double mean, sd;
	assert_true(policy_prediction(job, 0, 0, &mean, &sd));
	assert_true(mean >= 1 && mean <= 2);
	assert_int_equal(policy_suggestion(job, 0).rule, POLICY_EXHAUSTED);
	policy_free(job);
	play_free(p);
}

/* Equal results: nothing to learn, and nothing fails. */
static void constant_results(void **state)
{
	(void)state;
	struct play *p = play_new(cube_floats(D), N, SEED);
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	double x[D];
	for (int i = 0; i < 8; i++) {
		cube_draw(p->space, &r, x);
		play_tell(p, x, 5);
	}
	p->next = 8;
	struct policy *job = run(p, true, -1);
	struct policy_model m;
	assert_true(policy_model(job, 0, &m));
	assert_true(fabs(m.mean - 5) < 1e-6);
	assert_true(isfinite(m.calibration.log_density));
	policy_free(job);
	play_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_change_no_suggestion),
		cmocka_unit_test(only_what_was_fitted),
		cmocka_unit_test(units_are_those_of_the_metric),
		cmocka_unit_test(one_value_is_no_dimension),
		cmocka_unit_test(nothing_varies),
		cmocka_unit_test(constant_results),
	};
	print_message("seed %d\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
