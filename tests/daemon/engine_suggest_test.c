/* Suggest: fixed values, budgets, joint batches, deadlines, queues; Predict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "tests/daemon/engine_harness.h"

static struct harness *with_study(uint64_t budget)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r;

	m.u.create_study.spec.has_budget = budget > 0;
	m.u.create_study.spec.budget = budget;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	return h;
}

static bool same_point(const struct msg_trial *a, const struct msg_trial *b)
{
	for (int i = 0; i < a->n_params; i++)
		if (!msg_scalar_equal(&a->params[i].value, &b->params[i].value))
			return false;
	return true;
}

static void suggest_error(
	struct harness *h, struct msg_named *fixed, const char *field, const char *text)
{
	struct msg_request m = harness_suggest(h, "s", 1);
	struct msg_reply r;
	size_t rows = h->n_rows;

	m.u.suggest.n_fixed = 1;
	m.u.suggest.fixed = fixed;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, field, text);
	assert_int_equal(h->n_rows, rows);
}

static void test_fixed(void **state)
{
	struct harness *h = with_study(0);
	struct msg_named fixed[2] = {
		{"k", {.kind = SCALAR_REAL, .r = 4}},
		{"c", {.kind = SCALAR_NULL}},
	};
	struct msg_request m = harness_suggest(h, "s", 3);
	struct msg_reply r;

	(void)state;
	m.u.suggest.n_fixed = 2;
	m.u.suggest.fixed = fixed;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(r.u.trials.trials[i].params[1].value.i, 4);
		assert_int_equal(r.u.trials.trials[i].params[2].value.kind, SCALAR_NULL);
	}
	suggest_error(h, &(struct msg_named){"z", {.kind = SCALAR_INT}}, "fixed.z", "no parameter");
	suggest_error(h, &(struct msg_named){"k", {.kind = SCALAR_REAL, .r = 2.5}}, "fixed.k",
		"2.5 is a real; it must be an integer");
	suggest_error(
		h, &(struct msg_named){"k", {.kind = SCALAR_INT, .i = 6}}, "fixed.k", "6 is out of bounds");
	suggest_error(h, &(struct msg_named){"x", {.kind = SCALAR_STRING, .s = "0.5"}}, "fixed.x",
		"'0.5' is text; it must be a number");
	suggest_error(h, &(struct msg_named){"c", {.kind = SCALAR_STRING, .s = "1"}}, "fixed.c",
		"'1' (text) is not one of its 5 choices");
	harness_check(h);
	harness_free(h);
}

static void test_budget(void **state)
{
	struct harness *h = with_study(3);
	struct msg_request m = harness_suggest(h, "s", 2);
	struct msg_reply r = harness_ask(h, &m);

	(void)state;
	assert_int_equal(r.u.trials.n, 2);
	m = harness_suggest(h, "s", 2);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.trials.n, 1); /* what is left */
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_BUDGET_SPENT, NULL, "the budget of 3 trials");
	m = harness_fail(h, "s", 0, TRIAL_FAILED, "gone"); /* gives its place back */
	harness_ask(h, &m);
	m = harness_fail(h, "s", 1, TRIAL_PRUNED, "bad"); /* does not */
	harness_ask(h, &m);
	m = harness_suggest(h, "s", 5);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.trials.n, 1);
	m = harness_update(h, "s", ACTION_NONE);
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 4;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_suggest(h, "s", 5);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.trials.n, 1);
	m = harness_get(h, "s");
	r = harness_ask(h, &m);
	assert_string_equal(r.u.study.study.reason, "the budget of 4 trials is spent");
	harness_check(h);
	harness_free(h);
}

/* Places are reserved while a computation runs, and by the suggests behind it. */
static void test_budget_is_reserved(void **state)
{
	struct harness *h = with_study(3);
	struct msg_request m;
	struct msg_reply r;
	uint64_t a, b;

	(void)state;
	h->hold_jobs = true;
	m = harness_suggest(h, "s", 2);
	a = harness_send(h, &m);
	m = harness_suggest(h, "s", 2);
	b = harness_send(h, &m);
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_BUDGET_SPENT, NULL, "3 being computed");
	harness_check(h);
	harness_settle(h);
	r = harness_reply(h, a);
	assert_int_equal(r.u.trials.n, 2);
	r = harness_reply(h, b);
	assert_int_equal(r.u.trials.n, 1);
	harness_check(h);
	harness_free(h);
}

/* Those that wait together share one computation and get distinct points. */
static void test_joint_batch(void **state)
{
	enum { N = 12 };
	struct harness *h = with_study(0);
	struct msg_trial trials[N + 1];
	struct msg_request m;
	uint64_t tags[N + 1];

	(void)state;
	h->hold_jobs = true;
	for (int i = 0; i <= N; i++) {
		m = harness_suggest(h, "s", 1);
		tags[i] = harness_send(h, &m);
	}
	assert_int_equal(h->n_jobs, 1); /* the first; the others wait for the next */
	harness_settle(h);
	assert_int_equal(h->n_jobs, 2);
	for (int i = 0; i <= N; i++) {
		struct msg_reply r = harness_reply(h, tags[i]);

		harness_assert_ok(&r);
		trials[i] = r.u.trials.trials[0];
		assert_int_equal(trials[i].number, i); /* in the order of arrival */
		for (int k = 0; k < i; k++)
			assert_false(same_point(&trials[i], &trials[k]));
	}
	harness_check(h);
	harness_free(h);
}

/* An observe is answered while a computation of its study runs. */
static void test_observe_does_not_wait(void **state)
{
	struct harness *h = with_study(0);
	struct msg_request m = harness_suggest(h, "s", 1);
	struct msg_reply r = harness_ask(h, &m);
	uint64_t tag;

	(void)state;
	h->hold_jobs = true;
	m = harness_suggest(h, "s", 1);
	tag = harness_send(h, &m);
	m = harness_observe(h, "s", 0, 1);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_null(harness_raw(h, tag));
	harness_settle(h);
	r = harness_reply(h, tag);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.trials[0].number, 1);
	harness_check(h);
	harness_free(h);
}

static void test_exhausted(void **state)
{
	static const struct msg_param params[] = {
		{.name = "k", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 4},
	};
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r;
	unsigned seen = 0;

	(void)state;
	m.u.create_study.spec.n_params = 1;
	m.u.create_study.spec.params = params;
	harness_ask(h, &m);
	m = harness_suggest(h, "s", 3);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.trials.n, 3);
	for (int i = 0; i < 3; i++)
		seen |= 1u << r.u.trials.trials[i].params[0].value.i;
	m = harness_suggest(h, "s", 3);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.trials.n, 1); /* the last one that is unseen */
	seen |= 1u << r.u.trials.trials[0].params[0].value.i;
	assert_int_equal(seen, 0x1e);
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_SPACE_EXHAUSTED, NULL, "every point");
	harness_check(h);
	harness_free(h);
}

static void test_deadline(void **state)
{
	struct harness *h = with_study(0);
	struct msg_request m = harness_suggest(h, "s", 1), other;
	struct msg_reply r;
	uint64_t a, b;

	(void)state;
	for (uint64_t k = 0; k < 12; k++) {
		m = harness_suggest(h, "s", 1);
		harness_ask(h, &m);
		m = harness_observe(h, "s", k, (double)(k * k));
		harness_ask(h, &m);
	}
	h->hold_jobs = true;
	m = harness_suggest(h, "s", 1);
	m.meta.has_deadline = true;
	m.meta.deadline_ms = 50;
	a = harness_send(h, &m);
	other = harness_suggest(h, "s", 1);
	b = harness_send(h, &other);
	assert_true(engine_next_wakeup(h->e) == h->now.now_ns + 50 * 1000000);
	harness_tick(h, 49);
	assert_int_equal(h->n_cuts, 0);
	harness_tick(h, 1);
	assert_int_equal(h->n_cuts, 1);
	harness_tick(h, 1000);
	assert_int_equal(h->n_cuts, 1); /* once */
	harness_settle(h);
	r = harness_reply(h, a);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.trials[0].why.freshness, WHY_FALLBACK); /* before any unit */
	r = harness_reply(h, b);
	assert_int_equal(r.u.trials.trials[0].why.freshness, WHY_FRESH);
	harness_check(h);
	harness_free(h);
}

static void test_queue_limit(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	h->max_waiting = 3;
	harness_restart(h);
	m = harness_create(h, "s");
	harness_ask(h, &m);
	h->hold_jobs = true;
	for (int i = 0; i < 3; i++) {
		m = harness_suggest(h, "s", 1);
		harness_send(h, &m);
	}
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_OVERLOADED, NULL, "3 suggests wait");
	assert_true(r.error.retry_after_ms > 0);
	m = harness_get(h, "s"); /* reads go on */
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	harness_settle(h);
	harness_check(h);
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	harness_free(h);
}

/* What happens to a study while a suggest of it is computed decides its answer. */
static void test_change_during_job(void **state)
{
	struct harness *h = with_study(4);
	struct msg_request m = harness_suggest(h, "s", 3);
	struct msg_reply r;
	uint64_t a, b;

	(void)state;
	h->hold_jobs = true;
	a = harness_send(h, &m);
	m = harness_update(h, "s", ACTION_NONE);
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 2;
	harness_ask(h, &m);
	harness_jobs(h);
	r = harness_reply(h, a);
	assert_int_equal(r.u.trials.n, 2);
	m = harness_update(h, "s", ACTION_NONE);
	m.u.update_study.no_budget = true;
	harness_ask(h, &m);
	m = harness_suggest(h, "s", 1);
	a = harness_send(h, &m);
	m = harness_suggest(h, "s", 1);
	b = harness_send(h, &m);
	m = harness_update(h, "s", ACTION_FINISH);
	harness_ask(h, &m);
	harness_settle(h);
	r = harness_reply(h, a);
	harness_assert_error(&r, KR_STUDY_FINISHED, NULL, NULL);
	r = harness_reply(h, b);
	harness_assert_error(&r, KR_STUDY_FINISHED, NULL, NULL);
	harness_check(h);
	harness_free(h);
}

static void test_lease_term(void **state)
{
	struct harness *h = with_study(0);
	struct msg_request m = harness_suggest(h, "s", 1);
	struct msg_reply r;

	(void)state;
	m.u.suggest.has_lease = true;
	m.u.suggest.lease_s = 2.5;
	m.meta.worker_id = "ada";
	r = harness_ask(h, &m);
	assert_int_equal(r.u.trials.trials[0].lease.remaining_ms, 2500);
	assert_string_equal(r.u.trials.trials[0].worker, "ada");
	assert_true(engine_next_wakeup(h->e) == h->now.now_ns + (int64_t)2500 * 1000000);
	m = harness_suggest(h, "s", 1);
	m.u.suggest.has_lease = true;
	m.u.suggest.lease_s = -1;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "lease_s", "positive");
	harness_free(h);
}

/* As many trials as the refusal names are then given. */
static void test_answer_too_large(void **state)
{
	static struct msg_param params[LIMIT_PARAMETERS];
	static char names[LIMIT_PARAMETERS][16];
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "wide");
	struct msg_reply r;
	const char *most;

	(void)state;
	for (int i = 0; i < LIMIT_PARAMETERS; i++) {
		snprintf(names[i], sizeof(names[i]), "p%d", i);
		params[i] = (struct msg_param){
			.name = names[i], .kind = PARAM_FLOAT, .has_low = true, .has_high = true, .high = 1};
	}
	m.u.create_study.spec.n_params = LIMIT_PARAMETERS;
	m.u.create_study.spec.params = params;
	m.u.create_study.spec.has_budget = false;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_suggest(h, "wide", LIMIT_BATCH);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_TOO_LARGE, "count", "ask for at most ");
	most = strstr(r.error.message, "at most ") + strlen("at most ");
	m = harness_suggest(h, "wide", (uint32_t)strtoul(most, NULL, 10));
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.n, m.u.suggest.count);
	harness_free(h);
}

static void test_predict(void **state)
{
	struct harness *h = with_study(0);
	struct msg_named p[3] = {
		{"x", {.kind = SCALAR_REAL, .r = 0.5}},
		{"k", {.kind = SCALAR_INT, .i = 3}},
		{"c", {.kind = SCALAR_STRING, .s = "a"}},
	};
	struct msg_point point = {.n_params = 3, .params = p};
	struct msg_request m = {.method = METHOD_PREDICT}, tell;
	struct msg_reply r;

	(void)state;
	m.u.predict.study = "s";
	m.u.predict.n = 1;
	m.u.predict.points = &point;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_NOW, NULL, "no observations");
	for (uint64_t k = 0; k < 12; k++) {
		tell = harness_suggest(h, "s", 1);
		r = harness_ask(h, &tell);
		tell = harness_observe(h, "s", k, 10 + r.u.trials.trials[0].params[0].value.r);
		harness_ask(h, &tell);
	}
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.predict.n, 1);
	assert_string_equal(r.u.predict.predictions[0].name, "loss");
	assert_true(r.u.predict.predictions[0].mean > 9 && r.u.predict.predictions[0].mean < 12);
	assert_true(r.u.predict.predictions[0].sd >= 0);
	harness_check(h);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_budget_is_reserved),
		cmocka_unit_test(test_joint_batch),
		cmocka_unit_test(test_observe_does_not_wait),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_queue_limit),
		cmocka_unit_test(test_change_during_job),
		cmocka_unit_test(test_lease_term),
		cmocka_unit_test(test_answer_too_large),
		cmocka_unit_test(test_predict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
