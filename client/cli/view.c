#include "client/cli/view.h"

#include <inttypes.h>
#include <string.h>

#include "client/cli/number.h"
#include "client/cli/text.h"

/* ---- JSON ------------------------------------------------------------------------ */

static const char *metric_name(const struct msg_spec *spec, const struct msg_value *v)
{
	if (v->name)
		return v->name;
	return spec && spec->n_metrics > 0 ? spec->metrics[0].name : "value";
}

void view_params_json(struct writer *w, int n, const struct msg_named *params)
{
	writer_object(w);
	for (int i = 0; i < n; i++)
		writer_scalar(writer_key(w, params[i].name), &params[i].value);
	writer_end(w);
}

static void values_json(struct writer *w, const struct msg_spec *spec, const struct msg_trial *t)
{
	writer_object(w);
	for (int i = 0; i < t->n_values; i++)
		writer_real(writer_key(w, metric_name(spec, &t->values[i])), t->values[i].value);
	writer_end(w);
}

static void why_json(struct writer *w, const struct msg_why *why)
{
	static const char *const rules[] = {"none", "initial", "model", "fill"};
	static const char *const fresh[] = {"none", "fresh", "partial", "fallback"};

	if (!why->rule) {
		writer_null(w);
		return;
	}
	writer_object(w);
	writer_string(writer_key(w, "rule"), rules[why->rule]);
	writer_string(writer_key(w, "freshness"), fresh[why->freshness]);
	if (why->has_prediction) {
		writer_real(writer_key(w, "mean"), why->mean);
		writer_real(writer_key(w, "sd"), why->sd);
		writer_real(writer_key(w, "log_acq"), why->log_acq);
	}
	writer_end(w);
}

static void lease_json(struct writer *w, const struct msg_lease *l)
{
	char hex[2 * MSG_ID_BYTES + 1] = "";

	for (int i = 0; l->has_token && i < MSG_ID_BYTES; i++)
		snprintf(hex + (size_t)(2 * i), 3, "%02x", l->token[i]);
	writer_object(w);
	writer_string(writer_key(w, "token"), l->has_token ? hex : NULL);
	writer_real(writer_key(w, "remaining"), (double)l->remaining_ms / 1000);
	writer_end(w);
}

void view_trial_json(struct writer *w, const struct msg_spec *spec, const struct msg_trial *t)
{
	writer_object(w);
	writer_uint(writer_key(w, "number"), t->number);
	writer_string(writer_key(w, "state"), msg_trial_state_name(t->state));
	view_params_json(writer_key(w, "params"), t->n_params, t->params);
	values_json(writer_key(w, "values"), spec, t);
	writer_string(writer_key(w, "reason"), t->reason);
	writer_string(writer_key(w, "worker"), t->worker);
	writer_uint(writer_key(w, "attempt"), t->attempt);
	writer_time(writer_key(w, "created"), t->created_ms);
	writer_time(writer_key(w, "finished"), t->finished_ms);
	writer_bool(writer_key(w, "late"), t->late);
	writer_bool(writer_key(w, "told"), t->told);
	writer_uint(writer_key(w, "seq"), t->seq);
	why_json(writer_key(w, "why"), &t->why);
	if (t->has_lease)
		lease_json(writer_key(w, "lease"), &t->lease);
	writer_end(w);
}

/* Bounds of an integer parameter are integers of at most 2^53. */
static void bound_json(struct writer *w, const struct msg_param *p, double x)
{
	if (p->kind == PARAM_INT)
		writer_int(w, (int64_t)x);
	else
		writer_real(w, x);
}

/* As in a study file. */
static void param_json(struct writer *w, const struct msg_param *p)
{
	writer_object(w);
	writer_string(writer_key(w, "type"), msg_param_kind_name(p->kind));
	if (p->has_low)
		bound_json(writer_key(w, "low"), p, p->low);
	if (p->has_high)
		bound_json(writer_key(w, "high"), p, p->high);
	if (p->log)
		writer_bool(writer_key(w, "log"), true);
	if (p->has_step)
		bound_json(writer_key(w, "step"), p, p->step);
	if (p->n_choices > 0) {
		writer_array(writer_key(w, "choices"));
		for (int i = 0; i < p->n_choices; i++)
			writer_scalar(w, &p->choices[i]);
		writer_end(w);
	}
	writer_end(w);
}

static void spec_json(struct writer *w, const struct msg_spec *spec)
{
	writer_object(writer_key(w, "space"));
	for (int i = 0; i < spec->n_params; i++)
		param_json(writer_key(w, spec->params[i].name), &spec->params[i]);
	writer_end(w);
	writer_array(writer_key(w, "metrics"));
	for (int i = 0; i < spec->n_metrics; i++) {
		writer_object(w);
		writer_string(writer_key(w, "name"), spec->metrics[i].name);
		writer_string(writer_key(w, "role"), msg_role_name(spec->metrics[i].role));
		writer_end(w);
	}
	writer_end(w);
	writer_key(w, "seed");
	if (spec->has_seed)
		writer_uint(w, spec->seed);
	else
		writer_null(w);
	writer_key(w, "budget");
	if (spec->has_budget)
		writer_uint(w, spec->budget);
	else
		writer_null(w);
	writer_key(w, "lease");
	if (spec->has_lease)
		writer_real(w, spec->lease_s);
	else
		writer_null(w);
}

static void best_json(struct writer *w, const struct msg_study *s)
{
	if (!s->best) {
		writer_null(w);
		return;
	}
	writer_object(w);
	writer_uint(writer_key(w, "number"), s->best->number);
	view_params_json(writer_key(w, "params"), s->best->n_params, s->best->params);
	values_json(writer_key(w, "values"), &s->spec, s->best);
	writer_end(w);
}

void view_study_json(struct writer *w, const struct msg_study *s)
{
	writer_object(w);
	writer_string(writer_key(w, "name"), s->name);
	writer_uint(writer_key(w, "id"), s->id);
	writer_string(writer_key(w, "state"), msg_study_state_name(s->state));
	spec_json(w, &s->spec);
	writer_object(writer_key(w, "counts"));
	for (int i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
		writer_uint(writer_key(w, msg_trial_state_name((enum trial_state)i)), s->counts[i]);
	writer_end(w);
	best_json(writer_key(w, "best"), s);
	writer_time(writer_key(w, "created"), s->created_ms);
	writer_uint(writer_key(w, "reserved"), s->reserved);
	writer_string(writer_key(w, "reason"), s->reason);
	writer_uint(writer_key(w, "seq"), s->seq);
	writer_end(w);
}

/* ---- rows ------------------------------------------------------------------------ */

static const char *const columns_before[] = {"number", "state"};
static const char *const columns_after[] = {"reason", "worker", "attempt", "created", "finished"};
static const char *const usual_after[] = {"", "", "1", NULL, NULL}; /* nothing to tell */
enum { N_BEFORE = 2, N_AFTER = 5 };

static bool taken(const struct msg_spec *spec, const char *name, bool is_param)
{
	for (int i = 0; i < N_BEFORE; i++)
		if (strcmp(columns_before[i], name) == 0)
			return true;
	for (int i = 0; i < N_AFTER; i++)
		if (strcmp(columns_after[i], name) == 0)
			return true;
	for (int i = 0; is_param && i < spec->n_metrics; i++)
		if (strcmp(spec->metrics[i].name, name) == 0)
			return true;
	return false;
}

static void column(struct table *t, const struct msg_spec *spec, const char *name, bool is_param,
	bool right, struct arena *a)
{
	const char *full = name;

	if (taken(spec, name, is_param))
		full = arena_printf(a, "%s.%s", is_param ? "params" : "values", name);
	table_column(t, full ? full : name, right);
}

void view_trial_columns(struct table *t, const struct msg_spec *spec, struct arena *a)
{
	table_column(t, columns_before[0], true);
	table_column(t, columns_before[1], false);
	for (int i = 0; i < spec->n_metrics; i++)
		column(t, spec, spec->metrics[i].name, false, true, a);
	for (int i = 0; i < spec->n_params; i++)
		column(t, spec, spec->params[i].name, true, spec->params[i].kind <= PARAM_INT, a);
	for (int i = 0; i < N_AFTER; i++) {
		if (usual_after[i])
			table_column_unless(t, columns_after[i], usual_after[i]);
		else
			table_column(t, columns_after[i], false);
	}
}

const char *view_value(const struct table *t, const struct msg_trial *trial,
	const struct msg_spec *spec, int metric, struct arena *a)
{
	char text[NUMBER_BYTES];

	for (int i = 0; i < trial->n_values; i++)
		if (strcmp(metric_name(spec, &trial->values[i]), spec->metrics[metric].name) == 0)
			return arena_printf(a, "%s", table_number(t, text, trial->values[i].value));
	return NULL;
}

/* brief: six digits. */
static const char *scalar_text(const struct msg_scalar *s, bool brief, struct arena *a)
{
	char text[NUMBER_BYTES];

	if (brief && s->kind == SCALAR_REAL)
		return arena_printf(a, "%s", number_brief(text, s->r));
	return text_scalar(a, s);
}

static const char *param_text(
	const struct msg_trial *t, const char *name, bool brief, struct arena *a)
{
	for (int i = 0; i < t->n_params; i++)
		if (strcmp(t->params[i].name, name) == 0)
			return scalar_text(&t->params[i].value, brief, a);
	return NULL;
}

void view_trial_row(
	struct table *t, const struct msg_spec *spec, const struct msg_trial *trial, struct arena *a)
{
	char time[TEXT_TIME_BYTES];

	table_cell(t, arena_printf(a, "%" PRIu64, trial->number));
	table_cell(t, msg_trial_state_name(trial->state));
	for (int i = 0; i < spec->n_metrics; i++)
		table_cell(t, view_value(t, trial, spec, i, a));
	for (int i = 0; i < spec->n_params; i++)
		table_cell(t, param_text(trial, spec->params[i].name, t->format == FORMAT_TABLE, a));
	table_cell(t, trial->reason);
	table_cell(t, trial->worker);
	table_cell(t, arena_printf(a, "%" PRIu32, trial->attempt));
	table_cell(t, trial->created_ms ? text_time(time, trial->created_ms) : NULL);
	table_cell(t, trial->finished_ms ? text_time(time, trial->finished_ms) : NULL);
}

const char *view_params_text(int n, const struct msg_named *params, bool brief, struct arena *a)
{
	const char *text = "", *value;

	for (int i = 0; i < n && text; i++) {
		value = scalar_text(&params[i].value, brief, a);
		text = value ? arena_printf(a, "%s%s%s=%s", text, i ? " " : "", params[i].name, value)
					 : NULL;
	}
	return text;
}
