#include "daemon/store/fault.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

/* After these the change is not in the file and the connection is good. */
static enum kr_status harmless(int rc)
{
	switch (rc) {
	case SQLITE_FULL: return KR_EFULL;
	case SQLITE_NOMEM:
	case SQLITE_IOERR_NOMEM: return KR_ENOMEM;
	case SQLITE_IOERR_WRITE:
	case SQLITE_IOERR_READ:
	case SQLITE_IOERR_SHORT_READ: return KR_EIO;
	default: return KR_OK;
	}
}

static enum kr_status classify(int rc)
{
	enum kr_status s = harmless(rc);

	if (s != KR_OK)
		return s;
	if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC || rc == SQLITE_IOERR_CLOSE)
		return KR_INTERNAL;
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return KR_ELOCKED;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return KR_ECORRUPT;
	case SQLITE_CONSTRAINT: return KR_CONFLICT;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM: return KR_EIO;
	default: return KR_INTERNAL;
	}
}

static enum kr_status report(
	struct sqlite3 *db, int rc, enum kr_status s, const char *doing, struct kr_error *err)
{
	bool sync = rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC;
	const char *text = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);

	switch (s) {
	case KR_ELOCKED: return kr_fail(err, s, "%s: another program has the file open", doing);
	case KR_ECORRUPT:
		return kr_fail(err, s,
			"%s: the file is damaged (%s); kriged --check names the "
			"fault, and a backup is the remedy",
			doing, text);
	default:
		return kr_fail(err, s, "%s: %s%s (SQLite code %d, errno %d)", doing,
			sync ? "sync failed: " : "", text, rc, db ? sqlite3_system_errno(db) : 0);
	}
}

enum kr_status fault_from(struct sqlite3 *db, int rc, const char *doing, struct kr_error *err)
{
	return report(db, rc, classify(rc), doing, err);
}

enum kr_status fault_from_commit(struct sqlite3 *db, int rc, struct kr_error *err)
{
	enum kr_status s = harmless(rc);

	return report(db, rc, s == KR_OK ? KR_INTERNAL : s, "commit", err);
}

enum kr_status fault_exec(struct sqlite3 *db, const char *sql, struct kr_error *err)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		return KR_OK;
	if (strcmp(sql, "COMMIT") == 0)
		return fault_from_commit(db, rc, err);
	return fault_from(db, rc, sql, err);
}
