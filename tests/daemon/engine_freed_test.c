/* Points that become free, and points that two computations come up with, in spaces of which
 * little is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/daemon/engine_life.h"

/* x and y in {1, 2}: four points. */
static void four_points(struct msg_spec *spec)
{
	static const struct msg_param params[2] = {
		{.name = "x", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 2},
		{.name = "y", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 2}};

	spec->params = params;
	spec->n_params = 2;
}

static struct msg_named is(const char *name, int64_t i)
{
	return (struct msg_named){name, {.kind = SCALAR_INT, .i = i}};
}

/* A point with a result. */
static void tell(struct harness *h, int64_t x, int64_t y)
{
	struct msg_named params[] = {is("x", x), is("y", y)};
	struct msg_value value = {.value = 1};
	struct msg_point point = {.n_params = 2, .params = params, .n_values = 1, .values = &value};
	struct msg_request m = harness_request(h, METHOD_ADD_TRIALS, 0);

	m.u.add_trials.study = "s";
	m.u.add_trials.n = 1;
	m.u.add_trials.points = &point;
	life_do(h, &m);
}

/* x is given, y free. */
static void queue(struct harness *h, int64_t x)
{
	struct msg_named param = is("x", x);
	struct msg_point point = {.n_params = 1, .params = &param};
	struct msg_request m = harness_request(h, METHOD_ENQUEUE, 0);

	m.u.enqueue.study = "s";
	m.u.enqueue.n = 1;
	m.u.enqueue.points = &point;
	life_do(h, &m);
}

static void assert_point(const struct msg_trial *t, int64_t x, int64_t y)
{
	assert_int_equal(life_param(t, "x")->i, x);
	assert_int_equal(life_param(t, "y")->i, y);
}

static void forget(struct harness *h, uint64_t number)
{
	struct msg_request m = harness_delete_trial(h, "s", number);

	life_do(h, &m);
}

/* Who waits gets a point that is free again, however often others were told meanwhile. */
static void test_waits_for_a_deletion(void **state)
{
	struct harness *h = life_new(four_points);
	struct msg_request m = harness_suggest(h, "s", 1);
	struct msg_reply r;
	uint64_t tag;

	(void)state;
	for (int i = 0; i < 3; i++)
		tell(h, 1 + i / 2, 1 + i % 2);
	assert_point(&life_ask(h, 1, NULL, 0).trials[0], 2, 2);
	m.u.suggest.wait_ms = 60000;
	tag = harness_send(h, &m);
	assert_null(harness_raw(h, tag));
	tell(h, 1, 1);
	tell(h, 1, 1);
	assert_null(harness_raw(h, tag));
	forget(h, 1);
	r = harness_reply(h, tag);
	harness_assert_ok(&r);
	assert_point(&r.u.trials.trials[0], 1, 2);
	harness_check(h);
	harness_free(h);
}

/* A queued point is not given up when one of its completions comes back while the computation
 * runs that finds none; nor is a suggest without one refused. */
static void test_deletion_meanwhile(void **state)
{
	for (int queued = 0; queued < 2; queued++) {
		struct harness *h = life_new(four_points);
		struct msg_request m = harness_suggest(h, "s", 1);
		struct msg_reply r;
		uint64_t tag;

		(void)state;
		for (int i = 0; i < 4; i++)
			tell(h, 1 + i / 2, 1 + i % 2);
		if (queued)
			queue(h, 2);
		h->hold_jobs = true;
		tag = harness_send(h, &m);
		forget(h, 2);
		h->hold_jobs = false;
		harness_settle(h);
		harness_check(h);
		r = harness_reply(h, tag);
		harness_assert_ok(&r);
		assert_int_equal(r.u.trials.trials[0].number, 4);
		assert_point(&r.u.trials.trials[0], 2, 1);
		harness_free(h);
	}
}

/* Of two queued points that only one point completes, none is given up when the computation comes
 * to nothing. */
static void test_paused_meanwhile(void **state)
{
	struct harness *h = life_new(four_points);
	struct msg_request m = harness_suggest(h, "s", 2);
	struct msg_reply r;
	uint64_t tag;

	(void)state;
	tell(h, 1, 1);
	queue(h, 1);
	queue(h, 1);
	h->hold_jobs = true;
	tag = harness_send(h, &m);
	m = harness_update(h, "s", ACTION_PAUSE);
	life_do(h, &m);
	h->hold_jobs = false;
	harness_settle(h);
	r = harness_reply(h, tag);
	harness_assert_error(&r, KR_NOT_NOW, NULL, NULL);
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 2);
	m = harness_update(h, "s", ACTION_RESUME);
	life_do(h, &m);
	assert_point(&life_ask(h, 1, NULL, 0).trials[0], 1, 2);
	harness_free(h);
}

/* Who waits for a point is told that the budget is spent, when nothing runs that could give a
 * place back: queued trials don't. */
static void test_spent_and_exhausted(void **state)
{
	struct harness *h = life_new(four_points);
	struct msg_request m = harness_suggest(h, "s", 1);
	struct msg_reply r;
	uint64_t tag;

	(void)state;
	for (int i = 0; i < 2; i++)
		tell(h, 1, 1 + i);
	assert_int_equal(life_ask(h, 2, NULL, 0).n, 2);
	m.u.suggest.wait_ms = 60000;
	tag = harness_send(h, &m);
	m = harness_update(h, "s", ACTION_NONE);
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 1;
	life_do(h, &m);
	assert_null(harness_raw(h, tag));
	m = harness_observe(h, "s", 2, 1);
	life_do(h, &m);
	assert_null(harness_raw(h, tag));
	queue(h, 1);
	m = harness_observe(h, "s", 3, 1);
	life_do(h, &m);
	r = harness_reply(h, tag);
	harness_assert_error(&r, KR_BUDGET_SPENT, NULL, NULL);
	harness_check(h);
	harness_free(h);
}

/* A computation that was cut at its deadline does not know how another one has completed a queued
 * point of the same snapshot: what both have come up with is given once. */
static void test_completed_meanwhile(void **state)
{
	struct harness *h = life_new(four_points);
	struct msg_request m = harness_suggest(h, "s", 1);
	struct msg_trials_reply got;
	uint64_t first, hasty;

	(void)state;
	tell(h, 1, 1);
	tell(h, 2, 1);
	queue(h, 1);
	h->hold_jobs = true;
	first = harness_send(h, &m);
	m = harness_suggest(h, "s", 2);
	m.meta.has_deadline = true;
	m.meta.deadline_ms = 1000;
	hasty = harness_send(h, &m);
	harness_tick(h, 1000);
	assert_int_equal(h->n_todo, 2);
	h->hold_jobs = false;
	harness_settle(h);
	harness_check(h);
	got = harness_reply(h, first).u.trials;
	assert_int_equal(got.trials[0].number, 2);
	assert_point(&got.trials[0], 1, 2);
	got = harness_reply(h, hasty).u.trials;
	assert_int_equal(got.n, 1);
	assert_point(&got.trials[0], 2, 2);
	life_replay(h);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_for_a_deletion),
		cmocka_unit_test(test_deletion_meanwhile),
		cmocka_unit_test(test_paused_meanwhile),
		cmocka_unit_test(test_spent_and_exhausted),
		cmocka_unit_test(test_completed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
