/* ListStudies: by id, a page at a time. */
#include "daemon/engine/call.h"
#include "daemon/engine/page.h"

static bool wanted(const struct study *s, const struct msg_list_studies *m)
{
	return s && (m->deleted || s->now.state != STUDY_DELETED);
}

enum kr_status handle_list_studies(struct call *c, struct kr_error *err)
{
	const struct msg_list_studies *m = &c->m->u.list_studies;
	const struct studies *all = &c->e->studies;
	struct msg_list_studies_reply *r = &c->reply.u.list_studies;
	size_t cap = page_most(m->limit, all->n), bytes = 0;
	struct msg_study *out = ARENA_ARRAY(c->a, struct msg_study, cap);

	c->of_all = true;
	if (!out)
		return call_no_memory(err);
	r->studies = out;
	for (uint64_t id = m->after_id + 1; id && id < all->n_ids; id++) {
		const struct study *s = all->by_id[id];
		enum kr_status st;

		if (!wanted(s, m))
			continue;
		if (s->reloading)
			return kr_fail(err, KR_UNAVAILABLE,
				"study '%s' is being read anew after a failed commit; try again in a moment",
				s->def->name);
		bytes += page_study_bytes(s);
		if ((size_t)r->n == cap || (r->n > 0 && bytes > PAGE_BYTES)) {
			r->more = true;
			break;
		}
		st = reply_study(&out[r->n], s, &s->now, c->a, err);
		if (st != KR_OK)
			return st;
		r->n++;
	}
	return KR_OK;
}
