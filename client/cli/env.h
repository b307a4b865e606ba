/* A trial as environment variables, for `ask --format env` and the commands of
 * `run`: KRIGE_STUDY, KRIGE_TRIAL, KRIGE_PARAMS (JSON), KRIGE_LEASE (lease.h) and one
 * KRIGE_PARAM_<name> per parameter. */
#ifndef KR_CLIENT_CLI_ENV_H
#define KR_CLIENT_CLI_ENV_H

#include "base/arena.h"
#include "proto/msg.h"

struct env_pair {
	const char *name, *value; /* value NULL: not set */
};

/* In a parameter's name what a variable's cannot have becomes '_', a byte that is not ASCII its two
 * hexadecimal digits; where two parameters of the space would be one variable, the later ones
 * get _2, _3, ..: a parameter is the same variable in each trial. Those of the space that the
 * trial has not are pairs without a value. Returns how many, -1 when memory runs out. */
int env_of_trial(const struct env_pair **out, const struct msg_study *study,
	const struct msg_trial *t, struct arena *a);

/* This process's environment and the pairs, which win: NULL-terminated. NULL when memory
 * runs out. */
char **env_with(const struct env_pair *pairs, int n, struct arena *a);

#endif
