/* Studies: create, attach, replace, update, delete, undelete, list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/daemon/engine_harness.h"

static struct harness *with_study(const char *name)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, name);
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	return h;
}

static struct msg_request delete_request(struct harness *h, const char *name, bool undelete)
{
	struct msg_request m = harness_request(h, METHOD_DELETE_STUDY, 0);

	m.u.delete_study.study = name;
	m.u.delete_study.undelete = undelete;
	return m;
}

static void test_name_taken(void **state)
{
	struct harness *h = with_study("s");
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r = harness_ask(h, &m);

	(void)state;
	harness_assert_error(&r, KR_ALREADY_EXISTS, "name", "attach");
	m = harness_create(h, "S"); /* another name */
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.study.study.id, 2);
	harness_free(h);
}

static void test_spec_is_completed(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r;

	(void)state;
	m.u.create_study.spec.has_seed = false;
	m.u.create_study.spec.has_lease = false;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_true(r.u.study.study.spec.has_seed);
	assert_true(r.u.study.study.spec.seed < (uint64_t)1 << 53);
	assert_true(r.u.study.study.spec.has_lease);
	assert_true(r.u.study.study.spec.lease_s == 600);
	harness_free(h);
}

/* Absent seed, lease and budget agree with what is stored; given ones must match. */
static void test_attach(void **state)
{
	struct harness *h = with_study("s");
	struct msg_request m = harness_create(h, "s");
	struct msg_param params[3];
	struct msg_reply r;

	(void)state;
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_true(r.u.study.attached);
	assert_int_equal(r.u.study.study.id, 1);

	m = harness_create(h, "s");
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	m.u.create_study.spec.has_seed = m.u.create_study.spec.has_lease = false;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);

	m = harness_create(h, "s");
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	m.u.create_study.spec.seed = 8;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "spec.seed", "the study has 7, the request 8");

	m = harness_create(h, "s");
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	memcpy(params, m.u.create_study.spec.params, sizeof(params));
	params[1].high = 6;
	m.u.create_study.spec.params = params;
	r = harness_ask(h, &m);
	harness_assert_error(
		&r, KR_CONFLICT, "spec.parameters[1].high", "the study has 5, the request 6");

	m = harness_create(h, "new");
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_false(r.u.study.attached);
	harness_check(h);
	harness_free(h);
}

/* The budget may be the first one or the one of now. */
static void test_attach_budget(void **state)
{
	static const struct {
		uint64_t budget;
		bool agrees;
	} cases[] = {{20, true}, {30, true}, {25, false}};
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r;

	(void)state;
	m.u.create_study.spec.has_budget = true;
	m.u.create_study.spec.budget = 20;
	harness_ask(h, &m);
	m = harness_update(h, "s", ACTION_NONE);
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 30;
	harness_ask(h, &m);
	for (int i = 0; i < 3; i++) {
		m = harness_create(h, "s");
		m.u.create_study.if_exists = IF_EXISTS_ATTACH;
		m.u.create_study.spec.has_budget = true;
		m.u.create_study.spec.budget = cases[i].budget;
		r = harness_ask(h, &m);
		if (cases[i].agrees)
			harness_assert_ok(&r);
		else
			harness_assert_error(&r, KR_CONFLICT, "spec.budget", "has 30, the request 25");
	}
	harness_free(h);
}

/* Choices are told apart by type: 1 and 1.0 are two. */
static void test_attach_choices(void **state)
{
	struct harness *h = with_study("s");
	struct msg_request m = harness_create(h, "s");
	struct msg_param params[3];
	struct msg_scalar choices[5];
	struct msg_reply r;

	(void)state;
	memcpy(params, m.u.create_study.spec.params, sizeof(params));
	memcpy(choices, params[2].choices, sizeof(choices));
	choices[1] = (struct msg_scalar){.kind = SCALAR_STRING, .s = "1"};
	params[2].choices = choices;
	m.u.create_study.spec.params = params;
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	r = harness_ask(h, &m);
	harness_assert_error(
		&r, KR_CONFLICT, "spec.parameters[2].choices[1]", "the study has 1, the request '1'");
	harness_free(h);
}

static void test_replace(void **state)
{
	struct harness *h = with_study("s");
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r;

	(void)state;
	m.u.create_study.if_exists = IF_EXISTS_REPLACE;
	h->hold_commits = true;
	{
		uint64_t tag = harness_send(h, &m);

		assert_null(harness_raw(h, tag));
		assert_int_equal(h->n_rows, 1);
		harness_settle(h); /* both rows in one group */
		r = harness_reply(h, tag);
	}
	harness_assert_ok(&r);
	assert_false(r.u.study.attached);
	assert_int_equal(r.u.study.study.id, 2);
	assert_int_equal(h->n_rows, 3);
	harness_check(h);
	harness_restart(h);
	harness_check(h);
	m = harness_get(h, "s");
	r = harness_ask(h, &m);
	assert_int_equal(r.u.study.study.id, 2);
	m = delete_request(h, "s", true);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_ALREADY_EXISTS, "study", "delete it first");
	harness_free(h);
}

static void test_pause_resume_finish(void **state)
{
	struct harness *h = with_study("s");
	struct msg_request m = harness_suggest(h, "s", 2);
	struct msg_reply r = harness_ask(h, &m);

	(void)state;
	harness_assert_ok(&r);
	m = harness_update(h, "s", ACTION_PAUSE);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.study.study.state, STUDY_PAUSED);
	assert_string_equal(r.u.study.study.reason, "paused");
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_NOW, NULL, "paused");
	assert_true(r.error.retry_after_ms > 0);
	m = harness_observe(h, "s", 0, 1);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_update(h, "s", ACTION_FINISH);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.study.study.state, STUDY_FINISHED);
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STUDY_FINISHED, NULL, "finished");
	m = harness_observe(h, "s", 1, 2);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_update(h, "s", ACTION_PAUSE);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "action", "resume");
	m = harness_update(h, "s", ACTION_RESUME);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.study.study.state, STUDY_ACTIVE);
	m = harness_update(h, "s", ACTION_NONE);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "action", "nothing to change");
	harness_check(h);
	harness_free(h);
}

static void test_delete_undelete(void **state)
{
	struct harness *h = with_study("s");
	struct msg_request m = harness_update(h, "s", ACTION_PAUSE);
	struct msg_reply r = harness_ask(h, &m);

	(void)state;
	m = delete_request(h, "s", false);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.study.study.state, STUDY_DELETED);
	m = harness_get(h, "s");
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_FOUND, "study", "undelete");
	m = harness_observe(h, "s", 0, 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_FOUND, "study", NULL);
	m = delete_request(h, "s", true);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.study.study.state, STUDY_PAUSED); /* as before */

	m = delete_request(h, "s", false);
	harness_ask(h, &m);
	m = harness_create(h, "s");
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = delete_request(h, "s", false);
	harness_ask(h, &m);
	m = delete_request(h, "s", true);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "id", "1");
	m = delete_request(h, "s", true);
	m.u.delete_study.has_id = true;
	m.u.delete_study.id = 1;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.study.study.id, 1);
	m = delete_request(h, "nobody", true);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_FOUND, "study", "nobody");
	harness_check(h);
	harness_restart(h);
	harness_check(h);
	m = harness_get(h, "s");
	r = harness_ask(h, &m);
	assert_int_equal(r.u.study.study.id, 1);
	assert_int_equal(r.u.study.study.state, STUDY_PAUSED);
	harness_free(h);
}

static void test_list(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;
	struct msg_reply r;
	char names[5][2] = {"a", "b", "c", "d", "e"};

	(void)state;
	for (int i = 0; i < 5; i++) {
		m = harness_create(h, names[i]);
		harness_ask(h, &m);
	}
	m = delete_request(h, "c", false);
	harness_ask(h, &m);
	m = (struct msg_request){.method = METHOD_LIST_STUDIES};
	m.u.list_studies.limit = 3;
	r = harness_ask(h, &m);
	assert_int_equal(r.u.list_studies.n, 3);
	assert_true(r.u.list_studies.more);
	assert_string_equal(r.u.list_studies.studies[2].name, "d");
	m.u.list_studies.after_id = r.u.list_studies.studies[2].id;
	r = harness_ask(h, &m);
	assert_int_equal(r.u.list_studies.n, 1);
	assert_false(r.u.list_studies.more);
	m.u.list_studies = (struct msg_list_studies){.deleted = true};
	r = harness_ask(h, &m);
	assert_int_equal(r.u.list_studies.n, 5);
	m = (struct msg_request){.method = METHOD_STATUS};
	r = harness_ask(h, &m);
	assert_int_equal(r.u.status.studies, 4);
	harness_free(h);
}

static void test_hello(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = {.method = METHOD_HELLO};
	struct msg_reply a = harness_ask(h, &m), b = harness_ask(h, &m);

	(void)state;
	assert_int_equal(a.u.hello.protocol, 1);
	assert_int_equal(a.u.hello.limits.message_bytes, 1 << 20);
	assert_int_equal(a.u.hello.limits.batch, 1024);
	assert_true(a.u.hello.has_session);
	assert_memory_not_equal(a.u.hello.session, b.u.hello.session, 16);
	m.method = METHOD_PING;
	a = harness_ask(h, &m);
	harness_assert_ok(&a);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_taken),
		cmocka_unit_test(test_spec_is_completed),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_attach_choices),
		cmocka_unit_test(test_attach_budget),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_pause_resume_finish),
		cmocka_unit_test(test_delete_undelete),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
