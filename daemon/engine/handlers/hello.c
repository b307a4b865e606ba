/* Hello: version, features, limits, and a session token.
 *
 * Whether a token is its sender's own is checked before the engine (daemon/front.c), where
 * keys are known. Without keys the right to speak comes from the socket, and a request is
 * accepted with any token, or none. */
#include "daemon/engine/call.h"

static const char *const features[] = {
	"suggest.fixed",
	"suggest.deadline",
	"add_trials",
	"predict",
	"replay",
	"undelete",
	"list_trials.since_seq",
	"server_backup",
};

enum kr_status handle_hello(struct call *c, struct kr_error *err)
{
	struct msg_hello_reply *r = &c->reply.u.hello;

	(void)err;
	r->version = c->e->o.version;
	r->protocol = PROTO_VERSION;
	r->n_features = sizeof(features) / sizeof(*features);
	r->features = features;
	r->blas_core = c->e->o.blas_core;
	r->has_session = true;
	if (c->e->o.session)
		c->e->o.session(c->e->o.session_ctx, c->route, r->session);
	else
		c->e->o.random(c->e->o.random_ctx, r->session);
	r->limits.message_bytes = LIMIT_MESSAGE_BYTES;
	r->limits.arena_bytes = LIMIT_ARENA_BYTES;
	r->limits.parameters = LIMIT_PARAMETERS;
	r->limits.choices = LIMIT_CHOICES;
	r->limits.metrics = LIMIT_METRICS;
	r->limits.name_bytes = LIMIT_NAME_BYTES;
	r->limits.batch = LIMIT_BATCH;
	return KR_OK;
}
