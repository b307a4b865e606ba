#include "daemon/engine/quote.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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
	switch (v->kind) {
	case SCALAR_NULL: snprintf(out, size, "null"); return;
	case SCALAR_BOOL: snprintf(out, size, "%s", v->b ? "true" : "false"); return;
	case SCALAR_INT: snprintf(out, size, "%" PRId64, v->i); return;
	case SCALAR_REAL:
		snprintf(out, size, v->r == rint(v->r) && fabs(v->r) < 1e15 ? "%.1f" : "%.17g", v->r);
		return;
	case SCALAR_STRING: quote_text(v->s, out, size); return;
	}
	snprintf(out, size, "?");
}
