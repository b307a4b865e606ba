/* Stop rules of a study as people write and read them: SETTING=VALUE words, an object of a study
 * file, JSON. */
#ifndef KR_CLIENT_CLI_STOP_RULES_H
#define KR_CLIENT_CLI_STOP_RULES_H

#include "base/arena.h"
#include "base/status.h"
#include "client/cli/writer.h"
#include "proto/msg.h"

/* "no_progress=20" of `study set stop.no_progress=20`; "none" as the value takes the rule away.
 * Needs no memory. Errors: KR_INVALID_ARGUMENT, and the rules are as they were. */
enum kr_status stop_rules_set(struct msg_stop_rules *rules, const char *word, struct kr_error *err);

/* {"no_progress":20,"target":0.1}; null without rules. */
void stop_rules_json(struct writer *w, const struct msg_spec *spec);

/* "20 trials without progress, target 0.1"; NULL without rules or memory. */
const char *stop_rules_text(const struct msg_spec *spec, struct arena *a);

/* The double of that name; NULL: there is none. no_progress is a count. */
double *stop_rules_number(struct msg_stop_rules *rules, const char *name, size_t len);

#endif
