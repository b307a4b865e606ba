/* krige help [COMMAND], krige version. */
#include "client/cli/cli.h"
#include "client/cli/help.h"
#include "client/cli/options.h"

#include <stdio.h>
#include <string.h>

int cmd_help(struct cli *cli, int argc, char **argv);
int cmd_version(struct cli *cli, int argc, char **argv);

int cmd_help(struct cli *cli, int argc, char **argv)
{
	const struct command *c;
	const char *noun, *verb;

	if (!options_words(cli, argc, argv, 0, 2))
		return cli->code;
	if (optind == argc) {
		help_all(stdout);
		return cli_flush();
	}
	noun = argv[optind];
	verb = optind + 1 < argc ? argv[optind + 1] : NULL;
	c = commands_find(noun, verb);
	if (c) {
		help_command(stdout, c);
		return cli_flush();
	}
	for (int i = 0; i < n_topics; i++) {
		if (verb || strcmp(topics[i].name, noun) != 0)
			continue;
		puts(topics[i].text);
		return cli_flush();
	}
	if (!commands_has_noun(noun) || verb)
		return cli_usage(cli, "no command '%s%s%s'", noun, verb ? " " : "", verb ? verb : "");
	help_noun(stdout, noun);
	return cli_flush();
}

int cmd_version(struct cli *cli, int argc, char **argv)
{
	if (!options_words(cli, argc, argv, 0, 0))
		return cli->code;
	printf("krige %s\n", krige_version());
	return cli_flush();
}
