/* Study file: objects with known keys, and values of a kind. */
#include "client/cli/studyfile_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/text.h"

enum { KEYS_MAX = 32 };

#define INT_LIMIT 9007199254740992 /* 2^53: bounds travel as doubles */

enum kr_status studyfile__wrong(struct studyfile__parse *p, const char *path, const char *fmt, ...)
{
	char text[sizeof(p->err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return kr_fail_field(p->err, KR_INVALID_ARGUMENT, path, "%s: %s%s%s", p->source, path,
		path[0] ? ": " : "", text);
}

enum kr_status studyfile__no_memory(struct studyfile__parse *p)
{
	return kr_fail(p->err, KR_ENOMEM, "%s: no memory to read it", p->source);
}

const char *studyfile__join(char out[STUDYFILE__PATH], const char *path, const char *name)
{
	if (snprintf(out, STUDYFILE__PATH, "%s%s%s", path, path[0] ? "." : "", name) < 0)
		out[0] = '\0';
	return out;
}

/* ---- objects with known keys ------------------------------------------------------ */

static enum kr_status unknown_key(struct studyfile__parse *p, const char *path, const char *name,
	const struct studyfile__key *keys, int n_keys)
{
	const char *names[KEYS_MAX], *near;

	for (int i = 0; i < n_keys; i++)
		names[i] = keys[i].name;
	near = text_nearest(name, names, n_keys);
	if (near)
		return studyfile__wrong(p, path, "unknown key; did you mean \"%s\"?", near);
	return studyfile__wrong(p, path, "unknown key; `krige init` shows the known ones");
}

/* What a key that is not built may hold: what it means when it is left out. */
static bool asks_nothing(const cJSON *item)
{
	return cJSON_IsNull(item) || cJSON_IsFalse(item) || (cJSON_IsArray(item) && !item->child);
}

static enum kr_status read_key(struct studyfile__parse *p, const char *path, const cJSON *item,
	const struct studyfile__key *keys, int n_keys, void *out)
{
	for (int i = 0; i < n_keys; i++) {
		if (strcmp(item->string, keys[i].name) != 0)
			continue;
		if (keys[i].read)
			return keys[i].read(p, path, item, out);
		if (asks_nothing(item))
			return KR_OK;
		return studyfile__wrong(p, path, "not built yet in this version; remove the key");
	}
	return unknown_key(p, path, item->string, keys, n_keys);
}

bool studyfile__repeated(const cJSON *item)
{
	for (const cJSON *before = item->prev; before->next; before = before->prev)
		if (strcmp(before->string, item->string) == 0)
			return true;
	return false;
}

enum kr_status studyfile__object(struct studyfile__parse *p, const char *path, const cJSON *object,
	const struct studyfile__key *keys, int n_keys, void *out)
{
	char key_path[STUDYFILE__PATH];
	enum kr_status s = KR_OK;

	for (const cJSON *item = object->child; item && s == KR_OK; item = item->next) {
		studyfile__join(key_path, path, item->string);
		if (studyfile__repeated(item))
			return studyfile__wrong(p, key_path, "the key stands here twice");
		s = read_key(p, key_path, item, keys, n_keys, out);
	}
	return s;
}

/* ---- values ------------------------------------------------------------------------- */

enum kr_status studyfile__text(
	struct studyfile__parse *p, const char *path, const cJSON *item, const char **out)
{
	if (!json_is_text(item))
		return studyfile__wrong(p, path, "%s; must be a string", json_kind(item));
	*out = arena_strndup(p->a, item->valuestring, strlen(item->valuestring));
	return *out ? KR_OK : studyfile__no_memory(p);
}

enum kr_status studyfile__real(
	struct studyfile__parse *p, const char *path, const cJSON *item, double *out)
{
	int64_t i;

	if (!json_is_number(item))
		return studyfile__wrong(p, path, "%s; must be a number", json_kind(item));
	if (!json_real(item, out) || !isfinite(*out))
		return studyfile__wrong(p, path, "%s is out of range", item->valuestring + 1);
	if (json_i64(item, &i) && (i > INT_LIMIT || i < -INT_LIMIT))
		return studyfile__wrong(p, path, "%s is beyond 2^53, where integers are no longer exact",
			item->valuestring + 1);
	return KR_OK;
}

enum kr_status studyfile__bool(
	struct studyfile__parse *p, const char *path, const cJSON *item, bool *out)
{
	if (!cJSON_IsBool(item))
		return studyfile__wrong(p, path, "%s; must be true or false", json_kind(item));
	*out = cJSON_IsTrue(item);
	return KR_OK;
}

enum kr_status studyfile__u64(
	struct studyfile__parse *p, const char *path, const cJSON *item, uint64_t *out)
{
	if (!json_is_number(item))
		return studyfile__wrong(p, path, "%s; must be a whole number", json_kind(item));
	if (!json_u64(item, out))
		return studyfile__wrong(
			p, path, "%s; must be a whole number from 0 to 2^64 - 1", item->valuestring + 1);
	return KR_OK;
}
