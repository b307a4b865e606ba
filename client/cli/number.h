/* Numbers as text: every double survives the way out and back. The process must
 * stay in the C locale for LC_NUMERIC. */
#ifndef KR_CLIENT_CLI_NUMBER_H
#define KR_CLIENT_CLI_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum { NUMBER_BYTES = 32 };

/* The fewest digits that read back as x, as Python's repr writes them: with ".0" when it would
 * look like an integer, with an exponent below 1e-4 and from 1e16; "nan", "inf", "-inf" for the
 * others. Returns out. */
const char *number_format(char out[NUMBER_BYTES], double x);

/* For people: six significant digits, as %g. Returns out. */
const char *number_brief(char out[NUMBER_BYTES], double x);

/* All of text, decimal; nan and inf in any case. No spaces, no hexadecimal. False: not a
 * number, or finite and outside the range of a double. */
bool number_parse(const char *text, double *out);

/* All of text, decimal. False also outside the range. */
bool number_parse_i64(const char *text, int64_t *out);
bool number_parse_u64(const char *text, uint64_t *out);

#endif
