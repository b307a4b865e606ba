/* SQLite's result codes as statuses with a sentence. */
#ifndef KR_DAEMON_STORE_FAULT_H
#define KR_DAEMON_STORE_FAULT_H

#include "base/status.h"

struct sqlite3;

/* doing: "reading the schema". rc: an extended result code of db.
 * A failed sync is KR_INTERNAL: what is on the disk is not known. */
enum kr_status fault_from(struct sqlite3 *db, int rc, const char *doing, struct kr_error *err);

/* Of a COMMIT, where also a code that does not say whether the sync was done
 * is KR_INTERNAL. */
enum kr_status fault_from_commit(struct sqlite3 *db, int rc, struct kr_error *err);

/* sqlite3_exec with the fault as status. */
enum kr_status fault_exec(struct sqlite3 *db, const char *sql, struct kr_error *err);

#endif
