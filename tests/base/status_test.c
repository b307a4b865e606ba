#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

/* The numbers of docs/protocol.md, written out: a change of the list that
 * changes the wire must fail here. */
static const struct {
	enum kr_status code;
	const char *name;
	unsigned wire;
} wire_codes[] = {
	{KR_OK, "OK", 0},
	{KR_INVALID_ARGUMENT, "INVALID_ARGUMENT", 1},
	{KR_NOT_FOUND, "NOT_FOUND", 2},
	{KR_ALREADY_EXISTS, "ALREADY_EXISTS", 3},
	{KR_CONFLICT, "CONFLICT", 4},
	{KR_STALE_LEASE, "STALE_LEASE", 5},
	{KR_STUDY_FINISHED, "STUDY_FINISHED", 6},
	{KR_BUDGET_SPENT, "BUDGET_SPENT", 7},
	{KR_SPACE_EXHAUSTED, "SPACE_EXHAUSTED", 8},
	{KR_NOT_NOW, "NOT_NOW", 9},
	{KR_OVERLOADED, "OVERLOADED", 10},
	{KR_UNAVAILABLE, "UNAVAILABLE", 11},
	{KR_DEADLINE, "DEADLINE", 12},
	{KR_UNAUTHENTICATED, "UNAUTHENTICATED", 13},
	{KR_FORBIDDEN, "FORBIDDEN", 14},
	{KR_NOT_OWNER, "NOT_OWNER", 15},
	{KR_TOO_LARGE, "TOO_LARGE", 16},
	{KR_VERSION, "VERSION", 17},
	{KR_INTERNAL, "INTERNAL", 18},
};

enum { N_WIRE = sizeof(wire_codes) / sizeof(wire_codes[0]) };

static void wire_codes_are_fixed_and_come_back(void **state)
{
	(void)state;
	for (int i = 0; i < N_WIRE; i++) {
		assert_string_equal(kr_status_name(wire_codes[i].code), wire_codes[i].name);
		assert_int_equal(kr_status_wire(wire_codes[i].code), wire_codes[i].wire);
		assert_int_equal(kr_status_from_wire(wire_codes[i].wire), wire_codes[i].code);
	}
	assert_int_equal(kr_status_from_wire(N_WIRE), KR_INTERNAL);
	assert_int_equal(kr_status_from_wire(0xffffffffu), KR_INTERNAL);
}

static void inner_statuses_leave_as_a_wire_code(void **state)
{
	(void)state;
	for (int i = 0; i < KR_N_STATUS; i++) {
		enum kr_status seen = kr_status_from_wire(kr_status_wire((enum kr_status)i));

		assert_int_equal(kr_status_wire(seen), kr_status_wire((enum kr_status)i));
		assert_int_equal(seen == KR_OK, i == KR_OK);
		assert_true(kr_status_wire(seen) < N_WIRE);
	}
}

static void names_and_sentences_are_unique(void **state)
{
	(void)state;
	for (int i = 0; i < KR_N_STATUS; i++) {
		assert_true(strlen(kr_status_name((enum kr_status)i)) > 1);
		assert_true(strlen(kr_status_sentence((enum kr_status)i)) > 1);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(
				kr_status_name((enum kr_status)i), kr_status_name((enum kr_status)j));
			assert_string_not_equal(
				kr_status_sentence((enum kr_status)i), kr_status_sentence((enum kr_status)j));
		}
	}
	assert_string_equal(kr_status_name((enum kr_status)KR_N_STATUS), "?");
	assert_string_equal(kr_status_name((enum kr_status) - 1), "?");
}

static void fail_fills_everything(void **state)
{
	struct kr_error err;

	(void)state;
	memset(&err, 0xff, sizeof(err));
	assert_int_equal(kr_fail(&err, KR_EIO, "write at %d", 7), KR_EIO);
	assert_int_equal(err.code, KR_EIO);
	assert_int_equal(err.retry_after_ms, 0);
	assert_string_equal(err.field, "");
	assert_string_equal(err.text, "write at 7");

	assert_int_equal(kr_fail_field(&err, KR_INVALID_ARGUMENT, "space.lr.low", "low %g", 2.5),
		KR_INVALID_ARGUMENT);
	assert_string_equal(err.field, "space.lr.low");
	assert_string_equal(err.text, "low 2.5");
}

static void prefixes_stack_up(void **state)
{
	struct kr_error err;

	(void)state;
	kr_fail_field(&err, KR_ENOTPD, "f", "Cholesky failed at row %d", 812);
	err.retry_after_ms = 5;
	assert_int_equal(kr_prefix(&err, "fit"), KR_ENOTPD);
	assert_int_equal(kr_prefix(&err, "study '%s'", "a"), KR_ENOTPD);
	assert_string_equal(err.text, "study 'a': fit: Cholesky failed at row 812");
	assert_string_equal(err.field, "f");
	assert_int_equal(err.retry_after_ms, 5);
}

static void a_prefix_as_long_as_the_text_is_cut(void **state)
{
	struct kr_error err;
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	kr_fail(&err, KR_EIO, "inner");
	kr_prefix(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, text, sizeof(err.text) - 1);
}

static void an_error_may_quote_itself(void **state)
{
	struct kr_error err;

	(void)state;
	kr_fail(&err, KR_EIO, "inner");
	kr_fail(&err, KR_INTERNAL, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
	kr_prefix(&err, "%s", err.text);
	assert_string_equal(err.text, "outer (inner): outer (inner)");
}

static void a_missing_error_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(kr_fail(NULL, KR_EIO, "x"), KR_EIO);
	assert_int_equal(kr_fail_field(NULL, KR_CONFLICT, "f", "x"), KR_CONFLICT);
	assert_int_equal(kr_prefix(NULL, "x"), KR_INTERNAL);
}

/* Characters of every length against every position of the cut. */
static void long_text_is_cut_between_characters(void **state)
{
	static const char *const chars[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\xb2"};

	(void)state;
	for (int c = 0; c < 4; c++)
		for (size_t shift = 0; shift < 5; shift++) {
			struct kr_error err;
			char text[1024];
			size_t len = shift;

			memset(text, 'x', shift);
			while (len < 900)
				len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", chars[c]);
			kr_fail_field(&err, KR_EIO, text, "%s", text);
			assert_true(utf8_valid(err.text, strlen(err.text)));
			assert_true(utf8_valid(err.field, strlen(err.field)));
			assert_in_range(strlen(err.text), sizeof(err.text) - 4, sizeof(err.text) - 1);
			assert_memory_equal(err.text, text, strlen(err.text));
			kr_prefix(&err, "p%s", chars[c]);
			assert_true(utf8_valid(err.text, strlen(err.text)));
		}
}

/* A path that its maker cut inside a character, at just the size of the field. */
static void test_field_cut_before(void **state)
{
	struct kr_error err;
	char path[sizeof(err.field)];

	(void)state;
	for (size_t pad = 0; pad < 4; pad++) {
		memset(path, 'a', sizeof(path));
		for (size_t i = 1; i <= pad; i++)
			path[sizeof(path) - 1 - i] = (char)0x9f;
		memcpy(path + sizeof(path) - 1 - pad, "\xf0\x9f\x9f\x9f", pad);
		path[sizeof(path) - 1] = '\0';
		kr_fail_field(&err, KR_EIO, path, "%s", path);
		assert_true(utf8_valid(err.field, strlen(err.field)));
		assert_int_equal(strlen(err.field), sizeof(path) - 1 - pad);
		assert_true(utf8_valid(err.text, strlen(err.text)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire_codes_are_fixed_and_come_back),
		cmocka_unit_test(inner_statuses_leave_as_a_wire_code),
		cmocka_unit_test(names_and_sentences_are_unique),
		cmocka_unit_test(fail_fills_everything),
		cmocka_unit_test(prefixes_stack_up),
		cmocka_unit_test(a_prefix_as_long_as_the_text_is_cut),
		cmocka_unit_test(an_error_may_quote_itself),
		cmocka_unit_test(a_missing_error_is_allowed),
		cmocka_unit_test(long_text_is_cut_between_characters),
		cmocka_unit_test(test_field_cut_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
