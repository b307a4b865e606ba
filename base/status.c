#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
	const char *name;
	unsigned wire;
	const char *sentence;
} rows[KR_N_STATUS] = {
#define KR_STATUS(code, name, wire, sentence) [code] = {name, wire, sentence},
#include "base/status_list.def"
#undef KR_STATUS
};

static int known(enum kr_status code)
{
	return (unsigned)code < KR_N_STATUS;
}

const char *kr_status_name(enum kr_status code)
{
	return known(code) ? rows[code].name : "?";
}

const char *kr_status_sentence(enum kr_status code)
{
	return known(code) ? rows[code].sentence : "?";
}

unsigned kr_status_wire(enum kr_status code)
{
	return rows[known(code) ? code : KR_INTERNAL].wire;
}

enum kr_status kr_status_from_wire(unsigned wire)
{
	for (int i = 0; i < KR_N_STATUS; i++)
		if (rows[i].wire == wire)
			return (enum kr_status)i;
	return KR_INTERNAL;
}

/* After a cut: drop the last character when only its first bytes are there. */
static void trim_partial(char *s)
{
	size_t len = strlen(s), tail = 0;

	while (tail < 3 && tail < len && ((unsigned char)s[len - 1 - tail] & 0xc0) == 0x80)
		tail++;
	if (tail < len && ((unsigned char)s[len - 1 - tail] & 0xc0) == 0xc0 &&
		!utf8_valid(s + len - 1 - tail, tail + 1))
		s[len - 1 - tail] = '\0';
}

static void copy_text(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memmove(out, text, len);
	out[len] = '\0';
	trim_partial(out); /* the caller may have cut it too */
}

static void fill(
	struct kr_error *err, enum kr_status code, const char *field, const char *fmt, va_list ap)
{
	char text[sizeof(err->text) + 8]; /* the arguments may point into err */
	char name[sizeof(err->field) + 8];

	vsnprintf(text, sizeof(text), fmt, ap);
	snprintf(name, sizeof(name), "%s", field);
	err->code = code;
	err->retry_after_ms = 0;
	copy_text(err->text, sizeof(err->text), text);
	copy_text(err->field, sizeof(err->field), name);
}

enum kr_status kr_fail(struct kr_error *err, enum kr_status code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	fill(err, code, "", fmt, ap);
	va_end(ap);
	return code;
}

enum kr_status kr_fail_field(
	struct kr_error *err, enum kr_status code, const char *field, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	fill(err, code, field, fmt, ap);
	va_end(ap);
	return code;
}

enum kr_status kr_prefix(struct kr_error *err, const char *fmt, ...)
{
	char text[2 * sizeof(err->text)];
	va_list ap;
	int len;

	if (!err)
		return KR_INTERNAL;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (len < 0)
		return err->code;
	if ((size_t)len >= sizeof(err->text))
		len = sizeof(err->text) - 1;
	snprintf(text + len, sizeof(text) - (size_t)len, ": %s", err->text);
	copy_text(err->text, sizeof(err->text), text);
	return err->code;
}
