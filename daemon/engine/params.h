/* The parameters of a study by their names, and their choices by their values. Borrowed
 * from the spec; the orders live in an arena. Immutable after params_init. */
#ifndef KR_DAEMON_ENGINE_PARAMS_H
#define KR_DAEMON_ENGINE_PARAMS_H

#include "base/arena.h"
#include "base/status.h"
#include "proto/msg.h"

struct params {
	int n;
	const struct msg_param *p;
	const int *by_name;             /* n parameters in the order of their names */
	const int *const *choice_order; /* of each parameter with choices: see choices.h */
	size_t point_bytes;             /* most that one point takes in a message */
};

/* Errors: KR_INVALID_ARGUMENT (a name twice; field "spec.parameters"), KR_ENOMEM. */
enum kr_status params_init(
	struct params *out, const struct msg_param *p, int n, struct arena *a, struct kr_error *err);

/* Parameter of that name, -1 when there is none; hint: where it may be. */
int params_find(const struct params *ps, const char *name, int hint);

/* Index of the choice of parameter i equal to v in type and value (bool: 0, 1); -1: none. */
int params_choice(const struct params *ps, int i, const struct msg_scalar *v);

#endif
