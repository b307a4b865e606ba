/* krige best NAME. */
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/trials.h"

int cmd_best(struct cli *cli, int argc, char **argv);

int cmd_best(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_BEST};
	const struct msg_study *study;
	struct msg_trials_reply trials;
	struct msg_reply reply;
	int code;

	if (!options_words(cli, argc, argv, 1, 1))
		return cli->code;
	request.u.best.study = argv[optind];
	code = cli_study(cli, argv[optind], &study);
	if (code == CLI_OK)
		code = cli_call(cli, &request, &reply);
	if (code != CLI_OK)
		return code;
	if (!reply.u.best.trial) {
		if (cli_wants_json(cli) && cli->format != FORMAT_JSONL)
			puts("null");
		cli_say("study '%s' has no result yet", study->name);
		return CLI_NOT_NOW;
	}
	trials = (struct msg_trials_reply){.n = 1, .trials = reply.u.best.trial};
	return trials_print(cli, &study->spec, &trials, false);
}
