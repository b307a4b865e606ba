#include "client/cli/plot.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "client/cli/layout.h"
#include "client/cli/number.h"
#include "client/cli/rows.h"
#include "client/cli/text.h"

bool plot_better(const struct plot *p, double value, double than)
{
	return p->maximize ? value > than : value < than;
}

const struct plot_trial *plot_best(const struct plot *p)
{
	const struct plot_trial *best = NULL;

	for (size_t i = 0; i < p->n; i++)
		if (p->trials[i].counts && (!best || plot_better(p, p->trials[i].value, best->value)))
			best = &p->trials[i];
	return best;
}

bool plot_lost(const struct plot_trial *t)
{
	return isnan(t->value) && t->state != TRIAL_RUNNING && t->state != TRIAL_QUEUED;
}

struct axis plot_value_axis(const struct plot *p)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < p->n; i++) {
		low = fmin(low, p->trials[i].value);
		high = fmax(high, p->trials[i].value);
	}
	if (low > high)
		return axis_make(p->objective, 0, 1, false);
	return axis_make(p->objective, low, high, p->log_value);
}

static struct axis choice_axis(const struct plot *p, const struct msg_param *param)
{
	static const char *const booleans[] = {"false", "true"};
	const char **texts;

	if (param->kind == PARAM_BOOL)
		return axis_choices(param->name, 2, booleans);
	texts = ARENA_ARRAY(p->arena, const char *, param->n_choices);
	for (int i = 0; texts && i < param->n_choices; i++)
		texts[i] = text_scalar(p->arena, &param->choices[i]);
	return axis_choices(param->name, texts ? param->n_choices : 0, texts);
}

struct axis plot_param_axis(const struct plot *p, int param)
{
	const struct msg_param *m = p->params[param];
	struct axis a;

	if (m->kind != PARAM_FLOAT && m->kind != PARAM_INT)
		return choice_axis(p, m);
	a = axis_make(m->name, m->low, m->high, m->log);
	a.whole = m->kind == PARAM_INT;
	return a;
}

const char *plot_title(const struct plot *p, const char *rest)
{
	const struct plot_trial *best = plot_best(p);
	const char *text, *role = p->maximize ? "maximize" : "minimize";
	char value[NUMBER_BYTES];

	if (best)
		text = arena_printf(p->arena, "%s (%s), best %s in trial %" PRIu64 "%s", p->objective, role,
			number_brief(value, best->value), best->number, rest);
	else
		text = arena_printf(p->arena, "%s (%s), no result yet%s", p->objective, role, rest);
	text = text ? layout_safe(text, false, p->arena) : NULL;
	return text ? layout_cut(text, p->cli->width, p->cli->utf8 ? "…" : "~", p->arena) : NULL;
}

bool plot_chart(const struct plot *p, struct chart *c, int rows)
{
	const struct cli *cli = p->cli;

	return chart_init(c, rows, cli->width, cli->utf8, cli->color, p->arena);
}

/* The value as it was, from its place on the axis. */
static struct cell param_cell(const struct msg_param *p, double x)
{
	if (isnan(x))
		return cell_none();
	if (p->kind == PARAM_FLOAT)
		return cell_real(x);
	if (p->kind == PARAM_INT)
		return cell_int((int64_t)x);
	if (p->kind == PARAM_BOOL)
		return cell_bool(x != 0);
	return cell_scalar(&p->choices[(int)x]);
}

int plot_print_params(struct plot *p)
{
	struct cell *cells = ARENA_ARRAY(p->arena, struct cell, p->n_params + 3);
	struct rows rows;
	int code = rows_open(&rows, p->cli, stdout);

	if (code != CLI_OK)
		return code;
	rows_column(&rows, (struct column){.name = "number", .type = COLUMN_NUMBER});
	rows_column(&rows, (struct column){.name = "state", .type = COLUMN_TEXT});
	rows_column(&rows, (struct column){.name = "value", .type = COLUMN_NUMBER});
	for (int i = 0; i < p->n_params; i++)
		rows_column(&rows,
			(struct column){.name = arena_printf(p->arena, "params.%s", p->params[i]->name),
				.type = p->params[i]->kind <= PARAM_INT ? COLUMN_NUMBER : COLUMN_ANY});
	rows.failed |= !cells;
	code = rows_ready(&rows);
	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_trial *t = &p->trials[i];

		cells[0] = cell_count(t->number);
		cells[1] = cell_text(msg_trial_state_name(t->state));
		cells[2] = isnan(t->value) ? cell_none() : cell_real(t->value);
		for (int k = 0; k < p->n_params; k++)
			cells[3 + k] = param_cell(p->params[k], t->params[k]);
		rows_put(&rows, cells, NULL, NULL);
	}
	return rows_close(&rows);
}
