/* One run of a command: started in a process group of its own, its output read
 * line by line, ended by itself, by a timeout or by a stop. */
#ifndef KR_CLIENT_CLI_CHILD_H
#define KR_CLIENT_CLI_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum child_stream { CHILD_STDOUT, CHILD_STDERR };

/* A line without its end; cut when over CHILD_LINE bytes; NUL bytes became '?'. */
enum { CHILD_LINE = 1 << 16 };
typedef void child_line(void *ctx, enum child_stream stream, const char *line);

struct child_job {
	char *const *argv, *const *env;
	uint32_t timeout_ms;       /* 0: none */
	const atomic_bool *stop;   /* set: the command is ended */
	const atomic_bool *cancel; /* the same, for this command alone */
	const atomic_bool *hurry;  /* set: without the time to end by itself */
	child_line *line;
	void *ctx;
};

struct child_end {
	bool exited; /* status is an exit status; else a signal's number */
	int status;
	bool timed_out, stopped; /* it was ended from here */
	int64_t ms;
};

/* Whether program can be started: a path, or a name found in PATH.
 * Errors: KR_NOT_FOUND, saying why not. */
enum kr_status child_find(const char *program, struct kr_error *err);

/* Run to the end. SIGTERM first, SIGKILL CHILD_GRACE_MS later, both to the whole group.
 * Errors: KR_NOT_FOUND (no such program, or it may not be run), KR_EIO (pipes, process limit). */
enum { CHILD_GRACE_MS = 5000 };
enum kr_status child_run(const struct child_job *job, struct child_end *end, struct kr_error *err);

#endif
