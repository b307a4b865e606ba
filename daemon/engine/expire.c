#include "daemon/engine/expire.h"

#include "daemon/engine/core.h"

/* Outcomes of one row: a study with more is served by several. */
enum { MOST_OUTCOMES = 1024 };

/* Its study may want it to be tried again, a number of times. */
static enum trial_state after(const struct study *s, const struct trial *t)
{
	bool again = s->now.on_expiry == ON_EXPIRY_REQUEUE && t->attempt <= s->now.retry_limit;

	return again ? TRIAL_QUEUED : TRIAL_EXPIRED;
}

/* The due trials of one study, by number, at most MOST_OUTCOMES. */
static int gather(
	const struct study *s, const struct leases *leases, int64_t now_ns, struct record_outcome *out)
{
	int n = 0;

	for (size_t i = 0; i < s->running.n && n < MOST_OUTCOMES; i++) {
		const struct trial *t = trials_at(&s->trials, s->running.p[i]);

		if (t->lease_at && leases->heap[t->lease_at - 1].due_ns <= now_ns)
			out[n++] = (struct record_outcome){
				.number = t->number,
				.state = after(s, t),
			};
	}
	return n;
}

static enum kr_status expire_study(struct engine *e, struct study *s)
{
	struct arena_mark mark = arena_mark(e->scratch);
	struct record_outcome *outcomes = ARENA_ARRAY(e->scratch, struct record_outcome, MOST_OUTCOMES);
	struct change c = {.study = s, .record.kind = RECORD_ENDED};
	enum kr_status st = KR_ENOMEM;

	if (outcomes) {
		c.record.u.ended.outcomes = outcomes;
		c.record.u.ended.n = gather(s, &e->leases, e->now.now_ns, outcomes);
		change_begin(e, &c);
		st = change_plan(e, &c, NULL);
		if (st == KR_OK)
			change_apply(e, &c);
	}
	arena_release(e->scratch, mark);
	return st;
}

void engine__expire(struct engine *e)
{
	const struct lease *next;

	if (engine__writable(e, NULL) != KR_OK || e->now.now_ns < e->expire_at)
		return;
	while ((next = leases_next(&e->leases)) != NULL && next->due_ns <= e->now.now_ns)
		if (expire_study(e, studies_at(&e->studies, next->study)) != KR_OK) {
			e->expire_at = lease_due(e->now.now_ns, ENGINE_RETRY_MS);
			return;
		}
}
