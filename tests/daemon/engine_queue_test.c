/* Queued trials: enqueued whole and partial, given out before others, released, cancelled;
 * picks of suggests that wait; the budget; replay and repeats. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/daemon/engine_life.h"

static void budget_3(struct msg_spec *spec)
{
	spec->has_budget = true;
	spec->budget = 3;
}

/* Whole points: shown as they were given, then given out by number, without a computation. */
static void test_whole(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m = life_enqueue(h, 3, true);
	struct msg_reply r;
	struct msg_trials_reply got;
	int jobs;

	(void)state;
	((struct msg_point *)(uintptr_t)m.u.enqueue.points)[1].note = "mine";
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.n, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(r.u.trials.trials[i].number, i);
		assert_int_equal(r.u.trials.trials[i].state, TRIAL_QUEUED);
		assert_int_equal(r.u.trials.trials[i].attempt, 0);
		assert_int_equal(r.u.trials.trials[i].n_params, 3);
		assert_false(r.u.trials.trials[i].has_lease);
	}
	assert_string_equal(r.u.trials.trials[1].note, "mine");
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 3);
	assert_int_equal(life_study(h).reserved, 0);
	jobs = h->n_jobs;
	got = life_ask(h, 2, "ada", 1);
	assert_int_equal(h->n_jobs, jobs);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(got.trials[i].number, i);
		assert_int_equal(got.trials[i].attempt, 1);
		assert_int_equal(got.trials[i].why.rule, WHY_ENQUEUED);
		assert_true(life_param(&got.trials[i], "x")->r == 0.1 * (i + 1));
		assert_true(got.trials[i].has_lease);
	}
	assert_string_equal(got.trials[1].note, "mine");
	assert_int_equal(life_study(h).reserved, 2);
	got = life_ask(h, 2, NULL, 0); /* one is left, the other is new */
	assert_int_equal(h->n_jobs, jobs + 1);
	assert_int_equal(got.trials[0].number, 2);
	assert_int_equal(got.trials[1].number, 3);
	assert_int_equal(got.trials[1].why.rule, WHY_INITIAL);
	harness_restart(h);
	harness_check(h);
	assert_int_equal(life_study(h).counts[TRIAL_RUNNING], 4);
	assert_int_equal(life_replay(h), 1);
	harness_free(h);
}

/* What a partial point leaves free is suggested, under its own number. */
static void test_partial(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m = life_enqueue(h, 2, false), ask;
	uint64_t tag = harness_send(h, &m), given;
	struct msg_trials_reply got;
	struct msg_trial t;

	(void)state;
	t = life_trial(h, 1);
	assert_int_equal(t.n_params, 1);
	ask = life_suggest(h, 3, NULL, 0);
	given = harness_send(h, &ask);
	got = harness_reply(h, given).u.trials;
	assert_int_equal(got.n, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(got.trials[i].number, i);
		assert_int_equal(got.trials[i].n_params, 3);
	}
	assert_true(life_param(&got.trials[0], "x")->r == 0.1);
	assert_true(life_param(&got.trials[1], "x")->r == 0.2);
	assert_int_equal(got.trials[0].why.rule, WHY_INITIAL);
	life_repeat(h, &m, tag); /* still what was asked, not what became of it */
	life_repeat(h, &ask, given);
	assert_int_equal(life_replay(h), 3);
	m = life_release(h, 1, NULL);
	life_do(h, &m);
	t = life_ask(h, 1, NULL, 0).trials[0];
	assert_int_equal(t.number, 1);
	assert_int_equal(t.attempt, 2);
	assert_memory_equal(&t.why, &got.trials[1].why, sizeof(t.why));
	for (int i = 0; i < 3; i++)
		assert_true(msg_scalar_equal(&t.params[i].value, &got.trials[1].params[i].value));
	life_repeat(h, &ask, given);
	harness_free(h);
}

/* Fixed values: queued points that contradict them are skipped, partial ones are completed
 * with them. */
static void test_fixed(void **state)
{
	static const struct msg_named k3 = {"k", {.kind = SCALAR_INT, .i = 3}};
	static const struct msg_named k4 = {"k", {.kind = SCALAR_INT, .i = 4}};
	struct harness *h = life_new(NULL);
	struct msg_request m = life_enqueue(h, 1, true);
	struct msg_reply r;

	(void)state;
	life_do(h, &m); /* 0: k = 3 */
	m = life_enqueue(h, 1, false);
	life_do(h, &m); /* 1: k free */
	m = harness_suggest(h, "s", 2);
	m.u.suggest.n_fixed = 1;
	m.u.suggest.fixed = &k4;
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.trials[0].number, 1);
	assert_true(life_param(&r.u.trials.trials[0], "x")->r == 0.1);
	assert_int_equal(life_param(&r.u.trials.trials[0], "k")->i, 4);
	assert_int_equal(r.u.trials.trials[1].number, 2);
	assert_int_equal(life_param(&r.u.trials.trials[1], "k")->i, 4);
	m = harness_suggest(h, "s", 1);
	m.u.suggest.n_fixed = 1;
	m.u.suggest.fixed = &k3;
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.trials[0].number, 0);
	assert_int_equal(life_replay(h), 2);
	harness_free(h);
}

/* Queued trials take their place of the budget when they are given out. */
static void test_budget(void **state)
{
	struct harness *h = life_new(budget_3);
	struct msg_request m = life_enqueue(h, 5, true);
	struct msg_reply r;

	(void)state;
	life_do(h, &m);
	m = harness_suggest(h, "s", 5);
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.n, 3);
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_BUDGET_SPENT, NULL, "3 running");
	m = life_release(h, 1, NULL);
	life_do(h, &m);
	assert_int_equal(life_study(h).reserved, 2);
	assert_int_equal(life_ask(h, 1, NULL, 0).trials[0].number, 1);
	m = life_cancel(h, 1);
	life_do(h, &m);
	assert_int_equal(life_ask(h, 1, NULL, 0).trials[0].number, 3);
	harness_free(h);
}

/* A suggest that waits for its computation has picked its queued trials: another one gets
 * others, and what is cancelled meanwhile is made up for. */
static void test_picks(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m = life_enqueue(h, 2, false);
	uint64_t a, b, c;
	struct msg_reply r;

	(void)state;
	life_do(h, &m);
	h->hold_jobs = true;
	m = harness_suggest(h, "s", 1);
	a = harness_send(h, &m);
	m = harness_suggest(h, "s", 1);
	b = harness_send(h, &m);
	m = harness_suggest(h, "s", 1);
	c = harness_send(h, &m);
	harness_check(h);
	m = life_cancel(h, 0);
	life_do(h, &m);
	harness_jobs(h);
	h->hold_jobs = false;
	harness_settle(h);
	harness_check(h);
	r = harness_reply(h, b);
	assert_int_equal(r.u.trials.trials[0].number, 1);
	r = harness_reply(h, c);
	assert_int_equal(r.u.trials.trials[0].number, 2);
	r = harness_reply(h, a); /* its pick was cancelled: it got a new one */
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.trials[0].number, 3);
	assert_int_equal(life_replay(h), 3);
	harness_free(h);
}

/* A partial pick that is deleted before its computation begins: its slot stays its own, and
 * what was made for the others can be recomputed. */
static void test_deleted_pick(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m;
	struct msg_reply r;
	uint64_t tag;

	(void)state;
	h->hold_jobs = true;
	m = harness_suggest(h, "s", 1);
	harness_send(h, &m);
	m = life_enqueue(h, 1, false); /* 0 */
	life_do(h, &m);
	m = harness_suggest(h, "s", 3);
	tag = harness_send(h, &m);
	m = harness_delete_trial(h, "s", 0);
	life_do(h, &m);
	h->hold_jobs = false;
	harness_settle(h);
	harness_check(h);
	r = harness_reply(h, tag);
	assert_int_equal(r.u.trials.n, 2);
	assert_int_equal(r.u.trials.trials[0].number, 2);
	assert_int_equal(life_replay(h), 3);
	harness_free(h);
}

/* x in {1, 2}: two points. */
static void two_points(struct msg_spec *spec)
{
	static const struct msg_param x[2] = {
		{.name = "x", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 2},
		{.name = "y", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 2},
	};

	spec->params = x;
	spec->n_params = 2;
}

static struct msg_request enqueue_x(struct harness *h, int64_t x)
{
	struct msg_request m = harness_request(h, METHOD_ENQUEUE, 0);
	struct msg_named *p = ARENA_NEW(h->arena, struct msg_named);
	struct msg_point *point = ARENA_NEW(h->arena, struct msg_point);

	*p = (struct msg_named){"x", {.kind = SCALAR_INT, .i = x}};
	point->n_params = 1;
	point->params = p;
	m.u.enqueue.study = "s";
	m.u.enqueue.n = 1;
	m.u.enqueue.points = point;
	return m;
}

/* A partial point of which all completions were given out does not stop the others. */
static void test_hopeless(void **state)
{
	struct harness *h = life_new(two_points);
	struct msg_request m;
	struct msg_reply r;
	struct msg_trial t;

	(void)state;
	for (int i = 0; i < 3; i++) { /* three times x = 1, of which there are two points */
		m = enqueue_x(h, 1);
		life_do(h, &m);
	}
	m = harness_suggest(h, "s", 4);
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.n, 3); /* two of these, and one new */
	t = life_trial(h, 2);
	assert_int_equal(t.state, TRIAL_CANCELLED);
	assert_non_null(t.reason);
	m = harness_suggest(h, "s", 4);
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.n, 1);
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_SPACE_EXHAUSTED, NULL, "given out");
	m = enqueue_x(h, 2);
	life_do(h, &m);
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m); /* it is cancelled, and nothing else is left */
	harness_assert_error(&r, KR_SPACE_EXHAUSTED, NULL, NULL);
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 0);
	harness_check(h);
	life_replay(h);
	harness_free(h);
}

/* A partial point that can't be completed with the suggest's own values waits for others. */
static void test_not_with_these_values(void **state)
{
	static const struct msg_named y2 = {"y", {.kind = SCALAR_INT, .i = 2}};
	struct harness *h = life_new(two_points);
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	for (int pass = 0; pass < 2; pass++) { /* (1, 2) is given out, then x = 1 once more */
		m = enqueue_x(h, 1);
		life_do(h, &m);
		m = harness_suggest(h, "s", 1);
		m.u.suggest.n_fixed = 1;
		m.u.suggest.fixed = &y2;
		r = life_do(h, &m);
		assert_int_equal(r.u.trials.n, 1);
		assert_int_equal(life_param(&r.u.trials.trials[0], "x")->i, pass + 1);
	}
	assert_int_equal(life_trial(h, 1).state, TRIAL_QUEUED);
	assert_int_equal(life_ask(h, 1, NULL, 0).trials[0].number, 1);
	life_replay(h);
	harness_free(h);
}

/* New points keep away from queued whole ones: no point comes twice by itself. */
static void test_distinct(void **state)
{
	struct harness *h = life_new(two_points);
	struct msg_request m = enqueue_x(h, 1);
	struct msg_named *p = ARENA_ARRAY(h->arena, struct msg_named, 2);
	bool seen[4] = {false};
	struct msg_trials_reply got;

	(void)state;
	p[0] = m.u.enqueue.points[0].params[0];
	p[1] = (struct msg_named){"y", {.kind = SCALAR_INT, .i = 2}};
	((struct msg_point *)(uintptr_t)m.u.enqueue.points)->params = p;
	((struct msg_point *)(uintptr_t)m.u.enqueue.points)->n_params = 2;
	life_do(h, &m);
	got = life_ask(h, 4, NULL, 0);
	for (int i = 0; i < 4; i++) {
		int64_t at = 2 * (life_param(&got.trials[i], "x")->i - 1) +
			life_param(&got.trials[i], "y")->i - 1;

		assert_false(seen[at]);
		seen[at] = true;
	}
	harness_free(h);
}

/* Nobody has a queued point to tell a result of. */
static void test_told_too_early(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m = life_enqueue(h, 1, true);
	struct msg_reply r = life_do(h, &m);

	(void)state;
	m = harness_observe(h, "s", r.u.trials.trials[0].number, 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "observations[0].number", "ask for it");
	harness_free(h);
}

/* What may be released, and what may be cancelled. */
static void test_states(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_trials_reply got = life_ask(h, 6, NULL, 0);
	static const enum trial_state ends[] = {TRIAL_FAILED, TRIAL_INFEASIBLE, TRIAL_PRUNED};
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		m = harness_fail(h, "s", i, ends[i], "a reason");
		life_do(h, &m);
		m = life_cancel(h, i);
		r = harness_ask(h, &m);
		harness_assert_error(&r, KR_CONFLICT, "number", msg_trial_state_name(ends[i]));
		m = life_release(h, i, &got.trials[i].lease);
		r = harness_ask(h, &m);
		harness_assert_error(&r, KR_STALE_LEASE, "lease", "leave the lease out");
		m = life_release(h, i, NULL);
		r = life_do(h, &m);
		assert_int_equal(r.u.trials.trials[0].state, TRIAL_QUEUED);
		assert_null(r.u.trials.trials[0].reason);
		assert_int_equal(r.u.trials.trials[0].finished_ms, 0);
		r = life_do(h, &m);
		assert_int_equal(r.u.trials.trials[0].state, TRIAL_QUEUED);
	}
	m = harness_observe(h, "s", 3, 1);
	life_do(h, &m);
	m = life_release(h, 3, NULL);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "number", "COMPLETE");
	m = life_release(h, 4, &got.trials[5].lease);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STALE_LEASE, "lease.token", NULL);
	m = life_release(h, 4, &got.trials[4].lease);
	m.u.release.reason = "no time";
	r = life_do(h, &m);
	assert_string_equal(r.u.trials.trials[0].reason, "no time");
	m = life_cancel(h, 5);
	life_do(h, &m);
	m = life_cancel(h, 5);
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.trials[0].state, TRIAL_CANCELLED);
	m = life_release(h, 5, NULL);
	life_do(h, &m);
	m = life_cancel(h, 99);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_FOUND, "number", NULL);
	m = life_enqueue(h, 1, true);
	m.u.enqueue.n = 0;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "points", NULL);
	got = life_ask(h, 6, NULL, 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(got.trials[i].attempt, 2);
	assert_int_equal(got.trials[5].number, 6);
	life_replay(h);
	harness_free(h);
}

static void test_enqueue_refused(void **state)
{
	static const struct msg_value y = {.value = 1};
	static const struct msg_named bad[] = {{"k", {.kind = SCALAR_INT, .i = 9}}};
	struct harness *h = life_new(NULL);
	struct msg_request m = life_enqueue(h, 2, true);
	struct msg_point *points = (struct msg_point *)(uintptr_t)m.u.enqueue.points;
	struct msg_reply r;

	(void)state;
	points[1].n_values = 1;
	points[1].values = &y;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "points[1].values", "no result yet");
	points[1].n_values = 0;
	points[1].params = bad;
	points[1].n_params = 1;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "points[1].params.k", "9");
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 0);
	harness_free(h);
}

/* First answers of all verbs, after everything has changed, and after a restart. */
static void test_repeats(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m[8];
	uint64_t tag[8];
	int n = 0;

	(void)state;
	m[n] = life_enqueue(h, 2, false);
	tag[n] = harness_send(h, &m[n]), n++;
	m[n] = life_suggest(h, 3, "ada", 1);
	tag[n] = harness_send(h, &m[n]), n++;
	m[n] = life_release(h, 0, NULL);
	m[n].u.release.reason = "first";
	tag[n] = harness_send(h, &m[n]), n++;
	m[n] = life_suggest(h, 1, "bob", 2);
	tag[n] = harness_send(h, &m[n]), n++;
	m[n] = life_cancel(h, 0);
	tag[n] = harness_send(h, &m[n]), n++;
	m[n] = life_release(h, 0, NULL);
	tag[n] = harness_send(h, &m[n]), n++;
	m[n] = life_suggest(h, 1, "ada", 3);
	tag[n] = harness_send(h, &m[n]), n++;
	m[n] = harness_observe(h, "s", 0, 0.5);
	tag[n] = harness_send(h, &m[n]), n++;
	for (int i = 0; i < n; i++) {
		struct msg_reply r = harness_reply(h, tag[i]);

		harness_assert_ok(&r);
	}
	for (int i = 0; i < n; i++)
		life_repeat(h, &m[i], tag[i]);
	assert_int_equal(life_replay(h), 3);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_picks),
		cmocka_unit_test(test_deleted_pick),
		cmocka_unit_test(test_hopeless),
		cmocka_unit_test(test_not_with_these_values),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_told_too_early),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_enqueue_refused),
		cmocka_unit_test(test_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
