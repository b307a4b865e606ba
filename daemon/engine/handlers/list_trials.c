/* ListTrials: by number, a page at a time; by state, by newest change, and with
 * only the columns that are asked for. */
#include "daemon/engine/call.h"
#include "daemon/engine/page.h"

static bool wanted(const struct trial *t, const struct msg_list_trials *m)
{
	return (!m->states || (m->states & (1u << t->state))) && t->seq > m->since_seq;
}

static enum kr_status fill(struct call *c, struct msg_trial *out, size_t cap,
	struct kr_error *err)
{
	const struct msg_list_trials *m = &c->m->u.list_trials;
	const struct reply_columns some = {m->params, m->values, m->why};
	const bool any = m->params || m->values || m->why;
	const struct reply_columns columns = any ? some : reply_all_columns;
	struct msg_list_trials_reply *r = &c->reply.u.list_trials;
	size_t bytes = 0;

	for (uint64_t k = m->from_number; k < c->study->trials.n; k++) {
		const struct trial *t = trials_at(&c->study->trials, k);
		enum kr_status st;

		if (!wanted(t, m))
			continue;
		bytes += page_trial_bytes(c->study, t, columns);
		if ((size_t)r->n == cap || (r->n > 0 && bytes > PAGE_BYTES)) {
			r->more = true;
			r->next_number = k;
			break;
		}
		st = reply_trial(&out[r->n], c->study, t, columns, c->a, err);
		if (st != KR_OK)
			return st;
		r->n++;
	}
	return KR_OK;
}

enum kr_status handle_list_trials(struct call *c, struct kr_error *err)
{
	const struct msg_list_trials *m = &c->m->u.list_trials;
	struct msg_trial *out;
	size_t cap;
	enum kr_status st = call_study(c, m->study, err);

	if (st != KR_OK)
		return st;
	cap = page_most(m->limit, c->study->trials.n);
	out = ARENA_ARRAY(c->a, struct msg_trial, cap);
	if (!out)
		return call_no_memory(err);
	c->reply.u.list_trials.trials = out;
	c->reply.u.list_trials.seq = c->study->now.seq;
	return fill(c, out, cap, err);
}
