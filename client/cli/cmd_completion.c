/* krige completion SHELL, and what its scripts call. */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/complete.h"
#include "client/cli/options.h"

int cmd_completion(struct cli *cli, int argc, char **argv);
int cmd_complete(struct cli *cli, int argc, char **argv);

int cmd_completion(struct cli *cli, int argc, char **argv)
{
	const char *script;

	if (!options_words(cli, argc, argv, 1, 1))
		return cli->code;
	script = complete_script(argv[optind]);
	if (!script)
		return cli_usage(cli, "'%s': use bash, zsh or fish", argv[optind]);
	fputs(script, stdout);
	return cli_flush();
}

int cmd_complete(struct cli *cli, int argc, char **argv)
{
	int begin = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;

	complete_words(stdout, cli, argc - begin, argv + begin);
	return cli_flush();
}
