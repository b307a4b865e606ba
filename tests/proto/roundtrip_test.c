/* Whatever is encoded is decoded as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/limits.h"
#include "proto/record.h"
#include "tests/proto/dump.h"
#include "tests/proto/random_msg.h"

enum { SEED = 3, ROUNDS = 200, STEP = 48 /* bytes between two arena sizes */ };

static void same(char *expected, char *got)
{
	assert_string_equal(got, expected);
	free(expected);
	free(got);
}

static void requests(void **state)
{
	struct arena *a = arena_new(2 * LIMIT_ARENA_BYTES);
	struct kr_error err = {0};
	struct msg_request m, back;
	struct bytes wire;

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < random_n_methods; i++)
		for (int k = 0; k < ROUNDS; k++) {
			struct rng r = rng_make(SEED, (uint64_t)k, RNG_TEST, (uint32_t)i);

			m = random_request(a, &r, random_methods[i]);
			assert_int_equal(encode_request(&wire, &m, a, &err), KR_OK);
			if (decode_request(&back, m.method, wire.p, wire.len, a, &err) != KR_OK)
				fail_msg("%s %d: %s", msg_method_name(m.method), k, err.text);
			same(dump_request(&m), dump_request(&back));
			arena_reset(a);
		}
	arena_free(a);
}

static void replies(void **state)
{
	struct arena *a = arena_new(2 * LIMIT_ARENA_BYTES);
	struct kr_error err = {0};
	struct msg_reply m, back;
	struct bytes wire;

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < random_n_methods; i++)
		for (int k = 0; k < ROUNDS; k++) {
			struct rng r = rng_make(SEED, (uint64_t)k, RNG_TEST, (uint32_t)(100 + i));

			m = random_reply(a, &r, random_methods[i]);
			assert_int_equal(encode_reply(&wire, &m, a, &err), KR_OK);
			if (decode_reply(&back, m.method, m.is_error, wire.p, wire.len, a, &err) != KR_OK)
				fail_msg("%s %d: %s", msg_method_name(m.method), k, err.text);
			same(dump_reply(&m), dump_reply(&back));
			arena_reset(a);
		}
	arena_free(a);
}

static void records(void **state)
{
	struct arena *a = arena_new(2 * LIMIT_ARENA_BYTES);
	struct kr_error err = {0};
	struct record m, back;
	struct bytes wire;

	(void)state;
	print_message("seed %d\n", SEED);
	for (unsigned kind = RECORD_STUDY_CREATED; kind <= RECORD_STALE; kind++)
		for (int k = 0; k < ROUNDS; k++) {
			struct rng r = rng_make(SEED, (uint64_t)k, RNG_TEST, 200 + kind);

			m = random_record(a, &r, (enum record_kind)kind);
			assert_int_equal(record_encode(&wire, &m, a, &err), KR_OK);
			if (record_decode(&back, kind, wire.p, wire.len, a, &err) != KR_OK)
				fail_msg("record %u, %d: %s", kind, k, err.text);
			same(dump_record(&m), dump_record(&back));
			arena_reset(a);
		}
	arena_free(a);
}

/* The n-th allocation fails, n = 1, 2, ... until all succeed. ENOMEM, never a crash, and
 * what succeeds is whole. */
static void every_allocation_can_fail(void **state)
{
	struct kr_error err = {0};
	struct bytes wire;

	(void)state;
	for (int i = 0; i < random_n_methods; i++) {
		struct arena *made = arena_new(LIMIT_ARENA_BYTES), *a = NULL;
		struct rng r = rng_make(SEED, 0, RNG_TEST, (uint32_t)(300 + i));
		struct msg_request m = random_request(made, &r, random_methods[i]), back;
		struct msg_reply reply = random_reply(made, &r, random_methods[i]), reply_back;
		enum kr_status st = KR_ENOMEM;

		for (long n = 1; st != KR_OK; n++) {
			kr_alloc_fail_at(n, 1);
			a = arena_new(LIMIT_ARENA_BYTES);
			st = a ? encode_request(&wire, &m, a, &err) : KR_ENOMEM;
			if (st == KR_OK)
				st = decode_request(&back, m.method, wire.p, wire.len, a, &err);
			if (st == KR_OK)
				st = encode_reply(&wire, &reply, a, &err);
			if (st == KR_OK)
				st = decode_reply(
					&reply_back, reply.method, reply.is_error, wire.p, wire.len, a, &err);
			kr_alloc_fail_at(0, 0);
			assert_true(st == KR_OK || st == KR_ENOMEM);
			if (st == KR_OK)
				same(dump_request(&m), dump_request(&back));
			arena_free(a);
		}
		arena_free(made);
	}
}

/* The same within one message: every arena size up to the one that is enough. */
static void reading_survives_every_arena_size(void **state)
{
	struct arena *made = arena_new(LIMIT_ARENA_BYTES);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 400);
	struct kr_error err = {0};
	struct bytes wire;

	(void)state;
	for (int i = 0; i < random_n_methods; i++) {
		struct msg_request m = random_request(made, &r, random_methods[i]), back;
		enum kr_status st = KR_TOO_LARGE;

		assert_int_equal(encode_request(&wire, &m, made, &err), KR_OK);
		for (size_t cap = 0; st != KR_OK; cap += STEP) {
			struct arena *a = arena_new(cap);

			st = decode_request(&back, m.method, wire.p, wire.len, a, &err);
			if (st == KR_OK)
				same(dump_request(&m), dump_request(&back));
			else
				assert_int_equal(st, KR_TOO_LARGE);
			assert_string_equal(err.field, st == KR_OK ? "" : "message");
			memset(&err, 0, sizeof(err));
			arena_free(a);
		}
	}
	arena_free(made);
}

static void reading_replies_survives_every_arena_size(void **state)
{
	struct arena *made = arena_new(LIMIT_ARENA_BYTES);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 401);
	struct kr_error err = {0};
	struct bytes wire;

	(void)state;
	for (int i = 0; i < random_n_methods; i++) {
		struct msg_reply m = random_reply(made, &r, random_methods[i]), back;
		enum kr_status st = KR_TOO_LARGE;

		assert_int_equal(encode_reply(&wire, &m, made, &err), KR_OK);
		for (size_t cap = 0; st != KR_OK; cap += STEP) {
			struct arena *a = arena_new(cap);

			st = decode_reply(&back, m.method, m.is_error, wire.p, wire.len, a, &err);
			if (st == KR_OK)
				same(dump_reply(&m), dump_reply(&back));
			else
				assert_int_equal(st, KR_TOO_LARGE);
			arena_free(a);
		}
	}
	arena_free(made);
}

/* What one arena size gives: the status, and the bytes when it is enough. */
static enum kr_status write_within(size_t cap, const struct msg_request *request,
	const struct msg_reply *reply, const struct record *record, struct bytes expected)
{
	struct arena *a = arena_new(cap);
	struct kr_error err = {0};
	struct bytes wire;
	enum kr_status st;

	if (request)
		st = encode_request(&wire, request, a, &err);
	else if (reply)
		st = encode_reply(&wire, reply, a, &err);
	else
		st = record_encode(&wire, record, a, &err);
	if (st == KR_OK) {
		assert_int_equal(wire.len, expected.len);
		assert_memory_equal(wire.p, expected.p, wire.len);
	} else {
		assert_int_equal(st, KR_ENOMEM);
		assert_null(wire.p);
	}
	arena_free(a);
	return st;
}

static void writing_survives_every_arena_size(void **state)
{
	struct arena *made = arena_new(LIMIT_ARENA_BYTES);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 402);
	struct bytes wire;

	(void)state;
	for (int i = 0; i < random_n_methods; i++) {
		struct msg_request m = random_request(made, &r, random_methods[i]);
		struct msg_reply reply = random_reply(made, &r, random_methods[i]);

		encode_request(&wire, &m, made, NULL);
		for (size_t cap = 0; write_within(cap, &m, NULL, NULL, wire) != KR_OK;)
			cap += STEP;
		encode_reply(&wire, &reply, made, NULL);
		for (size_t cap = 0; write_within(cap, NULL, &reply, NULL, wire) != KR_OK;)
			cap += STEP;
	}
	for (unsigned kind = RECORD_STUDY_CREATED; kind <= RECORD_STALE; kind++) {
		struct record rec = random_record(made, &r, (enum record_kind)kind);

		record_encode(&wire, &rec, made, NULL);
		for (size_t cap = 0; write_within(cap, NULL, NULL, &rec, wire) != KR_OK;)
			cap += STEP;
	}
	arena_free(made);
}

static void unknown_methods_are_not_written(void **state)
{
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	const struct msg_request m = {.method = (enum method)5};
	const struct msg_reply reply = {.method = (enum method)5};
	struct msg_reply back;
	struct bytes wire;

	(void)state;
	assert_int_equal(encode_request(&wire, &m, a, NULL), KR_VERSION);
	assert_int_equal(encode_reply(&wire, &reply, a, NULL), KR_VERSION);
	assert_int_equal(decode_reply(&back, 5, false, "", 0, a, NULL), KR_VERSION);
	assert_int_equal(decode_reply(&back, METHOD_PING, false, "", LIMIT_MESSAGE_BYTES + 1, a, NULL),
		KR_TOO_LARGE);
	arena_free(a);
}

static void a_message_over_the_limit_is_not_written(void **state)
{
	enum { N = 5000 };
	static struct msg_trial trials[N];
	struct arena *a = arena_new(4 * LIMIT_ARENA_BYTES);
	struct msg_reply m = {.method = METHOD_LIST_TRIALS};
	struct kr_error err = {0};
	struct bytes wire;
	char *reason = arena_alloc(a, LIMIT_REASON_BYTES + 1);

	(void)state;
	memset(reason, 'r', LIMIT_REASON_BYTES);
	reason[LIMIT_REASON_BYTES] = '\0';
	for (int i = 0; i < N; i++)
		trials[i].reason = reason;
	m.u.list_trials.n = N;
	m.u.list_trials.trials = trials;
	assert_int_equal(encode_reply(&wire, &m, a, &err), KR_TOO_LARGE);
	assert_null(wire.p);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(replies),
		cmocka_unit_test(records),
		cmocka_unit_test(every_allocation_can_fail),
		cmocka_unit_test(reading_survives_every_arena_size),
		cmocka_unit_test(reading_replies_survives_every_arena_size),
		cmocka_unit_test(writing_survives_every_arena_size),
		cmocka_unit_test(unknown_methods_are_not_written),
		cmocka_unit_test(a_message_over_the_limit_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
