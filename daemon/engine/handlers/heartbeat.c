/* Heartbeat: renew leases. Not stored; the answer says which are no longer the
 * caller's, and which had better be stopped. */
#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"
#include "daemon/engine/stop.h"

static bool renew(struct call *c, const struct msg_lease *m, struct msg_lease *out)
{
	struct trial *t = trials_at(&c->study->trials, m->number);

	if (!t || t->state != TRIAL_RUNNING || !t->lease_at ||
		claim_check(t, m, c->m->meta.worker_id, NULL) != KR_OK)
		return false;
	leases_renew(&c->e->leases, t, lease_due(c->e->now.now_ns, t->lease_ms));
	*out = (struct msg_lease){
		.number = t->number,
		.has_attempt = true,
		.attempt = t->attempt,
		.remaining_ms = t->lease_ms,
	};
	return true;
}

enum kr_status handle_heartbeat(struct call *c, struct kr_error *err)
{
	const struct msg_heartbeat *m = &c->m->u.heartbeat;
	struct msg_heartbeat_reply *r = &c->reply.u.heartbeat;
	struct msg_lease *renewed = ARENA_ARRAY(c->a, struct msg_lease, m->n);
	uint64_t *lost = ARENA_ARRAY(c->a, uint64_t, m->n);
	struct msg_stop *stops = ARENA_ARRAY(c->a, struct msg_stop, m->n);
	enum kr_status st = call_study(c, m->study, err);

	if (st != KR_OK)
		return st;
	if (!renewed || !lost || !stops)
		return call_no_memory(err);
	for (int i = 0; i < m->n; i++)
		if (renew(c, &m->leases[i], &renewed[r->n]))
			r->n++;
		else
			lost[r->n_lost++] = m->leases[i].number;
	for (int i = 0; i < r->n; i++) {
		uint64_t number = renewed[i].number;
		enum stop_reason why = stop_of(c->study, trials_at(&c->study->trials, number));

		if (why != STOP_NONE)
			stops[r->n_stops++] = (struct msg_stop){number, why};
	}
	r->stops = stops;
	r->leases = renewed;
	r->lost = lost;
	return KR_OK;
}
