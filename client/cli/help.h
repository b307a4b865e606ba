/* Help, printed from the table of commands. */
#ifndef KR_CLIENT_CLI_HELP_H
#define KR_CLIENT_CLI_HELP_H

#include <stdio.h>

struct command;

/* All commands, common options, exit codes. */
void help_all(FILE *out);

/* The commands of a noun. */
void help_noun(FILE *out, const char *noun);

/* "usage: krige ..." */
void help_usage(FILE *out, const struct command *c);

/* Usage and summary; all commands when c is NULL. */
void help_command(FILE *out, const struct command *c);

#endif
