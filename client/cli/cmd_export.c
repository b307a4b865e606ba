/* krige export STUDY [FILE]: all trials with all that is known of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/trials.h"

int cmd_export(struct cli *cli, int argc, char **argv);

static bool put(void *ctx, const struct msg_trial *t)
{
	struct trials *out = ctx;

	trials_put(out, t);
	return !rows_full(&out->rows);
}

static int write_to(struct cli *cli, FILE *out, const struct msg_study *study)
{
	struct msg_list_trials m = {.study = study->name};
	struct trials trials;
	int code = trials_begin(&trials, cli, out, &study->spec, true), ended;

	if (code != CLI_OK)
		return code;
	code = trials_each(cli, &m, put, &trials);
	ended = trials_end(&trials);
	return code != CLI_OK ? code : ended;
}

static int cannot(const char *path)
{
	cli_say("%s: %s", path, strerror(errno));
	return CLI_FAILED;
}

/* The file is whole or not there: what comes is written beside it. */
static int write_file(struct cli *cli, const char *path, const struct msg_study *study)
{
	const char *part = arena_printf(cli->arena, "%s.part", path);
	FILE *out = part ? fopen(part, "we") : NULL;
	bool bad;
	int code;

	if (!part)
		return cli_no_memory();
	if (!out)
		return cannot(part);
	code = write_to(cli, out, study);
	bad = ferror(out);
	if (fclose(out) != 0 || bad)
		code = code == CLI_OK ? cannot(part) : code;
	if (code == CLI_OK && rename(part, path) != 0)
		code = cannot(path);
	if (code != CLI_OK)
		unlink(part);
	return code;
}

/* What FILE is called decides, when nothing was said. */
static enum format format_of(const char *path)
{
	const char *dot = path ? strrchr(path, '.') : NULL;

	return dot && strcmp(dot, ".csv") == 0 ? FORMAT_CSV : FORMAT_JSONL;
}

int cmd_export(struct cli *cli, int argc, char **argv)
{
	const struct msg_study *study;
	const char *path;
	int c, code;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		if (strcmp(optarg, "jsonl") == 0)
			cli->format = FORMAT_JSONL;
		else if (strcmp(optarg, "csv") == 0)
			cli->format = FORMAT_CSV;
		else
			return cli_usage(cli, "--format: '%s'; use jsonl or csv", optarg);
	}
	if (argc - optind < 1 || argc - optind > 2)
		return cli_usage(cli, "give %s", cli->command->args);
	path = argc - optind == 2 ? argv[optind + 1] : NULL;
	if (path && strcmp(path, "-") == 0)
		path = NULL;
	if (cli->format == FORMAT_AUTO)
		cli->format = format_of(path);
	code = cli_study(cli, argv[optind], &study);
	if (code != CLI_OK)
		return code;
	return path ? write_file(cli, path, study) : write_to(cli, stdout, study);
}
