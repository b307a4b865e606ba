/* The settings of a connection, each read back: a pragma can fail in silence. */
#ifndef KR_DAEMON_STORE_PRAGMAS_H
#define KR_DAEMON_STORE_PRAGMAS_H

#include "base/status.h"

struct sqlite3;

/* Before the first read: one process, nothing of the file is trusted.
 * Errors: KR_INTERNAL (a setting did not take), and those of SQLite. */
enum kr_status pragmas_guard(struct sqlite3 *db, struct kr_error *err);

/* Once the file is known to be ours: WAL, synchronous=FULL, no checkpoints but
 * the store's own. Errors: as above. */
enum kr_status pragmas_durable(struct sqlite3 *db, struct kr_error *err);

/* A pragma that is one integer. Errors: those of SQLite. */
enum kr_status pragmas_number(
	struct sqlite3 *db, const char *name, long long *out, struct kr_error *err);

#endif
