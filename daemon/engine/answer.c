/* Answers and other effects. An answer that was promised is always sent: the
 * room for its effect is made when the promise is (engine__owe), and when there
 * is no memory to say what is, one of two answers made at the start goes out. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/core.h"

/* Effects of a step that nobody counts: the answer to its request, a commit, a
 * load, computations of a replay. */
enum { UNCOUNTED = 96 };

static size_t owed(const struct engine *e)
{
	size_t n = e->n_waiting + e->n_jobs + e->n_reloading + UNCOUNTED;

	n += e->open->n_held + 2 * e->open->n_rows;
	if (e->in_flight)
		n += e->flying->n_held + 2 * e->flying->n_rows;
	return n;
}

enum kr_status engine__owe(struct engine *e, size_t extra, struct kr_error *err)
{
	size_t need = e->n_effects + owed(e) + extra, cap = e->cap_effects ? e->cap_effects : 128;
	struct effect *effects;

	if (need <= e->cap_effects)
		return KR_OK;
	while (cap < need)
		cap *= 2;
	effects = kr_realloc(e->effects, cap, sizeof(*effects));
	if (!effects)
		return kr_fail(err, KR_ENOMEM, "no memory for answers");
	e->effects = effects;
	e->cap_effects = cap;
	return KR_OK;
}

void engine__effect(struct engine *e, const struct effect *effect)
{
	assert(e->n_effects < e->cap_effects);
	e->effects[e->n_effects++] = *effect;
}

void engine__send(struct engine *e, const struct route *route, const void *body, size_t len)
{
	engine__effect(e,
		&(struct effect){
			.kind = EFFECT_REPLY,
			.u.reply = {.route = *route, .body = body, .len = len},
		});
}

static struct route with_flags(const struct route *route, bool is_error)
{
	struct route r = *route;

	r.header.flags = (uint8_t)(FRAME_REPLY | (is_error ? FRAME_ERROR : 0));
	return r;
}

static void send_fixed(struct engine *e, const struct route *route, const struct bytes *body)
{
	struct route r = with_flags(route, true);

	engine__send(e, &r, body->p, body->len);
}

/* A group that is still to be made durable; one without rows never will be. */
static uint64_t unsettled(const struct engine *e, uint64_t group)
{
	return group <= e->settled || (group == e->open->id && !e->open->n_rows) ? 0 : group;
}

bool engine__durable(const struct engine *e, uint64_t group)
{
	return unsettled(e, group) == 0;
}

uint64_t engine__hold(const struct engine *e, const struct study *s)
{
	if (s)
		return unsettled(e, s->last_group);
	return unsettled(e, e->open->n_rows ? e->open->id : e->flying->id);
}

uint64_t engine__hold_names(const struct engine *e)
{
	return unsettled(e, e->names_group);
}

/* Keep the reply in group `hold`, or send it now. */
static enum kr_status deliver(struct engine *e, const struct route *route, uint64_t study,
	uint64_t hold, const struct msg_reply *reply, struct kr_error *err)
{
	struct held held = {with_flags(route, reply->is_error), study, NULL, 0};
	struct group *g = hold == e->open->id ? e->open : e->flying;
	struct bytes body;
	enum kr_status st = encode_reply(&body, reply, e->scratch, err);

	if (st != KR_OK)
		return st;
	if (hold <= e->settled) {
		engine__send(e, &held.route, body.p, body.len);
		return KR_OK;
	}
	assert(hold == g->id);
	st = group_reserve(g, 0, 1, err);
	if (st == KR_OK)
		st = engine__owe(e, 1, err);
	if (st != KR_OK)
		return st;
	held.body = arena_memdup(g->arena, body.p, body.len);
	held.len = body.len;
	if (!held.body)
		return kr_fail(err, KR_ENOMEM, "no memory for answers");
	group_hold(g, &held);
	return KR_OK;
}

static uint64_t retry_hint(const struct kr_error *why)
{
	unsigned wire = kr_status_wire(why->code);

	if (why->retry_after_ms)
		return why->retry_after_ms;
	return wire == kr_status_wire(KR_UNAVAILABLE) || wire == kr_status_wire(KR_OVERLOADED) ||
			wire == kr_status_wire(KR_NOT_NOW)
		? ENGINE_RETRY_MS
		: 0;
}

struct msg_reply engine__error_reply(enum method method, const struct kr_error *why)
{
	return (struct msg_reply){
		.method = method,
		.is_error = true,
		.error =
			{
				.code = kr_status_wire(why->code),
				.message = why->text[0] ? why->text : kr_status_sentence(why->code),
				.field = why->field[0] ? why->field : NULL,
				.retry_after_ms = retry_hint(why),
			},
	};
}

void engine__answer_error(struct engine *e, const struct route *route, uint64_t study,
	uint64_t hold, const struct kr_error *why)
{
	struct msg_reply reply = engine__error_reply((enum method)route->header.method, why);

	if (why->code == KR_ENOMEM || deliver(e, route, study, hold, &reply, NULL) != KR_OK)
		send_fixed(e, route, &e->no_memory);
}

void engine__answer(struct engine *e, const struct route *route, uint64_t study, uint64_t hold,
	const struct msg_reply *reply)
{
	struct kr_error err;

	if (deliver(e, route, study, hold, reply, &err) != KR_OK)
		engine__answer_error(e, route, study, hold, &err);
}

void engine__answer_lost(struct engine *e, const struct route *route, const char *why)
{
	struct kr_error err;
	struct msg_reply reply = {
		.method = (enum method)route->header.method,
		.is_error = true,
		.error = {.code = kr_status_wire(KR_UNAVAILABLE), .retry_after_ms = ENGINE_RETRY_MS},
	};

	kr_fail(&err, KR_UNAVAILABLE,
		"the newest changes could not be made durable and were "
		"undone (%s); try again",
		why);
	reply.error.message = err.text;
	if (deliver(e, route, 0, 0, &reply, NULL) != KR_OK)
		send_fixed(e, route, &e->unavailable);
}
