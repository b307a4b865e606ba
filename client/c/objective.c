#include "client/c/objective.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/c/error.h"
#include "proto/limits.h"

static const char blanks[] = " \t\n";

/* The part of s without blanks around it. */
static const char *trimmed(struct arena *a, const char *s, size_t len)
{
	while (len > 0 && strchr(blanks, s[0])) {
		s++;
		len--;
	}
	while (len > 0 && strchr(blanks, s[len - 1]))
		len--;
	return arena_strndup(a, s, len);
}

static enum krige_status no_memory(struct krige_error *err)
{
	return error_set(err, KRIGE_NO_MEMORY, "no memory for a study");
}

static enum krige_status read_objective(
	struct arena *a, const char *text, struct msg_metric *out, struct krige_error *err)
{
	static const char *const words[] = {"minimize", "maximize"};
	static const enum metric_role roles[] = {METRIC_MINIMIZE, METRIC_MAXIMIZE};
	const char *s = text + strspn(text, blanks);

	for (int i = 0; i < 2; i++) {
		size_t len = strlen(words[i]);

		if (strncmp(s, words[i], len) != 0 || s[len] == '\0' || !strchr(blanks, s[len]))
			continue;
		out->role = roles[i];
		out->name = trimmed(a, s + len, strlen(s + len));
		if (!out->name)
			return no_memory(err);
		if (out->name[0])
			return KRIGE_OK;
	}
	return error_field(err, KRIGE_INVALID_ARGUMENT, "objective",
		"objective is '%.100s'; write \"minimize NAME\" or \"maximize NAME\"", text);
}

/* The metric of that name among those after the objective, or a new one. */
static struct msg_metric *constraint_of(struct msg_metric *metrics, int *n, const char *name)
{
	for (int i = 1; i < *n; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return &metrics[i];
	metrics[*n] = (struct msg_metric){.name = name, .role = METRIC_CONSTRAINT};
	return &metrics[(*n)++];
}

static enum krige_status read_constraint(struct arena *a, const char *text, size_t i,
	struct msg_metric *metrics, int *n, struct krige_error *err)
{
	const char *op = text ? strpbrk(text, "<>") : NULL, *name, *number;
	struct msg_metric *m;
	char field[48], *end;
	double bound;

	snprintf(field, sizeof(field), "constraints[%zu]", i);
	name = op ? trimmed(a, text, (size_t)(op - text)) : "";
	if (!name)
		return no_memory(err);
	number = op && op[1] == '=' ? op + 2 : "";
	bound = strtod(number, &end);
	if (!name[0] || !isfinite(bound) || end == number || end[strspn(end, blanks)] != '\0')
		return error_field(err, KRIGE_INVALID_ARGUMENT, field,
			"%s is '%.100s'; write \"METRIC <= NUMBER\" or \"METRIC >= NUMBER\"", field,
			text ? text : "");
	if (strcmp(name, metrics[0].name) == 0)
		return error_field(err, KRIGE_INVALID_ARGUMENT, field,
			"%s bounds the objective '%.100s'; bound another metric", field, name);
	m = constraint_of(metrics, n, name);
	if (*op == '<' ? m->has_upper : m->has_lower)
		return error_field(err, KRIGE_INVALID_ARGUMENT, field,
			"%s bounds '%.100s' a second time from that side; give one", field, name);
	*(*op == '<' ? &m->has_upper : &m->has_lower) = true;
	*(*op == '<' ? &m->upper : &m->lower) = bound;
	return KRIGE_OK;
}

enum krige_status objective_write(struct arena *a, const char *objective,
	const char *const *constraints, size_t n, struct msg_spec *spec, struct krige_error *err)
{
	struct msg_metric *metrics;
	int n_metrics = 1;
	enum krige_status st;

	if (n >= LIMIT_METRICS || (n > 0 && !constraints))
		return error_field(err, KRIGE_INVALID_ARGUMENT, "constraints",
			"%zu constraints; at most %d are allowed", n, LIMIT_METRICS - 1);
	metrics = ARENA_ARRAY(a, struct msg_metric, n + 1);
	if (!metrics)
		return no_memory(err);
	st = read_objective(a, objective ? objective : "minimize value", &metrics[0], err);
	for (size_t i = 0; st == KRIGE_OK && i < n; i++)
		st = read_constraint(a, constraints[i], i, metrics, &n_metrics, err);
	spec->n_metrics = n_metrics;
	spec->metrics = metrics;
	return st;
}
