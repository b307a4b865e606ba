#include "client/cli/change.h"

#include <inttypes.h>

#include "client/cli/trials.h"
#include "client/cli/view.h"

static int tell(
	struct cli *cli, const char *study, const struct msg_trials_reply *reply, const char *verb)
{
	const struct msg_study *s;
	int code;

	if (cli->format != FORMAT_AUTO) {
		code = cli_study(cli, study, &s);
		return code == CLI_OK ? trials_print(cli, &s->spec, reply, reply->n != 1) : code;
	}
	for (int i = 0; i < reply->n && !cli->quiet; i++) {
		const struct msg_trial *t = &reply->trials[i];

		cli_say("trial %" PRIu64 " %s %s%s%s%s%s", t->number, verb, msg_trial_state_name(t->state),
			t->reason ? ": " : "", t->reason ? t->reason : "", t->late ? " (late)" : "",
			t->excluded ? " (excluded)" : "");
	}
	return CLI_OK;
}

int change_told(struct cli *cli, const char *study, const struct msg_trials_reply *reply)
{
	return tell(cli, study, reply, "is");
}

int change_trials(struct cli *cli, const char *study, struct msg_request *request)
{
	struct msg_reply reply;
	int code = cli_call(cli, request, &reply);
	bool deleted = request->method == METHOD_DELETE_TRIAL;

	if (code != CLI_OK)
		return code;
	return tell(cli, study, &reply.u.trials, deleted ? "is deleted; it was" : "is");
}

int change_study(struct cli *cli, struct msg_request *request)
{
	struct msg_reply reply;
	int code = cli_call(cli, request, &reply);

	return code == CLI_OK ? change_show(cli, &reply.u.study.study) : code;
}

int change_show(struct cli *cli, const struct msg_study *s)
{
	struct writer w = cli_writer(cli);

	if (cli_wants_json(cli)) {
		view_study_json(&w, s);
		writer_finish(&w);
	} else if (!cli->quiet) {
		cli_say("study '%s' is %s", s->name, msg_study_state_name(s->state));
	}
	return cli_flush();
}
