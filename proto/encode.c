/* Requests to bytes, for clients. */
#include "proto/encode.h"

#include "proto/encode_part.h"
#include "proto/limits.h"

/* ---- parts ---- */

static Kriged__RequestMeta *make_meta(struct arena *a, const struct msg_meta *m)
{
	Kriged__RequestMeta *pb = NEW(a, Kriged__RequestMeta, KRIGED__REQUEST_META__INIT);

	if (!pb)
		return NULL;
	SET_IF(pb, request_id, m->has_request_id, encode_part__id(m->request_id));
	SET_IF(pb, session, m->has_session, encode_part__id(m->session));
	SET_TEXT(pb, worker_id, m->worker_id);
	SET_IF(pb, deadline_ms, m->has_deadline, m->deadline_ms);
	return pb;
}

/* What proves the right to a trial; false without memory. */
static bool set_lease(struct arena *a, Kriged__Lease **pb, const struct msg_lease *m)
{
	if (!m->has_attempt && !m->has_token)
		return true;
	*pb = encode_part__lease(a, m);
	if (!*pb)
		return false;
	(*pb)->has_number = false; /* said by the request itself */
	return true;
}

/* ---- one function a method: the generated request, NULL without memory ---- */

typedef ProtobufCMessage *maker(
	struct arena *a, const struct msg_request *m, Kriged__RequestMeta *meta);

static ProtobufCMessage *make_hello(
	struct arena *a, const struct msg_request *m, Kriged__RequestMeta *meta)
{
	Kriged__HelloRequest *pb = NEW(a, Kriged__HelloRequest, KRIGED__HELLO_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, client, m->u.hello.client);
	SET(pb, protocol, m->u.hello.protocol);
	return &pb->base;
}

static ProtobufCMessage *make_ping(
	struct arena *a, const struct msg_request *m, Kriged__RequestMeta *meta)
{
	Kriged__PingRequest *pb = NEW(a, Kriged__PingRequest, KRIGED__PING_REQUEST__INIT);

	(void)m;
	if (!pb)
		return NULL;
	pb->meta = meta;
	return &pb->base;
}

static ProtobufCMessage *make_status(
	struct arena *a, const struct msg_request *m, Kriged__RequestMeta *meta)
{
	Kriged__StatusRequest *pb = NEW(a, Kriged__StatusRequest, KRIGED__STATUS_REQUEST__INIT);

	(void)m;
	if (!pb)
		return NULL;
	pb->meta = meta;
	return &pb->base;
}

static ProtobufCMessage *make_create_study(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_create_study *m = &r->u.create_study;
	Kriged__CreateStudyRequest *pb = NEW(
		a, Kriged__CreateStudyRequest, KRIGED__CREATE_STUDY_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, name, m->name);
	SET_IF(pb, if_exists, m->if_exists != 0, (Kriged__CreateStudyRequest__IfExists)m->if_exists);
	SET_TEXT(pb, clone_of, m->clone_of);
	pb->spec = encode_part__spec(a, &m->spec);
	return pb->spec ? &pb->base : NULL;
}

static ProtobufCMessage *make_get_study(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	Kriged__GetStudyRequest *pb = NEW(a, Kriged__GetStudyRequest, KRIGED__GET_STUDY_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, r->u.get_study.study);
	SET_IF(pb, since_seq, r->u.get_study.since_seq != 0, r->u.get_study.since_seq);
	SET_IF(pb, wait_ms, r->u.get_study.wait_ms != 0, r->u.get_study.wait_ms);
	return &pb->base;
}

static ProtobufCMessage *make_list_studies(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_list_studies *m = &r->u.list_studies;
	Kriged__ListStudiesRequest *pb = NEW(
		a, Kriged__ListStudiesRequest, KRIGED__LIST_STUDIES_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_IF(pb, deleted, m->deleted, true);
	SET_IF(pb, after_id, m->after_id != 0, m->after_id);
	SET_IF(pb, limit, m->limit != 0, m->limit);
	return &pb->base;
}

static ProtobufCMessage *make_update_study(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_update_study *m = &r->u.update_study;
	Kriged__UpdateStudyRequest *pb = NEW(
		a, Kriged__UpdateStudyRequest, KRIGED__UPDATE_STUDY_REQUEST__INIT);

	if (!pb || !LIST(a, pb, labels, m->labels.n, m->labels.p, encode_part__named) ||
		!TEXTS(a, pb, remove_labels, &m->remove_labels))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET_IF(pb, action, m->action != ACTION_NONE, (Kriged__UpdateStudyRequest__Action)m->action);
	SET_IF(pb, budget, m->has_budget, m->budget);
	SET_IF(pb, no_budget, m->no_budget, true);
	SET_IF(pb, lease_s, m->has_lease, m->lease_s);
	SET_IF(pb, on_expiry, m->on_expiry != 0, (Kriged__OnExpiry)m->on_expiry);
	SET_IF(pb, retry_limit, m->has_retry_limit, m->retry_limit);
	SET_IF(pb, expected_version, m->has_expected_version, m->expected_version);
	SET_ACQUISITION(pb, &m->acquisition);
	if (m->has_stop && !(pb->stop = encode_part__stop(a, &m->stop)))
		return NULL;
	return &pb->base;
}

static ProtobufCMessage *make_delete_study(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_delete_study *m = &r->u.delete_study;
	Kriged__DeleteStudyRequest *pb = NEW(
		a, Kriged__DeleteStudyRequest, KRIGED__DELETE_STUDY_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET_IF(pb, undelete, m->undelete, true);
	SET_IF(pb, id, m->has_id, m->id);
	return &pb->base;
}

static ProtobufCMessage *make_suggest(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_suggest *m = &r->u.suggest;
	Kriged__SuggestRequest *pb = NEW(a, Kriged__SuggestRequest, KRIGED__SUGGEST_REQUEST__INIT);

	if (!pb || !LIST(a, pb, fixed, m->n_fixed, m->fixed, encode_part__named))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET(pb, count, m->count);
	SET_IF(pb, lease_s, m->has_lease, m->lease_s);
	SET_IF(pb, wait_ms, m->wait_ms != 0, m->wait_ms);
	return &pb->base;
}

static void *make_observation(struct arena *a, const void *item)
{
	const struct msg_observation *m = item;
	Kriged__Observation *pb = NEW(a, Kriged__Observation, KRIGED__OBSERVATION__INIT);

	if (!pb || !LIST(a, pb, values, m->n_values, m->values, encode_part__value) ||
		!set_lease(a, &pb->lease, &m->lease))
		return NULL;
	SET(pb, number, m->number);
	return pb;
}

static ProtobufCMessage *make_observe(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_observe *m = &r->u.observe;
	Kriged__ObserveRequest *pb = NEW(a, Kriged__ObserveRequest, KRIGED__OBSERVE_REQUEST__INIT);

	if (!pb || !LIST(a, pb, observations, m->n, m->observations, make_observation))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	return &pb->base;
}

static ProtobufCMessage *make_fail_trial(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_fail_trial *m = &r->u.fail_trial;
	Kriged__FailTrialRequest *pb = NEW(
		a, Kriged__FailTrialRequest, KRIGED__FAIL_TRIAL_REQUEST__INIT);

	if (!pb || !set_lease(a, &pb->lease, &m->lease))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET(pb, number, m->number);
	SET_IF(pb, state, m->state != 0, (Kriged__TrialState)m->state);
	SET_TEXT(pb, reason, m->reason);
	return &pb->base;
}

static ProtobufCMessage *make_heartbeat(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_heartbeat *m = &r->u.heartbeat;
	Kriged__HeartbeatRequest *pb = NEW(
		a, Kriged__HeartbeatRequest, KRIGED__HEARTBEAT_REQUEST__INIT);

	if (!pb || !LIST(a, pb, leases, m->n, m->leases, encode_part__lease))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	return &pb->base;
}

static ProtobufCMessage *make_add_trials(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_add_trials *m = &r->u.add_trials;
	Kriged__AddTrialsRequest *pb = NEW(
		a, Kriged__AddTrialsRequest, KRIGED__ADD_TRIALS_REQUEST__INIT);

	if (!pb || !LIST(a, pb, points, m->n, m->points, encode_part__point))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	return &pb->base;
}

static ProtobufCMessage *make_release(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_trial_ref *m = &r->u.release;
	Kriged__ReleaseRequest *pb = NEW(a, Kriged__ReleaseRequest, KRIGED__RELEASE_REQUEST__INIT);

	if (!pb || !set_lease(a, &pb->lease, &m->lease))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET(pb, number, m->number);
	SET_TEXT(pb, reason, m->reason);
	return &pb->base;
}

static ProtobufCMessage *make_cancel_trial(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_trial_ref *m = &r->u.cancel_trial;
	Kriged__CancelTrialRequest *pb = NEW(
		a, Kriged__CancelTrialRequest, KRIGED__CANCEL_TRIAL_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET(pb, number, m->number);
	SET_TEXT(pb, reason, m->reason);
	return &pb->base;
}

static ProtobufCMessage *make_enqueue(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_add_trials *m = &r->u.enqueue;
	Kriged__EnqueueRequest *pb = NEW(a, Kriged__EnqueueRequest, KRIGED__ENQUEUE_REQUEST__INIT);

	if (!pb || !LIST(a, pb, points, m->n, m->points, encode_part__point))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	return &pb->base;
}

static ProtobufCMessage *make_report(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_report *m = &r->u.report;
	Kriged__ReportRequest *pb = NEW(a, Kriged__ReportRequest, KRIGED__REPORT_REQUEST__INIT);

	if (!pb || !set_lease(a, &pb->lease, &m->lease))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET(pb, number, m->number);
	SET(pb, step, m->step);
	SET(pb, value, m->value);
	return &pb->base;
}

static ProtobufCMessage *make_edit_trial(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_edit_trial *m = &r->u.edit_trial;
	Kriged__EditTrialRequest *pb = NEW(
		a, Kriged__EditTrialRequest, KRIGED__EDIT_TRIAL_REQUEST__INIT);

	if (!pb || !LIST(a, pb, values, m->n_values, m->values, encode_part__value) ||
		!LIST(a, pb, labels, m->labels.n, m->labels.p, encode_part__named) ||
		!TEXTS(a, pb, remove_labels, &m->remove_labels))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET(pb, number, m->number);
	SET_IF(pb, excluded, m->has_excluded, m->excluded);
	SET_TEXT(pb, note, m->note);
	return &pb->base;
}

static ProtobufCMessage *make_delete_trial(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	Kriged__DeleteTrialRequest *pb = NEW(
		a, Kriged__DeleteTrialRequest, KRIGED__DELETE_TRIAL_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, r->u.delete_trial.study);
	SET(pb, number, r->u.delete_trial.number);
	return &pb->base;
}

static ProtobufCMessage *make_get_trial(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	Kriged__GetTrialRequest *pb = NEW(a, Kriged__GetTrialRequest, KRIGED__GET_TRIAL_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, r->u.get_trial.study);
	SET(pb, number, r->u.get_trial.number);
	return &pb->base;
}

static bool set_states(struct arena *a, Kriged__ListTrialsRequest *pb, uint32_t states)
{
	pb->states = ARENA_ARRAY(a, Kriged__TrialState, TRIAL_N_STATES);
	if (!pb->states)
		return false;
	for (unsigned s = TRIAL_QUEUED; s < TRIAL_N_STATES; s++)
		if (states & 1u << s)
			pb->states[pb->n_states++] = (Kriged__TrialState)s;
	return true;
}

/* No column means all of them. */
static bool set_columns(
	struct arena *a, Kriged__ListTrialsRequest *pb, const struct msg_list_trials *m)
{
	const struct {
		const char *name;
		bool wanted;
	} columns[] = {{"params", m->params}, {"values", m->values}, {"why", m->why},
		{"labels", m->labels}, {"progress", m->progress}};
	const size_t n = sizeof(columns) / sizeof(*columns);

	pb->columns = ARENA_ARRAY(a, ProtobufCBinaryData, n);
	if (!pb->columns)
		return false;
	for (size_t k = 0; k < n; k++)
		if (columns[k].wanted)
			pb->columns[pb->n_columns++] = encode_part__text(columns[k].name);
	if (pb->n_columns == n)
		pb->n_columns = 0;
	return true;
}

static ProtobufCMessage *make_list_trials(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_list_trials *m = &r->u.list_trials;
	Kriged__ListTrialsRequest *pb = NEW(
		a, Kriged__ListTrialsRequest, KRIGED__LIST_TRIALS_REQUEST__INIT);

	if (!pb || !set_states(a, pb, m->states) || !set_columns(a, pb, m))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET_IF(pb, since_seq, m->since_seq != 0, m->since_seq);
	SET_IF(pb, from_number, m->from_number != 0, m->from_number);
	SET_IF(pb, limit, m->limit != 0, m->limit);
	return &pb->base;
}

static ProtobufCMessage *make_best(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	Kriged__BestRequest *pb = NEW(a, Kriged__BestRequest, KRIGED__BEST_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, r->u.best.study);
	return &pb->base;
}

static ProtobufCMessage *make_predict(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_predict *m = &r->u.predict;
	Kriged__PredictRequest *pb = NEW(a, Kriged__PredictRequest, KRIGED__PREDICT_REQUEST__INIT);

	if (!pb || !LIST(a, pb, points, m->n, m->points, encode_part__point))
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	return &pb->base;
}

static ProtobufCMessage *make_replay(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_replay *m = &r->u.replay;
	Kriged__ReplayRequest *pb = NEW(a, Kriged__ReplayRequest, KRIGED__REPLAY_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET_IF(pb, from_seq, m->from_seq != 0, m->from_seq);
	SET_IF(pb, limit, m->limit != 0, m->limit);
	return &pb->base;
}

static ProtobufCMessage *make_why(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	Kriged__WhyRequest *pb = NEW(a, Kriged__WhyRequest, KRIGED__WHY_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, r->u.why.study);
	return &pb->base;
}

static ProtobufCMessage *make_get_model(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	Kriged__GetModelRequest *pb = NEW(a, Kriged__GetModelRequest, KRIGED__GET_MODEL_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, r->u.get_model.study);
	return &pb->base;
}

static ProtobufCMessage *make_explain(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	const struct msg_explain *m = &r->u.explain;
	Kriged__ExplainRequest *pb = NEW(a, Kriged__ExplainRequest, KRIGED__EXPLAIN_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, study, m->study);
	SET_IF(pb, number, m->has_number, m->number);
	return &pb->base;
}

static ProtobufCMessage *make_server_backup(
	struct arena *a, const struct msg_request *r, Kriged__RequestMeta *meta)
{
	Kriged__ServerBackupRequest *pb = NEW(
		a, Kriged__ServerBackupRequest, KRIGED__SERVER_BACKUP_REQUEST__INIT);

	if (!pb)
		return NULL;
	pb->meta = meta;
	SET_TEXT(pb, path, r->u.server_backup.path);
	return &pb->base;
}

enum kr_status encode_request(
	struct bytes *out, const struct msg_request *m, struct arena *a, struct kr_error *err)
{
	Kriged__RequestMeta *meta = make_meta(a, &m->meta);
	maker *make = NULL;

	switch (m->method) {
#define METHOD(NAME, name, number, mutates, role) \
	case METHOD_##NAME:                           \
		make = make_##name;                       \
		break;
#include "proto/method_list.def"
#undef METHOD
	}
	if (!make)
		return kr_fail_field(
			err, KR_VERSION, "header.method", "method %u is not known", (unsigned)m->method);
	return encode_part__pack(out, meta ? make(a, m, meta) : NULL, LIMIT_MESSAGE_BYTES, a, err);
}
