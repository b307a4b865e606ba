#include "client/cli/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "client/cli/number.h"

enum { MARK = 1 };

/* ---- the text that cJSON reads ------------------------------------------------ */

/* A pass over the text: comments become spaces, numbers marked strings. Line ends
 * stay, so that lines can be counted in the result. */
struct scan {
	const char *p;
	char *out;
	size_t n;
	int line;
	const char *source; /* NULL: a line of many */
	struct kr_error *err;
};

static enum kr_status at_line(const struct scan *s, const char *what)
{
	return kr_fail(s->err, KR_INVALID_ARGUMENT, "%s%sline %d: %s", s->source ? s->source : "",
		s->source ? ", " : "", s->line, what);
}

static void put(struct scan *s, const char *text, size_t len)
{
	memcpy(s->out + s->n, text, len);
	s->n += len;
}

static enum kr_status string(struct scan *s)
{
	const char *start = s->p++;

	for (; *s->p != '"'; s->p++) {
		if ((unsigned char)*s->p < 0x20)
			return at_line(s,
				*s->p == '\0' || *s->p == '\n' ? "a string does not end"
											   : "a string holds a control character");
		if (*s->p != '\\')
			continue;
		s->p++;
		if (strncmp(s->p, "u0000", 5) == 0 || strncmp(s->p, "u0001", 5) == 0)
			return at_line(s, "a string holds a control character");
		if (*s->p == '\0')
			return at_line(s, "a string does not end");
	}
	s->p++;
	put(s, start, (size_t)(s->p - start));
	return KR_OK;
}

static const char *digits(const char *p)
{
	return p + strspn(p, "0123456789");
}

/* The end of the JSON number at p (RFC 8259, section 6), NULL if it is none. */
static const char *number_end(const char *p)
{
	const char *start;

	p += *p == '-';
	start = p;
	p = digits(p);
	if (p == start || (*start == '0' && p != start + 1))
		return NULL;
	if (*p == '.') {
		start = ++p;
		p = digits(p);
		if (p == start)
			return NULL;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		start = p;
		p = digits(p);
		if (p == start)
			return NULL;
	}
	return *p && strchr("+-._", *p) ? NULL : p;
}

static enum kr_status number(struct scan *s)
{
	const char *end = number_end(s->p);

	if (!end)
		return at_line(s, "not a number that JSON knows; write it like 12, 0.5 or 1e-5");
	put(s, "\"\\u0001", 7);
	put(s, s->p, (size_t)(end - s->p));
	put(s, "\"", 1);
	s->p = end;
	return KR_OK;
}

/* What Python and others write for numbers that JSON does not have. */
static bool nonfinite(struct scan *s)
{
	static const struct {
		const char *word, *marked;
	} words[] = {
		{"NaN", "\"\\u0001nan\""},
		{"Infinity", "\"\\u0001inf\""},
		{"-Infinity", "\"\\u0001-inf\""},
	};

	for (int i = 0; i < 3; i++) {
		if (strncmp(s->p, words[i].word, strlen(words[i].word)) != 0)
			continue;
		put(s, words[i].marked, strlen(words[i].marked));
		s->p += strlen(words[i].word);
		return true;
	}
	return false;
}

static enum kr_status scan(struct scan *s)
{
	enum kr_status status = KR_OK;

	while (*s->p && status == KR_OK) {
		if (*s->p == '#' || (s->p[0] == '/' && s->p[1] == '/')) {
			s->p += strcspn(s->p, "\n");
		} else if (*s->p == '"') {
			status = string(s);
		} else if (nonfinite(s)) {
			continue;
		} else if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9')) {
			status = number(s);
		} else {
			s->line += *s->p == '\n';
			put(s, s->p++, 1);
		}
	}
	s->out[s->n] = '\0';
	return status;
}

static int lines_before(const char *text, const char *at)
{
	int lines = 0;

	for (; text < at && *text; text++)
		lines += *text == '\n';
	return lines;
}

static enum kr_status parse(cJSON **out, struct scan *s, size_t len)
{
	const char *end = NULL;
	int first = s->line;
	enum kr_status status;

	*out = NULL;
	if (!utf8_valid(s->p, len) && s->source)
		return kr_fail(s->err, KR_INVALID_ARGUMENT, "%s: not UTF-8 text", s->source);
	if (!utf8_valid(s->p, len))
		return at_line(s, "not UTF-8 text");
	/* A number of one digit becomes nine characters. */
	s->out = kr_malloc(9 * len + 1);
	if (!s->out)
		return kr_fail(s->err, KR_ENOMEM, "no memory to read JSON");
	status = scan(s);
	if (status == KR_OK) {
		*out = cJSON_ParseWithLengthOpts(s->out, s->n + 1, &end, true);
		s->line = first + lines_before(s->out, end ? end : s->out);
		if (!*out)
			status = at_line(
				s, "not JSON here; look for a missing or superfluous comma, bracket or quote");
	}
	kr_free(s->out);
	return status;
}

enum kr_status json_parse(
	cJSON **out, const char *text, size_t len, const char *source, struct kr_error *err)
{
	struct scan s = {.p = text, .line = 1, .source = source, .err = err};

	return parse(out, &s, len);
}

enum kr_status json_parse_line(
	cJSON **out, const char *text, size_t len, int number, struct kr_error *err)
{
	struct scan s = {.p = text, .line = number, .err = err};

	return parse(out, &s, len);
}

/* ---- values --------------------------------------------------------------------- */

bool json_is_number(const cJSON *item)
{
	return cJSON_IsString(item) && item->valuestring[0] == MARK;
}

bool json_is_text(const cJSON *item)
{
	return cJSON_IsString(item) && item->valuestring[0] != MARK;
}

const char *json_kind(const cJSON *item)
{
	if (json_is_number(item))
		return "a number";
	if (cJSON_IsString(item))
		return "a string";
	if (cJSON_IsBool(item))
		return "a boolean";
	if (cJSON_IsNull(item))
		return "null";
	if (cJSON_IsArray(item))
		return "a list";
	return cJSON_IsObject(item) ? "an object" : "nothing";
}

bool json_real(const cJSON *item, double *out)
{
	return json_is_number(item) && number_parse(item->valuestring + 1, out);
}

bool json_i64(const cJSON *item, int64_t *out)
{
	return json_is_number(item) && number_parse_i64(item->valuestring + 1, out);
}

bool json_u64(const cJSON *item, uint64_t *out)
{
	return json_is_number(item) && number_parse_u64(item->valuestring + 1, out);
}

bool json_scalar(struct arena *a, const cJSON *item, struct msg_scalar *out, bool *no_memory)
{
	*no_memory = false;
	*out = (struct msg_scalar){.kind = SCALAR_NULL};
	if (cJSON_IsNull(item))
		return true;
	if (cJSON_IsBool(item)) {
		out->kind = SCALAR_BOOL;
		out->b = cJSON_IsTrue(item);
		return true;
	}
	if (json_is_number(item)) {
		bool real = strpbrk(item->valuestring, ".eE") != NULL;

		out->kind = real ? SCALAR_REAL : SCALAR_INT;
		return real ? json_real(item, &out->r) : json_i64(item, &out->i);
	}
	if (!cJSON_IsString(item))
		return false;
	out->kind = SCALAR_STRING;
	out->s = arena_strndup(a, item->valuestring, strlen(item->valuestring));
	*no_memory = !out->s;
	return out->s != NULL;
}
