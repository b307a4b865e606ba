/* What goes out: JSON, rows, exit codes; and words typed in: parameters, results. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/cli.h"
#include "client/cli/layout.h"
#include "client/cli/measure.h"
#include "client/cli/param.h"
#include "client/cli/rows.h"
#include "client/cli/text.h"
#include "client/cli/trials.h"
#include "client/cli/view.h"
#include "tests/client/fixture.h"

static const struct msg_scalar choices[] = {
	{.kind = SCALAR_INT, .i = 1},
	{.kind = SCALAR_REAL, .r = 1},
	{.kind = SCALAR_STRING, .s = "1"},
	{.kind = SCALAR_BOOL, .b = true},
	{.kind = SCALAR_NULL},
	{.kind = SCALAR_STRING, .s = "null"},
	{.kind = SCALAR_STRING, .s = "sgd"},
};
static const struct msg_param space[] = {
	{.name = "lr",
		.kind = PARAM_FLOAT,
		.has_low = true,
		.low = 1e-5,
		.has_high = true,
		.high = 1,
		.log = true},
	{.name = "n", .kind = PARAM_INT, .has_low = true, .low = 1, .has_high = true, .high = 8},
	{.name = "o=p", .kind = PARAM_CATEGORICAL, .n_choices = 7, .choices = choices},
};
static const struct msg_metric loss = {.name = "loss", .role = METRIC_MINIMIZE};
static const struct msg_spec spec = {.n_params = 3,
	.params = space,
	.n_metrics = 1,
	.metrics = &loss,
	.has_seed = true,
	.seed = UINT64_MAX,
	.has_lease = true,
	.lease_s = 600};

/* ---- output -------------------------------------------------------------------------- */

struct memory {
	FILE *file;
	char *text;
	size_t len;
};

static void open_memory(struct memory *m)
{
	m->text = NULL;
	m->file = open_memstream(&m->text, &m->len);
	assert_non_null(m->file);
}

static void expect(struct memory *m, const char *text)
{
	fclose(m->file);
	assert_string_equal(m->text, text);
	free(m->text);
}

static void test_trial_json(void **state)
{
	static const struct msg_named params[] = {
		{"lr", {.kind = SCALAR_REAL, .r = 1}},
		{"n", {.kind = SCALAR_INT, .i = INT64_MIN}},
		{"o=p", {.kind = SCALAR_STRING, .s = "a\"\\\n\x01\xc3\xa9"}},
	};
	static const struct msg_value value = {.value = 0.1};
	static const struct msg_trial t = {.number = 3,
		.state = TRIAL_COMPLETE,
		.n_params = 3,
		.params = params,
		.n_values = 1,
		.values = &value,
		.attempt = 1,
		.created_ms = 1769846400250,
		.finished_ms = 0,
		.seq = 9};
	struct memory m;
	struct writer w;

	(void)state;
	open_memory(&m);
	w = writer_make(m.file);
	view_trial_json(&w, &spec, &t);
	expect(&m,
		"{\"number\":3,\"state\":\"COMPLETE\",\"params\":{\"lr\":1.0,"
		"\"n\":-9223372036854775808,\"o=p\":\"a\\\"\\\\\\n\\u0001\xc3\xa9\"},"
		"\"values\":{\"loss\":0.1},\"reason\":null,\"worker\":null,\"attempt\":1,"
		"\"created\":\"2026-01-31T08:00:00.250Z\",\"finished\":null,\"late\":false,"
		"\"told\":false,\"seq\":9,\"why\":null,\"sems\":{},\"feasible\":null,\"excluded\":false,"
		"\"note\":null,\"labels\":{},\"progress\":[]}");
}

static void test_study_json(void **state)
{
	static const struct msg_study s = {.name = "s",
		.id = 4,
		.state = STUDY_ACTIVE,
		.counts[TRIAL_COMPLETE] = 2,
		.created_ms = 1769846400000,
		.seq = 11};
	struct msg_study study = s;
	struct memory m;
	struct writer w;

	(void)state;
	study.spec = spec;
	open_memory(&m);
	w = writer_make(m.file);
	view_study_json(&w, &study);
	expect(&m,
		"{\"name\":\"s\",\"id\":4,\"state\":\"ACTIVE\",\"space\":{"
		"\"lr\":{\"type\":\"float\",\"low\":1e-05,\"high\":1.0,\"log\":true},"
		"\"n\":{\"type\":\"int\",\"low\":1,\"high\":8},"
		"\"o=p\":{\"type\":\"categorical\",\"choices\":[1,1.0,\"1\",true,null,\"null\","
		"\"sgd\"]}},\"metrics\":[{\"name\":\"loss\",\"role\":\"minimize\"}],"
		"\"seed\":18446744073709551615,\"budget\":null,\"lease\":600.0,"
		"\"parameter_constraints\":[],\"forbidden\":[],\"noise\":null,\"acquisition\":\"auto\","
		"\"acquisition_level\":null,\"acquisition_beta\":null,"
		"\"stop\":null,\"on_expiry\":\"expire\","
		"\"retry_limit\":0,\"labels\":{},"
		"\"counts\":{\"QUEUED\":0,\"RUNNING\":0,\"COMPLETE\":2,\"PRUNED\":0,\"FAILED\":0,"
		"\"INFEASIBLE\":0,\"EXPIRED\":0,\"CANCELLED\":0},\"outlook\":null,\"best\":null,"
		"\"created\":\"2026-01-31T08:00:00.000Z\",\"reserved\":0,\"reason\":null,"
		"\"warm_start\":[],\"seq\":11,\"spec_version\":0}");
}

/* Two columns, two rows, with what each format has to escape. */
static void put_rows(struct cli cli, const char *text)
{
	const struct cell first[] = {cell_text("x\ty\n\\\x1b"), cell_int(1)};
	const struct cell second[] = {cell_none(), cell_text("a,\"b|\"")};
	struct memory m;
	struct rows r;

	open_memory(&m);
	assert_int_equal(rows_open(&r, &cli, m.file), CLI_OK);
	rows_column(&r, (struct column){.name = "a", .type = COLUMN_TEXT});
	rows_column(&r, (struct column){.name = "b", .type = COLUMN_NUMBER});
	rows_column(&r, (struct column){.name = "h", .type = COLUMN_NUMBER, .flags = COLUMN_HIDDEN});
	assert_int_equal(rows_ready(&r), CLI_OK);
	for (int i = 0; i < 2; i++) {
		struct cell cells[] = {i ? second[0] : first[0], i ? second[1] : first[1], cell_int(-i)};

		rows_put(&r, cells, NULL, NULL);
	}
	assert_int_equal(rows_close(&r), CLI_OK);
	expect(&m, text);
}

static void test_rows(void **state)
{
	struct cli cli = {.format = FORMAT_TSV, .arena = arena, .width = 80, .utf8 = true};

	(void)state;
	put_rows(cli, "a\tb\nx\\ty\\n\\\\\\x1b\t1\n\ta,\"b|\"\n");
	cli.sort = "h";
	put_rows(cli, "a\tb\n\ta,\"b|\"\nx\\ty\\n\\\\\\x1b\t1\n");
	cli.limit = 1;
	cli.has_limit = true;
	put_rows(cli, "a\tb\n\ta,\"b|\"\n");
	cli.sort = "h:desc";
	put_rows(cli, "a\tb\nx\\ty\\n\\\\\\x1b\t1\n");
	cli = (struct cli){.format = FORMAT_TSV, .no_header = true, .columns = "h,b", .arena = arena};
	put_rows(cli, "0\t1\n-1\ta,\"b|\"\n");
	cli.filter = "h<0";
	put_rows(cli, "-1\ta,\"b|\"\n");
	cli = (struct cli){.format = FORMAT_CSV, .arena = arena};
	put_rows(cli, "a,b\n\"x\ty\n\\\x1b\",1\n,\"a,\"\"b|\"\"\"\n");
	cli.format = FORMAT_MD;
	put_rows(cli, "| a | b |\n| --- | ---: |\n| x\\ty\\n\\\\x1b | 1 |\n|  | a,\"b\\|\" |\n");
	cli.format = FORMAT_JSON;
	put_rows(
		cli, "[{\"a\":\"x\\ty\\n\\\\\\u001b\",\"b\":1},{\"a\":null,\"b\":\"a,\\\"b|\\\"\"}]\n");
	cli.format = FORMAT_JSONL;
	put_rows(cli, "{\"a\":\"x\\ty\\n\\\\\\u001b\",\"b\":1}\n{\"a\":null,\"b\":\"a,\\\"b|\\\"\"}\n");
	cli.format = FORMAT_YAML;
	put_rows(cli, "- a: \"x\\ty\\n\\\\\\u001b\"\n  b: 1\n- a: null\n  b: \"a,\\\"b|\\\"\"\n");
	cli.format = FORMAT_NAME;
	put_rows(cli, "x\\ty\\n\\\\x1b\n\n");
	cli.format = FORMAT_TABLE;
	put_rows(cli, "a                 b\nx\\ty\\n\\\\x1b       1\n             a,\"b|\"\n");
}

static void test_empty_rows(void **state)
{
	static const struct {
		enum format format;
		const char *text;
	} cases[] = {
		{FORMAT_CSV, "a,b\n"},
		{FORMAT_TABLE, ""},
		{FORMAT_JSON, "[]\n"},
		{FORMAT_JSONL, ""},
		{FORMAT_YAML, "[]\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cli cli = {.format = cases[i].format, .arena = arena, .filter = "b==7"};

		put_rows(cli, cases[i].text);
	}
}

/* Cuts are marked, numbers are kept, no line is wider than asked for. */
static void test_layout(void **state)
{
	static const struct layout_column columns[] = {
		{"name", false}, {"value", true}, {"text", false}};
	static const char *const cells[] = {
		"größe-ist-lang", "0.125", "日本語日本語日本語", "b", "12", "c"};
	struct memory m;

	(void)state;
	open_memory(&m);
	assert_true(layout_print(m.file, columns, 3, cells, 2, 0, "…", arena));
	expect(&m,
		"name            value  text\n"
		"größe-ist-lang  0.125  日本語日本語日本語\n"
		"b                  12  c\n");
	open_memory(&m);
	assert_true(layout_print(m.file, columns, 3, cells, 2, 30, "…", arena));
	expect(&m,
		"name         value  text\n"
		"größe-ist-…  0.125  日本語日…\n"
		"b               12  c\n");
	for (int width = 1; width < 40; width++) {
		open_memory(&m);
		assert_true(layout_print(m.file, columns, 3, cells, 2, width, "...", arena));
		fclose(m.file);
		for (char *line = strtok(m.text, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(layout_width(line) <= width);
		free(m.text);
	}
}

static void test_safe(void **state)
{
	(void)state;
	assert_string_equal(
		layout_safe("größe \xf0\x9f\x98\x80", true, arena), "größe \xf0\x9f\x98\x80");
	assert_string_equal(
		layout_safe("\x1b[31m\x7f\xc2\x9b\xff", false, arena), "\\x1b[31m\\x7f\\xc2\\x9b\\xff");
	assert_string_equal(layout_safe("a\\b", false, arena), "a\\b");
	assert_string_equal(layout_safe("a\\b", true, arena), "a\\\\b");
}

static void test_yaml(void **state)
{
	struct memory m;
	struct writer w;

	(void)state;
	open_memory(&m);
	w = writer_make(m.file);
	w.yaml = true;
	writer_object(&w);
	writer_int(writer_key(&w, "k"), 1);
	writer_object(writer_key(&w, "empty"));
	writer_end(&w);
	writer_array(writer_key(&w, "list"));
	writer_array(&w);
	writer_end(&w);
	writer_array(&w);
	writer_int(&w, 1);
	writer_string(&w, "a: b");
	writer_end(&w);
	writer_object(&w);
	writer_bool(writer_key(&w, "no"), true);
	writer_null(writer_key(&w, "x y"));
	writer_end(&w);
	writer_end(&w);
	writer_object(writer_key(&w, "o"));
	writer_real(writer_key(&w, "r"), 0.5);
	writer_end(&w);
	writer_end(&w);
	writer_finish(&w);
	expect(&m,
		"k: 1\nempty: {}\nlist:\n  - []\n  - - 1\n    - \"a: b\"\n  - \"no\": true\n"
		"    \"x y\": null\no:\n  r: 0.5\n");
}

/* A parameter may be called like a column. */
static void test_columns_are_distinct(void **state)
{
	static const struct msg_param p[] = {{.name = "state"}, {.name = "loss"}, {.name = "lr"}};
	static const struct msg_spec taken = {
		.n_params = 3, .params = p, .n_metrics = 1, .metrics = &loss};
	struct cli cli = {.format = FORMAT_CSV, .arena = arena};
	struct trials t;
	struct memory m;

	(void)state;
	open_memory(&m);
	assert_int_equal(trials_begin(&t, &cli, m.file, &taken, true), CLI_OK);
	assert_int_equal(trials_end(&t), CLI_OK);
	expect(&m,
		"number,state,loss,params.state,params.loss,lr,reason,worker,attempt,created,"
		"finished,excluded,note,feasible\n");
}

/* Cells stand under their columns, labels that an option names included. */
static void test_trial_cells(void **state)
{
	static const struct msg_named params[] = {
		{"lr", {.kind = SCALAR_REAL, .r = 0.5}}, {"o=p", {.kind = SCALAR_INT, .i = 1}}};
	static const struct msg_named label = {"team", {.kind = SCALAR_STRING, .s = "x"}};
	static const struct msg_value value = {.value = 0.25};
	static const struct msg_trial t = {.number = 7,
		.state = TRIAL_COMPLETE,
		.n_params = 2,
		.params = params,
		.n_values = 1,
		.values = &value,
		.attempt = 2,
		.seq = 9,
		.labels = {1, &label},
		.note = "n"};
	struct cli cli = {.format = FORMAT_CSV,
		.arena = arena,
		.columns = "seq,labels.team,value,params.lr,values.loss,n,o=p,note,labels.none,attempt",
		.filter = "labels.team==x and value<0.3 and params.lr>=0.5 and n==null"};
	struct trials out;
	struct memory m;

	(void)state;
	open_memory(&m);
	assert_int_equal(trials_begin(&out, &cli, m.file, &spec, true), CLI_OK);
	assert_true(trials_put(&out, &t));
	assert_int_equal(trials_end(&out), CLI_OK);
	expect(&m,
		"seq,labels.team,loss,lr,loss,n,o=p,note,labels.none,attempt\n"
		"9,x,0.25,0.5,0.25,,1,n,,2\n");
}

static void test_exit_codes(void **state)
{
	static const struct {
		enum krige_status status;
		int code;
	} cases[] = {
		{KRIGE_OK, 0},
		{KRIGE_INVALID_ARGUMENT, 2},
		{KRIGE_NOT_FOUND, 3},
		{KRIGE_UNAUTHENTICATED, 4},
		{KRIGE_FORBIDDEN, 4},
		{KRIGE_ALREADY_EXISTS, 5},
		{KRIGE_CONFLICT, 5},
		{KRIGE_STALE_LEASE, 5},
		{KRIGE_CANNOT_CONNECT, 6},
		{KRIGE_TIMEOUT, 7},
		{KRIGE_DEADLINE, 7},
		{KRIGE_NOT_NOW, 8},
		{KRIGE_OVERLOADED, 8},
		{KRIGE_STUDY_FINISHED, 9},
		{KRIGE_BUDGET_SPENT, 9},
		{KRIGE_SPACE_EXHAUSTED, 9},
		{KRIGE_INTERRUPTED, 130},
		{KRIGE_UNAVAILABLE, 1},
		{KRIGE_NOT_OWNER, 1},
		{KRIGE_TOO_LARGE, 1},
		{KRIGE_VERSION, 1},
		{KRIGE_INTERNAL, 1},
		{KRIGE_NO_MEMORY, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(cli_exit_of(cases[i].status), cases[i].code);
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"pause", "resume", "finish"};

	(void)state;
	assert_string_equal(text_nearest("puase", words, 3), "pause");
	assert_string_equal(text_nearest("resum", words, 3), "resume");
	assert_null(text_nearest("zzz", words, 3));
	assert_null(text_nearest("", words, 3));
}

/* ---- words typed in ------------------------------------------------------------------- */

static void assign(const char *text, enum scalar_kind kind)
{
	struct msg_named out;

	assert_int_equal(param_assign(&out, &spec, text, arena, NULL), KR_OK);
	assert_int_equal(out.value.kind, kind);
}

static void test_assign(void **state)
{
	struct msg_named out;

	(void)state;
	assert_int_equal(param_assign(&out, &spec, "lr=1", arena, NULL), KR_OK);
	assert_true(out.value.kind == SCALAR_REAL && out.value.r == 1);
	assert_int_equal(param_assign(&out, &spec, "n=-7", arena, NULL), KR_OK);
	assert_true(out.value.kind == SCALAR_INT && out.value.i == -7);
	assert_int_equal(param_assign(&out, &spec, "o=p=sgd", arena, NULL), KR_OK);
	assert_string_equal(out.name, "o=p");
	assert_string_equal(out.value.s, "sgd");
	assign("o=p=1", SCALAR_INT);
	assign("o=p=1.0", SCALAR_REAL);
	assign("o=p=\"1\"", SCALAR_STRING);
	assign("o=p=true", SCALAR_BOOL);
	assign("o=p=null", SCALAR_NULL);
	assign("o=p=\"null\"", SCALAR_STRING);
}

static void test_assign_bad(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"lr", "'lr': write PARAMETER=VALUE"},
		{"lrr=1", "no parameter 'lrr' in the study; did you mean 'lr'?"},
		{"lr=fast", "lr: 'fast' is not a number"},
		{"n=1.5", "n: '1.5' is not a whole number"},
		{"o=p=adam",
			"o=p: adam is none of its choices: 1, 1.0, \"1\", true, null, \"null\", "
			"\"sgd\""},
	};
	struct msg_named out;
	struct kr_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			param_assign(&out, &spec, cases[i].text, arena, &err), KR_INVALID_ARGUMENT);
		assert_string_equal(err.text, cases[i].message);
	}
}

static void test_measure(void **state)
{
	struct msg_value v;

	(void)state;
	assert_int_equal(measure_parse(&v, "loss=-0.5", arena, NULL), KR_OK);
	assert_string_equal(v.name, "loss");
	assert_true(v.value == -0.5 && !v.has_sem);
	assert_int_equal(measure_parse(&v, "3", arena, NULL), KR_OK);
	assert_null(v.name);
	assert_int_equal(measure_parse(&v, "loss=1+-0.25", arena, NULL), KR_OK);
	assert_true(v.has_sem && v.sem == 0.25 && v.value == 1);
	assert_int_equal(measure_parse(&v, "nan", arena, NULL), KR_OK);
	assert_true(isnan(v.value));
	assert_int_equal(measure_parse(&v, "loss=", arena, NULL), KR_INVALID_ARGUMENT);
	assert_int_equal(measure_parse(&v, "loss=abc", arena, NULL), KR_INVALID_ARGUMENT);
	assert_int_equal(measure_parse(&v, "1+-x", arena, NULL), KR_INVALID_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trial_json),
		cmocka_unit_test(test_study_json),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_empty_rows),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_trial_cells),
		cmocka_unit_test(test_columns_are_distinct),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_assign),
		cmocka_unit_test(test_assign_bad),
		cmocka_unit_test(test_measure),
	};

	return cmocka_run_group_tests(tests, fixture_new, fixture_free);
}
