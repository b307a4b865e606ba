/* The store: an append-only table of events, durable before it answers.
 *
 * open .. append* / load* .. close. One owner thread. The contract is free of
 * SQLite's ways: append is atomic and durable, (study, seq) is a key, load gives
 * rows back in order. A backend is one file and one line in store_list.def;
 * tests/contracts/store_contract_test.c runs over the list. */
#ifndef KR_DAEMON_STORE_STORE_H
#define KR_DAEMON_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "daemon/engine/row.h"

struct copy;

struct store_info {
	uint64_t db_bytes, wal_bytes;
	const char *engine_version; /* "SQLite 3.40.1" */
};

struct store {
	const struct store_backend *backend;
};

struct store_backend {
	const char *name;
	bool durable; /* what was appended is there after close and open */

	/* path: a file (sqlite) or NULL (memory).
	 * Errors: KR_ELOCKED (another process has it), KR_ECORRUPT (damaged or not ours),
	 * KR_VERSION (written by a newer kriged), KR_EIO (unreadable, read-only folder, network file
	 * system), KR_EFULL, KR_ENOMEM, KR_INTERNAL (a sync failed). Each text is one clear line
	 * with the remedy. */
	enum kr_status (*open)(struct store **out, const char *path, struct kr_error *err);

	/* Nothing acknowledged hangs on it. Errors, told in the log: KR_INTERNAL (a sync failed:
	 * the disk is not to be trusted), KR_EIO, KR_EFULL. */
	enum kr_status (*close)(struct store *s);

	/* All rows or none, durable on KR_OK.
	 * Errors: KR_EFULL, KR_EIO, KR_ENOMEM (not applied; may be tried again),
	 * KR_CONFLICT (a (study, seq) exists), KR_INTERNAL (durability is unknown: a sync failed;
	 * the process must stop and start anew), KR_ECORRUPT (as bad). */
	enum kr_status (*append)(
		struct store *s, const struct row *rows, size_t n, struct kr_error *err);

	/* Call row for each row of study (0: every study, by id) whose seq is above `after`, by
	 * seq. The row is valid during the call, which must not use the store; a non-OK answer
	 * stops and is returned. A long read is done in pieces, so that commits get between.
	 * Errors: KR_EIO, KR_ENOMEM, KR_ECORRUPT (a row is missing, or not as it was written). */
	enum kr_status (*load)(struct store *s, uint64_t study, uint64_t after,
		enum kr_status (*row)(void *ctx, const struct row *r, struct kr_error *err), void *ctx,
		struct kr_error *err);

	/* Housekeeping between groups (checkpoints).
	 * Errors: as append; only KR_INTERNAL and KR_ECORRUPT need an answer. */
	enum kr_status (*maintain)(struct store *s, struct kr_error *err);
	void (*info)(struct store *s, struct store_info *out);

	/* A copy of all that is committed into a new file, in steps between other work
	 * (store/copy.h says how; copy_step, copy_bytes and copy_close go on). NULL: this store
	 * keeps nothing that could be copied. Errors: as copy_open. */
	enum kr_status (*copy)(
		struct store *s, const char *path, struct copy **out, struct kr_error *err);

	/* Verify all that is stored below the rows; reads everything.
	 * Errors: KR_ECORRUPT (the first fault), KR_EIO, KR_ENOMEM. */
	enum kr_status (*check)(struct store *s, struct kr_error *err);
};

/* By name ("sqlite", "memory"); NULL when there is none. */
const struct store_backend *store_find(const char *name);

/* The i-th of the list, NULL past its end. */
const struct store_backend *store_at(int i);

#endif
