/* Commands of `krige run`: output, ends, timeouts, stops. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/cli/child.h"

struct heard {
	char text[2][4096];
	int lines[2];
	size_t longest;
};

static void hear(void *ctx, enum child_stream stream, const char *line)
{
	struct heard *h = ctx;
	size_t len = strlen(h->text[stream]);

	h->lines[stream]++;
	if (strlen(line) > h->longest)
		h->longest = strlen(line);
	snprintf(h->text[stream] + len, sizeof(h->text[stream]) - len, "%.99s|", line);
}

static enum kr_status run(const char *script, uint32_t timeout_ms, const atomic_bool *stop,
	struct heard *h, struct child_end *end)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
	struct child_job job = {.argv = argv,
		.env = environ,
		.timeout_ms = timeout_ms,
		.stop = stop,
		.line = hear,
		.ctx = h};

	memset(h, 0, sizeof(*h));
	return child_run(&job, end, NULL);
}

static void test_output(void **state)
{
	struct child_end end;
	struct heard h;

	(void)state;
	assert_int_equal(run("echo a; echo b >&2; printf 'c\\n\\nlast'", 0, NULL, &h, &end), KR_OK);
	assert_string_equal(h.text[CHILD_STDOUT], "a|c||last|");
	assert_string_equal(h.text[CHILD_STDERR], "b|");
	assert_true(end.exited && end.status == 0 && !end.timed_out && !end.stopped);
}

static void test_much_output(void **state)
{
	struct child_end end;
	struct heard h;

	(void)state;
	assert_int_equal(run("seq 1 50000; head -c 200000 /dev/zero | tr '\\0' x; echo; echo end", 0,
						 NULL, &h, &end),
		KR_OK);
	assert_int_equal(h.lines[CHILD_STDOUT], 50002);
	assert_int_equal(h.longest, CHILD_LINE);
}

static void test_ends(void **state)
{
	struct child_end end;
	struct heard h;

	(void)state;
	assert_int_equal(run("exit 7", 0, NULL, &h, &end), KR_OK);
	assert_true(end.exited && end.status == 7);
	assert_int_equal(run("kill -9 $$", 0, NULL, &h, &end), KR_OK);
	assert_true(!end.exited && end.status == SIGKILL);
	/* The command has closed its output and goes on. */
	assert_int_equal(run("exec >&- 2>&-; sleep 0.1; exit 3", 0, NULL, &h, &end), KR_OK);
	assert_true(end.exited && end.status == 3);
	/* A child of the command keeps the output open. */
	assert_int_equal(run("sleep 2 & echo a", 0, NULL, &h, &end), KR_OK);
	assert_true(end.exited && end.ms < 1500);
	assert_string_equal(h.text[CHILD_STDOUT], "a|");
}

static void test_no_input(void **state)
{
	struct child_end end;
	struct heard h;

	(void)state;
	assert_int_equal(run("cat; echo end", 0, NULL, &h, &end), KR_OK);
	assert_string_equal(h.text[CHILD_STDOUT], "end|");
}

static void test_timeout(void **state)
{
	struct child_end end;
	struct heard h;

	(void)state;
	assert_int_equal(run("echo a; sleep 60; echo b", 100, NULL, &h, &end), KR_OK);
	assert_true(end.timed_out && !end.exited && end.status == SIGTERM);
	assert_string_equal(h.text[CHILD_STDOUT], "a|");
	/* The whole group ends, not the shell alone. */
	assert_int_equal(
		run("trap '' TERM; (trap - TERM; sleep 60); echo b", 100, NULL, &h, &end), KR_OK);
	assert_true(end.timed_out && end.ms < 4000);
}

static void test_stop(void **state)
{
	atomic_bool stop = true;
	struct child_end end;
	struct heard h;

	(void)state;
	assert_int_equal(run("sleep 60", 0, &stop, &h, &end), KR_OK);
	assert_true(end.stopped && !end.exited);
}

static void test_no_program(void **state)
{
	char *missing[] = {(char *)"krige-no-such-program", NULL}, *folder[] = {(char *)"/tmp", NULL};
	struct heard h = {0};
	struct child_job job = {.argv = missing, .env = environ, .line = hear, .ctx = &h};
	struct child_end end;
	struct kr_error err;

	(void)state;
	assert_int_equal(child_run(&job, &end, &err), KR_NOT_FOUND);
	assert_string_equal(err.text, "cannot start krige-no-such-program: No such file or directory");
	job.argv = folder;
	assert_int_equal(child_run(&job, &end, &err), KR_NOT_FOUND);
	assert_string_equal(err.text, "cannot start /tmp: Permission denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_much_output),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_no_input),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_no_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
