/* krige study create FILE|-: a study from a study file. */
#include <string.h>

#include "base/alloc.h"
#include "client/cli/cli.h"
#include "client/cli/input.h"
#include "client/cli/studyfile.h"
#include "client/cli/view.h"

int cmd_study_create(struct cli *cli, int argc, char **argv);

static int read_study(struct cli *cli, const char *path, struct msg_create_study *out)
{
	const char *source = strcmp(path, "-") == 0 ? "stdin" : path;
	struct kr_error err;
	enum kr_status s;
	char *text;
	size_t len;

	if (input_file(&text, &len, path, &err) != KR_OK) {
		cli_kr_error(&err);
		return CLI_USAGE;
	}
	s = studyfile_parse(out, text, len, source, cli->arena, &err);
	kr_free(text);
	return s == KR_OK ? CLI_OK : cli_kr_error(&err);
}

static int print_created(struct cli *cli, const struct msg_study_reply *reply)
{
	struct writer w = writer_make(stdout);

	if (cli->format == FORMAT_JSON || cli->format == FORMAT_JSONL) {
		view_study_json(&w, &reply->study);
		putchar('\n');
	} else if (!cli->quiet) {
		cli_say(
			"study '%s' %s", reply->study.name, reply->attached ? "was there already" : "created");
	}
	return cli_flush();
}

int cmd_study_create(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{"if-exists", required_argument, NULL, 'x'},
		{0},
	};
	struct msg_request request = {.method = METHOD_CREATE_STUDY};
	struct msg_reply reply;
	enum if_exists if_exists = 0;
	int c, code;

	while ((c = cli_getopt(cli, argc, argv, NULL, options)) != -1) {
		if (c == '?')
			return cli->help_exit;
		if_exists = studyfile_if_exists(optarg);
		if (!if_exists)
			return cli_usage(cli, "--if-exists: '%s'; use fail, attach or replace", optarg);
	}
	if (argc - optind != 1)
		return cli_usage(cli, "one study file, or - for standard input");
	code = read_study(cli, argv[optind], &request.u.create_study);
	if (code != CLI_OK)
		return code;
	if (if_exists)
		request.u.create_study.if_exists = if_exists;
	if (!request.u.create_study.if_exists)
		request.u.create_study.if_exists = IF_EXISTS_FAIL;
	code = cli_call(cli, &request, &reply);
	return code == CLI_OK ? print_created(cli, &reply.u.study) : code;
}
