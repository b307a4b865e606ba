/* What every store promises, run over store_list.def. */
#include "daemon/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/rng.h"
#include "tests/contracts/rows.h"

enum { STUDIES = 4 };

struct fixture {
	const struct store_backend *backend;
	char folder[256], path[300];
	struct store *s;
	struct kr_error err;
};

static void open_store(struct fixture *f)
{
	if (f->backend->open(&f->s, f->path, &f->err) != KR_OK)
		fail_msg("%s", f->err.text);
}

static void close_store(struct fixture *f)
{
	f->backend->close(f->s);
	f->s = NULL;
}

static void reopen(struct fixture *f)
{
	close_store(f);
	open_store(f);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->backend = *state;
	rows_make_folder(f->folder, sizeof(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/k.db", f->folder);
	open_store(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	f->backend->close(f->s);
	rows_remove_folder(f->folder);
	free(f);
	return 0;
}

static size_t count(struct fixture *f, uint64_t study)
{
	struct rows_seen seen;

	if (rows_load(f->s, study, &seen, &f->err) != KR_OK)
		fail_msg("%s", f->err.text);
	free(seen.at);
	return seen.n;
}

static void an_empty_store_has_no_rows(void **state)
{
	struct fixture *f = *state;
	struct store_info info;

	assert_int_equal(count(f, 0), 0);
	assert_int_equal(count(f, 7), 0);
	assert_int_equal(f->backend->maintain(f->s, &f->err), KR_OK);
	assert_int_equal(f->backend->check(f->s, &f->err), KR_OK);
	f->backend->info(f->s, &info);
	assert_non_null(info.engine_version);
	assert_int_equal(f->backend->append(f->s, NULL, 0, &f->err), KR_OK);
}

static void rows_come_back_by_study_and_seq(void **state)
{
	struct fixture *f = *state;
	struct rows_seen seen;

	/* 3 1 2 4, a few rows each, in turns */
	for (uint64_t seq = 1; seq <= 9; seq += 3)
		for (int k = 0; k < STUDIES; k++)
			assert_int_equal(
				rows_append(f->s, (uint64_t[]){3, 1, 2, 4}[k], seq, 3, seq == 1 ? 0 : 100, &f->err),
				KR_OK);
	assert_int_equal(rows_load(f->s, 0, &seen, &f->err), KR_OK);
	assert_int_equal(seen.n, STUDIES * 9);
	for (size_t i = 0; i < seen.n; i++) {
		assert_int_equal(seen.at[i].study, 1 + i / 9);
		assert_int_equal(seen.at[i].seq, 1 + i % 9);
		assert_int_equal(seen.at[i].len, i % 9 < 3 ? 0 : 100);
	}
	free(seen.at);
	assert_int_equal(rows_load(f->s, 2, &seen, &f->err), KR_OK);
	assert_int_equal(seen.n, 9);
	for (size_t i = 0; i < seen.n; i++)
		assert_int_equal(seen.at[i].study, 2);
	free(seen.at);
}

static void a_group_is_all_or_nothing(void **state)
{
	struct fixture *f = *state;
	struct row group[4];

	assert_int_equal(rows_append(f->s, 1, 1, 5, 50, &f->err), KR_OK);
	group[0] = rows_make(1, 6, 10);
	group[1] = rows_make(2, 1, 10);
	group[2] = rows_make(1, 7, 10);
	group[3] = rows_make(1, 3, 10); /* exists */
	assert_int_equal(f->backend->append(f->s, group, 4, &f->err), KR_CONFLICT);
	assert_non_null(strstr(f->err.text, "3"));
	assert_int_equal(count(f, 0), 5);
	/* without the last it is fine: nothing of the failed group is left */
	assert_int_equal(f->backend->append(f->s, group, 3, &f->err), KR_OK);
	assert_int_equal(count(f, 0), 8);
	for (int i = 0; i < 4; i++)
		free((void *)group[i].body);
}

static void a_row_twice_in_a_group_is_refused(void **state)
{
	struct fixture *f = *state;
	struct row group[2] = {rows_make(9, 1, 10), rows_make(9, 1, 20)};

	assert_int_equal(f->backend->append(f->s, group, 2, &f->err), KR_CONFLICT);
	assert_int_equal(count(f, 0), 0);
	for (int i = 0; i < 2; i++)
		free((void *)group[i].body);
}

static void large_bodies_are_kept(void **state)
{
	struct fixture *f = *state;
	size_t sizes[] = {1, 1000, 4096, 65536, 1 << 20, (3 << 20) + 1};
	struct rows_seen seen;

	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(rows_append(f->s, 1, i + 1, 1, sizes[i], &f->err), KR_OK);
		assert_int_equal(f->backend->maintain(f->s, &f->err), KR_OK);
	}
	if (f->backend->durable)
		reopen(f);
	assert_int_equal(rows_load(f->s, 1, &seen, &f->err), KR_OK);
	assert_int_equal(seen.n, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(seen.at[i].len, sizes[i]);
	free(seen.at);
}

static enum kr_status stop_at_third(void *ctx, const struct row *r, struct kr_error *err)
{
	int *n = ctx;

	(void)r;
	return ++*n == 3 ? kr_fail(err, KR_OVERLOADED, "enough") : KR_OK;
}

static void a_reader_may_stop(void **state)
{
	struct fixture *f = *state;
	int n = 0;

	assert_int_equal(rows_append(f->s, 1, 1, 10, 10, &f->err), KR_OK);
	assert_int_equal(f->backend->load(f->s, 0, 0, stop_at_third, &n, &f->err), KR_OVERLOADED);
	assert_string_equal(f->err.text, "enough");
	assert_int_equal(n, 3);
	assert_int_equal(rows_append(f->s, 1, 11, 1, 10, &f->err), KR_OK);
	assert_int_equal(count(f, 1), 11);
}

static enum kr_status add_seq(void *ctx, const struct row *r, struct kr_error *err)
{
	uint64_t *sum = ctx;

	(void)err;
	*sum += r->seq;
	return KR_OK;
}

static void a_reader_goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rows_append(f->s, 1, 1, 10, 10, &f->err), KR_OK);
	assert_int_equal(rows_append(f->s, 2, 1, 3, 10, &f->err), KR_OK);
	for (uint64_t after = 0; after < 12; after++) {
		uint64_t sum = 0, n = after < 10 ? 10 - after : 0;

		assert_int_equal(f->backend->load(f->s, 1, after, add_seq, &sum, &f->err), KR_OK);
		assert_int_equal(sum, n * (after + 1 + 10) / 2);
	}
}

/* Random groups over some studies, with reopening, against counters. */
static void random_groups_are_all_there(void **state)
{
	struct fixture *f = *state;
	struct rng r = rng_make(20240611, 0, RNG_TEST, 0);
	uint64_t last[STUDIES + 1] = {0};
	size_t total = 0;

	print_message("seed 20240611\n");
	for (int turn = 0; turn < 60; turn++) {
		uint64_t study = 1 + rng_below(&r, STUDIES);
		size_t n = rng_below(&r, 40), len = rng_below(&r, 3000);

		assert_int_equal(rows_append(f->s, study, last[study] + 1, n, len, &f->err), KR_OK);
		last[study] += n;
		total += n;
		assert_int_equal(f->backend->maintain(f->s, &f->err), KR_OK);
		if (f->backend->durable && rng_below(&r, 10) == 0)
			reopen(f);
		assert_int_equal(count(f, study), last[study]);
	}
	assert_int_equal(count(f, 0), total);
	assert_int_equal(f->backend->check(f->s, &f->err), KR_OK);
}

/* The n-th allocation fails, SQLite's own included (main): refused, or done whole. */
static void the_nth_allocation_fails(void **state)
{
	struct fixture *f = *state;
	uint64_t next = 1;
	long used, n = 0;

	close_store(f);
	do {
		enum kr_status opened, appended = KR_ENOMEM;
		size_t had = next - 1, have;

		kr_alloc_fail_at(++n, 0);
		opened = f->backend->open(&f->s, f->path, &f->err);
		if (opened == KR_OK) {
			appended = rows_append(f->s, 1, next, 3, 20, &f->err);
			f->backend->maintain(f->s, &f->err);
			f->backend->close(f->s);
		}
		used = kr_alloc_count();
		kr_alloc_fail_at(0, 0);
		if (opened != KR_OK && opened != KR_ENOMEM)
			fail_msg("allocation %ld of open: %s", n, f->err.text);
		if (appended != KR_OK && appended != KR_ENOMEM)
			fail_msg("allocation %ld of append: %s", n, f->err.text);
		if (!f->backend->durable)
			continue;
		open_store(f);
		have = count(f, 1);
		assert_true(have == had + 3 || (appended != KR_OK && have == had));
		next = have + 1;
		close_store(f);
	} while (n <= used);
	open_store(f);
}

/* SQLite's allocations go through ours. */
#include <malloc.h>
#include <sqlite3.h>

static void *sqlite_malloc(int size)
{
	return kr_malloc((size_t)size);
}
static void *sqlite_realloc(void *p, int size)
{
	return kr_realloc(p, 1, (size_t)size);
}
static int sqlite_size(void *p)
{
	return p ? (int)malloc_usable_size(p) : 0;
}
static int sqlite_roundup(int size)
{
	return (size + 7) & ~7;
}
static int sqlite_init(void *p)
{
	(void)p;
	return SQLITE_OK;
}
static void sqlite_shutdown(void *p)
{
	(void)p;
}

int main(void)
{
	static const sqlite3_mem_methods memory = {sqlite_malloc, kr_free, sqlite_realloc, sqlite_size,
		sqlite_roundup, sqlite_init, sqlite_shutdown, NULL};
	const struct store_backend *b;
	int n_failed = 0;

	log_set_level(LOG_LEVEL_ERROR);
	sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
	for (int i = 0; (b = store_at(i)) != NULL; i++) {
#define EACH(name)                                \
	{                                             \
#name, name, set_up, tear_down, (void *)b \
	}
		const struct CMUnitTest tests[] = {
			EACH(an_empty_store_has_no_rows),
			EACH(rows_come_back_by_study_and_seq),
			EACH(a_group_is_all_or_nothing),
			EACH(a_row_twice_in_a_group_is_refused),
			EACH(large_bodies_are_kept),
			EACH(a_reader_may_stop),
			EACH(a_reader_goes_on_where_it_was),
			EACH(random_groups_are_all_there),
			EACH(the_nth_allocation_fails),
		};

		assert_ptr_equal(store_find(b->name), b);
		n_failed += _cmocka_run_group_tests(b->name, tests, 8, NULL, NULL);
	}
	return n_failed || store_find("none");
}
