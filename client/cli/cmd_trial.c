/* krige trial list STUDY, krige trial show STUDY N. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/cli/cli.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/text.h"
#include "client/cli/trials.h"
#include "client/cli/watch.h"

int cmd_trial_list(struct cli *cli, int argc, char **argv);
int cmd_trial_show(struct cli *cli, int argc, char **argv);

/* "RUNNING,failed" to bits. */
static bool read_states(struct cli *cli, char *words, uint32_t *states)
{
	const char *names[TRIAL_N_STATES], *near;
	char *rest = NULL;

	for (int i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
		names[i - 1] = msg_trial_state_name((enum trial_state)i);
	for (char *w = strtok_r(words, ",", &rest); w; w = strtok_r(NULL, ",", &rest)) {
		uint32_t bit = 0;

		for (int i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
			if (strcasecmp(w, names[i - 1]) == 0)
				bit = 1u << i;
		if (!bit) {
			near = text_nearest(w, names, TRIAL_N_STATES - 1);
			cli_usage(cli, "--state: no state '%s'%s%s%s", w, near ? "; did you mean " : "",
				near ? near : "", near ? "?" : "");
			return false;
		}
		*states |= bit;
	}
	return true;
}

static bool put(void *ctx, const struct msg_trial *trial)
{
	struct trials *out = ctx;

	trials_put(out, trial);
	return !rows_full(&out->rows);
}

static int list(struct cli *cli, const struct msg_list_trials *query, const struct msg_spec *spec)
{
	struct msg_list_trials m = *query;
	struct trials out;
	int code = trials_begin(&out, cli, stdout, spec, true), ended;

	if (code != CLI_OK)
		return code;
	/* No more than what is shown, where that is known. */
	if (cli->has_limit && !cli->filter && !cli->sort && cli->limit <= UINT32_MAX)
		m.limit = (uint32_t)cli->limit;
	if (!cli->has_limit || cli->limit > 0)
		code = trials_each(cli, &m, put, &out);
	ended = trials_end(&out);
	return code != CLI_OK ? code : ended;
}

/* The list again, or in a pipe what has changed since. */
struct watching {
	struct cli *cli;
	struct msg_list_trials m;
};

static int draw(void *ctx, const struct msg_study *s, uint64_t since_seq)
{
	struct watching *w = ctx;
	struct msg_list_trials m = w->m;

	if (!w->cli->terminal && since_seq > 0) {
		m.since_seq = since_seq;
		w->cli->no_header = true; /* rows are appended */
	}
	watch_fit(w->cli, 0);
	if (w->cli->terminal && !w->cli->sort)
		w->cli->sort = "number:desc"; /* where the changes are */
	return list(w->cli, &m, &s->spec);
}

int cmd_trial_list(struct cli *cli, int argc, char **argv)
{
	struct msg_list_trials m = {.params = true, .values = true, .why = true, .labels = true};
	const struct msg_study *study;
	struct watching w = {.cli = cli};
	bool ok = true, watch = false;
	int c, code;

	while ((c = options_next(cli, argc, argv)) != -1) {
		switch (c) {
		case 's': ok = read_states(cli, optarg, &m.states); break;
		case 'S': ok = options_count(cli, "--since", optarg, 0, &m.since_seq); break;
		case 'w': watch = true; break;
		default: return cli->code;
		}
		if (!ok)
			return CLI_USAGE;
	}
	if (argc - optind != 1)
		return cli_usage(cli, "give %s", cli->command->args);
	m.study = argv[optind];
	w.m = m;
	if (watch)
		return watch_study(cli, m.study, draw, &w);
	code = cli_study(cli, m.study, &study);
	return code == CLI_OK ? list(cli, &m, &study->spec) : code;
}

int cmd_trial_show(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_GET_TRIAL};
	const struct msg_study *study;
	struct msg_reply reply;
	int code;

	if (!options_words(cli, argc, argv, 2, 2))
		return cli->code;
	request.u.get_trial.study = argv[optind];
	if (!number_parse_u64(argv[optind + 1], &request.u.get_trial.number))
		return cli_usage(cli, "'%s' is not a trial number", argv[optind + 1]);
	code = cli_study(cli, argv[optind], &study);
	if (code == CLI_OK)
		code = cli_call(cli, &request, &reply);
	return code == CLI_OK ? trials_print(cli, &study->spec, &reply.u.trials, false) : code;
}
