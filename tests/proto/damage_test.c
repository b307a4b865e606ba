/* Bytes that are not what was sent: cut, flipped, of another version. Nothing
 * crashes (the sanitizers of the build decide), and what decodes is whole: it
 * can be encoded again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/limits.h"
#include "proto/record.h"
#include "tests/proto/dump.h"
#include "tests/proto/random_msg.h"
#include "tests/proto/wire_text.h"

enum { SEED = 5 };

/* From a block of the exact size, so that a read past the end is seen. */
static enum kr_status read_request(
	enum method method, const uint8_t *p, size_t len, struct arena *a)
{
	struct kr_error err = {0};
	struct msg_request m;
	struct bytes again;
	uint8_t *copy = malloc(len ? len : 1);
	enum kr_status st;

	memcpy(copy, p, len);
	st = decode_request(&m, method, copy, len, a, &err);
	free(copy); /* nothing in m points to it */
	if (st == KR_OK) {
		free(dump_request(&m));
		assert_int_equal(encode_request(&again, &m, a, &err), KR_OK);
	} else {
		assert_true(st == KR_INVALID_ARGUMENT || st == KR_TOO_LARGE);
		assert_true(err.text[0] != '\0' && err.field[0] != '\0');
	}
	return st;
}

static void read_reply(
	enum method method, bool is_error, const uint8_t *p, size_t len, struct arena *a)
{
	struct kr_error err = {0};
	struct msg_reply m;
	struct bytes again;
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, p, len);
	if (decode_reply(&m, method, is_error, copy, len, a, &err) == KR_OK) {
		free(dump_reply(&m));
		assert_int_equal(encode_reply(&again, &m, a, &err), KR_OK);
	} else {
		assert_string_equal(err.field, "message");
	}
	free(copy);
}

static void read_record(unsigned kind, const uint8_t *p, size_t len, struct arena *a)
{
	struct kr_error err = {0};
	struct record r;
	struct bytes again;
	uint8_t *copy = malloc(len ? len : 1);
	enum kr_status st;

	memcpy(copy, p, len);
	st = record_decode(&r, kind, copy, len, a, &err);
	free(copy);
	if (st == KR_OK) {
		free(dump_record(&r));
		assert_int_equal(record_encode(&again, &r, a, &err), KR_OK);
	} else {
		assert_int_equal(st, KR_ECORRUPT);
		assert_true(err.text[0] != '\0');
	}
}

static void cut_requests(void **state)
{
	struct arena *made = arena_new(LIMIT_ARENA_BYTES), *a = arena_new(LIMIT_ARENA_BYTES);
	struct bytes wire;

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < random_n_methods; i++) {
		struct rng r = rng_make(SEED, 0, RNG_TEST, (uint32_t)i);
		struct msg_request m = random_request(made, &r, random_methods[i]);

		assert_int_equal(encode_request(&wire, &m, made, NULL), KR_OK);
		for (size_t len = 0; len <= wire.len; len++, arena_reset(a))
			read_request(m.method, wire.p, len, a);
		arena_reset(made);
	}
	arena_free(a);
	arena_free(made);
}

static void cut_replies_and_records(void **state)
{
	struct arena *made = arena_new(LIMIT_ARENA_BYTES), *a = arena_new(LIMIT_ARENA_BYTES);
	struct bytes wire;

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < random_n_methods; i++) {
		struct rng r = rng_make(SEED, 0, RNG_TEST, (uint32_t)(100 + i));
		struct msg_reply m = random_reply(made, &r, random_methods[i]);

		assert_int_equal(encode_reply(&wire, &m, made, NULL), KR_OK);
		for (size_t len = 0; len <= wire.len; len++, arena_reset(a))
			read_reply(m.method, m.is_error, wire.p, len, a);
		arena_reset(made);
	}
	for (unsigned kind = RECORD_STUDY_CREATED; kind <= RECORD_STALE; kind++) {
		struct rng r = rng_make(SEED, 0, RNG_TEST, 200 + kind);
		struct record m = random_record(made, &r, (enum record_kind)kind);

		assert_int_equal(record_encode(&wire, &m, made, NULL), KR_OK);
		for (size_t len = 0; len <= wire.len; len++, arena_reset(a))
			read_record(kind, wire.p, len, a);
		arena_reset(made);
	}
	arena_free(a);
	arena_free(made);
}

static void flipped_bits(void **state)
{
	struct arena *made = arena_new(LIMIT_ARENA_BYTES), *a = arena_new(LIMIT_ARENA_BYTES);
	struct bytes wire;

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < random_n_methods; i++) {
		struct rng r = rng_make(SEED, 1, RNG_TEST, (uint32_t)i);
		struct msg_request m = random_request(made, &r, random_methods[i]);

		assert_int_equal(encode_request(&wire, &m, made, NULL), KR_OK);
		for (size_t bit = 0; bit < 8 * wire.len && bit < 8000; bit++, arena_reset(a)) {
			wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			read_request(m.method, wire.p, wire.len, a);
			wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		arena_reset(made);
	}
	for (unsigned kind = RECORD_STUDY_CREATED; kind <= RECORD_STALE; kind++) {
		struct rng r = rng_make(SEED, 1, RNG_TEST, 200 + kind);
		struct record m = random_record(made, &r, (enum record_kind)kind);

		assert_int_equal(record_encode(&wire, &m, made, NULL), KR_OK);
		for (size_t bit = 0; bit < 8 * wire.len && bit < 8000; bit++, arena_reset(a)) {
			wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			read_record(kind, wire.p, wire.len, a);
			wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		arena_reset(made);
	}
	arena_free(a);
	arena_free(made);
}

/* Any bytes, for any method. */
static void noise(void **state)
{
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	uint8_t bytes[64];

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < 20000; i++, arena_reset(a)) {
		size_t len = rng_below(&r, sizeof(bytes) + 1);
		int k = (int)rng_below(&r, (uint32_t)random_n_methods);

		for (size_t j = 0; j < len; j++)
			bytes[j] = (uint8_t)rng_below(&r, 256);
		read_request(random_methods[k], bytes, len, a);
		read_reply(random_methods[k], k == 0, bytes, len, a);
		read_record(1 + rng_below(&r, RECORD_STALE), bytes, len, a);
	}
	arena_free(a);
}

static struct msg_reply lenient(
	enum method method, bool is_error, const char *text, struct arena *a)
{
	struct kr_error err = {0};
	struct msg_reply m;
	size_t len;
	uint8_t *wire = wire_text(text, &len);

	if (decode_reply(&m, method, is_error, wire, len, a, &err) != KR_OK)
		fail_msg("%s: %s", text, err.text);
	free(wire);
	return m;
}

/* A newer daemon says more than this client knows. */
static void a_newer_reply_is_read(void **state)
{
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct msg_reply m;

	(void)state;
	m = lenient(
		METHOD_GET_TRIAL, false, "1:{1:7 2:99 3:{1:\"x\" 2:{9:\"new\"}} 13:{1:9 2:9} 99:1}", a);
	assert_int_equal(m.u.trials.trials[0].number, 7);
	assert_int_equal(m.u.trials.trials[0].state, 0);
	assert_int_equal(m.u.trials.trials[0].params[0].value.kind, 0);
	assert_int_equal(m.u.trials.trials[0].why.rule, 0);

	m = lenient(METHOD_GET_STUDY, false,
		"1:{1:\"s\" 4:9 5:{1:{1:\"e\" 2:9 9:1} 1:{1:\"e\"} 2:{1:\"a\" 2:3} 2:{1:\"b\"}}"
		" 6:{1:99 2:5} 6:{1:3 2:4}}",
		a);
	assert_string_equal(m.u.study.study.name, "s");
	assert_int_equal(m.u.study.study.state, 0);
	assert_int_equal(m.u.study.study.spec.n_params, 2);
	assert_int_equal(m.u.study.study.spec.params[0].kind, 0);
	assert_int_equal(m.u.study.study.spec.metrics[0].role, METRIC_CONSTRAINT);
	assert_int_equal(m.u.study.study.counts[TRIAL_COMPLETE], 4);

	m = lenient(METHOD_GET_STUDY, false, "1:{5:{1:{1:\"x\" 2:1 8:\"\\x00y\"}}}", a);
	assert_null(m.u.study.study.spec.params[0].when);
	m = lenient(METHOD_HELLO, false, "5:\"short\"", a);
	assert_false(m.u.hello.has_session);
	m = lenient(METHOD_PING, true, "1:99 2:\"a\"*5000", a);
	assert_int_equal(m.error.code, 99);
	assert_int_equal(strlen(m.error.message), 5000);
	/* A reason to stop that is not known is one to stop. */
	m = lenient(METHOD_REPORT, false, "1:1 2:99", a);
	assert_int_equal(m.u.report.stop, STOP_CANCELLED);
	m = lenient(METHOD_REPORT, false, "1:1", a);
	assert_int_equal(m.u.report.stop, STOP_CANCELLED);
	m = lenient(METHOD_REPORT, false, "2:2", a);
	assert_int_equal(m.u.report.stop, STOP_NONE);
	m = lenient(METHOD_HEARTBEAT, false, "3:{1:7 2:99}", a);
	assert_int_equal(m.u.heartbeat.n_stops, 1);
	assert_int_equal(m.u.heartbeat.stops[0].reason, STOP_CANCELLED);
	m = lenient(METHOD_WHY, false, "1:99 3:{1:9 2:\"paused\"}", a);
	assert_int_equal(m.u.why.next, 0);
	assert_string_equal(m.u.why.error.message, "paused");
	/* As many metrics as all points have. */
	m = lenient(METHOD_PREDICT, false,
		"1:{1:{1:\"a\" 2:#1 3:#2} 1:{1:\"b\"}} 1:{1:{1:\"a\" 2:#3 3:#4}}", a);
	assert_true(m.u.predict.n == 2 && m.u.predict.n_metrics == 1);
	assert_true(m.u.predict.predictions[1].mean == 3 && m.u.predict.predictions[1].sd == 4);
	m = lenient(METHOD_BEST, false, "", a);
	assert_null(m.u.best.trial);
	arena_free(a);
}

/* What engine and start-up rely on is there, or the record is damaged. */
static void records_miss_nothing(void **state)
{
	static const struct {
		unsigned kind;
		const char *wire, *says;
	} rows[] = {
		{RECORD_STUDY_CREATED, "1:\"s\"", "spec is missing"},
		{RECORD_STUDY_CREATED, "2:{1:{1:\"x\" 2:1 3:#0 4:#1} 2:{1:\"y\" 2:1}}", "name is missing"},
		{RECORD_STUDY_CREATED, "1:\"s\" 2:{2:{1:\"y\" 2:1}}", "spec.parameters"},
		{RECORD_STUDY_UPDATED, "1:9", "state is 9"},
		{RECORD_SUGGESTED, "1:{1:0 4:\"0123456789abcdef\"}", "job is missing"},
		{RECORD_SUGGESTED, "1:{4:\"0123456789abcdef\"} 2:{}", "trials[0].number"},
		{RECORD_SUGGESTED, "1:{1:0} 2:{}", "trials[0].token is missing"},
		{RECORD_SUGGESTED, "1:{1:0 4:\"0\"} 2:{}", "trials[0].token has 1"},
		{RECORD_SUGGESTED, "1:{1:0 4:\"0123456789abcdef\" 2:#inf} 2:{}",
			"trials[0].values[0] is infinite"},
		{RECORD_SUGGESTED, "1:{1:0 4:\"0123456789abcdef\" 2:\"1234567\"} 2:{}",
			"not a valid protobuf"},
		{RECORD_ENDED, "1:{2:3}", "outcomes[0].number"},
		{RECORD_SUGGESTED, "2:{3:3 11:1 11:2}", "job.numbers is not as long"},
		{RECORD_SUGGESTED, "2:{} 4:\"short\"", "session has 5 bytes"},
		{RECORD_STUDY_UPDATED, "4:#0", "lease_s is 0"},
		{RECORD_STUDY_UPDATED, "5:3", "on_expiry is 3"},
		{RECORD_STUDY_UPDATED, "8:{1:\"a\" 2:{2:1}} 8:{1:\"a\" 2:{2:1}}", "labels[1].name"},
		{RECORD_ENDED, "1:{1:3}", "outcomes[0].state"},
		{RECORD_ENDED, "1:{1:3 2:3 3:#nan}", "outcomes[0].values[0] is not finite"},
		{RECORD_ENDED, "1:{1:3 2:3 3:#1 6:#1 6:#1}", "outcomes[0].sems is not as long"},
		{RECORD_ENDED, "1:{1:3 2:3 3:#1 6:#-1}", "outcomes[0].sems[0] is no standard error"},
		{RECORD_ENDED, "1:{1:3 2:77}", "outcomes[0].state"},
		{RECORD_ADDED, "2:{1:#1}", "first_number"},
		{RECORD_ADDED, "1:0 2:{1:#inf}", "trials[0].values[0]"},
		{RECORD_ADDED, "1:0 2:{1:#1 2:#inf}", "trials[0].metrics[0] is not finite"},
		{RECORD_ADDED, "1:0 2:{1:#1 4:#1}", "trials[0].sems is not as long"},
		{RECORD_ADDED, "1:0 2:{5:{1:\"a\"}}", "trials[0].labels[0].value"},
		{RECORD_ADDED, "1:0 2:{6:\"\\xff\"}", "trials[0].note"},
		{RECORD_ENQUEUED, "2:{1:#1}", "first_number"},
		{RECORD_ENQUEUED, "1:0 2:{1:#-inf}", "trials[0].values[0] is infinite"},
		{RECORD_REPORTED, "2:z1 3:#1", "number is missing"},
		{RECORD_REPORTED, "1:1 2:z1", "value is missing"},
		{RECORD_REPORTED, "1:1 2:z1 3:#nan", "value is missing or not finite"},
		{RECORD_REPORTED, "1:1 2:z1 3:#1 4:5", "stop is 5"},
		{RECORD_EDITED, "2:#1", "number is missing"},
		{RECORD_EDITED, "1:1 2:#nan", "values[0] is not finite"},
		{RECORD_EDITED, "1:1 3:#1", "sems is not as long"},
		{RECORD_EDITED, "1:1 5:\"\\x00\"", "note has a NUL"},
		{RECORD_STALE, "2:1", "number is missing"},
		{RECORD_STALE, "1:1 3:#1 4:#inf", "sems[0] is no standard error"},
		{RECORD_STALE, "1:1 5:\"\"", "worker is empty"},
		{0, "", "kind 0"},
		{10, "", "kind 10"},
	};
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct kr_error err = {0};
		struct record r;
		size_t len;
		uint8_t *wire = wire_text(rows[i].wire, &len);

		assert_int_equal(record_decode(&r, rows[i].kind, wire, len, a, &err), KR_ECORRUPT);
		if (!strstr(err.text, rows[i].says))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].says);
		free(wire);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_requests),
		cmocka_unit_test(cut_replies_and_records),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(noise),
		cmocka_unit_test(a_newer_reply_is_read),
		cmocka_unit_test(records_miss_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
