/* UpdateStudy: every setting, versions of them, attaching afterwards, and that earlier
 * answers show the earlier ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "tests/daemon/engine_harness.h"

static struct msg_study ask(struct harness *h, struct msg_request m)
{
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	return r.u.study.study;
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

static const struct msg_named team = {"team", {.kind = SCALAR_STRING, .s = "vision"}};
static const struct msg_named other_team = {"team", {.kind = SCALAR_STRING, .s = "speech"}};
static const struct msg_named owner = {"owner", {.kind = SCALAR_INT, .i = 7}};

static struct msg_request update(struct harness *h)
{
	return harness_update(h, "s", ACTION_NONE);
}

static void test_defaults(void **state)
{
	struct harness *h = harness_new();
	struct msg_study s = ask(h, harness_create(h, "s"));

	(void)state;
	assert_int_equal(s.spec_version, 1);
	assert_int_equal(s.spec.on_expiry, ON_EXPIRY_EXPIRE);
	assert_int_equal(s.spec.retry_limit, 2);
	assert_int_equal(s.spec.labels.n, 0);
	harness_free(h);
}

static void test_change_all(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_study s;

	(void)state;
	m.u.create_study.spec.labels = (struct msg_labels){1, &team};
	s = ask(h, m);
	assert_int_equal(s.spec.labels.n, 1);
	m = update(h);
	m.u.update_study.has_lease = true;
	m.u.update_study.lease_s = 33;
	m.u.update_study.on_expiry = ON_EXPIRY_REQUEUE;
	m.u.update_study.has_retry_limit = true;
	m.u.update_study.retry_limit = 0;
	m.u.update_study.labels = (struct msg_labels){1, &owner};
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 9;
	m.u.update_study.has_expected_version = true;
	m.u.update_study.expected_version = 1;
	s = ask(h, m);
	for (int i = 0; i < 2; i++) {
		assert_true(s.spec.lease_s == 33);
		assert_int_equal(s.spec.on_expiry, ON_EXPIRY_REQUEUE);
		assert_int_equal(s.spec.retry_limit, 0);
		assert_int_equal(s.spec.labels.n, 2);
		assert_string_equal(s.spec.labels.p[0].value.s, "vision");
		assert_int_equal(s.spec.labels.p[1].value.i, 7);
		assert_int_equal(s.spec.budget, 9);
		assert_int_equal(s.spec_version, 2);
		harness_restart(h);
		s = ask(h, harness_get(h, "s"));
	}
	m = update(h);
	m.u.update_study.remove_labels = (struct msg_texts){1, (const char *const[]){"owner"}};
	m.u.update_study.labels = (struct msg_labels){1, &other_team};
	s = ask(h, m);
	assert_int_equal(s.spec.labels.n, 1);
	assert_string_equal(s.spec.labels.p[0].value.s, "speech");
	assert_int_equal(s.spec_version, 3);
	harness_free(h);
}

/* Trials given out from now on have the new term. */
static void test_lease_counts(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	ask(h, harness_create(h, "s"));
	m = update(h);
	m.u.update_study.has_lease = true;
	m.u.update_study.lease_s = 77;
	ask(h, m);
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.trials[0].lease.remaining_ms, 77000);
	harness_free(h);
}

static void test_version(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;

	(void)state;
	ask(h, harness_create(h, "s"));
	m = update(h);
	m.u.update_study.has_lease = true;
	m.u.update_study.lease_s = 10; /* as it is: no change */
	assert_int_equal(ask(h, m).spec_version, 1);
	assert_int_equal(ask(h, harness_update(h, "s", ACTION_PAUSE)).spec_version, 1);
	m = update(h);
	m.u.update_study.no_budget = true; /* there is none */
	assert_int_equal(ask(h, m).spec_version, 1);
	m = update(h);
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 5;
	assert_int_equal(ask(h, m).spec_version, 2);
	m = update(h);
	m.u.update_study.no_budget = true;
	m.u.update_study.has_expected_version = true;
	m.u.update_study.expected_version = 1;
	assert_refused(h, m, KR_CONFLICT, "expected_version", "version 2");
	m.u.update_study.expected_version = 2;
	assert_int_equal(ask(h, m).spec_version, 3);
	harness_free(h);
}

static void test_refused(void **state)
{
	struct harness *h = harness_new();
	struct msg_named many[LIMIT_LABELS + 1];
	char names[LIMIT_LABELS + 1][16];
	struct msg_request m;

	(void)state;
	ask(h, harness_create(h, "s"));
	assert_refused(h, update(h), KR_INVALID_ARGUMENT, "action", "nothing to change");
	m = update(h);
	m.u.update_study.has_lease = true;
	assert_refused(h, m, KR_INVALID_ARGUMENT, "lease_s", "positive");
	for (int i = 0; i <= LIMIT_LABELS; i++) {
		snprintf(names[i], sizeof(names[i]), "l%d", i);
		many[i] = (struct msg_named){names[i], {.kind = SCALAR_NULL}};
	}
	m = update(h);
	m.u.update_study.labels = (struct msg_labels){LIMIT_LABELS + 1, many};
	assert_refused(h, m, KR_INVALID_ARGUMENT, "labels", "at most 100");
	m = harness_create(h, "t");
	m.u.create_study.spec.labels = (struct msg_labels){LIMIT_LABELS + 1, many};
	assert_refused(h, m, KR_INVALID_ARGUMENT, "spec.labels", "at most 100");
	harness_free(h);
}

/* ---- attaching -------------------------------------------------------------------- */

static struct msg_request attach(struct harness *h)
{
	struct msg_request m = harness_create(h, "s");

	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	return m;
}

static void test_attach(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_spec *spec = &m.u.create_study.spec;

	(void)state;
	spec->labels = (struct msg_labels){1, &team};
	spec->on_expiry = ON_EXPIRY_REQUEUE;
	ask(h, m);
	m = update(h);
	m.u.update_study.has_lease = true;
	m.u.update_study.lease_s = 20;
	m.u.update_study.on_expiry = ON_EXPIRY_EXPIRE;
	m.u.update_study.has_retry_limit = true;
	m.u.update_study.retry_limit = 5;
	m.u.update_study.labels = (struct msg_labels){1, &other_team};
	ask(h, m);
	m = attach(h); /* says only the first lease */
	assert_true(ask(h, m).spec.lease_s == 20);
	m = attach(h);
	spec->lease_s = 20;
	spec->on_expiry = ON_EXPIRY_REQUEUE; /* the first one */
	spec->has_retry_limit = true;
	spec->retry_limit = 2;
	spec->labels = (struct msg_labels){1, &team};
	ask(h, m);
	m = attach(h);
	spec->on_expiry = ON_EXPIRY_EXPIRE; /* the one of now */
	spec->has_retry_limit = true;
	spec->retry_limit = 5;
	spec->labels = (struct msg_labels){1, &other_team};
	ask(h, m);
	m = attach(h);
	spec->lease_s = 30;
	assert_refused(h, m, KR_CONFLICT, "spec.lease_s", "the study has 20");
	m = attach(h);
	spec->has_retry_limit = true;
	spec->retry_limit = 4;
	assert_refused(h, m, KR_CONFLICT, "spec.retry_limit", "the study has 5");
	m = attach(h);
	spec->labels = (struct msg_labels){1, &owner};
	assert_refused(h, m, KR_CONFLICT, "spec.labels", "'owner' = 7");
	m = attach(h);
	spec->has_seed = true;
	spec->seed = 8;
	assert_refused(h, m, KR_CONFLICT, "spec.seed", NULL);
	harness_free(h);
}

static void test_attach_expiry(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;

	(void)state;
	ask(h, harness_create(h, "s"));
	m = attach(h);
	m.u.create_study.spec.on_expiry = ON_EXPIRY_EXPIRE; /* what it is when nothing is said */
	ask(h, m);
	m = attach(h);
	m.u.create_study.spec.on_expiry = ON_EXPIRY_REQUEUE;
	assert_refused(h, m, KR_CONFLICT, "spec.on_expiry", "expire");
	harness_free(h);
}

/* ---- repeats ------------------------------------------------------------------------ */

static void test_repeats(void **state)
{
	struct harness *h = harness_new();
	struct msg_request made[6];
	uint64_t tags[6];

	(void)state;
	made[0] = harness_create(h, "s");
	made[0].u.create_study.spec.labels = (struct msg_labels){1, &team};
	for (int i = 1; i < 5; i++)
		made[i] = update(h);
	made[1].u.update_study.labels = (struct msg_labels){1, &owner};
	made[2].u.update_study.on_expiry = ON_EXPIRY_REQUEUE;
	made[3].u.update_study.has_lease = true;
	made[3].u.update_study.lease_s = 99;
	made[4].u.update_study.remove_labels = (struct msg_texts){1, (const char *const[]){"team"}};
	made[5] = attach(h);
	for (int i = 0; i < 6; i++)
		tags[i] = harness_send(h, &made[i]);
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < 6; i++)
			harness_assert_same(h, tags[i], harness_send(h, &made[i]));
		harness_restart(h);
	}
	assert_int_equal(harness_reply(h, tags[4]).u.study.study.spec.labels.n, 1);
	assert_int_equal(harness_reply(h, tags[4]).u.study.study.spec_version, 5);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_change_all),
		cmocka_unit_test(test_lease_counts),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_attach_expiry),
		cmocka_unit_test(test_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
