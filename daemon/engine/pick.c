#include "daemon/engine/pick.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* Was the trial ever given to this session? */
static bool had_it(const struct trial *t, const uint8_t session[MSG_ID_BYTES])
{
	for (; t; t = t->before)
		if (t->has_session && memcmp(t->session, session, MSG_ID_BYTES) == 0)
			return true;
	return false;
}

/* Does the trial's point agree with the fixed values, or leave free where it does not? */
static bool agrees(const struct definition *def, const struct trial *t, const double *fixed)
{
	for (int i = 0; fixed && i < def->d; i++)
		if (!isnan(fixed[i]) && t->values[i] != fixed[i] && !(t->partial && isnan(t->values[i])))
			return false;
	return true;
}

static bool comes_back(const struct definition *def, const struct trial *t, const struct waiter *w)
{
	return !t->picked && agrees(def, t, w->fixed) && t->has_session && t->worker &&
		strcmp(t->worker, w->worker) == 0 && !had_it(t, w->session);
}

/* The event that first gave this session of the worker something; UINT64_MAX: none did. What
 * was leased later is a session's that lives beside it, and not one that it comes after. Cost
 * linear in the trials and their versions. */
static uint64_t session_began(const struct study *s, const struct waiter *w)
{
	uint64_t began = UINT64_MAX;

	for (uint64_t i = 0; i < s->trials.n; i++)
		for (const struct trial *t = trials_kept(&s->trials, i); t; t = t->before)
			if (t->has_session && t->given_seq < began && t->worker &&
				memcmp(t->session, w->session, MSG_ID_BYTES) == 0 &&
				strcmp(t->worker, w->worker) == 0)
				began = t->given_seq;
	return began;
}

static enum kr_status add(struct waiter *w, struct trial *t, struct kr_error *err)
{
	if (KR_GROW(&w->picks, w->n_picks, &w->cap_picks))
		return kr_fail(err, KR_ENOMEM, "no memory for a suggest");
	w->picks[w->n_picks++] = (struct pick){
		.number = t->number,
		.attempt = t->attempt,
		.running = t->state == TRIAL_RUNNING,
		.partial = t->partial,
	};
	t->picked = true;
	return KR_OK;
}

enum kr_status pick_trials(const struct study *s, struct waiter *w, uint64_t count, uint64_t left,
	uint64_t *n_queued, struct kr_error *err)
{
	bool named = w->worker && w->has_session;
	uint64_t began = 0; /* not known yet */
	enum kr_status st = KR_OK;

	*n_queued = 0;
	for (size_t i = 0; st == KR_OK && named && i < s->running.n && w->n_picks < count; i++) {
		struct trial *t = trials_at(&s->trials, s->running.p[i]);

		if (!comes_back(s->def, t, w))
			continue;
		if (!began)
			began = session_began(s, w);
		if (t->given_seq < began)
			st = add(w, t, err);
	}
	for (size_t i = 0; st == KR_OK && i < s->queued.n && w->n_picks < count && *n_queued < left;
		 i++) {
		struct trial *t = trials_at(&s->trials, s->queued.p[i]);

		if (t->picked || (w->only_whole && t->partial) || !agrees(s->def, t, w->fixed))
			continue;
		st = add(w, t, err);
		*n_queued += st == KR_OK;
	}
	if (st != KR_OK)
		pick_let_go(s, w);
	return st;
}

void pick_let_go(const struct study *s, struct waiter *w)
{
	for (size_t i = 0; i < w->n_picks; i++)
		trials_kept(&s->trials, w->picks[i].number)->picked = false;
	w->n_picks = 0;
}

int pick_narrow(const struct study *s, struct waiter *w, uint64_t number)
{
	size_t kept = 0;
	int n = 0;

	for (size_t i = 0; i < w->n_picks; i++) {
		struct pick p = w->picks[i];

		if (!p.partial && p.number < number) {
			w->picks[kept++] = p;
			continue;
		}
		trials_kept(&s->trials, p.number)->picked = false;
		n += !p.running;
	}
	w->n_picks = kept;
	return n;
}

const struct trial *pick_trial(const struct study *s, const struct pick *p)
{
	const struct trial *t = trials_at(&s->trials, p->number);
	enum trial_state state = p->running ? TRIAL_RUNNING : TRIAL_QUEUED;

	return t && t->state == state && t->attempt == p->attempt ? t : NULL;
}
