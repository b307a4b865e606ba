#include "client/cli/help.h"

#include <string.h>

#include "client/cli/commands.h"

enum { INDENT = 26 };

static void put_command(FILE *out, const struct command *c)
{
	int len = fprintf(out, "  %s%s%s", c->noun, c->verb ? " " : "", c->verb ? c->verb : "");

	fprintf(out, "%*s%.*s\n", len < INDENT ? INDENT - len : 1, "", (int)strcspn(c->summary, "\n"),
		c->summary);
}

static void put_common(FILE *out)
{
	fputs("\nOptions of every command:\n"
		  "  --endpoint E            ipc:///path or tcp://host:port; default: KRIGE_ENDPOINT, "
		  "else the\n"
		  "                          socket of a local daemon\n"
		  "  -o, --output FORMAT     table, tsv, csv, json or jsonl; default: a table on a "
		  "terminal,\n"
		  "                          tsv in a pipe\n"
		  "  --no-header             no column names\n"
		  "  --timeout S             most time for one answer (60; KRIGE_TIMEOUT_MS)\n"
		  "  --retry S               how long to put up with a daemon that is away (0)\n"
		  "  -q, --quiet  -v, --verbose  -h, --help  --version\n",
		out);
}

void help_all(FILE *out)
{
	fputs("krige: ask kriged for points to try, tell it what came out\n\n"
		  "usage: krige [OPTION].. COMMAND ..\n\nCommands:\n",
		out);
	for (int i = 0; i < n_commands; i++)
		put_command(out, &commands[i]);
	put_common(out);
	fputs("\nExit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict,\n"
		  "6 cannot connect, 7 timeout, 8 nothing now, 9 study finished or budget spent,\n"
		  "10 stop this trial, 11 command of run failed, 130 interrupted.\n",
		out);
}

void help_noun(FILE *out, const char *noun)
{
	for (int i = 0; i < n_commands; i++)
		if (strcmp(commands[i].noun, noun) == 0)
			put_command(out, &commands[i]);
}

void help_usage(FILE *out, const struct command *c)
{
	fprintf(out, "usage: krige %s%s%s%s%s\n", c->noun, c->verb ? " " : "", c->verb ? c->verb : "",
		c->synopsis[0] ? " " : "", c->synopsis);
}

void help_command(FILE *out, const struct command *c)
{
	if (!c) {
		help_all(out);
		return;
	}
	help_usage(out, c);
	fprintf(out, "\n%s\n", c->summary);
	put_common(out);
}
