/* The client as a thing: opened, closed, interrupted, named. */
#include "client/c/krige.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/alloc.h"
#include "base/paths.h"
#include "client/c/async.h"
#include "client/c/client.h"
#include "client/c/error.h"
#include "client/c/local.h"
#include "client/c/options.h"

enum { TIMEOUT_MS = 60000, ATTEMPT_MS = 5000, ENDPOINT_MAX = 1024 };

const char *krige_version(void)
{
	return KRIGED_VERSION;
}

const char *krige_status_name(enum krige_status code)
{
	switch (code) {
	case KRIGE_CANNOT_CONNECT: return "CANNOT_CONNECT";
	case KRIGE_TIMEOUT: return "TIMEOUT";
	case KRIGE_INTERRUPTED: return "INTERRUPTED";
	case KRIGE_NO_MEMORY: return "NO_MEMORY";
	default: break;
	}
	for (int s = KR_OK; s < KR_N_STATUS; s++)
		if (kr_status_wire((enum kr_status)s) == (unsigned)code)
			return kr_status_name((enum kr_status)s);
	return "?";
}

/* *local: nobody named one, it is that of this user's daemon. */
static enum krige_status find_endpoint(
	char out[ENDPOINT_MAX], bool *local, const char *endpoint, struct krige_error *err)
{
	const char *set = getenv("KRIGE_ENDPOINT"), *path;
	struct kr_error kr = {0};

	if (!endpoint)
		endpoint = set && set[0] ? set : NULL;
	*local = !endpoint;
	if (*local) {
		if (paths_default_endpoint(out, ENDPOINT_MAX, &kr) != KR_OK)
			return error_from_kr(err, &kr);
		return local_check(out, err);
	}
	path = paths_ipc(endpoint);
	if (path && strlen(path) > PATHS_SOCKET_MAX)
		return error_set(err, KRIGE_INVALID_ARGUMENT,
			"endpoint: the path of a socket has at most %d bytes, this has %zu", PATHS_SOCKET_MAX,
			strlen(path));
	if (strlen(endpoint) >= ENDPOINT_MAX)
		return error_set(
			err, KRIGE_INVALID_ARGUMENT, "endpoint: longer than %d bytes", ENDPOINT_MAX - 1);
	snprintf(out, ENDPOINT_MAX, "%s", endpoint);
	return KRIGE_OK;
}

/* The environment's keys are for the daemon that the environment or the caller names. */
static enum krige_status load_keys(
	struct curve *c, const struct krige_options *o, bool local, struct krige_error *err)
{
	const char *server = o->server_key, *file = o->key_file;

	if (!server && !local)
		server = getenv("KRIGE_SERVER_KEY");
	if (!file && !local)
		file = getenv("KRIGE_KEY_FILE");
	return curve_load(c, server, file, err);
}

static bool copy_texts(struct krige_client *c, const char *endpoint, const struct krige_options *o)
{
	c->endpoint = kr_strdup(endpoint);
	c->name = kr_strdup(o->name ? o->name : "libkrige " KRIGED_VERSION);
	c->worker = o->worker ? kr_strdup(o->worker) : NULL;
	return c->endpoint && c->name && (c->worker || !o->worker);
}

enum krige_status krige_open(struct krige_client **out, const char *endpoint,
	const struct krige_options *options, struct krige_error *err)
{
	char where[ENDPOINT_MAX];
	struct krige_options o;
	struct krige_client *c;
	struct curve curve;
	enum krige_status s;
	bool local;

	*out = NULL;
	s = options_read(&o, sizeof(o), options, "krige_options", err);
	if (s == KRIGE_OK)
		s = find_endpoint(where, &local, endpoint, err);
	if (s == KRIGE_OK)
		s = load_keys(&curve, &o, local, err);
	if (s != KRIGE_OK)
		return s;
	c = KR_NEW(struct krige_client);
	if (!c) {
		curve_wipe(&curve);
		return error_set(err, KRIGE_NO_MEMORY, "no memory for a client");
	}
	c->curve = curve;
	curve_wipe(&curve);
	c->local = local;
	c->no_start = o.no_start != 0;
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->hello, NULL);
	c->timeout_ms = o.timeout_ms ? o.timeout_ms : TIMEOUT_MS;
	c->attempt_ms = o.attempt_ms ? o.attempt_ms : ATTEMPT_MS;
	c->retry_ms = o.retry_ms;
	c->ctx = copy_texts(c, where, &o) && sodium_init() >= 0 ? zmq_ctx_new() : NULL;
	if (!c->ctx) {
		krige_close(c);
		return error_set(err, KRIGE_NO_MEMORY, "no memory for a client");
	}
	*out = c;
	return KRIGE_OK;
}

void krige_close(struct krige_client *c)
{
	if (!c)
		return;
	async_free(c->async);
	for (int i = 0; i < c->n_idle; i++)
		channel_close(&c->idle[i]);
	if (c->ctx)
		zmq_ctx_term(c->ctx);
	pthread_mutex_destroy(&c->hello);
	pthread_mutex_destroy(&c->lock);
	curve_wipe(&c->curve);
	kr_free(c->endpoint);
	kr_free(c->name);
	kr_free(c->worker);
	kr_free(c);
}

const char *krige_endpoint(const struct krige_client *c)
{
	return c->endpoint;
}

void krige_interrupt(struct krige_client *c, uint32_t grace_ms)
{
	atomic_store(&c->grace_ms, grace_ms);
	atomic_fetch_add(&c->interrupts, 1);
}
