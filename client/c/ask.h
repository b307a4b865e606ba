/* What asking shares with asking without blocking. For this folder. */
#ifndef KR_CLIENT_C_ASK_H
#define KR_CLIENT_C_ASK_H

#include "client/c/krige.h"

/* Options of an older program are shorter: what it does not know is the default.
 * Errors: INVALID_ARGUMENT (options.size). */
enum krige_status ask_options(
	struct krige_ask_options *out, const struct krige_ask_options *in, struct krige_error *err);

#endif
