#include "daemon/engine/watch.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/core.h"
#include "daemon/engine/prepare.h"
#include "daemon/engine/reply.h"

/* One change may answer all of a study's at once: bound what that takes, and what one
 * connection takes of it. */
enum { MOST_WATCHES = 1000, MOST_OF_ONE = 100 };

struct watch {
	struct watch *next;          /* of its study */
	struct watch *newer, *older; /* of the engine */
	struct timer timer;          /* the end of the wait */
	uint64_t study, since_seq;
	struct route route;
};

static void enlist(struct engine *e, struct watch *w)
{
	w->older = e->watches;
	if (w->older)
		w->older->newer = w;
	e->watches = w;
	e->n_watches++;
	e->n_waiting++;
}

static void leave(struct engine *e, struct watch *w)
{
	if (w->newer)
		w->newer->older = w->older;
	else
		e->watches = w->older;
	if (w->older)
		w->older->newer = w->newer;
	timers_leave(&e->timers, &w->timer);
	e->n_waiting--;
	e->n_watches--;
	kr_free(w);
}

static void answer(struct engine *e, const struct study *s, const struct watch *w)
{
	struct msg_reply reply = {.method = METHOD_GET_STUDY};
	struct kr_error err;
	enum kr_status st = KR_OK;

	if (s->now.state == STUDY_DELETED)
		st = kr_fail_field(&err, KR_NOT_FOUND, "study",
			"study '%s' was deleted; undelete it, or create it anew", s->def->name);
	if (st == KR_OK)
		st = reply_study(&reply.u.study.study, s, &s->now, e->scratch, &err);
	reply.u.study.study.prepared = prepare_state(s);
	if (st == KR_OK)
		engine__answer(e, &w->route, s->id, engine__hold(e, s), &reply);
	else
		engine__answer_error(e, &w->route, s->id, engine__hold(e, s), &err);
}

static void wait_over(struct engine *e, struct timer *t)
{
	struct watch *w = (struct watch *)((char *)t - offsetof(struct watch, timer));
	struct study *s = studies_at(&e->studies, w->study);
	struct watch **at = &s->watches;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	answer(e, s, w);
	leave(e, w);
}

static enum kr_status check_crowd(
	const struct engine *e, const struct route *route, struct kr_error *err)
{
	int n = 0;

	if (e->n_waiting >= e->o.max_waiting || e->n_watches >= MOST_WATCHES)
		return kr_fail(err, KR_OVERLOADED,
			"%zu requests wait already, %zu of them for a study to change; ask without wait_ms, or "
			"again in a moment",
			e->n_waiting, e->n_watches);
	for (const struct watch *w = e->watches; w; w = w->older)
		n += w->route.identity_len == route->identity_len &&
			memcmp(w->route.identity, route->identity, route->identity_len) == 0;
	if (n >= MOST_OF_ONE)
		return kr_fail(err, KR_OVERLOADED,
			"this connection waits for %d studies to change already; ask without wait_ms, or again "
			"in a moment",
			n);
	return KR_OK;
}

enum kr_status watch_begin(struct engine *e, struct study *s, const struct route *route,
	uint64_t since_seq, int64_t until_ns, struct kr_error *err)
{
	struct watch *w;
	enum kr_status st = check_crowd(e, route, err);

	if (st == KR_OK)
		st = engine__owe(e, 2, err);
	if (st == KR_OK)
		st = timers_enter(&e->timers, err);
	if (st != KR_OK)
		return st;
	w = KR_NEW(struct watch);
	if (!w) {
		timers_leave(&e->timers, &(struct timer){0});
		return kr_fail(err, KR_ENOMEM, "no memory to wait");
	}
	w->timer.fire = wait_over;
	w->study = s->id;
	w->since_seq = since_seq;
	w->route = *route;
	w->next = s->watches;
	s->watches = w;
	enlist(e, w);
	timers_set(&e->timers, &w->timer, until_ns);
	return KR_OK;
}

void watch_serve(struct engine *e, struct study *s)
{
	struct watch **at = &s->watches;

	while (*at) {
		struct watch *w = *at;

		if (s->now.seq <= w->since_seq) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		answer(e, s, w);
		leave(e, w);
	}
}

void watch_fail_all(struct engine *e, struct study *s, const char *why)
{
	while (s->watches) {
		struct watch *w = s->watches;

		s->watches = w->next;
		engine__answer_lost(e, &w->route, why);
		leave(e, w);
	}
}

void watch_forget(struct study *s)
{
	while (s->watches) {
		struct watch *next = s->watches->next;

		kr_free(s->watches);
		s->watches = next;
	}
}
