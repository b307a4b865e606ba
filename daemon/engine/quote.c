#include "daemon/engine/quote.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

void quote_text(const char *s, char *out, size_t size)
{
	size_t len = strlen(s), room = size - 3;

	if (len > room) {
		len = room;
		while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
			len--;
	}
	snprintf(out, size, "'%.*s'", (int)len, s);
}

void quote_scalar(const struct msg_scalar *v, char *out, size_t size)
{
	char number[NUMBER_SHOWN];

	switch (v->kind) {
	case SCALAR_NULL: snprintf(out, size, "null"); return;
	case SCALAR_BOOL: snprintf(out, size, "%s", v->b ? "true" : "false"); return;
	case SCALAR_INT: snprintf(out, size, "%" PRId64, v->i); return;
	case SCALAR_REAL:
		if (v->r == rint(v->r) && fabs(v->r) < 1e15)
			snprintf(out, size, "%.1f", v->r);
		else
			snprintf(out, size, "%s", number_show(v->r, number));
		return;
	case SCALAR_STRING: quote_text(v->s, out, size); return;
	}
	snprintf(out, size, "?");
}
