#include "tests/proto/any.h"
#include "tests/proto/random_msg.h"

static struct record_updated updated(struct arena *a, struct rng *r)
{
	struct record_updated m = {.state = rng_below(r, 5),
		.has_budget = any_coin(r),
		.no_budget = any_coin(r),
		.has_lease = any_coin(r),
		.on_expiry = rng_below(r, 3),
		.has_retry_limit = any_coin(r),
		.has_labels = any_coin(r)};

	m.budget = m.has_budget ? any_u64(r) : 0;
	m.lease_s = m.has_lease ? 1e-3 + rng_uniform(r) : 0;
	m.retry_limit = m.has_retry_limit ? any_u32(r) : 0;
	m.has_stop = any_coin(r);
	if (m.has_stop)
		m.stop = any_stop(r);
	m.acquisition = any_acquisition(a, r);
	m.reason = any_maybe_text(a, r);
	if (m.has_labels)
		m.labels = any_labels(a, r);
	return m;
}

static struct record_job job(struct arena *a, struct rng *r)
{
	struct record_job j = {.snapshot_seq = any_u64(r),
		.first_number = any_u64(r),
		.n_slots = rng_below(r, 8),
		.first_slot = any_u32(r),
		.n_fixed = any_below(r, 20),
		.n_state_in = any_below(r, 30),
		.n_state_out = any_below(r, 30),
		.units = any_u32(r),
		.cut = any_coin(r),
		.build = any_maybe_text(a, r)};
	uint64_t *numbers = ARENA_ARRAY(a, uint64_t, j.n_slots);

	j.fixed = any_reals(a, r, j.n_fixed, any_real);
	j.state_in = any_reals(a, r, j.n_state_in, any_real);
	j.state_out = any_reals(a, r, j.n_state_out, any_real);
	j.n_numbers = any_coin(r) ? (int)j.n_slots : 0;
	for (int i = 0; i < j.n_numbers; i++)
		numbers[i] = any_u64(r);
	j.numbers = numbers;
	j.models = any_models(a, r);
	j.has_outlook = any_coin(r);
	if (j.has_outlook)
		j.outlook = (struct msg_outlook){0, any_real(r), any_real(r), any_real(r)};
	return j;
}

static struct record_suggested suggested(struct arena *a, struct rng *r)
{
	int n = 1 + any_below(r, 5);
	struct record_given *g = ARENA_ARRAY(a, struct record_given, n);
	struct record_suggested m = {.n_trials = n,
		.trials = g,
		.job = job(a, r),
		.worker = any_maybe_name(a, r),
		.has_session = any_coin(r)};

	for (int i = 0; i < n; i++) {
		int d = any_below(r, 10);

		g[i] = (struct record_given){.number = any_u64(r),
			.n_values = d,
			.values = any_reals(a, r, d, any_finite_or_nan),
			.attempt = any_u32(r),
			.lease_ms = any_u64(r),
			.why = any_why(a, r)};
		any_id(r, g[i].token);
	}
	if (m.has_session)
		any_id(r, m.session);
	return m;
}

static struct record_ended ended(struct arena *a, struct rng *r)
{
	int n = 1 + any_below(r, 5);
	struct record_outcome *o = ARENA_ARRAY(a, struct record_outcome, n);

	for (int i = 0; i < n; i++) {
		int k = any_below(r, 3), n_sems = any_coin(r) ? k : 0;

		o[i] = (struct record_outcome){.number = any_u64(r),
			.state = TRIAL_QUEUED + rng_below(r, 8),
			.n_values = k,
			.values = any_reals(a, r, k, any_finite),
			.reason = any_maybe_text(a, r),
			.late = any_coin(r),
			.n_sems = n_sems,
			.sems = any_reals(a, r, n_sems, any_sem),
			.attempt = (uint32_t)any_below(r, 3)};
	}
	return (struct record_ended){n, o};
}

static struct record_added added(struct arena *a, struct rng *r)
{
	int n = 1 + any_below(r, 5);
	struct record_added_trial *t = ARENA_ARRAY(a, struct record_added_trial, n);

	for (int i = 0; i < n; i++) {
		int d = any_below(r, 10), k = any_below(r, 3), n_sems = any_coin(r) ? k : 0;

		t[i] = (struct record_added_trial){.n_values = d,
			.values = any_reals(a, r, d, any_finite_or_nan),
			.n_metrics = k,
			.metrics = any_reals(a, r, k, any_finite),
			.reason = any_maybe_text(a, r),
			.n_sems = n_sems,
			.sems = any_reals(a, r, n_sems, any_sem),
			.labels = any_labels(a, r),
			.note = any_maybe_text(a, r)};
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
		.n_values = any_below(r, 3),
		.has_excluded = any_coin(r),
		.note = any_maybe_text(a, r),
		.has_labels = any_coin(r),
		.deleted = any_coin(r)};

	m.n_sems = any_coin(r) ? m.n_values : 0;
	m.values = any_reals(a, r, m.n_values, any_finite);
	m.sems = any_reals(a, r, m.n_sems, any_sem);
	m.excluded = m.has_excluded && any_coin(r);
	if (m.has_labels)
		m.labels = any_labels(a, r);
	return m;
}

static struct record_stale stale(struct arena *a, struct rng *r)
{
	struct record_stale m = {.number = any_u64(r),
		.attempt = any_u32(r),
		.n_values = any_below(r, 3),
		.worker = any_maybe_name(a, r)};

	m.n_sems = any_coin(r) ? m.n_values : 0;
	m.values = any_reals(a, r, m.n_values, any_real);
	m.sems = any_reals(a, r, m.n_sems, any_sem);
	return m;
}

static const struct record_source *sources(struct arena *a, struct rng *r, int n)
{
	struct record_source *m = ARENA_ARRAY(a, struct record_source, n);

	for (int i = 0; i < n; i++) {
		m[i] = (struct record_source){.what = any_warm_start(a, r, i),
			.maximize = any_coin(r),
			.n_values = any_below(r, 9),
			.n_outcomes = any_below(r, 4)};
		m[i].values = any_reals(a, r, m[i].n_values, any_finite);
		m[i].outcomes = any_reals(a, r, m[i].n_outcomes, any_finite);
	}
	return m;
}

struct record random_record(struct arena *a, struct rng *r, enum record_kind kind)
{
	struct record rec = {.kind = kind};

	switch (kind) {
	case RECORD_STUDY_CREATED:
		rec.u.created = (struct record_created){.name = any_name(a, r, 0), .spec = any_spec(a, r)};
		rec.u.created.n_sources = any_below(r, 3);
		rec.u.created.sources = sources(a, r, rec.u.created.n_sources);
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
