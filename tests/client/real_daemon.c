#include "tests/client/real_daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/c/krige.h"

static void run(const struct real_daemon *d)
{
	const char *program = getenv("KRIGED_BIN");
	char log[128];

	if (!program)
		program = KRIGED_BINARY_DIR "/bin/kriged";
	snprintf(log, sizeof(log), "%s/log", d->folder);
	if (!freopen(log, "w", stderr))
		_exit(126);
	execl(program, program, "--db", ":memory:", "--endpoint", d->endpoint, (char *)NULL);
	_exit(127);
}

/* Does it answer within 20 s? */
static enum krige_status await_ready(const struct real_daemon *d)
{
	struct krige_options o = {.size = sizeof(o), .retry_ms = 20000};
	struct krige_client *c;
	enum krige_status s = krige_open(&c, d->endpoint, &o, NULL);

	if (s == KRIGE_OK)
		s = krige_ping(c, NULL);
	krige_close(c);
	return s;
}

void real_daemon_start(struct real_daemon *d)
{
	snprintf(d->folder, sizeof(d->folder), "/tmp/krige-test-XXXXXX");
	if (!mkdtemp(d->folder))
		exit(1);
	snprintf(d->endpoint, sizeof(d->endpoint), "ipc://%s/socket", d->folder);
	d->pid = fork();
	if (d->pid == 0)
		run(d);
	if (d->pid > 0 && await_ready(d) == KRIGE_OK)
		return;
	fprintf(stderr, "kriged did not start: see %s/log\n", d->folder);
	exit(1);
}

void real_daemon_stop(struct real_daemon *d)
{
	static const char *const left[] = {"socket", "socket.lock", "log"};
	char path[128];

	kill(d->pid, SIGTERM);
	waitpid(d->pid, NULL, 0);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", d->folder, left[i]);
		unlink(path);
	}
	rmdir(d->folder);
}
