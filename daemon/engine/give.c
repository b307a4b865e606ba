#include "daemon/engine/give.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/engine/core.h"
#include "daemon/engine/grounds.h"
#include "daemon/engine/job_internal.h"
#include "daemon/engine/pick.h"
#include "daemon/engine/reply.h"
#include "daemon/engine/waiter.h"

/* ---- may it ----------------------------------------------------------------- */

enum kr_status give_allowed(const struct study *s, struct kr_error *err)
{
	enum kr_status st;

	switch (s->now.state) {
	case STUDY_ACTIVE: return KR_OK;
	case STUDY_PAUSED:
		st = kr_fail(
			err, KR_NOT_NOW, "study '%s' is paused; resume it, or ask again later", s->def->name);
		if (err)
			err->retry_after_ms = ENGINE_RETRY_MS;
		return st;
	case STUDY_FINISHED:
		if (s->now.end)
			return kr_fail(err, KR_STUDY_FINISHED,
				"study '%s' has ended by its stop rules: %s; change them or resume it to go on",
				s->def->name, s->now.end);
		return kr_fail(
			err, KR_STUDY_FINISHED, "study '%s' is finished; resume it to go on", s->def->name);
	case STUDY_DELETED: break;
	}
	return kr_fail_field(err, KR_NOT_FOUND, "study",
		"study '%s' was deleted; undelete it, or create it anew", s->def->name);
}

enum kr_status give_spent(const struct study *s, struct kr_error *err)
{
	uint64_t running = s->now.counts[TRIAL_RUNNING];

	return kr_fail(err, KR_BUDGET_SPENT,
		"the budget of %" PRIu64 " trials of study '%s' is taken: %" PRIu64 " ended, %" PRIu64
		" running, %" PRIu64 " being computed; raise the budget to go on",
		s->now.budget, s->def->name, s->now.spent - running, running, s->waiting);
}

enum kr_status give_exhausted(const struct study *s, struct kr_error *err)
{
	return kr_fail(err, KR_SPACE_EXHAUSTED,
		"every point of study '%s' that this request allows has been given out", s->def->name);
}

/* ---- the trials ------------------------------------------------------------- */

void give_why(struct msg_why *why, struct grounds *grounds, const struct job *j,
	const struct policy_suggestion *p)
{
	*why = (struct msg_why){
		.rule = p->rule == POLICY_INITIAL ? WHY_INITIAL
			: p->rule == POLICY_MODEL     ? WHY_MODEL
										  : WHY_FILL,
		.freshness = p->freshness == POLICY_FRESH ? WHY_FRESH
			: p->freshness == POLICY_PARTIAL      ? WHY_PARTIAL
												  : WHY_FALLBACK,
		.has_prediction = p->has_prediction,
		.has_p_feasible = p->has_p_feasible,
		.p_feasible = p->p_feasible,
		.grounds = grounds_make(grounds, j->def, &j->of->history, p),
	};
	if (!p->has_prediction)
		return;
	why->mean = p->mean;
	why->sd = p->sd;
	why->acquisition = choice_name(p->acquisition);
	why->has_acq = p->has_acq;
	why->acq = p->acq;
	why->log_acq = p->log_acq;
}

/* Trials for one suggest in the making. */
struct gift {
	struct engine *e;
	struct study *s;
	const struct job *j; /* NULL: nothing had to be computed */
	const struct waiter *w;
	struct record_given *given;
	struct grounds *grounds; /* of each given */
	int n, n_new;
	uint64_t left; /* of the budget: it may have been lowered, a late result have come */
	bool spent, exhausted, lost; /* why there are not more */
};

static struct record_given *add(struct gift *g, uint64_t number, const double *values)
{
	struct record_given *given = &g->given[g->n++];

	*given = (struct record_given){
		.number = number,
		.n_values = g->s->def->d,
		.values = values,
		.attempt = 1,
		.lease_ms = g->w->lease_ms,
	};
	g->e->o.random(g->e->o.random_ctx, given->token);
	return given;
}

/* Has another computation of the same snapshot brought the same point? */
static bool came_meanwhile(const struct gift *g, const double *values)
{
	const struct study *s = g->s;

	for (uint64_t k = 0; g->j->of->shared && k < s->trials.n; k++) {
		const struct trial *t = trials_at(&s->trials, k);
		bool made = t && (k >= g->j->of->first_number || t->given_seq > g->j->of->seq);

		if (made && !t->told && !t->partial && space_equal(s->def->space, t->values, values))
			return true;
	}
	return false;
}

/* The point computed for a slot of w; NULL: there is none, or it is another trial's by now. */
static const struct policy_suggestion *suggestion(struct gift *g, int slot)
{
	const struct policy_suggestion *p = &g->j->suggestions[g->w->first_slot + slot];

	g->exhausted |= !p->values;
	if (!p->values)
		return NULL;
	if (came_meanwhile(g, p->values)) {
		g->lost = true;
		return NULL;
	}
	return p;
}

static void add_pick(struct gift *g, const struct pick *p, int slot)
{
	const struct trial *t = pick_trial(g->s, p);
	const struct policy_suggestion *from = NULL;
	struct record_given *given;

	if (!t || (p->partial && !(from = suggestion(g, slot))))
		return;
	if (!p->running && g->left == 0) {
		g->spent = true;
		return;
	}
	given = add(g, p->number, from ? from->values : t->values);
	given->attempt = t->attempt + 1;
	if (from)
		give_why(&given->why, &g->grounds[g->n - 1], g->j, from);
	else if (t->attempt)
		given->why = trial_why(t);
	else
		given->why.rule = WHY_ENQUEUED;
	g->left -= !p->running && g->left != UINT64_MAX;
}

/* Up to the first slot for which there is no point. */
static bool add_new(struct gift *g, int slot)
{
	const struct policy_suggestion *from = suggestion(g, slot);
	struct record_given *given;

	g->spent |= g->left == 0;
	if (!from || g->left == 0)
		return false;
	given = add(g, g->s->trials.n + (uint64_t)g->n_new, from->values);
	give_why(&given->why, &g->grounds[g->n - 1], g->j, from);
	g->n_new++;
	g->left -= g->left != UINT64_MAX;
	return true;
}

static enum kr_status gather(struct gift *g, struct kr_error *err)
{
	const struct waiter *w = g->w;
	int slot = 0;

	g->left = study_left(g->s, 0);
	g->given = ARENA_ARRAY(g->e->scratch, struct record_given, w->n_picks + (size_t)w->n_slots);
	g->grounds = ARENA_ARRAY(g->e->scratch, struct grounds, w->n_picks + (size_t)w->n_slots);
	if (!g->given || !g->grounds)
		return call_no_memory(err);
	for (size_t i = 0; i < w->n_picks; i++) {
		add_pick(g, &w->picks[i], slot);
		slot += w->picks[i].partial;
	}
	while (slot < w->n_slots && add_new(g, slot))
		slot++;
	return KR_OK;
}

/* Keys of the slots: the queued trials that some complete have their own numbers. */
static const uint64_t *slot_numbers(struct engine *e, const struct job *j)
{
	uint64_t *numbers = ARENA_ARRAY(e->scratch, uint64_t, j->n_slots);

	for (int i = 0; numbers && i < j->n_slots; i++)
		numbers[i] = j->slots[i].number;
	return numbers;
}

static enum kr_status make_job_record(
	struct engine *e, const struct gift *g, struct record_job *out, struct kr_error *err)
{
	const struct job *j = g->j;

	*out = (struct record_job){.snapshot_seq = g->s->now.seq, .build = e->o.build};
	if (!j)
		return KR_OK;
	*out = (struct record_job){
		.snapshot_seq = j->of->seq,
		.first_number = j->of->first_number,
		.n_slots = (uint32_t)j->n_slots,
		.first_slot = (uint32_t)g->w->first_slot,
		.n_fixed = j->fixed ? j->n_slots * j->def->d : 0,
		.fixed = j->fixed,
		.n_state_in = j->n_state,
		.state_in = j->state,
		.n_state_out = j->n_state_out,
		.state_out = j->state_out,
		.units = j->units,
		.cut = j->cut,
		.build = e->o.build,
		.models = models_list(j->models),
		.has_outlook = j->has_outlook,
		.outlook = j->outlook,
	};
	if (!j->keyed)
		return KR_OK;
	out->n_numbers = j->n_slots;
	out->numbers = slot_numbers(e, j);
	return out->numbers ? KR_OK : call_no_memory(err);
}

/* The trial as the row will leave it. */
static struct trial after(const struct change *c, int i)
{
	const struct record_suggested *r = &c->record.u.suggested;
	const struct trial *is = trials_at(&c->study->trials, r->trials[i].number);
	struct trial t;

	if (!is) {
		trial_give(&t, &r->trials[i], r, &c->row);
		return t;
	}
	t = *is;
	trial_give_again(&t, &r->trials[i], r, &c->row);
	return t;
}

static enum kr_status make_answer(
	struct engine *e, const struct change *c, struct msg_reply *reply, struct kr_error *err)
{
	const struct record_suggested *r = &c->record.u.suggested;
	struct msg_trial *trials = ARENA_ARRAY(e->scratch, struct msg_trial, r->n_trials);
	enum kr_status st = KR_OK;

	if (!trials)
		return call_no_memory(err);
	for (int i = 0; st == KR_OK && i < r->n_trials; i++) {
		struct trial t = after(c, i);

		st = reply_given(&trials[i], c->study, &t, e->scratch, err);
	}
	*reply = (struct msg_reply){.method = METHOD_SUGGEST};
	reply->u.trials.n = r->n_trials;
	reply->u.trials.trials = trials;
	return st;
}

static enum kr_status commit(struct engine *e, const struct gift *g, struct kr_error *err)
{
	const struct waiter *w = g->w;
	struct change c = {
		.study = g->s,
		.record.kind = RECORD_SUGGESTED,
		.method = METHOD_SUGGEST,
		.request = w->request,
		.actor = w->worker,
		.routes = w->routes,
		.n_routes = w->n_routes,
	};
	struct record_suggested *r = &c.record.u.suggested;
	struct msg_reply reply;
	enum kr_status st = make_job_record(e, g, &r->job, err);

	if (st != KR_OK)
		return st;
	r->n_trials = g->n;
	r->trials = g->given;
	r->worker = w->worker;
	r->has_session = w->has_session;
	memcpy(r->session, w->session, sizeof(r->session));
	change_begin(e, &c);
	c.reply = &reply;
	st = make_answer(e, &c, &reply, err);
	if (st == KR_OK)
		st = change_plan(e, &c, err);
	if (st == KR_OK)
		change_apply(e, &c);
	return st;
}

enum kr_status give_trials(struct engine *e, struct study *s, const struct job *j,
	const struct waiter *w, struct kr_error *err)
{
	struct gift g = {.e = e, .s = s, .j = j, .w = w};
	enum kr_status st = give_allowed(s, err);

	if (st == KR_OK && j && j->status != KR_OK)
		st = kr_fail(err, j->status, "no memory for the computation");
	if (st == KR_OK)
		st = gather(&g, err);
	if (st != KR_OK)
		return st;
	if (g.n > 0)
		return commit(e, &g, err);
	if (g.spent)
		return give_spent(s, err);
	return g.exhausted && !g.lost
		? give_exhausted(s, err)
		: kr_fail(err, KR_CONFLICT, "what was picked or computed is another's by now");
}

/* ---- queued trials that can't be completed ---------------------------------- */

/* A suggest with values of its own says nothing about others. */
static bool hopeless(const struct study *s, const struct job *j, const struct waiter *w,
	const struct pick *p, int slot)
{
	return p->partial && !w->fixed && w->n_deleted == study_n_deleted(s) &&
		!j->suggestions[w->first_slot + slot].values && pick_trial(s, p);
}

void give_up_on(struct engine *e, struct study *s, const struct job *j, const struct waiter *w)
{
	struct record_outcome *outcomes = ARENA_ARRAY(e->scratch, struct record_outcome, w->n_picks);
	struct change c = {.study = s, .record.kind = RECORD_ENDED};
	int n = 0, slot = 0;

	for (size_t i = 0; outcomes && i < w->n_picks; i++) {
		if (hopeless(s, j, w, &w->picks[i], slot))
			outcomes[n++] = (struct record_outcome){
				.number = w->picks[i].number,
				.state = TRIAL_CANCELLED,
				.reason = "every point with its values has been given out",
			};
		slot += w->picks[i].partial;
	}
	if (n == 0)
		return;
	c.record.u.ended = (struct record_ended){.n = n, .outcomes = outcomes};
	change_begin(e, &c);
	if (change_plan(e, &c, NULL) == KR_OK)
		change_apply(e, &c);
}
