#include "daemon/store/schema.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/store/fault.h"
#include "daemon/store/place.h"
#include "daemon/store/pragmas.h"

const char *const schema_steps[SCHEMA_VERSION] = {
	"CREATE TABLE event("
	" study INTEGER NOT NULL,"
	" seq INTEGER NOT NULL,"
	" time_ms INTEGER NOT NULL,"
	" kind INTEGER NOT NULL,"
	" actor TEXT NOT NULL,"
	" request BLOB," /* NULL, or 16 bytes */
	" method INTEGER NOT NULL,"
	" body BLOB NOT NULL,"
	" sum INTEGER NOT NULL," /* sum_row */
	" PRIMARY KEY(study, seq)"
	") STRICT, WITHOUT ROWID;",
};

/* Whether there is no table at all. */
static enum kr_status find_empty(struct sqlite3 *db, bool *empty, struct kr_error *err)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(db, "SELECT 1 FROM sqlite_schema LIMIT 1", -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	*empty = rc == SQLITE_DONE;
	sqlite3_finalize(q);
	if (rc == SQLITE_NOTADB)
		return kr_fail(err, KR_ECORRUPT,
			"this is not a database; give the file of a "
			"kriged, or a new name");
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return fault_from(db, rc, "reading the schema", err);
	return KR_OK;
}

enum kr_status schema_recognize(struct sqlite3 *db, int n_steps, struct kr_error *err)
{
	long long application = 0, version = 0;
	bool empty = false;
	enum kr_status s = find_empty(db, &empty, err);

	if (s == KR_OK)
		s = pragmas_number(db, "application_id", &application, err);
	if (s == KR_OK)
		s = pragmas_number(db, "user_version", &version, err);
	if (s != KR_OK)
		return s;
	if (empty && application == 0 && version == 0)
		return KR_OK;
	if (application != SCHEMA_APPLICATION_ID)
		return kr_fail(err, KR_ECORRUPT,
			"this is a database of another program; give the "
			"file of a kriged, or a new name");
	if (version > n_steps)
		return kr_fail(err, KR_VERSION,
			"written by a newer kriged: schema %lld, this one "
			"knows up to %d; install the newer kriged",
			version, n_steps);
	if (empty || version < 1)
		return kr_fail(err, KR_ECORRUPT, "the tables are missing; restore a backup");
	return KR_OK;
}

/* All pages of db into the file `to`, durable. */
static enum kr_status copy_to(struct sqlite3 *db, const char *to, struct kr_error *err)
{
	struct sqlite3 *dest = NULL;
	sqlite3_backup *b;
	enum kr_status s = KR_OK;
	int rc;

	if (unlink(to) == 0)
		log_at(LOG_LEVEL_INFO, "older copy replaced", "file=\"%s\"", to);
	rc = sqlite3_open_v2(to, &dest, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (rc == SQLITE_OK) {
		b = sqlite3_backup_init(dest, "main", db, "main");
		if (b)
			sqlite3_backup_step(b, -1);
		rc = b ? sqlite3_backup_finish(b) : sqlite3_extended_errcode(dest);
	}
	if (rc != SQLITE_OK) {
		s = fault_from(dest, rc, "copying before the upgrade", err);
		kr_prefix(err, "'%s'", to);
	}
	sqlite3_close(dest);
	return s == KR_OK ? place_sync_folder(to, err) : s;
}

static enum kr_status run_steps(
	struct sqlite3 *db, const char *const *steps, int from, int to, struct kr_error *err)
{
	char sql[120];
	enum kr_status s = fault_exec(db, "BEGIN IMMEDIATE", err);

	if (s != KR_OK)
		return s;
	for (int v = from; s == KR_OK && v < to; v++)
		s = fault_exec(db, steps[v], err);
	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d",
		SCHEMA_APPLICATION_ID, to);
	if (s == KR_OK)
		s = fault_exec(db, sql, err);
	if (s == KR_OK)
		s = fault_exec(db, "COMMIT", err);
	if (s != KR_OK && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return s;
}

enum kr_status schema_upgrade(struct sqlite3 *db, const char *path, const char *const *steps,
	int n_steps, struct kr_error *err)
{
	long long version = 0;
	enum kr_status s = pragmas_number(db, "user_version", &version, err);
	char *copy;

	if (s != KR_OK || version == n_steps)
		return s;
	if (version > 0) {
		copy = sqlite3_mprintf("%s.bak-v%lld", path, version);
		if (!copy)
			return kr_fail(err, KR_ENOMEM, "no memory for the upgrade");
		s = copy_to(db, copy, err);
		if (s == KR_OK)
			log_at(LOG_LEVEL_INFO, "database copied before its upgrade",
				"copy=\"%s\" from=%lld to=%d", copy, version, n_steps);
		sqlite3_free(copy);
	}
	return s == KR_OK ? run_steps(db, steps, (int)version, n_steps, err) : s;
}
