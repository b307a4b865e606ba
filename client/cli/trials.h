/* Trials on stdout in the format asked for: trials_begin .. trials_put* ..
 * trials_end. Rows go out as they come, except on a terminal. */
#ifndef KR_CLIENT_CLI_TRIALS_H
#define KR_CLIENT_CLI_TRIALS_H

#include "client/cli/cli.h"
#include "client/cli/table.h"
#include "client/cli/writer.h"

struct trials {
	struct cli *cli;
	const struct msg_spec *spec;
	enum format format;
	bool many;
	struct table table;
	struct writer writer;
};

/* many: JSON is a list; else it is the one trial. */
void trials_begin(struct trials *t, struct cli *cli, const struct msg_spec *spec, bool many);
void trials_put(struct trials *t, const struct msg_trial *trial);

/* Returns the exit code. */
int trials_end(struct trials *t);

#endif
