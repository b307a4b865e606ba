#include "proto/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"

static const struct frame_header suggest = {.version = PROTO_VERSION,
	.flags = FRAME_REPLY,
	.method = 0x0120,
	.id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static void bytes_are_those_of_the_protocol(void **state)
{
	static const uint8_t expected[FRAME_HEADER_BYTES] = {'K', 'R', 'G', 'E', 1, 1, 0x20, 0x01, 1, 2,
		3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	uint8_t out[FRAME_HEADER_BYTES];

	(void)state;
	frame_pack(&suggest, out);
	assert_memory_equal(out, expected, sizeof(expected));
}

static void comes_back(void **state)
{
	uint8_t out[FRAME_HEADER_BYTES];
	struct frame_header h;

	(void)state;
	frame_pack(&suggest, out);
	assert_int_equal(frame_unpack(&h, out, sizeof(out), NULL), KR_OK);
	assert_int_equal(h.version, suggest.version);
	assert_int_equal(h.flags, suggest.flags);
	assert_int_equal(h.method, suggest.method);
	assert_memory_equal(h.id, suggest.id, FRAME_ID_BYTES);
}

static void other_lengths_are_refused(void **state)
{
	uint8_t out[2 * FRAME_HEADER_BYTES] = {0};
	struct frame_header h;
	struct kr_error err;

	(void)state;
	frame_pack(&suggest, out);
	for (size_t len = 0; len <= sizeof(out); len++) {
		if (len == FRAME_HEADER_BYTES)
			continue;
		assert_int_equal(frame_unpack(&h, out, len, &err), KR_INVALID_ARGUMENT);
		assert_string_equal(err.field, "header");
	}
}

/* A flipped bit is refused, or is the flag, method or id that it now says. */
static void every_bit_counts(void **state)
{
	uint8_t out[FRAME_HEADER_BYTES], again[FRAME_HEADER_BYTES];
	struct frame_header h;
	struct kr_error err;

	(void)state;
	for (int bit = 0; bit < 8 * FRAME_HEADER_BYTES; bit++) {
		int byte = bit / 8;

		frame_pack(&suggest, out);
		out[byte] ^= (uint8_t)(1u << bit % 8);
		enum kr_status st = frame_unpack(&h, out, sizeof(out), &err);
		if (byte < 4) {
			assert_int_equal(st, KR_INVALID_ARGUMENT);
			assert_string_equal(err.field, "header.magic");
		} else if (byte == 4) {
			assert_int_equal(st, KR_VERSION);
			assert_memory_equal(h.id, suggest.id, FRAME_ID_BYTES);
		} else if (byte == 5 && bit % 8 > 2) {
			assert_int_equal(st, KR_VERSION);
			assert_string_equal(err.field, "header.flags");
			assert_memory_equal(h.id, suggest.id, FRAME_ID_BYTES);
		} else {
			assert_int_equal(st, KR_OK);
			frame_pack(&h, again);
			assert_memory_equal(again, out, sizeof(out));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_those_of_the_protocol),
		cmocka_unit_test(comes_back),
		cmocka_unit_test(other_lengths_are_refused),
		cmocka_unit_test(every_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
