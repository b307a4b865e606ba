#include "daemon/engine/prepare.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "daemon/engine/core.h"
#include "daemon/engine/give.h"
#include "daemon/engine/job_internal.h"

/* One of a study. Running: job is not 0; ready: there is a result; else it is due. */
struct prepared {
	struct prepared *next; /* of the engine's, oldest first */
	struct study *study;   /* NULL: dropped, while its job runs */
	struct timer timer;    /* due: when it may begin; not set: now */
	uint64_t seq;          /* event that it is for; due: that it was wanted for */
	uint64_t job;
	struct snapshot *of; /* while it runs */
	struct job *result;
};

/* ---- the list --------------------------------------------------------------- */

static void add(struct engine *e, struct prepared *p)
{
	struct prepared **at = &e->prepared;

	while (*at)
		at = &(*at)->next;
	*at = p;
	p->study->prepared = p;
}

/* Its job, if one runs, is somebody else's by now. */
static void remove_one(struct engine *e, struct prepared *p)
{
	struct prepared **at = &e->prepared;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (p->study)
		p->study->prepared = NULL;
	timers_leave(&e->timers, &p->timer);
	snapshot_release(p->of);
	job_free(p->result);
	kr_free(p);
}

static size_t n_running(const struct engine *e)
{
	size_t n = 0;

	for (const struct prepared *p = e->prepared; p; p = p->next)
		n += p->job != 0;
	return n;
}

/* A worker is left for those who wait, when there is more than one. */
static size_t most_running(const struct engine *e)
{
	return e->o.threads > 1 ? e->o.threads - 1 : 1;
}

/* ---- good, and wanted ------------------------------------------------------- */

static bool is_good(const struct prepared *p)
{
	return p->seq >= p->study->input_seq;
}

static bool in_use(const struct engine *e, const struct study *s)
{
	return s->asked && e->now.now_ns - s->asked_ns <= (int64_t)PREPARE_IDLE_S * 1000000000;
}

static bool is_wanted(const struct engine *e, const struct study *s)
{
	bool waited_for = s->queue.head || s->in_job.head || s->parked.head;

	return e->o.prepare && in_use(e, s) && !s->reloading && !s->damaged && !waited_for &&
		s->prepared_seq < s->input_seq && s->queued.n == 0 && give_allowed(s, NULL) == KR_OK &&
		study_left(s, s->waiting) > 0 && engine__durable(e, s->input_group);
}

/* ---- beginning -------------------------------------------------------------- */

/* False without memory. */
static bool run(struct engine *e, struct prepared *p)
{
	const struct job_wish one = {.n_slots = 1};
	struct study *s = p->study;
	struct job *j;

	s->prepared_seq = s->input_seq;
	if (job_new(&j, JOB_SUGGEST, e->next_job, s, NULL, &one, NULL) != KR_OK)
		return false;
	j->unasked = true;
	p->of = snapshot_retain(j->of);
	p->seq = j->of->seq;
	p->job = j->id;
	if (engine__start_job(e, j, INT64_MAX, NULL) == KR_OK)
		return true;
	p->job = 0;
	return false;
}

static void run_due(struct engine *e)
{
	size_t n = n_running(e), most = most_running(e);
	struct prepared *next;

	for (struct prepared *p = e->prepared; p && n < most; p = next) {
		next = p->next;
		if (p->job || p->result || p->timer.at)
			continue;
		if (run(e, p))
			n++;
		else
			remove_one(e, p);
	}
}

static void is_quiet(struct engine *e, struct timer *t)
{
	(void)t; /* it is not set any more */
	run_due(e);
}

/* When what is wanted now may begin. */
static int64_t begins_at(const struct engine *e, const struct study *s)
{
	return s->input_given || s->prepared_in_vain ? lease_due(e->now.now_ns, PREPARE_QUIET_MS)
												 : e->now.now_ns;
}

static void want(struct engine *e, struct study *s)
{
	struct prepared *p = KR_NEW(struct prepared);
	int64_t at = begins_at(e, s);

	if (!p)
		return;
	if (timers_enter(&e->timers, NULL) != KR_OK) {
		kr_free(p);
		return;
	}
	p->study = s;
	p->seq = s->input_seq;
	p->timer.fire = is_quiet;
	add(e, p);
	if (at > e->now.now_ns)
		timers_set(&e->timers, &p->timer, at);
	else
		run_due(e);
}

/* ---- the end ---------------------------------------------------------------- */

void prepare_drop(struct engine *e, struct study *s)
{
	struct prepared *p = s->prepared;

	if (!p)
		return;
	s->prepared_in_vain |= p->job || p->result;
	if (!p->job) {
		remove_one(e, p);
		return;
	}
	p->study = NULL;
	s->prepared = NULL;
	engine__effect(e, &(struct effect){.kind = EFFECT_CUT, .u.cut = {p->job}});
}

static void drop_oldest(struct engine *e)
{
	struct study *oldest = NULL;
	size_t n = 0;

	for (const struct prepared *p = e->prepared; p; p = p->next) {
		if (!p->result)
			continue;
		n++;
		if (!oldest || p->study->asked_ns < oldest->asked_ns)
			oldest = p->study;
	}
	if (n > PREPARE_MOST_READY)
		prepare_drop(e, oldest);
}

static struct prepared *find(const struct engine *e, const struct job *j)
{
	struct prepared *p = e->prepared;

	while (p && p->job != j->id)
		p = p->next;
	return p;
}

bool prepare_finish(struct engine *e, struct job *j)
{
	struct prepared *p = find(e, j);

	if (!p)
		return false;
	p->job = 0;
	if (p->study && j->status == KR_OK && !j->cut) {
		snapshot_release(p->of);
		p->of = NULL;
		snapshot_thin(j->of);
		p->result = j;
		drop_oldest(e);
	} else {
		remove_one(e, p);
		job_free(j);
	}
	run_due(e);
	return true;
}

/* ---- suggests --------------------------------------------------------------- */

void prepare_asked(struct engine *e, struct study *s)
{
	s->asked = true;
	s->asked_ns = e->now.now_ns;
}

const struct job *prepare_ready(const struct study *s)
{
	return s->prepared && is_good(s->prepared) ? s->prepared->result : NULL;
}

enum msg_prepared prepare_state(const struct study *s)
{
	if (prepare_ready(s))
		return PREPARED_READY;
	return s->prepared && is_good(s->prepared) && s->prepared->job ? PREPARED_COMPUTING
																   : PREPARED_NONE;
}

void prepare_given(struct engine *e, struct study *s)
{
	s->prepared_in_vain = false;
	remove_one(e, s->prepared);
}

struct snapshot *prepare_join(struct engine *e, struct study *s, int64_t deadline_ns, uint64_t *job)
{
	struct prepared *p = s->prepared;
	struct snapshot *of;

	if (!p || !p->job || !is_good(p) || engine__join_job(e, p->job, deadline_ns, NULL) != KR_OK)
		return NULL;
	*job = p->job;
	of = p->of;
	p->of = NULL;
	s->prepared_in_vain = false;
	remove_one(e, p);
	run_due(e);
	return of;
}

/* ---- what happens meanwhile ------------------------------------------------- */

void prepare_review(struct engine *e, struct study *s)
{
	if (s->prepared && !is_good(s->prepared))
		prepare_drop(e, s);
	if (!s->prepared && is_wanted(e, s))
		want(e, s);
}

void prepare_tick(struct engine *e)
{
	struct prepared *next;

	for (struct prepared *p = e->prepared; p; p = next) {
		next = p->next;
		if (p->study && !p->job && !in_use(e, p->study))
			prepare_drop(e, p->study);
	}
}

void prepare_forget(struct engine *e)
{
	while (e->prepared)
		remove_one(e, e->prepared);
}

/* ---- for engine_check ------------------------------------------------------- */

static const char *fault(const struct engine *e, const struct prepared *p)
{
	const struct study *s = p->study;

	if (!p->job != !p->of || (p->job && (p->result || p->timer.at)))
		return "runs and does not";
	if (!s)
		return p->job ? NULL : "is nobody's";
	if (studies_at(&e->studies, s->id) != s || s->prepared != p || s->reloading)
		return "is of a study that does not have it";
	if (!is_good(p))
		return "is of the study as it was";
	if (s->n_jobs)
		return "stands beside a computation that is waited for";
	if (p->result && (p->result->cut || p->result->of->seq != p->seq))
		return "is not whole";
	return NULL;
}

enum kr_status prepare_check(const struct engine *e, struct kr_error *err)
{
	size_t n_ready = 0, n_had = 0, n_kept = 0;

	for (const struct prepared *p = e->prepared; p; p = p->next) {
		const char *what = fault(e, p);

		if (what)
			return kr_fail(
				err, KR_INTERNAL, "a prepared suggestion, event %" PRIu64 ": %s", p->seq, what);
		n_ready += p->result != NULL;
		n_kept += p->study != NULL;
	}
	for (size_t id = 0; id < e->studies.n_ids; id++)
		n_had += e->studies.by_id[id] && e->studies.by_id[id]->prepared;
	if (n_had != n_kept || n_ready > PREPARE_MOST_READY || n_running(e) > most_running(e) ||
		(e->prepared && !e->o.prepare))
		return kr_fail(err, KR_INTERNAL, "%zu suggestions prepared for %zu studies, %zu ready",
			n_kept, n_had, n_ready);
	return KR_OK;
}
