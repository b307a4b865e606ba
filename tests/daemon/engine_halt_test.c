/* Stop rules: each ends its study with its reason, survives a restart, and is taken away or raised
 * again; what is judged are values as they were given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/daemon/engine_life.h"

static struct msg_stop_rules rules; /* of the study that is made next */

static void put_rules(struct msg_spec *spec)
{
	spec->has_stop = true;
	spec->stop = rules;
}

static struct harness *study(struct msg_stop_rules stop)
{
	rules = stop;
	return life_new(put_rules);
}

static void tell(struct harness *h, double y)
{
	struct msg_trial t = life_ask(h, 1, NULL, 0).trials[0];
	struct msg_request m = harness_observe(h, "s", t.number, y);

	life_do(h, &m);
}

static struct msg_request update(struct harness *h, struct msg_stop_rules stop)
{
	struct msg_request m = harness_update(h, "s", ACTION_NONE);

	m.u.update_study.has_stop = true;
	m.u.update_study.stop = stop;
	return m;
}

/* The study has ended with that reason, for Suggest and for readers, also after a restart. */
static void assert_ended(struct harness *h, const char *reason)
{
	for (int pass = 0; pass < 2; pass++) {
		struct msg_study s = life_study(h);
		struct msg_request m = harness_suggest(h, "s", 1);
		struct msg_reply r = harness_ask(h, &m);

		assert_int_equal(s.state, STUDY_FINISHED);
		if (!strstr(s.reason, reason))
			print_message("%s\n", s.reason);
		assert_non_null(strstr(s.reason, reason));
		harness_assert_error(&r, KR_STUDY_FINISHED, NULL, reason);
		harness_restart(h);
	}
}

static void test_no_progress(void **state)
{
	struct harness *h = study((struct msg_stop_rules){.no_progress = 3, .min_progress = 0.5});
	struct msg_request m;

	(void)state;
	tell(h, 10);
	tell(h, 9);   /* progress */
	tell(h, 8.6); /* too little */
	harness_restart(h);
	tell(h, 8.4); /* enough, since 9 */
	tell(h, 8);
	tell(h, 9);
	assert_int_equal(life_study(h).state, STUDY_ACTIVE);
	tell(h, 20);
	assert_ended(h, "no progress in 3 trials: none was better than 8.4 by more than 0.5");
	m = harness_update(h, "s", ACTION_RESUME);
	life_do(h, &m);
	for (int i = 0; i < 2; i++)
		tell(h, 8);
	assert_int_equal(life_study(h).state, STUDY_ACTIVE); /* counted anew, from the best */
	assert_null(life_study(h).reason);
	tell(h, 8);
	assert_ended(h, "none was better than 8 by more than 0.5");
	harness_free(h);
}

static void test_raised_or_taken_away(void **state)
{
	struct harness *h = study((struct msg_stop_rules){.no_progress = 2});
	struct msg_request m;
	uint64_t first;

	(void)state;
	for (int i = 0; i < 3; i++)
		tell(h, 1);
	assert_ended(h, "no progress in 2 trials");
	m = update(h, (struct msg_stop_rules){.no_progress = 4});
	first = harness_send(h, &m);
	assert_int_equal(harness_reply(h, first).u.study.study.state, STUDY_ACTIVE);
	assert_int_equal(life_study(h).spec.stop.no_progress, 4);
	for (int i = 0; i < 4; i++)
		tell(h, 1);
	life_repeat(h, &m, first);
	assert_ended(h, "no progress in 4 trials");
	m = update(h, (struct msg_stop_rules){0});
	life_do(h, &m);
	assert_false(life_study(h).spec.has_stop);
	for (int i = 0; i < 6; i++)
		tell(h, 1);
	assert_int_equal(life_study(h).state, STUDY_ACTIVE);
	assert_true(life_replay(h) > 0);
	harness_free(h);
}

/* A value as good as the target ends it; trials that run may end, and count no more. */
static void test_target(void **state)
{
	struct harness *h = study((struct msg_stop_rules){.has_target = true, .target = 0.5});
	struct msg_trials_reply r;
	struct msg_request m;

	(void)state;
	tell(h, 0.6);
	r = life_ask(h, 2, NULL, 0);
	m = harness_observe(h, "s", r.trials[1].number, 0.5);
	life_do(h, &m);
	assert_ended(h, "trial 2 reached the target: loss = 0.5, target 0.5");
	m = harness_observe(h, "s", r.trials[0].number, 0.1);
	life_do(h, &m);
	assert_int_equal(life_study(h).best->number, 1);
	assert_ended(h, "trial 2 reached the target");
	m = harness_update(h, "s", ACTION_RESUME);
	life_do(h, &m);
	tell(h, 0.6);
	assert_int_equal(life_study(h).state, STUDY_ACTIVE);
	m = harness_correct(h, "s", 3, 0.25); /* a correction may reach it, too */
	life_do(h, &m);
	assert_ended(h, "trial 3 reached the target: loss = 0.25");
	harness_free(h);
}

static double bowl(const struct msg_trial *t)
{
	double x = life_param(t, "x")->r, k = (double)life_param(t, "k")->i;

	return (x - 0.4) * (x - 0.4) + 0.1 * (k - 2) * (k - 2);
}

/* The figures that are shown fall below the limit, then it ends; recorded, and replayed. */
static void test_little_to_gain(void **state)
{
	struct harness *h = study((struct msg_stop_rules){.p_gain = 0.05, .gain = 0.1});
	struct msg_study s = {0};
	int n = 0;

	(void)state;
	for (s = life_study(h); s.state == STUDY_ACTIVE && n < 60; n++) {
		struct msg_trial t = life_ask(h, 1, NULL, 0).trials[0];
		struct msg_request m = harness_observe(h, "s", t.number, bowl(&t));

		s = life_study(h);
		if (t.why.grounds) {
			assert_true(s.has_outlook && s.outlook.number == t.number);
			assert_true(s.outlook.gain == 0.1);
			assert_true(s.outlook.expected_gain == t.why.grounds->expected_gain);
			assert_true(s.outlook.p_gain <= t.why.grounds->p_gain);
		}
		life_do(h, &m); /* also of one that was given out with the end */
		s = life_study(h);
	}
	assert_in_range(n, 8, 59);
	assert_true(s.outlook.p_gain < 0.05);
	assert_ended(h, "little is left to gain: the next point is better by more than 0.1");
	assert_true(life_replay(h) > 0);
	harness_free(h);
}

static void test_agreement_and_told(void **state)
{
	struct harness *h = study((struct msg_stop_rules){.no_progress = 2});
	struct msg_request m = harness_create(h, "s"), q;
	struct msg_reply r;

	(void)state;
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	put_rules(&m.u.create_study.spec);
	life_do(h, &m);
	m = harness_create(h, "s");
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	rules.no_progress = 3;
	put_rules(&m.u.create_study.spec);
	r = harness_ask(h, &m);
	harness_assert_error(
		&r, KR_CONFLICT, "spec.stop.no_progress", "the study has 2, the request 3");
	tell(h, 1);
	for (int i = 0; i < 4; i++) { /* told results are no trials */
		q = harness_request(h, METHOD_ADD_TRIALS, 0);
		q.u.add_trials = life_enqueue(h, 1, true).u.enqueue;
		{
			struct msg_point *p = ARENA_NEW(h->arena, struct msg_point);
			struct msg_value *v = ARENA_NEW(h->arena, struct msg_value);

			*p = q.u.add_trials.points[0];
			*v = (struct msg_value){.value = 2 + i};
			p->n_values = 1;
			p->values = v;
			q.u.add_trials.points = p;
		}
		life_do(h, &q);
	}
	assert_int_equal(life_study(h).state, STUDY_ACTIVE);
	tell(h, 1);
	tell(h, 1);
	assert_ended(h, "no progress in 2 trials");
	harness_free(h);
}

/* Each allocation of the step that ends the study fails: the result is told or it is not, and the
 * end comes with it or with the next change. */
static void test_memory(void **state)
{
	long used = 1;

	(void)state;
	for (int sticky = 0; sticky < 2; sticky++)
		for (long n = 1; n <= used + 1; n++) {
			struct harness *h = study((struct msg_stop_rules){.no_progress = 1});
			struct msg_trials_reply t;
			struct msg_request m;
			struct msg_reply r;
			uint64_t tag;

			tell(h, 1);
			t = life_ask(h, 2, NULL, 0);
			m = harness_observe(h, "s", t.trials[0].number, 2);
			kr_alloc_fail_at(n, sticky);
			tag = harness_send(h, &m);
			used = kr_alloc_count();
			kr_alloc_fail_at(0, 0);
			r = harness_reply(h, tag);
			harness_check(h);
			if (r.is_error)
				life_do(h, &m);
			m = harness_observe(h, "s", t.trials[1].number, 3);
			life_do(h, &m);
			assert_ended(h, "no progress in ");
			harness_free(h);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_progress),
		cmocka_unit_test(test_raised_or_taken_away),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_little_to_gain),
		cmocka_unit_test(test_agreement_and_told),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests_name("engine_halt", tests, NULL, NULL);
}
