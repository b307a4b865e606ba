#include "tests/golden/kernel_spec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Most parts of one term and most parameters of a tree. */
enum { MAX_PARTS = 16, MAX_PARAMETERS = 1024 };

static const cJSON *get(const cJSON *json, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(json, name);
}

/* The next parameters: those of one name, a number or a list. */
static bool read_values(struct kernel_spec *s, struct golden_case *c, const cJSON *json,
	const char *path, const char *name, int count)
{
	const cJSON *item = get(json, name);
	const char *key = arena_printf(golden_arena(c), "%s%s", path, name);
	const double *list;
	double one;
	int n = 1;

	if (cJSON_IsArray(item)) {
		list = golden_list(c, item, &n);
	} else {
		one = golden_number(item);
		list = &one;
	}
	if (n != count || s->n + n > MAX_PARAMETERS) {
		golden_unknown(c, "kernel with shared parameter", name);
		return false;
	}
	for (int i = 0; i < n; i++) {
		s->key[s->n] = key;
		s->value[s->n++] = list[i];
	}
	return true;
}

static void read_dims(
	struct kernel_term *t, struct golden_case *c, const cJSON *json, const struct kernel_spec *s)
{
	const cJSON *dims = get(json, "dims");
	const double *list;
	int *copy;

	if (!dims)
		return;
	list = golden_list(c, dims, &t->n_dims);
	copy = (int *)golden_array(c, t->n_dims);
	for (int i = 0; i < t->n_dims; i++)
		copy[i] = (int)list[i];
	t->dims = copy;
	(void)s;
}

static int count_of(const struct kernel_term *t, const struct kernel_parameter *p, int d)
{
	switch (p->count) {
	case KERNEL_ONE: break;
	case KERNEL_PER_COLUMN: return t->n_dims > 0 ? t->n_dims : d;
	case KERNEL_PER_SIZE: return t->size[0];
	case KERNEL_PER_SIZES: return t->size[0] * t->size[1];
	}
	return 1;
}

static bool read_term(struct kernel_spec *s, struct kernel_term *t, struct golden_case *c,
	const cJSON *json, const char *path);

static bool read_parts(struct kernel_spec *s, struct kernel_term *t, struct golden_case *c,
	const cJSON *json, const char *path)
{
	const cJSON *parts = get(json, "parts");
	int n = cJSON_GetArraySize(parts);
	struct kernel_term *copy = ARENA_ARRAY(golden_arena(c), struct kernel_term, n + 1);

	for (int i = 0; i < n; i++) {
		const char *inner = arena_printf(golden_arena(c), "%sparts.%d.", path, i);

		if (!read_term(s, &copy[i], c, cJSON_GetArrayItem(parts, i), inner))
			return false;
	}
	t->n_parts = n;
	t->parts = copy;
	return n > 0 && n <= MAX_PARTS;
}

static bool read_term(struct kernel_spec *s, struct kernel_term *t, struct golden_case *c,
	const cJSON *json, const char *path)
{
	const cJSON *type = get(json, "type");
	const char *name = cJSON_IsString(type) ? type->valuestring : "(none)";

	*t = (struct kernel_term){.family = kernel_find(name)};
	if (!t->family) {
		golden_unknown(c, "kernel", name);
		return false;
	}
	read_dims(t, c, json, s);
	for (const struct kernel_parameter *p = t->family->parameters; p->name; p++)
		if (!read_values(s, c, json, path, p->name, count_of(t, p, s->d)))
			return false;
	if (get(json, "parts") && !read_parts(s, t, c, json, path))
		return false;
	t->scaled = get(json, "outputscale") != NULL;
	return !t->scaled || read_values(s, c, json, path, "outputscale", 1);
}

bool kernel_spec_read(struct kernel_spec *s, struct golden_case *c, const cJSON *json, int d)
{
	*s = (struct kernel_spec){.d = d};
	s->value = golden_array(c, MAX_PARAMETERS);
	s->theta = golden_array(c, MAX_PARAMETERS + 1);
	s->key = ARENA_ARRAY(golden_arena(c), const char *, MAX_PARAMETERS);
	s->categorical = ARENA_ARRAY(golden_arena(c), unsigned char, d);
	if (!read_term(s, &s->root, c, json, ""))
		return false;
	for (int i = 0; i < s->n; i++)
		s->theta[i] = kernel_place(&s->root, d, i).positive ? log(s->value[i]) : s->value[i];
	return true;
}

struct kernel kernel_spec_kernel(const struct kernel_spec *s)
{
	return (struct kernel){&s->root, s->d, s->categorical, s->value};
}

void kernel_spec_answer(
	const struct kernel_spec *s, struct golden_case *c, const char *prefix, const double *values)
{
	char key[256];

	for (int i = 0, n; i < s->n; i += n) {
		for (n = 1; i + n < s->n && s->key[i + n] == s->key[i];)
			n++;
		snprintf(key, sizeof(key), "%s.%s", prefix, s->key[i]);
		golden_values(c, key, values + i, n);
	}
}
