#include "client/cli/label.h"

#include <math.h>
#include <string.h>

#include "client/cli/number.h"

static struct msg_scalar scalar_of(const char *text, struct arena *a)
{
	struct msg_scalar s = {.kind = SCALAR_STRING, .s = text};
	size_t len = strlen(text);

	if (strcmp(text, "null") == 0)
		s.kind = SCALAR_NULL;
	else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		s = (struct msg_scalar){.kind = SCALAR_BOOL, .b = text[0] == 't'};
	else if (number_parse_i64(text, &s.i))
		s.kind = SCALAR_INT;
	else if (number_parse(text, &s.r) && isfinite(s.r))
		s.kind = SCALAR_REAL;
	else if (len >= 2 && text[0] == '"' && text[len - 1] == '"')
		s.s = arena_strndup(a, text + 1, len - 2);
	return s;
}

enum kr_status label_parse(
	struct msg_named *out, const char *text, struct arena *a, struct kr_error *err)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return kr_fail(err, KR_INVALID_ARGUMENT, "label '%s': write NAME=VALUE", text);
	out->name = arena_strndup(a, text, (size_t)(equals - text));
	out->value = scalar_of(equals + 1, a);
	if (!out->name || (out->value.kind == SCALAR_STRING && !out->value.s))
		return kr_fail(err, KR_ENOMEM, "no memory for the labels");
	return KR_OK;
}

enum kr_status label_object(
	struct msg_labels *out, const cJSON *object, struct arena *a, struct kr_error *err)
{
	struct msg_named *p;
	bool no_memory;
	int i = 0;

	if (!cJSON_IsObject(object))
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "labels: %s; must be an object", json_kind(object));
	out->n = cJSON_GetArraySize(object);
	out->p = p = ARENA_ARRAY(a, struct msg_named, out->n);
	for (const cJSON *item = object->child; p && item; item = item->next, i++) {
		p[i].name = arena_strndup(a, item->string, strlen(item->string));
		if (!p[i].name || (!json_scalar(a, item, &p[i].value, &no_memory) && no_memory))
			return kr_fail(err, KR_ENOMEM, "no memory for the labels");
		if (!p[i].value.kind)
			return kr_fail(err, KR_INVALID_ARGUMENT, "labels.%s: %s is not a label's value",
				item->string, json_kind(item));
	}
	return p ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for the labels");
}
