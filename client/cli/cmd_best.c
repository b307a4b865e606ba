/* krige best NAME. */
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/trials.h"

int cmd_best(struct cli *cli, int argc, char **argv);

static void say_none(const struct msg_study *s)
{
	uint64_t n = s->counts[TRIAL_COMPLETE];

	if (n == 0)
		cli_say("study '%s' has no result yet", s->name);
	else
		cli_say("study '%s' has no best trial: each of the %" PRIu64
				" results is excluded or breaks an outcome constraint",
			s->name, n);
}

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
		say_none(study);
		return CLI_NOT_NOW;
	}
	trials = (struct msg_trials_reply){.n = 1, .trials = reply.u.best.trial};
	return trials_print(cli, &study->spec, &trials, false);
}
