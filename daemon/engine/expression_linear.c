/* Constraints. The sides are postfix programs (linear.h); the row comes from them by going
 * backwards and handing each operand the factor with which it counts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/expression_internal.h"
#include "daemon/engine/quote.h"

/* Parentheses and signs; a level keeps two numbers on the stack: LINEAR_STACK is enough. */
enum { MOST_NESTED = 30 };

/* What is known of the part of the program that ends at a step. */
struct part {
	int size;        /* steps */
	bool params;     /* there is one in it */
	double constant; /* its value, when there is none */
};

struct parser {
	struct lexer l;
	const struct params *params;
	struct linear_step *steps;
	struct part *parts;
	int n, nested;
	struct kr_error *err;
};

static enum kr_status next(struct parser *p)
{
	return lexer_next(&p->l, p->err);
}

static enum kr_status add(struct parser *p, struct linear_step step, struct part part)
{
	p->steps[p->n] = step;
	p->parts[p->n++] = part;
	return KR_OK;
}

/* ---- parsing ---------------------------------------------------------------- */

static enum kr_status parse_sum(struct parser *p);

static enum kr_status add_name(struct parser *p)
{
	int i = params_find(p->params, p->l.name, p->params->n);
	const struct msg_param *param = i < 0 ? NULL : &p->params->p[i];
	char name[72];

	quote_text(p->l.name, name, sizeof(name));
	if (!param)
		return lexer_refuse(&p->l, p->l.at, p->err,
			"the study has no parameter %s; names like a-b go in backquotes", name);
	if (param->kind != PARAM_FLOAT && param->kind != PARAM_INT &&
		!((param->kind == PARAM_ORDINAL || param->kind == PARAM_FIXED) &&
			expression_is_numeric(param)))
		return lexer_refuse(&p->l, p->l.at, p->err,
			"%s is of type %s and has no number; a constraint is about floats, ints, and ordinal "
			"or fixed parameters of numbers",
			name, msg_param_kind_name(param->kind));
	return add(p, (struct linear_step){.op = LINEAR_PARAM, .param = i},
		(struct part){.size = 1, .params = true});
}

static enum kr_status add_value(struct parser *p)
{
	const struct msg_scalar *v = &p->l.value;
	double number = v->kind == SCALAR_INT ? (double)v->i : v->r;
	char shown[48];

	if (v->kind != SCALAR_INT && v->kind != SCALAR_REAL)
		return lexer_refuse(
			&p->l, p->l.at, p->err, "%s is not a number", lexer_show(&p->l, shown, sizeof(shown)));
	return add(p, (struct linear_step){.op = LINEAR_NUMBER, .number = number},
		(struct part){.size = 1, .constant = number});
}

static enum kr_status parse_group(struct parser *p)
{
	const char *at = p->l.at;
	enum kr_status st = next(p);

	if (st == KR_OK)
		st = parse_sum(p);
	if (st == KR_OK && p->l.word != WORD_CLOSE)
		st = lexer_refuse(&p->l, at, p->err, "this parenthesis is not closed");
	return st;
}

static enum kr_status parse_factor(struct parser *p);

static enum kr_status parse_signed(struct parser *p)
{
	bool minus = p->l.word == WORD_MINUS;
	enum kr_status st = next(p);

	if (st == KR_OK)
		st = parse_factor(p);
	if (st != KR_OK || !minus)
		return st;
	struct part part = p->parts[p->n - 1];

	part.size++;
	part.constant = -part.constant;
	return add(p, (struct linear_step){.op = LINEAR_NEGATE}, part);
}

static enum kr_status parse_factor(struct parser *p)
{
	char shown[48];
	enum kr_status st = KR_OK;

	if (++p->nested > MOST_NESTED)
		return lexer_refuse(
			&p->l, p->l.at, p->err, "nested more than %d deep; write it flatter", MOST_NESTED);
	switch (p->l.word) {
	case WORD_MINUS:
	case WORD_PLUS:
		st = parse_signed(p);
		p->nested--;
		return st;
	case WORD_OPEN: st = parse_group(p); break;
	case WORD_NAME: st = add_name(p); break;
	case WORD_VALUE: st = add_value(p); break;
	default:
		return lexer_refuse(&p->l, p->l.at, p->err,
			"%s stands where a parameter or a number should",
			lexer_show(&p->l, shown, sizeof(shown)));
	}
	p->nested--;
	return st == KR_OK ? next(p) : st;
}

/* Join the last two parts. */
static enum kr_status join(struct parser *p, enum linear_op op, const char *at)
{
	struct part b = p->parts[p->n - 1], a = p->parts[p->n - 1 - b.size];
	struct part both = {.size = a.size + b.size + 1, .params = a.params || b.params};

	if (op == LINEAR_MULTIPLY && a.params && b.params)
		return lexer_refuse(&p->l, at, p->err,
			"a product of parameters is not linear; one factor must be a number");
	if (op == LINEAR_DIVIDE && b.params)
		return lexer_refuse(&p->l, at, p->err,
			"a quotient by a parameter is not linear; multiply both sides by it");
	if (op == LINEAR_DIVIDE && b.constant == 0)
		return lexer_refuse(&p->l, at, p->err, "this divides by zero");
	both.constant = op == LINEAR_ADD ? a.constant + b.constant
		: op == LINEAR_SUBTRACT      ? a.constant - b.constant
		: op == LINEAR_MULTIPLY      ? a.constant * b.constant
									 : a.constant / b.constant;
	return add(p, (struct linear_step){.op = op}, both);
}

static enum kr_status parse_term(struct parser *p)
{
	enum kr_status st = parse_factor(p);

	while (st == KR_OK && (p->l.word == WORD_TIMES || p->l.word == WORD_DIVIDE)) {
		enum linear_op op = p->l.word == WORD_TIMES ? LINEAR_MULTIPLY : LINEAR_DIVIDE;
		const char *at = p->l.at;

		st = next(p);
		if (st == KR_OK)
			st = parse_factor(p);
		if (st == KR_OK)
			st = join(p, op, at);
	}
	return st;
}

static enum kr_status parse_sum(struct parser *p)
{
	enum kr_status st = parse_term(p);

	while (st == KR_OK && (p->l.word == WORD_PLUS || p->l.word == WORD_MINUS)) {
		enum linear_op op = p->l.word == WORD_PLUS ? LINEAR_ADD : LINEAR_SUBTRACT;
		const char *at = p->l.at;

		st = next(p);
		if (st == KR_OK)
			st = parse_term(p);
		if (st == KR_OK)
			st = join(p, op, at);
	}
	return st;
}

static enum kr_status parse_relation(struct parser *p, bool *at_least)
{
	char shown[48];

	lexer_show(&p->l, shown, sizeof(shown));
	*at_least = p->l.word == WORD_AT_LEAST;
	switch (p->l.word) {
	case WORD_AT_MOST:
	case WORD_AT_LEAST: return next(p);
	case WORD_BELOW:
	case WORD_ABOVE:
		return lexer_refuse(&p->l, p->l.at, p->err,
			"'%s' is strict; write '%s=', or leave a margin in the bound", shown, shown);
	case WORD_EQUAL:
		return lexer_refuse(&p->l, p->l.at, p->err,
			"an equality leaves no room to search; leave one parameter out and compute it from "
			"the others");
	default:
		return lexer_refuse(&p->l, p->l.at, p->err,
			"%s stands where '<=' or '>=' should, as in x + 2 * y <= 3", shown);
	}
}

static enum kr_status parse(struct parser *p, struct linear *out)
{
	char shown[48];
	enum kr_status st = parse_sum(p);

	out->left.n = p->n;
	if (st == KR_OK)
		st = parse_relation(p, &out->at_least);
	if (st == KR_OK)
		st = parse_sum(p);
	out->right.n = p->n - out->left.n;
	if (st != KR_OK || p->l.word == WORD_END)
		return st;
	if (p->l.word == WORD_AT_MOST || p->l.word == WORD_AT_LEAST)
		return lexer_refuse(
			&p->l, p->l.at, p->err, "a constraint has one '<=' or '>='; give two constraints");
	return lexer_refuse(&p->l, p->l.at, p->err, "%s stands where an operator or the end should",
		lexer_show(&p->l, shown, sizeof(shown)));
}

/* ---- the row ---------------------------------------------------------------- */

/* coef (d), *constant += factor times the side that ends before step `end`, *sizes those of its
 * constants. factors: room for as many as there are steps. */
static void expand(const struct parser *p, int end, double factor, double *factors, double *coef,
	double *constant, double *sizes)
{
	int n = 0, size = p->parts[end - 1].size;

	factors[n++] = factor;
	for (int i = end - 1; i >= end - size; i--) {
		const struct linear_step *s = &p->steps[i];
		double f = factors[--n];

		if (s->op == LINEAR_PARAM)
			coef[s->param] += f;
		else if (s->op == LINEAR_NUMBER) {
			*constant += f * s->number;
			*sizes += fabs(f * s->number);
		} else if (s->op == LINEAR_NEGATE)
			factors[n++] = -f;
		if (s->op == LINEAR_PARAM || s->op == LINEAR_NUMBER || s->op == LINEAR_NEGATE)
			continue;

		/* The right operand ends at the step before, the left one before that. */
		const struct part *b = &p->parts[i - 1], *a = &p->parts[i - 1 - b->size];
		bool right = s->op == LINEAR_MULTIPLY && b->params; /* the factor is on the left */

		factors[n++] = right           ? 0
			: s->op == LINEAR_MULTIPLY ? f * b->constant
			: s->op == LINEAR_DIVIDE   ? f / b->constant
									   : f;
		factors[n++] = right           ? f * a->constant
			: s->op == LINEAR_ADD      ? f
			: s->op == LINEAR_SUBTRACT ? -f
									   : 0;
	}
}

/* coef: d zeros. */
static enum kr_status make_row(
	const struct parser *p, struct linear *out, double *coef, double *factors)
{
	double sign = out->at_least ? -1 : 1, constant = 0, *kept;
	int n = 0, *param;

	expand(p, out->left.n, sign, factors, coef, &constant, &out->size);
	expand(p, p->n, -sign, factors, coef, &constant, &out->size);
	for (int i = 0; i < p->params->n; i++) {
		if (!isfinite(coef[i]) || !isfinite(constant))
			return lexer_refuse(&p->l, p->l.text, p->err, "its numbers are too large");
		n += coef[i] != 0;
	}
	if (n == 0)
		return lexer_refuse(&p->l, p->l.text, p->err,
			"no parameter is left in it; a constraint needs at least one");
	out->param = param = ARENA_ARRAY(p->l.a, int, n);
	out->coef = kept = ARENA_ARRAY(p->l.a, double, n);
	if (!param || !kept)
		return expression__no_memory(p->err);
	for (int i = 0; i < p->params->n; i++) {
		if (coef[i] == 0)
			continue;
		param[out->n] = i;
		kept[out->n++] = coef[i];
	}
	out->bound = 0 - constant;
	n = 0;
	for (int i = 0; i < p->n; i++)
		n += p->steps[i].op == LINEAR_PARAM;
	out->simple = n == out->n;
	return KR_OK;
}

enum kr_status expression_constraint(const struct params *params, const char *field,
	const char *text, const struct linear **out, struct arena *a, struct kr_error *err)
{
	size_t most = strlen(text) + 2;
	struct parser p = {.params = params, .err = err};
	struct linear *l = ARENA_NEW(a, struct linear);
	double *coef = kr_calloc((size_t)params->n, sizeof(*coef));
	double *factors = kr_calloc(most, sizeof(*factors));
	const struct linear_step *kept = NULL;
	enum kr_status st;

	*out = NULL;
	p.steps = kr_calloc(most, sizeof(*p.steps));
	p.parts = kr_calloc(most, sizeof(*p.parts));
	st = l && coef && factors && p.steps && p.parts ? lexer_begin(&p.l, field, text, a, err)
													: expression__no_memory(err);
	if (st == KR_OK)
		st = parse(&p, l);
	if (st == KR_OK)
		st = make_row(&p, l, coef, factors);
	if (st == KR_OK) {
		kept = arena_memdup(a, p.steps, (size_t)p.n * sizeof(*kept));
		st = kept ? KR_OK : expression__no_memory(err);
	}
	if (st == KR_OK) {
		l->left.steps = kept;
		l->right.steps = kept + l->left.n;
		*out = l;
	}
	kr_free(coef);
	kr_free(factors);
	kr_free(p.steps);
	kr_free(p.parts);
	return st;
}
