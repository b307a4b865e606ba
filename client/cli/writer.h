/* JSON as it goes out, value by value: writer_object, writer_key, writer_int ..
 * writer_end .. writer_finish. Compact, keys in the order given; or, with yaml set, the
 * same as YAML in blocks. What cannot be written shows in ferror of the file. */
#ifndef KR_CLIENT_CLI_WRITER_H
#define KR_CLIENT_CLI_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/msg.h"

enum { WRITER_DEPTH = 16 };

struct writer {
	FILE *out;
	int depth;
	struct {
		bool array, filled;
		bool below, beside; /* YAML: opened after a key, after a dash */
	} level[WRITER_DEPTH];
	bool after_key, yaml;
};

/* A writer at the beginning; out stays the caller's. */
struct writer writer_make(FILE *out);

/* Open an object or array; writer_end closes the innermost. At most WRITER_DEPTH deep. */
void writer_object(struct writer *w);
void writer_array(struct writer *w);
void writer_end(struct writer *w);

/* The line end after a document. */
void writer_finish(struct writer *w);

/* Returns w, so that writer_int(writer_key(w, "number"), 3) reads as one. */
struct writer *writer_key(struct writer *w, const char *key);

/* One value, with the comma it needs. What JSON cannot hold is null: a real that is not finite, a
 * NULL string, the time 0. */
void writer_null(struct writer *w);
void writer_bool(struct writer *w, bool b);
void writer_int(struct writer *w, int64_t i);
void writer_uint(struct writer *w, uint64_t i);
void writer_real(struct writer *w, double x);
void writer_string(struct writer *w, const char *s);
void writer_scalar(struct writer *w, const struct msg_scalar *s);
void writer_time(struct writer *w, uint64_t unix_ms);

/* The value; null when there is none. */
void writer_real_if(struct writer *w, bool has, double x);
void writer_uint_if(struct writer *w, bool has, uint64_t i);

/* One value that is JSON already. */
void writer_raw(struct writer *w, const char *json);

#endif
