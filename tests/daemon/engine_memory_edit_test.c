/* Memory runs out in corrections, reports, settings and waits: each allocation of each
 * request fails once, alone and with all that follow until the client asks again. The
 * request is answered, nothing is half done, and asked again it is done once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/daemon/engine_harness.h"

static struct msg_request scene(struct harness *h, int i)
{
	static const struct msg_named labels[2] = {
		{"team", {.kind = SCALAR_STRING, .s = "a text that is not short"}},
		{"n", {.kind = SCALAR_INT, .i = 3}}};
	struct msg_request m;

	switch (i) {
	case 0: return harness_report(h, "s", 130, 1, 0.5);
	case 1:
		m = harness_edit(h, "s", 130);
		m.u.edit_trial.note = "a note of a running trial";
		m.u.edit_trial.labels = (struct msg_labels){2, labels};
		return m;
	case 2: return harness_report(h, "s", 130, 2, 0.25);
	case 3: return harness_correct(h, "s", 3, -7);
	case 4: return harness_exclude(h, "s", 5, true);
	case 5: return harness_exclude(h, "s", 6, true);
	case 6: return harness_exclude(h, "s", 5, false);
	case 7: return harness_observe(h, "s", 130, 4);
	case 8: return harness_report(h, "s", 130, 3, 0.125); /* it has ended */
	case 9: return harness_delete_trial(h, "s", 8);
	case 10: return harness_delete_trial(h, "s", 6);
	case 11:
		m = harness_update(h, "s", ACTION_NONE);
		m.u.update_study.labels = (struct msg_labels){2, labels};
		m.u.update_study.on_expiry = ON_EXPIRY_REQUEUE;
		return m;
	case 12:
		m = (struct msg_request){.method = METHOD_WHY};
		m.u.why.study = "s";
		return m;
	case 13:
		m = (struct msg_request){.method = METHOD_LIST_TRIALS};
		m.u.list_trials.study = "s";
		return m;
	case 14: return harness_trial(h, "s", 130);
	case 15:
		m = (struct msg_request){.method = METHOD_HEARTBEAT};
		m.u.heartbeat = (struct msg_heartbeat){"s", 1, &(struct msg_lease){.number = 131}};
		return m;
	case 16: return (struct msg_request){.method = METHOD_GET_MODEL, .u.get_model.study = "s"};
	case 17: m = (struct msg_request){.method = METHOD_EXPLAIN, .u.explain.study = "s"}; return m;
	default: return harness_get(h, "s");
	}
}

enum { STEPS = 19 };

static struct msg_reply must(struct harness *h, struct msg_request m)
{
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	return r;
}

static struct msg_request predict(void)
{
	static const struct msg_named point[3] = {
		{"x", {.kind = SCALAR_REAL, .r = 0.5}},
		{"k", {.kind = SCALAR_INT, .i = 3}},
		{"c", {.kind = SCALAR_BOOL, .b = true}},
	};
	static const struct msg_point points[1] = {{.n_params = 3, .params = point}};
	struct msg_request m = {.method = METHOD_PREDICT};

	m.u.predict = (struct msg_predict){"s", 1, points};
	return m;
}

/* 130 trials COMPLETE, two RUNNING, and a computation that shares the observations. */
static struct harness *lived(void)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");

	m.u.create_study.spec.lease_s = 1000;
	must(h, m);
	must(h, harness_suggest(h, "s", 132));
	for (uint64_t k = 0; k < 130; k++)
		must(h, harness_observe(h, "s", k, (double)k));
	h->hold_jobs = true;
	m = predict();
	harness_send(h, &m);
	assert_int_equal(h->n_todo, 1);
	return h;
}

static long insist(
	struct harness *h, const struct msg_request *m, uint64_t *tag, long n, int sticky)
{
	long used = 0;

	for (int tries = 0; tries < 5; tries++) {
		struct msg_reply r;

		kr_alloc_fail_at(tries == 0 ? n : 0, sticky);
		*tag = harness_send(h, m);
		if (tries == 0)
			used = kr_alloc_count();
		kr_alloc_fail_at(0, 0);
		r = harness_reply(h, *tag);
		harness_check(h);
		if (!r.is_error)
			return used;
		if (r.error.code != kr_status_wire(KR_OVERLOADED))
			fail_msg("allocation %ld: %s", n, r.error.message);
	}
	fail_msg("allocation %ld: never OK", n);
	return 0;
}

/* Trials and study, as clients see them at the end. */
static void check_end(
	struct harness *h, const struct msg_request *made, const uint64_t *tags, size_t rows)
{
	struct msg_study s;
	struct msg_trial t;

	for (int pass = 0; pass < 2; pass++) {
		s = must(h, harness_get(h, "s")).u.study.study;
		assert_int_equal(s.counts[TRIAL_COMPLETE], 129);
		assert_int_equal(s.counts[TRIAL_RUNNING], 1);
		assert_int_equal(s.reserved, 130);
		assert_int_equal(s.best->number, 3);
		assert_int_equal(s.spec.labels.n, 2);
		assert_int_equal(s.spec_version, 2);
		t = must(h, harness_trial(h, "s", 130)).u.trials.trials[0];
		assert_int_equal(t.n_progress, 2);
		assert_int_equal(t.labels.n, 2);
		assert_string_equal(t.note, "a note of a running trial");
		for (int i = 0; i < 12; i++) /* the changes */
			harness_assert_same(h, tags[i], harness_send(h, &made[i]));
		assert_int_equal(h->n_rows, rows);
		harness_restart(h);
		harness_check(h);
	}
}

static bool run(int at, long n, int sticky)
{
	struct harness *h = lived();
	struct msg_request made[STEPS];
	uint64_t tags[STEPS];
	size_t rows = h->n_rows;
	bool reached = false;

	for (int i = 0; i < STEPS; i++) {
		made[i] = scene(h, i);
		if (insist(h, &made[i], &tags[i], i == at ? n : 0, sticky) >= n && i == at)
			reached = true;
	}
	check_end(h, made, tags, rows + 12);
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

/* Those who wait for a change: parking fails, or the answer does. */
static void test_watch(void **state)
{
	int sticky = *(int *)*state;
	bool reached = true;

	for (long n = 1; reached; n++) {
		struct harness *h = harness_new();
		struct msg_request m = harness_create(h, "s");
		uint64_t watch, change;

		must(h, m);
		m = harness_get(h, "s");
		m.u.get_study.since_seq = 1;
		m.u.get_study.wait_ms = 1000;
		kr_alloc_fail_at(n, sticky);
		watch = harness_send(h, &m);
		m = harness_update(h, "s", ACTION_PAUSE);
		change = harness_send(h, &m);
		reached = kr_alloc_count() >= n;
		kr_alloc_fail_at(0, 0);
		harness_check(h);
		harness_tick(h, 1000);
		assert_int_equal(harness_count(h, watch), 1);
		assert_int_equal(harness_count(h, change), 1);
		harness_check(h);
		harness_free(h);
	}
}

/* Predictions that queue: each is answered once, whatever fails when it comes to them. */
static void test_predictions(void **state)
{
	int sticky = *(int *)*state;
	bool reached = true;

	for (long n = 1; reached; n++) {
		struct harness *h = harness_new();
		struct msg_request m = harness_create(h, "s");
		uint64_t tags[3];

		must(h, m);
		must(h, harness_suggest(h, "s", 2));
		must(h, harness_observe(h, "s", 0, 1));
		must(h, harness_observe(h, "s", 1, 2));
		h->hold_jobs = true;
		m = predict();
		kr_alloc_fail_at(n, sticky);
		for (int i = 0; i < 3; i++)
			tags[i] = harness_send(h, &m);
		harness_jobs(h);
		reached = kr_alloc_count() >= n;
		kr_alloc_fail_at(0, 0);
		harness_check(h);
		harness_jobs(h);
		for (int i = 0; i < 3; i++)
			assert_int_equal(harness_count(h, tags[i]), 1);
		h->hold_jobs = false;
		must(h, m);
		harness_check(h);
		harness_free(h);
	}
}

/* Start-up over the rows of all this. */
static void test_start(void **state)
{
	int sticky = *(int *)*state;
	struct harness *h = lived();
	struct msg_request made[STEPS];
	uint64_t tags[STEPS];
	size_t rows = h->n_rows;
	bool all = false;

	for (int i = 0; i < STEPS; i++) {
		made[i] = scene(h, i);
		insist(h, &made[i], &tags[i], 0, 0);
	}
	for (long n = 1; !all; n += sticky ? 7 : 1) {
		harness_crash(h);
		harness_boot(h);
		kr_alloc_fail_at(n, sticky);
		harness_begin(h);
		all = kr_alloc_count() < n;
		kr_alloc_fail_at(0, 0);
		harness_tick(h, 1000);
		assert_true(engine_ready(h->e));
		harness_check(h);
	}
	check_end(h, made, tags, rows + 12);
	harness_free(h);
}

int main(void)
{
	static int once = 0, for_good = 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_each_allocation, &once),
		cmocka_unit_test_prestate(test_each_allocation, &for_good),
		cmocka_unit_test_prestate(test_watch, &once),
		cmocka_unit_test_prestate(test_watch, &for_good),
		cmocka_unit_test_prestate(test_predictions, &once),
		cmocka_unit_test_prestate(test_predictions, &for_good),
		cmocka_unit_test_prestate(test_start, &once),
		cmocka_unit_test_prestate(test_start, &for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
