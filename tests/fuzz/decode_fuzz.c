/* The wire: the first byte says what the rest is (a header, or the body of a
 * request or reply of a method). What decodes can be encoded, and comes back as
 * the same bytes; what does not has a sentence. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/frame.h"
#include "proto/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As the high bits of the first byte; the low six are the index of the method. */
enum what { A_REQUEST, A_REPLY, AN_ERROR, A_HEADER };

static const enum method methods[] = {
#define METHOD(NAME, name, number, mutates, role) METHOD_##NAME,
#include "proto/method_list.def"
#undef METHOD
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_error(const struct kr_error *err)
{
	require(err->text[0] != '\0' && utf8_valid(err->text, strlen(err->text)));
	require(strlen(err->field) < sizeof(err->field));
}

/* Encoding is a function of the message: twice decoded, twice the same bytes. */
static void request(enum method method, const uint8_t *p, size_t len, struct arena *a)
{
	struct kr_error err = {0};
	struct msg_request m;
	struct bytes once, twice;

	if (decode_request(&m, method, p, len, a, &err) != KR_OK) {
		check_error(&err);
		return;
	}
	require(encode_request(&once, &m, a, &err) == KR_OK);
	require(decode_request(&m, method, once.p, once.len, a, &err) == KR_OK);
	require(encode_request(&twice, &m, a, &err) == KR_OK);
	require(once.len == twice.len && memcmp(once.p, twice.p, once.len) == 0);
}

static void reply(enum method method, bool is_error, const uint8_t *p, size_t len, struct arena *a)
{
	struct kr_error err = {0};
	struct msg_reply m;
	struct bytes once, twice;

	if (decode_reply(&m, method, is_error, p, len, a, &err) != KR_OK) {
		check_error(&err);
		return;
	}
	require(encode_reply(&once, &m, a, &err) == KR_OK);
	require(decode_reply(&m, method, is_error, once.p, once.len, a, &err) == KR_OK);
	require(encode_reply(&twice, &m, a, &err) == KR_OK);
	require(once.len == twice.len && memcmp(once.p, twice.p, once.len) == 0);
}

static void header(const uint8_t *p, size_t len)
{
	uint8_t again[FRAME_HEADER_BYTES];
	struct frame_header h;
	struct kr_error err = {0};

	if (frame_unpack(&h, p, len, &err) != KR_OK) {
		check_error(&err);
		return;
	}
	frame_pack(&h, again);
	require(memcmp(again, p, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;
	enum method method;

	/* Three trees of one message fit, so that the cap is not what is tested here. */
	if (size == 0 || size > LIMIT_MESSAGE_BYTES / 32)
		return 0;
	a = arena_new(4 * LIMIT_ARENA_BYTES);
	require(a != NULL);
	method = methods[(data[0] & 0x3f) % (sizeof(methods) / sizeof(*methods))];
	switch ((enum what)(data[0] >> 6)) {
	case A_REQUEST: request(method, data + 1, size - 1, a); break;
	case A_REPLY: reply(method, false, data + 1, size - 1, a); break;
	case AN_ERROR: reply(method, true, data + 1, size - 1, a); break;
	case A_HEADER: header(data + 1, size - 1); break;
	}
	arena_free(a);
	return 0;
}
