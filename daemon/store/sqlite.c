/* The store in an SQLite file.
 *
 * One read-write connection in EXCLUSIVE locking mode, WAL, synchronous=FULL: a
 * commit is an append to the WAL and one sync. Checkpoints run only in maintain(),
 * on the same connection, between groups; with a single connection the WAL-reset
 * bug of SQLite before 3.51.3 can't happen.
 *
 *   open:   find the file behind links -> claim the place -> guard pragmas -> recognize the file
 *           -> WAL and FULL -> upgrade -> quick_check (small files) -> statements
 *   append: BEGIN IMMEDIATE, one INSERT a row, COMMIT; else ROLLBACK
 *
 * A full disk or a failed write leaves the connection usable after ROLLBACK. A
 * failed sync does not: nobody knows what is on the disk (KR_INTERNAL). */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/store/copy.h"
#include "daemon/store/fault.h"
#include "daemon/store/place.h"
#include "daemon/store/pragmas.h"
#include "daemon/store/schema.h"
#include "daemon/store/store.h"
#include "daemon/store/sum.h"

extern const struct store_backend store_sqlite;

enum {
	CHECKPOINT_PAGES = 1000,     /* of the WAL: 4 MiB */
	QUICK_CHECK_BYTES = 64 << 20 /* larger files are not read twice at start */
};

#define COLUMNS "study, seq, time_ms, kind, actor, request, method, body, sum"

struct sqlite_store {
	struct store base;
	struct place place;
	char *path, *wal;
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *rollback, *insert, *all, *one;
	int wal_pages; /* after the last commit */
	char version[32];
};

static struct sqlite_store *self(struct store *s)
{
	return (struct sqlite_store *)s;
}

/* Run a statement that gives no rows. */
static int run(sqlite3_stmt *q)
{
	int rc = sqlite3_step(q);

	sqlite3_reset(q);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- append ---- */

static int insert(struct sqlite_store *s, const struct row *r)
{
	sqlite3_stmt *q = s->insert;
	int rc;

	sqlite3_bind_int64(q, 1, (sqlite3_int64)r->study);
	sqlite3_bind_int64(q, 2, (sqlite3_int64)r->seq);
	sqlite3_bind_int64(q, 3, r->time_ms);
	sqlite3_bind_int64(q, 4, r->kind);
	sqlite3_bind_text(q, 5, r->actor, -1, SQLITE_STATIC);
	if (r->has_request)
		sqlite3_bind_blob(q, 6, r->request, sizeof(r->request), SQLITE_STATIC);
	else
		sqlite3_bind_null(q, 6);
	sqlite3_bind_int64(q, 7, r->method);
	/* A NULL pointer would bind NULL. */
	rc = sqlite3_bind_blob64(q, 8, r->len ? (const void *)r->body : "", r->len, SQLITE_STATIC);
	sqlite3_bind_int64(q, 9, (sqlite3_int64)sum_row(r));
	if (rc == SQLITE_OK)
		rc = run(q);
	sqlite3_clear_bindings(q);
	return rc;
}

/* Out of the transaction in any case: an open one would take the next group. */
static enum kr_status roll_back(struct sqlite_store *s, enum kr_status status, struct kr_error *err)
{
	if (!sqlite3_get_autocommit(s->db))
		run(s->rollback);
	if (!sqlite3_get_autocommit(s->db))
		return kr_fail(err, KR_INTERNAL, "a failed transaction could not be rolled back: %s",
			sqlite3_errmsg(s->db));
	return status;
}

/* Somebody removed, moved or replaced the file or its WAL: what is committed from now on
 * would be lost. What was committed before goes into the file that is open, where it
 * stays if that was only moved. */
static enum kr_status check_place(struct sqlite_store *s, struct kr_error *err)
{
	int moved = 0;

	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	if (!moved && access(s->wal, F_OK) == 0)
		return KR_OK;
	sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return kr_fail(err, KR_INTERNAL,
		"'%.160s' was moved or deleted while it was in use; put it back, or restore a backup",
		moved ? s->path : s->wal);
}

static enum kr_status sqlite_append(
	struct store *st, const struct row *rows, size_t n, struct kr_error *err)
{
	struct sqlite_store *s = self(st);
	enum kr_status status = check_place(s, err);
	int rc;

	if (status != KR_OK)
		return status;
	rc = run(s->begin);
	if (rc != SQLITE_OK)
		return roll_back(s, fault_from(s->db, rc, "begin", err), err);
	for (size_t i = 0; i < n; i++) {
		rc = insert(s, &rows[i]);
		if (rc == SQLITE_OK)
			continue;
		status = fault_from(s->db, rc, "insert", err);
		kr_prefix(err, "study %llu, row %llu", (unsigned long long)rows[i].study,
			(unsigned long long)rows[i].seq);
		return roll_back(s, status, err);
	}
	rc = run(s->commit);
	if (rc != SQLITE_OK)
		return roll_back(s, fault_from_commit(s->db, rc, err), err);
	return KR_OK;
}

/* ---- load ---- */

/* The statement's row; false when it is not one that append wrote. What it points to
 * lives until the next step. */
static bool read_row(sqlite3_stmt *q, struct row *r)
{
	int n_request = sqlite3_column_bytes(q, 5);
	const void *request = sqlite3_column_blob(q, 5);

	memset(r, 0, sizeof(*r));
	r->study = (uint64_t)sqlite3_column_int64(q, 0);
	r->seq = (uint64_t)sqlite3_column_int64(q, 1);
	r->time_ms = sqlite3_column_int64(q, 2);
	r->kind = (uint32_t)sqlite3_column_int64(q, 3);
	r->actor = (const char *)sqlite3_column_text(q, 4);
	r->method = (uint32_t)sqlite3_column_int64(q, 6);
	r->body = sqlite3_column_blob(q, 7);
	r->len = (size_t)sqlite3_column_bytes(q, 7);
	r->has_request = n_request == (int)sizeof(r->request) && request;
	if (r->has_request)
		memcpy(r->request, request, sizeof(r->request));
	return r->actor && (n_request == 0 || r->has_request) &&
		sum_row(r) == (uint64_t)sqlite3_column_int64(q, 8);
}

struct loading {
	uint64_t study, seq; /* of the row before */
};

/* In order, nothing missing, nothing changed. */
static enum kr_status check_row(
	struct loading *l, sqlite3_stmt *q, struct row *r, struct kr_error *err)
{
	bool whole = read_row(q, r);
	uint64_t want = r->study == l->study ? l->seq + 1 : 1;

	if (!whole && sqlite3_errcode(sqlite3_db_handle(q)) == SQLITE_NOMEM)
		return kr_fail(err, KR_ENOMEM, "no memory to read a row");
	if (!whole)
		return kr_fail(err, KR_ECORRUPT,
			"row %llu of study %llu is not as it was written; restore a backup",
			(unsigned long long)r->seq, (unsigned long long)r->study);
	if (r->seq != want)
		return kr_fail(err, KR_ECORRUPT, "row %llu of study %llu is missing; restore a backup",
			(unsigned long long)want, (unsigned long long)r->study);
	l->study = r->study;
	l->seq = r->seq;
	return KR_OK;
}

static enum kr_status sqlite_load(struct store *st, uint64_t study, uint64_t after,
	enum kr_status (*row)(void *ctx, const struct row *r, struct kr_error *err), void *ctx,
	struct kr_error *err)
{
	struct sqlite_store *s = self(st);
	sqlite3_stmt *q = study == 0 ? s->all : s->one;
	struct loading l = {study, after};
	enum kr_status status = KR_OK;
	struct row r;
	int rc;

	if (study != 0) {
		sqlite3_bind_int64(q, 1, (sqlite3_int64)study);
		sqlite3_bind_int64(q, 2, (sqlite3_int64)after);
	}
	while (status == KR_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		status = check_row(&l, q, &r, err);
		if (status == KR_OK)
			status = row(ctx, &r, err);
	}
	if (status == KR_OK && rc != SQLITE_DONE)
		status = fault_from(s->db, rc, "reading rows", err);
	sqlite3_reset(q);
	return status;
}

/* ---- housekeeping ---- */

static int note_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_store *s = ctx;

	(void)db;
	(void)name;
	s->wal_pages = pages;
	return SQLITE_OK;
}

static enum kr_status sqlite_maintain(struct store *st, struct kr_error *err)
{
	struct sqlite_store *s = self(st);
	int rc;

	if (s->wal_pages < CHECKPOINT_PAGES)
		return KR_OK;
	/* Alone on the file, PASSIVE copies every page; the next commit starts the WAL anew. */
	rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (rc != SQLITE_OK)
		return fault_from(s->db, rc, "checkpoint", err);
	s->wal_pages = 0;
	return KR_OK;
}

static uint64_t file_size(sqlite3 *db, int which)
{
	sqlite3_file *f = NULL;
	sqlite3_int64 size = 0;

	if (sqlite3_file_control(db, "main", which, &f) != SQLITE_OK || !f || !f->pMethods ||
		f->pMethods->xFileSize(f, &size) != SQLITE_OK)
		return 0;
	return (uint64_t)size;
}

static void sqlite_info(struct store *st, struct store_info *out)
{
	struct sqlite_store *s = self(st);

	*out = (struct store_info){
		.db_bytes = file_size(s->db, SQLITE_FCNTL_FILE_POINTER),
		.wal_bytes = file_size(s->db, SQLITE_FCNTL_JOURNAL_POINTER),
		.engine_version = s->version,
	};
}

/* pragma: "quick_check(1)" or "integrity_check(1)"; the first line must be "ok". */
static enum kr_status verify(sqlite3 *db, const char *sql, struct kr_error *err)
{
	sqlite3_stmt *q = NULL;
	enum kr_status status = KR_OK;
	const char *text = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(q, 0);
	if (!text)
		status = fault_from(db, sqlite3_extended_errcode(db), sql, err);
	else if (strcmp(text, "ok") != 0)
		status = kr_fail(err, KR_ECORRUPT, "the file is damaged: %s; restore a backup", text);
	sqlite3_finalize(q);
	return status;
}

static enum kr_status sqlite_check(struct store *st, struct kr_error *err)
{
	return verify(self(st)->db, "PRAGMA integrity_check(1)", err);
}

static enum kr_status sqlite_copy(
	struct store *st, const char *path, struct copy **out, struct kr_error *err)
{
	struct sqlite_store *s = self(st);

	return copy_open(out, s->db, s->path, path, err);
}

/* ---- open, close ---- */

static enum kr_status prepare(struct sqlite_store *s, struct kr_error *err)
{
	struct {
		sqlite3_stmt **q;
		const char *sql;
	} list[] = {
		{&s->begin, "BEGIN IMMEDIATE"},
		{&s->commit, "COMMIT"},
		{&s->rollback, "ROLLBACK"},
		{&s->insert, "INSERT INTO event(" COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?)"},
		{&s->all, "SELECT " COLUMNS " FROM event ORDER BY study, seq"},
		{&s->one, "SELECT " COLUMNS " FROM event WHERE study = ? AND seq > ? ORDER BY seq"},
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		int rc = sqlite3_prepare_v3(
			s->db, list[i].sql, -1, SQLITE_PREPARE_PERSISTENT, list[i].q, NULL);

		if (rc == SQLITE_ERROR)
			return kr_fail(
				err, KR_ECORRUPT, "the tables are not those of kriged: %s", sqlite3_errmsg(s->db));
		if (rc != SQLITE_OK)
			return fault_from(s->db, rc, "preparing", err);
	}
	return KR_OK;
}

static enum kr_status check_at_start(struct sqlite_store *s, struct kr_error *err)
{
	uint64_t size = file_size(s->db, SQLITE_FCNTL_FILE_POINTER);

	if (size < QUICK_CHECK_BYTES)
		return verify(s->db, "PRAGMA quick_check(1)", err);
	log_at(LOG_LEVEL_INFO, "quick_check skipped: the file is large; kriged --check does it",
		"file=\"%s\" bytes=%llu", s->path, (unsigned long long)size);
	return KR_OK;
}

/* Two connections to one file can lose commits: fixed in 3.51.3, 3.50.7 and 3.44.6. */
static bool has_wal_reset_bug(int version)
{
	if (version >= 3050007 && version < 3051000)
		return false;
	if (version >= 3044006 && version < 3045000)
		return false;
	return version < 3051003;
}

/* The connection, as far as it can be told without knowing whose file it is. */
static enum kr_status connect(struct sqlite_store *s, struct kr_error *err)
{
	int rc = sqlite3_open_v2(s->path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);

	if (rc != SQLITE_OK)
		return fault_from(s->db, rc, "open", err);
	sqlite3_extended_result_codes(s->db, 1);
	return pragmas_guard(s->db, err);
}

static enum kr_status name_files(struct sqlite_store *s, const char *path, struct kr_error *err)
{
	enum kr_status status = place_resolve(&s->path, path, err);
	size_t size;

	if (status != KR_OK)
		return status;
	size = strlen(s->path) + sizeof("-wal");
	s->wal = kr_malloc(size);
	if (!s->wal)
		return kr_fail(err, KR_ENOMEM, "no memory for a path");
	snprintf(s->wal, size, "%s-wal", s->path);
	return KR_OK;
}

static enum kr_status bring_up(struct sqlite_store *s, const char *path, struct kr_error *err)
{
	enum kr_status status = name_files(s, path, err);

	if (status == KR_OK)
		status = place_claim(&s->place, s->path, err);
	if (status == KR_OK)
		status = connect(s, err);
	if (status == KR_OK)
		status = schema_recognize(s->db, SCHEMA_VERSION, err);
	if (status == KR_OK)
		status = pragmas_durable(s->db, err);
	if (status == KR_OK)
		status = schema_upgrade(s->db, s->path, schema_steps, SCHEMA_VERSION, err);
	if (status == KR_OK)
		status = check_at_start(s, err);
	if (status == KR_OK)
		status = prepare(s, err);
	if (status == KR_OK)
		status = place_sync_folder(s->path, err);
	return status;
}

static void take_down(struct sqlite_store *s)
{
	sqlite3_stmt *list[] = {s->begin, s->commit, s->rollback, s->insert, s->all, s->one};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		sqlite3_finalize(list[i]);
	sqlite3_close(s->db);
	place_release(&s->place);
	kr_free(s->path);
	kr_free(s->wal);
	kr_free(s);
}

static enum kr_status sqlite_open(struct store **out, const char *path, struct kr_error *err)
{
	struct sqlite_store *s = KR_NEW(struct sqlite_store);
	enum kr_status status;

	if (!s)
		return kr_fail(err, KR_ENOMEM, "no memory for a store");
	s->base.backend = &store_sqlite;
	s->place.lock = -1;
	snprintf(s->version, sizeof(s->version), "SQLite %s", sqlite3_libversion());
	status = bring_up(s, path, err);
	if (status != KR_OK) {
		take_down(s);
		kr_prefix(err, "database '%.160s'", path);
		return status;
	}
	sqlite3_wal_hook(s->db, note_wal, s);
	s->wal_pages = CHECKPOINT_PAGES; /* unknown: what a crash left goes at the first turn */
	if (has_wal_reset_bug(sqlite3_libversion_number()))
		log_at(LOG_LEVEL_WARN,
			"SQLite before 3.51.3 can lose commits when a second program "
			"opens the file; kriged holds it alone: do not force it open",
			"sqlite=%s", sqlite3_libversion());
	*out = &s->base;
	return KR_OK;
}

static enum kr_status sqlite_close(struct store *st)
{
	struct sqlite_store *s = self(st);
	enum kr_status status = KR_OK;
	struct kr_error err;
	int rc;

	if (!s)
		return KR_OK;
	/* Everything is durable in the WAL already: a failure costs the next start a recovery. */
	rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK) {
		status = fault_from(s->db, rc, "last checkpoint", &err);
		log_at(LOG_LEVEL_WARN, "closing the database", "err=\"%s\"", err.text);
	}
	take_down(s);
	return status;
}

const struct store_backend store_sqlite = {
	.name = "sqlite",
	.durable = true,
	.open = sqlite_open,
	.close = sqlite_close,
	.append = sqlite_append,
	.load = sqlite_load,
	.maintain = sqlite_maintain,
	.info = sqlite_info,
	.copy = sqlite_copy,
	.check = sqlite_check,
};
