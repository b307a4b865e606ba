/* Trials of a study: page by page from the daemon, and on stdout in the format
 * asked for (trials_begin .. trials_put* .. trials_end). */
#ifndef KR_CLIENT_CLI_TRIALS_H
#define KR_CLIENT_CLI_TRIALS_H

#include "client/cli/cli.h"
#include "client/cli/rows.h"

struct trials {
	const struct msg_spec *spec;
	struct rows rows;
	struct cell *cells;
};

/* many: JSON is a list; else it is the one trial. Returns CLI_OK, or the exit code after saying
 * what is wrong; then there is nothing to end. */
int trials_begin(
	struct trials *t, struct cli *cli, FILE *out, const struct msg_spec *spec, bool many);

/* Returns whether the trial passed the filter. */
bool trials_put(struct trials *t, const struct msg_trial *trial);

/* Whether the filter lets it pass; nothing is put. */
bool trials_pass(struct trials *t, const struct msg_trial *trial);

/* Returns the exit code. */
int trials_end(struct trials *t);

/* Each trial of the query, by number; visit returns false to end early. What it is shown is gone
 * after the call. m->from_number is used up. Returns the exit code. */
typedef bool trials_visit(void *ctx, const struct msg_trial *trial);
int trials_each(struct cli *cli, struct msg_list_trials *m, trials_visit *visit, void *ctx);

/* Trials of a reply (of Suggest, Observe, ...) on stdout; many as above. */
int trials_print(
	struct cli *cli, const struct msg_spec *spec, const struct msg_trials_reply *reply, bool many);

#endif
