/* Copies of a database that is in use: what is in them, and what is left of those that
 * did not end. */
#include "daemon/store/copy.h"

#include <ftw.h>
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

#include "base/alloc.h"
#include "base/log.h"
#include "base/rng.h"
#include "daemon/store/store.h"

enum { SEED = 20261123, BODY = 3000 };

struct fixture {
	char folder[64], db[96], target[96], part[128];
	const struct store_backend *b;
	struct store *s;
	uint64_t n; /* rows so far, of study 1 */
	struct kr_error err;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	memcpy(f->folder, "/tmp/kriged-test-XXXXXX", strlen("/tmp/kriged-test-XXXXXX") + 1);
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->db, sizeof(f->db), "%s/k.db", f->folder);
	snprintf(f->target, sizeof(f->target), "%s/copy.db", f->folder);
	snprintf(f->part, sizeof(f->part), "%s.part", f->target);
	f->b = store_find("sqlite");
	if (f->b->open(&f->s, f->db, &f->err) != KR_OK)
		fail_msg("%s", f->err.text);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	f->b->close(f->s);
	nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static void append(struct fixture *f, size_t n)
{
	static uint8_t body[BODY];
	struct row *rows = calloc(n, sizeof(*rows));

	assert_non_null(rows);
	memset(body, (int)(f->n % 251), sizeof(body));
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct row){.study = 1,
			.seq = f->n + i + 1,
			.kind = 1,
			.actor = "me",
			.body = body,
			.len = sizeof(body)};
	if (f->b->append(f->s, rows, n, &f->err) != KR_OK)
		fail_msg("%s", f->err.text);
	f->n += n;
	free(rows);
	assert_int_equal(f->b->maintain(f->s, &f->err), KR_OK); /* checkpoints come between, too */
}

static enum kr_status see(void *ctx, const struct row *r, struct kr_error *err)
{
	(void)r, (void)err;
	++*(uint64_t *)ctx;
	return KR_OK;
}

/* Rows of a file, whose pages, sums and order are checked. */
static uint64_t rows_of(struct fixture *f, const char *path)
{
	uint64_t n = 0;
	struct store *s;

	if (f->b->open(&s, path, &f->err) != KR_OK || f->b->check(s, &f->err) != KR_OK ||
		f->b->load(s, 0, 0, see, &n, &f->err) != KR_OK)
		fail_msg("%s", f->err.text);
	f->b->close(s);
	return n;
}

static struct copy *begin(struct fixture *f)
{
	struct copy *c;

	if (f->b->copy(f->s, f->target, &c, &f->err) != KR_OK)
		fail_msg("%s", f->err.text);
	return c;
}

/* Nothing is lost between the steps, whatever comes there. */
static void commits_between_the_steps_are_in_it(void **state)
{
	struct fixture *f = *state;
	uint64_t seen = 0;

	print_message("seed %d\n", SEED);
	append(f, 400);
	for (uint64_t round = 0; round < 6; round++) {
		struct rng g = rng_make(SEED, round, 1, 0);
		struct copy *c = begin(f);
		uint64_t sure = f->n;
		bool done = false;
		struct stat st;

		while (!done) {
			assert_int_not_equal(access(f->target, F_OK), 0);
			if (copy_step(c, &done, &f->err) != KR_OK)
				fail_msg("%s", f->err.text);
			if (!done && rng_uniform(&g) < 0.5)
				append(f, 1 + (size_t)rng_below(&g, 40));
		}
		assert_int_not_equal(access(f->part, F_OK), 0);
		assert_int_equal(stat(f->target, &st), 0);
		assert_int_equal(copy_bytes(c), st.st_size);
		copy_close(c);
		assert_in_range(rows_of(f, f->target), sure, f->n);
		unlink(f->target);
	}
	assert_int_equal(f->b->load(f->s, 0, 0, see, &seen, &f->err), KR_OK);
	assert_int_equal(seen, f->n);
}

static void one_that_is_given_up_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	bool done = false;

	append(f, 300);
	for (int steps = 0; !done; steps++) {
		struct copy *c = begin(f);

		for (int i = 0; i < steps && !done; i++)
			assert_int_equal(copy_step(c, &done, &f->err), KR_OK);
		copy_close(c);
		assert_int_not_equal(access(f->part, F_OK), 0);
		assert_int_equal(access(f->target, F_OK) == 0, done);
	}
	assert_int_equal(rows_of(f, f->target), 300);
}

static void somebody_takes_the_name_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct copy *c;
	bool done = false;
	enum kr_status s = KR_OK;
	FILE *theirs;

	append(f, 10);
	c = begin(f);
	theirs = fopen(f->target, "w");
	fputs("theirs", theirs);
	fclose(theirs);
	while (s == KR_OK && !done)
		s = copy_step(c, &done, &f->err);
	assert_int_equal(s, KR_ALREADY_EXISTS);
	copy_close(c);
	assert_int_not_equal(access(f->part, F_OK), 0);
	assert_int_equal(unlink(f->target), 0);
}

static void without_memory_it_is_refused(void **state)
{
	struct fixture *f = *state;
	enum kr_status s = KR_ENOMEM;

	append(f, 10);
	for (long n = 1; s != KR_OK; n++) {
		struct copy *c = NULL;

		kr_alloc_fail_at(n, 0);
		s = f->b->copy(f->s, f->target, &c, &f->err);
		kr_alloc_fail_at(0, 0);
		if (s != KR_OK)
			assert_int_equal(s, KR_ENOMEM);
		else
			copy_close(c);
		assert_int_not_equal(access(f->part, F_OK), 0);
	}
}

static void what_is_not_a_part_of_ours_stays(void **state)
{
	struct fixture *f = *state;
	struct copy *c;

	assert_int_equal(mkdir(f->part, 0700), 0);
	assert_int_equal(f->b->copy(f->s, f->target, &c, &f->err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err.text, f->part));
	assert_int_equal(access(f->part, F_OK), 0);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		EACH(commits_between_the_steps_are_in_it),
		EACH(one_that_is_given_up_leaves_nothing),
		EACH(somebody_takes_the_name_meanwhile),
		EACH(without_memory_it_is_refused),
		EACH(what_is_not_a_part_of_ours_stays),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
