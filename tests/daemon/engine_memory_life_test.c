/* Memory runs out while trials are queued, given out again, released, cancelled and come late,
 * and while suggests wait: each allocation of each request fails once, alone and with all that
 * follow until the client asks again. Everybody is answered, nothing is half done, and asked
 * again it is done once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/daemon/engine_life.h"

enum { STEPS = 12, CHANGES = 10 };

struct scene {
	struct msg_request made[STEPS];
	uint64_t tags[STEPS];
};

static void requeue(struct msg_spec *spec)
{
	spec->on_expiry = ON_EXPIRY_REQUEUE;
}

/* The lease of trial i in the answer to step `at`. */
static const struct msg_lease *lease(struct harness *h, const struct scene *sc, int at, int i)
{
	struct msg_reply r = harness_reply(h, sc->tags[at]);

	return &r.u.trials.trials[i].lease;
}

static struct msg_request scene(struct harness *h, const struct scene *sc, int i)
{
	struct msg_request m = {.method = METHOD_REPLAY};

	switch (i) {
	case 0: return life_enqueue(h, 3, false);    /* 0, 1, 2 */
	case 1: return life_enqueue(h, 1, true);     /* 3 */
	case 2: return life_suggest(h, 5, "ada", 1); /* all of them, and 4 */
	case 3: return life_release(h, 3, NULL);
	case 4: return life_suggest(h, 1, "bob", 2);           /* 3 again */
	case 5: return life_observe(h, lease(h, sc, 2, 3), 1); /* of ada: late */
	case 6: return life_suggest(h, 2, "ada", 3);           /* 0 and 1 come back */
	case 7: return life_cancel(h, 2);
	case 8: return life_release(h, 2, NULL);
	case 9: return life_observe(h, lease(h, sc, 4, 0), 2); /* of bob: too late */
	case 10: m.u.replay.study = "s"; return m;
	default: return harness_get(h, "s");
	}
}

static bool is_answer(const struct msg_reply *r, int i)
{
	return i == 9 ? r->error.code == kr_status_wire(KR_STALE_LEASE) : !r->is_error;
}

static long insist(struct harness *h, struct scene *sc, int i, long n, int sticky)
{
	long used = 0;

	sc->made[i] = scene(h, sc, i);
	for (int tries = 0; tries < 5; tries++) {
		struct msg_reply r;

		kr_alloc_fail_at(tries == 0 ? n : 0, sticky);
		sc->tags[i] = harness_send(h, &sc->made[i]);
		if (tries == 0)
			used = kr_alloc_count();
		kr_alloc_fail_at(0, 0);
		r = harness_reply(h, sc->tags[i]);
		harness_check(h);
		if (is_answer(&r, i))
			return used;
		if (!r.is_error || r.error.code != kr_status_wire(KR_OVERLOADED))
			fail_msg("step %d, allocation %ld: %s", i, n, r.is_error ? r.error.message : "OK");
	}
	fail_msg("step %d, allocation %ld: never answered", i, n);
	return 0;
}

static void check_end(struct harness *h, const struct scene *sc)
{
	for (int pass = 0; pass < 2; pass++) {
		struct msg_study s = life_study(h);

		assert_int_equal(h->n_rows, CHANGES + 1);
		assert_int_equal(s.counts[TRIAL_COMPLETE], 1);
		assert_int_equal(s.counts[TRIAL_RUNNING], 3);
		assert_int_equal(s.counts[TRIAL_QUEUED], 1);
		assert_int_equal(s.reserved, 4);
		assert_int_equal(life_trial(h, 0).attempt, 2);
		assert_true(life_trial(h, 3).values[0].value == 1);
		assert_int_equal(life_replay(h), 4);
		for (int i = 0; i < CHANGES; i++)
			harness_assert_same(h, sc->tags[i], harness_send(h, &sc->made[i]));
		harness_restart(h);
		harness_check(h);
	}
}

static bool run(int at, long n, int sticky)
{
	struct harness *h = life_new(requeue);
	struct scene sc = {0};
	bool reached = false;

	for (int i = 0; i < STEPS; i++)
		if (insist(h, &sc, i, i == at ? n : 0, sticky) >= n && i == at)
			reached = true;
	check_end(h, &sc);
	harness_free(h);
	return reached;
}

static void test_each_allocation(void **state)
{
	int sticky = *(int *)*state;

	for (int at = 0; at < STEPS; at++) {
		long n = 1;

		while (run(at, n, sticky))
			n++;
	}
}

/* Start-up over the rows of all this. */
static void test_start(void **state)
{
	int sticky = *(int *)*state;
	struct harness *h = life_new(requeue);
	struct scene sc = {0};
	bool all = false;

	for (int i = 0; i < STEPS; i++)
		insist(h, &sc, i, 0, 0);
	for (long n = 1; !all; n++) {
		harness_crash(h);
		harness_boot(h);
		kr_alloc_fail_at(n, sticky);
		harness_begin(h);
		all = kr_alloc_count() < n;
		kr_alloc_fail_at(0, 0);
		harness_tick(h, 1000);
		assert_true(engine_ready(h->e));
		harness_check(h);
	}
	check_end(h, &sc);
	harness_free(h);
}

/* Suggests that wait: parking fails, or what comes after the change that they waited for. */
static void test_waiting(void **state)
{
	int sticky = *(int *)*state;
	bool reached = true;

	for (long n = 1; reached; n++) {
		struct harness *h = life_new(NULL);
		struct msg_request m = harness_update(h, "s", ACTION_PAUSE);
		uint64_t tags[4];

		life_do(h, &m);
		kr_alloc_fail_at(n, sticky);
		for (int i = 0; i < 2; i++) {
			m = life_suggest(h, 2, "ada", 1);
			m.u.suggest.wait_ms = 5000;
			tags[i] = harness_send(h, &m);
		}
		m = life_enqueue(h, 3, true);
		tags[2] = harness_send(h, &m);
		m = harness_update(h, "s", ACTION_RESUME);
		tags[3] = harness_send(h, &m);
		reached = kr_alloc_count() >= n;
		kr_alloc_fail_at(0, 0);
		harness_check(h);
		harness_tick(h, 5000);
		for (int i = 0; i < 4; i++)
			assert_int_equal(harness_count(h, tags[i]), 1);
		harness_check(h);
		harness_restart(h);
		harness_check(h);
		harness_free(h);
	}
}

/* Leases run out, and there is no memory to say so: tried again a second later. */
static void test_expiry(void **state)
{
	int sticky = *(int *)*state;
	bool reached = true;

	for (long n = 1; reached; n++) {
		struct harness *h = life_new(requeue);

		life_ask(h, 3, "ada", 1);
		kr_alloc_fail_at(n, sticky);
		harness_tick(h, 10000);
		reached = kr_alloc_count() >= n;
		kr_alloc_fail_at(0, 0);
		harness_check(h);
		assert_true(engine_next_wakeup(h->e) > h->now.now_ns);
		harness_tick(h, 1000);
		assert_int_equal(life_study(h).counts[TRIAL_QUEUED], 3);
		harness_free(h);
	}
}

int main(void)
{
	static int once = 0, for_good = 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_each_allocation, &once),
		cmocka_unit_test_prestate(test_each_allocation, &for_good),
		cmocka_unit_test_prestate(test_start, &once),
		cmocka_unit_test_prestate(test_start, &for_good),
		cmocka_unit_test_prestate(test_waiting, &once),
		cmocka_unit_test_prestate(test_waiting, &for_good),
		cmocka_unit_test_prestate(test_expiry, &once),
		cmocka_unit_test_prestate(test_expiry, &for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
