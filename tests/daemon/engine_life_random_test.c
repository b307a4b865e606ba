/* Random lives of trials: workers that ask, wait, tell, release and start anew; users that queue,
 * cancel, delete and pause; leases that run out, computations that take their time, deadlines,
 * writes that fail, memory that runs out, and restarts. After each step the engine's own invariants hold; in the end
 * every request was answered once, each attempt was given to one, a result stayed as it was, first
 * answers come again byte for byte, and every suggestion can be recomputed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "tests/daemon/engine_life.h"

enum { SEED = 20261124, ROUNDS = 150, STEPS = 120, MOST = 2 * STEPS, MOST_LEASES = 2000 };

struct life {
	struct harness *h;
	struct rng rng;
	struct msg_request made[MOST];
	uint64_t tags[MOST];
	bool known[MOST]; /* its answer is remembered: OK, or refused because it was overtaken */
	int n;
	struct msg_lease leases[MOST_LEASES];
	int n_leases, n_read;
	double results[MOST_LEASES]; /* by number; 0: none */
};

static uint32_t below(struct life *l, uint32_t n)
{
	return rng_below(&l->rng, n);
}

static void settings(struct msg_spec *spec)
{
	spec->has_budget = true;
	spec->budget = 12;
	spec->on_expiry = ON_EXPIRY_REQUEUE;
}

static void small_space(struct msg_spec *spec)
{
	static const struct msg_param x[2] = {
		{.name = "x", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 0, .high = 3},
		{.name = "k", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 3},
	};

	settings(spec);
	spec->params = x;
	spec->n_params = 2;
}

/* ---- requests --------------------------------------------------------------- */

static struct msg_request enqueue(struct life *l)
{
	struct harness *h = l->h;
	struct msg_request m = harness_request(h, METHOD_ENQUEUE, 0);
	struct msg_point *points = ARENA_ARRAY(h->arena, struct msg_point, 3);

	m.u.enqueue.study = "s";
	m.u.enqueue.points = points;
	m.u.enqueue.n = 1 + (int)below(l, 3);
	for (int i = 0; i < m.u.enqueue.n; i++) {
		struct msg_named *p = ARENA_ARRAY(h->arena, struct msg_named, 2);

		p[0] = (struct msg_named){"x", {.kind = SCALAR_INT, .i = below(l, 2)}};
		p[1] = (struct msg_named){"k", {.kind = SCALAR_INT, .i = 1 + below(l, 3)}};
		points[i].params = p;
		points[i].n_params = 1 + (int)below(l, 2);
	}
	return m;
}

static struct msg_request suggest(struct life *l)
{
	static const char *const workers[] = {NULL, "ada", "bob"};
	struct msg_request m = life_suggest(
		l->h, 1 + below(l, 3), workers[below(l, 3)], (uint8_t)below(l, 5));
	struct msg_named *fixed = ARENA_NEW(l->h->arena, struct msg_named);

	*fixed = (struct msg_named){"k", {.kind = SCALAR_INT, .i = 1 + below(l, 3)}};
	m.u.suggest.fixed = fixed;
	m.u.suggest.n_fixed = below(l, 4) == 0;
	m.u.suggest.wait_ms = below(l, 2) ? 1 + below(l, 20000) : 0;
	m.meta.has_deadline = below(l, 3) == 0;
	m.meta.deadline_ms = below(l, 2000);
	return m;
}

static const struct msg_lease *any_lease(struct life *l)
{
	static const struct msg_lease none;

	return l->n_leases ? &l->leases[below(l, (uint32_t)l->n_leases)] : &none;
}

static struct msg_request change(struct life *l)
{
	struct harness *h = l->h;
	struct msg_lease lease = *any_lease(l);
	struct msg_request m;

	if (below(l, 3) == 0)
		lease.has_attempt = lease.has_token = false;
	switch (below(l, 17)) {
	case 0:
	case 1: return enqueue(l);
	case 2:
	case 3:
	case 4:
	case 5: return suggest(l);
	case 6:
	case 7:
	case 8: return life_observe(h, &lease, 1 + below(l, 1000));
	case 9:
		m = harness_fail(h, "s", lease.number, TRIAL_FAILED + (enum trial_state)below(l, 2), NULL);
		m.u.fail_trial.lease = lease;
		return m;
	case 10: return life_release(h, lease.number, &lease);
	case 11: return life_cancel(h, lease.number);
	case 12: return harness_delete_trial(h, "s", lease.number);
	case 13: return harness_report(h, "s", lease.number, below(l, 20), 1);
	case 14: return harness_update(h, "s", below(l, 3) ? ACTION_RESUME : ACTION_PAUSE);
	case 15:
		m = harness_edit(h, "s", lease.number);
		m.u.edit_trial.note = "seen";
		return m;
	default:
		m = harness_update(h, "s", ACTION_NONE);
		m.u.update_study.has_budget = true;
		m.u.update_study.budget = 4 + below(l, 30);
		return m;
	}
}

/* ---- what came of them ------------------------------------------------------ */

static void got(struct life *l, const struct msg_trial *t)
{
	for (int i = 0; i < l->n_leases; i++)
		if (l->leases[i].number == t->number && l->leases[i].attempt == t->attempt)
			assert_memory_equal(l->leases[i].token, t->lease.token, MSG_ID_BYTES);
	assert_true(l->n_leases < MOST_LEASES);
	l->leases[l->n_leases++] = t->lease;
}

/* The new replies, in the order of their arrival. */
static void read_replies(struct life *l)
{
	for (; l->n_read < (int)l->h->n_replies; l->n_read++) {
		uint64_t tag = l->h->replies[l->n_read].tag;
		struct msg_reply r = harness_reply(l->h, tag);

		for (int i = 0; i < l->n; i++)
			if (l->tags[i] == tag)
				l->known[i] = !r.is_error || strstr(r.error.message, "was kept in the log");
		for (int i = 0; r.method == METHOD_SUGGEST && !r.is_error && i < r.u.trials.n; i++)
			got(l, &r.u.trials.trials[i]);
		for (int i = 0; r.method == METHOD_OBSERVE && !r.is_error && i < r.u.trials.n; i++) {
			const struct msg_trial *t = &r.u.trials.trials[i];

			if (t->state != TRIAL_COMPLETE)
				continue;
			assert_true(!l->results[t->number] || l->results[t->number] == t->values[0].value);
			l->results[t->number] = t->values[0].value;
		}
	}
}

static void serve(struct life *l)
{
	l->h->hold_jobs = false;
	harness_settle(l->h);
}

static void step(struct life *l)
{
	struct harness *h = l->h;

	switch (below(l, 14)) {
	case 0:
	case 1:
		harness_tick(h, below(l, below(l, 2) ? 500 : 8000));
		assert_true(engine_next_wakeup(h->e) > h->now.now_ns); /* it has done what was due */
		break;
	case 2: h->hold_jobs = true; break;
	case 3:
	case 4:
		if (below(l, 6) == 0)
			kr_alloc_fail_at(1 + below(l, 200), (int)below(l, 2));
		serve(l);
		kr_alloc_fail_at(0, 0);
		break;
	case 5: h->commit_status = below(l, 4) ? KR_OK : KR_EIO; break;
	case 6:
		if (below(l, 8) == 0) {
			h->hold_jobs = false;
			harness_restart(h);
			l->n_read = (int)h->n_replies;
		}
		break;
	default:
		l->made[l->n] = change(l);
		if (below(l, 6) == 0) /* memory runs out */
			kr_alloc_fail_at(1 + below(l, 60), (int)below(l, 2));
		l->tags[l->n] = harness_send(h, &l->made[l->n]);
		kr_alloc_fail_at(0, 0);
		l->n++;
	}
	if (h->commit_status != KR_OK && below(l, 3) == 0)
		h->commit_status = KR_OK;
	harness_check(h);
	read_replies(l);
}

/* Time goes on until nobody waits. */
static void finish(struct life *l)
{
	struct harness *h = l->h;

	h->commit_status = KR_OK;
	serve(l);
	for (int i = 0; i < 30; i++) {
		harness_tick(h, 1000);
		harness_check(h);
	}
	read_replies(l);
}

static void tell_again(struct life *l)
{
	for (int i = 0; i < l->n; i++)
		if (l->known[i])
			harness_assert_same(l->h, harness_send(l->h, &l->made[i]), l->tags[i]);
}

static void round_of(uint64_t round)
{
	struct life *l = test_calloc(1, sizeof(*l));
	uint64_t first_tag;

	l->h = life_new(round % 2 ? small_space : settings);
	l->rng = rng_make(SEED, round, RNG_TEST, 0);
	first_tag = l->h->next_tag;
	for (int i = 0; i < STEPS; i++)
		step(l);
	finish(l);
	for (int i = 0; i < l->n; i++) {
		int n = harness_count(l->h, l->tags[i]);

		/* A restart answers nobody. */
		if (n > 1 || (n == 0 && l->tags[i] >= first_tag && l->known[i]))
			fail_msg(
				"round %llu: request %d was answered %d times", (unsigned long long)round, i, n);
	}
	tell_again(l);
	life_replay(l->h);
	harness_restart(l->h);
	harness_check(l->h);
	tell_again(l);
	life_replay(l->h);
	harness_free(l->h);
	test_free(l);
}

static void test_random(void **state)
{
	(void)state;
	print_message("seed %d\n", SEED);
	for (uint64_t round = 0; round < ROUNDS; round++)
		round_of(round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
