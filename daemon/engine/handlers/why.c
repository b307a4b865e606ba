/* Why: what a Suggest would get now, and what the study waits for; as fields, and as
 * sentences for people. A read: nothing is computed, so a space of which the last
 * points are out is noticed only when it is small enough to be counted. */
#include <inttypes.h>
#include <stdio.h>

#include "acquisition/policy/policy.h"
#include "acquisition/policy/seen.h"
#include "base/number.h"
#include "daemon/engine/call.h"
#include "daemon/engine/contradiction.h"
#include "daemon/engine/give.h"
#include "daemon/engine/prepare.h"
#include "daemon/engine/quote.h"
#include "daemon/engine/waiter.h"

enum { MOST_SENTENCES = 9 };

struct view {
	struct call *c;
	const struct study *s;
	struct msg_why_reply *r;
	const char **sentences;
	bool starved; /* a sentence found no memory */
};

static void say(struct view *v, const char *sentence)
{
	v->starved |= !sentence;
	if (sentence)
		v->sentences[v->r->sentences.n++] = sentence;
}

/* ---- what is next ------------------------------------------------------------- */

static uint64_t n_slots(const struct waiters *q)
{
	uint64_t n = 0;

	for (const struct waiter *w = q->head; w; w = w->next)
		n += (uint64_t)w->n_slots;
	return n;
}

/* Points that the policy knows, or will when it comes to the next one. */
static uint64_t n_points(const struct study *s)
{
	uint64_t n = s->history.n + s->running.n + s->taken.n + n_slots(&s->queue) +
		n_slots(&s->in_job);

	for (size_t i = 0; i < s->queued.n; i++)
		n += !trials_at(&s->trials, s->queued.p[i])->partial;
	return n;
}

/* Is every point of the space out? Cost: linear in the points, when there are as many as that. */
static bool exhausted(const struct study *s)
{
	struct seen *seen;
	bool all;

	if (space_count(s->def->space) > (double)n_points(s))
		return false;
	seen = seen_new(s->def->space, (int)s->trials.n);
	for (uint64_t k = 0; seen && k < s->trials.n; k++) {
		const struct trial *t = trials_at(&s->trials, k);

		if (t && !t->partial)
			seen_add(seen, t->values);
	}
	all = seen && seen_count(seen) >= space_count(s->def->space);
	seen_free(seen);
	return all;
}

/* The first queued trial that no suggest has picked; NULL: none. */
static const struct trial *next_queued(const struct study *s)
{
	for (size_t i = 0; i < s->queued.n; i++) {
		const struct trial *t = trials_at(&s->trials, s->queued.p[i]);

		if (!t->picked)
			return t;
	}
	return NULL;
}

static enum kr_status find_next(struct view *v, struct kr_error *err)
{
	const struct study *s = v->s;
	const struct trial *queued = next_queued(s);
	enum kr_status st = give_allowed(s, err);

	v->r->next = NEXT_NOTHING;
	if (st != KR_OK)
		return st;
	if (study_left(s, s->waiting) == 0)
		return give_spent(s, err);
	if (queued) {
		v->r->next = NEXT_QUEUED;
		v->r->next_number = queued->number;
		return KR_OK;
	}
	if (exhausted(s))
		return give_exhausted(s, err);
	v->r->next = policy_is_initial((int)s->history.n, (int)n_points(s)) ? NEXT_INITIAL : NEXT_MODEL;
	return KR_OK;
}

static void say_next(struct view *v, const struct kr_error *why)
{
	struct arena *a = v->c->a;
	const char *name = v->s->def->name;

	switch (v->r->next) {
	case NEXT_NOTHING: say(v, arena_printf(a, "nothing is given out: %s", why->text)); break;
	case NEXT_QUEUED:
		say(v,
			arena_printf(a, "study '%s' gives out trial %" PRIu64 " next, which is queued%s", name,
				v->r->next_number,
				trials_at(&v->s->trials, v->r->next_number)->partial
					? "; the rest of its point is suggested"
					: ""));
		break;
	case NEXT_INITIAL:
		say(v,
			arena_printf(a,
				"study '%s' gives out a point of the initial design next (%zu observations so far)",
				name, v->s->history.n));
		break;
	case NEXT_MODEL:
		say(v,
			arena_printf(a, "study '%s' gives out a point by the model next, from %zu observations",
				name, v->s->history.n));
		break;
	}
}

/* ---- what it waits for ---------------------------------------------------------- */

static void say_waiting(struct view *v)
{
	struct arena *a = v->c->a;
	uint64_t parked = 0;

	for (const struct waiter *w = v->s->parked.head; w; w = w->next)
		parked++;
	if (v->r->computing)
		say(v,
			arena_printf(a, "a computation is under way; suggests wait for %" PRIu64 " trials",
				v->r->waiting));
	if (parked)
		say(v,
			arena_printf(a, "%" PRIu64 " suggests wait until something can be given out", parked));
}

static void say_prepared(struct view *v)
{
	if (v->r->prepared == PREPARED_READY)
		say(v, "the next suggestion is ready: a Suggest gets it at once");
	if (v->r->prepared == PREPARED_COMPUTING)
		say(v, "the next suggestion is being computed before it is asked for");
}

static void say_counts(struct view *v)
{
	const struct msg_why_reply *r = v->r;
	struct arena *a = v->c->a;

	if (r->has_left)
		say(v,
			arena_printf(a,
				"%" PRIu64 " running, %" PRIu64 " queued, %" PRIu64 " of the budget of %" PRIu64
				" left",
				r->running, r->queued, r->left, v->s->now.budget));
	else
		say(v,
			arena_printf(
				a, "%" PRIu64 " running, %" PRIu64 " queued, no budget", r->running, r->queued));
}

/* "40 s", "4 min", "3 h", "2 d": rounded down, so that nobody waits for nothing. */
static const char *duration(uint64_t ms, struct arena *a)
{
	uint64_t s = ms / 1000;

	if (s < 120)
		return arena_printf(a, "%" PRIu64 " s", s);
	if (s < 120 * 60)
		return arena_printf(a, "%" PRIu64 " min", s / 60);
	if (s < 48 * 3600)
		return arena_printf(a, "%" PRIu64 " h", s / 3600);
	return arena_printf(a, "%" PRIu64 " d", s / 86400);
}

static bool goes_back(const struct study *s, const struct trial *t)
{
	return s->now.on_expiry == ON_EXPIRY_REQUEUE && t->attempt <= s->now.retry_limit;
}

static void say_expiry(struct view *v)
{
	const struct trial *t;
	const char *in;
	char worker[72], by[88] = "";

	if (!v->r->has_expiry)
		return;
	t = trials_at(&v->s->trials, v->r->expiry_number);
	in = duration(v->r->expiry_ms, v->c->a);
	if (t->worker) {
		quote_text(t->worker, worker, sizeof(worker));
		snprintf(by, sizeof(by), ", worker %s", worker);
	}
	say(v,
		in ? arena_printf(v->c->a,
				 "the next lease (trial %" PRIu64 "%s) runs out in %s; the trial is then "
				 "%s",
				 t->number, by, in, goes_back(v->s, t) ? "queued again" : "EXPIRED")
		   : NULL);
}

static void find_expiry(struct view *v)
{
	int64_t now = v->c->e->now.now_ns;
	int64_t at = INT64_MAX;

	for (size_t i = 0; i < v->s->running.n; i++) {
		const struct trial *t = trials_at(&v->s->trials, v->s->running.p[i]);
		int64_t due = t->lease_at ? v->c->e->leases.heap[t->lease_at - 1].due_ns : INT64_MAX;

		if (due >= at)
			continue;
		at = due;
		v->r->has_expiry = true;
		v->r->expiry_number = t->number;
		v->r->expiry_ms = due > now ? (uint64_t)(due - now) / 1000000 : 0;
	}
}

/* ---- what the model makes of the results ------------------------------------------ */

static void say_contradiction(struct view *v)
{
	char first[NUMBER_SHOWN], second[NUMBER_SHOWN], name[72];
	struct contradiction c;

	if (contradiction_find(v->s, &c, NULL) != KR_OK) {
		v->starved = true;
		return;
	}
	if (!c.second)
		return;
	quote_text(v->s->def->spec.metrics[c.metric].name, name, sizeof(name));
	number_show(c.first->metrics[c.metric], first);
	number_show(c.second->metrics[c.metric], second);
	say(v,
		arena_printf(v->c->a,
			"the study declares no noise, but trials %" PRIu64 " and %" PRIu64
			" of the same point have %s = %s and %s; the model takes their mean as uncertain",
			c.first->number, c.second->number, name, first, second));
}

static void say_outlook(struct view *v)
{
	const struct msg_outlook *o = &v->s->now.outlook;
	char p[NUMBER_SHOWN];

	if (!v->s->now.has_outlook)
		return;
	say(v,
		arena_printf(v->c->a,
			"the newest suggestion by the model, trial %" PRIu64
			", expects an improvement of %.2g; one of more than %.3g has a probability of %s",
			o->number, o->expected_gain, o->gain, number_percent(o->p_gain, p)));
}

static void say_infeasible(struct view *v)
{
	if (!v->s->def->constrained || v->s->now.has_best || v->s->history.n == 0)
		return;
	say(v,
		arena_printf(v->c->a,
			"none of %zu results meets the outcome constraints yet; the model looks for the point "
			"that is likeliest to",
			v->s->history.n));
}

static void fill(struct view *v)
{
	struct msg_why_reply *r = v->r;
	const struct study *s = v->s;

	r->waiting = s->waiting;
	r->computing = s->job != 0;
	r->queued = s->queued.n;
	r->running = s->running.n;
	r->prepared = prepare_state(s);
	r->has_left = s->now.has_budget;
	r->left = s->now.has_budget ? study_left(s, s->waiting) : 0;
	find_expiry(v);
}

/* ---- the answer ------------------------------------------------------------------ */

static enum kr_status put_error(struct view *v, const struct kr_error *why, struct kr_error *err)
{
	const char *text = arena_printf(v->c->a, "%s", why->text);

	if (!text)
		return call_no_memory(err);
	v->r->error = (struct msg_error){
		.code = kr_status_wire(why->code),
		.message = text,
		.retry_after_ms = why->retry_after_ms,
	};
	return KR_OK;
}

enum kr_status handle_why(struct call *c, struct kr_error *err)
{
	struct view v = {.c = c, .r = &c->reply.u.why};
	struct kr_error why = {0};
	enum kr_status st = call_study(c, c->m->u.why.study, err);

	if (st != KR_OK)
		return st;
	v.s = c->study;
	v.sentences = ARENA_ARRAY(c->a, const char *, MOST_SENTENCES);
	if (!v.sentences)
		return call_no_memory(err);
	v.r->sentences.p = v.sentences;
	fill(&v);
	if (find_next(&v, &why) != KR_OK)
		st = put_error(&v, &why, err);
	say_next(&v, &why);
	say_waiting(&v);
	say_prepared(&v);
	say_counts(&v);
	say_expiry(&v);
	say_contradiction(&v);
	say_infeasible(&v);
	say_outlook(&v);
	return v.starved ? call_no_memory(err) : st;
}
