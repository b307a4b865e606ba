/* The program's accept and accept4 are found before those of the C library, also by
 * libzmq: that is what makes this work, and why two names are not this file's. The
 * reserve is the process's, as its table of descriptors is. */
#include "daemon/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

static atomic_int reserve = -1;

/* There is one, now. */
static bool has_reserve(void)
{
	if (atomic_load(&reserve) < 0)
		atomic_store(&reserve, open("/dev/null", O_RDONLY | O_CLOEXEC));
	return atomic_load(&reserve) >= 0;
}

enum kr_status accept_reserve(struct kr_error *err)
{
	if (has_reserve())
		return KR_OK;
	return kr_fail(
		err, KR_EIO, "no descriptor left: %s; raise the limit (ulimit -n)", strerror(errno));
}

static int take(int listener, struct sockaddr *peer, socklen_t *len, int flags)
{
	return (int)syscall(SYS_accept4, listener, peer, len, flags);
}

/* One line a second. */
static void tell(void)
{
	static _Thread_local unsigned long n;
	static _Thread_local time_t told;
	struct timespec now;

	n++;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec == told)
		return;
	told = now.tv_sec;
	log_at(LOG_LEVEL_WARN, "no descriptor left: connections are turned away",
		"n=%lu; raise the limit (LimitNOFILE, ulimit -n)", n);
	n = 0;
}

static void turn_away(int fd)
{
	if (fd >= 0)
		close(fd);
	has_reserve();
	tell();
}

int accept4(int listener, struct sockaddr *peer, socklen_t *len, int flags)
{
	int fd = take(listener, peer, len, flags);

	if (fd < 0 && (errno == EAGAIN || errno == EINTR))
		return fd;
	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		close(atomic_exchange(&reserve, -1));
		turn_away(take(listener, NULL, NULL, SOCK_CLOEXEC));
	} else if (fd >= 0) {
		/* A file opened elsewhere at the wrong moment may have got the reserve's place. */
		if (has_reserve())
			return fd;
		turn_away(fd);
	}
	/* What libzmq takes for a peer that went away again; other errors may be its end. */
	errno = ECONNABORTED;
	return -1;
}

int accept(int listener, struct sockaddr *peer, socklen_t *len)
{
	return accept4(listener, peer, len, 0);
}
