/* The retry loop. One attempt ends in a reply, in silence, or in a broken
 * connection:
 *   silence     -> close, open, send again; TIMEOUT when the time of the call is over
 *   lost        -> once again at no cost, then as refused
 *   refused     -> the user's own daemon is started, twice at most; else CANNOT_CONNECT, or
 *                  again until retry_ms; UNAUTHENTICATED when it is for the keys
 *   busy or full daemon (OVERLOADED, UNAVAILABLE) -> again until retry_ms
 *   unknown session (the daemon was restarted)    -> Hello, then again, once */
#include "client/c/call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "client/c/client.h"
#include "client/c/clock.h"
#include "client/c/error.h"
#include "client/c/idle.h"
#include "client/c/local.h"
#include "client/c/memory.h"
#include "proto/decode.h"
#include "proto/limits.h"

enum {
	PAUSE_MS = 100,      /* between attempts at a daemon that is not there */
	PAUSE_MAX_MS = 5000, /* most that a retry hint is obeyed without looking again */
	MOST_STARTS = 2,     /* of the user's daemon in one call */
	MOST_CUTS = 2,       /* a handshake cut short is looked at again: the cause may then show */
	SLICE_MS = 50,       /* how late an interrupt may be noticed */
	CONNECT_MS = 5000,   /* a handshake that takes longer is as good as refused */
	ATTEMPT_MAX_MS = 60000
};

/* One call, over all its attempts. */
struct call {
	struct krige_client *client;
	const struct call_times *times;
	struct msg_request *request;
	struct msg_reply *reply;
	struct arena *arena;
	struct bytes body;
	int64_t deadline, attempt_ms;
	int64_t down_since; /* first of the failures in a row, -1: none */
	unsigned interrupts;
	enum channel_fault fault; /* of the last refusal */
	int n_cuts, n_starts;
	bool interrupted, reached, said_hello, lost;
};

enum outcome { ANSWERED, SILENT, REFUSED, LOST, GIVEN_UP };

static void notice_interrupt(struct call *k)
{
	int64_t end;

	if (atomic_load(&k->client->interrupts) == k->interrupts)
		return;
	end = clock_ms() + atomic_load(&k->client->grace_ms);
	k->interrupted = true;
	if (end < k->deadline)
		k->deadline = end;
}

static void pause_ms(struct call *k, int64_t ms)
{
	int64_t end = clock_ms() + ms;

	for (int64_t now = clock_ms(); now < end && now < k->deadline; now = clock_ms()) {
		clock_sleep_ms(end - now < SLICE_MS ? end - now : SLICE_MS);
		notice_interrupt(k);
	}
}

static enum krige_status out_of_time(struct call *k, struct krige_error *err)
{
	if (k->interrupted)
		return error_set(err, KRIGE_INTERRUPTED, "interrupted before the daemon answered");
	if (!k->reached)
		return error_set(err, KRIGE_CANNOT_CONNECT, "no daemon answers at %s", k->client->endpoint);
	return error_set(err, KRIGE_TIMEOUT, "the daemon at %s did not answer within %.3g s",
		k->client->endpoint, k->times->timeout_ms / 1000.0);
}

/* ---- one attempt ----------------------------------------------------------- */

/* What to do when daemon and client speak different protocols. */
static const char *newer_one(unsigned daemon)
{
	return daemon < PROTO_VERSION
		? "the daemon is older; stop it, install the version of this client, start it again"
		: "the daemon is newer; install its version of the client";
}

/* VERSION of a daemon that answers Hello: it lacks a method that this client has. */
static enum krige_status error_from_daemon(struct call *k, struct krige_error *err)
{
	struct krige_client *c = k->client;
	enum krige_status s = error_from_reply(err, &k->reply->error);
	char version[sizeof(c->daemon)];

	pthread_mutex_lock(&c->lock);
	memcpy(version, c->daemon, sizeof(version));
	pthread_mutex_unlock(&c->lock);
	if (s == KRIGE_VERSION && err && version[0] && strcmp(version, KRIGED_VERSION) != 0) {
		size_t len = strlen(err->message);

		snprintf(err->message + len, sizeof(err->message) - len,
			" (the daemon at %.160s is version %s, this client " KRIGED_VERSION
			"; restart the daemon with the newer of the two)",
			c->endpoint, version);
	}
	return s;
}

static enum krige_status read_reply(
	struct call *k, const struct frame_header *h, zmq_msg_t *body, struct krige_error *err)
{
	struct kr_error kr = {0};

	if (h->version != PROTO_VERSION)
		return error_set(err, KRIGE_VERSION,
			"the daemon at %s speaks protocol %u, this client %d: %s", k->client->endpoint,
			h->version, PROTO_VERSION, newer_one(h->version));
	if (decode_reply(k->reply, h->method, (h->flags & FRAME_ERROR) != 0, zmq_msg_data(body),
			zmq_msg_size(body), k->arena, &kr) == KR_OK)
		return k->reply->is_error ? error_from_daemon(k, err) : KRIGE_OK;
	if (kr.code == KR_ENOMEM || kr.code == KR_TOO_LARGE)
		return error_from_kr(err, &kr);
	return error_set(err, KRIGE_INTERNAL, "the daemon's answer cannot be read: %s", kr.text);
}

static enum krige_status encode(struct call *k, struct krige_error *err)
{
	struct krige_client *c = k->client;
	struct kr_error kr = {0};
	uint64_t limit;

	if (encode_request(&k->body, k->request, k->arena, &kr) != KR_OK)
		return error_from_kr(err, &kr);
	pthread_mutex_lock(&c->lock);
	limit = c->message_bytes;
	pthread_mutex_unlock(&c->lock);
	if (limit > 0 && k->body.len > limit)
		return error_set(err, KRIGE_TOO_LARGE,
			"the request has %zu bytes, the daemon takes %" PRIu64 "; send less at a "
			"time",
			k->body.len, limit);
	return KRIGE_OK;
}

/* Wait for the reply to header until `end`. */
static enum outcome await(struct call *k, struct channel *ch, const struct frame_header *header,
	int64_t end, enum krige_status *status, struct krige_error *err)
{
	int64_t connect_end = clock_ms() + CONNECT_MS;
	struct frame_header h;
	zmq_msg_t body;

	for (;;) {
		int64_t now = clock_ms(), left = (end < k->deadline ? end : k->deadline) - now;
		int wait = left <= 0 ? 0 : left < SLICE_MS ? (int)left : SLICE_MS;

		switch (channel_wait(ch, wait, &h, &body)) {
		case CHANNEL_REPLY:
			if (memcmp(h.id, header->id, sizeof(h.id)) == 0 && h.method == header->method) {
				*status = read_reply(k, &h, &body, err);
				zmq_msg_close(&body);
				return ANSWERED;
			}
			zmq_msg_close(&body);
			break;
		case CHANNEL_QUIET:
			if (!ch->linked && (left <= 0 || now >= connect_end))
				return REFUSED;
			if (left <= 0)
				return SILENT;
			break;
		case CHANNEL_REFUSED: return REFUSED;
		case CHANNEL_LOST: return LOST;
		}
		notice_interrupt(k);
	}
}

static enum outcome attempt(struct call *k, enum krige_status *status, struct krige_error *err)
{
	struct frame_header header = {.version = PROTO_VERSION, .method = (uint16_t)k->request->method};
	struct channel ch;
	enum outcome outcome;

	*status = encode(k, err);
	if (*status != KRIGE_OK)
		return GIVEN_UP;
	randombytes_buf(header.id, sizeof(header.id));
	*status = idle_take(k->client, &ch, err);
	if (*status == KRIGE_OK)
		*status = channel_send(&ch, &header, &k->body, err);
	if (*status != KRIGE_OK) {
		channel_close(&ch);
		return GIVEN_UP;
	}
	outcome = await(k, &ch, &header, clock_ms() + k->attempt_ms, status, err);
	k->reached |= ch.linked || outcome == ANSWERED;
	k->fault = ch.fault;
	if (outcome == ANSWERED)
		idle_give(k->client, &ch);
	else
		channel_close(&ch);
	return outcome;
}

/* ---- the session ----------------------------------------------------------- */

static enum krige_status learn(
	struct krige_client *c, const struct msg_hello_reply *hello, struct krige_error *err)
{
	if (hello->protocol != PROTO_VERSION)
		return error_set(err, KRIGE_VERSION,
			"the daemon at %s (version %s) speaks protocol %" PRIu32 ", this client %d: %s",
			c->endpoint, hello->version ? hello->version : "unknown", hello->protocol,
			PROTO_VERSION, newer_one(hello->protocol));
	pthread_mutex_lock(&c->lock);
	c->has_session = true; /* said Hello, whether or not a token came back */
	memset(c->session, 0, sizeof(c->session));
	if (hello->has_session)
		memcpy(c->session, hello->session, sizeof(c->session));
	c->message_bytes = hello->limits.message_bytes;
	snprintf(c->daemon, sizeof(c->daemon), "%s", hello->version ? hello->version : "");
	pthread_mutex_unlock(&c->lock);
	return KRIGE_OK;
}

static bool in_session(struct krige_client *c, struct msg_meta *meta)
{
	static const uint8_t none[MSG_ID_BYTES];
	bool has;

	pthread_mutex_lock(&c->lock);
	has = c->has_session;
	meta->has_session = has && memcmp(c->session, none, sizeof(none)) != 0;
	memcpy(meta->session, c->session, sizeof(meta->session));
	pthread_mutex_unlock(&c->lock);
	return has;
}

static void forget_session(struct krige_client *c, const struct msg_meta *meta)
{
	pthread_mutex_lock(&c->lock);
	if (memcmp(c->session, meta->session, sizeof(c->session)) == 0)
		c->has_session = false; /* else another thread has a newer one */
	pthread_mutex_unlock(&c->lock);
}

static enum krige_status exchange(struct call *k, struct krige_error *err);

/* Hello, unless another thread has said it meanwhile; counts towards the time of
 * the call it is made for. */
static enum krige_status hello(struct call *k, struct krige_error *err)
{
	struct msg_request request = {
		.method = METHOD_HELLO, .u.hello = {.client = k->client->name, .protocol = PROTO_VERSION}};
	struct msg_reply reply;
	struct call own = *k;
	enum krige_status s = KRIGE_OK;

	own.request = &request;
	own.reply = &reply;
	while (pthread_mutex_trylock(&k->client->hello) != 0) {
		pause_ms(k, SLICE_MS);
		if (clock_ms() >= k->deadline)
			return out_of_time(k, err);
	}
	if (!in_session(k->client, &k->request->meta)) {
		s = exchange(&own, err);
		if (s == KRIGE_OK)
			s = learn(k->client, &reply.u.hello, err);
		in_session(k->client, &k->request->meta);
	}
	pthread_mutex_unlock(&k->client->hello);
	k->reached |= own.reached;
	return s;
}

/* ---- the loop -------------------------------------------------------------- */

/* Whether failures in a row, this one included, are still to be endured. */
static bool endures(struct call *k)
{
	int64_t now = clock_ms();

	if (k->down_since < 0)
		k->down_since = now;
	return now - k->down_since < k->times->retry_ms && now < k->deadline;
}

static bool passes(enum krige_status s)
{
	return s == KRIGE_OVERLOADED || s == KRIGE_UNAVAILABLE;
}

/* Refused for the keys: what is most likely wrong with them. */
static enum krige_status not_let_in(struct call *k, struct krige_error *err)
{
	const struct curve *keys = &k->client->curve;
	const char *endpoint = k->client->endpoint;

	if (k->fault == CHANNEL_DENIED)
		return error_set(err, KRIGE_UNAUTHENTICATED,
			"the daemon at %s does not know this client's key: its allow-list needs a line "
			"'%s worker NAME', and then it a SIGHUP",
			endpoint, keys->public_key);
	if (k->fault == CHANNEL_CUT)
		return error_set(err, KRIGE_UNAUTHENTICATED,
			"the daemon at %s broke the handshake off: KRIGE_SERVER_KEY is most likely not its "
			"key, which its log names (public_key=), or it has no keys",
			endpoint);
	if (keys->on)
		return error_set(err, KRIGE_UNAUTHENTICATED,
			"the daemon at %s has no keys, and this client was given some: unset KRIGE_SERVER_KEY "
			"and KRIGE_KEY_FILE, or name the daemon that they are for",
			endpoint);
	return error_set(err, KRIGE_UNAUTHENTICATED,
		"the daemon at %s lets in only who has a key: set KRIGE_SERVER_KEY to its public key and "
		"KRIGE_KEY_FILE to the secret key that `krige keygen` makes",
		endpoint);
}

static bool for_the_keys(const struct call *k)
{
	return k->fault == CHANNEL_DENIED || k->fault == CHANNEL_MISMATCH ||
		(k->fault == CHANNEL_CUT && k->client->curve.on);
}

static enum krige_status refused(struct call *k, struct krige_error *err)
{
	if (k->interrupted)
		return out_of_time(k, err);
	if (for_the_keys(k))
		return not_let_in(k, err);
	if (k->fault == CHANNEL_CUT)
		return error_set(err, KRIGE_CANNOT_CONNECT,
			"cannot connect to %s: whoever listens there closes the connection at once; it may "
			"want keys (KRIGE_SERVER_KEY, KRIGE_KEY_FILE), have no room for one more, or be no kriged",
			k->client->endpoint);
	return error_set(err, KRIGE_CANNOT_CONNECT, "cannot connect to %s: no daemon listens there",
		k->client->endpoint);
}

static bool wants_to_stop(void *ctx)
{
	struct call *k = ctx;

	notice_interrupt(k);
	return k->interrupted && clock_ms() >= k->deadline;
}

/* The user's own daemon has left, or was never there. True: it is, now; or *s says why not. */
static bool start_local(struct call *k, enum krige_status *s, struct krige_error *err)
{
	if (!k->client->local || k->client->no_start || k->fault != CHANNEL_ABSENT || k->interrupted ||
		k->n_starts == MOST_STARTS)
		return false;
	k->n_starts++;
	*s = local_start(k->client->endpoint, k->deadline, wants_to_stop, k, err);
	if (*s == KRIGE_TIMEOUT)
		*s = out_of_time(k, err);
	return *s == KRIGE_OK;
}

static bool session_unknown(struct call *k, enum krige_status s)
{
	if (s != KRIGE_UNAUTHENTICATED || k->said_hello || !k->request->meta.has_session)
		return false;
	k->said_hello = true;
	forget_session(k->client, &k->request->meta);
	return true;
}

/* One attempt and what follows from it. Returns whether the call is over. */
static bool step(struct call *k, enum krige_status *s, struct krige_error *err)
{
	int64_t hint = PAUSE_MS;

	*s = KRIGE_OK;
	if (k->request->method != METHOD_HELLO && !in_session(k->client, &k->request->meta))
		*s = hello(k, err);
	if (*s != KRIGE_OK)
		return true;
	switch (attempt(k, s, err)) {
	case ANSWERED:
		if (session_unknown(k, *s))
			return false;
		if (!passes(*s) || !endures(k))
			return true;
		if (err && err->retry_after_ms > PAUSE_MS)
			hint = err->retry_after_ms;
		pause_ms(k, hint < PAUSE_MAX_MS ? hint : PAUSE_MAX_MS);
		return false;
	case SILENT:
		*s = out_of_time(k, err);
		k->down_since = -1;
		k->attempt_ms *= k->attempt_ms < ATTEMPT_MAX_MS ? 2 : 1;
		return clock_ms() >= k->deadline;
	case LOST:
		if (!k->lost) {
			k->lost = true;
			return false;
		}
		/* fall through */
	case REFUSED:
		if (k->fault == CHANNEL_CUT && !k->interrupted && ++k->n_cuts < MOST_CUTS) {
			pause_ms(k, PAUSE_MS);
			return false;
		}
		*s = refused(k, err);
		if (start_local(k, s, err))
			return false;
		if (for_the_keys(k) || !endures(k))
			return true;
		pause_ms(k, PAUSE_MS);
		return false;
	case GIVEN_UP: break;
	}
	return true;
}

static enum krige_status exchange(struct call *k, struct krige_error *err)
{
	struct arena_mark mark = arena_mark(k->arena);
	enum krige_status s;

	while (!step(k, &s, err))
		arena_release(k->arena, mark);
	return s;
}

/* A caller who gives up gets nothing of a computation that ends later; cut in time, it gives what
 * it has. The rest of the time is for the last unit of work, the disk and the way back. */
static void limit_computation(struct msg_request *request, uint32_t timeout_ms)
{
	uint64_t wait_ms = request->u.suggest.wait_ms;
	uint64_t left = timeout_ms > wait_ms ? timeout_ms - wait_ms : 0, most = LIMIT_DEADLINE_MS;

	request->meta.has_deadline = true;
	request->meta.deadline_ms = left / 4 * 3 < most ? left / 4 * 3 : most;
}

enum krige_status call_run_within(struct krige_client *c, const struct call_times *times,
	struct msg_request *request, struct msg_reply *reply, struct arena *a, struct krige_error *err)
{
	struct call k = {.client = c,
		.times = times,
		.request = request,
		.reply = reply,
		.arena = a,
		.deadline = clock_ms() + times->timeout_ms,
		.attempt_ms = times->attempt_ms,
		.down_since = -1,
		.interrupts = atomic_load(&c->interrupts)};

	if (msg_method_mutates(request->method) && !request->meta.has_request_id) {
		randombytes_buf(request->meta.request_id, MSG_ID_BYTES);
		request->meta.has_request_id = true;
	}
	if (!request->meta.worker_id)
		request->meta.worker_id = c->worker;
	if (request->method == METHOD_SUGGEST && !request->meta.has_deadline)
		limit_computation(request, times->timeout_ms);
	return exchange(&k, err);
}

enum krige_status call_run(struct krige_client *c, struct msg_request *request,
	struct msg_reply *reply, struct arena *a, struct krige_error *err)
{
	const struct call_times times = {c->timeout_ms, c->attempt_ms, c->retry_ms};

	return call_run_within(c, &times, request, reply, a, err);
}

enum krige_status call_keep(struct krige_client *c, struct msg_request *request,
	struct msg_reply *reply, struct memory **memory, struct krige_error *err)
{
	enum krige_status s = memory_new(memory, err);

	if (s != KRIGE_OK)
		return s;
	s = call_run(c, request, reply, (*memory)->arena, err);
	if (s != KRIGE_OK) {
		memory_release(*memory);
		*memory = NULL;
	}
	return s;
}

enum krige_status call_send(
	struct krige_client *c, struct msg_request *request, struct krige_error *err)
{
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status s = call_keep(c, request, &reply, &memory, err);

	memory_release(memory);
	return s;
}
