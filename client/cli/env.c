#include "client/cli/env.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/lease.h"
#include "client/cli/text.h"
#include "client/cli/view.h"
#include "client/cli/writer.h"

enum { N_FIXED = 4 };

static const char *params_json(const struct msg_trial *t, struct arena *a)
{
	char *text = NULL, *copy = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct writer w;

	if (!f)
		return NULL;
	w = writer_make(f);
	view_params_json(&w, t->n_params, t->params);
	if (fclose(f) == 0)
		copy = arena_strndup(a, text, len);
	free(text);
	return copy;
}

static const char *plain_variable(const char *name, struct arena *a)
{
	static const char prefix[] = "KRIGE_PARAM_";
	char *out = arena_alloc(a, sizeof(prefix) + 2 * strlen(name)), *to = out;

	if (!out)
		return NULL;
	to = stpcpy(to, prefix);
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c >= 0x80)
			to += sprintf(to, "%02X", c);
		else
			*to++ = isalnum(c) ? *name : '_';
	}
	*to = '\0';
	return out;
}

static bool is_in(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* The variable of each parameter of the space. Cost quadratic in their number. */
static const char **variables(const struct msg_spec *spec, struct arena *a)
{
	const char **names = ARENA_ARRAY(a, const char *, spec->n_params + 1);

	for (int i = 0; names && i < spec->n_params; i++) {
		const char *plain = plain_variable(spec->params[i].name, a);

		names[i] = plain;
		for (int k = 2; names[i] && is_in(names[i], names, i); k++)
			names[i] = arena_printf(a, "%s_%d", plain, k);
		if (!names[i])
			return NULL;
	}
	return names;
}

int env_of_trial(const struct env_pair **out, const struct msg_study *study,
	const struct msg_trial *t, struct arena *a)
{
	const struct msg_spec *spec = &study->spec;
	const char **names = variables(spec, a);
	struct env_pair *pairs = ARENA_ARRAY(a, struct env_pair, N_FIXED + spec->n_params);

	if (!names || !pairs)
		return -1;
	pairs[0] = (struct env_pair){"KRIGE_STUDY", study->name};
	pairs[1] = (struct env_pair){"KRIGE_TRIAL", arena_printf(a, "%" PRIu64, t->number)};
	pairs[2] = (struct env_pair){"KRIGE_PARAMS", params_json(t, a)};
	pairs[3] = (struct env_pair){"KRIGE_LEASE", t->has_lease ? lease_text(a, &t->lease) : NULL};
	for (int i = 0; i < spec->n_params; i++) {
		const struct msg_scalar *value = view_param(t, spec->params[i].name);

		pairs[N_FIXED + i] = (struct env_pair){names[i], value ? text_scalar(a, value) : NULL};
		if (value && !pairs[N_FIXED + i].value)
			return -1;
	}
	if (!pairs[1].value || !pairs[2].value)
		return -1;
	*out = pairs;
	return N_FIXED + spec->n_params;
}

static bool overridden(const char *entry, const struct env_pair *pairs, int n)
{
	for (int i = 0; i < n; i++) {
		size_t len = strlen(pairs[i].name);

		if (strncmp(entry, pairs[i].name, len) == 0 && entry[len] == '=')
			return true;
	}
	return false;
}

char **env_with(const struct env_pair *pairs, int n, struct arena *a)
{
	size_t inherited = 0, k = 0;
	char **out;

	while (environ[inherited])
		inherited++;
	out = ARENA_ARRAY(a, char *, inherited + (size_t)n + 1);
	if (!out)
		return NULL;
	for (size_t i = 0; i < inherited; i++)
		if (!overridden(environ[i], pairs, n))
			out[k++] = environ[i];
	for (int i = 0; i < n; i++) {
		if (!pairs[i].value)
			continue;
		out[k] = arena_printf(a, "%s=%s", pairs[i].name, pairs[i].value);
		if (!out[k++])
			return NULL;
	}
	return out;
}
