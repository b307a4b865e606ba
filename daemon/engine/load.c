/* Rows from the store: at the start (all studies), after a failed commit (one
 * study), and for replay (replay.c). The same study_new and study_apply as for
 * live changes.
 *
 * A row that cannot be understood makes its study damaged: it answers nothing but
 * that, and the others go on. Reading that fails, or memory that runs out, is
 * tried again a second later; until then the study is unavailable. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "daemon/engine/core.h"
#include "daemon/engine/predict.h"
#include "daemon/engine/prepare.h"
#include "daemon/engine/replay.h"
#include "daemon/engine/suggest.h"
#include "daemon/engine/watch.h"

static const int64_t retry_ns = (int64_t)ENGINE_RETRY_MS * 1000000;

/* ---- one row ---------------------------------------------------------------- */

static enum kr_status first_row(
	struct study **study, const struct row *row, const struct record *r, struct kr_error *err)
{
	struct definition *def;
	enum kr_status st;

	if (r->kind != RECORD_STUDY_CREATED || row->seq != 1)
		return kr_fail(err, KR_ECORRUPT,
			"study %" PRIu64 ": its first event is missing; restore a "
			"backup of the database",
			row->study);
	st = definition_new(&def, r->u.created.name, &r->u.created.spec, err);
	if (st == KR_ENOMEM)
		return st;
	if (st != KR_OK) {
		kr_prefix(err, "study %" PRIu64 ": event 1", row->study);
		if (err)
			err->code = KR_ECORRUPT;
		return KR_ECORRUPT;
	}
	st = definition_take(def, r->u.created.n_sources, r->u.created.sources, err);
	if (st == KR_OK)
		st = study_new(study, row, def, err);
	definition_release(def);
	return st;
}

static enum kr_status later_row(
	struct study *s, const struct row *row, const struct record *r, struct kr_error *err)
{
	enum kr_status st = study_check(s, row, r, err);

	if (st == KR_OK)
		st = study_reserve(s, r, err);
	if (st == KR_OK)
		study_apply(s, row, r, 0);
	return st;
}

enum kr_status load_row(struct study **study, const struct row *row, struct requests *requests,
	struct arena *scratch, struct kr_error *err)
{
	struct request_entry entry = {.study = row->study, .seq = row->seq, .method = row->method};
	struct arena_mark mark = arena_mark(scratch);
	struct record r;
	enum kr_status st = record_decode(&r, row->kind, row->body, row->len, scratch, err);

	if (st != KR_OK)
		kr_prefix(err, "study %" PRIu64 ": event %" PRIu64, row->study, row->seq);
	if (st == KR_OK && requests && row->has_request)
		st = requests_reserve(requests, 1, err);
	if (st == KR_OK)
		st = *study ? later_row(*study, row, &r, err) : first_row(study, row, &r, err);
	arena_release(scratch, mark);
	if (st == KR_OK && requests && row->has_request) {
		memcpy(entry.id, row->request, MSG_ID_BYTES);
		requests_put(requests, &entry);
	}
	return st;
}

/* ---- a study comes to life -------------------------------------------------- */

/* Room for the leases of s among those of the others. */
static enum kr_status reserve_leases(struct engine *e, const struct study *s, struct kr_error *err)
{
	return leases_reserve(&e->leases, s->running.n, err);
}

/* Every running trial gets a full fresh term. The room has been reserved. */
static void wake(struct engine *e, struct study *s)
{
	s->leases = &e->leases;
	s->incarnation = ++e->next_incarnation;
	for (size_t i = 0; i < s->running.n && !s->damaged; i++) {
		struct trial *t = trials_at(&s->trials, s->running.p[i]);

		leases_add(&e->leases, s->id, t, lease_due(e->now.now_ns, t->lease_ms));
	}
}

static void log_damage(const struct kr_error *err)
{
	log_at(LOG_LEVEL_ERROR, "a stored event is damaged", "err=\"%s\"", err->text);
}

/* ---- at the start ----------------------------------------------------------- */

static void ask_all(struct engine *e)
{
	e->start_ticket = ++e->next_ticket;
	e->start_at = INT64_MAX;
	e->start_failed = false;
	engine__effect(e,
		&(struct effect){
			.kind = EFFECT_LOAD,
			.u.load = {.ticket = e->start_ticket, .study = 0},
		});
}

void engine__start(struct engine *e)
{
	if (e->started)
		return;
	e->started = true;
	e->start_ns = e->now.now_ns;
	ask_all(e);
}

/* Another study begins, or the rows are at their end: keep the one before. */
static enum kr_status keep_started(struct engine *e, struct kr_error *err)
{
	struct study *s = e->start_study;
	enum kr_status st;

	if (!s)
		return KR_OK;
	st = studies_reserve(&e->studies, s->id, err);
	if (st == KR_OK) {
		studies_add(&e->studies, s);
		e->start_study = NULL;
	}
	return st;
}

static enum kr_status start_row(struct engine *e, const struct row *row, struct kr_error *err)
{
	enum kr_status st = KR_OK;

	if (e->start_study && e->start_study->id != row->study)
		st = keep_started(e, err);
	if (st != KR_OK || row->study == e->start_skip)
		return st;
	st = load_row(&e->start_study, row, &e->requests, e->scratch, err);
	if (st != KR_ECORRUPT)
		return st;
	log_damage(err);
	e->start_skip = row->study;
	if (e->start_study)
		e->start_study->damaged = true;
	return studies_skip(&e->studies, row->study, err);
}

static void start_over(struct engine *e)
{
	uint8_t key[16];

	memcpy(key, e->requests.key, sizeof(key));
	requests_fini(&e->requests);
	requests_init(&e->requests, key);
	study_free(e->start_study);
	e->start_study = NULL;
	e->start_skip = 0;
	studies_fini(&e->studies);
	e->studies = (struct studies){0};
	e->start_ticket = 0;
	e->start_at = e->now.now_ns + retry_ns;
}

static enum kr_status wake_all(struct engine *e, struct kr_error *err)
{
	size_t n = 0;
	enum kr_status st;

	for (size_t id = 0; id < e->studies.n_ids; id++)
		n += e->studies.by_id[id] ? e->studies.by_id[id]->running.n : 0;
	st = leases_reserve(&e->leases, n, err);
	if (st != KR_OK)
		return st;
	for (size_t id = 0; id < e->studies.n_ids; id++)
		if (e->studies.by_id[id])
			wake(e, e->studies.by_id[id]);
	return KR_OK;
}

static void started(struct engine *e, const struct event *ev)
{
	struct kr_error err;

	for (size_t i = 0; i < ev->u.loaded.n && !e->start_failed; i++)
		if (start_row(e, &ev->u.loaded.rows[i], &err) != KR_OK)
			e->start_failed = true;
	if (!ev->u.loaded.done)
		return;
	if (ev->u.loaded.status != KR_OK || e->start_failed || keep_started(e, &err) != KR_OK ||
		wake_all(e, &err) != KR_OK) {
		start_over(e);
		return;
	}
	e->start_ticket = 0;
	e->ready = true;
}

/* ---- after a failed commit -------------------------------------------------- */

static void ask_one(struct engine *e, struct study *s)
{
	s->ticket = ++e->next_ticket;
	s->load_failed = false;
	engine__effect(e,
		&(struct effect){
			.kind = EFFECT_LOAD,
			.u.load = {.ticket = s->ticket, .study = s->id},
		});
}

void engine__reload(struct engine *e, struct study *s)
{
	if (!s || s->reloading)
		return;
	suggest_fail_all(e, s, e->refuse_text);
	watch_fail_all(e, s, e->refuse_text);
	predict_fail_all(e, s, e->refuse_text);
	prepare_drop(e, s);
	for (size_t i = 0; i < s->running.n; i++)
		leases_remove(&e->leases, trials_at(&s->trials, s->running.p[i]));
	s->leases = NULL;
	requests_forget(&e->requests, s->id);
	s->reloading = true;
	s->last_group = 0;
	e->n_reloading++;
	ask_one(e, s);
}

static void reload_row(struct engine *e, struct study *s, const struct row *row)
{
	struct kr_error err;
	enum kr_status st;

	if (s->load_failed || s->damaged)
		return;
	st = load_row(&s->loaded, row, &e->requests, e->scratch, &err);
	if (st == KR_ECORRUPT) {
		log_damage(&err);
		s->damaged = true;
	} else if (st != KR_OK) {
		s->load_failed = true;
	}
}

static void reload_again(struct engine *e, struct study *s)
{
	requests_forget(&e->requests, s->id);
	study_free(s->loaded);
	s->loaded = NULL;
	s->damaged = false;
	s->ticket = 0;
	s->reload_at = e->now.now_ns + retry_ns;
	e->n_retry++;
}

/* What was read takes the place of what was lost. Nothing read: the study was never
 * durable. */
static void reloaded(struct engine *e, struct study *s)
{
	struct study *fresh = s->loaded;

	s->loaded = NULL;
	e->n_reloading--;
	if (s->damaged) {
		study_free(fresh); /* the lost memory stays, to be refused by name */
		s->reloading = false;
		s->ticket = 0;
		return;
	}
	if (fresh) {
		studies_replace(&e->studies, s, fresh);
		wake(e, fresh);
	} else {
		studies_remove(&e->studies, s);
	}
	study_free(s);
}

static struct study *reading(const struct engine *e, uint64_t ticket)
{
	for (size_t id = 0; id < e->studies.n_ids; id++) {
		struct study *s = e->studies.by_id[id];

		if (s && s->reloading && s->ticket == ticket)
			return s;
	}
	return NULL;
}

void engine__loaded(struct engine *e, const struct event *ev)
{
	struct study *s;
	struct kr_error err;

	if (replay_loaded(e, ev))
		return;
	if (e->start_ticket && ev->u.loaded.ticket == e->start_ticket) {
		started(e, ev);
		return;
	}
	s = ev->u.loaded.ticket ? reading(e, ev->u.loaded.ticket) : NULL;
	if (!s)
		return;
	for (size_t i = 0; i < ev->u.loaded.n; i++)
		reload_row(e, s, &ev->u.loaded.rows[i]);
	if (!ev->u.loaded.done)
		return;
	if (ev->u.loaded.status != KR_OK || s->load_failed ||
		(s->loaded && reserve_leases(e, s->loaded, &err) != KR_OK))
		reload_again(e, s);
	else
		reloaded(e, s);
}

/* ---- reading failed --------------------------------------------------------- */

void engine__retry_loads(struct engine *e)
{
	if (e->started && !e->ready && !e->start_ticket && e->now.now_ns >= e->start_at)
		ask_all(e);
	for (size_t id = 0; e->n_retry && id < e->studies.n_ids; id++) {
		struct study *s = e->studies.by_id[id];

		if (!s || !s->reloading || s->ticket || e->now.now_ns < s->reload_at)
			continue;
		e->n_retry--;
		ask_one(e, s);
	}
}

int64_t engine__retry_at(const struct engine *e)
{
	int64_t at = e->started && !e->ready && !e->start_ticket ? e->start_at : INT64_MAX;

	for (size_t id = 0; e->n_retry && id < e->studies.n_ids; id++) {
		const struct study *s = e->studies.by_id[id];

		if (s && s->reloading && !s->ticket && s->reload_at < at)
			at = s->reload_at;
	}
	return at;
}
