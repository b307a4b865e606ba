/* Results as people write them: "loss=0.3", "0.3", "loss=0.3+-0.02". */
#ifndef KR_CLIENT_CLI_MEASURE_H
#define KR_CLIENT_CLI_MEASURE_H

#include "base/arena.h"
#include "base/status.h"
#include "client/cli/json.h"
#include "proto/msg.h"

/* "NAME=VALUE", or VALUE alone for the only objective (name NULL); VALUE is a number, nan or inf,
 * and may carry its standard error: "0.3+-0.02".
 * Errors: KR_INVALID_ARGUMENT; KR_ENOMEM. */
enum kr_status measure_parse(
	struct msg_value *out, const char *text, struct arena *a, struct kr_error *err);

/* n of them. Errors: as above. */
enum kr_status measure_parse_all(
	const struct msg_value **out, int n, char *const *words, struct arena *a, struct kr_error *err);

/* A JSON number for the only objective, or an object {"loss": 0.3, ...}; null is NaN. sems,
 * NULL or of the same shape, has their standard errors. Errors as above. */
enum kr_status measure_json(const struct msg_value **out, int *n, const cJSON *item,
	const cJSON *sems, struct arena *a, struct kr_error *err);

#endif
