/* What each kind of record does to memory; cannot fail. */
#include <string.h>

#include "daemon/engine/grounds.h"
#include "daemon/engine/halt.h"
#include "daemon/engine/point.h"
#include "daemon/engine/study_internal.h"

static void apply_updated(struct study *s, const struct row *row, const struct record_updated *u)
{
	struct record_updated kept = *u;

	kept.labels = labels_keep(&s->pool, &s->text, &u->labels);
	kept.reason = text_keep(&s->text, u->reason);
	kept.acquisition.name = text_keep(&s->text, u->acquisition.name);
	study_view_update(&s->now, &kept, row->seq);
	if (u->has_stop || u->state == STUDY_ACTIVE)
		halt_reset(s);
	if (row->has_request)
		s->past[s->n_past++] = s->now;
}

/* ---- sets of numbers -------------------------------------------------------- */

bool study__observed(const struct trial *t)
{
	return t->has_value && !t->excluded && !t->deleted;
}

static struct numbers *set_of(struct study *s, const struct trial *t)
{
	if (!t || t->deleted || study__observed(t))
		return NULL;
	if (t->state == TRIAL_RUNNING)
		return &s->running;
	return t->state == TRIAL_QUEUED ? &s->queued : &s->taken;
}

void study__refile(struct study *s, const struct trial *was, const struct trial *is)
{
	struct numbers *from = set_of(s, was), *to = set_of(s, is);

	if (from == to)
		return;
	if (from)
		numbers_remove(from, is->number);
	if (to)
		numbers_add(to, is->number);
}

/* Counts and sets follow what the trial was (NULL: it is new) and is. */
static void recount(struct study *s, const struct trial *was, const struct trial *is)
{
	if (was) {
		s->now.counts[was->state]--;
		s->now.spent -= was->spends;
	}
	s->now.counts[is->state]++;
	s->now.spent += is->spends;
	study__refile(s, was, is);
}

/* ---- trials given out ------------------------------------------------------- */

static struct trial *give_new(struct study *s, const struct record_given *given,
	const struct record_suggested *to, const struct row *row)
{
	struct trial made, *t;

	trial_give(&made, given, to, row);
	made.grounds = grounds_keep(&s->pool, s->def, made.grounds);
	t = trials_add(&s->trials, &made);
	recount(s, NULL, t);
	return t;
}

static struct trial *give_again(struct study *s, const struct record_given *given,
	const struct record_suggested *to, const struct row *row)
{
	struct trial *t = trials_at(&s->trials, given->number), was = *t;
	const double *values = t->values;

	/* Earlier versions go on to show the values that the trial had. */
	if (t->partial)
		values = pool_copy(&s->pool, given->values, (size_t)s->def->d * sizeof(*values));
	version_keep(&s->pool, t);
	if (s->leases)
		leases_remove(s->leases, t);
	trial_give_again(t, given, to, row);
	t->values = values;
	t->grounds = grounds_keep(&s->pool, s->def, t->grounds);
	recount(s, &was, t);
	grants_add(&s->grants, row->seq, t->number);
	return t;
}

/* A job that was cut before its first unit says nothing new about the model. */
static bool has_fitted(const struct record_job *j)
{
	return j->n_slots > 0 && !(j->cut && j->units == 0);
}

static void apply_suggested(
	struct study *s, const struct row *row, const struct record_suggested *r, int64_t now_ns)
{
	struct record_suggested to = *r;

	to.worker = text_keep(&s->text, r->worker);
	for (int i = 0; i < r->n_trials; i++) {
		const struct record_given *given = &r->trials[i];
		struct trial *t = given->number < s->trials.n ? give_again(s, given, &to, row)
													  : give_new(s, given, &to, row);

		if (s->leases)
			leases_add(s->leases, s->id, t, lease_due(now_ns, t->lease_ms));
	}
	halt_suggested(s, r);
	if (!has_fitted(&r->job))
		return;
	if (r->job.n_state_out)
		memcpy(s->state, r->job.state_out, (size_t)r->job.n_state_out * sizeof(double));
	s->n_state = (size_t)r->job.n_state_out;
	if (!s->reserved)
		return;
	models_free(s->models);
	s->models = s->reserved;
	s->reserved = NULL;
}

static void apply_enqueued(struct study *s, const struct row *row, const struct record_added *r)
{
	for (int i = 0; i < r->n; i++) {
		const struct record_added_trial *from = &r->trials[i];
		bool partial = !point_whole(s->def, from->values);
		struct trial made;

		trial_queue(&made, r->first_number + (uint64_t)i, from, partial, row);
		made.note = text_keep(&s->text, made.note);
		made.labels = labels_keep(&s->pool, &s->text, &made.labels);
		recount(s, NULL, trials_add(&s->trials, &made));
	}
}

/* ---- results ---------------------------------------------------------------- */

void study__contend(struct study *s, const struct trial *t)
{
	const struct trial *best = s->now.has_best ? trials_at(&s->trials, s->now.best) : NULL;
	double y = study_objective(s, t);

	if (!study_feasible(s, t))
		return;
	if (best && !study_better(s, y, study_objective(s, best)) &&
		!(y == study_objective(s, best) && t->number < best->number))
		return;
	s->now.has_best = true;
	s->now.best = t->number;
}

/* A trial has its result. */
static void add_result(struct study *s, const struct trial *t)
{
	history_append(&s->history, t->number, t->values, t->metrics, t->sems);
	study__contend(s, t);
	halt_result(s, t);
}

static void apply_ended(struct study *s, const struct row *row, const struct record_ended *r)
{
	for (int i = 0; i < r->n; i++) {
		struct record_outcome o = r->outcomes[i];
		struct trial *t = trials_at(&s->trials, o.number), was = *t;

		if (version_needed(t, RECORD_ENDED))
			version_keep(&s->pool, t);
		o.reason = text_keep(&s->text, o.reason);
		trial_end(t, &o, row);
		trials_keep_result(&s->trials, t);
		recount(s, &was, t);
		if (s->leases)
			leases_remove(s->leases, t);
		if (study__observed(t))
			add_result(s, t);
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
		recount(s, NULL, t);
		if (study__observed(t))
			add_result(s, t);
	}
}

/* Reports, and results that came too late, are nothing to a computation; whatever else is new
 * counts as if it were. */
static void note_input(struct study *s, const struct row *row, enum record_kind kind)
{
	if (kind == RECORD_REPORTED || kind == RECORD_STALE)
		return;
	s->input_seq = row->seq;
	s->input_given = kind == RECORD_SUGGESTED;
}

void study_apply(struct study *s, const struct row *row, const struct record *r, int64_t now_ns)
{
	s->now.seq = row->seq;
	note_input(s, row, r->kind);
	switch (r->kind) {
	case RECORD_STUDY_CREATED: break; /* study_new */
	case RECORD_STUDY_UPDATED: apply_updated(s, row, &r->u.updated); break;
	case RECORD_SUGGESTED: apply_suggested(s, row, &r->u.suggested, now_ns); break;
	case RECORD_ENDED: apply_ended(s, row, &r->u.ended); break;
	case RECORD_ADDED: apply_added(s, row, &r->u.added); break;
	case RECORD_REPORTED: study__apply_reported(s, row, &r->u.reported, now_ns); break;
	case RECORD_EDITED: study__apply_edited(s, row, &r->u.edited); break;
	case RECORD_ENQUEUED: apply_enqueued(s, row, &r->u.enqueued); break;
	case RECORD_STALE: grants_add(&s->stale, row->seq, r->u.stale.number); break;
	}
}
