/* Replies, for clients: a newer daemon may say more than this version knows, so
 * nothing is refused but what is not a message at all. */
#include <string.h>

#include "proto/decode.h"
#include "proto/decode_part.h"
#include "proto/limits.h"

static enum kr_status text(
	const struct decoder *d, protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out)
{
	return decode_part__text(d, NULL, has, pb, 0, out);
}

static enum kr_status read_trials(const struct decoder *d, size_t n, Kriged__Trial *const *pb,
	int *n_out, const struct msg_trial **out)
{
	return decode_part__list(
		d, NULL, "trials", n, (void *const *)pb, 0, sizeof(**out), decode_study__trial, n_out, out);
}

/* ---- session ---- */

static void read_limits(const Kriged__Limits *pb, struct msg_hello_reply *m)
{
	if (!pb)
		return;
	m->limits.message_bytes = pb->message_bytes;
	m->limits.arena_bytes = pb->arena_bytes;
	m->limits.parameters = pb->parameters;
	m->limits.choices = pb->choices;
	m->limits.metrics = pb->metrics;
	m->limits.name_bytes = pb->name_bytes;
	m->limits.batch = pb->batch;
}

static enum kr_status read_hello(const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__HelloReply *pb = item;
	struct msg_hello_reply *m = &out->u.hello;
	const char **features = ARENA_ARRAY(d->a, const char *, pb->n_features);
	enum kr_status st;

	if (!features)
		return decode_part__no_memory(d);
	m->protocol = pb->protocol;
	m->n_features = (int)pb->n_features;
	m->features = features;
	read_limits(pb->limits, m);
	st = text(d, pb->has_version, pb->version, &m->version);
	for (size_t i = 0; st == KR_OK && i < pb->n_features; i++)
		st = text(d, true, pb->features[i], &features[i]);
	if (st == KR_OK)
		st = decode_part__id(d, NULL, pb->has_session, pb->session, &m->has_session, m->session);
	if (st == KR_OK)
		st = text(d, pb->has_blas_core, pb->blas_core, &m->blas_core);
	return st;
}

static enum kr_status read_ping(const struct decoder *d, const void *item, struct msg_reply *out)
{
	(void)d;
	(void)item;
	(void)out;
	return KR_OK;
}

static enum kr_status read_status(const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__StatusReply *pb = item;
	struct msg_status_reply *m = &out->u.status;
	enum kr_status st;

	m->uptime_ms = pb->uptime_ms;
	m->studies = pb->studies;
	decode_study__counts(pb->n_trials, pb->trials, m->trials);
	m->waiting_suggests = pb->waiting_suggests;
	m->running_jobs = pb->running_jobs;
	m->requests = pb->requests;
	m->commits = pb->commits;
	m->committed_events = pb->committed_events;
	m->failed_commits = pb->failed_commits;
	m->durable = pb->durable;
	m->rss_bytes = pb->rss_bytes;
	m->db_bytes = pb->db_bytes;
	m->wal_bytes = pb->wal_bytes;
	m->threads = pb->threads;
	st = text(d, pb->has_version, pb->version, &m->version);
	if (st == KR_OK)
		st = text(d, pb->has_blas_core, pb->blas_core, &m->blas_core);
	if (st == KR_OK)
		st = text(d, pb->has_sqlite_version, pb->sqlite_version, &m->sqlite_version);
	return st;
}

/* ---- studies ---- */

static enum kr_status read_study_reply(
	const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__StudyReply *pb = item;

	out->u.study.attached = pb->attached;
	return pb->study ? decode_study__read(d, NULL, pb->study, &out->u.study.study) : KR_OK;
}

static enum kr_status read_list_studies(
	const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__ListStudiesReply *pb = item;
	struct msg_list_studies_reply *m = &out->u.list_studies;

	m->more = pb->more;
	return decode_part__list(d, NULL, "studies", pb->n_studies, (void *const *)pb->studies, 0,
		sizeof(*m->studies), decode_study__read, &m->n, &m->studies);
}

/* ---- trials ---- */

static enum kr_status read_suggest(const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__SuggestReply *pb = item;

	return read_trials(d, pb->n_trials, pb->trials, &out->u.trials.n, &out->u.trials.trials);
}

static enum kr_status read_trials_reply(
	const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__TrialsReply *pb = item;

	return read_trials(d, pb->n_trials, pb->trials, &out->u.trials.n, &out->u.trials.trials);
}

/* A reason that this version does not know is one to stop all the same. */
static enum stop_reason stop_reason(protobuf_c_boolean has, Kriged__StopReason reason)
{
	unsigned stop = decode_part__known(&kriged__stop_reason__descriptor, has, (int)reason);

	return stop ? stop : STOP_CANCELLED;
}

static enum kr_status read_stop(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Stop *pb = item;
	struct msg_stop *m = out_item;

	(void)d;
	(void)at;
	m->number = pb->number;
	m->reason = stop_reason(pb->has_reason, pb->reason);
	return KR_OK;
}

static enum kr_status read_heartbeat(
	const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__HeartbeatReply *pb = item;
	struct msg_heartbeat_reply *m = &out->u.heartbeat;
	enum kr_status st;

	m->n_lost = (int)pb->n_lost;
	m->lost = pb->lost; /* in the arena, as everything unpacked */
	st = decode_part__list(d, NULL, "leases", pb->n_leases, (void *const *)pb->leases, 0,
		sizeof(*m->leases), decode_part__lease, &m->n, &m->leases);
	return st != KR_OK ? st
					   : decode_part__list(d, NULL, "stops", pb->n_stops, (void *const *)pb->stops,
							 0, sizeof(*m->stops), read_stop, &m->n_stops, &m->stops);
}

static enum kr_status read_report(const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__ReportReply *pb = item;
	struct msg_report_reply *m = &out->u.report;

	m->stop = pb->stop ? stop_reason(pb->has_reason, pb->reason) : STOP_NONE;
	m->remaining_ms = pb->remaining_ms;
	return text(d, pb->has_message, pb->message, &m->message);
}

static enum kr_status read_add_trials(
	const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__AddTrialsReply *pb = item;

	(void)d;
	out->u.add_trials.first_number = pb->first_number;
	out->u.add_trials.count = pb->count;
	return KR_OK;
}

static enum kr_status read_list_trials(
	const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__ListTrialsReply *pb = item;
	struct msg_list_trials_reply *m = &out->u.list_trials;

	m->more = pb->has_next_number;
	m->next_number = pb->next_number;
	m->seq = pb->seq;
	return read_trials(d, pb->n_trials, pb->trials, &m->n, &m->trials);
}

/* ---- model ---- */

static enum kr_status read_best(const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__BestReply *pb = item;

	return decode_study__one_trial(d, NULL, pb->trial, &out->u.best.trial);
}

/* As many metrics of each point as all of them have. */
static size_t least_metrics(const Kriged__PredictReply *pb)
{
	size_t n = pb->n_predictions ? pb->predictions[0]->n_metrics : 0;

	for (size_t i = 1; i < pb->n_predictions; i++)
		if (pb->predictions[i]->n_metrics < n)
			n = pb->predictions[i]->n_metrics;
	return n;
}

static enum kr_status read_predict(const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__PredictReply *pb = item;
	struct msg_predict_reply *m = &out->u.predict;
	size_t n_metrics = least_metrics(pb);
	struct msg_prediction *p = arena_calloc(d->a, pb->n_predictions, n_metrics * sizeof(*p));
	enum kr_status st = KR_OK;

	if (!p)
		return decode_part__no_memory(d);
	m->n = (int)pb->n_predictions;
	m->n_metrics = (int)n_metrics;
	m->predictions = p;
	for (size_t i = 0; i < pb->n_predictions; i++)
		for (size_t k = 0; st == KR_OK && k < n_metrics; k++, p++) {
			const Kriged__MetricPrediction *from = pb->predictions[i]->metrics[k];

			p->mean = from->mean;
			p->sd = from->sd;
			st = text(d, from->has_name, from->name, &p->name);
		}
	return st;
}

static enum kr_status read_replayed(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__ReplayedSuggestion *pb = item;
	struct msg_replayed *m = out_item;
	enum kr_status st = decode_part__named(
		d, at, "recorded", pb->n_recorded, pb->recorded, &m->n_recorded, &m->recorded);

	m->seq = pb->seq;
	m->number = pb->number;
	m->equal = pb->equal;
	return st != KR_OK ? st
					   : decode_part__named(d, at, "computed", pb->n_computed, pb->computed,
							 &m->n_computed, &m->computed);
}

static enum kr_status read_replay(const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__ReplayReply *pb = item;
	struct msg_replay_reply *m = &out->u.replay;

	m->more = pb->has_next_seq;
	m->next_seq = pb->next_seq;
	m->same_build = pb->same_build;
	return decode_part__list(d, NULL, "suggestions", pb->n_suggestions,
		(void *const *)pb->suggestions, 0, sizeof(*m->suggestions), read_replayed, &m->n,
		&m->suggestions);
}

static enum kr_status read_error_part(
	const struct decoder *d, const Kriged__Error *pb, struct msg_error *m)
{
	enum kr_status st = text(d, pb->has_message, pb->message, &m->message);

	m->code = pb->code;
	m->retry_after_ms = pb->retry_after_ms;
	if (st == KR_OK)
		st = text(d, pb->has_field, pb->field, &m->field);
	if (st == KR_OK)
		st = text(d, pb->has_endpoint, pb->endpoint, &m->endpoint);
	return st;
}

static enum kr_status read_error(const struct decoder *d, const void *item, struct msg_reply *out)
{
	return read_error_part(d, item, &out->error);
}

static enum kr_status read_text_item(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out)
{
	(void)at;
	return text(d, has, pb, out);
}

static enum kr_status read_why(const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__WhyReply *pb = item;
	struct msg_why_reply *m = &out->u.why;
	enum kr_status st = decode_part__texts(
		d, NULL, "sentences", pb->n_sentences, pb->sentences, 0, read_text_item, &m->sentences);

	m->next = decode_part__known(&kriged__why_reply__next__descriptor, pb->has_next, (int)pb->next);
	m->next_number = pb->next_number;
	m->waiting = pb->waiting;
	m->computing = pb->computing;
	m->queued = pb->queued;
	m->running = pb->running;
	m->has_left = pb->has_left;
	m->left = pb->left;
	m->has_expiry = pb->has_expiry_ms;
	m->expiry_ms = pb->expiry_ms;
	m->expiry_number = pb->expiry_number;
	m->prepared = decode_part__known(
		&kriged__prepared__descriptor, pb->has_prepared, (int)pb->prepared);
	return st == KR_OK && pb->error ? read_error_part(d, pb->error, &m->error) : st;
}

static enum kr_status read_get_model(
	const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__GetModelReply *pb = item;
	struct msg_get_model_reply *m = &out->u.get_model;
	enum kr_status st = decode_part__texts(
		d, NULL, "parameters", pb->n_parameters, pb->parameters, 0, read_text_item, &m->parameters);

	if (st == KR_OK)
		st = decode_part__list(d, NULL, "models", pb->n_models, (void *const *)pb->models, 0,
			sizeof(*m->models.p), decode_model__item, &m->models.n, &m->models.p);
	if (st == KR_OK)
		st = decode_part__texts(
			d, NULL, "sentences", pb->n_sentences, pb->sentences, 0, read_text_item, &m->sentences);
	m->results = pb->results;
	return st == KR_OK ? text(d, pb->has_reason, pb->reason, &m->reason) : st;
}

static enum kr_status read_explain(const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__ExplainReply *pb = item;
	struct msg_explain_reply *m = &out->u.explain;
	enum kr_status st = decode_part__texts(
		d, NULL, "sentences", pb->n_sentences, pb->sentences, 0, read_text_item, &m->sentences);

	if (st == KR_OK)
		st = decode_part__list(d, NULL, "related", pb->n_related, (void *const *)pb->related, 0,
			sizeof(*m->related), decode_study__trial, &m->n_related, &m->related);
	m->has_surprise = pb->has_surprise;
	m->surprise = pb->surprise;
	return st == KR_OK ? decode_study__one_trial(d, NULL, pb->trial, &m->trial) : st;
}

static enum kr_status read_server_backup(
	const struct decoder *d, const void *item, struct msg_reply *out)
{
	const Kriged__ServerBackupReply *pb = item;

	(void)d;
	out->u.server_backup.bytes = pb->bytes;
	return KR_OK;
}

/* ---- dispatch ---- */

struct row {
	enum method method;
	const ProtobufCMessageDescriptor *desc;
	enum kr_status (*read)(const struct decoder *d, const void *pb, struct msg_reply *out);
};

static const struct row rows[] = {
	{METHOD_HELLO, &kriged__hello_reply__descriptor, read_hello},
	{METHOD_PING, &kriged__ping_reply__descriptor, read_ping},
	{METHOD_STATUS, &kriged__status_reply__descriptor, read_status},
	{METHOD_CREATE_STUDY, &kriged__study_reply__descriptor, read_study_reply},
	{METHOD_GET_STUDY, &kriged__study_reply__descriptor, read_study_reply},
	{METHOD_LIST_STUDIES, &kriged__list_studies_reply__descriptor, read_list_studies},
	{METHOD_UPDATE_STUDY, &kriged__study_reply__descriptor, read_study_reply},
	{METHOD_DELETE_STUDY, &kriged__study_reply__descriptor, read_study_reply},
	{METHOD_SUGGEST, &kriged__suggest_reply__descriptor, read_suggest},
	{METHOD_OBSERVE, &kriged__trials_reply__descriptor, read_trials_reply},
	{METHOD_FAIL_TRIAL, &kriged__trials_reply__descriptor, read_trials_reply},
	{METHOD_HEARTBEAT, &kriged__heartbeat_reply__descriptor, read_heartbeat},
	{METHOD_ADD_TRIALS, &kriged__add_trials_reply__descriptor, read_add_trials},
	{METHOD_RELEASE, &kriged__trials_reply__descriptor, read_trials_reply},
	{METHOD_CANCEL_TRIAL, &kriged__trials_reply__descriptor, read_trials_reply},
	{METHOD_ENQUEUE, &kriged__trials_reply__descriptor, read_trials_reply},
	{METHOD_REPORT, &kriged__report_reply__descriptor, read_report},
	{METHOD_EDIT_TRIAL, &kriged__trials_reply__descriptor, read_trials_reply},
	{METHOD_DELETE_TRIAL, &kriged__trials_reply__descriptor, read_trials_reply},
	{METHOD_GET_TRIAL, &kriged__trials_reply__descriptor, read_trials_reply},
	{METHOD_LIST_TRIALS, &kriged__list_trials_reply__descriptor, read_list_trials},
	{METHOD_BEST, &kriged__best_reply__descriptor, read_best},
	{METHOD_PREDICT, &kriged__predict_reply__descriptor, read_predict},
	{METHOD_REPLAY, &kriged__replay_reply__descriptor, read_replay},
	{METHOD_WHY, &kriged__why_reply__descriptor, read_why},
	{METHOD_GET_MODEL, &kriged__get_model_reply__descriptor, read_get_model},
	{METHOD_EXPLAIN, &kriged__explain_reply__descriptor, read_explain},
	{METHOD_SERVER_BACKUP, &kriged__server_backup_reply__descriptor, read_server_backup},
};

static const struct row error_row = {0, &kriged__error__descriptor, read_error};

static const struct row *find(unsigned method)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].method == method)
			return &rows[i];
	return NULL;
}

enum kr_status decode_reply(struct msg_reply *out, unsigned method, bool is_error, const void *data,
	size_t len, struct arena *a, struct kr_error *err)
{
	struct kr_error unused;
	const struct decoder d = {.a = a, .err = err ? err : &unused};
	const struct row *row = is_error ? &error_row : find(method);
	const void *pb;

	memset(out, 0, sizeof(*out));
	out->method = method;
	out->is_error = is_error;
	if (!row)
		return kr_fail_field(err, KR_VERSION, "header.method",
			"method %u is not known to this version of kriged (" KRIGED_VERSION ")", method);
	if (len > LIMIT_MESSAGE_BYTES)
		return kr_fail_field(err, KR_TOO_LARGE, "message",
			"the reply has %zu bytes; at most %d are allowed", len, LIMIT_MESSAGE_BYTES);
	pb = decode_part__unpack(&d, row->desc, data, len, KR_INVALID_ARGUMENT);
	return pb ? row->read(&d, pb, out) : d.err->code;
}
