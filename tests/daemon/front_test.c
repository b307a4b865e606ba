/* The front at a real ROUTER, driven by a plain DEALER. */
#include "daemon/front.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/rng.h"
#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/limits.h"

struct fixture {
	struct front *front;
	void *context, *client;
	struct arena *arena;
	struct kr_error err;
};

static void *connect_client(struct fixture *f)
{
	void *client = zmq_socket(f->context, ZMQ_DEALER);
	int linger = 0, wait = 2000, unlimited = 0;

	assert_non_null(client);
	zmq_setsockopt(client, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_setsockopt(client, ZMQ_RCVTIMEO, &wait, sizeof(wait));
	zmq_setsockopt(client, ZMQ_RCVHWM, &unlimited, sizeof(unlimited));
	assert_int_equal(zmq_connect(client, front_endpoint(f->front)), 0);
	return client;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (front_open(&f->front, "tcp://127.0.0.1:0", NULL, &f->err) != KR_OK)
		fail_msg("%s", f->err.text);
	f->arena = arena_new(64 << 20);
	f->context = zmq_ctx_new();
	f->client = connect_client(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	zmq_close(f->client);
	zmq_ctx_term(f->context);
	front_close(f->front);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void send_frame(void *socket, const void *data, size_t len, bool more)
{
	assert_int_equal(zmq_send(socket, data, len, more ? ZMQ_SNDMORE : 0), len);
}

/* A Ping's header, its id made of `id`. */
static void header(uint8_t out[FRAME_HEADER_BYTES], unsigned method, uint8_t id)
{
	struct frame_header h = {.version = PROTO_VERSION, .method = (uint16_t)method};

	memset(h.id, id, sizeof(h.id));
	frame_pack(&h, out);
}

static void send_ping(void *socket, uint8_t id, bool delimiter)
{
	uint8_t packed[FRAME_HEADER_BYTES];

	header(packed, METHOD_PING, id);
	if (delimiter)
		send_frame(socket, "", 0, true);
	send_frame(socket, packed, sizeof(packed), true);
	send_frame(socket, "", 0, false);
}

/* Wait until something is there, then take one message. */
static enum front_taken take(struct fixture *f, struct route *route, struct msg_request *m)
{
	zmq_pollitem_t item = {.socket = front_socket(f->front), .events = ZMQ_POLLIN};

	assert_int_equal(zmq_poll(&item, 1, 2000), 1);
	return front_take(f->front, route, m);
}

/* The error that the client gets next; its header into h. */
static struct msg_error receive_error(struct fixture *f, void *socket, struct frame_header *h)
{
	static uint8_t body[1 << 16];
	uint8_t packed[256];
	struct msg_reply reply;
	int n = zmq_recv(socket, packed, sizeof(packed), 0);

	assert_int_equal(n, FRAME_HEADER_BYTES);
	assert_int_equal(frame_unpack(h, packed, (size_t)n, &f->err), KR_OK);
	assert_int_equal(h->flags, FRAME_REPLY | FRAME_ERROR);
	n = zmq_recv(socket, body, sizeof(body), 0);
	assert_true(n > 0);
	assert_int_equal(
		decode_reply(&reply, h->method, true, body, (size_t)n, f->arena, &f->err), KR_OK);
	return reply.error;
}

static void both_envelopes_are_echoed(void **state)
{
	struct fixture *f = *state;
	struct msg_request request;
	struct route route;
	char frame[100];

	for (int delimiter = 0; delimiter < 2; delimiter++) {
		send_ping(f->client, 7, delimiter);
		assert_int_equal(take(f, &route, &request), FRONT_REQUEST);
		assert_int_equal(request.method, METHOD_PING);
		assert_int_equal(route.delimiter, delimiter);
		front_reply(f->front, &route, "body", 4);
		if (delimiter)
			assert_int_equal(zmq_recv(f->client, frame, sizeof(frame), 0), 0);
		assert_int_equal(zmq_recv(f->client, frame, sizeof(frame), 0), FRAME_HEADER_BYTES);
		assert_int_equal(frame[5], FRAME_REPLY);
		assert_int_equal(frame[8], 7);
		assert_int_equal(zmq_recv(f->client, frame, sizeof(frame), 0), 4);
	}
	assert_int_equal(front_take(f->front, &route, &request), FRONT_NOTHING);
}

static void what_has_an_id_is_answered(void **state)
{
	static char huge[LIMIT_MESSAGE_BYTES + 1];
	struct fixture *f = *state;
	uint8_t packed[FRAME_HEADER_BYTES];
	struct {
		unsigned method;
		int patch_at, patch;
		size_t len;
		enum kr_status code;
	} cases[] = {
		{METHOD_PING, 4, 9, 0, KR_VERSION}, /* version */
		{4242, -1, 0, 0, KR_VERSION},       /* method */
		{METHOD_PING, 5, FRAME_REPLY, 0, KR_INVALID_ARGUMENT},
		{METHOD_PING, 5, 0x80, 0, KR_VERSION}, /* a flag of later */
		{METHOD_PING, -1, 0, sizeof(huge), KR_TOO_LARGE},
		{METHOD_CREATE_STUDY, -1, 0, 100, KR_INVALID_ARGUMENT}, /* zeros: no protobuf */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct msg_request request;
		struct frame_header h;
		struct msg_error error;
		struct route route;

		header(packed, cases[i].method, (uint8_t)i);
		if (cases[i].patch_at >= 0)
			packed[cases[i].patch_at] = (uint8_t)cases[i].patch;
		send_frame(f->client, packed, sizeof(packed), true);
		send_frame(f->client, huge, cases[i].len, false);
		assert_int_equal(take(f, &route, &request), FRONT_REFUSED);
		error = receive_error(f, f->client, &h);
		assert_int_equal(error.code, kr_status_wire(cases[i].code));
		assert_int_equal(h.method, cases[i].method);
		assert_int_equal(h.id[0], i);
		assert_true(strlen(error.message) > 10);
	}
}

static void missing_and_extra_frames_are_answered(void **state)
{
	struct fixture *f = *state;
	uint8_t packed[FRAME_HEADER_BYTES];
	struct msg_request request;
	struct frame_header h;
	struct route route;

	for (int n_bodies = 0; n_bodies < 6; n_bodies++) {
		if (n_bodies == 1)
			continue;
		header(packed, METHOD_PING, 1);
		send_frame(f->client, packed, sizeof(packed), n_bodies > 0);
		for (int i = 0; i < n_bodies; i++)
			send_frame(f->client, "", 0, i + 1 < n_bodies);
		assert_int_equal(take(f, &route, &request), FRONT_REFUSED);
		assert_int_equal(receive_error(f, f->client, &h).code, kr_status_wire(KR_INVALID_ARGUMENT));
	}
}

/* Random frames, and valid ones cut short: dropped or answered, and the next Ping is
 * served. */
static void garbage_is_survived(void **state)
{
	enum { MESSAGES = 10000 };
	struct fixture *f = *state;
	struct rng r = rng_make(99, 0, RNG_TEST, 0);
	struct msg_request request;
	struct route route;
	void *other = connect_client(f);
	int n_taken = 0;

	print_message("seed 99\n");
	for (int i = 0; i < MESSAGES; i++) {
		int n_frames = 1 + (int)rng_below(&r, 4);

		for (int k = 0; k < n_frames; k++) {
			uint8_t data[300];
			size_t len = rng_below(&r, 64) ? rng_below(&r, 40) : rng_below(&r, sizeof(data));

			for (size_t b = 0; b < len; b++)
				data[b] = (uint8_t)rng_u64(&r);
			if (rng_below(&r, 2) && len >= FRAME_HEADER_BYTES)
				header(data, rng_below(&r, 60), 3);
			send_frame(f->client, data, len, k + 1 < n_frames);
		}
		while (front_take(f->front, &route, &request) != FRONT_NOTHING)
			n_taken++;
	}
	while (n_taken < MESSAGES) {
		take(f, &route, &request);
		n_taken++;
	}
	send_ping(other, 1, false);
	assert_int_equal(take(f, &route, &request), FRONT_REQUEST);
	zmq_close(other);
}

/* A frame beyond what is ever read: its connection goes, the others stay. */
static void a_giant_frame_ends_its_connection_only(void **state)
{
	struct fixture *f = *state;
	void *other = connect_client(f);
	size_t size = 8u << 20;
	char *giant = calloc(1, size);
	struct msg_request request;
	struct route route;

	zmq_send(other, giant, size, ZMQ_DONTWAIT);
	send_ping(f->client, 1, false);
	assert_int_equal(take(f, &route, &request), FRONT_REQUEST);
	assert_int_equal(request.method, METHOD_PING);
	assert_int_equal(front_take(f->front, &route, &request), FRONT_NOTHING);
	zmq_close(other);
	free(giant);
}

/* A client with many requests under way gets every answer, also when all are given in
 * one go, as those of a commit are. */
static void a_thousand_replies_arrive(void **state)
{
	enum { PINGS = 1000 };
	struct fixture *f = *state;
	struct msg_request request;
	struct route *routes = calloc(PINGS, sizeof(*routes));
	char frame[100];

	assert_non_null(routes);
	for (int i = 0; i < PINGS; i++) {
		send_ping(f->client, 1, false);
		assert_int_equal(take(f, &routes[i], &request), FRONT_REQUEST);
	}
	for (int i = 0; i < PINGS; i++)
		front_reply(f->front, &routes[i], "body", 4);
	for (int i = 0; i < PINGS; i++) {
		assert_int_equal(zmq_recv(f->client, frame, sizeof(frame), 0), FRAME_HEADER_BYTES);
		assert_int_equal(zmq_recv(f->client, frame, sizeof(frame), 0), 4);
	}
	free(routes);
}

/* It never reads: replies to it are dropped sooner or later, the others get theirs. */
static void a_client_that_never_reads_blocks_nobody(void **state)
{
	struct fixture *f = *state;
	static char body[LIMIT_MESSAGE_BYTES];
	struct msg_request request;
	struct route deaf, route;
	void *other = connect_client(f);
	char frame[100];
	int hwm = 1;

	zmq_close(f->client);
	f->client = zmq_socket(f->context, ZMQ_DEALER);
	zmq_setsockopt(f->client, ZMQ_LINGER, &(int){0}, sizeof(int));
	zmq_setsockopt(f->client, ZMQ_RCVHWM, &hwm, sizeof(hwm));
	assert_int_equal(zmq_connect(f->client, front_endpoint(f->front)), 0);
	send_ping(f->client, 1, false);
	assert_int_equal(take(f, &deaf, &request), FRONT_REQUEST);
	for (int i = 0; i < 10000; i++)
		front_reply(f->front, &deaf, body, i < 300 ? sizeof(body) / 8 : 10);
	send_ping(other, 2, false);
	assert_int_equal(take(f, &route, &request), FRONT_REQUEST);
	front_reply(f->front, &route, "here", 4);
	assert_int_equal(zmq_recv(other, frame, sizeof(frame), 0), FRAME_HEADER_BYTES);
	assert_int_equal(frame[8], 2);
	zmq_close(other);
}

/* How a peer of ZMTP 1 begins: the length of its identity, flags, the identity. libzmq 4.3.4
 * aborts when that comes while the socket closes; such peers are sent away at once. */
static void a_peer_of_zmtp_1_is_sent_away(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval patience = {.tv_sec = 5};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char greeting[64];
	ssize_t n;

	to.sin_port = htons((uint16_t)atoi(strrchr(front_endpoint(f->front), ':') + 1));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, "\x05\0peer", 6, MSG_NOSIGNAL), 6);
	do
		n = recv(fd, greeting, sizeof(greeting), 0);
	while (n > 0);
	assert_true(n == 0 || errno == ECONNRESET);
	close(fd);
}

/* A client fills its queue to us, which nobody reads for a while, and goes. libzmq 4.3.4
 * aborts at its next heartbeat on that connection: there is none. */
static void a_client_that_leaves_a_full_queue_is_no_end(void **state)
{
	struct fixture *f = *state;
	void *hasty = connect_client(f);
	uint8_t packed[FRAME_HEADER_BYTES];
	struct msg_request request;
	struct route route;
	int interval = -1;
	size_t size = sizeof(interval);

	header(packed, METHOD_PING, 1);
	for (int i = 0; i < 5000; i++)
		if (zmq_send(hasty, packed, sizeof(packed), ZMQ_SNDMORE | ZMQ_DONTWAIT) > 0)
			zmq_send(hasty, "", 0, ZMQ_DONTWAIT);
	zmq_close(hasty);
	assert_int_equal(
		zmq_getsockopt(front_socket(f->front), ZMQ_HEARTBEAT_IVL, &interval, &size), 0);
	assert_int_equal(interval, 0);
	while (front_take(f->front, &route, &request) != FRONT_NOTHING)
		;
	send_ping(f->client, 1, false);
	assert_int_equal(take(f, &route, &request), FRONT_REQUEST);
}

/* Until it reads, what it asks for is refused before any work is done. */
static void a_client_with_much_unread_is_refused(void **state)
{
	static char body[LIMIT_MESSAGE_BYTES];
	struct fixture *f = *state;
	struct msg_request request;
	struct frame_header h;
	struct route route;
	char head[FRAME_HEADER_BYTES];
	zmq_msg_t m;
	int n = 0, one = 1, wait = 5000;

	zmq_close(f->client);
	f->client = zmq_socket(f->context, ZMQ_DEALER);
	zmq_setsockopt(f->client, ZMQ_RCVHWM, &one, sizeof(one));
	zmq_setsockopt(f->client, ZMQ_RCVTIMEO, &wait, sizeof(wait));
	zmq_setsockopt(f->client, ZMQ_LINGER, &(int){0}, sizeof(int));
	assert_int_equal(zmq_connect(f->client, front_endpoint(f->front)), 0);
	for (send_ping(f->client, 1, false); take(f, &route, &request) == FRONT_REQUEST; n++) {
		front_reply(f->front, &route, body, sizeof(body));
		send_ping(f->client, 1, false);
		assert_true(n < 100);
	}
	assert_true(n >= 8);
	zmq_msg_init(&m);
	for (; n > 0; n--) {
		assert_int_equal(zmq_recv(f->client, head, sizeof(head), 0), sizeof(head));
		assert_int_equal(zmq_msg_recv(&m, f->client, 0), sizeof(body));
	}
	zmq_msg_close(&m);
	assert_int_equal(receive_error(f, f->client, &h).code, kr_status_wire(KR_OVERLOADED));
	send_ping(f->client, 1, false);
	assert_int_equal(take(f, &route, &request), FRONT_REQUEST);
}

/* Of a client that has left, reads that it sent before are not served once that is
 * known; changes are. */
static void reads_of_who_left_are_not_served(void **state)
{
	enum { PINGS = 200 };
	struct fixture *f = *state;
	void *hasty = connect_client(f);
	struct msg_request request;
	struct route route;
	int linger = 2000, n_served = 0;

	zmq_setsockopt(hasty, ZMQ_LINGER, &linger, sizeof(linger));
	for (int i = 0; i < PINGS; i++)
		send_ping(hasty, 1, false);
	zmq_close(hasty);
	for (int i = 0; i < PINGS; i++) {
		usleep(1000); /* for libzmq to see its end */
		if (take(f, &route, &request) != FRONT_REQUEST)
			continue;
		front_reply(f->front, &route, "body", 4);
		n_served++;
	}
	assert_in_range(n_served, 1, PINGS / 2);
}

static void a_reply_to_nobody_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct route route = {.identity_len = 5, .identity = "nobdy"};
	struct msg_request request;

	front_reply(f->front, &route, "x", 1);
	send_ping(f->client, 1, false);
	assert_int_equal(take(f, &route, &request), FRONT_REQUEST);
}

static void a_taken_port_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct front *second = NULL;

	assert_int_equal(front_open(&second, front_endpoint(f->front), NULL, &f->err), KR_ELOCKED);
	assert_non_null(strstr(f->err.text, "taken"));
	assert_non_null(strstr(f->err.text, front_endpoint(f->front)));
}

static void an_ipc_socket_is_the_users_only(void **state)
{
	struct fixture *f = *state;
	char path[100], address[110];
	struct front *a, *b;
	struct stat st;

	snprintf(path, sizeof(path), "/tmp/kriged-test-%ld.sock", (long)getpid());
	snprintf(address, sizeof(address), "ipc://%s", path);
	assert_int_equal(front_open(&a, address, NULL, &f->err), KR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(front_open(&b, address, NULL, &f->err), KR_ELOCKED);
	assert_int_equal(stat(path, &st), 0); /* still there */
	front_close(a);
	assert_int_equal(front_open(&b, address, NULL, &f->err), KR_OK);
	front_close(b);
	unlink(path);
	snprintf(address, sizeof(address), "%s.lock", path);
	unlink(address);
}

static void the_nth_allocation_fails(void **state)
{
	struct fixture *f = *state;
	struct front *second;
	long n = 0;

	do {
		enum kr_status s;

		kr_alloc_fail_at(++n, 0);
		s = front_open(&second, "tcp://127.0.0.1:0", NULL, &f->err);
		if (s == KR_OK)
			front_close(second);
		assert_true(s == KR_OK || s == KR_ENOMEM);
	} while (n <= kr_alloc_count());
	/* and while a message is taken */
	for (n = 1; n < 10; n++) {
		struct msg_request request;
		struct route route;

		send_ping(f->client, 1, false);
		kr_alloc_fail_at(n, 0);
		take(f, &route, &request);
	}
	kr_alloc_fail_at(0, 0);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(both_envelopes_are_echoed),
		EACH(what_has_an_id_is_answered),
		EACH(missing_and_extra_frames_are_answered),
		EACH(garbage_is_survived),
		EACH(a_giant_frame_ends_its_connection_only),
		EACH(a_thousand_replies_arrive),
		EACH(a_client_that_never_reads_blocks_nobody),
		EACH(a_peer_of_zmtp_1_is_sent_away),
		EACH(reads_of_who_left_are_not_served),
		EACH(a_client_with_much_unread_is_refused),
		EACH(a_client_that_leaves_a_full_queue_is_no_end),
		EACH(a_reply_to_nobody_is_dropped),
		EACH(a_taken_port_is_an_error),
		EACH(an_ipc_socket_is_the_users_only),
		EACH(the_nth_allocation_fails),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
