#include "client/cli/writer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

#include "client/cli/number.h"
#include "client/cli/text.h"

struct writer writer_make(FILE *out)
{
	return (struct writer){.out = out};
}

/* The comma before a value or key, if one is due. */
static void separate(struct writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->depth == 0)
		return;
	if (w->level[w->depth - 1].filled)
		putc(',', w->out);
	w->level[w->depth - 1].filled = true;
}

static void open(struct writer *w, bool array)
{
	separate(w);
	assert(w->depth < WRITER_DEPTH);
	w->level[w->depth].array = array;
	w->level[w->depth].filled = false;
	w->depth++;
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
	assert(w->depth > 0);
	w->depth--;
	putc(w->level[w->depth].array ? ']' : '}', w->out);
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

struct writer *writer_key(struct writer *w, const char *key)
{
	separate(w);
	quoted(w->out, key);
	putc(':', w->out);
	w->after_key = true;
	return w;
}

void writer_null(struct writer *w)
{
	separate(w);
	fputs("null", w->out);
}

void writer_bool(struct writer *w, bool b)
{
	separate(w);
	fputs(b ? "true" : "false", w->out);
}

void writer_int(struct writer *w, int64_t i)
{
	separate(w);
	fprintf(w->out, "%" PRId64, i);
}

void writer_uint(struct writer *w, uint64_t i)
{
	separate(w);
	fprintf(w->out, "%" PRIu64, i);
}

void writer_real(struct writer *w, double x)
{
	char text[NUMBER_BYTES];

	separate(w);
	fputs(isfinite(x) ? number_format(text, x) : "null", w->out);
}

void writer_string(struct writer *w, const char *s)
{
	separate(w);
	if (s)
		quoted(w->out, s);
	else
		fputs("null", w->out);
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
