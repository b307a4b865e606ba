#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A copy with nothing after it, so that a read past the end is seen. */
static bool valid(const char *s, size_t len)
{
	char *copy = malloc(len + (len == 0));
	bool is;

	assert_non_null(copy);
	memcpy(copy, s, len);
	is = utf8_valid(copy, len);
	free(copy);
	return is;
}

/* RFC 3629: the first and last of each row of the grammar in section 4, their
 * neighbours outside it, and the examples of section 10. */
static void boundaries_of_rfc_3629(void **state)
{
	static const struct {
		const char *s;
		bool ok;
	} table[] = {
		{"\x01", true},
		{"\x7f", true},
		{"\x80", false},
		{"\xbf", false},
		{"\xc0\x80", false},
		{"\xc0\xaf", false},
		{"\xc1\xbf", false},
		{"\xc2\x7f", false},
		{"\xc2\x80", true},
		{"\xc2\xbf", true},
		{"\xc2\xc0", false},
		{"\xdf\xbf", true},
		{"\xdf\xc0", false},
		{"\xe0\x80\x80", false},
		{"\xe0\x9f\xbf", false},
		{"\xe0\xa0\x80", true},
		{"\xe0\xbf\xbf", true},
		{"\xe0\xa0\x7f", false},
		{"\xe0\xa0\xc0", false},
		{"\xe1\x80\x80", true},
		{"\xec\xbf\xbf", true},
		{"\xed\x9f\xbf", true},
		{"\xed\xa0\x80", false},
		{"\xed\xaf\xbf", false},
		{"\xed\xb0\x80", false},
		{"\xed\xbf\xbf", false},
		{"\xee\x80\x80", true},
		{"\xef\xbf\xbd", true},
		{"\xef\xbf\xbf", true},
		{"\xf0\x80\x80\xaf", false},
		{"\xf0\x8f\xbf\xbf", false},
		{"\xf0\x90\x80\x80", true},
		{"\xf0\xbf\xbf\xbf", true},
		{"\xf0\x90\x80\xc0", false},
		{"\xf0\x90\x7f\x80", false},
		{"\xf3\xbf\xbf\xbf", true},
		{"\xf4\x8f\xbf\xbf", true},
		{"\xf4\x90\x80\x80", false},
		{"\xf5\x80\x80\x80", false},
		{"\xf7\xbf\xbf\xbf", false},
		{"\xf8\x88\x80\x80\x80", false},
		{"\xfc\x84\x80\x80\x80\x80", false},
		{"\xfe", false},
		{"\xff", false},
	};

	(void)state;
	assert_true(valid("", 0));
	assert_false(valid("a\0b", 3));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char around[16];
		size_t len = strlen(table[i].s);

		assert_int_equal(valid(table[i].s, len), table[i].ok);
		around[0] = 'a';
		memcpy(around + 1, table[i].s, len);
		memcpy(around + 1 + len, "\xe2\x82\xac", 3);
		assert_int_equal(valid(around, len + 4), table[i].ok);
		for (size_t cut = 1; table[i].ok && cut < len; cut++)
			assert_false(valid(table[i].s, cut));
	}
}

static size_t encode(unsigned c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void every_scalar_value_and_no_surrogate(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 0x200000; c++) {
		char s[4];
		size_t len = encode(c, s);
		bool scalar = c > 0 && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

		if (utf8_valid(s, len) != scalar)
			fail_msg("U+%04X", c);
	}
}

static bool name(const char *s)
{
	return utf8_name(s, strlen(s));
}

static void names_people_type(void **state)
{
	char text[300];

	(void)state;
	assert_true(name("mnist"));
	assert_true(name("my study / 2"));
	assert_true(name("\xe5\xad\xa6\xe7\xbf\x92\xe7\x8e\x87"));
	assert_true(name("\xc2\xa0x")); /* U+00A0 is no control character */
	assert_false(name(""));
	assert_false(name(" x"));
	assert_false(name("x "));
	assert_false(name(" "));
	assert_false(name("a\nb"));
	assert_false(name("a\tb"));
	assert_false(name("a\x1b[0m"));
	assert_false(name("a\x7f"));
	assert_false(name("a\xc2\x80"));
	assert_false(name("a\xc2\x9f"
					  "b"));
	assert_false(name("a\xff"));
	assert_false(utf8_name("a\0b", 3));
	memset(text, 'x', sizeof(text));
	assert_true(utf8_name(text, 256));
	assert_false(utf8_name(text, 257));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries_of_rfc_3629),
		cmocka_unit_test(every_scalar_value_and_no_surrogate),
		cmocka_unit_test(names_people_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
