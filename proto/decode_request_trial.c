/* Requests that give out, end or change trials. */
#include <inttypes.h>

#include "proto/decode_request.h"
#include "proto/limits.h"

enum kr_status decode_request__suggest(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__SuggestRequest *pb = item;
	struct msg_suggest *m = &out->u.suggest;
	const char *later = pb->n_context ? "context" : pb->n_fidelity ? "fidelity" : NULL;
	enum kr_status st = READ_STUDY(d, pb, m);

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
	if (st == KR_OK)
		st = decode_part__wait_ms(d, pb->has_wait_ms, pb->wait_ms, &m->wait_ms);
	return st != KR_OK
		? st
		: decode_part__named(d, NULL, "fixed", pb->n_fixed, pb->fixed, &m->n_fixed, &m->fixed);
}

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
		return decode_part__missing(d, PLACE(at, "number"), "give the number of the trial");
	if (pb->n_values == 0)
		return decode_part__fail(d, PLACE(at, "values"), KR_INVALID_ARGUMENT,
			"is empty; give the value of the objective");
	m->number = pb->number;
	st = read_trial_lease(d, PLACE(at, "lease"), pb->lease, pb->number, &m->lease);
	return st != KR_OK
		? st
		: decode_value__list(d, at, pb->n_values, pb->values, &m->n_values, &m->values);
}

enum kr_status decode_request__observe(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ObserveRequest *pb = item;
	struct msg_observe *m = &out->u.observe;
	struct decoder values = *d;
	enum kr_status st = READ_STUDY(d, pb, m);

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

enum kr_status decode_request__fail_trial(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__FailTrialRequest *pb = item;
	struct msg_fail_trial *m = &out->u.fail_trial;
	unsigned state = TRIAL_FAILED;
	enum kr_status st = READ_STUDY(d, pb, m);

	if (st != KR_OK)
		return st;
	if (!pb->has_number)
		return decode_part__missing(d, AT("number"), "give the number of the trial");
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
	return decode_part__reason(d, pb->has_reason, pb->reason, &m->reason);
}

enum kr_status decode_request__heartbeat(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__HeartbeatRequest *pb = item;
	struct msg_heartbeat *m = &out->u.heartbeat;
	enum kr_status st = READ_STUDY(d, pb, m);

	if (st != KR_OK)
		return st;
	if (pb->n_leases == 0)
		return decode_part__fail(
			d, AT("leases"), KR_INVALID_ARGUMENT, "is empty; give at least one lease");
	return decode_part__list(d, NULL, "leases", pb->n_leases, (void *const *)pb->leases,
		LIMIT_BATCH, sizeof(*m->leases), decode_part__lease, &m->n, &m->leases);
}

/* ---- points ---- */

enum kr_status decode_request__points(const struct decoder *d, size_t n, Kriged__Point *const *pb,
	decode_part__reader *read, int *n_out, const struct msg_point **out)
{
	if (n == 0)
		return decode_part__fail(
			d, AT("points"), KR_INVALID_ARGUMENT, "is empty; give at least one point");
	return decode_part__list(
		d, NULL, "points", n, (void *const *)pb, LIMIT_BATCH, sizeof(**out), read, n_out, out);
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

enum kr_status decode_request__add_trials(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__AddTrialsRequest *pb = item;
	struct msg_add_trials *m = &out->u.add_trials;
	struct decoder values = *d;
	enum kr_status st = READ_STUDY(d, pb, m);

	values.nonfinite = true;
	return st == KR_OK ? decode_request__points(
							 &values, pb->n_points, pb->points, read_told_point, &m->n, &m->points)
					   : st;
}

static enum kr_status read_wished_point(
	const struct decoder *d, const struct place *at, const void *item, void *out)
{
	const Kriged__Point *pb = item;

	if (pb->n_params == 0)
		return decode_part__fail(d, PLACE(at, "params"), KR_INVALID_ARGUMENT,
			"is empty; give a value for at least one parameter");
	if (pb->n_values)
		return decode_part__fail(d, PLACE(at, "values"), KR_INVALID_ARGUMENT,
			"has %zu entries; a point to try has none (AddTrials takes results)", pb->n_values);
	return decode_part__point(d, at, pb, out);
}

enum kr_status decode_request__enqueue(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__EnqueueRequest *pb = item;
	struct msg_add_trials *m = &out->u.enqueue;
	enum kr_status st = READ_STUDY(d, pb, m);

	return st == KR_OK
		? decode_request__points(d, pb->n_points, pb->points, read_wished_point, &m->n, &m->points)
		: st;
}

/* ---- a trial of that number ---- */

static enum kr_status read_number(
	const struct decoder *d, protobuf_c_boolean has, uint64_t pb, uint64_t *out)
{
	*out = pb;
	return has ? KR_OK : decode_part__missing(d, AT("number"), "give the number of the trial");
}

enum kr_status decode_request__release(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ReleaseRequest *pb = item;
	struct msg_trial_ref *m = &out->u.release;
	enum kr_status st = READ_STUDY(d, pb, m);

	if (st == KR_OK)
		st = read_number(d, pb->has_number, pb->number, &m->number);
	if (st == KR_OK)
		st = read_trial_lease(d, AT("lease"), pb->lease, pb->number, &m->lease);
	return st == KR_OK ? decode_part__reason(d, pb->has_reason, pb->reason, &m->reason) : st;
}

enum kr_status decode_request__cancel_trial(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__CancelTrialRequest *pb = item;
	struct msg_trial_ref *m = &out->u.cancel_trial;
	enum kr_status st = READ_STUDY(d, pb, m);

	if (st == KR_OK)
		st = read_number(d, pb->has_number, pb->number, &m->number);
	m->lease.number = m->number;
	return st == KR_OK ? decode_part__reason(d, pb->has_reason, pb->reason, &m->reason) : st;
}

enum kr_status decode_request__report(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ReportRequest *pb = item;
	struct msg_report *m = &out->u.report;
	enum kr_status st = READ_STUDY(d, pb, m);

	if (st == KR_OK)
		st = read_number(d, pb->has_number, pb->number, &m->number);
	if (st == KR_OK)
		st = read_trial_lease(d, AT("lease"), pb->lease, pb->number, &m->lease);
	if (st != KR_OK)
		return st;
	if (!pb->has_step)
		return decode_part__missing(d, AT("step"), "give how far the trial is, as an integer");
	if (!pb->has_value)
		return decode_part__missing(d, AT("value"), "give the objective at that step");
	m->step = pb->step;
	m->value = pb->value;
	return decode_part__finite(d, AT("value"), pb->value);
}

enum kr_status decode_request__edit_trial(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__EditTrialRequest *pb = item;
	struct msg_edit_trial *m = &out->u.edit_trial;
	enum kr_status st = READ_STUDY(d, pb, m);

	if (st == KR_OK)
		st = read_number(d, pb->has_number, pb->number, &m->number);
	if (st == KR_OK)
		st = decode_value__list(d, NULL, pb->n_values, pb->values, &m->n_values, &m->values);
	if (st == KR_OK)
		st = decode_part__note(d, NULL, pb->has_note, pb->note, &m->note);
	if (st == KR_OK)
		st = decode_part__label_change(d, NULL, pb->n_labels, pb->labels, pb->n_remove_labels,
			pb->remove_labels, &m->labels, &m->remove_labels);
	m->has_excluded = pb->has_excluded;
	m->excluded = pb->excluded;
	if (st != KR_OK || m->n_values || m->has_excluded || m->note || m->labels.n ||
		m->remove_labels.n)
		return st;
	return decode_part__missing(d, AT("values"),
		"there is nothing to change: give values, excluded, note, labels or remove_labels");
}

enum kr_status decode_request__delete_trial(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__DeleteTrialRequest *pb = item;
	struct msg_get_trial *m = &out->u.delete_trial;
	enum kr_status st = READ_STUDY(d, pb, m);

	return st == KR_OK ? read_number(d, pb->has_number, pb->number, &m->number) : st;
}
