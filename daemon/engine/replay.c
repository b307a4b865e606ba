/* Replay: recompute recorded suggestions and compare them, bit for bit.
 *
 *   replay_begin   asks the store for the study's rows
 *   replay_loaded  applies them to a scratch study; at the snapshot of a recorded
 *                  job it makes the same job again, with exactly its work
 *   replay_finish  compares; after the last one the answer goes out
 *
 * A suggestion's row comes after its snapshot, so rows wait in a list until the
 * snapshot of the next suggestion is known (it never lies before an earlier one: one
 * job at a time a study). Rows of the same job share one recomputation. The
 * jobs are separate from the study's own, which go on. */
#include "daemon/engine/replay.h"

#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/core.h"
#include "daemon/engine/job_internal.h"
#include "daemon/engine/page.h"
#include "daemon/engine/replayed.h"

/* Suggestion events of one call; calls at a time, each of which has a copy of its study. */
enum { MOST_EVENTS = 64, MOST_REPLAYS = 4 };

/* A row not yet applied: a copy. */
struct stored {
	struct stored *next;
	struct row row;
	uint8_t body[];
};

struct replay {
	struct replay *next;
	uint64_t ticket; /* 0: all rows have been read */
	uint64_t study;
	struct route route;
	uint64_t from_seq;
	int most, n_events;
	bool more;             /* there are events beyond the last */
	struct study *scratch; /* NULL before the first row is applied */
	struct stored *waiting, **end;
	struct replayed *events, *last;
	struct replayed *group;        /* first event of the newest job */
	struct job *jobs[MOST_EVENTS]; /* made, not yet given to the shell */
	int n_jobs;
	int running;
	enum kr_status status;
	struct kr_error err;
};

/* ---- life ------------------------------------------------------------------- */

static void drop_waiting(struct replay *r)
{
	while (r->waiting) {
		struct stored *next = r->waiting->next;

		kr_free(r->waiting);
		r->waiting = next;
	}
	r->end = &r->waiting;
}

static void replay_free(struct replay *r)
{
	drop_waiting(r);
	while (r->events) {
		struct replayed *next = r->events->next;

		replayed_free(r->events);
		r->events = next;
	}
	for (int i = 0; i < r->n_jobs; i++)
		job_free(r->jobs[i]);
	study_free(r->scratch);
	kr_free(r);
}

void replay_free_all(struct engine *e)
{
	while (e->replays) {
		struct replay *next = e->replays->next;

		replay_free(e->replays);
		e->replays = next;
	}
}

enum kr_status replay_begin(struct engine *e, const struct study *s, const struct msg_request *m,
	const struct route *route, struct kr_error *err)
{
	const struct msg_replay *q = &m->u.replay;
	struct replay *r;
	int n = 0;
	enum kr_status st = engine__owe(e, 4, err);

	if (st != KR_OK)
		return st;
	if (e->n_waiting >= e->o.max_waiting)
		return kr_fail(
			err, KR_OVERLOADED, "%zu requests wait already; try again in a moment", e->n_waiting);
	for (r = e->replays; r; r = r->next)
		n++;
	if (n >= MOST_REPLAYS)
		return kr_fail(err, KR_OVERLOADED, "%d replays are under way; try again in a moment", n);
	r = KR_NEW(struct replay);
	if (!r)
		return call_no_memory(err);
	r->ticket = ++e->next_ticket;
	r->study = s->id;
	r->route = *route;
	r->from_seq = q->from_seq;
	r->most = q->limit && q->limit < MOST_EVENTS ? (int)q->limit : MOST_EVENTS;
	r->end = &r->waiting;
	r->next = e->replays;
	e->replays = r;
	e->n_waiting++;
	engine__effect(e,
		&(struct effect){
			.kind = EFFECT_LOAD,
			.u.load = {.ticket = r->ticket, .study = s->id},
		});
	return KR_OK;
}

/* ---- rows ------------------------------------------------------------------- */

static enum kr_status fail(struct replay *r, enum kr_status st)
{
	r->status = st;
	return st;
}

static enum kr_status keep_row(struct replay *r, const struct row *row)
{
	struct stored *s = kr_malloc(sizeof(*s) + row->len);

	if (!s)
		return fail(r, kr_fail(&r->err, KR_ENOMEM, "no memory to replay"));
	s->next = NULL;
	s->row = *row;
	s->row.actor = "";
	s->row.body = s->body;
	if (row->len)
		memcpy(s->body, row->body, row->len);
	*r->end = s;
	r->end = &s->next;
	return KR_OK;
}

/* Apply the rows that wait, up to seq. */
static enum kr_status apply_to(struct engine *e, struct replay *r, uint64_t seq)
{
	while (r->waiting && r->waiting->row.seq <= seq) {
		struct stored *s = r->waiting;
		enum kr_status st = load_row(&r->scratch, &s->row, NULL, e->scratch, &r->err);

		if (st != KR_OK)
			return fail(r, st);
		r->waiting = s->next;
		if (!r->waiting)
			r->end = &r->waiting;
		kr_free(s);
	}
	return KR_OK;
}

/* ---- jobs ------------------------------------------------------------------- */

static enum kr_status damaged(struct replay *r, uint64_t seq)
{
	return fail(r,
		kr_fail(&r->err, KR_ECORRUPT,
			"event %llu records a computation that can't be; "
			"restore a backup of the database",
			(unsigned long long)seq));
}

static enum kr_status make_job(struct replay *r, struct replayed *ev)
{
	const struct record_job *rec = &ev->record.job;
	struct job_wish wish = {.n_slots = (int)rec->n_slots, .any_fixed = rec->n_fixed > 0};
	struct job *j;
	enum kr_status st = job_new(&j, JOB_REPLAY, 0, r->scratch, NULL, &wish, &r->err);

	if (st != KR_OK)
		return fail(r, st);
	r->jobs[r->n_jobs++] = j;
	j->study = r->study;
	j->calibrate = rec->models.n > 0; /* by which a job of an older version has none */
	j->bounded = rec->cut;
	j->most_units = rec->units;
	if (rec->n_fixed)
		memcpy(j->fixed, rec->fixed, (size_t)rec->n_fixed * sizeof(double));
	for (int i = 0; i < rec->n_numbers; i++)
		j->slots[i].number = rec->numbers[i];
	st = job_set_state(j, rec->n_state_in, rec->state_in, &r->err);
	j->asker = r;
	j->tag = ev;
	return st == KR_OK ? st : fail(r, st);
}

/* Is the recorded job one that the rebuilt study could have had? */
static bool possible(const struct replay *r, const struct replayed *ev)
{
	const struct record_job *j = &ev->record.job;

	return r->scratch && j->snapshot_seq == r->scratch->now.seq &&
		j->first_number == r->scratch->trials.n && replayed_possible(ev, r->scratch->def);
}

static void add_event(struct replay *r, struct replayed *ev)
{
	if (r->last)
		r->last->next = ev;
	else
		r->events = ev;
	r->last = ev;
	r->n_events++;
}

/* A suggestion event that is asked for: rebuild its snapshot, make its job. */
static enum kr_status replay_event(struct engine *e, struct replay *r, const struct row *row)
{
	struct replayed *ev;
	enum kr_status st = replayed_new(&ev, row, &r->err);

	if (st != KR_OK)
		return fail(r, st);
	if (ev->record.job.n_slots == 0) { /* queued trials as they were: nothing to recompute */
		replayed_free(ev);
		return KR_OK;
	}
	if (r->n_events == r->most) {
		replayed_free(ev);
		r->more = true;
		return KR_OK;
	}
	add_event(r, ev);
	st = apply_to(e, r, ev->record.job.snapshot_seq);
	if (st != KR_OK)
		return st;
	if (!possible(r, ev))
		return damaged(r, ev->seq);
	replayed_begin(ev, r->scratch->n_state, r->scratch->state);
	if (r->group && replayed_same_job(r->group, ev)) {
		ev->same = r->group->same;
		r->group->same = ev;
		return KR_OK;
	}
	r->group = ev;
	return make_job(r, ev);
}

/* One that is not asked for still says how far rows may be applied. */
static enum kr_status pass_event(struct engine *e, struct replay *r, const struct row *row)
{
	struct arena_mark mark = arena_mark(e->scratch);
	struct record rec;
	enum kr_status st = record_decode(&rec, row->kind, row->body, row->len, e->scratch, &r->err);
	uint64_t seq = st == KR_OK && rec.u.suggested.job.n_slots ? rec.u.suggested.job.snapshot_seq
															  : 0;

	arena_release(e->scratch, mark);
	return st == KR_OK ? apply_to(e, r, seq) : fail(r, st);
}

static void take_row(struct engine *e, struct replay *r, const struct row *row)
{
	bool suggested = row->kind == RECORD_SUGGESTED;
	enum kr_status st = KR_OK;

	if (r->status != KR_OK || r->more)
		return;
	if (suggested && row->seq <= r->from_seq)
		st = pass_event(e, r, row);
	else if (suggested)
		st = replay_event(e, r, row);
	if (st == KR_OK && !r->more)
		keep_row(r, row);
}

/* ---- the answer ------------------------------------------------------------- */

static enum kr_status make_answer(struct engine *e, struct replay *r, struct msg_replay_reply *out)
{
	size_t bytes = 0, n = 0;
	struct msg_replayed *list;

	for (const struct replayed *ev = r->events; ev; ev = ev->next)
		n += (size_t)ev->n_computed;
	list = ARENA_ARRAY(e->scratch, struct msg_replayed, n);
	if (!list)
		return call_no_memory(&r->err);
	out->suggestions = list;
	out->same_build = true;
	out->more = r->more;
	for (const struct replayed *ev = r->events; ev; ev = ev->next) {
		size_t size = replayed_bytes(ev, r->scratch->def);

		if (out->n > 0 && bytes + size > PAGE_BYTES) {
			out->more = true;
			break;
		}
		if (replayed_put(list + out->n, ev, r->scratch->def, size <= PAGE_BYTES, e->scratch) !=
			KR_OK)
			return call_no_memory(&r->err);
		bytes += size;
		out->n += ev->n_computed;
		out->next_seq = ev->seq;
		out->same_build &= ev->record.job.build && strcmp(ev->record.job.build, e->o.build) == 0;
	}
	return KR_OK;
}

static void finish(struct engine *e, struct replay *r)
{
	struct msg_reply reply = {.method = METHOD_REPLAY};
	struct replay **at = &e->replays;

	e->n_waiting--;
	if (r->status == KR_OK)
		r->status = make_answer(e, r, &reply.u.replay);
	if (r->status == KR_OK)
		engine__answer(e, &r->route, 0, 0, &reply);
	else
		engine__answer_error(e, &r->route, 0, 0, &r->err);
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	replay_free(r);
}

static void finish_if_done(struct engine *e, struct replay *r)
{
	if (!r->ticket && r->running == 0)
		finish(e, r);
}

/* ---- events ----------------------------------------------------------------- */

static void start_jobs(struct engine *e, struct replay *r)
{
	int n = r->n_jobs;

	r->n_jobs = 0;
	for (int i = 0; i < n; i++) {
		struct job *j = r->jobs[i];

		if (r->status != KR_OK) {
			job_free(j);
			continue;
		}
		j->id = e->next_job;
		r->status = engine__start_job(e, j, INT64_MAX, &r->err);
		r->running += r->status == KR_OK;
	}
}

bool replay_loaded(struct engine *e, const struct event *ev)
{
	struct replay *r = e->replays;

	while (r && (!r->ticket || r->ticket != ev->u.loaded.ticket))
		r = r->next;
	if (!r)
		return false;
	for (size_t i = 0; i < ev->u.loaded.n; i++)
		take_row(e, r, &ev->u.loaded.rows[i]);
	if (!ev->u.loaded.done)
		return true;
	r->ticket = 0;
	drop_waiting(r);
	if (ev->u.loaded.status != KR_OK && r->status == KR_OK)
		fail(r,
			kr_fail(&r->err, ev->u.loaded.status,
				"the rows of the study could not be read "
				"(%s); try again",
				ev->u.loaded.text ? ev->u.loaded.text : "no reason given"));
	start_jobs(e, r);
	finish_if_done(e, r);
	return true;
}

/* The shell cut it, before the work that is recorded was done: it proves nothing. */
static bool was_stopped(const struct job *j)
{
	return j->cut && !(j->bounded && j->units == j->most_units);
}

void replay_finish(struct engine *e, struct job *j)
{
	struct replay *r = j->asker;

	r->running--;
	if (j->status != KR_OK && r->status == KR_OK)
		fail(r, kr_fail(&r->err, KR_ENOMEM, "no memory to replay"));
	if (was_stopped(j) && r->status == KR_OK)
		fail(r, kr_fail(&r->err, KR_UNAVAILABLE, "the daemon stops; replay again after its start"));
	for (struct replayed *ev = j->tag; ev && r->status == KR_OK; ev = ev->same)
		replayed_compare(ev, j);
	finish_if_done(e, r);
}
