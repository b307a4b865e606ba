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
	trials_init(&s->trials, def->d, def->spec.n_metrics);
	history_init(&s->history, def->d, def->spec.n_metrics);
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

/* ---- views ------------------------------------------------------------------ */

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
