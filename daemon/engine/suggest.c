/* Suggests between their request and their answer. Those of one study that wait
 * together share one computation and get a joint batch; those that come while it
 * runs wait for the next. Their places of the budget are reserved meanwhile. */
#include "daemon/engine/suggest.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/core.h"
#include "daemon/engine/job_internal.h"
#include "daemon/engine/reply.h"

/* Points of one computation: the batch limit of one request, whoever shares it. */
enum { MOST_SLOTS = LIMIT_BATCH };

struct waiter {
	struct waiter *next;
	uint8_t request[MSG_ID_BYTES];
	struct route *routes; /* of the request and its repeats */
	size_t n_routes, cap_routes;
	char *worker;  /* NULL: none */
	double *fixed; /* d values; NULL: all free */
	uint64_t count;
	uint64_t lease_ms;
	int64_t deadline_ns;
	int first_slot; /* in the running computation */
};

/* ---- one waiter ------------------------------------------------------------- */

static void waiter_free(struct waiter *w)
{
	if (!w)
		return;
	kr_free(w->routes);
	kr_free(w->worker);
	kr_free(w->fixed);
	kr_free(w);
}

static bool add_route(struct waiter *w, const struct route *route)
{
	if (KR_GROW(&w->routes, w->n_routes, &w->cap_routes))
		return false;
	w->routes[w->n_routes++] = *route;
	return true;
}

static struct waiter *waiter_new(const struct study *s, const struct suggest *q)
{
	struct waiter *w = KR_NEW(struct waiter);
	const char *worker = q->m->meta.worker_id;

	if (!w)
		return NULL;
	memcpy(w->request, q->m->meta.request_id, MSG_ID_BYTES);
	w->count = q->count;
	w->lease_ms = q->lease_ms;
	w->deadline_ns = q->deadline_ns;
	if (q->fixed)
		w->fixed = kr_memdup(q->fixed, (size_t)s->def->d * sizeof(double));
	if (worker)
		w->worker = kr_strdup(worker);
	if (!add_route(w, q->route) || (q->fixed && !w->fixed) || (worker && !w->worker)) {
		waiter_free(w);
		return NULL;
	}
	return w;
}

static void push(struct waiters *q, struct waiter *w)
{
	w->next = NULL;
	if (q->tail)
		q->tail->next = w;
	else
		q->head = w;
	q->tail = w;
}

static struct waiter *pop(struct waiters *q)
{
	struct waiter *w = q->head;

	if (w) {
		q->head = w->next;
		if (!q->head)
			q->tail = NULL;
	}
	return w;
}

/* It has its answer. */
static void leave(struct engine *e, struct study *s, struct waiter *w)
{
	s->waiting -= w->count;
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

static void refuse_all(
	struct engine *e, struct study *s, struct waiters *q, const struct kr_error *why)
{
	struct waiter *w;

	while ((w = pop(q)) != NULL)
		refuse(e, s, w, why);
}

/* ---- may it ----------------------------------------------------------------- */

enum kr_status suggest_allowed(const struct study *s, struct kr_error *err)
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

enum kr_status suggest_spent(const struct study *s, struct kr_error *err)
{
	uint64_t running = s->now.counts[TRIAL_RUNNING];

	return kr_fail(err, KR_BUDGET_SPENT,
		"the budget of %" PRIu64 " trials of study '%s' is taken: %" PRIu64 " ended, %" PRIu64
		" running, %" PRIu64 " being computed; raise the budget to go on",
		s->now.budget, s->def->name, s->now.spent - running, running, s->waiting);
}

/* ---- begin ------------------------------------------------------------------ */

enum kr_status suggest_begin(
	struct engine *e, struct study *s, const struct suggest *q, struct kr_error *err)
{
	struct request_entry entry = {.study = s->id, .method = METHOD_SUGGEST};
	struct waiter *w;
	enum kr_status st;

	if (e->n_waiting >= e->o.max_waiting)
		return kr_fail(
			err, KR_OVERLOADED, "%zu suggests wait already; try again in a moment", e->n_waiting);
	st = requests_reserve(&e->requests, 1, err);
	if (st == KR_OK)
		st = engine__owe(e, 2, err);
	if (st != KR_OK)
		return st;
	w = waiter_new(s, q);
	if (!w)
		return kr_fail(err, KR_ENOMEM, "no memory for a suggest");
	memcpy(entry.id, w->request, MSG_ID_BYTES);
	requests_put(&e->requests, &entry);
	push(&s->queue, w);
	s->waiting += w->count;
	e->n_waiting++;
	suggest_pump(e, s);
	return KR_OK;
}

static struct waiter *find(const struct waiters *q, const uint8_t request[MSG_ID_BYTES])
{
	struct waiter *w = q->head;

	while (w && memcmp(w->request, request, MSG_ID_BYTES) != 0)
		w = w->next;
	return w;
}

enum kr_status suggest_join(struct engine *e, struct study *s, const uint8_t request[MSG_ID_BYTES],
	const struct route *route, struct kr_error *err)
{
	struct waiter *w = find(&s->in_job, request);
	enum kr_status st = engine__owe(e, 1, err);

	if (st != KR_OK)
		return st;
	if (!w)
		w = find(&s->queue, request);
	if (e->n_waiting >= e->o.max_waiting)
		return kr_fail(
			err, KR_OVERLOADED, "%zu suggests wait already; try again in a moment", e->n_waiting);
	if (!w || !add_route(w, route))
		return kr_fail(err, KR_ENOMEM, "no memory for a suggest");
	e->n_waiting++;
	return KR_OK;
}

/* ---- the computation -------------------------------------------------------- */

/* Each row of a batch records the fixed values of all its slots: bound their sum. */
static bool too_many_fixed(const struct study *s, const struct job_wish *wish, int n_waiters)
{
	enum { MOST_RECORDED = 1 << 18 };

	return wish->any_fixed && (int64_t)n_waiters * wish->n_slots * s->def->d > MOST_RECORDED;
}

/* The next waiters whose points fit one computation. */
static struct job_wish gather(struct study *s, int64_t *deadline_ns)
{
	struct job_wish wish = {0};
	int n = 0;

	*deadline_ns = INT64_MAX;
	while (s->queue.head) {
		struct waiter *w = s->queue.head;

		if (wish.n_slots > 0 && (uint64_t)wish.n_slots + w->count > MOST_SLOTS)
			break;
		if (too_many_fixed(s, &wish, n++))
			break;
		push(&s->in_job, pop(&s->queue));
		w->first_slot = wish.n_slots;
		wish.n_slots += (int)w->count;
		wish.any_fixed |= w->fixed != NULL;
		if (w->deadline_ns < *deadline_ns)
			*deadline_ns = w->deadline_ns;
	}
	return wish;
}

static void fill_fixed(struct job *j, const struct waiters *in_job)
{
	size_t d = (size_t)j->def->d;

	for (const struct waiter *w = in_job->head; w; w = w->next)
		for (uint64_t i = 0; w->fixed && i < w->count; i++)
			memcpy(j->fixed + ((size_t)w->first_slot + i) * d, w->fixed, d * sizeof(double));
}

static enum kr_status start_job(struct engine *e, struct study *s, struct kr_error *err)
{
	struct job *j;
	int64_t deadline_ns;
	struct job_wish wish = gather(s, &deadline_ns);
	enum kr_status st = job_new(&j, JOB_SUGGEST, e->next_job, s, &wish, err);

	if (st == KR_OK)
		st = engine__start_job(e, j, deadline_ns, err);
	if (st != KR_OK)
		return st;
	fill_fixed(j, &s->in_job);
	s->job = j->id;
	return KR_OK;
}

void suggest_pump(struct engine *e, struct study *s)
{
	struct kr_error err;

	while (!s->job && s->queue.head) {
		if (suggest_allowed(s, &err) != KR_OK)
			refuse_all(e, s, &s->queue, &err);
		else if (start_job(e, s, &err) != KR_OK)
			refuse_all(e, s, &s->in_job, &err);
	}
}

/* ---- finish ----------------------------------------------------------------- */

void suggest_why(struct msg_why *why, const struct policy_suggestion *p)
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
		suggest_why(&given[i].why, p);
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

	*n = (int)(w->count < left ? w->count : left);
	return *n ? KR_OK : suggest_spent(s, err);
}

static enum kr_status give(
	struct engine *e, struct study *s, const struct job *j, struct waiter *w, struct kr_error *err)
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
	enum kr_status st = suggest_allowed(s, err);

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
		return kr_fail(err, KR_SPACE_EXHAUSTED,
			"every point of study '%s' that this request "
			"allows has been given out",
			s->def->name);
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

void suggest_finish(struct engine *e, struct job *j)
{
	struct study *s = studies_at(&e->studies, j->study);
	struct waiter *w;
	struct kr_error err;

	if (!s || s->incarnation != j->incarnation || s->job != j->id)
		return; /* its study was reloaded: nobody waits */
	while ((w = pop(&s->in_job)) != NULL) {
		struct arena_mark mark = arena_mark(e->scratch);
		enum kr_status st = give(e, s, j, w, &err);

		arena_release(e->scratch, mark);
		if (st == KR_OK)
			leave(e, s, w);
		else
			refuse(e, s, w, &err);
	}
	s->job = 0;
	suggest_pump(e, s);
}

static void lose(struct engine *e, struct study *s, struct waiters *q, const char *why)
{
	struct waiter *w;

	while ((w = pop(q)) != NULL) {
		for (size_t i = 0; i < w->n_routes; i++)
			engine__answer_lost(e, &w->routes[i], why);
		leave(e, s, w);
	}
}

void suggest_fail_all(struct engine *e, struct study *s, const char *why)
{
	lose(e, s, &s->in_job, why);
	lose(e, s, &s->queue, why);
	s->job = 0;
}

uint64_t suggest_slots(const struct study *s)
{
	uint64_t n = 0;

	for (const struct waiter *w = s->queue.head; w; w = w->next)
		n += w->count;
	for (const struct waiter *w = s->in_job.head; w; w = w->next)
		n += w->count;
	return n;
}

static void forget(struct waiters *q)
{
	struct waiter *w;

	while ((w = pop(q)) != NULL)
		waiter_free(w);
}

void suggest_forget(struct study *s)
{
	forget(&s->in_job);
	forget(&s->queue);
}
