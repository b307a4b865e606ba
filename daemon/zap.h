/* ZAP (rfc.zeromq.org/spec/27): libzmq asks whether a client may connect, by a message
 * inside the process; it waits for the answer, the client's handshake with it.
 *
 *   zap_open .. (poll zap_socket) zap_answer* .. zap_close
 *
 * Whoever is not in the allow-list is denied; so is every request that is not well-formed,
 * which only a fault of this process could make. It never blocks. One thread owns it. */
#ifndef KR_DAEMON_ZAP_H
#define KR_DAEMON_ZAP_H

#include "base/status.h"

struct access;
struct zap;

/* Before the socket that is protected is bound. access is borrowed.
 * Errors: KR_EIO, KR_ENOMEM. */
enum kr_status zap_open(
	struct zap **out, void *context, const struct access *access, struct kr_error *err);

/* Before the end of the context. */
void zap_close(struct zap *z);

/* For zmq_poll. */
void *zap_socket(struct zap *z);

/* All requests that wait, up to a bound. The user id of a connection is its key. */
void zap_answer(struct zap *z);

#endif
