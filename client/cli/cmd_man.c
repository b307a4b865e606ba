/* krige man DIR: the manual pages as files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/cli/cli.h"
#include "client/cli/help.h"
#include "client/cli/man.h"
#include "client/cli/options.h"

int cmd_man(struct cli *cli, int argc, char **argv);

static int cannot(const char *path)
{
	cli_say("%s: %s", path, strerror(errno));
	return CLI_FAILED;
}

static const char *path_of(struct cli *cli, const char *dir, const struct command *c)
{
	if (!c)
		return arena_printf(cli->arena, "%s/krige.1", dir);
	return arena_printf(
		cli->arena, "%s/krige-%s%s%s.1", dir, c->noun, c->verb ? "-" : "", c->verb ? c->verb : "");
}

static int write_page(struct cli *cli, const char *dir, const struct command *c)
{
	const char *path = path_of(cli, dir, c);
	FILE *out = path ? fopen(path, "we") : NULL;
	bool bad;

	if (!path)
		return cli_no_memory();
	if (!out)
		return cannot(path);
	if (c)
		man_command(out, c);
	else
		man_overview(out);
	bad = ferror(out);
	return fclose(out) != 0 || bad ? cannot(path) : CLI_OK;
}

int cmd_man(struct cli *cli, int argc, char **argv)
{
	const char *dir;
	int code;

	if (!options_words(cli, argc, argv, 1, 1))
		return cli->code;
	dir = argv[optind];
	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return cannot(dir);
	code = write_page(cli, dir, NULL);
	for (int i = 0; i < n_commands && code == CLI_OK; i++)
		if (!(commands[i].flags & COMMAND_HIDDEN))
			code = write_page(cli, dir, &commands[i]);
	return code;
}
