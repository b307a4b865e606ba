/* Repeats: the first answer, byte for byte, and no change; before and after a
 * restart, whatever happened since. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/daemon/engine_harness.h"

enum { MOST = 40 };

/* Requests that were made, with their answers. */
struct script {
	struct msg_request requests[MOST];
	uint64_t tags[MOST];
	int n;
};

static void make(struct harness *h, struct script *s, struct msg_request m)
{
	struct msg_reply r;

	assert_true(s->n < MOST);
	s->requests[s->n] = m;
	s->tags[s->n] = harness_send(h, &m);
	r = harness_reply(h, s->tags[s->n]);
	harness_assert_ok(&r);
	s->n++;
}

/* Every kind of change, and what comes after it overwrites what it can. */
static void play(struct harness *h, struct script *s)
{
	static const struct msg_named point[3] = {
		{"x", {.kind = SCALAR_REAL, .r = 0.5}},
		{"k", {.kind = SCALAR_INT, .i = 3}},
		{"c", {.kind = SCALAR_BOOL, .b = true}},
	};
	static const struct msg_value y = {.value = -4};
	static const struct msg_point points[1] = {
		{.n_params = 3, .params = point, .n_values = 1, .values = &y}};
	static const struct msg_value two[2] = {{.value = 5}, {.value = 6}};
	static const struct msg_observation both[2] = {
		{.number = 0, .n_values = 1, .values = &two[0]}, /* an exact repeat of trial 0 */
		{.number = 3, .n_values = 1, .values = &two[1]},
	};
	struct msg_request m = harness_create(h, "s");

	m.u.create_study.spec.has_budget = true;
	m.u.create_study.spec.budget = 20;
	make(h, s, m);
	m = harness_create(h, "s");
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	make(h, s, m);
	m = harness_suggest(h, "s", 4);
	m.meta.worker_id = "ada";
	make(h, s, m);
	make(h, s, harness_observe(h, "s", 0, 5));
	m = harness_update(h, "s", ACTION_PAUSE);
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 30;
	make(h, s, m);
	make(h, s, harness_fail(h, "s", 1, TRIAL_INFEASIBLE, "too hot"));
	harness_tick(h, 20000);                    /* 2 and 3 expire */
	make(h, s, harness_observe(h, "s", 2, 1)); /* late, and the best */
	m = harness_request(h, METHOD_OBSERVE, 0);
	m.u.observe.study = "s";
	m.u.observe.n = 2;
	m.u.observe.observations = both;
	make(h, s, m);
	make(h, s, harness_update(h, "s", ACTION_RESUME));
	m = harness_request(h, METHOD_ADD_TRIALS, 0);
	m.u.add_trials.study = "s";
	m.u.add_trials.n = 1;
	m.u.add_trials.points = points;
	make(h, s, m);
	make(h, s, harness_suggest(h, "s", 1));
	make(h, s, harness_update(h, "s", ACTION_FINISH));
	m = harness_request(h, METHOD_DELETE_STUDY, 0);
	m.u.delete_study.study = "s";
	make(h, s, m);
	m = harness_create(h, "s");
	make(h, s, m);
	m = harness_create(h, "s");
	m.u.create_study.if_exists = IF_EXISTS_REPLACE;
	make(h, s, m);
	m = harness_request(h, METHOD_DELETE_STUDY, 0);
	m.u.delete_study.study = "s";
	make(h, s, m);
	m = harness_request(h, METHOD_DELETE_STUDY, 0);
	m.u.delete_study.study = "s";
	m.u.delete_study.undelete = true;
	m.u.delete_study.has_id = true;
	m.u.delete_study.id = 1;
	make(h, s, m);
}

static void repeat_all(struct harness *h, const struct script *s)
{
	size_t rows = h->n_rows;

	for (int i = s->n; i-- > 0;) {
		uint64_t tag = harness_send(h, &s->requests[i]);

		harness_assert_same(h, s->tags[i], tag);
	}
	assert_int_equal(h->n_rows, rows);
	harness_check(h);
}

static void test_repeats(void **state)
{
	struct harness *h = harness_new();
	struct script s = {.n = 0};

	(void)state;
	play(h, &s);
	repeat_all(h, &s);
	h->now.wall_ms += 12345;
	harness_restart(h);
	repeat_all(h, &s);
	harness_tick(h, 60000);
	repeat_all(h, &s);
	harness_restart(h);
	repeat_all(h, &s);
	harness_free(h);
}

/* A repeat while the first is under way: one change, two answers. */
static void test_repeat_in_flight(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	uint64_t a, b, c;
	struct msg_reply r;

	(void)state;
	harness_ask(h, &m);
	h->hold_jobs = true;
	m = harness_suggest(h, "s", 2);
	a = harness_send(h, &m);
	b = harness_send(h, &m);
	harness_check(h);
	h->hold_commits = true;
	harness_jobs(h);
	c = harness_send(h, &m); /* its row is on its way to the disk */
	assert_null(harness_raw(h, a));
	assert_null(harness_raw(h, c));
	harness_settle(h);
	r = harness_reply(h, a);
	assert_int_equal(r.u.trials.n, 2);
	harness_assert_same(h, a, b);
	harness_assert_same(h, a, c);
	assert_int_equal(h->n_rows, 2);
	harness_check(h);
	harness_free(h);
}

static void test_id_of_another_request(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s"), other;
	struct msg_reply r;

	(void)state;
	harness_ask(h, &m);
	other = harness_create(h, "t");
	memcpy(other.meta.request_id, m.meta.request_id, 16);
	r = harness_ask(h, &other);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "meta.request_id", "another request");
	other = harness_suggest(h, "s", 1);
	memcpy(other.meta.request_id, m.meta.request_id, 16);
	r = harness_ask(h, &other);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "meta.request_id", NULL);
	other.meta.has_request_id = false;
	r = harness_ask(h, &other);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "meta.request_id", "missing");

	m = harness_suggest(h, "s", 2);
	harness_ask(h, &m);
	m = harness_observe(h, "s", 0, 1);
	harness_ask(h, &m);
	other = harness_observe(h, "s", 1, 1); /* another trial under the same id */
	memcpy(other.meta.request_id, m.meta.request_id, 16);
	r = harness_ask(h, &other);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "meta.request_id", NULL);
	harness_check(h);
	harness_free(h);
}

/* What was refused is not remembered: the same request may succeed later. */
static void test_refused_may_be_repeated(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s"), suggest, update;
	struct msg_reply r;

	(void)state;
	harness_ask(h, &m);
	update = harness_update(h, "s", ACTION_PAUSE);
	harness_ask(h, &update);
	suggest = harness_suggest(h, "s", 1);
	r = harness_ask(h, &suggest);
	harness_assert_error(&r, KR_NOT_NOW, NULL, NULL);
	update = harness_update(h, "s", ACTION_RESUME);
	harness_ask(h, &update);
	r = harness_ask(h, &suggest);
	harness_assert_ok(&r);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_repeat_in_flight),
		cmocka_unit_test(test_id_of_another_request),
		cmocka_unit_test(test_refused_may_be_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
