#include "client/cli/studyfile.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
	struct msg_texts constraints; /* on outcomes */
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

static const char *const types[] = {"float", "int", "categorical", "ordinal", "bool", "fixed"};

enum { N_TYPES = sizeof(types) / sizeof(*types) };

static const char types_text[] =
	"\"float\", \"int\", \"categorical\", \"ordinal\", \"bool\" or \"fixed\"";

static enum kr_status read_type(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;
	const char *near;

	if (!json_is_text(item))
		return wrong(p, path, "%s; must be %s", json_kind(item), types_text);
	for (int i = 0; i < N_TYPES; i++) {
		if (strcmp(item->valuestring, types[i]) != 0)
			continue;
		param->kind = (enum param_kind)(PARAM_FLOAT + i);
		return KR_OK;
	}
	near = text_nearest(item->valuestring, types, N_TYPES);
	if (near)
		return wrong(p, path, "unknown type \"%s\"; did you mean \"%s\"?", item->valuestring, near);
	return wrong(p, path, "unknown type \"%s\"; use %s", item->valuestring, types_text);
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

static enum kr_status read_choice(
	struct parse *p, const char *path, const cJSON *item, struct msg_scalar *out)
{
	bool memory = false;

	if (json_scalar(p->a, item, out, &memory))
		return KR_OK;
	if (memory)
		return no_memory(p);
	return wrong(p, path, "%s%s; a choice is null, true, false, a number or a string",
		json_kind(item), json_is_number(item) ? " out of range" : "");
}

static enum kr_status read_choices(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;
	struct msg_scalar *choices;
	char at[PATH_BYTES + 16];
	enum kr_status s = KR_OK;
	int i = 0;

	if (!cJSON_IsArray(item))
		return wrong(p, path, "%s; must be a list", json_kind(item));
	if (!item->child)
		return wrong(p, path, "the list is empty; give at least one choice");
	if (param->choices)
		return wrong(p, path, "the choices stand here twice; give one list");
	param->n_choices = cJSON_GetArraySize(item);
	param->choices = choices = ARENA_ARRAY(p->a, struct msg_scalar, param->n_choices);
	if (!choices)
		return no_memory(p);
	for (const cJSON *c = item->child; c && s == KR_OK; c = c->next, i++) {
		snprintf(at, sizeof(at), "%s[%d]", path, i);
		s = read_choice(p, at, c, &choices[i]);
	}
	return s;
}

/* The choices of an ordinal, in their order. */
static enum kr_status read_values(struct parse *p, const char *path, const cJSON *item, void *out)
{
	const struct msg_param *param = out;

	if (param->kind != PARAM_ORDINAL)
		return wrong(p, path, "only an \"ordinal\" has values; a \"categorical\" has choices");
	return read_choices(p, path, item, out);
}

static enum kr_status read_fixed(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;
	struct msg_scalar *choice;

	if (param->kind != PARAM_FIXED)
		return wrong(p, path, "only a \"fixed\" parameter has a value");
	param->n_choices = 1;
	param->choices = choice = ARENA_NEW(p->a, struct msg_scalar);
	return choice ? read_choice(p, path, item, choice) : no_memory(p);
}

static enum kr_status read_when(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_param *param = out;

	return cJSON_IsNull(item) ? KR_OK : text_of(p, path, item, &param->when);
}

static const struct key param_keys[] = {
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
		return wrong(p, path, "no \"type\"; add %s", types_text);
	/* First, because other keys depend on it. */
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

static enum kr_status read_texts(
	struct parse *p, const char *path, const cJSON *item, struct msg_texts *out)
{
	char at[PATH_BYTES + 16];
	enum kr_status s = KR_OK;
	const char **texts;

	if (!cJSON_IsArray(item))
		return wrong(p, path, "%s; must be a list of strings", json_kind(item));
	texts = ARENA_ARRAY(p->a, const char *, cJSON_GetArraySize(item));
	if (!texts)
		return no_memory(p);
	*out = (struct msg_texts){.p = texts};
	for (const cJSON *c = item->child; c && s == KR_OK; c = c->next) {
		snprintf(at, sizeof(at), "%s[%d]", path, out->n);
		s = text_of(p, at, c, &texts[out->n++]);
	}
	return s;
}

static enum kr_status read_parameter_constraints(
	struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	return cJSON_IsNull(item) ? KR_OK : read_texts(p, path, item, &study->spec.constraints);
}

static enum kr_status read_forbidden(
	struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	return cJSON_IsNull(item) ? KR_OK : read_texts(p, path, item, &study->spec.forbidden);
}

/* Outcome constraints wait for the objective, which is the first metric. */
static enum kr_status read_constraints(
	struct parse *p, const char *path, const cJSON *item, void *out)
{
	(void)out;
	return cJSON_IsNull(item) ? KR_OK : read_texts(p, path, item, &p->constraints);
}

static enum kr_status read_noise(struct parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	study->spec.has_noise_sd = !cJSON_IsNull(item);
	return study->spec.has_noise_sd ? real_of(p, path, item, &study->spec.noise_sd) : KR_OK;
}

/* "latency <= 10": the name's length, the bound, its number. False when it is not that. */
static bool read_bound(const char *text, size_t *len, bool *upper, double *number)
{
	const char *sign = strstr(text, "<=");
	char *end;

	*upper = sign != NULL;
	if (!sign)
		sign = strstr(text, ">=");
	if (!sign || sign == text)
		return false;
	*len = (size_t)(sign - text);
	while (*len > 0 && text[*len - 1] == ' ')
		(*len)--;
	*number = strtod(sign + 2, &end);
	while (*end == ' ')
		end++;
	return *len > 0 && end > sign + 2 && !*end && isfinite(*number);
}

/* The metric of that name among n, or the next, empty one. */
static struct msg_metric *metric_named(
	struct msg_metric *metrics, int n, const char *name, size_t len)
{
	int i = 1;

	while (i < n && (strlen(metrics[i].name) != len || memcmp(metrics[i].name, name, len) != 0))
		i++;
	return &metrics[i];
}

static enum kr_status add_constraint(
	struct parse *p, const char *path, const char *text, struct msg_metric *metrics, int *n)
{
	struct msg_metric *m;
	size_t len;
	bool upper;
	double number;

	if (!read_bound(text, &len, &upper, &number))
		return wrong(p, path, "\"%s\"; write \"NAME <= NUMBER\" or \"NAME >= NUMBER\"", text);
	m = metric_named(metrics, *n, text, len);
	if (!m->name) {
		m->name = arena_strndup(p->a, text, len);
		m->role = METRIC_CONSTRAINT;
		++*n;
	}
	if (!m->name)
		return no_memory(p);
	if (upper ? m->has_upper : m->has_lower)
		return wrong(p, path, "the metric has such a bound already; give one");
	*(upper ? &m->has_upper : &m->has_lower) = true;
	*(upper ? &m->upper : &m->lower) = number;
	return KR_OK;
}

/* The outcome constraints behind the objective. */
static enum kr_status join_metrics(struct parse *p, struct msg_spec *spec)
{
	struct msg_metric *metrics = ARENA_ARRAY(p->a, struct msg_metric, p->constraints.n + 1);
	enum kr_status s = KR_OK;
	char path[PATH_BYTES];

	if (!metrics)
		return no_memory(p);
	metrics[0] = spec->metrics[0];
	for (int i = 0; i < p->constraints.n && s == KR_OK; i++) {
		snprintf(path, sizeof(path), "constraints[%d]", i);
		s = add_constraint(p, path, p->constraints.p[i], metrics, &spec->n_metrics);
	}
	spec->metrics = metrics;
	return s;
}

static const struct key study_keys[] = {
	{"name", read_name},
	{"space", read_space},
	{"objective", read_objective},
	{"budget", read_budget},
	{"lease", read_lease},
	{"seed", read_seed},
	{"if_exists", read_if_exists},
	{"constraints", read_constraints},
	{"parameter_constraints", read_parameter_constraints},
	{"forbidden", read_forbidden},
	{"noise", read_noise},
	{"cost", NULL},
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
	return join_metrics(p, &out->spec);
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
