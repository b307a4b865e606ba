/* Suggests between their request and their answer. Those of one study that wait together
 * share a computation and get a joint batch; those that come while it runs wait for the next.
 * Their places of the budget are reserved meanwhile. One to which nothing can be given now
 * is parked, if its client waits for that. */
#include "daemon/engine/suggest.h"

#include <string.h>

#include "daemon/engine/batch.h"
#include "daemon/engine/core.h"
#include "daemon/engine/give.h"
#include "daemon/engine/job_internal.h"
#include "daemon/engine/pick.h"
#include "daemon/engine/prepare.h"
#include "daemon/engine/waiter.h"

/* ---- a waiter goes ---------------------------------------------------------- */

/* What was kept for it is free again: others may get it. */
static void let_go(struct engine *e, struct study *s, struct waiter *w)
{
	if (w->n_picks || w->places)
		engine__stir(e, s);
	pick_let_go(s, w);
	s->waiting -= w->places;
	w->places = 0;
	w->n_slots = 0;
}

/* It has its answer and is in no list. */
static void leave(struct engine *e, struct study *s, struct waiter *w)
{
	let_go(e, s, w);
	timers_leave(&e->timers, &w->timer);
	e->n_waiting -= w->n_routes;
	waiter_free(w);
}

static void refuse(struct engine *e, struct study *s, struct waiter *w, const struct kr_error *why)
{
	requests_remove(&e->requests, w->request);
	for (size_t i = 0; i < w->n_routes; i++)
		engine__answer_error(e, &w->routes[i], s->id, engine__hold(e, s), why);
	leave(e, s, w);
}

static void lose(struct engine *e, struct study *s, struct waiters *q, const char *why)
{
	struct waiter *w;

	while ((w = waiters_pop(q)) != NULL) {
		for (size_t i = 0; i < w->n_routes; i++)
			engine__answer_lost(e, &w->routes[i], why);
		leave(e, s, w);
	}
}

void suggest_fail_all(struct engine *e, struct study *s, const char *why)
{
	struct waiters in_job = batch_drop(s);

	lose(e, s, &in_job, why);
	lose(e, s, &s->queue, why);
	lose(e, s, &s->parked, why);
}

static void forget(struct waiters *q)
{
	struct waiter *w;

	while ((w = waiters_pop(q)) != NULL)
		waiter_free(w);
}

void suggest_forget(struct study *s)
{
	struct waiters in_job = batch_drop(s);

	forget(&in_job);
	forget(&s->queue);
	forget(&s->parked);
}

/* ---- may it, and may it later ----------------------------------------------- */

/* Has w found no unseen point, and no trial was deleted since? */
static bool is_exhausted(const struct study *s, const struct waiter *w)
{
	return w->exhausted && study_n_deleted(s) == w->n_deleted;
}

/* Can what stands in the way of a suggest go away by itself? */
static bool may_change(const struct study *s, enum kr_status why)
{
	bool alive = s->now.counts[TRIAL_RUNNING] || s->waiting;

	switch (why) {
	case KR_NOT_NOW: return true;
	case KR_BUDGET_SPENT: return alive;
	case KR_SPACE_EXHAUSTED: return alive || s->now.counts[TRIAL_QUEUED];
	default: return false;
	}
}

/* What w is to get: trials that are there, new ones, and places of the budget for both. */
static enum kr_status plan(struct study *s, struct waiter *w, struct kr_error *err)
{
	uint64_t left = study_left(s, s->waiting), n_queued, n_new;
	uint64_t n_deleted = study_n_deleted(s);
	bool exhausted = is_exhausted(s, w);
	enum kr_status st = give_allowed(s, err);

	w->exhausted = exhausted;
	w->n_deleted = n_deleted;
	if (st == KR_OK)
		st = pick_trials(s, w, w->count, left, &n_queued, err);
	if (st != KR_OK)
		return st;
	n_new = w->count - w->n_picks;
	if (n_new > left - n_queued)
		n_new = left - n_queued;
	if (exhausted)
		n_new = 0;
	if (w->n_picks + n_new == 0)
		return left == 0 ? give_spent(s, err) : give_exhausted(s, err);
	w->first_slot = 0;
	w->n_slots = waiter_n_partial(w) + (int)n_new;
	w->places = n_queued + n_new;
	s->waiting += w->places;
	return KR_OK;
}

/* ---- in and out of the lists ------------------------------------------------ */

static void deadline_over(struct engine *e, struct timer *t);

/* The computation that w needs, if it is done already. */
static const struct job *at_hand(const struct study *s, const struct waiter *w)
{
	return w->n_slots == 1 && !w->fixed && waiter_n_partial(w) == 0 ? prepare_ready(s) : NULL;
}

/* What needs no computation, or none any more, is given at once, and w is gone. */
static enum kr_status admit(
	struct engine *e, struct study *s, struct waiter *w, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(e->scratch);
	enum kr_status st = plan(s, w, err);
	const struct job *j = st == KR_OK ? at_hand(s, w) : NULL;

	if (st == KR_OK && (j || w->n_slots == 0)) {
		st = give_trials(e, s, j, w, err);
		arena_release(e->scratch, mark);
		if (st == KR_OK && j)
			prepare_given(e, s);
		if (st == KR_OK)
			leave(e, s, w);
		return st;
	}
	if (st != KR_OK)
		return st;
	waiters_push(&s->queue, w);
	w->timer.fire = deadline_over;
	timers_set(&e->timers, &w->timer, w->hasty ? INT64_MAX : w->deadline_ns);
	return KR_OK;
}

/* The same for one that comes, now or after it was parked: the time for its computation begins. */
static enum kr_status arrive(
	struct engine *e, struct study *s, struct waiter *w, struct kr_error *err)
{
	w->deadline_ns = w->has_deadline ? lease_due(e->now.now_ns, w->deadline_ms) : INT64_MAX;
	w->hasty = false;
	return admit(e, s, w, err);
}

static void pump(struct engine *e, struct study *s);

static struct waiter *waiter_of(struct timer *t)
{
	return (struct waiter *)(void *)((char *)t - offsetof(struct waiter, timer));
}

/* The client has waited long enough. */
static void wait_over(struct engine *e, struct timer *t)
{
	struct waiter *w = waiter_of(t);
	struct study *s = studies_at(&e->studies, w->study);
	struct kr_error err;

	waiters_remove(&s->parked, w);
	if (arrive(e, s, w, &err) != KR_OK)
		refuse(e, s, w, &err);
	pump(e, s);
}

/* It can't be served now: it waits, or is told. */
static void turn_away(
	struct engine *e, struct study *s, struct waiter *w, const struct kr_error *why)
{
	let_go(e, s, w);
	if (w->until_ns <= e->now.now_ns || !may_change(s, why->code)) {
		refuse(e, s, w, why);
		return;
	}
	w->exhausted |= why->code == KR_SPACE_EXHAUSTED;
	waiters_push(&s->parked, w);
	w->timer.fire = wait_over;
	timers_set(&e->timers, &w->timer, w->until_ns);
}

static void turn_all_away(
	struct engine *e, struct study *s, struct waiters *q, const struct kr_error *why)
{
	struct waiters gone = *q;
	struct waiter *w;

	*q = (struct waiters){0};
	while ((w = waiters_pop(&gone)) != NULL)
		turn_away(e, s, w, why);
}

/* The next computation, when none runs and suggests wait. */
static void pump(struct engine *e, struct study *s)
{
	struct kr_error err;

	while (!s->n_jobs && s->queue.head) {
		if (give_allowed(s, &err) != KR_OK)
			turn_all_away(e, s, &s->queue, &err);
		else if (batch_start(e, s, &err) != KR_OK)
			turn_all_away(e, s, &s->in_job, &err);
	}
}

/* The time for its computation is over before it could begin. */
static void deadline_over(struct engine *e, struct timer *t)
{
	struct waiter *w = waiter_of(t);
	struct study *s = studies_at(&e->studies, w->study);
	struct kr_error err;

	waiters_remove(&s->queue, w);
	if (batch_hasty(e, s, w, &err) != KR_OK)
		turn_away(e, s, w, &err);
}

/* ---- requests --------------------------------------------------------------- */

static enum kr_status too_many(const struct engine *e, struct kr_error *err)
{
	if (e->n_waiting < e->o.max_waiting)
		return KR_OK;
	return kr_fail(
		err, KR_OVERLOADED, "%zu suggests wait already; try again in a moment", e->n_waiting);
}

enum kr_status suggest_begin(
	struct engine *e, struct study *s, const struct suggest *q, struct kr_error *err)
{
	struct request_entry entry = {.study = s->id, .method = METHOD_SUGGEST};
	struct waiter *w;
	enum kr_status st = too_many(e, err);

	if (st == KR_OK)
		st = requests_reserve(&e->requests, 1, err);
	if (st == KR_OK)
		st = engine__owe(e, 2, err);
	if (st == KR_OK)
		st = timers_enter(&e->timers, err);
	if (st != KR_OK)
		return st;
	w = waiter_new(s, q);
	if (!w) {
		timers_leave(&e->timers, &(struct timer){0});
		return kr_fail(err, KR_ENOMEM, "no memory for a suggest");
	}
	memcpy(entry.id, w->request, MSG_ID_BYTES);
	requests_put(&e->requests, &entry);
	e->n_waiting++;
	prepare_asked(e, s);
	if (arrive(e, s, w, err) != KR_OK)
		turn_away(e, s, w, err);
	pump(e, s);
	return KR_OK;
}

enum kr_status suggest_join(struct engine *e, struct study *s, const uint8_t request[MSG_ID_BYTES],
	const struct route *route, struct kr_error *err)
{
	struct waiter *w = waiters_find(&s->in_job, request);
	enum kr_status st = engine__owe(e, 1, err);

	if (st == KR_OK)
		st = too_many(e, err);
	if (st != KR_OK)
		return st;
	if (!w)
		w = waiters_find(&s->queue, request);
	if (!w)
		w = waiters_find(&s->parked, request);
	if (!w || !waiter_add_route(w, route))
		return kr_fail(err, KR_ENOMEM, "no memory for a suggest");
	e->n_waiting++;
	return KR_OK;
}

/* ---- what happens meanwhile ------------------------------------------------- */

/* Nothing has come that any of the parked ones could get, and it still may. Trials of their
 * own earlier sessions they have had. */
static bool all_must_wait(const struct study *s)
{
	if (s->now.state == STUDY_PAUSED)
		return true;
	return s->now.state == STUDY_ACTIVE && !study_left(s, s->waiting) &&
		may_change(s, KR_BUDGET_SPENT);
}

/* The same for one that found no unseen point: none has come back, and none is queued. */
static bool must_wait(const struct study *s, const struct waiter *w)
{
	return s->now.state == STUDY_ACTIVE && is_exhausted(s, w) && s->queued.n == 0 &&
		may_change(s, KR_SPACE_EXHAUSTED);
}

void suggest_retry(struct engine *e, struct study *s)
{
	struct waiters parked = s->parked;
	struct kr_error err;
	struct waiter *w;

	if (!parked.head || all_must_wait(s))
		return;
	s->parked = (struct waiters){0};
	while ((w = waiters_pop(&parked)) != NULL) {
		if (must_wait(s, w)) {
			waiters_push(&s->parked, w);
			continue;
		}
		timers_clear(&e->timers, &w->timer);
		if (arrive(e, s, w, &err) != KR_OK)
			turn_away(e, s, w, &err);
	}
	pump(e, s);
}

/* It has got nothing of what it had picked: is there something else for it? */
static bool may_pick_others(const struct study *s, struct waiter *w, enum kr_status why)
{
	bool others = why == KR_CONFLICT;

	if (why != KR_SPACE_EXHAUSTED)
		return others;
	others |= study_n_deleted(s) != w->n_deleted;
	for (size_t i = 0; i < w->n_picks; i++)
		others |= !pick_trial(s, &w->picks[i]);
	if (w->fixed && waiter_n_partial(w)) {
		w->only_whole = true;
		others = true;
	}
	return others;
}

static void turn_away_or_again(
	struct engine *e, struct study *s, struct waiter *w, struct kr_error *why)
{
	if (!may_pick_others(s, w, why->code)) {
		turn_away(e, s, w, why);
		return;
	}
	let_go(e, s, w);
	if (admit(e, s, w, why) != KR_OK)
		turn_away(e, s, w, why);
}

void suggest_finish(struct engine *e, struct job *j)
{
	struct study *s = studies_at(&e->studies, j->study);
	struct waiters ended;
	struct waiter *w;
	struct kr_error err;

	if (!s || s->incarnation != j->incarnation)
		return;
	ended = batch_end(s, j->id); /* nobody, when the study was reloaded */
	while ((w = waiters_pop(&ended)) != NULL) {
		struct arena_mark mark = arena_mark(e->scratch);
		enum kr_status st = give_trials(e, s, j, w, &err);

		if (j->status == KR_OK && (st == KR_OK || st == KR_SPACE_EXHAUSTED))
			give_up_on(e, s, j, w);
		arena_release(e->scratch, mark);
		if (st == KR_OK)
			leave(e, s, w);
		else
			turn_away_or_again(e, s, w, &err);
	}
	pump(e, s);
}

/* ---- for engine_check -------------------------------------------------------- */

uint64_t suggest_places(const struct study *s)
{
	const struct waiter *lists[] = {s->queue.head, s->in_job.head, s->parked.head};
	uint64_t n = 0;

	for (int i = 0; i < 3; i++)
		for (const struct waiter *w = lists[i]; w; w = w->next)
			n += w->places;
	return n;
}

uint64_t suggest_picks(const struct study *s)
{
	const struct waiter *lists[] = {s->queue.head, s->in_job.head, s->parked.head};
	uint64_t n = 0;

	for (int i = 0; i < 3; i++)
		for (const struct waiter *w = lists[i]; w; w = w->next)
			n += w->n_picks;
	return n;
}
