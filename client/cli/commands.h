/* The table of commands, made from cmd_list.def. */
#ifndef KR_CLIENT_CLI_COMMANDS_H
#define KR_CLIENT_CLI_COMMANDS_H

struct cli;

/* One command: noun and verb ("study", "create"), or a word alone (verb NULL). */
struct command {
	const char *noun, *verb;
	int (*run)(struct cli *cli, int argc, char **argv); /* argv[0]: the last word of its name */
	const char *synopsis, *summary; /* of the summary, the first line is enough for lists */
};

extern const struct command commands[];
extern const int n_commands;

#endif
