/* Memory runs out: the n-th allocation of a scenario fails, for every n, alone
 * and with all that follow until the client asks again. Nothing crashes, every
 * request is answered, invariants hold, and what was acknowledged is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/daemon/engine_harness.h"

enum { STEPS = 14 };

/* The scenario's request number i. */
static struct msg_request scene(struct harness *h, int i)
{
	static const struct msg_named point[3] = {
		{"x", {.kind = SCALAR_REAL, .r = 0.5}},
		{"k", {.kind = SCALAR_INT, .i = 3}},
		{"c", {.kind = SCALAR_BOOL, .b = true}},
	};
	static const struct msg_value y = {.value = -4};
	static const struct msg_point points[1] = {
		{.n_params = 3, .params = point, .n_values = 1, .values = &y}};
	struct msg_request m;

	switch (i) {
	case 0: return harness_create(h, "s");
	case 1:
		m = harness_suggest(h, "s", 2);
		m.meta.worker_id = "ada";
		m.u.suggest.n_fixed = 1;
		m.u.suggest.fixed = point + 1;
		return m;
	case 2: return harness_observe(h, "s", 0, 1);
	case 3: return harness_fail(h, "s", 1, TRIAL_FAILED, "a reason of some length");
	case 4:
		m = harness_request(h, METHOD_ADD_TRIALS, 0);
		m.u.add_trials.study = "s";
		m.u.add_trials.n = 1;
		m.u.add_trials.points = points;
		return m;
	case 5: return harness_update(h, "s", ACTION_PAUSE);
	case 6: return harness_update(h, "s", ACTION_RESUME);
	case 7:
		m = harness_create(h, "s");
		m.u.create_study.if_exists = IF_EXISTS_ATTACH;
		return m;
	case 8:
		m = (struct msg_request){.method = METHOD_PREDICT};
		m.u.predict.study = "s";
		m.u.predict.n = 1;
		m.u.predict.points = points;
		return m;
	case 9:
		m = (struct msg_request){.method = METHOD_LIST_TRIALS};
		m.u.list_trials.study = "s";
		return m;
	case 10: return harness_suggest(h, "s", 1);
	case 11:
		m = (struct msg_request){.method = METHOD_REPLAY};
		m.u.replay.study = "s";
		return m;
	case 12:
		m = harness_create(h, "s");
		m.u.create_study.if_exists = IF_EXISTS_REPLACE;
		return m;
	default: return harness_get(h, "s");
	}
}

static bool is_transient(unsigned code)
{
	return code == kr_status_wire(KR_OVERLOADED) || code == kr_status_wire(KR_UNAVAILABLE) ||
		code == kr_status_wire(KR_NOT_NOW);
}

/* Ask until it is OK, with the same request id; the n-th allocation of the first try
 * fails (0: none). Returns how many allocations that try made. */
static long insist(struct harness *h, const struct msg_request *m, int i, long n, int sticky)
{
	long used = 0;

	for (int tries = 0; tries < 20; tries++) {
		struct msg_reply r;
		uint64_t tag;

		kr_alloc_fail_at(tries == 0 ? n : 0, sticky);
		tag = harness_send(h, m);
		if (tries == 0)
			used = kr_alloc_count();
		kr_alloc_fail_at(0, 0);
		r = harness_reply(h, tag);
		harness_check(h);
		if (!r.is_error)
			return used;
		if (!is_transient(r.error.code))
			fail_msg("step %d, allocation %ld: %s", i, n, r.error.message);
		harness_tick(h, 1000);
	}
	fail_msg("step %d, allocation %ld: it is never answered OK", i, n);
	return used;
}

/* After all: each change was made once. */
static void check_end(struct harness *h)
{
	size_t rows = h->n_rows;
	struct msg_request m = harness_get(h, "s");
	struct msg_reply r = harness_ask(h, &m);

	assert_int_equal(rows, 11);
	assert_int_equal(r.u.study.study.id, 2);
	harness_restart(h);
	harness_check(h);
	m = harness_request(h, METHOD_DELETE_STUDY, 0);
	m.u.delete_study.study = "s";
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_request(h, METHOD_DELETE_STUDY, 0);
	m.u.delete_study.study = "s";
	m.u.delete_study.undelete = true;
	m.u.delete_study.has_id = true;
	m.u.delete_study.id = 1;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.study.study.counts[TRIAL_COMPLETE], 2);
	assert_int_equal(r.u.study.study.counts[TRIAL_FAILED], 1);
	assert_int_equal(r.u.study.study.counts[TRIAL_RUNNING], 1);
	assert_int_equal(r.u.study.study.reserved, 2);
}

/* Fails the n-th allocation of step `at`. False when the step makes fewer. */
static bool run(int at, long n, int sticky)
{
	struct harness *h = harness_new();
	bool reached = false;

	for (int i = 0; i < STEPS; i++) {
		struct msg_request m = scene(h, i);

		if (insist(h, &m, i, i == at ? n : 0, sticky) >= n && i == at)
			reached = true;
	}
	check_end(h);
	harness_free(h);
	return reached;
}

static void test_each_allocation(void **state)
{
	int sticky = *(int *)*state;

	for (int at = 0; at < STEPS; at++) {
		long n = 1;

		while (run(at, n, sticky))
			n++;
	}
}

/* Start-up over stored rows. */
static void test_start(void **state)
{
	int sticky = *(int *)*state;
	struct harness *h = harness_new();
	long n = 1;

	for (int i = 0; i < STEPS; i++) {
		struct msg_request m = scene(h, i);

		insist(h, &m, i, 0, 0);
	}
	for (;; n++) {
		bool all;

		harness_crash(h);
		harness_boot(h);
		kr_alloc_fail_at(n, sticky);
		harness_begin(h);
		all = kr_alloc_count() < n;
		kr_alloc_fail_at(0, 0);
		harness_tick(h, 1000);
		assert_true(engine_ready(h->e));
		harness_check(h);
		if (all)
			break;
	}
	check_end(h);
	harness_free(h);
}

/* The engine itself. */
static void test_new(void **state)
{
	struct harness *h = harness_new();
	bool made = false;

	(void)state;
	harness_crash(h);
	for (long n = 1; !made; n++) {
		kr_alloc_fail_at(n, 0);
		made = harness_boot(h);
		kr_alloc_fail_at(0, 0);
		if (made)
			harness_begin(h);
	}
	harness_free(h);
}

/* A commit fails while memory is short: the reload is tried until it works. */
static void test_reload(void **state)
{
	int sticky = *(int *)*state;
	bool reached = true;

	for (long n = 1; reached; n++) {
		struct harness *h = harness_new();
		struct msg_request m;
		struct msg_reply r;
		uint64_t tag;

		for (int i = 0; i < 7; i++) {
			m = scene(h, i);
			insist(h, &m, i, 0, 0);
		}
		h->hold_commits = true;
		m = harness_update(h, "s", ACTION_PAUSE);
		tag = harness_send(h, &m);
		kr_alloc_fail_at(n, sticky);
		harness_commit_one(h, KR_EIO);
		reached = kr_alloc_count() >= n;
		kr_alloc_fail_at(0, 0);
		r = harness_reply(h, tag);
		harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
		harness_settle(h);
		harness_tick(h, 1000);
		harness_check(h);
		m = harness_get(h, "s");
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
		assert_int_equal(r.u.study.study.state, STUDY_ACTIVE);
		assert_int_equal(r.u.study.study.counts[TRIAL_COMPLETE], 2);
		harness_free(h);
	}
}

/* Expiry on a tick. */
static void test_expiry(void **state)
{
	int sticky = *(int *)*state;
	bool reached = true;

	for (long n = 1; reached; n++) {
		struct harness *h = harness_new();
		struct msg_request m;
		struct msg_reply r;

		for (int i = 0; i < 2; i++) {
			m = scene(h, i);
			insist(h, &m, i, 0, 0);
		}
		kr_alloc_fail_at(n, sticky);
		harness_tick(h, 10000);
		reached = kr_alloc_count() >= n;
		kr_alloc_fail_at(0, 0);
		harness_check(h);
		assert_true(engine_next_wakeup(h->e) > h->now.now_ns);
		harness_tick(h, 1000);
		m = harness_get(h, "s");
		r = harness_ask(h, &m);
		assert_int_equal(r.u.study.study.counts[TRIAL_EXPIRED], 2);
		harness_free(h);
	}
}

int main(void)
{
	static int once = 0, for_good = 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test_prestate(test_each_allocation, &once),
		cmocka_unit_test_prestate(test_each_allocation, &for_good),
		cmocka_unit_test_prestate(test_start, &once),
		cmocka_unit_test_prestate(test_start, &for_good),
		cmocka_unit_test_prestate(test_reload, &once),
		cmocka_unit_test_prestate(test_reload, &for_good),
		cmocka_unit_test_prestate(test_expiry, &once),
		cmocka_unit_test_prestate(test_expiry, &for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
