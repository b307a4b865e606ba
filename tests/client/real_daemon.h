/* A kriged of the build under test, on a socket of its own, that keeps nothing. */
#ifndef TESTS_CLIENT_REAL_DAEMON_H
#define TESTS_CLIENT_REAL_DAEMON_H

struct real_daemon {
	char folder[64], endpoint[128];
	int pid;
};

/* Started and ready; a failure ends the test program. */
void real_daemon_start(struct real_daemon *d);
void real_daemon_stop(struct real_daemon *d);

#endif
