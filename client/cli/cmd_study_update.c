/* krige study pause, resume, finish, set, delete, undelete: changes of one study. */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/view.h"

#define COMMAND(function) int cmd_study_##function(struct cli *cli, int argc, char **argv);
COMMAND(pause)
COMMAND(resume)
COMMAND(finish)
COMMAND(set)
COMMAND(delete)
COMMAND(undelete)
#undef COMMAND

static int change(struct cli *cli, struct msg_request *request)
{
	struct writer w = cli_writer(cli);
	const struct msg_study *s;
	struct msg_reply reply;
	int code = cli_call(cli, request, &reply);

	if (code != CLI_OK)
		return code;
	s = &reply.u.study.study;
	if (cli_wants_json(cli)) {
		view_study_json(&w, s);
		writer_finish(&w);
	} else if (!cli->quiet) {
		cli_say("study '%s' is %s", s->name, msg_study_state_name(s->state));
	}
	return cli_flush();
}

/* One word, the name of the study. */
static int name_only(struct cli *cli, int argc, char **argv, const char **name)
{
	if (!options_words(cli, argc, argv, 1, 1))
		return cli->code;
	*name = argv[optind];
	return CLI_OK;
}

static int act(struct cli *cli, int argc, char **argv, enum study_action action)
{
	struct msg_request request = {.method = METHOD_UPDATE_STUDY, .u.update_study.action = action};
	const char *name = NULL;
	int code = name_only(cli, argc, argv, &name);

	request.u.update_study.study = name;
	return name ? change(cli, &request) : code;
}

int cmd_study_pause(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, ACTION_PAUSE);
}

int cmd_study_resume(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, ACTION_RESUME);
}

int cmd_study_finish(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, ACTION_FINISH);
}

int cmd_study_delete(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_DELETE_STUDY};
	const char *name = NULL;
	int code = name_only(cli, argc, argv, &name);

	request.u.delete_study.study = name;
	return name ? change(cli, &request) : code;
}

int cmd_study_undelete(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_DELETE_STUDY};
	struct msg_delete_study *m = &request.u.delete_study;
	int c;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		m->has_id = number_parse_u64(optarg, &m->id);
		if (!m->has_id)
			return cli_usage(cli,
				"--id: '%s' is not an id; `krige study list "
				"--deleted -o json` shows them",
				optarg);
	}
	if (argc - optind != 1)
		return cli_usage(cli, "give %s", cli->command->args);
	m->study = argv[optind];
	m->undelete = true;
	return change(cli, &request);
}

int cmd_study_set(struct cli *cli, int argc, char **argv)
{
	static const char key[] = "budget=";
	struct msg_request request = {.method = METHOD_UPDATE_STUDY};
	struct msg_update_study *m = &request.u.update_study;
	const char *value;

	if (options_next(cli, argc, argv) != -1)
		return cli->code;
	if (argc - optind != 2)
		return cli_usage(cli, "a study name and budget=N");
	m->study = argv[optind];
	if (strncmp(argv[optind + 1], key, strlen(key)) != 0)
		return cli_usage(cli, "'%s': only budget=N can be set in this version", argv[optind + 1]);
	value = argv[optind + 1] + strlen(key);
	m->no_budget = strcmp(value, "none") == 0;
	m->has_budget = !m->no_budget;
	if (m->has_budget && !number_parse_u64(value, &m->budget))
		return cli_usage(cli, "budget: '%s' is not a number of trials, nor none", value);
	if (m->has_budget && m->budget == 0)
		return cli_usage(
			cli, "budget is 0; give at least 1, or budget=none to take the limit away");
	return change(cli, &request);
}
