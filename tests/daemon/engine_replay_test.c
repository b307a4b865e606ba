/* Replay: every recorded suggestion comes out again, bit for bit, whatever its
 * batch, fixed values, deadline and what happened while it was computed; and a
 * record that says otherwise is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/record.h"
#include "tests/daemon/engine_harness.h"

static struct msg_request replay_request(uint64_t from, uint32_t limit)
{
	struct msg_request m = {.method = METHOD_REPLAY};

	m.u.replay.study = "s";
	m.u.replay.from_seq = from;
	m.u.replay.limit = limit;
	return m;
}

/* Two dozen trials: singles, batches, fixed values, failures, late results, told
 * points, observes during a computation, cuts. Returns how many were suggested. */
static int play(struct harness *h)
{
	static const struct msg_named fixed[1] = {{"k", {.kind = SCALAR_INT, .i = 2}}};
	struct msg_request m = harness_create(h, "s");
	int n = 0, n_cut = 0;

	harness_ask(h, &m);
	for (uint64_t k = 0; k < 8; k++, n++) {
		m = harness_suggest(h, "s", 1);
		harness_ask(h, &m);
		if (k == 5)
			m = harness_fail(h, "s", k, TRIAL_FAILED, "no");
		else
			m = harness_observe(h, "s", k, (double)((k * 7) % 5));
		if (k != 3)
			harness_ask(h, &m);
	}
	harness_tick(h, 20000); /* 3 expires */
	h->hold_jobs = true;
	for (int i = 0; i < 3; i++, n++) {
		m = harness_suggest(h, "s", 1);
		if (i > 0) {
			m.u.suggest.n_fixed = 1;
			m.u.suggest.fixed = fixed;
		}
		harness_send(h, &m);
		if (i == 0) {
			m = harness_observe(h, "s", 3, 9); /* late, while its job runs */
			harness_send(h, &m);
		}
	}
	harness_jobs(h);
	h->hold_jobs = false;
	for (h->cut_after = 1; h->cut_after < 6; h->cut_after++, n += 2) {
		struct msg_reply r;

		m = harness_suggest(h, "s", 2);
		r = harness_ask(h, &m);
		n_cut += r.u.trials.trials[1].why.freshness != WHY_FRESH;
	}
	assert_true(n_cut > 1);
	h->cut_after = 0;
	for (uint64_t k = 8; k < 12; k++) {
		m = harness_observe(h, "s", k, 1.0 / (double)k);
		harness_ask(h, &m);
	}
	m = harness_suggest(h, "s", 3);
	harness_ask(h, &m);
	return n + 3;
}

static void test_equal(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;
	struct msg_reply r;
	int n = play(h);

	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		m = replay_request(0, 0);
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
		assert_int_equal(r.u.replay.n, n);
		assert_int_equal(r.u.replay.same_build, pass == 0);
		assert_false(r.u.replay.more);
		for (int i = 0; i < n; i++) {
			if (!r.u.replay.suggestions[i].equal)
				fail_msg("trial %d differs", (int)r.u.replay.suggestions[i].number);
			assert_int_equal(r.u.replay.suggestions[i].number, i);
			assert_int_equal(r.u.replay.suggestions[i].n_recorded, 3);
			assert_int_equal(r.u.replay.suggestions[i].n_computed, 0);
		}
		harness_check(h);
		h->build = "build 2";
		harness_restart(h);
	}
	harness_free(h);
}

static void test_pages(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = replay_request(0, 3);
	struct msg_reply r;
	int n = play(h), seen = 0;

	(void)state;
	do {
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
		assert_true(r.u.replay.n > 0);
		for (int i = 0; i < r.u.replay.n; i++, seen++) {
			assert_true(r.u.replay.suggestions[i].equal);
			assert_int_equal(r.u.replay.suggestions[i].number, seen);
		}
		m.u.replay.from_seq = r.u.replay.next_seq;
	} while (r.u.replay.more);
	assert_int_equal(seen, n);
	m = replay_request(1000, 0);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.replay.n, 0);
	harness_free(h);
}

/* Change one bit of a recorded value: exactly that trial differs. */
static void test_difference_is_found(void **state)
{
	struct harness *h = harness_new();
	struct arena *a = arena_new(1 << 20);
	struct msg_request m;
	struct msg_reply r;
	struct record rec;
	struct bytes body;
	int n = play(h);
	double *x;

	(void)state;
	for (size_t i = 0; i < h->n_rows; i++) {
		struct row *row = &h->rows[i];

		if (row->kind != RECORD_SUGGESTED)
			continue;
		assert_int_equal(record_decode(&rec, row->kind, row->body, row->len, a, NULL), KR_OK);
		if (rec.u.suggested.trials[0].number != 4)
			continue;
		x = (double *)(uintptr_t)rec.u.suggested.trials[0].values;
		x[0] = x[0] > 0.5 ? x[0] / 2 : 1 - x[0] / 2;
		assert_int_equal(record_encode(&body, &rec, a, NULL), KR_OK);
		free((void *)(uintptr_t)row->body);
		row->body = memcpy(malloc(body.len), body.p, body.len);
		row->len = body.len;
		break;
	}
	m = replay_request(0, 4); /* before it: the later ones saw the changed point */
	r = harness_ask(h, &m);
	for (int i = 0; i < r.u.replay.n; i++)
		assert_true(r.u.replay.suggestions[i].equal);
	m = replay_request(r.u.replay.next_seq, 1);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.replay.n, 1);
	assert_int_equal(r.u.replay.suggestions[0].number, 4);
	assert_false(r.u.replay.suggestions[0].equal);
	assert_int_equal(r.u.replay.suggestions[0].n_computed, 3);
	assert_true(n > 5);
	arena_free(a);
	harness_free(h);
}

/* A job that says that it began elsewhere than the events before it leave the model proves
 * nothing, also when its suggestion comes out the same. */
static void test_false_start(void **state)
{
	static const double elsewhere[1] = {1};
	struct harness *h = harness_new();
	struct arena *a = arena_new(1 << 20);
	struct msg_request m;
	struct msg_reply r;
	struct record rec;
	struct bytes body;
	int n = play(h);

	(void)state;
	for (size_t i = 0; i < h->n_rows; i++) {
		struct row *row = &h->rows[i];

		if (row->kind != RECORD_SUGGESTED)
			continue;
		assert_int_equal(record_decode(&rec, row->kind, row->body, row->len, a, NULL), KR_OK);
		if (rec.u.suggested.trials[0].number != 2) /* of the initial design: no model yet */
			continue;
		rec.u.suggested.job.n_state_in = 1;
		rec.u.suggested.job.state_in = elsewhere;
		assert_int_equal(record_encode(&body, &rec, a, NULL), KR_OK);
		free((void *)(uintptr_t)row->body);
		row->body = memcpy(malloc(body.len), body.p, body.len);
		row->len = body.len;
	}
	m = replay_request(0, 0);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.replay.n, n);
	for (int i = 0; i < n; i++)
		assert_int_equal(r.u.replay.suggestions[i].equal, i != 2);
	arena_free(a);
	harness_free(h);
}

/* The study's own computations go on while a replay runs. */
static void test_does_not_block(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m, suggest;
	struct msg_reply r;
	uint64_t tag;
	int n = play(h);

	(void)state;
	h->hold_loads = true;
	m = replay_request(0, 0);
	tag = harness_send(h, &m);
	suggest = harness_suggest(h, "s", 1);
	r = harness_ask(h, &suggest);
	harness_assert_ok(&r);
	h->hold_jobs = true;
	harness_loads(h);
	assert_null(harness_raw(h, tag));
	suggest = harness_observe(h, "s", (uint64_t)n, 1);
	r = harness_ask(h, &suggest);
	harness_assert_ok(&r);
	harness_check(h);
	harness_settle(h);
	r = harness_reply(h, tag);
	harness_assert_ok(&r);
	harness_free(h);
}

static void test_unreadable(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = replay_request(0, 0);
	struct msg_reply r;

	(void)state;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_FOUND, "study", NULL);
	play(h);
	h->fail_loads = true;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, "unreadable");
	harness_check(h);
	harness_free(h);
}

/* Each has a copy of its study: a few at a time. */
static void test_crowd(void **state)
{
	enum { CROWD = 4 };
	struct harness *h = harness_new();
	struct msg_request m = replay_request(0, 0);
	struct msg_reply r;
	uint64_t tags[CROWD];

	(void)state;
	play(h);
	h->hold_loads = true;
	for (int i = 0; i < CROWD; i++)
		tags[i] = harness_send(h, &m);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_OVERLOADED, NULL, "replays are under way");
	assert_true(r.error.retry_after_ms > 0);
	harness_settle(h);
	for (int i = 0; i < CROWD; i++) {
		r = harness_reply(h, tags[i]);
		harness_assert_ok(&r);
	}
	h->hold_loads = false;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	harness_check(h);
	harness_free(h);
}

/* A shell that stops cuts all: what was not computed again is not called different. */
static void test_stopped(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = replay_request(0, 0);
	struct msg_reply r;
	int n = play(h);

	(void)state;
	h->cut_after = 1;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, "replay again");
	harness_check(h);
	h->cut_after = 0;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.replay.n, n);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_difference_is_found),
		cmocka_unit_test(test_false_start),
		cmocka_unit_test(test_does_not_block),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
