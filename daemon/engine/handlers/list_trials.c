/* ListTrials: by number, a page at a time; by state, by newest change, and with
 * only the columns that are asked for. */
#include "daemon/engine/call.h"
#include "daemon/engine/page.h"

static bool wanted(const struct trial *t, const struct msg_list_trials *m)
{
	return t && (!m->states || (m->states & (1u << t->state))) && t->seq > m->since_seq;
}

static struct reply_columns columns_of(const struct msg_list_trials *m)
{
	const struct reply_columns some = {
		m->params, m->values, m->why, m->labels, m->progress, m->why};
	bool any = m->params || m->values || m->why || m->labels || m->progress;

	return any ? some : reply_every_column;
}

/* How many of the wanted trials fit the page; *next: where the next one begins. */
static size_t measure(const struct study *s, const struct msg_list_trials *m, uint64_t *next)
{
	size_t bytes = 0, n = 0, most = page_most(m->limit, s->trials.n);
	uint64_t k;

	for (k = m->from_number; k < s->trials.n; k++) {
		const struct trial *t = trials_at(&s->trials, k);

		if (!wanted(t, m))
			continue;
		bytes += page_trial_bytes(s, t, columns_of(m));
		if (n == most || (n > 0 && bytes > PAGE_BYTES))
			break;
		n++;
	}
	*next = k;
	return n;
}

static enum kr_status fill(
	struct call *c, struct msg_trial *out, uint64_t end, struct kr_error *err)
{
	const struct msg_list_trials *m = &c->m->u.list_trials;
	enum kr_status st = KR_OK;

	for (uint64_t k = m->from_number; st == KR_OK && k < end; k++) {
		const struct trial *t = trials_at(&c->study->trials, k);

		if (wanted(t, m))
			st = reply_trial(out++, c->study, t, columns_of(m), c->a, err);
	}
	return st;
}

enum kr_status handle_list_trials(struct call *c, struct kr_error *err)
{
	const struct msg_list_trials *m = &c->m->u.list_trials;
	struct msg_list_trials_reply *r = &c->reply.u.list_trials;
	struct msg_trial *out;
	uint64_t next;
	size_t n;
	enum kr_status st = call_study(c, m->study, err);

	if (st != KR_OK)
		return st;
	n = measure(c->study, m, &next);
	out = ARENA_ARRAY(c->a, struct msg_trial, n);
	if (!out)
		return call_no_memory(err);
	r->n = (int)n;
	r->trials = out;
	r->more = next < c->study->trials.n;
	r->next_number = r->more ? next : 0;
	r->seq = c->study->now.seq;
	return fill(c, out, next, err);
}
