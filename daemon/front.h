/* The front: bytes in, bytes out. It owns the ROUTER socket, checks envelopes,
 * frames and messages, and answers by itself what is malformed.
 *
 *   front_open .. (poll front_socket) front_take*, front_reply* .. front_close
 *
 * It never waits: a reply to a client that is gone, or that does not read, is
 * dropped; the client will ask again. One thread owns it. */
#ifndef KR_DAEMON_FRONT_H
#define KR_DAEMON_FRONT_H

#include <stdint.h>

#include "base/status.h"
#include "daemon/engine/engine.h"
#include "proto/msg.h"

struct access;
struct front;

enum front_taken {
	FRONT_NOTHING, /* no message is there */
	FRONT_REQUEST, /* route and request are filled */
	FRONT_REFUSED  /* one message was malformed: answered or dropped */
};

/* Bind to address (endpoint_check has passed). access, borrowed: whose clients alone may
 * connect, by CURVE, each within its role; NULL: everybody, and nothing is encrypted.
 * Errors: KR_ELOCKED (taken), KR_EIO, KR_ENOMEM. */
enum kr_status front_open(
	struct front **out, const char *address, const struct access *access, struct kr_error *err);

/* The address in use: with its real port when port 0 was asked for. */
const char *front_endpoint(const struct front *f);

/* For zmq_poll. */
void *front_socket(struct front *f);

/* Where libzmq asks who may connect, for zmq_poll; NULL without keys. It waits for
 * front_admit, and so does the client that connects. */
void *front_door(struct front *f);
void front_admit(struct front *f);

/* The next message. request lives until the next call. */
enum front_taken front_take(struct front *f, struct route *route, struct msg_request *request);

/* header: as in route, with the flags of the reply. */
void front_reply(struct front *f, const struct route *to, const void *body, size_t len);

/* The same of a reply, or of an error, that is encoded here. to->header.flags are set. The
 * request of front_take does not outlive it. */
void front_answer(struct front *f, struct route *to, const struct msg_reply *reply);
void front_refuse(struct front *f, struct route *to, const struct kr_error *why);

/* Sends what is queued, for a second at most. Not before: libzmq ends the connections
 * of an address together with the address. */
void front_close(struct front *f);

#endif
