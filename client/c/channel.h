/* One connection to the daemon: a DEALER socket and its monitor, so that a
 * refused connection is known at once and not after a timeout. Sends and
 * receives whole messages; knows no retries. One thread at a time. */
#ifndef KR_CLIENT_C_CHANNEL_H
#define KR_CLIENT_C_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <zmq.h>

#include "client/c/curve.h"
#include "client/c/krige.h"
#include "proto/encode.h"
#include "proto/frame.h"

/* Why a connection was refused, as far as it is known. */
enum channel_fault {
	CHANNEL_ABSENT,   /* nobody listens there */
	CHANNEL_CUT,      /* closed during the handshake, without a word */
	CHANNEL_MISMATCH, /* one side has keys and the other has none */
	CHANNEL_DENIED    /* our key is not known there */
};

struct channel {
	void *socket, *monitor;
	enum channel_fault fault; /* once refused */
	bool linked;              /* somebody listens there */
	bool connected;           /* and speaks our protocol */
};

enum channel_event {
	CHANNEL_REPLY,   /* a whole message is there */
	CHANNEL_QUIET,   /* nothing within the time */
	CHANNEL_REFUSED, /* nobody listens there, or it does not speak our protocol */
	CHANNEL_LOST     /* the connection was up and broke */
};

/* Start connecting. ctx: ZeroMQ context; serial: distinct for each channel of ctx.
 * Errors: INVALID_ARGUMENT (endpoint), NO_MEMORY (also: too many sockets). */
enum krige_status channel_open(struct channel *ch, void *ctx, unsigned serial, const char *endpoint,
	const struct curve *curve, struct krige_error *err);

/* Nothing unsent is kept. A closed or zeroed channel may be closed again. */
void channel_close(struct channel *ch);

/* Queue one message. Errors: INTERNAL (the socket refuses). */
enum krige_status channel_send(struct channel *ch, const struct frame_header *h,
	const struct bytes *body, struct krige_error *err);

/* Wait at most wait_ms. On CHANNEL_REPLY h is filled and *body holds the body: the
 * caller closes it. Malformed messages are dropped. */
enum channel_event channel_wait(
	struct channel *ch, int wait_ms, struct frame_header *h, zmq_msg_t *body);

/* Whether an idle channel is still up. */
bool channel_usable(struct channel *ch);

#endif
