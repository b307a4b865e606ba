#include "client/cli/view.h"

#include <string.h>

#include "client/cli/cell.h"
#include "client/cli/stop_rules.h"

/* ---- JSON ------------------------------------------------------------------------ */

static const char *metric_name(const struct msg_spec *spec, const struct msg_value *v)
{
	if (v->name)
		return v->name;
	return spec && spec->n_metrics > 0 ? spec->metrics[0].name : "value";
}

static const char *on_expiry(enum on_expiry e)
{
	return e == ON_EXPIRY_REQUEUE ? "requeue" : "expire";
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

/* Standard errors, of the values that have one. */
static void sems_json(struct writer *w, const struct msg_spec *spec, const struct msg_trial *t)
{
	writer_object(w);
	for (int i = 0; i < t->n_values; i++)
		if (t->values[i].has_sem)
			writer_real(writer_key(w, metric_name(spec, &t->values[i])), t->values[i].sem);
	writer_end(w);
}

static void progress_json(struct writer *w, const struct msg_trial *t)
{
	writer_array(w);
	for (int i = 0; i < t->n_progress; i++) {
		writer_object(w);
		writer_int(writer_key(w, "step"), t->progress[i].step);
		writer_real(writer_key(w, "value"), t->progress[i].value);
		writer_time(writer_key(w, "time"), t->progress[i].time_ms);
		writer_end(w);
	}
	writer_end(w);
}

void view_texts_json(struct writer *w, const struct msg_texts *texts)
{
	writer_array(w);
	for (int i = 0; i < texts->n; i++)
		writer_string(w, texts->p[i]);
	writer_end(w);
}

static void grounds_json(struct writer *w, const struct msg_grounds *g)
{
	writer_string(writer_key(w, "role"), msg_why_role_name(g->role));
	writer_uint(writer_key(w, "observations"), g->observations);
	if (g->has_gain) {
		writer_uint(writer_key(w, "incumbent"), g->incumbent);
		writer_real(writer_key(w, "best"), g->best);
		writer_real(writer_key(w, "p_gain"), g->p_gain);
		writer_real(writer_key(w, "expected_gain"), g->expected_gain);
	}
	writer_real(writer_key(w, "model_mean"), g->model_mean);
	writer_real(writer_key(w, "noise_sd"), g->noise_sd);
	if (g->optima) {
		writer_uint(writer_key(w, "rank"), g->rank);
		writer_uint(writer_key(w, "optima"), g->optima);
	}
	writer_array(writer_key(w, "pulls"));
	for (int i = 0; i < g->n_pulls; i++) {
		writer_object(w);
		writer_uint(writer_key(w, "number"), g->pulls[i].number);
		writer_real(writer_key(w, "weight"), g->pulls[i].weight);
		writer_real(writer_key(w, "pull"), g->pulls[i].pull);
		writer_real(writer_key(w, "distance"), g->pulls[i].distance);
		writer_end(w);
	}
	writer_end(w);
	writer_object(writer_key(w, "levers"));
	for (int i = 0; i < g->n_levers; i++)
		writer_real(writer_key(w, g->levers[i].name), g->levers[i].lengthscale);
	writer_end(w);
}

static void why_json(struct writer *w, const struct msg_why *why)
{
	if (!why->rule) {
		writer_null(w);
		return;
	}
	writer_object(w);
	writer_string(writer_key(w, "rule"), msg_why_rule_name(why->rule));
	writer_string(writer_key(w, "freshness"), msg_why_freshness_name(why->freshness));
	if (why->has_prediction) {
		writer_real(writer_key(w, "mean"), why->mean);
		writer_real(writer_key(w, "sd"), why->sd);
		if (!why->has_acq)
			writer_real(writer_key(w, "log_acq"), why->log_acq);
	}
	if (why->acquisition)
		writer_string(writer_key(w, "acquisition"), why->acquisition);
	if (why->has_acq)
		writer_real(writer_key(w, "acq"), why->acq);
	if (why->has_p_feasible)
		writer_real(writer_key(w, "p_feasible"), why->p_feasible);
	if (why->grounds)
		grounds_json(w, why->grounds);
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
	sems_json(writer_key(w, "sems"), spec, t);
	writer_key(w, "feasible");
	if (t->has_feasible)
		writer_bool(w, t->feasible);
	else
		writer_null(w);
	writer_bool(writer_key(w, "excluded"), t->excluded);
	writer_string(writer_key(w, "note"), t->note);
	view_params_json(writer_key(w, "labels"), t->labels.n, t->labels.p);
	progress_json(writer_key(w, "progress"), t);
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

static void prior_json(struct writer *w, const struct msg_prior *prior)
{
	bool weights = prior->kind == PRIOR_WEIGHTS;

	if (weights)
		writer_array(w);
	else
		writer_object(w);
	for (int i = 0; i < prior->n; i++) {
		if (!weights)
			writer_key(w, i == 0 ? "mean" : prior->kind == PRIOR_NORMAL ? "sd" : "factor");
		writer_real(w, prior->numbers[i]);
	}
	writer_end(w);
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
	if (p->when)
		writer_string(writer_key(w, "when"), p->when);
	if (p->prior.kind)
		prior_json(writer_key(w, "prior"), &p->prior);
	writer_end(w);
}

static void metrics_json(struct writer *w, const struct msg_spec *spec)
{
	writer_array(w);
	for (int i = 0; i < spec->n_metrics; i++) {
		const struct msg_metric *m = &spec->metrics[i];

		writer_object(w);
		writer_string(writer_key(w, "name"), m->name);
		writer_string(writer_key(w, "role"), msg_metric_role_name(m->role));
		if (m->has_lower)
			writer_real(writer_key(w, "lower"), m->lower);
		if (m->has_upper)
			writer_real(writer_key(w, "upper"), m->upper);
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
	metrics_json(writer_key(w, "metrics"), spec);
	writer_uint_if(writer_key(w, "seed"), spec->has_seed, spec->seed);
	writer_uint_if(writer_key(w, "budget"), spec->has_budget, spec->budget);
	writer_real_if(writer_key(w, "lease"), spec->has_lease, spec->lease_s);
	view_texts_json(writer_key(w, "parameter_constraints"), &spec->constraints);
	view_texts_json(writer_key(w, "forbidden"), &spec->forbidden);
	writer_real_if(writer_key(w, "noise"), spec->has_noise_sd, spec->noise_sd);
	writer_string(
		writer_key(w, "acquisition"), spec->acquisition.name ? spec->acquisition.name : "auto");
	writer_real_if(
		writer_key(w, "acquisition_level"), spec->acquisition.has_level, spec->acquisition.level);
	writer_real_if(
		writer_key(w, "acquisition_beta"), spec->acquisition.has_beta, spec->acquisition.beta);
	stop_rules_json(writer_key(w, "stop"), spec);
	writer_string(writer_key(w, "on_expiry"), on_expiry(spec->on_expiry));
	writer_uint(writer_key(w, "retry_limit"), spec->retry_limit);
	view_params_json(writer_key(w, "labels"), spec->labels.n, spec->labels.p);
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

static void outlook_json(struct writer *w, const struct msg_study *s)
{
	if (!s->has_outlook) {
		writer_null(w);
		return;
	}
	writer_object(w);
	writer_uint(writer_key(w, "number"), s->outlook.number);
	writer_real(writer_key(w, "expected_gain"), s->outlook.expected_gain);
	writer_real(writer_key(w, "gain"), s->outlook.gain);
	writer_real(writer_key(w, "p_gain"), s->outlook.p_gain);
	writer_end(w);
}

static void warm_start_json(struct writer *w, const struct msg_study *s)
{
	writer_array(w);
	for (int i = 0; i < s->n_warm_start; i++) {
		const struct msg_warm_start *m = &s->warm_start[i];

		writer_object(w);
		writer_string(writer_key(w, "study"), m->name);
		writer_uint(writer_key(w, "id"), m->id);
		writer_uint(writer_key(w, "taken"), m->taken);
		writer_uint(writer_key(w, "unfit"), m->unfit);
		writer_uint(writer_key(w, "unused"), m->unused);
		writer_end(w);
	}
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
	outlook_json(writer_key(w, "outlook"), s);
	if (s->prepared != PREPARED_NONE) /* lists do not say */
		writer_string(writer_key(w, "prepared"), msg_prepared_name(s->prepared));
	best_json(writer_key(w, "best"), s);
	writer_time(writer_key(w, "created"), s->created_ms);
	writer_uint(writer_key(w, "reserved"), s->reserved);
	writer_string(writer_key(w, "reason"), s->reason);
	warm_start_json(writer_key(w, "warm_start"), s);
	writer_uint(writer_key(w, "seq"), s->seq);
	writer_uint(writer_key(w, "spec_version"), s->spec_version);
	writer_end(w);
}

/* ---- parts ----------------------------------------------------------------------- */

int view_objective(const struct msg_spec *spec)
{
	for (int i = 0; i < spec->n_metrics; i++)
		if (spec->metrics[i].role == METRIC_MINIMIZE || spec->metrics[i].role == METRIC_MAXIMIZE)
			return i;
	return -1;
}

const struct msg_value *view_value(
	const struct msg_trial *t, const struct msg_spec *spec, int metric)
{
	for (int i = 0; i < t->n_values; i++)
		if (strcmp(metric_name(spec, &t->values[i]), spec->metrics[metric].name) == 0)
			return &t->values[i];
	return NULL;
}

const struct msg_scalar *view_param(const struct msg_trial *t, const char *name)
{
	for (int i = 0; i < t->n_params; i++)
		if (strcmp(t->params[i].name, name) == 0)
			return &t->params[i].value;
	return NULL;
}

const char *view_params_text(int n, const struct msg_named *params, bool brief, struct arena *a)
{
	struct cell_style style = {.brief = brief};
	const char *text = "", *value;

	for (int i = 0; i < n && text; i++) {
		struct cell c = cell_scalar(&params[i].value);

		value = cell_print(&c, &style, a);
		text = value ? arena_printf(a, "%s%s%s=%s", text, i ? " " : "", params[i].name, value)
					 : NULL;
	}
	return text;
}
