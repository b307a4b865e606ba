/* Events in, effects out. */
#include "daemon/engine/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/call.h"
#include "daemon/engine/core.h"
#include "daemon/engine/expire.h"
#include "daemon/engine/halt.h"
#include "daemon/engine/job_internal.h"
#include "daemon/engine/predict.h"
#include "daemon/engine/prepare.h"
#include "daemon/engine/replay.h"
#include "daemon/engine/suggest.h"
#include "daemon/engine/watch.h"

enum { SCRATCH_BYTES = 64 << 20, DEFAULT_WAITING = 10000 };

/* ---- life ------------------------------------------------------------------- */

static enum kr_status make_fixed(struct engine *e, struct bytes *out, enum kr_status code,
	const char *text, struct kr_error *err)
{
	struct msg_reply reply = {
		.method = METHOD_PING,
		.is_error = true,
		.error =
			{
				.code = kr_status_wire(code),
				.message = text,
				.retry_after_ms = ENGINE_RETRY_MS,
			},
	};

	return encode_reply(out, &reply, e->fixed, err);
}

static enum kr_status copy_options(
	struct engine *e, const struct engine_options *o, struct kr_error *err)
{
	const char *none = "";
	const char **texts[] = {&e->o.build, &e->o.version, &e->o.blas_core};

	e->o = *o;
	if (!e->o.max_waiting)
		e->o.max_waiting = DEFAULT_WAITING;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *s = *texts[i] ? *texts[i] : none;

		*texts[i] = arena_strndup(e->fixed, s, strlen(s));
		if (!*texts[i])
			return kr_fail(err, KR_ENOMEM, "no memory for the engine");
	}
	return KR_OK;
}

static enum kr_status make_groups(struct engine *e, struct kr_error *err)
{
	enum kr_status st = group_new(&e->open, err);

	if (st == KR_OK)
		st = group_new(&e->flying, err);
	if (st == KR_OK)
		st = group_new(&e->retired, err);
	if (st == KR_OK)
		e->open->id = 1;
	return st;
}

enum kr_status engine_new(struct engine **out, const struct engine_options *o, struct kr_error *err)
{
	struct engine *e = KR_NEW(struct engine);
	uint8_t key[16];
	enum kr_status st = KR_OK;

	*out = NULL;
	if (!e)
		return kr_fail(err, KR_ENOMEM, "no memory for the engine");
	e->scratch = arena_new(SCRATCH_BYTES);
	e->fixed = arena_new(1 << 20);
	if (!e->scratch || !e->fixed)
		st = kr_fail(err, KR_ENOMEM, "no memory for the engine");
	if (st == KR_OK)
		st = copy_options(e, o, err);
	if (st == KR_OK)
		st = make_groups(e, err);
	if (st == KR_OK)
		st = engine__owe(e, 0, err);
	if (st == KR_OK)
		st = make_fixed(
			e, &e->no_memory, KR_OVERLOADED, "memory ran out; nothing was changed; try again", err);
	if (st == KR_OK)
		st = make_fixed(e, &e->unavailable, KR_UNAVAILABLE,
			"the newest changes could not be made durable and were undone; try again", err);
	if (st != KR_OK) {
		engine_free(e);
		return st;
	}
	e->next_job = 1;
	o->random(o->random_ctx, key);
	requests_init(&e->requests, key);
	*out = e;
	return KR_OK;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	prepare_forget(e); /* before the timers of others are gone */
	for (size_t id = 0; id < e->studies.n_ids; id++)
		if (e->studies.by_id[id]) {
			suggest_forget(e->studies.by_id[id]);
			watch_forget(e->studies.by_id[id]);
			predict_forget(e->studies.by_id[id]);
		}
	replay_free_all(e);
	study_free(e->start_study);
	studies_fini(&e->studies);
	leases_fini(&e->leases);
	timers_fini(&e->timers);
	requests_fini(&e->requests);
	group_free(e->open);
	group_free(e->flying);
	group_free(e->retired);
	arena_free(e->scratch);
	arena_free(e->fixed);
	kr_free(e->deadlines);
	kr_free(e->effects);
	kr_free(e);
}

bool engine_ready(const struct engine *e)
{
	return e->ready;
}

/* ---- computations ----------------------------------------------------------- */

enum kr_status engine__start_job(
	struct engine *e, struct job *j, int64_t deadline_ns, struct kr_error *err)
{
	enum kr_status st = engine__owe(e, 3, err);

	if (st == KR_OK && KR_GROW(&e->deadlines, e->n_deadlines, &e->cap_deadlines))
		st = kr_fail(err, KR_ENOMEM, "no memory for a computation");
	if (st != KR_OK) {
		job_free(j);
		return st;
	}
	if (deadline_ns != INT64_MAX)
		e->deadlines[e->n_deadlines++] = (struct deadline){deadline_ns, j->id};
	e->next_job = j->id + 1;
	e->n_jobs++;
	engine__effect(e, &(struct effect){.kind = EFFECT_COMPUTE, .u.compute = {j}});
	return KR_OK;
}

enum kr_status engine__join_job(
	struct engine *e, uint64_t job, int64_t deadline_ns, struct kr_error *err)
{
	enum kr_status st = engine__owe(e, 3, err);

	if (st == KR_OK && KR_GROW(&e->deadlines, e->n_deadlines, &e->cap_deadlines))
		st = kr_fail(err, KR_ENOMEM, "no memory for a computation");
	if (st != KR_OK)
		return st;
	engine__effect(e, &(struct effect){.kind = EFFECT_RAISE, .u.raise = {job}});
	if (deadline_ns <= e->now.now_ns)
		engine__effect(e, &(struct effect){.kind = EFFECT_CUT, .u.cut = {job}});
	else if (deadline_ns != INT64_MAX)
		e->deadlines[e->n_deadlines++] = (struct deadline){deadline_ns, job};
	return KR_OK;
}

static void forget_deadline(struct engine *e, uint64_t job)
{
	for (size_t i = 0; i < e->n_deadlines; i++)
		if (e->deadlines[i].job == job) {
			e->deadlines[i] = e->deadlines[--e->n_deadlines];
			return;
		}
}

static void cut_due(struct engine *e)
{
	size_t i = 0;

	while (i < e->n_deadlines) {
		uint64_t job = e->deadlines[i].job;

		if (e->deadlines[i].due_ns > e->now.now_ns) {
			i++;
			continue;
		}
		e->deadlines[i] = e->deadlines[--e->n_deadlines];
		engine__effect(e, &(struct effect){.kind = EFFECT_CUT, .u.cut = {job}});
	}
}

static void computed(struct engine *e, struct job *j)
{
	forget_deadline(e, j->id);
	e->n_jobs--;
	job_finish(j);
	if (prepare_finish(e, j))
		return;
	switch (j->kind) {
	case JOB_SUGGEST: suggest_finish(e, j); break;
	case JOB_PREDICT: predict_finish(e, j); break;
	case JOB_REPLAY: replay_finish(e, j); break;
	}
	job_free(j);
}

/* ---- requests that wait ------------------------------------------------------ */

static void fire_due(struct engine *e)
{
	struct timer *t;

	while ((t = timers_next(&e->timers)) != NULL && t->due_ns <= e->now.now_ns) {
		timers_clear(&e->timers, t);
		t->fire(e, t);
	}
}

void engine__stir(struct engine *e, struct study *s)
{
	if (s->stirred)
		return;
	s->stirred = true;
	s->next_stirred = e->stirred;
	e->stirred = s;
}

/* The study is FINISHED by a row when a stop rule holds. Without memory it is tried again when the
 * study changes next. */
static void end_by_rule(struct engine *e, struct study *s)
{
	struct arena_mark mark = arena_mark(e->scratch);
	struct change c = {.study = s, .record.kind = RECORD_STUDY_UPDATED};

	if (halt_due(s)) {
		c.record.u.updated.state = STUDY_FINISHED;
		c.record.u.updated.reason = halt_reason(s, e->scratch);
		change_begin(e, &c);
		if (c.record.u.updated.reason && change_plan(e, &c, NULL) == KR_OK)
			change_apply(e, &c);
	}
	arena_release(e->scratch, mark);
}

/* Serving one may change the study once more. */
static void serve_stirred(struct engine *e)
{
	while (e->stirred) {
		struct study *s = e->stirred;

		e->stirred = s->next_stirred;
		s->stirred = false;
		if (s->reloading)
			continue;
		end_by_rule(e, s);
		suggest_retry(e, s);
		watch_serve(e, s);
		prepare_review(e, s);
	}
}

/* ---- ticks ------------------------------------------------------------------ */

static void tick(struct engine *e, const struct event *ev)
{
	e->rss_bytes = ev->u.tick.rss_bytes;
	e->db_bytes = ev->u.tick.db_bytes;
	e->wal_bytes = ev->u.tick.wal_bytes;
	if (ev->u.tick.sqlite_version)
		snprintf(e->sqlite_version, sizeof(e->sqlite_version), "%s", ev->u.tick.sqlite_version);
	engine__retry_loads(e);
	cut_due(e);
	engine__expire(e);
	fire_due(e);
	prepare_tick(e);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t engine_next_wakeup(const struct engine *e)
{
	const struct lease *lease = leases_next(&e->leases);
	const struct timer *timer = timers_next(&e->timers);
	int64_t at = engine__retry_at(e);

	if (lease)
		at = earlier(at, later(lease->due_ns, later(e->refuse_until, e->expire_at)));
	if (timer)
		at = earlier(at, timer->due_ns);
	for (size_t i = 0; i < e->n_deadlines; i++)
		at = earlier(at, e->deadlines[i].due_ns);
	return at;
}

/* ---- the step --------------------------------------------------------------- */

static void dispatch(struct engine *e, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_START: engine__start(e); break;
	case EVENT_REQUEST: call_run(e, ev->u.request.route, ev->u.request.request); break;
	case EVENT_COMMITTED: engine__committed(e, ev); break;
	case EVENT_COMPUTED: computed(e, ev->u.computed.job); break;
	case EVENT_LOADED: engine__loaded(e, ev); break;
	case EVENT_TICK: tick(e, ev); break;
	}
}

void engine_step(struct engine *e, const struct event *ev, struct now now,
	const struct effect **effects, size_t *n)
{
	e->now = now;
	e->n_effects = 0;
	arena_reset(e->scratch);
	group_clear(e->retired, 0);
	dispatch(e, ev);
	serve_stirred(e);
	engine__flush(e);
	*effects = e->effects;
	*n = e->n_effects;
}
