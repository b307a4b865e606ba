/* Conditions and constraints from text: random ones, written down while an evaluator of their
 * own says what they mean at random points; and anything else gets an answer. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "daemon/engine/expression.h"

enum { SEED = 41, ROUNDS = 4000, POINTS = 32 };

#define TEXT(t)                         \
	{                                   \
		.kind = SCALAR_STRING, .s = (t) \
	}
#define INT(n)                       \
	{                                \
		.kind = SCALAR_INT, .i = (n) \
	}
#define REAL(x)                       \
	{                                 \
		.kind = SCALAR_REAL, .r = (x) \
	}

enum { X, K, OPT, O, N, B, F, W, D };

static const struct msg_scalar opts[] = {TEXT("sgd"), INT(1), REAL(1), TEXT("1"),
	{.kind = SCALAR_BOOL, .b = true}, {.kind = SCALAR_NULL}, TEXT("it's")};
static const char *const opt_texts[] = {"'sgd'", "1", "1.0", "\"1\"", "True", "None", "'it\\'s'"};
static const struct msg_scalar levels[] = {TEXT("low"), TEXT("mid"), TEXT("high")};
static const char *const level_texts[] = {"'low'", "'mid'", "'high'"};
static const struct msg_scalar numbers[] = {INT(8), INT(16), REAL(4.5)};
static const double number_values[] = {8, 16, 4.5};
static const char *const number_texts[] = {"8", "16", "4.5"};
static const struct msg_scalar three[] = {INT(3)};

static const struct msg_param params[D] = {
	[X] = {.name = "x", .kind = PARAM_FLOAT, .low = -2, .high = 2},
	[K] = {.name = "k.1", .kind = PARAM_INT, .low = 1, .high = 8},
	[OPT] = {.name = "\xc3\xb6pt", .kind = PARAM_CATEGORICAL, .n_choices = 7, .choices = opts},
	[O] = {.name = "or", .kind = PARAM_ORDINAL, .n_choices = 3, .choices = levels},
	[N] = {.name = "n", .kind = PARAM_ORDINAL, .n_choices = 3, .choices = numbers},
	[B] = {.name = "b", .kind = PARAM_BOOL},
	[F] = {.name = "f", .kind = PARAM_FIXED, .n_choices = 1, .choices = three},
	[W] = {.name = "a `w-1`",
		.kind = PARAM_FLOAT,
		.low = 0,
		.high = 1,
		.has_step = true,
		.step = 0.25},
};
static const char *const names[D] = {
	"x", "k.1", "\xc3\xb6pt", "`or`", "n", "b", "f", "`a ``w-1```"};

struct fixture {
	struct arena *arena;
	struct params params;
	struct space *space;
	struct rng r;
	double points[POINTS][D];
	char text[8192];
	size_t len;
};

static struct fixture *fixture_new(void)
{
	static struct fixture f;
	struct space_param p[D] = {
		{.kind = SPACE_FLOAT, .low = -2, .high = 2},
		{.kind = SPACE_INT, .low = 1, .high = 8},
		{.kind = SPACE_CATEGORICAL, .n_choices = 7},
		{.kind = SPACE_ORDINAL, .n_choices = 3},
		{.kind = SPACE_ORDINAL, .n_choices = 3, .numbers = number_values},
		{.kind = SPACE_CATEGORICAL, .n_choices = 2},
		{.kind = SPACE_FIXED, .n_choices = 1},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1, .step = 0.25},
	};

	memset(&f, 0, sizeof(f));
	f.arena = arena_new(1 << 24);
	assert_int_equal(params_init(&f.params, params, D, f.arena, NULL), KR_OK);
	assert_int_equal(space_new(&f.space, p, D, NULL), KR_OK);
	f.r = rng_make(SEED, 0, RNG_TEST, 0);
	print_message("seed %d\n", SEED);
	return &f;
}

static void fixture_free(struct fixture *f)
{
	space_free(f->space);
	arena_free(f->arena);
}

static void draw_points(struct fixture *f)
{
	for (int p = 0; p < POINTS; p++)
		for (int i = 0; i < D; i++) {
			double u = rng_uniform(&f->r);

			if (space_categorical(f->space)[i])
				u = floor(u * space_levels(f->space, i));
			f->points[p][i] = space_value(f->space, i, u);
			if (i == X) /* few values, so that equality happens */
				f->points[p][i] = rint(4 * f->points[p][i]) / 4;
			if (rng_below(&f->r, 7) == 0)
				f->points[p][i] = NAN;
		}
}

static void put(struct fixture *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct fixture *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->len += (size_t)vsnprintf(f->text + f->len, sizeof(f->text) - f->len, fmt, ap);
	va_end(ap);
	assert_true(f->len + 1 < sizeof(f->text));
	for (uint32_t n = rng_below(&f->r, 4) == 0 ? 1 + rng_below(&f->r, 2) : 0; n > 0; n--)
		f->text[f->len++] = " \t\n"[rng_below(&f->r, 3)];
	f->text[f->len] = '\0';
}

/* ---- conditions ------------------------------------------------------------- */

/* Sets of points are bits. */
typedef uint32_t points;

enum op { EQ, NE, LT, LE, GT, GE };

static const char *const op_texts[] = {"==", "!=", "<", "<=", ">", ">="};
static const char *const mirror_texts[] = {"==", "!=", ">", ">=", "<", "<="};

static bool compare(enum op op, double a, double b)
{
	switch (op) {
	case EQ: return a == b;
	case NE: return a != b;
	case LT: return a < b;
	case LE: return a <= b;
	case GT: return a > b;
	default: return a >= b;
	}
}

/* The number, or the place, of what a point has. */
static double key(int i, double v)
{
	return i == N ? number_values[(int)v] : i == F ? 3 : v;
}

static points where(const struct fixture *f, int i, enum op op, double right)
{
	points set = 0;

	for (int p = 0; p < POINTS; p++)
		if (!isnan(f->points[p][i]) && compare(op, key(i, f->points[p][i]), right))
			set |= (points)1 << p;
	return set;
}

/* A value for parameter i as text, and its key. */
static double value_text(struct fixture *f, int i, bool exact, char *out, size_t size)
{
	int k = (int)rng_below(&f->r, i == OPT ? 7 : 3);
	double v;

	switch (i) {
	case K:
		v = 1 + rng_below(&f->r, 8);
		snprintf(out, size, rng_below(&f->r, 2) ? "%.0f" : "%.1f", v);
		return v;
	case OPT: snprintf(out, size, "%s", opt_texts[k]); return k;
	case O: snprintf(out, size, "%s", level_texts[k]); return k;
	case N:
		if (!exact && rng_below(&f->r, 2)) {
			snprintf(out, size, "9.5");
			return 9.5;
		}
		snprintf(out, size, "%s", number_texts[k]);
		return number_values[k];
	case B: snprintf(out, size, k % 2 ? "true" : "False"); return k % 2;
	case F: snprintf(out, size, "3"); return 3;
	default:
		v = i == W ? rng_below(&f->r, 5) / 4.0 : rint(16 * rng_uniform(&f->r) - 8) / 4;
		snprintf(out, size, rng_below(&f->r, 2) ? "%g" : "%.3e", v);
		return v;
	}
}

static points put_comparison(struct fixture *f)
{
	int i = (int)rng_below(&f->r, D);
	bool ordered = i != OPT && i != B;
	enum op op = (enum op)rng_below(&f->r, ordered ? 6 : 2);
	bool in = rng_below(&f->r, 4) == 0, outside = rng_below(&f->r, 2);
	char text[32];
	points set = 0;

	if (i == B && rng_below(&f->r, 2)) {
		put(f, "b ");
		return where(f, B, EQ, 1);
	}
	if (in) {
		bool square = rng_below(&f->r, 2);

		put(f, "%s %s %s", names[i], outside ? "not in" : "in", square ? "[" : "(");
		for (uint32_t n = 1 + rng_below(&f->r, 3); n > 0; n--) {
			set |= where(f, i, EQ, value_text(f, i, true, text, sizeof(text)));
			put(f, "%s%s", text, n > 1 || rng_below(&f->r, 2) ? "," : "");
		}
		put(f, square ? "] " : ") ");
		return outside ? where(f, i, NE, NAN) & ~set : set;
	}
	double right = value_text(f, i, op < LT, text, sizeof(text));

	if (rng_below(&f->r, 3))
		put(f, "%s %s %s ", names[i], op_texts[op], text);
	else
		put(f, "%s %s %s ", text, mirror_texts[op], names[i]);
	return where(f, i, op, right);
}

static points put_condition(struct fixture *f, int depth)
{
	uint32_t kind = rng_below(&f->r, depth > 0 ? 6 : 1);
	bool parens = kind == 2 || kind == 3;
	points set;

	if (kind < 2)
		return put_comparison(f);
	if (kind == 5 || kind == 4) { /* binds tighter than what stands in it */
		put(f, "not (");
		set = ~put_condition(f, depth - 1);
		put(f, ") ");
		return set;
	}
	put(f, "%s", parens ? "(" : "");
	set = put_condition(f, depth - 1);
	for (uint32_t n = rng_below(&f->r, 3); n > 0; n--) {
		put(f, kind == 2 ? " and " : " or ");
		points other = put_condition(f, depth - 1);

		set = kind == 2 ? set & other : set | other;
	}
	put(f, ") ");
	return set;
}

static void test_conditions(void **state)
{
	struct fixture *f = fixture_new();

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct arena_mark mark = arena_mark(f->arena);
		const struct condition *c;
		struct kr_error err;
		points set, top;

		draw_points(f);
		f->len = 0;
		/* Without parentheses: `and` binds tighter than `or`. */
		set = put_condition(f, 3);
		put(f, " or ");
		top = put_condition(f, 2);
		put(f, " and ");
		top &= put_condition(f, 2);
		set |= top;
		if (expression_condition(&f->params, f->space, "spec.x", f->text, &c, f->arena, &err))
			fail_msg("%s\n%s", f->text, err.text);
		for (int p = 0; p < POINTS; p++)
			if (condition_holds(c, f->points[p]) != ((set >> p) & 1))
				fail_msg("round %d, point %d: %s", round, p, f->text);
		arena_release(f->arena, mark);
	}
	fixture_free(f);
}

/* ---- constraints ------------------------------------------------------------ */

struct both {
	double plain[POINTS];
	__float128 exact[POINTS];
	bool constant;
};

static const int linear_params[] = {X, K, N, F, W};

static struct both put_sum(struct fixture *f, int depth);

static struct both put_factor(struct fixture *f, int depth, bool constant)
{
	struct both out = {.constant = constant};
	bool minus = rng_below(&f->r, 6) == 0;
	int i = linear_params[rng_below(&f->r, 5)];

	put(f, "%s", minus ? "-" : "");
	if (!constant && depth > 0 && rng_below(&f->r, 3) == 0) {
		put(f, "(");
		out = put_sum(f, depth - 1);
		put(f, ")");
	} else if (constant) {
		char text[16];
		double v;

		snprintf(text, sizeof(text), "%.1f", 0.1 + 0.1 * rng_below(&f->r, 30));
		v = strtod(text, NULL);
		put(f, "%s", text);
		for (int p = 0; p < POINTS; p++)
			out.exact[p] = out.plain[p] = v;
	} else {
		put(f, "%s", names[i]);
		for (int p = 0; p < POINTS; p++) {
			double v = f->points[p][i];

			out.exact[p] = out.plain[p] = isnan(v) ? 0 : key(i, v);
		}
	}
	for (int p = 0; p < POINTS && minus; p++) {
		out.plain[p] = -out.plain[p];
		out.exact[p] = -out.exact[p];
	}
	return out;
}

static struct both put_term(struct fixture *f, int depth)
{
	bool first = rng_below(&f->r, 3) == 0;
	struct both a = put_factor(f, depth, first);

	for (uint32_t n = first ? 1 : rng_below(&f->r, 2); n > 0; n--) {
		bool divide = !first && rng_below(&f->r, 2);

		put(f, divide ? "/" : "*");
		struct both b = put_factor(f, depth, !first);

		for (int p = 0; p < POINTS; p++) {
			a.plain[p] = divide ? a.plain[p] / b.plain[p] : a.plain[p] * b.plain[p];
			a.exact[p] = divide ? a.exact[p] / b.exact[p] : a.exact[p] * b.exact[p];
		}
	}
	return a;
}

static struct both put_sum(struct fixture *f, int depth)
{
	struct both a = put_term(f, depth);

	for (uint32_t n = rng_below(&f->r, 3); n > 0; n--) {
		bool minus = rng_below(&f->r, 2);

		put(f, minus ? "-" : "+");
		struct both b = put_term(f, depth);

		for (int p = 0; p < POINTS; p++) {
			a.plain[p] = minus ? a.plain[p] - b.plain[p] : a.plain[p] + b.plain[p];
			a.exact[p] = minus ? a.exact[p] - b.exact[p] : a.exact[p] + b.exact[p];
		}
	}
	return a;
}

static double number_at(const void *ctx, int i)
{
	const double *values = ctx;

	return isnan(values[i]) ? 0 : key(i, values[i]);
}

static void test_constraints(void **state)
{
	struct fixture *f = fixture_new();
	int ties = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct arena_mark mark = arena_mark(f->arena);
		const struct linear *l;
		struct kr_error err;
		bool at_least = rng_below(&f->r, 2);
		struct both a, b;
		enum kr_status st;

		draw_points(f);
		f->len = 0;
		a = put_sum(f, 2);
		put(f, at_least ? ">=" : "<=");
		b = put_sum(f, 1);
		st = expression_constraint(&f->params, "spec.x", f->text, &l, f->arena, &err);
		if (st && !strstr(err.text, "no parameter is left"))
			fail_msg("%s\n%s", f->text, err.text);
		for (int p = 0; st == KR_OK && p < POINTS; p++) {
			bool plain = at_least ? a.plain[p] >= b.plain[p] : a.plain[p] <= b.plain[p];
			bool exact = at_least ? a.exact[p] >= b.exact[p] : a.exact[p] <= b.exact[p];
			double gap = (double)(at_least ? b.exact[p] - a.exact[p] : a.exact[p] - b.exact[p]);
			double row = -l->bound;

			ties += fabs(gap) < 1e-12;
			if (fabs(gap) > 1e-28 || gap == 0)
				assert_int_equal(linear_holds(l, number_at, f->points[p]), plain && exact);
			for (int t = 0; t < l->n; t++)
				row += l->coef[t] * number_at(f->points[p], l->param[t]);
			assert_true(fabs(row - gap) <= 1e-9 * (1 + fabs(gap)));
		}
		arena_release(f->arena, mark);
	}
	print_message("%d ties\n", ties);
	assert_true(ties > 100);
	fixture_free(f);
}

/* ---- anything --------------------------------------------------------------- */

/* Words thrown together: an answer, and a refusal names the field and a place in the text. */
static void test_anything(void **state)
{
	static const char *const words[] = {"x", "k.1", "b", "`or`", "and", "or", "not", "in", "(", ")",
		"[", "]", ",", "==", "<", ">=", "<=", "=", "!", "+", "-", "*", "/", "1", "2.5", "1e9",
		"1e999", "'a'", "'", "\"", "`", "None", "true", ".", "e", "99999999999999999999",
		"\xc3\xa4", "\\", "%s"};
	struct fixture *f = fixture_new();
	int good = 0;

	(void)state;
	for (int round = 0; round < 20 * ROUNDS; round++) {
		struct arena_mark mark = arena_mark(f->arena);
		const struct condition *c;
		const struct linear *l;
		struct kr_error err;

		f->len = 0;
		f->text[0] = '\0';
		for (uint32_t n = rng_below(&f->r, 12); n > 0; n--)
			put(f, "%s%s", words[rng_below(&f->r, sizeof(words) / sizeof(*words))],
				rng_below(&f->r, 2) ? " " : "");
		if (expression_condition(&f->params, f->space, "spec.x", f->text, &c, f->arena, &err)) {
			assert_int_equal(err.code, KR_INVALID_ARGUMENT);
			assert_string_equal(err.field, "spec.x");
			assert_non_null(strstr(err.text, "at character "));
		} else {
			good++;
			condition_holds(c, f->points[0]);
		}
		if (expression_constraint(&f->params, "spec.x", f->text, &l, f->arena, &err))
			assert_string_equal(err.field, "spec.x");
		else
			good += linear_holds(l, number_at, f->points[0]);
		arena_release(f->arena, mark);
	}
	assert_true(good > 50);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
