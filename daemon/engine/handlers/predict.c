/* Predict: mean and standard deviation of every metric at given points. What it
 * takes is in daemon/engine/predict.c. */
#include <stdio.h>

#include "daemon/engine/call.h"
#include "daemon/engine/point.h"
#include "daemon/engine/predict.h"

static enum kr_status read_points(struct call *c, double **out, struct kr_error *err)
{
	const struct msg_predict *m = &c->m->u.predict;
	const struct definition *def = c->study->def;
	size_t d = (size_t)def->d;
	double *values;
	char field[64];
	enum kr_status st = call_check_count("points", m->n, err);

	if (st != KR_OK)
		return st;
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

enum kr_status handle_predict(struct call *c, struct kr_error *err)
{
	double *points = NULL;
	enum kr_status st = call_study(c, c->m->u.predict.study, err);

	if (st == KR_OK)
		st = read_points(c, &points, err);
	if (st != KR_OK)
		return st;
	st = predict_begin(c->e, c->study, c->route, c->m->u.predict.n, points, err);
	c->answered = st == KR_OK;
	return st;
}
