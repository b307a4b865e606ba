/* krige trial edit, exclude, cancel, requeue, delete, note: changes of trials that
 * are there. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/cli.h"
#include "client/cli/label.h"
#include "client/cli/measure.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "proto/limits.h"

#define COMMAND(function) int cmd_trial_##function(struct cli *cli, int argc, char **argv);
COMMAND(edit)
COMMAND(exclude)
COMMAND(cancel)
COMMAND(requeue)
COMMAND(delete)
COMMAND(note)
#undef COMMAND

static int read_number(struct cli *cli, const char *text, uint64_t *number)
{
	return number_parse_u64(text, number) ? CLI_OK
										  : cli_usage(cli, "'%s' is not a trial number", text);
}

/* The same for each number of "STUDY N..": make fills the request. Those before the first that is
 * refused are changed. */
typedef void make_request(
	struct msg_request *request, const char *study, uint64_t number, const void *ctx);

static int each_number(struct cli *cli, int argc, char **argv, make_request *make, const void *ctx)
{
	const char *study = argv[optind];
	uint64_t number;
	int code = CLI_OK;

	if (argc - optind < 2)
		return cli_usage(cli, "words are missing: give %s", cli->command->args);
	for (int i = optind + 1; i < argc && code == CLI_OK; i++)
		code = read_number(cli, argv[i], &number);
	for (int i = optind + 1; i < argc && code == CLI_OK; i++) {
		struct msg_request request = {0};

		number_parse_u64(argv[i], &number);
		make(&request, study, number, ctx);
		code = change_trials(cli, study, &request);
	}
	return code;
}

/* ---- edit ---------------------------------------------------------------------------- */

struct edit {
	struct msg_edit_trial m;
	struct msg_named labels[LIMIT_LABELS];
	const char *removed[LIMIT_LABELS];
};

static int edit_option(struct cli *cli, struct edit *e, int c)
{
	struct msg_edit_trial *m = &e->m;
	struct kr_error err;

	switch (c) {
	case 'n': m->note = optarg; return CLI_OK;
	case 'x':
	case 'X':
		m->has_excluded = true;
		m->excluded = c == 'x';
		return CLI_OK;
	case 'L':
		if (m->remove_labels.n == LIMIT_LABELS)
			return cli_usage(cli, "--unlabel: more than %d times", LIMIT_LABELS);
		e->removed[m->remove_labels.n++] = optarg;
		return CLI_OK;
	default:
		if (m->labels.n == LIMIT_LABELS)
			return cli_usage(cli, "--label: more than %d times", LIMIT_LABELS);
		if (label_parse(&e->labels[m->labels.n], optarg, cli->arena, &err) != KR_OK)
			return cli_kr_error(&err);
		m->labels.n++;
		return CLI_OK;
	}
}

static int edit_values(struct cli *cli, struct msg_edit_trial *m, int n, char **words)
{
	struct kr_error err;

	if (measure_parse_all(&m->values, n, words, cli->arena, &err) != KR_OK)
		return cli_kr_error(&err);
	m->n_values = n;
	return CLI_OK;
}

int cmd_trial_edit(struct cli *cli, int argc, char **argv)
{
	struct edit e = {0};
	struct msg_request request = {.method = METHOD_EDIT_TRIAL};
	int c, code = CLI_OK, words;

	while ((c = options_next(cli, options_before_negative(argc, argv), argv)) != -1) {
		if (c == '?')
			return cli->code;
		code = edit_option(cli, &e, c);
		if (code != CLI_OK)
			return code;
	}
	words = argc - optind;
	if (words < 2)
		return cli_usage(cli, "words are missing: give %s", cli->command->args);
	e.m.study = argv[optind];
	code = read_number(cli, argv[optind + 1], &e.m.number);
	if (code == CLI_OK && words > 2)
		code = edit_values(cli, &e.m, words - 2, argv + optind + 2);
	if (code != CLI_OK)
		return code;
	if (words == 2 && !e.m.note && !e.m.has_excluded && !e.m.labels.n && !e.m.remove_labels.n)
		return cli_usage(cli, "nothing to change: give a value, or one of the options");
	e.m.labels.p = e.labels;
	e.m.remove_labels.p = e.removed;
	request.u.edit_trial = e.m;
	return change_trials(cli, e.m.study, &request);
}

int cmd_trial_note(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_EDIT_TRIAL};
	struct msg_edit_trial *m = &request.u.edit_trial;
	int code;

	if (!options_words(cli, argc, argv, 3, 3))
		return cli->code;
	m->study = argv[optind];
	m->note = argv[optind + 2];
	code = read_number(cli, argv[optind + 1], &m->number);
	return code == CLI_OK ? change_trials(cli, m->study, &request) : code;
}

static void make_exclude(struct msg_request *r, const char *study, uint64_t number, const void *ctx)
{
	const bool *excluded = ctx;

	r->method = METHOD_EDIT_TRIAL;
	r->u.edit_trial = (struct msg_edit_trial){
		.study = study, .number = number, .has_excluded = true, .excluded = *excluded};
}

int cmd_trial_exclude(struct cli *cli, int argc, char **argv)
{
	bool excluded = true;
	int c;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		excluded = false;
	}
	return each_number(cli, argc, argv, make_exclude, &excluded);
}

/* ---- the others ------------------------------------------------------------------------ */

static void make_cancel(struct msg_request *r, const char *study, uint64_t number, const void *ctx)
{
	r->method = METHOD_CANCEL_TRIAL;
	r->u.cancel_trial = (struct msg_trial_ref){.study = study, .number = number, .reason = ctx};
}

int cmd_trial_cancel(struct cli *cli, int argc, char **argv)
{
	const char *reason = NULL;
	int c;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		reason = optarg;
	}
	return each_number(cli, argc, argv, make_cancel, reason);
}

static void make_requeue(struct msg_request *r, const char *study, uint64_t number, const void *ctx)
{
	(void)ctx;
	r->method = METHOD_RELEASE;
	r->u.release = (struct msg_trial_ref){.study = study, .number = number};
}

int cmd_trial_requeue(struct cli *cli, int argc, char **argv)
{
	if (options_next(cli, argc, argv) != -1)
		return cli->code;
	return each_number(cli, argc, argv, make_requeue, NULL);
}

static void make_delete(struct msg_request *r, const char *study, uint64_t number, const void *ctx)
{
	(void)ctx;
	r->method = METHOD_DELETE_TRIAL;
	r->u.delete_trial = (struct msg_get_trial){.study = study, .number = number};
}

int cmd_trial_delete(struct cli *cli, int argc, char **argv)
{
	if (options_next(cli, argc, argv) != -1)
		return cli->code;
	return each_number(cli, argc, argv, make_delete, NULL);
}
