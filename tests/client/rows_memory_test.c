/* Rows and drawings when the n-th allocation fails, n = 1, 2, ... until none does: the output is
 * whole, or the failure is told; nothing crashes or leaks. */
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "client/cli/chart.h"
#include "client/cli/trials.h"

enum { TRIES = 10000 };

static const struct msg_named params[] = {{"lr", {.kind = SCALAR_REAL, .r = 0.5}}};
static const struct msg_param space[] = {{.name = "lr", .kind = PARAM_FLOAT, .low = 0, .high = 1}};
static const struct msg_metric loss = {.name = "loss", .role = METRIC_MINIMIZE};
static const struct msg_spec spec = {
	.n_params = 1, .params = space, .n_metrics = 1, .metrics = &loss};

/* What is said about failures is said often, and not looked at. */
static void hush(int *stderr_fd)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	*stderr_fd = dup(STDERR_FILENO);
	assert_true(null >= 0 && dup2(null, STDERR_FILENO) >= 0);
	close(null);
}

static void speak(int stderr_fd)
{
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
}

/* Three trials through every step of rows. Returns the exit code; *text is what came out. */
static int print(struct cli *cli, char **text)
{
	static const struct msg_value values[] = {{.value = 3}, {.value = 1}, {.value = 2}};
	struct trials t;
	size_t len;
	FILE *out = open_memstream(text, &len);
	int code = trials_begin(&t, cli, out, &spec, true);

	for (uint64_t i = 0; code == CLI_OK && i < 3; i++) {
		struct msg_trial trial = {.number = i,
			.state = TRIAL_COMPLETE,
			.n_params = 1,
			.params = params,
			.n_values = 1,
			.values = &values[i],
			.note = "a\tnote"};

		trials_put(&t, &trial);
	}
	if (code == CLI_OK)
		code = trials_end(&t);
	fclose(out);
	return code;
}

static void check_format(enum format format)
{
	struct arena *a = arena_new(1 << 20);
	struct cli cli = {.format = format,
		.arena = a,
		.width = 60,
		.filter = "value>0 and note~'n' and (params.lr<1 or state in (FAILED))",
		.sort = "value:desc",
		.columns = format == FORMAT_CSV ? "number,labels.team" : NULL};
	char *whole, *text;

	assert_int_equal(print(&cli, &whole), CLI_OK);
	assert_true(strlen(whole) >= strlen("0\n2\n1\n"));
	for (int n = 1; n < TRIES; n++) {
		int code, stderr_fd;

		hush(&stderr_fd);
		kr_alloc_fail_at(n, 0);
		code = print(&cli, &text);
		speak(stderr_fd);
		if (kr_alloc_count() < n) {
			kr_alloc_fail_at(0, 0);
			assert_int_equal(code, CLI_OK);
			assert_string_equal(text, whole);
			free(text);
			break;
		}
		kr_alloc_fail_at(0, 0);
		assert_true(code == CLI_FAILED || (code == CLI_OK && strcmp(text, whole) == 0));
		free(text);
	}
	free(whole);
	arena_free(a);
}

static void test_rows(void **state)
{
	(void)state;
	for (enum format f = FORMAT_TABLE; f <= FORMAT_NAME; f++)
		check_format(f);
}

/* False when memory ran out before there was something to print. */
static bool draw(struct arena *a, char **text)
{
	struct chart c = {.x = axis_make("x", 0, 1, false), .y = axis_make("y", 0, 1, false)};
	size_t len;
	FILE *out = open_memstream(text, &len);
	bool ok = chart_init(&c, 4, 40, true, false, a);

	if (ok)
		chart_print(out, &c);
	fclose(out);
	return ok;
}

static void test_chart(void **state)
{
	char *text;

	(void)state;
	for (int n = 1; n < TRIES; n++) {
		struct arena *a = arena_new(1 << 20);

		assert_non_null(a);
		kr_alloc_fail_at(n, 0);
		draw(a, &text);
		free(text);
		arena_free(a);
		if (kr_alloc_count() < n)
			break;
	}
	kr_alloc_fail_at(0, 0);
}

static int set_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_chart),
	};

	return cmocka_run_group_tests(tests, set_locale, NULL);
}
