#include "client/cli/measure.h"

#include <math.h>
#include <string.h>

#include "client/cli/number.h"
#include "proto/limits.h"

static enum kr_status value_of(
	struct msg_value *out, const char *text, struct arena *a, struct kr_error *err)
{
	const char *pm = strstr(text, "+-");
	const char *mean = pm ? arena_strndup(a, text, (size_t)(pm - text)) : text;

	if (!mean)
		return kr_fail(err, KR_ENOMEM, "no memory for the result");
	if (!number_parse(mean, &out->value))
		return kr_fail(err, KR_INVALID_ARGUMENT, "'%s' is not a number", mean);
	out->has_sem = pm != NULL;
	if (pm && !number_parse(pm + 2, &out->sem))
		return kr_fail(err, KR_INVALID_ARGUMENT, "'%s' after +- is not a number", pm + 2);
	return KR_OK;
}

enum kr_status measure_parse(
	struct msg_value *out, const char *text, struct arena *a, struct kr_error *err)
{
	const char *equals = strrchr(text, '=');
	enum kr_status s;

	*out = (struct msg_value){0};
	if (!equals)
		return value_of(out, text, a, err);
	out->name = arena_strndup(a, text, (size_t)(equals - text));
	if (!out->name)
		return kr_fail(err, KR_ENOMEM, "no memory for the result");
	s = value_of(out, equals + 1, a, err);
	if (s != KR_OK)
		kr_prefix(err, "%s", out->name);
	return s;
}

enum kr_status measure_parse_all(
	const struct msg_value **out, int n, char *const *words, struct arena *a, struct kr_error *err)
{
	struct msg_value *values = ARENA_ARRAY(a, struct msg_value, n);
	enum kr_status s = KR_OK;

	if (!values)
		return kr_fail(err, KR_ENOMEM, "no memory for the result");
	for (int i = 0; s == KR_OK && i < n; i++)
		s = measure_parse(&values[i], words[i], a, err);
	*out = values;
	return s;
}

static bool number_of(const cJSON *item, double *out)
{
	if (cJSON_IsNull(item)) {
		*out = NAN;
		return true;
	}
	return json_real(item, out);
}

static enum kr_status read_sem(
	struct msg_value *v, const cJSON *item, const char *name, struct kr_error *err)
{
	v->has_sem = json_real(item, &v->sem);
	return v->has_sem ? KR_OK
					  : kr_fail(err, KR_INVALID_ARGUMENT,
							"%s: the standard error is %s; must be a "
							"number",
							name, json_kind(item));
}

static enum kr_status one(
	struct msg_value *v, const cJSON *item, const cJSON *sem, struct kr_error *err)
{
	if (!number_of(item, &v->value))
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "the value is %s; must be a number", json_kind(item));
	return sem ? read_sem(v, sem, "sem", err) : KR_OK;
}

/* The standard errors of an object's values, by name. */
static enum kr_status named_sems(
	struct msg_value *values, int n, const cJSON *sems, struct kr_error *err)
{
	if (!cJSON_IsObject(sems))
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "sems: %s; must be an object like values", json_kind(sems));
	for (const cJSON *s = sems->child; s; s = s->next) {
		enum kr_status status = kr_fail(
			err, KR_INVALID_ARGUMENT, "sems.%s: there is no value of that name", s->string);

		for (int i = 0; i < n; i++)
			if (strcmp(values[i].name, s->string) == 0)
				status = read_sem(&values[i], s, s->string, err);
		if (status != KR_OK)
			return status;
	}
	return KR_OK;
}

enum kr_status measure_json(const struct msg_value **out, int *n, const cJSON *item,
	const cJSON *sems, struct arena *a, struct kr_error *err)
{
	bool object = cJSON_IsObject(item);
	struct msg_value *values;
	int i = 0;

	*n = object ? cJSON_GetArraySize(item) : 1;
	if (*n > LIMIT_METRICS)
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "%d metrics; at most %d are allowed", *n, LIMIT_METRICS);
	*out = values = ARENA_ARRAY(a, struct msg_value, *n);
	if (!values)
		return kr_fail(err, KR_ENOMEM, "no memory for the result");
	if (!object)
		return one(&values[0], item, sems, err);
	for (const cJSON *v = item->child; v; v = v->next, i++) {
		values[i].name = arena_strndup(a, v->string, strlen(v->string));
		if (!values[i].name)
			return kr_fail(err, KR_ENOMEM, "no memory for the result");
		if (!number_of(v, &values[i].value))
			return kr_fail(
				err, KR_INVALID_ARGUMENT, "%s is %s; must be a number", v->string, json_kind(v));
	}
	return sems ? named_sems(values, *n, sems, err) : KR_OK;
}
