/* The pool with jobs of our own: job_* below stand for the engine's. */
#include "daemon/compute.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"

enum { MAX_LOG = 100000 };

struct job {
	uint64_t id, study;
	int units; /* left */
	bool cut, unasked;
	atomic_int inside;
	int n_run;
};

static atomic_int n_log, n_freed;
static uint64_t studies_served[MAX_LOG];
static atomic_bool gate; /* closed: units wait */

uint64_t job_id(const struct job *j)
{
	return j->id;
}

uint64_t job_study(const struct job *j)
{
	return j->study;
}

bool job_unasked(const struct job *j)
{
	return j->unasked;
}

bool job_step(struct job *j)
{
	struct timespec moment = {.tv_nsec = 20000};

	if (atomic_fetch_add(&j->inside, 1) != 0) /* one worker at a time */
		abort();
	while (!atomic_load(&gate))
		nanosleep(&moment, NULL);
	if (!j->cut && j->units > 0) {
		studies_served[atomic_fetch_add(&n_log, 1) % MAX_LOG] = j->study;
		j->units--;
		j->n_run++;
	}
	atomic_fetch_sub(&j->inside, 1);
	return !j->cut && j->units > 0;
}

void job_cut(struct job *j)
{
	j->cut = true;
}

void job_free(struct job *j)
{
	atomic_fetch_add(&n_freed, 1);
	free(j);
}

static struct job *make(uint64_t id, uint64_t study, int units)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		abort();
	j->id = id;
	j->study = study;
	j->units = units;
	return j;
}

struct fixture {
	struct compute *c;
	struct mailbox inbox;
	struct kr_error err;
};

static void begin(struct fixture *f, int n_threads)
{
	atomic_store(&n_log, 0);
	atomic_store(&n_freed, 0);
	atomic_store(&gate, true);
	assert_int_equal(mailbox_init(&f->inbox, true, &f->err), KR_OK);
	assert_int_equal(compute_new(&f->c, n_threads, &f->inbox, &f->err), KR_OK);
}

static void end(struct fixture *f)
{
	atomic_store(&gate, true);
	compute_free(f->c);
	mailbox_fini(&f->inbox);
}

static void submit(struct fixture *f, struct job *j)
{
	assert_int_equal(compute_submit(f->c, j, &f->err), KR_OK);
}

/* The next finished job, as the engine's thread gets it. */
static struct job *next_done(struct fixture *f)
{
	static struct mail *rest;
	struct pollfd fd = {.fd = f->inbox.fd, .events = POLLIN};
	struct report *r;
	struct job *j;

	while (!rest) {
		assert_int_equal(poll(&fd, 1, 10000), 1);
		rest = mailbox_take(&f->inbox);
	}
	r = (struct report *)rest;
	rest = rest->next;
	assert_int_equal(r->kind, REPORT_COMPUTED);
	j = r->u.computed.job;
	compute_done(r);
	return j;
}

static void every_job_comes_back_whole(void **state)
{
	struct fixture f;
	bool seen[501] = {false};

	(void)state;
	begin(&f, 4);
	for (uint64_t id = 1; id <= 500; id++)
		submit(&f, make(id, id % 7, (int)(id % 13)));
	for (int i = 0; i < 500; i++) {
		struct job *j = next_done(&f);

		assert_false(seen[j->id]);
		seen[j->id] = true;
		assert_int_equal(j->n_run, j->id % 13);
		free(j);
	}
	end(&f);
	assert_int_equal(n_freed, 0);
}

/* A long job of one study, then ten jobs of that study and one of another: the other
 * study gets half of the units. */
static void studies_take_turns(void **state)
{
	struct fixture f;
	int n_mine = 0, n_before;

	(void)state;
	begin(&f, 1);
	atomic_store(&gate, false);
	for (uint64_t id = 1; id <= 10; id++)
		submit(&f, make(id, 1, 100));
	submit(&f, make(11, 2, 100));
	atomic_store(&gate, true);
	for (int i = 0; i < 11; i++)
		free(next_done(&f));
	n_before = 0;
	for (int i = 0; i < n_log && n_mine < 100; i++) {
		n_mine += studies_served[i] == 2;
		n_before++;
	}
	assert_int_equal(n_mine, 100);
	assert_in_range(n_before, 190, 210);
	end(&f);
}

/* Jobs that nobody waits for have what others leave: the one that runs gives way after its unit,
 * and one that somebody has begun to wait for has its turn like others. */
static void unasked_jobs_give_way(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 1);
	atomic_store(&gate, false);
	for (uint64_t id = 1; id <= 4; id++) {
		struct job *j = make(id, id, 50);

		j->unasked = id != 4;
		submit(&f, j);
	}
	compute_raise(f.c, 3);
	compute_raise(f.c, 12345); /* long gone */
	atomic_store(&gate, true);
	for (int i = 0; i < 4; i++)
		free(next_done(&f));
	/* One unit of the first may have begun before the others came. */
	for (int i = 1; i < 100; i++)
		assert_true(studies_served[i] >= 3);
	for (int i = 102; i < n_log; i++)
		assert_true(studies_served[i] <= 2);
	end(&f);
}

static void a_cut_job_runs_no_more_units(void **state)
{
	struct fixture f;
	struct job *j;

	(void)state;
	begin(&f, 1);
	atomic_store(&gate, false);
	submit(&f, make(1, 1, 1000));
	submit(&f, make(2, 2, 1000));
	compute_cut(f.c, 2);
	compute_cut(f.c, 12345); /* long gone */
	compute_cut(f.c, 1);
	atomic_store(&gate, true);
	for (int i = 0; i < 2; i++) {
		j = next_done(&f);
		assert_true(j->cut);
		assert_true(j->n_run <= 1); /* the one that ran when the cut came */
		free(j);
	}
	submit(&f, make(3, 1, 3));
	j = next_done(&f);
	assert_int_equal(j->n_run, 3);
	free(j);
	end(&f);
}

static void stopping_frees_what_is_queued(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 2);
	atomic_store(&gate, false);
	for (uint64_t id = 1; id <= 20; id++)
		submit(&f, make(id, id, 1000000));
	end(&f);
	assert_int_equal(n_freed, 20);
}

static void the_nth_allocation_fails(void **state)
{
	struct mailbox inbox;
	struct kr_error err;
	long n = 0;

	(void)state;
	atomic_store(&gate, true);
	atomic_store(&n_freed, 0);
	assert_int_equal(mailbox_init(&inbox, true, &err), KR_OK);
	do {
		struct compute *c;
		enum kr_status s;

		kr_alloc_fail_at(++n, 0);
		s = compute_new(&c, 2, &inbox, &err);
		if (s == KR_OK) {
			s = compute_submit(c, make(1, 1, 1000000), &err);
			compute_free(c);
		}
		assert_true(s == KR_OK || s == KR_ENOMEM);
	} while (n <= kr_alloc_count());
	kr_alloc_fail_at(0, 0);
	assert_int_equal(n, 4);
	assert_int_equal(n_freed, 2);
	mailbox_fini(&inbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_job_comes_back_whole),
		cmocka_unit_test(studies_take_turns),
		cmocka_unit_test(unasked_jobs_give_way),
		cmocka_unit_test(a_cut_job_runs_no_more_units),
		cmocka_unit_test(stopping_frees_what_is_queued),
		cmocka_unit_test(the_nth_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
