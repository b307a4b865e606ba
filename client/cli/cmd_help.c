/* krige help [COMMAND], krige version. */
#include "client/cli/help.h"

#include <string.h>

#include "client/cli/cli.h"

int cmd_help(struct cli *cli, int argc, char **argv);
int cmd_version(struct cli *cli, int argc, char **argv);

int cmd_help(struct cli *cli, int argc, char **argv)
{
	const char *noun, *verb;
	bool known = false;

	if (cli_getopt(cli, argc, argv, NULL, NULL) != -1)
		return cli->help_exit;
	if (optind == argc) {
		help_all(stdout);
		return cli_flush();
	}
	noun = argv[optind];
	verb = optind + 1 < argc ? argv[optind + 1] : NULL;
	for (int i = 0; i < n_commands; i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->noun, noun) != 0)
			continue;
		known = true;
		if (!c->verb || (verb && strcmp(c->verb, verb) == 0)) {
			help_command(stdout, c);
			return cli_flush();
		}
	}
	if (!known || verb)
		return cli_usage(cli, "no command '%s%s%s'", noun, verb ? " " : "", verb ? verb : "");
	help_noun(stdout, noun);
	return cli_flush();
}

int cmd_version(struct cli *cli, int argc, char **argv)
{
	if (cli_getopt(cli, argc, argv, NULL, NULL) != -1)
		return cli->help_exit;
	if (optind != argc)
		return cli_usage(cli, "too many words");
	printf("krige %s\n", krige_version());
	return cli_flush();
}
