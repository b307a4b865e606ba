#include "daemon/engine/waiter.h"

#include <string.h>

#include "base/alloc.h"

void waiter_free(struct waiter *w)
{
	if (!w)
		return;
	kr_free(w->routes);
	kr_free(w->worker);
	kr_free(w->fixed);
	kr_free(w->picks);
	kr_free(w);
}

bool waiter_add_route(struct waiter *w, const struct route *route)
{
	if (KR_GROW(&w->routes, w->n_routes, &w->cap_routes))
		return false;
	w->routes[w->n_routes++] = *route;
	return true;
}

struct waiter *waiter_new(const struct study *s, const struct suggest *q)
{
	struct waiter *w = KR_NEW(struct waiter);
	const struct msg_meta *meta = &q->m->meta;

	if (!w)
		return NULL;
	w->study = s->id;
	memcpy(w->request, meta->request_id, MSG_ID_BYTES);
	w->has_session = meta->has_session;
	memcpy(w->session, meta->session, MSG_ID_BYTES);
	w->count = q->count;
	w->lease_ms = q->lease_ms;
	w->has_deadline = meta->has_deadline;
	w->deadline_ms = meta->deadline_ms;
	w->until_ns = q->until_ns;
	if (q->fixed)
		w->fixed = kr_memdup(q->fixed, (size_t)s->def->d * sizeof(double));
	if (meta->worker_id)
		w->worker = kr_strdup(meta->worker_id);
	if (!waiter_add_route(w, q->route) || (q->fixed && !w->fixed) ||
		(meta->worker_id && !w->worker)) {
		waiter_free(w);
		return NULL;
	}
	return w;
}

int waiter_n_partial(const struct waiter *w)
{
	int n = 0;

	for (size_t i = 0; i < w->n_picks; i++)
		n += w->picks[i].partial;
	return n;
}

/* ---- lists ------------------------------------------------------------------ */

void waiters_push(struct waiters *q, struct waiter *w)
{
	w->next = NULL;
	if (q->tail)
		q->tail->next = w;
	else
		q->head = w;
	q->tail = w;
}

struct waiter *waiters_pop(struct waiters *q)
{
	struct waiter *w = q->head;

	if (w)
		waiters_remove(q, w);
	return w;
}

void waiters_remove(struct waiters *q, struct waiter *w)
{
	struct waiter *before = NULL, **at = &q->head;

	while (*at != w) {
		before = *at;
		at = &before->next;
	}
	*at = w->next;
	if (q->tail == w)
		q->tail = before;
}

struct waiter *waiters_find(const struct waiters *q, const uint8_t request[MSG_ID_BYTES])
{
	struct waiter *w = q->head;

	while (w && memcmp(w->request, request, MSG_ID_BYTES) != 0)
		w = w->next;
	return w;
}
