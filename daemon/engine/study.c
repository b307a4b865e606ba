#include "daemon/engine/study.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* ---- first row -------------------------------------------------------------- */

static void view_init(struct study_view *v, const struct definition *def)
{
	*v = (struct study_view){
		.seq = 1,
		.state = STUDY_ACTIVE,
		.before_delete = STUDY_ACTIVE,
		.has_budget = def->spec.has_budget,
		.budget = def->spec.budget,
	};
}

enum kr_status study_new(
	struct study **out, const struct row *row, struct definition *def, struct kr_error *err)
{
	struct study *s = KR_NEW(struct study);

	*out = NULL;
	if (!s)
		return kr_fail(err, KR_ENOMEM, "no memory for a study");
	s->id = row->study;
	s->created_ms = (uint64_t)row->time_ms;
	s->def = definition_retain(def);
	view_init(&s->now, def);
	trials_init(&s->trials, def->d);
	history_init(&s->history, def->d);
	*out = s;
	return KR_OK;
}

void study_free(struct study *s)
{
	if (!s)
		return;
	assert(!s->queue.head && !s->in_job.head);
	study_free(s->loaded);
	definition_release(s->def);
	kr_free(s->past);
	trials_fini(&s->trials);
	history_fini(&s->history);
	numbers_fini(&s->running);
	numbers_fini(&s->taken);
	text_fini(&s->text);
	kr_free(s->state);
	kr_free(s);
}

/* ---- questions -------------------------------------------------------------- */

uint64_t study_left(const struct study *s, uint64_t reserved)
{
	uint64_t taken = s->now.spent + reserved;

	if (!s->now.has_budget)
		return UINT64_MAX;
	return taken < s->now.budget ? s->now.budget - taken : 0;
}

bool study_better(const struct study *s, double a, double b)
{
	return s->def->minimize ? a < b : a > b;
}

bool study_view_at(const struct study *s, uint64_t seq, struct study_view *out)
{
	size_t lo = 0, hi = s->n_past;

	if (seq == s->now.seq) {
		*out = s->now;
		return true;
	}
	if (seq == 1) {
		view_init(out, s->def);
		return true;
	}
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->past[mid].seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == s->n_past || s->past[lo].seq != seq)
		return false;
	*out = s->past[lo];
	return true;
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

/* ---- checks of stored records ----------------------------------------------- */

static enum kr_status damaged(const struct row *row, struct kr_error *err, const char *what)
{
	return kr_fail(err, KR_ECORRUPT,
		"study %" PRIu64 ": event %" PRIu64 ": %s; restore a backup "
		"of the database",
		row->study, row->seq, what);
}

static bool good_point(const struct definition *def, int n, const double *values)
{
	if (n != def->d)
		return false;
	for (int i = 0; i < n; i++) {
		const struct msg_param *p = &def->spec.params[i];
		bool whole = p->kind != PARAM_FLOAT;

		if (!isfinite(values[i]) || (whole && values[i] != rint(values[i])))
			return false;
		if (p->kind == PARAM_CATEGORICAL && !(values[i] >= 0 && values[i] < p->n_choices))
			return false;
		if (p->kind == PARAM_INT && fabs(values[i]) > 0x1p53)
			return false;
	}
	return true;
}

static enum kr_status check_suggested(const struct study *s, const struct row *row,
	const struct record_suggested *r, struct kr_error *err)
{
	for (int i = 0; i < r->n_trials; i++) {
		if (r->trials[i].number != s->trials.n + (uint64_t)i)
			return damaged(row, err, "its trials are not numbered in order");
		if (!good_point(s->def, r->trials[i].n_values, r->trials[i].values))
			return damaged(row, err, "a trial is not a point of the space");
	}
	return KR_OK;
}

static bool good_end(const struct trial *t, const struct record_outcome *o)
{
	if (o->state == TRIAL_EXPIRED)
		return t->state == TRIAL_RUNNING && o->n_values == 0;
	if (t->state != TRIAL_RUNNING && t->state != TRIAL_EXPIRED)
		return false;
	if (o->state == TRIAL_COMPLETE)
		return o->n_values == 1 && isfinite(o->values[0]);
	return o->n_values == 0 &&
		(o->state == TRIAL_FAILED || o->state == TRIAL_PRUNED || o->state == TRIAL_INFEASIBLE ||
			o->state == TRIAL_CANCELLED);
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
		if (!good_end(t, &r->outcomes[i]))
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

		if (!good_point(s->def, t->n_values, t->values) || t->n_metrics > 1 ||
			(t->n_metrics == 1 && !isfinite(t->metrics[0])))
			return damaged(row, err, "a trial is not a point of the space");
	}
	return KR_OK;
}

enum kr_status study_check(
	const struct study *s, const struct row *row, const struct record *r, struct kr_error *err)
{
	if (row->seq != s->now.seq + 1)
		return damaged(row, err, "events are missing before it");
	switch (r->kind) {
	case RECORD_STUDY_CREATED: return damaged(row, err, "it creates the study a second time");
	case RECORD_STUDY_UPDATED: return KR_OK;
	case RECORD_SUGGESTED: return check_suggested(s, row, &r->u.suggested, err);
	case RECORD_ENDED: return check_ended(s, row, &r->u.ended, err);
	case RECORD_ADDED: return check_added(s, row, &r->u.added, err);
	case RECORD_ENQUEUED:
	case RECORD_REPORTED:
	case RECORD_EDITED:
	case RECORD_STALE: break;
	}
	return damaged(row, err, "its kind is not known");
}

/* ---- memory ----------------------------------------------------------------- */

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

static enum kr_status reserve_suggested(
	struct study *s, const struct record_suggested *r, struct kr_error *err)
{
	size_t n = (size_t)r->n_trials;
	enum kr_status st = trials_reserve(&s->trials, n, err);

	if (st == KR_OK)
		st = numbers_reserve(&s->running, n, err);
	if (st == KR_OK)
		st = text_reserve(&s->text, text_size(r->worker), err);
	if (st == KR_OK && s->leases)
		st = leases_reserve(s->leases, n, err);
	if (st == KR_OK)
		st = reserve_state(s, (size_t)r->job.n_state_out, err);
	return st;
}

static enum kr_status reserve_ended(
	struct study *s, const struct record_ended *r, struct kr_error *err)
{
	size_t text = 0, n_results = 0;
	enum kr_status st;

	for (int i = 0; i < r->n; i++) {
		text += text_size(r->outcomes[i].reason);
		n_results += r->outcomes[i].n_values > 0;
	}
	st = history_reserve(&s->history, n_results, err);
	if (st == KR_OK)
		st = numbers_reserve(&s->taken, (size_t)r->n - n_results, err);
	if (st == KR_OK)
		st = text_reserve(&s->text, text, err);
	return st;
}

static enum kr_status reserve_added(
	struct study *s, const struct record_added *r, struct kr_error *err)
{
	size_t n = (size_t)r->n, text = 0;
	enum kr_status st = trials_reserve(&s->trials, n, err);

	for (int i = 0; i < r->n; i++)
		text += text_size(r->trials[i].reason);
	if (st == KR_OK)
		st = history_reserve(&s->history, n, err);
	if (st == KR_OK)
		st = numbers_reserve(&s->taken, n, err);
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
		break;
	case RECORD_SUGGESTED: return reserve_suggested(s, &r->u.suggested, err);
	case RECORD_ENDED: return reserve_ended(s, &r->u.ended, err);
	case RECORD_ADDED: return reserve_added(s, &r->u.added, err);
	case RECORD_ENQUEUED:
	case RECORD_REPORTED:
	case RECORD_EDITED:
	case RECORD_STALE: break;
	}
	return KR_OK;
}

/* ---- apply ------------------------------------------------------------------ */

void study_view_update(struct study_view *v, const struct record_updated *u, uint64_t seq)
{
	v->seq = seq;
	if (u->state == STUDY_DELETED && v->state != STUDY_DELETED)
		v->before_delete = v->state;
	if (u->state)
		v->state = u->state;
	if (u->has_budget) {
		v->has_budget = true;
		v->budget = u->budget;
	}
	if (u->no_budget) {
		v->has_budget = false;
		v->budget = 0;
	}
}

static void apply_updated(struct study *s, const struct row *row, const struct record_updated *u)
{
	study_view_update(&s->now, u, row->seq);
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

/* A trial has its objective: into the history, and is it the best? Ties go to the
 * lowest number. */
static void add_result(struct study *s, const struct trial *t)
{
	const struct trial *best = s->now.has_best ? trials_at(&s->trials, s->now.best) : NULL;

	history_append(&s->history, t->values, t->value);
	if (best && !study_better(s, t->value, best->value) &&
		!(t->value == best->value && t->number < best->number))
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
		o.reason = text_keep(&s->text, o.reason);
		trial_end(t, &o, row);
		s->now.counts[t->state]++;
		s->now.spent += t->spends;
		if (was_running) {
			numbers_remove(&s->running, t->number);
			if (s->leases)
				leases_remove(s->leases, t);
		}
		if (t->has_value) {
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
	case RECORD_ENQUEUED:
	case RECORD_REPORTED:
	case RECORD_EDITED:
	case RECORD_STALE: break;
	}
}
