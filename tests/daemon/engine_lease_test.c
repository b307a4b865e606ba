/* Leases end to end: expiry and requeue, attempts, late results, who holds a trial, workers
 * that start anew, restarts and clocks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/record.h"
#include "tests/daemon/engine_life.h"

/* Leases of 10 s. */
static void requeue_2(struct msg_spec *spec)
{
	spec->on_expiry = ON_EXPIRY_REQUEUE;
	spec->has_retry_limit = true;
	spec->retry_limit = 2;
}

static void requeue(struct msg_spec *spec)
{
	spec->on_expiry = ON_EXPIRY_REQUEUE;
}

static size_t count_rows(const struct harness *h, enum record_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_rows; i++)
		n += h->rows[i].kind == kind;
	return n;
}

/* Requeued up to the limit, with the attempt counted and a token of its own; then EXPIRED.
 * The point and its why stay. */
static void test_retries(void **state)
{
	struct harness *h = life_new(requeue_2);
	struct msg_trial first = life_ask(h, 1, "ada", 1).trials[0], t;

	(void)state;
	for (uint32_t attempt = 2; attempt <= 3; attempt++) {
		struct msg_trial before = life_trial(h, 0);

		harness_tick(h, 9999);
		assert_int_equal(life_trial(h, 0).state, TRIAL_RUNNING);
		harness_tick(h, 1);
		t = life_trial(h, 0);
		assert_int_equal(t.state, TRIAL_QUEUED);
		assert_int_equal(t.attempt, attempt - 1);
		assert_null(t.worker);
		assert_int_equal(life_study(h).reserved, 0);
		if (attempt == 3)
			harness_restart(h);
		t = life_ask(h, 1, "bob", 2).trials[0];
		assert_int_equal(t.number, 0);
		assert_int_equal(t.attempt, attempt);
		assert_string_equal(t.worker, "bob");
		assert_memory_not_equal(t.lease.token, first.lease.token, MSG_ID_BYTES);
		assert_memory_equal(&t.why, &first.why, sizeof(t.why));
		for (int i = 0; i < 3; i++)
			assert_true(msg_scalar_equal(&t.params[i].value, &first.params[i].value));
		assert_int_equal(t.created_ms, before.created_ms);
	}
	harness_tick(h, 10000);
	assert_int_equal(life_trial(h, 0).state, TRIAL_EXPIRED);
	assert_int_equal(life_trial(h, 0).attempt, 3);
	assert_int_equal(life_ask(h, 1, "bob", 2).trials[0].number, 1);
	harness_check(h);
	harness_free(h);
}

/* Settings of now count. Without a limit it is two. */
static void test_settings(void **state)
{
	struct harness *h = life_new(requeue);
	struct msg_request m = harness_update(h, "s", ACTION_NONE);

	(void)state;
	assert_int_equal(life_study(h).spec.retry_limit, 2);
	life_ask(h, 2, NULL, 0);
	m.u.update_study.has_retry_limit = true;
	m.u.update_study.retry_limit = 0;
	life_do(h, &m);
	harness_tick(h, 10000);
	assert_int_equal(life_study(h).counts[TRIAL_EXPIRED], 2);
	life_ask(h, 1, NULL, 0);
	m = harness_update(h, "s", ACTION_NONE);
	m.u.update_study.has_retry_limit = true;
	m.u.update_study.retry_limit = 1;
	m.u.update_study.has_lease = true;
	m.u.update_study.lease_s = 30;
	life_do(h, &m);
	harness_tick(h, 10000);
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 1);
	assert_int_equal(life_ask(h, 1, NULL, 0).trials[0].lease.remaining_ms, 30000);
	harness_tick(h, 29999);
	assert_int_equal(life_study(h).counts[TRIAL_RUNNING], 1);
	harness_tick(h, 1);
	assert_int_equal(life_study(h).counts[TRIAL_EXPIRED], 3);
	harness_free(h);
}

/* A result of an earlier attempt ends the newer one, which is then lost to its holder; what
 * that one tells is refused, kept, and refused again in the same words. */
static void test_late_ends_newer(void **state)
{
	struct harness *h = life_new(requeue_2);
	struct msg_lease old = life_ask(h, 1, "ada", 1).trials[0].lease, new;
	struct msg_request m, stale;
	struct msg_heartbeat_reply beat;
	struct msg_reply r;
	struct msg_trial t;
	uint64_t tag;

	(void)state;
	harness_tick(h, 10000);
	new = life_ask(h, 1, "bob", 2).trials[0].lease;
	m = life_observe(h, &old, 0.25);
	m.meta.worker_id = "ada";
	r = life_do(h, &m);
	t = r.u.trials.trials[0];
	assert_int_equal(t.state, TRIAL_COMPLETE);
	assert_true(t.late);
	assert_true(t.values[0].value == 0.25);
	assert_int_equal(life_study(h).counts[TRIAL_RUNNING], 0);

	m = harness_request(h, METHOD_HEARTBEAT, 0);
	m.u.heartbeat.study = "s";
	m.u.heartbeat.n = 1;
	m.u.heartbeat.leases = &new;
	beat = life_do(h, &m).u.heartbeat;
	assert_int_equal(beat.n, 0);
	assert_int_equal(beat.n_lost + beat.n_stops > 0, true);

	stale = life_observe(h, &new, 0.75);
	stale.meta.worker_id = "bob";
	tag = harness_send(h, &stale);
	r = harness_reply(h, tag);
	harness_assert_error(&r, KR_STALE_LEASE, "observations[0].lease", "kept");
	harness_check(h);
	assert_int_equal(count_rows(h, RECORD_STALE), 1);
	assert_true(life_trial(h, 0).values[0].value == 0.25);
	life_repeat(h, &stale, tag);
	m = harness_correct(h, "s", 0, 0.5);
	life_do(h, &m);
	life_repeat(h, &stale, tag);
	assert_int_equal(count_rows(h, RECORD_STALE), 1);

	m = life_observe(h, &new, 0.5); /* the same value as the trial has: harmless */
	life_do(h, &m);
	m = life_observe(h, &old, 0.75); /* who ended it can't change its mind */
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "observations[0].number", "0.5");
	m = harness_observe(h, "s", 0, 0.75); /* by number: as ever */
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "observations[0].number", "0.5");
	assert_int_equal(count_rows(h, RECORD_STALE), 1);
	harness_free(h);
}

/* A result that comes while the trial is queued again ends it; nobody gets it any more. */
static void test_late_while_queued(void **state)
{
	struct harness *h = life_new(requeue_2);
	struct msg_trials_reply got = life_ask(h, 3, "ada", 1);
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	harness_tick(h, 10000);
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 3);
	m = life_observe(h, &got.trials[0].lease, 1);
	r = life_do(h, &m);
	assert_true(r.u.trials.trials[0].late);
	m = harness_observe(h, "s", 1, NAN);
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.trials[0].state, TRIAL_FAILED);
	m = harness_fail(h, "s", 2, TRIAL_FAILED, "no");
	m.u.fail_trial.lease = got.trials[2].lease;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STALE_LEASE, "lease", "given out again");
	assert_int_equal(life_ask(h, 1, "bob", 2).trials[0].number, 2);
	harness_restart(h);
	harness_check(h);
	m = life_enqueue(h, 1, true);
	life_do(h, &m);
	m = harness_observe(h, "s", 3, 1); /* was never given out */
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "observations[0].number", "QUEUED");
	got.trials = NULL;
	m = life_observe(h, &(struct msg_lease){.number = 3, .has_attempt = true, .attempt = 0}, 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, NULL, "QUEUED");
	harness_free(h);
}

/* Leases that name no attempt, another trial's, one to come: never accepted, never kept. */
static void test_unknown_leases(void **state)
{
	struct harness *h = life_new(requeue_2);
	struct msg_trials_reply got = life_ask(h, 2, NULL, 0);
	struct msg_lease lease = got.trials[1].lease;
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	lease.number = 0;
	m = life_observe(h, &lease, 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STALE_LEASE, "lease.token", NULL);
	lease = got.trials[0].lease;
	lease.attempt = 2;
	m = life_observe(h, &lease, 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STALE_LEASE, "lease.attempt", NULL);
	assert_int_equal(life_trial(h, 0).state, TRIAL_RUNNING);
	m = harness_observe(h, "s", 0, 1);
	life_do(h, &m);
	m = life_observe(h, &lease, 2);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, NULL, NULL);
	assert_int_equal(count_rows(h, RECORD_STALE), 0);
	harness_free(h);
}

/* One of several observations was overtaken: nothing is told, the refused one is kept. */
static void test_stale_among_others(void **state)
{
	struct harness *h = life_new(requeue_2);
	struct msg_trials_reply got = life_ask(h, 2, NULL, 0);
	struct msg_observation *o = ARENA_ARRAY(h->arena, struct msg_observation, 2);
	struct msg_request m, late;
	struct msg_reply r;
	uint64_t tag;

	(void)state;
	m = life_release(h, 1, NULL);
	life_do(h, &m);
	life_ask(h, 1, NULL, 0);
	m = harness_observe(h, "s", 1, 3);
	life_do(h, &m);
	late = life_observe(h, &got.trials[0].lease, 1);
	o[0] = late.u.observe.observations[0];
	o[1] = life_observe(h, &got.trials[1].lease, 2).u.observe.observations[0];
	late.u.observe.n = 2;
	late.u.observe.observations = o;
	tag = harness_send(h, &late);
	r = harness_reply(h, tag);
	harness_assert_error(&r, KR_STALE_LEASE, "observations[1].lease", "trial 1 ");
	assert_int_equal(life_trial(h, 0).state, TRIAL_RUNNING);
	assert_true(life_trial(h, 1).values[0].value == 3);
	life_repeat(h, &late, tag);
	harness_free(h);
}

/* A worker that starts anew gets back what its earlier session had: each trial once a
 * session, with a new attempt and token; other workers, and workers without a name, don't. */
static void test_stickiness(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_trials_reply first = life_ask(h, 2, "ada", 1), got;
	struct msg_request m, again;
	struct msg_reply r;
	uint64_t tag, reserved = life_study(h).reserved;

	(void)state;
	assert_int_equal(life_ask(h, 1, "ada", 1).trials[0].number, 2); /* same session: a new one */
	assert_int_equal(life_ask(h, 1, "bob", 2).trials[0].number, 3);
	assert_int_equal(life_ask(h, 1, NULL, 2).trials[0].number, 4);
	assert_int_equal(life_ask(h, 1, "ada", 0).trials[0].number, 5); /* no session said */
	again = life_suggest(h, 2, "ada", 7);
	tag = harness_send(h, &again);
	got = harness_reply(h, tag).u.trials;
	harness_check(h);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(got.trials[i].number, i);
		assert_int_equal(got.trials[i].attempt, 2);
		assert_memory_not_equal(
			got.trials[i].lease.token, first.trials[i].lease.token, MSG_ID_BYTES);
	}
	assert_int_equal(life_study(h).reserved, reserved + 4);
	assert_int_equal(life_study(h).counts[TRIAL_RUNNING], 6);
	got = life_ask(h, 2, "ada", 7); /* the third of session 1, and a new one */
	assert_int_equal(got.trials[0].number, 2);
	assert_int_equal(got.trials[1].number, 6);
	/* The old session lives on: it had them, and session 7, which has 6, is not an earlier one. */
	assert_int_equal(life_ask(h, 1, "ada", 1).trials[0].number, 7);
	assert_int_equal(life_ask(h, 1, "ada", 7).trials[0].number, 8);
	harness_restart(h);
	harness_check(h);
	assert_int_equal(life_ask(h, 1, "ada", 1).trials[0].number, 9);
	assert_int_equal(life_ask(h, 1, "ada", 7).trials[0].number, 10);

	m = harness_request(h, METHOD_HEARTBEAT, 0);
	m.u.heartbeat.study = "s";
	m.u.heartbeat.n = 1;
	m.u.heartbeat.leases = &first.trials[0].lease;
	r = life_do(h, &m);
	assert_int_equal(r.u.heartbeat.n, 0);
	life_repeat(h, &again, tag);
	life_replay(h);
	harness_free(h);
}

static void budget_1(struct msg_spec *spec)
{
	spec->has_budget = true;
	spec->budget = 1;
}

/* What comes back has to agree with the fixed values that are asked for. */
static void test_stickiness_and_fixed(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_named k = {"k", {.kind = SCALAR_INT}};
	struct msg_request m;

	(void)state;
	for (int i = 1; i <= 2; i++) {
		k.value.i = i;
		m = life_suggest(h, 1, "ada", 1);
		m.u.suggest.n_fixed = 1;
		m.u.suggest.fixed = &k;
		assert_int_equal(life_do(h, &m).u.trials.trials[0].number, i - 1);
	}
	m = life_suggest(h, 2, "ada", 2); /* k is 2 */
	m.u.suggest.n_fixed = 1;
	m.u.suggest.fixed = &k;
	const struct msg_trials_reply got = life_do(h, &m).u.trials;
	assert_int_equal(got.trials[0].number, 1);
	assert_int_equal(got.trials[0].attempt, 2);
	assert_int_equal(got.trials[1].number, 2);
	harness_free(h);
}

/* A trial that comes back takes no place: it has one. */
static void test_stickiness_and_budget(void **state)
{
	struct harness *h = life_new(budget_1);
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	life_ask(h, 1, "ada", 1);
	m = life_suggest(h, 3, "ada", 2);
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.n, 1);
	assert_int_equal(r.u.trials.trials[0].attempt, 2);
	m = life_suggest(h, 1, "ada", 2);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_BUDGET_SPENT, NULL, NULL);
	harness_free(h);
}

/* What comes back is given when the computation of the rest is done, unless it has ended. */
static void test_stickiness_waits(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_lease lease = life_ask(h, 2, "ada", 1).trials[0].lease;
	struct msg_request m;
	struct msg_reply r;
	uint64_t tag;

	(void)state;
	h->hold_jobs = true;
	m = life_suggest(h, 3, "ada", 2);
	tag = harness_send(h, &m);
	m = life_observe(h, &lease, 1);
	life_do(h, &m);
	harness_jobs(h);
	r = harness_reply(h, tag);
	assert_int_equal(r.u.trials.n, 2);
	assert_int_equal(r.u.trials.trials[0].number, 1);
	assert_int_equal(r.u.trials.trials[0].attempt, 2);
	assert_int_equal(r.u.trials.trials[1].number, 2);
	harness_check(h);
	harness_settle(h);
	assert_int_equal(life_replay(h), 3);
	harness_free(h);
}

/* After a start each lease has a full term of its own, on whatever clock there is then. */
static void test_restart(void **state)
{
	struct harness *h = life_new(requeue_2);

	(void)state;
	life_ask(h, 2, NULL, 0);
	harness_tick(h, 9000);
	harness_crash(h);
	h->now.now_ns = 5; /* the machine was started anew */
	h->now.wall_ms -= (int64_t)10 * 365 * 86400 * 1000;
	harness_boot(h);
	harness_begin(h);
	harness_tick(h, 9999);
	assert_int_equal(life_study(h).counts[TRIAL_RUNNING], 2);
	harness_tick(h, 1);
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 2);
	harness_free(h);
}

/* Wall time jumps: no lease ends early, none lives longer. */
static void test_wall_clock(void **state)
{
	static const int64_t jumps[] = {86400000, -86400000, 315360000000, -315360000000};
	struct harness *h = life_new(requeue_2);

	(void)state;
	life_ask(h, 1, NULL, 0);
	for (int i = 0; i < 4; i++) {
		h->now.wall_ms += jumps[i];
		harness_tick(h, 2000);
		assert_int_equal(life_study(h).counts[TRIAL_RUNNING], 1);
	}
	h->now.wall_ms -= 86400000;
	harness_tick(h, 2000);
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 1);
	harness_free(h);
}

/* The daemon itself was stopped for a day: leases end once, and the next due time lies ahead. */
static void test_long_stop(void **state)
{
	struct harness *h = life_new(requeue_2);
	struct msg_reply r;
	struct msg_request m;

	(void)state;
	life_ask(h, 3, NULL, 0);
	harness_tick(h, 86400000);
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 3);
	assert_true(engine_next_wakeup(h->e) > h->now.now_ns);
	m = harness_suggest(h, "s", 3);
	r = life_do(h, &m);
	assert_int_equal(r.u.trials.n, 3);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_late_ends_newer),
		cmocka_unit_test(test_late_while_queued),
		cmocka_unit_test(test_unknown_leases),
		cmocka_unit_test(test_stale_among_others),
		cmocka_unit_test(test_stickiness),
		cmocka_unit_test(test_stickiness_and_fixed),
		cmocka_unit_test(test_stickiness_and_budget),
		cmocka_unit_test(test_stickiness_waits),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_wall_clock),
		cmocka_unit_test(test_long_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
