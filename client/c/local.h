/* The daemon of this user, started when nobody answers: by running `kriged --local`, which
 * does all the work for the clients of every language, and reading its one line. */
#ifndef KR_CLIENT_C_LOCAL_H
#define KR_CLIENT_C_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "client/c/krige.h"

/* Whether the socket's folder, if there is one, is this user's alone: else somebody else
 * may be waiting there. Errors: FORBIDDEN. */
enum krige_status local_check(const char *endpoint, struct krige_error *err);

/* Returns when the daemon answers. The program is $KRIGED_BIN; else the one beside this
 * program, or beside this library (../bin); else that on PATH. Until end_ms (clock_ms), or
 * until stop says so (NULL: never); then TIMEOUT.
 * Errors: CANNOT_CONNECT with the daemon's own words, or that there is no program. */
enum krige_status local_start(const char *endpoint, int64_t end_ms, bool (*stop)(void *ctx),
	void *ctx, struct krige_error *err);

#endif
