/* Does what a request says agree with the study? Each difference is named with both values. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "daemon/engine/acquisition.h"
#include "daemon/engine/definition.h"
#include "daemon/engine/labels.h"
#include "daemon/engine/quote.h"

static enum kr_status differs(
	struct kr_error *err, const char *field, const char *stored, const char *given)
{
	return kr_fail_field(err, KR_CONFLICT, field,
		"%s: the study has %s, the request %s; give the same spec, another name, or "
		"if_exists = replace",
		field, stored, given);
}

static enum kr_status differs_number(
	struct kr_error *err, const char *field, bool has_a, double a, bool has_b, double b)
{
	char x[NUMBER_SHOWN] = "none", y[NUMBER_SHOWN] = "none";

	if (has_a == has_b && (!has_a || a == b))
		return KR_OK;
	if (has_a)
		number_show(a, x);
	if (has_b)
		number_show(b, y);
	return differs(err, field, x, y);
}

static enum kr_status differs_integer(
	struct kr_error *err, const char *field, uint64_t a, uint64_t b)
{
	char x[24], y[24];

	if (a == b)
		return KR_OK;
	snprintf(x, sizeof(x), "%" PRIu64, a);
	snprintf(y, sizeof(y), "%" PRIu64, b);
	return differs(err, field, x, y);
}

static enum kr_status differs_text(
	struct kr_error *err, const char *field, const char *a, const char *b)
{
	char x[72], y[72];

	if (strcmp(a, b) == 0)
		return KR_OK;
	quote_text(a, x, sizeof(x));
	quote_text(b, y, sizeof(y));
	return differs(err, field, x, y);
}

static enum kr_status choices_agree(
	const struct msg_param *a, const struct msg_param *b, int i, struct kr_error *err)
{
	char field[64], x[72], y[72];

	snprintf(field, sizeof(field), "spec.parameters[%d].choices", i);
	if (a->n_choices != b->n_choices) {
		snprintf(x, sizeof(x), "%d choices", a->n_choices);
		snprintf(y, sizeof(y), "%d", b->n_choices);
		return differs(err, field, x, y);
	}
	for (int k = 0; k < a->n_choices; k++) {
		if (msg_scalar_equal(&a->choices[k], &b->choices[k]))
			continue;
		snprintf(field, sizeof(field), "spec.parameters[%d].choices[%d]", i, k);
		quote_scalar(&a->choices[k], x, sizeof(x));
		quote_scalar(&b->choices[k], y, sizeof(y));
		return differs(err, field, x, y);
	}
	return KR_OK;
}

static enum kr_status priors_agree(
	const struct msg_prior *a, const struct msg_prior *b, int i, struct kr_error *err)
{
	char field[64];
	enum kr_status st;

	snprintf(field, sizeof(field), "spec.parameters[%d].prior", i);
	st = differs_text(err, field, a->kind ? msg_prior_kind_name(a->kind) : "none",
		b->kind ? msg_prior_kind_name(b->kind) : "none");
	for (int k = 0; st == KR_OK && k < a->n && k < b->n; k++) {
		snprintf(field, sizeof(field), "spec.parameters[%d].prior.numbers[%d]", i, k);
		st = differs_number(err, field, true, a->numbers[k], true, b->numbers[k]);
	}
	return st;
}

static double step_of(const struct msg_param *p)
{
	return p->has_step ? p->step : p->kind == PARAM_INT ? 1 : 0;
}

static enum kr_status param_agrees(
	const struct msg_param *a, const struct msg_param *b, int i, struct kr_error *err)
{
	char field[64];
	enum kr_status st;

#define FIELD(member) (snprintf(field, sizeof(field), "spec.parameters[%d]." member, i), field)
	st = differs_text(err, FIELD("name"), a->name, b->name);
	if (st == KR_OK)
		st = differs_text(
			err, FIELD("kind"), msg_param_kind_name(a->kind), msg_param_kind_name(b->kind));
	if (st == KR_OK)
		st = differs_number(err, FIELD("low"), a->has_low, a->low, b->has_low, b->low);
	if (st == KR_OK)
		st = differs_number(err, FIELD("high"), a->has_high, a->high, b->has_high, b->high);
	if (st == KR_OK)
		st = differs_text(err, FIELD("log"), a->log ? "true" : "false", b->log ? "true" : "false");
	if (st == KR_OK)
		st = differs_number(
			err, FIELD("step"), step_of(a) > 0, step_of(a), step_of(b) > 0, step_of(b));
	if (st == KR_OK)
		st = differs_text(err, FIELD("when"), a->when ? a->when : "", b->when ? b->when : "");
#undef FIELD
	if (st == KR_OK)
		st = choices_agree(a, b, i, err);
	return st == KR_OK ? priors_agree(&a->prior, &b->prior, i, err) : st;
}

static enum kr_status metric_agrees(
	const struct msg_metric *a, const struct msg_metric *b, int k, struct kr_error *err)
{
	char field[64];
	enum kr_status st;

#define FIELD(member) (snprintf(field, sizeof(field), "spec.metrics[%d]." member, k), field)
	st = differs_text(err, FIELD("name"), a->name, b->name);
	if (st == KR_OK)
		st = differs_text(
			err, FIELD("role"), msg_metric_role_name(a->role), msg_metric_role_name(b->role));
	if (st == KR_OK)
		st = differs_number(err, FIELD("lower"), a->has_lower, a->lower, b->has_lower, b->lower);
	if (st == KR_OK)
		st = differs_number(err, FIELD("upper"), a->has_upper, a->upper, b->has_upper, b->upper);
#undef FIELD
	return st;
}

static enum kr_status texts_agree(
	const char *name, const struct msg_texts *a, const struct msg_texts *b, struct kr_error *err)
{
	char field[64];
	enum kr_status st = differs_integer(err, name, (uint64_t)a->n, (uint64_t)b->n);

	for (int k = 0; st == KR_OK && k < a->n; k++) {
		snprintf(field, sizeof(field), "%s[%d]", name, k);
		st = differs_text(err, field, a->p[k], b->p[k]);
	}
	return st;
}

static const char *expiry_name(const struct msg_spec *spec)
{
	return spec->on_expiry == ON_EXPIRY_REQUEUE ? "requeue" : "expire";
}

static uint32_t retry_limit(const struct msg_spec *spec)
{
	return spec->has_retry_limit ? spec->retry_limit : DEFINITION_RETRY_LIMIT;
}

/* The first label of b that a has not, or has otherwise; NULL: none. */
static const struct msg_named *other_label(const struct msg_labels *a, const struct msg_labels *b)
{
	for (int i = 0; i < b->n; i++)
		if (!labels_has(a, &b->p[i]))
			return &b->p[i];
	return NULL;
}

static enum kr_status labels_agree(const struct msg_labels *first, const struct msg_labels *now,
	const struct msg_labels *given, struct kr_error *err)
{
	const struct msg_named *other = other_label(now, given);
	char name[72], value[72], text[160];

	if (given->n == 0 || labels_equal(now, given) || labels_equal(first, given))
		return KR_OK;
	if (!other)
		return differs(err, "spec.labels", "more labels", "some of them");
	quote_text(other->name, name, sizeof(name));
	quote_scalar(&other->value, value, sizeof(value));
	snprintf(text, sizeof(text), "%s = %s", name, value);
	return differs(err, "spec.labels", "others", text);
}

static enum kr_status stop_rules_agree(
	const struct msg_stop_rules *a, const struct msg_stop_rules *b, struct kr_error *err)
{
	const struct {
		const char *field;
		double a, b;
	} numbers[] = {{"spec.stop.min_progress", a->min_progress, b->min_progress},
		{"spec.stop.min_progress_relative", a->min_progress_relative, b->min_progress_relative},
		{"spec.stop.p_gain", a->p_gain, b->p_gain}, {"spec.stop.gain", a->gain, b->gain},
		{"spec.stop.gain_relative", a->gain_relative, b->gain_relative}};
	enum kr_status st = differs_integer(
		err, "spec.stop.no_progress", a->no_progress, b->no_progress);

	if (st == KR_OK)
		st = differs_number(
			err, "spec.stop.target", a->has_target, a->target, b->has_target, b->target);
	for (size_t k = 0; st == KR_OK && k < sizeof(numbers) / sizeof(*numbers); k++)
		st = differs_number(err, numbers[k].field, numbers[k].a != 0, numbers[k].a,
			numbers[k].b != 0, numbers[k].b);
	return st;
}

static enum kr_status acquisition_agrees(
	const struct msg_acquisition *a, const struct msg_acquisition *b, struct kr_error *err)
{
	enum choice c;
	const char *name = choice_find(b->name, &c) ? choice_name(c) : b->name;
	enum kr_status st = differs_text(
		err, "spec.acquisition", choice_name(acquisition_choice(a)), name);

	if (st == KR_OK)
		st = differs_number(
			err, "spec.acquisition_level", a->has_level, a->level, b->has_level, b->level);
	if (st == KR_OK)
		st = differs_number(err, "spec.acquisition_beta", choice_has(c, CHOICE_BETA),
			acquisition_beta(a), b->has_beta || choice_has(c, CHOICE_BETA), acquisition_beta(b));
	return st;
}

/* Only what differs from the first ones is compared with those of now. */
static enum kr_status settings_agree(const struct msg_spec *first, const struct msg_spec *now,
	const struct msg_spec *given, struct kr_error *err)
{
	enum kr_status st = KR_OK;

	if (given->has_budget && !(first->has_budget && first->budget == given->budget))
		st = now->has_budget ? differs_integer(err, "spec.budget", now->budget, given->budget)
							 : differs(err, "spec.budget", "none", "one");
	if (st == KR_OK && given->has_lease && first->lease_s != given->lease_s)
		st = differs_number(err, "spec.lease_s", true, now->lease_s, true, given->lease_s);
	if (st == KR_OK && given->on_expiry && strcmp(expiry_name(first), expiry_name(given)) != 0)
		st = differs_text(err, "spec.on_expiry", expiry_name(now), expiry_name(given));
	if (st == KR_OK && given->has_retry_limit && retry_limit(first) != given->retry_limit)
		st = differs_integer(err, "spec.retry_limit", retry_limit(now), given->retry_limit);
	if (st == KR_OK && given->has_stop && !msg_stop_rules_equal(&first->stop, &given->stop))
		st = stop_rules_agree(&now->stop, &given->stop, err);
	if (st == KR_OK && !acquisition_equal(&first->acquisition, &given->acquisition))
		st = acquisition_agrees(&now->acquisition, &given->acquisition, err);
	return st == KR_OK ? labels_agree(&first->labels, &now->labels, &given->labels, err) : st;
}

enum kr_status definition_agrees_start(
	const struct definition *def, const struct msg_spec *spec, struct kr_error *err)
{
	enum kr_status st = differs_integer(
		err, "spec.parameters", (uint64_t)def->spec.n_params, (uint64_t)spec->n_params);

	for (int i = 0; st == KR_OK && i < def->d; i++)
		st = param_agrees(&def->spec.params[i], &spec->params[i], i, err);
	if (st == KR_OK)
		st = texts_agree(
			"spec.parameter_constraints", &def->spec.constraints, &spec->constraints, err);
	if (st == KR_OK)
		st = texts_agree("spec.warm_start", &def->spec.warm_start, &spec->warm_start, err);
	return st == KR_OK ? texts_agree("spec.forbidden", &def->spec.forbidden, &spec->forbidden, err)
					   : st;
}

enum kr_status definition_agrees(const struct definition *def, const struct msg_spec *spec,
	const struct msg_spec *now, struct kr_error *err)
{
	enum kr_status st = definition_agrees_start(def, spec, err);

	if (st == KR_OK)
		st = differs_integer(
			err, "spec.metrics", (uint64_t)def->spec.n_metrics, (uint64_t)spec->n_metrics);
	for (int k = 0; st == KR_OK && k < def->spec.n_metrics; k++)
		st = metric_agrees(&def->spec.metrics[k], &spec->metrics[k], k, err);
	if (st == KR_OK)
		st = differs_number(err, "spec.noise_sd", def->spec.has_noise_sd, def->spec.noise_sd,
			spec->has_noise_sd, spec->noise_sd);
	if (st == KR_OK && spec->has_seed)
		st = differs_integer(err, "spec.seed", def->spec.seed, spec->seed);
	return st == KR_OK ? settings_agree(&def->spec, now, spec, err) : st;
}
