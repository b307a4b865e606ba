#include "bench/load/client.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "base/arena.h"
#include "base/rng.h"
#include "bench/load/load.h"
#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/frame.h"
#include "proto/limits.h"

static struct arena *arena;
static uint64_t n_requests; /* makes request ids */

void *client_connect(void *context, const char *endpoint)
{
	void *s = zmq_socket(context, ZMQ_DEALER);
	int linger = 0;

	if (!arena)
		arena = arena_new(64 << 20);
	if (!arena)
		load_die("memory");
	if (!s || zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof(linger)) != 0 ||
		zmq_connect(s, endpoint) != 0)
		load_die("%s: %s", endpoint, zmq_strerror(errno));
	return s;
}

void client_send(const struct client *c, struct msg_request *m)
{
	struct frame_header h = {.version = PROTO_VERSION, .method = (uint16_t)m->method};
	uint8_t packed[FRAME_HEADER_BYTES];
	struct kr_error err;
	struct bytes body;

	n_requests++;
	memcpy(m->meta.request_id, &n_requests, sizeof(n_requests));
	memcpy(m->meta.request_id + 8, &(pid_t){getpid()}, sizeof(pid_t));
	m->meta.has_request_id = true;
	memcpy(h.id, m->meta.request_id, sizeof(h.id));
	frame_pack(&h, packed);
	arena_reset(arena);
	if (encode_request(&body, m, arena, &err) != KR_OK)
		load_die("encode: %s", err.text);
	if (zmq_send(c->socket, packed, sizeof(packed), ZMQ_SNDMORE) < 0 ||
		zmq_send(c->socket, body.p, body.len, 0) < 0)
		load_die("send: %s", zmq_strerror(errno));
}

bool client_receive(const struct client *c, struct msg_reply *r)
{
	static uint8_t body[2 * LIMIT_MESSAGE_BYTES];
	uint8_t packed[FRAME_HEADER_BYTES];
	struct frame_header h;
	struct kr_error err;
	int n;

	if (zmq_recv(c->socket, packed, sizeof(packed), ZMQ_DONTWAIT) < 0)
		return false;
	n = zmq_recv(c->socket, body, sizeof(body), 0);
	arena_reset(arena);
	if (frame_unpack(&h, packed, sizeof(packed), &err) != KR_OK ||
		decode_reply(r, h.method, h.flags & FRAME_ERROR, body, (size_t)n, arena, &err) != KR_OK)
		load_die("reply: %s", err.text);
	if (r->is_error)
		load_die("refused: %s", r->error.message);
	return true;
}

void client_wait(const struct client *c, struct msg_reply *r)
{
	zmq_pollitem_t item = {.socket = c->socket, .events = ZMQ_POLLIN};

	if (zmq_poll(&item, 1, CLIENT_WAIT_MS) != 1 || !client_receive(c, r))
		load_die("no answer in %d s", CLIENT_WAIT_MS / 1000);
}

void client_create(struct client *c, uint64_t seed)
{
	struct msg_request m = {.method = METHOD_CREATE_STUDY};
	struct msg_reply r;

	m.u.create_study.name = c->study;
	m.u.create_study.if_exists = IF_EXISTS_FAIL;
	m.u.create_study.spec = load_spec(seed, 3600);
	client_send(c, &m);
	client_wait(c, &r);
}

void client_suggest(struct client *c, uint64_t n)
{
	struct msg_request m = {.method = METHOD_SUGGEST};
	struct msg_reply r;

	while (n > 0) {
		uint32_t part = n < LIMIT_BATCH ? (uint32_t)n : LIMIT_BATCH;

		m.u.suggest = (struct msg_suggest){.study = c->study, .count = part};
		client_send(c, &m);
		client_wait(c, &r);
		if (r.u.trials.n != (int)part)
			load_die("%d of %u trials given", r.u.trials.n, part);
		n -= part;
		c->n += part;
	}
}

void client_observe(struct client *c)
{
	struct msg_value value = {.value = (double)(c->next % 97) / 97};
	struct msg_observation o = {.number = c->next, .n_values = 1, .values = &value};
	struct msg_request m = {.method = METHOD_OBSERVE};

	m.u.observe = (struct msg_observe){.study = c->study, .n = 1, .observations = &o};
	c->sent = load_now_s();
	client_send(c, &m);
	c->next++;
}

void client_add(struct client *c, int n)
{
	static char names[LOAD_DIMS][8];
	struct rng rng = rng_make(1, 1, RNG_TEST, 0);
	struct msg_point *points = calloc((size_t)n, sizeof(*points));
	struct msg_named *params = calloc((size_t)n * LOAD_DIMS, sizeof(*params));
	struct msg_value *values = calloc((size_t)n, sizeof(*values));
	struct msg_request m = {.method = METHOD_ADD_TRIALS};
	struct msg_reply r;

	if (!points || !params || !values)
		load_die("memory");
	for (int i = 0; i < n; i++) {
		double y = 0.1 * rng_normal(&rng);

		for (int k = 0; k < LOAD_DIMS; k++) {
			double x = rng_uniform(&rng);

			snprintf(names[k], sizeof(names[k]), "x%d", k);
			params[i * LOAD_DIMS + k] = (struct msg_named){names[k], {.kind = SCALAR_REAL, .r = x}};
			y += (x - 0.3) * (x - 0.3) + 0.1 * sin(9 * x);
		}
		values[i].value = y;
		points[i] = (struct msg_point){.n_params = LOAD_DIMS,
			.params = &params[i * LOAD_DIMS],
			.n_values = 1,
			.values = &values[i]};
	}
	for (int at = 0; at < n; at += 500) {
		int part = n - at < 500 ? n - at : 500;

		m.u.add_trials = (struct msg_add_trials){c->study, part, &points[at]};
		client_send(c, &m);
		client_wait(c, &r);
	}
	free(points);
	free(params);
	free(values);
}

double client_tell(struct client *c)
{
	struct msg_reply r;

	client_observe(c);
	client_wait(c, &r);
	return load_now_s() - c->sent;
}

double client_ask(struct client *c)
{
	struct msg_request m = {.method = METHOD_SUGGEST, .u.suggest = {.study = c->study, .count = 1}};
	struct msg_reply r;
	double began = load_now_s();

	client_send(c, &m);
	client_wait(c, &r);
	if (r.u.trials.n != 1)
		load_die("no trial was given");
	c->next = r.u.trials.trials[0].number;
	return load_now_s() - began;
}
