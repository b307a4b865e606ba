#include "client/cli/env.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/text.h"
#include "client/cli/view.h"
#include "client/cli/writer.h"

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

static const char *variable(const char *name, struct arena *a)
{
	char *out = arena_printf(a, "KRIGE_PARAM_%s", name);

	for (char *c = out; c && *c; c++)
		if (!isascii((unsigned char)*c) || (!isalnum((unsigned char)*c) && *c != '_'))
			*c = '_';
	return out;
}

int env_of_trial(
	const struct env_pair **out, const char *study, const struct msg_trial *t, struct arena *a)
{
	int n = 3 + t->n_params;
	struct env_pair *pairs = ARENA_ARRAY(a, struct env_pair, n);

	if (!pairs)
		return -1;
	pairs[0] = (struct env_pair){"KRIGE_STUDY", study};
	pairs[1] = (struct env_pair){"KRIGE_TRIAL", arena_printf(a, "%" PRIu64, t->number)};
	pairs[2] = (struct env_pair){"KRIGE_PARAMS", params_json(t, a)};
	for (int i = 0; i < t->n_params; i++)
		pairs[3 + i] = (struct env_pair){
			variable(t->params[i].name, a), text_scalar(a, &t->params[i].value)};
	for (int i = 0; i < n; i++)
		if (!pairs[i].name || !pairs[i].value)
			return -1;
	*out = pairs;
	return n;
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
		out[k] = arena_printf(a, "%s=%s", pairs[i].name, pairs[i].value);
		if (!out[k++])
			return NULL;
	}
	return out;
}
