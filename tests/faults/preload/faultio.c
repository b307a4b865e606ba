/* LD_PRELOAD: the k-th write or sync of a process to its database fails.
 *
 * Counted are calls on files whose path begins with FAULTIO_PATH. FAULTIO_KIND is
 * write or sync, FAULTIO_AT the first that fails, FAULTIO_N how many fail (1),
 * FAULTIO_ERRNO the error. The number of calls so far is kept in the file
 * FAULTIO_COUNT, as eight bytes. As long as the file FAULTIO_PATH.full exists,
 * every write fails with ENOSPC. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *prefix, *full;
static int wants_sync, error_number;
static long fail_at, fail_n;
static _Atomic long *count;

static long number(const char *name, long otherwise)
{
	const char *value = getenv(name);

	return value ? atol(value) : otherwise;
}

__attribute__((constructor)) static void start(void)
{
	static char full_path[4096];
	const char *file = getenv("FAULTIO_COUNT"), *kind = getenv("FAULTIO_KIND");
	int fd = file ? open(file, O_RDWR | O_CREAT, 0600) : -1;

	prefix = getenv("FAULTIO_PATH");
	if (!prefix || !kind || fd < 0 || ftruncate(fd, 8) != 0)
		return;
	count = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	snprintf(full_path, sizeof(full_path), "%s.full", prefix);
	full = full_path;
	wants_sync = strcmp(kind, "sync") == 0;
	fail_at = number("FAULTIO_AT", 0);
	fail_n = number("FAULTIO_N", 1);
	error_number = (int)number("FAULTIO_ERRNO", EIO);
}

/* A regular file below the prefix. Syncs of folders are left alone: SQLite ignores what
 * comes of its own, and the store does one more, which it does not ignore. */
static int ours(int fd)
{
	char link[64], path[4096];
	struct stat st;
	ssize_t n;

	if (!count || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	return strncmp(path, prefix, strlen(prefix)) == 0 && !strstr(path, ".lock");
}

/* The error of this call, 0 for none. */
static int verdict(int fd, int sync)
{
	int before = errno, e = 0;

	if (ours(fd)) {
		if (!sync && access(full, F_OK) == 0) {
			e = ENOSPC;
		} else if (sync == wants_sync) {
			long n = atomic_fetch_add(count, 1) + 1;

			e = n >= fail_at && n < fail_at + fail_n && fail_at > 0 ? error_number : 0;
		}
	}
	errno = e ? e : before;
	return e;
}

#define REAL(name)                 \
	static __typeof__(name) *real; \
	if (!real)                     \
	real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *p, size_t n)
{
	REAL(write);
	return verdict(fd, 0) ? -1 : real(fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	REAL(pwrite);
	return verdict(fd, 0) ? -1 : real(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	REAL(pwrite64);
	return verdict(fd, 0) ? -1 : real(fd, p, n, at);
}

int fsync(int fd)
{
	REAL(fsync);
	return verdict(fd, 1) ? -1 : real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	return verdict(fd, 1) ? -1 : real(fd);
}
