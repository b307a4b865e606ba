/* Structs of options that a program hands in. For this folder. */
#ifndef KR_CLIENT_C_OPTIONS_H
#define KR_CLIENT_C_OPTIONS_H

#include "client/c/krige.h"

/* Copy the options at `in` (NULL: defaults), which begin with their size, to the `size` bytes
 * at out. Those of an older program are shorter: what it does not know is zero, the default.
 * type names the struct in the error: "krige_options".
 * Errors: INVALID_ARGUMENT (options.size). */
enum krige_status options_read(
	void *out, size_t size, const void *in, const char *type, struct krige_error *err);

#endif
