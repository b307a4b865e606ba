#include "client/cli/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "client/cli/child.h"
#include "client/cli/env.h"
#include "client/cli/input.h"
#include "client/cli/template.h"

static void keep_tail(char tail[JOB_TAIL_BYTES], const char *line)
{
	size_t n;

	if (line[strspn(line, " \t\r")] == '\0')
		return;
	n = (size_t)snprintf(tail, JOB_TAIL_BYTES, "%s", line);
	/* A reason is UTF-8 without control characters. The cut may have split one. */
	for (char *c = tail; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	for (int i = 0; i < 3 && n >= JOB_TAIL_BYTES && !utf8_valid(tail, strlen(tail)); i++)
		tail[strlen(tail) - 1] = '\0';
	if (!utf8_valid(tail, strlen(tail)))
		for (char *c = tail; *c; c++)
			if ((unsigned char)*c >= 0x80)
				*c = '?';
}

int job_n_metrics(const struct job *j)
{
	return j->run->study->spec.n_metrics;
}

static void see_line(void *ctx, enum child_stream stream, const char *line)
{
	struct job *j = ctx;

	for (int i = 0; stream == CHILD_STDOUT && !j->run->result_file && i < job_n_metrics(j); i++)
		result_line(&j->results[i], line);
	keep_tail(j->tail[stream], line);
	if (j->log)
		fprintf(j->log, "%s\n", line);
	if (j->run->cli->verbose) {
		pthread_mutex_lock(&j->run->lock);
		fprintf(stderr, "[%" PRIu64 "] %s\n", j->trial->number, line);
		pthread_mutex_unlock(&j->run->lock);
	}
}

void job_set_reason(struct job *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(j->reason, sizeof(j->reason), fmt, ap);
	va_end(ap);
}

/* "exit status 3: last line of what it said". */
static void reason_of_end(struct job *j, const struct child_end *end)
{
	const char *tail = j->tail[CHILD_STDERR][0] ? j->tail[CHILD_STDERR] : j->tail[CHILD_STDOUT];
	const char *colon = tail[0] ? ": " : "";

	j->interrupted = end->stopped;
	if (end->stopped)
		job_set_reason(j, atomic_load(&j->cancelled) ? "cancelled" : "interrupted");
	else if (end->timed_out)
		job_set_reason(j, "timeout after %.3g s%s%s", j->run->timeout_ms / 1000.0, colon, tail);
	else if (!end->exited)
		job_set_reason(
			j, "signal %d (%s)%s%s", end->status, sigabbrev_np(end->status), colon, tail);
	else if (end->status != 0)
		job_set_reason(j, "exit status %d%s%s", end->status, colon, tail);
}

/* A number alone is the value of the only metric. */
static bool has_value(const struct job *j, int metric)
{
	enum result_source source = j->results[metric].source;

	return source == RESULT_NAMED || (source == RESULT_BARE && job_n_metrics(j) == 1);
}

/* The first metric without a value, NULL: there is none. */
static const char *missing(const struct job *j)
{
	for (int i = 0; i < job_n_metrics(j); i++)
		if (!has_value(j, i))
			return j->results[i].metric;
	return NULL;
}

/* What the command left in its result file. */
static void read_result_file(struct job *j, const char *path)
{
	struct kr_error err;
	char *text, *copy;
	size_t len;

	if (input_file(&text, &len, path, &err) != KR_OK) {
		job_set_reason(j, "no result file: %s", err.text);
		return;
	}
	for (int i = 0; i < job_n_metrics(j); i++) {
		copy = arena_strndup(j->arena, text, len);
		if (copy)
			result_text(&j->results[i], copy, len);
	}
	kr_free(text);
	if (missing(j))
		job_set_reason(
			j, "no value: %s has no %s=VALUE and no {\"%s\": VALUE}", path, missing(j), missing(j));
}

static void find_value(struct job *j, const char *path)
{
	if (path)
		read_result_file(j, path);
	else if (missing(j))
		job_set_reason(j, "no value: the output has no line %s=VALUE%s%s", missing(j),
			j->tail[CHILD_STDOUT][0] ? "; its last: " : "", j->tail[CHILD_STDOUT]);
}

static enum kr_status prepare(
	struct job *j, struct child_job *child, const char **path, struct kr_error *err)
{
	struct run *r = j->run;
	const struct env_pair *pairs;
	char **argv = NULL, **env;
	enum kr_status s;
	int n;

	s = template_command(&argv, r->command, r->n_words, &r->study->spec, j->trial, j->arena, err);
	*path = NULL;
	if (s == KR_OK && r->result_file)
		s = template_expand(path, r->result_file, &r->study->spec, j->trial, j->arena, err);
	if (s != KR_OK)
		return s;
	n = env_of_trial(&pairs, r->study, j->trial, j->arena);
	env = n < 0 ? NULL : env_with(pairs, n, j->arena);
	if (!env)
		return kr_fail(err, KR_ENOMEM, "no memory for the environment");
	*child = (struct child_job){.argv = argv,
		.env = env,
		.timeout_ms = r->timeout_ms,
		.stop = &r->stop,
		.cancel = &j->cancelled,
		.hurry = &r->hurry,
		.line = see_line,
		.ctx = j};
	return KR_OK;
}

static void open_log(struct job *j)
{
	const char *dir = j->run->log_dir, *path;

	path = dir ? arena_printf(j->arena, "%s/trial-%" PRIu64 ".log", dir, j->trial->number) : NULL;
	j->log = path ? fopen(path, "we") : NULL;
	if (path && !j->log)
		cli_say("%s: %s", path, strerror(errno));
}

void job_run(struct job *j)
{
	struct child_job child;
	struct child_end end;
	struct kr_error err;
	const char *path;

	if (prepare(j, &child, &path, &err) != KR_OK) {
		job_set_reason(j, "%s", err.text);
		return;
	}
	open_log(j);
	if (path)
		unlink(path); /* of an earlier run; a command that writes none has no value */
	if (child_run(&child, &end, &err) != KR_OK) {
		job_set_reason(j, "%s", err.text);
		j->no_program = err.code == KR_NOT_FOUND;
	} else {
		j->ms = end.ms;
		reason_of_end(j, &end);
		if (!j->reason[0])
			find_value(j, path);
	}
	if (j->log)
		fclose(j->log);
}
