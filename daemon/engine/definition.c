#include "daemon/engine/definition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "daemon/engine/choices.h"
#include "daemon/engine/labels.h"
#include "daemon/engine/quote.h"
#include "daemon/engine/rules.h"
#include "proto/limits.h"

/* ---- making one ------------------------------------------------------------- */

static enum kr_status no_memory(struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for a study");
}

static const char *copy_text(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

static const struct msg_scalar *copy_choices(struct arena *a, const struct msg_scalar *from, int n)
{
	struct msg_scalar *to = arena_memdup(a, from, (size_t)n * sizeof(*from));

	for (int i = 0; to && i < n; i++)
		if (to[i].kind == SCALAR_STRING && !(to[i].s = copy_text(a, from[i].s)))
			return NULL;
	return to;
}

static enum kr_status copy_texts(
	struct arena *a, struct msg_texts *to, const struct msg_texts *from, struct kr_error *err)
{
	const char **p = ARENA_ARRAY(a, const char *, from->n);

	if (!p)
		return no_memory(err);
	for (int k = 0; k < from->n; k++)
		if (!(p[k] = copy_text(a, from->p[k])))
			return no_memory(err);
	*to = (struct msg_texts){from->n, p};
	return KR_OK;
}

static enum kr_status copy_spec(
	struct arena *a, struct msg_spec *to, const struct msg_spec *from, struct kr_error *err)
{
	struct msg_param *params;
	struct msg_metric *metrics;

	*to = *from;
	params = arena_memdup(a, from->params, (size_t)from->n_params * sizeof(*params));
	metrics = arena_memdup(a, from->metrics, (size_t)from->n_metrics * sizeof(*metrics));
	if (!params || !metrics)
		return no_memory(err);
	to->params = params;
	to->metrics = metrics;
	for (int i = 0; i < from->n_params; i++) {
		params[i].name = copy_text(a, params[i].name);
		if (params[i].n_choices)
			params[i].choices = copy_choices(a, params[i].choices, params[i].n_choices);
		if (params[i].when)
			params[i].when = copy_text(a, params[i].when);
		if (!params[i].name || (params[i].n_choices && !params[i].choices) ||
			(from->params[i].when && !params[i].when))
			return no_memory(err);
	}
	if (copy_texts(a, &to->constraints, &from->constraints, err) != KR_OK ||
		copy_texts(a, &to->forbidden, &from->forbidden, err) != KR_OK)
		return no_memory(err);
	for (int k = 0; k < from->n_metrics; k++)
		if (!(metrics[k].name = copy_text(a, metrics[k].name)))
			return no_memory(err);
	return labels_copy(a, &to->labels, &from->labels, err);
}

static bool is_objective(const struct msg_metric *m)
{
	return m->role == METRIC_MINIMIZE || m->role == METRIC_MAXIMIZE;
}

static enum kr_status check_metric(const struct msg_metric *m, int k, struct kr_error *err)
{
	char field[64];

	snprintf(field, sizeof(field), "spec.metrics[%d].role", k);
	if (is_objective(m))
		return KR_OK;
	if (m->role != METRIC_CONSTRAINT)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is %s; it must be minimize, maximize or constraint", field, msg_role_name(m->role));
	if (!m->has_lower && !m->has_upper)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is constraint, but the metric has no bound; give lower, upper or both", field);
	snprintf(field, sizeof(field), "spec.metrics[%d].upper", k);
	if (m->has_lower && m->has_upper && !(m->lower <= m->upper))
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is %g, below the lower bound %g; no value can meet both", field, m->upper,
			m->lower);
	return KR_OK;
}

static enum kr_status check_metrics(const struct msg_spec *spec, struct kr_error *err)
{
	int n = 0;

	for (int k = 0; k < spec->n_metrics && k < LIMIT_METRICS; k++) {
		enum kr_status st = check_metric(&spec->metrics[k], k, err);

		if (st != KR_OK)
			return st;
		n += is_objective(&spec->metrics[k]);
	}
	if (n != 1 || spec->n_metrics > LIMIT_METRICS)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "spec.metrics",
			"spec.metrics has %d entries with %d objectives; give exactly one objective, and at "
			"most %d metrics",
			spec->n_metrics, n, LIMIT_METRICS);
	return KR_OK;
}

/* What the engine leans on; decoding has checked the rest. */
static enum kr_status check_spec(const struct msg_spec *spec, struct kr_error *err)
{
	char field[64];

	if (spec->n_params < 1 || spec->n_params > LIMIT_PARAMETERS)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "spec.parameters",
			"spec.parameters has %d entries; 1 to %d are allowed", spec->n_params,
			LIMIT_PARAMETERS);
	for (int i = 0; i < spec->n_params; i++) {
		enum param_kind kind = spec->params[i].kind;

		if (kind < PARAM_FLOAT || kind > PARAM_FIXED) {
			snprintf(field, sizeof(field), "spec.parameters[%d].kind", i);
			return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
				"%s is unknown; it must be float, int, categorical, ordinal, bool or fixed", field);
		}
		bool listed = kind == PARAM_CATEGORICAL || kind == PARAM_ORDINAL || kind == PARAM_FIXED;
		int n = spec->params[i].n_choices;

		if (listed && (n < 1 || (kind == PARAM_FIXED && n > 1))) {
			snprintf(field, sizeof(field), "spec.parameters[%d].choices", i);
			return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
				"%s has %d entries; a %s parameter needs %s", field, n, msg_param_kind_name(kind),
				kind == PARAM_FIXED ? "exactly one" : "at least one");
		}
	}
	return check_metrics(spec, err);
}

/* Binary insertion: a few hundred names at most, once a study. */
static enum kr_status make_index(struct definition *def, struct kr_error *err)
{
	int *order = arena_calloc(def->arena, (size_t)def->d, sizeof(*order));

	if (!order)
		return no_memory(err);
	for (int i = 0; i < def->d; i++) {
		int lo = 0, hi = i;

		while (lo < hi) {
			int mid = lo + (hi - lo) / 2;
			int c = strcmp(def->spec.params[order[mid]].name, def->spec.params[i].name);

			if (c == 0)
				return kr_fail_field(err, KR_INVALID_ARGUMENT, "spec.parameters",
					"spec.parameters has '%s' twice; names must differ", def->spec.params[i].name);
			if (c < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		memmove(order + lo + 1, order + lo, (size_t)(i - lo) * sizeof(*order));
		order[lo] = i;
	}
	def->by_name = order;
	return KR_OK;
}

/* The orders in which choices are found, and what a point takes at most. */
static enum kr_status index_choices(struct definition *def, struct kr_error *err)
{
	enum { FRAMING = 16, NUMBER = 11 };
	const int **orders = ARENA_ARRAY(def->arena, const int *, def->d);

	if (!orders)
		return no_memory(err);
	for (int i = 0; i < def->d; i++) {
		const struct msg_param *p = &def->spec.params[i];
		size_t value = NUMBER;

		if (p->n_choices && !(orders[i] = choices_order(def->arena, p->choices, p->n_choices)))
			return no_memory(err);
		for (int k = 0; k < p->n_choices; k++)
			if (p->choices[k].kind == SCALAR_STRING && strlen(p->choices[k].s) > value)
				value = strlen(p->choices[k].s);
		def->point_bytes += FRAMING + strlen(p->name) + value;
	}
	def->choice_order = orders;
	return KR_OK;
}

enum kr_status definition_new(
	struct definition **out, const char *name, const struct msg_spec *spec, struct kr_error *err)
{
	struct definition *def;
	enum kr_status st = check_spec(spec, err);

	*out = NULL;
	if (st != KR_OK)
		return st;
	def = KR_NEW(struct definition);
	if (!def)
		return no_memory(err);
	def->refs = 1;
	def->d = spec->n_params;
	for (int k = 0; k < spec->n_metrics; k++)
		if (is_objective(&spec->metrics[k]))
			def->objective = k;
	def->minimize = spec->metrics[def->objective].role == METRIC_MINIMIZE;
	def->constrained = spec->n_metrics > 1;
	def->arena = arena_new(2 * LIMIT_ARENA_BYTES);
	if (!def->arena || !(def->name = copy_text(def->arena, name)))
		st = no_memory(err);
	if (st == KR_OK)
		st = copy_spec(def->arena, &def->spec, spec, err);
	if (st == KR_OK)
		st = make_index(def, err);
	if (st == KR_OK)
		st = index_choices(def, err);
	if (st == KR_OK)
		st = rules_make(def, err);
	if (st != KR_OK) {
		definition_release(def);
		return st;
	}
	*out = def;
	return KR_OK;
}

struct definition *definition_retain(struct definition *def)
{
	def->refs++;
	return def;
}

void definition_release(struct definition *def)
{
	if (!def || --def->refs > 0)
		return;
	space_free(def->space);
	arena_free(def->arena);
	kr_free(def);
}

/* ---- questions -------------------------------------------------------------- */

int definition_find(const struct definition *def, const char *name, int hint)
{
	int lo = 0, hi = def->d;

	if (hint < def->d && strcmp(def->spec.params[hint].name, name) == 0)
		return hint;
	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;
		int c = strcmp(def->spec.params[def->by_name[mid]].name, name);

		if (c == 0)
			return def->by_name[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

int definition_choice(const struct definition *def, int i, const struct msg_scalar *v)
{
	const struct msg_param *p = &def->spec.params[i];

	if (p->kind == PARAM_BOOL)
		return v->kind == SCALAR_BOOL ? v->b : -1;
	return choices_find(p->choices, def->choice_order[i], p->n_choices, v);
}

/* ---- is it the same spec ---------------------------------------------------- */

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
	return st == KR_OK ? choices_agree(a, b, i, err) : st;
}

static enum kr_status metric_agrees(
	const struct msg_metric *a, const struct msg_metric *b, int k, struct kr_error *err)
{
	char field[64];
	enum kr_status st;

#define FIELD(member) (snprintf(field, sizeof(field), "spec.metrics[%d]." member, k), field)
	st = differs_text(err, FIELD("name"), a->name, b->name);
	if (st == KR_OK)
		st = differs_text(err, FIELD("role"), msg_role_name(a->role), msg_role_name(b->role));
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
	return st == KR_OK ? labels_agree(&first->labels, &now->labels, &given->labels, err) : st;
}

enum kr_status definition_agrees(const struct definition *def, const struct msg_spec *spec,
	const struct msg_spec *now, struct kr_error *err)
{
	enum kr_status st = differs_integer(
		err, "spec.parameters", (uint64_t)def->spec.n_params, (uint64_t)spec->n_params);

	for (int i = 0; st == KR_OK && i < def->d; i++)
		st = param_agrees(&def->spec.params[i], &spec->params[i], i, err);
	if (st == KR_OK)
		st = differs_integer(
			err, "spec.metrics", (uint64_t)def->spec.n_metrics, (uint64_t)spec->n_metrics);
	for (int k = 0; st == KR_OK && k < def->spec.n_metrics; k++)
		st = metric_agrees(&def->spec.metrics[k], &spec->metrics[k], k, err);
	if (st == KR_OK)
		st = texts_agree(
			"spec.parameter_constraints", &def->spec.constraints, &spec->constraints, err);
	if (st == KR_OK)
		st = texts_agree("spec.forbidden", &def->spec.forbidden, &spec->forbidden, err);
	if (st == KR_OK)
		st = differs_number(err, "spec.noise_sd", def->spec.has_noise_sd, def->spec.noise_sd,
			spec->has_noise_sd, spec->noise_sd);
	if (st == KR_OK && spec->has_seed)
		st = differs_integer(err, "spec.seed", def->spec.seed, spec->seed);
	return st == KR_OK ? settings_agree(&def->spec, now, spec, err) : st;
}
