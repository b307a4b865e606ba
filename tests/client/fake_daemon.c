#include "tests/client/fake_daemon.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zmq.h>

#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/limits.h"

enum { LOG_MAX = 1024, AWAY_MS = 300 };

struct fake {
	fake_handler *handler;
	void *ctx;
	void *zmq;
	char folder[32], endpoint[64];
	pthread_t thread;
	atomic_bool stop, bound;
	atomic_int hellos, seen;
	struct fake_log log[LOG_MAX];
	struct arena *arena;
};

static void *bind_router(struct fake *f)
{
	void *socket = zmq_socket(f->zmq, ZMQ_ROUTER);
	int linger = 100, timeout = 20;

	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof(timeout));
	if (zmq_bind(socket, f->endpoint) != 0)
		abort();
	return socket;
}

static void send_frames(void *socket, const void *identity, size_t n, const void *header,
	size_t header_len, const void *body, size_t len)
{
	zmq_send(socket, identity, n, ZMQ_SNDMORE);
	zmq_send(socket, header, header_len, ZMQ_SNDMORE);
	zmq_send(socket, body, len, 0);
}

static void answer(struct fake *f, void *socket, const void *identity, size_t n,
	struct frame_header h, struct msg_reply *reply, enum fake_action action)
{
	uint8_t header[FRAME_HEADER_BYTES], other[FRAME_HEADER_BYTES];
	struct frame_header stale = h;
	struct bytes body;

	if (encode_reply(&body, reply, f->arena, NULL) != KR_OK)
		abort();
	h.flags = (uint8_t)(FRAME_REPLY | (reply->is_error ? FRAME_ERROR : 0));
	stale.flags = h.flags;
	stale.id[0] ^= 1;
	frame_pack(&h, header);
	frame_pack(&stale, other);
	if (action == FAKE_STALE_FIRST)
		send_frames(socket, identity, n, other, sizeof(other), body.p, body.len);
	if (action == FAKE_GARBAGE_FIRST) {
		send_frames(socket, identity, n, "what?", 5, "", 0);
		other[5] = 0; /* no REPLY flag */
		send_frames(socket, identity, n, other, sizeof(other), "x", 1);
	}
	if (action == FAKE_OTHER_VERSION)
		header[4] = 9;
	if (action == FAKE_BAD_BODY)
		send_frames(socket, identity, n, header, sizeof(header), "\xff\xff\xff", 3);
	else
		send_frames(socket, identity, n, header, sizeof(header), body.p, body.len);
}

static enum fake_action decide(
	struct fake *f, const struct msg_request *request, struct msg_reply *reply)
{
	int nth = atomic_load(&f->seen);
	enum fake_action action;

	if (request->method == METHOD_HELLO) {
		struct msg_hello_reply *r = &reply->u.hello;

		r->version = "9.9.9";
		r->protocol = PROTO_VERSION;
		r->has_session = true;
		memset(r->session, 0x50 + atomic_load(&f->hellos), sizeof(r->session));
		r->limits.message_bytes = LIMIT_MESSAGE_BYTES;
		atomic_fetch_add(&f->hellos, 1);
		return FAKE_REPLY;
	}
	if (nth < LOG_MAX)
		f->log[nth] = (struct fake_log){request->method, request->meta};
	action = f->handler(f->ctx, nth, request, reply, f->arena);
	atomic_fetch_add(&f->seen, 1);
	return action;
}

/* One message. Returns whether to leave. */
static int serve(struct fake *f, void *socket)
{
	static char body[LIMIT_MESSAGE_BYTES];
	uint8_t identity[256], header[FRAME_HEADER_BYTES + 1];
	int n = zmq_recv(socket, identity, sizeof(identity), 0), len, body_len;
	struct msg_request request;
	struct frame_header h;
	struct msg_reply reply = {0};
	enum fake_action action;

	if (n < 0)
		return 0;
	len = zmq_recv(socket, header, sizeof(header), 0);
	body_len = zmq_recv(socket, body, sizeof(body), 0);
	arena_reset(f->arena);
	if (len < 0 || body_len < 0 || frame_unpack(&h, header, (size_t)len, NULL) != KR_OK ||
		decode_request(&request, h.method, body, (size_t)body_len, f->arena, NULL) != KR_OK)
		abort();
	reply.method = request.method;
	action = decide(f, &request, &reply);
	if (action == FAKE_LEAVE)
		return 1;
	if (action != FAKE_SILENT)
		answer(f, socket, identity, (size_t)n, h, &reply, action);
	return 0;
}

static void *loop(void *ctx)
{
	struct fake *f = ctx;
	void *socket = bind_router(f);

	atomic_store(&f->bound, true);
	while (!atomic_load(&f->stop)) {
		if (!serve(f, socket))
			continue;
		zmq_close(socket);
		usleep(AWAY_MS * 1000);
		socket = bind_router(f);
	}
	zmq_close(socket);
	return NULL;
}

struct fake *fake_start(fake_handler *handler, void *ctx)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->handler = handler;
	f->ctx = ctx;
	snprintf(f->folder, sizeof(f->folder), "/tmp/krige-fake-XXXXXX");
	f->arena = arena_new(LIMIT_ARENA_BYTES);
	f->zmq = zmq_ctx_new();
	if (!mkdtemp(f->folder) || !f->arena || !f->zmq)
		abort();
	snprintf(f->endpoint, sizeof(f->endpoint), "ipc://%s/s", f->folder);
	if (pthread_create(&f->thread, NULL, loop, f) != 0)
		abort();
	while (!atomic_load(&f->bound))
		usleep(1000);
	return f;
}

const char *fake_endpoint(const struct fake *f)
{
	return f->endpoint;
}

int fake_hellos(const struct fake *f)
{
	return atomic_load(&f->hellos);
}

int fake_seen(const struct fake *f)
{
	return atomic_load(&f->seen);
}

const struct fake_log *fake_request(const struct fake *f, int n)
{
	if (n >= atomic_load(&f->seen) || n >= LOG_MAX)
		abort();
	return &f->log[n];
}

void fake_stop(struct fake *f)
{
	char path[64];

	atomic_store(&f->stop, true);
	pthread_join(f->thread, NULL);
	zmq_ctx_term(f->zmq);
	snprintf(path, sizeof(path), "%s/s", f->folder);
	unlink(path);
	rmdir(f->folder);
	arena_free(f->arena);
	free(f);
}
