/* The SQLite file: whose it is, what is wrong with it, how it is upgraded. */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/log.h"
#include "base/rng.h"
#include "daemon/check.h"
#include "daemon/store/place.h"
#include "daemon/store/pragmas.h"
#include "daemon/store/schema.h"
#include "daemon/store/store.h"

struct fixture {
	char folder[200], path[256];
	struct kr_error err;
};

static const struct store_backend *sqlite;

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/kriged-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/k.db", f->folder);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(f);
	return 0;
}

static struct store *open_good(struct fixture *f)
{
	struct store *s = NULL;

	if (sqlite->open(&s, f->path, &f->err) != KR_OK)
		fail_msg("%s", f->err.text);
	return s;
}

/* Opening answers status, in one line that has the words. */
static void assert_refused(struct fixture *f, enum kr_status status, const char *words)
{
	struct store *s = NULL;
	enum kr_status got = sqlite->open(&s, f->path, &f->err);

	if (got != status || !strstr(f->err.text, words) || strchr(f->err.text, '\n'))
		fail_msg("%s, wanted %s with '%s': %s", kr_status_name(got), kr_status_name(status), words,
			f->err.text);
	assert_non_null(strstr(f->err.text, f->path));
}

static void exec(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static void append_row(struct store *s, uint64_t study, uint64_t seq, const char *body)
{
	struct row r = {.study = study,
		.seq = seq,
		.kind = 1,
		.actor = "w",
		.body = (const uint8_t *)body,
		.len = strlen(body)};
	struct kr_error err;

	assert_int_equal(s->backend->append(s, &r, 1, &err), KR_OK);
}

static void a_second_process_is_told_who_has_it(void **state)
{
	struct fixture *f = *state;
	struct store *s = open_good(f);
	char pid[32];

	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_refused(f, KR_ELOCKED, pid);
	sqlite->close(s);
	sqlite->close(open_good(f));
}

/* Locks of SQLite itself count too: no kriged, but the file open in a transaction. */
static void another_program_in_the_file_is_seen(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db;

	sqlite->close(open_good(f));
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_refused(f, KR_ELOCKED, "another program");
	sqlite3_close(db);
	sqlite->close(open_good(f));
}

/* Whatever links lead to a file, it has one lock, beside it. */
static void links_lead_to_one_file(void **state)
{
	struct fixture *f = *state;
	char folder[250], file[256], lock[270], pid[32];
	struct store *s;

	snprintf(folder, sizeof(folder), "%s/real", f->folder);
	snprintf(file, sizeof(file), "%s/r.db", folder);
	snprintf(lock, sizeof(lock), "%s.lock", file);
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(symlink("real/r.db", f->path), 0);
	for (int round = 0; round < 2; round++) { /* first the link leads to nothing */
		s = open_good(f);
		assert_int_equal(access(lock, F_OK), 0);
		assert_refused(f, KR_ELOCKED, pid);
		snprintf(f->path, sizeof(f->path), "%s", file);
		assert_refused(f, KR_ELOCKED, pid);
		snprintf(f->path, sizeof(f->path), "%s/k.db", f->folder);
		sqlite->close(s);
	}
}

/* A file that goes away under the store: no acknowledgement after it, and what was
 * acknowledged before is in the file, wherever that is. */
static void a_file_that_is_taken_away_is_noticed(void **state)
{
	struct fixture *f = *state;
	char wal[270], moved[270];

	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	snprintf(moved, sizeof(moved), "%s.moved", f->path);
	for (int i = 0; i < 3; i++) {
		struct row r = {.study = 1, .seq = 2, .actor = "", .body = (const uint8_t *)"", .len = 0};
		struct store *s = open_good(f);

		append_row(s, 1, 1, "x");
		assert_int_equal(i == 0 ? rename(f->path, moved) : unlink(i == 1 ? wal : f->path), 0);
		assert_int_equal(sqlite->append(s, &r, 1, &f->err), KR_INTERNAL);
		assert_non_null(strstr(f->err.text, "moved or deleted"));
		assert_non_null(strstr(f->err.text, f->path));
		sqlite->close(s);
		if (i == 0)
			assert_int_equal(rename(moved, f->path), 0);
		if (i < 2) {
			s = open_good(f);
			r.seq = 1; /* is there, so it can't be added */
			assert_int_equal(sqlite->append(s, &r, 1, &f->err), KR_CONFLICT);
			sqlite->close(s);
			unlink(f->path);
		}
	}
}

static void the_file_is_the_users_only(void **state)
{
	struct fixture *f = *state;
	struct store *s = open_good(f);
	char wal[300];
	struct stat st;

	append_row(s, 1, 1, "x");
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(wal, sizeof(wal), "%s-shm", f->path);
	assert_int_not_equal(stat(wal, &st), 0); /* EXCLUSIVE needs none */
	sqlite->close(s);
}

static void files_that_are_not_ours_are_refused_and_untouched(void **state)
{
	struct fixture *f = *state;
	char garbage[5000], copy[5000];
	FILE *file;

	memset(garbage, 'x', sizeof(garbage));
	write_file(f->path, garbage, sizeof(garbage));
	assert_refused(f, KR_ECORRUPT, "not a database");
	file = fopen(f->path, "rb");
	assert_non_null(file);
	assert_int_equal(fread(copy, 1, sizeof(copy), file), sizeof(copy));
	fclose(file);
	assert_memory_equal(copy, garbage, sizeof(copy));

	unlink(f->path);
	exec(f->path, "CREATE TABLE t(x); PRAGMA application_id=7");
	assert_refused(f, KR_ECORRUPT, "another program");
	unlink(f->path);
	exec(f->path, "CREATE TABLE t(x)");
	assert_refused(f, KR_ECORRUPT, "another program");
	unlink(f->path);
	exec(f->path, "CREATE TABLE t(x); PRAGMA application_id=1263683397; PRAGMA user_version=1");
	assert_refused(f, KR_ECORRUPT, "not those of kriged");
}

static void a_newer_file_is_refused(void **state)
{
	struct fixture *f = *state;

	sqlite->close(open_good(f));
	exec(f->path, "PRAGMA user_version=99");
	assert_refused(f, KR_VERSION, "newer kriged");
}

static void places_that_can_not_be_used_are_named(void **state)
{
	struct fixture *f = *state;
	char good[256];

	snprintf(good, sizeof(good), "%s", f->path);
	snprintf(f->path, sizeof(f->path), "%s/none/k.db", f->folder);
	assert_refused(f, KR_EIO, "No such file or directory");
	snprintf(f->path, sizeof(f->path), "%s/dir", f->folder);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_refused(f, KR_EIO, "");
	snprintf(f->path, sizeof(f->path), "%s", good);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_refused(f, KR_EIO, "not a regular file");
}

/* Root may write anywhere: the checks run in a child of another user. */
static void a_read_only_folder_is_named(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t child;

	assert_int_equal(chmod(f->folder, 0555), 0);
	child = fork();
	if (child == 0) {
		struct store *s;
		bool ok;

		if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(2);
		ok = sqlite->open(&s, f->path, &f->err) == KR_EIO &&
			strstr(f->err.text, "Permission denied") && strstr(f->err.text, "folder");
		_exit(ok ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(f->folder, 0700), 0);
}

static enum kr_status see(void *ctx, const struct row *r, struct kr_error *err)
{
	(void)r;
	(void)err;
	++*(int *)ctx;
	return KR_OK;
}

/* load answers status with the words. */
static void assert_load(struct fixture *f, enum kr_status status, const char *words)
{
	struct store *s = open_good(f);
	enum kr_status got;
	int n = 0;

	got = sqlite->load(s, 0, 0, see, &n, &f->err);
	if (got != status || !strstr(f->err.text, words))
		fail_msg("%s: %s", kr_status_name(got), f->err.text);
	sqlite->close(s);
}

static void missing_and_changed_rows_are_named(void **state)
{
	static const char *const damage[][2] = {
		{"DELETE FROM event WHERE seq = 2", "row 2 of study 3 is missing"},
		{"DELETE FROM event WHERE seq = 1", "row 1 of study 3 is missing"},
		{"UPDATE event SET body = x'00' WHERE seq = 2", "row 2 of study 3 is not as it was"},
		{"UPDATE event SET actor = 'v' WHERE seq = 3", "row 3 of study 3 is not as it was"},
		{"UPDATE event SET time_ms = 1 WHERE seq = 1", "row 1 of study 3 is not as it was"},
		{"UPDATE event SET request = zeroblob(16) WHERE seq = 1", "row 1 of study 3"},
		{"UPDATE event SET request = x'00' WHERE seq = 1", "row 1 of study 3"},
		{"UPDATE event SET study = 4 WHERE seq = 3", "row 3 of study 4 is not as it was"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		struct store *s = open_good(f);

		append_row(s, 3, 1, "one");
		append_row(s, 3, 2, "two");
		append_row(s, 3, 3, "three");
		sqlite->close(s);
		exec(f->path, damage[i][0]);
		assert_load(f, KR_ECORRUPT, damage[i][1]);
		unlink(f->path);
	}
}

/* One bit anywhere in the file: refused at open or at load, or harmless. What is
 * read is always what was written: load compares the sums. */
static void flipped_bits_are_never_read_as_truth(void **state)
{
	enum { ROWS = 200, FLIPS = 400 };
	struct fixture *f = *state;
	struct rng r = rng_make(77, 0, RNG_TEST, 0);
	struct store *s = open_good(f);
	int n_seen = 0;
	unsigned char *data;
	struct stat st;
	FILE *file;

	print_message("seed 77\n");
	for (uint64_t seq = 1; seq <= ROWS; seq++)
		append_row(s, 1, seq, "a body of some length, to have several pages of rows");
	sqlite->close(s);
	assert_int_equal(stat(f->path, &st), 0);
	data = malloc((size_t)st.st_size);
	file = fopen(f->path, "rb");
	assert_non_null(file);
	assert_int_equal(fread(data, 1, (size_t)st.st_size, file), st.st_size);
	fclose(file);
	for (int i = 0; i < FLIPS; i++) {
		size_t at = rng_below(&r, (uint32_t)st.st_size);
		unsigned char bit = (unsigned char)(1u << rng_below(&r, 8));
		int n = 0;

		data[at] ^= bit;
		write_file(f->path, data, (size_t)st.st_size);
		data[at] ^= bit;
		if (sqlite->open(&s, f->path, &f->err) != KR_OK) {
			n_seen++;
			continue;
		}
		if (sqlite->load(s, 0, 0, see, &n, &f->err) != KR_OK)
			n_seen++;
		else if (n != ROWS)
			fail_msg("byte %zu, bit %u: %d rows without a word", at, bit, n);
		sqlite->close(s);
	}
	print_message("%d of %d flips seen; the rest hit free space\n", n_seen, FLIPS);
	assert_true(n_seen > FLIPS / 2);
	free(data);
}

static const char *const two_steps[] = {
	"CREATE TABLE event(x INTEGER) STRICT; INSERT INTO event VALUES(7)",
	"ALTER TABLE event ADD COLUMN y INTEGER; UPDATE event SET y = x + 1",
};
static const char *const bad_steps[] = {
	"CREATE TABLE event(x INTEGER) STRICT; INSERT INTO event VALUES(7)",
	"UPDATE event SET x = 8; CREATE TABLE event(z)",
};

static long long number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q;
	long long n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return n;
}

static void an_upgrade_is_one_transaction_after_a_copy(void **state)
{
	struct fixture *f = *state;
	char copy[300];
	sqlite3 *db;

	snprintf(copy, sizeof(copy), "%s.bak-v1", f->path);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(schema_upgrade(db, f->path, two_steps, 1, &f->err), KR_OK);
	assert_int_not_equal(access(copy, F_OK), 0); /* an empty file needs none */

	/* a step that fails leaves version 1 */
	assert_int_not_equal(schema_upgrade(db, f->path, bad_steps, 2, &f->err), KR_OK);
	assert_int_equal(number(db, "PRAGMA user_version"), 1);
	assert_int_equal(number(db, "SELECT x FROM event"), 7);

	assert_int_equal(schema_recognize(db, 2, &f->err), KR_OK);
	assert_int_equal(schema_upgrade(db, f->path, two_steps, 2, &f->err), KR_OK);
	assert_int_equal(number(db, "PRAGMA user_version"), 2);
	assert_int_equal(number(db, "SELECT y FROM event"), 8);
	assert_int_equal(schema_upgrade(db, f->path, two_steps, 2, &f->err), KR_OK);
	assert_int_equal(schema_recognize(db, 1, &f->err), KR_VERSION);
	sqlite3_close(db);

	assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
	assert_int_equal(number(db, "PRAGMA user_version"), 1);
	assert_int_equal(number(db, "SELECT x FROM event"), 7);
	sqlite3_close(db);
}

static void network_file_systems_are_known(void **state)
{
	(void)state;
	assert_string_equal(place_network_name(0x6969), "NFS");
	assert_string_equal(place_network_name(0x0bd00bd0), "Lustre");
	assert_null(place_network_name(0xef53));     /* ext4 */
	assert_null(place_network_name(0x01021994)); /* tmpfs */
	assert_null(place_network_name(0x9123683e)); /* btrfs */
}

static void check_wants_a_file_and_reads_records(void **state)
{
	struct fixture *f = *state;
	struct check_counts n;
	struct store *s;

	assert_int_equal(check_file(f->path, &n, &f->err), KR_NOT_FOUND);
	assert_int_not_equal(access(f->path, F_OK), 0); /* and makes none */
	s = open_good(f);
	sqlite->close(s);
	assert_int_equal(check_file(f->path, &n, &f->err), KR_OK);
	assert_int_equal(n.rows, 0);
	s = open_good(f);
	append_row(s, 1, 1, "\xff\xff no record");
	sqlite->close(s);
	assert_int_equal(check_file(f->path, &n, &f->err), KR_ECORRUPT);
	assert_non_null(strstr(f->err.text, "study 1: event 1"));
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(a_second_process_is_told_who_has_it),
		EACH(another_program_in_the_file_is_seen),
		EACH(links_lead_to_one_file),
		EACH(a_file_that_is_taken_away_is_noticed),
		EACH(the_file_is_the_users_only),
		EACH(files_that_are_not_ours_are_refused_and_untouched),
		EACH(a_newer_file_is_refused),
		EACH(places_that_can_not_be_used_are_named),
		EACH(a_read_only_folder_is_named),
		EACH(missing_and_changed_rows_are_named),
		EACH(flipped_bits_are_never_read_as_truth),
		EACH(an_upgrade_is_one_transaction_after_a_copy),
		EACH(network_file_systems_are_known),
		EACH(check_wants_a_file_and_reads_records),
	};

	log_set_level(LOG_LEVEL_ERROR);
	sqlite = store_find("sqlite");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
