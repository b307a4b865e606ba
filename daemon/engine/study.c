/* One study: its life, its views, and questions about it. study_check.c,
 * study_reserve.c and study_apply.c are what a record does to it. */
#include "daemon/engine/study.h"

#include <assert.h>
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
		.lease_s = def->spec.lease_s,
		.on_expiry = def->spec.on_expiry ? def->spec.on_expiry : ON_EXPIRY_EXPIRE,
		.retry_limit = def->spec.has_retry_limit ? def->spec.retry_limit : DEFINITION_RETRY_LIMIT,
		.labels = def->spec.labels,
		.stop = def->spec.stop,
		.acquisition = def->spec.acquisition,
		.spec_version = 1,
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
	s->input_seq = 1;
	view_init(&s->now, def);
	trials_init(&s->trials, def->d, def->spec.n_metrics);
	history_init(&s->history, def->d, def->spec.n_metrics);
	*out = s;
	return KR_OK;
}

void study_free(struct study *s)
{
	if (!s)
		return;
	assert(!s->queue.head && !s->in_job.head && !s->parked.head && !s->snapshot && !s->watches &&
		!s->predictions && !s->stirred && !s->prepared);
	study_free(s->loaded);
	definition_release(s->def);
	kr_free(s->past);
	trials_fini(&s->trials);
	history_fini(&s->history);
	numbers_fini(&s->running);
	numbers_fini(&s->queued);
	numbers_fini(&s->taken);
	grants_fini(&s->grants);
	reports_fini(&s->reports);
	grants_fini(&s->stale);
	pool_fini(&s->pool);
	text_fini(&s->text);
	kr_free(s->state);
	models_free(s->models);
	models_free(s->reserved);
	kr_free(s);
}

/* ---- views ------------------------------------------------------------------ */

static bool changes_settings(const struct record_updated *u)
{
	return u->has_budget || u->no_budget || u->has_lease || u->on_expiry || u->has_retry_limit ||
		u->has_labels || u->has_stop || u->acquisition.name;
}

void study_view_update(struct study_view *v, const struct record_updated *u, uint64_t seq)
{
	v->seq = seq;
	if (u->state == STUDY_DELETED && v->state != STUDY_DELETED)
		v->before_delete = v->state;
	if (u->state == STUDY_ACTIVE)
		v->end = NULL;
	if (u->state == STUDY_FINISHED && v->state != STUDY_DELETED)
		v->end = u->reason;
	if (u->state)
		v->state = u->state;
	if (u->has_stop)
		v->stop = u->stop;
	if (u->acquisition.name)
		v->acquisition = u->acquisition;
	if (u->has_budget) {
		v->has_budget = true;
		v->budget = u->budget;
	}
	if (u->no_budget) {
		v->has_budget = false;
		v->budget = 0;
	}
	if (u->has_lease)
		v->lease_s = u->lease_s;
	if (u->on_expiry)
		v->on_expiry = u->on_expiry;
	if (u->has_retry_limit)
		v->retry_limit = u->retry_limit;
	if (u->has_labels)
		v->labels = u->labels;
	v->spec_version += changes_settings(u);
}

struct msg_spec study_view_spec(const struct definition *def, const struct study_view *v)
{
	struct msg_spec spec = def->spec;

	spec.has_budget = v->has_budget;
	spec.budget = v->budget;
	spec.lease_s = v->lease_s;
	spec.on_expiry = v->on_expiry;
	spec.has_retry_limit = true;
	spec.retry_limit = v->retry_limit;
	spec.labels = v->labels;
	spec.has_stop = !msg_stop_rules_equal(&v->stop, &(struct msg_stop_rules){0});
	spec.stop = v->stop;
	spec.acquisition = v->acquisition;
	return spec;
}

/* ---- questions -------------------------------------------------------------- */

uint64_t study_left(const struct study *s, uint64_t reserved)
{
	uint64_t taken = s->now.spent + reserved;

	if (!s->now.has_budget)
		return UINT64_MAX;
	return taken < s->now.budget ? s->now.budget - taken : 0;
}

uint64_t study_n_deleted(const struct study *s)
{
	uint64_t n = s->trials.n;

	for (int i = 0; i < TRIAL_N_STATES; i++)
		n -= s->now.counts[i];
	return n;
}

bool study_better(const struct study *s, double a, double b)
{
	return s->def->minimize ? a < b : a > b;
}

double study_objective(const struct study *s, const struct trial *t)
{
	return t->metrics[s->def->objective];
}

bool study_feasible(const struct study *s, const struct trial *t)
{
	for (int k = 0; k < s->def->spec.n_metrics; k++) {
		const struct msg_metric *m = &s->def->spec.metrics[k];

		if ((m->has_lower && t->metrics[k] < m->lower) ||
			(m->has_upper && t->metrics[k] > m->upper))
			return false;
	}
	return true;
}

uint64_t study_made(const struct study *s, uint64_t seq, uint64_t *first)
{
	*first = trials_made_from(&s->trials, seq);
	return trials_made_from(&s->trials, seq + 1) - *first;
}

uint64_t study_n_given(const struct study *s, uint64_t seq)
{
	uint64_t first;
	size_t again;

	grants_of(&s->grants, seq, &again);
	return again + study_made(s, seq, &first);
}

uint64_t study_given(const struct study *s, uint64_t seq, uint64_t i)
{
	size_t again;
	const struct grant *grants = grants_of(&s->grants, seq, &again);

	return i < again ? grants[i].number : trials_made_from(&s->trials, seq) + (i - again);
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
