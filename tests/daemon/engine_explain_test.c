/* Explain: what a suggestion rests on is recorded with it, told in words, survives restarts, and is
 * what replay computes again. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/daemon/engine_life.h"

static struct msg_request explain(bool has_number, uint64_t number)
{
	struct msg_request m = {.method = METHOD_EXPLAIN, .u.explain.study = "s"};

	m.u.explain.has_number = has_number;
	m.u.explain.number = number;
	return m;
}

static struct msg_explain_reply explained(struct harness *h, uint64_t number)
{
	struct msg_request m = explain(true, number);

	return life_do(h, &m).u.explain;
}

static double bowl(const struct msg_trial *t)
{
	double x = life_param(t, "x")->r, k = (double)life_param(t, "k")->i;

	return 1 + (x - 0.4) * (x - 0.4) + 0.1 * (k - 2) * (k - 2);
}

static struct msg_trial step(struct harness *h)
{
	struct msg_trial t = life_ask(h, 1, NULL, 0).trials[0];
	struct msg_request m = harness_observe(h, "s", t.number, bowl(&t));

	life_do(h, &m);
	return t;
}

static void assert_same(const struct msg_grounds *a, const struct msg_grounds *b)
{
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->role, b->role);
	assert_int_equal(a->observations, b->observations);
	assert_int_equal(a->incumbent, b->incumbent);
	assert_true(a->best == b->best && a->p_gain == b->p_gain);
	assert_true(a->expected_gain == b->expected_gain && a->model_mean == b->model_mean);
	assert_int_equal(a->n_pulls, b->n_pulls);
	for (int i = 0; i < a->n_pulls; i++)
		assert_memory_equal(&a->pulls[i], &b->pulls[i], sizeof(a->pulls[i]));
	assert_int_equal(a->n_levers, b->n_levers);
	for (int i = 0; i < a->n_levers; i++)
		assert_string_equal(a->levers[i].name, b->levers[i].name);
}

/* The reply to Suggest has it, GetTrial and Explain as well, and after a restart. */
static void test_tells_what_was_recorded(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_trial t = {0};
	uint64_t best = 0;
	double lowest = 100;

	(void)state;
	for (int i = 0; i < 12; i++) {
		t = step(h);
		if (i < 11 && bowl(&t) < lowest) {
			lowest = bowl(&t);
			best = t.number;
		}
		if (i < 5)
			assert_null(t.why.grounds);
	}
	assert_non_null(t.why.grounds);
	assert_int_equal(t.why.grounds->observations, 11);
	assert_int_equal(t.why.grounds->incumbent, best);
	assert_true(t.why.grounds->n_pulls == 5 && t.why.grounds->n_levers == 3);
	for (int pass = 0; pass < 2; pass++) {
		struct msg_explain_reply r = explained(h, 11);

		assert_same(r.trial->why.grounds, t.why.grounds);
		assert_same(life_trial(h, 11).why.grounds, t.why.grounds);
		assert_true(r.has_surprise);
		assert_true(harness_says(
			&r.sentences, "trial 11 was suggested by the model, from 11 results; the best of"));
		assert_true(harness_says(&r.sentences, " with loss = "));
		assert_true(harness_says(&r.sentences, "predicted there: loss = "));
		assert_true(harness_says(&r.sentences, "that it is better has a probability of "));
		assert_true(harness_says(&r.sentences, "it came out as loss = "));
		assert_true(r.n_related >= 5);
		for (int i = 1; i < r.n_related; i++)
			assert_true(r.related[i - 1].number < r.related[i].number);
		harness_restart(h);
	}
	assert_true(life_replay(h) > 0);
	harness_free(h);
}

/* Under noise the best is what the model makes of it, and nobody is told that it was measured. */
static void test_the_best_under_noise_is_not_a_measurement(void **state)
{
	struct harness *h = life_new(NULL);

	(void)state;
	for (int i = 0; i < 24; i++) {
		struct msg_trial t = life_ask(h, 1, NULL, 0).trials[0];
		struct msg_request m = harness_observe(
			h, "s", t.number, bowl(&t) + 0.2 * ((7 * i) % 5 - 2));

		life_do(h, &m);
	}
	struct msg_explain_reply r = explained(h, 23);
	const struct msg_grounds *g = r.trial->why.grounds;
	struct msg_trial incumbent = life_trial(h, g->incumbent);
	assert_true(g->noise_sd > 0.05);
	assert_true(fabs(incumbent.values[0].value - g->best) > 0.01);
	assert_true(harness_says(&r.sentences, ", where it took loss to be "));
	assert_false(harness_says(&r.sentences, " with loss = "));
	harness_free(h);
}

static void test_the_newest_and_those_without_a_model(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m = explain(false, 0), q;
	struct msg_explain_reply r;
	struct msg_reply answer = harness_ask(h, &m);

	(void)state;
	harness_assert_error(&answer, KR_NOT_FOUND, "number", "has suggested nothing yet");
	q = life_enqueue(h, 1, true);
	life_do(h, &q);
	r = explained(h, 0);
	assert_true(
		harness_says(&r.sentences, "trial 0 was queued by a user and has not been given out yet"));
	life_ask(h, 1, NULL, 0);
	r = explained(h, 0);
	assert_true(harness_says(&r.sentences, "with all its values"));
	assert_true(harness_says(&r.sentences, "it is RUNNING"));
	step(h);
	r = life_do(h, &m).u.explain;
	assert_int_equal(r.trial->number, 1);
	assert_true(harness_says(
		&r.sentences, "trial 1 belongs to the initial design: the middle of the space"));
	assert_false(r.has_surprise);
	assert_int_equal(r.n_related, 0);
	m = explain(true, 7);
	answer = harness_ask(h, &m);
	harness_assert_error(&answer, KR_NOT_FOUND, NULL, "no trial 7");
	harness_free(h);
}

/* Trials that are gone are not shown, and those that went out again keep what they rest on. */
static void test_deleted_and_released(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_explain_reply r;
	struct msg_trial t, again;
	struct msg_request m;
	uint64_t pulls;

	(void)state;
	for (int i = 0; i < 9; i++)
		step(h);
	t = life_ask(h, 1, NULL, 0).trials[0];
	pulls = t.why.grounds->pulls[0].number;
	m = harness_delete_trial(h, "s", pulls);
	life_do(h, &m);
	r = explained(h, t.number);
	assert_same(r.trial->why.grounds, t.why.grounds);
	for (int i = 0; i < r.n_related; i++)
		assert_true(r.related[i].number != pulls);
	m = life_release(h, t.number, &t.lease);
	life_do(h, &m);
	again = life_ask(h, 1, NULL, 0).trials[0];
	assert_int_equal(again.number, t.number);
	assert_same(again.why.grounds, t.why.grounds);
	harness_restart(h);
	assert_same(explained(h, t.number).trial->why.grounds, t.why.grounds);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tells_what_was_recorded),
		cmocka_unit_test(test_the_best_under_noise_is_not_a_measurement),
		cmocka_unit_test(test_the_newest_and_those_without_a_model),
		cmocka_unit_test(test_deleted_and_released),
	};

	return cmocka_run_group_tests_name("engine_explain", tests, NULL, NULL);
}
