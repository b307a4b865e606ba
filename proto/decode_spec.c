/* A study's spec. What needs parameters to be compared (low < high, steps, a log
 * scale's positive bounds) or expressions to be parsed (when, forbidden, parameter
 * constraints) is left to acquisition/space/space.h. */
#include <string.h>

#include <math.h>

#include "proto/decode_part.h"
#include "proto/limits.h"

/* ---- parameters ---- */

/* Fields of the schema that are for later; an empty or false one asks for nothing. */
static enum kr_status check_param_later(
	const struct decoder *d, const struct place *at, const Kriged__Parameter *pb)
{
	const char *used = NULL;

	if (pb->has_fidelity && pb->fidelity)
		used = "fidelity";
	else if (pb->target)
		used = "target";
	else if (pb->has_context && pb->context)
		used = "context";
	else if (pb->default_value)
		used = "default_value";
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
		return decode_part__fail(d, PLACE(at, "choices"), KR_INVALID_ARGUMENT,
			"is only for CATEGORICAL, ORDINAL and FIXED; remove it");
	st = decode_part__finite(d, PLACE(at, "low"), pb->low);
	if (st == KR_OK)
		st = decode_part__finite(d, PLACE(at, "high"), pb->high);
	if (st == KR_OK && pb->has_step)
		st = decode_part__finite(d, PLACE(at, "step"), pb->step);
	return st;
}

/* BOOL and the kinds with choices. */
static enum kr_status check_not_numeric(
	const struct decoder *d, const struct place *at, const Kriged__Parameter *pb)
{
	const char *extra = pb->has_low ? "low"
		: pb->has_high              ? "high"
		: pb->has_log && pb->log    ? "log"
		: pb->has_step              ? "step"
									: NULL;

	return extra ? decode_part__fail(d, PLACE(at, extra), KR_INVALID_ARGUMENT,
					   "is only for FLOAT and INT; remove it")
				 : KR_OK;
}

static enum kr_status check_choices(
	const struct decoder *d, const struct place *at, const Kriged__Parameter *pb)
{
	const struct place *choices = PLACE(at, "choices");
	size_t n = pb->choices ? pb->choices->n_items : 0;

	if (pb->kind == KRIGED__PARAMETER__KIND__BOOL)
		return pb->choices ? decode_part__fail(d, choices, KR_INVALID_ARGUMENT,
								 "is only for CATEGORICAL, ORDINAL and FIXED; remove it")
						   : KR_OK;
	if (n == 0)
		return decode_part__missing(
			d, choices, "CATEGORICAL and ORDINAL need at least one choice, FIXED one");
	if (n > 1 && pb->kind == KRIGED__PARAMETER__KIND__FIXED)
		return decode_part__fail(d, choices, KR_INVALID_ARGUMENT,
			"has %zu entries; a FIXED parameter has one, CATEGORICAL may have more", n);
	return KR_OK;
}

static enum kr_status check_param(
	const struct decoder *d, const struct place *at, const Kriged__Parameter *pb)
{
	enum kr_status st = check_param_later(d, at, pb);

	if (st != KR_OK)
		return st;
	if (!pb->has_kind)
		return decode_part__missing(
			d, PLACE(at, "kind"), "it must be FLOAT, INT, CATEGORICAL, ORDINAL, BOOL or FIXED");
	if (pb->kind == KRIGED__PARAMETER__KIND__FLOAT || pb->kind == KRIGED__PARAMETER__KIND__INT)
		return check_numeric(d, at, pb);
	st = check_not_numeric(d, at, pb);
	return st == KR_OK ? check_choices(d, at, pb) : st;
}

/* A condition or constraint, not yet parsed. */
static enum kr_status read_condition(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out)
{
	enum kr_status st = decode_part__text(d, at, has, pb, LIMIT_CONDITION_BYTES, out);

	if (st == KR_OK && d->strict && *out && !**out)
		return decode_part__fail(d, at, KR_INVALID_ARGUMENT, "is empty; write it or remove it");
	return st;
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
	st = read_condition(
		d, PLACE(at, "when"), pb->has_when && pb->when.len > 0, pb->when, &out->when);
	if (st != KR_OK)
		return st;
	if (out->when && !*out->when)
		out->when = NULL; /* a reply's begins with a NUL */
	st = pb->choices ? read_choices(d, at, pb->choices, out) : KR_OK;
	if (st != KR_OK || !pb->prior)
		return st;
	return decode_prior__read(d, PLACE(at, "prior"), pb->prior, out);
}

/* ---- metrics ---- */

static enum kr_status check_metric(
	const struct decoder *d, const struct place *at, const Kriged__Metric *pb)
{
	const struct place *upper = PLACE(at, "upper");
	enum kr_status st = KR_OK;

	if (!pb->has_role)
		return decode_part__missing(
			d, PLACE(at, "role"), "it must be MINIMIZE, MAXIMIZE or CONSTRAINT");
	if (pb->role == KRIGED__METRIC__ROLE__COST)
		return decode_part__fail(d, PLACE(at, "role"), KR_INVALID_ARGUMENT,
			"is COST, which is not supported by this version of kriged (" KRIGED_VERSION
			"); use MINIMIZE, MAXIMIZE or CONSTRAINT");
	if (pb->role != KRIGED__METRIC__ROLE__CONSTRAINT)
		return pb->has_lower || pb->has_upper
			? decode_part__fail(d, pb->has_lower ? PLACE(at, "lower") : upper, KR_INVALID_ARGUMENT,
				  "is only for CONSTRAINT; remove it")
			: KR_OK;
	if (!pb->has_lower && !pb->has_upper)
		return decode_part__missing(
			d, upper, "a CONSTRAINT needs lower or upper, between which it is feasible");
	if (pb->has_lower)
		st = decode_part__finite(d, PLACE(at, "lower"), pb->lower);
	if (st == KR_OK && pb->has_upper)
		st = decode_part__finite(d, upper, pb->upper);
	if (st == KR_OK && pb->has_lower && pb->has_upper && pb->lower >= pb->upper)
		return decode_part__fail(d, upper, KR_INVALID_ARGUMENT,
			"is %g, which is not above lower, %g; give lower < upper", pb->upper, pb->lower);
	return st;
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
	out->has_lower = pb->has_lower;
	out->lower = pb->lower;
	out->has_upper = pb->has_upper;
	out->upper = pb->upper;
	return st;
}

/* ---- the whole ---- */

static enum kr_status check_later(
	const struct decoder *d, const struct place *at, const Kriged__StudySpec *pb)
{
	const char *used = NULL;

	if (pb->has_cost_budget)
		used = "cost_budget";
	return used ? decode_part__unsupported(d, PLACE(at, used)) : KR_OK;
}

static enum kr_status check_objective(
	const struct decoder *d, const struct place *at, const struct msg_spec *s)
{
	int n = 0;

	for (int i = 0; i < s->n_metrics; i++) {
		if (s->metrics[i].role == METRIC_CONSTRAINT)
			continue;
		if (++n == 2)
			return decode_part__fail(d, PLACE_AT(at, "metrics", i), KR_INVALID_ARGUMENT,
				"is a second objective, which is not supported by this version of kriged "
				"(" KRIGED_VERSION "); give one");
	}
	return n ? KR_OK
			 : decode_part__fail(d, PLACE(at, "metrics"), KR_INVALID_ARGUMENT,
				   "has no objective; give one metric with the role MINIMIZE or MAXIMIZE");
}

static enum kr_status check_spec(
	const struct decoder *d, const struct place *at, const struct msg_spec *s)
{
	enum kr_status st;

	if (s->n_params == 0)
		return decode_part__fail(d, PLACE(at, "parameters"), KR_INVALID_ARGUMENT,
			"is empty; give at least one parameter");
	st = decode_distinct__check(
		d, at, "parameters", "name", KEY_TEXT, s->n_params, &s->params->name, sizeof(*s->params));
	if (st == KR_OK && s->n_metrics)
		st = decode_distinct__check(d, at, "metrics", "name", KEY_TEXT, s->n_metrics,
			&s->metrics->name, sizeof(*s->metrics));
	if (st == KR_OK && s->warm_start.n)
		st = decode_distinct__check(d, at, "warm_start", NULL, KEY_TEXT, s->warm_start.n,
			s->warm_start.p, sizeof(*s->warm_start.p));
	if (st == KR_OK)
		st = check_objective(d, at, s);
	if (st != KR_OK)
		return st;
	if (s->has_budget && s->budget == 0)
		return decode_part__fail(d, PLACE(at, "budget"), KR_INVALID_ARGUMENT,
			"is 0; give at least 1, or leave it out for no limit");
	return KR_OK;
}

static enum kr_status read_noise(const struct decoder *d, const struct place *at,
	const Kriged__StudySpec *pb, struct msg_spec *out)
{
	enum kr_status st = KR_OK;

	out->has_noise_sd = pb->has_noise_sd;
	out->noise_sd = pb->noise_sd;
	if (pb->has_noise_sd)
		st = decode_part__finite(d, PLACE(at, "noise_sd"), pb->noise_sd);
	if (st == KR_OK && d->strict && pb->has_noise_sd && pb->noise_sd < 0)
		return decode_part__fail(d, PLACE(at, "noise_sd"), KR_INVALID_ARGUMENT,
			"is %g; give 0 for none, more for a known one, or leave it out to have it learnt",
			pb->noise_sd);
	return st;
}

/* Which acquisition there is, and what it needs, is left to acquisition/policy/choice.h. */
enum kr_status decode_spec__acquisition(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData name, struct msg_acquisition *out)
{
	const struct place *beta = PLACE(at, "acquisition_beta");
	enum kr_status st = decode_part__text(
		d, PLACE(at, "acquisition"), has && name.len > 0, name, LIMIT_NAME_BYTES, &out->name);

	if (st == KR_OK && out->has_level)
		st = decode_part__finite(d, PLACE(at, "acquisition_level"), out->level);
	if (st == KR_OK && out->has_beta)
		st = decode_part__finite(d, beta, out->beta);
	if (st == KR_OK && d->strict && out->has_beta && out->beta < 0)
		return decode_part__fail(d, beta, KR_INVALID_ARGUMENT,
			"is %g; it is the squared weight of the deviation: give 0 or more", out->beta);
	return st;
}

/* A number of a stop rule: at least 0, and below `most`. */
static enum kr_status check_rule(const struct decoder *d, const struct place *at, bool has,
	double x, double most, const char *remedy)
{
	enum kr_status st = has ? decode_part__finite(d, at, x) : KR_OK;

	if (st == KR_OK && d->strict && has && !(x >= 0 && x < most))
		return decode_part__fail(d, at, KR_INVALID_ARGUMENT, "is %g; %s", x, remedy);
	return st;
}

enum kr_status decode_spec__stop(const struct decoder *d, const struct place *at,
	const Kriged__StopRules *pb, bool *has, struct msg_stop_rules *out)
{
	static const char amount[] = "give an amount of improvement, 0 or more";
	static const char part[] = "give a part of the best value, from 0 and below 1";
	static const char chance[] = "give a probability above 0 and below 1, 0.01 for example";
	enum kr_status st;

	*has = pb != NULL;
	if (!pb)
		return KR_OK;
	*out = (struct msg_stop_rules){pb->no_progress, pb->min_progress, pb->min_progress_relative,
		pb->has_target, pb->target, pb->p_gain, pb->gain, pb->gain_relative};
	st = check_rule(
		d, PLACE(at, "min_progress"), pb->has_min_progress, pb->min_progress, INFINITY, amount);
	if (st == KR_OK)
		st = check_rule(d, PLACE(at, "min_progress_relative"), pb->has_min_progress_relative,
			pb->min_progress_relative, 1, part);
	if (st == KR_OK && pb->has_target)
		st = decode_part__finite(d, PLACE(at, "target"), pb->target);
	if (st == KR_OK)
		st = check_rule(d, PLACE(at, "p_gain"), pb->has_p_gain, pb->p_gain, 1, chance);
	if (st == KR_OK)
		st = check_rule(d, PLACE(at, "gain"), pb->has_gain, pb->gain, INFINITY, amount);
	if (st == KR_OK)
		st = check_rule(
			d, PLACE(at, "gain_relative"), pb->has_gain_relative, pb->gain_relative, 1, part);
	if (st != KR_OK || !d->strict)
		return st;
	if (pb->has_no_progress && pb->no_progress == 0)
		return decode_part__fail(d, PLACE(at, "no_progress"), KR_INVALID_ARGUMENT,
			"is 0; give at least 1, or leave it out for no such rule");
	if (pb->has_p_gain && pb->p_gain == 0)
		return decode_part__fail(d, PLACE(at, "p_gain"), KR_INVALID_ARGUMENT, "is 0; %s", chance);
	if (!pb->no_progress && (pb->has_min_progress || pb->has_min_progress_relative))
		return decode_part__fail(d, PLACE(at, "no_progress"), KR_INVALID_ARGUMENT,
			"is missing; min_progress says what progress is, no_progress how long to wait for it");
	if (!pb->has_p_gain && (pb->has_gain || pb->has_gain_relative))
		return decode_part__fail(d, PLACE(at, "p_gain"), KR_INVALID_ARGUMENT,
			"is missing; gain is an improvement, p_gain the least probability of it");
	return KR_OK;
}

/* What an UpdateStudy may change later. */
static enum kr_status read_settings(const struct decoder *d, const struct place *at,
	const Kriged__StudySpec *pb, struct msg_spec *out)
{
	unsigned on_expiry = 0;
	enum kr_status st = decode_part__lease_s(d, PLACE(at, "lease_s"), pb->has_lease_s, pb->lease_s);

	if (st == KR_OK && pb->has_on_expiry)
		st = decode_part__enum(d, PLACE(at, "on_expiry"), &kriged__on_expiry__descriptor,
			(int)pb->on_expiry, &on_expiry);
	out->has_budget = pb->has_budget;
	out->budget = pb->budget;
	out->has_lease = pb->has_lease_s;
	out->lease_s = pb->lease_s;
	out->on_expiry = on_expiry;
	out->has_retry_limit = pb->has_retry_limit;
	out->retry_limit = pb->retry_limit;
	if (st == KR_OK)
		st = decode_spec__stop(d, PLACE(at, "stop"), pb->stop, &out->has_stop, &out->stop);
	return st == KR_OK ? decode_part__labels(d, at, pb->n_labels, pb->labels, &out->labels) : st;
}

/* The name of another study. */
static enum kr_status read_source(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out)
{
	return decode_part__required_name(d, at, has, pb, out);
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
		st = decode_part__texts(d, at, "parameter_constraints", pb->n_parameter_constraints,
			pb->parameter_constraints, LIMIT_CONSTRAINTS, read_condition, &out->constraints);
	if (st == KR_OK)
		st = decode_part__texts(d, at, "forbidden", pb->n_forbidden, pb->forbidden,
			LIMIT_CONSTRAINTS, read_condition, &out->forbidden);
	if (st == KR_OK)
		st = decode_part__texts(d, at, "warm_start", pb->n_warm_start, pb->warm_start,
			LIMIT_WARM_START, read_source, &out->warm_start);
	if (st == KR_OK)
		st = read_noise(d, at, pb, out);
	if (st == KR_OK)
		st = READ_ACQUISITION(d, at, pb, &out->acquisition);
	if (st == KR_OK)
		st = read_settings(d, at, pb, out);
	if (st == KR_OK && d->strict)
		st = check_later(d, at, pb);
	out->has_seed = pb->has_seed;
	out->seed = pb->seed;
	return st == KR_OK && d->strict ? check_spec(d, at, out) : st;
}
