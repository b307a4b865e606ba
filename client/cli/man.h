/* Manual pages from the table of commands: krige(1), and krige-COMMAND(1) for each. */
#ifndef KR_CLIENT_CLI_MAN_H
#define KR_CLIENT_CLI_MAN_H

#include <stdio.h>

struct command;

/* krige(1): the commands, what they have in common, the topics of help. */
void man_overview(FILE *out);

/* krige-study-create(1) */
void man_command(FILE *out, const struct command *c);

#endif
