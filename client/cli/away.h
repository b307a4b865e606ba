/* The calls of `krige run`, which put up with a daemon that is away and say so. */
#ifndef KR_CLIENT_CLI_AWAY_H
#define KR_CLIENT_CLI_AWAY_H

#include <pthread.h>
#include <stdbool.h>

#include "client/c/call.h"

/* The daemon, as all slots see it. */
struct away {
	struct krige_client *client;
	uint32_t retry_ms; /* how long an absent daemon is put up with */
	bool quiet;
	pthread_mutex_t *lock; /* guards said, and whole lines on stderr */
	bool said;             /* that it is away */
};

/* As call_run_within, with w->retry_ms for times.retry_ms. Says once for all slots that the
 * daemon does not answer, and once that it is back. Takes w->lock. */
enum krige_status away_call(struct away *w, struct call_times times, struct msg_request *request,
	struct msg_reply *reply, struct arena *a, struct krige_error *err);

#endif
