#include "daemon/engine/snapshot.h"

#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/acquisition.h"

static bool is_any(const struct trial *t)
{
	(void)t;
	return true;
}

/* What failed teaches where evaluations fail, unless the model is not to see it. */
static bool is_failure(const struct trial *t)
{
	return t->state == TRIAL_FAILED && !t->excluded;
}

static bool is_infeasible(const struct trial *t)
{
	return t->state == TRIAL_INFEASIBLE && !t->excluded;
}

static bool is_other(const struct trial *t)
{
	return !is_failure(t) && !is_infeasible(t);
}

bool snapshot_has_failed(const struct study *s)
{
	for (size_t i = 0; i < s->taken.n; i++) {
		const struct trial *t = trials_at(&s->trials, s->taken.p[i]);

		if (!t->partial && !is_other(t))
			return true;
	}
	return false;
}

/* The points of those wanted trials of two sets that have one, by number. False without memory. */
static bool copy_points(struct snapshot_points *to, bool (*wanted)(const struct trial *),
	const struct study *s, const struct numbers *a, const struct numbers *b)
{
	size_t d = (size_t)s->def->d, i = 0, k = 0;

	to->values = kr_calloc(a->n + b->n, d * sizeof(*to->values));
	while (to->values && (i < a->n || k < b->n)) {
		bool first = k == b->n || (i < a->n && a->p[i] < b->p[k]);
		const struct trial *t = trials_at(&s->trials, first ? a->p[i++] : b->p[k++]);

		if (!t->partial && wanted(t))
			memcpy(to->values + (size_t)to->n++ * d, t->values, d * sizeof(*to->values));
	}
	return to->values != NULL;
}

static bool copy_state(struct snapshot *snap, const struct study *s)
{
	snap->state = kr_calloc(s->n_state, sizeof(double));
	if (!snap->state)
		return false;
	if (s->n_state)
		memcpy(snap->state, s->state, s->n_state * sizeof(double));
	snap->n_state = (int)s->n_state;
	return true;
}

static bool fill(struct snapshot *snap, const struct study *s)
{
	static const struct numbers none;

	return history_view(&s->history, &snap->history, NULL) == KR_OK &&
		copy_points(&snap->pending, is_any, s, &s->running, &s->queued) &&
		copy_points(&snap->failed, is_failure, s, &s->taken, &none) &&
		copy_points(&snap->infeasible, is_infeasible, s, &s->taken, &none) &&
		copy_points(&snap->taken, is_other, s, &s->taken, &none) && copy_state(snap, s);
}

enum kr_status snapshot_new(struct snapshot **out, const struct study *s, struct kr_error *err)
{
	struct snapshot *snap = KR_NEW(struct snapshot);

	*out = NULL;
	if (!snap)
		return kr_fail(err, KR_ENOMEM, "no memory for a snapshot");
	snap->refs = 1;
	snap->seq = s->now.seq;
	snap->first_number = s->trials.n;
	snap->gain = s->now.stop.gain;
	snap->gain_relative = s->now.stop.gain_relative;
	snap->acquisition = acquisition_choice(&s->now.acquisition);
	snap->level = s->now.acquisition.level;
	snap->beta = acquisition_beta(&s->now.acquisition);
	if (!fill(snap, s)) {
		snapshot_release(snap);
		return kr_fail(err, KR_ENOMEM, "no memory for a snapshot");
	}
	*out = snap;
	return KR_OK;
}

struct snapshot *snapshot_retain(struct snapshot *snap)
{
	snap->refs++;
	return snap;
}

static void drop_points(struct snapshot_points *points)
{
	kr_free(points->values);
	*points = (struct snapshot_points){0};
}

/* What is only there for a computation to read. */
static void drop_copies(struct snapshot *snap)
{
	drop_points(&snap->pending);
	drop_points(&snap->failed);
	drop_points(&snap->infeasible);
	drop_points(&snap->taken);
	kr_free(snap->state);
	snap->state = NULL;
	snap->n_state = 0;
}

void snapshot_thin(struct snapshot *snap)
{
	if (snap->refs == 1)
		drop_copies(snap);
}

void snapshot_release(struct snapshot *snap)
{
	if (!snap || --snap->refs > 0)
		return;
	history_view_fini(&snap->history);
	drop_copies(snap);
	kr_free(snap);
}
