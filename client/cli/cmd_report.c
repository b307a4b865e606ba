/* krige report STUDY N STEP VALUE: an intermediate value; exit code 10: stop. */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/lease.h"
#include "client/cli/measure.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/view.h"

int cmd_report(struct cli *cli, int argc, char **argv);

static const char *const stops[] = {"NONE", "CANCELLED", "PAUSED", "FINISHED", "BUDGET"};

static int print(struct cli *cli, const struct msg_report_reply *reply)
{
	struct writer w = cli_writer(cli);

	if (cli_wants_json(cli)) {
		writer_object(&w);
		writer_bool(writer_key(&w, "stop"), reply->stop != STOP_NONE);
		writer_string(writer_key(&w, "reason"), reply->stop ? stops[reply->stop] : NULL);
		writer_string(writer_key(&w, "message"), reply->message);
		writer_real(writer_key(&w, "remaining"), (double)reply->remaining_ms / 1000);
		writer_end(&w);
		writer_finish(&w);
	}
	if (reply->stop != STOP_NONE && !cli->quiet)
		cli_say("stop: %s", reply->message ? reply->message : stops[reply->stop]);
	return reply->stop != STOP_NONE ? CLI_STOP : cli_flush();
}

/* Reports are values of the objective: a name must be its. */
static int check_name(struct cli *cli, const char *study, const char *name)
{
	const struct msg_study *s;
	int code, objective;

	if (!name)
		return CLI_OK;
	code = cli_study(cli, study, &s);
	if (code != CLI_OK)
		return code;
	objective = view_objective(&s->spec);
	if (objective >= 0 && strcmp(s->spec.metrics[objective].name, name) == 0)
		return CLI_OK;
	return cli_usage(cli, "%s: reports are values of the objective, %s", name,
		objective >= 0 ? s->spec.metrics[objective].name : "which this study has not");
}

int cmd_report(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_REPORT};
	struct msg_report *m = &request.u.report;
	struct msg_value value;
	struct msg_reply reply;
	struct kr_error err;
	int code;

	if (options_next(cli, options_before_negative(argc, argv), argv) != -1)
		return cli->code;
	if (argc - optind != 4)
		return cli_usage(cli, "give %s", cli->command->args);
	argv += optind;
	m->study = argv[0];
	if (!number_parse_u64(argv[1], &m->number))
		return cli_usage(cli, "'%s' is not a trial number", argv[1]);
	if (!number_parse_i64(argv[2], &m->step))
		return cli_usage(cli, "STEP: '%s' is not a whole number", argv[2]);
	if (measure_parse(&value, argv[3], cli->arena, &err) != KR_OK)
		return cli_kr_error(&err);
	if (value.has_sem)
		return cli_usage(cli, "'%s': a report has no standard error", argv[3]);
	m->value = value.value;
	m->lease = lease_claim(m->study, m->number);
	code = check_name(cli, m->study, value.name);
	if (code == CLI_OK)
		code = cli_call(cli, &request, &reply);
	return code == CLI_OK ? print(cli, &reply.u.report) : code;
}
