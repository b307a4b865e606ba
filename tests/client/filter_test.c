/* The language of --filter: random expressions against an evaluator that never sees
 * their text, and by hand what each operator does to each kind of cell. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/filter.h"
#include "tests/client/fixture.h"

static const char *const states[] = {"RUNNING", "COMPLETE", NULL};
static const struct column columns[] = {
	{.name = "state", .type = COLUMN_WORD, .words = states},
	{.name = "loss", .aliases = {"values.loss", "value"}, .type = COLUMN_NUMBER},
	{.name = "worker", .type = COLUMN_TEXT},
	{.name = "late", .type = COLUMN_BOOL},
	{.name = "created", .type = COLUMN_TIME},
	{.name = "opt", .aliases = {"params.opt"}, .type = COLUMN_ANY},
	{.name = "a b", .type = COLUMN_NUMBER},
};
enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static bool matches(const char *text, const struct cell *cells)
{
	struct kr_error err = {0};
	struct filter *f;
	bool result;

	if (filter_parse(&f, text, arena, &err) != KR_OK)
		fail_msg("%s: %s", text, err.text);
	if (filter_bind(f, columns, N_COLUMNS, arena, &err) != KR_OK)
		fail_msg("%s: %s", text, err.text);
	result = filter_match(f, cells);
	filter_free(f);
	return result;
}

static void test_operators(void **state)
{
	/* 2026-01-31T08:00:00.250Z */
	const struct cell row[N_COLUMNS] = {cell_text("COMPLETE"), cell_real(0.25), cell_text("gpu-3"),
		cell_bool(true), cell_time(1769846400250), cell_int(1), cell_int(7)};
	static const char *const yes[] = {"state==COMPLETE", "state = complete", "value<0.3",
		"values.loss<=0.25", "loss>=.25", "loss>-1e9", "loss!=0.2", "worker~gpu",
		"worker ~ '^gpu-[0-9]$'", "worker!~cpu", "worker=='gpu-3'", "worker>gpu-2", "late",
		"late==true", "not late==false", "created>2026-01-30", "created==2026-01-31",
		"created==2026-01-31T08:00", "created<2026-01-31T08:00:01",
		"created>=2026-01-31T08:00:00.25", "opt==1", "opt==1.0", "opt!=null", "'a b'==7",
		"\"a b\" in (1, 7)", "state in (RUNNING, COMPLETE)", "state not in (RUNNING)",
		"loss<1 and worker~gpu or late==false", "(loss>1 or late) and opt==1", "not (loss>1)"};
	static const char *const no[] = {"state!=COMPLETE", "loss<0.25", "loss>nan", "loss==nan",
		"worker==gpu", "worker~GPU", "not late", "created>2026-01-31", "created==2026-02-01",
		"opt==2", "opt==null", "opt=='1'", "loss in (1, 2)", "late and loss>1"};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!matches(yes[i], row))
			fail_msg("%s is false", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (matches(no[i], row))
			fail_msg("%s is true", no[i]);
}

/* An empty cell is null, unequal to all else, and nothing is known of its order. */
static void test_empty(void **state)
{
	const struct cell row[N_COLUMNS] = {0};

	(void)state;
	assert_true(matches("loss==null", row) && matches("loss!=1", row) && matches("worker!~x", row));
	assert_true(matches("worker not in (a, b)", row));
	assert_false(matches("loss!=null", row) || matches("loss<1", row) || matches("loss>=1", row));
	assert_false(matches("late", row) || matches("worker~''", row) || matches("loss in (1)", row));
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "the name of a column is expected at the end of ''"},
		{"loss <", "a value is expected at the end of 'loss <'"},
		{"loss < 1 2", "and or or is expected at '2'"},
		{"(loss<1", "a ) is expected at the end of '(loss<1'"},
		{"loss<1 and", "the name of a column is expected at the end of 'loss<1 and'"},
		{"worker=='x", "a quote without its end at ''x'"},
		{"loss ! 1", "an operator is expected at '! 1'"},
		{"state in COMPLETE", "in wants a list (A, B) at 'COMPLETE'"},
		{"worker~'('", "'(' is not a regular expression: Unmatched ( or \\("},
		{"los<1", "no column 'los'; did you mean 'loss'?"},
		{"nothing<1", "no column 'nothing'"},
		{"loss<abc", "loss: 'abc'; compare it with a number"},
		{"loss<'1'", "loss: '1'; compare it with a number"},
		{"late==1", "late: '1'; compare it with true or false"},
		{"created>yesterday", "created: 'yesterday'; compare it with a time like 2026-01-31T08:15"},
		{"state==DONE", "state: 'DONE'; it is one of RUNNING, COMPLETE"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kr_error err = {0};
		struct filter *f;
		enum kr_status s = filter_parse(&f, cases[i].text, arena, &err);

		if (s == KR_OK) {
			s = filter_bind(f, columns, N_COLUMNS, arena, &err);
			filter_free(f);
		}
		assert_int_equal(s, KR_INVALID_ARGUMENT);
		assert_string_equal(err.text, cases[i].message);
	}
}

static void test_depth(void **state)
{
	struct kr_error err = {0};
	struct filter *f;
	char text[4096];

	(void)state;
	memset(text, '(', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(filter_parse(&f, text, arena, &err), KR_INVALID_ARGUMENT);
	assert_string_equal(err.text, "the expression is nested too deeply");
}

/* ---- random expressions --------------------------------------------------------------- */

static unsigned pick(unsigned n)
{
	return (unsigned)rng_below(&rng, n);
}

/* Writes an expression over the integers v[0..3] in columns a..d, returns what it is. */
static bool expression(FILE *out, const int v[4], int depth)
{
	static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="};
	unsigned kind = depth > 0 ? pick(5) : 4, column = pick(4), op = pick(6);
	int x = v[column], y = (int)pick(5);
	bool left, right;

	switch (kind) {
	case 0:
	case 1:
		fputc('(', out);
		left = expression(out, v, depth - 1);
		fputs(kind ? " or " : " and ", out);
		right = expression(out, v, depth - 1);
		fputc(')', out);
		return kind ? left || right : left && right;
	case 2: fputs("not ", out); return !expression(out, v, depth - 1);
	case 3: { /* `and` binds more tightly than `or` */
		bool third;

		fputc('(', out);
		left = expression(out, v, 0);
		fputs(" or ", out);
		right = expression(out, v, 0);
		fputs(" and ", out);
		third = expression(out, v, 0);
		fputc(')', out);
		return left || (right && third);
	}
	default:
		fprintf(out, "%c %s %d", 'a' + (int)column, ops[op], y);
		return op == 0 ? x == y
			: op == 1  ? x != y
			: op == 2  ? x < y
			: op == 3  ? x <= y
			: op == 4  ? x > y
					   : x >= y;
	}
}

static void test_random(void **state)
{
	static const struct column four[] = {{.name = "a", .type = COLUMN_NUMBER},
		{.name = "b", .type = COLUMN_NUMBER}, {.name = "c", .type = COLUMN_NUMBER},
		{.name = "d", .type = COLUMN_NUMBER}};

	(void)state;
	for (int n = 0; n < 2000; n++) {
		struct arena_mark mark = arena_mark(arena);
		struct kr_error err = {0};
		struct cell cells[4];
		struct filter *f;
		char *text;
		size_t len;
		FILE *out = open_memstream(&text, &len);
		bool expected;
		int v[4];

		for (int i = 0; i < 4; i++) {
			v[i] = (int)pick(5);
			cells[i] = pick(2) ? cell_int(v[i]) : cell_real(v[i]);
		}
		expected = expression(out, v, (int)pick(5));
		fclose(out);
		if (filter_parse(&f, text, arena, &err) != KR_OK ||
			filter_bind(f, four, 4, arena, &err) != KR_OK)
			fail_msg("%s: %s", text, err.text);
		if (filter_match(f, cells) != expected)
			fail_msg("%s with %d %d %d %d is not %d", text, v[0], v[1], v[2], v[3], expected);
		filter_free(f);
		free(text);
		arena_release(arena, mark);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, fixture_new, fixture_free);
}
