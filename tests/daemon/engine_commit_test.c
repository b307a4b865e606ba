/* Durability: what waits for which commit, and what a failed one costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/record.h"
#include "tests/daemon/engine_harness.h"

static struct harness *with_studies(const char *a, const char *b)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, a);
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	if (b) {
		m = harness_create(h, b);
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
	}
	return h;
}

static uint64_t send_get(struct harness *h, const char *name)
{
	struct msg_request m = harness_get(h, name);

	return harness_send(h, &m);
}

/* Changes that arrive during one fsync share the next; answers go in order. */
static void test_group_commit(void **state)
{
	struct harness *h = with_studies("s", NULL);
	struct msg_request m = harness_suggest(h, "s", 5);
	uint64_t tags[5], read;
	struct msg_reply r;
	int commits;

	(void)state;
	harness_ask(h, &m);
	commits = h->n_commits;
	h->hold_commits = true;
	for (uint64_t k = 0; k < 5; k++) {
		m = harness_observe(h, "s", k, (double)k);
		tags[k] = harness_send(h, &m);
	}
	read = send_get(h, "s");
	assert_int_equal(h->n_commits, commits + 1);
	for (int k = 0; k < 5; k++)
		assert_null(harness_raw(h, tags[k]));
	harness_commit_one(h, KR_OK);
	assert_non_null(harness_raw(h, tags[0]));
	assert_null(harness_raw(h, tags[1]));
	assert_null(harness_raw(h, read));
	assert_int_equal(h->n_commits, commits + 2);
	harness_commit_one(h, KR_OK);
	for (int k = 2; k < 5; k++)
		assert_true(harness_raw(h, tags[k])->order > harness_raw(h, tags[k - 1])->order);
	r = harness_reply(h, read);
	assert_int_equal(r.u.study.study.counts[TRIAL_COMPLETE], 5);
	harness_check(h);
	harness_free(h);
}

/* Reads wait for the rows they show, and only for those. */
static void test_reads_wait(void **state)
{
	struct harness *h = with_studies("a", "b");
	struct msg_request m = harness_update(h, "a", ACTION_PAUSE);
	struct msg_request list = {.method = METHOD_LIST_STUDIES}, ping = {.method = METHOD_PING};
	struct msg_request remove = harness_request(h, METHOD_DELETE_STUDY, 0);
	uint64_t paused, read_a, all, gone;
	struct msg_reply r;

	(void)state;
	h->hold_commits = true;
	paused = harness_send(h, &m);
	read_a = send_get(h, "a");
	all = harness_send(h, &list);
	assert_null(harness_raw(h, paused));
	assert_null(harness_raw(h, read_a));
	assert_null(harness_raw(h, all));
	assert_non_null(harness_raw(h, send_get(h, "b")));
	r = harness_ask(h, &ping);
	harness_assert_ok(&r);
	harness_commit_one(h, KR_OK);
	r = harness_reply(h, read_a);
	assert_int_equal(r.u.study.study.state, STUDY_PAUSED);
	assert_non_null(harness_raw(h, all));

	/* A refusal shows what is not durable too. */
	remove.u.delete_study.study = "a";
	harness_send(h, &remove);
	gone = send_get(h, "a");
	assert_null(harness_raw(h, gone));
	harness_commit_one(h, KR_OK);
	r = harness_reply(h, gone);
	harness_assert_error(&r, KR_NOT_FOUND, NULL, NULL);
	harness_free(h);
}

static void wait_out_refusal(struct harness *h)
{
	harness_tick(h, 1000);
}

static void test_failed_commit(void **state)
{
	struct harness *h = with_studies("s", NULL);
	struct msg_request m = harness_suggest(h, "s", 2), again;
	uint64_t first, second, read;
	struct msg_reply r;

	(void)state;
	harness_ask(h, &m);
	h->hold_commits = true;
	m = harness_observe(h, "s", 0, 1);
	first = harness_send(h, &m);
	again = harness_observe(h, "s", 1, 2);
	second = harness_send(h, &again);
	read = send_get(h, "s");
	harness_commit_one(h, KR_EFULL);
	r = harness_reply(h, first);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, "disk on fire");
	assert_true(r.error.retry_after_ms == 1000);
	r = harness_reply(h, second); /* later rows of the study fall with it */
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	r = harness_reply(h, read);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	harness_check(h);
	r = harness_reply(h, send_get(h, "s")); /* read anew: as it was */
	assert_int_equal(r.u.study.study.counts[TRIAL_RUNNING], 2);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, "disk on fire"); /* not tried at once */
	wait_out_refusal(h);
	h->hold_commits = false;
	r = harness_ask(h, &m); /* the same request id */
	harness_assert_ok(&r);
	r = harness_ask(h, &again);
	harness_assert_ok(&r);
	r = harness_reply(h, send_get(h, "s"));
	assert_int_equal(r.u.study.study.counts[TRIAL_COMPLETE], 2);
	harness_check(h);
	harness_restart(h);
	harness_check(h);
	r = harness_reply(h, send_get(h, "s"));
	assert_int_equal(r.u.study.study.counts[TRIAL_COMPLETE], 2);
	harness_free(h);
}

/* Other studies go on: only the touched ones are lost. */
static void test_other_studies_survive(void **state)
{
	struct harness *h = with_studies("a", "b");
	struct msg_request m = harness_update(h, "a", ACTION_PAUSE);
	uint64_t a, b;
	struct msg_reply r;

	(void)state;
	h->hold_commits = true;
	a = harness_send(h, &m);
	m = harness_update(h, "b", ACTION_PAUSE);
	b = harness_send(h, &m);
	harness_commit_one(h, KR_EIO);
	r = harness_reply(h, a);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	assert_null(harness_raw(h, b));
	harness_check(h);
	harness_settle(h);
	r = harness_reply(h, b);
	harness_assert_ok(&r);
	r = harness_reply(h, send_get(h, "a"));
	assert_int_equal(r.u.study.study.state, STUDY_ACTIVE);
	r = harness_reply(h, send_get(h, "b"));
	assert_int_equal(r.u.study.study.state, STUDY_PAUSED);
	harness_check(h);
	harness_free(h);
}

static void test_lost_creation(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	uint64_t tag;
	struct msg_reply r;

	(void)state;
	h->hold_commits = h->hold_loads = true;
	tag = harness_send(h, &m);
	harness_commit_one(h, KR_EFULL);
	r = harness_reply(h, tag);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	r = harness_reply(h, send_get(h, "s")); /* not known yet */
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, "read anew");
	harness_loads(h);
	r = harness_reply(h, send_get(h, "s"));
	harness_assert_error(&r, KR_NOT_FOUND, NULL, NULL);
	wait_out_refusal(h);
	h->hold_commits = false;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	harness_check(h);
	harness_free(h);
}

/* A deletion is lost; a study created under the freed name must fall with it. */
static void test_name_hangs_on_lost_deletion(void **state)
{
	struct harness *h = with_studies("s", NULL);
	struct msg_request remove = harness_request(h, METHOD_DELETE_STUDY, 0);
	struct msg_request create = harness_create(h, "s");
	uint64_t removed, created;
	struct msg_reply r;

	(void)state;
	remove.u.delete_study.study = "s";
	h->hold_commits = true;
	removed = harness_send(h, &remove);
	created = harness_send(h, &create);
	harness_commit_one(h, KR_EIO);
	r = harness_reply(h, removed);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	r = harness_reply(h, created);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	harness_check(h);
	r = harness_reply(h, send_get(h, "s"));
	harness_assert_ok(&r);
	assert_int_equal(r.u.study.study.id, 1);
	harness_settle(h);
	assert_int_equal(h->n_rows, 1);
	harness_free(h);
}

/* Suggests that wait for a computation of a lost study are answered too. */
static void test_waiting_suggests_fall(void **state)
{
	struct harness *h = with_studies("s", NULL);
	struct msg_request m = harness_suggest(h, "s", 1);
	uint64_t waiting, update;
	struct msg_reply r;

	(void)state;
	h->hold_jobs = h->hold_commits = true;
	waiting = harness_send(h, &m);
	{
		struct msg_request pause = harness_update(h, "s", ACTION_RESUME);

		update = harness_send(h, &pause);
	}
	harness_commit_one(h, KR_EIO);
	r = harness_reply(h, update);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	r = harness_reply(h, waiting);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	harness_jobs(h); /* comes back to nobody */
	harness_check(h);
	wait_out_refusal(h);
	h->hold_jobs = h->hold_commits = false;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.trials[0].number, 0);
	harness_check(h);
	harness_free(h);
}

static void test_reading_fails_too(void **state)
{
	struct harness *h = with_studies("s", NULL);
	struct msg_request m = harness_update(h, "s", ACTION_PAUSE);
	struct msg_reply r;

	(void)state;
	h->commit_status = KR_EIO;
	h->fail_loads = true;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	r = harness_reply(h, send_get(h, "s"));
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	assert_true(engine_next_wakeup(h->e) == h->now.now_ns + 1000000000);
	harness_tick(h, 1000);
	r = harness_reply(h, send_get(h, "s"));
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	h->fail_loads = false;
	h->commit_status = KR_OK;
	harness_tick(h, 1000);
	r = harness_reply(h, send_get(h, "s"));
	harness_assert_ok(&r);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	harness_check(h);
	harness_free(h);
}

/* Disk full: changes are refused, reads go on, expiry waits; then it all comes back. */
static void test_disk_full(void **state)
{
	struct harness *h = with_studies("s", NULL);
	struct msg_request m = harness_suggest(h, "s", 1), stop;
	struct msg_reply r;

	(void)state;
	harness_ask(h, &m);
	h->commit_status = KR_EFULL;
	for (int i = 0; i < 5; i++) {
		stop = harness_update(h, "s", ACTION_PAUSE);
		r = harness_ask(h, &stop);
		harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
		r = harness_reply(h, send_get(h, "s"));
		harness_assert_ok(&r);
		harness_tick(h, 5000);
		harness_check(h);
	}
	r = harness_reply(h, send_get(h, "s"));
	assert_int_equal(r.u.study.study.counts[TRIAL_RUNNING], 1);
	h->commit_status = KR_OK;
	harness_tick(h, 20000);
	harness_check(h);
	r = harness_reply(h, send_get(h, "s"));
	assert_int_equal(r.u.study.study.counts[TRIAL_EXPIRED], 1);
	r = harness_ask(h, &stop);
	harness_assert_ok(&r);
	harness_free(h);
}

/* Until the rows are read nothing but Hello, Ping and Status is answered. */
static void test_start(void **state)
{
	struct harness *h = with_studies("s", NULL);
	struct msg_request m = {.method = METHOD_STATUS};
	struct msg_reply r;

	(void)state;
	harness_crash(h);
	h->hold_loads = true;
	assert_true(harness_boot(h));
	harness_begin(h);
	assert_false(engine_ready(h->e));
	r = harness_reply(h, send_get(h, "s"));
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, "being read");
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	h->fail_loads = true;
	harness_loads(h);
	assert_false(engine_ready(h->e));
	h->fail_loads = h->hold_loads = false;
	harness_tick(h, 1000);
	assert_true(engine_ready(h->e));
	r = harness_reply(h, send_get(h, "s"));
	harness_assert_ok(&r);
	harness_check(h);
	harness_free(h);
}

/* A damaged row silences its study, by name, and no other. */
static void test_damaged_row(void **state)
{
	struct harness *h = with_studies("a", "b");
	struct msg_request m = harness_suggest(h, "a", 1), p = harness_update(h, "a", ACTION_PAUSE);
	struct msg_reply r;
	size_t rows;

	(void)state;
	harness_ask(h, &m);
	harness_ask(h, &p);
	h->rows[h->n_rows - 1].kind = RECORD_ADDED;
	h->rows[h->n_rows - 1].len = 0;
	h->rows[h->n_rows - 1].seq += 1;
	harness_restart(h);
	assert_true(engine_ready(h->e));
	r = harness_reply(h, send_get(h, "a"));
	harness_assert_error(&r, KR_ECORRUPT, "study", "damaged");
	r = harness_reply(h, send_get(h, "b"));
	harness_assert_ok(&r);
	rows = h->n_rows; /* nothing is written: no expiry, no attaching, no replacing, no repeat */
	harness_tick(h, 1000000000);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_ECORRUPT, "study", "damaged");
	m = harness_create(h, "a");
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_ECORRUPT, "study", "damaged");
	m.u.create_study.if_exists = IF_EXISTS_REPLACE;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_ECORRUPT, "study", "damaged");
	assert_int_equal(h->n_rows, rows);
	m = harness_create(h, "c");
	r = harness_ask(h, &m);
	assert_int_equal(r.u.study.study.id, 3);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_commit),
		cmocka_unit_test(test_reads_wait),
		cmocka_unit_test(test_failed_commit),
		cmocka_unit_test(test_other_studies_survive),
		cmocka_unit_test(test_lost_creation),
		cmocka_unit_test(test_name_hangs_on_lost_deletion),
		cmocka_unit_test(test_waiting_suggests_fall),
		cmocka_unit_test(test_reading_fails_too),
		cmocka_unit_test(test_disk_full),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_damaged_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
