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
	static const char *const names[SIM_STUDIES] = {"first", "zweite Studie"};
	return names[i];
}

static const char *worker_name(int client)
{
	static const char *const workers[SIM_CLIENTS] = {"w0", NULL, "w2", NULL, "w4"};
	return workers[client];
}

const struct ledger_line *clients_line(const struct world *w, const uint8_t request[16])
{
	for (size_t i = 0; i < w->n_ledger; i++)
		if (memcmp(w->ledger[i].request, request, 16) == 0)
			return &w->ledger[i];
	return NULL;
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

/* ---- what to ask ---- */

static void ask_create(struct world *w, struct msg_request *m, struct asked *q, int study)
{
	static const struct msg_scalar choices[] = {
		{.kind = SCALAR_STRING, .s = "a"}, {.kind = SCALAR_INT, .i = 1}, {.kind = SCALAR_NULL}};
	static const struct msg_param params[] = {
		{.name = "x", .kind = PARAM_FLOAT, .has_low = true, .low = -1, .has_high = true, .high = 2},
		{.name = "n", .kind = PARAM_INT, .has_low = true, .low = 1, .has_high = true, .high = 5},
		{.name = "c", .kind = PARAM_CATEGORICAL, .n_choices = 3, .choices = choices}};
	static const struct msg_metric metrics[SIM_STUDIES] = {
		{.name = "loss", .role = METRIC_MINIMIZE}, {.name = "score", .role = METRIC_MAXIMIZE}};
	q->if_exists = world_below(w, 12) == 0 ? IF_EXISTS_REPLACE
		: world_below(w, 2)                ? IF_EXISTS_ATTACH
										   : IF_EXISTS_FAIL;
	q->budget = study ? 16 : 5;
	q->budget += world_below(w, 6) == 0;
	m->u.create_study.if_exists = q->if_exists;
	m->u.create_study.spec = (struct msg_spec){.n_params = study ? 2 : 3,
		.params = study ? params + 1 : params,
		.n_metrics = 1,
		.metrics = &metrics[study],
		.has_budget = true,
		.budget = q->budget,
		.has_lease = true,
		.lease_s = 0.5,
		.has_seed = true,
		.seed = 7};
}

static void ask_suggest(struct world *w, struct msg_request *m, struct asked *q)
{
	static const struct msg_named fixed[] = {{"n", {.kind = SCALAR_INT, .i = 3}}};
	m->meta.has_deadline = world_chance(w, w->profile->hurry);
	m->meta.deadline_ms = world_below(w, 4);
	q->count = m->u.suggest.count = 1 + (uint32_t)world_below(w, 3);
	q->lease_ms = 500;
	if (world_below(w, 8) == 0) {
		q->fixed = true;
		m->u.suggest.n_fixed = 1;
		m->u.suggest.fixed = fixed;
	}
	if (world_below(w, 4) == 0) {
		q->lease_ms = 100 + world_below(w, 1400);
		m->u.suggest.has_lease = true;
		m->u.suggest.lease_s = (double)q->lease_ms / 1000;
	}
}

/* The trial's own lease, one that is forged, or none. */
static struct msg_lease show_lease(struct world *w, struct asked *q, const struct held *h)
{
	struct msg_lease lease = {.number = h->told.number};
	uint64_t dice = world_below(w, 16);
	if (dice < 4)
		return lease;
	lease.has_attempt = lease.has_token = true;
	lease.attempt = h->attempt + (dice == 4);
	memcpy(lease.token, h->token, 16);
	lease.token[3] ^= dice == 5;
	memcpy(q->token, lease.token, 16);
	q->forged = dice == 4 || dice == 5;
	return lease;
}

/* What it measured; now and then what it has said before. */
static double measure(struct world *w, struct held *h)
{
	if (!h->was_told || world_below(w, 2)) {
		h->told.value = world_below(w, 15) == 0 ? NAN : (double)world_below(w, 1000) / 8;
		h->was_told = true;
	}
	return h->told.value;
}

/* Most often a trial that was told is done with; sometimes it is told again. */
static void drop(struct world *w, struct client *c, int h)
{
	if (world_below(w, 6))
		c->held[h] = c->held[--c->n_held];
}

static int find_held(const struct client *c, int study, int from)
{
	for (int i = from; i < c->n_held; i++)
		if (c->held[i].study == study)
			return i;
	return -1;
}

static bool is_told(const struct asked *q, uint64_t number)
{
	for (int i = 0; i < q->n_told; i++)
		if (q->told[i].number == number)
			return true;
	return false;
}

static void ask_observe(struct world *w, struct msg_request *m, struct asked *q, struct client *c,
	int study, struct arena *a)
{
	struct msg_observation *o = ARENA_ARRAY(a, struct msg_observation, SIM_MAX_TOLD);
	struct msg_value *v = ARENA_ARRAY(a, struct msg_value, SIM_MAX_TOLD);
	int want = 1 + (int)world_below(w, SIM_MAX_TOLD), h = -1, used[SIM_MAX_TOLD];
	while (q->n_told < want && (h = find_held(c, study, h + 1)) >= 0) {
		int i = q->n_told;
		if (is_told(q, c->held[h].told.number)) /* stolen from two */
			continue;
		v[i].value = measure(w, &c->held[h]);
		o[i] = (struct msg_observation){
			.number = c->held[h].told.number, .n_values = 1, .values = &v[i]};
		if (i == 0)
			o[i].lease = show_lease(w, q, &c->held[h]);
		used[i] = h;
		q->told[q->n_told] = c->held[h].told;
		q->told[q->n_told++].by_number = !o[i].lease.has_token;
	}
	m->u.observe.n = q->n_told;
	m->u.observe.observations = o;
	for (int i = q->n_told; i-- > 0;)
		drop(w, c, used[i]);
}

static void ask_fail(
	struct world *w, struct msg_request *m, struct asked *q, struct client *c, int h)
{
	static const enum trial_state states[] = {
		TRIAL_FAILED, TRIAL_FAILED, TRIAL_INFEASIBLE, TRIAL_PRUNED};
	m->u.fail_trial.number = c->held[h].told.number;
	m->u.fail_trial.lease = show_lease(w, q, &c->held[h]);
	m->u.fail_trial.state = states[world_below(w, 4)];
	m->u.fail_trial.reason = world_below(w, 4) ? "simulated" : NULL;
	q->told[0] = (struct told){
		c->held[h].told.number, m->u.fail_trial.state, !m->u.fail_trial.lease.has_token};
	q->n_told = 1;
	drop(w, c, h);
}

static struct msg_point *random_points(
	struct world *w, int n, int study, bool with_values, struct arena *a)
{
	struct msg_point *p = ARENA_ARRAY(a, struct msg_point, n);
	for (int i = 0; i < n; i++) {
		struct msg_named *v = ARENA_ARRAY(a, struct msg_named, 3);
		v[0] = (struct msg_named){"n", {.kind = SCALAR_INT, .i = 1 + (int64_t)world_below(w, 5)}};
		v[1] = (struct msg_named){"c", {.kind = SCALAR_STRING, .s = "a"}};
		v[2] = (struct msg_named){"x", {.kind = SCALAR_REAL, .r = rng_uniform(&w->rng)}};
		struct msg_value *y = ARENA_ARRAY(a, struct msg_value, 1);
		y->value = world_below(w, 12) ? (double)world_below(w, 100) : INFINITY;
		p[i] = (struct msg_point){
			.n_params = study ? 2 : 3, .params = v, .n_values = with_values, .values = y};
	}
	return p;
}

static void ask_points(
	struct world *w, struct msg_request *m, struct asked *q, int study, struct arena *a)
{
	q->n_points = 1 + (int)world_below(w, 3);
	if (m->method == METHOD_ADD_TRIALS) {
		m->u.add_trials.n = q->n_points;
		m->u.add_trials.points = random_points(w, q->n_points, study, true, a);
	} else {
		m->u.predict.n = q->n_points;
		m->u.predict.points = random_points(w, q->n_points, study, false, a);
	}
}

static void ask_update(struct world *w, struct msg_request *m, struct asked *q)
{
	switch (world_below(w, 9)) {
	case 0:
	case 5: m->u.update_study.action = ACTION_PAUSE; break;
	case 1: m->u.update_study.action = ACTION_FINISH; break;
	case 2:
	case 3:
		m->u.update_study.has_budget = true;
		m->u.update_study.budget = 3 + world_below(w, 20);
		break;
	case 4: m->u.update_study.no_budget = true; break;
	default: m->u.update_study.action = ACTION_RESUME;
	}
	q->update = m->u.update_study;
}

static void ask_delete(struct world *w, struct msg_request *m, struct asked *q)
{
	q->undelete = m->u.delete_study.undelete = world_below(w, 5) < 3;
	m->u.delete_study.has_id = world_below(w, 4) == 0;
	m->u.delete_study.id = 1 + world_below(w, 5);
}

static bool is_leased(const struct msg_lease *leases, int n, uint64_t number)
{
	for (int i = 0; i < n; i++)
		if (leases[i].number == number)
			return true;
	return false;
}

static void ask_heartbeat(struct world *w, struct msg_request *m, struct asked *q,
	const struct client *c, int study, struct arena *a)
{
	struct msg_lease *leases = ARENA_ARRAY(a, struct msg_lease, SIM_MAX_TOLD);
	int h = -1;
	while (q->n_leases < SIM_MAX_TOLD && (h = find_held(c, study, h + 1)) >= 0)
		if (!is_leased(leases, q->n_leases, c->held[h].told.number))
			leases[q->n_leases++] = show_lease(w, q, &c->held[h]);
	if (q->n_leases == 0)
		leases[q->n_leases++] = (struct msg_lease){.number = world_below(w, 9)};
	memcpy(q->leases, leases, sizeof(q->leases));
	m->u.heartbeat.n = q->n_leases;
	m->u.heartbeat.leases = leases;
}

static void ask_list(struct world *w, struct msg_request *m, struct asked *q)
{
	struct msg_list_trials *l = &m->u.list_trials;
	l->params = world_below(w, 2);
	l->values = world_below(w, 2);
	l->why = !l->params && !l->values;
	if (world_below(w, 2)) {
		l->states = world_below(w, 4) ? 1u << TRIAL_RUNNING | 1u << TRIAL_COMPLETE : 0;
		l->since_seq = world_below(w, 8);
		l->from_number = world_below(w, 5);
		l->limit = (uint32_t)world_below(w, 4);
	}
	q->list = *l;
}

static enum method choose(struct world *w, const struct client *c, int study)
{
	static const struct {
		uint64_t below;
		enum method method;
	} others[] = {{66, METHOD_SUGGEST}, {71, METHOD_CREATE_STUDY}, {74, METHOD_ADD_TRIALS},
		{79, METHOD_HEARTBEAT}, {82, METHOD_GET_STUDY}, {85, METHOD_LIST_TRIALS}, {87, METHOD_BEST},
		{88, METHOD_LIST_STUDIES}, {90, METHOD_STATUS}, {91, METHOD_GET_TRIAL},
		{93, METHOD_PREDICT}, {96, METHOD_UPDATE_STUDY}, {100, METHOD_DELETE_STUDY}};
	uint64_t dice = world_below(w, 100);
	int i = 0;
	if (dice < 40 && find_held(c, study, 0) >= 0)
		return dice < 32 ? METHOD_OBSERVE : METHOD_FAIL_TRIAL;
	while (dice >= others[i].below)
		i++;
	return others[i].method;
}

/* A trial that was given to somebody else. */
static bool steal(struct world *w, struct client *c, int study)
{
	const struct client *o = &w->clients[world_below(w, SIM_CLIENTS)];
	int h = find_held(o, study, 0);
	if (o == c || h < 0 || c->n_held == SIM_MAX_HELD || world_below(w, 12))
		return false;
	c->held[c->n_held++] = o->held[h];
	return true;
}

static void fill(struct world *w, struct client *c, struct msg_request *m, struct asked *q,
	int study, struct arena *a)
{
	m->u.get_study.study = clients_study_name(study); /* the first member of most */
	switch (m->method) {
	case METHOD_CREATE_STUDY: ask_create(w, m, q, study); break;
	case METHOD_SUGGEST: ask_suggest(w, m, q); break;
	case METHOD_OBSERVE: ask_observe(w, m, q, c, study, a); break;
	case METHOD_FAIL_TRIAL: ask_fail(w, m, q, c, find_held(c, study, 0)); break;
	case METHOD_ADD_TRIALS:
	case METHOD_PREDICT: ask_points(w, m, q, study, a); break;
	case METHOD_HEARTBEAT: ask_heartbeat(w, m, q, c, study, a); break;
	case METHOD_UPDATE_STUDY: ask_update(w, m, q); break;
	case METHOD_DELETE_STUDY: ask_delete(w, m, q); break;
	case METHOD_GET_TRIAL:
		m->u.get_trial.number = q->told[0].number = world_below(w, 9);
		q->n_told = 1;
		break;
	case METHOD_LIST_TRIALS: ask_list(w, m, q); break;
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
		(struct happening){.at = w->now_ns + (int64_t)(50 + world_below(w, 200)) * MS,
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
	if (world_chance(w, w->profile->client_dies))
		c->n_held = 0;
	bool stolen = steal(w, c, study);
	struct msg_request m = {.method = stolen ? METHOD_OBSERVE : choose(w, c, study)};
	if (c->left == w->profile->requests) /* the first one */
		m.method = METHOD_CREATE_STUDY;
	c->line = msg_method_mutates(m.method) ? open_line(w, &m.meta) : SIZE_MAX;
	m.meta.worker_id = worker_name(client);
	c->asked = (struct asked){
		.method = m.method, .name = clients_study_name(study), .worker = worker_name(client)};
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

static int study_index(const char *name)
{
	return strcmp(name, clients_study_name(0)) != 0;
}

static void keep_trials(struct client *c, struct ledger_line *l, const struct msg_trials_reply *r)
{
	for (int i = 0; i < r->n; i++) {
		const struct msg_trial *t = &r->trials[i];
		if (l->n_numbers < 8)
			l->numbers[l->n_numbers++] = t->number;
		if (c->n_held == SIM_MAX_HELD)
			c->n_held--;
		struct held *h = &c->held[c->n_held++];
		*h = (struct held){
			.study = study_index(l->asked.name), .told.number = t->number, .attempt = t->attempt};
		memcpy(h->token, t->lease.token, 16);
	}
}

static void note_answer(struct world *w, struct client *c, struct ledger_line *l,
	const struct frame_header *h, const uint8_t *body, size_t len, const struct msg_reply *r)
{
	if (l->answered && l->ok && (l->answer_len != len || memcmp(l->answer, body, len) != 0))
		world_complain(
			w, "a repeat of %s was answered otherwise", msg_method_name(l->asked.method));
	if (l->answered)
		return;
	l->answered = true;
	l->ok = !(h->flags & FRAME_ERROR);
	l->code = r->error.code;
	if (!l->ok)
		return;
	l->answer = copy_bytes(body, len);
	l->answer_len = len;
	if (l->asked.method == METHOD_SUGGEST) {
		keep_trials(c, l, &r->u.trials);
	} else if (l->asked.method == METHOD_ADD_TRIALS) {
		l->numbers[0] = r->u.add_trials.first_number;
		l->n_numbers = 1;
	} else if (l->asked.method == METHOD_CREATE_STUDY) {
		l->study_id = r->u.study.study.id;
	}
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
