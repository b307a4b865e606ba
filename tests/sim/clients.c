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

static size_t open_line(struct world *w, enum method method, int study, struct msg_meta *meta)
{
	if (w->n_ledger == w->cap_ledger) {
		w->cap_ledger = w->cap_ledger ? 2 * w->cap_ledger : 64;
		w->ledger = realloc(w->ledger, w->cap_ledger * sizeof(*w->ledger));
		if (!w->ledger)
			abort();
	}
	struct ledger_line *l = &w->ledger[w->n_ledger];
	*l = (struct ledger_line){.method = method, .study = study};
	for (int i = 0; i < 2; i++) {
		uint64_t r = rng_u64(&w->rng) | 1;
		memcpy(l->request + 8 * i, &r, 8);
	}
	meta->has_request_id = true;
	memcpy(meta->request_id, l->request, 16);
	return w->n_ledger++;
}

/* ---- what to ask ---- */

static void ask_create(struct world *w, struct msg_request *m, int study)
{
	static const struct msg_scalar choices[] = {
		{.kind = SCALAR_STRING, .s = "a"}, {.kind = SCALAR_INT, .i = 1}, {.kind = SCALAR_NULL}};
	static const struct msg_param params[] = {
		{.name = "x", .kind = PARAM_FLOAT, .has_low = true, .low = -1, .has_high = true,
			.high = 2},
		{.name = "n", .kind = PARAM_INT, .has_low = true, .low = 1, .has_high = true,
			.high = 5},
		{.name = "c", .kind = PARAM_CATEGORICAL, .n_choices = 3, .choices = choices}};
	static const struct msg_metric metrics[] = {{"loss", METRIC_MINIMIZE}};
	m->u.create_study.name = clients_study_name(study);
	m->u.create_study.spec = (struct msg_spec){.n_params = study ? 2 : 3,
		.params = study ? params + 1 : params, .n_metrics = 1, .metrics = metrics,
		.has_budget = true, .budget = 4 + 4 * (uint64_t)study, .has_lease = true,
		.lease_s = 0.5, .has_seed = true, .seed = 7};
	m->u.create_study.if_exists = world_below(w, 12) == 0 ? IF_EXISTS_REPLACE :
		world_below(w, 2) ? IF_EXISTS_ATTACH : IF_EXISTS_FAIL;
}

static void ask_suggest(struct world *w, struct msg_request *m, int client)
{
	static const struct msg_named fixed[] = {{"n", {.kind = SCALAR_INT, .i = 3}}};
	static const char *const workers[SIM_CLIENTS] = {"w0", NULL, "w2", NULL, "w4"};
	m->meta.worker_id = workers[client];
	m->meta.has_deadline = world_chance(w, w->profile->hurry);
	m->meta.deadline_ms = world_below(w, 4);
	m->u.suggest.count = 1 + (uint32_t)world_below(w, 2);
	if (world_below(w, 8) == 0) {
		m->u.suggest.n_fixed = 1;
		m->u.suggest.fixed = fixed;
	}
}

static void ask_observe(struct world *w, struct msg_request *m, struct ledger_line *l,
	const struct held *h, struct arena *a)
{
	struct msg_observation *o = ARENA_ARRAY(a, struct msg_observation, 1);
	struct msg_value *v = ARENA_ARRAY(a, struct msg_value, 1);
	v->value = world_below(w, 15) == 0 ? NAN : (double)world_below(w, 1000) / 8;
	*o = (struct msg_observation){.number = h->number, .n_values = 1, .values = v};
	if (world_below(w, 4)) {
		o->lease = (struct msg_lease){.number = h->number, .has_attempt = true,
			.attempt = h->attempt, .has_token = true};
		memcpy(o->lease.token, h->token, 16);
	}
	m->u.observe.n = 1;
	m->u.observe.observations = o;
	l->number = h->number;
	l->value = v->value;
}

static void ask_add(struct world *w, struct msg_request *m, struct ledger_line *l, int study,
	struct arena *a)
{
	int n = 1 + (int)world_below(w, 3), d = study ? 2 : 3;
	struct msg_point *p = ARENA_ARRAY(a, struct msg_point, n);
	for (int i = 0; i < n; i++) {
		struct msg_named *v = ARENA_ARRAY(a, struct msg_named, 3);
		v[0] = (struct msg_named){"n", {.kind = SCALAR_INT, .i = 1 + (int64_t)world_below(w, 5)}};
		v[1] = (struct msg_named){"c", {.kind = SCALAR_STRING, .s = "a"}};
		v[2] = (struct msg_named){"x", {.kind = SCALAR_REAL, .r = rng_uniform(&w->rng)}};
		struct msg_value *y = ARENA_ARRAY(a, struct msg_value, 1);
		y->value = (double)world_below(w, 100);
		p[i] = (struct msg_point){d, v, 1, y};
	}
	m->u.add_trials.n = n;
	m->u.add_trials.points = p;
	l->n_points = n;
}

static void ask_update(struct world *w, struct msg_request *m)
{
	switch (world_below(w, 8)) {
	case 0:
		m->u.update_study.action = ACTION_PAUSE;
		break;
	case 1:
		m->u.update_study.action = ACTION_FINISH;
		break;
	case 2:
	case 3:
		m->u.update_study.has_budget = true;
		m->u.update_study.budget = 3 + world_below(w, 12);
		break;
	default:
		m->u.update_study.action = ACTION_RESUME;
	}
}

static int find_held(const struct client *c, int study)
{
	for (int i = 0; i < c->n_held; i++)
		if (c->held[i].study == study)
			return i;
	return -1;
}

static enum method choose(struct world *w, const struct client *c, int study)
{
	uint64_t dice = world_below(w, 100);
	if (dice < 40 && find_held(c, study) >= 0)
		return dice < 32 ? METHOD_OBSERVE : METHOD_FAIL_TRIAL;
	if (dice < 70)
		return METHOD_SUGGEST;
	return dice < 76 ? METHOD_CREATE_STUDY : dice < 80 ? METHOD_ADD_TRIALS :
		dice < 84 ? METHOD_HEARTBEAT : dice < 88 ? METHOD_GET_STUDY :
		dice < 91 ? METHOD_LIST_TRIALS : dice < 93 ? METHOD_BEST :
		dice < 94 ? METHOD_LIST_STUDIES : dice < 95 ? METHOD_STATUS :
		dice < 98 ? METHOD_UPDATE_STUDY : METHOD_DELETE_STUDY;
}

static void fill(struct world *w, int client, struct msg_request *m, struct ledger_line *l,
	int study, struct arena *a)
{
	struct client *c = &w->clients[client];
	int h = find_held(c, study);
	m->u.get_study.study = clients_study_name(study); /* the first member of most */
	switch (m->method) {
	case METHOD_CREATE_STUDY:
		ask_create(w, m, study);
		break;
	case METHOD_SUGGEST:
		ask_suggest(w, m, client);
		break;
	case METHOD_OBSERVE:
		ask_observe(w, m, l, &c->held[h], a);
		c->held[h] = c->held[--c->n_held];
		break;
	case METHOD_FAIL_TRIAL:
		m->u.fail_trial.number = l->number = c->held[h].number;
		m->u.fail_trial.state = TRIAL_FAILED;
		m->u.fail_trial.reason = "simulated";
		c->held[h] = c->held[--c->n_held];
		break;
	case METHOD_ADD_TRIALS:
		ask_add(w, m, l, study, a);
		break;
	case METHOD_HEARTBEAT: {
		struct msg_lease *lease = ARENA_ARRAY(a, struct msg_lease, 1);
		*lease = (struct msg_lease){.number = h < 0 ? 0 : c->held[h].number};
		m->u.heartbeat.n = 1;
		m->u.heartbeat.leases = lease;
		break;
	}
	case METHOD_UPDATE_STUDY:
		ask_update(w, m);
		break;
	case METHOD_DELETE_STUDY:
		m->u.delete_study.undelete = world_below(w, 2);
		break;
	case METHOD_LIST_TRIALS:
		m->u.list_trials.params = m->u.list_trials.values = m->u.list_trials.why = true;
		break;
	case METHOD_LIST_STUDIES:
		m->u.list_studies = (struct msg_list_studies){.deleted = true};
		break;
	case METHOD_STATUS:
		memset(&m->u, 0, sizeof(m->u));
		break;
	default:
		break;
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
	world_push(w, (struct happening){.at = w->now_ns + (int64_t)(50 + world_below(w, 200)) * MS,
		.kind = HAPPEN_TIMEOUT, .client = client, .id = c->patience});
}

static void begin(struct world *w, int client)
{
	struct client *c = &w->clients[client];
	int study = (int)world_below(w, SIM_STUDIES);
	if (world_chance(w, w->profile->client_dies))
		c->n_held = 0;
	struct msg_request m = {.method = choose(w, c, study)};
	if (c->left == w->profile->requests) /* the first one */
		m.method = METHOD_CREATE_STUDY;
	struct ledger_line none = {0}, *l = &none;
	c->line = SIZE_MAX;
	if (msg_method_mutates(m.method)) {
		c->line = open_line(w, m.method, study, &m.meta);
		l = &w->ledger[c->line];
	}
	struct arena *a = arena_new(1 << 20);
	struct bytes body;
	struct kr_error err;
	fill(w, client, &m, l, study, a);
	if (encode_request(&body, &m, a, &err) != KR_OK)
		abort();
	free(c->body);
	c->body = malloc(body.len + 1);
	if (!c->body)
		abort();
	memcpy(c->body, body.p, body.len);
	c->len = body.len;
	arena_free(a);
	c->header = (struct frame_header){.version = 1, .method = (uint16_t)m.method};
	c->left--;
	c->waiting = true;
	send_again(w, client);
}

void clients_start(struct world *w)
{
	for (int i = 0; i < SIM_CLIENTS; i++) {
		w->clients[i].left = w->profile->requests;
		w->clients[i].patience = (uint64_t)i << 32;
		world_push(w, (struct happening){.at = w->now_ns + (i + 1) * MS,
			.kind = HAPPEN_TIMEOUT, .client = i, .id = w->clients[i].patience});
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

static void keep_trials(struct client *c, struct ledger_line *l, const struct msg_trials_reply *r)
{
	for (int i = 0; i < r->n; i++) {
		const struct msg_trial *t = &r->trials[i];
		if (l->n_numbers < 8)
			l->numbers[l->n_numbers++] = t->number;
		if (c->n_held == SIM_MAX_HELD)
			c->n_held--;
		struct held *h = &c->held[c->n_held++];
		*h = (struct held){.study = l->study, .number = t->number, .attempt = t->attempt};
		memcpy(h->token, t->lease.token, 16);
	}
}

static void note_answer(struct world *w, struct client *c, struct ledger_line *l,
	const struct frame_header *h, const uint8_t *body, size_t len, const struct msg_reply *r)
{
	if (l->answered && l->ok && (l->answer_len != len || memcmp(l->answer, body, len)))
		world_complain(w, "a repeat of %s was answered otherwise",
			msg_method_name(l->method));
	if (l->answered)
		return;
	l->answered = true;
	l->ok = !(h->flags & FRAME_ERROR);
	l->code = r->error.code;
	if (!l->ok)
		return;
	l->answer = malloc(len + 1);
	if (!l->answer)
		abort();
	memcpy(l->answer, body, len);
	l->answer_len = len;
	if (l->method == METHOD_SUGGEST) {
		keep_trials(c, l, &r->u.trials);
		if (r->u.trials.n == 0)
			world_complain(w, "an empty answer to a suggest");
	} else if (l->method == METHOD_ADD_TRIALS) {
		l->numbers[0] = r->u.add_trials.first_number;
		l->n_numbers = 1;
	} else if (l->method == METHOD_CREATE_STUDY) {
		l->study_id = r->u.study.study.id;
	}
}

static bool try_again(const struct msg_reply *r)
{
	return r->is_error && (r->error.code == kr_status_wire(KR_UNAVAILABLE) ||
		r->error.code == kr_status_wire(KR_OVERLOADED));
}

void clients_answer(struct world *w, int client, const struct frame_header *h,
	const uint8_t *body, size_t len)
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
		if (r.is_error && r.error.code == kr_status_wire(KR_INTERNAL))
			world_complain(w, "INTERNAL: %s", r.error.message);
		if (r.is_error && (!r.error.message || !r.error.message[0]))
			world_complain(w, "an error without a sentence");
		if (!try_again(&r)) {
			if (c->line != SIZE_MAX)
				note_answer(w, c, &w->ledger[c->line], h, body, len, &r);
			/* now and then it asks once more, as if the answer had been lost */
			c->waiting = c->line != SIZE_MAX && !r.is_error &&
				world_below(w, 10) == 0;
			c->patience++;
			world_push(w, (struct happening){
				.at = w->now_ns + (int64_t)world_below(w, 30000) * 1000,
				.kind = HAPPEN_TIMEOUT, .client = client, .id = c->patience});
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
	for (size_t i = 0; i < w->n_ledger; i++)
		free(w->ledger[i].answer);
	free(w->ledger);
}
