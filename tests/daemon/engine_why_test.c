/* Why, against what a Suggest then gets; and GetStudy that waits for a change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/engine/core.h"
#include "tests/daemon/engine_harness.h"

static struct msg_reply ask(struct harness *h, struct msg_request m)
{
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	return r;
}

static struct msg_why_reply why(struct harness *h)
{
	struct msg_request m = {.method = METHOD_WHY};

	m.u.why.study = "s";
	return ask(h, m).u.why;
}

static struct harness *study(uint64_t budget)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");

	m.u.create_study.spec.has_budget = budget > 0;
	m.u.create_study.spec.budget = budget;
	ask(h, m);
	return h;
}

/* ---- why ------------------------------------------------------------------------- */

/* What it says is next is what comes next. */
static void test_foretells(void **state)
{
	struct harness *h = study(0);

	(void)state;
	for (int i = 0; i < 9; i++) {
		struct msg_why_reply r = why(h);
		struct msg_trial t = ask(h, harness_suggest(h, "s", 1)).u.trials.trials[0];

		assert_int_equal(r.next, t.why.rule == WHY_INITIAL ? NEXT_INITIAL : NEXT_MODEL);
		assert_true(harness_says(
			&r.sentences, t.why.rule == WHY_INITIAL ? "initial design" : "by the model"));
		assert_int_equal(r.running, 0);
		assert_false(r.has_left);
		ask(h, harness_observe(h, "s", t.number, i));
	}
	harness_free(h);
}

static void test_budget(void **state)
{
	struct harness *h = study(3);
	struct msg_request m = harness_suggest(h, "s", 2);
	struct msg_why_reply r;

	(void)state;
	m.meta.worker_id = "gpu-3";
	ask(h, m);
	r = why(h);
	assert_true(r.has_left);
	assert_int_equal(r.left, 1);
	assert_int_equal(r.running, 2);
	assert_true(r.has_expiry);
	assert_int_equal(r.expiry_number, 0);
	assert_int_equal(r.expiry_ms, 10000);
	ask(h, harness_suggest(h, "s", 1));
	harness_tick(h, 4000);
	r = why(h);
	assert_int_equal(r.next, NEXT_NOTHING);
	assert_int_equal(r.error.code, kr_status_wire(KR_BUDGET_SPENT));
	assert_int_equal(r.expiry_ms, 6000);
	assert_true(harness_says(&r.sentences, "nothing is given out: the budget of 3 trials"));
	assert_true(harness_says(
		&r.sentences, "trial 0, worker 'gpu-3') runs out in 6 s; the trial is then EXPIRED"));
	assert_true(harness_says(&r.sentences, "3 running, 0 queued, 0 of the budget of 3 left"));
	m = harness_suggest(h, "s", 1);
	{
		struct msg_reply s = harness_ask(h, &m);

		harness_assert_error(&s, KR_BUDGET_SPENT, NULL, NULL);
	}
	harness_free(h);
}

static void test_states(void **state)
{
	struct harness *h = study(0);
	struct msg_why_reply r;

	(void)state;
	ask(h, harness_update(h, "s", ACTION_PAUSE));
	r = why(h);
	assert_int_equal(r.next, NEXT_NOTHING);
	assert_int_equal(r.error.code, kr_status_wire(KR_NOT_NOW));
	assert_true(harness_says(&r.sentences, "paused"));
	ask(h, harness_update(h, "s", ACTION_FINISH));
	r = why(h);
	assert_int_equal(r.error.code, kr_status_wire(KR_STUDY_FINISHED));
	assert_true(harness_says(&r.sentences, "finished"));
	harness_free(h);
}

static void test_waiting(void **state)
{
	struct harness *h = study(0);
	struct msg_request m = harness_suggest(h, "s", 3);
	struct msg_why_reply r;

	(void)state;
	h->hold_jobs = true;
	harness_send(h, &m);
	r = why(h);
	assert_true(r.computing);
	assert_int_equal(r.waiting, 3);
	assert_true(harness_says(&r.sentences, "a computation is under way"));
	harness_settle(h);
	assert_false(why(h).computing);
	ask(h, harness_update(h, "s", ACTION_PAUSE));
	m = harness_suggest(h, "s", 1);
	m.u.suggest.wait_ms = 5000;
	harness_send(h, &m);
	r = why(h);
	assert_true(harness_says(&r.sentences, "1 suggests wait"));
	harness_free(h);
}

static void test_exhausted(void **state)
{
	static const struct msg_param k = {
		.name = "k", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 3};
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_why_reply r;

	(void)state;
	m.u.create_study.spec.n_params = 1;
	m.u.create_study.spec.params = &k;
	ask(h, m);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(why(h).next, NEXT_INITIAL);
		ask(h, harness_suggest(h, "s", 1));
	}
	r = why(h);
	assert_int_equal(r.next, NEXT_NOTHING);
	assert_int_equal(r.error.code, kr_status_wire(KR_SPACE_EXHAUSTED));
	harness_free(h);
}

static void test_queued(void **state)
{
	static const struct msg_named part = {"x", {.kind = SCALAR_REAL, .r = 0.25}};
	static const struct msg_point point = {.n_params = 1, .params = &part};
	struct harness *h = study(1);
	struct msg_request m = harness_request(h, METHOD_ENQUEUE, 0);
	struct msg_why_reply r;

	(void)state;
	m.u.enqueue = (struct msg_add_trials){"s", 1, &point};
	ask(h, m);
	r = why(h);
	assert_int_equal(r.next, NEXT_QUEUED);
	assert_int_equal(r.next_number, 0);
	assert_int_equal(r.queued, 1);
	assert_true(harness_says(&r.sentences, "the rest of its point is suggested"));
	assert_int_equal(ask(h, harness_suggest(h, "s", 1)).u.trials.trials[0].number, 0);
	assert_int_equal(why(h).next, NEXT_NOTHING);
	harness_free(h);
}

static void test_refused(void **state)
{
	struct harness *h = study(0);
	struct msg_request m = {.method = METHOD_WHY};
	struct msg_reply r = harness_ask(h, &m);

	(void)state;
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "study", NULL);
	m.u.why.study = "t";
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_FOUND, "study", NULL);
	harness_free(h);
}

/* ---- waiting for a change ---------------------------------------------------------- */

static struct msg_request watch(struct harness *h, uint64_t since, uint64_t wait_ms)
{
	struct msg_request m = harness_get(h, "s");

	m.u.get_study.since_seq = since;
	m.u.get_study.wait_ms = wait_ms;
	return m;
}

static void test_watch(void **state)
{
	struct harness *h = study(0);
	struct msg_request m = watch(h, 1, 5000);
	uint64_t a, b, c;

	(void)state;
	assert_int_equal(ask(h, watch(h, 0, 5000)).u.study.study.seq, 1); /* there is news already */
	assert_int_equal(ask(h, watch(h, 1, 0)).u.study.study.seq, 1);    /* does not wait */
	a = harness_send(h, &m);
	m = watch(h, 2, 5000);
	b = harness_send(h, &m);
	m = watch(h, 1, 2000);
	c = harness_send(h, &m);
	assert_null(harness_raw(h, a));
	harness_tick(h, 2000);
	assert_int_equal(harness_reply(h, c).u.study.study.seq, 1); /* the end of its wait */
	h->hold_commits = true;
	m = harness_update(h, "s", ACTION_PAUSE);
	harness_send(h, &m);
	assert_null(harness_raw(h, a)); /* not before the change is durable */
	harness_settle(h);
	assert_int_equal(harness_reply(h, a).u.study.study.seq, 2);
	assert_int_equal(harness_reply(h, a).u.study.study.state, STUDY_PAUSED);
	assert_null(harness_raw(h, b));
	m = harness_request(h, METHOD_DELETE_STUDY, 0);
	m.u.delete_study.study = "s";
	ask(h, m);
	{
		struct msg_reply r = harness_reply(h, b);

		harness_assert_error(&r, KR_NOT_FOUND, "study", "deleted");
	}
	harness_check(h);
	harness_free(h);
}

static void test_watch_lost(void **state)
{
	struct harness *h = study(0);
	struct msg_request m = watch(h, 5, 5000);
	uint64_t a = harness_send(h, &m), b;
	struct msg_reply r;

	(void)state;
	h->hold_commits = true;
	m = harness_update(h, "s", ACTION_PAUSE);
	b = harness_send(h, &m);
	harness_commit_one(h, KR_EIO);
	r = harness_reply(h, a);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	r = harness_reply(h, b);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	m = watch(h, 5, 5000);
	harness_send(h, &m); /* nobody answers it: the engine stops */
	harness_check(h);
	harness_free(h);
}

static void test_watches_bounded(void **state)
{
	struct harness *h = study(0);
	struct msg_reply r;
	struct msg_request m;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char client[16];

		snprintf(client, sizeof(client), "client %d", i % 10);
		h->client = client;
		m = watch(h, 1, 5000);
		assert_null(harness_raw(h, harness_send(h, &m)));
		if (i == 999 - 1) { /* its hundredth was the one before */
			h->client = "client 7";
			r = harness_ask(h, &m);
			harness_assert_error(&r, KR_OVERLOADED, NULL, "this connection");
		}
	}
	h->client = "one more";
	m = watch(h, 1, 5000);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_OVERLOADED, NULL, "without wait_ms");
	ask(h, harness_get(h, "s"));
	ask(h, harness_update(h, "s", ACTION_PAUSE));
	assert_int_equal(h->n_replies, 1000 + 5);
	m = watch(h, 2, 5000);
	assert_null(harness_raw(h, harness_send(h, &m)));
	harness_check(h);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foretells),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_queued),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_watch_lost),
		cmocka_unit_test(test_watches_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
