/* Release: a trial goes back to the queue, with its number and its point.
 *
 *   RUNNING    by its holder, or by number by anybody
 *   QUEUED     harmless, changes nothing
 *   COMPLETE   CONFLICT
 *   others     without a lease: it is to be tried once more */
#include <inttypes.h>

#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"

static enum kr_status check(const struct call *c, const struct trial *t, struct kr_error *err)
{
	const struct msg_trial_ref *m = &c->m->u.release;
	const char *state = msg_trial_state_name((enum trial_state)t->state);
	bool leased = m->lease.has_token || m->lease.has_attempt;

	if (t->told)
		return kr_fail_field(err, KR_CONFLICT, "number",
			"trial %" PRIu64 " was handed in, not suggested; enqueue its point to evaluate it",
			t->number);
	if (t->state == TRIAL_COMPLETE)
		return kr_fail_field(err, KR_CONFLICT, "number",
			"trial %" PRIu64 " is COMPLETE and keeps its result; enqueue its point to evaluate it "
			"once more",
			t->number);
	if (t->state == TRIAL_RUNNING || (t->state == TRIAL_QUEUED && leased))
		return claim_check(t, &m->lease, c->m->meta.worker_id, err);
	if (t->state != TRIAL_QUEUED && leased)
		return kr_fail_field(err, KR_STALE_LEASE, "lease",
			"the lease of trial %" PRIu64 " is over, it is %s; to queue it again, leave the lease "
			"out",
			t->number, state);
	return KR_OK;
}

enum kr_status handle_release(struct call *c, struct kr_error *err)
{
	const struct msg_trial_ref *m = &c->m->u.release;
	struct record_outcome outcome = {
		.number = m->number, .state = TRIAL_QUEUED, .reason = m->reason};
	struct trial t;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = call_trial(c, m->number, &t, err);
	if (st == KR_OK)
		st = check(c, &t, err);
	return st == KR_OK ? call_end(c, &t, &outcome, t.state != TRIAL_QUEUED, err) : st;
}
