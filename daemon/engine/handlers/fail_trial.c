/* FailTrial: a trial that has no result. RUNNING and EXPIRED ones become FAILED,
 * INFEASIBLE or PRUNED; the same again is harmless and changes nothing. */
#include <inttypes.h>
#include <string.h>

#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"

static bool is_repeat(const struct trial *t, enum trial_state state, const char *reason)
{
	if (t->state != state)
		return false;
	return t->reason && reason ? strcmp(t->reason, reason) == 0 : t->reason == reason;
}

static enum kr_status check(
	const struct call *c, const struct trial *t, enum trial_state state, struct kr_error *err)
{
	const struct msg_fail_trial *m = &c->m->u.fail_trial;

	if (state != TRIAL_FAILED && state != TRIAL_INFEASIBLE && state != TRIAL_PRUNED)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "state",
			"state is %s; it must be FAILED, INFEASIBLE or PRUNED", msg_trial_state_name(state));
	if (is_repeat(t, state, m->reason))
		return KR_OK;
	if (t->state == state)
		return kr_fail_field(err, KR_CONFLICT, "number",
			"trial %" PRIu64 " is %s already, with another reason, which stays", t->number,
			msg_trial_state_name(state));
	if (t->state == TRIAL_QUEUED && claim_of(t, &m->lease) != CLAIM_NONE)
		return kr_fail_field(err, KR_STALE_LEASE, "lease",
			"the lease of trial %" PRIu64 " is over: it waits to be given out again", t->number);
	if (t->state != TRIAL_RUNNING && t->state != TRIAL_EXPIRED)
		return kr_fail_field(err, KR_CONFLICT, "number",
			"trial %" PRIu64 " is %s already and can't become %s", t->number,
			msg_trial_state_name((enum trial_state)t->state), msg_trial_state_name(state));
	return claim_check(t, &m->lease, c->m->meta.worker_id, err);
}

enum kr_status handle_fail_trial(struct call *c, struct kr_error *err)
{
	const struct msg_fail_trial *m = &c->m->u.fail_trial;
	enum trial_state state = m->state ? m->state : TRIAL_FAILED;
	struct record_outcome outcome = {.number = m->number, .state = state, .reason = m->reason};
	struct trial t;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = call_trial(c, m->number, &t, err);
	if (st == KR_OK)
		st = check(c, &t, state, err);
	if (st != KR_OK)
		return st;
	outcome.late = t.state == TRIAL_EXPIRED;
	return call_end(c, &t, &outcome, !is_repeat(&t, state, m->reason), err);
}
