#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char seen[8192];
static int saved;
static FILE *sink;

static void capture(void)
{
	sink = tmpfile();
	assert_non_null(sink);
	saved = dup(STDERR_FILENO);
	dup2(fileno(sink), STDERR_FILENO);
}

/* Ends the capture; what was written is in `seen`. */
static void release(void)
{
	size_t len;

	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(sink);
	len = fread(seen, 1, sizeof(seen) - 1, sink);
	seen[len] = '\0';
	fclose(sink);
}

static int put_back(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	log_set_level(LOG_LEVEL_INFO);
	return 0;
}

static void quotes_in_a_text_end_no_value(void **state)
{
	(void)state;
	capture();
	log_at(LOG_LEVEL_WARN, "dropped", "last=\"%s\" n=%d why=\"%s\"", "it must be \"KRGE\"", 2,
		"not \"a b\" at all");
	release();
	assert_non_null(
		strstr(seen, "msg=\"dropped\" last=\"it must be 'KRGE'\" n=2 why=\"not 'a b' at all\"\n"));
}

static void one_logfmt_line_an_event(void **state)
{
	int year, end = 0;

	(void)state;
	capture();
	log_at(LOG_LEVEL_WARN, "commit failed", "study=%d err=\"%s\"", 3, "disk\nfull\x1b[0m");
	log_at(LOG_LEVEL_INFO, "started", NULL);
	release();
	assert_int_equal(sscanf(seen, "ts=%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ %n", &year, &end), 1);
	assert_true(end > 0 && year >= 2024);
	assert_true(strstr(seen,
					"level=warn msg=\"commit failed\" study=3 "
					"err=\"disk full [0m\"\n") == seen + end);
	assert_non_null(strstr(seen, "level=info msg=\"started\"\n"));
}

static void journald_gets_priorities(void **state)
{
	struct stat st;
	char stream[64];

	(void)state;
	log_set_level(LOG_LEVEL_DEBUG);
	capture();
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_at(LOG_LEVEL_ERROR, "a", NULL);
	log_at(LOG_LEVEL_WARN, "b", NULL);
	log_at(LOG_LEVEL_INFO, "c", "k=1");
	log_at(LOG_LEVEL_DEBUG, "d", NULL);
	release();
	assert_string_equal(seen,
		"<3>level=error msg=\"a\"\n<4>level=warn msg=\"b\"\n"
		"<6>level=info msg=\"c\" k=1\n<7>level=debug msg=\"d\"\n");
}

/* Inherited from a parent whose stderr was the journal: a terminal gets the time. */
static void another_files_journal_is_none(void **state)
{
	(void)state;
	setenv("JOURNAL_STREAM", "8:1", 1);
	capture();
	log_at(LOG_LEVEL_WARN, "b", NULL);
	release();
	assert_true(strncmp(seen, "ts=", 3) == 0);
}

static void a_full_pipe_is_not_waited_for(void **state)
{
	enum { LINES = 2000 };
	int ends[2], here = dup(STDERR_FILENO);
	static char text[1 << 17];
	ssize_t len, n = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	alarm(60); /* of a wait that would never end */
	for (int i = 0; i < LINES; i++)
		log_at(
			LOG_LEVEL_WARN, "a line", "of=\"some length, so that the pipe is full soon\" i=%d", i);
	alarm(0);
	dup2(here, STDERR_FILENO);
	close(here);
	close(ends[1]);
	while ((len = read(ends[0], text + n, sizeof(text) - 1 - (size_t)n)) > 0)
		n += len;
	close(ends[0]);
	text[n] = '\0';
	assert_non_null(strstr(text, "i=0\n"));
	assert_null(strstr(text, "i=1999\n"));
	assert_int_equal(text[n - 1], '\n'); /* whole lines only */
}

static void quieter_levels_are_dropped(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	capture();
	log_at(LOG_LEVEL_WARN, "no", NULL);
	release();
	assert_string_equal(seen, "");
}

static void long_lines_are_cut_and_end(void **state)
{
	char text[6000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	capture();
	log_at(LOG_LEVEL_ERROR, text, "k=%s", text);
	log_at(LOG_LEVEL_ERROR, "next", NULL);
	release();
	assert_in_range(strlen(seen), 1000, 4096);
	assert_non_null(strstr(seen, "xx\nts="));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(one_logfmt_line_an_event, put_back),
		cmocka_unit_test_teardown(quotes_in_a_text_end_no_value, put_back),
		cmocka_unit_test_teardown(journald_gets_priorities, put_back),
		cmocka_unit_test_teardown(another_files_journal_is_none, put_back),
		cmocka_unit_test_teardown(a_full_pipe_is_not_waited_for, put_back),
		cmocka_unit_test_teardown(quieter_levels_are_dropped, put_back),
		cmocka_unit_test_teardown(long_lines_are_cut_and_end, put_back),
	};

	unsetenv("JOURNAL_STREAM");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
