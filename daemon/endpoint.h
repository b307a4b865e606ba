/* The address to listen at, checked before ZeroMQ sees it: what it would do in
 * silence (steal an ipc path, open a port to everybody) is an error here. */
#ifndef KR_DAEMON_ENDPOINT_H
#define KR_DAEMON_ENDPOINT_H

#include <stdbool.h>

#include "base/status.h"

struct endpoint {
	const char *address; /* borrowed: "ipc://PATH" or "tcp://HOST:PORT" */
	int lock;            /* ipc: flock on PATH.lock; -1: none */
};

/* ipc with a path that fits a socket, or tcp on a loopback address; on others only
 * when open_ok is set: there are keys, or the user insists. Touches nothing.
 * Errors: KR_INVALID_ARGUMENT. */
enum kr_status endpoint_check(const char *address, bool open_ok, struct kr_error *err);

/* Make sure that nobody listens there, and that nobody else will: libzmq unlinks an
 * ipc path before it binds. tcp needs nothing.
 * Errors: KR_ELOCKED (taken), KR_EIO (no folder, not writable, a file that is no socket). */
enum kr_status endpoint_claim(struct endpoint *e, const char *address, struct kr_error *err);
void endpoint_release(struct endpoint *e);

/* Whether somebody listens at an ipc address, as far as connecting tells. */
bool endpoint_answers(const char *address);

/* Whether a daemon has claimed an ipc address, listening or not: one that comes or leaves. */
bool endpoint_claimed(const char *address);

#endif
