/* `kriged --local`: this user's daemon, started in the background unless it is there.
 *
 * Every client that was told no endpoint runs it when nobody answers, and reads one line
 * from its stdout: `kriged: ready ENDPOINT`. Folders, the lock that makes thirty of them
 * start one daemon, and the wait until it answers are here once for all languages.
 *
 *   lock SOCKET.start -> does it answer? -> no: start it, with its own session, no
 *   descriptors of ours, /dev/null for input and kriged.log in the data folder for words
 *   -> wait until it answers a Hello -> its line
 *
 * What is started is this same program with the settings of c. */
#ifndef KR_DAEMON_LOCAL_H
#define KR_DAEMON_LOCAL_H

#include "base/status.h"

struct config;

/* Seconds of --idle-exit when nobody gives it: a daemon that nobody asked for by name does
 * not stay for ever. */
enum { LOCAL_IDLE_EXIT_S = 600 };

/* Returns when the daemon of c->endpoint answers.
 * Errors: KR_INVALID_ARGUMENT (tcp, :memory:, keys), those of config_make_folders; KR_EIO
 * (nothing can be locked or started there); KR_UNAVAILABLE: it ended at its start, its last
 * words are in the text, or it does not answer in time. */
enum kr_status local_run(const struct config *c, struct kr_error *err);

#endif
