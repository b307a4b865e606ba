#include "client/cli/writer.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "client/cli/number.h"
#include "client/cli/text.h"

struct writer writer_make(FILE *out)
{
	return (struct writer){.out = out};
}

/* YAML: where an item of a block begins. */
static void begin_item(struct writer *w)
{
	int at = w->depth - 1;
	bool first = !w->level[at].filled;

	if (first && w->level[at].below)
		putc('\n', w->out);
	if (!first || !w->level[at].beside)
		fprintf(w->out, "%*s", 2 * at, "");
	if (w->level[at].array)
		fputs("- ", w->out);
}

/* What is due before a value or key: a comma, or the begin of a line. */
static void separate(struct writer *w, bool scalar)
{
	if (w->after_key) {
		w->after_key = false;
		if (w->yaml && scalar)
			putc(' ', w->out);
		return;
	}
	if (w->depth == 0)
		return;
	if (w->yaml)
		begin_item(w);
	else if (w->level[w->depth - 1].filled)
		putc(',', w->out);
	w->level[w->depth - 1].filled = true;
}

static void end_scalar(struct writer *w)
{
	if (w->yaml)
		putc('\n', w->out);
}

static void open(struct writer *w, bool array)
{
	bool below = w->after_key, beside = !below && w->depth > 0;

	separate(w, false);
	assert(w->depth < WRITER_DEPTH);
	w->level[w->depth].array = array;
	w->level[w->depth].filled = false;
	w->level[w->depth].below = below;
	w->level[w->depth].beside = beside;
	w->depth++;
	if (!w->yaml)
		putc(array ? '[' : '{', w->out);
}

void writer_object(struct writer *w)
{
	open(w, false);
}

void writer_array(struct writer *w)
{
	open(w, true);
}

void writer_end(struct writer *w)
{
	bool array;

	assert(w->depth > 0);
	w->depth--;
	array = w->level[w->depth].array;
	if (!w->yaml)
		putc(array ? ']' : '}', w->out);
	else if (!w->level[w->depth].filled)
		fprintf(w->out, "%s%s\n", w->level[w->depth].below ? " " : "", array ? "[]" : "{}");
}

void writer_finish(struct writer *w)
{
	if (!w->yaml)
		putc('\n', w->out);
}

static void quoted(FILE *out, const char *s)
{
	static const char names[] = {['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\f'] = 'f',
		['\r'] = 'r',
		['"'] = '"',
		['\\'] = '\\'};

	putc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < sizeof(names) && names[c])
			fprintf(out, "\\%c", names[c]);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

/* Whether YAML takes the key for the text that it is. */
static bool is_plain(const char *key)
{
	static const char *const taken[] = {
		"null", "true", "false", "yes", "no", "on", "off", "y", "n"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcasecmp(key, taken[i]) == 0)
			return false;
	return isalpha((unsigned char)key[0]) &&
		strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
		strlen(key);
}

struct writer *writer_key(struct writer *w, const char *key)
{
	separate(w, false);
	if (w->yaml && is_plain(key))
		fputs(key, w->out);
	else
		quoted(w->out, key);
	putc(':', w->out);
	w->after_key = true;
	return w;
}

void writer_null(struct writer *w)
{
	separate(w, true);
	fputs("null", w->out);
	end_scalar(w);
}

void writer_bool(struct writer *w, bool b)
{
	separate(w, true);
	fputs(b ? "true" : "false", w->out);
	end_scalar(w);
}

void writer_int(struct writer *w, int64_t i)
{
	separate(w, true);
	fprintf(w->out, "%" PRId64, i);
	end_scalar(w);
}

void writer_uint(struct writer *w, uint64_t i)
{
	separate(w, true);
	fprintf(w->out, "%" PRIu64, i);
	end_scalar(w);
}

void writer_real(struct writer *w, double x)
{
	char text[NUMBER_BYTES];

	separate(w, true);
	fputs(isfinite(x) ? number_format(text, x) : "null", w->out);
	end_scalar(w);
}

void writer_string(struct writer *w, const char *s)
{
	separate(w, true);
	if (s)
		quoted(w->out, s);
	else
		fputs("null", w->out);
	end_scalar(w);
}

void writer_scalar(struct writer *w, const struct msg_scalar *s)
{
	switch (s->kind) {
	case SCALAR_NULL: writer_null(w); break;
	case SCALAR_BOOL: writer_bool(w, s->b); break;
	case SCALAR_INT: writer_int(w, s->i); break;
	case SCALAR_REAL: writer_real(w, s->r); break;
	case SCALAR_STRING: writer_string(w, s->s); break;
	}
}

void writer_time(struct writer *w, uint64_t unix_ms)
{
	char text[TEXT_TIME_BYTES];

	writer_string(w, unix_ms ? text_time(text, unix_ms) : NULL);
}

void writer_real_if(struct writer *w, bool has, double x)
{
	if (has)
		writer_real(w, x);
	else
		writer_null(w);
}

void writer_uint_if(struct writer *w, bool has, uint64_t i)
{
	if (has)
		writer_uint(w, i);
	else
		writer_null(w);
}

void writer_raw(struct writer *w, const char *json)
{
	separate(w, true);
	fputs(json, w->out);
	end_scalar(w);
}
