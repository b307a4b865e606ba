/* A study's spec. What needs numbers to be compared (low < high, steps, a log
 * scale's positive bounds) is left to acquisition/space.h. */
#include <string.h>

#include "proto/decode_part.h"
#include "proto/limits.h"

/* ---- parameters ---- */

/* Fields of the schema that are for later; an empty or false one asks for nothing. */
static enum kr_status check_param_later(
	const struct decoder *d, const struct place *at, const Kriged__Parameter *pb)
{
	const char *used = NULL;

	if (pb->has_when && pb->when.len)
		used = "when";
	else if (pb->has_fidelity && pb->fidelity)
		used = "fidelity";
	else if (pb->target)
		used = "target";
	else if (pb->has_context && pb->context)
		used = "context";
	else if (pb->default_value)
		used = "default_value";
	else if (pb->prior)
		used = "prior";
	return used ? decode_part__unsupported(d, PLACE(at, used)) : KR_OK;
}

static enum kr_status check_numeric(
	const struct decoder *d, const struct place *at, const Kriged__Parameter *pb)
{
	const char *missing = !pb->has_low ? "low" : !pb->has_high ? "high" : NULL;
	enum kr_status st;

	if (missing)
		return decode_part__fail(d, PLACE(at, missing), KR_INVALID_ARGUMENT,
			"is missing; a numeric parameter needs low and high");
	if (pb->choices)
		return decode_part__fail(
			d, PLACE(at, "choices"), KR_INVALID_ARGUMENT, "is only for CATEGORICAL; remove it");
	st = decode_part__finite(d, PLACE(at, "low"), pb->low);
	if (st == KR_OK)
		st = decode_part__finite(d, PLACE(at, "high"), pb->high);
	if (st == KR_OK && pb->has_step)
		st = decode_part__finite(d, PLACE(at, "step"), pb->step);
	return st;
}

static enum kr_status check_categorical(
	const struct decoder *d, const struct place *at, const Kriged__Parameter *pb)
{
	const char *extra = pb->has_low ? "low"
		: pb->has_high              ? "high"
		: pb->has_log && pb->log    ? "log"
		: pb->has_step              ? "step"
									: NULL;

	if (extra)
		return decode_part__fail(
			d, PLACE(at, extra), KR_INVALID_ARGUMENT, "is only for FLOAT and INT; remove it");
	if (!pb->choices || pb->choices->n_items == 0)
		return decode_part__fail(d, PLACE(at, "choices"), KR_INVALID_ARGUMENT,
			"is missing; a CATEGORICAL parameter needs at least one choice");
	return KR_OK;
}

static enum kr_status check_param(
	const struct decoder *d, const struct place *at, const Kriged__Parameter *pb)
{
	enum kr_status st = check_param_later(d, at, pb);

	if (st != KR_OK)
		return st;
	if (!pb->has_kind)
		return decode_part__fail(d, PLACE(at, "kind"), KR_INVALID_ARGUMENT,
			"is missing; it must be FLOAT, INT or CATEGORICAL");
	switch (pb->kind) {
	case KRIGED__PARAMETER__KIND__FLOAT:
	case KRIGED__PARAMETER__KIND__INT: return check_numeric(d, at, pb);
	case KRIGED__PARAMETER__KIND__CATEGORICAL: return check_categorical(d, at, pb);
	default: /* decode_part__enum has refused unknown ones */
		return decode_part__fail(d, PLACE(at, "kind"), KR_INVALID_ARGUMENT,
			"is %s, which is not supported by this version of kriged (" KRIGED_VERSION
			"); use FLOAT, INT or CATEGORICAL",
			protobuf_c_enum_descriptor_get_value(
				&kriged__parameter__kind__descriptor, (int)pb->kind)
				->name);
	}
}

static enum kr_status read_choices(const struct decoder *d, const struct place *at,
	const Kriged__ScalarList *pb, struct msg_param *out)
{
	enum kr_status st = decode_part__list(d, at, "choices", pb->n_items, (void *const *)pb->items,
		LIMIT_CHOICES, sizeof(*out->choices), decode_part__scalar_item, &out->n_choices,
		&out->choices);

	if (st != KR_OK || !d->strict)
		return st;
	return decode_distinct__check(
		d, at, "choices", NULL, KEY_SCALAR, out->n_choices, out->choices, sizeof(*out->choices));
}

static enum kr_status read_param(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Parameter *pb = item;
	struct msg_param *out = out_item;
	unsigned kind = 0;
	enum kr_status st = decode_part__required_name(
		d, PLACE(at, "name"), pb->has_name, pb->name, &out->name);

	if (st == KR_OK && pb->has_kind)
		st = decode_part__enum(
			d, PLACE(at, "kind"), &kriged__parameter__kind__descriptor, (int)pb->kind, &kind);
	if (st == KR_OK && d->strict)
		st = check_param(d, at, pb);
	if (st != KR_OK)
		return st;
	out->kind = kind;
	out->has_low = pb->has_low;
	out->low = pb->low;
	out->has_high = pb->has_high;
	out->high = pb->high;
	out->log = pb->has_log && pb->log;
	out->has_step = pb->has_step;
	out->step = pb->step;
	return pb->choices ? read_choices(d, at, pb->choices, out) : KR_OK;
}

/* ---- metrics ---- */

static enum kr_status check_metric(
	const struct decoder *d, const struct place *at, const Kriged__Metric *pb)
{
	if (!pb->has_role)
		return decode_part__fail(d, PLACE(at, "role"), KR_INVALID_ARGUMENT,
			"is missing; it must be MINIMIZE or MAXIMIZE");
	if (pb->role != KRIGED__METRIC__ROLE__MINIMIZE && pb->role != KRIGED__METRIC__ROLE__MAXIMIZE)
		return decode_part__fail(d, PLACE(at, "role"), KR_INVALID_ARGUMENT,
			"is %s, which is not supported by this version of kriged (" KRIGED_VERSION
			"); use MINIMIZE or MAXIMIZE",
			protobuf_c_enum_descriptor_get_value(&kriged__metric__role__descriptor, (int)pb->role)
				->name);
	if (pb->has_lower || pb->has_upper)
		return decode_part__unsupported(d, PLACE(at, pb->has_lower ? "lower" : "upper"));
	return KR_OK;
}

static enum kr_status read_metric(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Metric *pb = item;
	struct msg_metric *out = out_item;
	unsigned role = 0;
	enum kr_status st = decode_part__required_name(
		d, PLACE(at, "name"), pb->has_name, pb->name, &out->name);

	if (st == KR_OK && pb->has_role)
		st = decode_part__enum(
			d, PLACE(at, "role"), &kriged__metric__role__descriptor, (int)pb->role, &role);
	if (st == KR_OK && d->strict)
		st = check_metric(d, at, pb);
	out->role = role;
	return st;
}

/* ---- the whole ---- */

static enum kr_status check_later(
	const struct decoder *d, const struct place *at, const Kriged__StudySpec *pb)
{
	const char *used = NULL;

	if (pb->n_parameter_constraints)
		used = "parameter_constraints";
	else if (pb->has_noise_sd)
		used = "noise_sd";
	else if (pb->has_acquisition && pb->acquisition.len)
		used = "acquisition";
	else if (pb->has_cost_budget)
		used = "cost_budget";
	else if (pb->has_on_expiry)
		used = "on_expiry";
	else if (pb->has_retry_limit)
		used = "retry_limit";
	else if (pb->n_labels)
		used = "labels";
	return used ? decode_part__unsupported(d, PLACE(at, used)) : KR_OK;
}

static enum kr_status check_spec(
	const struct decoder *d, const struct place *at, const struct msg_spec *s)
{
	enum kr_status st;

	if (s->n_params == 0)
		return decode_part__fail(d, PLACE(at, "parameters"), KR_INVALID_ARGUMENT,
			"is empty; give at least one parameter");
	if (s->n_metrics == 0)
		return decode_part__fail(
			d, PLACE(at, "metrics"), KR_INVALID_ARGUMENT, "is empty; give one objective");
	st = decode_distinct__check(
		d, at, "parameters", "name", KEY_TEXT, s->n_params, &s->params->name, sizeof(*s->params));
	if (st == KR_OK)
		st = decode_distinct__check(d, at, "metrics", "name", KEY_TEXT, s->n_metrics,
			&s->metrics->name, sizeof(*s->metrics));
	if (st != KR_OK)
		return st;
	if (s->n_metrics > 1)
		return decode_part__fail(d, PLACE_AT(at, "metrics", 1), KR_INVALID_ARGUMENT,
			"is a second objective, which is not supported by this version of kriged (" KRIGED_VERSION
			"); give one");
	if (s->has_budget && s->budget == 0)
		return decode_part__fail(d, PLACE(at, "budget"), KR_INVALID_ARGUMENT,
			"is 0; give at least 1, or leave it out for no limit");
	return KR_OK;
}

enum kr_status decode_spec__read(const struct decoder *d, const struct place *at,
	const Kriged__StudySpec *pb, struct msg_spec *out)
{
	enum kr_status st;

	*out = (struct msg_spec){0};
	st = decode_part__list(d, at, "parameters", pb->n_parameters, (void *const *)pb->parameters,
		LIMIT_PARAMETERS, sizeof(*out->params), read_param, &out->n_params, &out->params);
	if (st == KR_OK)
		st = decode_part__list(d, at, "metrics", pb->n_metrics, (void *const *)pb->metrics,
			LIMIT_METRICS, sizeof(*out->metrics), read_metric, &out->n_metrics, &out->metrics);
	if (st == KR_OK)
		st = decode_part__lease_s(d, PLACE(at, "lease_s"), pb->has_lease_s, pb->lease_s);
	if (st == KR_OK && d->strict)
		st = check_later(d, at, pb);
	if (st != KR_OK)
		return st;
	out->has_budget = pb->has_budget;
	out->budget = pb->budget;
	out->has_lease = pb->has_lease_s;
	out->lease_s = pb->lease_s;
	out->has_seed = pb->has_seed;
	out->seed = pb->seed;
	return d->strict ? check_spec(d, at, out) : KR_OK;
}
