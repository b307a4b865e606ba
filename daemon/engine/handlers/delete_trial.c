/* DeleteTrial: an ended or QUEUED trial is forgotten, by counts, budget and model too.
 * Its number is never used again; the answer shows it a last time. */
#include <inttypes.h>

#include "daemon/engine/call.h"

enum kr_status handle_delete_trial(struct call *c, struct kr_error *err)
{
	const struct msg_get_trial *m = &c->m->u.delete_trial;
	struct trial t;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = call_trial(c, m->number, &t, err);
	if (st != KR_OK)
		return st;
	if (t.state == TRIAL_RUNNING)
		return kr_fail_field(err, KR_CONFLICT, "number",
			"trial %" PRIu64 " is RUNNING; cancel it first, then delete it", t.number);
	return call_edit(c, &t, &(struct record_edited){.number = t.number, .deleted = true}, err);
}
