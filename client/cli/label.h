/* Labels as people write them: "team=vision", "shift=3". */
#ifndef KR_CLIENT_CLI_LABEL_H
#define KR_CLIENT_CLI_LABEL_H

#include "base/arena.h"
#include "base/status.h"
#include "client/cli/json.h"
#include "proto/msg.h"

/* "NAME=VALUE": null, true, false, whole and other numbers are those, "\"3\"" is the string 3, and
 * what is left is a string. Errors: KR_INVALID_ARGUMENT; KR_ENOMEM. */
enum kr_status label_parse(
	struct msg_named *out, const char *text, struct arena *a, struct kr_error *err);

/* All members of a JSON object. Errors as above. */
enum kr_status label_object(
	struct msg_labels *out, const cJSON *object, struct arena *a, struct kr_error *err);

#endif
