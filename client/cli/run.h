/* The loop of `krige run`: each of J slots asks for a trial, runs the command and
 * tells its value, until there is nothing left to ask for. */
#ifndef KR_CLIENT_CLI_RUN_H
#define KR_CLIENT_CLI_RUN_H

#include "client/cli/job.h"

/* One slot, from the first ask to the last tell; the body of a thread. */
void run_slot(struct run *r);

#endif
