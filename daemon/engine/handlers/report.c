/* Report: an intermediate value of a running trial. It renews the lease, and the
 * answer says whether to stop.
 *
 *   RUNNING           kept, when its step is beyond the newest of this attempt; the same step
 *                     and value again are harmless
 *   QUEUED, EXPIRED   STALE_LEASE: the trial is the caller's no more
 *   others            not kept; the answer is to stop
 *
 * Each report that is answered makes a row: its id must be known, or a late copy of it could
 * go to another attempt. */
#include <inttypes.h>
#include <math.h>

#include "base/number.h"
#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"
#include "daemon/engine/progress.h"
#include "daemon/engine/stop.h"

static enum kr_status check_alive(const struct call *c, const struct trial *t, struct kr_error *err)
{
	const struct msg_report *m = &c->m->u.report;
	enum kr_status st = claim_check(t, &m->lease, c->m->meta.worker_id, err);

	if (st != KR_OK || t->deleted)
		return st;
	if (t->state == TRIAL_QUEUED || t->state == TRIAL_EXPIRED)
		return kr_fail_field(err, KR_STALE_LEASE, "number",
			"the lease of trial %" PRIu64 " is over, it is %s; %s", t->number,
			msg_trial_state_name((enum trial_state)t->state),
			t->state == TRIAL_QUEUED ? "ask for it again" : "its result is still taken");
	return KR_OK;
}

static enum kr_status check_step(
	const struct msg_report *m, const struct trial *t, struct kr_error *err)
{
	const struct msg_progress *last = progress_last(t->progress, t->attempt);
	char stored[NUMBER_SHOWN], given[NUMBER_SHOWN];

	if (!isfinite(m->value))
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "value",
			"value is %s; a report must be a finite number", number_show(m->value, given));
	if (t->state != TRIAL_RUNNING || (last && last->step == m->step && last->value == m->value))
		return KR_OK;
	if (last && last->step == m->step)
		return kr_fail_field(err, KR_CONFLICT, "value",
			"trial %" PRIu64 " has reported %s at step %" PRId64 " already, not %s; report another "
			"step",
			t->number, number_show(last->value, stored), m->step, number_show(m->value, given));
	if (last && last->step > m->step)
		return kr_fail_field(err, KR_CONFLICT, "step",
			"step is %" PRId64 ", but trial %" PRIu64 " has reported step %" PRId64
			"; steps must grow",
			m->step, t->number, last->step);
	if (progress_kept(t->progress, t->attempt, m->step) >= LIMIT_REPORTS)
		return kr_fail_field(err, KR_TOO_LARGE, "step",
			"trial %" PRIu64 " has %d reports, the most that are kept; report less often",
			t->number, LIMIT_REPORTS);
	return KR_OK;
}

enum kr_status handle_report(struct call *c, struct kr_error *err)
{
	const struct msg_report *m = &c->m->u.report;
	const struct trial *t;
	enum stop_reason stop;
	struct change ch;
	enum kr_status st = call_study(c, m->study, err);

	if (st != KR_OK)
		return st;
	t = trials_kept(&c->study->trials, m->number);
	if (!t)
		return call_no_trial(c, m->number, err);
	st = check_alive(c, t, err);
	if (st == KR_OK)
		st = check_step(m, t, err);
	if (st != KR_OK)
		return st;
	stop = stop_of(c->study, t);
	ch = call_change(c, RECORD_REPORTED);
	ch.record.u.reported = (struct record_reported){m->number, m->step, m->value, stop};
	st = reply_report(&c->reply.u.report, c->study, t, stop, c->a, err);
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}
