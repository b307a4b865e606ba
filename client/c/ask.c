/* Trials given out: Suggest. */
#include "client/c/call.h"
#include "client/c/error.h"
#include "client/c/options.h"
#include "client/c/trial.h"
#include "client/c/value.h"
#include "proto/limits.h"

/* A call that may wait takes longer, and silence means less. */
static enum krige_status run(struct krige_client *c, uint32_t wait_ms, struct msg_request *request,
	struct msg_reply *reply, struct arena *a, struct krige_error *err)
{
	const struct call_times times = {
		.timeout_ms = c->timeout_ms > UINT32_MAX - wait_ms ? UINT32_MAX : c->timeout_ms + wait_ms,
		.attempt_ms = c->attempt_ms > UINT32_MAX - wait_ms ? UINT32_MAX : c->attempt_ms + wait_ms,
		.retry_ms = c->retry_ms,
	};

	return call_run_within(c, &times, request, reply, a, err);
}

static enum krige_status take(struct krige_trial **trials, size_t n, size_t *given,
	const struct krige_study *s, const struct msg_reply *reply, struct memory *memory,
	struct krige_error *err)
{
	enum krige_status st = KRIGE_OK;
	size_t got = (size_t)reply->u.trials.n, i;

	if (got == 0 || got > n)
		return error_set(
			err, KRIGE_INTERNAL, "the daemon gave %zu trials, %zu were asked for", got, n);
	for (i = 0; st == KRIGE_OK && i < got; i++)
		st = trial_new(&trials[i], s, &reply->u.trials.trials[i], memory, err);
	*given = i;
	return st;
}

static void drop(struct krige_trial **trials, size_t *given)
{
	for (size_t i = 0; i < *given; i++)
		krige_trial_free(trials[i]);
	*given = 0;
}

static enum krige_status ask(struct krige_trial **trials, size_t n, size_t *given,
	struct krige_study *s, const struct krige_ask_options *o, struct memory *memory,
	struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_SUGGEST};
	struct msg_suggest *m = &request.u.suggest;
	struct msg_reply reply;
	enum krige_status st = value_write_named(
		memory->arena, "fixed", o->fixed, o->n_fixed, &m->n_fixed, &m->fixed, err);

	m->study = s->name;
	m->count = (uint32_t)n;
	m->has_lease = o->lease_s != 0;
	m->lease_s = o->lease_s;
	m->wait_ms = o->wait_ms;
	request.meta.worker_id = o->worker;
	request.meta.has_deadline = o->deadline_ms != 0;
	request.meta.deadline_ms = o->deadline_ms;
	if (st == KRIGE_OK)
		st = run(s->client, o->wait_ms, &request, &reply, memory->arena, err);
	if (st == KRIGE_OK)
		st = take(trials, n, given, s, &reply, memory, err);
	if (st != KRIGE_OK)
		drop(trials, given);
	return st;
}

enum krige_status krige_ask_many(struct krige_trial **trials, size_t n, size_t *given,
	struct krige_study *s, const struct krige_ask_options *options, struct krige_error *err)
{
	struct krige_ask_options o;
	struct memory *memory;
	enum krige_status st = options_read(&o, sizeof(o), options, "krige_ask_options", err);

	*given = 0;
	if (st == KRIGE_OK && (n < 1 || n > LIMIT_BATCH))
		st = error_field(
			err, KRIGE_INVALID_ARGUMENT, "n", "n is %zu; ask for 1 to %d trials", n, LIMIT_BATCH);
	if (st == KRIGE_OK)
		st = memory_new(&memory, err);
	if (st != KRIGE_OK)
		return st;
	st = ask(trials, n, given, s, &o, memory, err);
	memory_release(memory);
	return st;
}

enum krige_status krige_ask(struct krige_trial **out, struct krige_study *s,
	const struct krige_ask_options *options, struct krige_error *err)
{
	size_t given;

	*out = NULL;
	return krige_ask_many(out, 1, &given, s, options, err);
}
