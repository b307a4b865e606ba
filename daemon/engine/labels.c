#include "daemon/engine/labels.h"

#include <string.h>

#include "proto/limits.h"

/* ---- keeping ---------------------------------------------------------------- */

static const char *string_of(const struct msg_named *label)
{
	return label->value.kind == SCALAR_STRING ? label->value.s : NULL;
}

size_t labels_size(const struct msg_labels *l)
{
	return (size_t)l->n * sizeof(*l->p);
}

size_t labels_text_size(const struct msg_labels *l)
{
	size_t sum = 0;

	for (int i = 0; i < l->n; i++)
		sum += text_size(l->p[i].name) + text_size(string_of(&l->p[i]));
	return sum;
}

struct msg_labels labels_keep(struct pool *pool, struct text *text, const struct msg_labels *l)
{
	struct msg_named *kept = pool_copy(pool, l->p, labels_size(l));

	for (int i = 0; i < l->n; i++) {
		kept[i].name = text_keep(text, kept[i].name);
		kept[i].value.s = text_keep(text, string_of(&kept[i]));
	}
	return (struct msg_labels){l->n, kept};
}

static bool copy_text(struct arena *a, const char **s)
{
	return !*s || (*s = arena_strndup(a, *s, strlen(*s))) != NULL;
}

enum kr_status labels_copy(
	struct arena *a, struct msg_labels *out, const struct msg_labels *l, struct kr_error *err)
{
	struct msg_named *to = arena_memdup(a, l->p, labels_size(l));
	bool ok = to != NULL;

	for (int i = 0; ok && i < l->n; i++) {
		to[i].value.s = string_of(&to[i]);
		ok = copy_text(a, &to[i].name) && copy_text(a, &to[i].value.s);
	}
	*out = (struct msg_labels){l->n, to};
	return ok ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for labels");
}

/* ---- changing --------------------------------------------------------------- */

static int find(const struct msg_named *p, int n, const char *name)
{
	int i = 0;

	while (i < n && strcmp(p[i].name, name) != 0)
		i++;
	return i;
}

static bool listed(const struct msg_texts *names, const char *name)
{
	for (int i = 0; i < names->n; i++)
		if (strcmp(names->p[i], name) == 0)
			return true;
	return false;
}

bool labels_has(const struct msg_labels *l, const struct msg_named *label)
{
	int i = find(l->p, l->n, label->name);

	return i < l->n && msg_scalar_equal(&l->p[i].value, &label->value);
}

bool labels_equal(const struct msg_labels *a, const struct msg_labels *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (!labels_has(b, &a->p[i]))
			return false;
	return true;
}

enum kr_status labels_check(const struct msg_labels *l, const char *field, struct kr_error *err)
{
	size_t bytes = labels_text_size(l);

	if (l->n > LIMIT_LABELS)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s would have %d entries; at most %d are allowed; remove some first", field, l->n,
			LIMIT_LABELS);
	if (bytes > LIMIT_LABELS_BYTES)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s would take %zu bytes; at most %d are allowed; give shorter texts, or remove some "
			"first",
			field, bytes, LIMIT_LABELS_BYTES);
	return KR_OK;
}

enum kr_status labels_merge(struct msg_labels *out, bool *changed, const struct msg_labels *old,
	const struct msg_labels *set, const struct msg_texts *remove, struct arena *a,
	struct kr_error *err)
{
	struct msg_named *p = ARENA_ARRAY(a, struct msg_named, old->n + set->n);
	int n = 0;

	if (!p)
		return kr_fail(err, KR_ENOMEM, "no memory for labels");
	for (int i = 0; i < old->n; i++)
		if (!listed(remove, old->p[i].name))
			p[n++] = old->p[i];
	for (int i = 0; i < set->n; i++) {
		int at = find(p, n, set->p[i].name);

		p[at] = set->p[i];
		n += at == n;
	}
	*out = (struct msg_labels){n, p};
	*changed = !labels_equal(out, old);
	return labels_check(out, "labels", err);
}
