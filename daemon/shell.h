/* The shell: connects the engine to sockets, disk, compute threads, clock and
 * signals. It holds no state of a study; see daemon/README.md for the threads. */
#ifndef KR_DAEMON_SHELL_H
#define KR_DAEMON_SHELL_H

#include "base/status.h"

struct config;

/* Serve until SIGTERM, SIGINT (drain; a second one ends at once) or the idle exit; SIGHUP
 * reads the allow-list again, and drains where there is none. Writes `kriged: ready ENDPOINT` to
 * stderr once it answers.
 * Errors: what kept it from starting: KR_ELOCKED, KR_EIO, KR_ECORRUPT, KR_VERSION,
 * KR_ENOMEM, KR_INTERNAL. */
enum kr_status shell_run(const struct config *c, struct kr_error *err);

#endif
