#include "daemon/engine/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "daemon/engine/quote.h"

/* ---- reading ---------------------------------------------------------------- */

static int find(const struct definition *def, const char *name, int hint)
{
	if (hint < def->spec.n_metrics && strcmp(def->spec.metrics[hint].name, name) == 0)
		return hint;
	for (int k = 0; k < def->spec.n_metrics; k++)
		if (strcmp(def->spec.metrics[k].name, name) == 0)
			return k;
	return -1;
}

/* The metric that values[i] is of; -1 and err when there is none. */
static int metric_of(const struct definition *def, const char *field, int i,
	const struct msg_value *values, struct kr_error *err)
{
	char path[sizeof(err->field)], theirs[72], ours[72];
	const char *name = values[i].name;
	int k = name ? find(def, name, i) : def->spec.n_metrics == 1 ? 0 : -1;

	if (k >= 0)
		return k;
	snprintf(path, sizeof(path), "%s[%d].name", field, i);
	quote_text(def->spec.metrics[def->objective].name, ours, sizeof(ours));
	if (!name) {
		kr_fail_field(err, KR_INVALID_ARGUMENT, path,
			"%s is missing; the study has %d metrics, so name the one that this is a value of "
			"(the objective is %s)",
			path, def->spec.n_metrics, ours);
		return -1;
	}
	quote_text(name, theirs, sizeof(theirs));
	kr_fail_field(err, KR_INVALID_ARGUMENT, path,
		"%s: the study has no metric %s; its objective is %s", path, theirs, ours);
	return -1;
}

static enum kr_status given_twice(
	const struct msg_metric *m, const char *field, int i, struct kr_error *err)
{
	char path[sizeof(err->field)], name[72];

	snprintf(path, sizeof(path), "%s[%d].name", field, i);
	quote_text(m->name, name, sizeof(name));
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, path, "%s: %s is given twice; give it once", path, name);
}

static enum kr_status not_finite(
	const struct msg_metric *m, const char *field, int i, double value, struct kr_error *err)
{
	char path[sizeof(err->field)], name[72], shown[NUMBER_SHOWN];

	snprintf(path, sizeof(path), "%s[%d].value", field, i);
	quote_text(m->name, name, sizeof(name));
	return kr_fail_field(err, KR_INVALID_ARGUMENT, path,
		"%s: %s is %s; only the objective may be a number that is not finite (the trial is then "
		"FAILED)",
		path, name, number_show(value, shown));
}

static enum kr_status missing(
	const struct definition *def, const char *field, int k, int n, struct kr_error *err)
{
	char name[72];

	quote_text(def->spec.metrics[k].name, name, sizeof(name));
	if (n == 0)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is empty; give the value of %s %s", field,
			k == def->objective ? "the objective" : "the metric", name);
	return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
		"%s has no value of %s; give a value of each of the %d metrics", field, name,
		def->spec.n_metrics);
}

enum kr_status metric_read(const struct definition *def, const char *field, int n,
	const struct msg_value *values, struct metric_result *out, struct arena *a,
	struct kr_error *err)
{
	int n_metrics = def->spec.n_metrics;
	double *metrics = ARENA_ARRAY(a, double, n_metrics), *sems = ARENA_ARRAY(a, double, n_metrics);
	bool *given = ARENA_ARRAY(a, bool, n_metrics);

	if (!metrics || !sems || !given)
		return kr_fail(err, KR_ENOMEM, "no memory for %d values", n);
	*out = (struct metric_result){.metrics = metrics, .sems = sems};
	for (int k = 0; k < n_metrics; k++)
		sems[k] = NAN;
	for (int i = 0; i < n; i++) {
		int k = metric_of(def, field, i, values, err);

		if (k < 0)
			return KR_INVALID_ARGUMENT;
		if (given[k])
			return given_twice(&def->spec.metrics[k], field, i, err);
		if (k != def->objective && !isfinite(values[i].value))
			return not_finite(&def->spec.metrics[k], field, i, values[i].value, err);
		given[k] = true;
		metrics[k] = values[i].value;
		if (!values[i].has_sem)
			continue;
		sems[k] = values[i].sem;
		out->n_sems = n_metrics;
	}
	for (int k = 0; k < n_metrics; k++)
		if (!given[k])
			return missing(def, field, k, n, err);
	out->finite = isfinite(metrics[def->objective]);
	return KR_OK;
}

/* ---- writing ---------------------------------------------------------------- */

const struct msg_value *metric_write(
	const struct definition *def, const double *metrics, const double *sems, struct arena *a)
{
	struct msg_value *out = ARENA_ARRAY(a, struct msg_value, def->spec.n_metrics);

	for (int k = 0; out && k < def->spec.n_metrics; k++) {
		out[k].name = def->spec.metrics[k].name;
		out[k].value = metrics[k];
		out[k].has_sem = sems && !isnan(sems[k]);
		out[k].sem = out[k].has_sem ? sems[k] : 0;
	}
	return out;
}
