/* Trials: results, failures, leases, late results, told trials, lists. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/daemon/engine_harness.h"

/* A study "s" with n running trials given to `worker`; the first one's lease to *lease. */
static struct harness *with_trials(uint32_t n, const char *worker, struct msg_lease *lease)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	m = harness_suggest(h, "s", n);
	m.meta.worker_id = worker;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.n, (int)n);
	if (lease)
		*lease = r.u.trials.trials[0].lease;
	return h;
}

static struct msg_trial get(struct harness *h, uint64_t number)
{
	struct msg_request m = {.method = METHOD_GET_TRIAL};
	struct msg_reply r;

	m.u.get_trial.study = "s";
	m.u.get_trial.number = number;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	return r.u.trials.trials[0];
}

static struct msg_study study(struct harness *h)
{
	struct msg_request m = harness_get(h, "s");
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	return r.u.study.study;
}

static void set_lease(struct msg_request *m, struct msg_lease lease)
{
	struct msg_observation *o = (struct msg_observation *)(uintptr_t)m->u.observe.observations;

	o->lease = lease;
}

/* A result told twice, and a copy of the second request that comes when another study has
 * the name: it gets the answer of then and ends no trial of the new study. */
static void test_late_copy_of_a_repeat(void **state)
{
	struct harness *h = with_trials(1, NULL, NULL);
	struct msg_request first = harness_observe(h, "s", 0, 0.25), again, m;
	struct msg_reply r;

	(void)state;
	harness_ask(h, &first);
	again = harness_observe(h, "s", 0, 0.25);
	r = harness_ask(h, &again);
	harness_assert_ok(&r);
	m = harness_create(h, "s");
	m.u.create_study.if_exists = IF_EXISTS_REPLACE;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_suggest(h, "s", 1);
	harness_ask(h, &m);
	assert_int_equal(get(h, 0).state, TRIAL_RUNNING);
	r = harness_ask(h, &again);
	harness_assert_ok(&r);
	assert_true(r.u.trials.trials[0].values[0].value == 0.25);
	assert_int_equal(get(h, 0).state, TRIAL_RUNNING);
	harness_free(h);
}

static void test_observe_states(void **state)
{
	struct harness *h = with_trials(4, NULL, NULL);
	struct msg_request m = harness_observe(h, "s", 0, 0.25);
	struct msg_reply r = harness_ask(h, &m);
	size_t rows;

	(void)state;
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.trials[0].state, TRIAL_COMPLETE);
	assert_true(r.u.trials.trials[0].values[0].value == 0.25);
	assert_string_equal(r.u.trials.trials[0].values[0].name, "loss");

	rows = h->n_rows;
	m = harness_observe(h, "s", 0, 0.25); /* repeating it is harmless: only its id is kept */
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(h->n_rows, rows + 1);
	assert_true(get(h, 0).seq <= rows);
	m = harness_observe(h, "s", 0, 0.3);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "observations[0].number",
		"trial 0 is COMPLETE already with 0.25 and can't become 0.3;");

	m = harness_fail(h, "s", 1, TRIAL_PRUNED, "bad start");
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.trials[0].state, TRIAL_PRUNED);
	rows = h->n_rows;
	m = harness_fail(h, "s", 1, TRIAL_PRUNED, "bad start");
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(h->n_rows, rows + 1);
	assert_true(get(h, 1).seq <= rows);
	m = harness_fail(h, "s", 1, TRIAL_FAILED, "bad start");
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "number", "trial 1 is PRUNED already");
	m = harness_fail(h, "s", 1, TRIAL_PRUNED, "too slow");
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "number", "with another reason");
	m = harness_observe(h, "s", 1, 0.5);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, NULL, "PRUNED");
	m = harness_fail(h, "s", 0, TRIAL_FAILED, NULL);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, NULL, "COMPLETE");
	m = harness_fail(h, "s", 2, TRIAL_COMPLETE, NULL);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "state", "FAILED, INFEASIBLE or PRUNED");
	m = harness_fail(h, "s", 2, 0, NULL);
	r = harness_ask(h, &m);
	assert_int_equal(r.u.trials.trials[0].state, TRIAL_FAILED);
	m = harness_observe(h, "s", 9, 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_FOUND, "observations[0].number", "no trial 9");
	harness_check(h);
	harness_free(h);
}

static void test_nonfinite(void **state)
{
	struct harness *h = with_trials(2, NULL, NULL);
	struct msg_request m = harness_observe(h, "s", 0, NAN);
	struct msg_reply r = harness_ask(h, &m);

	(void)state;
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.trials[0].state, TRIAL_FAILED);
	assert_string_equal(r.u.trials.trials[0].reason, "nonfinite");
	assert_int_equal(r.u.trials.trials[0].n_values, 0);
	assert_int_equal(study(h).reserved, 2); /* it was an evaluation */
	m = harness_observe(h, "s", 0, -INFINITY);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_observe(h, "s", 0, 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, NULL, "FAILED");
	m = harness_fail(h, "s", 1, TRIAL_FAILED, "nonfinite"); /* called off: the place comes back */
	harness_ask(h, &m);
	assert_int_equal(study(h).reserved, 1);
	harness_check(h);
	harness_restart(h);
	harness_check(h);
	assert_int_equal(study(h).reserved, 1);
	harness_free(h);
}

static void test_all_or_none(void **state)
{
	struct harness *h = with_trials(3, NULL, NULL);
	struct msg_value y = {.value = 1};
	struct msg_observation o[3] = {
		{.number = 0, .n_values = 1, .values = &y},
		{.number = 7, .n_values = 1, .values = &y},
	};
	struct msg_request m = harness_request(h, METHOD_OBSERVE, 0);
	struct msg_reply r;
	size_t rows = h->n_rows;

	(void)state;
	m.u.observe.study = "s";
	m.u.observe.n = 2;
	m.u.observe.observations = o;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_FOUND, "observations[1].number", NULL);
	assert_int_equal(h->n_rows, rows);
	assert_int_equal(get(h, 0).state, TRIAL_RUNNING);
	o[1].number = 0;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "observations", "trial 0 twice");
	o[0].number = 2;
	o[1].number = 0;
	o[2] = (struct msg_observation){.number = 1, .n_values = 1, .values = &y};
	m.u.observe.n = 3;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.n, 3);
	assert_int_equal(r.u.trials.trials[0].number, 2);
	assert_int_equal(h->n_rows, rows + 1);
	assert_int_equal(study(h).best->number, 0); /* ties: the lowest */
	harness_check(h);
	harness_free(h);
}

static void test_metric_names(void **state)
{
	struct harness *h = with_trials(1, NULL, NULL);
	struct msg_value v[2] = {{.name = "accuracy", .value = 1}, {.name = "loss", .value = 1}};
	struct msg_observation o = {.number = 0, .n_values = 1, .values = v};
	struct msg_request m = harness_request(h, METHOD_OBSERVE, 0);
	struct msg_reply r;

	(void)state;
	m.u.observe.study = "s";
	m.u.observe.n = 1;
	m.u.observe.observations = &o;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "observations[0].values[0].name",
		"no metric 'accuracy'; its objective is 'loss'");
	o.n_values = 0;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "observations[0].values", "'loss'");
	o.values = v + 1;
	o.n_values = 1;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	harness_free(h);
}

static void test_lease_rules(void **state)
{
	struct msg_lease lease;
	struct harness *h = with_trials(4, "ada", &lease);
	struct msg_request m = harness_observe(h, "s", 0, 1);
	struct msg_lease wrong = lease;
	struct msg_reply r;

	(void)state;
	wrong.token[3] ^= 1;
	set_lease(&m, wrong);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STALE_LEASE, "lease.token", "trial 0");
	wrong = lease;
	wrong.attempt = 2;
	set_lease(&m, wrong);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STALE_LEASE, "lease.attempt", "attempt 1");
	m = harness_observe(h, "s", 0, 1);
	m.meta.worker_id = "bob";
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STALE_LEASE, "meta.worker_id", "'ada'");
	set_lease(&m, lease); /* who has the token may be anyone */
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_observe(h, "s", 1, 1); /* by number */
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_observe(h, "s", 2, 1);
	m.meta.worker_id = "ada";
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_fail(h, "s", 3, TRIAL_FAILED, NULL);
	m.meta.worker_id = "bob";
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_STALE_LEASE, "meta.worker_id", NULL);
	harness_check(h);
	harness_free(h);
}

static void test_expiry_and_late(void **state)
{
	struct harness *h = with_trials(3, "ada", NULL);
	struct msg_request m;
	struct msg_reply r;
	size_t rows = h->n_rows;

	(void)state;
	assert_true(engine_next_wakeup(h->e) == h->now.now_ns + 10000 * (int64_t)1000000);
	harness_tick(h, 9999);
	assert_int_equal(get(h, 0).state, TRIAL_RUNNING);
	harness_tick(h, 1);
	assert_int_equal(get(h, 0).state, TRIAL_EXPIRED);
	assert_int_equal(h->n_rows, rows + 1); /* one row for the three */
	assert_int_equal(study(h).reserved, 0);
	assert_true(engine_next_wakeup(h->e) == INT64_MAX);
	harness_check(h);
	m = harness_observe(h, "s", 1, 3); /* by another worker: nobody holds it */
	m.meta.worker_id = "bob";
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.trials[0].state, TRIAL_COMPLETE);
	assert_true(r.u.trials.trials[0].late);
	assert_int_equal(study(h).reserved, 1); /* it counts again */
	m = harness_fail(h, "s", 2, TRIAL_INFEASIBLE, "no");
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_true(r.u.trials.trials[0].late);
	harness_check(h);
	harness_restart(h);
	harness_check(h);
	assert_true(get(h, 1).late);
	harness_free(h);
}

static void test_heartbeat(void **state)
{
	struct msg_lease lease;
	struct harness *h = with_trials(2, "ada", &lease);
	struct msg_lease leases[3] = {lease, {.number = 1}, {.number = 99}};
	struct msg_request m = {.method = METHOD_HEARTBEAT};
	size_t rows = h->n_rows;
	struct msg_reply r;

	(void)state;
	m.u.heartbeat.study = "s";
	m.u.heartbeat.n = 3;
	m.u.heartbeat.leases = leases;
	m.meta.worker_id = "bob"; /* has the token of 0, and nothing for 1 */
	harness_tick(h, 6000);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.heartbeat.n, 1);
	assert_int_equal(r.u.heartbeat.leases[0].number, 0);
	assert_int_equal(r.u.heartbeat.leases[0].remaining_ms, 10000);
	assert_int_equal(r.u.heartbeat.n_lost, 2);
	assert_int_equal(r.u.heartbeat.lost[1], 99);
	assert_int_equal(h->n_rows, rows); /* not stored */
	harness_tick(h, 4000);
	assert_int_equal(get(h, 0).state, TRIAL_RUNNING);
	assert_int_equal(get(h, 1).state, TRIAL_EXPIRED);
	harness_restart(h); /* a full fresh term */
	harness_tick(h, 9999);
	assert_int_equal(get(h, 0).state, TRIAL_RUNNING);
	harness_tick(h, 1);
	assert_int_equal(get(h, 0).state, TRIAL_EXPIRED);
	harness_check(h);
	harness_free(h);
}

/* Wall time may jump; leases do not care. */
static void test_wall_clock_jumps(void **state)
{
	struct harness *h = with_trials(1, NULL, NULL);

	(void)state;
	h->now.wall_ms += (int64_t)10 * 365 * 86400 * 1000;
	harness_tick(h, 5000);
	assert_int_equal(get(h, 0).state, TRIAL_RUNNING);
	h->now.wall_ms -= (int64_t)20 * 365 * 86400 * 1000;
	harness_tick(h, 5000);
	assert_int_equal(get(h, 0).state, TRIAL_EXPIRED);
	harness_free(h);
}

static void test_add_trials(void **state)
{
	struct harness *h = with_trials(1, NULL, NULL);
	struct msg_named p[3] = {
		{"x", {.kind = SCALAR_INT, .i = 1}},
		{"k", {.kind = SCALAR_REAL, .r = 3}},
		{"c", {.kind = SCALAR_REAL, .r = 1.0}},
	};
	struct msg_value y[2] = {{.value = -1}, {.value = INFINITY}};
	struct msg_point points[2] = {
		{.n_params = 3, .params = p, .n_values = 1, .values = y},
		{.n_params = 3, .params = p, .n_values = 1, .values = y + 1},
	};
	struct msg_request m = harness_request(h, METHOD_ADD_TRIALS, 0);
	struct msg_trial t;
	struct msg_reply r;

	(void)state;
	m.u.add_trials.study = "s";
	m.u.add_trials.n = 2;
	m.u.add_trials.points = points;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.add_trials.first_number, 1);
	assert_int_equal(r.u.add_trials.count, 2);
	t = get(h, 1);
	assert_true(t.told);
	assert_int_equal(t.params[0].value.kind, SCALAR_REAL); /* FLOAT is given back as real */
	assert_int_equal(t.params[1].value.kind, SCALAR_INT);
	assert_int_equal(t.params[2].value.kind, SCALAR_REAL); /* the choice 1.0, not 1 */
	assert_int_equal(get(h, 2).state, TRIAL_FAILED);
	assert_int_equal(study(h).reserved, 1); /* told points take no place */
	assert_int_equal(study(h).best->number, 1);
	points[1].n_params = 2;
	m = harness_request(h, METHOD_ADD_TRIALS, 0);
	m.u.add_trials.study = "s";
	m.u.add_trials.n = 2;
	m.u.add_trials.points = points;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "points[1].params.c", "missing");
	harness_check(h);
	harness_free(h);
}

static void test_list_trials(void **state)
{
	struct harness *h = with_trials(20, NULL, NULL);
	struct msg_request m;
	struct msg_reply r;
	uint64_t seq, next = 0;
	int n = 0;

	(void)state;
	seq = study(h).seq;
	for (uint64_t k = 0; k < 20; k += 2) {
		m = harness_observe(h, "s", k, (double)k);
		harness_ask(h, &m);
	}
	m = (struct msg_request){.method = METHOD_LIST_TRIALS};
	m.u.list_trials.study = "s";
	m.u.list_trials.limit = 7;
	do {
		m.u.list_trials.from_number = next;
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
		for (int i = 0; i < r.u.list_trials.n; i++, n++)
			assert_int_equal(r.u.list_trials.trials[i].number, n);
		next = r.u.list_trials.next_number;
	} while (r.u.list_trials.more);
	assert_int_equal(n, 20);
	m.u.list_trials = (struct msg_list_trials){.study = "s", .states = 1u << TRIAL_RUNNING};
	r = harness_ask(h, &m);
	assert_int_equal(r.u.list_trials.n, 10);
	assert_int_equal(r.u.list_trials.trials[0].number, 1);
	m.u.list_trials = (struct msg_list_trials){.study = "s", .since_seq = seq, .values = true};
	r = harness_ask(h, &m);
	assert_int_equal(r.u.list_trials.n, 10);
	assert_int_equal(r.u.list_trials.trials[0].n_params, 0);
	assert_int_equal(r.u.list_trials.trials[0].n_values, 1);
	assert_int_equal(r.u.list_trials.seq, study(h).seq);
	harness_free(h);
}

/* Pages stay under the message limit whatever the trials carry. */
static void test_list_long_reasons(void **state)
{
	enum { N = 600 };
	static char reason[4097];
	struct harness *h = with_trials(N, NULL, NULL);
	struct msg_request m;
	struct msg_reply r;
	uint64_t next = 0;
	int pages = 0;

	(void)state;
	memset(reason, 'r', sizeof(reason) - 1);
	for (uint64_t k = 0; k < N; k++) {
		reason[0] = (char)('a' + k % 26);
		m = harness_fail(h, "s", k, TRIAL_FAILED, reason);
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
	}
	m = (struct msg_request){.method = METHOD_LIST_TRIALS};
	do {
		m.u.list_trials = (struct msg_list_trials){.study = "s", .from_number = next};
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
		assert_int_equal(r.u.list_trials.trials[0].number, next);
		next += (uint64_t)r.u.list_trials.n;
		pages++;
	} while (r.u.list_trials.more);
	assert_int_equal(next, N);
	assert_true(pages > 2 && pages < 5);
	harness_free(h);
}

static void test_best(void **state)
{
	struct harness *h = with_trials(4, NULL, NULL);
	struct msg_request best = {.method = METHOD_BEST}, m;
	static const double y[] = {3, 1, 1, 2};
	struct msg_reply r;

	(void)state;
	best.u.best.study = "s";
	r = harness_ask(h, &best);
	harness_assert_ok(&r);
	assert_null(r.u.best.trial);
	for (uint64_t k = 4; k-- > 0;) {
		m = harness_observe(h, "s", k, y[k]);
		harness_ask(h, &m);
	}
	r = harness_ask(h, &best);
	assert_int_equal(r.u.best.trial->number, 1);
	harness_check(h);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe_states),
		cmocka_unit_test(test_late_copy_of_a_repeat),
		cmocka_unit_test(test_nonfinite),
		cmocka_unit_test(test_all_or_none),
		cmocka_unit_test(test_metric_names),
		cmocka_unit_test(test_lease_rules),
		cmocka_unit_test(test_expiry_and_late),
		cmocka_unit_test(test_heartbeat),
		cmocka_unit_test(test_wall_clock_jumps),
		cmocka_unit_test(test_add_trials),
		cmocka_unit_test(test_list_trials),
		cmocka_unit_test(test_list_long_reasons),
		cmocka_unit_test(test_best),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
