/* Stored rows that cannot be: each is named, none is applied; and rows with random damage,
 * of which some still make sense, never bring the engine down. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "daemon/engine/core.h"
#include "proto/record.h"
#include "tests/daemon/engine_harness.h"

enum { SEED = 20240917, ROUNDS = 1000 };

/* Rows of a study, in order: created, suggested (0, 1), ended (0), ended (1), added (2),
 * suggested (3), updated, reported (3), edited (0), deleted (1); and of another one, created. */
enum { CREATED, GIVEN, TOLD, FAILED, ADDED, GIVEN_AGAIN, PAUSED, REPORTED, EDITED, GONE, N_ROWS };

static void add(struct harness *h)
{
	struct msg_request m = harness_request(h, METHOD_ADD_TRIALS, 0);
	struct msg_named params[] = {{"x", {.kind = SCALAR_REAL, .r = 0.25}},
		{"k", {.kind = SCALAR_INT, .i = 2}}, {"c", {.kind = SCALAR_STRING, .s = "a"}}};
	struct msg_value value = {.value = 3};
	struct msg_point point = {.n_params = 3, .params = params, .n_values = 1, .values = &value};
	struct msg_reply r;

	m.u.add_trials = (struct msg_add_trials){"s", 1, &point};
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
}

static struct harness *lived(void)
{
	struct harness *h = harness_new();
	struct msg_request m[] = {harness_create(h, "s"), harness_suggest(h, "s", 2),
		harness_observe(h, "s", 0, 1.5), harness_fail(h, "s", 1, TRIAL_FAILED, "as told")};
	struct msg_request later[] = {harness_suggest(h, "s", 1), harness_update(h, "s", ACTION_PAUSE),
		harness_report(h, "s", 3, 7, 0.5), harness_correct(h, "s", 0, 2.5),
		harness_delete_trial(h, "s", 1), harness_create(h, "other")};
	struct msg_reply r;

	for (size_t i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		r = harness_ask(h, &m[i]);
		harness_assert_ok(&r);
	}
	add(h);
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		r = harness_ask(h, &later[i]);
		harness_assert_ok(&r);
	}
	assert_int_equal(h->n_rows, N_ROWS + 1);
	return h;
}

/* ---- damage with a name ------------------------------------------------------ */

/* What is done to the row `at` and its record. */
struct damage {
	int at;
	void (*change)(struct row *row, struct record *r);
	const char *named;
};

static void skip_one(struct row *row, struct record *r)
{
	(void)r;
	row->seq++;
}

static void is_creation(struct row *row, struct record *r)
{
	static struct msg_param x = {
		.name = "x", .kind = PARAM_FLOAT, .has_low = true, .has_high = true, .high = 1};
	static struct msg_metric y = {.name = "y", .role = METRIC_MINIMIZE};

	(void)row;
	r->kind = RECORD_STUDY_CREATED;
	r->u.created = (struct record_created){
		.name = "s", .spec = {.n_params = 1, .params = &x, .n_metrics = 1, .metrics = &y}};
}

static void has_no_name(struct row *row, struct record *r)
{
	(void)row;
	r->u.created.name = "";
}

static void bounds_meet(struct row *row, struct record *r)
{
	struct msg_param *p = (struct msg_param *)(uintptr_t)r->u.created.spec.params;

	(void)row;
	p[0].low = p[0].high;
}

static struct record_given *given(struct record *r)
{
	return (struct record_given *)(uintptr_t)r->u.suggested.trials;
}

static double *value_of(const double *values)
{
	return (double *)(uintptr_t)values;
}

static void number_given_twice(struct row *row, struct record *r)
{
	(void)row;
	given(r)[1].number = given(r)[0].number;
}

static void value_missing(struct row *row, struct record *r)
{
	(void)row;
	given(r)->n_values--;
}

static void value_infinite(struct row *row, struct record *r)
{
	(void)row;
	value_of(given(r)->values)[0] = INFINITY;
}

static void int_not_whole(struct row *row, struct record *r)
{
	(void)row;
	value_of(given(r)->values)[1] = 2.5;
}

static void no_such_choice(struct row *row, struct record *r)
{
	(void)row;
	value_of(given(r)->values)[2] = 5;
}

static struct record_outcome *outcome(struct record *r)
{
	return (struct record_outcome *)(uintptr_t)r->u.ended.outcomes;
}

static void ends_nothing(struct row *row, struct record *r)
{
	(void)row;
	outcome(r)->number = 77;
}

static void ends_an_end(struct row *row, struct record *r)
{
	(void)row;
	outcome(r)->number = 0;
}

static void ends_twice(struct row *row, struct record *r)
{
	static struct record_outcome both[2];

	(void)row;
	both[0] = both[1] = r->u.ended.outcomes[0];
	r->u.ended = (struct record_ended){2, both};
}

static void result_of_nothing(struct row *row, struct record *r)
{
	(void)row;
	outcome(r)->n_values = 0;
}

static void result_not_finite(struct row *row, struct record *r)
{
	(void)row;
	value_of(outcome(r)->values)[0] = INFINITY;
}

static void result_of_two(struct row *row, struct record *r)
{
	static const double two[2] = {1, 2};

	(void)row;
	outcome(r)->n_values = 2;
	outcome(r)->values = two;
}

static void error_below_zero(struct row *row, struct record *r)
{
	static const double sems[1] = {-0.5};

	(void)row;
	outcome(r)->n_sems = 1;
	outcome(r)->sems = sems;
}

static void failure_expires(struct row *row, struct record *r)
{
	(void)row;
	outcome(r)->state = TRIAL_RUNNING;
}

static void added_out_of_order(struct row *row, struct record *r)
{
	(void)row;
	r->u.added.first_number++;
}

static void added_nowhere(struct row *row, struct record *r)
{
	(void)row;
	value_of(r->u.added.trials[0].values)[2] = -1;
}

static void added_without_end(struct row *row, struct record *r)
{
	(void)row;
	value_of(r->u.added.trials[0].metrics)[0] = -INFINITY;
}

static void reports_nothing(struct row *row, struct record *r)
{
	(void)row;
	r->u.reported.number = 9;
}

static void reports_an_end(struct row *row, struct record *r)
{
	(void)row;
	r->u.reported.number = 0;
}

static void reports_a_cancel(struct row *row, struct record *r)
{
	(void)row;
	r->u.reported.stop = STOP_CANCELLED;
}

static void reports_no_reason(struct row *row, struct record *r)
{
	(void)row;
	r->u.reported.stop = (enum stop_reason)77;
}

static void reports_infinity(struct row *row, struct record *r)
{
	(void)row;
	r->u.reported.value = INFINITY;
}

static void edits_nothing(struct row *row, struct record *r)
{
	(void)row;
	r->u.edited.number = 9;
}

static void edits_running(struct row *row, struct record *r)
{
	(void)row;
	r->u.edited.number = 3;
}

static void edits_to_infinity(struct row *row, struct record *r)
{
	(void)row;
	value_of(r->u.edited.values)[0] = -INFINITY;
}

static void excludes_running(struct row *row, struct record *r)
{
	(void)row;
	r->u.edited = (struct record_edited){.number = 3, .has_excluded = true, .excluded = true};
}

static void sems_without_values(struct row *row, struct record *r)
{
	static const double sem = 1;

	(void)row;
	r->u.edited = (struct record_edited){.number = 0, .n_sems = 1, .sems = &sem};
}

static void deletes_running(struct row *row, struct record *r)
{
	(void)row;
	r->u.edited.number = 3;
}

static void no_kind(struct row *row, struct record *r)
{
	(void)r;
	row->kind = 99;
}

static const struct damage damages[] = {
	{CREATED, skip_one, "first event is missing"},
	{CREATED, has_no_name, "name"},
	{CREATED, bounds_meet, "low"},
	{GIVEN, skip_one, "events are missing before it"},
	{GIVEN, is_creation, "creates the study a second time"},
	{GIVEN, number_given_twice, "not numbered in order"},
	{GIVEN, value_missing, "not a point of the space"},
	{GIVEN, value_infinite, "is infinite"},
	{GIVEN, int_not_whole, "not a point of the space"},
	{GIVEN, no_such_choice, "not a point of the space"},
	{TOLD, ends_nothing, "does not exist"},
	{TOLD, ends_twice, "ends a trial twice"},
	{TOLD, result_of_nothing, "its state does not allow"},
	{TOLD, result_not_finite, "is not finite"},
	{TOLD, result_of_two, "its state does not allow"},
	{TOLD, error_below_zero, "is no standard error"},
	{FAILED, ends_an_end, "its state does not allow"},
	{FAILED, failure_expires, "its state does not allow"},
	{ADDED, added_out_of_order, "not numbered in order"},
	{ADDED, added_nowhere, "not a point of the space"},
	{ADDED, added_without_end, "is not finite"},
	{PAUSED, no_kind, "kind"},
	{REPORTED, reports_nothing, "whose state does not allow"},
	{REPORTED, reports_an_end, "whose state does not allow"},
	{REPORTED, reports_a_cancel, "whose state does not allow"},
	{REPORTED, reports_no_reason, ""},
	{REPORTED, reports_infinity, "finite"},
	{EDITED, edits_nothing, "does not exist"},
	{EDITED, edits_running, "its state does not allow"},
	{EDITED, edits_to_infinity, "finite"},
	{EDITED, excludes_running, "its state does not allow"},
	{EDITED, sems_without_values, "sems is not as long"},
	{GONE, deletes_running, "its state does not allow"},
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
	d->change(&row, &r);
	if (row.kind == h->rows[d->at].kind)
		row.kind = r.kind;
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

/* A byte of a body, a row's place, or a row lost, doubled or swapped. */
static void harm(struct harness *h, struct rng *rng)
{
	size_t i = rng_below(rng, (uint32_t)h->n_rows), k = rng_below(rng, (uint32_t)h->n_rows);
	struct row *row = &h->rows[i], other;

	switch (rng_below(rng, 9)) {
	case 0: row->seq += rng_below(rng, 3); break;
	case 1: row->kind = rng_below(rng, 11); break;
	case 4: row->method = h->rows[k].method; break;
	case 2: row->len -= rng_below(rng, (uint32_t)row->len + 1); break;
	case 3:
		other = *row;
		*row = h->rows[k];
		h->rows[k] = other;
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
	enum method method = (enum method)row->method;
	struct msg_request m = harness_request(h, method, 0);
	uint64_t number = row->seq % 4;

	switch (method) {
	case METHOD_SUGGEST: m = harness_suggest(h, "s", 1); break;
	case METHOD_OBSERVE: m = harness_observe(h, "s", number, 1); break;
	case METHOD_FAIL_TRIAL: m = harness_fail(h, "s", number, TRIAL_FAILED, NULL); break;
	case METHOD_REPORT: m = harness_report(h, "s", number, 1, 1); break;
	case METHOD_EDIT_TRIAL: m = harness_correct(h, "s", number, 1); break;
	case METHOD_DELETE_TRIAL: m = harness_delete_trial(h, "s", number); break;
	case METHOD_UPDATE_STUDY: m = harness_update(h, "s", ACTION_RESUME); break;
	case METHOD_ADD_TRIALS:
	case METHOD_ENQUEUE: m.u.enqueue.study = "s"; break;
	case METHOD_RELEASE:
	case METHOD_CANCEL_TRIAL:
		m.u.release.study = "s";
		m.u.release.number = number;
		break;
	default: m = harness_create(h, "s"); break;
	}
	memcpy(m.meta.request_id, row->request, sizeof(m.meta.request_id));
	return m;
}

/* What a client may ask of it; whatever the answers are, there is one to each. */
static void use(struct harness *h)
{
	struct msg_request m[] = {harness_get(h, "s"), harness_suggest(h, "s", 2),
		harness_observe(h, "s", 3, 0.5), harness_update(h, "s", ACTION_RESUME),
		harness_suggest(h, "s", 1), harness_request(h, METHOD_LIST_TRIALS, 0),
		harness_request(h, METHOD_REPLAY, 0), harness_request(h, METHOD_BEST, 0),
		harness_create(h, "new")};

	size_t n = h->n_rows;

	for (size_t i = 0; i < n; i++)
		if (h->rows[i].has_request) {
			struct msg_request repeat = again(h, &h->rows[i]);

			harness_ask(h, &repeat);
		}
	m[5].u.list_trials.study = "s";
	m[6].u.replay.study = "s";
	m[7].u.best.study = "s";
	for (size_t i = 0; i < sizeof(m) / sizeof(m[0]); i++)
		harness_ask(h, &m[i]);
}

static void test_random(void **state)
{
	int refused = 0;

	(void)state;
	printf("seed %d, %d rounds\n", SEED, ROUNDS);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct rng rng = rng_make(SEED, i, RNG_TEST, 0);
		struct harness *h = lived();
		struct msg_request get = harness_get(h, "s");
		struct msg_reply r;

		harness_crash(h);
		for (uint32_t n = 1 + rng_below(&rng, 3); n > 0; n--)
			harm(h, &rng);
		assert_true(harness_boot(h));
		harness_begin(h);
		r = harness_ask(h, &get);
		refused += r.is_error;
		use(h);
		harness_check(h);
		harness_free(h);
	}
	printf("%d of them made the study unusable\n", refused);
	assert_in_range(refused, ROUNDS / 4, ROUNDS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
