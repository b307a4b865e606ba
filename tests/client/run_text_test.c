/* What `krige run` writes into a command and reads out of it: placeholders,
 * environment, values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/env.h"
#include "client/cli/result.h"
#include "client/cli/template.h"
#include "client/cli/text.h"
#include "tests/client/fixture.h"

static const struct msg_named params[] = {
	{"lr", {.kind = SCALAR_REAL, .r = 0.001}},
	{"n", {.kind = SCALAR_INT, .i = -3}},
	{"opt", {.kind = SCALAR_STRING, .s = "a b"}},
	{"none", {.kind = SCALAR_NULL}},
	{"flag", {.kind = SCALAR_BOOL, .b = true}},
};
static const struct msg_trial trial = {.number = 17, .n_params = 5, .params = params};

static const struct msg_param space[] = {{.name = "lr"}, {.name = "n"}, {.name = "opt"},
	{.name = "none"}, {.name = "flag"}, {.name = "gamma"}};
static const struct msg_spec spec = {.n_params = 6, .params = space};

static void test_expand(void **state)
{
	static const struct {
		const char *text, *out;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"{lr}", "0.001"},
		{"--n={n}", "--n=-3"},
		{"{opt}{none}{flag}", "a bnulltrue"},
		{"out-{number}.json", "out-17.json"},
		{"{{lr}}", "{lr}"},
		{"a{{{n}}}b", "a{-3}b"},
		{"}}{{", "}{"},
		{"[{gamma}]", "[]"},
	};
	const char *out;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(template_expand(&out, cases[i].text, &spec, &trial, arena, NULL), KR_OK);
		assert_string_equal(out, cases[i].out);
	}
}

static void test_expand_bad(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"{lrr}",
			"no parameter for the placeholder {lrr}; there are {lr}, {n}, {opt}, "
			"{none}, {flag}, {gamma}, {number}, and {{ for a brace"},
		{"a {", "'{': a single {; write {{ for a brace"},
		{"}", "'}': a single }; write }} for a brace"},
		{"{}",
			"no parameter for the placeholder {}; there are {lr}, {n}, {opt}, {none}, "
			"{flag}, {gamma}, {number}, and {{ for a brace"},
	};
	struct kr_error err;
	const char *out;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			template_expand(&out, cases[i].text, &spec, &trial, arena, &err), KR_INVALID_ARGUMENT);
		assert_string_equal(err.text, cases[i].message);
	}
}

/* Words that would say nothing are left out. */
static void test_inactive(void **state)
{
	static const char *const words[] = {"train", "--gamma={gamma}", "{gamma}", "--lr={lr}",
		"echo {gamma}", "x{gamma}", "--a={lr}={gamma}", "{{gamma}}"};
	static const char *const expected[] = {
		"train", "--lr=0.001", "echo ", "x", "--a=0.001=", "{gamma}", NULL};
	char **argv;

	(void)state;
	assert_int_equal(template_command(&argv, words, 8, &spec, &trial, arena, NULL), KR_OK);
	for (int i = 0; expected[i]; i++)
		assert_string_equal(argv[i], expected[i]);
	assert_null(argv[6]);
}

static void test_check(void **state)
{
	static const struct msg_param p[] = {{.name = "lr"}, {.name = "number"}};
	static const struct msg_spec two = {.n_params = 2, .params = p};
	const char *good[] = {"sh", "-c", "echo {lr} {number}"}, *wrong[] = {"sh", "{x}"};

	(void)state;
	assert_int_equal(template_check(good, 3, &two, arena, NULL), KR_OK);
	assert_int_equal(template_check(wrong, 2, &two, arena, NULL), KR_INVALID_ARGUMENT);
}

static void test_env(void **state)
{
	static const struct msg_named odd[] = {{"a-b.c\xc3\xa9", {.kind = SCALAR_INT, .i = 1}}};
	static const struct msg_trial t = {.number = 3, .n_params = 1, .params = odd};
	static const struct msg_param one[] = {{.name = "a-b.c\xc3\xa9"}};
	static const struct msg_study study = {.name = "s", .spec = {.n_params = 1, .params = one}};
	const struct env_pair *pairs;
	char **env;
	int found = 0;

	(void)state;
	setenv("KRIGE_TRIAL", "stale", 1);
	assert_int_equal(env_of_trial(&pairs, &study, &t, arena), 5);
	assert_string_equal(pairs[1].value, "3");
	assert_string_equal(pairs[2].name, "KRIGE_PARAMS");
	assert_string_equal(pairs[2].value, "{\"a-b.c\xc3\xa9\":1}");
	assert_null(pairs[3].value); /* no lease */
	assert_string_equal(pairs[4].name, "KRIGE_PARAM_a_b_cC3A9");
	env = env_with(pairs, 5, arena);
	assert_non_null(env);
	for (; *env; env++) {
		if (strncmp(*env, "KRIGE_TRIAL=", 12) != 0)
			continue;
		assert_string_equal(*env, "KRIGE_TRIAL=3");
		found++;
	}
	assert_int_equal(found, 1);
}

/* Each parameter has a variable of its own, the same in each trial. */
static void test_env_is_distinct(void **state)
{
	static const struct msg_param seven[] = {{.name = "a-b"}, {.name = "a b"}, {.name = "a_b"},
		{.name = "\xc3\xa9"}, {.name = "\xc3\xa8"}, {.name = "C3A9"}, {.name = "a_b_2"}};
	static const char *const expected[] = {"KRIGE_PARAM_a_b", "KRIGE_PARAM_a_b_2",
		"KRIGE_PARAM_a_b_3", "KRIGE_PARAM_C3A9", "KRIGE_PARAM_C3A8", "KRIGE_PARAM_C3A9_2",
		"KRIGE_PARAM_a_b_2_2"};
	static const struct msg_study study = {.name = "s", .spec = {.n_params = 7, .params = seven}};
	const struct env_pair *pairs;

	(void)state;
	for (int i = 0; i < 7; i++) {
		struct msg_named one = {seven[i].name, {.kind = SCALAR_INT, .i = i}};
		struct msg_trial t = {.n_params = 1, .params = &one};

		assert_int_equal(env_of_trial(&pairs, &study, &t, arena), 4 + 7);
		for (int k = 0; k < 7; k++) {
			assert_string_equal(pairs[4 + k].name, expected[k]);
			assert_true((pairs[4 + k].value != NULL) == (k == i));
		}
	}
}

static void test_shell_words(void **state)
{
	(void)state;
	assert_string_equal(text_shell(arena, "a-b_1.0/x=y"), "a-b_1.0/x=y");
	assert_string_equal(text_shell(arena, ""), "''");
	assert_string_equal(text_shell(arena, "a b"), "'a b'");
	assert_string_equal(text_shell(arena, "it's $x"), "'it'\\''s $x'");
}

/* Output of a command, and its value; source NONE: there is none. */
static const struct {
	const char *text;
	enum result_source source;
	double value;
} outputs[] = {
	{"loss=0.5", RESULT_NAMED, 0.5},
	{"loss=0.5\nloss=0.25\n", RESULT_NAMED, 0.25},
	{"  loss = 1e-3  ", RESULT_NAMED, 1e-3},
	{"epoch=3, loss=0.5, lr=0.1", RESULT_NAMED, 0.5},
	{"loss=0.5\nbye", RESULT_NAMED, 0.5},
	{"loss=0.5\n7", RESULT_NAMED, 0.5},
	{"loss=abc", RESULT_NONE, 0},
	{"the loss=0.5", RESULT_NONE, 0},
	{"xloss=0.5", RESULT_NONE, 0},
	{"loss=0.5 done", RESULT_NONE, 0},
	{"7\n0.125\n\n", RESULT_BARE, 0.125},
	{"0.125\nbye", RESULT_NONE, 0},
	{"-3", RESULT_BARE, -3},
	{"0.1 0.2", RESULT_NONE, 0},
	{"{\"loss\": 0.3}", RESULT_NAMED, 0.3},
	{"{\"acc\": 0.3}", RESULT_NONE, 0},
	{"{\"loss\": 0.3, \"acc\": 1}\nbye", RESULT_NAMED, 0.3},
	{"{\"loss\": \"0.3\"}", RESULT_NONE, 0},
	{"{\"loss\": 0.3", RESULT_NONE, 0},
	{"loss=0.1\n{\"loss\": 0.2}", RESULT_NAMED, 0.2},
	{"loss=inf", RESULT_NAMED, INFINITY},
	{"", RESULT_NONE, 0},
	{"loss=0x10", RESULT_NONE, 0},
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		struct result r = result_make("loss");
		char *text = strdup(outputs[i].text), *rest = NULL;

		for (char *l = strtok_r(text, "\n", &rest); l; l = strtok_r(NULL, "\n", &rest))
			result_line(&r, l);
		free(text);
		assert_int_equal(r.source, outputs[i].source);
		if (r.source != RESULT_NONE)
			assert_true(r.value == outputs[i].value);
	}
}

static void test_nan(void **state)
{
	static const char *const lines[] = {"loss=nan", "NaN", "{\"loss\": NaN}", "{\"loss\": null}"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct result r = result_make("loss");

		result_line(&r, lines[i]);
		assert_int_not_equal(r.source, RESULT_NONE);
		assert_true(isnan(r.value));
	}
}

static void test_names_with_equals(void **state)
{
	struct result r = result_make("a=b");

	(void)state;
	result_line(&r, "a=b=3");
	assert_int_equal(r.source, RESULT_NAMED);
	assert_true(r.value == 3);
}

static void test_file(void **state)
{
	static const struct {
		const char *text;
		double value;
	} files[] = {
		{"{\n \"loss\": 0.5,\n \"log\": [1, 2]\n}\n", 0.5},
		{"0.5\n", 0.5},
		{"epoch=1\nloss=0.5\n", 0.5},
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct result r = result_make("loss");
		char *text = strdup(files[i].text);

		result_text(&r, text, strlen(text));
		free(text);
		assert_int_not_equal(r.source, RESULT_NONE);
		assert_true(r.value == files[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_expand_bad),
		cmocka_unit_test(test_inactive),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_env),
		cmocka_unit_test(test_env_is_distinct),
		cmocka_unit_test(test_shell_words),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_nan),
		cmocka_unit_test(test_names_with_equals),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, fixture_new, fixture_free);
}
