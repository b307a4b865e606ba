/* Results that come after a lease ran out: which of two is the trial's, and what the other
 * is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "proto/record.h"
#include "tests/daemon/engine_life.h"

static void requeue_2(struct msg_spec *spec)
{
	spec->on_expiry = ON_EXPIRY_REQUEUE;
	spec->has_retry_limit = true;
	spec->retry_limit = 2;
}

static int stale_rows(const struct harness *h)
{
	int n = 0;

	for (size_t i = 0; i < h->n_rows; i++)
		n += h->rows[i].kind == RECORD_STALE;
	return n;
}

/* A second result of the attempt that gave the first, late one: a conflict, not an attempt
 * that was overtaken. */
static void test_again_under_the_same_lease(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_lease lease = life_ask(h, 1, NULL, 0).trials[0].lease;
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	harness_tick(h, 10000);
	m = life_observe(h, &lease, 1);
	r = life_do(h, &m);
	assert_true(r.u.trials.trials[0].late);
	for (int pass = 0; pass < 2; pass++) {
		m = life_observe(h, &lease, 2);
		r = harness_ask(h, &m);
		harness_assert_error(&r, KR_CONFLICT, "observations[0].number", "COMPLETE already with 1");
		assert_int_equal(stale_rows(h), 0);
		harness_restart(h);
	}
	harness_free(h);
}

/* Whichever of the attempts gives the result: the others are overtaken, it is not. */
static void test_whose_result_it_is(void **state)
{
	for (int winner = 0; winner < 3; winner++) {
		struct harness *h = life_new(requeue_2);
		struct msg_lease leases[3];
		struct msg_request m;
		struct msg_reply r;

		(void)state;
		for (int i = 0; i < 3; i++) {
			leases[i] = life_ask(h, 1, NULL, 0).trials[0].lease;
			assert_int_equal(leases[i].attempt, i + 1);
			harness_tick(h, 10000);
		}
		assert_int_equal(life_trial(h, 0).state, TRIAL_EXPIRED);
		m = life_observe(h, &leases[winner], 1);
		life_do(h, &m);
		harness_restart(h);
		harness_check(h);
		for (int i = 0; i < 3; i++) {
			m = life_observe(h, &leases[i], 2);
			r = harness_ask(h, &m);
			harness_assert_error(&r, i == winner ? KR_CONFLICT : KR_STALE_LEASE, NULL, NULL);
		}
		assert_int_equal(stale_rows(h), 2);
		harness_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_again_under_the_same_lease),
		cmocka_unit_test(test_whose_result_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
