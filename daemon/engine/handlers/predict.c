/* Predict: mean and standard deviation of every metric at given points. A
 * computation like Suggest's, without points to give out. */
#include <stdio.h>

#include "base/alloc.h"
#include "daemon/engine/call.h"
#include "daemon/engine/job_internal.h"
#include "daemon/engine/point.h"

static enum kr_status read_points(struct call *c, double **out, struct kr_error *err)
{
	const struct msg_predict *m = &c->m->u.predict;
	const struct definition *def = c->study->def;
	size_t d = (size_t)def->d;
	double *values;
	char field[64];
	enum kr_status st = KR_OK;

	if (m->n < 1 || m->n > LIMIT_BATCH)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "points",
			"points has %d entries; 1 to %d are allowed", m->n, LIMIT_BATCH);
	values = arena_calloc(c->a, (size_t)m->n, d * sizeof(*values));
	if (!values)
		return call_no_memory(err);
	for (int i = 0; st == KR_OK && i < m->n; i++) {
		snprintf(field, sizeof(field), "points[%d].params", i);
		st = point_read_full(
			def, field, m->points[i].n_params, m->points[i].params, values + (size_t)i * d, err);
	}
	*out = values;
	return st;
}

static enum kr_status nothing_known(const struct study *s, struct kr_error *err)
{
	return kr_fail(
		err, KR_NOT_NOW, "study '%s' has no observations yet; tell at least one", s->def->name);
}

static enum kr_status start(struct call *c, const double *points, struct kr_error *err)
{
	struct job_wish wish = {.n_queries = c->m->u.predict.n, .queries = points};
	struct job *j;
	enum kr_status st = engine__owe(c->e, 2, err);

	if (st == KR_OK)
		st = job_new(&j, JOB_PREDICT, c->e->next_job, c->study, &wish, err);
	if (st != KR_OK)
		return st;
	j->route = kr_memdup(c->route, sizeof(*c->route));
	if (!j->route) {
		job_free(j);
		return call_no_memory(err);
	}
	st = engine__start_job(c->e, j, INT64_MAX, err);
	if (st == KR_OK) {
		c->e->n_waiting++;
		c->answered = true;
	}
	return st;
}

enum kr_status handle_predict(struct call *c, struct kr_error *err)
{
	double *points = NULL;
	enum kr_status st = call_study(c, c->m->u.predict.study, err);

	if (st == KR_OK)
		st = read_points(c, &points, err);
	if (st != KR_OK)
		return st;
	if (c->study->history.n == 0)
		return nothing_known(c->study, err);
	if (c->e->n_waiting >= c->e->o.max_waiting)
		return kr_fail(err, KR_OVERLOADED, "%zu requests wait already; try again in a moment",
			c->e->n_waiting);
	return start(c, points, err);
}

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
	const struct study *s = studies_at(&e->studies, j->study);
	struct msg_reply reply = {.method = METHOD_PREDICT};
	struct kr_error err;

	e->n_waiting--;
	if (!s || s->incarnation != j->incarnation || s->reloading)
		engine__answer_lost(e, j->route, e->refuse_text);
	else if (make_answer(e, j, &reply, &err) == KR_OK)
		engine__answer(e, j->route, s->id, engine__hold(e, s), &reply);
	else
		engine__answer_error(e, j->route, s->id, engine__hold(e, s), &err);
}
