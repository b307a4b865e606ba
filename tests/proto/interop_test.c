/* Our bytes against Google's reader and writer (protoc), in both directions. */
#include <ctype.h>
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
#include "tests/proto/dump.h"
#include "tests/proto/protoc.h"
#include "tests/proto/random_msg.h"

enum { SEED = 8, ROUNDS = 2 };

static const struct {
	enum method method;
	const char *request, *reply;
} types[] = {
	{METHOD_HELLO, "HelloRequest", "HelloReply"},
	{METHOD_PING, "PingRequest", "PingReply"},
	{METHOD_STATUS, "StatusRequest", "StatusReply"},
	{METHOD_SERVER_BACKUP, "ServerBackupRequest", "ServerBackupReply"},
	{METHOD_CREATE_STUDY, "CreateStudyRequest", "StudyReply"},
	{METHOD_GET_STUDY, "GetStudyRequest", "StudyReply"},
	{METHOD_LIST_STUDIES, "ListStudiesRequest", "ListStudiesReply"},
	{METHOD_UPDATE_STUDY, "UpdateStudyRequest", "StudyReply"},
	{METHOD_DELETE_STUDY, "DeleteStudyRequest", "StudyReply"},
	{METHOD_SUGGEST, "SuggestRequest", "SuggestReply"},
	{METHOD_OBSERVE, "ObserveRequest", "TrialsReply"},
	{METHOD_FAIL_TRIAL, "FailTrialRequest", "TrialsReply"},
	{METHOD_HEARTBEAT, "HeartbeatRequest", "HeartbeatReply"},
	{METHOD_ADD_TRIALS, "AddTrialsRequest", "AddTrialsReply"},
	{METHOD_GET_TRIAL, "GetTrialRequest", "TrialsReply"},
	{METHOD_LIST_TRIALS, "ListTrialsRequest", "ListTrialsReply"},
	{METHOD_RELEASE, "ReleaseRequest", "TrialsReply"},
	{METHOD_CANCEL_TRIAL, "CancelTrialRequest", "TrialsReply"},
	{METHOD_ENQUEUE, "EnqueueRequest", "TrialsReply"},
	{METHOD_REPORT, "ReportRequest", "ReportReply"},
	{METHOD_EDIT_TRIAL, "EditTrialRequest", "TrialsReply"},
	{METHOD_DELETE_TRIAL, "DeleteTrialRequest", "TrialsReply"},
	{METHOD_BEST, "BestRequest", "BestReply"},
	{METHOD_PREDICT, "PredictRequest", "PredictReply"},
	{METHOD_REPLAY, "ReplayRequest", "ReplayReply"},
	{METHOD_WHY, "WhyRequest", "WhyReply"},
	{METHOD_GET_MODEL, "GetModelRequest", "GetModelReply"},
	{METHOD_EXPLAIN, "ExplainRequest", "ExplainReply"},
};

enum { N_TYPES = sizeof(types) / sizeof(*types) };

/* protoc prints a field that the schema has not as its number. */
static void has_no_unknown_field(const char *text)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		while (isspace((unsigned char)*line))
			line++;
		assert_false(isdigit((unsigned char)*line));
	}
}

/* Through protoc's reader and writer and back. */
static uint8_t *there_and_back(const char *type, struct bytes wire, size_t *len)
{
	char *text = protoc_decode(type, wire.p, wire.len);
	uint8_t *back;

	if (!text)
		fail_msg("protoc does not read our %s", type);
	has_no_unknown_field(text);
	back = protoc_encode(type, text, len);
	if (!back)
		fail_msg("protoc does not write its own %s", type);
	free(text);
	return back;
}

static void same(char *expected, char *got)
{
	assert_string_equal(got, expected);
	free(expected);
	free(got);
}

static void every_method_is_here(void **state)
{
	(void)state;
	assert_int_equal(N_TYPES, random_n_methods);
	for (int i = 0; i < N_TYPES; i++)
		assert_int_equal(types[i].method, random_methods[i]);
}

static void requests(void **state)
{
	struct arena *a = arena_new(2 * LIMIT_ARENA_BYTES);
	struct kr_error err = {0};
	struct msg_request m, back;
	struct bytes wire;
	size_t len;

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < ROUNDS * N_TYPES; i++, arena_reset(a)) {
		struct rng r = rng_make(SEED, (uint64_t)i, RNG_TEST, 0);

		m = random_request(a, &r, types[i % N_TYPES].method);
		assert_int_equal(encode_request(&wire, &m, a, &err), KR_OK);
		uint8_t *again = there_and_back(types[i % N_TYPES].request, wire, &len);
		assert_int_equal(decode_request(&back, m.method, again, len, a, &err), KR_OK);
		same(dump_request(&m), dump_request(&back));
		free(again);
	}
	arena_free(a);
}

static void replies(void **state)
{
	struct arena *a = arena_new(2 * LIMIT_ARENA_BYTES);
	struct kr_error err = {0};
	struct msg_reply m, back;
	struct bytes wire;
	size_t len;

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < ROUNDS * N_TYPES; i++, arena_reset(a)) {
		struct rng r = rng_make(SEED, (uint64_t)i, RNG_TEST, 1);

		m = random_reply(a, &r, types[i % N_TYPES].method);
		assert_int_equal(encode_reply(&wire, &m, a, &err), KR_OK);
		uint8_t *again = there_and_back(
			m.is_error ? "Error" : types[i % N_TYPES].reply, wire, &len);
		assert_int_equal(decode_reply(&back, m.method, m.is_error, again, len, a, &err), KR_OK);
		same(dump_reply(&m), dump_reply(&back));
		free(again);
	}
	arena_free(a);
}

/* Each field has the meaning that its name says: text in, struct out. */
static void request_from_names(void **state)
{
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct kr_error err = {0};
	struct msg_request m;
	size_t len;
	uint8_t *wire = protoc_encode("CreateStudyRequest",
		"meta { request_id: '0123456789abcdef' session: 'SSSSSSSSSSSSSSSS'"
		" worker_id: 'w' deadline_ms: 5 } name: 'n' if_exists: REPLACE"
		" spec { parameters { name: 'i' kind: INT low: -3 high: 9 step: 2 log: false }"
		" parameters { name: 'c' kind: CATEGORICAL choices {"
		"  items { null_value: true } items { bool_value: true } items { int_value: -7 }"
		"  items { real_value: 0.5 } items { string_value: 'x' } } }"
		" parameters { name: 'o' kind: ORDINAL when: 'i > 1' choices { items { int_value: 4 } } }"
		" parameters { name: 'b' kind: BOOL }"
		" parameters { name: 'f' kind: FIXED choices { items { real_value: 4 } } }"
		" metrics { name: 'm' role: MAXIMIZE } metrics { name: 't' role: CONSTRAINT lower: 1 upper: 2 }"
		" budget: 11 lease_s: 30 seed: 13 noise_sd: 0.5 on_expiry: REQUEUE retry_limit: 4"
		" acquisition: 'straddle' acquisition_level: -1.5 acquisition_beta: 4"
		" parameter_constraints: 'i <= 3' parameter_constraints: 'i >= 1' forbidden: 'b'"
		" labels { name: 'l' value { string_value: 'v' } } }",
		&len);

	(void)state;
	if (decode_request(&m, METHOD_CREATE_STUDY, wire, len, a, &err) != KR_OK)
		fail_msg("%s", err.text);
	const struct msg_spec *s = &m.u.create_study.spec;
	const struct msg_scalar *c = s->params[1].choices;

	assert_memory_equal(m.meta.request_id, "0123456789abcdef", MSG_ID_BYTES);
	assert_memory_equal(m.meta.session, "SSSSSSSSSSSSSSSS", MSG_ID_BYTES);
	assert_string_equal(m.meta.worker_id, "w");
	assert_int_equal(m.meta.deadline_ms, 5);
	assert_string_equal(m.u.create_study.name, "n");
	assert_int_equal(m.u.create_study.if_exists, IF_EXISTS_REPLACE);
	assert_int_equal(s->params[0].kind, PARAM_INT);
	assert_true(s->params[0].low == -3 && s->params[0].high == 9 && s->params[0].step == 2);
	assert_int_equal(s->params[1].n_choices, 5);
	assert_int_equal(c[0].kind, SCALAR_NULL);
	assert_true(c[1].kind == SCALAR_BOOL && c[1].b);
	assert_true(c[2].kind == SCALAR_INT && c[2].i == -7);
	assert_true(c[3].kind == SCALAR_REAL && c[3].r == 0.5);
	assert_string_equal(c[4].s, "x");
	assert_int_equal(s->metrics[0].role, METRIC_MAXIMIZE);
	assert_true(s->budget == 11 && s->lease_s == 30 && s->seed == 13);
	assert_int_equal(s->params[2].kind, PARAM_ORDINAL);
	assert_string_equal(s->params[2].when, "i > 1");
	assert_null(s->params[1].when);
	assert_int_equal(s->params[3].kind, PARAM_BOOL);
	assert_int_equal(s->params[4].kind, PARAM_FIXED);
	assert_int_equal(s->metrics[1].role, METRIC_CONSTRAINT);
	assert_true(s->metrics[1].lower == 1 && s->metrics[1].upper == 2);
	assert_true(s->has_noise_sd && s->noise_sd == 0.5);
	assert_string_equal(s->acquisition.name, "straddle");
	assert_true(s->acquisition.has_level && s->acquisition.level == -1.5);
	assert_true(s->acquisition.has_beta && s->acquisition.beta == 4);
	assert_true(s->on_expiry == ON_EXPIRY_REQUEUE && s->retry_limit == 4);
	assert_int_equal(s->constraints.n, 2);
	assert_string_equal(s->constraints.p[1], "i >= 1");
	assert_string_equal(s->forbidden.p[0], "b");
	assert_int_equal(s->labels.n, 1);
	assert_string_equal(s->labels.p[0].name, "l");
	free(wire);
	arena_free(a);
}

static void edit_from_names(void **state)
{
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct kr_error err = {0};
	struct msg_request m;
	const struct msg_edit_trial *e = &m.u.edit_trial;
	size_t len;
	uint8_t *wire = protoc_encode("EditTrialRequest",
		"meta { request_id: '0123456789abcdef' } study: 's' number: 7"
		" values { name: 'y' value: 2 sem: 0.5 } values { name: 'z' replicates: [1, 3] }"
		" excluded: true note: 'n' labels { name: 'l' value { bool_value: true } }"
		" remove_labels: 'old'",
		&len);

	(void)state;
	if (decode_request(&m, METHOD_EDIT_TRIAL, wire, len, a, &err) != KR_OK)
		fail_msg("%s", err.text);
	assert_true(e->number == 7 && e->has_excluded && e->excluded);
	assert_true(e->values[0].value == 2 && e->values[0].sem == 0.5);
	assert_true(e->values[1].value == 2 && e->values[1].sem == 1);
	assert_string_equal(e->note, "n");
	assert_string_equal(e->labels.p[0].name, "l");
	assert_string_equal(e->remove_labels.p[0], "old");
	free(wire);
	arena_free(a);
}

static void reply_to_names(void **state)
{
	static const struct msg_named param = {"x", {.kind = SCALAR_INT, .i = 4}};
	static const struct msg_value value = {
		.name = "loss", .value = 0.25, .has_sem = true, .sem = 0.125};
	static const struct msg_progress progress = {.step = -3, .value = 0.5, .time_ms = 8};
	static const struct msg_trial trial = {.number = 17,
		.state = TRIAL_PRUNED,
		.n_params = 1,
		.params = &param,
		.n_values = 1,
		.values = &value,
		.reason = "why not",
		.worker = "gpu",
		.attempt = 2,
		.created_ms = 3,
		.finished_ms = 5,
		.late = true,
		.told = true,
		.seq = 7,
		.why = {WHY_MODEL, WHY_PARTIAL, true, 0.5, 1.5, -2.5, true, 0.75, NULL},
		.labels = {1, &param},
		.note = "seen",
		.excluded = true,
		.n_progress = 1,
		.progress = &progress,
		.has_feasible = true,
		.feasible = false,
		.has_lease = true,
		.lease = {.number = 17,
			.has_attempt = true,
			.attempt = 2,
			.has_token = true,
			.token = "TTTTTTTTTTTTTTT",
			.remaining_ms = 9}};
	const struct msg_reply m = {.method = METHOD_BEST, .u.best.trial = &trial};
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct bytes wire;
	char *text;

	(void)state;
	assert_int_equal(encode_reply(&wire, &m, a, NULL), KR_OK);
	text = protoc_decode("BestReply", wire.p, wire.len);
	assert_string_equal(text,
		"trial {\n"
		"  number: 17\n"
		"  state: PRUNED\n"
		"  params {\n    name: \"x\"\n    value {\n      int_value: 4\n    }\n  }\n"
		"  values {\n    name: \"loss\"\n    value: 0.25\n    sem: 0.125\n  }\n"
		"  reason: \"why not\"\n"
		"  worker: \"gpu\"\n"
		"  attempt: 2\n"
		"  created_ms: 3\n"
		"  finished_ms: 5\n"
		"  late: true\n"
		"  told: true\n"
		"  seq: 7\n"
		"  why {\n    rule: MODEL\n    freshness: PARTIAL\n    mean: 0.5\n    sd: 1.5\n"
		"    log_acq: -2.5\n    p_feasible: 0.75\n  }\n"
		"  lease {\n    number: 17\n    attempt: 2\n    token: \"TTTTTTTTTTTTTTT\\000\"\n"
		"    remaining_ms: 9\n  }\n"
		"  labels {\n    name: \"x\"\n    value {\n      int_value: 4\n    }\n  }\n"
		"  note: \"seen\"\n"
		"  excluded: true\n"
		"  progress {\n    step: -3\n    value: 0.5\n    time_ms: 8\n  }\n"
		"  feasible: false\n"
		"}\n");
	free(text);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_is_here),
		cmocka_unit_test(requests),
		cmocka_unit_test(replies),
		cmocka_unit_test(request_from_names),
		cmocka_unit_test(edit_from_names),
		cmocka_unit_test(reply_to_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
