/* Placeholders in the words of a command: {lr} is the value of parameter lr,
 * {number} that of the trial, {{ and }} are braces. */
#ifndef KR_CLIENT_CLI_TEMPLATE_H
#define KR_CLIENT_CLI_TEMPLATE_H

#include "base/arena.h"
#include "base/status.h"
#include "proto/msg.h"

/* *out: text with its placeholders replaced, in the arena; nothing stands for a parameter of the
 * space that the trial has not. A parameter called "number" hides the number of the trial.
 * Errors: KR_INVALID_ARGUMENT (unknown placeholder, single brace); KR_ENOMEM. */
enum kr_status template_expand(const char **out, const char *text, const struct msg_spec *spec,
	const struct msg_trial *t, struct arena *a, struct kr_error *err);

/* Whether every word can be expanded for trials of this space: errors as template_expand. */
enum kr_status template_check(const char *const *words, int n, const struct msg_spec *spec,
	struct arena *a, struct kr_error *err);

/* All words, NULL-terminated. A word that is the placeholder of such a parameter alone, or ends in
 * ={name}, is left out. */
enum kr_status template_command(char ***out, const char *const *words, int n,
	const struct msg_spec *spec, const struct msg_trial *t, struct arena *a, struct kr_error *err);

#endif
