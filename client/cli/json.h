/* JSON as it comes in: cJSON, with two things added that a study file needs.
 * Line comments (// and #) are allowed outside strings. Numbers keep their text:
 * cJSON stores a double, which cannot tell 1 from 1.0 and rounds a 64-bit seed,
 * so each number reaches cJSON as a string that begins with U+0001, a character
 * that texts may not contain. NaN, Infinity and -Infinity are numbers too: where
 * they make no sense the reader refuses them by name. */
#ifndef KR_CLIENT_CLI_JSON_H
#define KR_CLIENT_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/status.h"
#include "proto/msg.h"

/* Parse one value and nothing after it; text has a NUL at len. source names it in errors
 * ("study.json"). The caller frees *out with cJSON_Delete.
 * Errors: KR_INVALID_ARGUMENT with source and line; KR_ENOMEM. */
enum kr_status json_parse(
	cJSON **out, const char *text, size_t len, const char *source, struct kr_error *err);

/* The same for one line of many; errors say "line NUMBER". */
enum kr_status json_parse_line(
	cJSON **out, const char *text, size_t len, int number, struct kr_error *err);

/* What a value is, for messages: "a number", "an object", ... */
const char *json_kind(const cJSON *item);

/* A number, or a string that is no number; item may be NULL. */
bool json_is_number(const cJSON *item);
bool json_is_text(const cJSON *item);

/* Of a number. False when it is none, or not exactly of that type: json_i64 and json_u64
 * want no fraction and no exponent. */
bool json_real(const cJSON *item, double *out);
bool json_i64(const cJSON *item, int64_t *out);
bool json_u64(const cJSON *item, uint64_t *out);

/* null, a boolean, a number or a string; numbers without fraction and exponent are integers. The
 * text is copied into a. False: an array or object, or a number out of range. False with
 * *no_memory set when memory runs out. */
bool json_scalar(struct arena *a, const cJSON *item, struct msg_scalar *out, bool *no_memory);

#endif
