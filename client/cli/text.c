#include "client/cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/cli/number.h"

enum { WORD_MAX = 64 };

const char *text_time(char out[TEXT_TIME_BYTES], uint64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm tm;
	size_t len;

	if (!gmtime_r(&seconds, &tm)) {
		snprintf(out, TEXT_TIME_BYTES, "?");
		return out;
	}
	len = strftime(out, TEXT_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + len, TEXT_TIME_BYTES - len, ".%03uZ", (unsigned)(unix_ms % 1000));
	return out;
}

const char *text_time_brief(char out[TEXT_TIME_BYTES], uint64_t unix_ms, bool utc)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm tm;
	size_t len;
	long minutes;

	if (!(utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm))) {
		snprintf(out, TEXT_TIME_BYTES, "?");
		return out;
	}
	len = strftime(out, TEXT_TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	minutes = utc ? 0 : tm.tm_gmtoff / 60;
	if (minutes == 0)
		snprintf(out + len, TEXT_TIME_BYTES - len, "Z");
	else
		snprintf(out + len, TEXT_TIME_BYTES - len, "%c%02ld:%02ld", minutes < 0 ? '-' : '+',
			labs(minutes) / 60, labs(minutes) % 60);
	return out;
}

const char *text_span(char out[TEXT_TIME_BYTES], double seconds)
{
	long s = seconds < 1e15 ? (long)seconds : 0;

	if (seconds < 1)
		snprintf(out, TEXT_TIME_BYTES, "%.0f ms", seconds * 1000);
	else if (s < 60)
		snprintf(out, TEXT_TIME_BYTES, "%.3g s", seconds);
	else if (s < 3600)
		snprintf(out, TEXT_TIME_BYTES, "%ld min %02ld s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, TEXT_TIME_BYTES, "%ld h %02ld min", s / 3600, s % 3600 / 60);
	else
		snprintf(out, TEXT_TIME_BYTES, "%ld d %ld h", s / 86400, s % 86400 / 3600);
	return out;
}

const char *text_scalar(struct arena *a, const struct msg_scalar *s)
{
	char number[NUMBER_BYTES];

	switch (s->kind) {
	case SCALAR_NULL: return "null";
	case SCALAR_BOOL: return s->b ? "true" : "false";
	case SCALAR_INT: return arena_printf(a, "%" PRId64, s->i);
	case SCALAR_REAL: return arena_printf(a, "%s", number_format(number, s->r));
	case SCALAR_STRING: return s->s;
	}
	return "?";
}

const char *text_scalar_quoted(struct arena *a, const struct msg_scalar *s)
{
	return s->kind == SCALAR_STRING ? arena_printf(a, "\"%s\"", s->s) : text_scalar(a, s);
}

const char *text_shell(struct arena *a, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
								"0123456789_-+=./:,@%";
	size_t n = 0;
	char *out, *p;

	if (*s && strspn(s, plain) == strlen(s))
		return s;
	for (const char *c = s; *c; c++)
		n += *c == '\'' ? 4 : 1;
	p = out = arena_alloc(a, n + 3);
	if (!out)
		return NULL;
	*p++ = '\'';
	for (; *s; s++) {
		if (*s == '\'') {
			memcpy(p, "'\\''", 4);
			p += 4;
		} else {
			*p++ = *s;
		}
	}
	memcpy(p, "'", 2);
	return out;
}

/* Edits (insert, drop, replace) that turn a into b; the two-row form of Wagner & Fischer
 * (1974). */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], n = strlen(b), diagonal, above;

	if (strlen(a) > WORD_MAX || n > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			above = row[j];
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[n];
}

const char *text_nearest(const char *s, const char *const *words, int n)
{
	size_t best = strlen(s) / 3 + 2; /* at least this many edits: another word */
	const char *nearest = NULL;

	for (int i = 0; i < n; i++) {
		size_t d = distance(s, words[i]);

		if (d < best && d < strlen(words[i])) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}
