/* CancelTrial: nobody is to evaluate the trial (any more). QUEUED, RUNNING and EXPIRED ones
 * become CANCELLED and give their place of the budget back; their worker is told at its next
 * report or heartbeat. A CANCELLED one stays as it is, others are CONFLICT. */
#include <inttypes.h>

#include "daemon/engine/call.h"

static enum kr_status check(const struct trial *t, struct kr_error *err)
{
	switch ((enum trial_state)t->state) {
	case TRIAL_QUEUED:
	case TRIAL_RUNNING:
	case TRIAL_EXPIRED:
	case TRIAL_CANCELLED: return KR_OK;
	default:
		return kr_fail_field(err, KR_CONFLICT, "number",
			"trial %" PRIu64 " is %s already and can't be cancelled; exclude or delete it instead",
			t->number, msg_trial_state_name((enum trial_state)t->state));
	}
}

enum kr_status handle_cancel_trial(struct call *c, struct kr_error *err)
{
	const struct msg_trial_ref *m = &c->m->u.cancel_trial;
	struct record_outcome outcome = {
		.number = m->number, .state = TRIAL_CANCELLED, .reason = m->reason};
	struct trial t;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = call_trial(c, m->number, &t, err);
	if (st == KR_OK)
		st = check(&t, err);
	return st == KR_OK ? call_end(c, &t, &outcome, t.state != TRIAL_CANCELLED, err) : st;
}
