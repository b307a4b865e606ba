/* Report and Heartbeat: what is kept, when to stop, and that reports keep a trial alive. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/engine/core.h"
#include "daemon/engine/progress.h"
#include "tests/daemon/engine_harness.h"

static struct msg_reply ask(struct harness *h, struct msg_request m)
{
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	return r;
}

static void assert_refused(struct harness *h, struct msg_request m, enum kr_status code,
	const char *field, const char *text)
{
	size_t rows = h->n_rows;
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_error(&r, code, field, text);
	assert_int_equal(h->n_rows, rows);
	harness_check(h);
}

/* A study whose leases are 10 s, with n running trials. */
static struct harness *running(uint32_t n)
{
	struct harness *h = harness_new();

	ask(h, harness_create(h, "s"));
	ask(h, harness_suggest(h, "s", n));
	return h;
}

static struct msg_trial trial(struct harness *h, uint64_t number)
{
	return ask(h, harness_trial(h, "s", number)).u.trials.trials[0];
}

static enum stop_reason report(struct harness *h, uint64_t number, int64_t step, double value)
{
	struct msg_report_reply r = ask(h, harness_report(h, "s", number, step, value)).u.report;

	assert_int_equal(r.stop != STOP_NONE, r.message != NULL);
	assert_int_equal(r.remaining_ms, r.stop == STOP_CANCELLED ? 0 : 10000);
	return r.stop;
}

/* ---- what is kept -------------------------------------------------------------- */

static void test_progress(void **state)
{
	struct harness *h = running(2);
	struct msg_trial t;
	uint64_t seq;

	(void)state;
	assert_int_equal(report(h, 0, -1, 0.5), STOP_NONE);
	h->now.wall_ms += 1000;
	assert_int_equal(report(h, 0, 7, 0.25), STOP_NONE);
	seq = trial(h, 0).seq;
	assert_int_equal(report(h, 0, 7, 0.25), STOP_NONE); /* harmless */
	t = trial(h, 0);
	assert_int_equal(t.seq, seq);
	assert_int_equal(t.n_progress, 2);
	assert_int_equal(t.progress[0].step, -1);
	assert_true(t.progress[0].value == 0.5);
	assert_int_equal(t.progress[1].step, 7);
	assert_int_equal(t.progress[1].time_ms, t.progress[0].time_ms + 1000);
	assert_int_equal(trial(h, 1).n_progress, 0);
	harness_restart(h);
	t = trial(h, 0);
	assert_int_equal(t.n_progress, 2);
	assert_true(t.progress[1].value == 0.25);
	ask(h, harness_observe(h, "s", 0, 1));
	assert_int_equal(trial(h, 0).n_progress, 2); /* it stays with the result */
	harness_check(h);
	harness_free(h);
}

static void test_columns(void **state)
{
	struct harness *h = running(2);
	struct msg_request m = {.method = METHOD_LIST_TRIALS};
	struct msg_list_trials_reply r;
	uint64_t seq;

	(void)state;
	report(h, 1, 1, 1);
	m.u.list_trials.study = "s";
	r = ask(h, m).u.list_trials;
	assert_int_equal(r.trials[1].n_progress, 1);
	seq = r.seq;
	m.u.list_trials.params = true;
	assert_int_equal(ask(h, m).u.list_trials.trials[1].n_progress, 0);
	m.u.list_trials.params = false;
	m.u.list_trials.progress = true;
	r = ask(h, m).u.list_trials;
	assert_int_equal(r.trials[1].n_progress, 1);
	assert_int_equal(r.trials[1].n_params, 0);
	m.u.list_trials.since_seq = seq;
	assert_int_equal(ask(h, m).u.list_trials.n, 0);
	report(h, 0, 1, 1); /* a report is a change of its trial */
	r = ask(h, m).u.list_trials;
	assert_int_equal(r.n, 1);
	assert_int_equal(r.trials[0].number, 0);
	harness_free(h);
}

static void test_refused(void **state)
{
	struct harness *h = running(1);
	struct msg_request m;

	(void)state;
	report(h, 0, 5, 1);
	assert_refused(h, harness_report(h, "s", 0, 4, 1), KR_CONFLICT, "step", "step 5");
	assert_refused(h, harness_report(h, "s", 0, 5, 2), KR_CONFLICT, "value", "step 5");
	assert_refused(h, harness_report(h, "s", 0, 6, NAN), KR_INVALID_ARGUMENT, "value", "finite");
	assert_refused(h, harness_report(h, "s", 0, 6, INFINITY), KR_INVALID_ARGUMENT, "value", NULL);
	assert_refused(h, harness_report(h, "s", 3, 6, 1), KR_NOT_FOUND, "number", "no trial 3");
	m = harness_report(h, "s", 0, 6, 1);
	m.u.report.lease.has_token = true;
	assert_refused(h, m, KR_STALE_LEASE, "lease.token", NULL);
	m.u.report.lease.has_token = false;
	m.u.report.lease.has_attempt = true;
	m.u.report.lease.attempt = 2;
	assert_refused(h, m, KR_STALE_LEASE, "lease.attempt", NULL);
	harness_tick(h, 11000);
	assert_refused(h, harness_report(h, "s", 0, 6, 1), KR_STALE_LEASE, "number", "EXPIRED");
	harness_free(h);
}

static void test_too_many(void **state)
{
	struct harness *h = running(1);

	(void)state;
	for (int i = 0; i < LIMIT_REPORTS; i++) {
		struct msg_request m = harness_report(h, "s", 0, i, i);
		struct harness_reply *last;

		harness_send(h, &m);
		last = &h->replies[h->n_replies - 1];
		assert_false(last->is_error);
	}
	assert_refused(
		h, harness_report(h, "s", 0, LIMIT_REPORTS, 1), KR_TOO_LARGE, "step", "report less often");
	assert_int_equal(trial(h, 0).n_progress, LIMIT_REPORTS);
	harness_restart(h);
	assert_int_equal(trial(h, 0).n_progress, LIMIT_REPORTS);
	harness_free(h);
}

/* A new attempt goes on, or begins anew from where it goes on. */
static void test_attempts(void **state)
{
	struct progress *p = NULL;
	struct kr_error err;

	(void)state;
	assert_null(progress_last(p, 1));
	for (int i = 0; i < 20; i++) {
		assert_int_equal(progress_reserve(&p, &err), KR_OK);
		progress_add(p, 1, &(struct msg_progress){.step = 2 * i});
	}
	assert_int_equal(p->n, 20);
	assert_int_equal(progress_last(p, 1)->step, 38);
	assert_null(progress_last(p, 2));
	assert_int_equal(progress_kept(p, 2, 11), 6);
	assert_int_equal(progress_kept(p, 2, 10), 5);
	assert_int_equal(progress_kept(p, 2, -1), 0);
	assert_int_equal(progress_kept(p, 2, 100), 20);
	progress_add(p, 2, &(struct msg_progress){.step = 11});
	assert_int_equal(p->n, 7);
	assert_int_equal(p->p[5].step, 10);
	assert_int_equal(p->p[6].step, 11);
	progress_free(p);
}

/* ---- leases --------------------------------------------------------------------- */

static void test_renews(void **state)
{
	struct harness *h = running(2);

	(void)state;
	for (int i = 0; i < 5; i++) {
		harness_tick(h, 6000);
		report(h, 0, i, 1);
	}
	assert_int_equal(trial(h, 0).state, TRIAL_RUNNING);
	assert_int_equal(trial(h, 1).state, TRIAL_EXPIRED);
	harness_tick(h, 11000);
	assert_int_equal(trial(h, 0).state, TRIAL_EXPIRED);
	harness_free(h);
}

/* ---- stops ---------------------------------------------------------------------- */

static struct msg_heartbeat_reply beat(struct harness *h, int n)
{
	struct msg_lease *leases = ARENA_ARRAY(h->arena, struct msg_lease, n);
	struct msg_request m = {.method = METHOD_HEARTBEAT};

	for (int i = 0; i < n; i++)
		leases[i].number = (uint64_t)i;
	m.u.heartbeat = (struct msg_heartbeat){"s", n, leases};
	return ask(h, m).u.heartbeat;
}

static void test_state_stops(void **state)
{
	struct harness *h = running(1);
	struct msg_heartbeat_reply b;

	(void)state;
	assert_int_equal(beat(h, 1).n_stops, 0);
	ask(h, harness_update(h, "s", ACTION_PAUSE));
	assert_int_equal(report(h, 0, 1, 1), STOP_PAUSED);
	b = beat(h, 1);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.n_stops, 1);
	assert_int_equal(b.stops[0].number, 0);
	assert_int_equal(b.stops[0].reason, STOP_PAUSED);
	ask(h, harness_update(h, "s", ACTION_FINISH));
	assert_int_equal(report(h, 0, 2, 1), STOP_FINISHED);
	ask(h, harness_update(h, "s", ACTION_RESUME));
	assert_int_equal(report(h, 0, 3, 1), STOP_NONE);
	assert_int_equal(trial(h, 0).n_progress, 3);
	harness_free(h);
}

/* The newest of the running ones that are above the budget stop, and no more. */
static void test_budget_stops(void **state)
{
	struct harness *h = running(6);
	struct msg_request m = harness_update(h, "s", ACTION_NONE);
	struct msg_heartbeat_reply b;

	(void)state;
	ask(h, harness_observe(h, "s", 4, 1));
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 4; /* 6 are spent: 3 and 5 must go */
	ask(h, m);
	b = beat(h, 6);
	assert_int_equal(b.n, 5);
	assert_int_equal(b.n_lost, 1);
	assert_int_equal(b.n_stops, 2);
	assert_int_equal(b.stops[0].number, 3);
	assert_int_equal(b.stops[1].number, 5);
	assert_int_equal(report(h, 2, 1, 1), STOP_NONE);
	assert_int_equal(report(h, 3, 1, 1), STOP_BUDGET);
	ask(h, harness_fail(h, "s", 5, TRIAL_FAILED, NULL)); /* gives its place back */
	assert_int_equal(report(h, 3, 2, 1), STOP_BUDGET);
	ask(h, harness_fail(h, "s", 2, TRIAL_FAILED, NULL));
	assert_int_equal(report(h, 3, 3, 1), STOP_NONE);
	harness_free(h);
}

static void test_ended_stops(void **state)
{
	struct harness *h = running(2);

	(void)state;
	report(h, 0, 1, 1);
	ask(h, harness_fail(h, "s", 0, TRIAL_PRUNED, "hopeless"));
	assert_int_equal(report(h, 0, 2, 1), STOP_CANCELLED);
	assert_int_equal(trial(h, 0).n_progress, 1);
	ask(h, harness_delete_trial(h, "s", 0));
	assert_int_equal(report(h, 0, 3, 1), STOP_CANCELLED);
	harness_restart(h);
	assert_int_equal(report(h, 0, 4, 1), STOP_CANCELLED);
	harness_check(h);
	harness_free(h);
}

/* ---- repeats ---------------------------------------------------------------------- */

static void test_repeats(void **state)
{
	enum { MOST = 16 };
	struct harness *h = running(2);
	struct msg_request made[MOST];
	uint64_t tags[MOST];
	int n = 0;
	size_t rows;

#define MAKE(m) (made[n] = (m), tags[n] = harness_send(h, &made[n]), n++)
	(void)state;
	MAKE(harness_report(h, "s", 0, 1, 1));
	made[n] = harness_edit(h, "s", 0);
	made[n].u.edit_trial.note = "running";
	MAKE(made[n]);
	MAKE(harness_report(h, "s", 0, 1, 1));
	MAKE(harness_report(h, "s", 0, 2, 1));
	MAKE(harness_update(h, "s", ACTION_PAUSE));
	MAKE(harness_report(h, "s", 0, 3, 1));
	MAKE(harness_update(h, "s", ACTION_RESUME));
	MAKE(harness_report(h, "s", 0, 4, 1));
	MAKE(harness_observe(h, "s", 0, 1));
	MAKE(harness_report(h, "s", 0, 5, 1));
	MAKE(harness_delete_trial(h, "s", 0));
	MAKE(harness_report(h, "s", 0, 6, 1));
#undef MAKE
	rows = h->n_rows;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = n; i-- > 0;) {
			assert_false(harness_raw(h, tags[i])->is_error);
			harness_assert_same(h, tags[i], harness_send(h, &made[i]));
		}
		harness_restart(h);
	}
	assert_int_equal(h->n_rows, rows);
	made[0].u.report.number = 1; /* the id of a report on another trial */
	{
		struct msg_reply r = harness_ask(h, &made[0]);

		harness_assert_error(&r, KR_INVALID_ARGUMENT, "meta.request_id", NULL);
	}
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_renews),
		cmocka_unit_test(test_state_stops),
		cmocka_unit_test(test_budget_stops),
		cmocka_unit_test(test_ended_stops),
		cmocka_unit_test(test_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
