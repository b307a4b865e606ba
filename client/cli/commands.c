/* The table of commands. */
#include "client/cli/commands.h"

#include <stddef.h>

#define COMMAND(noun, verb, function, synopsis, summary) \
	int cmd_##function(struct cli *cli, int argc, char **argv);
#include "client/cli/cmd_list.def"
#undef COMMAND

const struct command commands[] = {
#define COMMAND(noun, verb, function, synopsis, summary) \
	{noun, verb[0] ? verb : NULL, cmd_##function, synopsis, summary},
#include "client/cli/cmd_list.def"
#undef COMMAND
};

const int n_commands = (int)(sizeof(commands) / sizeof(commands[0]));
