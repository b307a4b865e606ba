/* Enqueue: points to be given out before others, lowest number first; all or none, in one row.
 * What a point does not say is suggested when it is given out. Points that were seen before
 * are allowed: they are replicates. QUEUED trials take no place of the budget. */
#include <stdio.h>

#include "daemon/engine/call.h"
#include "daemon/engine/point.h"

static enum kr_status read_one(
	struct call *c, int i, struct record_added_trial *out, struct kr_error *err)
{
	const struct msg_point *p = &c->m->u.enqueue.points[i];
	const struct definition *def = c->study->def;
	double *values = ARENA_ARRAY(c->a, double, def->d);
	char field[64];

	if (!values)
		return call_no_memory(err);
	snprintf(field, sizeof(field), "points[%d].labels", i);
	if (labels_check(&p->labels, field, err) != KR_OK)
		return KR_INVALID_ARGUMENT;
	snprintf(field, sizeof(field), "points[%d].values", i);
	if (p->n_values)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is given, but a queued point has no result yet; tell points with results instead",
			field);
	*out = (struct record_added_trial){
		.n_values = def->d, .values = values, .labels = p->labels, .note = p->note};
	snprintf(field, sizeof(field), "points[%d].params", i);
	return point_read(def, field, p->n_params, p->params, values, err);
}

/* The trials as they will be. */
static enum kr_status make_answer(struct call *c, const struct change *ch, struct kr_error *err)
{
	const struct record_added *r = &ch->record.u.enqueued;
	struct msg_trial *trials = ARENA_ARRAY(c->a, struct msg_trial, r->n);
	enum kr_status st = KR_OK;

	if (!trials)
		return call_no_memory(err);
	for (int i = 0; st == KR_OK && i < r->n; i++) {
		struct trial t;

		trial_queue(&t, r->first_number + (uint64_t)i, &r->trials[i], false, &ch->row);
		st = reply_trial(&trials[i], c->study, &t, reply_all_columns, c->a, err);
	}
	c->reply.u.trials.n = r->n;
	c->reply.u.trials.trials = trials;
	return st;
}

enum kr_status handle_enqueue(struct call *c, struct kr_error *err)
{
	const struct msg_add_trials *m = &c->m->u.enqueue;
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
	ch = call_change(c, RECORD_ENQUEUED);
	ch.record.u.enqueued = (struct record_added){c->study->trials.n, m->n, trials};
	st = make_answer(c, &ch, err);
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}
