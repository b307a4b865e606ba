/* Requests that read trials, and what the model says. */
#include <string.h>

#include "proto/decode_request.h"
#include "proto/limits.h"

enum kr_status decode_request__get_trial(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__GetTrialRequest *pb = item;
	struct msg_get_trial *m = &out->u.get_trial;
	enum kr_status st = READ_STUDY(d, pb, m);

	if (st == KR_OK && !pb->has_number)
		return decode_part__missing(d, AT("number"), "give the number of the trial");
	m->number = pb->number;
	return st;
}

static enum kr_status read_columns(
	const struct decoder *d, const Kriged__ListTrialsRequest *pb, struct msg_list_trials *m)
{
	const struct {
		const char *name;
		bool *flag;
	} columns[] = {{"params", &m->params}, {"values", &m->values}, {"why", &m->why},
		{"labels", &m->labels}, {"progress", &m->progress}};
	const size_t n = sizeof(columns) / sizeof(*columns);
	const char *name;
	enum kr_status st;

	for (size_t k = 0; k < n; k++)
		*columns[k].flag = pb->n_columns == 0;
	for (size_t i = 0; i < pb->n_columns; i++) {
		const struct place *at = PLACE_AT(NULL, "columns", (int)i);
		bool known = false;

		st = decode_part__name(d, at, true, pb->columns[i], &name);
		if (st != KR_OK)
			return st;
		for (size_t k = 0; k < n; k++)
			if (strcmp(name, columns[k].name) == 0)
				known = *columns[k].flag = true;
		if (!known)
			return decode_part__fail(d, at, KR_INVALID_ARGUMENT,
				"is not a column; the columns are params, values, why, labels, progress");
	}
	return KR_OK;
}

enum kr_status decode_request__list_trials(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ListTrialsRequest *pb = item;
	struct msg_list_trials *m = &out->u.list_trials;
	unsigned state;
	enum kr_status st = READ_STUDY(d, pb, m);

	for (size_t i = 0; st == KR_OK && i < pb->n_states; i++) {
		st = decode_part__enum(d, PLACE_AT(NULL, "states", (int)i),
			&kriged__trial_state__descriptor, (int)pb->states[i], &state);
		m->states |= 1u << state;
	}
	m->since_seq = pb->since_seq;
	m->from_number = pb->from_number;
	m->limit = pb->limit;
	return st != KR_OK ? st : read_columns(d, pb, m);
}

enum kr_status decode_request__best(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__BestRequest *pb = item;

	return READ_STUDY(d, pb, &out->u.best);
}

static enum kr_status read_asked_point(
	const struct decoder *d, const struct place *at, const void *item, void *out)
{
	const Kriged__Point *pb = item;

	if (pb->n_values)
		return decode_part__fail(d, PLACE(at, "values"), KR_INVALID_ARGUMENT,
			"has %zu entries; a point to predict has none", pb->n_values);
	if (pb->n_labels || pb->has_note)
		return decode_part__fail(d, PLACE(at, pb->n_labels ? "labels" : "note"),
			KR_INVALID_ARGUMENT, "is only for points that become trials; remove it");
	return decode_part__point(d, at, pb, out);
}

enum kr_status decode_request__predict(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__PredictRequest *pb = item;
	struct msg_predict *m = &out->u.predict;
	enum kr_status st = READ_STUDY(d, pb, m);

	return st == KR_OK
		? decode_request__points(d, pb->n_points, pb->points, read_asked_point, &m->n, &m->points)
		: st;
}

enum kr_status decode_request__explain(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ExplainRequest *pb = item;
	struct msg_explain *m = &out->u.explain;

	m->has_number = pb->has_number;
	m->number = pb->number;
	return READ_STUDY(d, pb, m);
}

enum kr_status decode_request__replay(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ReplayRequest *pb = item;
	struct msg_replay *m = &out->u.replay;

	m->from_seq = pb->from_seq;
	m->limit = pb->limit;
	return READ_STUDY(d, pb, m);
}
