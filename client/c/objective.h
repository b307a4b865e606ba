/* Metrics as people write them. For this folder. */
#ifndef KR_CLIENT_C_OBJECTIVE_H
#define KR_CLIENT_C_OBJECTIVE_H

#include "base/arena.h"
#include "client/c/krige.h"
#include "proto/msg.h"

/* "minimize loss" and "latency <= 10" to metrics in the arena, the objective first; two
 * bounds of one metric become one constraint.
 * Errors: INVALID_ARGUMENT ("objective", "constraints[i]"), NO_MEMORY. */
enum krige_status objective_write(struct arena *a, const char *objective,
	const char *const *constraints, size_t n, struct msg_spec *spec, struct krige_error *err);

#endif
