#include "daemon/engine/definition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/acquisition.h"
#include "daemon/engine/beliefs.h"
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
		params[i].prior.numbers = arena_memdup(
			a, params[i].prior.numbers, (size_t)params[i].prior.n * sizeof(double));
		if (!params[i].name || !params[i].prior.numbers ||
			(params[i].n_choices && !params[i].choices) ||
			(from->params[i].when && !params[i].when))
			return no_memory(err);
	}
	if (copy_texts(a, &to->constraints, &from->constraints, err) != KR_OK ||
		copy_texts(a, &to->forbidden, &from->forbidden, err) != KR_OK ||
		copy_texts(a, &to->warm_start, &from->warm_start, err) != KR_OK)
		return no_memory(err);
	for (int k = 0; k < from->n_metrics; k++)
		if (!(metrics[k].name = copy_text(a, metrics[k].name)))
			return no_memory(err);
	if (from->acquisition.name && !(to->acquisition.name = copy_text(a, from->acquisition.name)))
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
			"%s is %s; it must be minimize, maximize or constraint", field,
			msg_metric_role_name(m->role));
	if (!m->has_lower && !m->has_upper)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is constraint, but the metric has no bound; give lower, upper or both", field);
	snprintf(field, sizeof(field), "spec.metrics[%d].upper", k);
	if (m->has_lower && m->has_upper && !(m->lower < m->upper))
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is %g, which is not above lower, %g; give lower < upper", field, m->upper,
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
	enum kr_status st = acquisition_check(&spec->acquisition, spec->n_metrics, "spec.", err);
	return st == KR_OK ? check_metrics(spec, err) : st;
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
		st = params_init(&def->params, def->spec.params, def->d, def->arena, err);
	if (st == KR_OK)
		st = rules_make(&def->params, &def->spec, def->arena, &def->space, err);
	if (st == KR_OK)
		st = beliefs_make(&def->spec, def->space, &def->belief, err);
	if (st != KR_OK) {
		definition_release(def);
		return st;
	}
	*out = def;
	return KR_OK;
}

/* ---- other studies ---------------------------------------------------------- */

static bool good_points(const struct definition *def, const struct record_source *r)
{
	size_t d = (size_t)def->d;

	if (r->n_outcomes > LIMIT_WARM_START_POINTS || (size_t)r->n_values != d * (size_t)r->n_outcomes)
		return false;
	for (int i = 0; i < r->n_outcomes; i++) {
		const double *values = r->values + (size_t)i * d;

		if (!space_complete(def->space, values))
			return false;
		for (int j = 0; j < def->d; j++)
			if (!isnan(values[j]) && space_check(def->space, j, values[j], NULL) != KR_OK)
				return false;
	}
	return true;
}

enum kr_status definition_take(
	struct definition *def, int n, const struct record_source *sources, struct kr_error *err)
{
	struct msg_warm_start *what = ARENA_ARRAY(def->arena, struct msg_warm_start, n);
	struct policy_source *points = ARENA_ARRAY(def->arena, struct policy_source, n);

	if (!what || !points)
		return no_memory(err);
	for (int k = 0; k < n; k++) {
		const struct record_source *r = &sources[k];

		if (!good_points(def, r))
			return kr_fail(
				err, KR_ECORRUPT, "what was taken of study '%s' is damaged", r->what.name);
		what[k] = r->what;
		what[k].name = copy_text(def->arena, r->what.name);
		points[k] = (struct policy_source){.n = r->n_outcomes,
			.minimize = !r->maximize,
			.X = arena_memdup(def->arena, r->values, (size_t)r->n_values * sizeof(double)),
			.y = arena_memdup(def->arena, r->outcomes, (size_t)r->n_outcomes * sizeof(double))};
		if (!what[k].name || !points[k].X || !points[k].y)
			return no_memory(err);
	}
	def->n_sources = n;
	def->warm_start = what;
	def->sources = points;
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
	belief_free(def->belief);
	space_free(def->space);
	arena_free(def->arena);
	kr_free(def);
}

/* ---- questions -------------------------------------------------------------- */

int definition_find(const struct definition *def, const char *name, int hint)
{
	return params_find(&def->params, name, hint);
}

enum kr_status definition_check(const struct definition *def, struct kr_error *err)
{
	return rules_check(&def->params, &def->spec, def->space, err);
}
