/* Suggests that wait until something can be given: what they wait for, how long, and what
 * happens to them meanwhile; deadlines of computations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/daemon/engine_life.h"

static void budget_2(struct msg_spec *spec)
{
	spec->has_budget = true;
	spec->budget = 2;
}

static void two_points(struct msg_spec *spec)
{
	static const struct msg_param x = {
		.name = "x", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 2};

	spec->params = &x;
	spec->n_params = 1;
}

static struct msg_request waiting(struct harness *h, uint32_t n, uint64_t wait_ms)
{
	struct msg_request m = harness_suggest(h, "s", n);

	m.u.suggest.wait_ms = wait_ms;
	return m;
}

static uint64_t send_waiting(struct harness *h, uint32_t n, uint64_t wait_ms)
{
	struct msg_request m = waiting(h, n, wait_ms);
	uint64_t tag = harness_send(h, &m);

	harness_check(h);
	return tag;
}

/* The reply's first trial number. */
static uint64_t number(struct harness *h, uint64_t tag)
{
	struct msg_reply r = harness_reply(h, tag);

	harness_assert_ok(&r);
	harness_check(h);
	return r.u.trials.trials[0].number;
}

/* A paused study: served at its resume, in the order of arrival. */
static void test_paused(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m = harness_update(h, "s", ACTION_PAUSE);
	uint64_t a, b;
	int64_t arrived;

	(void)state;
	life_do(h, &m);
	arrived = h->now.now_ns;
	a = send_waiting(h, 1, 60000);
	b = send_waiting(h, 2, 30000);
	assert_int_equal(engine_next_wakeup(h->e), arrived + 30000000000);
	m = harness_update(h, "s", ACTION_NONE);
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 9;
	life_do(h, &m); /* a change that does not help */
	assert_null(harness_raw(h, a));
	m = harness_update(h, "s", ACTION_RESUME);
	life_do(h, &m);
	assert_int_equal(number(h, a), 0);
	assert_int_equal(number(h, b), 1);
	assert_true(engine_next_wakeup(h->e) > arrived + 9000000000);
	life_replay(h);
	harness_free(h);
}

/* The wait is over: the refusal of then. */
static void test_over(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m = harness_update(h, "s", ACTION_PAUSE), asked = waiting(h, 1, 5000);
	struct msg_reply r;
	uint64_t tag, again;

	(void)state;
	life_do(h, &m);
	tag = harness_send(h, &asked);
	harness_tick(h, 4999);
	assert_null(harness_raw(h, tag));
	harness_tick(h, 1);
	r = harness_reply(h, tag);
	harness_assert_error(&r, KR_NOT_NOW, NULL, "paused");
	harness_check(h);
	assert_true(engine_next_wakeup(h->e) == INT64_MAX);
	m = harness_update(h, "s", ACTION_RESUME);
	life_do(h, &m);
	again = harness_send(h, &asked); /* a refusal is not remembered */
	assert_int_equal(number(h, again), 0);
	harness_free(h);
}

/* A spent budget: waits while trials run that may give their place back. */
static void test_budget(void **state)
{
	struct harness *h = life_new(budget_2);
	struct msg_request m;
	struct msg_reply r;
	uint64_t a, b;

	(void)state;
	life_ask(h, 2, NULL, 0);
	a = send_waiting(h, 1, 60000);
	b = send_waiting(h, 1, 60000);
	m = harness_observe(h, "s", 0, 1); /* takes its place for good */
	life_do(h, &m);
	assert_null(harness_raw(h, a));
	m = harness_fail(h, "s", 1, TRIAL_FAILED, NULL);
	life_do(h, &m);
	assert_int_equal(number(h, a), 2);
	assert_null(harness_raw(h, b));
	m = harness_observe(h, "s", 2, 1); /* now nothing runs: it is told at once */
	life_do(h, &m);
	r = harness_reply(h, b);
	harness_assert_error(&r, KR_BUDGET_SPENT, NULL, NULL);
	a = send_waiting(h, 1, 60000);
	r = harness_reply(h, a);
	harness_assert_error(&r, KR_BUDGET_SPENT, NULL, NULL);
	harness_check(h);
	harness_free(h);
}

/* Each way in which a place or a trial may come. */
static void test_what_helps(void **state)
{
	(void)state;
	for (int way = 0; way < 5; way++) {
		struct harness *h = life_new(budget_2);
		struct msg_request m;
		uint64_t tag;

		life_ask(h, 2, NULL, 0);
		tag = send_waiting(h, 1, 60000);
		assert_null(harness_raw(h, tag));
		switch (way) {
		case 0: m = life_release(h, 1, NULL); break;
		case 1: m = life_cancel(h, 1); break;
		case 2:
			m = harness_update(h, "s", ACTION_NONE);
			m.u.update_study.no_budget = true;
			break;
		case 3: m = harness_fail(h, "s", 0, TRIAL_FAILED, NULL); break;
		default: m = harness_get(h, "s"); harness_tick(h, 10000);
		}
		life_do(h, &m);
		assert_int_equal(number(h, tag), way == 0 ? 1 : 2);
		harness_free(h);
	}
}

/* Finished or deleted meanwhile: told at once. */
static void test_finished(void **state)
{
	(void)state;
	for (int deleted = 0; deleted < 2; deleted++) {
		struct harness *h = life_new(budget_2);
		struct msg_request m = harness_update(h, "s", ACTION_FINISH);
		struct msg_reply r;
		uint64_t tag;

		life_ask(h, 2, NULL, 0);
		tag = send_waiting(h, 1, 60000);
		if (deleted) {
			m = harness_request(h, METHOD_DELETE_STUDY, 0);
			m.u.delete_study.study = "s";
		}
		life_do(h, &m);
		r = harness_reply(h, tag);
		harness_assert_error(&r, deleted ? KR_NOT_FOUND : KR_STUDY_FINISHED, NULL, NULL);
		harness_check(h);
		harness_free(h);
	}
}

/* Every point was given out: waits for one that comes back, without computing meanwhile. */
static void test_exhausted(void **state)
{
	struct harness *h = life_new(two_points);
	struct msg_request m;
	struct msg_reply r;
	uint64_t a, b;
	int jobs;

	(void)state;
	life_ask(h, 2, NULL, 0);
	a = send_waiting(h, 1, 60000);
	b = send_waiting(h, 1, 60000);
	jobs = h->n_jobs;
	m = harness_observe(h, "s", 0, 1);
	life_do(h, &m);
	assert_int_equal(h->n_jobs, jobs);
	m = life_release(h, 1, NULL);
	life_do(h, &m);
	assert_int_equal(number(h, a), 1);
	assert_int_equal(h->n_jobs, jobs);
	assert_null(harness_raw(h, b));
	m = harness_observe(h, "s", 1, 2);
	life_do(h, &m);
	r = harness_reply(h, b);
	harness_assert_error(&r, KR_SPACE_EXHAUSTED, NULL, NULL);
	m = harness_delete_trial(h, "s", 1); /* its point is free again */
	life_do(h, &m);
	assert_int_equal(number(h, send_waiting(h, 1, 60000)), 2);
	a = send_waiting(h, 1, 60000);
	assert_null(harness_raw(h, a));
	m = harness_delete_trial(h, "s", 0);
	life_do(h, &m);
	assert_int_equal(number(h, a), 3);
	life_replay(h);
	harness_free(h);
}

/* Repeats join; each gets the one answer. */
static void test_join(void **state)
{
	struct harness *h = life_new(budget_2);
	struct msg_request asked = waiting(h, 1, 60000), m;
	uint64_t a, b, c;

	(void)state;
	life_ask(h, 2, NULL, 0);
	a = harness_send(h, &asked);
	b = harness_send(h, &asked);
	harness_check(h);
	m = life_cancel(h, 0);
	life_do(h, &m);
	assert_int_equal(number(h, a), 2);
	harness_assert_same(h, a, b);
	c = harness_send(h, &asked);
	harness_assert_same(h, a, c);
	assert_int_equal(life_study(h).counts[TRIAL_RUNNING], 2);
	harness_free(h);
}

/* A failed write of the study: who waits is told; an engine that ends forgets them. */
static void test_reload(void **state)
{
	struct harness *h = life_new(budget_2);
	struct msg_request m;
	struct msg_reply r;
	uint64_t tag;

	(void)state;
	life_ask(h, 2, NULL, 0);
	tag = send_waiting(h, 1, 60000);
	h->commit_status = KR_EIO;
	m = harness_observe(h, "s", 0, 1);
	harness_send(h, &m);
	h->commit_status = KR_OK;
	r = harness_reply(h, tag);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	harness_check(h);
	harness_tick(h, 1000);
	assert_int_equal(life_study(h).counts[TRIAL_RUNNING], 2);
	send_waiting(h, 1, 60000);
	harness_restart(h);
	harness_check(h);
	send_waiting(h, 1, 60000);
	harness_free(h);
}

/* Many who wait: all of them at one change, none twice. */
static void test_many(void **state)
{
	enum { MANY = 300 };
	struct harness *h = life_new(NULL);
	struct msg_request m = harness_update(h, "s", ACTION_PAUSE);
	bool seen[MANY] = {false};
	uint64_t tags[MANY];

	(void)state;
	life_do(h, &m);
	for (int i = 0; i < MANY; i++)
		tags[i] = send_waiting(h, 1, (uint64_t)(60000 - i));
	m = harness_update(h, "s", ACTION_RESUME);
	life_do(h, &m);
	for (int i = 0; i < MANY; i++) {
		uint64_t n = number(h, tags[i]);

		assert_true(n < MANY && !seen[n]);
		seen[n] = true;
	}
	harness_free(h);
}

/* ---- deadlines -------------------------------------------------------------- */

static uint64_t send_deadline(struct harness *h, uint64_t ms)
{
	struct msg_request m = harness_suggest(h, "s", 1);

	m.meta.has_deadline = ms > 0;
	m.meta.deadline_ms = ms;
	return harness_send(h, &m);
}

/* Some observations, so that there is a model to fit. */
static struct harness *with_model(void)
{
	struct harness *h = life_new(NULL);

	life_ask(h, 8, NULL, 0);
	for (uint64_t i = 0; i < 8; i++) {
		struct msg_request m = harness_observe(h, "s", i, (double)((i * 5) % 7));

		life_do(h, &m);
	}
	return h;
}

static enum why_freshness freshness(struct harness *h, uint64_t tag)
{
	struct msg_reply r = harness_reply(h, tag);

	harness_assert_ok(&r);
	return r.u.trials.trials[0].why.freshness;
}

/* A short deadline does not cut the others: it gets a computation of its own. */
static void test_short_deadline(void **state)
{
	struct harness *h = with_model();
	uint64_t first, patient, hasty, alike;
	int jobs = h->n_jobs;

	(void)state;
	h->hold_jobs = true;
	first = send_deadline(h, 0);
	patient = send_deadline(h, 0);
	hasty = send_deadline(h, 1000);
	alike = send_deadline(h, 1500);
	assert_int_equal(h->n_jobs, jobs + 1);
	harness_jobs(h); /* one by one: the first, the patient one, the two with deadlines */
	h->hold_jobs = false;
	harness_settle(h);
	assert_int_equal(h->n_jobs, jobs + 3);
	assert_int_equal(freshness(h, first), WHY_FRESH);
	assert_int_equal(freshness(h, patient), WHY_FRESH);
	assert_int_equal(freshness(h, hasty), WHY_FRESH);
	assert_int_equal(freshness(h, alike), WHY_FRESH);
	life_replay(h);
	harness_check(h);
	harness_free(h);
}

/* Serve the computations that are held, but for the oldest. */
static void serve_newer(struct harness *h)
{
	struct effect oldest = h->todo[0];

	assert_int_equal(oldest.kind, EFFECT_COMPUTE);
	memmove(h->todo, h->todo + 1, --h->n_todo * sizeof(*h->todo));
	harness_jobs(h);
	memmove(h->todo + 1, h->todo, h->n_todo++ * sizeof(*h->todo));
	h->todo[0] = oldest;
	harness_check(h);
}

/* The deadline of one that waits behind a long computation: it is answered then, with a point
 * that needed no work, and all can be recomputed. */
static void test_deadline_behind(void **state)
{
	struct harness *h = with_model();
	uint64_t first, hasty, other, late;
	struct msg_request m;

	(void)state;
	h->hold_jobs = true;
	first = send_deadline(h, 0);
	hasty = send_deadline(h, 1000);
	late = send_deadline(h, 5000);
	m = life_enqueue(h, 2, true); /* events go on */
	life_do(h, &m);
	m = life_suggest(h, 3, "ada", 1); /* with picks that the snapshot does not know */
	m.meta.has_deadline = true;
	m.meta.deadline_ms = 1000;
	other = harness_send(h, &m);
	harness_check(h);
	assert_true(engine_next_wakeup(h->e) == h->now.now_ns + 1000000000);
	harness_tick(h, 999);
	assert_int_equal(h->n_todo, 1);
	harness_tick(h, 1);
	assert_int_equal(h->n_todo, 3);
	assert_int_equal(h->n_cuts, 0);
	serve_newer(h);
	assert_null(harness_raw(h, first));
	assert_null(harness_raw(h, late));
	assert_int_equal(freshness(h, hasty), WHY_FALLBACK);
	assert_int_equal(freshness(h, other), WHY_FALLBACK);
	assert_int_equal(harness_reply(h, other).u.trials.n, 3);
	assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 2);
	harness_jobs(h);
	assert_int_equal(freshness(h, first), WHY_FRESH);
	h->hold_jobs = false;
	harness_settle(h);
	assert_int_equal(freshness(h, late), WHY_FRESH);
	assert_int_equal(life_replay(h), 8 + 1 + 3 + 1 + 1);
	harness_restart(h);
	assert_int_equal(life_replay(h), 8 + 1 + 3 + 1 + 1);
	harness_free(h);
}

/* Computations that don't know of each other: no point comes twice, even where few are left;
 * who lost one gets another. */
static void test_deadlines_are_distinct(void **state)
{
	(void)state;
	for (int main_first = 0; main_first < 2; main_first++) {
		struct harness *h = life_new(two_points);
		uint64_t first, hasty;
		struct msg_request m;
		struct msg_reply r;

		h->hold_jobs = true;
		first = send_deadline(h, 0);
		hasty = send_deadline(h, 1000);
		harness_tick(h, 1000);
		assert_int_equal(h->n_todo, 2);
		if (!main_first)
			serve_newer(h);
		harness_jobs(h);
		h->hold_jobs = false;
		harness_settle(h);
		assert_int_equal(number(h, first) + number(h, hasty), 1);
		assert_false(msg_scalar_equal(&harness_reply(h, first).u.trials.trials[0].params[0].value,
			&harness_reply(h, hasty).u.trials.trials[0].params[0].value));
		life_replay(h);
		m = harness_suggest(h, "s", 1);
		r = harness_ask(h, &m);
		harness_assert_error(&r, KR_SPACE_EXHAUSTED, NULL, NULL);
		harness_free(h);
	}
}

/* The study is lost while a hasty computation runs. */
static void test_deadline_and_reload(void **state)
{
	struct harness *h = with_model();
	uint64_t first, hasty;
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	h->hold_jobs = true;
	first = send_deadline(h, 0);
	hasty = send_deadline(h, 1000);
	harness_tick(h, 1000);
	h->commit_status = KR_EIO;
	m = life_enqueue(h, 1, true);
	harness_send(h, &m);
	h->commit_status = KR_OK;
	r = harness_reply(h, first);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	r = harness_reply(h, hasty);
	harness_assert_error(&r, KR_UNAVAILABLE, NULL, NULL);
	h->hold_jobs = false;
	harness_settle(h);
	harness_check(h);
	harness_tick(h, 1000);
	life_ask(h, 1, NULL, 0);
	life_replay(h);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paused),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_what_helps),
		cmocka_unit_test(test_finished),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_short_deadline),
		cmocka_unit_test(test_deadline_behind),
		cmocka_unit_test(test_deadlines_are_distinct),
		cmocka_unit_test(test_deadline_and_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
