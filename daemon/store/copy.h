/* A copy of the database while it is in use (backup): by SQLite's own way on the one
 * connection, in small steps, so that commits get between.
 *
 *   copy_open .. copy_step until it is done .. copy_close
 *
 * What is committed between the steps is in the copy. It grows as PATH.part and gets its
 * name when it is whole and durable: a PATH that is there is a good one. Steps are bounded
 * in what they read, write and sync. */
#ifndef KR_DAEMON_STORE_COPY_H
#define KR_DAEMON_STORE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct copy;
struct sqlite3;

/* live: the file behind db. A PATH.part that a kill left is replaced.
 * Errors: KR_INVALID_ARGUMENT naming path (not absolute, a name of the live database, a folder
 * that is not there or not ours to write), KR_ALREADY_EXISTS, KR_EFULL, KR_EIO, KR_ENOMEM. */
enum kr_status copy_open(struct copy **out, struct sqlite3 *db, const char *live, const char *path,
	struct kr_error *err);

/* Errors: KR_EFULL, KR_EIO, KR_ALREADY_EXISTS (somebody made PATH meanwhile), KR_ENOMEM,
 * KR_ECORRUPT (the database cannot be read). Then only copy_close is left to do. */
enum kr_status copy_step(struct copy *c, bool *done, struct kr_error *err);

/* Of the copy, once it is done. */
uint64_t copy_bytes(const struct copy *c);

/* Before the database is closed. Removes PATH.part when it was not done. */
void copy_close(struct copy *c);

#endif
