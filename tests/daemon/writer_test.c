/* The store thread over real and over failing stores. */
#include "daemon/writer.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

struct fixture {
	struct writer *w;
	struct mailbox inbox;
	struct mail *rest;
	struct kr_error err;
};

static void begin(struct fixture *f, const struct store_backend *backend)
{
	memset(f, 0, sizeof(*f));
	assert_int_equal(mailbox_init(&f->inbox, true, &f->err), KR_OK);
	if (writer_open(&f->w, backend, NULL, &f->inbox, &f->err) != KR_OK)
		fail_msg("%s", f->err.text);
}

static struct report *next(struct fixture *f)
{
	struct pollfd fd = {.fd = f->inbox.fd, .events = POLLIN};
	struct report *r;

	while (!f->rest) {
		assert_int_equal(poll(&fd, 1, 10000), 1);
		f->rest = mailbox_take(&f->inbox);
	}
	r = (struct report *)f->rest;
	f->rest = f->rest->next;
	return r;
}

static void end(struct fixture *f)
{
	writer_stop(f->w);
	for (struct mail *m = mailbox_take(&f->inbox), *n; m; m = n) {
		n = m->next;
		if (((struct report *)m)->kind == REPORT_LOADED)
			writer_part_done(f->w, (struct report *)m);
	}
	writer_free(f->w);
	mailbox_fini(&f->inbox);
}

/* One group of n rows of a study from seq on; its status. */
static enum kr_status commit(struct fixture *f, uint64_t study, uint64_t seq, size_t n, size_t len)
{
	struct row *rows = calloc(n, sizeof(*rows));
	uint8_t *body = calloc(1, len + 1);
	struct report *r;

	assert_true(rows && body);
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct row){
			.study = study, .seq = seq + i, .kind = 1, .actor = "me", .body = body, .len = len};
	writer_commit(f->w, seq, rows, n);
	r = next(f);
	assert_int_equal(r->kind, REPORT_COMMITTED);
	assert_int_equal(r->u.committed.group, seq);
	assert_non_null(r->u.committed.text);
	free(rows);
	free(body);
	return r->u.committed.status;
}

/* Rows of a load, and its end. */
static size_t load(struct fixture *f, uint64_t study, enum kr_status *status)
{
	size_t n = 0;
	bool done = false;

	assert_int_equal(writer_load(f->w, 77, study, &f->err), KR_OK);
	while (!done) {
		struct report *r = next(f);

		assert_int_equal(r->kind, REPORT_LOADED);
		assert_int_equal(r->u.loaded.ticket, 77);
		for (size_t i = 0; i < r->u.loaded.n; i++) {
			assert_string_equal(r->u.loaded.rows[i].actor, "me");
			assert_int_equal(r->u.loaded.rows[i].seq, n + i + 1);
		}
		n += r->u.loaded.n;
		done = r->u.loaded.done;
		*status = r->u.loaded.status;
		writer_part_done(f->w, r);
	}
	return n;
}

static void groups_are_committed_and_read_in_parts(void **state)
{
	struct fixture f;
	enum kr_status s;

	(void)state;
	begin(&f, store_find("memory"));
	for (uint64_t seq = 1; seq <= 20000; seq += 100)
		assert_int_equal(commit(&f, 5, seq, 100, 400), KR_OK);
	assert_int_equal(load(&f, 5, &s), 20000);
	assert_int_equal(s, KR_OK);
	assert_int_equal(load(&f, 6, &s), 0);
	assert_int_equal(s, KR_OK);
	assert_int_equal(commit(&f, 5, 7, 1, 1), KR_CONFLICT);
	end(&f);
}

/* A group is committed between the parts of a load, not after the last. */
static void a_commit_does_not_wait_for_a_load(void **state)
{
	struct fixture f;
	struct row row = {.study = 6, .seq = 1, .actor = "me", .body = (const uint8_t *)""};
	size_t n = 0, n_before = 0;
	bool done = false, committed = false;

	(void)state;
	begin(&f, store_find("memory"));
	for (uint64_t seq = 1; seq <= 40000; seq += 1000)
		assert_int_equal(commit(&f, 5, seq, 1000, 10), KR_OK);
	assert_int_equal(writer_load(f.w, 1, 5, &f.err), KR_OK);
	writer_commit(f.w, 99, &row, 1);
	while (!done || !committed) {
		struct report *r = next(&f);

		if (r->kind == REPORT_COMMITTED) {
			committed = true;
			n_before = n;
			continue;
		}
		for (size_t i = 0; i < r->u.loaded.n; i++)
			assert_int_equal(r->u.loaded.rows[i].seq, ++n);
		done = r->u.loaded.done;
		writer_part_done(f.w, r);
	}
	assert_int_equal(n, 40000);
	assert_in_range(n_before, 0, 20000);
	end(&f);
}

/* More parts than may be under way, none taken: stopping does not wait for them. */
static void stopping_cuts_a_load(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, store_find("memory"));
	for (uint64_t seq = 1; seq <= 40000; seq += 1000)
		assert_int_equal(commit(&f, 5, seq, 1000, 10), KR_OK);
	assert_int_equal(writer_load(f.w, 1, 0, &f.err), KR_OK);
	assert_int_equal(writer_load(f.w, 2, 5, &f.err), KR_OK);
	end(&f);
}

/* ---- a store that fails as told ---- */

static _Atomic enum kr_status append_answers, maintain_answers, close_answers;
static int fake_left; /* rows; set before the order to load */

static enum kr_status fake_open(struct store **out, const char *path, struct kr_error *err)
{
	extern const struct store_backend fake;
	static struct store s;

	(void)path;
	(void)err;
	s.backend = &fake;
	*out = &s;
	return KR_OK;
}

static enum kr_status fake_close(struct store *s)
{
	(void)s;
	return close_answers;
}

static enum kr_status fake_append(
	struct store *s, const struct row *rows, size_t n, struct kr_error *err)
{
	(void)s;
	(void)rows;
	(void)n;
	return append_answers == KR_OK ? KR_OK : kr_fail(err, append_answers, "%s", "as told");
}

static enum kr_status fake_load(struct store *s, uint64_t study, uint64_t after,
	enum kr_status (*row)(void *ctx, const struct row *r, struct kr_error *err), void *ctx,
	struct kr_error *err)
{
	struct row r = {.study = 1, .actor = "me"};

	(void)s;
	(void)study;
	(void)after;
	for (r.seq = 1; fake_left > 0; fake_left--, r.seq++)
		row(ctx, &r, err);
	return kr_fail(err, KR_EIO, "half way");
}

static enum kr_status fake_maintain(struct store *s, struct kr_error *err)
{
	(void)s;
	return maintain_answers == KR_OK ? KR_OK : kr_fail(err, maintain_answers, "as told");
}

static void fake_info(struct store *s, struct store_info *out)
{
	(void)s;
	*out = (struct store_info){.db_bytes = 7, .wal_bytes = 8, .engine_version = "fake"};
}

const struct store_backend fake;
const struct store_backend fake = {.name = "fake",
	.open = fake_open,
	.close = fake_close,
	.append = fake_append,
	.load = fake_load,
	.maintain = fake_maintain,
	.info = fake_info};

static void failures_are_reported(void **state)
{
	struct store_info info;
	struct fixture f;
	enum kr_status s;

	(void)state;
	begin(&f, &fake);
	append_answers = KR_EFULL;
	assert_int_equal(commit(&f, 1, 1, 1, 1), KR_EFULL);
	append_answers = KR_OK;
	maintain_answers = KR_EFULL; /* no harm: the group is durable */
	assert_int_equal(commit(&f, 1, 1, 1, 1), KR_OK);
	maintain_answers = KR_OK;
	fake_left = 3;
	assert_int_equal(load(&f, 1, &s), 3);
	assert_int_equal(s, KR_EIO);
	writer_info(f.w, &info);
	assert_int_equal(info.db_bytes, 7);
	assert_string_equal(info.engine_version, "fake");
	end(&f);
}

/* The process ends with code 3, and the group is never reported. */
static void an_unknown_outcome_ends_the_process(void **state)
{
	static const struct {
		enum kr_status append, maintain, close;
	} cases[] = {
		{KR_INTERNAL, KR_OK, KR_OK},
		{KR_ECORRUPT, KR_OK, KR_OK},
		{KR_OK, KR_INTERNAL, KR_OK},
		{KR_OK, KR_OK, KR_INTERNAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status;
		pid_t child;

		fflush(NULL);
		child = fork();
		if (child == 0) {
			struct fixture f;
			struct row r = {.study = 1, .seq = 1, .actor = ""};

			if (!freopen("/dev/null", "w", stderr))
				_exit(1);
			append_answers = cases[i].append;
			maintain_answers = cases[i].maintain;
			close_answers = cases[i].close;
			begin(&f, &fake);
			writer_commit(f.w, 1, &r, 1);
			if (cases[i].append != KR_OK) {
				next(&f);
				_exit(9); /* it was reported */
			}
			if (cases[i].close != KR_OK)
				writer_stop(f.w);
			for (;;)
				pause();
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), WRITER_EXIT_FATAL);
	}
}

/* A commit that comes during a backup is answered before it. */
static void commits_go_before_a_backup(void **state)
{
	char folder[] = "/tmp/kriged-test-XXXXXX", db[64], target[64];
	struct row row = {.study = 1, .kind = 1, .actor = "me", .body = (const uint8_t *)"x", .len = 1};
	struct fixture f = {.w = NULL};
	struct report *r;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(db, sizeof(db), "%s/k.db", folder);
	snprintf(target, sizeof(target), "%s/copy.db", folder);
	assert_int_equal(mailbox_init(&f.inbox, true, &f.err), KR_OK);
	if (writer_open(&f.w, store_find("sqlite"), db, &f.inbox, &f.err) != KR_OK)
		fail_msg("%s", f.err.text);
	for (uint64_t seq = 1; seq <= 30; seq++)
		assert_int_equal(commit(&f, 1, seq, 1, 1 << 20), KR_OK);
	assert_int_equal(writer_backup(f.w, target, &f.err), KR_OK);
	for (uint64_t seq = 31; seq <= 40; seq++) {
		row.seq = seq;
		writer_commit(f.w, seq, &row, 1);
		assert_int_equal(next(&f)->kind, REPORT_COMMITTED);
	}
	r = next(&f);
	assert_int_equal(r->kind, REPORT_BACKED_UP);
	assert_int_equal(r->u.backed_up.error.code, KR_OK);
	assert_string_equal(r->u.backed_up.path, target);
	assert_true(r->u.backed_up.bytes > 30 << 20);
	writer_backup_done(f.w, r);
	/* and one that is cut is answered */
	writer_cut_backup(f.w);
	assert_int_equal(unlink(target), 0);
	assert_int_equal(writer_backup(f.w, target, &f.err), KR_OK);
	r = next(&f);
	assert_int_equal(r->u.backed_up.error.code, KR_UNAVAILABLE);
	writer_backup_done(f.w, r);
	end(&f);
	snprintf(target, sizeof(target), "rm -r %s", folder);
	assert_int_equal(system(target), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_committed_and_read_in_parts),
		cmocka_unit_test(a_commit_does_not_wait_for_a_load),
		cmocka_unit_test(stopping_cuts_a_load),
		cmocka_unit_test(failures_are_reported),
		cmocka_unit_test(an_unknown_outcome_ends_the_process),
		cmocka_unit_test(commits_go_before_a_backup),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
