/* The end of a schedule: everything acknowledged is there, nothing was applied
 * twice, and the live engine, a restarted one and the model agree: in what they
 * show, in what they answer to each request once more, in whom they give a
 * trial, and in what they compute again. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decode.h"
#include "proto/record.h"
#include "tests/sim/sim.h"

enum { S = 1000000000 };

#define LL(x) ((unsigned long long)(x))

/* ---- the ledger against the rows ---- */

static void check_line(struct world *w, const struct ledger_line *l)
{
	int n;
	const struct row *row = disk_row_of(w, l->request, &n);
	if (n > 1)
		world_complain(w, "%s was applied %d times", msg_method_name(l->asked.method), n);
	if (!l->answered)
		world_complain(w, "%s was never answered", msg_method_name(l->asked.method));
	else if (l->ok && !row)
		world_complain(w, "%s was acknowledged and is lost", msg_method_name(l->asked.method));
	else if (l->ok != (row && row->kind != RECORD_STALE) && l->answer)
		world_complain(w, "%s was kept, and answered otherwise", msg_method_name(l->asked.method));
	/* A refusal is not remembered: another copy of it may be applied later. */
	else if (!l->answer && n && l->copies == 1 && w->profile->twice == 0)
		world_complain(
			w, "%s was refused (code %u) and applied", msg_method_name(l->asked.method), l->code);
}

/* ---- asking the engine, past the network ---- */

/* The answer is in w->caught. */
static bool ask_bytes(
	struct world *w, const struct asked *asked, size_t line, const uint8_t *body, size_t len)
{
	struct client *c = &w->clients[SIM_CLIENTS];
	struct frame_header h = {.version = 1, .method = (uint16_t)asked->method};
	c->first_patience = ++c->patience;
	c->asked = *asked;
	c->line = line;
	memcpy(h.id, &c->patience, sizeof(c->patience));
	free(w->caught);
	w->caught = NULL;
	world_request(w, SIM_CLIENTS, &h, body, len);
	for (long i = 0; i < 100000 && !w->caught && !w->complaint[0]; i++)
		world_turn(w);
	if (!w->caught)
		world_complain(w, "%s is not answered", msg_method_name(asked->method));
	return w->caught != NULL;
}

static bool read_caught(struct world *w, struct msg_reply *out, struct arena *a)
{
	struct kr_error err;
	if (decode_reply(out, w->caught_header.method, w->caught_header.flags & FRAME_ERROR, w->caught,
			w->caught_len, a, &err) == KR_OK)
		return true;
	world_complain(w, "a reply cannot be read: %s", err.text);
	return false;
}

/* Repeats while it is UNAVAILABLE. False when there is no answer (and the world complains). */
static bool ask(struct world *w, struct msg_request *m, struct asked *asked, size_t line,
	struct msg_reply *out, struct arena *a)
{
	struct bytes body;
	struct kr_error err;
	asked->method = m->method;
	if (m->method != METHOD_LIST_STUDIES)
		asked->name = m->u.get_study.study; /* the first member of the others */
	if (encode_request(&body, m, a, &err) != KR_OK)
		abort();
	for (int tries = 0; tries < 1000 && ask_bytes(w, asked, line, body.p, body.len); tries++)
		if (!read_caught(w, out, a) || !clients_try_again(out))
			return !w->complaint[0];
	world_complain(w, "%s is not answered", msg_method_name(m->method));
	return false;
}

static bool look_at(
	struct world *w, enum method method, const char *study, struct msg_reply *out, struct arena *a)
{
	struct msg_request m = {.method = method};
	struct asked asked = {0};
	if (method == METHOD_LIST_STUDIES)
		m.u.list_studies.deleted = true;
	else
		m.u.get_study.study = study;
	if (method == METHOD_LIST_TRIALS) {
		struct msg_list_trials *l = &m.u.list_trials;
		l->params = l->values = l->why = l->labels = l->progress = true;
		asked.list = *l;
	}
	if (!ask(w, &m, &asked, SIZE_MAX, out, a))
		return false;
	if (out->is_error)
		world_complain(w, "%s of '%s': %s", msg_method_name(method), study, out->error.message);
	return !out->is_error;
}

/* ---- the engine against the model ---- */

static bool is_live(const struct model_study *f)
{
	return model_now(f)->state != STUDY_DELETED;
}

static uint64_t n_there(const struct model_study *f)
{
	uint64_t n = 0;
	for (uint64_t k = 0; k < f->n; k++)
		n += !model_version_now(&f->trials[k])->deleted;
	return n;
}

/* What is shown has been held against the model (watch.c); here it must be the newest. */
static void check_newest(struct world *w, struct arena *a)
{
	struct msg_reply r;
	if (!look_at(w, METHOD_LIST_STUDIES, "", &r, a))
		return;
	if (r.u.list_studies.n != w->model->n)
		world_complain(w, "%d studies of %d are listed", r.u.list_studies.n, w->model->n);
	for (int i = 0; i < w->model->n && !w->complaint[0]; i++) {
		const struct model_study *f = &w->model->studies[i];
		if (is_live(f) && look_at(w, METHOD_LIST_TRIALS, f->name, &r, a) &&
			(r.u.list_trials.seq != f->seq || (uint64_t)r.u.list_trials.n != n_there(f)))
			world_complain(w, "%d trials listed of %llu as of event %llu of %llu",
				r.u.list_trials.n, LL(f->n), LL(r.u.list_trials.seq), LL(f->seq));
	}
}

static void check_no_lease_lives(struct world *w)
{
	for (int i = 0; i < w->model->n; i++)
		if (model_now(&w->model->studies[i])->counts[TRIAL_RUNNING])
			world_complain(w, "study %llu has running trials whose leases have ended",
				LL(w->model->studies[i].id));
}

/* Listings before and after a restart are equal, byte for byte. */
static void check_restart(struct world *w, struct arena *a)
{
	struct {
		uint8_t *p;
		size_t len;
	} before[SIM_STUDIES + 1] = {0};
	struct msg_reply r;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i <= SIM_STUDIES && !w->complaint[0]; i++) {
			enum method method = i < SIM_STUDIES ? METHOD_LIST_TRIALS : METHOD_LIST_STUDIES;
			const char *name = i < SIM_STUDIES ? clients_study_name(i) : "";
			if ((i < SIM_STUDIES && !model_live(w->model, name, w->n_disk)) ||
				!look_at(w, method, name, &r, a))
				continue;
			if (pass == 0) {
				before[i].p = w->caught;
				before[i].len = w->caught_len;
				w->caught = NULL;
			} else if (!before[i].p || before[i].len != w->caught_len ||
				memcmp(before[i].p, w->caught, before[i].len) != 0) {
				world_complain(w, "%s %s differs after a restart", msg_method_name(method), name);
			}
		}
		if (pass == 0)
			world_kill(w);
	}
	for (int i = 0; i <= SIM_STUDIES; i++)
		free(before[i].p);
}

/* Each change is answered once more as it was, and so is what was refused and kept; nothing
 * changes. */
static void check_repeats(struct world *w)
{
	size_t n = w->n_disk;
	for (size_t i = 0; i < w->n_ledger && !w->complaint[0]; i++) {
		const struct ledger_line *l = &w->ledger[i];
		if (!l->answer || !ask_bytes(w, &l->asked, i, l->body, l->len))
			continue;
		if (!(w->caught_header.flags & FRAME_ERROR) != l->ok || w->caught_len != l->answer_len ||
			memcmp(w->caught, l->answer, l->answer_len) != 0)
			world_complain(w, "a repeat of %s at the end was answered otherwise",
				msg_method_name(l->asked.method));
	}
	world_settle(w);
	if (w->n_disk != n)
		world_complain(w, "repeats at the end made %d rows", (int)(w->n_disk - n));
}

/* ---- who gets a trial now ---- */

/* Is there a queued trial that can be given out? */
static bool has_queued(const struct model_study *f)
{
	for (uint64_t k = 0; k < f->n; k++) {
		const struct model_version *v = model_version_now(&f->trials[k]);
		if (v->state == TRIAL_QUEUED && !v->deleted &&
			!(v->partial && model_exhausted(f, v->point, f->seq)))
			return true;
	}
	return false;
}

static enum kr_status expected(const struct model_study *f)
{
	const struct model_view *v = model_now(f);
	if (v->state != STUDY_ACTIVE)
		return v->state == STUDY_PAUSED ? KR_NOT_NOW : KR_STUDY_FINISHED;
	if (v->limited && v->spent >= v->budget)
		return KR_BUDGET_SPENT;
	return !has_queued(f) && model_exhausted(f, NULL, f->seq) ? KR_SPACE_EXHAUSTED : KR_OK;
}

/* A line of the ledger like a client's: the row must be somebody's. */
static struct ledger_line *add_line(struct world *w, struct msg_request *m)
{
	w->ledger = realloc(w->ledger, (w->n_ledger + 1) * sizeof(*w->ledger));
	if (!w->ledger)
		abort();
	w->cap_ledger = w->n_ledger + 1;
	struct ledger_line *l = &w->ledger[w->n_ledger++];
	*l = (struct ledger_line){.request = {0xee, (uint8_t)w->n_ledger}};
	m->meta.has_request_id = true;
	memcpy(m->meta.request_id, l->request, sizeof(l->request));
	return l;
}

static void check_suggest(struct world *w, const char *name, struct arena *a)
{
	const struct model_study *f = model_live(w->model, name, w->n_disk);
	struct msg_request m = {.method = METHOD_SUGGEST};
	struct asked asked = {.method = METHOD_SUGGEST, .name = name, .count = 1};
	struct msg_reply r;
	if (!f)
		return;
	enum kr_status want = expected(f), got = KR_OK;
	m.u.suggest.study = name;
	m.u.suggest.count = 1;
	add_line(w, &m)->asked = asked;
	if (!ask(w, &m, &asked, w->n_ledger - 1, &r, a))
		return;
	if (r.is_error)
		got = kr_status_from_wire(r.error.code);
	if (got != want)
		world_complain(w, "a suggest at the end got %s, not %s (%llu of %llu places taken)",
			kr_status_name(got), kr_status_name(want), LL(model_now(f)->spent),
			LL(model_now(f)->budget));
}

/* ---- replay ---- */

static void check_replay(struct world *w, const char *study, struct arena *a)
{
	struct msg_request m = {.method = METHOD_REPLAY};
	struct asked asked = {0};
	struct msg_reply r;
	m.u.replay.study = study;
	m.u.replay.limit = 7;
	do {
		if (!ask(w, &m, &asked, SIZE_MAX, &r, a))
			return;
		if (r.is_error) {
			world_complain(w, "replay: %s", r.error.message);
			return;
		}
		for (int i = 0; i < r.u.replay.n; i++)
			if (!r.u.replay.suggestions[i].equal)
				world_complain(
					w, "replay of trial %llu differs", LL(r.u.replay.suggestions[i].number));
		m.u.replay.from_seq = r.u.replay.next_seq;
	} while (r.u.replay.more && !w->complaint[0]);
}

/* ---- all ---- */

void check_world(struct world *w)
{
	struct arena *a = arena_new(64 << 20);
	if (!a)
		abort();
	w->now_ns += 2LL * S; /* past every lease */
	world_trouble(w);
	world_settle(w);
	check_no_lease_lives(w);
	for (size_t i = 0; i < w->n_ledger && !w->complaint[0]; i++)
		check_line(w, &w->ledger[i]);
	if (!w->complaint[0])
		check_newest(w, a);
	if (!w->complaint[0])
		check_restart(w, a);
	if (!w->complaint[0])
		check_repeats(w);
	for (int i = 0; i < SIM_STUDIES && !w->complaint[0]; i++)
		check_suggest(w, clients_study_name(i), a);
	for (int i = 0; i < SIM_STUDIES && (w->seed % 8 == 0 || w->gave_prepared) && !w->complaint[0];
		 i++)
		if (model_live(w->model, clients_study_name(i), w->n_disk))
			check_replay(w, clients_study_name(i), a);
	arena_free(a);
}
