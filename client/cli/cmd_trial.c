/* krige trial list NAME, krige trial show NAME N. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/number.h"
#include "client/cli/text.h"
#include "client/cli/trials.h"

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

static bool read_count(struct cli *cli, const char *option, const char *text, uint64_t *out)
{
	if (number_parse_u64(text, out))
		return true;
	cli_usage(cli, "%s: '%s' is not a whole number", option, text);
	return false;
}

/* Pages until the end or `limit` trials (0: all). */
static int list(struct cli *cli, struct msg_list_trials *m, uint64_t limit, struct trials *out)
{
	struct msg_request request = {.method = METHOD_LIST_TRIALS};
	struct msg_list_trials_reply *page;
	struct msg_reply reply;
	uint64_t left = limit;
	int code;

	page = &reply.u.list_trials;
	do {
		struct arena_mark mark = arena_mark(cli->arena);

		m->limit = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
		request.u.list_trials = *m;
		request.meta = (struct msg_meta){0};
		code = cli_call(cli, &request, &reply);
		if (code != CLI_OK)
			return code;
		for (int i = 0; i < page->n; i++)
			trials_put(out, &page->trials[i]);
		m->from_number = page->next_number;
		left -= (uint64_t)page->n < left ? (uint64_t)page->n : left;
		arena_release(cli->arena, mark);
	} while (page->more && (limit == 0 || left > 0));
	return CLI_OK;
}

int cmd_trial_list(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{"state", required_argument, NULL, 's'},
		{"limit", required_argument, NULL, 'l'},
		{"since", required_argument, NULL, 'S'},
		{0},
	};
	struct msg_list_trials m = {.params = true, .values = true, .why = true};
	const struct msg_study *study;
	struct trials out;
	uint64_t limit = 0;
	bool ok = true;
	int c, code, ended;

	while ((c = cli_getopt(cli, argc, argv, NULL, options)) != -1) {
		switch (c) {
		case 's': ok = read_states(cli, optarg, &m.states); break;
		case 'l': ok = read_count(cli, "--limit", optarg, &limit); break;
		case 'S': ok = read_count(cli, "--since", optarg, &m.since_seq); break;
		default: return cli->help_exit;
		}
		if (!ok)
			return CLI_USAGE;
	}
	if (argc - optind != 1)
		return cli_usage(cli, "one study name");
	m.study = argv[optind];
	code = cli_study(cli, m.study, &study);
	if (code != CLI_OK)
		return code;
	trials_begin(&out, cli, &study->spec, true);
	code = list(cli, &m, limit, &out);
	ended = trials_end(&out);
	return code != CLI_OK ? code : ended;
}

int cmd_trial_show(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_GET_TRIAL};
	const struct msg_study *study;
	struct msg_reply reply;
	struct trials out;
	int code;

	if (cli_getopt(cli, argc, argv, NULL, NULL) != -1)
		return cli->help_exit;
	if (argc - optind != 2)
		return cli_usage(cli, "a study name and a trial number");
	request.u.get_trial.study = argv[optind];
	if (!number_parse_u64(argv[optind + 1], &request.u.get_trial.number))
		return cli_usage(cli, "'%s' is not a trial number", argv[optind + 1]);
	code = cli_study(cli, argv[optind], &study);
	if (code == CLI_OK)
		code = cli_call(cli, &request, &reply);
	if (code != CLI_OK)
		return code;
	trials_begin(&out, cli, &study->spec, false);
	for (int i = 0; i < reply.u.trials.n; i++)
		trials_put(&out, &reply.u.trials.trials[i]);
	return trials_end(&out);
}
