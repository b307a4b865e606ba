#include "client/c/channel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/c/clock.h"
#include "client/c/error.h"
#include "proto/limits.h"

enum {
	EVENTS_FAILED = ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_DISCONNECTED |
		ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
		ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
	EVENTS = EVENTS_FAILED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED,
	HANDSHAKE_MS = 5000,
	ENDPOINT_BYTES = 64
};

static enum krige_status socket_error(struct krige_error *err)
{
	return error_set(err, KRIGE_NO_MEMORY, "cannot open a socket: %s", zmq_strerror(errno));
}

static int set_options(void *socket)
{
	int linger = 0, handshake = HANDSHAKE_MS;
	int64_t max_bytes = LIMIT_MESSAGE_BYTES;

	return zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger)) ||
		zmq_setsockopt(socket, ZMQ_HANDSHAKE_IVL, &handshake, sizeof(handshake)) ||
		zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof(max_bytes));
}

enum krige_status channel_open(struct channel *ch, void *ctx, unsigned serial, const char *endpoint,
	const struct curve *curve, struct krige_error *err)
{
	char name[ENDPOINT_BYTES];
	enum krige_status s;

	*ch = (struct channel){.socket = zmq_socket(ctx, ZMQ_DEALER)};
	snprintf(name, sizeof(name), "inproc://krige-monitor-%u", serial);
	if (!ch->socket || set_options(ch->socket) != 0 || curve_apply(curve, ch->socket) != 0 ||
		zmq_socket_monitor(ch->socket, name, EVENTS) != 0) {
		s = socket_error(err);
		goto fail_channel;
	}
	ch->monitor = zmq_socket(ctx, ZMQ_PAIR);
	if (!ch->monitor || zmq_connect(ch->monitor, name) != 0) {
		s = socket_error(err);
		goto fail_channel;
	}
	if (zmq_connect(ch->socket, endpoint) != 0) {
		s = error_set(err, KRIGE_INVALID_ARGUMENT,
			"endpoint '%s': %s; write ipc:///path or tcp://host:port", endpoint,
			zmq_strerror(errno));
		goto fail_channel;
	}
	return KRIGE_OK;

fail_channel:
	channel_close(ch);
	return s;
}

/* The monitor is switched off before its reader goes: libzmq's thread would wait for a
 * reader of the next event for ever, and with it every connection of the context. */
void channel_close(struct channel *ch)
{
	if (ch->socket) {
		zmq_socket_monitor(ch->socket, NULL, 0);
		zmq_close(ch->socket);
	}
	if (ch->monitor)
		zmq_close(ch->monitor);
	*ch = (struct channel){0};
}

enum krige_status channel_send(struct channel *ch, const struct frame_header *h,
	const struct bytes *body, struct krige_error *err)
{
	uint8_t header[FRAME_HEADER_BYTES];

	frame_pack(h, header);
	if (zmq_send(ch->socket, header, sizeof(header), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
		zmq_send(ch->socket, body->p, body->len, ZMQ_DONTWAIT) < 0)
		return error_set(err, KRIGE_INTERNAL, "cannot send: %s", zmq_strerror(errno));
	return KRIGE_OK;
}

/* Take the next event of the monitor, 0 when there is none; *value says more about it. */
static unsigned take_event(struct channel *ch, uint32_t *value)
{
	zmq_msg_t msg;
	uint16_t event = 0;
	int more = 1;

	*value = 0;
	for (int part = 0; more; part++) {
		zmq_msg_init(&msg);
		if (zmq_msg_recv(&msg, ch->monitor, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&msg);
			break;
		}
		if (part == 0 && zmq_msg_size(&msg) >= sizeof(event) + sizeof(*value)) {
			memcpy(&event, zmq_msg_data(&msg), sizeof(event));
			memcpy(value, (const char *)zmq_msg_data(&msg) + sizeof(event), sizeof(*value));
		}
		more = zmq_msg_more(&msg);
		zmq_msg_close(&msg);
	}
	return event;
}

static enum channel_fault fault_of(unsigned event, uint32_t value)
{
	if (event & ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
		return CHANNEL_DENIED;
	if (event & ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
		return value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH ? CHANNEL_MISMATCH : CHANNEL_CUT;
	return event & ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ? CHANNEL_CUT : CHANNEL_ABSENT;
}

/* All events so far. Returns whether one of them was a failure; *was_up: whether
 * the connection had been up before it. */
static bool failed(struct channel *ch, bool *was_up)
{
	unsigned event;
	uint32_t value;

	*was_up = ch->connected;
	while ((event = take_event(ch, &value)) != 0) {
		if (event & ZMQ_EVENT_CONNECTED)
			ch->linked = true;
		if (event & ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
			*was_up = ch->connected = true;
		if (event & EVENTS_FAILED) {
			ch->linked = ch->connected = false;
			ch->fault = fault_of(event, value);
			return true;
		}
	}
	return false;
}

static void drop_rest(void *socket, zmq_msg_t *msg)
{
	while (zmq_msg_more(msg)) {
		zmq_msg_close(msg);
		zmq_msg_init(msg);
		if (zmq_msg_recv(msg, socket, ZMQ_DONTWAIT) < 0)
			break;
	}
}

/* One message, if a whole and well-formed one is there; of whatever protocol
 * version. The first frame may be the empty delimiter. */
static bool receive(struct channel *ch, struct frame_header *h, zmq_msg_t *body)
{
	enum kr_status status;
	bool ok = false;

	zmq_msg_init(body);
	if (zmq_msg_recv(body, ch->socket, ZMQ_DONTWAIT) < 0)
		goto done;
	if (zmq_msg_size(body) == 0 && zmq_msg_more(body) &&
		zmq_msg_recv(body, ch->socket, ZMQ_DONTWAIT) < 0)
		goto done;
	status = frame_unpack(h, zmq_msg_data(body), zmq_msg_size(body), NULL);
	ok = (status == KR_OK || status == KR_VERSION) && (h->flags & FRAME_REPLY) &&
		zmq_msg_more(body) && zmq_msg_recv(body, ch->socket, ZMQ_DONTWAIT) >= 0 &&
		!zmq_msg_more(body);
	if (!ok)
		drop_rest(ch->socket, body);
done:
	if (!ok)
		zmq_msg_close(body);
	return ok;
}

enum channel_event channel_wait(
	struct channel *ch, int wait_ms, struct frame_header *h, zmq_msg_t *body)
{
	zmq_pollitem_t items[2] = {
		{.socket = ch->socket, .events = ZMQ_POLLIN},
		{.socket = ch->monitor, .events = ZMQ_POLLIN},
	};
	int64_t end = clock_ms() + wait_ms;
	bool was_up;

	for (;;) {
		int64_t left = end - clock_ms();

		/* EINTR is as good as time over: the caller comes back. */
		if (zmq_poll(items, 2, left > 0 ? (long)left : 0) < 0)
			return CHANNEL_QUIET;
		if ((items[0].revents & ZMQ_POLLIN) && receive(ch, h, body)) {
			ch->connected = true;
			return CHANNEL_REPLY;
		}
		if ((items[1].revents & ZMQ_POLLIN) && failed(ch, &was_up))
			return was_up ? CHANNEL_LOST : CHANNEL_REFUSED;
		if (left <= 0)
			return CHANNEL_QUIET;
	}
}

bool channel_usable(struct channel *ch)
{
	bool was_up;

	return !failed(ch, &was_up) && ch->connected;
}
