/* docs/protocol.md says what the code does: its tables of methods, errors and
 * limits, and its examples, byte for byte. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/frame.h"
#include "proto/limits.h"
#include "tests/proto/protoc.h"

static char *page, *schema;

/* The text of a file, or NULL. */
static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long size;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		return NULL;
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	size = (long)fread(text, 1, (size_t)size, f);
	fclose(f);
	return size > 0 ? text : NULL;
}

static int read_page(void **state)
{
	(void)state;
	page = read_file(KRIGED_SOURCE_DIR "/docs/protocol.md");
	schema = read_file(KRIGED_SOURCE_DIR "/proto/kriged.proto");
	return page && schema ? 0 : -1;
}

static int free_page(void **state)
{
	(void)state;
	free(page);
	free(schema);
	return 0;
}

static int count(const char *line_start)
{
	int n = 0;

	for (const char *p = page; (p = strstr(p, line_start)) != NULL; p++)
		n += p == page || p[-1] == '\n';
	return n;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Is it on the page, not as a part of a longer word? */
static bool has_word(const char *word)
{
	size_t len = strlen(word);

	for (const char *p = page; (p = strstr(p, word)) != NULL; p++)
		if ((p == page || !in_word(p[-1])) && !in_word(p[len]))
			return true;
	return false;
}

/* Each field of the schema by its name, each value of an enum with its number ("PAUSE 1"). */
static void fields(void **state)
{
	char name[64], value[96];
	int number, n_fields = 0, n_values = 0;

	(void)state;
	for (const char *line = schema; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, " optional %*[A-Za-z0-9_.] %63[a-z0-9_] = %d", name, &number) == 2 ||
			sscanf(line, " repeated %*[A-Za-z0-9_.] %63[a-z0-9_] = %d", name, &number) == 2) {
			n_fields++;
			if (!has_word(name))
				fail_msg("field '%s' is not explained", name);
		} else if (sscanf(line, " %63[A-Z_] = %d", name, &number) == 2) {
			n_values++;
			snprintf(value, sizeof(value), "%s %d", name, number);
			if (!has_word(value))
				fail_msg("'%s' is not explained", value);
		}
	}
	assert_true(n_fields > 200 && n_values > 40);
}

/* "| 16 | CreateStudy | CreateStudyRequest | StudyReply | required | admin |" */
static void method_row(const char *name, unsigned number, int mutates, const char *role)
{
	char camel[64], row[192];
	size_t len = 0;
	const char *p;

	for (p = name; *p; p++)
		if (*p != '_')
			camel[len++] = p == name || p[-1] == '_' ? (char)toupper((unsigned char)*p) : *p;
	camel[len] = '\0';
	snprintf(row, sizeof(row), "\n| %u | %s | %sRequest |", number, camel, camel);
	p = strstr(page, row);
	if (!p)
		fail_msg("no row '%s'", row + 1);
	p = strstr(p, "Reply | ");
	assert_non_null(p);
	snprintf(row, sizeof(row), "%s | %s |", mutates ? "required" : "optional", role);
	if (strncasecmp(p + 8, row, strlen(row)) != 0)
		fail_msg("%s: not '%s'", camel, row);
}

static void methods(void **state)
{
	(void)state;
#define METHOD(NAME, name, number, mutates, role) method_row(#name, number, mutates, #role);
#include "proto/method_list.def"
#undef METHOD
}

static void errors(void **state)
{
	char row[64];

	(void)state;
	for (unsigned wire = 0;; wire++) {
		enum kr_status code = kr_status_from_wire(wire);

		if (wire > 0 && kr_status_wire(code) != wire)
			return; /* the list is over */
		snprintf(row, sizeof(row), "| %u | %s |", wire, kr_status_name(code));
		if (count(row) != 1)
			fail_msg("no row '%s'", row);
	}
}

static void limits(void **state)
{
	static const struct {
		const char *name;
		int value;
		const char *unit;
	} rows[] = {
		{"message_bytes", LIMIT_MESSAGE_BYTES, ""},
		{"arena_bytes", LIMIT_ARENA_BYTES, ""},
		{"parameters", LIMIT_PARAMETERS, ""},
		{"choices", LIMIT_CHOICES, ""},
		{"metrics", LIMIT_METRICS, ""},
		{"name_bytes", LIMIT_NAME_BYTES, ""},
		{"batch", LIMIT_BATCH, ""},
		{"reason", LIMIT_REASON_BYTES, " bytes"},
		{"text value", LIMIT_STRING_BYTES, " bytes"},
		{"lease", LIMIT_LEASE_S, " s"},
		{"deadline", LIMIT_DEADLINE_MS, " ms"},
		{"wait", LIMIT_WAIT_MS, " ms"},
		{"labels", LIMIT_LABELS, ""},
		{"label text", LIMIT_LABELS_BYTES, " bytes"},
		{"note", LIMIT_NOTE_BYTES, " bytes"},
		{"constraints", LIMIT_CONSTRAINTS, ""},
		{"condition", LIMIT_CONDITION_BYTES, " bytes"},
		{"reports", LIMIT_REPORTS, ""},
		{"path", LIMIT_PATH_BYTES, " bytes"},
	};
	char row[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(row, sizeof(row), "| %s | %d%s |", rows[i].name, rows[i].value, rows[i].unit);
		if (count(row) != 1)
			fail_msg("no row '%s'", row);
	}
}

/* Bytes of a hex block up to its fence. */
static size_t read_hex(const char *p, uint8_t *out, size_t size)
{
	size_t len = 0;
	unsigned byte;

	while (strncmp(p, "```", 3) != 0) {
		if (isspace((unsigned char)*p)) {
			p++;
			continue;
		}
		assert_int_equal(sscanf(p, "%2x", &byte), 1);
		assert_true(len < size);
		out[len++] = (uint8_t)byte;
		p += 2;
	}
	return len;
}

/* The message type and the text before a hex block: "Client: `T`", then maybe a textproto. */
static void read_text(const char *block, char type[64], char *text, size_t size)
{
	const char *p = block, *open;

	while (strncmp(p, "\nClient: `", 10) != 0 && strncmp(p, "\nDaemon: `", 10) != 0)
		p--;
	assert_int_equal(sscanf(p + 10, "%63[A-Za-z]", type), 1);
	open = strstr(p, "```textproto\n");
	text[0] = '\0';
	if (open && open < block) {
		open += strlen("```textproto\n");
		snprintf(text, size, "%.*s", (int)(strstr(open, "```") - open), open);
	}
}

static void check_example(const char *block, struct arena *a)
{
	static uint8_t bytes[4096];
	static char text[4096];
	char type[64];
	struct frame_header h;
	struct kr_error err = {0};
	struct msg_request request;
	struct msg_reply reply;
	size_t len = read_hex(block + strlen("```hex\n"), bytes, sizeof(bytes)), body_len;
	uint8_t *expected;
	enum kr_status st;

	read_text(block, type, text, sizeof(text));
	assert_true(len >= FRAME_HEADER_BYTES);
	assert_int_equal(frame_unpack(&h, bytes, FRAME_HEADER_BYTES, &err), KR_OK);
	expected = protoc_encode(type, text, &body_len);
	assert_non_null(expected);
	assert_int_equal(len - FRAME_HEADER_BYTES, body_len);
	assert_memory_equal(bytes + FRAME_HEADER_BYTES, expected, body_len);
	free(expected);
	if (h.flags & FRAME_REPLY)
		st = decode_reply(
			&reply, h.method, h.flags & FRAME_ERROR, bytes + FRAME_HEADER_BYTES, body_len, a, &err);
	else
		st = decode_request(&request, h.method, bytes + FRAME_HEADER_BYTES, body_len, a, &err);
	if (st != KR_OK && !strstr(text, "\"abc\"")) /* the one that shows an error */
		fail_msg("%s: %s", type, err.text);
	else if (st != KR_OK)
		assert_string_equal(err.text, "meta.request_id has 3 bytes; it must have 16");
}

static void examples(void **state)
{
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	int n = 0;

	(void)state;
	for (const char *p = page; (p = strstr(p, "```hex\n")) != NULL; p++, n++) {
		check_example(p, a);
		arena_reset(a);
	}
	assert_true(n >= 16);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods),
		cmocka_unit_test(fields),
		cmocka_unit_test(errors),
		cmocka_unit_test(limits),
		cmocka_unit_test(examples),
	};

	return cmocka_run_group_tests(tests, read_page, free_page);
}
