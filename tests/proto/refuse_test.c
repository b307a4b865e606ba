/* Each kind of bad request has its status, its field, and a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "proto/decode.h"
#include "proto/limits.h"
#include "tests/proto/wire_text.h"

#define META "1:{1:\"0123456789abcdef\"} "
#define STUDY META "2:\"s\" "

/* Parameters and metrics of a spec, in CreateStudy. */
#define NAMED META "2:\"s\" "
#define LR "1:{1:\"lr\" 2:1 3:#0 4:#1} "
#define LOSS "2:{1:\"loss\" 2:1} "
#define SPEC(items) NAMED "4:{" items "}"
#define PARAM(items) SPEC("1:{" items "} " LOSS)
#define CHOICES(items) PARAM("1:\"opt\" 2:3 7:{" items "}")
#define METRIC(items) SPEC(LR "2:{" items "}")
#define CONSTRAINT(items) SPEC(LR "2:{1:\"size\" 2:3 " items "} " LOSS)

/* One observation, one point. */
#define OBSERVATION(items) STUDY "3:{" items "}"
#define POINT(items) STUDY "3:{" items "}"
#define X "1:{1:\"x\" 2:{4:#1}} "
#define Y "2:{2:#1} "
#define LABEL(field, name) field ":{1:\"" name "\" 2:{2:1}} "

struct row {
	enum method method;
	const char *wire;
	enum kr_status status;
	const char *field;
	const char *says; /* part of the sentence; NULL: anything */
};

static void check(const struct row *row)
{
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct msg_request m;
	struct kr_error err = {0};
	size_t len;
	uint8_t *wire = wire_text(row->wire, &len);
	enum kr_status st = decode_request(&m, row->method, wire, len, a, &err);

	if (st != row->status || (st != KR_OK && strcmp(err.field, row->field) != 0))
		fail_msg("%s %.60s: %s at '%s' (%s)", msg_method_name(row->method), row->wire,
			kr_status_name(st), err.field, err.text);
	if (st != KR_OK) {
		assert_true(strlen(err.text) > 10);
		assert_true(utf8_valid(err.text, strlen(err.text)));
		if (row->says && !strstr(err.text, row->says))
			fail_msg("'%s' does not say '%s'", err.text, row->says);
	}
	free(wire);
	arena_free(a);
}

#define CHECK(rows)                                                 \
	do {                                                            \
		(void)state;                                                \
		for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++) \
			check(&(rows)[i]);                                      \
	} while (0)

#define BAD KR_INVALID_ARGUMENT

static void meta(void **state)
{
	static const struct row rows[] = {
		{METHOD_PING, "", KR_OK, NULL, NULL},
		{METHOD_PING, "1:{}", KR_OK, NULL, NULL},
		{METHOD_SUGGEST, "2:\"s\"", BAD, "meta.request_id", "missing"},
		{METHOD_SUGGEST, "1:{} 2:\"s\"", BAD, "meta.request_id", "missing"},
		{METHOD_CREATE_STUDY, "", BAD, "meta.request_id", "missing"},
		{METHOD_UPDATE_STUDY, "", BAD, "meta.request_id", "missing"},
		{METHOD_DELETE_STUDY, "", BAD, "meta.request_id", "missing"},
		{METHOD_OBSERVE, "", BAD, "meta.request_id", "missing"},
		{METHOD_FAIL_TRIAL, "", BAD, "meta.request_id", "missing"},
		{METHOD_ADD_TRIALS, "", BAD, "meta.request_id", "missing"},
		{METHOD_RELEASE, "", BAD, "meta.request_id", "missing"},
		{METHOD_CANCEL_TRIAL, "", BAD, "meta.request_id", "missing"},
		{METHOD_ENQUEUE, "", BAD, "meta.request_id", "missing"},
		{METHOD_REPORT, "", BAD, "meta.request_id", "missing"},
		{METHOD_EDIT_TRIAL, "", BAD, "meta.request_id", "missing"},
		{METHOD_DELETE_TRIAL, "", BAD, "meta.request_id", "missing"},
		{METHOD_HEARTBEAT, "2:\"s\" 3:{1:0}", KR_OK, NULL, NULL},
		{METHOD_PING, "1:{1:\"\"}", BAD, "meta.request_id", "has 0 bytes"},
		{METHOD_PING, "1:{1:\"0123456789abcde\"}", BAD, "meta.request_id", "has 15 bytes"},
		{METHOD_PING, "1:{1:\"0123456789abcdefg\"}", BAD, "meta.request_id", "has 17 bytes"},
		{METHOD_PING, "1:{1:\"\\x00\"*16}", BAD, "meta.request_id", "all zeros"},
		{METHOD_PING, "1:{2:\"abc\"}", BAD, "meta.session", "has 3 bytes"},
		{METHOD_PING, "1:{2:\"\\x00\"*16}", KR_OK, NULL, NULL},
		{METHOD_PING, "1:{3:\"\"}", BAD, "meta.worker_id", "empty"},
		{METHOD_PING, "1:{3:\" gpu\"}", BAD, "meta.worker_id", "\" gpu\""},
		{METHOD_PING, "1:{4:1000000000}", KR_OK, NULL, NULL},
		{METHOD_PING, "1:{4:1000000001}", BAD, "meta.deadline_ms", "1000000001"},
		{METHOD_PING, "1:{4:-1}", BAD, "meta.deadline_ms", "18446744073709551615"},
	};

	CHECK(rows);
}

static void names(void **state)
{
	static const struct row rows[] = {
		{METHOD_GET_STUDY, "2:\"a\"", KR_OK, NULL, NULL},
		{METHOD_GET_STUDY, "2:\"a b\"", KR_OK, NULL, NULL},
		{METHOD_GET_STUDY, "2:\"n\"*256", KR_OK, NULL, NULL},
		{METHOD_GET_STUDY, "2:\"\\xf0\\x9f\\x8d\\x8e\"", KR_OK, NULL, NULL},
		{METHOD_GET_STUDY, "", BAD, "study", "missing"},
		{METHOD_GET_STUDY, "2:\"\"", BAD, "study", "empty"},
		{METHOD_GET_STUDY, "2:\"n\"*257", BAD, "study", "257 bytes; at most 256"},
		{METHOD_GET_STUDY, "2:\"n\"*1000000", BAD, "study", "1000000 bytes"},
		{METHOD_GET_STUDY, "2:\"a\\x00b\"", BAD, "study", "NUL at byte 1"},
		{METHOD_GET_STUDY, "2:\"\\x00\"", BAD, "study", "NUL at byte 0"},
		{METHOD_GET_STUDY, "2:\"a\\xff\"", BAD, "study", "UTF-8"},
		{METHOD_GET_STUDY, "2:\"\\xc0\\xaf\"", BAD, "study", "UTF-8"},
		{METHOD_GET_STUDY, "2:\"\\xed\\xa0\\x80\"", BAD, "study", "UTF-8"},
		{METHOD_GET_STUDY, "2:\"a\\x0ab\"", BAD, "study", "\"a?b\""},
		{METHOD_GET_STUDY, "2:\"a\\x7f\"", BAD, "study", "control"},
		{METHOD_GET_STUDY, "2:\"a\\xc2\\x80\"", BAD, "study", "control"},
		{METHOD_GET_STUDY, "2:\" a\"", BAD, "study", "space"},
		{METHOD_GET_STUDY, "2:\"a \"", BAD, "study", "space"},
		{METHOD_GET_STUDY, "2:\" \"", BAD, "study", "space"},
		{METHOD_CREATE_STUDY, META, BAD, "name", "missing"},
		{METHOD_CREATE_STUDY, META "2:\"\"", BAD, "name", "empty"},
		{METHOD_UPDATE_STUDY, META, BAD, "study", "missing"},
		{METHOD_DELETE_STUDY, META, BAD, "study", "missing"},
		{METHOD_SUGGEST, META, BAD, "study", "missing"},
		{METHOD_OBSERVE, META, BAD, "study", "missing"},
		{METHOD_FAIL_TRIAL, META, BAD, "study", "missing"},
		{METHOD_HEARTBEAT, META, BAD, "study", "missing"},
		{METHOD_ADD_TRIALS, META, BAD, "study", "missing"},
		{METHOD_GET_TRIAL, META, BAD, "study", "missing"},
		{METHOD_LIST_TRIALS, META, BAD, "study", "missing"},
		{METHOD_BEST, META, BAD, "study", "missing"},
		{METHOD_PREDICT, META, BAD, "study", "missing"},
		{METHOD_REPLAY, META, BAD, "study", "missing"},
		{METHOD_RELEASE, META, BAD, "study", "missing"},
		{METHOD_CANCEL_TRIAL, META, BAD, "study", "missing"},
		{METHOD_ENQUEUE, META, BAD, "study", "missing"},
		{METHOD_REPORT, META, BAD, "study", "missing"},
		{METHOD_EDIT_TRIAL, META, BAD, "study", "missing"},
		{METHOD_DELETE_TRIAL, META, BAD, "study", "missing"},
		{METHOD_WHY, META, BAD, "study", "missing"},
		{METHOD_GET_MODEL, META, BAD, "study", "missing"},
		{METHOD_EXPLAIN, META, BAD, "study", "missing"},
		{METHOD_HELLO, "2:\"\"", BAD, "client", "empty"},
	};

	CHECK(rows);
}

static void specs(void **state)
{
	static const struct row rows[] = {
		{METHOD_CREATE_STUDY, SPEC(LR LOSS), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, NAMED, BAD, "spec", "missing"},
		{METHOD_CREATE_STUDY, SPEC(LOSS), BAD, "spec.parameters", "at least one"},
		{METHOD_CREATE_STUDY, SPEC(LR), BAD, "spec.metrics", "no objective"},
		{METHOD_CREATE_STUDY, SPEC("1001*(" LR ")" LOSS), KR_TOO_LARGE, "spec.parameters",
			"1001 entries; at most 1000"},
		{METHOD_CREATE_STUDY, SPEC(LR "101*(" LOSS ")"), KR_TOO_LARGE, "spec.metrics",
			"101 entries; at most 100"},
		{METHOD_CREATE_STUDY, SPEC(LR "1:{1:\"b\" 2:1 3:#0 4:#1}" LR LOSS), BAD,
			"spec.parameters[2].name", "\"lr\", as in parameters[0]"},
		{METHOD_CREATE_STUDY, SPEC("500*(" LR ")" LOSS), BAD, "spec.parameters[1].name",
			"parameters[0]"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS LOSS), BAD, "spec.metrics[1].name", "\"loss\""},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "2:{1:\"b\" 2:2}"), BAD, "spec.metrics[1]",
			"second objective"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "4:0"), BAD, "spec.budget", "is 0"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "4:1 5:#600 6:0"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "5:#0"), BAD, "spec.lease_s", "is 0"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "5:#-1"), BAD, "spec.lease_s", "is -1"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "5:#1e7"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "5:#1.1e7"), BAD, "spec.lease_s", "10000000"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "5:#nan"), BAD, "spec.lease_s", "NaN"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "5:#inf"), BAD, "spec.lease_s", "infinite"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS) "5:4", BAD, "if_exists",
			"FAIL (1), ATTACH (2), REPLACE (3)"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS) "5:0", BAD, "if_exists", "is 0"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS) "6:\"old\"", KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS) "6:\"\"", BAD, "clone_of", "is empty"},
	};

	CHECK(rows);
}

static void parameters(void **state)
{
	static const struct row rows[] = {
		{METHOD_CREATE_STUDY, PARAM("2:1 3:#0 4:#1"), BAD, "spec.parameters[0].name", "missing"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 3:#0 4:#1"), BAD, "spec.parameters[0].kind",
			"FLOAT, INT, CATEGORICAL, ORDINAL, BOOL or FIXED"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:7 3:#0 4:#1"), BAD, "spec.parameters[0].kind",
			"is 7"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:-1 3:#0 4:#1"), BAD, "spec.parameters[0].kind",
			"is -1"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 4:#1"), BAD, "spec.parameters[0].low", "missing"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:2 3:#1"), BAD, "spec.parameters[0].high", "missing"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#nan 4:#1"), BAD, "spec.parameters[0].low",
			"NaN"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#0 4:#inf"), BAD, "spec.parameters[0].high",
			"infinite"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#-inf 4:#1"), BAD, "spec.parameters[0].low",
			"-infinite"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#0 4:#1 6:#nan"), BAD, "spec.parameters[0].step",
			"NaN"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#0 4:#1 7:{1:{3:z1}}"), BAD,
			"spec.parameters[0].choices", "CATEGORICAL"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#5 4:#1 5:1"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:3"), BAD, "spec.parameters[0].choices", "missing"},
		{METHOD_CREATE_STUDY, CHOICES(""), BAD, "spec.parameters[0].choices", "missing"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:3 3:#0 7:{1:{3:z1}}"), BAD, "spec.parameters[0].low",
			"only for FLOAT and INT"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:3 4:#0 7:{1:{3:z1}}"), BAD,
			"spec.parameters[0].high", "only for FLOAT and INT"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:3 5:1 7:{1:{3:z1}}"), BAD, "spec.parameters[0].log",
			"only for FLOAT and INT"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:3 5:0 7:{1:{3:z1}}"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:3 6:#1 7:{1:{3:z1}}"), BAD,
			"spec.parameters[0].step", "only for FLOAT and INT"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:4 7:{1:{3:z4} 1:{3:z2}}"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:4"), BAD, "spec.parameters[0].choices",
			"at least one"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:4 7:{1:{3:z4} 1:{3:z4}}"), BAD,
			"spec.parameters[0].choices[1]", "is 4"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:4 3:#0 7:{1:{3:z4}}"), BAD, "spec.parameters[0].low",
			"only for FLOAT and INT"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:5"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:5 7:{}"), BAD, "spec.parameters[0].choices",
			"only for CATEGORICAL, ORDINAL and FIXED"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:5 6:#1"), BAD, "spec.parameters[0].step",
			"only for FLOAT and INT"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:6 7:{1:{1:1}}"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:6"), BAD, "spec.parameters[0].choices", "FIXED one"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:6 7:{1:{3:z1} 1:{3:z2}}"), BAD,
			"spec.parameters[0].choices", "has 2 entries; a FIXED parameter has one"},
	};

	CHECK(rows);
}

static void choices(void **state)
{
	static const struct row rows[] = {
		/* 1, 1.0, "1", true and null are five values. */
		{METHOD_CREATE_STUDY, CHOICES("1:{3:z1} 1:{4:#1} 1:{5:\"1\"} 1:{2:1} 1:{1:1}"), KR_OK, NULL,
			NULL},
		{METHOD_CREATE_STUDY, CHOICES("1:{5:\"\"}"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, CHOICES("1:{5:\"s\"*4096}"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, CHOICES("1:{5:\"s\"*4097}"), BAD, "spec.parameters[0].choices[0]",
			"4097 bytes"},
		{METHOD_CREATE_STUDY, CHOICES("1:{3:z1} 1:{}"), BAD, "spec.parameters[0].choices[1]",
			"no value"},
		{METHOD_CREATE_STUDY, CHOICES("1:{1:0}"), BAD, "spec.parameters[0].choices[0]",
			"null_value"},
		{METHOD_CREATE_STUDY, CHOICES("1:{4:#nan}"), BAD, "spec.parameters[0].choices[0]", "NaN"},
		{METHOD_CREATE_STUDY, CHOICES("1:{5:\"a\\x00\"}"), BAD, "spec.parameters[0].choices[0]",
			"NUL"},
		{METHOD_CREATE_STUDY, CHOICES("1:{5:\"\\x80\"}"), BAD, "spec.parameters[0].choices[0]",
			"UTF-8"},
		{METHOD_CREATE_STUDY, CHOICES("1:{3:z7} 1:{3:z-7} 1:{3:z7}"), BAD,
			"spec.parameters[0].choices[2]", "is 7, as in choices[0]"},
		{METHOD_CREATE_STUDY, CHOICES("1:{4:#0} 1:{4:#-0}"), BAD, "spec.parameters[0].choices[1]",
			"is -0"},
		{METHOD_CREATE_STUDY, CHOICES("1:{1:1} 1:{1:1}"), BAD, "spec.parameters[0].choices[1]",
			"is null"},
		{METHOD_CREATE_STUDY, CHOICES("1:{2:1} 1:{2:0} 1:{2:1}"), BAD,
			"spec.parameters[0].choices[2]", "is true"},
		{METHOD_CREATE_STUDY, CHOICES("1:{5:\"\\xc3\\xa9\"*50} 1:{5:\"\\xc3\\xa9\"*50}"), BAD,
			"spec.parameters[0].choices[1]", "...\", as in"},
		{METHOD_CREATE_STUDY, CHOICES("10001*(1:{3:z1})"), KR_TOO_LARGE,
			"spec.parameters[0].choices", "10001 entries; at most 10000"},
		{METHOD_CREATE_STUDY, CHOICES("10000*(1:{3:z1})"), BAD, "spec.parameters[0].choices[1]",
			"is 1"},
	};

	CHECK(rows);
}

static void metrics(void **state)
{
	static const struct row rows[] = {
		{METHOD_CREATE_STUDY, METRIC("1:\"loss\" 2:2"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, METRIC("2:1"), BAD, "spec.metrics[0].name", "missing"},
		{METHOD_CREATE_STUDY, METRIC("1:\"loss\""), BAD, "spec.metrics[0].role",
			"MINIMIZE, MAXIMIZE or CONSTRAINT"},
		{METHOD_CREATE_STUDY, METRIC("1:\"loss\" 2:5"), BAD, "spec.metrics[0].role", "is 5"},
		{METHOD_CREATE_STUDY, METRIC("1:\"loss\" 2:4"), BAD, "spec.metrics[0].role",
			"is COST, which is not supported"},
		{METHOD_CREATE_STUDY, METRIC("1:\"loss\" 2:1 3:#0"), BAD, "spec.metrics[0].lower",
			"only for CONSTRAINT"},
		{METHOD_CREATE_STUDY, METRIC("1:\"loss\" 2:2 4:#0"), BAD, "spec.metrics[0].upper",
			"only for CONSTRAINT"},
		{METHOD_CREATE_STUDY, METRIC("1:\"size\" 2:3 4:#1"), BAD, "spec.metrics", "no objective"},
		{METHOD_CREATE_STUDY, CONSTRAINT("4:#1"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, CONSTRAINT("3:#-1"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, CONSTRAINT("3:#-1 4:#1"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, CONSTRAINT(""), BAD, "spec.metrics[0].upper", "lower or upper"},
		{METHOD_CREATE_STUDY, CONSTRAINT("3:#1 4:#1"), BAD, "spec.metrics[0].upper",
			"is 1, which is not above lower, 1"},
		{METHOD_CREATE_STUDY, CONSTRAINT("3:#2 4:#1"), BAD, "spec.metrics[0].upper", "lower, 2"},
		{METHOD_CREATE_STUDY, CONSTRAINT("3:#-inf 4:#1"), BAD, "spec.metrics[0].lower",
			"-infinite"},
		{METHOD_CREATE_STUDY, CONSTRAINT("4:#nan"), BAD, "spec.metrics[0].upper", "NaN"},
		{METHOD_CREATE_STUDY, SPEC(LR "99*(2:{1:\"size\" 2:3 4:#1})" LOSS), BAD,
			"spec.metrics[1].name", "\"size\""},
	};

	CHECK(rows);
}

static void settings(void **state)
{
	static const struct row rows[] = {
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "7:#0"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "7:#0.5"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "7:#-1"), BAD, "spec.noise_sd", "is -1"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "7:#nan"), BAD, "spec.noise_sd", "NaN"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "7:#inf"), BAD, "spec.noise_sd", "infinite"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "8:\"ucb\" 15:#0"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "8:\"\""), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "8:\"straddle\" 14:#nan"), BAD, "spec.acquisition_level",
			"NaN"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "8:\"ucb\" 15:#-1"), BAD, "spec.acquisition_beta",
			"is -1"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "8:\"ucb\" 15:#inf"), BAD, "spec.acquisition_beta",
			"infinite"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{}"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{1:5 2:#0.1 4:#-3 5:#0.01 7:#0.5}"), KR_OK, NULL,
			NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{1:0}"), BAD, "spec.stop.no_progress", "is 0"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{2:#1}"), BAD, "spec.stop.no_progress", "missing"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{1:5 2:#-1}"), BAD, "spec.stop.min_progress",
			"is -1"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{1:5 3:#1}"), BAD, "spec.stop.min_progress_relative",
			"is 1"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{4:#nan}"), BAD, "spec.stop.target", "NaN"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{5:#0}"), BAD, "spec.stop.p_gain", "is 0"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{5:#1}"), BAD, "spec.stop.p_gain", "is 1"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{6:#1}"), BAD, "spec.stop.p_gain", "missing"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "17:{5:#0.1 6:#inf}"), BAD, "spec.stop.gain",
			"infinite"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "10:1"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "10:2 11:0"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "10:3"), BAD, "spec.on_expiry",
			"EXPIRE (1), REQUEUE (2)"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "12:{1:\"team\" 2:{5:\"a\"}}"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "12:{}"), BAD, "spec.labels[0].name", "missing"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "12:{1:\"team\"}"), BAD, "spec.labels[0].value",
			"no value"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "12:{1:\"team\" 2:{5:\"s\"*4097}}"), BAD,
			"spec.labels[0].value", "4097 bytes"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "12:{1:\"a\" 2:{2:1}} 12:{1:\"a\" 2:{2:0}}"), BAD,
			"spec.labels[1].name", "as in labels[0]"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "101*(12:{1:\"a\" 2:{2:1}})"), KR_TOO_LARGE,
			"spec.labels", "101 entries; at most 100"},
	};

	CHECK(rows);
}

#define WHEN(text) SPEC(LR "1:{1:\"y\" 2:1 3:#0 4:#1 8:" text "}" LOSS)

static void conditions(void **state)
{
	static const struct row rows[] = {
		{METHOD_CREATE_STUDY, WHEN("\"lr > 0\""), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, WHEN("\"\""), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, WHEN("\"w\"*4096"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, WHEN("\"w\"*4097"), BAD, "spec.parameters[1].when", "4097 bytes"},
		{METHOD_CREATE_STUDY, WHEN("\"\\xff\""), BAD, "spec.parameters[1].when", "UTF-8"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "3:\"lr <= 1\" 13:\"lr > 1\""), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "3:\"lr <= 1\" 3:\"\""), BAD,
			"spec.parameter_constraints[1]", "empty"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "3:\"c\"*4097"), BAD, "spec.parameter_constraints[0]",
			"4097 bytes"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "1001*(3:\"c\")"), KR_TOO_LARGE,
			"spec.parameter_constraints", "1001 entries; at most 1000"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "13:\"\""), BAD, "spec.forbidden[0]", "empty"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "13:\"a\\x00\""), BAD, "spec.forbidden[0]", "NUL"},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "1001*(13:\"c\")"), KR_TOO_LARGE, "spec.forbidden",
			"at most 1000"},
	};

	CHECK(rows);
}

#define NOT_BUILT "is not supported by this version of kriged (" KRIGED_VERSION "); remove it"

#define BELIEF(items) PARAM("1:\"x\" 2:1 3:#0 4:#1 13:{" items "}")
#define LOG_BELIEF(items) PARAM("1:\"x\" 2:1 3:#1 4:#9 5:1 13:{" items "}")
#define WEIGHTS(items) PARAM("1:\"x\" 2:3 7:{1:{3:z1} 1:{3:z2}} 13:{" items "}")

static void priors(void **state)
{
	static const char at[] = "spec.parameters[0].prior", kind[] = "spec.parameters[0].prior.kind",
					  numbers[] = "spec.parameters[0].prior.numbers",
					  first[] = "spec.parameters[0].prior.numbers[0]",
					  second[] = "spec.parameters[0].prior.numbers[1]";
	static const struct row rows[] = {
		{METHOD_CREATE_STUDY, BELIEF("1:1 2:#0.5 2:#0.1"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, LOG_BELIEF("1:2 2:#3 2:#2"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, WEIGHTS("1:3 2:#0 2:#7"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:5 13:{1:3 2:#1 2:#2}"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, BELIEF(""), BAD, kind, "missing"},
		{METHOD_CREATE_STUDY, BELIEF("1:4 2:#1"), BAD, kind, "4"},
		{METHOD_CREATE_STUDY, BELIEF("1:2 2:#0.5 2:#2"), BAD, kind, "NORMAL (mean, sd)"},
		{METHOD_CREATE_STUDY, BELIEF("1:3 2:#0.5 2:#2"), BAD, kind, "NORMAL (mean, sd)"},
		{METHOD_CREATE_STUDY, LOG_BELIEF("1:1 2:#3 2:#2"), BAD, kind, "LOG_NORMAL"},
		{METHOD_CREATE_STUDY, WEIGHTS("1:1 2:#1 2:#2"), BAD, kind, "WEIGHTS"},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:6 7:{1:{3:z4}} 13:{1:3 2:#1}"), BAD, at, "FIXED"},
		{METHOD_CREATE_STUDY, BELIEF("1:1 2:#0.5"), BAD, numbers, "mean and sd"},
		{METHOD_CREATE_STUDY, LOG_BELIEF("1:2 2:#3 2:#2 2:#1"), BAD, numbers, "median and factor"},
		{METHOD_CREATE_STUDY, BELIEF("1:1 2:#nan 2:#1"), BAD, first, "finite"},
		{METHOD_CREATE_STUDY, BELIEF("1:1 2:#0.5 2:#0"), BAD, second, "above 0"},
		{METHOD_CREATE_STUDY, LOG_BELIEF("1:2 2:#3 2:#1"), BAD, second, "above 1"},
		{METHOD_CREATE_STUDY, WEIGHTS("1:3 2:#1"), BAD, numbers, "2 choices"},
		{METHOD_CREATE_STUDY, WEIGHTS("1:3 2:#1 2:#-1"), BAD, second, "at least 0"},
		{METHOD_CREATE_STUDY, WEIGHTS("1:3 2:#0 2:#0"), BAD, numbers, "all 0"},
	};

	(void)state;
	CHECK(rows);
}

static void later_features(void **state)
{
	static const struct row rows[] = {
		{METHOD_CREATE_STUDY, SPEC(LR LOSS) "3:\"ns\"", BAD, "namespace", NOT_BUILT},
		{METHOD_CREATE_STUDY, SPEC(LR LOSS "9:#1"), BAD, "spec.cost_budget", NOT_BUILT},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#0 4:#1 9:1"), BAD,
			"spec.parameters[0].fidelity", NOT_BUILT},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#0 4:#1 8:\"\" 9:0 11:0"), KR_OK, NULL, NULL},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#0 4:#1 10:{4:#1}"), BAD,
			"spec.parameters[0].target", NOT_BUILT},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#0 4:#1 11:1"), BAD,
			"spec.parameters[0].context", NOT_BUILT},
		{METHOD_CREATE_STUDY, PARAM("1:\"x\" 2:1 3:#0 4:#1 12:{4:#1}"), BAD,
			"spec.parameters[0].default_value", NOT_BUILT},
		{METHOD_SUGGEST, STUDY "7:{1:\"x\" 2:{4:#1}}", BAD, "context", NOT_BUILT},
		{METHOD_SUGGEST, STUDY "8:{1:\"x\" 2:{4:#1}}", BAD, "fidelity", NOT_BUILT},
		/* A field number that no version has given out is ignored. */
		{METHOD_SUGGEST, STUDY "1000:{1:1} 1001:7 1002:#1 1003:f9", KR_OK, NULL, NULL},
	};

	CHECK(rows);
}

static void studies(void **state)
{
	static const struct row rows[] = {
		{METHOD_UPDATE_STUDY, STUDY, BAD, "action", "nothing to change"},
		{METHOD_UPDATE_STUDY, STUDY "5:0", BAD, "action", "nothing to change"},
		{METHOD_UPDATE_STUDY, STUDY "3:1", KR_OK, NULL, NULL},
		{METHOD_UPDATE_STUDY, STUDY "20:{}", KR_OK, NULL, NULL},
		{METHOD_UPDATE_STUDY, STUDY "20:{1:0}", BAD, "stop.no_progress", "is 0"},
		{METHOD_UPDATE_STUDY, STUDY "21:\"\"", BAD, "action", "nothing to change"},
		{METHOD_UPDATE_STUDY, STUDY "21:\"ucb\" 23:#4", KR_OK, NULL, NULL},
		{METHOD_UPDATE_STUDY, STUDY "23:#-4", BAD, "acquisition_beta", "0 or more"},
		{METHOD_UPDATE_STUDY, STUDY "22:#nan", BAD, "acquisition_level", "NaN"},
		{METHOD_UPDATE_STUDY, STUDY "3:4", BAD, "action", "PAUSE (1)"},
		{METHOD_UPDATE_STUDY, STUDY "4:10", KR_OK, NULL, NULL},
		{METHOD_UPDATE_STUDY, STUDY "4:0", BAD, "budget", "is 0"},
		{METHOD_UPDATE_STUDY, STUDY "5:1", KR_OK, NULL, NULL},
		{METHOD_UPDATE_STUDY, STUDY "4:10 5:1", BAD, "no_budget", "budget 10"},
		{METHOD_UPDATE_STUDY, STUDY "6:#5", KR_OK, NULL, NULL},
		{METHOD_UPDATE_STUDY, STUDY "6:#0", BAD, "lease_s", "is 0"},
		{METHOD_UPDATE_STUDY, STUDY "6:#inf", BAD, "lease_s", "infinite"},
		{METHOD_UPDATE_STUDY, STUDY "7:2", KR_OK, NULL, NULL},
		{METHOD_UPDATE_STUDY, STUDY "7:3", BAD, "on_expiry", "EXPIRE (1), REQUEUE (2)"},
		{METHOD_UPDATE_STUDY, STUDY "8:0", KR_OK, NULL, NULL},
		{METHOD_UPDATE_STUDY, STUDY "11:1", BAD, "action", "nothing to change"},
		{METHOD_UPDATE_STUDY, STUDY LABEL("9", "a") "10:\"b\"", KR_OK, NULL, NULL},
		{METHOD_UPDATE_STUDY, STUDY LABEL("9", "a") LABEL("9", "a"), BAD, "labels[1].name",
			"\"a\", as in labels[0]"},
		{METHOD_UPDATE_STUDY, STUDY LABEL("9", "a") LABEL("9", "b") "10:\"b\"", BAD,
			"remove_labels[0]", "is also in labels[1]"},
		{METHOD_UPDATE_STUDY, STUDY "10:\"\"", BAD, "remove_labels[0]", "empty"},
		{METHOD_UPDATE_STUDY, STUDY "101*(10:\"b\")", KR_TOO_LARGE, "remove_labels",
			"101 entries; at most 100"},
		{METHOD_GET_STUDY, STUDY "3:7 4:3600000", KR_OK, NULL, NULL},
		{METHOD_GET_STUDY, STUDY "3:7 4:3600001", BAD, "wait_ms",
			"is 3600001; give at most 3600000"},
		{METHOD_DELETE_STUDY, STUDY, KR_OK, NULL, NULL},
		{METHOD_DELETE_STUDY, STUDY "4:3", KR_OK, NULL, NULL},
		{METHOD_DELETE_STUDY, STUDY "3:1 4:3", KR_OK, NULL, NULL},
	};

	CHECK(rows);
}

static void suggests(void **state)
{
	static const struct row rows[] = {
		{METHOD_SUGGEST, STUDY, KR_OK, NULL, NULL},
		{METHOD_SUGGEST, STUDY "3:0", BAD, "count", "is 0"},
		{METHOD_SUGGEST, STUDY "3:1024", KR_OK, NULL, NULL},
		{METHOD_SUGGEST, STUDY "3:1025", KR_TOO_LARGE, "count", "at most 1024"},
		{METHOD_SUGGEST, STUDY "5:3600000", KR_OK, NULL, NULL},
		{METHOD_SUGGEST, STUDY "5:-1", BAD, "wait_ms", "give at most 3600000"},
		{METHOD_SUGGEST, STUDY "6:#0", BAD, "lease_s", "is 0"},
		{METHOD_SUGGEST, STUDY "6:#inf", BAD, "lease_s", "infinite"},
		{METHOD_SUGGEST, STUDY "4:{1:\"x\" 2:{4:#nan}}", BAD, "fixed[0].value", "NaN"},
		{METHOD_SUGGEST, STUDY "4:{1:\"x\" 2:{}}", BAD, "fixed[0].value", "no value"},
		{METHOD_SUGGEST, STUDY "4:{1:\"x\"}", BAD, "fixed[0].value", "no value"},
		{METHOD_SUGGEST, STUDY "4:{2:{4:#1}}", BAD, "fixed[0].name", "missing"},
		{METHOD_SUGGEST, STUDY "4:{1:\"x\" 2:{4:#1}} 4:{1:\"x\" 2:{4:#2}}", BAD, "fixed[1].name",
			"\"x\""},
		{METHOD_SUGGEST, STUDY "1001*(4:{1:\"x\" 2:{4:#1}})", KR_TOO_LARGE, "fixed",
			"at most 1000"},
	};

	CHECK(rows);
}

static void observes(void **state)
{
	static const struct row rows[] = {
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#1}"), KR_OK, NULL, NULL},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#nan}"), KR_OK, NULL, NULL},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#-inf}"), KR_OK, NULL, NULL},
		{METHOD_OBSERVE, STUDY, BAD, "observations", "at least one"},
		{METHOD_OBSERVE, OBSERVATION("3:{2:#1}"), BAD, "observations[0].number", "missing"},
		{METHOD_OBSERVE, OBSERVATION("1:0"), BAD, "observations[0].values", "empty"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{1:\"loss\"}"), BAD, "observations[0].values[0].value",
			"missing"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{1:\"\" 2:#1}"), BAD, "observations[0].values[0].name",
			"empty"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#1 3:#-1}"), BAD, "observations[0].values[0].sem",
			"not negative"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#1 3:#nan}"), BAD, "observations[0].values[0].sem",
			"NaN"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#1 3:#inf}"), BAD, "observations[0].values[0].sem",
			"infinite"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#1 3:#0}"), KR_OK, NULL, NULL},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#nan 3:#1}"), KR_OK, NULL, NULL},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{3:#1}"), BAD, "observations[0].values[0].value",
			"missing"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{4:#1 4:#2}"), KR_OK, NULL, NULL},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{4:#1 4:#nan}"), KR_OK, NULL, NULL},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{4:#1}"), BAD, "observations[0].values[0].replicates",
			"at least two"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#1 4:#1 4:#2}"), BAD,
			"observations[0].values[0].replicates", "has 2 entries beside value"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{3:#1 4:#1 4:#2}"), BAD,
			"observations[0].values[0].replicates", "beside sem"},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{1:\"a\" 2:#1} 3:{1:\"a\" 2:#2}"), BAD,
			"observations[0].values[1].name", "\"a\""},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:#1} 3:{2:#2}"), BAD,
			"observations[0].values[1].name", "(absent)"},
		{METHOD_OBSERVE, OBSERVATION("1:0 101*(3:{1:\"a\" 2:#1})"), KR_TOO_LARGE,
			"observations[0].values", "at most 100"},
		{METHOD_OBSERVE, OBSERVATION("1:7 3:{2:#1}") "3:{1:7 3:{2:#2}}", BAD,
			"observations[1].number", "is 7, as in observations[0]"},
		{METHOD_OBSERVE, STUDY "1025*(3:{1:0 3:{2:#1}})", KR_TOO_LARGE, "observations",
			"1025 entries; at most 1024"},
		{METHOD_OBSERVE, OBSERVATION("1:7 2:{2:1 3:\"0123456789abcdef\"} 3:{2:#1}"), KR_OK, NULL,
			NULL},
		{METHOD_OBSERVE, OBSERVATION("1:7 2:{3:\"short\"} 3:{2:#1}"), BAD,
			"observations[0].lease.token", "has 5 bytes"},
		{METHOD_OBSERVE, OBSERVATION("1:7 2:{1:7} 3:{2:#1}"), KR_OK, NULL, NULL},
		{METHOD_OBSERVE, OBSERVATION("1:7 2:{1:8} 3:{2:#1}"), BAD, "observations[0].lease.number",
			"is 8, but the trial is 7"},
	};

	CHECK(rows);
}

static void trials(void **state)
{
	static const struct row rows[] = {
		{METHOD_FAIL_TRIAL, STUDY, BAD, "number", "missing"},
		{METHOD_FAIL_TRIAL, STUDY "3:1", KR_OK, NULL, NULL},
		{METHOD_FAIL_TRIAL, STUDY "3:1 4:{1:2}", BAD, "lease.number", "is 2"},
		{METHOD_FAIL_TRIAL, STUDY "3:1 5:6", KR_OK, NULL, NULL},
		{METHOD_FAIL_TRIAL, STUDY "3:1 5:3", BAD, "state", "is COMPLETE"},
		{METHOD_FAIL_TRIAL, STUDY "3:1 5:9", BAD, "state", "is 9"},
		{METHOD_FAIL_TRIAL, STUDY "3:1 6:\"r\"*4096", KR_OK, NULL, NULL},
		{METHOD_FAIL_TRIAL, STUDY "3:1 6:\"r\"*4097", BAD, "reason", "4097 bytes"},
		{METHOD_FAIL_TRIAL, STUDY "3:1 6:\"\\xfe\"", BAD, "reason", "UTF-8"},
		{METHOD_FAIL_TRIAL, STUDY "3:1 6:\"a\\x00\"", BAD, "reason", "NUL"},
		{METHOD_HEARTBEAT, STUDY, BAD, "leases", "at least one"},
		{METHOD_HEARTBEAT, STUDY "3:{}", BAD, "leases[0].number", "missing"},
		{METHOD_HEARTBEAT, STUDY "3:{1:0} 3:{1:1 3:\"\"}", BAD, "leases[1].token", "has 0 bytes"},
		{METHOD_HEARTBEAT, STUDY "1025*(3:{1:0})", KR_TOO_LARGE, "leases", "1025"},
		{METHOD_GET_TRIAL, STUDY, BAD, "number", "missing"},
		{METHOD_RELEASE, STUDY, BAD, "number", "missing"},
		{METHOD_RELEASE, STUDY "3:1 4:{1:1 2:2} 5:\"r\"*4096", KR_OK, NULL, NULL},
		{METHOD_RELEASE, STUDY "3:1 4:{1:2}", BAD, "lease.number", "is 2"},
		{METHOD_RELEASE, STUDY "3:1 5:\"r\"*4097", BAD, "reason", "4097 bytes"},
		{METHOD_CANCEL_TRIAL, STUDY, BAD, "number", "missing"},
		{METHOD_CANCEL_TRIAL, STUDY "3:1 4:\"\\xff\"", BAD, "reason", "UTF-8"},
		{METHOD_REPORT, STUDY "5:z1 6:#1", BAD, "number", "missing"},
		{METHOD_REPORT, STUDY "3:1 6:#1", BAD, "step", "missing"},
		{METHOD_REPORT, STUDY "3:1 5:z1", BAD, "value", "missing"},
		{METHOD_REPORT, STUDY "3:1 5:z-1 6:#1", KR_OK, NULL, NULL},
		{METHOD_REPORT, STUDY "3:1 5:z1 6:#nan", BAD, "value", "NaN"},
		{METHOD_REPORT, STUDY "3:1 4:{3:\"x\"} 5:z1 6:#1", BAD, "lease.token", "has 1 bytes"},
		{METHOD_DELETE_TRIAL, STUDY, BAD, "number", "missing"},
		{METHOD_LIST_TRIALS, STUDY "3:3 3:9", BAD, "states[1]", "is 9"},
		{METHOD_LIST_TRIALS, STUDY "3:0", BAD, "states[0]", "is 0"},
		{METHOD_LIST_TRIALS, STUDY "3:\"\\x03\\x05\"", KR_OK, NULL, NULL},
		{METHOD_LIST_TRIALS, STUDY "7:\"params\" 7:\"leases\"", BAD, "columns[1]",
			"params, values, why, labels, progress"},
		{METHOD_LIST_TRIALS, STUDY "7:\"\"", BAD, "columns[0]", "empty"},
	};

	CHECK(rows);
}

static void edits(void **state)
{
	static const struct row rows[] = {
		{METHOD_EDIT_TRIAL, STUDY "5:1", BAD, "number", "missing"},
		{METHOD_EDIT_TRIAL, STUDY "3:1", BAD, "values", "nothing to change"},
		{METHOD_EDIT_TRIAL, STUDY "3:1 4:{2:#1 3:#0.5}", KR_OK, NULL, NULL},
		{METHOD_EDIT_TRIAL, STUDY "3:1 4:{2:#nan}", BAD, "values[0].value", "NaN"},
		{METHOD_EDIT_TRIAL, STUDY "3:1 4:{4:#1 4:#inf}", BAD, "values[0].replicates[1]",
			"infinite"},
		{METHOD_EDIT_TRIAL, STUDY "3:1 4:{1:\"a\" 2:#1} 4:{1:\"a\" 2:#1}", BAD, "values[1].name",
			"\"a\""},
		{METHOD_EDIT_TRIAL, STUDY "3:1 5:0", KR_OK, NULL, NULL},
		{METHOD_EDIT_TRIAL, STUDY "3:1 6:\"\"", KR_OK, NULL, NULL},
		{METHOD_EDIT_TRIAL, STUDY "3:1 6:\"n\"*4096", KR_OK, NULL, NULL},
		{METHOD_EDIT_TRIAL, STUDY "3:1 6:\"n\"*4097", BAD, "note", "4097 bytes"},
		{METHOD_EDIT_TRIAL, STUDY "3:1 " LABEL("7", "a"), KR_OK, NULL, NULL},
		{METHOD_EDIT_TRIAL, STUDY "3:1 101*(" LABEL("7", "a") ")", KR_TOO_LARGE, "labels",
			"at most 100"},
		{METHOD_EDIT_TRIAL, STUDY "3:1 " LABEL("7", "a") "8:\"a\"", BAD, "remove_labels[0]",
			"is also in labels[0]"},
	};

	CHECK(rows);
}

static void backups(void **state)
{
	static const struct row rows[] = {
		{METHOD_SERVER_BACKUP, META "2:\"/backup/kriged.db\"", KR_OK, NULL, NULL},
		{METHOD_SERVER_BACKUP, META "", BAD, "path", "is missing; give the absolute path"},
		{METHOD_SERVER_BACKUP, META "2:\"\"", BAD, "path", "is empty"},
		{METHOD_SERVER_BACKUP, META "2:\"kriged.db\"", BAD, "path", "is relative"},
		{METHOD_SERVER_BACKUP, META "2:\"/a\\x00b\"", BAD, "path", "NUL"},
		{METHOD_SERVER_BACKUP, META "2:\"/a\\xff\"", BAD, "path", "UTF-8"},
		{METHOD_SERVER_BACKUP, META "2:\"/\"*4095", KR_OK, NULL, NULL},
		{METHOD_SERVER_BACKUP, META "2:\"/\"*4096", BAD, "path", "4096 bytes; at most 4095"},
	};

	CHECK(rows);
}

static void points(void **state)
{
	static const struct row rows[] = {
		{METHOD_ADD_TRIALS, POINT(X Y), KR_OK, NULL, NULL},
		{METHOD_ADD_TRIALS, POINT(X "2:{2:#nan}"), KR_OK, NULL, NULL},
		{METHOD_ADD_TRIALS, STUDY, BAD, "points", "at least one"},
		{METHOD_ADD_TRIALS, POINT(Y), BAD, "points[0].params", "empty"},
		{METHOD_ADD_TRIALS, POINT(X), BAD, "points[0].values", "empty"},
		{METHOD_ADD_TRIALS, POINT(X X Y), BAD, "points[0].params[1].name", "\"x\""},
		{METHOD_ADD_TRIALS, POINT(X Y) "3:{" X "1:{1:\"y\" 2:{4:#inf}} " Y "}", BAD,
			"points[1].params[1].value", "infinite"},
		{METHOD_ADD_TRIALS, STUDY "1024*(3:{" X Y "})", KR_OK, NULL, NULL},
		{METHOD_ADD_TRIALS, STUDY "1025*(3:{" X Y "})", KR_TOO_LARGE, "points", "1025"},
		{METHOD_ADD_TRIALS, POINT(X Y LABEL("3", "a") "4:\"n\"*4096"), KR_OK, NULL, NULL},
		{METHOD_ADD_TRIALS, POINT(X Y "4:\"n\"*4097"), BAD, "points[0].note", "4097 bytes"},
		{METHOD_ADD_TRIALS, POINT(X Y LABEL("3", "a") LABEL("3", "a")), BAD,
			"points[0].labels[1].name", "\"a\""},
		{METHOD_ENQUEUE, POINT(X LABEL("3", "a") "4:\"n\""), KR_OK, NULL, NULL},
		{METHOD_ENQUEUE, STUDY, BAD, "points", "at least one"},
		{METHOD_ENQUEUE, POINT(""), BAD, "points[0].params", "at least one"},
		{METHOD_ENQUEUE, POINT(X Y), BAD, "points[0].values", "none"},
		{METHOD_ENQUEUE, POINT("1:{1:\"x\" 2:{4:#nan}}"), BAD, "points[0].params[0].value", "NaN"},
		{METHOD_ENQUEUE, STUDY "1025*(3:{" X "})", KR_TOO_LARGE, "points", "1025"},
		{METHOD_PREDICT, POINT(X LABEL("3", "a")), BAD, "points[0].labels", "become trials"},
		{METHOD_PREDICT, POINT(X "4:\"n\""), BAD, "points[0].note", "become trials"},
		{METHOD_PREDICT, POINT(X), KR_OK, NULL, NULL},
		{METHOD_PREDICT, STUDY, BAD, "points", "at least one"},
		{METHOD_PREDICT, POINT(""), BAD, "points[0].params", "empty"},
		{METHOD_PREDICT, POINT(X Y), BAD, "points[0].values", "none"},
		{METHOD_PREDICT, STUDY "1025*(3:{" X "})", KR_TOO_LARGE, "points", "1025"},
	};

	CHECK(rows);
}

static void not_messages(void **state)
{
	static const struct row rows[] = {
		{METHOD_PING, "\\xff", BAD, "message", "PingRequest"},
		{METHOD_PING, "\\x0a\\x05\\x01", BAD, "message", NULL},
		{METHOD_SUGGEST, "1:5", BAD, "message", "SuggestRequest"}, /* a wrong wire type */
		{METHOD_SUGGEST, STUDY "3:#1", BAD, "message", NULL},
		{METHOD_SUGGEST, STUDY "3:{1:1}", BAD, "message", NULL},
		{METHOD_OBSERVE, OBSERVATION("1:0 3:{2:f1}"), BAD, "message", NULL},
		{METHOD_LIST_TRIALS, STUDY "3:\"\\x80\"", BAD, "message", NULL},
		{METHOD_PING, "1000:\"x\"*1048560", KR_OK, NULL, NULL},
		{METHOD_PING, "1000:\"x\"*1048576", KR_TOO_LARGE, "message", "at most 1048576"},
		{(enum method)0, "", KR_VERSION, "header.method", "method 0"},
		{(enum method)5, "", KR_VERSION, "header.method", "method 5"},
		{(enum method)65535, "", KR_VERSION, "header.method", "method 65535"},
	};

	CHECK(rows);
}

/* Empty sub-messages cost two bytes each on the wire and a hundred in memory. */
static void a_bomb_hits_the_cap(void **state)
{
	static const struct row rows[] = {
		{METHOD_ADD_TRIALS, STUDY "500000*(3:{})", KR_TOO_LARGE, "message", "16 MiB"},
		{METHOD_OBSERVE, STUDY "500000*(3:{})", KR_TOO_LARGE, "message", "smaller parts"},
		{METHOD_CREATE_STUDY, NAMED "4:{500000*(1:{})}", KR_TOO_LARGE, "message", NULL},
		{METHOD_CREATE_STUDY, CHOICES("500000*(1:{})"), KR_TOO_LARGE, "message", NULL},
		{METHOD_LIST_TRIALS, STUDY "500000*(7:\"\")", KR_TOO_LARGE, "message", NULL},
		{METHOD_PING, "500000*(1:{})", KR_TOO_LARGE, "message", NULL},
		{METHOD_PING, "500000*(9:0)", KR_TOO_LARGE, "message", NULL}, /* unknown fields */
	};

	CHECK(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meta),
		cmocka_unit_test(names),
		cmocka_unit_test(specs),
		cmocka_unit_test(parameters),
		cmocka_unit_test(choices),
		cmocka_unit_test(metrics),
		cmocka_unit_test(settings),
		cmocka_unit_test(conditions),
		cmocka_unit_test(priors),
		cmocka_unit_test(later_features),
		cmocka_unit_test(studies),
		cmocka_unit_test(suggests),
		cmocka_unit_test(observes),
		cmocka_unit_test(trials),
		cmocka_unit_test(edits),
		cmocka_unit_test(backups),
		cmocka_unit_test(points),
		cmocka_unit_test(not_messages),
		cmocka_unit_test(a_bomb_hits_the_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
