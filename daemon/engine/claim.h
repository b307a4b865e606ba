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

enum claim {
	CLAIM_NONE,    /* it acts by number */
	CLAIM_NEWEST,  /* the attempt that the trial is at */
	CLAIM_EARLIER, /* an attempt before it */
	CLAIM_UNKNOWN  /* none that there was */
};

/* The attempt that a lease names, by token or number. */
enum claim claim_of(const struct trial *t, const struct msg_lease *lease);

/* KR_STALE_LEASE for a result that came when another attempt had ended the trial. It says the
 * same whenever it is asked: repeats get it again. */
enum kr_status claim_overtaken(uint64_t number, const char *field, struct kr_error *err);

/* Seconds of a lease, as milliseconds. field: of the request.
 * Errors: KR_INVALID_ARGUMENT (not positive, not finite). */
enum kr_status claim_term(double lease_s, const char *field, uint64_t *ms, struct kr_error *err);

#endif
