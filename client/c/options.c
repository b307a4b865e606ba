#include "client/c/options.h"

#include <string.h>

#include "client/c/error.h"

enum { MOST_BYTES = 4096 }; /* more is a size that nobody set */

enum krige_status options_read(
	void *out, size_t size, const void *in, const char *type, struct krige_error *err)
{
	size_t given;

	memset(out, 0, size);
	if (!in)
		return KRIGE_OK;
	memcpy(&given, in, sizeof(given));
	if (given < sizeof(given) || given > MOST_BYTES)
		return error_field(err, KRIGE_INVALID_ARGUMENT, "options.size",
			"options.size is %zu; set it to sizeof(struct %s)", given, type);
	memcpy(out, in, given < size ? given : size);
	return KRIGE_OK;
}
