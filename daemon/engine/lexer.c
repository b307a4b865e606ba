#include "daemon/engine/lexer.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine/quote.h"

/* Places are told in characters, from 1. */
static int place_of(const struct lexer *l, const char *at)
{
	int n = 1;

	for (const char *p = l->text; p < at; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n;
}

enum kr_status lexer_refuse(
	const struct lexer *l, const char *at, struct kr_error *err, const char *fmt, ...)
{
	char what[240], shown[104];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	quote_text(l->text, shown, sizeof(shown));
	shown[0] = shown[strlen(shown) - 1] = '"';
	return kr_fail_field(err, KR_INVALID_ARGUMENT, l->field, "%s is %s: at character %d: %s",
		l->field, shown, place_of(l, at), what);
}

const char *lexer_show(const struct lexer *l, char *out, size_t size)
{
	int len = (int)(l->next - l->at), room = (int)size - 3;

	if (l->word == WORD_END)
		snprintf(out, size, "the end");
	else if (len <= room)
		snprintf(out, size, "%.*s", len, l->at);
	else
		snprintf(out, size, "%.*s...", room - 3, l->at);
	return out;
}

/* ---- words ------------------------------------------------------------------ */

static bool starts_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static enum kr_status no_memory(struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for a study");
}

static const struct {
	const char *name;
	enum word word;
	struct msg_scalar value;
} reserved[] = {
	{"and", WORD_AND, {0}},
	{"or", WORD_OR, {0}},
	{"not", WORD_NOT, {0}},
	{"in", WORD_IN, {0}},
	{"null", WORD_VALUE, {.kind = SCALAR_NULL}},
	{"None", WORD_VALUE, {.kind = SCALAR_NULL}},
	{"true", WORD_VALUE, {.kind = SCALAR_BOOL, .b = true}},
	{"True", WORD_VALUE, {.kind = SCALAR_BOOL, .b = true}},
	{"false", WORD_VALUE, {.kind = SCALAR_BOOL}},
	{"False", WORD_VALUE, {.kind = SCALAR_BOOL}},
};

static enum kr_status read_name(struct lexer *l, struct kr_error *err)
{
	size_t len;

	while (starts_name(*l->next) || is_digit(*l->next) || *l->next == '.')
		l->next++;
	len = (size_t)(l->next - l->at);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		if (strlen(reserved[i].name) != len || memcmp(reserved[i].name, l->at, len) != 0)
			continue;
		l->word = reserved[i].word;
		l->value = reserved[i].value;
		return KR_OK;
	}
	l->word = WORD_NAME;
	l->name = arena_strndup(l->a, l->at, len);
	return l->name ? KR_OK : no_memory(err);
}

/* A name in backquotes; a double one stands for itself. */
static enum kr_status read_quoted_name(struct lexer *l, struct kr_error *err)
{
	char *out = arena_alloc(l->a, strlen(l->at));
	size_t n = 0;

	if (!out)
		return no_memory(err);
	for (l->next++;; l->next++) {
		if (!*l->next)
			return lexer_refuse(l, l->at, err, "this backquote is not closed");
		if (*l->next == '`' && *++l->next != '`')
			break;
		out[n++] = *l->next;
	}
	out[n] = '\0';
	l->word = WORD_NAME;
	l->name = out;
	return KR_OK;
}

/* Quoted text; \n, \t, and a backslash before anything else for that itself. */
static enum kr_status read_text(struct lexer *l, struct kr_error *err)
{
	char quote = *l->at, *out = arena_alloc(l->a, strlen(l->at));
	size_t n = 0;

	if (!out)
		return no_memory(err);
	for (l->next++; *l->next != quote; l->next++) {
		bool escaped = *l->next == '\\';

		if (escaped)
			l->next++;
		if (!*l->next)
			return lexer_refuse(l, l->at, err, "this quote is not closed");
		out[n++] = !escaped ? *l->next : *l->next == 'n' ? '\n' : *l->next == 't' ? '\t' : *l->next;
	}
	l->next++;
	out[n] = '\0';
	l->word = WORD_VALUE;
	l->value = (struct msg_scalar){.kind = SCALAR_STRING, .s = out};
	return KR_OK;
}

/* 3 is an int, 3.0 and 3e0 are reals. */
static enum kr_status read_number(struct lexer *l, struct kr_error *err)
{
	bool real = false;
	char *end;

	for (; is_digit(*l->next) || *l->next == '.' || *l->next == 'e' || *l->next == 'E' ||
		 ((*l->next == '-' || *l->next == '+') && (l->next[-1] == 'e' || l->next[-1] == 'E'));
		 l->next++)
		real |= !is_digit(*l->next);
	l->word = WORD_VALUE;
	errno = 0;
	if (real)
		l->value = (struct msg_scalar){.kind = SCALAR_REAL, .r = strtod(l->at, &end)};
	else
		l->value = (struct msg_scalar){.kind = SCALAR_INT, .i = strtoll(l->at, &end, 10)};
	if (end != l->next || starts_name(*l->next))
		return lexer_refuse(l, l->at, err, "this is not a number; write 3, 0.5 or 1e-3");
	if ((errno == ERANGE && !real) || (real && !isfinite(l->value.r)))
		return lexer_refuse(l, l->at, err, "this number is too large");
	return KR_OK;
}

static const struct {
	const char *sign;
	enum word word;
} signs[] = {
	/* longer ones first */
	{"==", WORD_EQUAL},
	{"!=", WORD_UNEQUAL},
	{"<=", WORD_AT_MOST},
	{">=", WORD_AT_LEAST},
	{"<", WORD_BELOW},
	{">", WORD_ABOVE},
	{"(", WORD_OPEN},
	{")", WORD_CLOSE},
	{"[", WORD_OPEN_LIST},
	{"]", WORD_CLOSE_LIST},
	{",", WORD_COMMA},
	{"+", WORD_PLUS},
	{"-", WORD_MINUS},
	{"*", WORD_TIMES},
	{"/", WORD_DIVIDE},
};

static const struct {
	const char *sign, *remedy;
} foreign[] = {
	{"&&", "write 'and'"},
	{"||", "write 'or'"},
	{"!", "write 'not'"},
	{"=", "write '==' to compare"},
	{"**", "powers are not built"},
};

static enum kr_status read_sign(struct lexer *l, struct kr_error *err)
{
	size_t len = 1;

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		if (strncmp(l->at, signs[i].sign, strlen(signs[i].sign)) != 0)
			continue;
		l->word = signs[i].word;
		l->next += strlen(signs[i].sign);
		return KR_OK;
	}
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (strncmp(l->at, foreign[i].sign, strlen(foreign[i].sign)) == 0)
			return lexer_refuse(
				l, l->at, err, "'%s' is not known here; %s", foreign[i].sign, foreign[i].remedy);
	while (((unsigned char)l->at[len] & 0xc0) == 0x80)
		len++;
	return lexer_refuse(l, l->at, err,
		"'%.*s' is not known here; names with such characters go in backquotes, as in `a-b`",
		(int)len, l->at);
}

enum kr_status lexer_next(struct lexer *l, struct kr_error *err)
{
	while (*l->next == ' ' || *l->next == '\t' || *l->next == '\n' || *l->next == '\r')
		l->next++;
	l->at = l->next;
	if (!*l->at) {
		l->word = WORD_END;
		return KR_OK;
	}
	if (starts_name(*l->at))
		return read_name(l, err);
	if (is_digit(*l->at) || (*l->at == '.' && is_digit(l->at[1])))
		return read_number(l, err);
	if (*l->at == '`')
		return read_quoted_name(l, err);
	if (*l->at == '\'' || *l->at == '"')
		return read_text(l, err);
	return read_sign(l, err);
}

enum kr_status lexer_begin(
	struct lexer *l, const char *field, const char *text, struct arena *a, struct kr_error *err)
{
	*l = (struct lexer){.field = field, .text = text, .next = text, .a = a};
	return lexer_next(l, err);
}
