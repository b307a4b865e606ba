#include "daemon/engine/claim.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "daemon/engine/version.h"

enum kr_status claim_check(
	const struct trial *t, const struct msg_lease *lease, const char *worker, struct kr_error *err)
{
	if (lease->has_attempt && lease->attempt != t->attempt)
		return kr_fail_field(err, KR_STALE_LEASE, "lease.attempt",
			"lease.attempt is %" PRIu32 ", trial %" PRIu64 " is at attempt %" PRIu32
			"; drop this result, the trial was given out again",
			lease->attempt, t->number, t->attempt);
	if (lease->has_token && memcmp(lease->token, t->token, MSG_ID_BYTES) != 0)
		return kr_fail_field(err, KR_STALE_LEASE, "lease.token",
			"lease.token is not the one that trial %" PRIu64 " was given out with; use that "
			"one, or none to act by number",
			t->number);
	if (!lease->has_token && worker && t->worker && t->state == TRIAL_RUNNING &&
		strcmp(worker, t->worker) != 0)
		return kr_fail_field(err, KR_STALE_LEASE, "meta.worker_id",
			"trial %" PRIu64 " is leased to worker '%s', not to '%s'; leave the worker out to act "
			"by number",
			t->number, t->worker, worker);
	return KR_OK;
}

enum claim claim_of(const struct trial *t, const struct msg_lease *lease)
{
	const struct trial *v;

	if (!lease->has_token && !lease->has_attempt)
		return CLAIM_NONE;
	v = version_claimed(t, lease);
	if (!v || !v->given_seq)
		return CLAIM_UNKNOWN;
	return v->attempt == t->attempt ? CLAIM_NEWEST : CLAIM_EARLIER;
}

enum kr_status claim_overtaken(uint64_t number, const char *field, struct kr_error *err)
{
	return kr_fail_field(err, KR_STALE_LEASE, field,
		"trial %" PRIu64 " was ended under another lease than this one; the result was kept in "
		"the log of events and counts for nothing; drop it",
		number);
}

enum kr_status claim_term(double lease_s, const char *field, uint64_t *ms, struct kr_error *err)
{
	static const double longest_s = 1e9;

	if (!(lease_s > 0) || !isfinite(lease_s))
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is %g; it must be a positive number of seconds", field, lease_s);
	*ms = (uint64_t)ceil(fmin(lease_s, longest_s) * 1000);
	return KR_OK;
}
