/* The calls of `krige run`, which put up with a daemon that is away and say so. */
#ifndef KR_CLIENT_CLI_AWAY_H
#define KR_CLIENT_CLI_AWAY_H

#include "client/c/call.h"
#include "client/cli/run.h"

/* As call_run_within, with r->retry_ms for times.retry_ms. Says once for all slots that the daemon
 * does not answer, and once that it is back. Takes r->lock. */
enum krige_status away_call(struct run *r, struct call_times times, struct msg_request *request,
	struct msg_reply *reply, struct arena *a, struct krige_error *err);

#endif
