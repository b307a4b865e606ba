/* AddTrials: points with their results, told without having been asked for; all
 * or none, in one row. They take no place of the budget. */
#include <stdio.h>

#include "daemon/engine/call.h"
#include "daemon/engine/metric.h"
#include "daemon/engine/point.h"

static enum kr_status read_one(
	struct call *c, int i, struct record_added_trial *out, struct kr_error *err)
{
	const struct msg_point *p = &c->m->u.add_trials.points[i];
	const struct definition *def = c->study->def;
	double *values = ARENA_ARRAY(c->a, double, def->d);
	struct metric_result r;
	char field[64];
	enum kr_status st;

	if (!values)
		return call_no_memory(err);
	snprintf(field, sizeof(field), "points[%d].params", i);
	st = point_read_full(def, field, p->n_params, p->params, values, err);
	if (st != KR_OK)
		return st;
	snprintf(field, sizeof(field), "points[%d].labels", i);
	st = labels_check(&p->labels, field, err);
	if (st != KR_OK)
		return st;
	snprintf(field, sizeof(field), "points[%d].values", i);
	st = metric_read(def, field, p->n_values, p->values, &r, c->a, err);
	if (st != KR_OK)
		return st;
	*out = (struct record_added_trial){
		.n_values = def->d,
		.values = values,
		.labels = p->labels,
		.note = p->note,
	};
	if (r.finite) {
		out->n_metrics = def->spec.n_metrics;
		out->metrics = r.metrics;
		out->n_sems = r.n_sems;
		out->sems = r.sems;
	} else {
		out->reason = "nonfinite";
	}
	return KR_OK;
}

enum kr_status handle_add_trials(struct call *c, struct kr_error *err)
{
	const struct msg_add_trials *m = &c->m->u.add_trials;
	struct record_added_trial *trials;
	struct change ch;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = call_check_count("points", m->n, err);
	if (st != KR_OK)
		return st;
	trials = ARENA_ARRAY(c->a, struct record_added_trial, m->n);
	if (!trials)
		return call_no_memory(err);
	for (int i = 0; st == KR_OK && i < m->n; i++)
		st = read_one(c, i, &trials[i], err);
	if (st != KR_OK)
		return st;
	ch = call_change(c, RECORD_ADDED);
	ch.record.u.added = (struct record_added){c->study->trials.n, m->n, trials};
	c->reply.u.add_trials.first_number = c->study->trials.n;
	c->reply.u.add_trials.count = (uint64_t)m->n;
	return call_commit(c, &ch, err);
}
