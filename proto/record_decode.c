/* Records from bytes. They are our own, but the file may be damaged: lengths that
 * others rely on, numbers and enums are checked. */
#include <math.h>
#include <string.h>

#include "proto/decode_part.h"
#include "proto/limits.h"
#include "proto/record.h"
#include "proto/record.pb-c.h"

#define AT(name) PLACE(NULL, name)

static enum kr_status damaged(const struct decoder *d, const struct place *at, const char *what)
{
	return decode_part__fail(d, at, KR_ECORRUPT, "%s", what);
}

/* The coordinates of a point: NaN where a parameter is inactive or free. */
static enum kr_status check_point(
	const struct decoder *d, const struct place *at, size_t n, const double *values)
{
	for (size_t i = 0; i < n; i++)
		if (isinf(values[i]))
			return damaged(d, PLACE_AT(at, "values", (int)i), "is infinite");
	return KR_OK;
}

/* Results by metric, in the list of that name. */
static enum kr_status check_metrics(const struct decoder *d, const struct place *at,
	const char *list, size_t n, const double *values)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(values[i]))
			return damaged(d, PLACE_AT(at, list, (int)i), "is not finite");
	return KR_OK;
}

/* Standard errors of n_values results: as many or none, NaN where there is none. */
static enum kr_status check_sems(
	const struct decoder *d, const struct place *at, size_t n_values, size_t n, const double *sems)
{
	if (n && n != n_values)
		return damaged(d, PLACE(at, "sems"), "is not as long as the results");
	for (size_t i = 0; i < n; i++)
		if (isinf(sems[i]) || sems[i] < 0)
			return damaged(d, PLACE_AT(at, "sems", (int)i), "is no standard error");
	return KR_OK;
}

static enum kr_status read_source(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Record__Source *pb = item;
	struct record_source *r = out_item;

	*r = (struct record_source){.maximize = pb->maximize,
		.n_values = (int)pb->n_values,
		.values = pb->values,
		.n_outcomes = (int)pb->n_outcomes,
		.outcomes = pb->outcomes};
	if (!pb->what)
		return damaged(d, PLACE(at, "what"), "is missing");
	if (check_point(d, at, pb->n_values, pb->values) != KR_OK ||
		check_metrics(d, at, "outcomes", pb->n_outcomes, pb->outcomes) != KR_OK)
		return KR_ECORRUPT;
	return decode_part__warm_start(d, PLACE(at, "what"), pb->what, &r->what);
}

static enum kr_status read_created(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__StudyCreated *pb = item;
	struct record_created *r = &out->u.created;
	enum kr_status st = decode_part__required_name(d, AT("name"), pb->has_name, pb->name, &r->name);

	if (st != KR_OK)
		return st;
	st = pb->spec ? decode_spec__read(d, AT("spec"), pb->spec, &r->spec)
				  : damaged(d, AT("spec"), "is missing");
	if (st != KR_OK)
		return st;
	return decode_part__list(d, NULL, "sources", pb->n_sources, (void *const *)pb->sources,
		LIMIT_WARM_START, sizeof(*r->sources), read_source, &r->n_sources, &r->sources);
}

static enum kr_status read_updated(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__StudyUpdated *pb = item;
	struct record_updated *r = &out->u.updated;
	unsigned state = 0, on_expiry = 0;
	enum kr_status st = KR_OK;

	if (pb->has_state)
		st = decode_part__enum(
			d, AT("state"), &kriged__study_state__descriptor, (int)pb->state, &state);
	if (st == KR_OK && pb->has_on_expiry)
		st = decode_part__enum(
			d, AT("on_expiry"), &kriged__on_expiry__descriptor, (int)pb->on_expiry, &on_expiry);
	if (st == KR_OK)
		st = decode_part__lease_s(d, AT("lease_s"), pb->has_lease_s, pb->lease_s);
	r->state = state;
	r->has_budget = pb->has_budget;
	r->budget = pb->budget;
	r->no_budget = pb->no_budget;
	r->has_lease = pb->has_lease_s;
	r->lease_s = pb->lease_s;
	r->on_expiry = on_expiry;
	r->has_retry_limit = pb->has_retry_limit;
	r->retry_limit = pb->retry_limit;
	r->has_labels = pb->has_labels;
	if (st == KR_OK)
		st = decode_spec__stop(d, AT("stop"), pb->stop, &r->has_stop, &r->stop);
	if (st == KR_OK)
		st = READ_ACQUISITION(d, NULL, pb, &r->acquisition);
	if (st == KR_OK)
		st = decode_part__text(d, AT("reason"), pb->has_reason, pb->reason, SIZE_MAX, &r->reason);
	return st == KR_OK ? decode_part__labels(d, NULL, pb->n_labels, pb->labels, &r->labels) : st;
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
		st = decode_why__read(d, PLACE(at, "why"), pb->why, &r->why);
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
	r->has_outlook = pb->has_p_gain;
	r->outlook = (struct msg_outlook){0, pb->expected_gain, pb->gain, pb->p_gain};
	r->n_numbers = (int)pb->n_numbers;
	r->numbers = pb->numbers;
	if (pb->n_numbers && pb->n_numbers != pb->n_slots)
		return damaged(d, PLACE(at, "numbers"), "is not as long as there are slots");
	enum kr_status st = decode_part__list(d, at, "models", pb->n_models, (void *const *)pb->models,
		INT32_MAX, sizeof(*r->models.p), decode_model__item, &r->models.n, &r->models.p);
	if (st != KR_OK)
		return st;
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
	if (st == KR_OK)
		st = decode_part__id(
			d, AT("session"), pb->has_session, pb->session, &r->has_session, r->session);
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
	r->attempt = pb->attempt;
	r->n_sems = (int)pb->n_sems;
	r->sems = pb->sems;
	if (st == KR_OK)
		st = check_metrics(d, at, "values", pb->n_values, pb->values);
	if (st == KR_OK)
		st = check_sems(d, at, pb->n_values, pb->n_sems, pb->sems);
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
	r->n_sems = (int)pb->n_sems;
	r->sems = pb->sems;
	if (st == KR_OK)
		st = check_metrics(d, at, "metrics", pb->n_metrics, pb->metrics);
	if (st == KR_OK)
		st = check_sems(d, at, pb->n_metrics, pb->n_sems, pb->sems);
	if (st == KR_OK)
		st = decode_part__text(
			d, PLACE(at, "reason"), pb->has_reason, pb->reason, SIZE_MAX, &r->reason);
	if (st == KR_OK)
		st = decode_part__labels(d, at, pb->n_labels, pb->labels, &r->labels);
	return st == KR_OK ? decode_part__note(d, at, pb->has_note, pb->note, &r->note) : st;
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

static enum kr_status read_enqueued(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__Enqueued *pb = item;
	struct record_added *r = &out->u.enqueued;

	r->first_number = pb->first_number;
	if (!pb->has_first_number)
		return damaged(d, AT("first_number"), "is missing");
	return decode_part__list(d, NULL, "trials", pb->n_trials, (void *const *)pb->trials, INT32_MAX,
		sizeof(*r->trials), read_added_trial, &r->n, &r->trials);
}

static enum kr_status read_reported(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__Reported *pb = item;
	struct record_reported *r = &out->u.reported;
	unsigned stop = STOP_NONE;

	r->number = pb->number;
	r->step = pb->step;
	r->value = pb->value;
	if (!pb->has_number)
		return damaged(d, AT("number"), "is missing");
	if (!pb->has_value || !isfinite(pb->value))
		return damaged(d, AT("value"), "is missing or not finite");
	enum kr_status st = pb->has_stop
		? decode_part__enum(d, AT("stop"), &kriged__stop_reason__descriptor, (int)pb->stop, &stop)
		: KR_OK;
	r->stop = stop;
	return st;
}

static enum kr_status read_edited(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__Edited *pb = item;
	struct record_edited *r = &out->u.edited;
	enum kr_status st;

	r->number = pb->number;
	r->n_values = (int)pb->n_values;
	r->values = pb->values;
	r->n_sems = (int)pb->n_sems;
	r->sems = pb->sems;
	r->has_excluded = pb->has_excluded;
	r->excluded = pb->excluded;
	r->has_labels = pb->has_labels;
	r->deleted = pb->deleted;
	if (!pb->has_number)
		return damaged(d, AT("number"), "is missing");
	st = check_metrics(d, NULL, "values", pb->n_values, pb->values);
	if (st == KR_OK)
		st = check_sems(d, NULL, pb->n_values, pb->n_sems, pb->sems);
	if (st == KR_OK)
		st = decode_part__labels(d, NULL, pb->n_labels, pb->labels, &r->labels);
	return st == KR_OK ? decode_part__note(d, NULL, pb->has_note, pb->note, &r->note) : st;
}

/* What came too late is kept as it came: its values may be NaN or infinite. */
static enum kr_status read_stale(const struct decoder *d, const void *item, struct record *out)
{
	const Kriged__Record__Stale *pb = item;
	struct record_stale *r = &out->u.stale;
	enum kr_status st;

	r->number = pb->number;
	r->attempt = pb->attempt;
	r->n_values = (int)pb->n_values;
	r->values = pb->values;
	r->n_sems = (int)pb->n_sems;
	r->sems = pb->sems;
	if (!pb->has_number)
		return damaged(d, AT("number"), "is missing");
	st = check_sems(d, NULL, pb->n_values, pb->n_sems, pb->sems);
	return st != KR_OK ? st
					   : decode_part__name(d, AT("worker"), pb->has_worker, pb->worker, &r->worker);
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
	[RECORD_ENQUEUED] = {"enqueued", &kriged__record__enqueued__descriptor, read_enqueued},
	[RECORD_REPORTED] = {"reported", &kriged__record__reported__descriptor, read_reported},
	[RECORD_EDITED] = {"edited", &kriged__record__edited__descriptor, read_edited},
	[RECORD_STALE] = {"stale", &kriged__record__stale__descriptor, read_stale},
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
