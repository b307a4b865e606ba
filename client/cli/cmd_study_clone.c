/* krige study clone STUDY NEW: the same space and settings, with or without the results. */
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/change.h"
#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/trials.h"
#include "proto/limits.h"

int cmd_study_clone(struct cli *cli, int argc, char **argv);

/* Results on their way to the new study. */
struct copy {
	struct cli *cli;
	const char *study;
	struct arena *arena; /* of the points that wait */
	struct msg_point points[LIMIT_BATCH];
	int n, batch;
	uint64_t total;
	int code;
};

enum { ARENA_BYTES = 64 << 20, VALUES_A_REQUEST = 8192 };

static void flush(struct copy *c)
{
	struct msg_request request = {.method = METHOD_ADD_TRIALS,
		.u.add_trials = {.study = c->study, .n = c->n, .points = c->points}};
	struct msg_reply reply;

	if (c->n > 0 && c->code == CLI_OK)
		c->code = cli_call(c->cli, &request, &reply);
	c->total += (uint64_t)c->n;
	c->n = 0;
	arena_reset(c->arena);
}

static const char *copy_text(struct copy *c, const char *s)
{
	const char *text = s ? arena_printf(c->arena, "%s", s) : NULL;

	if (s && !text)
		c->code = cli_no_memory();
	return text;
}

static const struct msg_named *copy_named(struct copy *c, const struct msg_named *p, int n)
{
	struct msg_named *out = ARENA_ARRAY(c->arena, struct msg_named, n);

	for (int i = 0; out && i < n; i++) {
		out[i] = p[i];
		out[i].name = copy_text(c, p[i].name);
		if (p[i].value.kind == SCALAR_STRING)
			out[i].value.s = copy_text(c, p[i].value.s);
	}
	if (!out)
		c->code = cli_no_memory();
	return out;
}

static const struct msg_value *copy_values(struct copy *c, const struct msg_value *p, int n)
{
	struct msg_value *out = ARENA_ARRAY(c->arena, struct msg_value, n);

	for (int i = 0; out && i < n; i++) {
		out[i] = p[i];
		out[i].name = copy_text(c, p[i].name);
	}
	if (!out)
		c->code = cli_no_memory();
	return out;
}

static bool take(void *ctx, const struct msg_trial *t)
{
	struct copy *c = ctx;

	if (t->excluded)
		return true;
	c->points[c->n++] = (struct msg_point){.n_params = t->n_params,
		.params = copy_named(c, t->params, t->n_params),
		.n_values = t->n_values,
		.values = copy_values(c, t->values, t->n_values),
		.labels = {t->labels.n, copy_named(c, t->labels.p, t->labels.n)},
		.note = copy_text(c, t->note)};
	if (c->n >= c->batch)
		flush(c);
	return c->code == CLI_OK;
}

static int copy_results(struct cli *cli, const struct msg_study *from, const char *to)
{
	struct msg_list_trials m = {.study = from->name,
		.states = 1u << TRIAL_COMPLETE,
		.params = true,
		.values = true,
		.labels = true};
	struct copy *c = ARENA_NEW(cli->arena, struct copy);
	int code;

	if (!c)
		return cli_no_memory();
	*c = (struct copy){.cli = cli, .study = to, .arena = arena_new(ARENA_BYTES)};
	if (!c->arena)
		return cli_no_memory();
	c->batch = VALUES_A_REQUEST / (from->spec.n_params + from->spec.n_metrics + 1);
	if (c->batch > LIMIT_BATCH)
		c->batch = LIMIT_BATCH;
	code = trials_each(cli, &m, take, c);
	if (code == CLI_OK)
		flush(c);
	arena_free(c->arena);
	if (code == CLI_OK && c->code == CLI_OK && !cli->quiet)
		cli_say("copied %" PRIu64 " results", c->total);
	return code != CLI_OK ? code : c->code;
}

int cmd_study_clone(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_CREATE_STUDY};
	const struct msg_study *from, *made;
	struct msg_reply reply;
	bool results = false;
	int c, code;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		results = true;
	}
	if (argc - optind != 2)
		return cli_usage(cli, "give %s", cli->command->args);
	code = cli_study(cli, argv[optind], &from);
	if (code != CLI_OK)
		return code;
	request.u.create_study = (struct msg_create_study){.name = argv[optind + 1],
		.spec = from->spec,
		.if_exists = IF_EXISTS_FAIL,
		.clone_of = argv[optind]};
	code = cli_call(cli, &request, &reply);
	if (code == CLI_OK && results)
		code = copy_results(cli, from, argv[optind + 1]);
	if (code == CLI_OK)
		code = cli_study(cli, argv[optind + 1], &made);
	return code == CLI_OK ? change_show(cli, made) : code;
}
