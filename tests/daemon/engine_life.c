#include "tests/daemon/engine_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct msg_reply life_do(struct harness *h, const struct msg_request *m)
{
	struct msg_reply r = harness_ask(h, m);

	harness_assert_ok(&r);
	harness_check(h);
	return r;
}

struct harness *life_new(void (*spec)(struct msg_spec *spec))
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");

	if (spec)
		spec(&m.u.create_study.spec);
	life_do(h, &m);
	return h;
}

struct msg_request life_enqueue(struct harness *h, int n, bool whole)
{
	struct msg_request m = harness_request(h, METHOD_ENQUEUE, 0);
	struct msg_point *points = ARENA_ARRAY(h->arena, struct msg_point, n);

	for (int i = 0; i < n; i++) {
		struct msg_named *p = ARENA_ARRAY(h->arena, struct msg_named, 3);

		p[0] = (struct msg_named){"x", {.kind = SCALAR_REAL, .r = 0.1 * (i + 1)}};
		p[1] = (struct msg_named){"k", {.kind = SCALAR_INT, .i = 3}};
		p[2] = (struct msg_named){"c", {.kind = SCALAR_BOOL, .b = true}};
		points[i].params = p;
		points[i].n_params = whole ? 3 : 1;
	}
	m.u.enqueue.study = "s";
	m.u.enqueue.n = n;
	m.u.enqueue.points = points;
	return m;
}

static struct msg_request refer(
	struct harness *h, enum method method, uint64_t number, const struct msg_lease *lease)
{
	struct msg_request m = harness_request(h, method, 0);

	m.u.release.study = "s";
	m.u.release.number = number;
	if (lease)
		m.u.release.lease = *lease;
	return m;
}

struct msg_request life_release(struct harness *h, uint64_t number, const struct msg_lease *lease)
{
	return refer(h, METHOD_RELEASE, number, lease);
}

struct msg_request life_cancel(struct harness *h, uint64_t number)
{
	return refer(h, METHOD_CANCEL_TRIAL, number, NULL);
}

struct msg_request life_observe(struct harness *h, const struct msg_lease *lease, double y)
{
	struct msg_request m = harness_observe(h, "s", lease->number, y);
	struct msg_observation *o = ARENA_NEW(h->arena, struct msg_observation);

	*o = m.u.observe.observations[0];
	o->lease = *lease;
	m.u.observe.observations = o;
	return m;
}

struct msg_request life_suggest(struct harness *h, uint32_t n, const char *worker, uint8_t session)
{
	struct msg_request m = harness_suggest(h, "s", n);

	m.meta.worker_id = worker;
	m.meta.has_session = session != 0;
	memset(m.meta.session, session, sizeof(m.meta.session));
	return m;
}

struct msg_trials_reply life_ask(struct harness *h, uint32_t n, const char *worker, uint8_t session)
{
	struct msg_request m = life_suggest(h, n, worker, session);
	struct msg_reply r = life_do(h, &m);

	assert_int_equal(r.u.trials.n, (int)n);
	return r.u.trials;
}

struct msg_trial life_trial(struct harness *h, uint64_t number)
{
	struct msg_request m = {.method = METHOD_GET_TRIAL};

	m.u.get_trial.study = "s";
	m.u.get_trial.number = number;
	return life_do(h, &m).u.trials.trials[0];
}

struct msg_study life_study(struct harness *h)
{
	struct msg_request m = harness_get(h, "s");

	return life_do(h, &m).u.study.study;
}

const struct msg_scalar *life_param(const struct msg_trial *t, const char *name)
{
	for (int i = 0; i < t->n_params; i++)
		if (strcmp(t->params[i].name, name) == 0)
			return &t->params[i].value;
	return NULL;
}

int life_replay(struct harness *h)
{
	uint64_t from = 0;
	int n = 0;

	for (bool more = true; more;) {
		struct msg_request m = {.method = METHOD_REPLAY};
		struct msg_reply r;

		m.u.replay.study = "s";
		m.u.replay.from_seq = from;
		r = life_do(h, &m);
		for (int i = 0; i < r.u.replay.n; i++)
			if (!r.u.replay.suggestions[i].equal)
				fail_msg("trial %llu of event %llu differs",
					(unsigned long long)r.u.replay.suggestions[i].number,
					(unsigned long long)r.u.replay.suggestions[i].seq);
		n += r.u.replay.n;
		more = r.u.replay.more;
		from = r.u.replay.next_seq;
	}
	return n;
}

void life_repeat(struct harness *h, const struct msg_request *m, uint64_t tag)
{
	size_t rows = h->n_rows;

	harness_assert_same(h, harness_send(h, m), tag);
	harness_restart(h);
	harness_check(h);
	harness_assert_same(h, harness_send(h, m), tag);
	assert_int_equal(h->n_rows, rows);
}
