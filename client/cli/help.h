/* Help, printed from the table of commands. */
#ifndef KR_CLIENT_CLI_HELP_H
#define KR_CLIENT_CLI_HELP_H

#include <stdio.h>

struct command;
struct cli_option;

/* A text of topics.def. */
struct topic {
	const char *name, *title, *text;
};
extern const struct topic topics[];
extern const int n_topics;

/* All commands, common options, topics. */
void help_all(FILE *out);

/* The commands of a noun. */
void help_noun(FILE *out, const char *noun);

/* "krige study show", with sep between the words. */
void help_name(FILE *out, const struct command *c, char sep);

/* "[-c COUNT] [--fix K=V].." */
void help_synopsis(FILE *out, const struct command *c);

/* "-c, --count" */
void help_option(FILE *out, const struct cli_option *o);

/* "usage: krige ..." */
void help_usage(FILE *out, const struct command *c);

/* All there is to say; all commands when c is NULL. */
void help_command(FILE *out, const struct command *c);

#endif
