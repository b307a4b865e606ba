/* Changes and their durability. Rows collect in the open group while the group
 * before it is being written; replies wait in the group whose rows they reflect.
 *
 * When a group fails, every study with a row in it is read anew. A study of the
 * same name that the open group touches goes with it: whether a name was free
 * may have hung on the lost rows. */
#include <stdio.h>
#include <string.h>

#include "daemon/engine/core.h"
#include "daemon/engine/prepare.h"

/* ---- one change ------------------------------------------------------------- */

void change_begin(struct engine *e, struct change *c)
{
	c->row = (struct row){
		.study = c->study->id,
		.seq = c->record.kind == RECORD_STUDY_CREATED ? 1 : c->study->now.seq + 1,
		.time_ms = e->now.wall_ms,
		.kind = c->record.kind,
		.actor = c->actor ? c->actor : "",
		.has_request = c->request != NULL,
		.method = c->method,
	};
	if (c->request)
		memcpy(c->row.request, c->request, MSG_ID_BYTES);
}

/* A copy in the open group. */
static enum kr_status keep(struct engine *e, struct bytes *b, struct kr_error *err)
{
	b->p = arena_memdup(e->open->arena, b->p, b->len);
	return b->p ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for a commit");
}

static enum kr_status plan_bytes(struct engine *e, struct change *c, struct kr_error *err)
{
	struct bytes body;
	enum kr_status st = record_encode(&body, &c->record, e->scratch, err);

	if (st == KR_OK && c->reply) {
		st = encode_reply(&c->answer, c->reply, e->scratch, err);
		if (st == KR_TOO_LARGE)
			return kr_prefix(err, "the answer does not fit; send fewer at a time");
	}
	if (st == KR_OK)
		st = keep(e, &body, err);
	if (st == KR_OK && c->reply)
		st = keep(e, &c->answer, err);
	if (st != KR_OK)
		return st;
	c->row.body = body.p;
	c->row.len = body.len;
	c->row.actor = arena_strndup(e->open->arena, c->row.actor, strlen(c->row.actor));
	return c->row.actor ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for a commit");
}

/* Another change of the same step may be planned too (REPLACE): the room is for both. */
static enum kr_status plan_room(struct engine *e, struct change *c, struct kr_error *err)
{
	enum kr_status st = group_reserve(e->open, 2, c->n_routes, err);

	if (st == KR_OK)
		st = engine__owe(e, c->n_routes + 4, err);
	if (st == KR_OK)
		st = requests_reserve(&e->requests, 2, err);
	if (st == KR_OK && c->record.kind == RECORD_STUDY_CREATED)
		return studies_reserve(&e->studies, c->study->id, err);
	return st == KR_OK ? study_reserve(c->study, &c->record, err) : st;
}

enum kr_status change_plan(struct engine *e, struct change *c, struct kr_error *err)
{
	struct arena_mark kept = arena_mark(e->open->arena);
	struct arena_mark scratch = arena_mark(e->scratch);
	enum kr_status st = engine__writable(e, err);

	if (st == KR_OK)
		st = engine__sound(c->study, err);
	if (st == KR_OK)
		st = plan_bytes(e, c, err);
	arena_release(e->scratch, scratch);
	if (st == KR_OK)
		st = plan_room(e, c, err);
	if (st != KR_OK)
		arena_release(e->open->arena, kept);
	return st;
}

static bool changes_names(const struct change *c)
{
	return c->record.kind == RECORD_STUDY_CREATED ||
		(c->record.kind == RECORD_STUDY_UPDATED && c->record.u.updated.state);
}

void change_apply(struct engine *e, struct change *c)
{
	struct study *s = c->study;
	struct group *g = e->open;

	if (c->record.kind == RECORD_STUDY_CREATED) {
		s->leases = &e->leases;
		s->incarnation = ++e->next_incarnation;
		studies_add(&e->studies, s);
	} else {
		study_apply(s, &c->row, &c->record, e->now.now_ns);
	}
	s->last_group = g->id;
	if (s->input_seq == c->row.seq)
		s->input_group = g->id;
	engine__stir(e, s);
	if (changes_names(c))
		e->names_group = g->id;
	if (c->request) {
		struct request_entry entry = {.study = s->id, .seq = c->row.seq, .method = c->method};

		memcpy(entry.id, c->request, MSG_ID_BYTES);
		requests_put(&e->requests, &entry);
	}
	group_add_row(g, &c->row);
	for (size_t i = 0; i < c->n_routes; i++) {
		struct held held = {c->routes[i], s->id, c->answer.p, c->answer.len};

		held.route.header.flags = c->reply->is_error ? FRAME_REPLY | FRAME_ERROR : FRAME_REPLY;
		group_hold(g, &held);
	}
}

/* ---- groups ----------------------------------------------------------------- */

enum kr_status engine__writable(const struct engine *e, struct kr_error *err)
{
	if (e->now.now_ns >= e->refuse_until)
		return KR_OK;
	return kr_fail(
		err, KR_UNAVAILABLE, "nothing can be stored at the moment (%s); try again", e->refuse_text);
}

enum kr_status engine__sound(const struct study *s, struct kr_error *err)
{
	if (!s->damaged)
		return KR_OK;
	return kr_fail_field(err, KR_ECORRUPT, "study",
		"study '%s' has a damaged event in the "
		"database; check the file with kriged --check and restore a backup",
		s->def->name);
}

void engine__flush(struct engine *e)
{
	struct group *empty = e->flying;

	if (e->in_flight || e->open->n_rows == 0)
		return;
	e->flying = e->open;
	e->open = empty;
	group_clear(empty, e->flying->id + 1);
	e->in_flight = true;
	engine__effect(e,
		&(struct effect){
			.kind = EFFECT_COMMIT,
			.u.commit = {e->flying->id, e->flying->rows, e->flying->n_rows},
		});
}

/* The flying group is settled; what points into it stays valid for this step. */
static void retire(struct engine *e)
{
	struct group *empty = e->retired;

	e->settled = e->flying->id;
	e->in_flight = false;
	e->retired = e->flying;
	e->flying = empty;
}

static void succeed(struct engine *e)
{
	struct group *g = e->flying;

	e->n_commits++;
	e->n_events += g->n_rows;
	for (size_t i = 0; i < g->n_held; i++)
		engine__send(e, &g->held[i].route, g->held[i].body, g->held[i].len);
	retire(e);
	for (size_t i = 0; i < g->n_rows; i++)
		prepare_review(e, studies_at(&e->studies, g->rows[i].study));
}

/* ---- failure ---------------------------------------------------------------- */

static bool lost(const struct engine *e, uint64_t study)
{
	const struct study *s = studies_at(&e->studies, study);

	return !s || s->reloading;
}

static bool shares_name_with_lost(const struct engine *e, const struct study *s)
{
	const struct study *other = NULL;

	while ((other = studies_named(&e->studies, s->def->name, other)) != NULL)
		if (other->reloading)
			return true;
	return false;
}

static void reload_touched(struct engine *e)
{
	for (size_t i = 0; i < e->flying->n_rows; i++)
		engine__reload(e, studies_at(&e->studies, e->flying->rows[i].study));
	for (size_t i = 0; i < e->open->n_rows; i++) {
		struct study *s = studies_at(&e->studies, e->open->rows[i].study);

		if (shares_name_with_lost(e, s))
			engine__reload(e, s);
	}
}

/* The open group goes on without the lost studies and without answers about them. */
static void drop_lost(struct engine *e)
{
	struct group *g = e->open;
	size_t n = 0;

	for (size_t i = 0; i < g->n_rows; i++)
		if (!lost(e, g->rows[i].study))
			g->rows[n++] = g->rows[i];
	g->n_rows = n;
	n = 0;
	for (size_t i = 0; i < g->n_held; i++)
		if (g->held[i].study == 0 || lost(e, g->held[i].study))
			engine__answer_lost(e, &g->held[i].route, e->refuse_text);
		else
			g->held[n++] = g->held[i];
	g->n_held = n;
}

static void fail(struct engine *e, const char *why)
{
	struct group *g = e->flying;

	e->n_failed++;
	e->refuse_until = e->now.now_ns + ENGINE_REFUSE_NS;
	snprintf(e->refuse_text, sizeof(e->refuse_text), "%s", why ? why : "writing failed");
	reload_touched(e);
	for (size_t i = 0; i < g->n_held; i++)
		engine__answer_lost(e, &g->held[i].route, e->refuse_text);
	drop_lost(e);
	retire(e);
}

void engine__committed(struct engine *e, const struct event *ev)
{
	if (!e->in_flight || ev->u.committed.group != e->flying->id)
		return; /* not ours: a shell that repeats itself */
	if (ev->u.committed.status == KR_OK)
		succeed(e);
	else
		fail(e, ev->u.committed.text);
}
