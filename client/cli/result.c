#include "client/cli/result.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/json.h"
#include "client/cli/number.h"

enum { NUMBER_TEXT = 64 };

static const char blanks[] = " \t\r,;";

struct result result_make(const char *metric)
{
	return (struct result){.metric = metric};
}

static void found(struct result *r, enum result_source source, double value)
{
	r->source = source;
	r->value = value;
}

/* The first len characters as a number. */
static bool parse(const char *s, size_t len, double *out)
{
	char text[NUMBER_TEXT];

	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	return number_parse(text, out);
}

/* Take "METRIC = VALUE" off the front of s. Returns its end, NULL when it is not there. */
static const char *assignment(const char *s, const char *metric, double *out)
{
	size_t len = strlen(metric);

	if (strncmp(s, metric, len) != 0)
		return NULL;
	s += len;
	s += strspn(s, " \t");
	if (*s++ != '=')
		return NULL;
	s += strspn(s, " \t");
	len = strcspn(s, blanks);
	return parse(s, len, out) ? s + len : NULL;
}

/* A line of NAME=VALUE words and nothing else; the value of ours, if it is one of them. */
static bool named(const struct result *r, const char *line, double *out)
{
	bool any = false;

	for (const char *s = line + strspn(line, blanks); *s; s += strspn(s, blanks)) {
		const char *end = assignment(s, r->metric, out);

		if (end) {
			any = true;
		} else {
			size_t len = strcspn(s, blanks);

			if (!memchr(s, '=', len))
				return false;
			end = s + len;
		}
		s = end;
	}
	return any;
}

/* A number, or an object that has the metric. */
static bool json_value(const char *metric, const char *text, size_t len, double *out)
{
	const cJSON *item;
	cJSON *root;
	bool ok;

	if (json_parse(&root, text, len, "output", NULL) != KR_OK)
		return false;
	item = cJSON_IsObject(root) ? cJSON_GetObjectItemCaseSensitive(root, metric) : root;
	ok = json_real(item, out);
	if (cJSON_IsObject(root) && cJSON_IsNull(item)) {
		*out = NAN;
		ok = true;
	}
	cJSON_Delete(root);
	return ok;
}

void result_line(struct result *r, const char *line)
{
	const char *start = line + strspn(line, blanks);
	size_t len = strlen(start);
	double value;

	while (len > 0 && strchr(blanks, start[len - 1]))
		len--;
	if (len == 0)
		return;
	if (start[0] == '{') {
		if (json_value(r->metric, start, strlen(start), &value))
			found(r, RESULT_NAMED, value);
	} else if (named(r, start, &value)) {
		found(r, RESULT_NAMED, value);
	} else if (r->source != RESULT_NAMED) {
		bool bare = parse(start, len, &value);

		found(r, bare ? RESULT_BARE : RESULT_NONE, bare ? value : 0);
	}
}

void result_text(struct result *r, char *text, size_t len)
{
	char *rest = NULL;
	double value;

	if (json_value(r->metric, text, len, &value)) {
		found(r, RESULT_NAMED, value);
		return;
	}
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		result_line(r, line);
}
