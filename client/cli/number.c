#include "client/cli/number.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *number_format(char out[NUMBER_BYTES], double x)
{
	int digits, exponent;

	if (!isfinite(x)) {
		snprintf(out, NUMBER_BYTES, "%s", isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
		return out;
	}
	for (digits = 1; digits < 17; digits++) {
		snprintf(out, NUMBER_BYTES, "%.*e", digits - 1, x);
		if (strtod(out, NULL) == x)
			break;
	}
	snprintf(out, NUMBER_BYTES, "%.*e", digits - 1, x);
	exponent = atoi(strchr(out, 'e') + 1);
	if (exponent >= -4 && exponent < 16)
		snprintf(out, NUMBER_BYTES, "%.*f", digits - 1 > exponent ? digits - 1 - exponent : 0, x);
	if (!strpbrk(out, ".e"))
		snprintf(out, NUMBER_BYTES, "%.1f", x); /* integral and below 1e16 */
	return out;
}

const char *number_brief(char out[NUMBER_BYTES], double x)
{
	snprintf(out, NUMBER_BYTES, "%.6g", x);
	return out;
}

bool number_parse(const char *text, double *out)
{
	char *end;

	if (!text[0] || strchr(" \t\n\v\f\r", text[0]) || strpbrk(text, "xX"))
		return false;
	errno = 0;
	*out = strtod(text, &end);
	if (*end || end == text)
		return false;
	return errno != ERANGE || fabs(*out) < 1; /* a denormal is near enough */
}

/* An optional minus and digits, nothing else. */
static bool integral(const char *text, bool sign)
{
	if (sign && *text == '-')
		text++;
	return *text && strspn(text, "0123456789") == strlen(text);
}

bool number_parse_i64(const char *text, int64_t *out)
{
	if (!integral(text, true))
		return false;
	errno = 0;
	*out = strtoimax(text, NULL, 10);
	return errno == 0;
}

bool number_parse_u64(const char *text, uint64_t *out)
{
	if (!integral(text, false))
		return false;
	errno = 0;
	*out = strtoumax(text, NULL, 10);
	return errno == 0;
}
