#include "client/cli/param.h"

#include <stdio.h>
#include <string.h>

#include "client/cli/number.h"
#include "client/cli/text.h"
#include "proto/limits.h"

static const struct msg_param *find(const struct msg_spec *spec, const char *name)
{
	for (int i = 0; i < spec->n_params; i++)
		if (strcmp(spec->params[i].name, name) == 0)
			return &spec->params[i];
	return NULL;
}

static enum kr_status unknown(
	const struct msg_spec *spec, const char *name, struct arena *a, struct kr_error *err)
{
	const char **names = ARENA_ARRAY(a, const char *, spec->n_params + 1);
	const char *near = NULL;

	for (int i = 0; names && i < spec->n_params; i++)
		names[i] = spec->params[i].name;
	if (names)
		near = text_nearest(name, names, spec->n_params);
	return kr_fail_field(err, KR_INVALID_ARGUMENT, name, "no parameter '%s' in the study%s%s%s",
		name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The choices, cut to what fits a message. */
static enum kr_status no_choice(
	const struct msg_param *p, const char *value, struct arena *a, struct kr_error *err)
{
	char list[200] = "";
	size_t len = 0;

	for (int i = 0; i < p->n_choices; i++) {
		const char *text = text_scalar_quoted(a, &p->choices[i]);

		if (!text || len + strlen(text) + 8 > sizeof(list)) {
			snprintf(list + len, sizeof(list) - len, ", ...");
			break;
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", text);
	}
	return kr_fail_field(err, KR_INVALID_ARGUMENT, p->name, "%s: %s is none of its choices: %s",
		p->name, value, list);
}

static bool reads_like(const struct msg_scalar *choice, const char *text)
{
	double x;

	switch (choice->kind) {
	case SCALAR_NULL: return strcmp(text, "null") == 0;
	case SCALAR_BOOL: return strcmp(text, choice->b ? "true" : "false") == 0;
	case SCALAR_INT: {
		int64_t i;

		return number_parse_i64(text, &i) && i == choice->i;
	}
	case SCALAR_REAL: return strpbrk(text, ".eE") && number_parse(text, &x) && x == choice->r;
	case SCALAR_STRING: return false;
	}
	return false;
}

static bool is_string(const struct msg_scalar *choice, const char *text)
{
	size_t len = strlen(text);

	if (choice->kind != SCALAR_STRING)
		return false;
	if (strcmp(choice->s, text) == 0)
		return true;
	return len >= 2 && text[0] == '"' && text[len - 1] == '"' && strlen(choice->s) == len - 2 &&
		memcmp(choice->s, text + 1, len - 2) == 0;
}

static enum kr_status choose(const struct msg_param *p, const char *text, struct arena *a,
	struct msg_scalar *out, struct kr_error *err)
{
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < p->n_choices; i++)
			if (pass ? is_string(&p->choices[i], text) : reads_like(&p->choices[i], text)) {
				*out = p->choices[i];
				return KR_OK;
			}
	return no_choice(p, text, a, err);
}

static enum kr_status from_text(const struct msg_param *p, const char *text, struct arena *a,
	struct msg_scalar *out, struct kr_error *err)
{
	switch (p->kind) {
	case PARAM_FLOAT:
		*out = (struct msg_scalar){.kind = SCALAR_REAL};
		if (number_parse(text, &out->r))
			return KR_OK;
		return kr_fail_field(
			err, KR_INVALID_ARGUMENT, p->name, "%s: '%s' is not a number", p->name, text);
	case PARAM_INT:
		*out = (struct msg_scalar){.kind = SCALAR_INT};
		if (number_parse_i64(text, &out->i))
			return KR_OK;
		return kr_fail_field(
			err, KR_INVALID_ARGUMENT, p->name, "%s: '%s' is not a whole number", p->name, text);
	case PARAM_BOOL:
		*out = (struct msg_scalar){.kind = SCALAR_BOOL, .b = text[0] == 't'};
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			return KR_OK;
		return kr_fail_field(
			err, KR_INVALID_ARGUMENT, p->name, "%s: '%s'; must be true or false", p->name, text);
	default: return choose(p, text, a, out, err);
	}
}

enum kr_status param_assign(struct msg_named *out, const struct msg_spec *spec, const char *text,
	struct arena *a, struct kr_error *err)
{
	const char *equals = strchr(text, '=');

	for (int i = 0; i < spec->n_params; i++) {
		const struct msg_param *p = &spec->params[i];
		size_t len = strlen(p->name);

		/* Not up to the first '=': a name may hold one. */
		if (strncmp(text, p->name, len) != 0 || text[len] != '=')
			continue;
		out->name = p->name;
		return from_text(p, text + len + 1, a, &out->value, err);
	}
	if (!equals)
		return kr_fail(err, KR_INVALID_ARGUMENT, "'%s': write PARAMETER=VALUE", text);
	return unknown(spec, arena_strndup(a, text, (size_t)(equals - text)), a, err);
}

enum kr_status param_assign_all(const struct msg_named **out, const struct msg_spec *spec, int n,
	char *const *words, struct arena *a, struct kr_error *err)
{
	struct msg_named *named = ARENA_ARRAY(a, struct msg_named, n);
	enum kr_status s = KR_OK;

	if (!named)
		return kr_fail(err, KR_ENOMEM, "no memory for the point");
	for (int i = 0; s == KR_OK && i < n; i++)
		s = param_assign(&named[i], spec, words[i], a, err);
	*out = named;
	return s;
}

static enum kr_status from_json(const struct msg_param *p, const cJSON *item, struct arena *a,
	struct msg_scalar *out, struct kr_error *err)
{
	bool no_memory;

	if (!json_scalar(a, item, out, &no_memory)) {
		if (no_memory)
			return kr_fail(err, KR_ENOMEM, "no memory for the point");
		return kr_fail_field(err, KR_INVALID_ARGUMENT, p->name,
			"%s: %s%s is not a parameter's value", p->name, json_kind(item),
			json_is_number(item) ? " out of range" : "");
	}
	if (p->kind == PARAM_FLOAT && out->kind == SCALAR_INT)
		*out = (struct msg_scalar){.kind = SCALAR_REAL, .r = (double)out->i};
	return KR_OK;
}

enum kr_status param_object(const struct msg_named **out, int *n, const struct msg_spec *spec,
	const cJSON *object, struct arena *a, struct kr_error *err)
{
	struct msg_named *named;
	int i = 0;

	if (!cJSON_IsObject(object))
		return kr_fail(err, KR_INVALID_ARGUMENT, "%s; must be an object like {\"NAME\": VALUE}",
			json_kind(object));
	*n = cJSON_GetArraySize(object);
	if (*n > LIMIT_PARAMETERS)
		return kr_fail(err, KR_INVALID_ARGUMENT, "%d parameters; at most %d are allowed", *n,
			LIMIT_PARAMETERS);
	*out = named = ARENA_ARRAY(a, struct msg_named, *n);
	if (!named)
		return kr_fail(err, KR_ENOMEM, "no memory for the point");
	for (const cJSON *item = object->child; item; item = item->next, i++) {
		const struct msg_param *p = find(spec, item->string);
		enum kr_status s;

		if (!p)
			return unknown(spec, item->string, a, err);
		s = from_json(p, item, a, &named[i].value, err);
		if (s != KR_OK)
			return s;
		named[i].name = p->name;
	}
	return KR_OK;
}
