/* Random lives of a study, with every verb: invariants hold at each step, restarts change
 * nothing, each answer is told again byte for byte, and each suggestion comes out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "daemon/engine/core.h"
#include "tests/daemon/engine_harness.h"

enum { SEED = 20260411, LIVES = 5, STEPS = 300 };

enum { D = 7 };

/* With every kind of parameter, a condition and a constraint. */
static struct msg_request create(struct harness *h)
{
	static const struct msg_scalar choices[] = {
		{.kind = SCALAR_STRING, .s = "a"}, {.kind = SCALAR_INT, .i = 1}, {.kind = SCALAR_NULL}};
	static const struct msg_scalar sizes[] = {
		{.kind = SCALAR_INT, .i = 1}, {.kind = SCALAR_INT, .i = 2}, {.kind = SCALAR_INT, .i = 4}};
	static const struct msg_scalar only = {.kind = SCALAR_STRING, .s = "only"};
	static const struct msg_param params[D] = {
		{.name = "x", .kind = PARAM_FLOAT, .has_low = true, .has_high = true, .low = 0, .high = 1},
		{.name = "k", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 5},
		{.name = "c", .kind = PARAM_CATEGORICAL, .n_choices = 3, .choices = choices},
		{.name = "size", .kind = PARAM_ORDINAL, .n_choices = 3, .choices = sizes},
		{.name = "fast", .kind = PARAM_BOOL},
		{.name = "m",
			.kind = PARAM_FLOAT,
			.has_low = true,
			.has_high = true,
			.low = 0,
			.high = 2,
			.when = "fast == true and c == 'a'"},
		{.name = "f", .kind = PARAM_FIXED, .n_choices = 1, .choices = &only},
	};
	static const char *const constraints[] = {"x + m <= 2.5"};
	struct msg_request m = harness_create(h, "s");

	m.u.create_study.spec.n_params = D;
	m.u.create_study.spec.params = params;
	m.u.create_study.spec.constraints = (struct msg_texts){1, constraints};
	return m;
}

/* ---- requests ------------------------------------------------------------------ */

static struct msg_request enqueue(struct harness *h, double x)
{
	struct msg_request m = harness_request(h, METHOD_ENQUEUE, 0);
	struct msg_named *part = ARENA_NEW(h->arena, struct msg_named);
	struct msg_point *point = ARENA_NEW(h->arena, struct msg_point);

	*part = (struct msg_named){"x", {.kind = SCALAR_REAL, .r = x}};
	*point = (struct msg_point){.n_params = 1, .params = part, .note = "queued"};
	m.u.enqueue = (struct msg_add_trials){"s", 1, point};
	return m;
}

static struct msg_request refer(struct harness *h, enum method method, uint64_t number)
{
	struct msg_request m = harness_request(h, method, 0);

	m.u.release = (struct msg_trial_ref){.study = "s", .number = number};
	return m;
}

/* Worker "ada", in one of four sessions. */
static struct msg_request sticky(struct harness *h, uint32_t session)
{
	struct msg_request m = harness_suggest(h, "s", 2);

	m.meta.worker_id = "ada";
	m.meta.has_session = true;
	m.meta.session[0] = (uint8_t)session;
	return m;
}

static struct msg_request settings(struct harness *h, uint32_t i)
{
	struct msg_request m = harness_update(h, "s", i % 3 ? ACTION_RESUME : ACTION_PAUSE);

	m.u.update_study.on_expiry = i % 2 ? ON_EXPIRY_REQUEUE : ON_EXPIRY_EXPIRE;
	m.u.update_study.has_budget = true;
	m.u.update_study.budget = 10 + i;
	return m;
}

static struct msg_request any(struct harness *h, struct rng *r, int step)
{
	uint64_t k = rng_below(r, (uint32_t)studies_at(&h->e->studies, 1)->trials.n);
	double y = rng_uniform(r);
	struct msg_request m;

	switch (rng_below(r, 14)) {
	case 0: return harness_suggest(h, "s", 1);
	case 1:
	case 2: return harness_observe(h, "s", k, y);
	case 3: return harness_correct(h, "s", k, y);
	case 4: return harness_exclude(h, "s", k, rng_below(r, 2));
	case 5:
		m = harness_edit(h, "s", k);
		m.u.edit_trial.note = rng_below(r, 2) ? "a note" : "";
		return m;
	case 6:
	case 7: return harness_report(h, "s", k, step, y);
	case 8:
		return rng_below(r, 3) ? harness_fail(h, "s", k, TRIAL_INFEASIBLE, "hot")
							   : harness_delete_trial(h, "s", k);
	case 9: return enqueue(h, y);
	case 10: return refer(h, METHOD_RELEASE, k);
	case 11: return refer(h, METHOD_CANCEL_TRIAL, k);
	case 12: return sticky(h, rng_below(r, 4));
	default: return settings(h, rng_below(r, 30));
	}
}

/* ---- what must hold -------------------------------------------------------------- */

/* Every suggestion comes out again, whatever was corrected, hidden or deleted since. */
static int replay_all(struct harness *h)
{
	struct msg_request m = {.method = METHOD_REPLAY};
	struct msg_replay_reply r;
	int n = 0;

	m.u.replay.study = "s";
	do {
		struct msg_reply reply = harness_ask(h, &m);

		harness_assert_ok(&reply);
		r = reply.u.replay;
		for (int i = 0; i < r.n; i++)
			if (!r.suggestions[i].equal)
				fail_msg("trial %d differs", (int)r.suggestions[i].number);
		n += r.n;
		m.u.replay.from_seq = r.next_seq;
	} while (r.more);
	return n;
}

/* What a computation sees is what the trials say. */
static void check_seen(struct harness *h)
{
	const struct study *s = studies_at(&h->e->studies, 1);
	static double X[STEPS * 2 * D], y[STEPS * 2], sems[STEPS * 2];
	struct history_view v;

	assert_int_equal(history_view(&s->history, &v, NULL), KR_OK);
	history_gather(&v, X, y, sems);
	for (size_t i = 0; i < v.n; i++) {
		const struct trial *t = trials_at(&s->trials, history_trial(&s->history, i));

		assert_true(y[i] == study_objective(s, t));
		assert_memory_equal(X + i * D, t->values, D * sizeof(double));
	}
	history_view_fini(&v);
}

/* Two changes whose commit fails: nothing of them stays. */
static void lose(struct harness *h, struct rng *r, int step)
{
	size_t rows = h->n_rows;

	h->hold_commits = true;
	for (int i = 0; i < 2; i++) {
		struct msg_request m = any(h, r, step);

		harness_send(h, &m);
	}
	h->commit_status = KR_EIO;
	harness_settle(h);
	h->commit_status = KR_OK;
	harness_check(h);
	assert_int_equal(h->n_rows, rows);
	harness_tick(h, 1000);
}

/* Random changes; after each, invariants hold, and now and then a restart shows that the rows
 * say it all. Every answer is told again byte for byte at the end. */
static void random_life(uint64_t seed)
{
	static struct msg_request made[STEPS];
	static uint64_t tags[STEPS];
	struct rng r = rng_make(seed, 0, RNG_TEST, 0);
	struct harness *h = harness_new();
	struct msg_request m = create(h);
	size_t rows;
	int n = 0;

	print_message("seed %llu\n", (unsigned long long)seed);
	harness_ask(h, &m);
	m = harness_suggest(h, "s", 3);
	harness_ask(h, &m);
	for (int i = 0; i < STEPS; i++) {
		m = any(h, &r, i);
		tags[n] = harness_send(h, &m);
		made[n] = m;
		n += !harness_reply(h, tags[n]).is_error;
		if (i % 37 == 0)
			harness_tick(h, 20000);
		if (i % 61 == 0)
			harness_restart(h);
		if (i % 29 == 0)
			lose(h, &r, i);
		harness_check(h);
		check_seen(h);
	}
	assert_true(n > STEPS / 4);
	rows = h->n_rows;
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < n; i++)
			harness_assert_same(h, tags[i], harness_send(h, &made[i]));
		harness_restart(h);
	}
	assert_int_equal(h->n_rows, rows);
	assert_true(replay_all(h) > 10);
	harness_free(h);
}

static void test_random(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < LIVES; i++)
		random_life(SEED + i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
