/* What a krige_client is; for this folder. */
#ifndef KR_CLIENT_C_CLIENT_H
#define KR_CLIENT_C_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "client/c/channel.h"
#include "client/c/curve.h"
#include "proto/msg.h"

enum { CLIENT_IDLE_CHANNELS = 16 };

struct krige_client {
	void *ctx;
	char *endpoint, *name, *worker; /* worker NULL: none */
	uint32_t timeout_ms, attempt_ms, retry_ms;
	atomic_uint serial; /* of channels */
	struct curve curve;
	bool local;    /* the endpoint is the default one ... */
	bool no_start; /* ... and a daemon there is not started */

	/* Calls under way compare `interrupts` with what it was when they began. */
	atomic_uint interrupts, grace_ms;

	pthread_mutex_t hello; /* held while saying Hello, so that one does */
	pthread_mutex_t lock;  /* guards what follows; held for no I/O */
	struct channel idle[CLIENT_IDLE_CHANNELS];
	int n_idle;
	bool has_session;
	uint8_t session[MSG_ID_BYTES];
	uint64_t message_bytes; /* the daemon's limit */
	struct async *async;    /* calls that do not block; NULL before the first */
	char daemon[32];        /* its version, "" before the first Hello */
};

#endif
