#include "client/c/local.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/paths.h"
#include "client/c/clock.h"
#include "client/c/error.h"

enum { SLICE_MS = 50, WORDS_BYTES = 512 };

enum krige_status local_check(const char *endpoint, struct krige_error *err)
{
	char copy[PATHS_SOCKET_MAX + 1];
	const char *path = paths_ipc(endpoint);
	struct kr_error kr = {0};

	if (!path || strlen(path) >= sizeof(copy))
		return KRIGE_OK;
	memcpy(copy, path, strlen(path) + 1);
	if (paths_check_private(dirname(copy), &kr) != KR_FORBIDDEN)
		return KRIGE_OK;
	return error_from_kr(err, &kr);
}

/* ---- the program ---- */

/* FOLDER of file + relative, when that can be run. */
static bool beside(char out[PATH_MAX], const char *file, const char *relative)
{
	char copy[PATH_MAX];

	if (strlen(file) >= sizeof(copy))
		return false;
	memcpy(copy, file, strlen(file) + 1);
	return snprintf(out, PATH_MAX, "%s/%s", dirname(copy), relative) < PATH_MAX &&
		access(out, X_OK) == 0;
}

static const char *find_program(char out[PATH_MAX])
{
	const char *chosen = getenv("KRIGED_BIN");
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	Dl_info library;

	if (chosen && chosen[0])
		return chosen;
	if (len > 0) {
		self[len] = '\0';
		if (beside(out, self, "kriged"))
			return out;
	}
	if (dladdr((const void *)(uintptr_t)&local_start, &library) && library.dli_fname &&
		beside(out, library.dli_fname, "../bin/kriged"))
		return out;
	return "kriged";
}

/* Its words come through `out`; it has nothing else of ours but what was inherited, which
 * it hands on to nobody. */
static int spawn(pid_t *pid, const char *program, int out)
{
	char *argv[] = {"kriged", "--local", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&files);
	rc = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
	if (rc == 0)
		rc = posix_spawnp(pid, program, &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc;
}

/* ---- its words ---- */

/* All that it says until it ends; false when the time was over, or the caller wants to stop. */
static bool listen_to(int fd, int64_t end_ms, bool (*stop)(void *), void *ctx, char *words)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char beyond[64];
	size_t n = 0;

	while (clock_ms() < end_ms && !(stop && stop(ctx))) {
		bool full = n == WORDS_BYTES - 1;
		ssize_t got;

		if (poll(&p, 1, SLICE_MS) <= 0)
			continue;
		got = read(fd, full ? beyond : words + n, full ? sizeof(beyond) : WORDS_BYTES - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		n += full ? 0 : (size_t)got;
		words[n] = '\0';
	}
	return false;
}

static enum krige_status judge(const char *endpoint, char *words, struct krige_error *err)
{
	static const char ready[] = "kriged: ready ", prefix[] = "kriged: ";

	if (strncmp(words, ready, strlen(ready)) == 0)
		return KRIGE_OK;
	words[strcspn(words, "\n")] = '\0';
	if (strncmp(words, prefix, strlen(prefix)) == 0)
		words += strlen(prefix);
	return error_set(err, KRIGE_CANNOT_CONNECT,
		"no daemon answers at %s, and none could be started: %s", endpoint,
		words[0] ? words : "kriged said nothing");
}

enum krige_status local_start(const char *endpoint, int64_t end_ms, bool (*stop)(void *ctx),
	void *ctx, struct krige_error *err)
{
	char path[PATH_MAX], words[WORDS_BYTES] = "";
	const char *program = find_program(path);
	int ends[2], rc;
	bool done;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(
			err, KRIGE_NO_MEMORY, "no pipe to start the daemon with: %s", strerror(errno));
	rc = spawn(&pid, program, ends[1]);
	close(ends[1]);
	if (rc != 0) {
		close(ends[0]);
		return error_set(err, KRIGE_CANNOT_CONNECT,
			"no daemon answers at %s, and '%.160s' cannot be run to start one (%s): set KRIGED_BIN "
			"to the program kriged, put it on PATH, or set KRIGE_ENDPOINT to a running daemon",
			endpoint, program, strerror(rc));
	}
	done = listen_to(ends[0], end_ms, stop, ctx, words);
	close(ends[0]);
	if (!done)
		kill(pid, SIGKILL); /* what it has started goes on, and is found the next time */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (!done)
		return error_set(err, KRIGE_TIMEOUT,
			"the daemon at %s did not come up within the call's time", endpoint);
	return judge(endpoint, words, err);
}
