/* What a change answers: words for people, or the changed thing itself when -o asks for it. */
#ifndef KR_CLIENT_CLI_CHANGE_H
#define KR_CLIENT_CLI_CHANGE_H

#include "client/cli/cli.h"

/* Send a request whose reply is trials, and tell of each "trial 3 is QUEUED", or that it is
 * deleted; with -o, print them. Returns the exit code. */
int change_trials(struct cli *cli, const char *study, struct msg_request *request);

/* The same for trials that are here already. */
int change_told(struct cli *cli, const char *study, const struct msg_trials_reply *reply);

/* The study: "study 's' is PAUSED" on stderr, or all of it with -o. Returns the exit code. */
int change_show(struct cli *cli, const struct msg_study *s);

/* Send a request whose reply is the study, and show it. */
int change_study(struct cli *cli, struct msg_request *request);

#endif
