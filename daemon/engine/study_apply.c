/* What each kind of record does to memory; cannot fail. */
#include <string.h>

#include "daemon/engine/study_internal.h"

static void apply_updated(struct study *s, const struct row *row, const struct record_updated *u)
{
	struct record_updated kept = *u;

	kept.labels = labels_keep(&s->pool, &s->text, &u->labels);
	study_view_update(&s->now, &kept, row->seq);
	if (row->has_request)
		s->past[s->n_past++] = s->now;
}

static void apply_suggested(
	struct study *s, const struct row *row, const struct record_suggested *r, int64_t now_ns)
{
	const char *worker = text_keep(&s->text, r->worker);

	for (int i = 0; i < r->n_trials; i++) {
		struct trial given, *t;

		trial_give(&given, &r->trials[i], worker, row);
		t = trials_add(&s->trials, &given);
		numbers_add(&s->running, t->number);
		if (s->leases)
			leases_add(s->leases, s->id, t, lease_due(now_ns, t->lease_ms));
	}
	s->now.counts[TRIAL_RUNNING] += (uint64_t)r->n_trials;
	s->now.spent += (uint64_t)r->n_trials;
	if (r->job.n_state_out)
		memcpy(s->state, r->job.state_out, (size_t)r->job.n_state_out * sizeof(double));
	s->n_state = (size_t)r->job.n_state_out;
}

/* A trial has its result: into the history, and is it the best? Ties go to the
 * lowest number. */
static void add_result(struct study *s, const struct trial *t)
{
	const struct trial *best = s->now.has_best ? trials_at(&s->trials, s->now.best) : NULL;
	double y = study_objective(s, t);

	history_append(&s->history, t->number, t->values, t->metrics, t->sems);
	if (!study_feasible(s, t))
		return;
	if (best && !study_better(s, y, study_objective(s, best)) &&
		!(y == study_objective(s, best) && t->number < best->number))
		return;
	s->now.has_best = true;
	s->now.best = t->number;
}

static void apply_ended(struct study *s, const struct row *row, const struct record_ended *r)
{
	for (int i = 0; i < r->n; i++) {
		struct record_outcome o = r->outcomes[i];
		struct trial *t = trials_at(&s->trials, o.number);
		bool was_running = t->state == TRIAL_RUNNING;

		s->now.counts[t->state]--;
		s->now.spent -= t->spends;
		if (version_needed(t, RECORD_ENDED))
			version_keep(&s->pool, t);
		o.reason = text_keep(&s->text, o.reason);
		trial_end(t, &o, row);
		trials_keep_result(&s->trials, t);
		s->now.counts[t->state]++;
		s->now.spent += t->spends;
		if (was_running) {
			numbers_remove(&s->running, t->number);
			if (s->leases)
				leases_remove(s->leases, t);
		}
		if (t->has_value && !t->excluded) {
			if (!was_running)
				numbers_remove(&s->taken, t->number);
			add_result(s, t);
		} else if (was_running) {
			numbers_add(&s->taken, t->number);
		}
	}
}

static void apply_added(struct study *s, const struct row *row, const struct record_added *r)
{
	for (int i = 0; i < r->n; i++) {
		struct trial told, *t;

		trial_tell(&told, r->first_number + (uint64_t)i, &r->trials[i], row);
		told.reason = text_keep(&s->text, told.reason);
		told.note = text_keep(&s->text, told.note);
		told.labels = labels_keep(&s->pool, &s->text, &told.labels);
		t = trials_add(&s->trials, &told);
		s->now.counts[t->state]++;
		if (t->has_value)
			add_result(s, t);
		else
			numbers_add(&s->taken, t->number);
	}
}

void study_apply(struct study *s, const struct row *row, const struct record *r, int64_t now_ns)
{
	s->now.seq = row->seq;
	switch (r->kind) {
	case RECORD_STUDY_CREATED: break; /* study_new */
	case RECORD_STUDY_UPDATED: apply_updated(s, row, &r->u.updated); break;
	case RECORD_SUGGESTED: apply_suggested(s, row, &r->u.suggested, now_ns); break;
	case RECORD_ENDED: apply_ended(s, row, &r->u.ended); break;
	case RECORD_ADDED: apply_added(s, row, &r->u.added); break;
	case RECORD_REPORTED: study__apply_reported(s, row, &r->u.reported, now_ns); break;
	case RECORD_EDITED: study__apply_edited(s, row, &r->u.edited); break;
	case RECORD_ENQUEUED:
	case RECORD_STALE: break;
	}
}
