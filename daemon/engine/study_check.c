/* May a record that comes from the store be applied? Live changes were checked by
 * their handlers; a damaged file must not crash. */
#include <inttypes.h>
#include <math.h>

#include "daemon/engine/acquisition.h"
#include "daemon/engine/grounds.h"
#include "daemon/engine/point.h"
#include "daemon/engine/progress.h"
#include "daemon/engine/study.h"
#include "proto/limits.h"

static enum kr_status damaged(const struct row *row, struct kr_error *err, const char *what)
{
	return kr_fail(err, KR_ECORRUPT,
		"study %" PRIu64 ": event %" PRIu64 ": %s; restore a backup "
		"of the database",
		row->study, row->seq, what);
}

static bool good_value(const struct msg_param *p, double v)
{
	bool whole = p->kind != PARAM_FLOAT;

	if (!isfinite(v) || (whole && v != rint(v)))
		return false;
	if (p->kind == PARAM_FLOAT || p->kind == PARAM_INT)
		return p->kind == PARAM_FLOAT || fabs(v) <= 0x1p53;
	return v >= 0 && v < (p->kind == PARAM_BOOL ? 2 : p->n_choices);
}

/* partial: values may be missing. */
static bool good_point(const struct definition *def, int n, const double *values, bool partial)
{
	if (n != def->d)
		return false;
	for (int i = 0; i < n; i++)
		if (!isnan(values[i]) && !good_value(&def->spec.params[i], values[i]))
			return false;
	return partial || point_whole(def, values);
}

/* A trial that is there keeps its values, and free ones get some. */
static bool good_again(const struct study *s, const struct trial *t, const struct record_given *g)
{
	if ((t->state != TRIAL_QUEUED && t->state != TRIAL_RUNNING) || g->attempt != t->attempt + 1)
		return false;
	for (int i = 0; i < s->def->d; i++) {
		double was = t->values[i], is = g->values[i];

		if (was != is && !(isnan(was) && (isnan(is) || t->partial)))
			return false;
	}
	return true;
}

/* RUNNING ones, then QUEUED ones, then new ones; each by number. */
static bool good_order(const struct study *s, const struct record_suggested *r, int i)
{
	uint64_t number = r->trials[i].number, before = i > 0 ? r->trials[i - 1].number : 0;
	const struct trial *t = trials_at(&s->trials, number);
	const struct trial *last = i > 0 ? trials_at(&s->trials, before) : NULL;

	if (number >= s->trials.n)
		return number == (i > 0 && before >= s->trials.n ? before + 1 : s->trials.n);
	if (!t || (i > 0 && !last))
		return false;
	return !last || (last->state == t->state ? before < number : last->state == TRIAL_RUNNING);
}

/* A lengthscale for each parameter. */
static bool good_models(const struct definition *def, const struct msg_models *models)
{
	for (int i = 0; i < models->n; i++)
		if (models->p[i].n_lengthscales != def->d)
			return false;
	return true;
}

static enum kr_status check_suggested(const struct study *s, const struct row *row,
	const struct record_suggested *r, struct kr_error *err)
{
	for (int i = 0; i < r->n_trials; i++) {
		const struct record_given *g = &r->trials[i];

		if (!good_order(s, r, i))
			return damaged(row, err, "its trials are not numbered in order");
		if (!good_point(s->def, g->n_values, g->values, false))
			return damaged(row, err, "a trial is not a point of the space");
		if (!grounds_good(g->why.grounds, s->def, s->trials.n))
			return damaged(row, err, "a trial rests on trials or parameters that do not exist");
		if (g->number < s->trials.n && !good_again(s, trials_at(&s->trials, g->number), g))
			return damaged(
				row, err, "it gives out a trial again in a way its state does not allow");
	}
	if (!good_models(s->def, &r->job.models))
		return damaged(row, err, "a model has not a lengthscale for each parameter");
	return KR_OK;
}

int study_repeated(const struct record_ended *r)
{
	bool ascending = true;

	for (int i = 1; ascending && i < r->n; i++)
		ascending = r->outcomes[i - 1].number < r->outcomes[i].number;
	for (int i = 1; !ascending && i < r->n; i++)
		for (int k = 0; k < i; k++)
			if (r->outcomes[i].number == r->outcomes[k].number)
				return i;
	return -1;
}

/* All metrics, finite; their standard errors, when there are any. */
static bool good_result(
	const struct definition *def, int n, const double *metrics, int n_sems, const double *sems)
{
	if (n != def->spec.n_metrics || (n_sems && n_sems != n))
		return false;
	for (int k = 0; k < n; k++)
		if (!isfinite(metrics[k]))
			return false;
	for (int k = 0; k < n_sems; k++)
		if (!isnan(sems[k]) && !(sems[k] >= 0 && isfinite(sems[k])))
			return false;
	return true;
}

static bool good_end(
	const struct definition *def, const struct trial *t, const struct record_outcome *o)
{
	bool alive = t->state == TRIAL_RUNNING || t->state == TRIAL_EXPIRED;
	bool late = t->state == TRIAL_QUEUED && t->attempt > 0;

	if (o->attempt && (!o->late || o->attempt >= t->attempt))
		return false;
	if (o->state == TRIAL_COMPLETE)
		return (alive || late) && good_result(def, o->n_values, o->values, o->n_sems, o->sems);
	if (o->n_values)
		return false;
	switch (o->state) {
	case TRIAL_QUEUED: return t->state != TRIAL_QUEUED && !t->has_value && !t->told;
	case TRIAL_EXPIRED: return t->state == TRIAL_RUNNING;
	case TRIAL_FAILED: return alive || late;
	case TRIAL_PRUNED:
	case TRIAL_INFEASIBLE: return alive;
	case TRIAL_CANCELLED: return alive || t->state == TRIAL_QUEUED;
	default: return false;
	}
}

static enum kr_status check_ended(const struct study *s, const struct row *row,
	const struct record_ended *r, struct kr_error *err)
{
	if (study_repeated(r) >= 0)
		return damaged(row, err, "it ends a trial twice");
	for (int i = 0; i < r->n; i++) {
		const struct trial *t = trials_at(&s->trials, r->outcomes[i].number);

		if (!t)
			return damaged(row, err, "it ends a trial that does not exist");
		if (!good_end(s->def, t, &r->outcomes[i]))
			return damaged(row, err, "it ends a trial in a way its state does not allow");
	}
	return KR_OK;
}

static enum kr_status check_added(const struct study *s, const struct row *row,
	const struct record_added *r, struct kr_error *err)
{
	if (r->first_number != s->trials.n)
		return damaged(row, err, "its trials are not numbered in order");
	for (int i = 0; i < r->n; i++) {
		const struct record_added_trial *t = &r->trials[i];

		if (!good_point(s->def, t->n_values, t->values, false))
			return damaged(row, err, "a trial is not a point of the space");
		if (t->n_metrics && !good_result(s->def, t->n_metrics, t->metrics, t->n_sems, t->sems))
			return damaged(row, err, "a trial has a result that can't be");
	}
	return KR_OK;
}

static enum kr_status check_enqueued(const struct study *s, const struct row *row,
	const struct record_added *r, struct kr_error *err)
{
	if (r->first_number != s->trials.n)
		return damaged(row, err, "its trials are not numbered in order");
	for (int i = 0; i < r->n; i++)
		if (!good_point(s->def, r->trials[i].n_values, r->trials[i].values, true) ||
			r->trials[i].n_metrics)
			return damaged(row, err, "a trial is not a point of the space");
	return KR_OK;
}

static enum kr_status check_reported(const struct study *s, const struct row *row,
	const struct record_reported *r, struct kr_error *err)
{
	const struct trial *t = trials_kept(&s->trials, r->number);
	const struct msg_progress *last = t ? progress_last(t->progress, t->attempt) : NULL;
	bool running = t && !t->deleted && t->state == TRIAL_RUNNING;
	bool again = last && last->step == r->step && last->value == r->value;

	if (!t || running != (r->stop != STOP_CANCELLED) || r->stop > STOP_BUDGET)
		return damaged(row, err, "it reports on a trial whose state does not allow it");
	if (!isfinite(r->value) || (running && !again && last && last->step >= r->step) ||
		(running && !again && progress_kept(t->progress, t->attempt, r->step) >= LIMIT_REPORTS))
		return damaged(row, err, "it is a report that does not follow the one before");
	return KR_OK;
}

static bool good_edit(
	const struct definition *def, const struct trial *t, const struct record_edited *r)
{
	bool alive = t->state == TRIAL_RUNNING || t->state == TRIAL_QUEUED;

	if (r->n_values == 0 && r->n_sems != 0)
		return false;
	if (r->n_values &&
		!(t->has_value && good_result(def, r->n_values, r->values, r->n_sems, r->sems)))
		return false;
	return !(r->has_excluded && alive) && !(r->deleted && t->state == TRIAL_RUNNING) &&
		r->labels.n <= LIMIT_LABELS;
}

static enum kr_status check_edited(const struct study *s, const struct row *row,
	const struct record_edited *r, struct kr_error *err)
{
	const struct trial *t = trials_at(&s->trials, r->number);

	if (!t)
		return damaged(row, err, "it changes a trial that does not exist");
	return good_edit(s->def, t, r)
		? KR_OK
		: damaged(row, err, "it changes a trial in a way its state does not allow");
}

enum kr_status study_check(
	const struct study *s, const struct row *row, const struct record *r, struct kr_error *err)
{
	if (row->seq != s->now.seq + 1)
		return damaged(row, err, "events are missing before it");
	switch (r->kind) {
	case RECORD_STUDY_CREATED: return damaged(row, err, "it creates the study a second time");
	case RECORD_STUDY_UPDATED:
		return acquisition_check(&r->u.updated.acquisition, s->def->spec.n_metrics, "", NULL) ==
				KR_OK
			? KR_OK
			: damaged(row, err, "it names no acquisition that this study may have");
	case RECORD_SUGGESTED: return check_suggested(s, row, &r->u.suggested, err);
	case RECORD_ENDED: return check_ended(s, row, &r->u.ended, err);
	case RECORD_ADDED: return check_added(s, row, &r->u.added, err);
	case RECORD_REPORTED: return check_reported(s, row, &r->u.reported, err);
	case RECORD_EDITED: return check_edited(s, row, &r->u.edited, err);
	case RECORD_ENQUEUED: return check_enqueued(s, row, &r->u.enqueued, err);
	case RECORD_STALE:
		return trials_kept(&s->trials, r->u.stale.number)
			? KR_OK
			: damaged(row, err, "it is a result of a trial that does not exist");
	}
	return damaged(row, err, "its kind is not known");
}
