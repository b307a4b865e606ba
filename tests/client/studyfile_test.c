/* The study file: what is read, and what is said about what cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "client/cli/studyfile.h"
#include "tests/client/fixture.h"

#define SPACE "\"space\": {\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}"
#define OBJECTIVE "\"objective\": \"minimize loss\""
#define STUDY "{\"name\": \"s\", " SPACE ", " OBJECTIVE
#define PARAM(p) "{\"name\": \"s\", " OBJECTIVE ", \"space\": {\"x\": " p "}}"

static enum kr_status parse(const char *text, struct msg_create_study *out, struct kr_error *err)
{
	return studyfile_parse(out, text, strlen(text), "f.json", arena, err);
}

static void test_whole(void **state)
{
	static const char text[] =
		"# comment with \"quotes\" and {\n"
		"{ // another\n"
		"  \"name\": \"a # b // c\",\n"
		"  \"space\": {\n"
		"    \"lr\": {\"type\": \"float\", \"low\": 1e-5, \"high\": 0.1, \"log\": true},\n"
		"    \"n\": {\"type\": \"int\", \"low\": -3, \"high\": 8, \"step\": 2},\n"
		"    \"opt\": {\"type\": \"categorical\", \"choices\": [1, 1.0, \"1\", true, null]}\n"
		"  },\n"
		"  \"objective\": \"maximize top 1\",\n"
		"  \"budget\": 200, \"lease\": 0.5, \"seed\": 18446744073709551615,\n"
		"  \"if_exists\": \"attach\", \"noise\": null, \"constraints\": []\n"
		"}\n";
	static const enum scalar_kind kinds[] = {
		SCALAR_INT, SCALAR_REAL, SCALAR_STRING, SCALAR_BOOL, SCALAR_NULL};
	struct msg_create_study m;
	struct kr_error err;

	(void)state;
	assert_int_equal(parse(text, &m, &err), KR_OK);
	assert_string_equal(m.name, "a # b // c");
	assert_int_equal(m.spec.n_params, 3);
	assert_string_equal(m.spec.params[0].name, "lr");
	assert_int_equal(m.spec.params[0].kind, PARAM_FLOAT);
	assert_true(m.spec.params[0].has_low && m.spec.params[0].low == 1e-5);
	assert_true(m.spec.params[0].high == 0.1 && m.spec.params[0].log);
	assert_false(m.spec.params[0].has_step);
	assert_int_equal(m.spec.params[1].kind, PARAM_INT);
	assert_true(m.spec.params[1].low == -3 && m.spec.params[1].has_step);
	assert_int_equal(m.spec.params[2].n_choices, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(m.spec.params[2].choices[i].kind, kinds[i]);
	assert_int_equal(m.spec.n_metrics, 1);
	assert_string_equal(m.spec.metrics[0].name, "top 1");
	assert_int_equal(m.spec.metrics[0].role, METRIC_MAXIMIZE);
	assert_true(m.spec.has_budget && m.spec.budget == 200);
	assert_true(m.spec.has_lease && m.spec.lease_s == 0.5);
	assert_true(m.spec.has_seed && m.spec.seed == UINT64_MAX);
	assert_int_equal(m.if_exists, IF_EXISTS_ATTACH);
}

/* Every kind of parameter, and what binds them. */
static void test_rules(void **state)
{
	static const char text[] =
		"{\"constraints\": [\"t <= 10\", \"recall>=0.5\", \"t >= 1\"], \"name\": \"s\", \"space\": {"
		"\"b\": {\"type\": \"bool\"},"
		"\"o\": {\"values\": [16, 32], \"type\": \"ordinal\", \"when\": \"b\"},"
		"\"f\": {\"type\": \"fixed\", \"value\": null, \"when\": null}},"
		"\"parameter_constraints\": [\"o <= 20\"], \"forbidden\": [\"b and o == 16\", \"not b\"],"
		"\"noise\": 0.5, \"objective\": \"minimize loss\"}";
	struct msg_create_study m;
	struct kr_error err;

	(void)state;
	assert_int_equal(parse(text, &m, &err), KR_OK);
	assert_int_equal(m.spec.params[0].kind, PARAM_BOOL);
	assert_int_equal(m.spec.params[1].kind, PARAM_ORDINAL);
	assert_int_equal(m.spec.params[1].choices[1].i, 32);
	assert_string_equal(m.spec.params[1].when, "b");
	assert_int_equal(m.spec.params[2].kind, PARAM_FIXED);
	assert_int_equal(m.spec.params[2].n_choices, 1);
	assert_null(m.spec.params[2].when);
	assert_int_equal(m.spec.constraints.n, 1);
	assert_string_equal(m.spec.constraints.p[0], "o <= 20");
	assert_int_equal(m.spec.forbidden.n, 2);
	assert_string_equal(m.spec.forbidden.p[1], "not b");
	assert_true(m.spec.has_noise_sd && m.spec.noise_sd == 0.5);
	assert_int_equal(m.spec.n_metrics, 3);
	assert_string_equal(m.spec.metrics[0].name, "loss");
	assert_string_equal(m.spec.metrics[1].name, "t");
	assert_int_equal(m.spec.metrics[1].role, METRIC_CONSTRAINT);
	assert_true(m.spec.metrics[1].lower == 1 && m.spec.metrics[1].upper == 10);
	assert_string_equal(m.spec.metrics[2].name, "recall");
	assert_true(m.spec.metrics[2].has_lower && !m.spec.metrics[2].has_upper);
}

static void test_least(void **state)
{
	struct msg_create_study m;

	(void)state;
	assert_int_equal(parse(STUDY "}", &m, NULL), KR_OK);
	assert_false(m.spec.has_budget || m.spec.has_lease || m.spec.has_seed);
	assert_int_equal(m.if_exists, 0);
}

static const struct {
	const char *text, *field, *message;
} bad[] = {
	{"", "",
		"f.json, line 1: not JSON here; look for a missing or superfluous comma, bracket "
		"or quote"},
	{"[]", "", "f.json: a list; must be an object: `krige init` prints one"},
	{STUDY "\n,}", "",
		"f.json, line 2: not JSON here; look for a missing or superfluous comma, bracket or "
		"quote"},
	{STUDY "} 1", "",
		"f.json, line 1: not JSON here; look for a missing or superfluous comma, bracket or "
		"quote"},
	{"{\n\"name", "", "f.json, line 2: a string does not end"},
	{"{\"name\": \"a\\u0000b\"}", "", "f.json, line 1: a string holds a control character"},
	{"{\"name\": 01}", "",
		"f.json, line 1: not a number that JSON knows; write it like 12, 0.5 or 1e-5"},
	{"{\"name\": \"\xff\"}", "", "f.json: not UTF-8 text"},
	{"{" SPACE ", " OBJECTIVE "}", "name", "f.json: name: missing; give the study a name"},
	{"{\"name\": \"s\", " OBJECTIVE "}", "space",
		"f.json: space: missing; give the parameters to tune"},
	{"{\"name\": \"s\", " SPACE "}", "objective",
		"f.json: objective: missing; write \"minimize NAME\" or \"maximize NAME\""},
	{"{\"name\": 3}", "name", "f.json: name: a number; must be a string"},
	{STUDY ", \"budgt\": 3}", "budgt", "f.json: budgt: unknown key; did you mean \"budget\"?"},
	{STUDY ", \"zebra\": 3}", "zebra",
		"f.json: zebra: unknown key; `krige init` shows the known ones"},
	{STUDY ", \"name\": \"t\"}", "name", "f.json: name: the key stands here twice"},
	{STUDY ", \"budget\": 2.5}", "budget",
		"f.json: budget: 2.5; must be a whole number from 0 to 2^64 - 1"},
	{STUDY ", \"budget\": -2}", "budget",
		"f.json: budget: -2; must be a whole number from 0 to 2^64 - 1"},
	{STUDY ", \"seed\": 18446744073709551616}", "seed",
		"f.json: seed: 18446744073709551616; must be a whole number from 0 to 2^64 - 1"},
	{STUDY ", \"lease\": \"10m\"}", "lease", "f.json: lease: a string; must be a number"},
	{STUDY ", \"if_exists\": \"maybe\"}", "if_exists",
		"f.json: if_exists: must be \"fail\", \"attach\" or \"replace\""},
	{STUDY ", \"constraints\": [\"latency < 10\"]}", "constraints[0]",
		"f.json: constraints[0]: \"latency < 10\"; write \"NAME <= NUMBER\" or \"NAME >= NUMBER\""},
	{STUDY ", \"constraints\": [\"a <= 1\", \"a >= 0\", \"a <= 2\"]}", "constraints[2]",
		"f.json: constraints[2]: the metric has such a bound already; give one"},
	{STUDY ", \"noise\": \"low\"}", "noise", "f.json: noise: a string; must be a number"},
	{STUDY ", \"forbidden\": \"x > 1\"}", "forbidden",
		"f.json: forbidden: a string; must be a list of strings"},
	{STUDY ", \"parameter_constraints\": [1]}", "parameter_constraints[0]",
		"f.json: parameter_constraints[0]: a number; must be a string"},
	{STUDY ", \"cost\": \"seconds\"}", "cost",
		"f.json: cost: not built yet in this version; remove the key"},
	{"{\"name\": \"s\", " SPACE ", \"objective\": \"loss\"}", "objective",
		"f.json: objective: \"loss\"; write \"minimize NAME\" or \"maximize NAME\""},
	{"{\"name\": \"s\", " SPACE ", \"objective\": [\"minimize a\", \"minimize b\"]}", "objective",
		"f.json: objective: several objectives are not built yet in this version; give one"},
	{"{\"name\": \"s\", \"space\": []}", "space",
		"f.json: space: a list; must be an object with one entry per parameter"},
	{PARAM("0.5"), "space.x",
		"f.json: space.x: a number; must be an object like {\"type\": \"float\", \"low\": 0, "
		"\"high\": 1}"},
	{PARAM("{}"), "space.x",
		"f.json: space.x: no \"type\"; add \"float\", \"int\", \"categorical\", \"ordinal\", \"bool\" or "
		"\"fixed\""},
	{PARAM("{\"type\": \"flaot\"}"), "space.x.type",
		"f.json: space.x.type: unknown type \"flaot\"; did you mean \"float\"?"},
	{PARAM("{\"type\": \"complex\"}"), "space.x.type",
		"f.json: space.x.type: unknown type \"complex\"; use \"float\", \"int\", \"categorical\", \"ordinal\", \"bool\" or "
		"\"fixed\""},
	{PARAM("{\"type\": \"categorical\", \"values\": [1, 2]}"), "space.x.values",
		"f.json: space.x.values: only an \"ordinal\" has values; a \"categorical\" has choices"},
	{PARAM("{\"type\": \"bool\", \"value\": true}"), "space.x.value",
		"f.json: space.x.value: only a \"fixed\" parameter has a value"},
	{PARAM("{\"type\": \"ordinal\", \"values\": [1], \"choices\": [2]}"), "space.x.choices",
		"f.json: space.x.choices: the choices stand here twice; give one list"},
	{PARAM("{\"type\": \"float\", \"when\": 3}"), "space.x.when",
		"f.json: space.x.when: a number; must be a string"},
	{PARAM("{\"type\": \"float\", \"hihg\": 1}"), "space.x.hihg",
		"f.json: space.x.hihg: unknown key; did you mean \"high\"?"},
	{PARAM("{\"type\": \"float\", \"low\": \"0\"}"), "space.x.low",
		"f.json: space.x.low: a string; must be a number"},
	{PARAM("{\"type\": \"float\", \"low\": 1e999}"), "space.x.low",
		"f.json: space.x.low: 1e999 is out of range"},
	{PARAM("{\"type\": \"float\", \"low\": NaN}"), "space.x.low",
		"f.json: space.x.low: nan is out of range"},
	{PARAM("{\"type\": \"int\", \"high\": 9007199254740993}"), "space.x.high",
		"f.json: space.x.high: 9007199254740993 is beyond 2^53, where integers are no longer "
		"exact"},
	{PARAM("{\"type\": \"float\", \"log\": 1}"), "space.x.log",
		"f.json: space.x.log: a number; must be true or false"},
	{PARAM("{\"type\": \"categorical\", \"choices\": \"a\"}"), "space.x.choices",
		"f.json: space.x.choices: a string; must be a list"},
	{PARAM("{\"type\": \"categorical\", \"choices\": [1, [2]]}"), "space.x.choices[1]",
		"f.json: space.x.choices[1]: a list; a choice is null, true, false, a number or a "
		"string"},
	{PARAM("{\"type\": \"categorical\", \"choices\": [99999999999999999999]}"),
		"space.x.choices[0]",
		"f.json: space.x.choices[0]: a number out of range; a choice is null, true, false, a "
		"number or a string"},
	{PARAM("{\"type\": \"int\", \"fidelity\": true}"), "space.x.fidelity",
		"f.json: space.x.fidelity: not built yet in this version; remove the key"},
	{"{\"space\": {\"x\": {\"type\": \"float\"}, \"x\": {\"type\": \"int\"}}}", "space.x",
		"f.json: space.x: the parameter stands here twice"},
};

static void test_bad(void **state)
{
	struct msg_create_study m;
	struct kr_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i].text, &m, &err), KR_INVALID_ARGUMENT);
		assert_string_equal(err.text, bad[i].message);
		assert_string_equal(err.field, bad[i].field);
	}
}

/* Every prefix of a good file is refused without a fault, or is good. */
static void test_prefixes(void **state)
{
	static const char text[] = STUDY ", \"budget\": 20, \"seed\": 7, # c\n"
									 "\"if_exists\": \"fail\"}";
	struct msg_create_study m;

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		char *cut = strndup(text, len);

		assert_non_null(cut);
		assert_int_equal(studyfile_parse(&m, cut, len, "f", arena, NULL), KR_INVALID_ARGUMENT);
		free(cut);
		arena_reset(arena);
	}
}

/* The n-th allocation fails, for every n. */
static void test_allocations(void **state)
{
	struct msg_create_study m;
	enum kr_status s = KR_ENOMEM;
	long n;

	(void)state;
	for (n = 1; s != KR_OK; n++) {
		struct arena *a = arena_new(1 << 20);

		assert_non_null(a);
		kr_alloc_fail_at(n, 0);
		s = studyfile_parse(&m, STUDY "}", strlen(STUDY "}"), "f", a, NULL);
		kr_alloc_fail_at(0, 0);
		arena_free(a);
		assert_true(s == KR_OK || s == KR_ENOMEM);
	}
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_allocations),
	};

	return cmocka_run_group_tests(tests, fixture_new, fixture_free);
}
