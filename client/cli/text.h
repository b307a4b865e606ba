/* Values as plain text, for tables, command lines and messages. */
#ifndef KR_CLIENT_CLI_TEXT_H
#define KR_CLIENT_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "proto/msg.h"

enum { TEXT_TIME_BYTES = 32 };

/* ISO 8601 in UTC with milliseconds: 2026-01-31T08:15:00.250Z. Returns out. */
const char *text_time(char out[TEXT_TIME_BYTES], uint64_t unix_ms);

/* The same to the second for people: with Z in UTC, else with the offset of the local zone. */
const char *text_time_brief(char out[TEXT_TIME_BYTES], uint64_t unix_ms, bool utc);

/* A span of time, as "250 ms", "12 s", "3 min 20 s", "2 h 05 min", "3 d 4 h". Returns out. */
const char *text_span(char out[TEXT_TIME_BYTES], double seconds);

/* "null", "true", "3", "0.1", or the string itself. In the arena or static; NULL when memory
 * runs out. */
const char *text_scalar(struct arena *a, const struct msg_scalar *s);

/* The same, strings in double quotes, so that 1 and "1" look different. */
const char *text_scalar_quoted(struct arena *a, const struct msg_scalar *s);

/* s as one word of a POSIX shell. NULL when memory runs out. */
const char *text_shell(struct arena *a, const char *s);

/* Of the n words, the one that s is likely a slip of; NULL: none is near. */
const char *text_nearest(const char *s, const char *const *words, int n);

#endif
