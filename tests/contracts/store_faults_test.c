/* The SQLite store when the disk fails or the power goes.
 *
 *   store_faults_test [POWER_CUTS]    default 200; `./dev torture` gives more */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/log.h"
#include "base/rng.h"
#include "daemon/store/store.h"
#include "tests/contracts/rows.h"
#include "tests/contracts/shim.h"

enum { BEFORE = 12, GROUPS = 6, GROUP_ROWS = 3, BODY = 3000 };

struct disk {
	char folder[256];
	char killed[300]; /* a database with BEFORE groups in its WAL */
	char live[300], copy[300];
};

static const struct store_backend *sqlite;
static long n_cuts = 200;

static void make_killed(struct disk *d)
{
	struct kr_error err;
	struct store *s;

	if (sqlite->open(&s, d->live, &err) != KR_OK)
		fail_msg("%s", err.text);
	for (uint64_t g = 0; g < BEFORE; g++)
		assert_int_equal(rows_append(s, 1, 1 + g * GROUP_ROWS, GROUP_ROWS, BODY, &err), KR_OK);
	rows_copy_database(d->live, d->killed);
	sqlite->close(s);
}

static int set_up(void **state)
{
	struct disk *d = calloc(1, sizeof(*d));

	rows_make_folder(d->folder, sizeof(d->folder));
	snprintf(d->killed, sizeof(d->killed), "%s/killed.db", d->folder);
	snprintf(d->live, sizeof(d->live), "%s/live.db", d->folder);
	snprintf(d->copy, sizeof(d->copy), "%s/copy.db", d->folder);
	shim_fail(SHIM_WRITE, 0, 0, false);
	make_killed(d);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct disk *d = *state;

	shim_fail(SHIM_WRITE, 0, 0, false);
	rows_remove_folder(d->folder);
	free(d);
	return 0;
}

/* Rows that a start finds at path: 1 .. n without gaps, which load checks. */
static uint64_t found_at(const char *path, const char *what)
{
	struct rows_seen seen = {0};
	struct kr_error err;
	struct store *s;
	uint64_t n;

	if (sqlite->open(&s, path, &err) != KR_OK || rows_load(s, 0, &seen, &err) != KR_OK)
		fail_msg("%s: %s", what, err.text);
	n = seen.n;
	free(seen.at);
	sqlite->close(s);
	return n;
}

/* What happened to a store under one fault. */
struct outcome {
	uint64_t acknowledged; /* rows */
	uint64_t tried;        /* rows of the last group that was tried */
	bool dead;             /* KR_INTERNAL: the process would have stopped */
};

static void note(struct outcome *o, enum kr_status s, const char *what, const struct kr_error *err)
{
	if (s == KR_INTERNAL)
		o->dead = true;
	else if (s != KR_OK && s != KR_EIO && s != KR_EFULL)
		fail_msg("%s: %s", what, err->text);
}

/* A life: read, checkpoint, groups, each tried again once when it fails, the end.
 * The fault is set when it begins. */
static struct outcome live(struct disk *d, const char *what)
{
	struct outcome o = {.acknowledged = BEFORE * GROUP_ROWS, .tried = BEFORE * GROUP_ROWS};
	struct kr_error err;
	struct store *s;
	enum kr_status status = sqlite->open(&s, d->live, &err);

	note(&o, status, what, &err);
	if (status != KR_OK)
		return o;
	note(&o, sqlite->maintain(s, &err), what, &err);
	for (int g = 0; g < 2 * GROUPS && !o.dead; g++) {
		o.tried = o.acknowledged + GROUP_ROWS;
		status = rows_append(s, 1, o.acknowledged + 1, GROUP_ROWS, BODY, &err);
		note(&o, status, what, &err);
		if (status == KR_OK)
			o.acknowledged = o.tried;
		if (o.acknowledged == (BEFORE + GROUPS) * GROUP_ROWS)
			break;
	}
	/* What a kill leaves now; then the orderly end, which may fail too. */
	rows_copy_database(d->live, d->copy);
	sqlite->close(s);
	return o;
}

static void every_fault_of(struct disk *d, enum shim_kind kind, int rc, bool fatal)
{
	long k = 0, used;

	do {
		struct outcome o;
		char what[80];
		uint64_t n;

		snprintf(what, sizeof(what), "fault %d at operation %ld of kind %d", rc, ++k, kind);
		rows_copy_database(d->killed, d->live);
		rows_copy_database(d->killed, d->copy);
		shim_fail(kind, k, rc, false);
		o = live(d, what);
		used = shim_count(kind);
		shim_fail(kind, 0, 0, false);
		if (o.dead && !fatal)
			fail_msg("%s: was taken for a fault of unknown outcome", what);
		n = found_at(d->copy, what);
		if (n != o.acknowledged && n != o.tried)
			fail_msg("%s: %d rows acknowledged, %d found after a kill", what, (int)o.acknowledged,
				(int)n);
		n = found_at(d->live, what);
		if (n != o.acknowledged && n != o.tried)
			fail_msg("%s: %d rows acknowledged, %d found after the end", what, (int)o.acknowledged,
				(int)n);
	} while (k <= used);
	assert_true(k > 3);
}

static void every_write_fails(void **state)
{
	every_fault_of(*state, SHIM_WRITE, SQLITE_IOERR_WRITE, false);
}

static void every_write_finds_the_disk_full(void **state)
{
	every_fault_of(*state, SHIM_WRITE, SQLITE_FULL, false);
}

static void every_sync_fails(void **state)
{
	every_fault_of(*state, SHIM_SYNC, SQLITE_IOERR_FSYNC, true);
}

static void every_truncate_fails(void **state)
{
	struct disk *d = *state;

	for (long k = 1; k <= 4; k++) {
		struct outcome o;

		rows_copy_database(d->killed, d->live);
		shim_fail(SHIM_TRUNCATE, k, SQLITE_IOERR_TRUNCATE, false);
		o = live(d, "truncate");
		shim_fail(SHIM_TRUNCATE, 0, 0, false);
		assert_int_equal(found_at(d->copy, "truncate"), o.acknowledged);
		assert_int_equal(found_at(d->live, "truncate"), o.acknowledged);
	}
}

/* A failed sync of a commit is KR_INTERNAL and named. */
static void a_failed_sync_is_named(void **state)
{
	struct disk *d = *state;
	struct kr_error err;
	struct store *s;

	assert_int_equal(sqlite->open(&s, d->live, &err), KR_OK);
	shim_fail(SHIM_SYNC, 1, SQLITE_IOERR_FSYNC, true);
	assert_int_equal(rows_append(s, 9, 1, 1, 10, &err), KR_INTERNAL);
	assert_non_null(strstr(err.text, "sync failed"));
	shim_fail(SHIM_SYNC, 0, 0, false);
	sqlite->close(s);
}

/* As long as the disk is full every append is refused, reads work; then it goes on. */
static void a_full_disk_recovers(void **state)
{
	struct disk *d = *state;
	struct rows_seen seen;
	struct kr_error err;
	struct store *s;

	assert_int_equal(sqlite->open(&s, d->live, &err), KR_OK);
	assert_int_equal(rows_append(s, 2, 1, 5, BODY, &err), KR_OK);
	shim_fail(SHIM_WRITE, 1, SQLITE_FULL, true);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(rows_append(s, 2, 6, 5, BODY, &err), KR_EFULL);
		assert_int_equal(rows_load(s, 2, &seen, &err), KR_OK);
		assert_int_equal(seen.n, 5);
		free(seen.at);
		sqlite->maintain(s, &err);
	}
	shim_fail(SHIM_WRITE, 0, 0, false);
	assert_int_equal(rows_append(s, 2, 6, 5, BODY, &err), KR_OK);
	sqlite->close(s);
	assert_int_equal(found_at(d->live, "full disk"), BEFORE * GROUP_ROWS + 10);
}

/* Commits with checkpoints between them, then power cuts anywhere. */
static void power_cuts_lose_nothing(void **state)
{
	enum { COMMITS = 420, CUT_BODY = 24000, ROWS = 2 };
	struct disk *d = *state;
	struct rng r = rng_make(4711, 0, RNG_TEST, 0);
	struct kr_error err;
	struct store *s;
	size_t base;

	print_message("seed 4711, %ld power cuts\n", n_cuts);
	unlink(d->live);
	shim_record(true);
	assert_int_equal(sqlite->open(&s, d->live, &err), KR_OK);
	base = shim_recorded();
	for (uint64_t g = 0; g < COMMITS; g++) {
		assert_int_equal(
			rows_append(s, 1, 1 + g * ROWS, ROWS, rng_below(&r, CUT_BODY), &err), KR_OK);
		shim_acknowledge((g + 1) * ROWS);
		assert_int_equal(sqlite->maintain(s, &err), KR_OK);
	}
	shim_record(false);
	for (long i = 0; i < n_cuts; i++) {
		size_t at = base + rng_below(&r, (uint32_t)(shim_recorded() - base));
		uint64_t acknowledged = shim_cut(at, (uint64_t)i, d->copy), n;
		char what[80];

		snprintf(what, sizeof(what), "cut %ld before operation %zu", i, at);
		n = found_at(d->copy, what);
		if (n != acknowledged && n != acknowledged + ROWS)
			fail_msg("%s: %d rows acknowledged, %d found", what, (int)acknowledged, (int)n);
	}
	shim_forget();
	sqlite->close(s);
}

int main(int argc, char **argv)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(every_write_fails),
		EACH(every_write_finds_the_disk_full),
		EACH(every_sync_fails),
		EACH(every_truncate_fails),
		EACH(a_failed_sync_is_named),
		EACH(a_full_disk_recovers),
		EACH(power_cuts_lose_nothing),
	};

	if (argc > 1)
		n_cuts = atol(argv[1]);
	log_set_level(LOG_LEVEL_ERROR);
	sqlite = store_find("sqlite");
	shim_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
