/* Memory for what a record does: may fail, changes nothing that can be seen. */
#include "base/alloc.h"
#include "daemon/engine/grounds.h"
#include "daemon/engine/study_internal.h"

static enum kr_status reserve_state(struct study *s, size_t n, struct kr_error *err)
{
	double *state;

	if (n <= s->cap_state)
		return KR_OK;
	state = kr_realloc(s->state, n, sizeof(*state));
	if (!state)
		return kr_fail(err, KR_ENOMEM, "no memory for the state of a model");
	s->state = state;
	s->cap_state = n;
	return KR_OK;
}

/* What is left of a reservation that was not applied is dropped. */
static enum kr_status reserve_models(
	struct study *s, const struct msg_models *models, struct kr_error *err)
{
	models_free(s->reserved);
	s->reserved = NULL;
	return models->n ? models_new(&s->reserved, models, s->models, err) : KR_OK;
}

static enum kr_status reserve_updated(
	struct study *s, const struct record_updated *u, struct kr_error *err)
{
	size_t text = text_size(u->reason) + text_size(u->acquisition.name) +
		labels_text_size(&u->labels);
	enum kr_status st = pool_reserve(&s->pool, labels_size(&u->labels), err);

	return st == KR_OK ? text_reserve(&s->text, text, err) : st;
}

/* Versions of the trials that are given out again, with the points of the partial ones; and what
 * all rest on. */
static enum kr_status reserve_again(
	struct study *s, const struct record_suggested *r, struct kr_error *err)
{
	size_t n = 0, bytes = 0;
	enum kr_status st;

	for (int i = 0; i < r->n_trials; i++) {
		const struct trial *t = trials_at(&s->trials, r->trials[i].number);

		bytes += grounds_size(r->trials[i].why.grounds);
		if (!t)
			continue;
		n++;
		bytes += version_size() + (t->partial ? (size_t)s->def->d * sizeof(double) : 0);
	}
	st = pool_reserve(&s->pool, bytes, err);
	return st == KR_OK ? grants_reserve(&s->grants, n, err) : st;
}

static enum kr_status reserve_suggested(
	struct study *s, const struct record_suggested *r, struct kr_error *err)
{
	size_t n = (size_t)r->n_trials;
	enum kr_status st = trials_reserve(&s->trials, n, err);

	if (st == KR_OK)
		st = reserve_again(s, r, err);
	if (st == KR_OK)
		st = numbers_reserve(&s->running, n, err);
	if (st == KR_OK)
		st = text_reserve(&s->text, text_size(r->worker), err);
	if (st == KR_OK && s->leases)
		st = leases_reserve(s->leases, n, err);
	if (st == KR_OK)
		st = reserve_state(s, (size_t)r->job.n_state_out, err);
	if (st == KR_OK)
		st = reserve_models(s, &r->job.models, err);
	return st;
}

static enum kr_status reserve_ended(
	struct study *s, const struct record_ended *r, struct kr_error *err)
{
	size_t text = 0, n_results = 0, n_versions = 0, n_queued = 0;
	enum kr_status st;

	for (int i = 0; i < r->n; i++) {
		text += text_size(r->outcomes[i].reason);
		n_results += r->outcomes[i].n_values > 0;
		n_queued += r->outcomes[i].state == TRIAL_QUEUED;
		n_versions += version_needed(trials_at(&s->trials, r->outcomes[i].number), RECORD_ENDED);
	}
	st = history_reserve(&s->history, n_results, err);
	if (st == KR_OK)
		st = numbers_reserve(&s->taken, (size_t)r->n - n_results, err);
	if (st == KR_OK)
		st = numbers_reserve(&s->queued, n_queued, err);
	if (st == KR_OK)
		st = pool_reserve(&s->pool, n_versions * version_size(), err);
	if (st == KR_OK)
		st = text_reserve(&s->text, text, err);
	return st;
}

/* Told trials, and (no metrics) queued ones. */
static enum kr_status reserve_added(
	struct study *s, const struct record_added *r, struct numbers *set, struct kr_error *err)
{
	size_t n = (size_t)r->n, text = 0, labels = 0;
	enum kr_status st = trials_reserve(&s->trials, n, err);

	for (int i = 0; i < r->n; i++) {
		text += text_size(r->trials[i].reason) + text_size(r->trials[i].note) +
			labels_text_size(&r->trials[i].labels);
		labels += labels_size(&r->trials[i].labels);
	}
	if (st == KR_OK)
		st = pool_reserve(&s->pool, labels, err);
	if (st == KR_OK)
		st = history_reserve(&s->history, n, err);
	if (st == KR_OK)
		st = numbers_reserve(set, n, err);
	if (st == KR_OK)
		st = text_reserve(&s->text, text, err);
	return st;
}

enum kr_status study_reserve(struct study *s, const struct record *r, struct kr_error *err)
{
	switch (r->kind) {
	case RECORD_STUDY_CREATED: break;
	case RECORD_STUDY_UPDATED:
		if (KR_GROW(&s->past, s->n_past, &s->cap_past))
			return kr_fail(err, KR_ENOMEM, "no memory for the events of a study");
		return reserve_updated(s, &r->u.updated, err);
	case RECORD_SUGGESTED: return reserve_suggested(s, &r->u.suggested, err);
	case RECORD_ENDED: return reserve_ended(s, &r->u.ended, err);
	case RECORD_ADDED: return reserve_added(s, &r->u.added, &s->taken, err);
	case RECORD_REPORTED: return study__reserve_reported(s, &r->u.reported, err);
	case RECORD_EDITED: return study__reserve_edited(s, &r->u.edited, err);
	case RECORD_ENQUEUED: return reserve_added(s, &r->u.enqueued, &s->queued, err);
	case RECORD_STALE: return grants_reserve(&s->stale, 1, err);
	}
	return KR_OK;
}
