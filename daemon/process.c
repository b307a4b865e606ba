#include "daemon/process.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* OpenBLAS starts threads before main, which do not inherit the mask: a signal that
 * one of them takes goes on to the main thread, whose signalfd shows it. */
static void to_main_thread(int sig)
{
	if (gettid() != getpid())
		tgkill(getpid(), getpid(), sig);
}

enum kr_status process_catch_signals(int *fd, struct kr_error *err)
{
	struct sigaction forward = {.sa_handler = to_main_thread, .sa_flags = SA_RESTART};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	/* Before the first thread of our own, so that all of those inherit it. */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGTERM, &forward, NULL);
	sigaction(SIGINT, &forward, NULL);
	sigaction(SIGHUP, &forward, NULL);
	signal(SIGPIPE, SIG_IGN);
	*fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return *fd >= 0 ? KR_OK : kr_fail(err, KR_EIO, "signalfd: %s", strerror(errno));
}

void process_raise_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* Left alone, glibc raises the size from which a block is mapped by itself to that of the largest
 * one that was freed: from then on matrices lie among small blocks in heaps, one a thread, and those
 * stay. With 1,000 results that doubled the peak, and kept it. Computing takes the same time: a
 * matrix costs far more than its page faults. */
void process_return_memory(void)
{
	enum { MAPPED = 1 << 20, LEFT_ON_TOP = 4 << 20 };

	mallopt(M_MMAP_THRESHOLD, MAPPED);
	mallopt(M_TRIM_THRESHOLD, LEFT_ON_TOP);
}

void process_never_dump(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

uint64_t process_resident_bytes(void)
{
	unsigned long size, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}
