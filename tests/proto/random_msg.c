#include "tests/proto/random_msg.h"

#include "proto/limits.h"
#include "tests/proto/any.h"

const enum method random_methods[] = {
#define METHOD(NAME, name, number, mutates, role) METHOD_##NAME,
#include "proto/method_list.def"
#undef METHOD
};
const int random_n_methods = sizeof(random_methods) / sizeof(*random_methods);

/* ---- parts ---- */

static const struct msg_value *values(struct arena *a, struct rng *r, int n)
{
	return any_values(a, r, n, any_real);
}

static struct msg_lease given_lease(struct rng *r, uint64_t number)
{
	struct msg_lease l = any_lease(r, number);

	l.remaining_ms = any_u64(r);
	return l;
}

static struct msg_point point(struct arena *a, struct rng *r, int n_values, bool described)
{
	struct msg_point p = {.n_params = 1 + any_below(r, 8), .n_values = n_values};

	p.params = any_named(a, r, p.n_params);
	p.values = values(a, r, n_values);
	if (described) {
		p.labels = any_labels(a, r);
		p.note = any_maybe_text(a, r);
	}
	return p;
}

static const struct msg_progress *progress(struct arena *a, struct rng *r, int n)
{
	struct msg_progress *p = ARENA_ARRAY(a, struct msg_progress, n);

	for (int i = 0; i < n; i++)
		p[i] = (struct msg_progress){(int64_t)rng_u64(r), any_finite(r), any_u64(r)};
	return p;
}

static struct msg_trial trial(struct arena *a, struct rng *r)
{
	struct msg_trial t = {.number = any_u64(r),
		.state = TRIAL_QUEUED + rng_below(r, 8),
		.n_params = any_below(r, 8),
		.n_values = any_below(r, 3),
		.reason = any_maybe_text(a, r),
		.worker = any_maybe_name(a, r),
		.attempt = any_u32(r),
		.created_ms = any_u64(r),
		.finished_ms = any_u64(r),
		.late = any_coin(r),
		.told = any_coin(r),
		.seq = any_u64(r),
		.why = any_why(a, r),
		.has_lease = any_coin(r),
		.labels = any_labels(a, r),
		.note = any_maybe_text(a, r),
		.excluded = any_coin(r),
		.n_progress = any_below(r, 4),
		.has_feasible = any_coin(r)};

	t.progress = progress(a, r, t.n_progress);
	t.feasible = t.has_feasible && any_coin(r);
	t.params = any_named(a, r, t.n_params);
	t.values = values(a, r, t.n_values);
	if (t.has_lease)
		t.lease = given_lease(r, any_u64(r));
	return t;
}

static const struct msg_trial *trials(struct arena *a, struct rng *r, int n)
{
	struct msg_trial *t = ARENA_ARRAY(a, struct msg_trial, n);

	for (int i = 0; i < n; i++)
		t[i] = trial(a, r);
	return t;
}

static struct msg_study study(struct arena *a, struct rng *r)
{
	struct msg_study s = {.name = any_name(a, r, 0),
		.id = any_u64(r),
		.state = STUDY_ACTIVE + rng_below(r, 4),
		.spec = any_spec(a, r),
		.best = any_coin(r) ? trials(a, r, 1) : NULL,
		.created_ms = any_u64(r),
		.seq = any_u64(r),
		.reason = any_maybe_text(a, r),
		.reserved = any_u64(r),
		.spec_version = any_u64(r),
		.prepared = rng_below(r, 3),
		.has_outlook = any_coin(r)};
	struct msg_warm_start *from;

	if (s.has_outlook)
		s.outlook = (struct msg_outlook){any_u64(r), any_real(r), any_real(r), any_real(r)};
	s.n_warm_start = any_below(r, 3);
	s.warm_start = from = ARENA_ARRAY(a, struct msg_warm_start, s.n_warm_start);
	for (int i = 0; i < s.n_warm_start; i++)
		from[i] = any_warm_start(a, r, i);
	for (unsigned i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
		s.counts[i] = any_coin(r) ? any_u64(r) : 0;
	return s;
}

/* ---- requests ---- */

static struct msg_meta meta(struct arena *a, struct rng *r, bool mutates)
{
	struct msg_meta m = {.has_request_id = mutates || any_coin(r),
		.has_session = any_coin(r),
		.worker_id = any_maybe_name(a, r),
		.has_deadline = any_coin(r)};

	if (m.has_request_id)
		any_id(r, m.request_id);
	if (m.has_session)
		any_id(r, m.session);
	m.deadline_ms = m.has_deadline ? rng_below(r, LIMIT_DEADLINE_MS) : 0;
	return m;
}

/* Names that no label has. */
static struct msg_texts removed_labels(struct arena *a, struct rng *r)
{
	int n = any_coin(r) ? 0 : any_below(r, 4);
	const char **p = ARENA_ARRAY(a, const char *, n);

	for (int i = 0; i < n; i++)
		p[i] = arena_printf(a, "old label %d", i);
	return (struct msg_texts){n, p};
}

static struct msg_update_study update_study(struct arena *a, struct rng *r)
{
	struct msg_update_study m = {.study = any_name(a, r, 0),
		.action = rng_below(r, 4),
		.has_lease = any_coin(r),
		.on_expiry = rng_below(r, 3),
		.has_retry_limit = any_coin(r),
		.labels = any_labels(a, r),
		.remove_labels = removed_labels(a, r),
		.has_expected_version = any_coin(r)};

	m.lease_s = m.has_lease ? LIMIT_LEASE_S : 0;
	m.retry_limit = m.has_retry_limit ? any_u32(r) : 0;
	m.has_stop = any_coin(r);
	if (m.has_stop)
		m.stop = any_stop(r);
	m.acquisition = any_acquisition(a, r);
	m.expected_version = m.has_expected_version ? any_u64(r) : 0;
	if (m.action == ACTION_NONE || any_coin(r)) {
		m.has_budget = any_coin(r);
		m.no_budget = !m.has_budget;
		m.budget = m.has_budget ? any_u64(r) | 1 : 0;
	}
	return m;
}

static struct msg_suggest suggest(struct arena *a, struct rng *r)
{
	struct msg_suggest m = {.study = any_name(a, r, 0),
		.count = 1 + rng_below(r, LIMIT_BATCH),
		.n_fixed = any_below(r, 5),
		.has_lease = any_coin(r),
		.wait_ms = rng_below(r, LIMIT_WAIT_MS)};

	m.fixed = any_named(a, r, m.n_fixed);
	m.lease_s = m.has_lease ? LIMIT_LEASE_S : 0;
	return m;
}

static struct msg_observe observe(struct arena *a, struct rng *r)
{
	int n = 1 + any_below(r, 10);
	struct msg_observation *o = ARENA_ARRAY(a, struct msg_observation, n);

	for (int i = 0; i < n; i++) {
		o[i].number = (any_u64(r) << 4) + (uint64_t)i;
		o[i].lease = any_lease(r, o[i].number);
		o[i].n_values = 1 + any_below(r, 4);
		o[i].values = values(a, r, o[i].n_values);
	}
	return (struct msg_observe){any_name(a, r, 0), n, o};
}

static struct msg_fail_trial fail_trial(struct arena *a, struct rng *r)
{
	static const enum trial_state states[] = {TRIAL_FAILED, TRIAL_INFEASIBLE, TRIAL_PRUNED};
	uint64_t number = any_u64(r);

	return (struct msg_fail_trial){any_name(a, r, 0), number, any_lease(r, number),
		states[rng_below(r, 3)], any_maybe_text(a, r)};
}

static struct msg_heartbeat heartbeat(struct arena *a, struct rng *r)
{
	int n = 1 + any_below(r, 10);
	struct msg_lease *l = ARENA_ARRAY(a, struct msg_lease, n);

	for (int i = 0; i < n; i++)
		l[i] = any_lease(r, any_u64(r));
	return (struct msg_heartbeat){any_name(a, r, 0), n, l};
}

static const struct msg_point *points(
	struct arena *a, struct rng *r, int n, bool told, bool described)
{
	struct msg_point *p = ARENA_ARRAY(a, struct msg_point, n);

	for (int i = 0; i < n; i++)
		p[i] = point(a, r, told ? 1 + any_below(r, 3) : 0, described);
	return p;
}

static struct msg_trial_ref trial_ref(struct arena *a, struct rng *r, bool leased)
{
	uint64_t number = any_u64(r);

	return (struct msg_trial_ref){.study = any_name(a, r, 0),
		.number = number,
		.lease = leased ? any_lease(r, number) : (struct msg_lease){.number = number},
		.reason = any_maybe_text(a, r)};
}

static struct msg_report report(struct arena *a, struct rng *r)
{
	uint64_t number = any_u64(r);

	return (struct msg_report){.study = any_name(a, r, 0),
		.number = number,
		.lease = any_lease(r, number),
		.step = (int64_t)rng_u64(r),
		.value = any_finite(r)};
}

static struct msg_edit_trial edit_trial(struct arena *a, struct rng *r)
{
	struct msg_edit_trial m = {.study = any_name(a, r, 0),
		.number = any_u64(r),
		.n_values = any_below(r, 3),
		.has_excluded = any_coin(r),
		.labels = any_labels(a, r),
		.remove_labels = removed_labels(a, r)};

	m.values = any_values(a, r, m.n_values, any_finite);
	m.excluded = m.has_excluded && any_coin(r);
	m.note = m.n_values || m.has_excluded ? any_maybe_text(a, r) : any_text(a, r);
	return m;
}

static struct msg_list_trials list_trials(struct arena *a, struct rng *r)
{
	struct msg_list_trials m = {.study = any_name(a, r, 0),
		.states = rng_below(r, 256) << 1,
		.since_seq = any_u64(r),
		.from_number = any_u64(r),
		.limit = any_u32(r),
		.params = any_coin(r),
		.values = any_coin(r),
		.why = any_coin(r),
		.labels = any_coin(r),
		.progress = any_coin(r)};

	if (!m.params && !m.values && !m.labels && !m.progress)
		m.why = true;
	return m;
}

struct msg_request random_request(struct arena *a, struct rng *r, enum method method)
{
	struct msg_request m = {.method = method, .meta = meta(a, r, msg_method_mutates(method))};
	int n = 1 + any_below(r, 10);

	switch (method) {
	case METHOD_HELLO: m.u.hello = (struct msg_hello){any_maybe_name(a, r), any_u32(r)}; break;
	case METHOD_PING:
	case METHOD_STATUS: break;
	case METHOD_CREATE_STUDY:
		m.u.create_study = (struct msg_create_study){any_name(a, r, 0), any_spec(a, r),
			IF_EXISTS_FAIL + rng_below(r, 3), any_maybe_name(a, r)};
		break;
	case METHOD_GET_STUDY:
		m.u.get_study = (struct msg_get_study){
			any_name(a, r, 0), any_u64(r), rng_below(r, LIMIT_WAIT_MS)};
		break;
	case METHOD_BEST: m.u.best.study = any_name(a, r, 0); break;
	case METHOD_WHY: m.u.why.study = any_name(a, r, 0); break;
	case METHOD_GET_MODEL: m.u.get_model.study = any_name(a, r, 0); break;
	case METHOD_EXPLAIN:
		m.u.explain = (struct msg_explain){.study = any_name(a, r, 0), .has_number = any_coin(r)};
		if (m.u.explain.has_number)
			m.u.explain.number = any_u64(r);
		break;
	case METHOD_SERVER_BACKUP:
		m.u.server_backup.path = arena_printf(a, "/%s", any_text(a, r));
		break;
	case METHOD_LIST_STUDIES:
		m.u.list_studies = (struct msg_list_studies){any_coin(r), any_u64(r), any_u32(r)};
		break;
	case METHOD_UPDATE_STUDY: m.u.update_study = update_study(a, r); break;
	case METHOD_DELETE_STUDY:
		m.u.delete_study = (struct msg_delete_study){.study = any_name(a, r, 0)};
		if (any_coin(r))
			m.u.delete_study = (struct msg_delete_study){any_name(a, r, 0), true, true, any_u64(r)};
		break;
	case METHOD_SUGGEST: m.u.suggest = suggest(a, r); break;
	case METHOD_OBSERVE: m.u.observe = observe(a, r); break;
	case METHOD_FAIL_TRIAL: m.u.fail_trial = fail_trial(a, r); break;
	case METHOD_HEARTBEAT: m.u.heartbeat = heartbeat(a, r); break;
	case METHOD_ADD_TRIALS:
		m.u.add_trials = (struct msg_add_trials){any_name(a, r, 0), n, points(a, r, n, true, true)};
		break;
	case METHOD_ENQUEUE:
		m.u.enqueue = (struct msg_add_trials){any_name(a, r, 0), n, points(a, r, n, false, true)};
		break;
	case METHOD_RELEASE: m.u.release = trial_ref(a, r, true); break;
	case METHOD_CANCEL_TRIAL: m.u.cancel_trial = trial_ref(a, r, false); break;
	case METHOD_REPORT: m.u.report = report(a, r); break;
	case METHOD_EDIT_TRIAL: m.u.edit_trial = edit_trial(a, r); break;
	case METHOD_DELETE_TRIAL:
		m.u.delete_trial = (struct msg_get_trial){any_name(a, r, 0), any_u64(r)};
		break;
	case METHOD_GET_TRIAL:
		m.u.get_trial = (struct msg_get_trial){any_name(a, r, 0), any_u64(r)};
		break;
	case METHOD_LIST_TRIALS: m.u.list_trials = list_trials(a, r); break;
	case METHOD_PREDICT:
		m.u.predict = (struct msg_predict){any_name(a, r, 0), n, points(a, r, n, false, false)};
		break;
	case METHOD_REPLAY:
		m.u.replay = (struct msg_replay){any_name(a, r, 0), any_u64(r), any_u32(r)};
		break;
	}
	return m;
}

/* ---- replies ---- */

static struct msg_hello_reply hello_reply(struct arena *a, struct rng *r)
{
	struct msg_hello_reply m = {.version = any_text(a, r),
		.protocol = any_u32(r),
		.n_features = any_below(r, 5),
		.has_session = any_coin(r),
		.blas_core = any_maybe_text(a, r),
		.limits = {
			any_u64(r), any_u64(r), any_u32(r), any_u32(r), any_u32(r), any_u32(r), any_u32(r)}};
	const char **features = ARENA_ARRAY(a, const char *, m.n_features);

	for (int i = 0; i < m.n_features; i++)
		features[i] = any_text(a, r);
	m.features = features;
	if (m.has_session)
		any_id(r, m.session);
	return m;
}

static struct msg_status_reply status_reply(struct arena *a, struct rng *r)
{
	struct msg_status_reply m = {.version = any_maybe_text(a, r),
		.uptime_ms = any_u64(r),
		.studies = any_u64(r),
		.waiting_suggests = any_u64(r),
		.running_jobs = any_u64(r),
		.requests = any_u64(r),
		.commits = any_u64(r),
		.committed_events = any_u64(r),
		.failed_commits = any_u64(r),
		.durable = any_coin(r),
		.blas_core = any_maybe_text(a, r),
		.sqlite_version = any_maybe_text(a, r),
		.rss_bytes = any_u64(r),
		.db_bytes = any_u64(r),
		.wal_bytes = any_u64(r),
		.threads = any_u32(r)};

	for (unsigned i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
		m.trials[i] = any_u64(r);
	return m;
}

static struct msg_heartbeat_reply heartbeat_reply(struct arena *a, struct rng *r)
{
	struct msg_heartbeat_reply m = {
		.n = any_below(r, 6), .n_lost = any_below(r, 6), .n_stops = any_below(r, 4)};
	struct msg_stop *stops = ARENA_ARRAY(a, struct msg_stop, m.n_stops);
	struct msg_lease *l = ARENA_ARRAY(a, struct msg_lease, m.n);
	uint64_t *lost = ARENA_ARRAY(a, uint64_t, m.n_lost);

	for (int i = 0; i < m.n; i++)
		l[i] = given_lease(r, any_u64(r));
	for (int i = 0; i < m.n_lost; i++)
		lost[i] = any_u64(r);
	m.leases = l;
	for (int i = 0; i < m.n_stops; i++)
		stops[i] = (struct msg_stop){any_u64(r), STOP_CANCELLED + rng_below(r, 4)};
	m.lost = lost;
	m.stops = stops;
	return m;
}

static struct msg_predict_reply predict_reply(struct arena *a, struct rng *r)
{
	struct msg_predict_reply m = {.n = any_below(r, 6)};
	struct msg_prediction *p;

	m.n_metrics = m.n ? any_below(r, 4) : 0;
	p = ARENA_ARRAY(a, struct msg_prediction, m.n * m.n_metrics);
	for (int i = 0; i < m.n * m.n_metrics; i++)
		p[i] = (struct msg_prediction){any_maybe_name(a, r), any_real(r), any_real(r)};
	m.predictions = p;
	return m;
}

static struct msg_error error(struct arena *a, struct rng *r)
{
	return (struct msg_error){
		any_u32(r), any_maybe_text(a, r), any_maybe_text(a, r), any_maybe_text(a, r), any_u64(r)};
}

static struct msg_why_reply why_reply(struct arena *a, struct rng *r)
{
	struct msg_why_reply m = {.next = NEXT_NOTHING + rng_below(r, 4),
		.waiting = any_u64(r),
		.computing = any_coin(r),
		.prepared = rng_below(r, 3),
		.queued = any_u64(r),
		.running = any_u64(r),
		.has_left = any_coin(r),
		.has_expiry = any_coin(r),
		.sentences = any_texts(a, r, any_below(r, 4))};

	if (m.next == NEXT_NOTHING)
		m.error = error(a, r);
	m.next_number = m.next == NEXT_QUEUED ? any_u64(r) : 0;
	m.left = m.has_left ? any_u64(r) : 0;
	m.expiry_ms = m.has_expiry ? any_u64(r) : 0;
	m.expiry_number = m.has_expiry ? any_u64(r) : 0;
	return m;
}

static struct msg_get_model_reply get_model_reply(struct arena *a, struct rng *r)
{
	return (struct msg_get_model_reply){.parameters = any_texts(a, r, any_below(r, 4)),
		.models = any_models(a, r),
		.reason = any_maybe_text(a, r),
		.results = any_u64(r),
		.sentences = any_texts(a, r, any_below(r, 4))};
}

static struct msg_explain_reply explain_reply(struct arena *a, struct rng *r)
{
	struct msg_explain_reply m = {.n_related = any_below(r, 4), .has_surprise = any_coin(r)};
	struct msg_trial *related = ARENA_ARRAY(a, struct msg_trial, m.n_related);
	struct msg_trial *one = ARENA_NEW(a, struct msg_trial);

	for (int i = 0; i < m.n_related; i++)
		related[i] = trial(a, r);
	*one = trial(a, r);
	m.related = related;
	m.trial = any_coin(r) ? one : NULL;
	if (m.has_surprise)
		m.surprise = any_real(r);
	m.sentences = any_texts(a, r, any_below(r, 4));
	return m;
}

static struct msg_replay_reply replay_reply(struct arena *a, struct rng *r)
{
	struct msg_replay_reply m = {
		.n = any_below(r, 6), .more = any_coin(r), .same_build = any_coin(r)};
	struct msg_replayed *p = ARENA_ARRAY(a, struct msg_replayed, m.n);

	for (int i = 0; i < m.n; i++) {
		p[i] = (struct msg_replayed){
			any_u64(r), any_u64(r), any_coin(r), any_below(r, 4), NULL, any_below(r, 4), NULL};
		p[i].recorded = any_named(a, r, p[i].n_recorded);
		p[i].computed = any_named(a, r, p[i].n_computed);
	}
	m.suggestions = p;
	m.next_seq = m.more ? any_u64(r) : 0;
	return m;
}

static struct msg_list_studies_reply list_studies_reply(struct arena *a, struct rng *r)
{
	struct msg_list_studies_reply m = {.n = any_below(r, 4), .more = any_coin(r)};
	struct msg_study *s = ARENA_ARRAY(a, struct msg_study, m.n);

	for (int i = 0; i < m.n; i++)
		s[i] = study(a, r);
	m.studies = s;
	return m;
}

struct msg_reply random_reply(struct arena *a, struct rng *r, enum method method)
{
	struct msg_reply m = {.method = method, .is_error = any_below(r, 8) == 0};
	int n = any_below(r, 6);

	if (m.is_error) {
		m.error = error(a, r);
		return m;
	}
	switch (method) {
	case METHOD_HELLO: m.u.hello = hello_reply(a, r); break;
	case METHOD_PING: break;
	case METHOD_STATUS: m.u.status = status_reply(a, r); break;
	case METHOD_CREATE_STUDY:
	case METHOD_GET_STUDY:
	case METHOD_UPDATE_STUDY:
	case METHOD_DELETE_STUDY: m.u.study = (struct msg_study_reply){study(a, r), any_coin(r)}; break;
	case METHOD_LIST_STUDIES: m.u.list_studies = list_studies_reply(a, r); break;
	case METHOD_SUGGEST:
	case METHOD_OBSERVE:
	case METHOD_FAIL_TRIAL:
	case METHOD_RELEASE:
	case METHOD_CANCEL_TRIAL:
	case METHOD_ENQUEUE:
	case METHOD_EDIT_TRIAL:
	case METHOD_DELETE_TRIAL:
	case METHOD_GET_TRIAL: m.u.trials = (struct msg_trials_reply){n, trials(a, r, n)}; break;
	case METHOD_HEARTBEAT: m.u.heartbeat = heartbeat_reply(a, r); break;
	case METHOD_ADD_TRIALS:
		m.u.add_trials = (struct msg_add_trials_reply){any_u64(r), any_u64(r)};
		break;
	case METHOD_LIST_TRIALS:
		m.u.list_trials = (struct msg_list_trials_reply){
			n, trials(a, r, n), any_coin(r), any_u64(r), any_u64(r)};
		break;
	case METHOD_BEST: m.u.best.trial = any_coin(r) ? trials(a, r, 1) : NULL; break;
	case METHOD_PREDICT: m.u.predict = predict_reply(a, r); break;
	case METHOD_REPLAY: m.u.replay = replay_reply(a, r); break;
	case METHOD_REPORT:
		m.u.report = (struct msg_report_reply){rng_below(r, 5), any_maybe_text(a, r), any_u64(r)};
		break;
	case METHOD_WHY: m.u.why = why_reply(a, r); break;
	case METHOD_GET_MODEL: m.u.get_model = get_model_reply(a, r); break;
	case METHOD_EXPLAIN: m.u.explain = explain_reply(a, r); break;
	case METHOD_SERVER_BACKUP: m.u.server_backup.bytes = any_u64(r); break;
	}
	return m;
}
