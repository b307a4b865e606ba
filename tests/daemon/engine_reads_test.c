/* Predict and Replay, the reads that wait for computations: too many of them, a study
 * that is lost meanwhile, and an engine that ends before they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/daemon/engine_harness.h"

static const struct msg_named somewhere[3] = {
	{"x", {.kind = SCALAR_REAL, .r = 0.5}},
	{"k", {.kind = SCALAR_INT, .i = 3}},
	{"c", {.kind = SCALAR_STRING, .s = "a"}},
};
static const struct msg_point point = {.n_params = 3, .params = somewhere};

static struct msg_request predict(void)
{
	struct msg_request m = {.method = METHOD_PREDICT};

	m.u.predict = (struct msg_predict){.study = "s", .n = 1, .points = &point};
	return m;
}

static struct msg_request replay(void)
{
	struct msg_request m = {.method = METHOD_REPLAY};

	m.u.replay.study = "s";
	return m;
}

/* A study with three results, and computations held. */
static struct harness *with_results(size_t max_waiting)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");

	harness_ask(h, &m);
	for (uint64_t k = 0; k < 3; k++) {
		m = harness_suggest(h, "s", 1);
		harness_ask(h, &m);
		m = harness_observe(h, "s", k, (double)k);
		harness_ask(h, &m);
	}
	h->max_waiting = max_waiting;
	harness_restart(h);
	h->hold_jobs = true;
	return h;
}

static void test_too_many(void **state)
{
	struct harness *h = with_results(2);
	struct msg_request p = predict(), q = replay(), m = harness_get(h, "s");
	uint64_t a = harness_send(h, &p), b = harness_send(h, &q);
	struct msg_reply r;

	(void)state;
	assert_null(harness_raw(h, a));
	assert_null(harness_raw(h, b));
	r = harness_ask(h, &p);
	harness_assert_error(&r, KR_OVERLOADED, NULL, "2 requests wait");
	assert_true(r.error.retry_after_ms > 0);
	r = harness_ask(h, &q);
	harness_assert_error(&r, KR_OVERLOADED, NULL, "2 requests wait");
	assert_true(r.error.retry_after_ms > 0);
	r = harness_ask(h, &m); /* what needs no computation goes on */
	harness_assert_ok(&r);
	harness_jobs(h);
	r = harness_reply(h, a);
	harness_assert_ok(&r);
	assert_int_equal(r.u.predict.n, 1);
	r = harness_reply(h, b);
	harness_assert_ok(&r);
	assert_int_equal(r.u.replay.n, 3);
	h->hold_jobs = false;
	r = harness_ask(h, &p);
	harness_assert_ok(&r);
	harness_check(h);
	harness_free(h);
}

/* The model may have seen what is not durable: no answer is made of it. */
static void test_study_lost(void **state)
{
	struct harness *h = with_results(0);
	struct msg_request p = predict(), m = harness_update(h, "s", ACTION_PAUSE);
	uint64_t a = harness_send(h, &p);
	struct msg_reply r;

	(void)state;
	h->hold_commits = true;
	harness_send(h, &m);
	harness_commit_one(h, KR_EIO);
	harness_jobs(h);
	r = harness_reply(h, a);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	harness_tick(h, 2000);
	h->hold_jobs = h->hold_commits = false;
	r = harness_ask(h, &p);
	harness_assert_ok(&r);
	harness_check(h);
	harness_free(h);
}

/* One at a time, the others in the order of their arrival; a bounded number of them. */
static void test_one_at_a_time(void **state)
{
	enum { QUEUED = 64 };
	struct harness *h = with_results(0);
	struct msg_request p = predict(), m;
	uint64_t tags[QUEUED + 1];
	struct msg_reply r;

	(void)state;
	h->n_jobs = 0;
	for (int i = 0; i <= QUEUED; i++)
		tags[i] = harness_send(h, &p);
	assert_int_equal(h->n_jobs, 1);
	r = harness_ask(h, &p);
	harness_assert_error(&r, KR_OVERLOADED, NULL, "64 predictions of study 's' wait");
	harness_check(h);
	m = harness_observe(h, "s", 2, 2); /* a harmless repeat: others go on */
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	h->hold_jobs = false;
	harness_jobs(h);
	assert_int_equal(h->n_jobs, QUEUED + 1);
	for (int i = 0; i <= QUEUED; i++) {
		r = harness_reply(h, tags[i]);
		harness_assert_ok(&r);
		assert_true(i == 0 || harness_raw(h, tags[i])->order > harness_raw(h, tags[i - 1])->order);
	}
	harness_check(h);
	harness_free(h);
}

/* Those that wait are lost with the study, or with the engine; without observations there is
 * nothing to compute. */
static void test_queue_ends(void **state)
{
	struct harness *h = with_results(0);
	struct msg_request p = predict(), m = harness_update(h, "s", ACTION_PAUSE);
	uint64_t a = harness_send(h, &p), b = harness_send(h, &p);
	struct msg_reply r;

	(void)state;
	h->hold_commits = true;
	harness_send(h, &m);
	harness_commit_one(h, KR_EIO);
	r = harness_reply(h, b);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	harness_jobs(h);
	r = harness_reply(h, a);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	harness_settle(h);
	harness_tick(h, 2000);
	h->hold_jobs = true;
	a = harness_send(h, &p);
	b = harness_send(h, &p);
	for (uint64_t k = 0; k < 3; k++) {
		m = harness_delete_trial(h, "s", k);
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
	}
	harness_jobs(h);
	r = harness_reply(h, a); /* it began before */
	harness_assert_ok(&r);
	r = harness_reply(h, b);
	harness_assert_error(&r, KR_NOT_NOW, NULL, "no observations");
	harness_check(h);
	m = harness_suggest(h, "s", 1);
	h->hold_jobs = false;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_observe(h, "s", 3, 1);
	harness_ask(h, &m);
	h->hold_jobs = true;
	harness_send(h, &p);
	harness_send(h, &p);
	harness_restart(h);
	harness_check(h);
	harness_free(h);
}

/* With rows on their way, and with computations under way: nothing is left behind. */
static void test_end_before_them(void **state)
{
	for (int rows = 0; rows < 2; rows++) {
		struct harness *h = with_results(0);
		struct msg_request p = predict(), q = replay();
		struct msg_reply r;

		(void)state;
		h->hold_loads = rows;
		harness_send(h, &p);
		harness_send(h, &q);
		harness_send(h, &q);
		harness_restart(h);
		r = harness_ask(h, &q);
		harness_assert_ok(&r);
		assert_int_equal(r.u.replay.n, 3);
		harness_check(h);
		harness_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_study_lost),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_queue_ends),
		cmocka_unit_test(test_end_before_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
