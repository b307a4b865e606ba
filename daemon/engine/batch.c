#include "daemon/engine/batch.h"

#include <math.h>

#include "daemon/engine/core.h"
#include "daemon/engine/job_internal.h"
#include "daemon/engine/pick.h"
#include "daemon/engine/prepare.h"
#include "daemon/engine/waiter.h"

/* Points of one computation: the batch limit of one request, whoever shares it. */
enum { MOST_SLOTS = LIMIT_BATCH };

struct batch {
	struct job_wish wish;
	int n_waiters;
	int64_t earliest, latest; /* deadlines */
};

/* Each row of a batch records the fixed values of all its slots: bound their sum. */
static bool too_many_fixed(const struct study *s, const struct batch *b, const struct waiter *w)
{
	enum { MOST_RECORDED = 1 << 18 };
	int64_t n_slots = b->wish.n_slots + w->n_slots;

	return (b->wish.any_fixed || w->fixed || waiter_n_partial(w)) &&
		(b->n_waiters + 1) * n_slots * s->def->d > MOST_RECORDED;
}

static int64_t remaining(int64_t deadline_ns, int64_t now_ns)
{
	return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

/* A computation is cut by the earliest deadline of its suggests. So that nobody is cut long
 * before their own, they share one only when the shortest time left is at least half of the
 * longest; those without a deadline share with each other. */
static bool compatible(const struct batch *b, const struct waiter *w, int64_t now_ns)
{
	int64_t earliest = w->deadline_ns < b->earliest ? w->deadline_ns : b->earliest;
	int64_t latest = w->deadline_ns > b->latest ? w->deadline_ns : b->latest;

	if (earliest == INT64_MAX || latest == INT64_MAX)
		return earliest == latest;
	return remaining(earliest, now_ns) >= remaining(latest, now_ns) / 2;
}

static bool fits(
	const struct study *s, const struct batch *b, const struct waiter *w, int64_t now_ns)
{
	if (b->n_waiters == 0)
		return true;
	return b->wish.n_slots + w->n_slots <= MOST_SLOTS && !too_many_fixed(s, b, w) &&
		compatible(b, w, now_ns);
}

static void join(struct batch *b, struct waiter *w)
{
	if (b->n_waiters == 0)
		b->earliest = b->latest = w->deadline_ns;
	w->first_slot = b->wish.n_slots;
	b->n_waiters++;
	b->wish.n_slots += w->n_slots;
	b->wish.any_fixed |= w->fixed || waiter_n_partial(w);
	if (w->deadline_ns < b->earliest)
		b->earliest = w->deadline_ns;
	if (w->deadline_ns > b->latest)
		b->latest = w->deadline_ns;
}

static struct batch gather(struct engine *e, struct study *s)
{
	struct waiters rest = {0};
	struct batch b = {0};
	struct waiter *w;

	while ((w = waiters_pop(&s->queue)) != NULL) {
		if (!fits(s, &b, w, e->now.now_ns)) {
			waiters_push(&rest, w);
			continue;
		}
		join(&b, w);
		timers_clear(&e->timers, &w->timer);
		waiters_push(&s->in_job, w);
	}
	s->queue = rest;
	return b;
}

/* The values that a slot must keep: those of the suggest, and those of the trial that it
 * completes (which agree). */
static void fix(double *to, const struct study *s, const struct waiter *w, const struct trial *t)
{
	for (int i = 0; i < s->def->d; i++) {
		if (w->fixed)
			to[i] = w->fixed[i];
		if (t && !isnan(t->values[i]))
			to[i] = t->values[i];
	}
}

static void fill_slot(
	struct job *j, const struct study *s, const struct waiter *w, int slot, const struct trial *t)
{
	if (j->fixed)
		fix(j->fixed + (size_t)slot * (size_t)s->def->d, s, w, t);
	if (t) {
		j->slots[slot].number = t->number;
		j->keyed = true;
	}
}

/* Partial picks have their own numbers as keys (also when they were deleted since: their slots
 * stay apart from those of new trials), new trials those that they may get. */
static void fill_slots(struct job *j, struct study *s)
{
	s->next_key = j->of->first_number;
	for (const struct waiter *w = s->in_job.head; w; w = w->next) {
		int slot = w->first_slot;

		for (size_t i = 0; i < w->n_picks; i++)
			if (w->picks[i].partial)
				fill_slot(j, s, w, slot++, trials_kept(&s->trials, w->picks[i].number));
		for (; slot < w->first_slot + w->n_slots; slot++) {
			fill_slot(j, s, w, slot, NULL);
			j->slots[slot].number = s->next_key++;
		}
	}
}

static void began(struct study *s, const struct job *j)
{
	if (!s->snapshot)
		s->snapshot = snapshot_retain(j->of);
	s->n_jobs++;
}

/* The computation that runs unasked is the one that the only suggest of b would begin. */
static bool join_prepared(struct engine *e, struct study *s, const struct batch *b)
{
	struct snapshot *of = NULL;

	if (b->n_waiters == 1 && b->wish.n_slots == 1 && !b->wish.any_fixed)
		of = prepare_join(e, s, b->earliest, &s->job);
	if (!of)
		return false;
	s->snapshot = of;
	s->n_jobs++;
	s->next_key = of->first_number + 1;
	s->in_job.head->job = s->job;
	return true;
}

enum kr_status batch_start(struct engine *e, struct study *s, struct kr_error *err)
{
	struct batch b = gather(e, s);
	struct job *j;
	enum kr_status st;

	if (join_prepared(e, s, &b))
		return KR_OK;
	prepare_drop(e, s);
	st = job_new(&j, JOB_SUGGEST, e->next_job, s, NULL, &b.wish, err);
	if (st != KR_OK)
		return st;
	fill_slots(j, s);
	if (b.earliest <= e->now.now_ns) {
		job_cut(j);
		b.earliest = INT64_MAX;
	}
	st = engine__start_job(e, j, b.earliest, err);
	if (st != KR_OK)
		return st;
	began(s, j);
	s->job = j->id;
	for (struct waiter *w = s->in_job.head; w; w = w->next)
		w->job = j->id;
	return KR_OK;
}

/* ---- deadlines -------------------------------------------------------------- */

enum kr_status batch_hasty(
	struct engine *e, struct study *s, struct waiter *w, struct kr_error *err)
{
	int n_partial = waiter_n_partial(w);
	struct job_wish wish = {.any_fixed = w->fixed != NULL};
	struct job *j;
	enum kr_status st;

	/* New trials instead of those that the snapshot does not know, or that are to be completed:
	 * their keys might be the same. */
	w->n_slots += pick_narrow(s, w, s->snapshot->first_number) - n_partial;
	w->first_slot = 0;
	wish.n_slots = w->n_slots;
	st = job_new(&j, JOB_SUGGEST, e->next_job, s, s->snapshot, &wish, err);
	if (st != KR_OK)
		return st;
	for (int slot = 0; slot < w->n_slots; slot++) {
		fill_slot(j, s, w, slot, NULL);
		j->slots[slot].number = s->next_key++;
	}
	j->keyed = j->hasty = w->hasty = true;
	j->of->shared = true;
	job_cut(j);
	st = engine__start_job(e, j, INT64_MAX, err);
	if (st != KR_OK)
		return st;
	began(s, j);
	w->job = j->id;
	waiters_push(&s->in_job, w);
	return KR_OK;
}

/* ---- the end ---------------------------------------------------------------- */

struct waiters batch_end(struct study *s, uint64_t job)
{
	struct waiters all = s->in_job, ended = {0};
	struct waiter *w;

	s->in_job = (struct waiters){0};
	while ((w = waiters_pop(&all)) != NULL)
		waiters_push(w->job == job ? &ended : &s->in_job, w);
	if (!ended.head)
		return ended;
	if (s->job == job)
		s->job = 0;
	if (--s->n_jobs == 0) {
		snapshot_release(s->snapshot);
		s->snapshot = NULL;
	}
	return ended;
}

struct waiters batch_drop(struct study *s)
{
	struct waiters all = s->in_job;

	s->in_job = (struct waiters){0};
	s->job = 0;
	s->n_jobs = 0;
	snapshot_release(s->snapshot);
	s->snapshot = NULL;
	return all;
}
