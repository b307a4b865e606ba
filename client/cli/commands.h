/* The table of commands, made from cmd_list.def: what runs, what --help and the man
 * pages say, what completion offers. */
#ifndef KR_CLIENT_CLI_COMMANDS_H
#define KR_CLIENT_CLI_COMMANDS_H

#include <stdbool.h>

struct cli;

/* Keys of the options without a letter that are in no command's own table. */
enum option_key {
	OPTION_ENDPOINT = 1000,
	OPTION_SERVER_KEY,
	OPTION_KEY_FILE,
	OPTION_TIMEOUT,
	OPTION_RETRY,
	OPTION_NO_HEADER,
	OPTION_PRECISION,
	OPTION_UTC,
	OPTION_COLOR,
	OPTION_VERSION,
	OPTION_FILTER,
	OPTION_SORT,
	OPTION_LIMIT,
	OPTION_COLUMNS
};

/* One option. arg is the name of its value in help, NULL when it has none; lower-case
 * words with | between them are the values it takes, FILE and DIR are paths, STUDY is
 * the name of a study, and .. at the end says that it may be given again. */
struct cli_option {
	const char *name;
	int key; /* what cli_getopt returns; a letter is also its short form, unless negated */
	const char *arg, *help;
};

enum { COMMAND_ROWS = 1, COMMAND_HIDDEN = 2 };

/* One command: noun and verb ("study", "create"), or a word alone (verb NULL). */
struct command {
	const char *noun, *verb;
	int (*run)(struct cli *cli, int argc, char **argv); /* argv[0]: the last word of its name */
	int flags;        /* COMMAND_ROWS: takes --filter and its like; COMMAND_HIDDEN: not in help */
	const char *args; /* its words, written as the args of options */
	const char *summary;              /* one line */
	const char *details;              /* lines of at most 80 columns, or "" */
	const char *example;              /* lines of shell */
	const struct cli_option *options; /* ended by one without a name */
};

extern const struct command commands[];
extern const int n_commands;

/* Options that every command has, and those of the commands with rows. */
extern const struct cli_option options_common[], options_rows[];

/* noun and verb, or a word alone; verb may be NULL. NULL: there is none. */
const struct command *commands_find(const char *noun, const char *verb);

/* Whether a command begins with that word. */
bool commands_has_noun(const char *noun);

#endif
