/* Frames on the socket: [identity] [empty delimiter, optional] [header] [body].
 * What has a header that can be read is answered, with an error if need be; what
 * has none is dropped with a line in the log, at most one a second. */
#include "daemon/front.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/paths.h"
#include "daemon/accept.h"
#include "daemon/access.h"
#include "daemon/endpoint.h"
#include "daemon/unread.h"
#include "daemon/zap.h"
#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/limits.h"

enum {
	/* A frame over the limit of messages but below this is answered TOO_LARGE; beyond,
	 * libzmq closes the connection before it has read the frame. */
	FRAME_MAX = 2 * LIMIT_MESSAGE_BYTES,
	/* Messages on the way. libzmq may refuse at half of it. */
	HIGH_WATER_IN = 256,   /* then the client waits */
	HIGH_WATER_OUT = 4096, /* then replies are dropped; larger ones earlier, see unread.h */
	BACKLOG = 1024,
	HANDSHAKE_MS = 10000,
	/* Of TCP: a peer that is gone without a word is found in two minutes. */
	KEEPALIVE_IDLE_S = 60,
	KEEPALIVE_INTERVAL_S = 15,
	KEEPALIVE_PROBES = 4,
	LINGER_MS = 1000,
	RETRY_MS = 100, /* for a client to read */
	N_PARTS = 3,    /* delimiter, header, body */
	N_GONE = 64,
	GONE_BYTES = 5 /* an identity that libzmq makes: 0, and a number that does not come again */
};

struct front {
	void *context, *socket;
	const struct access *access; /* NULL: no keys */
	struct zap *zap;
	struct endpoint endpoint;
	char address[256];
	struct arena *arena;
	struct unread *unread;
	zmq_msg_t parts[N_PARTS];
	int n_parts;
	uint8_t gone[N_GONE][GONE_BYTES]; /* the last clients whose replies found nobody */
	unsigned n_gone;
	uint64_t dropped; /* since the last line in the log */
	time_t logged;
};

/* ---- open, close ---- */

/* No heartbeats of ZMTP: libzmq 4.3.4 sends one on a connection that has ended while its
 * messages still wait to be read, and aborts the process (its issue 4364).
 *
 * A ZAP domain, though without keys nobody serves ZAP, which lets everybody in: with one, peers
 * of ZMTP 1 and 2 are sent away, whose identity, when it comes while the socket closes, aborts
 * the process (zmtp_engine.cpp, process_routing_id_msg). */
static enum kr_status set_options(void *socket, const char *address, struct kr_error *err)
{
	const struct {
		int option, value;
	} list[] = {
		{ZMQ_ROUTER_MANDATORY, 1},
		{ZMQ_SNDHWM, HIGH_WATER_OUT},
		{ZMQ_RCVHWM, HIGH_WATER_IN},
		{ZMQ_LINGER, LINGER_MS},
		{ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
		{ZMQ_TCP_KEEPALIVE, 1},
		{ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
		{ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S},
		{ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_PROBES},
		{ZMQ_TCP_MAXRT, (KEEPALIVE_IDLE_S + KEEPALIVE_PROBES * KEEPALIVE_INTERVAL_S) * 1000},
		{ZMQ_BACKLOG, BACKLOG},
		/* Else 127.0.0.1 would be told as [::ffff:127.0.0.1]. */
		{ZMQ_IPV6, strchr(address, '[') || strncmp(address, "tcp://*", 7) == 0},
	};
	static const char domain[] = "kriged";
	int64_t frame_max = FRAME_MAX;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (zmq_setsockopt(socket, list[i].option, &list[i].value, sizeof(int)) != 0)
			return kr_fail(
				err, KR_EIO, "ZeroMQ option %d: %s", list[i].option, zmq_strerror(errno));
	if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof(frame_max)) != 0)
		return kr_fail(err, KR_EIO, "ZeroMQ MAXMSGSIZE: %s", zmq_strerror(errno));
	if (zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) != 0)
		return kr_fail(err, KR_EIO, "ZeroMQ ZAP_DOMAIN: %s", zmq_strerror(errno));
	return KR_OK;
}

/* Before the bind: from then on only who has a key of the list gets through. */
static enum kr_status protect(struct front *f, struct kr_error *err)
{
	int on = 1;
	enum kr_status s;

	if (!f->access)
		return KR_OK;
	s = zap_open(&f->zap, f->context, f->access, err);
	if (s != KR_OK)
		return s;
	if (zmq_setsockopt(f->socket, ZMQ_CURVE_SERVER, &on, sizeof(on)) != 0 ||
		zmq_setsockopt(f->socket, ZMQ_CURVE_SECRETKEY, access_secret(f->access), KEYFILE_SIZE) != 0)
		return kr_fail(err, KR_EIO, "ZeroMQ CURVE: %s", zmq_strerror(errno));
	return KR_OK;
}

static enum kr_status bind_socket(struct front *f, const char *address, struct kr_error *err)
{
	size_t size = sizeof(f->address);
	const char *path;

	if (zmq_bind(f->socket, address) != 0) {
		if (errno == EADDRINUSE)
			return kr_fail(err, KR_ELOCKED,
				"endpoint '%.200s' is taken: another program listens there; give another "
				"--endpoint",
				address);
		return kr_fail(err, KR_EIO, "endpoint '%.200s': %s%s", address, zmq_strerror(errno),
			errno == ENODEV || errno == EADDRNOTAVAIL
				? ": this machine has no such address or interface; give one it has, in numbers"
				: "");
	}
	if (zmq_getsockopt(f->socket, ZMQ_LAST_ENDPOINT, f->address, &size) != 0)
		return kr_fail(err, KR_EIO, "endpoint '%.200s': %s", address, zmq_strerror(errno));
	path = paths_ipc(f->address);
	if (path && chmod(path, 0600) != 0)
		return kr_fail(err, KR_EIO, "endpoint '%.200s': mode 0600: %s", address, strerror(errno));
	return KR_OK;
}

static enum kr_status bring_up(struct front *f, const char *address, struct kr_error *err)
{
	enum kr_status s = endpoint_claim(&f->endpoint, address, err);

	if (s == KR_OK)
		s = accept_reserve(err);
	if (s != KR_OK)
		return s;
	f->arena = arena_new(LIMIT_ARENA_BYTES);
	if (!f->arena)
		return kr_fail(err, KR_ENOMEM, "no memory for the front");
	s = unread_new(&f->unread, err);
	if (s != KR_OK)
		return s;
	f->context = zmq_ctx_new();
	f->socket = f->context ? zmq_socket(f->context, ZMQ_ROUTER) : NULL;
	if (!f->socket)
		return kr_fail(err, KR_EIO, "ZeroMQ: %s", zmq_strerror(errno));
	s = set_options(f->socket, address, err);
	if (s == KR_OK)
		s = protect(f, err);
	return s == KR_OK ? bind_socket(f, address, err) : s;
}

enum kr_status front_open(
	struct front **out, const char *address, const struct access *access, struct kr_error *err)
{
	struct front *f = KR_NEW(struct front);
	enum kr_status s;

	if (!f)
		return kr_fail(err, KR_ENOMEM, "no memory for the front");
	f->endpoint.lock = -1;
	f->access = access;
	for (int i = 0; i < N_PARTS; i++)
		zmq_msg_init(&f->parts[i]);
	s = bring_up(f, address, err);
	if (s == KR_OK)
		*out = f;
	else
		front_close(f);
	return s;
}

const char *front_endpoint(const struct front *f)
{
	return f->address;
}

void *front_socket(struct front *f)
{
	return f->socket;
}

void *front_door(struct front *f)
{
	return f->zap ? zap_socket(f->zap) : NULL;
}

void front_admit(struct front *f)
{
	if (f->zap)
		zap_answer(f->zap);
}

void front_close(struct front *f)
{
	if (!f)
		return;
	for (int i = 0; i < N_PARTS; i++)
		zmq_msg_close(&f->parts[i]);
	if (f->socket)
		zmq_close(f->socket);
	zap_close(f->zap);
	if (f->context)
		zmq_ctx_term(f->context);
	/* libzmq leaves it; the lock is still ours. */
	if (f->address[0] && paths_ipc(f->address))
		unlink(paths_ipc(f->address));
	endpoint_release(&f->endpoint);
	unread_free(f->unread);
	arena_free(f->arena);
	kr_free(f);
}

/* ---- out ---- */

static bool send_part(struct front *f, const void *data, size_t len, int flags)
{
	return zmq_send(f->socket, data, len, flags | ZMQ_DONTWAIT) >= 0;
}

static bool is_gone(const struct front *f, const struct route *r)
{
	if (r->identity_len == GONE_BYTES)
		for (int i = 0; i < N_GONE; i++)
			if (memcmp(f->gone[i], r->identity, GONE_BYTES) == 0)
				return true;
	return false;
}

static void note_gone(struct front *f, const struct route *r)
{
	if (r->identity_len == GONE_BYTES && r->identity[0] == 0 && !is_gone(f, r))
		memcpy(f->gone[f->n_gone++ % N_GONE], r->identity, GONE_BYTES);
}

void front_reply(struct front *f, const struct route *to, const void *body, size_t len)
{
	uint8_t packed[FRAME_HEADER_BYTES];
	struct frame_header header = to->header;
	zmq_msg_t message;

	header.version = PROTO_VERSION;
	header.flags |= FRAME_REPLY;
	frame_pack(&header, packed);
	/* All that may fail comes before the first part: a message cut short would run into
	 * the next. */
	if (unread_message(f->unread, &message, to->identity, to->identity_len, body, len, NULL) !=
		KR_OK)
		return;
	/* With ROUTER_MANDATORY only the identity can be refused: the client is gone
	 * (EHOSTUNREACH) or has too much unread (EAGAIN). The rest goes with it. */
	if (!send_part(f, to->identity, to->identity_len, ZMQ_SNDMORE)) {
		if (errno == EHOSTUNREACH)
			note_gone(f, to);
		zmq_msg_close(&message);
		return;
	}
	if (to->delimiter)
		send_part(f, "", 0, ZMQ_SNDMORE);
	send_part(f, packed, sizeof(packed), ZMQ_SNDMORE);
	if (zmq_msg_send(&message, f->socket, ZMQ_DONTWAIT) < 0)
		zmq_msg_close(&message);
}

void front_answer(struct front *f, struct route *to, const struct msg_reply *reply)
{
	struct bytes body;

	arena_reset(f->arena);
	if (encode_reply(&body, reply, f->arena, NULL) != KR_OK)
		return;
	to->header.flags = reply->is_error ? FRAME_ERROR : 0;
	front_reply(f, to, body.p, body.len);
}

void front_refuse(struct front *f, struct route *to, const struct kr_error *why)
{
	struct msg_reply reply = {.method = (enum method)to->header.method, .is_error = true};

	reply.error = (struct msg_error){.code = kr_status_wire(why->code),
		.message = why->text,
		.field = why->field[0] ? why->field : NULL,
		.retry_after_ms = why->retry_after_ms};
	front_answer(f, to, &reply);
}

/* ---- in ---- */

/* What can't be answered: counted, and told once a second. */
static void drop(struct front *f, const char *why)
{
	struct timespec now;

	f->dropped++;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec == f->logged)
		return;
	f->logged = now.tv_sec;
	log_at(LOG_LEVEL_WARN, "malformed messages dropped", "n=%llu last=\"%s\"",
		(unsigned long long)f->dropped, why);
	f->dropped = 0;
}

/* The whole message: identity into route, up to N_PARTS further parts, the rest
 * counted and thrown away. False when there is none. */
static bool receive(struct front *f, struct route *route)
{
	zmq_msg_t extra;
	int n;
	bool more;

	n = zmq_recv(f->socket, route->identity, sizeof(route->identity), ZMQ_DONTWAIT);
	if (n < 0)
		return false;
	route->identity_len = (uint8_t)n;
	f->n_parts = 0;
	zmq_msg_init(&extra);
	do {
		zmq_msg_t *m = f->n_parts < N_PARTS ? &f->parts[f->n_parts] : &extra;

		if (zmq_msg_recv(m, f->socket, ZMQ_DONTWAIT) < 0)
			break;
		f->n_parts++;
		more = zmq_msg_more(m);
	} while (more);
	zmq_msg_close(&extra);
	return true;
}

/* Where the header is; the delimiter before it is noted. */
static zmq_msg_t *find_header(struct front *f, struct route *route)
{
	route->delimiter = f->n_parts > 1 && zmq_msg_size(&f->parts[0]) == 0;
	return &f->parts[route->delimiter];
}

/* Whose message it is: the key that the handshake has proved. */
static void note_key(const struct front *f, zmq_msg_t *header, struct route *route)
{
	const char *key = f->access ? zmq_msg_gets(header, "User-Id") : NULL;

	snprintf(route->key, sizeof(route->key), "%s", key ? key : "");
}

/* With keys, a token is good for the key alone that got it. */
static enum kr_status check_session(const struct front *f, const struct route *route,
	const struct msg_meta *m, struct kr_error *err)
{
	if (!f->access || !m->has_session || route->header.method == METHOD_HELLO ||
		access_owns_session(f->access, route->key, m->session))
		return KR_OK;
	return kr_fail_field(err, KR_UNAUTHENTICATED, "meta.session",
		"meta.session is not a token that this key got from this daemon; say Hello again");
}

static enum kr_status check_message(struct front *f, const struct route *route,
	enum kr_status header_status, struct msg_request *request, struct kr_error *err)
{
	zmq_msg_t *body = &f->parts[route->delimiter + 1];
	enum kr_status s = header_status;

	if (s == KR_OK && f->access)
		s = access_check(f->access, route->key, (enum method)route->header.method, err);
	if (s != KR_OK)
		return s;
	if (unread_full(f->unread, route->identity, route->identity_len)) {
		kr_fail(err, KR_OVERLOADED,
			"this connection has over %d bytes of answers unread; read them, then ask again",
			UNREAD_MOST_BYTES);
		err->retry_after_ms = RETRY_MS;
		return KR_OVERLOADED;
	}
	if (route->header.flags != 0)
		return kr_fail(err, KR_INVALID_ARGUMENT, "flags of a request must be 0, not %u",
			(unsigned)route->header.flags);
	if (f->n_parts != route->delimiter + 2)
		return kr_fail(err, KR_INVALID_ARGUMENT, "a message has a header and a body, not %d frames",
			f->n_parts - route->delimiter);
	if (zmq_msg_size(body) > LIMIT_MESSAGE_BYTES)
		return kr_fail(err, KR_TOO_LARGE,
			"the body has %zu bytes, the limit is %d; send bulk data in several requests",
			zmq_msg_size(body), LIMIT_MESSAGE_BYTES);
	s = decode_request(
		request, route->header.method, zmq_msg_data(body), zmq_msg_size(body), f->arena, err);
	return s == KR_OK ? check_session(f, route, &request->meta, err) : s;
}

enum front_taken front_take(struct front *f, struct route *route, struct msg_request *request)
{
	struct kr_error err = {0};
	enum kr_status s;
	zmq_msg_t *header;

	if (!receive(f, route))
		return FRONT_NOTHING;
	arena_reset(f->arena);
	header = find_header(f, route);
	note_key(f, header, route);
	s = frame_unpack(&route->header, zmq_msg_data(header), zmq_msg_size(header), &err);
	if (s != KR_OK && s != KR_VERSION) {
		drop(f, err.text);
		return FRONT_REFUSED;
	}
	s = check_message(f, route, s, request, &err);
	/* Reads of who has left would hold up the others; what changes something is done. */
	if (s == KR_OK && is_gone(f, route) && !msg_method_mutates(request->method) &&
		request->method != METHOD_HEARTBEAT)
		return FRONT_REFUSED;
	if (s == KR_OK)
		return FRONT_REQUEST;
	front_refuse(f, route, &err);
	return FRONT_REFUSED;
}
