/* krige study show NAME. */
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/number.h"
#include "client/cli/text.h"
#include "client/cli/view.h"

int cmd_study_show(struct cli *cli, int argc, char **argv);

static void row(struct table *t, const char *field, const char *value)
{
	table_cell(t, field);
	table_cell(t, value);
}

static const char *param_text(const struct msg_param *p, struct arena *a)
{
	const char *text = "";
	char low[NUMBER_BYTES], high[NUMBER_BYTES];

	if (p->n_choices > 0) {
		for (int i = 0; i < p->n_choices && text; i++)
			text = arena_printf(
				a, "%s%s%s", text, i ? ", " : "", text_scalar_quoted(a, &p->choices[i]));
		return text ? arena_printf(a, "%s {%s}", msg_param_kind_name(p->kind), text) : NULL;
	}
	if (p->kind == PARAM_INT) {
		snprintf(low, sizeof(low), "%.0f", p->low);
		snprintf(high, sizeof(high), "%.0f", p->high);
	} else {
		number_format(low, p->low);
		number_format(high, p->high);
	}
	text = arena_printf(
		a, "%s %s .. %s%s", msg_param_kind_name(p->kind), low, high, p->log ? ", log" : "");
	if (text && p->has_step)
		text = arena_printf(a, "%s, step %s", text, number_format(low, p->step));
	return text;
}

static void best_rows(struct table *t, const struct msg_study *s, struct arena *a)
{
	if (!s->best || s->spec.n_metrics == 0)
		return;
	row(t, "best",
		arena_printf(a, "%s = %s in trial %" PRIu64, s->spec.metrics[0].name,
			view_value(t, s->best, &s->spec, 0, a), s->best->number));
	row(t, "best.params",
		view_params_text(s->best->n_params, s->best->params, t->format == FORMAT_TABLE, a));
}

static int print_table(struct cli *cli, const struct msg_study *s, enum format format)
{
	const struct msg_spec *spec = &s->spec;
	struct arena *a = cli->arena;
	char text[TEXT_TIME_BYTES];
	struct table t;

	table_begin(&t, stdout, format, !cli->no_header);
	table_column(&t, "field", false);
	table_column(&t, "value", false);
	row(&t, "name", s->name);
	row(&t, "state", msg_study_state_name(s->state));
	if (s->reason)
		row(&t, "reason", s->reason);
	for (int i = 0; i < spec->n_metrics; i++)
		row(&t, "objective",
			arena_printf(a, "%s %s", msg_role_name(spec->metrics[i].role), spec->metrics[i].name));
	for (int i = 0; i < spec->n_params; i++)
		row(&t, arena_printf(a, "space.%s", spec->params[i].name), param_text(&spec->params[i], a));
	row(&t, "budget", spec->has_budget ? arena_printf(a, "%" PRIu64, spec->budget) : "none");
	for (int i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
		if (s->counts[i] > 0)
			row(&t, arena_printf(a, "trials.%s", msg_trial_state_name((enum trial_state)i)),
				arena_printf(a, "%" PRIu64, s->counts[i]));
	best_rows(&t, s, a);
	if (spec->has_seed)
		row(&t, "seed", arena_printf(a, "%" PRIu64, spec->seed));
	if (spec->has_lease)
		row(&t, "lease", arena_printf(a, "%g s", spec->lease_s));
	row(&t, "created", text_time(text, s->created_ms));
	return table_end(&t) ? cli_flush() : cli_no_memory();
}

int cmd_study_show(struct cli *cli, int argc, char **argv)
{
	struct writer w = writer_make(stdout);
	const struct msg_study *study;
	int code;

	if (cli_getopt(cli, argc, argv, NULL, NULL) != -1)
		return cli->help_exit;
	if (argc - optind != 1)
		return cli_usage(cli, "one study name");
	code = cli_study(cli, argv[optind], &study);
	if (code != CLI_OK)
		return code;
	if (cli->format != FORMAT_JSON && cli->format != FORMAT_JSONL)
		return print_table(cli, study, cli_format(cli));
	view_study_json(&w, study);
	putchar('\n');
	return cli_flush();
}
