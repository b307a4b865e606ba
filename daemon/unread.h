/* What clients have not read yet, in bytes.
 *
 * libzmq bounds what it keeps for a client by the number of messages only; a client
 * that asks for long lists and never reads would cost hundreds of MiB. Here each
 * larger reply is counted until libzmq has sent it or thrown it away; a client that
 * has too much unread gets no more of them before it reads, and what it asks for is
 * refused before any work is done: also of one that has gone, whose requests are
 * still in the queue.
 *
 *   unread_new .. unread_full, unread_message .. (zmq_ctx_term) unread_free
 *
 * One thread makes messages; libzmq's own ends them. */
#ifndef KR_DAEMON_UNREAD_H
#define KR_DAEMON_UNREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#include "base/status.h"

struct unread;

enum {
	UNREAD_MOST_BYTES = 8 << 20, /* of one client; it may be passed by one reply */
	UNREAD_COUNTED = 512         /* replies up to here are not counted */
};

/* Errors: KR_ENOMEM. */
enum kr_status unread_new(struct unread **out, struct kr_error *err);

/* After the last message has ended. */
void unread_free(struct unread *u);

/* The client has to read before it is given more. */
bool unread_full(struct unread *u, const uint8_t *identity, size_t identity_len);

/* out becomes a message for the client of this identity, with a copy of body. The
 * caller sends or closes it.
 * Errors: KR_OVERLOADED (too much is unread), KR_ENOMEM; out is then as it was. */
enum kr_status unread_message(struct unread *u, zmq_msg_t *out, const uint8_t *identity,
	size_t identity_len, const void *body, size_t len, struct kr_error *err);

#endif
