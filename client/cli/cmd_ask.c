/* krige ask NAME: trials to evaluate. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/env.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/param.h"
#include "client/cli/text.h"
#include "client/cli/trials.h"
#include "client/cli/view.h"
#include "proto/limits.h"

int cmd_ask(struct cli *cli, int argc, char **argv);

enum shape { SHAPE_TRIALS, SHAPE_ENV, SHAPE_ARGS };

struct ask {
	struct msg_request request;
	const char *fixed[LIMIT_PARAMETERS];
	int n_fixed;
	enum shape shape;
};

/* ---- output ------------------------------------------------------------------------ */

/* Lines for `eval`. */
static bool put_env(struct cli *cli, const struct msg_study *study, const struct msg_trial *t)
{
	const struct env_pair *pairs;
	int n = env_of_trial(&pairs, study, t, cli->arena);

	for (int i = 0; i < n; i++) {
		const char *word = pairs[i].value ? text_shell(cli->arena, pairs[i].value) : NULL;

		if (pairs[i].value && !word)
			return false;
		if (!word)
			printf("unset %s\n", pairs[i].name); /* of the trial before */
		else
			printf("export %s=%s\n", pairs[i].name, word);
	}
	return n >= 0;
}

/* --lr=0.1 --opt=sgd: one line a trial. */
static bool put_args(struct cli *cli, const struct msg_trial *t)
{
	for (int i = 0; i < t->n_params; i++) {
		const char *value = text_scalar(cli->arena, &t->params[i].value);
		const char *word = value ? arena_printf(cli->arena, "--%s=%s", t->params[i].name, value)
								 : NULL;

		word = word ? text_shell(cli->arena, word) : NULL;
		if (!word)
			return false;
		printf("%s%s", i ? " " : "", word);
	}
	putchar('\n');
	return true;
}

static int print(struct cli *cli, const struct ask *ask, const struct msg_study *study,
	const struct msg_trials_reply *reply)
{
	bool ok = true;

	if (ask->shape == SHAPE_TRIALS)
		return trials_print(cli, &study->spec, reply, ask->request.u.suggest.count > 1);
	for (int i = 0; i < reply->n && ok; i++)
		ok = ask->shape == SHAPE_ENV ? put_env(cli, study, &reply->trials[i])
									 : put_args(cli, &reply->trials[i]);
	return ok ? cli_flush() : cli_no_memory();
}

/* ---- options ------------------------------------------------------------------------ */

static bool read_shape(struct cli *cli, struct ask *ask, const char *word)
{
	if (strcmp(word, "json") == 0)
		cli->format = FORMAT_JSON;
	else if (strcmp(word, "env") == 0)
		ask->shape = SHAPE_ENV;
	else if (strcmp(word, "args") == 0)
		ask->shape = SHAPE_ARGS;
	else
		return cli_usage(cli, "--format: '%s'; use json, env or args", word) == CLI_OK;
	return true;
}

static bool read_option(struct cli *cli, struct ask *ask, int c)
{
	struct msg_suggest *m = &ask->request.u.suggest;
	uint32_t wait_ms;
	uint64_t count;

	switch (c) {
	case 'c':
		if (!number_parse_u64(optarg, &count) || count < 1 || count > LIMIT_BATCH)
			return cli_usage(cli, "-c: '%s'; give a number from 1 to %d", optarg, LIMIT_BATCH) ==
				CLI_OK;
		m->count = (uint32_t)count;
		return true;
	case 'f':
		if (ask->n_fixed == LIMIT_PARAMETERS)
			return cli_usage(cli, "--fix: more than %d times", LIMIT_PARAMETERS) == CLI_OK;
		ask->fixed[ask->n_fixed++] = optarg;
		return true;
	case 'w': ask->request.meta.worker_id = optarg; return true;
	case 'l': m->has_lease = options_seconds("--lease", optarg, &m->lease_s); return m->has_lease;
	case 'W':
		if (!options_ms("--wait", optarg, &wait_ms))
			return false;
		m->wait_ms = wait_ms;
		return true;
	default: return read_shape(cli, ask, optarg);
	}
}

static int read_fixed(struct cli *cli, struct ask *ask, const struct msg_spec *spec)
{
	struct msg_named *named = ARENA_ARRAY(cli->arena, struct msg_named, ask->n_fixed);
	struct kr_error err;

	if (!named)
		return cli_no_memory();
	for (int i = 0; i < ask->n_fixed; i++) {
		if (param_assign(&named[i], spec, ask->fixed[i], cli->arena, &err) == KR_OK)
			continue;
		kr_prefix(&err, "--fix");
		return cli_kr_error(&err);
	}
	ask->request.u.suggest.fixed = named;
	ask->request.u.suggest.n_fixed = ask->n_fixed;
	return CLI_OK;
}

int cmd_ask(struct cli *cli, int argc, char **argv)
{
	struct ask ask = {.request = {.method = METHOD_SUGGEST, .u.suggest.count = 1}};
	const struct msg_study *study;
	struct msg_reply reply;
	int c, code;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		if (!read_option(cli, &ask, c))
			return CLI_USAGE;
	}
	if (argc - optind != 1)
		return cli_usage(cli, "give %s", cli->command->args);
	ask.request.u.suggest.study = argv[optind];
	code = cli_study(cli, argv[optind], &study);
	if (code == CLI_OK)
		code = read_fixed(cli, &ask, &study->spec);
	if (code == CLI_OK)
		code = cli_call_waiting(cli, ask.request.u.suggest.wait_ms, &ask.request, &reply);
	return code == CLI_OK ? print(cli, &ask, study, &reply.u.trials) : code;
}
