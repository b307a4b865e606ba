/* EditTrial: correct the values of a COMPLETE trial, hide an ended one from the model,
 * set note and labels of any. The model sees the corrected values from the next
 * computation on; suggestions that were made stay explained by what was known then. */
#include <inttypes.h>
#include <string.h>

#include "daemon/engine/call.h"
#include "daemon/engine/metric.h"

static bool says_nothing(const struct msg_edit_trial *m)
{
	return m->n_values == 0 && !m->has_excluded && !m->note && m->labels.n == 0 &&
		m->remove_labels.n == 0;
}

static enum kr_status check(
	const struct msg_edit_trial *m, const struct trial *t, struct kr_error *err)
{
	bool alive = t->state == TRIAL_RUNNING || t->state == TRIAL_QUEUED;
	const char *state = msg_trial_state_name((enum trial_state)t->state);

	if (says_nothing(m))
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "number",
			"nothing to change of trial %" PRIu64
			"; give values, excluded, note, labels or remove_labels",
			t->number);
	if (m->n_values && !t->has_value)
		return kr_fail_field(err, KR_CONFLICT, "values",
			"trial %" PRIu64 " is %s; only values of a COMPLETE trial can be corrected%s",
			t->number, state, t->state == TRIAL_RUNNING ? "; tell its result instead" : "");
	if (m->has_excluded && alive)
		return kr_fail_field(err, KR_CONFLICT, "excluded",
			"trial %" PRIu64 " is %s; only a trial that has ended can be excluded%s", t->number,
			state, m->excluded ? "; cancel it instead" : "");
	return KR_OK;
}

static bool names(const struct msg_edit_trial *m, const struct definition *def, int k)
{
	for (int i = 0; i < m->n_values; i++)
		if (!m->values[i].name || strcmp(m->values[i].name, def->spec.metrics[k].name) == 0)
			return true;
	return false;
}

/* What the request says, then the metrics that it leaves out as they are. NULL: no memory. */
static const struct msg_value *all_values(const struct call *c, const struct trial *t, int *n)
{
	const struct msg_edit_trial *m = &c->m->u.edit_trial;
	const struct definition *def = c->study->def;
	const struct msg_value *old = metric_write(def, t->metrics, t->sems, c->a);
	struct msg_value *out = ARENA_ARRAY(c->a, struct msg_value, m->n_values + def->spec.n_metrics);

	if (!old || !out)
		return NULL;
	for (*n = 0; *n < m->n_values; (*n)++)
		out[*n] = m->values[*n];
	for (int k = 0; k < def->spec.n_metrics; k++)
		if (!names(m, def, k))
			out[(*n)++] = old[k];
	return out;
}

static enum kr_status read_values(
	struct call *c, const struct trial *t, struct record_edited *out, struct kr_error *err)
{
	const struct definition *def = c->study->def;
	const struct msg_value *values;
	struct metric_result r;
	int n;
	enum kr_status st;

	if (c->m->u.edit_trial.n_values == 0)
		return KR_OK;
	values = all_values(c, t, &n);
	if (!values)
		return call_no_memory(err);
	st = metric_read(def, "values", n, values, &r, c->a, err);
	if (st != KR_OK)
		return st;
	if (!r.finite)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "values",
			"values: the objective must be a finite number; to hide a wrong result from the model, "
			"set excluded");
	out->n_values = def->spec.n_metrics;
	out->values = r.metrics;
	out->n_sems = r.n_sems;
	out->sems = r.sems;
	return KR_OK;
}

static enum kr_status make_record(
	struct call *c, const struct trial *t, struct record_edited *out, struct kr_error *err)
{
	const struct msg_edit_trial *m = &c->m->u.edit_trial;
	enum kr_status st;

	*out = (struct record_edited){
		.number = t->number,
		.has_excluded = m->has_excluded,
		.excluded = m->excluded,
		.note = m->note,
	};
	st = labels_merge(
		&out->labels, &out->has_labels, &t->labels, &m->labels, &m->remove_labels, c->a, err);
	if (!out->has_labels)
		out->labels = (struct msg_labels){0};
	return st == KR_OK ? read_values(c, t, out, err) : st;
}

enum kr_status handle_edit_trial(struct call *c, struct kr_error *err)
{
	const struct msg_edit_trial *m = &c->m->u.edit_trial;
	struct record_edited edited;
	struct trial t;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = call_trial(c, m->number, &t, err);
	if (st == KR_OK)
		st = check(m, &t, err);
	if (st == KR_OK)
		st = make_record(c, &t, &edited, err);
	return st == KR_OK ? call_edit(c, &t, &edited, err) : st;
}
