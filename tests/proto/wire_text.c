#include "tests/proto/wire_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct buffer {
	uint8_t *p;
	size_t len, cap;
};

static _Noreturn void bad(const char *at)
{
	fprintf(stderr, "wire_text: bad text at '%.40s'\n", at);
	abort();
}

static void put(struct buffer *b, const void *p, size_t n)
{
	if (b->len + n > b->cap) {
		b->cap = 2 * (b->len + n) + 64;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			abort();
	}
	if (n)
		memcpy(b->p + b->len, p, n);
	b->len += n;
}

static void put_varint(struct buffer *b, uint64_t x)
{
	uint8_t byte;

	do {
		byte = (uint8_t)((x & 0x7f) | (x > 0x7f ? 0x80 : 0));
		put(b, &byte, 1);
		x >>= 7;
	} while (x);
}

static void put_block(struct buffer *b, uint64_t field, const struct buffer *block)
{
	put_varint(b, field << 3 | 2);
	put_varint(b, block->len);
	put(b, block->p, block->len);
}

static uint8_t hex_byte(const char *s)
{
	unsigned x;

	if (s[0] != '\\' || s[1] != 'x' || sscanf(s + 2, "%2x", &x) != 1)
		bad(s);
	return (uint8_t)x;
}

/* "..." with an optional *count; s is at the first quote. */
static const char *read_string(const char *s, struct buffer *out)
{
	struct buffer once = {0};
	char *end;
	long n = 1;
	uint8_t c;

	for (s++; *s != '"'; s += c ? 1 : 4) {
		if (!*s)
			bad("an open string");
		c = (uint8_t)*s;
		if (c == '\\' && s[1] == 'x') {
			uint8_t x = hex_byte(s);

			put(&once, &x, 1);
			c = 0;
			continue;
		}
		if (c == '\\')
			c = (uint8_t) * ++s;
		put(&once, &c, 1);
	}
	if (*++s == '*') {
		n = strtol(s + 1, &end, 10);
		s = end;
	}
	while (n-- > 0)
		put(out, once.p, once.len);
	free(once.p);
	return s;
}

static const char *read_items(const char *s, char close, struct buffer *out);

static const char *read_double(const char *s, uint64_t field, struct buffer *out)
{
	char *end;
	double x = strtod(s, &end);

	put_varint(out, field << 3 | 1);
	put(out, &x, sizeof(x));
	return end;
}

static const char *read_integer(const char *s, uint64_t field, struct buffer *out)
{
	char *end;
	long long x;
	uint32_t word;

	if (*s == 'z') {
		x = strtoll(s + 1, &end, 10);
		put_varint(out, field << 3);
		put_varint(out, (uint64_t)x << 1 ^ (uint64_t)(x >> 63));
	} else if (*s == 'f') {
		word = (uint32_t)strtoul(s + 1, &end, 10);
		put_varint(out, field << 3 | 5);
		put(out, &word, sizeof(word));
	} else {
		put_varint(out, field << 3);
		put_varint(out, *s == '-' ? (uint64_t)strtoll(s, &end, 10) : strtoull(s, &end, 10));
		if (end == s)
			bad(s);
	}
	return end;
}

static const char *read_value(const char *s, uint64_t field, struct buffer *out)
{
	struct buffer block = {0};

	if (*s == '"')
		s = read_string(s, &block);
	else if (*s == '{')
		s = read_items(s + 1, '}', &block);
	else if (*s == '#')
		return read_double(s + 1, field, out);
	else
		return read_integer(s, field, out);
	put_block(out, field, &block);
	free(block.p);
	return s;
}

/* After `n*(`. */
static const char *read_repeated(const char *s, uint64_t n, struct buffer *out)
{
	struct buffer once = {0};

	s = read_items(s, ')', &once);
	while (n-- > 0)
		put(out, once.p, once.len);
	free(once.p);
	return s;
}

/* Items up to close, which is skipped. */
static const char *read_items(const char *s, char close, struct buffer *out)
{
	char *end;
	uint8_t x;

	for (;;) {
		while (isspace((unsigned char)*s))
			s++;
		if (*s == close)
			return close ? s + 1 : s;
		if (*s == '\\') {
			x = hex_byte(s);
			put(out, &x, 1);
			s += 4;
			continue;
		}
		uint64_t n = strtoull(s, &end, 10);
		if (end == s)
			bad(s);
		if (*end == ':')
			s = read_value(end + 1, n, out);
		else if (end[0] == '*' && end[1] == '(')
			s = read_repeated(end + 2, n, out);
		else
			bad(end);
	}
}

uint8_t *wire_text(const char *text, size_t *len)
{
	struct buffer b = {0};

	put(&b, "", 0);
	read_items(text, '\0', &b);
	*len = b.len;
	return b.p ? b.p : calloc(1, 1);
}
