/* The tables of the file, and how an older file becomes a newer one. */
#ifndef KR_DAEMON_STORE_SCHEMA_H
#define KR_DAEMON_STORE_SCHEMA_H

#include "base/status.h"

struct sqlite3;

enum {
	SCHEMA_APPLICATION_ID = 0x4b524745, /* "KRGE" */
	SCHEMA_VERSION = 1                  /* PRAGMA user_version */
};

/* schema_steps[v] makes version v + 1 of version v; version 0 is an empty file. */
extern const char *const schema_steps[SCHEMA_VERSION];

/* Whether the file is ours and not newer than n_steps; modifies nothing.
 * Errors: KR_ECORRUPT (not a database, or of another program), KR_VERSION, those of SQLite. */
enum kr_status schema_recognize(struct sqlite3 *db, int n_steps, struct kr_error *err);

/* Bring the file to version n_steps in one transaction. Before a file with data
 * is changed, it is copied to PATH.bak-vN, N its version.
 * Errors: those of SQLite; the file is then as it was. Cost: linear in the file. */
enum kr_status schema_upgrade(struct sqlite3 *db, const char *path, const char *const *steps,
	int n_steps, struct kr_error *err);

#endif
