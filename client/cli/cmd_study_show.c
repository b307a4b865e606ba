/* krige study show NAME. */
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"
#include "client/cli/cli.h"
#include "client/cli/fields.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/stop_rules.h"
#include "client/cli/text.h"
#include "client/cli/view.h"
#include "client/cli/watch.h"

int cmd_study_show(struct cli *cli, int argc, char **argv);

static const char *choices_text(const struct msg_param *p, struct arena *a)
{
	const char *text = "";

	for (int i = 0; i < p->n_choices && text; i++)
		text = arena_printf(
			a, "%s%s%s", text, i ? ", " : "", text_scalar_quoted(a, &p->choices[i]));
	return text ? arena_printf(a, "%s {%s}", msg_param_kind_name(p->kind), text) : NULL;
}

static const char *range_text(const struct msg_param *p, struct arena *a)
{
	char low[NUMBER_BYTES], high[NUMBER_BYTES], step[NUMBER_BYTES];

	if (p->kind == PARAM_INT) {
		snprintf(low, sizeof(low), "%.0f", p->low);
		snprintf(high, sizeof(high), "%.0f", p->high);
	} else {
		number_format(low, p->low);
		number_format(high, p->high);
	}
	return arena_printf(a, "%s %s .. %s%s%s%s", msg_param_kind_name(p->kind), low, high,
		p->log ? ", log" : "", p->has_step ? ", step " : "",
		p->has_step ? number_format(step, p->step) : "");
}

/* ", prior 0.0003, factor 3"; ", prior weights 3, 1, 1". */
static const char *prior_text(const struct msg_prior *prior, struct arena *a)
{
	const char *text = prior->kind == PRIOR_WEIGHTS ? ", prior weights" : ", prior";
	const char *spread = prior->kind == PRIOR_NORMAL ? "sd " : "factor ";

	for (int i = 0; i < prior->n && text; i++) {
		char number[NUMBER_BYTES];

		text = arena_printf(a, "%s%s %s%s", text, i ? "," : "",
			i == 1 && prior->kind != PRIOR_WEIGHTS ? spread : "",
			number_format(number, prior->numbers[i]));
	}
	return text;
}

static const char *param_text(const struct msg_param *p, struct arena *a)
{
	const char *text = msg_param_kind_name(p->kind);

	if (p->n_choices > 0)
		text = choices_text(p, a);
	else if (p->has_low || p->has_high)
		text = range_text(p, a);
	if (text && p->when)
		text = arena_printf(a, "%s, when %s", text, p->when);
	if (text && p->prior.kind) {
		const char *prior = prior_text(&p->prior, a);

		text = prior ? arena_printf(a, "%s%s", text, prior) : NULL;
	}
	return text;
}

static void put_metric(struct fields *f, const struct msg_metric *m)
{
	struct arena *a = f->arena;

	if (m->role != METRIC_CONSTRAINT) {
		fields_text(f, m->role == METRIC_COST ? "cost" : "objective",
			arena_printf(a, "%s %s", msg_metric_role_name(m->role), m->name));
		return;
	}
	if (m->has_lower)
		fields_text(
			f, "constraint", arena_printf(a, "%s >= %s", m->name, fields_real(f, m->lower)));
	if (m->has_upper)
		fields_text(
			f, "constraint", arena_printf(a, "%s <= %s", m->name, fields_real(f, m->upper)));
}

static void put_best(struct fields *f, const struct msg_study *s)
{
	int objective = view_objective(&s->spec);
	const struct msg_value *value;

	if (!s->best || objective < 0)
		return;
	value = view_value(s->best, &s->spec, objective);
	if (!value)
		return;
	fields_text(f, "best",
		arena_printf(f->arena, "%s = %s in trial %" PRIu64, s->spec.metrics[objective].name,
			fields_real(f, value->value), s->best->number));
	fields_text(f, "best.params",
		view_params_text(s->best->n_params, s->best->params, rows_style(&f->rows).brief, f->arena));
}

static void put_outlook(struct fields *f, const struct msg_study *s)
{
	char p[NUMBER_SHOWN];

	if (s->has_outlook)
		fields_text(f, "outlook",
			arena_printf(f->arena,
				"trial %" PRIu64 ": improvement of %.2g expected, of more than %.3g with %s",
				s->outlook.number, s->outlook.expected_gain, s->outlook.gain,
				number_percent(s->outlook.p_gain, p)));
}

static void put_settings(struct fields *f, const struct msg_study *s)
{
	const struct msg_spec *spec = &s->spec;
	struct arena *a = f->arena;

	if (spec->has_seed)
		fields_text(f, "seed", arena_printf(a, "%" PRIu64, spec->seed));
	if (spec->has_noise_sd)
		fields_text(f, "noise", fields_real(f, spec->noise_sd));
	fields_text(f, "acquisition", spec->acquisition.name ? spec->acquisition.name : "auto");
	if (spec->acquisition.has_level)
		fields_text(f, "acquisition_level", fields_real(f, spec->acquisition.level));
	if (spec->acquisition.has_beta)
		fields_text(f, "acquisition_beta", fields_real(f, spec->acquisition.beta));
	if (spec->has_stop)
		fields_text(f, "stop", stop_rules_text(spec, a));
	for (int i = 0; i < s->n_warm_start; i++) {
		const struct msg_warm_start *w = &s->warm_start[i];

		fields_text(f, "warm_start",
			arena_printf(a, "%s: %" PRIu64 " taken, %" PRIu64 " unfit, %" PRIu64 " unused", w->name,
				w->taken, w->unfit, w->unused));
	}
	if (spec->has_lease)
		fields_text(f, "lease", arena_printf(a, "%g s", spec->lease_s));
	if (spec->on_expiry == ON_EXPIRY_REQUEUE)
		fields_text(
			f, "on_expiry", arena_printf(a, "requeue, %" PRIu32 " times", spec->retry_limit));
	for (int i = 0; i < spec->labels.n; i++)
		fields_put(f, arena_printf(a, "labels.%s", spec->labels.p[i].name),
			cell_scalar(&spec->labels.p[i].value));
}

static int put_fields(struct cli *cli, const struct msg_study *s)
{
	const struct msg_spec *spec = &s->spec;
	struct arena *a = cli->arena;
	struct fields f;
	int code = fields_begin(&f, cli, stdout);

	if (code != CLI_OK)
		return code;
	fields_text(&f, "name", s->name);
	fields_text(&f, "state", msg_study_state_name(s->state));
	if (s->reason)
		fields_text(&f, "reason", s->reason);
	for (int i = 0; i < spec->n_metrics; i++)
		put_metric(&f, &spec->metrics[i]);
	for (int i = 0; i < spec->n_params; i++)
		fields_text(
			&f, arena_printf(a, "space.%s", spec->params[i].name), param_text(&spec->params[i], a));
	for (int i = 0; i < spec->constraints.n; i++)
		fields_text(&f, "parameter_constraint", spec->constraints.p[i]);
	for (int i = 0; i < spec->forbidden.n; i++)
		fields_text(&f, "forbidden", spec->forbidden.p[i]);
	fields_text(
		&f, "budget", spec->has_budget ? arena_printf(a, "%" PRIu64, spec->budget) : "none");
	for (int i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
		if (s->counts[i] > 0)
			fields_count(&f,
				arena_printf(a, "trials.%s", msg_trial_state_name((enum trial_state)i)),
				s->counts[i]);
	put_best(&f, s);
	put_outlook(&f, s);
	if (s->prepared != PREPARED_NONE)
		fields_text(&f, "next",
			s->prepared == PREPARED_READY ? "ready: an ask gets it at once" : "is being computed");
	put_settings(&f, s);
	fields_put(&f, "created", cell_time(s->created_ms));
	return fields_end(&f);
}

static int put(struct cli *cli, const struct msg_study *s)
{
	struct writer w = cli_writer(cli);

	if (!cli_wants_json(cli))
		return put_fields(cli, s);
	view_study_json(&w, s);
	writer_finish(&w);
	return cli_flush();
}

static int draw(void *ctx, const struct msg_study *s, uint64_t since_seq)
{
	(void)since_seq;
	return put(ctx, s);
}

int cmd_study_show(struct cli *cli, int argc, char **argv)
{
	const struct msg_study *study;
	bool watch = false;
	int c, code;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		watch = true;
	}
	if (argc - optind != 1)
		return cli_usage(cli, "give %s", cli->command->args);
	if (watch)
		return watch_study(cli, argv[optind], draw, cli);
	code = cli_study(cli, argv[optind], &study);
	return code == CLI_OK ? put(cli, study) : code;
}
