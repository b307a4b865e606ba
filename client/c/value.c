#include "client/c/value.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "client/c/error.h"

static enum krige_status no_memory(struct krige_error *err)
{
	return error_set(err, KRIGE_NO_MEMORY, "no memory for a call");
}

enum krige_status value_write(
	struct msg_scalar *out, const struct krige_value *v, const char *field, struct krige_error *err)
{
	*out = (struct msg_scalar){0};
	switch (v->type) {
	case KRIGE_NULL: out->kind = SCALAR_NULL; return KRIGE_OK;
	case KRIGE_BOOL:
		out->kind = SCALAR_BOOL;
		out->b = v->as.boolean != 0;
		return KRIGE_OK;
	case KRIGE_INT:
		out->kind = SCALAR_INT;
		out->i = v->as.integer;
		return KRIGE_OK;
	case KRIGE_REAL:
		out->kind = SCALAR_REAL;
		out->r = v->as.real;
		return KRIGE_OK;
	case KRIGE_TEXT:
		out->kind = SCALAR_STRING;
		out->s = v->as.text;
		if (out->s)
			return KRIGE_OK;
		return error_field(err, KRIGE_INVALID_ARGUMENT, field,
			"%s is a text without characters (NULL); use krige_null() for null", field);
	}
	return error_field(err, KRIGE_INVALID_ARGUMENT, field,
		"%s has the type %d, which is none; use krige_real() and its like", field, (int)v->type);
}

struct krige_value value_read(const struct msg_scalar *s)
{
	switch (s->kind) {
	case SCALAR_NULL: break;
	case SCALAR_BOOL: return krige_bool(s->b);
	case SCALAR_INT: return krige_int(s->i);
	case SCALAR_REAL: return krige_real(s->r);
	case SCALAR_STRING: return krige_text(s->s);
	}
	return krige_null();
}

static enum krige_status check_list(
	const char *field, const void *p, size_t n, struct krige_error *err)
{
	if (n > INT_MAX || (n > 0 && !p))
		return error_field(err, KRIGE_INVALID_ARGUMENT, field,
			"%s: %zu entries at %p; give an array and its length", field, n, p);
	return KRIGE_OK;
}

enum krige_status value_write_named(struct arena *a, const char *field,
	const struct krige_named *named, size_t n, int *n_out, const struct msg_named **out,
	struct krige_error *err)
{
	struct msg_named *list = ARENA_ARRAY(a, struct msg_named, n);
	enum krige_status st = check_list(field, named, n, err);
	char at[96];

	if (st == KRIGE_OK && !list)
		return no_memory(err);
	for (size_t i = 0; st == KRIGE_OK && i < n; i++) {
		if (!named[i].name)
			return error_field(
				err, KRIGE_INVALID_ARGUMENT, field, "%s[%zu] has no name; give one", field, i);
		snprintf(at, sizeof(at), "%s.%.60s", field, named[i].name);
		list[i].name = named[i].name;
		st = value_write(&list[i].value, &named[i].value, at, err);
	}
	*n_out = (int)n;
	*out = list;
	return st;
}

enum krige_status value_write_metrics(struct arena *a, const struct krige_metric *metrics, size_t n,
	int *n_out, const struct msg_value **out, struct krige_error *err)
{
	struct msg_value *list = ARENA_ARRAY(a, struct msg_value, n);
	enum krige_status st = check_list("metrics", metrics, n, err);

	if (st == KRIGE_OK && !list)
		st = no_memory(err);
	for (size_t i = 0; st == KRIGE_OK && i < n; i++)
		list[i] = (struct msg_value){
			.name = metrics[i].name,
			.value = metrics[i].value,
			.has_sem = metrics[i].sem != 0,
			.sem = metrics[i].sem,
		};
	*n_out = (int)n;
	*out = list;
	return st;
}

bool value_copy_text(struct arena *a, const char *s, const char **out)
{
	*out = s ? arena_strndup(a, s, strlen(s)) : NULL;
	return *out || !s;
}

const struct krige_named *value_copy_named(
	struct arena *a, const struct krige_named *named, size_t n)
{
	struct krige_named *list = arena_memdup(a, named, n * sizeof(*named));

	for (size_t i = 0; list && i < n; i++)
		if (!value_copy_text(a, named[i].name, &list[i].name) ||
			(named[i].value.type == KRIGE_TEXT &&
				!value_copy_text(a, named[i].value.as.text, &list[i].value.as.text)))
			return NULL;
	return list;
}

const struct krige_metric *value_copy_metrics(
	struct arena *a, const struct krige_metric *metrics, size_t n)
{
	struct krige_metric *list = arena_memdup(a, metrics, n * sizeof(*metrics));

	for (size_t i = 0; list && i < n; i++)
		if (!value_copy_text(a, metrics[i].name, &list[i].name))
			return NULL;
	return list;
}
