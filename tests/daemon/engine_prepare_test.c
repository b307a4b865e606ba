/* Suggestions that are computed before they are asked for: they are what an ordinary Suggest
 * would have got, they cost it nothing more, and they go with what they were made for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "daemon/engine/prepare.h"
#include "proto/record.h"
#include "tests/daemon/engine_harness.h"

static struct harness *boot(bool prepare)
{
	struct harness *h = harness_new();

	h->prepare = prepare;
	harness_restart(h);
	return h;
}

static struct msg_reply ask_ok(struct harness *h, const struct msg_request *m)
{
	struct msg_reply r = harness_ask(h, m);

	harness_assert_ok(&r);
	harness_check(h);
	return r;
}

static struct msg_reply suggest(struct harness *h, uint32_t count)
{
	struct msg_request m = harness_suggest(h, "s", count);

	return ask_ok(h, &m);
}

static void observe(struct harness *h, uint64_t number, double y)
{
	struct msg_request m = harness_observe(h, "s", number, y);

	ask_ok(h, &m);
}

/* n trials, each asked for and told; the suggestion after the last is ready. */
static struct harness *with_trials(int n)
{
	struct harness *h = boot(true);
	struct msg_request m = harness_create(h, "s");

	ask_ok(h, &m);
	for (int i = 0; i < n; i++) {
		struct msg_reply r = suggest(h, 1);

		observe(h, r.u.trials.trials[0].number, (double)((i * 7) % 5));
	}
	return h;
}

static void replay_is_equal(struct harness *h, int n)
{
	struct msg_request m = {.method = METHOD_REPLAY};
	struct msg_reply r;

	m.u.replay.study = "s";
	r = ask_ok(h, &m);
	assert_int_equal(r.u.replay.n, n);
	for (int i = 0; i < n; i++)
		assert_true(r.u.replay.suggestions[i].equal);
}

/* ---- given at once ---------------------------------------------------------- */

/* After a result the next is computed; the Suggest that gets it costs one commit, and no job. */
static void a_told_study_has_the_next_ready(void **state)
{
	struct harness *h = with_trials(8);
	struct msg_request m = harness_suggest(h, "s", 1);
	int n_jobs = h->n_jobs, n_commits = h->n_commits;
	size_t n_rows = h->n_rows;
	struct msg_reply r;

	(void)state;
	h->hold_jobs = true;
	r = ask_ok(h, &m);
	assert_int_equal(h->n_jobs, n_jobs);
	assert_int_equal(h->n_commits, n_commits + 1);
	assert_int_equal(h->n_rows, n_rows + 1);
	assert_int_equal(r.u.trials.n, 1);
	assert_int_equal(r.u.trials.trials[0].why.freshness, WHY_FRESH);
	assert_int_equal(r.u.trials.trials[0].why.rule, WHY_MODEL);
	h->hold_jobs = false;
	replay_is_equal(h, 9);
	harness_free(h);
}

/* What follows a Suggest begins only when the study has been quiet for a while. */
static void the_one_after_a_suggest_waits_for_quiet(void **state)
{
	struct harness *h = with_trials(6);
	int n_jobs;

	(void)state;
	suggest(h, 1);
	n_jobs = h->n_jobs;
	harness_tick(h, PREPARE_QUIET_MS - 1);
	assert_int_equal(h->n_jobs, n_jobs);
	harness_tick(h, 1);
	assert_int_equal(h->n_jobs, n_jobs + 1);
	suggest(h, 1);
	assert_int_equal(h->n_jobs, n_jobs + 1);
	for (int i = 0; i < 100; i++) /* and nothing is computed twice */
		harness_tick(h, PREPARE_QUIET_MS);
	assert_int_equal(h->n_jobs, n_jobs + 2);
	suggest(h, 1);
	assert_int_equal(h->n_jobs, n_jobs + 2);
	replay_is_equal(h, 9);
	harness_free(h);
}

/* ---- exactly what Suggest would run ----------------------------------------- */

/* The same requests at the same times, whether suggestions are prepared or not. */
static void play(struct harness *h)
{
	static const struct msg_named fixed[1] = {{"k", {.kind = SCALAR_INT, .i = 2}}};
	struct msg_request m = harness_create(h, "s");

	ask_ok(h, &m);
	for (uint64_t i = 0; i < 30; i++) {
		struct msg_reply r;

		harness_tick(h, i % 3 ? 1 : 200);
		m = harness_suggest(h, "s", i % 7 == 6 ? 3 : 1);
		m.u.suggest.n_fixed = i % 5 == 4;
		m.u.suggest.fixed = fixed;
		r = ask_ok(h, &m);
		harness_tick(h, i % 4 ? 100 : 1);
		if (i % 6 == 5)
			m = harness_fail(h, "s", r.u.trials.trials[0].number, TRIAL_FAILED, "no");
		else
			m = harness_observe(h, "s", r.u.trials.trials[0].number, (double)((i * 5) % 11));
		ask_ok(h, &m);
		if (r.u.trials.n == 3) {
			m = harness_report(h, "s", r.u.trials.trials[1].number, 1, 0.5);
			ask_ok(h, &m);
		}
	}
}

/* The parts of a job that tell what was computed, from what, and how it ended. */
static void rows_are_equal(struct harness *a, struct harness *b, bool in_full)
{
	assert_int_equal(a->n_rows, b->n_rows);
	for (size_t i = 0; i < a->n_rows; i++) {
		const struct row *x = &a->rows[i], *y = &b->rows[i];

		assert_int_equal(x->kind, y->kind);
		if (in_full || x->kind != RECORD_SUGGESTED) {
			assert_int_equal(x->len, y->len);
			assert_memory_equal(x->body, y->body, x->len);
		}
	}
}

static void rows_are_those_of_an_ordinary_suggest(void **state)
{
	struct harness *with = boot(true), *without = boot(false);

	(void)state;
	with->random = without->random = 100; /* of tokens and the seed */
	play(with);
	play(without);
	assert_true(with->n_jobs > without->n_jobs);
	rows_are_equal(with, without, true);
	replay_is_equal(with, 38);
	harness_free(with);
	harness_free(without);
}

/* ---- what people see -------------------------------------------------------- */

static void assert_prepared(struct harness *h, enum msg_prepared wanted, const char *words)
{
	struct msg_request m = {.method = METHOD_GET_STUDY};
	struct msg_reply r;
	bool said = false;

	m.u.get_study.study = "s";
	assert_int_equal(ask_ok(h, &m).u.study.study.prepared, wanted);
	m = (struct msg_request){.method = METHOD_WHY};
	m.u.why.study = "s";
	r = ask_ok(h, &m);
	assert_int_equal(r.u.why.prepared, wanted);
	for (int i = 0; i < r.u.why.sentences.n; i++)
		said |= strstr(r.u.why.sentences.p[i], words) != NULL;
	assert_int_equal(said, wanted != PREPARED_NONE);
}

static void it_is_said_to_be_ready(void **state)
{
	struct harness *h = with_trials(6);
	struct msg_request m;

	(void)state;
	assert_prepared(h, PREPARED_READY, "next suggestion is ready");
	suggest(h, 1);
	assert_prepared(h, PREPARED_NONE, "next suggestion");
	h->hold_jobs = true;
	observe(h, 6, 2);
	assert_prepared(h, PREPARED_COMPUTING, "next suggestion is being computed");
	m = harness_suggest(h, "s", 1); /* it is somebody's now */
	harness_send(h, &m);
	assert_prepared(h, PREPARED_NONE, "next suggestion");
	h->hold_jobs = false;
	harness_jobs(h);
	harness_free(h);
}

/* ---- while it runs ---------------------------------------------------------- */

static void a_suggest_joins_the_one_that_runs(void **state)
{
	struct harness *h = with_trials(6);
	struct msg_request m;
	uint64_t tag, other;
	int n_jobs;

	(void)state;
	suggest(h, 1);
	h->hold_jobs = true;
	observe(h, 6, 2);
	n_jobs = h->n_jobs;
	m = harness_suggest(h, "s", 1);
	tag = harness_send(h, &m);
	assert_int_equal(h->n_jobs, n_jobs);
	assert_int_equal(h->n_raised, 1);
	assert_null(harness_raw(h, tag));
	harness_check(h);
	m = harness_suggest(h, "s", 2); /* waits for the next, as ever */
	other = harness_send(h, &m);
	assert_int_equal(h->n_jobs, n_jobs);
	h->hold_jobs = false;
	harness_jobs(h);
	assert_int_equal(harness_reply(h, tag).u.trials.n, 1);
	assert_int_equal(harness_reply(h, other).u.trials.n, 2);
	assert_int_equal(h->n_cuts, 0);
	replay_is_equal(h, 10);
	harness_free(h);
}

static void who_joins_has_their_deadline(void **state)
{
	struct harness *h = with_trials(6);
	struct msg_request m;
	uint64_t tag;

	(void)state;
	suggest(h, 1);
	h->hold_jobs = true;
	observe(h, 6, 2);
	m = harness_suggest(h, "s", 1);
	m.meta.has_deadline = true;
	m.meta.deadline_ms = 30;
	tag = harness_send(h, &m);
	harness_tick(h, 29);
	assert_int_equal(h->n_cuts, 0);
	harness_tick(h, 1);
	assert_int_equal(h->n_cuts, 1);
	h->hold_jobs = false;
	harness_jobs(h);
	assert_int_not_equal(harness_reply(h, tag).u.trials.trials[0].why.freshness, WHY_FRESH);
	replay_is_equal(h, 8);
	harness_free(h);
}

/* Others than what was prepared for: more points, values of their own. */
static void other_wishes_begin_anew(void **state)
{
	static const struct msg_named fixed[1] = {{"k", {.kind = SCALAR_INT, .i = 2}}};

	(void)state;
	for (int which = 0; which < 4; which++) {
		struct harness *h = with_trials(6);
		struct msg_request m = harness_suggest(h, "s", which % 2 ? 2 : 1);
		uint64_t tag;
		int n_jobs;

		if (which < 2) { /* it runs; else it is ready */
			suggest(h, 1);
			h->hold_jobs = true;
			observe(h, 6, 2);
		}
		h->hold_jobs = true;
		n_jobs = h->n_jobs;
		m.u.suggest.n_fixed = which % 2 == 0;
		m.u.suggest.fixed = fixed;
		tag = harness_send(h, &m);
		assert_int_equal(h->n_jobs, n_jobs + 1);
		assert_int_equal(h->n_cuts, which < 2);
		assert_int_equal(h->n_raised, 0);
		harness_check(h);
		h->hold_jobs = false;
		harness_jobs(h);
		assert_int_equal(harness_reply(h, tag).u.trials.n, which % 2 ? 2 : 1);
		replay_is_equal(h, 6 + (which < 2) + (which % 2 ? 2 : 1));
		harness_free(h);
	}
}

/* ---- what it was made for is no more ---------------------------------------- */

static struct msg_request change(struct harness *h, int which)
{
	static const struct msg_named point[1] = {{"k", {.kind = SCALAR_INT, .i = 3}}};
	static const struct msg_value y = {.value = -4};
	static const struct msg_named whole[3] = {
		{"x", {.kind = SCALAR_REAL, .r = 0.5}},
		{"k", {.kind = SCALAR_INT, .i = 3}},
		{"c", {.kind = SCALAR_BOOL, .b = true}},
	};
	static const struct msg_point told[1] = {
		{.n_params = 3, .params = whole, .n_values = 1, .values = &y}};
	static const struct msg_point queued[1] = {{.n_params = 1, .params = point}};
	struct msg_request m;

	switch (which) {
	case 0: return harness_observe(h, "s", 7, 3);
	case 1: return harness_fail(h, "s", 7, TRIAL_FAILED, "no");
	case 2: return harness_correct(h, "s", 2, 1.5);
	case 3: return harness_exclude(h, "s", 1, true);
	case 4: return harness_delete_trial(h, "s", 3);
	case 5: return harness_update(h, "s", ACTION_PAUSE);
	case 6: return harness_update(h, "s", ACTION_FINISH);
	case 7:
		m = harness_request(h, METHOD_DELETE_STUDY, 0);
		m.u.delete_study.study = "s";
		return m;
	case 8:
		m = harness_update(h, "s", ACTION_NONE);
		m.u.update_study.has_budget = true;
		m.u.update_study.budget = 100;
		return m;
	case 9:
		m = harness_request(h, METHOD_ENQUEUE, 0);
		m.u.enqueue.study = "s";
		m.u.enqueue.n = 1;
		m.u.enqueue.points = queued;
		return m;
	default:
		m = harness_request(h, METHOD_ADD_TRIALS, 0);
		m.u.add_trials.study = "s";
		m.u.add_trials.n = 1;
		m.u.add_trials.points = told;
		return m;
	}
}

enum { N_CHANGES = 11 };

/* Trials 0 to 6 are complete, 7 runs, and the next one has begun. */
static struct harness *with_one_running(bool hold)
{
	struct harness *h = with_trials(7);

	suggest(h, 1);
	h->hold_jobs = hold;
	harness_tick(h, PREPARE_QUIET_MS);
	return h;
}

static void every_change_drops_it(void **state)
{
	(void)state;
	for (int which = 0; which < N_CHANGES; which++)
		for (int running = 0; running < 2; running++) {
			struct harness *h = with_one_running(running);
			struct msg_request m = change(h, which);
			bool active = which < 5 || which > 7, queued = which == 9;
			int n_jobs = h->n_jobs;

			ask_ok(h, &m);
			assert_int_equal(h->n_cuts, running);
			h->hold_jobs = false;
			harness_jobs(h);
			harness_check(h);
			assert_int_equal(h->n_jobs, n_jobs); /* not at once: the last was in vain */
			harness_tick(h, PREPARE_QUIET_MS);
			assert_int_equal(h->n_jobs, n_jobs + (active && !queued));
			m = harness_suggest(h, "s", 1);
			if (active)
				ask_ok(h, &m);
			assert_int_equal(h->n_jobs, n_jobs + active);
			if (active)
				replay_is_equal(h, 9);
			harness_free(h);
		}
}

/* Reports, and results that came too late, are nothing to a computation. */
static void reports_leave_it(void **state)
{
	struct harness *h = with_one_running(false);
	struct msg_request m = harness_report(h, "s", 7, 1, 0.5);
	int n_jobs = h->n_jobs;

	(void)state;
	ask_ok(h, &m);
	suggest(h, 1);
	assert_int_equal(h->n_jobs, n_jobs);
	replay_is_equal(h, 9);
	harness_free(h);
}

static void a_lost_commit_drops_it(void **state)
{
	struct harness *h = with_one_running(false);
	struct msg_request m = harness_report(h, "s", 7, 1, 0.5);
	int n_jobs = h->n_jobs;

	(void)state;
	h->commit_status = KR_EFULL;
	harness_ask(h, &m);
	harness_check(h);
	h->commit_status = KR_OK;
	harness_tick(h, 1000);
	assert_int_equal(h->n_jobs, n_jobs);
	suggest(h, 1);
	assert_int_equal(h->n_jobs, n_jobs + 1);
	replay_is_equal(h, 9);
	harness_free(h);
}

/* A Suggest whose row is lost has had it, too. */
static void one_that_was_given_and_lost_is_computed_again(void **state)
{
	struct harness *h = with_one_running(false);
	struct msg_request m = harness_suggest(h, "s", 1);
	struct msg_reply r;
	size_t n_rows = h->n_rows;

	(void)state;
	h->commit_status = KR_EIO;
	r = harness_ask(h, &m);
	assert_true(r.is_error);
	assert_int_equal(h->n_rows, n_rows);
	h->commit_status = KR_OK;
	harness_tick(h, 1000);
	m = harness_suggest(h, "s", 1);
	ask_ok(h, &m);
	replay_is_equal(h, 9);
	harness_free(h);
}

/* ---- who gets one ----------------------------------------------------------- */

static void nobody_asked_nothing_is_computed(void **state)
{
	struct harness *h = with_trials(6);
	int n_jobs;

	(void)state;
	suggest(h, 1);
	harness_restart(h);
	n_jobs = h->n_jobs;
	observe(h, 6, 1);
	harness_tick(h, 1000);
	assert_int_equal(h->n_jobs, n_jobs);
	suggest(h, 1);
	assert_int_equal(h->n_jobs, n_jobs + 1);
	harness_tick(h, 100);
	assert_int_equal(h->n_jobs, n_jobs + 2);
	harness_free(h);
}

static void it_is_dropped_when_the_study_is_not_in_use(void **state)
{
	struct harness *h = with_trials(6);
	struct msg_request m = harness_request(h, METHOD_ADD_TRIALS, 0);
	int n_jobs = h->n_jobs;

	(void)state;
	harness_tick(h, PREPARE_IDLE_S * 1000LL);
	suggest(h, 1); /* the last moment */
	assert_int_equal(h->n_jobs, n_jobs);
	harness_tick(h, PREPARE_QUIET_MS);
	assert_int_equal(h->n_jobs, n_jobs + 1);
	harness_tick(h, PREPARE_IDLE_S * 1000LL);
	harness_check(h);
	m = harness_correct(h, "s", 0, 7);
	ask_ok(h, &m);
	harness_tick(h, 1000);
	assert_int_equal(h->n_jobs, n_jobs + 1);
	suggest(h, 1);
	assert_int_equal(h->n_jobs, n_jobs + 2);
	harness_free(h);
}

static void a_spent_budget_has_no_next(void **state)
{
	struct harness *h = boot(true);
	struct msg_request m = harness_create(h, "s");

	(void)state;
	m.u.create_study.spec.has_budget = true;
	m.u.create_study.spec.budget = 2;
	ask_ok(h, &m);
	suggest(h, 1);
	harness_tick(h, PREPARE_QUIET_MS);
	assert_int_equal(h->n_jobs, 2);
	suggest(h, 1);
	harness_tick(h, PREPARE_QUIET_MS);
	assert_int_equal(h->n_jobs, 2);
	m = harness_fail(h, "s", 0, TRIAL_FAILED, "its place is free again");
	ask_ok(h, &m);
	assert_int_equal(h->n_jobs, 3);
	suggest(h, 1);
	assert_int_equal(h->n_jobs, 3);
	harness_free(h);
}

/* Every result for so many studies is not kept: the one asked for longest ago goes. */
static void there_is_a_limit(void **state)
{
	struct harness *h = boot(true);
	char name[16];
	int n_jobs;

	(void)state;
	for (int i = 0; i <= PREPARE_MOST_READY; i++) {
		struct msg_request m;

		snprintf(name, sizeof(name), "s%d", i);
		m = harness_create(h, name);
		m.u.create_study.spec.lease_s = 1000;
		ask_ok(h, &m);
		m = harness_suggest(h, name, 1);
		ask_ok(h, &m);
		harness_tick(h, PREPARE_QUIET_MS);
	}
	n_jobs = h->n_jobs;
	for (int i = 0; i < 2; i++) {
		struct msg_request m = harness_suggest(h, i == 0 ? "s1" : "s0", 1);

		ask_ok(h, &m);
		assert_int_equal(h->n_jobs, n_jobs + i);
	}
	harness_free(h);
}

/* One worker: one at a time, in the order in which they were wanted. */
static void they_take_turns(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	struct harness *h = boot(true);
	int n_jobs;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct msg_request m = harness_create(h, names[i]);

		ask_ok(h, &m);
		m = harness_suggest(h, names[i], 1);
		ask_ok(h, &m);
	}
	n_jobs = h->n_jobs;
	h->hold_jobs = true;
	for (int i = 0; i < 3; i++) {
		struct msg_request m = harness_observe(h, names[i], 0, 1);

		ask_ok(h, &m);
		assert_int_equal(h->n_jobs, n_jobs + 1);
	}
	h->hold_jobs = false;
	harness_jobs(h);
	harness_check(h);
	assert_int_equal(h->n_jobs, n_jobs + 3);
	for (int i = 0; i < 3; i++) {
		struct msg_request m = harness_suggest(h, names[i], 1);

		ask_ok(h, &m);
	}
	assert_int_equal(h->n_jobs, n_jobs + 3);
	harness_free(h);
}

/* One that was cut by a daemon that stops, or fails, is not tried over and over. */
static void one_that_fails_is_not_tried_again(void **state)
{
	(void)state;
	for (int which = 0; which < 2; which++) {
		struct harness *h = with_trials(6);
		int n_jobs;

		suggest(h, 1);
		h->hold_jobs = true;
		observe(h, 6, 2);
		n_jobs = h->n_jobs;
		h->hold_jobs = false;
		h->cut_after = which == 0;
		if (which)
			kr_alloc_fail_at(1, 1);
		harness_jobs(h);
		kr_alloc_fail_at(0, 0);
		h->cut_after = 0;
		harness_check(h);
		for (int i = 0; i < 10; i++)
			harness_tick(h, 1000);
		assert_int_equal(h->n_jobs, n_jobs);
		suggest(h, 1);
		assert_int_equal(h->n_jobs, n_jobs + 1);
		replay_is_equal(h, 8);
		harness_free(h);
	}
}

static void off_is_off(void **state)
{
	struct harness *h = with_trials(3);
	int n_jobs;

	(void)state;
	h->prepare = false;
	harness_restart(h);
	n_jobs = h->n_jobs;
	suggest(h, 1);
	harness_tick(h, 1000);
	observe(h, 3, 1);
	harness_tick(h, 1000);
	assert_int_equal(h->n_jobs, n_jobs + 1);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_told_study_has_the_next_ready),
		cmocka_unit_test(the_one_after_a_suggest_waits_for_quiet),
		cmocka_unit_test(rows_are_those_of_an_ordinary_suggest),
		cmocka_unit_test(it_is_said_to_be_ready),
		cmocka_unit_test(a_suggest_joins_the_one_that_runs),
		cmocka_unit_test(who_joins_has_their_deadline),
		cmocka_unit_test(other_wishes_begin_anew),
		cmocka_unit_test(every_change_drops_it),
		cmocka_unit_test(reports_leave_it),
		cmocka_unit_test(a_lost_commit_drops_it),
		cmocka_unit_test(one_that_was_given_and_lost_is_computed_again),
		cmocka_unit_test(nobody_asked_nothing_is_computed),
		cmocka_unit_test(it_is_dropped_when_the_study_is_not_in_use),
		cmocka_unit_test(a_spent_budget_has_no_next),
		cmocka_unit_test(there_is_a_limit),
		cmocka_unit_test(they_take_turns),
		cmocka_unit_test(one_that_fails_is_not_tried_again),
		cmocka_unit_test(off_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
