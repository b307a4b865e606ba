#include "client/cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "client/c/clock.h"

enum { SLICE_MS = 50 };

/* One end of a pipe and the line that is coming in. */
struct reader {
	int fd; /* -1: at its end */
	size_t n;
	bool cut; /* the rest of an overlong line is skipped */
	char line[CHILD_LINE + 1];
};

struct child {
	const struct child_job *job;
	pid_t pid;
	struct reader reader[2];
};

/* ---- start ------------------------------------------------------------------------ */

static int runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno;
	if (S_ISDIR(st.st_mode) || access(path, X_OK) != 0)
		return EACCES;
	return 0;
}

/* 0, or the reason why none of the places in PATH will do, as execvp would say it. */
static int search(const char *program)
{
	const char *path = getenv("PATH");
	char at[PATH_MAX];
	int e, worst = ENOENT;

	if (strchr(program, '/'))
		return runnable(program);
	for (path = path ? path : "/bin:/usr/bin"; *path; path += strspn(path, ":")) {
		size_t len = strcspn(path, ":");

		if (len + strlen(program) + 2 <= sizeof(at)) {
			snprintf(at, sizeof(at), "%.*s/%s", (int)len, path, program);
			e = runnable(at);
			if (e == 0)
				return 0;
			worst = e == EACCES ? e : worst;
		}
		path += len;
	}
	return worst;
}

enum kr_status child_find(const char *program, struct kr_error *err)
{
	int e = program[0] ? search(program) : ENOENT;

	return e == 0 ? KR_OK : kr_fail(err, KR_NOT_FOUND, "cannot start %s: %s", program, strerror(e));
}

static int set_actions(posix_spawn_file_actions_t *actions, int out, int err)
{
	return posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0) ||
		posix_spawn_file_actions_adddup2(actions, out, 1) ||
		posix_spawn_file_actions_adddup2(actions, err, 2);
}

/* A group of its own, and no signal blocked or ignored. */
static int set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	return posix_spawnattr_setpgroup(attr, 0) || posix_spawnattr_setsigmask(attr, &none) ||
		posix_spawnattr_setsigdefault(attr, &defaults) ||
		posix_spawnattr_setflags(
			attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(struct child *c, int out, int err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int e = ENOMEM;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return e;
	if (posix_spawnattr_init(&attr) != 0)
		goto fail_actions;
	if (set_actions(&actions, out, err) == 0 && set_attributes(&attr) == 0)
		e = posix_spawnp(&c->pid, c->job->argv[0], &actions, &attr, c->job->argv, c->job->env);
	posix_spawnattr_destroy(&attr);
fail_actions:
	posix_spawn_file_actions_destroy(&actions);
	return e;
}

static enum kr_status start(struct child *c, struct kr_error *err)
{
	int out[2], error[2], e;

	if (child_find(c->job->argv[0], err) != KR_OK)
		return KR_NOT_FOUND;
	if (pipe2(out, O_CLOEXEC) != 0)
		return kr_fail(err, KR_EIO, "no pipe: %s", strerror(errno));
	if (pipe2(error, O_CLOEXEC) != 0) {
		close(out[0]);
		close(out[1]);
		return kr_fail(err, KR_EIO, "no pipe: %s", strerror(errno));
	}
	e = spawn(c, out[1], error[1]);
	close(out[1]);
	close(error[1]);
	c->reader[CHILD_STDOUT].fd = out[0];
	c->reader[CHILD_STDERR].fd = error[0];
	if (e == 0) {
		fcntl(out[0], F_SETFL, O_NONBLOCK);
		fcntl(error[0], F_SETFL, O_NONBLOCK);
		return KR_OK;
	}
	close(out[0]);
	close(error[0]);
	return kr_fail(err, e == ENOENT || e == EACCES || e == ENOEXEC ? KR_NOT_FOUND : KR_EIO,
		"cannot start %s: %s", c->job->argv[0], strerror(e));
}

/* ---- output ------------------------------------------------------------------------ */

static void end_line(struct child *c, enum child_stream stream)
{
	struct reader *r = &c->reader[stream];

	r->line[r->n] = '\0';
	if (!r->cut)
		c->job->line(c->job->ctx, stream, r->line);
	r->n = 0;
	r->cut = false;
}

static void take(struct child *c, enum child_stream stream, const char *p, size_t n)
{
	struct reader *r = &c->reader[stream];

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n') {
			end_line(c, stream);
		} else if (r->n < CHILD_LINE) {
			r->line[r->n++] = p[i] ? p[i] : '?';
		} else if (!r->cut) {
			end_line(c, stream);
			r->cut = true;
		}
	}
}

/* What is there now. At the end of the stream its last line counts even without
 * a line end. */
static void drain(struct child *c, enum child_stream stream)
{
	struct reader *r = &c->reader[stream];
	char buffer[4096];
	ssize_t n;

	while (r->fd >= 0) {
		n = read(r->fd, buffer, sizeof(buffer));
		if (n > 0) {
			take(c, stream, buffer, (size_t)n);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		close(r->fd);
		r->fd = -1;
	}
}

static void finish(struct child *c)
{
	for (int i = 0; i < 2; i++) {
		drain(c, (enum child_stream)i);
		if (c->reader[i].n > 0)
			end_line(c, (enum child_stream)i);
		if (c->reader[i].fd >= 0)
			close(c->reader[i].fd);
	}
}

static void wait_output(struct child *c, int ms)
{
	struct pollfd fds[2];

	for (int i = 0; i < 2; i++)
		fds[i] = (struct pollfd){.fd = c->reader[i].fd, .events = POLLIN};
	if (c->reader[0].fd < 0 && c->reader[1].fd < 0)
		clock_sleep_ms(ms < 5 ? ms : 5); /* both closed: it is about to exit */
	else
		poll(fds, 2, ms);
	drain(c, CHILD_STDOUT);
	drain(c, CHILD_STDERR);
}

/* ---- to the end -------------------------------------------------------------------- */

static bool is_set(const atomic_bool *flag)
{
	return flag && atomic_load(flag);
}

/* Ends the command when it is time to: kill_at is when it gets SIGKILL, -1 before SIGTERM. */
static void end_when_due(struct child *c, struct child_end *end, int64_t start, int64_t *kill_at)
{
	int64_t now = clock_ms();

	if (*kill_at < 0) {
		end->stopped = is_set(c->job->stop) || is_set(c->job->cancel);
		end->timed_out = !end->stopped && c->job->timeout_ms > 0 &&
			now - start >= c->job->timeout_ms;
		if (!end->stopped && !end->timed_out)
			return;
		kill(-c->pid, SIGTERM);
		*kill_at = now + CHILD_GRACE_MS;
	}
	if (now >= *kill_at || is_set(c->job->hurry))
		kill(-c->pid, SIGKILL);
}

static void run(struct child *c, struct child_end *end)
{
	int64_t start = clock_ms(), kill_at = -1;
	int status = 0;

	while (waitpid(c->pid, &status, WNOHANG) == 0) {
		end_when_due(c, end, start, &kill_at);
		wait_output(c, SLICE_MS);
	}
	/* What a stopped command left behind in its group goes with it. */
	if (kill_at >= 0)
		kill(-c->pid, SIGKILL);
	end->ms = clock_ms() - start;
	end->exited = WIFEXITED(status);
	end->status = end->exited ? WEXITSTATUS(status) : WTERMSIG(status);
}

enum kr_status child_run(const struct child_job *job, struct child_end *end, struct kr_error *err)
{
	struct child *c = KR_NEW(struct child);
	enum kr_status s;

	*end = (struct child_end){0};
	if (!c)
		return kr_fail(err, KR_ENOMEM, "no memory to run %s", job->argv[0]);
	c->job = job;
	s = start(c, err);
	if (s == KR_OK) {
		run(c, end);
		finish(c);
	}
	kr_free(c);
	return s;
}
