#include "client/cli/studyfile.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/json.h"
#include "client/cli/text.h"
#include "proto/limits.h"

enum { PATH_BYTES = 320, KEYS_MAX = 16 };

#define INT_LIMIT 9007199254740992 /* 2^53: bounds travel as doubles */

struct parse {
	struct arena *a;
	const char *source;
	struct kr_error *err;
};

/* A key of an object: how to read it; NULL: planned, refused unless it asks for nothing. */
struct key {
	const char *name;
	enum kr_status (*read)(struct parse *p, const char *path, const cJSON *item, void *out);
};

static enum kr_status wrong(struct parse *p, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static enum kr_status wrong(struct parse *p, const char *path, const char *fmt, ...)
{
	char text[sizeof(p->err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return kr_fail_field(p->err, KR_INVALID_ARGUMENT, path, "%s: %s%s%s", p->source, path,
		path[0] ? ": " : "", text);
}

static enum kr_status no_memory(struct parse *p)
{
	return kr_fail(p->err, KR_ENOMEM, "%s: no memory to read it", p->source);
}

/* path.name; for messages, so a path too long for one is cut. */
static const char *join(char out[PATH_BYTES], const char *path, const char *name)
{
	if (snprintf(out, PATH_BYTES, "%s%s%s", path, path[0] ? "." : "", name) < 0)
		out[0] = '\0';
	return out;
}

/* ---- objects with known keys ------------------------------------------------------ */

static enum kr_status unknown_key(
	struct parse *p, const char *path, const char *name, const struct key *keys, int n_keys)
{
	const char *names[KEYS_MAX], *near;

	for (int i = 0; i < n_keys; i++)
		names[i] = keys[i].name;
	near = text_nearest(name, names, n_keys);
	if (near)
		return wrong(p, path, "unknown key; did you mean \"%s\"?", near);
	return wrong(p, path, "unknown key; `krige init` shows the known ones");
}

/* What a key that is not built may hold: what it means when it is left out. */
static bool asks_nothing(const cJSON *item)
{
	return cJSON_IsNull(item) || cJSON_IsFalse(item) || (cJSON_IsArray(item) && !item->child);
}

static enum kr_status read_key(struct parse *p, const char *path, const cJSON *item,
	const struct key *keys, int n_keys, void *out)
{
	for (int i = 0; i < n_keys; i++) {
		if (strcmp(item->string, keys[i].name) != 0)
			continue;
		if (keys[i].read)
			return keys[i].read(p, path, item, out);
		if (asks_nothing(item))
			return KR_OK;
		return wrong(p, path, "not built yet in this version; remove the key");
	}
	return unknown_key(p, path, item->string, keys, n_keys);
}

static bool repeated(const cJSON *item)
{
	for (const cJSON *before = item->prev; before->next; before = before->prev)
		if (strcmp(before->string, item->string) == 0)
			return true;
	return false;
}

static enum kr_status read_object(struct parse *p, const char *path, const cJSON *object,
	const struct key *keys, int n_keys, void *out)
{
	char key_path[PATH_BYTES];
	enum kr_status s = KR_OK;

	for (const cJSON *item = object->child; item && s == KR_OK; item = item->next) {
		join(key_path, path, item->string);
		if (repeated(item))
			return wrong(p, key_path, "the key stands here twice");
		s = read_key(p, key_path, item, keys, n_keys, out);
	}
	return s;
}

/* ---- values ------------------------------------------------------------------------- */

static enum kr_status text_of(
	struct parse *p, const char *path, const cJSON *item, const char **out)
{
	if (!json_is_text(item))
		return wrong(p, path, "%s; must be a string", json_kind(item));
	*out = arena_strndup(p->a, item->valuestring, strlen(item->valuestring));
	return *out ? KR_OK : no_memory(p);
}

static enum kr_status real_of(struct parse *p, const char *path, const cJSON *item, double *out)
{
	int64_t i;

	if (!json_is_number(item))
		return wrong(p, path, "%s; must be a number", json_kind(item));
	if (!json_real(item, out) || !isfinite(*out))
		return wrong(p, path, "%s is out of range", item->valuestring + 1);
	if (json_i64(item, &i) && (i > INT_LIMIT || i < -INT_LIMIT))
		return wrong(p, path, "%s is beyond 2^53, where integers are no longer exact",
			item->valuestring + 1);
	return KR_OK;
}

static enum kr_status bool_of(struct parse *p, const char *path, const cJSON *item, bool *out)
{
	if (!cJSON_IsBool(item))
		return wrong(p, path, "%s; must be true or false", json_kind(item));
	*out = cJSON_IsTrue(item);
	return KR_OK;
}

static enum kr_status u64_of(struct parse *p, const char *path, const cJSON *item, uint64_t *out)
{
	if (!json_is_number(item))
		return wrong(p, path, "%s; must be a whole number", json_kind(item));
	if (!json_u64(item, out))
		return wrong(
			p, path, "%s; must be a whole number from 0 to 2^64 - 1", item->valuestring + 1);
	return KR_OK;
}

/* ---- a parameter ---------------------------------------------------------------------- */

static enum kr_status read_type(struct parse *p, const char *path, const cJSON *item, void *out)
{
	static const char *const words[] = {"float", "int", "categorical"};
	static const char *const planned[] = {"ordinal", "bool", "fixed"};
	struct msg_param *param = out;
	const char *near;

	if (!json_is_text(item))
		return wrong(p, path, "%s; must be \"float\", \"int\" or \"categorical\"", json_kind(item));
	for (int i = 0; i < 3; i++) {
		if (strcmp(item->valuestring, words[i]) == 0) {
			param->kind = (enum param_kind)(PARAM_FLOAT + i);
			return KR_OK;
		}
		if (strcmp(item->valuestring, planned[i]) == 0)
			return wrong(p, path,
				"\"%s\" is not built yet in this version; use \"float\", \"int\" "
				"or \"categorical\"",
				planned[i]);
	}
	near = text_nearest(item->valuestring, words, 3);
	if (near)
		return wrong(p, path, "unknown type \"%s\"; did you mean \"%s\"?", item->valuestring, near);
	return wrong(p, path, "unknown type \"%s\"; use \"float\", \"int\" or \"categorical\"",
		item->valuestring);
}

static enum kr_status read_low(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	param->has_low = true;
	return real_of(p, path, item, &param->low);
}

static enum kr_status read_high(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	param->has_high = true;
	return real_of(p, path, item, &param->high);
}

static enum kr_status read_log(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	return bool_of(p, path, item, &param->log);
}

static enum kr_status read_step(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	param->has_step = !cJSON_IsNull(item);
	return param->has_step ? real_of(p, path, item, &param->step) : KR_OK;
}

static enum kr_status read_choices(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;
	struct msg_scalar *choices;
	char at[PATH_BYTES + 16];
	bool memory = false;
	int i = 0;

	if (!cJSON_IsArray(item))
		return wrong(p, path, "%s; must be a list", json_kind(item));
	if (!item->child)
		return wrong(p, path, "the list is empty; give at least one choice");
	param->n_choices = cJSON_GetArraySize(item);
	param->choices = choices = ARENA_ARRAY(p->a, struct msg_scalar, param->n_choices);
	if (!choices)
		return no_memory(p);
	for (const cJSON *c = item->child; c; c = c->next, i++) {
		if (json_scalar(p->a, c, &choices[i], &memory))
			continue;
		if (memory)
			return no_memory(p);
		snprintf(at, sizeof(at), "%s[%d]", path, i);
		return wrong(p, at, "%s%s; a choice is null, true, false, a number or a string",
			json_kind(c), json_is_number(c) ? " out of range" : "");
	}
	return KR_OK;
}

static const struct key param_keys[] = {
	{"type", read_type},
	{"low", read_low},
	{"high", read_high},
	{"log", read_log},
	{"step", read_step},
	{"choices", read_choices},
	{"values", NULL},
	{"value", NULL},
	{"when", NULL},
	{"fidelity", NULL},
	{"target", NULL},
	{"context", NULL},
	{"default", NULL},
	{"prior", NULL},
};

static enum kr_status read_param(
	struct parse *p, const char *path, const cJSON *item, struct msg_param *param)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(item, "type");
	char at[PATH_BYTES];
	enum kr_status s;

	if (!cJSON_IsObject(item))
		return wrong(p, path,
			"%s; must be an object like {\"type\": \"float\", \"low\": 0, \"high\": 1}",
			json_kind(item));
	if (!type)
		return wrong(p, path, "no \"type\"; add \"float\", \"int\" or \"categorical\"");
	/* First, so that a type that is not built is named before its own keys. */
	s = read_type(p, join(at, path, "type"), type, param);
	if (s != KR_OK)
		return s;
	return read_object(
		p, path, item, param_keys, (int)(sizeof(param_keys) / sizeof(param_keys[0])), param);
}

/* ---- the study ------------------------------------------------------------------------- */

static enum kr_status read_name(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	return text_of(p, path, item, &study->name);
}

static enum kr_status read_space(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;
	struct msg_param *params;
	char at[PATH_BYTES];
	enum kr_status s = KR_OK;
	int i = 0;

	if (!cJSON_IsObject(item))
		return wrong(
			p, path, "%s; must be an object with one entry per parameter", json_kind(item));
	study->spec.n_params = cJSON_GetArraySize(item);
	if (study->spec.n_params > LIMIT_PARAMETERS)
		return wrong(p, path, "%d parameters; at most %d are allowed", study->spec.n_params,
			LIMIT_PARAMETERS);
	study->spec.params = params = ARENA_ARRAY(p->a, struct msg_param, study->spec.n_params);
	if (!params)
		return no_memory(p);
	for (const cJSON *c = item->child; c && s == KR_OK; c = c->next, i++) {
		join(at, path, c->string);
		if (!c->string[0])
			return wrong(
				p, path, "a parameter's name is empty; give 1 to %d bytes", LIMIT_NAME_BYTES);
		if (repeated(c))
			return wrong(p, at, "the parameter stands here twice");
		params[i].name = arena_strndup(p->a, c->string, strlen(c->string));
		if (!params[i].name)
			return no_memory(p);
		s = read_param(p, at, c, &params[i]);
	}
	return s;
}

static enum kr_status read_objective(
	struct parse *p, const char *path, const cJSON *item, void *out)
{
	static const struct {
		const char *word;
		enum metric_role role;
	} roles[] = {{"minimize ", METRIC_MINIMIZE}, {"maximize ", METRIC_MAXIMIZE}};
	struct msg_create_study *study = out;
	struct msg_metric *metric;
	const char *text = NULL;
	enum kr_status s;

	if (cJSON_IsArray(item) && cJSON_GetArraySize(item) == 1)
		item = item->child;
	if (cJSON_IsArray(item))
		return wrong(p, path, "several objectives are not built yet in this version; give one");
	s = text_of(p, path, item, &text);
	if (!text)
		return s;
	metric = ARENA_NEW(p->a, struct msg_metric);
	if (!metric)
		return no_memory(p);
	for (int i = 0; i < 2; i++) {
		if (strncmp(text, roles[i].word, strlen(roles[i].word)) != 0)
			continue;
		metric->role = roles[i].role;
		metric->name = text + strlen(roles[i].word);
		study->spec.n_metrics = 1;
		study->spec.metrics = metric;
		return KR_OK;
	}
	return wrong(p, path, "\"%s\"; write \"minimize NAME\" or \"maximize NAME\"", text);
}

static enum kr_status read_budget(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	study->spec.has_budget = !cJSON_IsNull(item);
	return study->spec.has_budget ? u64_of(p, path, item, &study->spec.budget) : KR_OK;
}

static enum kr_status read_lease(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	study->spec.has_lease = !cJSON_IsNull(item);
	return study->spec.has_lease ? real_of(p, path, item, &study->spec.lease_s) : KR_OK;
}

static enum kr_status read_seed(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	study->spec.has_seed = !cJSON_IsNull(item);
	return study->spec.has_seed ? u64_of(p, path, item, &study->spec.seed) : KR_OK;
}

enum if_exists studyfile_if_exists(const char *word)
{
	static const char *const words[] = {"fail", "attach", "replace"};

	for (int i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0)
			return (enum if_exists)(IF_EXISTS_FAIL + i);
	return (enum if_exists)0;
}

static enum kr_status read_if_exists(
	struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	if (json_is_text(item))
		study->if_exists = studyfile_if_exists(item->valuestring);
	if (study->if_exists)
		return KR_OK;
	return wrong(p, path, "must be \"fail\", \"attach\" or \"replace\"");
}

static const struct key study_keys[] = {
	{"name", read_name},
	{"space", read_space},
	{"objective", read_objective},
	{"budget", read_budget},
	{"lease", read_lease},
	{"seed", read_seed},
	{"if_exists", read_if_exists},
	{"constraints", NULL},
	{"parameter_constraints", NULL},
	{"cost", NULL},
	{"noise", NULL},
};

static enum kr_status read_study(struct parse *p, const cJSON *root, struct msg_create_study *out)
{
	enum kr_status s;

	if (!cJSON_IsObject(root))
		return wrong(p, "", "%s; must be an object: `krige init` prints one", json_kind(root));
	s = read_object(
		p, "", root, study_keys, (int)(sizeof(study_keys) / sizeof(study_keys[0])), out);
	if (s != KR_OK)
		return s;
	if (!out->name)
		return wrong(p, "name", "missing; give the study a name");
	if (!out->spec.params)
		return wrong(p, "space", "missing; give the parameters to tune");
	if (!out->spec.metrics)
		return wrong(p, "objective", "missing; write \"minimize NAME\" or \"maximize NAME\"");
	return KR_OK;
}

enum kr_status studyfile_parse(struct msg_create_study *out, const char *text, size_t len,
	const char *source, struct arena *a, struct kr_error *err)
{
	struct parse p = {.a = a, .source = source, .err = err};
	enum kr_status s;
	cJSON *root;

	*out = (struct msg_create_study){0};
	s = json_parse(&root, text, len, source, err);
	if (s != KR_OK)
		return s;
	s = read_study(&p, root, out);
	cJSON_Delete(root);
	return s;
}
