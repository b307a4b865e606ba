#include "daemon/engine/batch.h"

#include <math.h>

#include "daemon/engine/core.h"
#include "daemon/engine/job_internal.h"
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

static void fill_slot(struct job *j, const struct study *s, const struct waiter *w, int slot,
	const struct trial *t)
{
	if (j->fixed)
		fix(j->fixed + (size_t)slot * (size_t)s->def->d, s, w, t);
	if (t) {
		j->slots[slot].number = t->number;
		j->keyed = true;
	}
}

/* Partial picks have their own numbers as keys, new trials those that they may get. */
static void fill_slots(struct job *j, const struct study *s)
{
	uint64_t next = j->of->first_number;

	for (const struct waiter *w = s->in_job.head; w; w = w->next) {
		int slot = w->first_slot;

		for (size_t i = 0; i < w->n_picks; i++)
			if (w->picks[i].partial)
				fill_slot(j, s, w, slot++, trials_at(&s->trials, w->picks[i].number));
		for (; slot < w->first_slot + w->n_slots; slot++) {
			fill_slot(j, s, w, slot, NULL);
			j->slots[slot].number = next++;
		}
	}
}

enum kr_status batch_start(struct engine *e, struct study *s, struct kr_error *err)
{
	struct batch b = gather(e, s);
	struct job *j;
	enum kr_status st = job_new(&j, JOB_SUGGEST, e->next_job, s, NULL, &b.wish, err);

	if (st != KR_OK)
		return st;
	fill_slots(j, s);
	if (b.earliest <= e->now.now_ns) {
		job_cut(j);
		b.earliest = INT64_MAX;
	}
	st = engine__start_job(e, j, b.earliest, err);
	if (st == KR_OK)
		s->job = j->id;
	return st;
}
