/* The study file of `krige study create`: JSON with line comments, fields named as
 * in the clients' create_study. Types and names are checked here, where file and
 * key can be told; ranges by the daemon, for every client alike. */
#ifndef KR_CLIENT_CLI_STUDYFILE_H
#define KR_CLIENT_CLI_STUDYFILE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "proto/msg.h"

/* text has a NUL at len; source names it in errors. *out points into a. if_exists is 0 when
 * the file does not say.
 * Errors: KR_INVALID_ARGUMENT, field is the path of the key ("space.lr.low"), text begins with
 * source and path; KR_ENOMEM. Keys that are planned but not built are refused by name. */
enum kr_status studyfile_parse(struct msg_create_study *out, const char *text, size_t len,
	const char *source, struct arena *a, struct kr_error *err);

/* "fail", "attach" or "replace"; 0 when it is none of them. */
enum if_exists studyfile_if_exists(const char *word);

#endif
