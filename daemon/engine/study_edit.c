/* Corrections of trials and reports of running ones: reserve and apply. */
#include <string.h>

#include "daemon/engine/halt.h"
#include "daemon/engine/progress.h"
#include "daemon/engine/study_internal.h"

/* ---- corrections ------------------------------------------------------------ */

/* Observations from that of the trial on are written: its own, or all when it leaves. */
static enum kr_status own_observations(
	struct study *s, const struct record_edited *r, struct kr_error *err)
{
	size_t at = history_find(&s->history, r->number);
	bool leaves = r->deleted || (r->has_excluded && r->excluded);

	if (at == s->history.n || !(leaves || r->n_values))
		return KR_OK;
	return history_own(&s->history, at, leaves ? s->history.n - 1 : at, err);
}

enum kr_status study__reserve_edited(
	struct study *s, const struct record_edited *r, struct kr_error *err)
{
	size_t numbers = ((size_t)r->n_values + (size_t)r->n_sems) * sizeof(double);
	enum kr_status st = text_reserve(
		&s->text, text_size(r->note) + labels_text_size(&r->labels), err);

	if (st == KR_OK)
		st = pool_reserve(&s->pool, version_size() + numbers + labels_size(&r->labels), err);
	if (st == KR_OK)
		st = numbers_reserve(&s->taken, 1, err);
	if (st == KR_OK)
		st = history_reserve(&s->history, 1, err);
	return st == KR_OK ? own_observations(s, r, err) : st;
}

/* The best of the observed trials, looked for anew. */
static void find_best(struct study *s)
{
	s->now.has_best = false;
	s->now.best = 0;
	for (size_t i = 0; i < s->history.n; i++)
		study__contend(s, trials_at(&s->trials, history_trial(&s->history, i)));
}

/* The observations and the sets of numbers follow what the trial was and is. */
static void move(struct study *s, const struct trial *was, const struct trial *is)
{
	bool before = study__observed(was), after = study__observed(is);
	bool was_best = s->now.has_best && s->now.best == is->number;
	size_t at = history_find(&s->history, is->number);

	if (before == after && (!after || was->metrics == is->metrics))
		return;
	if (before && after)
		history_set(&s->history, at, is->metrics, is->sems);
	else if (before)
		history_remove(&s->history, at);
	else
		history_append(&s->history, is->number, is->values, is->metrics, is->sems);
	if (was_best)
		find_best(s);
	else if (after)
		study__contend(s, is);
	halt_edited(s, is);
}

void study__apply_edited(struct study *s, const struct row *row, const struct record_edited *r)
{
	struct trial *t = trials_at(&s->trials, r->number);
	struct record_edited kept = *r;

	kept.note = text_keep(&s->text, r->note);
	kept.labels = labels_keep(&s->pool, &s->text, &r->labels);
	kept.values = pool_copy(&s->pool, r->values, (size_t)r->n_values * sizeof(double));
	kept.sems = pool_copy(&s->pool, r->sems, (size_t)r->n_sems * sizeof(double));
	version_keep(&s->pool, t);
	trial_edit(t, &kept, row);
	s->now.spent -= t->before->spends;
	s->now.spent += t->spends;
	if (t->deleted)
		s->now.counts[t->state]--;
	study__refile(s, t->before, t);
	move(s, t->before, t);
}

/* ---- reports ---------------------------------------------------------------- */

/* Is the report one that its trial keeps? */
static bool is_new(const struct trial *t, const struct record_reported *r)
{
	const struct msg_progress *last = progress_last(t->progress, t->attempt);

	return r->stop != STOP_CANCELLED && !(last && last->step == r->step);
}

enum kr_status study__reserve_reported(
	struct study *s, const struct record_reported *r, struct kr_error *err)
{
	struct trial *t = trials_kept(&s->trials, r->number);
	enum kr_status st = reports_reserve(&s->reports, err);

	if (st != KR_OK || !is_new(t, r))
		return st;
	st = pool_reserve(&s->pool, version_size(), err);
	return st == KR_OK ? progress_reserve(&t->progress, err) : st;
}

static void keep_report(
	struct study *s, struct trial *t, const struct row *row, const struct record_reported *r)
{
	struct msg_progress report = {r->step, r->value, (uint64_t)row->time_ms};

	if (version_needed(t, RECORD_REPORTED))
		version_keep(&s->pool, t);
	progress_add(t->progress, t->attempt, &report);
	t->seq = row->seq;
	t->shown = false;
}

void study__apply_reported(
	struct study *s, const struct row *row, const struct record_reported *r, int64_t now_ns)
{
	struct trial *t = trials_kept(&s->trials, r->number);

	if (is_new(t, r))
		keep_report(s, t, row, r);
	reports_add(&s->reports, &(struct report){row->seq, r->number, r->stop});
	if (s->leases && r->stop != STOP_CANCELLED)
		leases_renew(s->leases, t, lease_due(now_ns, t->lease_ms));
}
