/* Suggest, the first half: check, reserve, queue. daemon/engine/suggest.c has the
 * second, when the computation is done. */
#include "daemon/engine/suggest.h"

#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"
#include "daemon/engine/lease.h"
#include "daemon/engine/point.h"
#include "daemon/engine/waiter.h"

static enum kr_status check_count(const struct study *s, uint64_t count, struct kr_error *err)
{
	enum { TRIAL_BYTES = 640, FRAMING = 1024 };
	size_t most = (LIMIT_MESSAGE_BYTES - FRAMING) / (TRIAL_BYTES + s->def->params.point_bytes);

	if (count > LIMIT_BATCH)
		return kr_fail_field(err, KR_TOO_LARGE, "count", "count is %llu; at most %d are allowed",
			(unsigned long long)count, LIMIT_BATCH);
	if (count > 1 && count > most)
		return kr_fail_field(err, KR_TOO_LARGE, "count",
			"count is %llu; the answer may be over %d bytes; ask for at most %zu at a time",
			(unsigned long long)count, LIMIT_MESSAGE_BYTES, most > 1 ? most : 1);
	return KR_OK;
}

static enum kr_status read_fixed(struct call *c, const double **out, struct kr_error *err)
{
	const struct msg_suggest *m = &c->m->u.suggest;
	const struct definition *def = c->study->def;
	double *values;

	*out = NULL;
	if (m->n_fixed == 0)
		return KR_OK;
	values = ARENA_ARRAY(c->a, double, def->d);
	if (!values)
		return call_no_memory(err);
	*out = values;
	return point_read(def, "fixed", m->n_fixed, m->fixed, values, err);
}

static enum kr_status read_lease(const struct call *c, uint64_t *ms, struct kr_error *err)
{
	const struct msg_suggest *m = &c->m->u.suggest;

	if (m->has_lease)
		return claim_term(m->lease_s, "lease_s", ms, err);
	return claim_term(c->study->now.lease_s, "spec.lease_s", ms, err);
}

enum kr_status handle_suggest(struct call *c, struct kr_error *err)
{
	const struct msg_suggest *m = &c->m->u.suggest;
	struct suggest q = {.m = c->m, .route = c->route, .count = m->count ? m->count : 1};
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = check_count(c->study, q.count, err);
	if (st == KR_OK)
		st = read_fixed(c, &q.fixed, err);
	if (st == KR_OK)
		st = read_lease(c, &q.lease_ms, err);
	if (st != KR_OK)
		return st;
	if (m->wait_ms)
		q.until_ns = lease_due(c->e->now.now_ns, m->wait_ms);
	st = suggest_begin(c->e, c->study, &q, err);
	c->answered = st == KR_OK;
	return st;
}
