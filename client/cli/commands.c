/* The table of commands. */
#include "client/cli/cli.h"

#define COMMAND(noun, verb, function, synopsis, summary) \
	int cmd_##function(struct cli *cli, int argc, char **argv);
#include "client/cli/cmd_list.def"
#undef COMMAND

const struct cli_command cli_commands[] = {
#define COMMAND(noun, verb, function, synopsis, summary) \
	{noun, verb[0] ? verb : NULL, cmd_##function, synopsis, summary},
#include "client/cli/cmd_list.def"
#undef COMMAND
};

const int cli_n_commands = (int)(sizeof(cli_commands) / sizeof(cli_commands[0]));
