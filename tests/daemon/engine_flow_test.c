/* The happy path: create, suggest, observe, list, best; and the same after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/daemon/engine_harness.h"

static void test_flow(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r = harness_ask(h, &m);

	(void)state;
	harness_assert_ok(&r);
	assert_string_equal(r.u.study.study.name, "s");
	assert_int_equal(r.u.study.study.state, STUDY_ACTIVE);
	assert_int_equal(r.u.study.study.seq, 1);
	assert_null(r.u.study.study.best);
	for (uint64_t k = 0; k < 8; k++) {
		const struct msg_trial *t;

		m = harness_suggest(h, "s", 1);
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
		assert_int_equal(r.u.trials.n, 1);
		t = &r.u.trials.trials[0];
		assert_int_equal(t->number, k);
		assert_int_equal(t->state, TRIAL_RUNNING);
		assert_int_equal(t->n_params, 3);
		assert_string_equal(t->params[0].name, "x");
		assert_int_equal(t->params[0].value.kind, SCALAR_REAL);
		assert_true(t->params[0].value.r >= 0 && t->params[0].value.r <= 1);
		assert_int_equal(t->params[1].value.kind, SCALAR_INT);
		assert_true(t->has_lease && t->lease.has_token && t->lease.remaining_ms == 10000);
		m = harness_observe(h, "s", k, t->params[0].value.r);
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
		assert_int_equal(r.u.trials.trials[0].state, TRIAL_COMPLETE);
		harness_check(h);
	}
	m = harness_get(h, "s");
	r = harness_ask(h, &m);
	assert_int_equal(r.u.study.study.counts[TRIAL_COMPLETE], 8);
	assert_non_null(r.u.study.study.best);
	harness_restart(h);
	harness_check(h);
	{
		uint64_t before = h->next_tag - 1;
		uint64_t tag = harness_send(h, &m);

		harness_assert_same(h, before, tag);
	}
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
