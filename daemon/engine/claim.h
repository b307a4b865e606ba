/* Who may act on a trial. A token or an attempt, when given, must be the trial's;
 * without a token, a worker that the client named must be the holder, if the
 * holder was named too; everyone else acts by number. */
#ifndef KR_DAEMON_ENGINE_CLAIM_H
#define KR_DAEMON_ENGINE_CLAIM_H

#include "base/status.h"
#include "daemon/engine/trial.h"
#include "proto/msg.h"

/* worker: of the caller, NULL when not named. Errors: KR_STALE_LEASE. */
enum kr_status claim_check(
	const struct trial *t, const struct msg_lease *lease, const char *worker, struct kr_error *err);

/* Seconds of a lease, as milliseconds. field: of the request.
 * Errors: KR_INVALID_ARGUMENT (not positive, not finite). */
enum kr_status claim_term(double lease_s, const char *field, uint64_t *ms, struct kr_error *err);

#endif
