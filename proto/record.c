#include "proto/record.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "proto/decode_part.h"
#include "proto/encode_part.h"
#include "proto/record.pb-c.h"

/* ---- to bytes: one function a kind, NULL without memory ---- */

/* Packed numbers are borrowed. */
#define SET_NUMBERS(pb, field, n, p) \
	((pb)->n_##field = (size_t)(n), (pb)->field = (double *)(uintptr_t)(p))

static ProtobufCMessage *make_created(struct arena *a, const struct record_created *r)
{
	Kriged__Record__StudyCreated *pb = NEW(
		a, Kriged__Record__StudyCreated, KRIGED__RECORD__STUDY_CREATED__INIT);

	if (!pb)
		return NULL;
	SET_TEXT(pb, name, r->name);
	pb->spec = encode_part__spec(a, &r->spec);
	return pb->spec ? &pb->base : NULL;
}

static ProtobufCMessage *make_updated(struct arena *a, const struct record_updated *r)
{
	Kriged__Record__StudyUpdated *pb = NEW(
		a, Kriged__Record__StudyUpdated, KRIGED__RECORD__STUDY_UPDATED__INIT);

	if (!pb)
		return NULL;
	SET_IF(pb, state, r->state != 0, (uint32_t)r->state);
	SET_IF(pb, budget, r->has_budget, r->budget);
	SET_IF(pb, no_budget, r->no_budget, true);
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

	if (!pb)
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
	return pb;
}

static ProtobufCMessage *make_suggested(struct arena *a, const struct record_suggested *r)
{
	Kriged__Record__Suggested *pb = NEW(
		a, Kriged__Record__Suggested, KRIGED__RECORD__SUGGESTED__INIT);

	if (!pb || !LIST(a, pb, trials, r->n_trials, r->trials, make_given))
		return NULL;
	SET_TEXT(pb, worker, r->worker);
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

	if (!pb)
		return NULL;
	SET_NUMBERS(pb, values, r->n_values, r->values);
	SET_NUMBERS(pb, metrics, r->n_metrics, r->metrics);
	SET_TEXT(pb, reason, r->reason);
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
	case RECORD_ENQUEUED:
	case RECORD_REPORTED:
	case RECORD_EDITED:
	case RECORD_STALE: break;
	}
	return encode_part__pack(out, pb, SIZE_MAX, a, err);
}

/* ---- from bytes ---- */

#define AT(name) PLACE(NULL, name)

static enum kr_status damaged(const struct decoder *d, const struct place *at, const char *what)
{
	return decode_part__fail(d, at, KR_ECORRUPT, "%s", what);
}

/* The coordinates of a point. */
static enum kr_status check_point(
	const struct decoder *d, const struct place *at, size_t n, const double *values)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(values[i]))
			return damaged(d, PLACE_AT(at, "values", (int)i), "is not finite");
	return KR_OK;
}

static enum kr_status read_created(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__StudyCreated *pb = item;
	struct record_created *r = &out->u.created;
	enum kr_status st = decode_part__required_name(d, AT("name"), pb->has_name, pb->name, &r->name);

	if (st != KR_OK)
		return st;
	return pb->spec ? decode_spec__read(d, AT("spec"), pb->spec, &r->spec)
					: damaged(d, AT("spec"), "is missing");
}

static enum kr_status read_updated(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__StudyUpdated *pb = item;
	struct record_updated *r = &out->u.updated;
	unsigned state = 0;
	enum kr_status st = KR_OK;

	if (pb->has_state)
		st = decode_part__enum(
			d, AT("state"), &kriged__study_state__descriptor, (int)pb->state, &state);
	r->state = state;
	r->has_budget = pb->has_budget;
	r->budget = pb->budget;
	r->no_budget = pb->no_budget;
	return st;
}

static enum kr_status read_given(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Record__GivenTrial *pb = item;
	struct record_given *r = out_item;
	bool has_token;
	enum kr_status st = decode_part__id(
		d, PLACE(at, "token"), pb->has_token, pb->token, &has_token, r->token);

	if (st == KR_OK && !has_token)
		return damaged(d, PLACE(at, "token"), "is missing");
	if (st == KR_OK && !pb->has_number)
		return damaged(d, PLACE(at, "number"), "is missing");
	if (st == KR_OK)
		st = check_point(d, at, pb->n_values, pb->values);
	if (st == KR_OK)
		st = decode_part__why(d, PLACE(at, "why"), pb->why, &r->why);
	r->number = pb->number;
	r->n_values = (int)pb->n_values;
	r->values = pb->values;
	r->attempt = pb->attempt;
	r->lease_ms = pb->lease_ms;
	return st;
}

static enum kr_status read_job(const struct decoder *d, const struct place *at,
	const Kriged__Record__Job *pb, struct record_job *r)
{
	r->snapshot_seq = pb->snapshot_seq;
	r->first_number = pb->first_number;
	r->n_slots = pb->n_slots;
	r->first_slot = pb->first_slot;
	r->n_fixed = (int)pb->n_fixed;
	r->fixed = pb->fixed;
	r->n_state_in = (int)pb->n_state_in;
	r->state_in = pb->state_in;
	r->n_state_out = (int)pb->n_state_out;
	r->state_out = pb->state_out;
	r->units = pb->units;
	r->cut = pb->cut;
	return decode_part__text(d, PLACE(at, "build"), pb->has_build, pb->build, SIZE_MAX, &r->build);
}

static enum kr_status read_suggested(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__Suggested *pb = item;
	struct record_suggested *r = &out->u.suggested;
	enum kr_status st = decode_part__list(d, NULL, "trials", pb->n_trials,
		(void *const *)pb->trials, INT32_MAX, sizeof(*r->trials), read_given, &r->n_trials,
		&r->trials);

	if (st == KR_OK)
		st = decode_part__name(d, AT("worker"), pb->has_worker, pb->worker, &r->worker);
	if (st != KR_OK)
		return st;
	return pb->job ? read_job(d, AT("job"), pb->job, &r->job) : damaged(d, AT("job"), "is missing");
}

static enum kr_status read_outcome(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Record__Outcome *pb = item;
	struct record_outcome *r = out_item;
	unsigned state = 0;
	enum kr_status st;

	if (!pb->has_number)
		return damaged(d, PLACE(at, "number"), "is missing");
	st = decode_part__enum(
		d, PLACE(at, "state"), &kriged__trial_state__descriptor, (int)pb->state, &state);
	r->number = pb->number;
	r->state = state;
	r->n_values = (int)pb->n_values;
	r->values = pb->values;
	r->late = pb->late;
	return st != KR_OK ? st
					   : decode_part__text(d, PLACE(at, "reason"), pb->has_reason, pb->reason,
							 SIZE_MAX, &r->reason);
}

static enum kr_status read_ended(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__Ended *pb = item;
	struct record_ended *r = &out->u.ended;

	return decode_part__list(d, NULL, "outcomes", pb->n_outcomes, (void *const *)pb->outcomes,
		INT32_MAX, sizeof(*r->outcomes), read_outcome, &r->n, &r->outcomes);
}

static enum kr_status read_added_trial(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Record__AddedTrial *pb = item;
	struct record_added_trial *r = out_item;
	enum kr_status st = check_point(d, at, pb->n_values, pb->values);

	r->n_values = (int)pb->n_values;
	r->values = pb->values;
	r->n_metrics = (int)pb->n_metrics;
	r->metrics = pb->metrics;
	return st != KR_OK ? st
					   : decode_part__text(d, PLACE(at, "reason"), pb->has_reason, pb->reason,
							 SIZE_MAX, &r->reason);
}

static enum kr_status read_added(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__Added *pb = item;
	struct record_added *r = &out->u.added;

	r->first_number = pb->first_number;
	if (!pb->has_first_number)
		return damaged(d, AT("first_number"), "is missing");
	return decode_part__list(d, NULL, "trials", pb->n_trials, (void *const *)pb->trials, INT32_MAX,
		sizeof(*r->trials), read_added_trial, &r->n, &r->trials);
}

static const struct row {
	const char *name;
	const ProtobufCMessageDescriptor *desc;
	enum kr_status (*read)(const struct decoder *d, const void *pb, struct record *out);
} rows[] = {
	[RECORD_STUDY_CREATED] = {"study_created", &kriged__record__study_created__descriptor,
		read_created},
	[RECORD_STUDY_UPDATED] = {"study_updated", &kriged__record__study_updated__descriptor,
		read_updated},
	[RECORD_SUGGESTED] = {"suggested", &kriged__record__suggested__descriptor, read_suggested},
	[RECORD_ENDED] = {"ended", &kriged__record__ended__descriptor, read_ended},
	[RECORD_ADDED] = {"added", &kriged__record__added__descriptor, read_added},
};

enum kr_status record_decode(struct record *out, unsigned kind, const void *data, size_t len,
	struct arena *a, struct kr_error *err)
{
	struct kr_error cause;
	const struct decoder d = {.a = a, .strict = true, .err = &cause};
	const struct row *row = kind > 0 && kind < sizeof(rows) / sizeof(*rows) ? &rows[kind] : NULL;
	enum kr_status st;
	const void *pb;

	memset(out, 0, sizeof(*out));
	if (!row)
		return kr_fail(err, KR_ECORRUPT,
			"record of kind %u is not known to this version of kriged (" KRIGED_VERSION ")", kind);
	out->kind = kind;
	pb = decode_part__unpack(&d, row->desc, data, len, KR_ECORRUPT);
	st = pb ? row->read(&d, pb, out) : cause.code;
	if (st == KR_OK)
		return KR_OK;
	if (st == KR_ENOMEM || arena_capped(a))
		return kr_fail(err, KR_ENOMEM, "memory ran out while reading a record");
	return kr_fail(err, KR_ECORRUPT, "record '%s': %s", row->name, cause.text);
}
