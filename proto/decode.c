/* Requests. Each reader turns one generated request into its plain struct and
 * refuses what is wrong with it; what needs the study is checked by the engine. */
#include "proto/decode.h"

#include <inttypes.h>
#include <string.h>

#include "proto/decode_part.h"
#include "proto/limits.h"

#define AT(name) PLACE(NULL, name)

static enum kr_status missing(const struct decoder *d, const struct place *at, const char *remedy)
{
	return decode_part__fail(d, at, KR_INVALID_ARGUMENT, "is missing; %s", remedy);
}

/* ---- session ---- */

static enum kr_status read_hello(const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__HelloRequest *pb = item;

	out->u.hello.protocol = pb->protocol;
	return decode_part__name(d, AT("client"), pb->has_client, pb->client, &out->u.hello.client);
}

static enum kr_status read_nothing(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	(void)d;
	(void)item;
	(void)out;
	return KR_OK;
}

/* ---- studies ---- */

static enum kr_status read_create_study(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__CreateStudyRequest *pb = item;
	struct msg_create_study *m = &out->u.create_study;
	unsigned if_exists = IF_EXISTS_FAIL;
	enum kr_status st = decode_part__required_name(d, AT("name"), pb->has_name, pb->name, &m->name);

	if (st == KR_OK && pb->has_namespace_ && pb->namespace_.len)
		st = decode_part__unsupported(d, AT("namespace"));
	if (st == KR_OK && pb->has_if_exists)
		st = decode_part__enum(d, AT("if_exists"),
			&kriged__create_study_request__if_exists__descriptor, (int)pb->if_exists, &if_exists);
	if (st != KR_OK)
		return st;
	m->if_exists = if_exists;
	if (!pb->spec)
		return missing(d, AT("spec"), "give parameters and metrics");
	return decode_spec__read(d, AT("spec"), pb->spec, &m->spec);
}

static enum kr_status read_get_study(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__GetStudyRequest *pb = item;

	return decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &out->u.get_study.study);
}

static enum kr_status read_list_studies(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ListStudiesRequest *pb = item;
	struct msg_list_studies *m = &out->u.list_studies;

	(void)d;
	m->deleted = pb->has_deleted && pb->deleted;
	m->after_id = pb->after_id;
	m->limit = pb->limit;
	return KR_OK;
}

static enum kr_status read_update_study(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__UpdateStudyRequest *pb = item;
	struct msg_update_study *m = &out->u.update_study;
	unsigned action = ACTION_NONE;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

	if (st == KR_OK && pb->has_action)
		st = decode_part__enum(d, AT("action"), &kriged__update_study_request__action__descriptor,
			(int)pb->action, &action);
	if (st != KR_OK)
		return st;
	m->action = action;
	m->has_budget = pb->has_budget;
	m->budget = pb->budget;
	m->no_budget = pb->has_no_budget && pb->no_budget;
	if (m->has_budget && m->budget == 0)
		return decode_part__fail(d, AT("budget"), KR_INVALID_ARGUMENT,
			"is 0; give at least 1, or no_budget to take the limit away");
	if (m->has_budget && m->no_budget)
		return decode_part__fail(d, AT("no_budget"), KR_INVALID_ARGUMENT,
			"contradicts budget %" PRIu64 "; give one of the two", m->budget);
	if (!m->action && !m->has_budget && !m->no_budget)
		return missing(
			d, AT("action"), "there is nothing to change: give action, budget or no_budget");
	return KR_OK;
}

static enum kr_status read_delete_study(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__DeleteStudyRequest *pb = item;
	struct msg_delete_study *m = &out->u.delete_study;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

	m->undelete = pb->has_undelete && pb->undelete;
	m->has_id = pb->has_id;
	m->id = pb->id;
	return st;
}

/* ---- trials ---- */

static enum kr_status read_suggest(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__SuggestRequest *pb = item;
	struct msg_suggest *m = &out->u.suggest;
	const char *later = pb->has_wait_ms && pb->wait_ms ? "wait_ms"
		: pb->n_context                                ? "context"
		: pb->n_fidelity                               ? "fidelity"
													   : NULL;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

	if (st != KR_OK)
		return st;
	if (later)
		return decode_part__unsupported(d, AT(later));
	m->count = pb->has_count ? pb->count : 1;
	if (m->count == 0)
		return decode_part__fail(
			d, AT("count"), KR_INVALID_ARGUMENT, "is 0; give 1 to %d", LIMIT_BATCH);
	if (m->count > LIMIT_BATCH)
		return decode_part__fail(d, AT("count"), KR_TOO_LARGE,
			"is %" PRIu32 "; at most %d are allowed", m->count, LIMIT_BATCH);
	m->has_lease = pb->has_lease_s;
	m->lease_s = pb->lease_s;
	st = decode_part__lease_s(d, AT("lease_s"), pb->has_lease_s, pb->lease_s);
	return st != KR_OK
		? st
		: decode_part__named(d, NULL, "fixed", pb->n_fixed, pb->fixed, &m->n_fixed, &m->fixed);
}

/* The lease of a request that names its trial: the number may be left out. */
static enum kr_status read_trial_lease(const struct decoder *d, const struct place *at,
	Kriged__Lease *pb, uint64_t number, struct msg_lease *out)
{
	out->number = number;
	if (!pb)
		return KR_OK;
	if (pb->has_number && pb->number != number)
		return decode_part__fail(d, PLACE(at, "number"), KR_INVALID_ARGUMENT,
			"is %" PRIu64 ", but the trial is %" PRIu64 "; give the trial's own lease", pb->number,
			number);
	pb->has_number = true;
	pb->number = number;
	return decode_part__lease(d, at, pb, out);
}

static enum kr_status read_observation(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Observation *pb = item;
	struct msg_observation *m = out_item;
	enum kr_status st;

	if (!pb->has_number)
		return missing(d, PLACE(at, "number"), "give the number of the trial");
	if (pb->n_values == 0)
		return decode_part__fail(d, PLACE(at, "values"), KR_INVALID_ARGUMENT,
			"is empty; give the value of the objective");
	m->number = pb->number;
	st = read_trial_lease(d, PLACE(at, "lease"), pb->lease, pb->number, &m->lease);
	return st != KR_OK
		? st
		: decode_value__list(d, at, pb->n_values, pb->values, &m->n_values, &m->values);
}

static enum kr_status read_observe(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ObserveRequest *pb = item;
	struct msg_observe *m = &out->u.observe;
	struct decoder values = *d;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

	if (st != KR_OK)
		return st;
	if (pb->n_observations == 0)
		return decode_part__fail(
			d, AT("observations"), KR_INVALID_ARGUMENT, "is empty; give at least one observation");
	values.nonfinite = true;
	st = decode_part__list(&values, NULL, "observations", pb->n_observations,
		(void *const *)pb->observations, LIMIT_BATCH, sizeof(*m->observations), read_observation,
		&m->n, &m->observations);
	return st != KR_OK ? st
					   : decode_distinct__check(d, NULL, "observations", "number", KEY_NUMBER, m->n,
							 &m->observations->number, sizeof(*m->observations));
}

static enum kr_status read_fail_trial(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__FailTrialRequest *pb = item;
	struct msg_fail_trial *m = &out->u.fail_trial;
	unsigned state = TRIAL_FAILED;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

	if (st != KR_OK)
		return st;
	if (!pb->has_number)
		return missing(d, AT("number"), "give the number of the trial");
	m->number = pb->number;
	st = read_trial_lease(d, AT("lease"), pb->lease, pb->number, &m->lease);
	if (st == KR_OK && pb->has_state)
		st = decode_part__enum(
			d, AT("state"), &kriged__trial_state__descriptor, (int)pb->state, &state);
	if (st != KR_OK)
		return st;
	m->state = state;
	if (state != TRIAL_FAILED && state != TRIAL_INFEASIBLE && state != TRIAL_PRUNED)
		return decode_part__fail(d, AT("state"), KR_INVALID_ARGUMENT,
			"is %s; it must be FAILED, INFEASIBLE or PRUNED", msg_trial_state_name(m->state));
	return decode_part__text(
		d, AT("reason"), pb->has_reason, pb->reason, LIMIT_REASON_BYTES, &m->reason);
}

static enum kr_status read_heartbeat(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__HeartbeatRequest *pb = item;
	struct msg_heartbeat *m = &out->u.heartbeat;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

	if (st != KR_OK)
		return st;
	if (pb->n_leases == 0)
		return decode_part__fail(
			d, AT("leases"), KR_INVALID_ARGUMENT, "is empty; give at least one lease");
	return decode_part__list(d, NULL, "leases", pb->n_leases, (void *const *)pb->leases,
		LIMIT_BATCH, sizeof(*m->leases), decode_part__lease, &m->n, &m->leases);
}

static enum kr_status read_told_point(
	const struct decoder *d, const struct place *at, const void *item, void *out)
{
	const Kriged__Point *pb = item;

	if (pb->n_values == 0)
		return decode_part__fail(d, PLACE(at, "values"), KR_INVALID_ARGUMENT,
			"is empty; give the value of the objective");
	return decode_part__point(d, at, pb, out);
}

static enum kr_status read_add_trials(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__AddTrialsRequest *pb = item;
	struct msg_add_trials *m = &out->u.add_trials;
	struct decoder values = *d;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

	if (st != KR_OK)
		return st;
	if (pb->n_points == 0)
		return decode_part__fail(
			d, AT("points"), KR_INVALID_ARGUMENT, "is empty; give at least one point");
	values.nonfinite = true;
	return decode_part__list(&values, NULL, "points", pb->n_points, (void *const *)pb->points,
		LIMIT_BATCH, sizeof(*m->points), read_told_point, &m->n, &m->points);
}

static enum kr_status read_get_trial(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__GetTrialRequest *pb = item;
	struct msg_get_trial *m = &out->u.get_trial;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

	if (st == KR_OK && !pb->has_number)
		return missing(d, AT("number"), "give the number of the trial");
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

static enum kr_status read_list_trials(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ListTrialsRequest *pb = item;
	struct msg_list_trials *m = &out->u.list_trials;
	unsigned state;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

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

/* ---- model ---- */

static enum kr_status read_best(const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__BestRequest *pb = item;

	return decode_part__required_name(d, AT("study"), pb->has_study, pb->study, &out->u.best.study);
}

static enum kr_status read_asked_point(
	const struct decoder *d, const struct place *at, const void *item, void *out)
{
	const Kriged__Point *pb = item;

	if (pb->n_values)
		return decode_part__fail(d, PLACE(at, "values"), KR_INVALID_ARGUMENT,
			"has %zu entries; a point to predict has none", pb->n_values);
	return decode_part__point(d, at, pb, out);
}

static enum kr_status read_predict(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__PredictRequest *pb = item;
	struct msg_predict *m = &out->u.predict;
	enum kr_status st = decode_part__required_name(
		d, AT("study"), pb->has_study, pb->study, &m->study);

	if (st != KR_OK)
		return st;
	if (pb->n_points == 0)
		return decode_part__fail(
			d, AT("points"), KR_INVALID_ARGUMENT, "is empty; give at least one point");
	return decode_part__list(d, NULL, "points", pb->n_points, (void *const *)pb->points,
		LIMIT_BATCH, sizeof(*m->points), read_asked_point, &m->n, &m->points);
}

static enum kr_status read_replay(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ReplayRequest *pb = item;
	struct msg_replay *m = &out->u.replay;

	m->from_seq = pb->from_seq;
	m->limit = pb->limit;
	return decode_part__required_name(d, AT("study"), pb->has_study, pb->study, &m->study);
}

/* ---- dispatch ---- */

static const struct row {
	enum method method;
	const ProtobufCMessageDescriptor *desc;
	enum kr_status (*read)(const struct decoder *d, const void *pb, struct msg_request *out);
} rows[] = {
	{METHOD_HELLO, &kriged__hello_request__descriptor, read_hello},
	{METHOD_PING, &kriged__ping_request__descriptor, read_nothing},
	{METHOD_STATUS, &kriged__status_request__descriptor, read_nothing},
	{METHOD_CREATE_STUDY, &kriged__create_study_request__descriptor, read_create_study},
	{METHOD_GET_STUDY, &kriged__get_study_request__descriptor, read_get_study},
	{METHOD_LIST_STUDIES, &kriged__list_studies_request__descriptor, read_list_studies},
	{METHOD_UPDATE_STUDY, &kriged__update_study_request__descriptor, read_update_study},
	{METHOD_DELETE_STUDY, &kriged__delete_study_request__descriptor, read_delete_study},
	{METHOD_SUGGEST, &kriged__suggest_request__descriptor, read_suggest},
	{METHOD_OBSERVE, &kriged__observe_request__descriptor, read_observe},
	{METHOD_FAIL_TRIAL, &kriged__fail_trial_request__descriptor, read_fail_trial},
	{METHOD_HEARTBEAT, &kriged__heartbeat_request__descriptor, read_heartbeat},
	{METHOD_ADD_TRIALS, &kriged__add_trials_request__descriptor, read_add_trials},
	{METHOD_GET_TRIAL, &kriged__get_trial_request__descriptor, read_get_trial},
	{METHOD_LIST_TRIALS, &kriged__list_trials_request__descriptor, read_list_trials},
	{METHOD_BEST, &kriged__best_request__descriptor, read_best},
	{METHOD_PREDICT, &kriged__predict_request__descriptor, read_predict},
	{METHOD_REPLAY, &kriged__replay_request__descriptor, read_replay},
};

static const struct row *find(unsigned method)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].method == method)
			return &rows[i];
	return NULL;
}

enum kr_status decode_request(struct msg_request *out, unsigned method, const void *data,
	size_t len, struct arena *a, struct kr_error *err)
{
	struct kr_error unused;
	const struct decoder d = {.a = a, .strict = true, .err = err ? err : &unused};
	const struct row *row = find(method);
	const Kriged__RequestMeta *meta;
	const char *pb;
	enum kr_status st;

	memset(out, 0, sizeof(*out));
	if (!row)
		return kr_fail_field(err, KR_VERSION, "header.method",
			"method %u is not known to this version of kriged (" KRIGED_VERSION ")", method);
	if (len > LIMIT_MESSAGE_BYTES)
		return kr_fail_field(err, KR_TOO_LARGE, "message",
			"the message has %zu bytes; at most %d are allowed", len, LIMIT_MESSAGE_BYTES);
	pb = decode_part__unpack(&d, row->desc, data, len, KR_INVALID_ARGUMENT);
	if (!pb)
		return d.err->code;
	out->method = row->method;
	/* RequestMeta is the first field of every request. */
	memcpy(&meta, pb + row->desc->fields[0].offset, sizeof(meta));
	st = decode_part__meta(&d, meta, msg_method_mutates(row->method), &out->meta);
	return st != KR_OK ? st : row->read(&d, pb, out);
}
