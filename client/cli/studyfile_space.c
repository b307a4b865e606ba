/* Study file: the parameters. */
#include "client/cli/studyfile_internal.h"

#include <stdio.h>
#include <string.h>

#include "client/cli/text.h"
#include "proto/limits.h"

/* ---- a parameter ---------------------------------------------------------------------- */

static const char *const types[] = {"float", "int", "categorical", "ordinal", "bool", "fixed"};

enum { N_TYPES = sizeof(types) / sizeof(*types) };

static const char types_text[] =
	"\"float\", \"int\", \"categorical\", \"ordinal\", \"bool\" or \"fixed\"";

static enum kr_status read_type(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;
	const char *near;

	if (!json_is_text(item))
		return studyfile__wrong(p, path, "%s; must be %s", json_kind(item), types_text);
	for (int i = 0; i < N_TYPES; i++) {
		if (strcmp(item->valuestring, types[i]) != 0)
			continue;
		param->kind = (enum param_kind)(PARAM_FLOAT + i);
		return KR_OK;
	}
	near = text_nearest(item->valuestring, types, N_TYPES);
	if (near)
		return studyfile__wrong(
			p, path, "unknown type \"%s\"; did you mean \"%s\"?", item->valuestring, near);
	return studyfile__wrong(p, path, "unknown type \"%s\"; use %s", item->valuestring, types_text);
}

static enum kr_status read_low(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	param->has_low = true;
	return studyfile__real(p, path, item, &param->low);
}

static enum kr_status read_high(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	param->has_high = true;
	return studyfile__real(p, path, item, &param->high);
}

static enum kr_status read_log(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	return studyfile__bool(p, path, item, &param->log);
}

static enum kr_status read_step(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	param->has_step = !cJSON_IsNull(item);
	return param->has_step ? studyfile__real(p, path, item, &param->step) : KR_OK;
}

static enum kr_status read_choice(
	struct studyfile__parse *p, const char *path, const cJSON *item, struct msg_scalar *out)
{
	bool memory = false;

	if (json_scalar(p->a, item, out, &memory))
		return KR_OK;
	if (memory)
		return studyfile__no_memory(p);
	return studyfile__wrong(p, path, "%s%s; a choice is null, true, false, a number or a string",
		json_kind(item), json_is_number(item) ? " out of range" : "");
}

static enum kr_status read_choices(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;
	struct msg_scalar *choices;
	char at[STUDYFILE__PATH + 16];
	enum kr_status s = KR_OK;
	int i = 0;

	if (!cJSON_IsArray(item))
		return studyfile__wrong(p, path, "%s; must be a list", json_kind(item));
	if (!item->child)
		return studyfile__wrong(p, path, "the list is empty; give at least one choice");
	if (param->choices)
		return studyfile__wrong(p, path, "the choices stand here twice; give one list");
	param->n_choices = cJSON_GetArraySize(item);
	param->choices = choices = ARENA_ARRAY(p->a, struct msg_scalar, param->n_choices);
	if (!choices)
		return studyfile__no_memory(p);
	for (const cJSON *c = item->child; c && s == KR_OK; c = c->next, i++) {
		snprintf(at, sizeof(at), "%s[%d]", path, i);
		s = read_choice(p, at, c, &choices[i]);
	}
	return s;
}

/* The choices of an ordinal, in their order. */
static enum kr_status read_values(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	const struct msg_param *param = out;

	if (param->kind != PARAM_ORDINAL)
		return studyfile__wrong(
			p, path, "only an \"ordinal\" has values; a \"categorical\" has choices");
	return read_choices(p, path, item, out);
}

static enum kr_status read_fixed(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;
	struct msg_scalar *choice;

	if (param->kind != PARAM_FIXED)
		return studyfile__wrong(p, path, "only a \"fixed\" parameter has a value");
	param->n_choices = 1;
	param->choices = choice = ARENA_NEW(p->a, struct msg_scalar);
	return choice ? read_choice(p, path, item, choice) : studyfile__no_memory(p);
}

static enum kr_status read_when(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	return cJSON_IsNull(item) ? KR_OK : studyfile__text(p, path, item, &param->when);
}

/* ---- where its best value is believed to be -------------------------------------------- */

/* {"mean": 0.5, "sd": 0.1}, on a log scale {"mean": 3e-4, "factor": 3}. */
struct normal {
	double mean, spread;
	bool has_mean, has_sd, has_factor;
};

static enum kr_status read_mean(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct normal *n = out;

	n->has_mean = true;
	return studyfile__real(p, path, item, &n->mean);
}

static enum kr_status read_sd(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct normal *n = out;

	n->has_sd = true;
	return studyfile__real(p, path, item, &n->spread);
}

static enum kr_status read_factor(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct normal *n = out;

	n->has_factor = true;
	return studyfile__real(p, path, item, &n->spread);
}

static const struct studyfile__key normal_keys[] = {
	{"mean", read_mean},
	{"sd", read_sd},
	{"factor", read_factor},
};

static enum kr_status read_normal(struct studyfile__parse *p, const char *path, const cJSON *item,
	struct msg_prior *prior, double numbers[2])
{
	struct normal n = {0};
	enum kr_status s = studyfile__object(
		p, path, item, normal_keys, (int)(sizeof(normal_keys) / sizeof(normal_keys[0])), &n);

	if (s != KR_OK)
		return s;
	if (!n.has_mean || n.has_sd == n.has_factor)
		return studyfile__wrong(
			p, path, "must have \"mean\" and one of \"sd\" and, on a log scale, \"factor\"");
	numbers[0] = n.mean;
	numbers[1] = n.spread;
	*prior = (struct msg_prior){n.has_sd ? PRIOR_NORMAL : PRIOR_LOG_NORMAL, 2, numbers};
	return KR_OK;
}

static enum kr_status read_weights(struct studyfile__parse *p, const char *path, const cJSON *item,
	struct msg_prior *prior, double *numbers)
{
	char at[STUDYFILE__PATH + 16];
	enum kr_status s = KR_OK;
	int i = 0;

	for (const cJSON *c = item->child; c && s == KR_OK; c = c->next, i++) {
		snprintf(at, sizeof(at), "%s[%d]", path, i);
		s = studyfile__real(p, at, c, &numbers[i]);
	}
	*prior = (struct msg_prior){PRIOR_WEIGHTS, i, numbers};
	return s;
}

static enum kr_status read_prior(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;
	bool list = cJSON_IsArray(item);
	double *numbers = ARENA_ARRAY(p->a, double, list ? cJSON_GetArraySize(item) : 2);

	if (cJSON_IsNull(item))
		return KR_OK;
	if (!numbers)
		return studyfile__no_memory(p);
	if (cJSON_IsObject(item))
		return read_normal(p, path, item, &param->prior, numbers);
	if (list)
		return read_weights(p, path, item, &param->prior, numbers);
	return studyfile__wrong(p, path,
		"%s; must be {\"mean\": M, \"sd\": S}, on a log scale {\"mean\": M, \"factor\": F}, or a "
		"list with a weight for each choice",
		json_kind(item));
}

static const struct studyfile__key param_keys[] = {
	{"type", read_type},
	{"low", read_low},
	{"high", read_high},
	{"log", read_log},
	{"step", read_step},
	{"choices", read_choices},
	{"values", read_values},
	{"value", read_fixed},
	{"when", read_when},
	{"fidelity", NULL},
	{"target", NULL},
	{"context", NULL},
	{"default", NULL},
	{"prior", read_prior},
};

static enum kr_status read_param(
	struct studyfile__parse *p, const char *path, const cJSON *item, struct msg_param *param)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(item, "type");
	char at[STUDYFILE__PATH];
	enum kr_status s;

	if (!cJSON_IsObject(item))
		return studyfile__wrong(p, path,
			"%s; must be an object like {\"type\": \"float\", \"low\": 0, \"high\": 1}",
			json_kind(item));
	if (!type)
		return studyfile__wrong(p, path, "no \"type\"; add %s", types_text);
	/* First, because other keys depend on it. */
	s = read_type(p, studyfile__join(at, path, "type"), type, param);
	if (s != KR_OK)
		return s;
	return studyfile__object(
		p, path, item, param_keys, (int)(sizeof(param_keys) / sizeof(param_keys[0])), param);
}

/* ---- all of them ----------------------------------------------------------------------- */

enum kr_status studyfile__space(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;
	struct msg_param *params;
	char at[STUDYFILE__PATH];
	enum kr_status s = KR_OK;
	int i = 0;

	if (!cJSON_IsObject(item))
		return studyfile__wrong(
			p, path, "%s; must be an object with one entry per parameter", json_kind(item));
	study->spec.n_params = cJSON_GetArraySize(item);
	if (study->spec.n_params > LIMIT_PARAMETERS)
		return studyfile__wrong(p, path, "%d parameters; at most %d are allowed",
			study->spec.n_params, LIMIT_PARAMETERS);
	study->spec.params = params = ARENA_ARRAY(p->a, struct msg_param, study->spec.n_params);
	if (!params)
		return studyfile__no_memory(p);
	for (const cJSON *c = item->child; c && s == KR_OK; c = c->next, i++) {
		studyfile__join(at, path, c->string);
		if (!c->string[0])
			return studyfile__wrong(
				p, path, "a parameter's name is empty; give 1 to %d bytes", LIMIT_NAME_BYTES);
		if (studyfile__repeated(c))
			return studyfile__wrong(p, at, "the parameter stands here twice");
		params[i].name = arena_strndup(p->a, c->string, strlen(c->string));
		if (!params[i].name)
			return studyfile__no_memory(p);
		s = read_param(p, at, c, &params[i]);
	}
	return s;
}
