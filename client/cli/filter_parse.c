/* A recursive descent parser into a flat array of nodes:
 *
 *   or    = and {"or" and}          and = not {"and" not}
 *   not   = "not" not | "(" or ")" | test
 *   test  = name [ op literal | ["not"] "in" "(" literal {"," literal} ")" ] */
#include "client/cli/filter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "client/cli/filter_node.h"
#include "client/cli/number.h"

enum { DEPTH_MAX = 64, NODES_MAX = 1024 };

struct parser {
	const char *text, *at;
	enum filter_token token;
	const char *start; /* of the token */
	const char *word;  /* its text, for T_WORD and T_QUOTED */
	int depth;
	struct filter *f;
	struct arena *a;
	struct kr_error *err;
};

/* ---- tokens ------------------------------------------------------------------------- */

static enum kr_status wrong(struct parser *p, const char *what)
{
	int rest = (int)strlen(p->start);

	if (p->token == T_END)
		return kr_fail(p->err, KR_INVALID_ARGUMENT, "%s at the end of '%s'", what, p->text);
	return kr_fail(
		p->err, KR_INVALID_ARGUMENT, "%s at '%.*s'", what, rest > 40 ? 40 : rest, p->start);
}

static enum kr_status quoted(struct parser *p)
{
	char quote = *p->at++, *out = arena_strndup(p->a, p->at, strlen(p->at)), *to = out;

	p->token = T_QUOTED;
	if (!out)
		return kr_fail(p->err, KR_ENOMEM, "no memory for the filter");
	for (; *p->at && *p->at != quote; p->at++) {
		if (*p->at == '\\' && (p->at[1] == quote || p->at[1] == '\\'))
			p->at++;
		*to++ = *p->at;
	}
	*to = '\0';
	if (!*p->at)
		return wrong(p, "a quote without its end");
	p->at++;
	p->word = out;
	return KR_OK;
}

static enum kr_status symbol(struct parser *p)
{
	static const struct {
		const char *text;
		enum filter_token token;
	} symbols[] = {{"==", T_EQ}, {"!=", T_NE}, {"<=", T_LE}, {">=", T_GE}, {"!~", T_NO_MATCH},
		{"=", T_EQ}, {"<", T_LT}, {">", T_GT}, {"~", T_MATCH}, {"(", T_OPEN}, {")", T_CLOSE},
		{",", T_COMMA}};

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		size_t len = strlen(symbols[i].text);

		if (strncmp(p->at, symbols[i].text, len) == 0) {
			p->token = symbols[i].token;
			p->at += len;
			return KR_OK;
		}
	}
	p->token = T_WORD;
	return wrong(p, "an operator is expected");
}

static enum kr_status next(struct parser *p)
{
	size_t len;

	p->at += strspn(p->at, " \t\r\n");
	p->start = p->at;
	p->token = T_END;
	if (!*p->at)
		return KR_OK;
	if (*p->at == '"' || *p->at == '\'')
		return quoted(p);
	len = strcspn(p->at, " \t\r\n\"'()<>=!~,");
	if (len == 0)
		return symbol(p);
	p->token = T_WORD;
	p->word = arena_strndup(p->a, p->at, len);
	p->at += len;
	return p->word ? KR_OK : kr_fail(p->err, KR_ENOMEM, "no memory for the filter");
}

static bool is_word(const struct parser *p, const char *word)
{
	return p->token == T_WORD && strcasecmp(p->word, word) == 0;
}

/* ---- literals ------------------------------------------------------------------------- */

/* 2026-01-31, 2026-01-31T08:15, with seconds and their fraction, Z or not: UTC. */
static bool read_time(const char *text, struct filter_literal *l)
{
	int y, mo, d, h = 0, mi = 0, used = 0;
	double s = 0, length = 86400;
	struct tm tm = {0};
	char *end;

	if (sscanf(text, "%4d-%2d-%2d%n", &y, &mo, &d, &used) != 3 || used != 10)
		return false;
	text += used;
	if (*text == 'T' || *text == ' ') {
		used = 0;
		if (sscanf(text + 1, "%2d:%2d%n", &h, &mi, &used) != 2 || used != 5)
			return false;
		text += 6;
		length = 60;
		if (*text == ':') {
			char number[NUMBER_BYTES];
			size_t len = strspn(text + 1, "0123456789.");

			if (len == 0 || len >= sizeof(number))
				return false;
			snprintf(number, sizeof(number), "%.*s", (int)len, text + 1);
			if (!number_parse(number, &s))
				return false;
			length = strchr(number, '.') ? 0.001 : 1;
			text += len + 1;
		}
	}
	end = (char *)text + (*text == 'Z');
	if (*end || y < 1970 || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s >= 61)
		return false;
	tm = (struct tm){
		.tm_year = y - 1900, .tm_mon = mo - 1, .tm_mday = d, .tm_hour = h, .tm_min = mi};
	l->from_ms = (uint64_t)timegm(&tm) * 1000 + (uint64_t)lround(s * 1000);
	l->to_ms = l->from_ms + (uint64_t)(length * 1000);
	return true;
}

static enum kr_status literal(struct parser *p, struct filter_literal **out)
{
	struct filter_literal *l = ARENA_NEW(p->a, struct filter_literal);

	if (!l)
		return kr_fail(p->err, KR_ENOMEM, "no memory for the filter");
	if (p->token != T_WORD && p->token != T_QUOTED)
		return wrong(p, "a value is expected");
	l->text = p->word;
	l->quoted = p->token == T_QUOTED;
	l->is_null = !l->quoted && strcmp(l->text, "null") == 0;
	l->is_number = !l->quoted && number_parse(l->text, &l->number);
	l->is_integer = l->is_number && number_parse_i64(l->text, &l->integer);
	l->is_time = read_time(l->text, l);
	*out = l;
	return next(p);
}

/* ---- expressions ------------------------------------------------------------------------ */

static enum kr_status add(struct parser *p, struct filter_node node, int *out)
{
	struct filter *f = p->f;

	if (f->n == NODES_MAX)
		return kr_fail(p->err, KR_INVALID_ARGUMENT, "the expression is too long");
	if (KR_GROW(&f->nodes, f->n, &f->cap) != 0)
		return kr_fail(p->err, KR_ENOMEM, "no memory for the filter");
	f->nodes[f->n] = node;
	*out = (int)f->n++;
	return KR_OK;
}

static enum kr_status members(struct parser *p, struct filter_literal **out)
{
	enum kr_status s;

	if (p->token != T_OPEN)
		return wrong(p, "in wants a list (A, B)");
	do {
		s = next(p);
		if (s == KR_OK)
			s = literal(p, out);
		if (s != KR_OK)
			return s;
		out = &(*out)->next;
	} while (p->token == T_COMMA);
	return p->token == T_CLOSE ? next(p) : wrong(p, "a ) is expected");
}

static enum kr_status compile(struct parser *p, int node, const char *pattern)
{
	struct filter_node *n = &p->f->nodes[node];
	char text[128];
	int code = regcomp(&n->regex, pattern, REG_EXTENDED | REG_NOSUB);

	if (code == 0) {
		n->has_regex = true;
		return KR_OK;
	}
	regerror(code, &n->regex, text, sizeof(text));
	return kr_fail(
		p->err, KR_INVALID_ARGUMENT, "'%s' is not a regular expression: %s", pattern, text);
}

static enum kr_status test(struct parser *p, int *out)
{
	struct filter_node n = {.kind = N_TRUE, .name = p->word};
	bool negated = false;
	enum kr_status s;

	if (p->token != T_WORD && p->token != T_QUOTED)
		return wrong(p, "the name of a column is expected");
	s = next(p);
	if (s == KR_OK && is_word(p, "not")) {
		negated = true;
		s = next(p);
		if (s == KR_OK && !is_word(p, "in"))
			return wrong(p, "in is expected");
	}
	if (s == KR_OK && is_word(p, "in")) {
		n.kind = N_IN;
		s = next(p);
		if (s == KR_OK)
			s = members(p, &n.literal);
	} else if (s == KR_OK && p->token >= T_EQ) {
		n.kind = N_TEST;
		n.op = p->token;
		s = next(p);
		if (s == KR_OK)
			s = literal(p, &n.literal);
	}
	if (s == KR_OK)
		s = add(p, n, out);
	if (s == KR_OK && (n.op == T_MATCH || n.op == T_NO_MATCH))
		s = compile(p, *out, n.literal->text);
	if (s == KR_OK && negated)
		s = add(p, (struct filter_node){.kind = N_NOT, .left = *out}, out);
	return s;
}

static enum kr_status disjunction(struct parser *p, int *out);

static enum kr_status negation(struct parser *p, int *out)
{
	enum kr_status s;

	if (++p->depth > DEPTH_MAX)
		return kr_fail(p->err, KR_INVALID_ARGUMENT, "the expression is nested too deeply");
	if (is_word(p, "not")) {
		s = next(p);
		if (s == KR_OK)
			s = negation(p, out);
		if (s == KR_OK)
			s = add(p, (struct filter_node){.kind = N_NOT, .left = *out}, out);
	} else if (p->token == T_OPEN) {
		s = next(p);
		if (s == KR_OK)
			s = disjunction(p, out);
		if (s == KR_OK)
			s = p->token == T_CLOSE ? next(p) : wrong(p, "a ) is expected");
	} else {
		s = test(p, out);
	}
	p->depth--;
	return s;
}

/* One or more operands with a word between them. */
static enum kr_status chain(struct parser *p, int *out, const char *word, enum filter_kind kind,
	enum kr_status (*operand)(struct parser *, int *))
{
	enum kr_status s = operand(p, out);
	int right = 0;

	while (s == KR_OK && is_word(p, word)) {
		s = next(p);
		if (s == KR_OK)
			s = operand(p, &right);
		if (s == KR_OK)
			s = add(p, (struct filter_node){.kind = kind, .left = *out, .right = right}, out);
	}
	return s;
}

static enum kr_status conjunction(struct parser *p, int *out)
{
	return chain(p, out, "and", N_AND, negation);
}

static enum kr_status disjunction(struct parser *p, int *out)
{
	return chain(p, out, "or", N_OR, conjunction);
}

enum kr_status filter_parse(
	struct filter **out, const char *text, struct arena *a, struct kr_error *err)
{
	struct parser p = {.text = text, .at = text, .a = a, .err = err};
	enum kr_status s;

	*out = p.f = ARENA_NEW(a, struct filter);
	if (!p.f)
		return kr_fail(err, KR_ENOMEM, "no memory for the filter");
	s = next(&p);
	if (s == KR_OK)
		s = disjunction(&p, &p.f->root);
	if (s == KR_OK && p.token != T_END)
		s = wrong(&p, "and or or is expected");
	if (s != KR_OK) {
		filter_free(p.f);
		*out = NULL;
	}
	return s;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].has_regex)
			regfree(&f->nodes[i].regex);
	kr_free(f->nodes);
	f->nodes = NULL;
	f->n = 0;
}
