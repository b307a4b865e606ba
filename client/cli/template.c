#include "client/cli/template.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/text.h"

enum { NAMES_SHOWN = 240 };

static enum kr_status no_memory(struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for the command");
}

static enum kr_status unknown(
	const char *name, size_t len, const struct msg_spec *spec, struct kr_error *err)
{
	char names[NAMES_SHOWN] = "";
	size_t used = 0;

	for (int i = 0; i < spec->n_params; i++) {
		const char *p = spec->params[i].name;

		if (used + strlen(p) + 4 > sizeof(names))
			break;
		used += (size_t)snprintf(names + used, sizeof(names) - used, "{%s}, ", p);
	}
	return kr_fail(err, KR_INVALID_ARGUMENT,
		"no parameter for the placeholder {%.*s}; there are %s{number}, and {{ for a brace",
		(int)(len < NAMES_SHOWN ? len : NAMES_SHOWN), name, names);
}

/* A trial, and the space of its parameters. */
struct source {
	const struct msg_spec *spec;
	const struct msg_trial *trial;
};

static bool is_name(const char *s, const char *name, size_t len)
{
	return strlen(s) == len && memcmp(s, name, len) == 0;
}

static bool in_space(const struct source *from, const char *name, size_t len)
{
	for (int i = 0; i < from->spec->n_params; i++)
		if (is_name(from->spec->params[i].name, name, len))
			return true;
	return false;
}

/* NULL: the trial has none. */
static const struct msg_scalar *param_of(const struct source *from, const char *name, size_t len)
{
	for (int i = 0; i < from->trial->n_params; i++)
		if (is_name(from->trial->params[i].name, name, len))
			return &from->trial->params[i].value;
	return NULL;
}

/* The value of the placeholder, NULL with *s set when there is none. */
static const char *value_of(const char *name, size_t len, const struct source *from,
	struct arena *a, enum kr_status *s, struct kr_error *err)
{
	const struct msg_scalar *param = param_of(from, name, len);
	const char *value;

	if (param) {
		value = text_scalar(a, param);
	} else if (in_space(from, name, len)) {
		value = ""; /* inactive */
	} else if (is_name("number", name, len)) {
		value = arena_printf(a, "%" PRIu64, from->trial->number);
	} else {
		*s = unknown(name, len, from->spec, err);
		return NULL;
	}
	if (!value)
		*s = no_memory(err);
	return value;
}

/* The next piece of text at *p: plain text, a brace, or a placeholder's value. */
static const char *piece(const char **p, const struct source *from, struct arena *a, size_t *len,
	enum kr_status *s, struct kr_error *err)
{
	const char *start = *p, *end, *value;

	*len = strcspn(start, "{}");
	if (*len == 0 && start[1] == start[0]) {
		*len = 1;
		*p += 2;
		return start;
	}
	if (*len > 0) {
		*p += *len;
		return start;
	}
	end = start[0] == '{' ? strchr(start, '}') : NULL;
	if (!end) {
		*s = kr_fail(err, KR_INVALID_ARGUMENT, "'%s': a single %c; write %c%c for a brace", start,
			start[0], start[0], start[0]);
		return NULL;
	}
	value = value_of(start + 1, (size_t)(end - start - 1), from, a, s, err);
	*len = value ? strlen(value) : 0;
	*p = end + 1;
	return value;
}

enum kr_status template_expand(const char **out, const char *text, const struct msg_spec *spec,
	const struct msg_trial *t, struct arena *a, struct kr_error *err)
{
	struct source from = {spec, t};
	enum kr_status s = KR_OK;
	char *joined = arena_strndup(a, "", 0);
	const char *add;
	size_t len, total = 0;

	while (*text && joined) {
		char *longer;

		add = piece(&text, &from, a, &len, &s, err);
		if (!add)
			return s;
		longer = arena_alloc(a, total + len + 1);
		if (longer) {
			memcpy(longer, joined, total);
			memcpy(longer + total, add, len);
			longer[total + len] = '\0';
		}
		joined = longer;
		total += len;
	}
	*out = joined;
	return joined ? KR_OK : no_memory(err);
}

/* "{gamma}" or "--gamma={gamma}" without a value to put there. */
static bool is_inactive(const char *word, const struct source *from)
{
	const char *open = strchr(word, '{'), *close = open ? strchr(open, '}') : NULL;
	size_t len;

	if (!close || close[1] || (open != word && open[-1] != '='))
		return false;
	len = (size_t)(close - open - 1);
	return in_space(from, open + 1, len) && !param_of(from, open + 1, len);
}

enum kr_status template_command(char ***out, const char *const *words, int n,
	const struct msg_spec *spec, const struct msg_trial *t, struct arena *a, struct kr_error *err)
{
	const char **argv = ARENA_ARRAY(a, const char *, n + 1);
	enum kr_status s = argv ? KR_OK : no_memory(err);
	struct source from = {spec, t};
	int k = 0;

	for (int i = 0; i < n && s == KR_OK; i++)
		if (!is_inactive(words[i], &from))
			s = template_expand(&argv[k++], words[i], spec, t, a, err);
	*out = (char **)argv;
	return s;
}

enum kr_status template_check(const char *const *words, int n, const struct msg_spec *spec,
	struct arena *a, struct kr_error *err)
{
	struct msg_named *params = ARENA_ARRAY(a, struct msg_named, spec->n_params);
	struct msg_trial t = {.n_params = spec->n_params, .params = params};
	char **argv;

	if (!params)
		return no_memory(err);
	for (int i = 0; i < spec->n_params; i++)
		params[i] = (struct msg_named){spec->params[i].name, {.kind = SCALAR_NULL}};
	return template_command(&argv, words, n, spec, &t, a, err);
}
