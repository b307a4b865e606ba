#include "daemon/engine/give.h"

#include <inttypes.h>

#include "daemon/engine/core.h"
#include "daemon/engine/job_internal.h"
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
		return kr_fail(
			err, KR_STUDY_FINISHED, "study '%s' is finished; resume it to go on", s->def->name);
	case STUDY_DELETED: break;
	}
	return kr_fail(err, KR_NOT_FOUND, "study '%s' was deleted", s->def->name);
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

void give_why(struct msg_why *why, const struct policy_suggestion *p)
{
	*why = (struct msg_why){
		.rule = p->rule == POLICY_INITIAL ? WHY_INITIAL
			: p->rule == POLICY_MODEL     ? WHY_MODEL
										  : WHY_FILL,
		.freshness = p->freshness == POLICY_FRESH ? WHY_FRESH
			: p->freshness == POLICY_PARTIAL      ? WHY_PARTIAL
												  : WHY_FALLBACK,
		.has_prediction = p->has_prediction,
	};
	if (!p->has_prediction)
		return;
	why->mean = p->mean;
	why->sd = p->sd;
	why->log_acq = p->log_acq;
}

/* The trials that w gets: its slots up to the first exhausted one. */
static int make_given(struct engine *e, const struct study *s, const struct job *j,
	const struct waiter *w, int n, struct record_given *given)
{
	for (int i = 0; i < n; i++) {
		const struct policy_suggestion *p = &j->suggestions[w->first_slot + i];

		if (!p->values)
			return i;
		given[i] = (struct record_given){
			.number = s->trials.n + (uint64_t)i,
			.n_values = s->def->d,
			.values = p->values,
			.attempt = 1,
			.lease_ms = w->lease_ms,
		};
		give_why(&given[i].why, p);
		e->o.random(e->o.random_ctx, given[i].token);
	}
	return n;
}

static struct record_job make_job_record(
	const struct engine *e, const struct job *j, const struct waiter *w)
{
	return (struct record_job){
		.snapshot_seq = j->snapshot_seq,
		.first_number = j->first_number,
		.n_slots = (uint32_t)j->n_slots,
		.first_slot = (uint32_t)w->first_slot,
		.n_fixed = j->fixed ? j->n_slots * j->def->d : 0,
		.fixed = j->fixed,
		.n_state_in = j->n_state,
		.state_in = j->state,
		.n_state_out = j->n_state_out,
		.state_out = j->state_out,
		.units = j->units,
		.cut = j->cut,
		.build = e->o.build,
	};
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
		struct trial t;

		trial_give(&t, &r->trials[i], r->worker, &c->row);
		st = reply_given(&trials[i], c->study, &t, e->scratch, err);
	}
	*reply = (struct msg_reply){.method = METHOD_SUGGEST};
	reply->u.trials.n = r->n_trials;
	reply->u.trials.trials = trials;
	return st;
}

/* The places that are left for w at this moment: a budget may have been lowered, or a late
 * result have come, while it waited. */
static enum kr_status count_left(
	const struct study *s, const struct waiter *w, int *n, struct kr_error *err)
{
	uint64_t left = study_left(s, 0);

	*n = (int)((uint64_t)w->n_slots < left ? (uint64_t)w->n_slots : left);
	return *n ? KR_OK : give_spent(s, err);
}

enum kr_status give_trials(struct engine *e, struct study *s, const struct job *j,
	struct waiter *w, struct kr_error *err)
{
	struct change c = {
		.study = s,
		.record.kind = RECORD_SUGGESTED,
		.method = METHOD_SUGGEST,
		.request = w->request,
		.actor = w->worker,
		.routes = w->routes,
		.n_routes = w->n_routes,
	};
	struct record_given *given;
	struct msg_reply reply;
	int n;
	enum kr_status st = give_allowed(s, err);

	if (st == KR_OK && j->status != KR_OK)
		st = kr_fail(err, j->status, "no memory for the computation");
	if (st == KR_OK)
		st = count_left(s, w, &n, err);
	if (st != KR_OK)
		return st;
	given = ARENA_ARRAY(e->scratch, struct record_given, n);
	if (!given)
		return call_no_memory(err);
	n = make_given(e, s, j, w, n, given);
	if (n == 0)
		return give_exhausted(s, err);
	c.record.u.suggested.n_trials = n;
	c.record.u.suggested.trials = given;
	c.record.u.suggested.worker = w->worker;
	c.record.u.suggested.job = make_job_record(e, j, w);
	change_begin(e, &c);
	c.reply = &reply;
	st = make_answer(e, &c, &reply, err);
	if (st == KR_OK)
		st = change_plan(e, &c, err);
	if (st == KR_OK)
		change_apply(e, &c);
	return st;
}
