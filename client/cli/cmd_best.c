/* krige best NAME. */
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/trials.h"

int cmd_best(struct cli *cli, int argc, char **argv);

int cmd_best(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_BEST};
	const struct msg_study *study;
	struct msg_reply reply;
	struct trials out;
	int code;

	if (cli_getopt(cli, argc, argv, NULL, NULL) != -1)
		return cli->help_exit;
	if (argc - optind != 1)
		return cli_usage(cli, "one study name");
	request.u.best.study = argv[optind];
	code = cli_study(cli, argv[optind], &study);
	if (code == CLI_OK)
		code = cli_call(cli, &request, &reply);
	if (code != CLI_OK)
		return code;
	if (!reply.u.best.trial) {
		if (cli->format == FORMAT_JSON)
			puts("null");
		cli_say("study '%s' has no result yet", study->name);
		return CLI_NOT_NOW;
	}
	trials_begin(&out, cli, &study->spec, false);
	trials_put(&out, reply.u.best.trial);
	return trials_end(&out);
}
