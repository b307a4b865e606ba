#include "daemon/store/pragmas.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/fault.h"

struct pragma {
	const char *name;
	const char *set;  /* value to give */
	const char *want; /* what reading it back must say */
};

static const struct pragma guard[] = {
	{"locking_mode", "EXCLUSIVE", "exclusive"}, /* before WAL: no shared memory file */
	{"trusted_schema", "OFF", "0"},
	{"cell_size_check", "ON", "1"},
	{"temp_store", "MEMORY", "2"},
};

static const struct pragma durable[] = {
	{"journal_mode", "WAL", "wal"},
	{"synchronous", "FULL", "2"},
	{"wal_autocheckpoint", "0", "0"},
	{"journal_size_limit", "16777216", "16777216"},
	{"locking_mode", "EXCLUSIVE", "exclusive"},
};

/* The pragma's value as text; "" when it gives none. */
static int read_back(struct sqlite3 *db, const char *name, char *out, size_t size)
{
	sqlite3_stmt *q = NULL;
	char sql[80];
	int rc;

	out[0] = '\0';
	snprintf(sql, sizeof(sql), "PRAGMA %s", name);
	rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		const unsigned char *text = sqlite3_column_text(q, 0);

		snprintf(out, size, "%s", text ? (const char *)text : "");
		rc = text ? SQLITE_OK : SQLITE_NOMEM;
	}
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static enum kr_status apply(
	struct sqlite3 *db, const struct pragma *p, size_t n, struct kr_error *err)
{
	char sql[80], now[80];

	for (size_t i = 0; i < n; i++) {
		int rc;

		snprintf(sql, sizeof(sql), "PRAGMA %s=%s", p[i].name, p[i].set);
		rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
		if (rc == SQLITE_OK)
			rc = read_back(db, p[i].name, now, sizeof(now));
		if (rc != SQLITE_OK)
			return fault_from(db, rc, sql, err);
		if (strcmp(now, p[i].want) != 0)
			return kr_fail(err, KR_INTERNAL, "%s did not take: it reads '%s'", sql, now);
	}
	return KR_OK;
}

enum kr_status pragmas_guard(struct sqlite3 *db, struct kr_error *err)
{
	static const struct {
		int option, want;
		const char *name;
	} config[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1, "DEFENSIVE"},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, "TRUSTED_SCHEMA"},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, "ENABLE_TRIGGER"},
		{SQLITE_DBCONFIG_ENABLE_VIEW, 0, "ENABLE_VIEW"},
		{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, "ENABLE_LOAD_EXTENSION"},
	};

	for (size_t i = 0; i < sizeof(config) / sizeof(config[0]); i++) {
		int now = -1;

		sqlite3_db_config(db, config[i].option, config[i].want, &now);
		if (now != config[i].want)
			return kr_fail(err, KR_INTERNAL, "SQLite %s has no setting %s=%d", sqlite3_libversion(),
				config[i].name, config[i].want);
	}
	return apply(db, guard, sizeof(guard) / sizeof(guard[0]), err);
}

enum kr_status pragmas_durable(struct sqlite3 *db, struct kr_error *err)
{
	return apply(db, durable, sizeof(durable) / sizeof(durable[0]), err);
}

enum kr_status pragmas_number(
	struct sqlite3 *db, const char *name, long long *out, struct kr_error *err)
{
	char text[40];
	int rc = read_back(db, name, text, sizeof(text));

	if (rc != SQLITE_OK)
		return fault_from(db, rc, name, err);
	*out = strtoll(text, NULL, 10);
	return KR_OK;
}
