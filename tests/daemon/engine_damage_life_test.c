/* Stored rows of a trial's life that cannot be: each is named and not applied; and random
 * damage of them never brings the engine down. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "daemon/engine/core.h"
#include "proto/record.h"
#include "tests/daemon/engine_life.h"

enum { SEED = 20261123, ROUNDS = 1500 };

/* Rows of the study: created; enqueued (0, partial); enqueued (1 and 2); given (all of them, and 3
 * new); released (1); given again (0, 2 and 3 to their worker's next session, and 1); a late end
 * of 1; a stale result of 1; cancelled (3). */
enum { CREATED, QUEUED, QUEUED_TOO, GIVEN, RELEASED, GIVEN_AGAIN, LATE, STALE, CANCELLED, N_ROWS };

static struct harness *lived(void)
{
	struct harness *h = life_new(NULL);
	struct msg_request m = life_enqueue(h, 1, false);
	struct msg_trials_reply got, again;
	struct msg_reply r;

	life_do(h, &m);
	m = life_enqueue(h, 2, true);
	life_do(h, &m);
	got = life_ask(h, 4, "ada", 1); /* 0, 1, 2, 3 */
	m = life_release(h, 1, NULL);
	life_do(h, &m);
	again = life_ask(h, 4, "ada", 2); /* 0, 2, 3 come back, then 1 from the queue */
	assert_int_equal(again.trials[3].number, 1);
	m = life_observe(h, &got.trials[1].lease, 1);
	life_do(h, &m);
	m = life_observe(h, &again.trials[3].lease, 2);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STALE_LEASE, NULL, NULL);
	m = life_cancel(h, 3);
	life_do(h, &m);
	assert_int_equal(h->n_rows, N_ROWS);
	return h;
}

/* ---- damage with a name ------------------------------------------------------ */

struct damage {
	int at;
	void (*change)(struct record *r);
	const char *named;
};

static struct record_given *given(struct record *r, int i)
{
	return (struct record_given *)(uintptr_t)&r->u.suggested.trials[i];
}

static struct record_outcome *outcome(struct record *r)
{
	return (struct record_outcome *)(uintptr_t)r->u.ended.outcomes;
}

static void set(const double *values, int i, double v)
{
	((double *)(uintptr_t)values)[i] = v;
}

static void queued_out_of_order(struct record *r)
{
	r->u.enqueued.first_number = 1;
}

static void queued_nowhere(struct record *r)
{
	set(r->u.enqueued.trials[0].values, 1, 2.5);
}

static void moves_a_point(struct record *r)
{
	set(given(r, 1)->values, 0, 0.75);
}

static void moves_what_was_fixed(struct record *r)
{
	set(given(r, 0)->values, 0, 0.75);
}

static void not_completed(struct record *r)
{
	set(given(r, 0)->values, 1, NAN);
}

static void skips_an_attempt(struct record *r)
{
	given(r, 1)->attempt++;
}

static void new_before_queued(struct record *r)
{
	struct record_given first = *given(r, 0);

	*given(r, 0) = *given(r, 3);
	*given(r, 3) = first;
}

static void gives_twice(struct record *r)
{
	*given(r, 1) = *given(r, 0);
}

static void gives_the_queued_first(struct record *r)
{
	struct record_given last = *given(r, 3);

	*given(r, 3) = *given(r, 0);
	*given(r, 0) = last;
}

static void gives_an_end(struct record *r)
{
	given(r, 3)->number = 77;
}

static void releases_the_queued(struct record *r)
{
	outcome(r)->number = 77;
}

static void released_with_a_result(struct record *r)
{
	static const double y = 1;

	outcome(r)->n_values = 1;
	outcome(r)->values = &y;
}

static void attempt_to_come(struct record *r)
{
	outcome(r)->attempt = 3;
}

static void stale_of_nothing(struct record *r)
{
	r->u.stale.number = 77;
}

static void cancels_an_end(struct record *r)
{
	outcome(r)->number = 1;
}

static const struct damage damages[] = {
	{QUEUED, queued_out_of_order, "not numbered in order"},
	{QUEUED, queued_nowhere, "not a point of the space"},
	{GIVEN, moves_a_point, "gives out a trial again"},
	{GIVEN, moves_what_was_fixed, "gives out a trial again"},
	{GIVEN, not_completed, "not a point of the space"},
	{GIVEN, skips_an_attempt, "gives out a trial again"},
	{GIVEN, new_before_queued, "not numbered in order"},
	{GIVEN, gives_twice, "not numbered in order"},
	{RELEASED, releases_the_queued, "does not exist"},
	{RELEASED, released_with_a_result, "its state does not allow"},
	{GIVEN_AGAIN, gives_the_queued_first, "not numbered in order"},
	{GIVEN_AGAIN, gives_an_end, "not numbered in order"},
	{GIVEN_AGAIN, skips_an_attempt, "gives out a trial again"},
	{LATE, attempt_to_come, "its state does not allow"},
	{STALE, stale_of_nothing, "does not exist"},
	{CANCELLED, cancels_an_end, "its state does not allow"},
};

/* Rows up to the damaged one go in; the status of that one. */
static enum kr_status load_damaged(
	const struct harness *h, const struct damage *d, struct kr_error *err)
{
	struct arena *a = arena_new(1 << 24), *scratch = arena_new(1 << 24);
	struct row row = h->rows[d->at];
	struct study *s = NULL;
	struct record r;
	struct bytes body;
	enum kr_status st;

	assert_true(a && scratch);
	for (int i = 0; i < d->at; i++)
		assert_int_equal(load_row(&s, &h->rows[i], NULL, scratch, err), KR_OK);
	assert_int_equal(record_decode(&r, row.kind, row.body, row.len, a, err), KR_OK);
	d->change(&r);
	assert_int_equal(record_encode(&body, &r, a, err), KR_OK);
	row.body = body.p;
	row.len = body.len;
	st = load_row(&s, &row, NULL, scratch, err);
	if (s)
		assert_int_equal(s->now.seq, d->at); /* not applied */
	study_free(s);
	arena_free(scratch);
	arena_free(a);
	return st;
}

static void test_named(void **state)
{
	struct harness *h = lived();

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct kr_error err = {0};
		enum kr_status st = load_damaged(h, &damages[i], &err);

		if (st != KR_ECORRUPT || !strstr(err.text, damages[i].named) ||
			!strstr(err.text, "study 1"))
			fail_msg("damage %zu (%s): status %d, \"%s\"", i, damages[i].named, (int)st, err.text);
	}
	harness_free(h);
}

/* ---- random damage ----------------------------------------------------------- */

/* A byte of a body, the method of another row, or a row in another's place. */
static void harm(struct harness *h, struct rng *rng)
{
	size_t i = rng_below(rng, (uint32_t)h->n_rows), k = rng_below(rng, (uint32_t)h->n_rows);
	struct row *row = &h->rows[i], other;

	switch (rng_below(rng, 6)) {
	case 0: row->method = h->rows[k].method; break;
	case 1:
		other = *row;
		*row = h->rows[k];
		h->rows[k] = other;
		row->seq = i + 1;
		h->rows[k].seq = k + 1;
		break;
	default:
		if (row->len)
			((uint8_t *)(uintptr_t)row->body)[rng_below(rng, (uint32_t)row->len)] ^= (uint8_t)(1u
				<< rng_below(rng, 8));
	}
}

/* The request that the store says made the row, as far as it can be told from it. */
static struct msg_request again(struct harness *h, const struct row *row)
{
	uint64_t number = row->seq % 4;
	struct msg_request m = harness_request(h, (enum method)row->method, 0);

	switch ((enum method)row->method) {
	case METHOD_SUGGEST: m = harness_suggest(h, "s", 4); break;
	case METHOD_OBSERVE: m = harness_observe(h, "s", number, 1); break;
	case METHOD_ENQUEUE: m = life_enqueue(h, 1, true); break;
	case METHOD_RELEASE: m = life_release(h, number, NULL); break;
	case METHOD_CANCEL_TRIAL: m = life_cancel(h, number); break;
	default: m = harness_create(h, "s"); break;
	}
	memcpy(m.meta.request_id, row->request, sizeof(m.meta.request_id));
	return m;
}

/* What a client may ask of it; whatever the answers are, there is one to each. */
static void use(struct harness *h)
{
	struct msg_request m[] = {harness_get(h, "s"), life_suggest(h, 3, "ada", 3),
		harness_observe(h, "s", 2, 0.5), life_release(h, 0, NULL), life_release(h, 3, NULL),
		life_enqueue(h, 2, false), life_suggest(h, 2, "bob", 4), life_cancel(h, 0),
		harness_request(h, METHOD_LIST_TRIALS, 0), harness_request(h, METHOD_REPLAY, 0)};
	size_t n = h->n_rows;

	m[8].u.list_trials.study = "s";
	m[9].u.replay.study = "s";
	for (size_t i = 0; i < n; i++) {
		struct msg_request twice = again(h, &h->rows[i]);

		assert_int_equal(harness_count(h, harness_send(h, &twice)), 1);
	}
	for (size_t i = 0; i < sizeof(m) / sizeof(m[0]); i++)
		assert_int_equal(harness_count(h, harness_send(h, &m[i])), 1);
	harness_tick(h, 20000);
	harness_check(h);
	harness_restart(h);
	harness_check(h);
}

static void test_random(void **state)
{
	(void)state;
	print_message("seed %d\n", SEED);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		struct rng rng = rng_make(SEED, round, RNG_TEST, 0);
		struct harness *h = lived();

		harness_crash(h);
		for (uint32_t n = 1 + rng_below(&rng, 3); n > 0; n--)
			harm(h, &rng);
		assert_true(harness_boot(h));
		harness_begin(h);
		harness_tick(h, 1000);
		assert_true(engine_ready(h->e));
		harness_check(h);
		use(h);
		harness_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
