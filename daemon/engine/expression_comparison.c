/* Comparisons of a parameter with values, as nodes of a condition. */
#include "daemon/engine/expression_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "daemon/engine/quote.h"

static bool is_number(const struct msg_scalar *v)
{
	return v->kind == SCALAR_INT || v->kind == SCALAR_REAL;
}

static double number_of(const struct msg_scalar *v)
{
	return v->kind == SCALAR_INT ? (double)v->i : v->r;
}

bool expression_is_numeric(const struct msg_param *p)
{
	for (int k = 0; k < p->n_choices; k++)
		if (!is_number(&p->choices[k]))
			return false;
	return p->n_choices > 0;
}

/* ---- operands --------------------------------------------------------------- */

struct operand {
	const char *at;
	int param; /* -1: a value */
	struct msg_scalar value;
};

static const struct msg_param *param_at(const struct expression__parser *p, int i)
{
	return &p->params->p[i];
}

static enum kr_status unknown_name(const struct expression__parser *p)
{
	char name[72];

	quote_text(p->l.name, name, sizeof(name));
	return lexer_refuse(&p->l, p->l.at, p->err,
		"the study has no parameter %s; text goes in quotes, as in '%.32s'", name, p->l.name);
}

static enum kr_status read_operand(struct expression__parser *p, struct operand *out)
{
	char shown[48];
	bool minus = p->l.word == WORD_MINUS, sign = minus || p->l.word == WORD_PLUS;

	*out = (struct operand){.at = p->l.at, .param = -1};
	if (sign) {
		enum kr_status st = expression__next(p);

		if (st != KR_OK)
			return st;
		if (p->l.word != WORD_VALUE || !is_number(&p->l.value))
			return lexer_refuse(&p->l, out->at, p->err, "a sign stands only before a number here");
	}
	if (p->l.word == WORD_NAME) {
		out->param = params_find(p->params, p->l.name, p->params->n);
		return out->param < 0 ? unknown_name(p) : expression__next(p);
	}
	if (p->l.word != WORD_VALUE)
		return lexer_refuse(&p->l, p->l.at, p->err, "%s stands where a parameter or a value should",
			lexer_show(&p->l, shown, sizeof(shown)));
	out->value = p->l.value;
	if (minus && out->value.kind == SCALAR_INT)
		out->value.i = -out->value.i;
	else if (minus)
		out->value.r = -out->value.r;
	return expression__next(p);
}

static enum kr_status wrong_value(const struct expression__parser *p, const struct operand *v,
	const struct msg_param *param, const char *remedy)
{
	char name[72], shown[72];

	quote_text(param->name, name, sizeof(name));
	quote_scalar(&v->value, shown, sizeof(shown));
	return lexer_refuse(&p->l, v->at, p->err, "%s is of type %s and cannot be %s; %s", name,
		msg_param_kind_name(param->kind), shown, remedy);
}

/* The value of a numeric parameter that a literal means, on its grid. */
static enum kr_status numeric_value(
	const struct expression__parser *p, int i, const struct operand *v, double *out)
{
	const struct msg_param *param = param_at(p, i);
	struct kr_error why;

	if (!is_number(&v->value))
		return wrong_value(p, v, param, "compare it with a number");
	*out = number_of(&v->value);
	if (space_check(p->plain, i, *out, &why) != KR_OK)
		return wrong_value(p, v, param, why.text);
	if (isfinite(space_levels(p->plain, i)))
		*out = space_level_value(p->plain, i, space_level(p->plain, i, *out));
	*out += 0.0; /* -0 is 0 */
	return KR_OK;
}

static enum kr_status choice_value(
	const struct expression__parser *p, int i, const struct operand *v, double *out)
{
	const struct msg_param *param = param_at(p, i);
	char text[112], first[72];
	int k = params_choice(p->params, i, &v->value);

	*out = k;
	if (k >= 0)
		return KR_OK;
	if (param->kind == PARAM_BOOL)
		return wrong_value(p, v, param, "it is true or false");
	quote_scalar(&param->choices[0], first, sizeof(first));
	if (param->kind == PARAM_FIXED)
		snprintf(text, sizeof(text), "it is always %s", first);
	else
		snprintf(text, sizeof(text), "the first of its %d choices is %s", param->n_choices, first);
	return wrong_value(p, v, param, text);
}

static enum kr_status equal_value(
	const struct expression__parser *p, int i, const struct operand *v, double *out)
{
	enum param_kind kind = param_at(p, i)->kind;

	return kind == PARAM_FLOAT || kind == PARAM_INT ? numeric_value(p, i, v, out)
													: choice_value(p, i, v, out);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* ---- nodes ------------------------------------------------------------------- */

/* A node for "is one of"; set: n values, taken over, sorted here. */
static void add_set(struct expression__parser *p, int i, double *set, int n, bool outside)
{
	qsort(set, (size_t)n, sizeof(*set), compare_doubles);
	p->nodes[p->n++] = (struct condition_node){
		.op = CONDITION_SET, .param = i, .n = n, .set = set, .outside = outside};
}

static enum kr_status add_equal(
	struct expression__parser *p, int i, const struct operand *v, bool outside)
{
	double *set = ARENA_NEW(p->l.a, double);
	enum kr_status st = set ? equal_value(p, i, v, set) : expression__no_memory(p->err);

	if (st == KR_OK)
		add_set(p, i, set, 1, outside);
	return st;
}

static bool in_order(enum word op, double a, double b)
{
	switch (op) {
	case WORD_BELOW: return a < b;
	case WORD_AT_MOST: return a <= b;
	case WORD_ABOVE: return a > b;
	default: return a >= b;
	}
}

/* The choices that stand so to the value: an interval when they follow each other, as they do
 * unless somebody has mixed up numbers, else a set. */
static enum kr_status add_choices_in_order(
	struct expression__parser *p, int i, enum word op, const struct operand *v)
{
	const struct msg_param *param = param_at(p, i);
	bool numeric = expression_is_numeric(param);
	struct condition_node node = {.op = CONDITION_RANGE, .param = i, .low = INFINITY, .high = -1};
	double bound = 0, *set;
	enum kr_status st = KR_OK;
	int n = 0;

	if (!numeric)
		st = choice_value(p, i, v, &bound);
	else if (is_number(&v->value))
		bound = number_of(&v->value);
	else
		st = wrong_value(p, v, param, "compare it with a number");
	if (st != KR_OK)
		return st;
	set = kr_calloc((size_t)param->n_choices, sizeof(*set));
	if (!set)
		return expression__no_memory(p->err);
	for (int k = 0; k < param->n_choices; k++)
		if (in_order(op, numeric ? number_of(&param->choices[k]) : k, bound))
			set[n++] = k;
	if (n > 0) {
		node.low = set[0];
		node.high = set[n - 1];
	}
	if (n > 0 && node.high - node.low + 1 != n) {
		double *kept = arena_memdup(p->l.a, set, (size_t)n * sizeof(*set));

		if (kept)
			add_set(p, i, kept, n, false);
		else
			st = expression__no_memory(p->err);
	} else {
		p->nodes[p->n++] = node;
	}
	kr_free(set);
	return st;
}

static enum kr_status add_order(
	struct expression__parser *p, int i, enum word op, const struct operand *v)
{
	const struct msg_param *param = param_at(p, i);
	struct condition_node node = {
		.op = CONDITION_RANGE, .param = i, .low = -INFINITY, .high = INFINITY};
	double bound;

	if (param->kind == PARAM_ORDINAL ||
		(param->kind == PARAM_FIXED && expression_is_numeric(param)))
		return add_choices_in_order(p, i, op, v);
	if (param->kind != PARAM_FLOAT && param->kind != PARAM_INT) {
		char name[72];

		quote_text(param->name, name, sizeof(name));
		return lexer_refuse(&p->l, v->at, p->err,
			"%s is of type %s, whose values have no order; use ==, != or in", name,
			msg_param_kind_name(param->kind));
	}
	if (!is_number(&v->value))
		return wrong_value(p, v, param, "compare it with a number");
	bound = number_of(&v->value);
	if (op == WORD_BELOW || op == WORD_AT_MOST)
		node.high = op == WORD_BELOW ? nextafter(bound, -INFINITY) : bound;
	else
		node.low = op == WORD_ABOVE ? nextafter(bound, INFINITY) : bound;
	p->nodes[p->n++] = node;
	return KR_OK;
}

/* ---- comparisons ------------------------------------------------------------ */

static bool is_comparison(enum word w)
{
	return w >= WORD_EQUAL && w <= WORD_AT_LEAST;
}

static enum word mirrored(enum word op)
{
	switch (op) {
	case WORD_BELOW: return WORD_ABOVE;
	case WORD_ABOVE: return WORD_BELOW;
	case WORD_AT_MOST: return WORD_AT_LEAST;
	case WORD_AT_LEAST: return WORD_AT_MOST;
	default: return op;
	}
}

static enum kr_status add_comparison(
	struct expression__parser *p, const struct operand *left, const char *at, enum word op)
{
	struct operand right;
	const struct operand *value = &right;
	int i = left->param;
	enum kr_status st = read_operand(p, &right);

	if (st != KR_OK)
		return st;
	if (is_comparison(p->l.word))
		return lexer_refuse(
			&p->l, p->l.at, p->err, "comparisons do not chain; join two with 'and'");
	if (i >= 0 && right.param >= 0)
		return lexer_refuse(&p->l, at, p->err,
			"this compares two parameters; compare one with a value, or write a parameter "
			"constraint");
	if (i < 0) {
		i = right.param;
		value = left;
		op = mirrored(op);
	}
	if (i < 0)
		return lexer_refuse(&p->l, at, p->err, "this compares two values; compare a parameter");
	return op == WORD_EQUAL || op == WORD_UNEQUAL ? add_equal(p, i, value, op == WORD_UNEQUAL)
												  : add_order(p, i, op, value);
}

/* The list after `in`. */
static enum kr_status add_in(struct expression__parser *p, int i, const char *at, bool outside)
{
	enum word close = p->l.word == WORD_OPEN ? WORD_CLOSE : WORD_CLOSE_LIST;
	double *set = NULL;
	size_t n = 0, cap = 0;
	enum kr_status st = KR_OK;

	if (i < 0)
		return lexer_refuse(&p->l, at, p->err, "'in' needs a parameter on its left");
	if (p->l.word != WORD_OPEN && p->l.word != WORD_OPEN_LIST)
		return lexer_refuse(&p->l, p->l.at, p->err, "'in' needs a list, as in (1, 2)");
	do {
		struct operand v;

		st = expression__next(p);
		if (st == KR_OK && n > 0 && p->l.word == close) /* a comma at the end */
			break;
		if (st == KR_OK)
			st = read_operand(p, &v);
		if (st == KR_OK && v.param >= 0)
			st = lexer_refuse(
				&p->l, v.at, p->err, "a parameter stands in the list; give values, text in quotes");
		if (st == KR_OK && KR_GROW(&set, n, &cap))
			st = expression__no_memory(p->err);
		if (st == KR_OK)
			st = equal_value(p, i, &v, &set[n++]);
	} while (st == KR_OK && p->l.word == WORD_COMMA);
	if (st == KR_OK && p->l.word != close)
		st = lexer_refuse(&p->l, p->l.at, p->err, "the list is not closed here; write ',' or '%s'",
			close == WORD_CLOSE ? ")" : "]");
	if (st == KR_OK)
		st = expression__next(p);
	if (st == KR_OK) {
		double *kept = arena_memdup(p->l.a, set, n * sizeof(*set));

		if (kept)
			add_set(p, i, kept, (int)n, outside);
		else
			st = expression__no_memory(p->err);
	}
	kr_free(set);
	return st;
}

/* A parameter that stands alone: a bool, or a choice of bools. */
static enum kr_status add_alone(struct expression__parser *p, const struct operand *v)
{
	struct operand yes = {.at = v->at, .param = -1, .value = {.kind = SCALAR_BOOL, .b = true}};
	const struct msg_param *param = v->param < 0 ? NULL : param_at(p, v->param);
	char name[72];

	if (!param)
		return lexer_refuse(&p->l, v->at, p->err,
			"a value alone says nothing; compare a parameter "
			"with it");
	if (param->kind == PARAM_BOOL)
		return add_equal(p, v->param, &yes, false);
	quote_text(param->name, name, sizeof(name));
	return lexer_refuse(&p->l, v->at, p->err,
		"%s is of type %s; only a bool may stand alone, so compare it with a value", name,
		msg_param_kind_name(param->kind));
}

enum kr_status expression__comparison(struct expression__parser *p)
{
	struct operand left;
	enum kr_status st = read_operand(p, &left);
	const char *at = p->l.at;
	enum word op = p->l.word;
	bool outside = op == WORD_NOT;

	if (st != KR_OK)
		return st;
	if (is_comparison(op)) {
		st = expression__next(p);
		return st == KR_OK ? add_comparison(p, &left, at, op) : st;
	}
	if (outside) {
		st = expression__next(p);
		if (st == KR_OK && p->l.word != WORD_IN)
			st = lexer_refuse(&p->l, at, p->err, "'not' stands here only as 'not in'");
	}
	if (st != KR_OK || p->l.word != WORD_IN)
		return st == KR_OK ? add_alone(p, &left) : st;
	st = expression__next(p);
	return st == KR_OK ? add_in(p, left.param, at, outside) : st;
}
