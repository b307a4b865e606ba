/* Parameters as people write them: "lr=0.1" on a command line, {"lr": 0.1} on a
 * line of JSON, turned into the type that the study's space gives them. */
#ifndef KR_CLIENT_CLI_PARAM_H
#define KR_CLIENT_CLI_PARAM_H

#include "base/arena.h"
#include "base/status.h"
#include "client/cli/json.h"
#include "proto/msg.h"

/* "NAME=VALUE". A categorical value is the choice that reads like it: null, true and 3 are those
 * values if there are such choices, else strings; "\"3\"" is always the string.
 * Errors: KR_INVALID_ARGUMENT naming the parameter and what it takes; KR_ENOMEM. */
enum kr_status param_assign(struct msg_named *out, const struct msg_spec *spec, const char *text,
	struct arena *a, struct kr_error *err);

/* n of them. Errors: as above. */
enum kr_status param_assign_all(const struct msg_named **out, const struct msg_spec *spec, int n,
	char *const *words, struct arena *a, struct kr_error *err);

/* All members of a JSON object. Errors: as above; unknown names too. */
enum kr_status param_object(const struct msg_named **out, int *n, const struct msg_spec *spec,
	const cJSON *object, struct arena *a, struct kr_error *err);

#endif
