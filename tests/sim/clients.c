/* Clients of the simulator: each has one request in flight, repeats it with the
 * same request id until it is answered, and writes down what it was told. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decode.h"
#include "tests/sim/sim.h"

enum { MS = 1000000 };

const char *clients_study_name(int i)
{
	static const char *const names[SIM_STUDIES] = {"first", "zweite Studie", "rules"};
	return names[i];
}

int clients_study_index(const char *name)
{
	int i = 0;
	while (strcmp(name, clients_study_name(i)) != 0)
		i++;
	return i;
}

static const char *worker_name(int client)
{
	static const char *const workers[SIM_CLIENTS] = {"w0", NULL, "w2", "w0", "w4"};
	return workers[client];
}

/* A client that dies comes back with another session. Two have one worker's name. */
static bool session(const struct world *w, int client, uint8_t out[MSG_ID_BYTES])
{
	memset(out, 0, MSG_ID_BYTES);
	out[0] = 1;
	out[1] = (uint8_t)client;
	memcpy(out + 2, &w->clients[client].life, sizeof(w->clients[client].life));
	return client != 4 && client != 1;
}

const struct ledger_line *clients_line(const struct world *w, const uint8_t request[16])
{
	for (size_t i = 0; i < w->n_ledger; i++)
		if (memcmp(w->ledger[i].request, request, 16) == 0)
			return &w->ledger[i];
	return NULL;
}

void clients_reached(struct world *w, const struct msg_request *m)
{
	for (size_t i = 0; m->meta.has_request_id && i < w->n_ledger; i++)
		if (memcmp(w->ledger[i].request, m->meta.request_id, MSG_ID_BYTES) == 0 &&
			!w->ledger[i].reached_ns)
			w->ledger[i].reached_ns = w->now_ns;
}

static size_t open_line(struct world *w, struct msg_meta *meta)
{
	if (w->n_ledger == w->cap_ledger) {
		w->cap_ledger = w->cap_ledger ? 2 * w->cap_ledger : 64;
		w->ledger = realloc(w->ledger, w->cap_ledger * sizeof(*w->ledger));
		if (!w->ledger)
			abort();
	}
	struct ledger_line *l = &w->ledger[w->n_ledger];
	*l = (struct ledger_line){0};
	for (int i = 0; i < 2; i++) {
		uint64_t r = rng_u64(&w->rng) | 1;
		memcpy(l->request + 8 * i, &r, 8);
	}
	meta->has_request_id = true;
	memcpy(meta->request_id, l->request, 16);
	return w->n_ledger++;
}

int clients_find_held(const struct client *c, int study, int from)
{
	for (int i = from; i < c->n_held; i++)
		if (c->held[i].study == study)
			return i;
	return -1;
}

/* ---- what to ask ---- */

static enum method choose(struct world *w, const struct client *c, int study)
{
	static const struct {
		uint64_t below;
		enum method method;
	} of_held[] = {{24, METHOD_OBSERVE}, {29, METHOD_FAIL_TRIAL}, {33, METHOD_RELEASE},
		{40, METHOD_REPORT}},
	  others[] = {{60, METHOD_SUGGEST}, {64, METHOD_CREATE_STUDY}, {66, METHOD_ADD_TRIALS},
		  {70, METHOD_ENQUEUE}, {73, METHOD_HEARTBEAT}, {75, METHOD_CANCEL_TRIAL},
		  {79, METHOD_EDIT_TRIAL}, {80, METHOD_DELETE_TRIAL}, {83, METHOD_GET_STUDY},
		  {85, METHOD_LIST_TRIALS}, {86, METHOD_BEST}, {87, METHOD_LIST_STUDIES},
		  {88, METHOD_STATUS}, {89, METHOD_GET_TRIAL}, {90, METHOD_PREDICT}, {91, METHOD_WHY},
		  {92, METHOD_GET_MODEL}, {97, METHOD_UPDATE_STUDY}, {100, METHOD_DELETE_STUDY}};
	uint64_t dice = world_below(w, 100);
	int i = 0;
	if (dice < 40 && clients_find_held(c, study, 0) >= 0) {
		while (dice >= of_held[i].below)
			i++;
		return of_held[i].method;
	}
	while (dice >= others[i].below)
		i++;
	return others[i].method;
}

/* A trial that was given to somebody else. */
static bool steal(struct world *w, struct client *c, int study)
{
	const struct client *o = &w->clients[world_below(w, SIM_CLIENTS)];
	int h = clients_find_held(o, study, 0);
	if (o == c || h < 0 || c->n_held == SIM_MAX_HELD || world_below(w, 12))
		return false;
	c->held[c->n_held++] = o->held[h];
	return true;
}

static void fill(struct world *w, struct client *c, struct msg_request *m, struct asked *q,
	int study, struct arena *a)
{
	int h = clients_find_held(c, study, 0);
	m->u.get_study.study = clients_study_name(study); /* the first member of most */
	switch (m->method) {
	case METHOD_CREATE_STUDY: clients_ask_create(w, m, q, study); break;
	case METHOD_SUGGEST: clients_ask_suggest(w, m, q, study); break;
	case METHOD_OBSERVE: clients_ask_observe(w, m, q, c, study, a); break;
	case METHOD_FAIL_TRIAL: clients_ask_fail(w, m, q, c, h); break;
	case METHOD_RELEASE: clients_ask_release(w, m, q, c, h); break;
	case METHOD_REPORT: clients_ask_report(w, m, q, c, h); break;
	case METHOD_CANCEL_TRIAL: clients_ask_cancel(w, m, q); break;
	case METHOD_EDIT_TRIAL: clients_ask_edit(w, m, q, study, a); break;
	case METHOD_ADD_TRIALS:
	case METHOD_ENQUEUE:
	case METHOD_PREDICT: clients_ask_points(w, m, q, study, a); break;
	case METHOD_HEARTBEAT: clients_ask_heartbeat(w, m, q, c, study, a); break;
	case METHOD_UPDATE_STUDY: clients_ask_update(w, m, q); break;
	case METHOD_DELETE_STUDY: clients_ask_delete(w, m, q); break;
	case METHOD_GET_STUDY: clients_ask_get(w, m, q); break;
	case METHOD_DELETE_TRIAL:
	case METHOD_GET_TRIAL: clients_ask_number(w, m, q); break;
	case METHOD_LIST_TRIALS: clients_ask_list(w, m, q); break;
	case METHOD_LIST_STUDIES: m->u.list_studies = (struct msg_list_studies){.deleted = true}; break;
	case METHOD_STATUS: memset(&m->u, 0, sizeof(m->u)); break;
	default: break;
	}
}

/* ---- sending ---- */

static void send_again(struct world *w, int client)
{
	struct client *c = &w->clients[client];
	c->patience++;
	if (c->line != SIZE_MAX)
		w->ledger[c->line].copies++;
	memcpy(c->header.id, &c->patience, 8);
	world_send(w, client, &c->header, c->body, c->len);
	world_push(w,
		(struct happening){
			.at = w->now_ns + (int64_t)(c->asked.wait_ms + 50 + world_below(w, 200)) * MS,
			.kind = HAPPEN_TIMEOUT,
			.client = client,
			.id = c->patience});
}

static uint8_t *copy_bytes(const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	if (!copy)
		abort();
	memcpy(copy, p, len);
	return copy;
}

/* The request as it goes over the wire; in the ledger too, if it is a change. */
static void write_down(
	struct world *w, struct client *c, const struct msg_request *m, struct arena *a)
{
	struct bytes body;
	struct kr_error err;
	if (encode_request(&body, m, a, &err) != KR_OK)
		abort();
	free(c->body);
	c->body = copy_bytes(body.p, body.len);
	c->len = body.len;
	c->header = (struct frame_header){.version = 1, .method = (uint16_t)m->method};
	if (c->line == SIZE_MAX)
		return;
	struct ledger_line *l = &w->ledger[c->line];
	l->asked = c->asked;
	l->header = c->header;
	l->body = copy_bytes(body.p, body.len);
	l->len = body.len;
}

static void begin(struct world *w, int client)
{
	struct client *c = &w->clients[client];
	int study = (int)world_below(w, SIM_STUDIES);
	if (world_chance(w, w->profile->client_dies)) {
		c->n_held = 0;
		c->life++;
	}
	bool stolen = steal(w, c, study);
	struct msg_request m = {.method = stolen ? METHOD_OBSERVE : choose(w, c, study)};
	if (c->left == w->profile->requests) /* the first one */
		m.method = METHOD_CREATE_STUDY;
	c->line = msg_method_mutates(m.method) ? open_line(w, &m.meta) : SIZE_MAX;
	m.meta.worker_id = worker_name(client);
	c->asked = (struct asked){
		.method = m.method, .name = clients_study_name(study), .worker = worker_name(client)};
	c->asked.has_session = m.meta.has_session = session(w, client, m.meta.session);
	memcpy(c->asked.session, m.meta.session, sizeof(m.meta.session));
	struct arena *a = arena_new(1 << 20);
	fill(w, c, &m, &c->asked, study, a);
	write_down(w, c, &m, a);
	arena_free(a);
	c->left--;
	c->waiting = true;
	c->first_patience = c->patience + 1;
	send_again(w, client);
}

void clients_start(struct world *w)
{
	for (int i = 0; i < SIM_CLIENTS; i++) {
		w->clients[i].left = w->profile->requests;
		w->clients[i].patience = (uint64_t)i << 32;
		world_push(w,
			(struct happening){.at = w->now_ns + (i + 1) * MS,
				.kind = HAPPEN_TIMEOUT,
				.client = i,
				.id = w->clients[i].patience});
	}
}

void clients_timeout(struct world *w, int client, uint64_t patience)
{
	struct client *c = &w->clients[client];
	if (c->patience != patience)
		return;
	if (c->waiting)
		send_again(w, client);
	else if (c->left > 0)
		begin(w, client);
}

/* ---- answers ---- */

static void keep_trials(struct client *c, const struct asked *q, const struct msg_trials_reply *r)
{
	for (int i = 0; i < r->n; i++) {
		const struct msg_trial *t = &r->trials[i];
		if (c->n_held == SIM_MAX_HELD)
			c->n_held--;
		struct held *h = &c->held[c->n_held++];
		*h = (struct held){
			.study = clients_study_index(q->name), .told.number = t->number, .attempt = t->attempt};
		memcpy(h->token, t->lease.token, 16);
	}
}

static void note_answer(struct world *w, struct client *c, struct ledger_line *l,
	const struct frame_header *h, const uint8_t *body, size_t len, const struct msg_reply *r)
{
	if (l->answer && (l->answer_len != len || memcmp(l->answer, body, len) != 0))
		world_complain(
			w, "a repeat of %s was answered otherwise", msg_method_name(l->asked.method));
	if (l->answered)
		return;
	l->answered = true;
	l->ok = !(h->flags & FRAME_ERROR);
	l->code = r->error.code;
	const struct row *row = disk_row_of(w, l->request, NULL);
	if (!l->ok && !(row && row->kind == RECORD_STALE))
		return; /* not remembered */
	l->answer = copy_bytes(body, len);
	l->answer_len = len;
	if (l->ok && l->asked.method == METHOD_SUGGEST)
		keep_trials(c, &l->asked, &r->u.trials);
}

bool clients_try_again(const struct msg_reply *r)
{
	return r->is_error &&
		(r->error.code == kr_status_wire(KR_UNAVAILABLE) ||
			r->error.code == kr_status_wire(KR_OVERLOADED));
}

void clients_answer(
	struct world *w, int client, const struct frame_header *h, const uint8_t *body, size_t len)
{
	struct client *c = &w->clients[client];
	uint64_t id;
	memcpy(&id, h->id, 8);
	/* Late answers to earlier sends of the same request count too. */
	if (!c->waiting || h->method != c->header.method)
		return;
	struct arena *a = arena_new(16 << 20);
	struct msg_reply r;
	struct kr_error err;
	if (decode_reply(&r, h->method, h->flags & FRAME_ERROR, body, len, a, &err) != KR_OK) {
		world_complain(w, "a reply cannot be read: %s", err.text);
	} else if (id == c->patience) {
		if (!clients_try_again(&r)) {
			if (c->line != SIZE_MAX)
				note_answer(w, c, &w->ledger[c->line], h, body, len, &r);
			/* now and then it asks once more, as if the answer had been lost */
			c->waiting = c->line != SIZE_MAX && !r.is_error && world_below(w, 10) == 0;
			c->patience++;
			world_push(w,
				(struct happening){.at = w->now_ns + (int64_t)world_below(w, 30000) * 1000,
					.kind = HAPPEN_TIMEOUT,
					.client = client,
					.id = c->patience});
		}
	}
	arena_free(a);
}

bool clients_done(const struct world *w)
{
	for (int i = 0; i < SIM_CLIENTS; i++)
		if (w->clients[i].waiting || w->clients[i].left > 0)
			return false;
	return true;
}

void clients_free(struct world *w)
{
	for (int i = 0; i < SIM_CLIENTS; i++)
		free(w->clients[i].body);
	for (size_t i = 0; i < w->n_ledger; i++) {
		free(w->ledger[i].body);
		free(w->ledger[i].answer);
	}
	free(w->ledger);
}
