/* Replies to bytes, for the daemon. */
#include "proto/encode.h"
#include "proto/encode_part.h"
#include "proto/limits.h"

/* ---- parts ---- */

struct count {
	unsigned state;
	uint64_t n;
};

static void *make_count(struct arena *a, const void *item)
{
	const struct count *m = item;
	Kriged__StateCount *pb = NEW(a, Kriged__StateCount, KRIGED__STATE_COUNT__INIT);

	if (!pb)
		return NULL;
	SET(pb, state, (Kriged__TrialState)m->state);
	SET(pb, count, m->n);
	return pb;
}

/* The counts that are not 0. NULL without memory. */
static Kriged__StateCount **make_counts(
	struct arena *a, size_t *n_out, const uint64_t counts[TRIAL_N_STATES])
{
	struct count present[TRIAL_N_STATES];
	int n = 0;

	for (unsigned s = TRIAL_QUEUED; s < TRIAL_N_STATES; s++)
		if (counts[s])
			present[n++] = (struct count){s, counts[s]};
	return encode_part__list(a, n_out, n, present, sizeof(*present), make_count);
}

static void *make_progress(struct arena *a, const void *item)
{
	const struct msg_progress *m = item;
	Kriged__Progress *pb = NEW(a, Kriged__Progress, KRIGED__PROGRESS__INIT);

	if (!pb)
		return NULL;
	SET(pb, step, m->step);
	SET(pb, value, m->value);
	SET(pb, time_ms, m->time_ms);
	return pb;
}

static void *make_trial(struct arena *a, const void *item)
{
	const struct msg_trial *m = item;
	Kriged__Trial *pb = NEW(a, Kriged__Trial, KRIGED__TRIAL__INIT);

	if (!pb || !LIST(a, pb, params, m->n_params, m->params, encode_part__named) ||
		!LIST(a, pb, values, m->n_values, m->values, encode_part__value) ||
		!LIST(a, pb, labels, m->labels.n, m->labels.p, encode_part__named) ||
		!LIST(a, pb, progress, m->n_progress, m->progress, make_progress))
		return NULL;
	SET(pb, number, m->number);
	SET_IF(pb, state, m->state != 0, (Kriged__TrialState)m->state);
	SET_TEXT(pb, reason, m->reason);
	SET_TEXT(pb, worker, m->worker);
	SET(pb, attempt, m->attempt);
	SET(pb, created_ms, m->created_ms);
	SET_IF(pb, finished_ms, m->finished_ms != 0, m->finished_ms);
	SET_IF(pb, late, m->late, true);
	SET_IF(pb, told, m->told, true);
	SET(pb, seq, m->seq);
	SET_TEXT(pb, note, m->note);
	SET_IF(pb, excluded, m->excluded, true);
	SET_IF(pb, feasible, m->has_feasible, m->feasible);
	if (encode_part__has_why(&m->why) && !(pb->why = encode_part__why(a, &m->why)))
		return NULL;
	if (m->has_lease && !(pb->lease = encode_part__lease(a, &m->lease)))
		return NULL;
	return pb;
}

static Kriged__Outlook *make_outlook(struct arena *a, const struct msg_outlook *m)
{
	Kriged__Outlook *pb = NEW(a, Kriged__Outlook, KRIGED__OUTLOOK__INIT);

	if (!pb)
		return NULL;
	SET(pb, number, m->number);
	SET(pb, expected_gain, m->expected_gain);
	SET(pb, gain, m->gain);
	SET(pb, p_gain, m->p_gain);
	return pb;
}

static void *make_study(struct arena *a, const void *item)
{
	const struct msg_study *m = item;
	Kriged__Study *pb = NEW(a, Kriged__Study, KRIGED__STUDY__INIT);

	if (!pb || !LIST(a, pb, warm_start, m->n_warm_start, m->warm_start, encode_part__warm_start))
		return NULL;
	SET_TEXT(pb, name, m->name);
	SET(pb, id, m->id);
	SET_IF(pb, state, m->state != 0, (Kriged__StudyState)m->state);
	SET(pb, created_ms, m->created_ms);
	SET(pb, seq, m->seq);
	SET_TEXT(pb, reason, m->reason);
	SET(pb, reserved, m->reserved);
	SET(pb, spec_version, m->spec_version);
	SET_IF(pb, prepared, m->prepared != PREPARED_NONE, (Kriged__Prepared)m->prepared);
	if (m->has_outlook && !(pb->outlook = make_outlook(a, &m->outlook)))
		return NULL;
	pb->spec = encode_part__spec(a, &m->spec);
	pb->counts = make_counts(a, &pb->n_counts, m->counts);
	if (!pb->spec || !pb->counts)
		return NULL;
	if (m->best && !(pb->best = make_trial(a, m->best)))
		return NULL;
	return pb;
}

/* ---- one function a kind of reply: the generated reply, NULL without memory ---- */

typedef ProtobufCMessage *maker(struct arena *a, const struct msg_reply *r);

static Kriged__Error *make_error_part(struct arena *a, const struct msg_error *m)
{
	Kriged__Error *pb = NEW(a, Kriged__Error, KRIGED__ERROR__INIT);

	if (!pb)
		return NULL;
	SET(pb, code, m->code);
	SET_TEXT(pb, message, m->message);
	SET_TEXT(pb, field, m->field);
	SET_TEXT(pb, endpoint, m->endpoint);
	SET_IF(pb, retry_after_ms, m->retry_after_ms != 0, m->retry_after_ms);
	return pb;
}

static ProtobufCMessage *make_error(struct arena *a, const struct msg_reply *r)
{
	Kriged__Error *pb = make_error_part(a, &r->error);

	return pb ? &pb->base : NULL;
}

static bool set_limits(struct arena *a, Kriged__HelloReply *pb, const struct msg_hello_reply *m)
{
	Kriged__Limits *limits = NEW(a, Kriged__Limits, KRIGED__LIMITS__INIT);

	if (!limits)
		return false;
	SET(limits, message_bytes, m->limits.message_bytes);
	SET(limits, arena_bytes, m->limits.arena_bytes);
	SET(limits, parameters, m->limits.parameters);
	SET(limits, choices, m->limits.choices);
	SET(limits, metrics, m->limits.metrics);
	SET(limits, name_bytes, m->limits.name_bytes);
	SET(limits, batch, m->limits.batch);
	pb->limits = limits;
	return true;
}

static ProtobufCMessage *make_hello(struct arena *a, const struct msg_reply *r)
{
	const struct msg_hello_reply *m = &r->u.hello;
	Kriged__HelloReply *pb = NEW(a, Kriged__HelloReply, KRIGED__HELLO_REPLY__INIT);

	if (!pb || !set_limits(a, pb, m))
		return NULL;
	pb->features = ARENA_ARRAY(a, ProtobufCBinaryData, m->n_features);
	if (!pb->features)
		return NULL;
	for (int i = 0; i < m->n_features; i++)
		pb->features[pb->n_features++] = encode_part__text(m->features[i]);
	SET_TEXT(pb, version, m->version);
	SET(pb, protocol, m->protocol);
	SET_IF(pb, session, m->has_session, encode_part__id(m->session));
	SET_TEXT(pb, blas_core, m->blas_core);
	return &pb->base;
}

static ProtobufCMessage *make_ping(struct arena *a, const struct msg_reply *r)
{
	Kriged__PingReply *pb = NEW(a, Kriged__PingReply, KRIGED__PING_REPLY__INIT);

	(void)r;
	return pb ? &pb->base : NULL;
}

static ProtobufCMessage *make_status(struct arena *a, const struct msg_reply *r)
{
	const struct msg_status_reply *m = &r->u.status;
	Kriged__StatusReply *pb = NEW(a, Kriged__StatusReply, KRIGED__STATUS_REPLY__INIT);

	if (!pb)
		return NULL;
	pb->trials = make_counts(a, &pb->n_trials, m->trials);
	if (!pb->trials)
		return NULL;
	SET_TEXT(pb, version, m->version);
	SET(pb, uptime_ms, m->uptime_ms);
	SET(pb, studies, m->studies);
	SET(pb, waiting_suggests, m->waiting_suggests);
	SET(pb, running_jobs, m->running_jobs);
	SET(pb, requests, m->requests);
	SET(pb, commits, m->commits);
	SET(pb, committed_events, m->committed_events);
	SET(pb, failed_commits, m->failed_commits);
	SET(pb, durable, m->durable);
	SET_TEXT(pb, blas_core, m->blas_core);
	SET_TEXT(pb, sqlite_version, m->sqlite_version);
	SET(pb, rss_bytes, m->rss_bytes);
	SET(pb, db_bytes, m->db_bytes);
	SET(pb, wal_bytes, m->wal_bytes);
	SET(pb, threads, m->threads);
	return &pb->base;
}

static ProtobufCMessage *make_study_reply(struct arena *a, const struct msg_reply *r)
{
	Kriged__StudyReply *pb = NEW(a, Kriged__StudyReply, KRIGED__STUDY_REPLY__INIT);

	if (!pb)
		return NULL;
	SET_IF(pb, attached, r->u.study.attached, true);
	pb->study = make_study(a, &r->u.study.study);
	return pb->study ? &pb->base : NULL;
}

static ProtobufCMessage *make_list_studies(struct arena *a, const struct msg_reply *r)
{
	const struct msg_list_studies_reply *m = &r->u.list_studies;
	Kriged__ListStudiesReply *pb = NEW(
		a, Kriged__ListStudiesReply, KRIGED__LIST_STUDIES_REPLY__INIT);

	if (!pb || !LIST(a, pb, studies, m->n, m->studies, make_study))
		return NULL;
	SET_IF(pb, more, m->more, true);
	return &pb->base;
}

static ProtobufCMessage *make_suggest(struct arena *a, const struct msg_reply *r)
{
	const struct msg_trials_reply *m = &r->u.trials;
	Kriged__SuggestReply *pb = NEW(a, Kriged__SuggestReply, KRIGED__SUGGEST_REPLY__INIT);

	if (!pb || !LIST(a, pb, trials, m->n, m->trials, make_trial))
		return NULL;
	return &pb->base;
}

static ProtobufCMessage *make_trials(struct arena *a, const struct msg_reply *r)
{
	const struct msg_trials_reply *m = &r->u.trials;
	Kriged__TrialsReply *pb = NEW(a, Kriged__TrialsReply, KRIGED__TRIALS_REPLY__INIT);

	if (!pb || !LIST(a, pb, trials, m->n, m->trials, make_trial))
		return NULL;
	return &pb->base;
}

static void *make_stop(struct arena *a, const void *item)
{
	const struct msg_stop *m = item;
	Kriged__Stop *pb = NEW(a, Kriged__Stop, KRIGED__STOP__INIT);

	if (!pb)
		return NULL;
	SET(pb, number, m->number);
	SET_IF(pb, reason, m->reason != STOP_NONE, (Kriged__StopReason)m->reason);
	return pb;
}

static ProtobufCMessage *make_heartbeat(struct arena *a, const struct msg_reply *r)
{
	const struct msg_heartbeat_reply *m = &r->u.heartbeat;
	Kriged__HeartbeatReply *pb = NEW(a, Kriged__HeartbeatReply, KRIGED__HEARTBEAT_REPLY__INIT);

	if (!pb || !LIST(a, pb, leases, m->n, m->leases, encode_part__lease) ||
		!LIST(a, pb, stops, m->n_stops, m->stops, make_stop))
		return NULL;
	pb->n_lost = (size_t)m->n_lost;
	pb->lost = (uint64_t *)(uintptr_t)m->lost;
	return &pb->base;
}

static ProtobufCMessage *make_report(struct arena *a, const struct msg_reply *r)
{
	const struct msg_report_reply *m = &r->u.report;
	Kriged__ReportReply *pb = NEW(a, Kriged__ReportReply, KRIGED__REPORT_REPLY__INIT);

	if (!pb)
		return NULL;
	SET(pb, stop, m->stop != STOP_NONE);
	SET_IF(pb, reason, m->stop != STOP_NONE, (Kriged__StopReason)m->stop);
	SET_TEXT(pb, message, m->message);
	SET(pb, remaining_ms, m->remaining_ms);
	return &pb->base;
}

static ProtobufCMessage *make_add_trials(struct arena *a, const struct msg_reply *r)
{
	Kriged__AddTrialsReply *pb = NEW(a, Kriged__AddTrialsReply, KRIGED__ADD_TRIALS_REPLY__INIT);

	if (!pb)
		return NULL;
	SET(pb, first_number, r->u.add_trials.first_number);
	SET(pb, count, r->u.add_trials.count);
	return &pb->base;
}

static ProtobufCMessage *make_list_trials(struct arena *a, const struct msg_reply *r)
{
	const struct msg_list_trials_reply *m = &r->u.list_trials;
	Kriged__ListTrialsReply *pb = NEW(a, Kriged__ListTrialsReply, KRIGED__LIST_TRIALS_REPLY__INIT);

	if (!pb || !LIST(a, pb, trials, m->n, m->trials, make_trial))
		return NULL;
	SET_IF(pb, next_number, m->more, m->next_number);
	SET(pb, seq, m->seq);
	return &pb->base;
}

static ProtobufCMessage *make_best(struct arena *a, const struct msg_reply *r)
{
	Kriged__BestReply *pb = NEW(a, Kriged__BestReply, KRIGED__BEST_REPLY__INIT);

	if (!pb)
		return NULL;
	if (r->u.best.trial && !(pb->trial = make_trial(a, r->u.best.trial)))
		return NULL;
	return &pb->base;
}

static void *make_metric_prediction(struct arena *a, const void *item)
{
	const struct msg_prediction *m = item;
	Kriged__MetricPrediction *pb = NEW(
		a, Kriged__MetricPrediction, KRIGED__METRIC_PREDICTION__INIT);

	if (!pb)
		return NULL;
	SET_TEXT(pb, name, m->name);
	SET(pb, mean, m->mean);
	SET(pb, sd, m->sd);
	return pb;
}

static ProtobufCMessage *make_predict(struct arena *a, const struct msg_reply *r)
{
	const struct msg_predict_reply *m = &r->u.predict;
	Kriged__PredictReply *pb = NEW(a, Kriged__PredictReply, KRIGED__PREDICT_REPLY__INIT);

	if (!pb || !(pb->predictions = ARENA_ARRAY(a, Kriged__Prediction *, m->n)))
		return NULL;
	for (int i = 0; i < m->n; i++) {
		const struct msg_prediction *of_point = m->predictions + (size_t)i * (size_t)m->n_metrics;
		Kriged__Prediction *p = NEW(a, Kriged__Prediction, KRIGED__PREDICTION__INIT);

		if (!p || !LIST(a, p, metrics, m->n_metrics, of_point, make_metric_prediction))
			return NULL;
		pb->predictions[pb->n_predictions++] = p;
	}
	return &pb->base;
}

static ProtobufCMessage *make_why(struct arena *a, const struct msg_reply *r)
{
	const struct msg_why_reply *m = &r->u.why;
	Kriged__WhyReply *pb = NEW(a, Kriged__WhyReply, KRIGED__WHY_REPLY__INIT);

	if (!pb || !TEXTS(a, pb, sentences, &m->sentences))
		return NULL;
	if (m->next == NEXT_NOTHING && !(pb->error = make_error_part(a, &m->error)))
		return NULL;
	SET_IF(pb, next, m->next != 0, (Kriged__WhyReply__Next)m->next);
	SET_IF(pb, next_number, m->next == NEXT_QUEUED, m->next_number);
	SET(pb, waiting, m->waiting);
	SET(pb, computing, m->computing);
	SET(pb, queued, m->queued);
	SET(pb, running, m->running);
	SET_IF(pb, left, m->has_left, m->left);
	SET_IF(pb, expiry_ms, m->has_expiry, m->expiry_ms);
	SET_IF(pb, expiry_number, m->has_expiry, m->expiry_number);
	SET_IF(pb, prepared, m->prepared != PREPARED_NONE, (Kriged__Prepared)m->prepared);
	return &pb->base;
}

static ProtobufCMessage *make_get_model(struct arena *a, const struct msg_reply *r)
{
	const struct msg_get_model_reply *m = &r->u.get_model;
	Kriged__GetModelReply *pb = NEW(a, Kriged__GetModelReply, KRIGED__GET_MODEL_REPLY__INIT);

	if (!pb || !TEXTS(a, pb, parameters, &m->parameters) ||
		!TEXTS(a, pb, sentences, &m->sentences) ||
		!LIST(a, pb, models, m->models.n, m->models.p, encode_part__model))
		return NULL;
	SET_TEXT(pb, reason, m->reason);
	SET(pb, results, m->results);
	return &pb->base;
}

static ProtobufCMessage *make_explain(struct arena *a, const struct msg_reply *r)
{
	const struct msg_explain_reply *m = &r->u.explain;
	Kriged__ExplainReply *pb = NEW(a, Kriged__ExplainReply, KRIGED__EXPLAIN_REPLY__INIT);

	if (!pb || !TEXTS(a, pb, sentences, &m->sentences) ||
		!LIST(a, pb, related, m->n_related, m->related, make_trial))
		return NULL;
	if (m->trial && !(pb->trial = make_trial(a, m->trial)))
		return NULL;
	SET_IF(pb, surprise, m->has_surprise, m->surprise);
	return &pb->base;
}

static ProtobufCMessage *make_server_backup(struct arena *a, const struct msg_reply *r)
{
	Kriged__ServerBackupReply *pb = NEW(
		a, Kriged__ServerBackupReply, KRIGED__SERVER_BACKUP_REPLY__INIT);

	if (!pb)
		return NULL;
	SET(pb, bytes, r->u.server_backup.bytes);
	return &pb->base;
}

static void *make_replayed(struct arena *a, const void *item)
{
	const struct msg_replayed *m = item;
	Kriged__ReplayedSuggestion *pb = NEW(
		a, Kriged__ReplayedSuggestion, KRIGED__REPLAYED_SUGGESTION__INIT);

	if (!pb || !LIST(a, pb, recorded, m->n_recorded, m->recorded, encode_part__named) ||
		!LIST(a, pb, computed, m->n_computed, m->computed, encode_part__named))
		return NULL;
	SET(pb, seq, m->seq);
	SET(pb, number, m->number);
	SET(pb, equal, m->equal);
	return pb;
}

static ProtobufCMessage *make_replay(struct arena *a, const struct msg_reply *r)
{
	const struct msg_replay_reply *m = &r->u.replay;
	Kriged__ReplayReply *pb = NEW(a, Kriged__ReplayReply, KRIGED__REPLAY_REPLY__INIT);

	if (!pb || !LIST(a, pb, suggestions, m->n, m->suggestions, make_replayed))
		return NULL;
	SET_IF(pb, next_seq, m->more, m->next_seq);
	SET(pb, same_build, m->same_build);
	return &pb->base;
}

/* ---- dispatch ---- */

static maker *find(enum method method)
{
	switch (method) {
	case METHOD_HELLO: return make_hello;
	case METHOD_PING: return make_ping;
	case METHOD_STATUS: return make_status;
	case METHOD_CREATE_STUDY:
	case METHOD_GET_STUDY:
	case METHOD_UPDATE_STUDY:
	case METHOD_DELETE_STUDY: return make_study_reply;
	case METHOD_LIST_STUDIES: return make_list_studies;
	case METHOD_SUGGEST: return make_suggest;
	case METHOD_OBSERVE:
	case METHOD_FAIL_TRIAL:
	case METHOD_RELEASE:
	case METHOD_CANCEL_TRIAL:
	case METHOD_ENQUEUE:
	case METHOD_EDIT_TRIAL:
	case METHOD_DELETE_TRIAL:
	case METHOD_GET_TRIAL: return make_trials;
	case METHOD_REPORT: return make_report;
	case METHOD_HEARTBEAT: return make_heartbeat;
	case METHOD_ADD_TRIALS: return make_add_trials;
	case METHOD_LIST_TRIALS: return make_list_trials;
	case METHOD_BEST: return make_best;
	case METHOD_PREDICT: return make_predict;
	case METHOD_REPLAY: return make_replay;
	case METHOD_WHY: return make_why;
	case METHOD_GET_MODEL: return make_get_model;
	case METHOD_EXPLAIN: return make_explain;
	case METHOD_SERVER_BACKUP: return make_server_backup;
	}
	return NULL;
}

enum kr_status encode_reply(
	struct bytes *out, const struct msg_reply *m, struct arena *a, struct kr_error *err)
{
	maker *make = m->is_error ? make_error : find(m->method);

	if (!make)
		return kr_fail_field(
			err, KR_VERSION, "header.method", "method %u is not known", (unsigned)m->method);
	return encode_part__pack(out, make(a, m), LIMIT_MESSAGE_BYTES, a, err);
}
