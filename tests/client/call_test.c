/* The client library against a daemon that is silent, late, broken, busy or away. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "client/c/call.h"
#include "client/c/clock.h"
#include "proto/limits.h"
#include "tests/client/fake_daemon.h"

/* ---- what the fake does ------------------------------------------------------------ */

struct script {
	enum fake_action actions[8]; /* for the first requests; after them FAKE_REPLY */
	int n;
	struct msg_error errors[8]; /* code 0: none */
};

static enum fake_action play(
	void *ctx, int nth, const struct msg_request *request, struct msg_reply *reply, struct arena *a)
{
	const struct script *s = ctx;

	(void)a;
	if (nth < 8 && s->errors[nth].code) {
		reply->is_error = true;
		reply->error = s->errors[nth];
	} else if (request->method == METHOD_DELETE_STUDY) {
		reply->u.study.study = (struct msg_study){.name = "s", .state = STUDY_DELETED};
	}
	return nth < s->n ? s->actions[nth] : FAKE_REPLY;
}

static struct krige_client *connect_to(
	const struct fake *f, uint32_t timeout_ms, uint32_t attempt_ms, uint32_t retry_ms)
{
	struct krige_options o = {.size = sizeof(o),
		.timeout_ms = timeout_ms,
		.attempt_ms = attempt_ms,
		.retry_ms = retry_ms};
	struct krige_client *c;

	assert_int_equal(krige_open(&c, fake_endpoint(f), &o, NULL), KRIGE_OK);
	return c;
}

/* A change, so that it has a request id. */
static enum krige_status change(struct krige_client *c, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_DELETE_STUDY, .u.delete_study.study = "s"};
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct msg_reply reply;
	enum krige_status s;

	assert_non_null(a);
	s = call_run(c, &request, &reply, a, err);
	if (s == KRIGE_OK)
		assert_int_equal(reply.u.study.study.state, STUDY_DELETED);
	arena_free(a);
	return s;
}

/* ---- tests --------------------------------------------------------------------------- */

static void test_ping(void **state)
{
	struct script script = {.n = 0};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 5000, 0, 0);
	struct krige_error err;

	(void)state;
	assert_int_equal(krige_ping(c, &err), KRIGE_OK);
	assert_int_equal(krige_ping(c, &err), KRIGE_OK);
	assert_int_equal(fake_hellos(f), 1);
	assert_int_equal(fake_seen(f), 2);
	assert_true(fake_request(f, 0)->meta.has_session);
	assert_int_equal(fake_request(f, 0)->meta.session[0], 0x50);
	krige_close(c);
	fake_stop(f);
}

/* Sent again on a new connection, under the same request id. */
static void test_silence(void **state)
{
	struct script script = {.n = 2, .actions = {FAKE_SILENT, FAKE_SILENT}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 5000, 50, 0);

	(void)state;
	assert_int_equal(change(c, NULL), KRIGE_OK);
	assert_int_equal(fake_seen(f), 3);
	for (int i = 0; i < 3; i++) {
		assert_true(fake_request(f, i)->meta.has_request_id);
		assert_memory_equal(
			fake_request(f, i)->meta.request_id, fake_request(f, 0)->meta.request_id, MSG_ID_BYTES);
	}
	assert_int_equal(change(c, NULL), KRIGE_OK);
	assert_memory_not_equal(
		fake_request(f, 3)->meta.request_id, fake_request(f, 0)->meta.request_id, MSG_ID_BYTES);
	krige_close(c);
	fake_stop(f);
}

static void test_timeout(void **state)
{
	struct script script = {.n = 8,
		.actions = {FAKE_SILENT, FAKE_SILENT, FAKE_SILENT, FAKE_SILENT, FAKE_SILENT, FAKE_SILENT,
			FAKE_SILENT, FAKE_SILENT}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 300, 100, 0);
	struct krige_error err;

	(void)state;
	assert_int_equal(change(c, &err), KRIGE_TIMEOUT);
	assert_non_null(strstr(err.message, fake_endpoint(f)));
	krige_close(c);
	fake_stop(f);
}

/* A Suggest says when to stop computing: before its caller gives up. */
static void test_suggest_ends_in_time(void **state)
{
	static const struct {
		uint64_t wait_ms, said, deadline_ms;
	} rows[] = {{0, 0, 3000}, {2000, 0, 1500}, {9000, 0, 0}, {0, 17, 17}};
	struct script script = {.n = 0};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 4000, 0, 0);
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct msg_request request = {.method = METHOD_SUGGEST,
			.meta = {.has_deadline = rows[i].said != 0, .deadline_ms = rows[i].said},
			.u.suggest = {.study = "s", .count = 1, .wait_ms = rows[i].wait_ms}};
		struct msg_reply reply;

		assert_int_equal(call_run(c, &request, &reply, a, NULL), KRIGE_OK);
		assert_true(fake_request(f, i)->meta.has_deadline);
		assert_int_equal(fake_request(f, i)->meta.deadline_ms, rows[i].deadline_ms);
	}
	assert_int_equal(change(c, NULL), KRIGE_OK);
	assert_false(fake_request(f, 4)->meta.has_deadline);
	arena_free(a);
	krige_close(c);
	fake_stop(f);
}

static void test_stale_and_garbage(void **state)
{
	struct script script = {.n = 2, .actions = {FAKE_STALE_FIRST, FAKE_GARBAGE_FIRST}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 5000, 4000, 0);

	(void)state;
	assert_int_equal(change(c, NULL), KRIGE_OK);
	assert_int_equal(change(c, NULL), KRIGE_OK);
	assert_int_equal(fake_seen(f), 2);
	krige_close(c);
	fake_stop(f);
}

static void test_unreadable(void **state)
{
	struct script script = {.n = 2, .actions = {FAKE_BAD_BODY, FAKE_OTHER_VERSION}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 5000, 4000, 0);
	struct krige_error err;

	(void)state;
	assert_int_equal(change(c, &err), KRIGE_INTERNAL);
	assert_int_equal(change(c, &err), KRIGE_VERSION);
	assert_non_null(strstr(err.message, "protocol 9"));
	assert_non_null(strstr(err.message, "the daemon is newer; install its version"));
	krige_close(c);
	fake_stop(f);
}

/* It says Hello and lacks a method: what both are, and what to do. */
static void test_other_version(void **state)
{
	struct script script = {
		.errors = {{.code = KRIGE_VERSION, .message = "header.method 77 is not known"}}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 5000, 4000, 0);
	struct krige_error err;

	(void)state;
	assert_int_equal(change(c, &err), KRIGE_VERSION);
	assert_non_null(strstr(err.message, "77 is not known (the daemon at "));
	assert_non_null(strstr(err.message, "is version 9.9.9, this client "));
	assert_non_null(strstr(err.message, "restart the daemon with the newer of the two)"));
	krige_close(c);
	fake_stop(f);
}

static void test_error(void **state)
{
	struct script script = {
		.errors = {{.code = 1, .message = "low is 3", .field = "spec.low", .retry_after_ms = 0},
			{.code = 9, .message = "paused", .retry_after_ms = 1500},
			{.code = 77, .message = "new kind"}}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 5000, 0, 2000);
	struct krige_error err;

	(void)state;
	assert_int_equal(change(c, &err), KRIGE_INVALID_ARGUMENT);
	assert_string_equal(err.message, "low is 3");
	assert_string_equal(err.field, "spec.low");
	assert_int_equal(change(c, &err), KRIGE_NOT_NOW);
	assert_int_equal(err.retry_after_ms, 1500);
	assert_int_equal(change(c, &err), KRIGE_INTERNAL);
	assert_int_equal(fake_seen(f), 3);
	krige_close(c);
	fake_stop(f);
}

/* Busy and full daemons are endured for retry_ms, and only then. */
static void test_busy(void **state)
{
	struct script script = {
		.errors = {{.code = 10, .message = "full"}, {.code = 11, .message = "disk full"},
			{.code = 0}, {.code = 11, .message = "x"}}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 5000, 0, 3000), *hasty = connect_to(f, 5000, 0, 0);

	(void)state;
	assert_int_equal(change(c, NULL), KRIGE_OK);
	assert_int_equal(fake_seen(f), 3);
	assert_memory_equal(
		fake_request(f, 2)->meta.request_id, fake_request(f, 0)->meta.request_id, MSG_ID_BYTES);
	assert_int_equal(change(hasty, NULL), KRIGE_UNAVAILABLE);
	krige_close(hasty);
	krige_close(c);
	fake_stop(f);
}

/* Hello again, once, then the same request. */
static void test_session_unknown(void **state)
{
	struct script script = {.errors = {{.code = 13, .message = "who?"}, {.code = 0},
								{.code = 13, .message = "who?"}, {.code = 13, .message = "who?"}}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 5000, 0, 0);

	(void)state;
	assert_int_equal(change(c, NULL), KRIGE_OK);
	assert_int_equal(fake_hellos(f), 2);
	assert_memory_equal(
		fake_request(f, 1)->meta.request_id, fake_request(f, 0)->meta.request_id, MSG_ID_BYTES);
	assert_int_equal(fake_request(f, 1)->meta.session[0], 0x51);
	assert_int_equal(change(c, NULL), KRIGE_UNAUTHENTICATED);
	krige_close(c);
	fake_stop(f);
}

/* The daemon goes away with the request, and comes back. */
static void test_restart(void **state)
{
	struct script script = {.n = 2, .actions = {FAKE_LEAVE, FAKE_REPLY}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 10000, 5000, 5000);

	(void)state;
	assert_int_equal(change(c, NULL), KRIGE_OK);
	assert_int_equal(fake_seen(f), 2);
	assert_memory_equal(
		fake_request(f, 1)->meta.request_id, fake_request(f, 0)->meta.request_id, MSG_ID_BYTES);
	krige_close(c);
	fake_stop(f);
}

static void test_restart_not_endured(void **state)
{
	struct script script = {.n = 1, .actions = {FAKE_LEAVE}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 60000, 30000, 0);

	(void)state;
	assert_int_equal(change(c, NULL), KRIGE_CANNOT_CONNECT);
	krige_close(c);
	fake_stop(f);
}

static void test_nobody_there(void **state)
{
	static const char *const endpoints[] = {"ipc:///tmp/krige-nobody/s", "tcp://127.0.0.1:1"};
	struct krige_options o = {.size = sizeof(o), .timeout_ms = 20000};
	struct krige_client *c;
	struct krige_error err;
	int64_t start = clock_ms();

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(krige_open(&c, endpoints[i], &o, &err), KRIGE_OK);
		assert_int_equal(krige_ping(c, &err), KRIGE_CANNOT_CONNECT);
		assert_non_null(strstr(err.message, endpoints[i]));
		krige_close(c);
	}
	assert_true(clock_ms() - start < 10000); /* a refusal, not the timeout */
}

static void test_bad_options(void **state)
{
	struct krige_options o = {.size = 0};
	struct krige_client *c;
	struct krige_error err;
	char path[200] = "ipc:///";

	(void)state;
	assert_int_equal(krige_open(&c, "ipc:///tmp/x", &o, &err), KRIGE_INVALID_ARGUMENT);
	assert_null(c);
	memset(path + 7, 'p', 150);
	assert_int_equal(krige_open(&c, path, NULL, &err), KRIGE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.message, "107"));
	assert_int_equal(krige_open(&c, "nonsense", NULL, &err), KRIGE_OK);
	assert_int_equal(krige_ping(c, &err), KRIGE_INVALID_ARGUMENT);
	krige_close(c);
	krige_close(NULL);
}

static void test_environment(void **state)
{
	struct krige_client *c;

	(void)state;
	setenv("KRIGE_ENDPOINT", "ipc:///tmp/from-environment", 1);
	assert_int_equal(krige_open(&c, NULL, NULL, NULL), KRIGE_OK);
	assert_string_equal(krige_endpoint(c), "ipc:///tmp/from-environment");
	krige_close(c);
	unsetenv("KRIGE_ENDPOINT");
	setenv("XDG_RUNTIME_DIR", "/run/here", 1);
	assert_int_equal(krige_open(&c, NULL, NULL, NULL), KRIGE_OK);
	assert_string_equal(krige_endpoint(c), "ipc:///run/here/kriged/kriged.sock");
	krige_close(c);
}

static void test_status_names(void **state)
{
	(void)state;
	assert_string_equal(krige_status_name(KRIGE_OK), "OK");
	assert_string_equal(krige_status_name(KRIGE_STALE_LEASE), "STALE_LEASE");
	assert_string_equal(krige_status_name(KRIGE_INTERNAL), "INTERNAL");
	assert_string_equal(krige_status_name(KRIGE_CANNOT_CONNECT), "CANNOT_CONNECT");
	assert_string_equal(krige_status_name((enum krige_status)999), "?");
}

/* ---- threads -------------------------------------------------------------------------- */

enum { THREADS = 8, CALLS = 100 };

static void *many(void *ctx)
{
	for (int i = 0; i < CALLS; i++)
		if (krige_ping(ctx, NULL) != KRIGE_OK)
			return ctx;
	return NULL;
}

/* One client, one session, many threads. */
static void test_threads(void **state)
{
	struct script script = {.n = 3, .actions = {FAKE_STALE_FIRST, FAKE_SILENT, FAKE_STALE_FIRST}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 20000, 2000, 0);
	pthread_t threads[THREADS];
	void *failed;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many, c), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(fake_hellos(f), 1);
	assert_true(fake_seen(f) >= THREADS * CALLS);
	krige_close(c);
	fake_stop(f);
}

static void *interrupt_soon(void *ctx)
{
	clock_sleep_ms(200);
	krige_interrupt(ctx, 100);
	return NULL;
}

static void test_interrupt(void **state)
{
	struct script script = {.n = 1, .actions = {FAKE_SILENT}};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c = connect_to(f, 60000, 60000, 0);
	int64_t start = clock_ms();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, c), 0);
	assert_int_equal(change(c, NULL), KRIGE_INTERRUPTED);
	pthread_join(thread, NULL);
	assert_true(clock_ms() - start < 30000);
	assert_int_equal(change(c, NULL), KRIGE_OK); /* later calls are not affected */
	krige_close(c);
	fake_stop(f);
}

/* ---- memory ---------------------------------------------------------------------------- */

/* The n-th allocation fails, for every n: an error, no fault, no leak. */
static void test_allocations(void **state)
{
	struct script script = {.n = 0};
	struct fake *f = fake_start(play, &script);
	struct krige_client *c;
	enum krige_status s = KRIGE_NO_MEMORY;
	long n;

	(void)state;
	for (n = 1; s != KRIGE_OK; n++) {
		struct krige_options o = {.size = sizeof(o), .timeout_ms = 5000, .worker = "w"};

		kr_alloc_fail_at(n, 0);
		s = krige_open(&c, fake_endpoint(f), &o, NULL);
		kr_alloc_fail_at(0, 0);
		krige_close(c);
		assert_true(n < 100);
	}
	assert_true(n > 3);
	fake_stop(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ping),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_suggest_ends_in_time),
		cmocka_unit_test(test_stale_and_garbage),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_session_unknown),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_restart_not_endured),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_status_names),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_allocations),
		cmocka_unit_test(test_other_version),
	};

	unsetenv("KRIGE_ENDPOINT");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
