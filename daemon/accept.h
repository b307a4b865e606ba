/* Connections when no descriptor is left.
 *
 * libzmq 4.3.4 aborts the process when accept() on an ipc socket fails with EMFILE, and
 * asks again without end on a tcp socket. accept.c stands between it and the kernel: it
 * keeps one descriptor in reserve, takes a connection with it that can't be kept, and
 * closes that at once. Its client tries again later; those that are connected notice
 * nothing. */
#ifndef KR_DAEMON_ACCEPT_H
#define KR_DAEMON_ACCEPT_H

#include "base/status.h"

/* Take the reserve, which the process keeps; before the first socket listens.
 * Errors: KR_EIO (no descriptor left). */
enum kr_status accept_reserve(struct kr_error *err);

#endif
