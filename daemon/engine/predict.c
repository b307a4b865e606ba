#include "daemon/engine/predict.h"

#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/core.h"
#include "daemon/engine/job_internal.h"

/* Of one study: who comes then is told to try again. */
enum { MOST_QUEUED = 64 };

struct prediction {
	struct prediction *next;
	struct route route;
	int n;
	double points[]; /* n x d */
};

/* ---- the queue -------------------------------------------------------------- */

static size_t count(const struct study *s)
{
	size_t n = 0;

	for (const struct prediction *p = s->predictions; p; p = p->next)
		n++;
	return n;
}

static void push(struct study *s, struct prediction *p)
{
	struct prediction **end = &s->predictions;

	while (*end)
		end = &(*end)->next;
	*end = p;
}

static struct prediction *pop(struct study *s)
{
	struct prediction *p = s->predictions;

	s->predictions = p->next;
	return p;
}

static enum kr_status nothing_known(const struct study *s, struct kr_error *err)
{
	return kr_fail(
		err, KR_NOT_NOW, "study '%s' has no observations yet; tell at least one", s->def->name);
}

/* ---- the computation -------------------------------------------------------- */

static enum kr_status start(
	struct engine *e, struct study *s, const struct prediction *p, struct kr_error *err)
{
	struct job_wish wish = {.n_queries = p->n, .queries = p->points};
	struct job *j;
	uint64_t id = e->next_job;
	enum kr_status st;

	if (s->history.n == 0)
		return nothing_known(s, err);
	st = job_new(&j, JOB_PREDICT, id, s, NULL, &wish, err);
	if (st != KR_OK)
		return st;
	j->route = kr_memdup(&p->route, sizeof(p->route));
	if (!j->route) {
		job_free(j);
		return call_no_memory(err);
	}
	st = engine__start_job(e, j, INT64_MAX, err);
	if (st == KR_OK)
		s->predicting = id;
	return st;
}

static void pump(struct engine *e, struct study *s)
{
	while (!s->predicting && s->predictions) {
		struct prediction *p = pop(s);
		struct kr_error err;

		if (start(e, s, p, &err) != KR_OK) {
			engine__answer_error(e, &p->route, s->id, engine__hold(e, s), &err);
			e->n_waiting--;
		}
		kr_free(p);
	}
}

enum kr_status predict_begin(struct engine *e, struct study *s, const struct route *route, int n,
	const double *points, struct kr_error *err)
{
	size_t size = (size_t)n * (size_t)s->def->d * sizeof(*points);
	struct prediction *p;
	enum kr_status st = engine__owe(e, 2, err);

	if (st != KR_OK)
		return st;
	if (s->history.n == 0)
		return nothing_known(s, err);
	if (e->n_waiting >= e->o.max_waiting)
		return kr_fail(
			err, KR_OVERLOADED, "%zu requests wait already; try again in a moment", e->n_waiting);
	if (count(s) >= MOST_QUEUED)
		return kr_fail(err, KR_OVERLOADED,
			"%d predictions of study '%s' wait already; try again in a moment, or ask for more "
			"points at a time",
			MOST_QUEUED, s->def->name);
	p = kr_malloc(sizeof(*p) + size);
	if (!p)
		return call_no_memory(err);
	*p = (struct prediction){.route = *route, .n = n};
	memcpy(p->points, points, size);
	push(s, p);
	e->n_waiting++;
	pump(e, s);
	return KR_OK;
}

/* ---- the answer ------------------------------------------------------------- */

static enum kr_status make_answer(
	struct engine *e, const struct job *j, struct msg_reply *reply, struct kr_error *err)
{
	int n_metrics = j->def->spec.n_metrics, n = j->n_queries * n_metrics;
	struct msg_prediction *out = ARENA_ARRAY(e->scratch, struct msg_prediction, n);

	if (j->status != KR_OK || !out)
		return call_no_memory(err);
	if (!j->predicted)
		return kr_fail(err, KR_NOT_NOW,
			"no model could be made of study '%s' now; try again, "
			"or tell more observations",
			j->def->name);
	for (int i = 0; i < n; i++)
		out[i] = (struct msg_prediction){
			j->def->spec.metrics[i % n_metrics].name,
			j->means[i],
			j->sds[i],
		};
	reply->u.predict.n = j->n_queries;
	reply->u.predict.n_metrics = n_metrics;
	reply->u.predict.predictions = out;
	return KR_OK;
}

void predict_finish(struct engine *e, struct job *j)
{
	struct study *s = studies_at(&e->studies, j->study);
	struct msg_reply reply = {.method = METHOD_PREDICT};
	struct kr_error err;

	e->n_waiting--;
	if (!s || s->incarnation != j->incarnation || s->predicting != j->id) {
		engine__answer_lost(e, j->route, e->refuse_text); /* its study was reloaded */
		return;
	}
	if (make_answer(e, j, &reply, &err) == KR_OK)
		engine__answer(e, j->route, s->id, engine__hold(e, s), &reply);
	else
		engine__answer_error(e, j->route, s->id, engine__hold(e, s), &err);
	s->predicting = 0;
	pump(e, s);
}

void predict_fail_all(struct engine *e, struct study *s, const char *why)
{
	s->predicting = 0;
	while (s->predictions) {
		struct prediction *p = pop(s);

		engine__answer_lost(e, &p->route, why);
		e->n_waiting--;
		kr_free(p);
	}
}

void predict_forget(struct study *s)
{
	while (s->predictions)
		kr_free(pop(s));
}
