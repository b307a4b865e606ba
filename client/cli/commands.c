#include "client/cli/commands.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define COMMAND(noun, verb, function, ...) \
	int cmd_##function(struct cli *cli, int argc, char **argv);
#include "client/cli/cmd_list.def"
#undef COMMAND

#define END                 \
	{                       \
		NULL, 0, NULL, NULL \
	}

#define COMMAND(noun, verb, function, flags, args, summary, details, example, ...) \
	static const struct cli_option options_##function[] = {__VA_ARGS__};
#include "client/cli/cmd_list.def"
#undef COMMAND

const struct command commands[] = {
#define COMMAND(noun, verb, function, flags, args, summary, details, example, ...)        \
	{noun, verb[0] ? verb : NULL, cmd_##function, flags, args, summary, details, example, \
		options_##function},
#include "client/cli/cmd_list.def"
#undef COMMAND
};

const int n_commands = (int)(sizeof(commands) / sizeof(commands[0]));

const struct cli_option options_common[] = {
	{"endpoint", OPTION_ENDPOINT, "E",
		"ipc:///path or tcp://host:port; default: KRIGE_ENDPOINT, else your own daemon, which is "
		"started when it does not run"},
	{"server-key", OPTION_SERVER_KEY, "KEY",
		"public key of the daemon, or a file that has it; default: KRIGE_SERVER_KEY"},
	{"key-file", OPTION_KEY_FILE, "FILE",
		"your secret key, made by `krige keygen`; default: KRIGE_KEY_FILE"},
	{"output", 'o', "table|wide|tsv|csv|md|json|jsonl|yaml|name",
		"default: a table on a terminal, tsv in a pipe"},
	{"no-header", OPTION_NO_HEADER, NULL, "no column names"},
	{"precision", OPTION_PRECISION, "D",
		"significant digits of reals in rows (table: 6, else all)"},
	{"utc", OPTION_UTC, NULL, "tables show times in UTC, not in the local time zone"},
	{"color", OPTION_COLOR, "auto|always|never", "colors in plots; NO_COLOR turns them off"},
	{"timeout", OPTION_TIMEOUT, "S", "most time for one answer (60; KRIGE_TIMEOUT_MS)"},
	{"retry", OPTION_RETRY, "S", "how long to put up with a daemon that is away (0)"},
	{"quiet", 'q', NULL, "no words about what was done"},
	{"verbose", 'v', NULL, "more words"},
	{"help", 'h', NULL, "explain the command"},
	{"version", OPTION_VERSION, NULL, "print the version"},
	END,
};

const struct cli_option options_rows[] = {
	{"filter", OPTION_FILTER, "EXPR",
		"only rows that match, as in state==COMPLETE and value<0.3 and worker~gpu; see `krige "
		"help filters`"},
	{"sort", OPTION_SORT, "COL[:desc]", "order of the rows"},
	{"limit", OPTION_LIMIT, "N", "at most N rows"},
	{"columns", OPTION_COLUMNS, "A,B", "these columns, in this order"},
	END,
};

const struct command *commands_find(const char *noun, const char *verb)
{
	for (int i = 0; i < n_commands; i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->noun, noun) == 0 && (!c->verb || (verb && strcmp(c->verb, verb) == 0)))
			return c;
	}
	return NULL;
}

bool commands_has_noun(const char *noun)
{
	for (int i = 0; i < n_commands; i++)
		if (strcmp(commands[i].noun, noun) == 0)
			return true;
	return false;
}
