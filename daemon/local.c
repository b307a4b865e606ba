#include "daemon/local.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <zmq.h>

#include "base/arena.h"
#include "base/paths.h"
#include "daemon/config.h"
#include "daemon/endpoint.h"
#include "proto/encode.h"
#include "proto/frame.h"
#include "proto/limits.h"

enum {
	WAIT_MS = 60000,  /* in all: a large database takes its time */
	ANSWER_MS = 2000, /* for one Hello */
	PAUSE_MS = 20,
	MOST_STARTS = 2, /* the first may have met a daemon that was about to leave */
	ARENA_BYTES = 64 << 10,
	LOG_KEPT_BYTES = 4 << 20
};

struct starting {
	const struct config *config;
	char db[PATH_MAX], log[PATH_MAX];
	pid_t daemon; /* 0: none of ours runs */
	int n_starts;
	off_t log_begin; /* where its words begin */
	int64_t end_ms;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void pause_a_little(void)
{
	struct timespec t = {.tv_nsec = PAUSE_MS * 1000000L};

	nanosleep(&t, NULL);
}

/* ---- does it answer? ---- */

static bool send_hello(void *socket, struct arena *a)
{
	struct frame_header h = {.version = PROTO_VERSION, .method = METHOD_HELLO};
	struct msg_request m = {.method = METHOD_HELLO,
		.u.hello = {.client = "kriged --local " KRIGED_VERSION, .protocol = PROTO_VERSION}};
	uint8_t packed[FRAME_HEADER_BYTES];
	struct bytes body;

	frame_pack(&h, packed);
	return encode_request(&body, &m, a, NULL) == KR_OK &&
		zmq_send(socket, packed, sizeof(packed), ZMQ_SNDMORE) >= 0 &&
		zmq_send(socket, body.p, body.len, 0) >= 0;
}

/* Whatever it says, it serves: what it cannot do for its clients they hear from itself. */
static bool says_hello(const char *endpoint)
{
	struct arena *a = arena_new(ARENA_BYTES);
	void *context = zmq_ctx_new(), *socket = context ? zmq_socket(context, ZMQ_DEALER) : NULL;
	int linger = 0, wait = ANSWER_MS;
	char byte;
	bool yes = a && socket && zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger)) == 0 &&
		zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
		zmq_setsockopt(socket, ZMQ_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
		zmq_connect(socket, endpoint) == 0 && send_hello(socket, a) &&
		zmq_recv(socket, &byte, 1, 0) >= 0;

	if (socket)
		zmq_close(socket);
	if (context)
		zmq_ctx_term(context);
	arena_free(a);
	return yes;
}

/* ---- starting one ---- */

/* The file system's name for it: the daemon runs in another folder. */
static enum kr_status name_files(struct starting *s, struct kr_error *err)
{
	char copy[PATH_MAX], real[PATH_MAX];
	const char *db = s->config->db;

	if (strlen(db) >= sizeof(copy) - sizeof("/kriged.log"))
		return kr_fail(err, KR_INVALID_ARGUMENT, "db: the path is too long");
	memcpy(copy, db, strlen(db) + 1);
	if (!realpath(dirname(copy), real))
		return kr_fail(err, KR_EIO, "folder '%.200s': %s", copy, strerror(errno));
	memcpy(copy, db, strlen(db) + 1);
	if (snprintf(s->db, sizeof(s->db), "%s/%s", real, basename(copy)) >= PATH_MAX ||
		snprintf(s->log, sizeof(s->log), "%s/kriged.log", real) >= PATH_MAX)
		return kr_fail(err, KR_INVALID_ARGUMENT, "db: the path is too long");
	return KR_OK;
}

/* A log that has grown large makes room for a new one, once. */
static int open_log(struct starting *s)
{
	char old[PATH_MAX + 2];
	int fd = open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

	s->log_begin = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	if (s->log_begin < LOG_KEPT_BYTES)
		return fd;
	snprintf(old, sizeof(old), "%s.1", s->log);
	if (rename(s->log, old) != 0)
		return fd;
	close(fd);
	s->log_begin = 0;
	return open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Its own session, no signal masked or ignored that we were given so, and nothing of ours
 * open: neither a pipe that somebody waits on, nor a lock. */
static int spawn(pid_t *pid, char *const argv[], int log)
{
	char program[PATH_MAX] = "";
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawn_file_actions_init(&files);
	rc = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&files, log, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&files, log, STDERR_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_addchdir_np(&files, "/");
	if (rc == 0)
		rc = posix_spawn(pid, len > 0 && access(program, X_OK) == 0 ? program : "/proc/self/exe",
			&files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static enum kr_status start(struct starting *s, struct kr_error *err)
{
	static const char *const levels[] = {"error", "warn", "info", "debug"};
	const struct config *c = s->config;
	char idle[16], threads[16];
	char *argv[] = {"kriged", "--db", s->db, "--endpoint", c->endpoint, "--idle-exit", idle,
		"--threads", threads, "--log-level", (char *)levels[c->log_level], NULL};
	int log = open_log(s), rc;

	if (log < 0)
		return kr_fail(err, KR_EIO, "cannot write '%.200s': %s", s->log, strerror(errno));
	snprintf(idle, sizeof(idle), "%d",
		c->origin[CONFIG_IDLE_EXIT] == CONFIG_BUILT_IN ? LOCAL_IDLE_EXIT_S : c->idle_exit_s);
	snprintf(threads, sizeof(threads), "%d", c->threads);
	rc = spawn(&s->daemon, argv, log);
	close(log);
	s->n_starts++;
	if (rc == 0)
		return KR_OK;
	s->daemon = 0;
	return kr_fail(err, KR_EIO, "cannot start kriged: %s", strerror(rc));
}

/* The daemon's last words in text: the last line of the log since its start that is meant
 * for people, else the last one. */
static void last_words(const struct starting *s, char *text, size_t size)
{
	FILE *f = fopen(s->log, "re");
	char line[300];
	bool found = false;

	snprintf(text, size, "it said nothing");
	if (!f)
		return;
	if (fseeko(f, s->log_begin, SEEK_SET) == 0)
		while (fgets(line, sizeof(line), f)) {
			bool for_people = strncmp(line, "kriged: ", 8) == 0;

			line[strcspn(line, "\n")] = '\0';
			if (for_people || !found)
				snprintf(text, size, "%s", for_people ? line + 8 : line);
			found |= for_people;
		}
	fclose(f);
}

/* Ours has ended. Another one may have been in its way that is about to leave; then a
 * further start will do. */
static enum kr_status mourn(struct starting *s, struct kr_error *err)
{
	char words[300];

	s->daemon = 0;
	if (s->n_starts < MOST_STARTS)
		return KR_OK;
	last_words(s, words, sizeof(words));
	return kr_fail(
		err, KR_UNAVAILABLE, "the daemon ended at its start: %s (log: %.80s)", words, s->log);
}

static bool ended(struct starting *s)
{
	return s->daemon > 0 && waitpid(s->daemon, NULL, WNOHANG) == s->daemon;
}

/* One look at the socket, and what follows from it. *up: it answers. */
static enum kr_status look(struct starting *s, bool *up, struct kr_error *err)
{
	bool listens = endpoint_answers(s->config->endpoint);

	*up = listens && says_hello(s->config->endpoint);
	if (*up)
		return KR_OK;
	if (ended(s))
		return mourn(s, err);
	if (!listens && s->daemon == 0 && !endpoint_claimed(s->config->endpoint))
		return start(s, err);
	pause_a_little();
	return KR_OK;
}

static enum kr_status find_or_start(struct starting *s, struct kr_error *err)
{
	bool up = false;
	enum kr_status status;

	while (now_ms() < s->end_ms) {
		status = look(s, &up, err);
		if (status != KR_OK || up)
			return status;
	}
	return kr_fail(err, KR_UNAVAILABLE,
		"the daemon at %.120s does not answer for %d s; its log is %.120s", s->config->endpoint,
		WAIT_MS / 1000, s->log);
}

/* ---- one at a time ---- */

static enum kr_status take_turn(struct starting *s, int *lock, struct kr_error *err)
{
	char file[PATHS_SOCKET_MAX + sizeof(".start")];

	snprintf(file, sizeof(file), "%s.start", paths_ipc(s->config->endpoint));
	*lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*lock < 0)
		return kr_fail(err, KR_EIO, "cannot write '%s': %s", file, strerror(errno));
	while (flock(*lock, LOCK_EX | LOCK_NB) != 0) {
		if (now_ms() >= s->end_ms)
			return kr_fail(err, KR_UNAVAILABLE,
				"another program has been starting the daemon for %d s; see %.160s", WAIT_MS / 1000,
				s->log);
		pause_a_little();
	}
	return KR_OK;
}

static enum kr_status check(const struct config *c, struct kr_error *err)
{
	if (!paths_ipc(c->endpoint))
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "endpoint",
			"a local daemon listens on ipc, not on '%.200s'; start that one without --local",
			c->endpoint);
	if (strcmp(c->db, ":memory:") == 0)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "db",
			"a local daemon leaves when it is idle: it needs a file for its data");
	if (c->secret_key)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "secret-key",
			"a local daemon is protected by its socket; start one with keys without --local");
	return KR_OK;
}

enum kr_status local_run(const struct config *c, struct kr_error *err)
{
	struct starting s = {.config = c, .end_ms = now_ms() + WAIT_MS};
	enum kr_status status = check(c, err);
	int lock = -1;

	if (status == KR_OK)
		status = config_make_folders(c, err);
	if (status == KR_OK)
		status = name_files(&s, err);
	if (status == KR_OK)
		status = take_turn(&s, &lock, err);
	if (status == KR_OK)
		status = find_or_start(&s, err);
	if (lock >= 0)
		close(lock);
	if (status == KR_OK)
		printf("kriged: ready %s\n", c->endpoint);
	return status;
}
