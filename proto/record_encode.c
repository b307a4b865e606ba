/* Records to bytes: one function a kind, NULL without memory. */
#include "proto/encode_part.h"
#include "proto/record.h"
#include "proto/record.pb-c.h"

/* Packed numbers are borrowed. */
#define SET_NUMBERS(pb, field, n, p) \
	((pb)->n_##field = (size_t)(n), (pb)->field = (double *)(uintptr_t)(p))

static void *make_source(struct arena *a, const void *item)
{
	const struct record_source *r = item;
	Kriged__Record__Source *pb = NEW(a, Kriged__Record__Source, KRIGED__RECORD__SOURCE__INIT);

	if (!pb)
		return NULL;
	SET_IF(pb, maximize, r->maximize, true);
	SET_NUMBERS(pb, values, r->n_values, r->values);
	SET_NUMBERS(pb, outcomes, r->n_outcomes, r->outcomes);
	pb->what = encode_part__warm_start(a, &r->what);
	return pb->what ? pb : NULL;
}

static ProtobufCMessage *make_created(struct arena *a, const struct record_created *r)
{
	Kriged__Record__StudyCreated *pb = NEW(
		a, Kriged__Record__StudyCreated, KRIGED__RECORD__STUDY_CREATED__INIT);

	if (!pb || !LIST(a, pb, sources, r->n_sources, r->sources, make_source))
		return NULL;
	SET_TEXT(pb, name, r->name);
	pb->spec = encode_part__spec(a, &r->spec);
	return pb->spec ? &pb->base : NULL;
}

static ProtobufCMessage *make_updated(struct arena *a, const struct record_updated *r)
{
	Kriged__Record__StudyUpdated *pb = NEW(
		a, Kriged__Record__StudyUpdated, KRIGED__RECORD__STUDY_UPDATED__INIT);

	if (!pb || !LIST(a, pb, labels, r->labels.n, r->labels.p, encode_part__named))
		return NULL;
	SET_IF(pb, state, r->state != 0, (uint32_t)r->state);
	SET_IF(pb, budget, r->has_budget, r->budget);
	SET_IF(pb, no_budget, r->no_budget, true);
	SET_IF(pb, lease_s, r->has_lease, r->lease_s);
	SET_IF(pb, on_expiry, r->on_expiry != 0, (uint32_t)r->on_expiry);
	SET_IF(pb, retry_limit, r->has_retry_limit, r->retry_limit);
	SET_IF(pb, has_labels, r->has_labels, true);
	SET_TEXT(pb, reason, r->reason);
	SET_ACQUISITION(pb, &r->acquisition);
	if (r->has_stop && !(pb->stop = encode_part__stop(a, &r->stop)))
		return NULL;
	return &pb->base;
}

static void *make_given(struct arena *a, const void *item)
{
	const struct record_given *r = item;
	Kriged__Record__GivenTrial *pb = NEW(
		a, Kriged__Record__GivenTrial, KRIGED__RECORD__GIVEN_TRIAL__INIT);

	if (!pb)
		return NULL;
	SET(pb, number, r->number);
	SET_NUMBERS(pb, values, r->n_values, r->values);
	SET(pb, attempt, r->attempt);
	SET(pb, token, encode_part__id(r->token));
	SET(pb, lease_ms, r->lease_ms);
	if (encode_part__has_why(&r->why) && !(pb->why = encode_part__why(a, &r->why)))
		return NULL;
	return pb;
}

static Kriged__Record__Job *make_job(struct arena *a, const struct record_job *r)
{
	Kriged__Record__Job *pb = NEW(a, Kriged__Record__Job, KRIGED__RECORD__JOB__INIT);

	if (!pb || !LIST(a, pb, models, r->models.n, r->models.p, encode_part__model))
		return NULL;
	SET(pb, snapshot_seq, r->snapshot_seq);
	SET(pb, first_number, r->first_number);
	SET(pb, n_slots, r->n_slots);
	SET(pb, first_slot, r->first_slot);
	SET_NUMBERS(pb, fixed, r->n_fixed, r->fixed);
	SET_NUMBERS(pb, state_in, r->n_state_in, r->state_in);
	SET_NUMBERS(pb, state_out, r->n_state_out, r->state_out);
	SET(pb, units, r->units);
	SET_IF(pb, cut, r->cut, true);
	SET_TEXT(pb, build, r->build);
	pb->n_numbers = (size_t)r->n_numbers;
	pb->numbers = (uint64_t *)(uintptr_t)r->numbers;
	SET_IF(pb, expected_gain, r->has_outlook, r->outlook.expected_gain);
	SET_IF(pb, gain, r->has_outlook, r->outlook.gain);
	SET_IF(pb, p_gain, r->has_outlook, r->outlook.p_gain);
	return pb;
}

static ProtobufCMessage *make_suggested(struct arena *a, const struct record_suggested *r)
{
	Kriged__Record__Suggested *pb = NEW(
		a, Kriged__Record__Suggested, KRIGED__RECORD__SUGGESTED__INIT);

	if (!pb || !LIST(a, pb, trials, r->n_trials, r->trials, make_given))
		return NULL;
	SET_TEXT(pb, worker, r->worker);
	SET_IF(pb, session, r->has_session, encode_part__id(r->session));
	pb->job = make_job(a, &r->job);
	return pb->job ? &pb->base : NULL;
}

static void *make_outcome(struct arena *a, const void *item)
{
	const struct record_outcome *r = item;
	Kriged__Record__Outcome *pb = NEW(a, Kriged__Record__Outcome, KRIGED__RECORD__OUTCOME__INIT);

	if (!pb)
		return NULL;
	SET(pb, number, r->number);
	SET(pb, state, (uint32_t)r->state);
	SET_NUMBERS(pb, values, r->n_values, r->values);
	SET_TEXT(pb, reason, r->reason);
	SET_IF(pb, late, r->late, true);
	SET_IF(pb, attempt, r->attempt != 0, r->attempt);
	SET_NUMBERS(pb, sems, r->n_sems, r->sems);
	return pb;
}

static ProtobufCMessage *make_ended(struct arena *a, const struct record_ended *r)
{
	Kriged__Record__Ended *pb = NEW(a, Kriged__Record__Ended, KRIGED__RECORD__ENDED__INIT);

	if (!pb || !LIST(a, pb, outcomes, r->n, r->outcomes, make_outcome))
		return NULL;
	return &pb->base;
}

static void *make_added_trial(struct arena *a, const void *item)
{
	const struct record_added_trial *r = item;
	Kriged__Record__AddedTrial *pb = NEW(
		a, Kriged__Record__AddedTrial, KRIGED__RECORD__ADDED_TRIAL__INIT);

	if (!pb || !LIST(a, pb, labels, r->labels.n, r->labels.p, encode_part__named))
		return NULL;
	SET_NUMBERS(pb, values, r->n_values, r->values);
	SET_NUMBERS(pb, metrics, r->n_metrics, r->metrics);
	SET_TEXT(pb, reason, r->reason);
	SET_NUMBERS(pb, sems, r->n_sems, r->sems);
	SET_TEXT(pb, note, r->note);
	return pb;
}

static ProtobufCMessage *make_added(struct arena *a, const struct record_added *r)
{
	Kriged__Record__Added *pb = NEW(a, Kriged__Record__Added, KRIGED__RECORD__ADDED__INIT);

	if (!pb || !LIST(a, pb, trials, r->n, r->trials, make_added_trial))
		return NULL;
	SET(pb, first_number, r->first_number);
	return &pb->base;
}

static ProtobufCMessage *make_enqueued(struct arena *a, const struct record_added *r)
{
	Kriged__Record__Enqueued *pb = NEW(a, Kriged__Record__Enqueued, KRIGED__RECORD__ENQUEUED__INIT);

	if (!pb || !LIST(a, pb, trials, r->n, r->trials, make_added_trial))
		return NULL;
	SET(pb, first_number, r->first_number);
	return &pb->base;
}

static ProtobufCMessage *make_reported(struct arena *a, const struct record_reported *r)
{
	Kriged__Record__Reported *pb = NEW(a, Kriged__Record__Reported, KRIGED__RECORD__REPORTED__INIT);

	if (!pb)
		return NULL;
	SET(pb, number, r->number);
	SET(pb, step, r->step);
	SET(pb, value, r->value);
	SET_IF(pb, stop, r->stop != STOP_NONE, (uint32_t)r->stop);
	return &pb->base;
}

static ProtobufCMessage *make_edited(struct arena *a, const struct record_edited *r)
{
	Kriged__Record__Edited *pb = NEW(a, Kriged__Record__Edited, KRIGED__RECORD__EDITED__INIT);

	if (!pb || !LIST(a, pb, labels, r->labels.n, r->labels.p, encode_part__named))
		return NULL;
	SET(pb, number, r->number);
	SET_NUMBERS(pb, values, r->n_values, r->values);
	SET_NUMBERS(pb, sems, r->n_sems, r->sems);
	SET_IF(pb, excluded, r->has_excluded, r->excluded);
	SET_TEXT(pb, note, r->note);
	SET_IF(pb, has_labels, r->has_labels, true);
	SET_IF(pb, deleted, r->deleted, true);
	return &pb->base;
}

static ProtobufCMessage *make_stale(struct arena *a, const struct record_stale *r)
{
	Kriged__Record__Stale *pb = NEW(a, Kriged__Record__Stale, KRIGED__RECORD__STALE__INIT);

	if (!pb)
		return NULL;
	SET(pb, number, r->number);
	SET_IF(pb, attempt, r->attempt != 0, r->attempt);
	SET_NUMBERS(pb, values, r->n_values, r->values);
	SET_NUMBERS(pb, sems, r->n_sems, r->sems);
	SET_TEXT(pb, worker, r->worker);
	return &pb->base;
}

enum kr_status record_encode(
	struct bytes *out, const struct record *r, struct arena *a, struct kr_error *err)
{
	const ProtobufCMessage *pb = NULL;

	switch (r->kind) {
	case RECORD_STUDY_CREATED: pb = make_created(a, &r->u.created); break;
	case RECORD_STUDY_UPDATED: pb = make_updated(a, &r->u.updated); break;
	case RECORD_SUGGESTED: pb = make_suggested(a, &r->u.suggested); break;
	case RECORD_ENDED: pb = make_ended(a, &r->u.ended); break;
	case RECORD_ADDED: pb = make_added(a, &r->u.added); break;
	case RECORD_ENQUEUED: pb = make_enqueued(a, &r->u.enqueued); break;
	case RECORD_REPORTED: pb = make_reported(a, &r->u.reported); break;
	case RECORD_EDITED: pb = make_edited(a, &r->u.edited); break;
	case RECORD_STALE: pb = make_stale(a, &r->u.stale); break;
	}
	return encode_part__pack(out, pb, SIZE_MAX, a, err);
}
