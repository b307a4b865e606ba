#include "tests/proto/random_msg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

const enum method random_methods[] = {
#define METHOD(NAME, name, number, mutates, role) METHOD_##NAME,
#include "proto/method_list.def"
#undef METHOD
};
const int random_n_methods = sizeof(random_methods) / sizeof(*random_methods);

/* ---- numbers and text ---- */

static bool coin(struct rng *r)
{
	return rng_below(r, 2);
}

static int below(struct rng *r, int n)
{
	return (int)rng_below(r, (uint32_t)n);
}

/* Numbers of every size, the extremes included. */
static uint64_t any_u64(struct rng *r)
{
	return rng_u64(r) >> rng_below(r, 64);
}

static uint32_t any_u32(struct rng *r)
{
	return (uint32_t)rng_u64(r) >> rng_below(r, 32);
}

static double any_finite(struct rng *r)
{
	static const double special[] = {0.0, -0.0, 1e308, -1e308, 5e-324, 0.1, 9007199254740993.0};
	double x;
	uint64_t bits;

	if (coin(r))
		return special[below(r, 7)];
	do {
		bits = rng_u64(r);
		memcpy(&x, &bits, sizeof(x));
	} while (!isfinite(x));
	return x;
}

static double any_real(struct rng *r)
{
	switch (below(r, 6)) {
	case 0: return NAN;
	case 1: return INFINITY;
	case 2: return -INFINITY;
	default: return any_finite(r);
	}
}

static double finite_or_nan(struct rng *r)
{
	return rng_below(r, 4) ? any_finite(r) : NAN;
}

/* NaN or at least 0. */
static double any_sem(struct rng *r)
{
	return fabs(finite_or_nan(r));
}

static const double *reals(struct arena *a, struct rng *r, int n, double (*any)(struct rng *r))
{
	double *x = ARENA_ARRAY(a, double, n);

	for (int i = 0; i < n; i++)
		x[i] = any(r);
	return x;
}

static void fill_id(struct rng *r, uint8_t id[MSG_ID_BYTES])
{
	for (int i = 0; i < MSG_ID_BYTES; i++)
		id[i] = (uint8_t)(1 + rng_below(r, 255));
}

/* A name that no other index of the same list has. */
static const char *name(struct arena *a, struct rng *r, int i)
{
	static const char *const stems[] = {
		"lr", "x", "num layers", "\xce\xb8", "\xe5\xad\xa6", "\xf0\x9f\x8d\x8e", "a.b[0]", "\"q\""};
	char *s;

	if (rng_below(r, 10) > 0)
		return arena_printf(a, "%s%d", stems[rng_below(r, 8)], i);
	s = arena_alloc(a, LIMIT_NAME_BYTES + 1); /* the longest */
	memset(s, 'n', LIMIT_NAME_BYTES);
	s[LIMIT_NAME_BYTES] = '\0';
	s[snprintf(s, 12, "%d", i)] = '_';
	return s;
}

static const char *maybe_name(struct arena *a, struct rng *r)
{
	return coin(r) ? name(a, r, 0) : NULL;
}

static const char *any_text(struct arena *a, struct rng *r)
{
	static const char *const texts[] = {
		"", "out of memory\n", " spaced ", "\xc2\x80", "caf\xc3\xa9", "\x01"};

	return arena_printf(a, "%s", texts[rng_below(r, 6)]);
}

static const char *maybe_text(struct arena *a, struct rng *r)
{
	return coin(r) ? any_text(a, r) : NULL;
}

/* ---- parts ---- */

static struct msg_texts texts(struct arena *a, struct rng *r, int n)
{
	const char **p = ARENA_ARRAY(a, const char *, n);

	for (int i = 0; i < n; i++)
		p[i] = name(a, r, i);
	return (struct msg_texts){n, p};
}

/* Of index i in a list where values must differ. */
static struct msg_scalar scalar(struct arena *a, struct rng *r, int i)
{
	switch (i == 0 ? below(r, 5) : 2 + below(r, 3)) {
	case 0: return (struct msg_scalar){.kind = SCALAR_NULL};
	case 1: return (struct msg_scalar){.kind = SCALAR_BOOL, .b = coin(r)};
	case 2: return (struct msg_scalar){.kind = SCALAR_INT, .i = (int64_t)(rng_u64(r) << 8) + i};
	case 3: return (struct msg_scalar){.kind = SCALAR_REAL, .r = i + rng_uniform(r)};
	default:
		return (struct msg_scalar){
			.kind = SCALAR_STRING, .s = arena_printf(a, "%s%d", any_text(a, r), i)};
	}
}

static const struct msg_named *named(struct arena *a, struct rng *r, int n)
{
	struct msg_named *p = ARENA_ARRAY(a, struct msg_named, n);

	for (int i = 0; i < n; i++)
		p[i] = (struct msg_named){name(a, r, i), scalar(a, r, 0)};
	return p;
}

static struct msg_labels labels(struct arena *a, struct rng *r)
{
	int n = coin(r) ? 0 : below(r, 5);

	return (struct msg_labels){n, named(a, r, n)};
}

static const struct msg_value *some_values(
	struct arena *a, struct rng *r, int n, double (*any)(struct rng *r))
{
	struct msg_value *p = ARENA_ARRAY(a, struct msg_value, n);

	for (int i = 0; i < n; i++) {
		p[i] = (struct msg_value){
			.name = i == 0 && coin(r) ? NULL : name(a, r, i), .value = any(r), .has_sem = coin(r)};
		p[i].sem = p[i].has_sem ? fabs(any_finite(r)) : 0;
	}
	return p;
}

static const struct msg_value *values(struct arena *a, struct rng *r, int n)
{
	return some_values(a, r, n, any_real);
}

static struct msg_lease lease(struct rng *r, uint64_t number)
{
	struct msg_lease l = {.number = number, .has_attempt = coin(r), .has_token = coin(r)};

	if (l.has_attempt)
		l.attempt = any_u32(r);
	if (l.has_token)
		fill_id(r, l.token);
	return l;
}

static struct msg_lease given_lease(struct rng *r, uint64_t number)
{
	struct msg_lease l = lease(r, number);

	l.remaining_ms = any_u64(r);
	return l;
}

static struct msg_why why(struct rng *r)
{
	struct msg_why w = {0};

	if (coin(r))
		return w;
	w.rule = WHY_INITIAL + rng_below(r, 4);
	w.freshness = WHY_FRESH + rng_below(r, 3);
	w.has_prediction = coin(r);
	w.has_p_feasible = coin(r);
	w.p_feasible = w.has_p_feasible ? rng_uniform(r) : 0;
	if (w.has_prediction) {
		w.mean = any_finite(r);
		w.sd = any_finite(r);
		w.log_acq = any_real(r);
	}
	return w;
}

static struct msg_param param(struct arena *a, struct rng *r, int i)
{
	struct msg_param p = {.name = name(a, r, i),
		.kind = PARAM_FLOAT + rng_below(r, 6),
		.when = i > 0 && coin(r) ? name(a, r, 0) : NULL};
	struct msg_scalar *choices;

	if (p.kind == PARAM_FLOAT || p.kind == PARAM_INT) {
		p.has_low = p.has_high = true;
		p.low = any_finite(r);
		p.high = any_finite(r);
		p.log = coin(r);
		p.has_step = coin(r);
		p.step = p.has_step ? any_finite(r) : 0;
	} else if (p.kind != PARAM_BOOL) {
		p.n_choices = p.kind == PARAM_FIXED ? 1 : 1 + below(r, 12);
		p.choices = choices = ARENA_ARRAY(a, struct msg_scalar, p.n_choices);
		for (int k = 0; k < p.n_choices; k++)
			choices[k] = scalar(a, r, k);
	}
	return p;
}

/* Index 0 is the objective. */
static struct msg_metric metric(struct arena *a, struct rng *r, int i)
{
	struct msg_metric m = {.name = name(a, r, i), .role = METRIC_MINIMIZE + rng_below(r, 2)};
	int bounds = below(r, 3);

	if (i == 0)
		return m;
	m.role = METRIC_CONSTRAINT;
	m.has_lower = bounds != 0;
	m.has_upper = bounds != 1;
	m.lower = m.has_lower ? rng_uniform(r) : 0;
	m.upper = m.has_upper ? 1 + rng_uniform(r) : 0;
	return m;
}

static struct msg_spec spec(struct arena *a, struct rng *r)
{
	struct msg_spec s = {.n_params = 1 + below(r, 20),
		.n_metrics = 1 + below(r, 3),
		.has_budget = coin(r),
		.has_lease = coin(r),
		.has_seed = coin(r),
		.constraints = texts(a, r, below(r, 3)),
		.forbidden = texts(a, r, below(r, 3)),
		.has_noise_sd = coin(r),
		.on_expiry = rng_below(r, 3),
		.has_retry_limit = coin(r),
		.labels = labels(a, r)};
	struct msg_param *params = ARENA_ARRAY(a, struct msg_param, s.n_params);
	struct msg_metric *metrics = ARENA_ARRAY(a, struct msg_metric, s.n_metrics);

	for (int i = 0; i < s.n_params; i++)
		params[i] = param(a, r, i);
	for (int i = 0; i < s.n_metrics; i++)
		metrics[i] = metric(a, r, i);
	s.params = params;
	s.metrics = metrics;
	s.budget = s.has_budget ? any_u64(r) | 1 : 0;
	s.lease_s = s.has_lease ? 1e-3 + rng_uniform(r) * 1e6 : 0;
	s.seed = s.has_seed ? any_u64(r) : 0;
	s.noise_sd = s.has_noise_sd ? fabs(any_finite(r)) : 0;
	s.retry_limit = s.has_retry_limit ? any_u32(r) : 0;
	return s;
}

static struct msg_point point(struct arena *a, struct rng *r, int n_values, bool described)
{
	struct msg_point p = {.n_params = 1 + below(r, 8), .n_values = n_values};

	p.params = named(a, r, p.n_params);
	p.values = values(a, r, n_values);
	if (described) {
		p.labels = labels(a, r);
		p.note = maybe_text(a, r);
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
		.n_params = below(r, 8),
		.n_values = below(r, 3),
		.reason = maybe_text(a, r),
		.worker = maybe_name(a, r),
		.attempt = any_u32(r),
		.created_ms = any_u64(r),
		.finished_ms = any_u64(r),
		.late = coin(r),
		.told = coin(r),
		.seq = any_u64(r),
		.why = why(r),
		.has_lease = coin(r),
		.labels = labels(a, r),
		.note = maybe_text(a, r),
		.excluded = coin(r),
		.n_progress = below(r, 4),
		.has_feasible = coin(r)};

	t.progress = progress(a, r, t.n_progress);
	t.feasible = t.has_feasible && coin(r);
	t.params = named(a, r, t.n_params);
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
	struct msg_study s = {.name = name(a, r, 0),
		.id = any_u64(r),
		.state = STUDY_ACTIVE + rng_below(r, 4),
		.spec = spec(a, r),
		.best = coin(r) ? trials(a, r, 1) : NULL,
		.created_ms = any_u64(r),
		.seq = any_u64(r),
		.reason = maybe_text(a, r),
		.reserved = any_u64(r),
		.spec_version = any_u64(r)};

	for (unsigned i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
		s.counts[i] = coin(r) ? any_u64(r) : 0;
	return s;
}

/* ---- requests ---- */

static struct msg_meta meta(struct arena *a, struct rng *r, bool mutates)
{
	struct msg_meta m = {.has_request_id = mutates || coin(r),
		.has_session = coin(r),
		.worker_id = maybe_name(a, r),
		.has_deadline = coin(r)};

	if (m.has_request_id)
		fill_id(r, m.request_id);
	if (m.has_session)
		fill_id(r, m.session);
	m.deadline_ms = m.has_deadline ? rng_below(r, LIMIT_DEADLINE_MS) : 0;
	return m;
}

/* Names that no label has. */
static struct msg_texts removed_labels(struct arena *a, struct rng *r)
{
	int n = coin(r) ? 0 : below(r, 4);
	const char **p = ARENA_ARRAY(a, const char *, n);

	for (int i = 0; i < n; i++)
		p[i] = arena_printf(a, "old label %d", i);
	return (struct msg_texts){n, p};
}

static struct msg_update_study update_study(struct arena *a, struct rng *r)
{
	struct msg_update_study m = {.study = name(a, r, 0),
		.action = rng_below(r, 4),
		.has_lease = coin(r),
		.on_expiry = rng_below(r, 3),
		.has_retry_limit = coin(r),
		.labels = labels(a, r),
		.remove_labels = removed_labels(a, r),
		.has_expected_version = coin(r)};

	m.lease_s = m.has_lease ? LIMIT_LEASE_S : 0;
	m.retry_limit = m.has_retry_limit ? any_u32(r) : 0;
	m.expected_version = m.has_expected_version ? any_u64(r) : 0;
	if (m.action == ACTION_NONE || coin(r)) {
		m.has_budget = coin(r);
		m.no_budget = !m.has_budget;
		m.budget = m.has_budget ? any_u64(r) | 1 : 0;
	}
	return m;
}

static struct msg_suggest suggest(struct arena *a, struct rng *r)
{
	struct msg_suggest m = {.study = name(a, r, 0),
		.count = 1 + rng_below(r, LIMIT_BATCH),
		.n_fixed = below(r, 5),
		.has_lease = coin(r),
		.wait_ms = rng_below(r, LIMIT_WAIT_MS)};

	m.fixed = named(a, r, m.n_fixed);
	m.lease_s = m.has_lease ? LIMIT_LEASE_S : 0;
	return m;
}

static struct msg_observe observe(struct arena *a, struct rng *r)
{
	int n = 1 + below(r, 10);
	struct msg_observation *o = ARENA_ARRAY(a, struct msg_observation, n);

	for (int i = 0; i < n; i++) {
		o[i].number = (any_u64(r) << 4) + (uint64_t)i;
		o[i].lease = lease(r, o[i].number);
		o[i].n_values = 1 + below(r, 4);
		o[i].values = values(a, r, o[i].n_values);
	}
	return (struct msg_observe){name(a, r, 0), n, o};
}

static struct msg_fail_trial fail_trial(struct arena *a, struct rng *r)
{
	static const enum trial_state states[] = {TRIAL_FAILED, TRIAL_INFEASIBLE, TRIAL_PRUNED};
	uint64_t number = any_u64(r);

	return (struct msg_fail_trial){
		name(a, r, 0), number, lease(r, number), states[rng_below(r, 3)], maybe_text(a, r)};
}

static struct msg_heartbeat heartbeat(struct arena *a, struct rng *r)
{
	int n = 1 + below(r, 10);
	struct msg_lease *l = ARENA_ARRAY(a, struct msg_lease, n);

	for (int i = 0; i < n; i++)
		l[i] = lease(r, any_u64(r));
	return (struct msg_heartbeat){name(a, r, 0), n, l};
}

static const struct msg_point *points(
	struct arena *a, struct rng *r, int n, bool told, bool described)
{
	struct msg_point *p = ARENA_ARRAY(a, struct msg_point, n);

	for (int i = 0; i < n; i++)
		p[i] = point(a, r, told ? 1 + below(r, 3) : 0, described);
	return p;
}

static struct msg_trial_ref trial_ref(struct arena *a, struct rng *r, bool leased)
{
	uint64_t number = any_u64(r);

	return (struct msg_trial_ref){.study = name(a, r, 0),
		.number = number,
		.lease = leased ? lease(r, number) : (struct msg_lease){.number = number},
		.reason = maybe_text(a, r)};
}

static struct msg_report report(struct arena *a, struct rng *r)
{
	uint64_t number = any_u64(r);

	return (struct msg_report){.study = name(a, r, 0),
		.number = number,
		.lease = lease(r, number),
		.step = (int64_t)rng_u64(r),
		.value = any_finite(r)};
}

static struct msg_edit_trial edit_trial(struct arena *a, struct rng *r)
{
	struct msg_edit_trial m = {.study = name(a, r, 0),
		.number = any_u64(r),
		.n_values = below(r, 3),
		.has_excluded = coin(r),
		.labels = labels(a, r),
		.remove_labels = removed_labels(a, r)};

	m.values = some_values(a, r, m.n_values, any_finite);
	m.excluded = m.has_excluded && coin(r);
	m.note = m.n_values || m.has_excluded ? maybe_text(a, r) : any_text(a, r);
	return m;
}

static struct msg_list_trials list_trials(struct arena *a, struct rng *r)
{
	struct msg_list_trials m = {.study = name(a, r, 0),
		.states = rng_below(r, 256) << 1,
		.since_seq = any_u64(r),
		.from_number = any_u64(r),
		.limit = any_u32(r),
		.params = coin(r),
		.values = coin(r),
		.why = coin(r),
		.labels = coin(r),
		.progress = coin(r)};

	if (!m.params && !m.values && !m.labels && !m.progress)
		m.why = true;
	return m;
}

struct msg_request random_request(struct arena *a, struct rng *r, enum method method)
{
	struct msg_request m = {.method = method, .meta = meta(a, r, msg_method_mutates(method))};
	int n = 1 + below(r, 10);

	switch (method) {
	case METHOD_HELLO: m.u.hello = (struct msg_hello){maybe_name(a, r), any_u32(r)}; break;
	case METHOD_PING:
	case METHOD_STATUS: break;
	case METHOD_CREATE_STUDY:
		m.u.create_study = (struct msg_create_study){
			name(a, r, 0), spec(a, r), IF_EXISTS_FAIL + rng_below(r, 3)};
		break;
	case METHOD_GET_STUDY:
		m.u.get_study = (struct msg_get_study){
			name(a, r, 0), any_u64(r), rng_below(r, LIMIT_WAIT_MS)};
		break;
	case METHOD_BEST: m.u.best.study = name(a, r, 0); break;
	case METHOD_WHY: m.u.why.study = name(a, r, 0); break;
	case METHOD_SERVER_BACKUP:
		m.u.server_backup.path = arena_printf(a, "/%s", any_text(a, r));
		break;
	case METHOD_LIST_STUDIES:
		m.u.list_studies = (struct msg_list_studies){coin(r), any_u64(r), any_u32(r)};
		break;
	case METHOD_UPDATE_STUDY: m.u.update_study = update_study(a, r); break;
	case METHOD_DELETE_STUDY:
		m.u.delete_study = (struct msg_delete_study){.study = name(a, r, 0)};
		if (coin(r))
			m.u.delete_study = (struct msg_delete_study){name(a, r, 0), true, true, any_u64(r)};
		break;
	case METHOD_SUGGEST: m.u.suggest = suggest(a, r); break;
	case METHOD_OBSERVE: m.u.observe = observe(a, r); break;
	case METHOD_FAIL_TRIAL: m.u.fail_trial = fail_trial(a, r); break;
	case METHOD_HEARTBEAT: m.u.heartbeat = heartbeat(a, r); break;
	case METHOD_ADD_TRIALS:
		m.u.add_trials = (struct msg_add_trials){name(a, r, 0), n, points(a, r, n, true, true)};
		break;
	case METHOD_ENQUEUE:
		m.u.enqueue = (struct msg_add_trials){name(a, r, 0), n, points(a, r, n, false, true)};
		break;
	case METHOD_RELEASE: m.u.release = trial_ref(a, r, true); break;
	case METHOD_CANCEL_TRIAL: m.u.cancel_trial = trial_ref(a, r, false); break;
	case METHOD_REPORT: m.u.report = report(a, r); break;
	case METHOD_EDIT_TRIAL: m.u.edit_trial = edit_trial(a, r); break;
	case METHOD_DELETE_TRIAL:
		m.u.delete_trial = (struct msg_get_trial){name(a, r, 0), any_u64(r)};
		break;
	case METHOD_GET_TRIAL: m.u.get_trial = (struct msg_get_trial){name(a, r, 0), any_u64(r)}; break;
	case METHOD_LIST_TRIALS: m.u.list_trials = list_trials(a, r); break;
	case METHOD_PREDICT:
		m.u.predict = (struct msg_predict){name(a, r, 0), n, points(a, r, n, false, false)};
		break;
	case METHOD_REPLAY:
		m.u.replay = (struct msg_replay){name(a, r, 0), any_u64(r), any_u32(r)};
		break;
	}
	return m;
}

/* ---- replies ---- */

static struct msg_hello_reply hello_reply(struct arena *a, struct rng *r)
{
	struct msg_hello_reply m = {.version = any_text(a, r),
		.protocol = any_u32(r),
		.n_features = below(r, 5),
		.has_session = coin(r),
		.blas_core = maybe_text(a, r),
		.limits = {
			any_u64(r), any_u64(r), any_u32(r), any_u32(r), any_u32(r), any_u32(r), any_u32(r)}};
	const char **features = ARENA_ARRAY(a, const char *, m.n_features);

	for (int i = 0; i < m.n_features; i++)
		features[i] = any_text(a, r);
	m.features = features;
	if (m.has_session)
		fill_id(r, m.session);
	return m;
}

static struct msg_status_reply status_reply(struct arena *a, struct rng *r)
{
	struct msg_status_reply m = {.version = maybe_text(a, r),
		.uptime_ms = any_u64(r),
		.studies = any_u64(r),
		.waiting_suggests = any_u64(r),
		.running_jobs = any_u64(r),
		.requests = any_u64(r),
		.commits = any_u64(r),
		.committed_events = any_u64(r),
		.failed_commits = any_u64(r),
		.durable = coin(r),
		.blas_core = maybe_text(a, r),
		.sqlite_version = maybe_text(a, r),
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
		.n = below(r, 6), .n_lost = below(r, 6), .n_stops = below(r, 4)};
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
	struct msg_predict_reply m = {.n = below(r, 6)};
	struct msg_prediction *p;

	m.n_metrics = m.n ? below(r, 4) : 0;
	p = ARENA_ARRAY(a, struct msg_prediction, m.n * m.n_metrics);
	for (int i = 0; i < m.n * m.n_metrics; i++)
		p[i] = (struct msg_prediction){maybe_name(a, r), any_real(r), any_real(r)};
	m.predictions = p;
	return m;
}

static struct msg_error error(struct arena *a, struct rng *r)
{
	return (struct msg_error){
		any_u32(r), maybe_text(a, r), maybe_text(a, r), maybe_text(a, r), any_u64(r)};
}

static struct msg_why_reply why_reply(struct arena *a, struct rng *r)
{
	struct msg_why_reply m = {.next = NEXT_NOTHING + rng_below(r, 4),
		.waiting = any_u64(r),
		.computing = coin(r),
		.queued = any_u64(r),
		.running = any_u64(r),
		.has_left = coin(r),
		.has_expiry = coin(r),
		.sentences = texts(a, r, below(r, 4))};

	if (m.next == NEXT_NOTHING)
		m.error = error(a, r);
	m.next_number = m.next == NEXT_QUEUED ? any_u64(r) : 0;
	m.left = m.has_left ? any_u64(r) : 0;
	m.expiry_ms = m.has_expiry ? any_u64(r) : 0;
	m.expiry_number = m.has_expiry ? any_u64(r) : 0;
	return m;
}

static struct msg_replay_reply replay_reply(struct arena *a, struct rng *r)
{
	struct msg_replay_reply m = {.n = below(r, 6), .more = coin(r), .same_build = coin(r)};
	struct msg_replayed *p = ARENA_ARRAY(a, struct msg_replayed, m.n);

	for (int i = 0; i < m.n; i++) {
		p[i] = (struct msg_replayed){
			any_u64(r), any_u64(r), coin(r), below(r, 4), NULL, below(r, 4), NULL};
		p[i].recorded = named(a, r, p[i].n_recorded);
		p[i].computed = named(a, r, p[i].n_computed);
	}
	m.suggestions = p;
	m.next_seq = m.more ? any_u64(r) : 0;
	return m;
}

static struct msg_list_studies_reply list_studies_reply(struct arena *a, struct rng *r)
{
	struct msg_list_studies_reply m = {.n = below(r, 4), .more = coin(r)};
	struct msg_study *s = ARENA_ARRAY(a, struct msg_study, m.n);

	for (int i = 0; i < m.n; i++)
		s[i] = study(a, r);
	m.studies = s;
	return m;
}

struct msg_reply random_reply(struct arena *a, struct rng *r, enum method method)
{
	struct msg_reply m = {.method = method, .is_error = below(r, 8) == 0};
	int n = below(r, 6);

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
	case METHOD_DELETE_STUDY: m.u.study = (struct msg_study_reply){study(a, r), coin(r)}; break;
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
			n, trials(a, r, n), coin(r), any_u64(r), any_u64(r)};
		break;
	case METHOD_BEST: m.u.best.trial = coin(r) ? trials(a, r, 1) : NULL; break;
	case METHOD_PREDICT: m.u.predict = predict_reply(a, r); break;
	case METHOD_REPLAY: m.u.replay = replay_reply(a, r); break;
	case METHOD_REPORT:
		m.u.report = (struct msg_report_reply){rng_below(r, 5), maybe_text(a, r), any_u64(r)};
		break;
	case METHOD_WHY: m.u.why = why_reply(a, r); break;
	case METHOD_SERVER_BACKUP: m.u.server_backup.bytes = any_u64(r); break;
	}
	return m;
}

/* ---- records ---- */

static struct record_updated updated(struct arena *a, struct rng *r)
{
	struct record_updated m = {.state = rng_below(r, 5),
		.has_budget = coin(r),
		.no_budget = coin(r),
		.has_lease = coin(r),
		.on_expiry = rng_below(r, 3),
		.has_retry_limit = coin(r),
		.has_labels = coin(r)};

	m.budget = m.has_budget ? any_u64(r) : 0;
	m.lease_s = m.has_lease ? 1e-3 + rng_uniform(r) : 0;
	m.retry_limit = m.has_retry_limit ? any_u32(r) : 0;
	if (m.has_labels)
		m.labels = labels(a, r);
	return m;
}

static struct record_job job(struct arena *a, struct rng *r)
{
	struct record_job j = {.snapshot_seq = any_u64(r),
		.first_number = any_u64(r),
		.n_slots = rng_below(r, 8),
		.first_slot = any_u32(r),
		.n_fixed = below(r, 20),
		.n_state_in = below(r, 30),
		.n_state_out = below(r, 30),
		.units = any_u32(r),
		.cut = coin(r),
		.build = maybe_text(a, r)};
	uint64_t *numbers = ARENA_ARRAY(a, uint64_t, j.n_slots);

	j.fixed = reals(a, r, j.n_fixed, any_real);
	j.state_in = reals(a, r, j.n_state_in, any_real);
	j.state_out = reals(a, r, j.n_state_out, any_real);
	j.n_numbers = coin(r) ? (int)j.n_slots : 0;
	for (int i = 0; i < j.n_numbers; i++)
		numbers[i] = any_u64(r);
	j.numbers = numbers;
	return j;
}

static struct record_suggested suggested(struct arena *a, struct rng *r)
{
	int n = 1 + below(r, 5);
	struct record_given *g = ARENA_ARRAY(a, struct record_given, n);
	struct record_suggested m = {.n_trials = n,
		.trials = g,
		.job = job(a, r),
		.worker = maybe_name(a, r),
		.has_session = coin(r)};

	for (int i = 0; i < n; i++) {
		int d = below(r, 10);

		g[i] = (struct record_given){.number = any_u64(r),
			.n_values = d,
			.values = reals(a, r, d, finite_or_nan),
			.attempt = any_u32(r),
			.lease_ms = any_u64(r),
			.why = why(r)};
		fill_id(r, g[i].token);
	}
	if (m.has_session)
		fill_id(r, m.session);
	return m;
}

static struct record_ended ended(struct arena *a, struct rng *r)
{
	int n = 1 + below(r, 5);
	struct record_outcome *o = ARENA_ARRAY(a, struct record_outcome, n);

	for (int i = 0; i < n; i++) {
		int k = below(r, 3), n_sems = coin(r) ? k : 0;

		o[i] = (struct record_outcome){.number = any_u64(r),
			.state = TRIAL_QUEUED + rng_below(r, 8),
			.n_values = k,
			.values = reals(a, r, k, any_finite),
			.reason = maybe_text(a, r),
			.late = coin(r),
			.n_sems = n_sems,
			.sems = reals(a, r, n_sems, any_sem)};
	}
	return (struct record_ended){n, o};
}

static struct record_added added(struct arena *a, struct rng *r)
{
	int n = 1 + below(r, 5);
	struct record_added_trial *t = ARENA_ARRAY(a, struct record_added_trial, n);

	for (int i = 0; i < n; i++) {
		int d = below(r, 10), k = below(r, 3), n_sems = coin(r) ? k : 0;

		t[i] = (struct record_added_trial){.n_values = d,
			.values = reals(a, r, d, finite_or_nan),
			.n_metrics = k,
			.metrics = reals(a, r, k, any_finite),
			.reason = maybe_text(a, r),
			.n_sems = n_sems,
			.sems = reals(a, r, n_sems, any_sem),
			.labels = labels(a, r),
			.note = maybe_text(a, r)};
	}
	return (struct record_added){any_u64(r), n, t};
}

static struct record_reported reported(struct rng *r)
{
	return (struct record_reported){.number = any_u64(r),
		.step = (int64_t)rng_u64(r),
		.value = any_finite(r),
		.stop = rng_below(r, 5)};
}

static struct record_edited edited(struct arena *a, struct rng *r)
{
	struct record_edited m = {.number = any_u64(r),
		.n_values = below(r, 3),
		.has_excluded = coin(r),
		.note = maybe_text(a, r),
		.has_labels = coin(r),
		.deleted = coin(r)};

	m.n_sems = coin(r) ? m.n_values : 0;
	m.values = reals(a, r, m.n_values, any_finite);
	m.sems = reals(a, r, m.n_sems, any_sem);
	m.excluded = m.has_excluded && coin(r);
	if (m.has_labels)
		m.labels = labels(a, r);
	return m;
}

static struct record_stale stale(struct arena *a, struct rng *r)
{
	struct record_stale m = {.number = any_u64(r),
		.attempt = any_u32(r),
		.n_values = below(r, 3),
		.worker = maybe_name(a, r)};

	m.n_sems = coin(r) ? m.n_values : 0;
	m.values = reals(a, r, m.n_values, any_real);
	m.sems = reals(a, r, m.n_sems, any_sem);
	return m;
}

struct record random_record(struct arena *a, struct rng *r, enum record_kind kind)
{
	struct record rec = {.kind = kind};

	switch (kind) {
	case RECORD_STUDY_CREATED:
		rec.u.created = (struct record_created){name(a, r, 0), spec(a, r)};
		break;
	case RECORD_STUDY_UPDATED: rec.u.updated = updated(a, r); break;
	case RECORD_SUGGESTED: rec.u.suggested = suggested(a, r); break;
	case RECORD_ENDED: rec.u.ended = ended(a, r); break;
	case RECORD_ADDED: rec.u.added = added(a, r); break;
	case RECORD_ENQUEUED: rec.u.enqueued = added(a, r); break;
	case RECORD_REPORTED: rec.u.reported = reported(r); break;
	case RECORD_EDITED: rec.u.edited = edited(a, r); break;
	case RECORD_STALE: rec.u.stale = stale(a, r); break;
	}
	return rec;
}
