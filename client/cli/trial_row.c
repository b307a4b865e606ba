#include "client/cli/trial_row.h"

#include <string.h>

#include "client/cli/view.h"

static const char *const trial_states[] = {"QUEUED", "RUNNING", "COMPLETE", "PRUNED", "FAILED",
	"INFEASIBLE", "EXPIRED", "CANCELLED", NULL};
static const char *const why_words[] = {"none", "initial", "model", "fill", "enqueued", NULL};
static const char *const taken_names[] = {"number", "state", "reason", "worker", "attempt",
	"created", "finished", "excluded", "note", "late", "told", "seq", "feasible", "why", "value",
	NULL};
static const char labels_prefix[] = "labels.";

static bool taken(const struct msg_spec *spec, const char *name, bool is_param)
{
	for (int i = 0; taken_names[i]; i++)
		if (strcmp(taken_names[i], name) == 0)
			return true;
	for (int i = 0; is_param && i < spec->n_metrics; i++)
		if (strcmp(spec->metrics[i].name, name) == 0)
			return true;
	return false;
}

static void add(
	struct rows *r, const char *name, enum column_type type, int flags, const char *usual)
{
	rows_column(r, (struct column){.name = name, .type = type, .flags = flags, .usual = usual});
}

static void add_metrics(struct rows *r, const struct msg_spec *spec)
{
	int objective = view_objective(spec);

	for (int i = 0; i < spec->n_metrics; i++) {
		const struct msg_metric *m = &spec->metrics[i];
		const char *full = arena_printf(r->arena, "values.%s", m->name);
		struct column c = {.name = m->name, .aliases = {full}, .type = COLUMN_NUMBER};

		if (taken(spec, m->name, false) && strcmp(m->name, "value") != 0)
			c.name = full ? full : m->name;
		if (i == objective)
			c.aliases[1] = "value";
		rows_column(r, c);
	}
}

static enum column_type param_type(const struct msg_param *p)
{
	return p->kind <= PARAM_INT ? COLUMN_NUMBER : p->kind == PARAM_BOOL ? COLUMN_BOOL : COLUMN_ANY;
}

static void add_params(struct rows *r, const struct msg_spec *spec)
{
	for (int i = 0; i < spec->n_params; i++) {
		const struct msg_param *p = &spec->params[i];
		const char *full = arena_printf(r->arena, "params.%s", p->name);
		struct column c = {.name = p->name, .aliases = {full}, .type = param_type(p)};

		if (taken(spec, p->name, true))
			c.name = full ? full : p->name;
		rows_column(r, c);
	}
}

/* A column for each label that an option names. */
static void add_labels(struct rows *r)
{
	const char *name;

	for (int i = 0; (name = rows_mentions(r, i)); i++)
		if (strncmp(name, labels_prefix, strlen(labels_prefix)) == 0)
			add(r, name, COLUMN_ANY, COLUMN_HIDDEN, NULL);
}

void trial_row_columns(struct rows *r, const struct msg_spec *spec)
{
	add(r, "number", COLUMN_NUMBER, 0, NULL);
	rows_column(r, (struct column){.name = "state", .type = COLUMN_WORD, .words = trial_states});
	add_metrics(r, spec);
	add_params(r, spec);
	add(r, "reason", COLUMN_TEXT, 0, "");
	add(r, "worker", COLUMN_TEXT, 0, "");
	add(r, "attempt", COLUMN_NUMBER, 0, "1");
	add(r, "created", COLUMN_TIME, COLUMN_WIDE, NULL);
	add(r, "finished", COLUMN_TIME, COLUMN_WIDE, NULL);
	add(r, "excluded", COLUMN_BOOL, 0, "false");
	add(r, "note", COLUMN_TEXT, 0, "");
	add(r, "late", COLUMN_BOOL, COLUMN_HIDDEN, NULL);
	add(r, "told", COLUMN_BOOL, COLUMN_HIDDEN, NULL);
	add(r, "seq", COLUMN_NUMBER, COLUMN_HIDDEN, NULL);
	add(r, "feasible", COLUMN_BOOL, 0, "true");
	rows_column(r,
		(struct column){
			.name = "why", .type = COLUMN_WORD, .flags = COLUMN_HIDDEN, .words = why_words});
	add_labels(r);
}

static struct cell label_cell(const struct msg_labels *labels, const char *name)
{
	for (int i = 0; i < labels->n; i++)
		if (strcmp(labels->p[i].name, name) == 0)
			return cell_scalar(&labels->p[i].value);
	return cell_none();
}

void trial_row_cells(struct cell *cells, const struct rows *r, const struct msg_spec *spec,
	const struct msg_trial *t)
{
	struct cell *c = cells;

	*c++ = cell_count(t->number);
	*c++ = cell_text(msg_trial_state_name(t->state));
	for (int i = 0; i < spec->n_metrics; i++) {
		const struct msg_value *v = view_value(t, spec, i);

		*c++ = v ? cell_real(v->value) : cell_none();
	}
	for (int i = 0; i < spec->n_params; i++) {
		const struct msg_scalar *s = view_param(t, spec->params[i].name);

		*c++ = s ? cell_scalar(s) : cell_none();
	}
	*c++ = cell_text(t->reason);
	*c++ = cell_text(t->worker);
	*c++ = cell_int(t->attempt);
	*c++ = cell_time(t->created_ms);
	*c++ = cell_time(t->finished_ms);
	*c++ = cell_bool(t->excluded);
	*c++ = cell_text(t->note);
	*c++ = cell_bool(t->late);
	*c++ = cell_bool(t->told);
	*c++ = cell_count(t->seq);
	*c++ = t->has_feasible ? cell_bool(t->feasible) : cell_none();
	*c++ = cell_text(msg_why_rule_name(t->why.rule));
	for (int i = (int)(c - cells); i < r->n_columns; i++)
		*c++ = label_cell(&t->labels, r->columns[i].name + strlen(labels_prefix));
}
